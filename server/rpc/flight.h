/*
 * One unary call between its arrival and its end. Shared by dispatch, flight and batch.
 *
 *   NEW --start--> QUEUED --worker--> RUNNING --+--> ENDED
 *                     ^                  |  |   |
 *                     |     submit       |  +---+--> PARKED --woken--> QUEUED
 *                     |                  v      |
 *                     |            COMMITTING --+     (may run again and park there)
 *
 * Memory: as dispatch.h; counted references, one for the call itself and one for its
 *         starter. Errors: in call.error.
 * Threads: whoever moved the flight to its state owns it; moves hand it over under the
 *          lock of the pool, the store's queue or the lot.
 */
#ifndef KONTOR_SERVER_RPC_FLIGHT_H
#define KONTOR_SERVER_RPC_FLIGHT_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/rpc/dispatch.h"
#include "server/rpc/park.h"
#include "server/rpc/pool.h"

struct batch;

struct dispatch {
    struct broker *broker;
    struct clock *clock;
    struct random *random;
    struct timer *timer;
    struct pool *pool;
    struct park_lot *lot;
    size_t max_parked;
    atomic_bool is_draining;
    _Atomic int64_t logged_ms; /* Time of the last commit; INT64_MIN = there is none. */
    pthread_mutex_t lock;      /* Guards the list of flights and their number. */
    pthread_cond_t landed;
    size_t n_in_flight;
    struct flight *flights;
    Kontor__V1__History **histories; /* Constant: a history begins with a process. */
    size_t n_histories;
    struct arena *arena; /* Owns the histories. */
};

struct flight {
    struct dispatch *dispatch;
    struct flight_request request;
    const void *message; /* Unpacked by the first run. */
    atomic_int n_references;
    atomic_bool is_cancelled;
    struct call call;
    struct decision decision;
    struct pool_job job;
    struct work work;
    struct park_waiter waiter;
    int64_t epoch;              /* Before the present run read anything. */
    struct draft stamp;         /* Eid, request and actor of every draft. */
    struct batch *batch;        /* Batches only. */
    const struct own_work *own; /* The broker's own only. */
    bool is_submitted;          /* Something may be stored whatever the answer says. */
    bool is_swept;       /* Woken to be judged anew only: nothing it waits for came. */
    uint64_t generation; /* Of trust, when the caller was last judged. */
    const struct principal *judged; /* The caller as judged anew; held. */
    struct flight *before;
    struct flight *after;
};

/* A new flight with two references, in the list. */
struct flight *flight_new(struct dispatch *dispatch,
                          const struct flight_request *request);
/* Queues a flight that was admitted before for a worker. */
void flight_queue_again(struct flight *flight);
/* Ends the flight: with call.error when status is not OK, else with these pieces. */
void flight_end(struct flight *flight, enum status status, const struct bytes *pieces,
                size_t n_pieces);
/* Ends the flight with call.error. */
void flight_end_error(struct flight *flight);
/* Ends the flight with a packed reply. */
void flight_reply(struct flight *flight, const ProtobufCMessage *reply);
/* Ends the flight because the broker stops. */
void flight_end_draining(struct flight *flight);
/* Lets the flight wait, or run again at once when something was published since epoch.
 */
void flight_park(struct flight *flight, struct park *park, int64_t epoch);
/*
 * Whether the position the caller has seen is reached; otherwise the flight waits or is
 * over.
 */
bool flight_has_min_seq(struct flight *flight);
/*
 * Judges the caller anew if trust changed, or the certificate expired, since it was
 * judged last: OK, or call.error as a fresh call would get it. Whoever owns the flight.
 */
enum status flight_judge(struct flight *flight) MUST_CHECK;
/* Queues a flight that was taken out of the lot to be judged anew. */
void flight_sweep(struct flight *flight);
/* Whether trust changed since the caller was judged. */
bool flight_is_stale(const struct flight *flight);
/* Notes that the flight runs from now: the time it sees, and stamps on its drafts. */
void flight_set_now(struct flight *flight);
/* Gives the drafts of the flight their eid and request hash, for call.record. */
void flight_stamp(struct flight *flight);
/* Runs decide afresh with a reader. */
enum status flight_decide(struct flight *flight, decide_fn decide,
                          struct store_reader *reader);
/* Makes the draft the committer judges out of a COMMIT decision: RESOURCE_EXHAUSTED
 * when it is over a limit. */
enum status flight_draft(struct flight *flight, struct draft *out) MUST_CHECK;
/* Sets call.error for a status of the committer that decide did not set itself. */
enum status flight_outcome_error(struct flight *flight, enum status status);
/* Ends the flight with what the row's answer makes of a commit. */
void flight_answer(struct flight *flight, const Kontor__V1__Commit *commit);
/* Ends the flight by a decision without a commit, or lets it wait. */
void flight_end_decision(struct flight *flight);
/* Hands a COMMIT decision to the committer, or answers as if, for validate_only. */
void flight_end_commit(struct flight *flight);
/* What the caller sent as its key of idempotency; "" = nothing. */
const char *flight_request_id(const struct flight *flight);
/* Sets call.error for an eid that belongs to another request. */
enum status flight_fail_reused(struct flight *flight);
/* Looks the eid up before the handler runs, in its snapshot; whether it was there, and
 * the flight over. */
bool flight_replay(struct flight *flight, struct store_reader *reader);
/* A commit as it would be, for validate_only: position 0. */
Kontor__V1__Commit *flight_would_be(struct flight *flight);

/* Runs a batch method; the flight ends by itself. On a worker's thread. */
void batch_start(struct flight *flight, struct store_reader *reader);

#endif
