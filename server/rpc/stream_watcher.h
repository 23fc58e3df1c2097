/*
 * One open stream of changes, as its parts share it.
 *
 * Memory: in the RPC's arena. Errors: none. Threads: the owner's, but for what is
 * atomic.
 */
#ifndef KONTOR_SERVER_RPC_STREAM_WATCHER_H
#define KONTOR_SERVER_RPC_STREAM_WATCHER_H

#include "kontor/v1/registry_service.pb-c.h"
#include "kontor/v1/watch.pb-c.h"
#include "server/rpc/pool.h"
#include "server/rpc/server_inner.h"
#include "server/rpc/stream.h"

enum watcher_state { WATCHER_IDLE, WATCHER_OWNED, WATCHER_WRITING, WATCHER_ENDED };

struct watcher {
    struct rpc *rpc;
    struct hub *hub;
    const struct stream_row *row;
    atomic_int state;           /* enum watcher_state. */
    _Atomic int64_t cursor;     /* All up to here was sent or is not the caller's. */
    _Atomic int64_t taken;      /* The cursor when a message was taken last. */
    _Atomic int64_t sent_ms;    /* When the last message was begun; monotonic. */
    atomic_bool must_authorise; /* A minute passed, or more. */
    _Atomic int64_t told;       /* Position last told. */
    int64_t target;             /* Without follow: where to end. */
    bool is_following;
    bool has_begun; /* The first message is out. */
    uint32_t kinds; /* Bits of the kinds wanted. */
    const char *prefix;
    /* ReadLog of a trimmed log from 0: the last document of the base that was sent, ""
     * and "" before the first; NULL = there is none to send. */
    const char *base_kind;
    const char *base_id;
    /* Export: the kind being sent, by its place in the row, and the page that comes
     * next. */
    size_t export_kind;
    const char *export_token;
    _Atomic uint64_t generation;   /* Of trust, when it was last judged. */
    _Atomic int64_t authorised_ms; /* Monotonic. */
    int64_t stalled_ms;            /* When it was let go for being slow; the tick's. */
    enum reason end;               /* Why it ends; NONE = it does not. */
    struct error error;            /* With end. */
    const char *internal;          /* With INTERNAL: what happened, for our log. */
    const char *call_id;           /* With INTERNAL: the name it goes by. */
    struct pool_job job;
    struct watcher *before; /* In the hub's list. */
    struct watcher *after;
};

/* Goes on with what is to do next. The caller owns the watcher. */
void watcher_pump(struct watcher *watcher);
/* Sends a message made of these slices, which are given away. */
void watcher_send(struct watcher *watcher, grpc_slice *slices, size_t n_slices);
/* Ends the stream, in order, because the store answered this to a read. */
void watcher_fail(struct watcher *watcher, enum status status);
/* The watcher whose job this is. */
struct watcher *watcher_of(struct pool_job *job);
/* Becomes idle. The tick will look again; what came meanwhile does not wake it. */
void watcher_rest(struct watcher *watcher);
/* Goes on with fn on a worker. */
void watcher_work(struct watcher *watcher,
                  void (*run)(struct pool_job *job, struct store_reader *reader));
/* Gives the idle watcher to a thread of the completion queue, if it is idle. */
void watcher_wake(struct watcher *watcher);

/* What moves a watcher once it is attached to its RPC. */
extern const struct rpc_events watcher_events;

/* The slices of one message. */
struct message {
    grpc_slice *slices;
    size_t n_slices;
    size_t room;
    size_t size;
};

void message_add(struct message *message, grpc_slice slice);
/* Adds a change that is put together already, as a field of a WatchResponse. is_last:
 * of its commit, for this watcher. */
void message_add_change(struct message *message, grpc_slice body, bool is_last);
/* Forgets and frees; the slices are the caller's by then. */
void message_done(struct message *message);
/* As message_done for a message that is not sent: gives the slices back. */
void message_drop(struct message *message);
/*
 * Adds what the watcher may see of a commit of the ring. false, and nothing is added:
 * the ring cannot tell, the log must be read.
 */
bool message_commit(struct message *message, const struct watcher *watcher,
                    const struct stream_commit *commit) MUST_CHECK;
/* Adds what it may see of a commit read from the log; reader: in a snapshot that has
 * it. On failure nothing is added. */
enum status message_logged(struct message *message, const struct watcher *watcher,
                           const Kontor__V1__Commit *commit,
                           struct store_reader *reader, struct arena *arena) MUST_CHECK;
/* A WatchResponse that tells a position only. */
void message_position(struct message *message, const struct watcher *watcher,
                      int64_t seq);

/* ---- Judged anew ---- */

/* Whether the caller must be judged before anything more is sent: trust moved, or a
 * minute passed. */
bool watcher_is_stale(const struct watcher *watcher);
/* Judges the caller on a worker, and goes on with the pump. */
void watcher_judge(struct watcher *watcher);

/* Sends the next documents of an Export. On a worker. */
void export_job(struct pool_job *job, struct store_reader *reader);
/* Whether all kinds were sent. */
bool export_is_over(const struct watcher *watcher);

/* Begins a ReadLog: its first message needs the store. On a worker. */
void log_begin_job(struct pool_job *job, struct store_reader *reader);
/* Sends the next commits of a ReadLog. On a worker. */
void log_base_job(struct pool_job *job, struct store_reader *reader);
void log_next_job(struct pool_job *job, struct store_reader *reader);

#endif
