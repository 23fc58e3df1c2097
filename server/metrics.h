/*
 * The metrics page: counters of calls under the names of go-grpc-prometheus, and
 * kontor_* gauges, served on loopback.
 *
 * Memory: owned by the metrics, freed by metrics_close.
 * Errors: INVALID_ARGUMENT, UNAVAILABLE (the port is taken) with a text.
 * Threads: counting is lock-free from any thread; gauges are asked on the page's own
 * thread.
 */
#ifndef KONTOR_SERVER_METRICS_H
#define KONTOR_SERVER_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/status.h"
#include "server/rpc/table.h"

struct metrics;

/* A number asked for whenever the page is read. */
struct metrics_gauge {
    const char *name; /* kontor_seq; NULL ends a table. */
    const char *help;
    int64_t (*read)(void *context);
};

/* services: NULL-ended table of pointers, for the names of the calls. */
struct metrics *metrics_new(const struct service_rows *const *services);
/* Accepts NULL. Stops the page first. */
void metrics_free(struct metrics *metrics);

/* A call arrived. Accepts a NULL metrics and a NULL row (a method nobody knows). */
void metrics_started(struct metrics *metrics, const struct row *row);
/* A call ended after this long. */
void metrics_handled(struct metrics *metrics, const struct row *row, enum status status,
                     int64_t duration_us);
/* Messages of a call that went out, or came in. */
void metrics_sent(struct metrics *metrics, const struct row *row, int64_t messages);
void metrics_received(struct metrics *metrics, const struct row *row, int64_t messages);

/* Gauges of the page, ended by a NULL name; context is handed to each. Before
 * metrics_listen. */
void metrics_gauges(struct metrics *metrics, const struct metrics_gauge *gauges,
                    void *context);
/* The page as text; the caller frees. */
char *metrics_print(struct metrics *metrics);
/* Serves the page at a loopback address, HOST:PORT; port 0 = any. Answers the port. */
enum status metrics_listen(struct metrics *metrics, const char *address, int *port,
                           char *error, size_t error_size) MUST_CHECK;

#endif
