#include "client/refusal.h"

#include "client/error.h"

/* NULL: whatever the reason. */
struct refusal_row {
    enum kontor_status status;
    const char *reason;
    enum refusal refusal;
};

/*
 * The first row that fits counts; what is not here is DECLINED. Who the agent is, how
 * busy the broker is and what memory this process has may change while the session
 * lasts. Another completion that was taken before (COMPLETION_DIFFERS) settles the job
 * as much as ours would.
 */
static const struct refusal_row refusal_rows[] = {
    {KONTOR_ABORTED, "LEASE_LOST", REFUSAL_OVER},
    {KONTOR_CANCELLED, "CLOSED", REFUSAL_OVER},
    {KONTOR_ALREADY_EXISTS, "COMPLETION_DIFFERS", REFUSAL_OVER},
    {KONTOR_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", REFUSAL_AGAIN},
    {KONTOR_RESOURCE_EXHAUSTED, "OVERLOADED", REFUSAL_AGAIN},
    {KONTOR_ABORTED, NULL, REFUSAL_AGAIN},
    {KONTOR_CANCELLED, NULL, REFUSAL_AGAIN},
    {KONTOR_DEADLINE_EXCEEDED, NULL, REFUSAL_AGAIN},
    {KONTOR_INTERNAL, NULL, REFUSAL_AGAIN},
    {KONTOR_PERMISSION_DENIED, NULL, REFUSAL_AGAIN},
    {KONTOR_UNAUTHENTICATED, NULL, REFUSAL_AGAIN},
    {KONTOR_UNAVAILABLE, NULL, REFUSAL_AGAIN},
    {KONTOR_UNKNOWN, NULL, REFUSAL_AGAIN},
};

enum refusal
refusal_of(const struct kontor_error *error)
{
    for (size_t i = 0; i < sizeof refusal_rows / sizeof refusal_rows[0]; i++) {
        const struct refusal_row *row = &refusal_rows[i];
        if (row->status == error->status &&
            (row->reason == NULL || error_is(error, row->reason))) {
            return row->refusal;
        }
    }
    return REFUSAL_DECLINED;
}
