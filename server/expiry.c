#include "server/expiry.h"

#include <stddef.h>

enum { DAY_MS = 24 * 3600 * 1000, NEVER_SAID = 1 << 20, IS_OVER = -1 };

static const int32_t steps_days[] = {30, 7, 1};

/* The step that so much time left lies under; NEVER_SAID when it lies under none. */
static int32_t
step_of(int64_t left_ms)
{
    int32_t step = NEVER_SAID;
    for (size_t i = 0; i < sizeof steps_days / sizeof steps_days[0]; i++) {
        if (left_ms <= (int64_t)steps_days[i] * DAY_MS) {
            step = steps_days[i];
        }
    }
    return left_ms <= 0 ? IS_OVER : step;
}

bool
expiry_is_due(struct expiry *expiry, int64_t ends_ms, int64_t now_ms, int64_t *days)
{
    int64_t left_ms = ends_ms - now_ms;
    int32_t step = step_of(left_ms);
    if (expiry->ends_ms != ends_ms) {
        *expiry = (struct expiry){.ends_ms = ends_ms, .said_days = NEVER_SAID};
    }
    *days = left_ms > 0 ? left_ms / DAY_MS : IS_OVER;
    if (step >= expiry->said_days) {
        return false;
    }
    expiry->said_days = step;
    return true;
}
