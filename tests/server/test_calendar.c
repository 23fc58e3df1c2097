/* Working days, against a reference that walks the days one by one by the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "server/order/calendar.h"

static int64_t
at(const char *text)
{
    struct tm tm = {0};
    assert_non_null(strptime(text, "%Y-%m-%d %H:%M", &tm));
    return (int64_t)timegm(&tm) * 1000;
}

static void
expect(const Kontor__V1__WorkCalendar *calendar, const char *from, int32_t n,
       const char *end)
{
    int64_t found = calendar_end_ms(calendar, at(from), n);
    if (found != at(end)) {
        time_t seconds = (time_t)(found / 1000);
        struct tm tm;
        char text[40];
        gmtime_r(&seconds, &tm);
        strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm);
        fail_msg("%d working days from %s end at %s, not %s", n, from, text, end);
    }
}

/* 2026-11-27 is a Friday. */
static void
test_the_end_of_a_working_day_is_midnight(void **state)
{
    (void)state;
    expect(NULL, "2026-11-25 12:00", 1, "2026-11-27 00:00");
    expect(NULL, "2026-11-25 00:00", 1, "2026-11-27 00:00");
    expect(NULL, "2026-11-25 23:59", 1, "2026-11-27 00:00");
    expect(NULL, "2026-11-25 12:00", 0, "2026-11-26 00:00");
    expect(NULL, "2026-11-27 12:00", 1, "2026-12-01 00:00");
    expect(NULL, "2026-11-28 12:00", 1, "2026-12-01 00:00");
    expect(NULL, "2026-11-29 12:00", 5, "2026-12-05 00:00");
    expect(NULL, "2026-11-27 12:00", 5, "2026-12-05 00:00");
}

static void
test_local_time_decides_which_day_it_is(void **state)
{
    (void)state;
    Kontor__V1__WorkCalendar calendar = KONTOR__V1__WORK_CALENDAR__INIT;
    calendar.utc_offset_minutes = 120;
    /* Thursday 01:00 there. */
    expect(&calendar, "2026-11-25 23:00", 1, "2026-11-27 22:00");
    expect(&calendar, "2026-11-25 21:59", 1, "2026-11-26 22:00");
    calendar.utc_offset_minutes = -840;
    expect(&calendar, "2026-11-26 12:00", 1, "2026-11-27 14:00");
    calendar.utc_offset_minutes = 840;
    expect(&calendar, "2026-11-26 12:00", 1, "2026-11-30 10:00");
}

static void
test_weekdays_and_holidays(void **state)
{
    (void)state;
    static int32_t sunday_to_thursday[] = {7, 1, 2, 3, 4};
    static char *holidays[] = {"2026-12-25", "2027-01-01", "2028-02-29"};
    Kontor__V1__WorkCalendar calendar = KONTOR__V1__WORK_CALENDAR__INIT;
    calendar.weekdays = sunday_to_thursday;
    calendar.n_weekdays = 5;
    expect(&calendar, "2026-11-26 12:00", 1, "2026-11-30 00:00");
    expect(&calendar, "2026-11-28 12:00", 1, "2026-11-30 00:00");
    calendar.n_weekdays = 0;
    calendar.holidays = holidays;
    calendar.n_holidays = 3;
    expect(&calendar, "2026-12-24 12:00", 1, "2026-12-29 00:00");
    expect(&calendar, "2026-12-31 12:00", 1, "2027-01-05 00:00");
    expect(&calendar, "2028-02-28 12:00", 1, "2028-03-02 00:00");
}

/* The same by walking, for a year of starts and every length of deadline there is. */
static int64_t
walked(int64_t from_ms, int32_t n)
{
    int64_t day = from_ms / CALENDAR_DAY_MS;
    while (n > 0) {
        time_t seconds = (time_t)(++day * (CALENDAR_DAY_MS / 1000));
        struct tm tm;
        gmtime_r(&seconds, &tm);
        n -= tm.tm_wday != 0 && tm.tm_wday != 6 ? 1 : 0;
    }
    return (day + 1) * CALENDAR_DAY_MS;
}

static void
test_a_year_of_days_against_walking(void **state)
{
    (void)state;
    int64_t from = at("2026-01-01 08:00");
    for (int64_t day = 0; day < 366; day++, from += CALENDAR_DAY_MS) {
        for (int32_t n = 0; n <= 366; n += n < 10 ? 1 : 89) {
            assert_int_equal(calendar_end_ms(NULL, from, n), walked(from, n));
        }
    }
}

/* Every day a holiday: whoever wrote that wants no deadline, but an end there must be.
 */
static void
test_a_calendar_without_working_days_ends(void **state)
{
    (void)state;
    static int32_t monday[] = {1};
    static char *holidays[512];
    static char texts[512][16];
    Kontor__V1__WorkCalendar calendar = KONTOR__V1__WORK_CALENDAR__INIT;
    int64_t day = at("2026-11-30 00:00") / 1000;
    for (size_t i = 0; i < 512; i++, day += 7 * 86400) {
        time_t seconds = (time_t)day;
        struct tm tm;
        gmtime_r(&seconds, &tm);
        strftime(texts[i], sizeof texts[i], "%Y-%m-%d", &tm);
        holidays[i] = texts[i];
    }
    calendar.weekdays = monday;
    calendar.n_weekdays = 1;
    calendar.holidays = holidays;
    calendar.n_holidays = 512;
    /* 601 days off are more than anybody means; from then on each day counts. */
    expect(&calendar, "2026-11-29 12:00", 1, "2028-07-24 00:00");
    expect(&calendar, "2026-11-29 12:00", 5, "2028-07-28 00:00");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_end_of_a_working_day_is_midnight),
        cmocka_unit_test(test_local_time_decides_which_day_it_is),
        cmocka_unit_test(test_weekdays_and_holidays),
        cmocka_unit_test(test_a_year_of_days_against_walking),
        cmocka_unit_test(test_a_calendar_without_working_days_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
