/*
 * Streams of changes: one engine behind Watch, WatchOrders and ReadLog.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_STREAM_H
#define KONTOR_SERVER_RPC_STREAM_H

#include <stdbool.h>

enum { STREAM_MAX_KINDS = 8 };

/* What a streaming method sends. */
struct stream_row {
    const char *kinds[STREAM_MAX_KINDS + 1]; /* Names of kinds with a watch_field; NULL
                                                ends. */
    bool is_log; /* Whole commits of all scopes: ReadLog. */
};

extern const struct stream_row stream_catalogue;
extern const struct stream_row stream_orders;
extern const struct stream_row stream_configuration;
extern const struct stream_row stream_read_log;

#endif
