/*
 * Spans of time, of which what overlaps counts once.
 *
 * Memory: the arena. Errors: none. Threads: one at a time.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_SPAN_H
#define KONTOR_SERVER_CONFIGURATION_SPAN_H

#include <stdint.h>

#include "proto/arena.h"

struct span {
    int64_t from_ms, until_ms; /* from <= t < until. */
};

struct spans {
    struct span *rows;
    size_t n_rows, room;
};

/* Adds one, cut to a window; what lies outside of it or is empty is left out. */
void spans_add(struct arena *arena, struct spans *spans, struct span span,
               struct span window);
/* Adds all of another list. */
void spans_add_all(struct arena *arena, struct spans *spans, const struct spans *other);
/* How many seconds they cover together, rounded down. Sorts them. */
int64_t spans_seconds(struct spans *spans);

#endif
