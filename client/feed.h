/*
 * A stream that is opened again from where its owner stands whenever it is lost.
 * Watches and logs are owners.
 *
 * Memory: feed_done ends it; messages are the caller's. Errors: as kontor.h. Threads:
 * one at a time, but for feed_stop.
 */
#ifndef KONTOR_CLIENT_FEED_H
#define KONTOR_CLIENT_FEED_H

#include <grpc/slice.h>

#include "client/channel.h"
#include "client/retry.h"
#include "client/rpc.h"

/* What an owner knows. */
struct feed_owner {
    /* Packs the request that goes on behind what was taken, and forgets what was taken
     * by halves. */
    enum kontor_status (*resume)(void *owner, grpc_slice *packed,
                                 struct kontor_error *error);
};

struct feed {
    struct kontor *kontor;
    const struct kontor_method *method;
    const struct feed_owner *kind;
    void *owner;
    bool is_following; /* An end that is OK is only the broker's: open it again. */
    /* The feed's own; zeroed at first. */
    struct stop stop;
    struct rpc *rpc;
    struct retry retry;
    int64_t open_at_ms; /* Not before this. */
    bool is_over;
    enum kontor_event end; /* How, once it is over. */
};

/*
 * Waits until a monotonic time for the next message. RECORD: *message is the caller's.
 * After END, RELIST and FAILED the same is answered again.
 */
enum kontor_event feed_next(struct feed *feed, int64_t until_ms,
                            ProtobufCMessage **message, struct kontor_error *error);
/*
 * Ends it because the owner lost a message: going on behind it would be a gap. Answers
 * FAILED, as does every feed_next from then on.
 */
enum kontor_event feed_fail(struct feed *feed);
/* Ends it with FAILED, CANCELLED{STOPPED}. Any thread. */
void feed_stop(struct feed *feed);
void feed_done(struct feed *feed);
/* Monotonic time of a timeout; -1 = for ever. */
int64_t feed_until_ms(int64_t timeout_ms);

#endif
