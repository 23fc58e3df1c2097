/*
 * The life of a unary call without gRPC: role, wire, rules, replay, decide, commit,
 * park, answer. The server and the tests' harness both stand on it.
 *
 * Memory: a call in flight owns an arena; what done is given lives until it returns.
 * The request's bytes and the principal stay the caller's until then. Errors: every
 * call ends with exactly one done, also one that is refused at once. Threads: any. done
 * runs on whichever thread ended the call: the starter's, a worker's, the committer's
 * or the timer's; it is short and takes no lock that is held around dispatch_start or
 * flight_cancel.
 */
#ifndef KONTOR_SERVER_RPC_DISPATCH_H
#define KONTOR_SERVER_RPC_DISPATCH_H

#include "server/broker.h"
#include "server/clock.h"
#include "server/random.h"
#include "server/rpc/table.h"

struct dispatch;
struct flight;
struct park_lot;
struct pool;
struct timer;

/* What the calls of one broker stand on. */
struct dispatch_options {
    struct broker *broker; /* Its store is open and its clock is set. */
    struct random *random;
    size_t n_workers; /* 0 = 4. */
    /* Calls that may wait for a worker, by class; 0 = 1024. */
    size_t queue_lengths[N_ROW_CLASSES];
    size_t max_parked; /* Calls that may be parked; 0 = 10000. */
};

/* Starts the workers. To be made before the first submit to the store. */
enum status dispatch_new(const struct dispatch_options *options,
                         struct dispatch **dispatch) MUST_CHECK;
/*
 * Parked calls end with UNAVAILABLE{DRAINING}; new ones are refused alike. What runs
 * goes on.
 */
void dispatch_drain(struct dispatch *dispatch);
/*
 * Waits for every call in flight, so drain first: a parked call waits as long as it
 * will. Before store_close; no commit may follow. Accepts NULL.
 */
void dispatch_free(struct dispatch *dispatch);

struct broker *dispatch_broker(struct dispatch *dispatch);
struct timer *dispatch_timer(struct dispatch *dispatch);
struct pool *dispatch_pool(struct dispatch *dispatch);
struct park_lot *dispatch_lot(struct dispatch *dispatch);
/* Calls that have not ended. */
size_t dispatch_in_flight(struct dispatch *dispatch);

/* How a call ended. */
struct ending {
    enum status status;
    const struct bytes *pieces; /* The reply's wire bytes, in order; OK only. */
    size_t n_pieces;
    const struct error *error; /* Not OK: what goes out; never NULL then. */
    const char *internal; /* What really happened, for the log alone; NULL = the error
                             says it. */
    const char *call_id;  /* The id an INTERNAL error names. */
    int64_t seq;          /* Trailing kontor-seq. */
};

/* What is asked for. */
struct flight_request {
    const struct row *row; /* Unary. */
    const struct principal *who;
    struct bytes bytes;
    int64_t deadline_ms; /* Wall clock; INT64_MAX = none. */
    int64_t min_seq;     /* kontor-min-seq; 0 = none. */
    void (*done)(void *context, const struct ending *ending);
    /*
     * Resolves the caller anew, as identity_resolve does: for a call that waited while
     * trust changed. Between start and done, by one thread at a time; what it answers
     * is given back to the identity by the call. NULL = who stays who it is.
     */
    enum status (*resolve)(void *context, const struct principal **who,
                           struct error *error);
    uint64_t generation; /* Of trust, taken before who was resolved; with resolve. */
    void *context;
};

/*
 * Starts a call. The flight is for flight_cancel, and must be released; the call may be
 * over before this returns.
 */
struct flight *dispatch_start(struct dispatch *dispatch,
                              const struct flight_request *request);
/*
 * The caller went away. A parked call ends now, one that runs soon or not at all: what
 * is at the committer stays there.
 */
void flight_cancel(struct flight *flight);
/* Accepts NULL. */
void flight_release(struct flight *flight);

/* A commit of the broker's own: a deadline, a lost lease. */
struct own_work {
    const char *name;       /* "deadline": the actor is "~broker/deadline". */
    const char *request_id; /* Cause and object: doing it twice does it once. */
    decide_fn decide;       /* Runs on the committer's thread and sees everything;
                               COMMIT, or REPLY with NULL for nothing to do. */
    const void *request;    /* Handed to decide; stays until done. */
    /* commit is NULL when nothing was written. On the committer's thread. May be NULL.
     */
    void (*done)(void *context, enum status status, const struct error *error,
                 const Kontor__V1__Commit *commit);
    void *context;
};
/* RESOURCE_EXHAUSTED or UNAVAILABLE: done is not called. */
enum status dispatch_own(struct dispatch *dispatch,
                         const struct own_work *work) MUST_CHECK;
/*
 * Runs a decision of the broker's own and waits for it, which the committer's thread
 * must not. name as in own_work. is_written: whether it led to a commit.
 */
enum status dispatch_own_wait(struct dispatch *dispatch, const char *name,
                              decide_fn decide, const void *request,
                              bool *is_written) MUST_CHECK;

/*
 * Whether the principal may call the row: OK, or PERMISSION_DENIED{NOT_REGISTERED,
 * ROLE_MISSING} in error, its texts in the arena.
 */
enum status dispatch_role(const struct row *row, const struct principal *who,
                          struct arena *arena, struct error *error) MUST_CHECK;
/*
 * Checks the bytes of a request on the wire, unpacks it and judges it by the rules.
 * NULL: error says what is wrong. For streams too.
 */
ProtobufCMessage *dispatch_unpack(const ProtobufCMessageDescriptor *descriptor,
                                  struct bytes bytes, struct arena *arena,
                                  struct error *error);

#endif
