#include "server/configuration/span.h"

#include <stdlib.h>

enum { MS = 1000 };

static void
append(struct arena *arena, struct spans *spans, struct span span)
{
    spans->rows = arena_grown(arena, spans->rows, spans->n_rows, &spans->room,
                              sizeof(*spans->rows));
    spans->rows[spans->n_rows++] = span;
}

void
spans_add(struct arena *arena, struct spans *spans, struct span span,
          struct span window)
{
    span.from_ms = span.from_ms > window.from_ms ? span.from_ms : window.from_ms;
    span.until_ms = span.until_ms < window.until_ms ? span.until_ms : window.until_ms;
    if (span.from_ms < span.until_ms) {
        append(arena, spans, span);
    }
}

void
spans_add_all(struct arena *arena, struct spans *spans, const struct spans *other)
{
    for (size_t i = 0; i < other->n_rows; i++) {
        append(arena, spans, other->rows[i]);
    }
}

static int
compare(const void *a, const void *b)
{
    const struct span *left = a;
    const struct span *right = b;
    return left->from_ms < right->from_ms ? -1 : left->from_ms > right->from_ms;
}

int64_t
spans_seconds(struct spans *spans)
{
    int64_t total_ms = 0;
    int64_t covered_ms = INT64_MIN; /* All before is counted. */
    if (spans->n_rows > 0) {
        qsort(spans->rows, spans->n_rows, sizeof(*spans->rows), compare);
    }
    for (size_t i = 0; i < spans->n_rows; i++) {
        const struct span *span = &spans->rows[i];
        int64_t from_ms = span->from_ms > covered_ms ? span->from_ms : covered_ms;
        if (span->until_ms > from_ms) {
            total_ms += span->until_ms - from_ms;
            covered_ms = span->until_ms;
        }
    }
    return total_ms / MS;
}
