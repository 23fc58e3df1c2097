/*
 * Streams: one engine behind Watch, WatchOrders, Export and ReadLog.
 *
 * A watcher is a cursor in the log. It belongs to one event at a time:
 *
 *   IDLE    --published, tick-->      OWNED
 *   OWNED   --message-->              WRITING --written--> OWNED
 *   OWNED   --nothing new-->          IDLE
 *   OWNED   --an end is reached-->    ENDED
 *   WRITING --not taken too long-->   ENDED
 *
 * An owned watcher that is behind the ring, or must be judged anew, is a worker's.
 *
 * Memory: a watcher lives in its RPC's arena. Errors: as said at stream_begin.
 * Threads: whoever moved the state to OWNED owns the watcher.
 */
#ifndef KONTOR_SERVER_RPC_STREAM_H
#define KONTOR_SERVER_RPC_STREAM_H

#include <stdbool.h>

#include "proto/bytes.h"

struct rpc;

/* What a streaming method sends. */
struct stream_row {
    const char *const *kinds; /* Names of kinds with a watch_field; NULL ends. */
    bool is_log;              /* Whole commits of all scopes: ReadLog. */
    bool is_export;           /* Documents as they are at one position, then the end. */
};

extern const struct stream_row stream_export_catalogue;
extern const struct stream_row stream_export_configuration;
extern const struct stream_row stream_catalogue;
extern const struct stream_row stream_orders;
extern const struct stream_row stream_configuration;
extern const struct stream_row stream_read_log;

/*
 * Begins a stream; method.begin. Ends with INVALID_ARGUMENT,
 * OUT_OF_RANGE{SCOPE_CHANGED, HISTORY_CHANGED, TRIMMED, AHEAD}; later with
 * OUT_OF_RANGE{BEHIND} when the reader is too slow, UNAVAILABLE{DRAINING}, and what
 * identity_resolve says once trust or policy changed.
 */
void stream_begin(struct rpc *rpc, struct bytes request);

#endif
