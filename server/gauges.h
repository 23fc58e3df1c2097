/*
 * The kontor_* numbers of the metrics page.
 *
 * Memory: gauges_new to gauges_free. Errors: a number that cannot be had is -1.
 * Threads: the page's own.
 */
#ifndef KONTOR_SERVER_GAUGES_H
#define KONTOR_SERVER_GAUGES_H

#include "server/broker.h"
#include "server/clock.h"
#include "server/metrics.h"
#include "server/rpc/server.h"

struct gauges;

/* Everything given outlives the gauges. NULL: the store cannot be read. */
struct gauges *gauges_new(struct broker *broker, struct server *server,
                          struct clock *clock);
/* Accepts NULL. Before store_close, after metrics_free. */
void gauges_free(struct gauges *gauges);

/* Their table, for metrics_gauges; the context is the gauges. */
extern const struct metrics_gauge gauges_table[];

#endif
