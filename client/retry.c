/* When to try again. */
#include "client/retry.h"

#include <string.h>

#include "client/error.h"
#include "client/random.h"

enum {
    DELAY_FIRST_MS = 50,
    DELAY_LAST_MS = 3000,
};

/* A way a call can end that is worth another attempt. NULL: whatever the reason. */
struct retry_row {
    enum kontor_status status;
    const char *reason;
};

static const struct retry_row retry_rows[] = {
    {KONTOR_UNAVAILABLE, NULL},
    {KONTOR_CANCELLED, ""}, /* A broker that shuts down; our own carry a reason. */
    {KONTOR_DEADLINE_EXCEEDED, "OUTCOME_UNKNOWN"},
    {KONTOR_RESOURCE_EXHAUSTED, "OVERLOADED"},
    {KONTOR_ABORTED, "CONTENTION"},
};

bool
retry_is_worthwhile(const struct kontor_error *error)
{
    for (size_t i = 0; i < sizeof retry_rows / sizeof retry_rows[0]; i++) {
        const struct retry_row *row = &retry_rows[i];
        if (row->status == error->status &&
            (row->reason == NULL || error_is(error, row->reason))) {
            return true;
        }
    }
    return false;
}

/*
 * Whatever the broker did not say itself leaves the question open, INTERNAL included.
 */
bool
retry_is_outcome_unknown(const struct kontor_error *error)
{
    return error->status == KONTOR_UNAVAILABLE || error->status == KONTOR_CANCELLED ||
           error->status == KONTOR_DEADLINE_EXCEEDED ||
           error->status == KONTOR_UNKNOWN || error->status == KONTOR_INTERNAL;
}

/*
 * Half of the pause is random, so that clients cut off together do not come back
 * together.
 */
int64_t
retry_delay_ms(struct retry *retry, const struct kontor_error *error)
{
    int64_t limit_ms = DELAY_FIRST_MS;
    for (int i = 0; i < retry->n_failed && limit_ms < DELAY_LAST_MS; i++) {
        limit_ms *= 2;
    }
    retry->n_failed++;
    if (limit_ms > DELAY_LAST_MS) {
        limit_ms = DELAY_LAST_MS;
    }
    return error->retry_after_ms + limit_ms / 2 + random_below(limit_ms / 2 + 1);
}
