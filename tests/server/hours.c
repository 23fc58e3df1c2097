#include "tests/server/hours.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "server/clock.h"
#include "server/order/calendar.h"

int64_t
hours_now(struct desk *desk)
{
    return clock_wall_ms(&desk->h->clock);
}

size_t
hours_pass(struct desk *desk, int64_t ms)
{
    size_t n = 0;
    for (; ms > 0; ms -= HOUR) {
        n += desk_due(desk, ms < HOUR ? ms : HOUR);
    }
    return n;
}

int64_t
hours_working_days(struct desk *desk, int32_t n)
{
    return calendar_end_ms(NULL, hours_now(desk), n) - hours_now(desk);
}

size_t
hours_n_moves(struct desk *desk, const char *operation)
{
    const Kontor__V1__OrderItem *item = desk_item(desk, HOURS_ITEM);
    size_t n = 0;
    for (size_t i = 0; i < item->n_history; i++) {
        n += strcmp(item->history[i]->operation, operation) == 0 ? 1 : 0;
    }
    return n;
}

void
hours_expect_end(struct desk *desk, const char *state, Kontor__V1__ItemReason reason)
{
    desk_expect(desk, HOURS_ITEM, state);
    assert_int_equal(desk_item(desk, HOURS_ITEM)->reason, reason);
    assert_null(desk_order(desk, "coast/o-1")->next_due);
    /* Nothing is left to happen. */
    assert_int_equal(hours_pass(desk, 40 * (int64_t)DAY), 0);
}
