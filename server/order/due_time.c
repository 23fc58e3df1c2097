#include "server/order/due_time.h"

#include <stdbool.h>

#include "proto/moment.h"
#include "server/order/calendar.h"

#define R(name) KONTOR__V1__ITEM_REASON__##name

enum {
    MINUTE_MS = 60000,
    HOUR_MS = 3600000,
    DAY_MS = CALENDAR_DAY_MS,
    APPROVAL_DAYS = 5,
    ANSWER_DAYS = 14,
    DISPATCH_DAYS = 1,
    HELD_DAYS = 30,
    ASSESS_DAYS = 2,
    WAIT_DAYS = 30, /* For an item it requires, or stock. */
    SILENT_DAYS = 5,
    REMIND_DAYS = 3,
    REMIND_AGAIN_DAYS = 7,
};

/* A number of the offer's deadlines; 0 = not said. */
#define SAID(item, field) ((item)->deadlines == NULL ? 0 : (item)->deadlines->field)

static int32_t
or_default(int32_t said, int32_t fallback)
{
    return said > 0 ? said : fallback;
}

static int64_t
working_days(const Kontor__V1__OrderItem *item, int64_t since_ms, int32_t n)
{
    return calendar_end_ms(item->calendar, since_ms, n);
}

int64_t
due_after_validation(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    (void)item;
    return since_ms + 5 * MINUTE_MS;
}

int64_t
due_approval_end(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    return working_days(item, since_ms,
                        or_default(SAID(item, approval_days), APPROVAL_DAYS));
}

/* When one working day is left. */
int64_t
due_approval_warning(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    int32_t days = or_default(SAID(item, approval_days), APPROVAL_DAYS);
    return days > 1 ? working_days(item, since_ms, days - 1) : INT64_MAX;
}

int64_t
due_answer_end(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    int32_t days = or_default(SAID(item, answer_days), ANSWER_DAYS);
    return since_ms + (int64_t)days * DAY_MS;
}

/* A reminder that would come with the end or behind it is none. */
static int64_t
before_answer_end(const Kontor__V1__OrderItem *item, int64_t since_ms, int32_t days)
{
    int64_t at_ms = since_ms + (int64_t)days * DAY_MS;
    return at_ms < due_answer_end(item, since_ms) ? at_ms : INT64_MAX;
}

int64_t
due_first_reminder(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    return before_answer_end(item, since_ms, REMIND_DAYS);
}

int64_t
due_second_reminder(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    return before_answer_end(item, since_ms, REMIND_AGAIN_DAYS);
}

/* Who waits for a start date or another item is not late yet. */
int64_t
due_untaken(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    if (item->reason == R(WAITS_FOR_DEPENDENCY) || item->reason == R(WAITS_FOR_STOCK)) {
        return since_ms + (int64_t)WAIT_DAYS * DAY_MS;
    }
    int64_t start_ms = moment_ms(item->start_at, since_ms);
    return working_days(item, start_ms > since_ms ? start_ms : since_ms,
                        or_default(SAID(item, dispatch_days), DISPATCH_DAYS));
}

int64_t
due_start(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    int64_t start_ms = moment_ms(item->start_at, INT64_MAX);
    return start_ms > since_ms ? start_ms : INT64_MAX;
}

int64_t
due_window_end(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    (void)since_ms;
    return moment_ms(item->not_after, INT64_MAX);
}

int64_t
due_stock_end(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    (void)since_ms;
    bool is_kept = item->stock == NULL || !item->stock->is_reserved;
    return is_kept ? INT64_MAX : moment_ms(item->stock->reserved_until, INT64_MAX);
}

/* Work about which nothing is said is looked after as well. */
int64_t
due_expected(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    return item->expected_at == NULL ? working_days(item, since_ms, SILENT_DAYS)
                                     : moment_ms(item->expected_at, INT64_MAX);
}

int64_t
due_work_end(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    int32_t hours = SAID(item, work_hours);
    return hours > 0 ? since_ms + (int64_t)hours * HOUR_MS - item->worked_ms
                     : INT64_MAX;
}

int64_t
due_held_end(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    return since_ms + (int64_t)or_default(SAID(item, held_days), HELD_DAYS) * DAY_MS;
}

int64_t
due_assess_end(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    return working_days(item, since_ms,
                        or_default(SAID(item, assess_days), ASSESS_DAYS));
}

int64_t
due_undo_end(const Kontor__V1__OrderItem *item, int64_t since_ms)
{
    (void)item;
    return since_ms + DAY_MS;
}
