#include "server/order/calendar.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

enum {
    MINUTE_MS = 60000,
    WEEK = 7,
    EPOCH_WEEKDAY = 3,  /* 1970-01-01 was a Thursday; Monday is 0. */
    ALL_DAYS = 0x7f,    /* Bit 0: Monday. */
    WORK_DAYS = 0x1f,   /* Monday to Friday. */
    DATE_SIZE = 40,     /* Room for any numbers. */
    MAX_DAYS_OFF = 600, /* More than there are holidays in a calendar. */
};

/* Rounds down, also before 1970. */
static int64_t
floor_div(int64_t value, int64_t by)
{
    int64_t quotient = value / by;
    return value % by < 0 ? quotient - 1 : quotient;
}

static uint32_t
weekdays_of(const Kontor__V1__WorkCalendar *calendar)
{
    uint32_t days = 0;
    for (size_t i = 0; calendar != NULL && i < calendar->n_weekdays; i++) {
        days |= UINT32_C(1) << (uint32_t)(calendar->weekdays[i] - 1);
    }
    return days == 0 ? WORK_DAYS : days & ALL_DAYS;
}

/* A day since 1970 as YYYY-MM-DD. */
static void
date_of(int64_t day, char text[DATE_SIZE])
{
    time_t seconds = (time_t)(day * (CALENDAR_DAY_MS / 1000));
    struct tm date;
    gmtime_r(&seconds, &date);
    (void)strftime(text, DATE_SIZE, "%Y-%m-%d", &date);
}

static bool
is_holiday(const Kontor__V1__WorkCalendar *calendar, int64_t day)
{
    if (calendar == NULL || calendar->n_holidays == 0) {
        return false;
    }
    char date[DATE_SIZE];
    date_of(day, date);
    for (size_t i = 0; i < calendar->n_holidays; i++) {
        if (strcmp(calendar->holidays[i], date) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_working(const Kontor__V1__WorkCalendar *calendar, uint32_t weekdays, int64_t day)
{
    int64_t weekday = day + EPOCH_WEEKDAY - floor_div(day + EPOCH_WEEKDAY, WEEK) * WEEK;
    return (weekdays >> (uint32_t)weekday & 1) != 0 && !is_holiday(calendar, day);
}

int64_t
calendar_end_ms(const Kontor__V1__WorkCalendar *calendar, int64_t from_ms, int32_t n)
{
    int64_t offset_ms =
        calendar == NULL ? 0 : (int64_t)calendar->utc_offset_minutes * MINUTE_MS;
    uint32_t weekdays = weekdays_of(calendar);
    int64_t day = floor_div(from_ms + offset_ms, CALENDAR_DAY_MS);
    int32_t n_off = 0;
    while (n > 0) {
        day++;
        bool counts = is_working(calendar, weekdays, day) || n_off > MAX_DAYS_OFF;
        n -= counts ? 1 : 0;
        n_off = counts ? n_off : n_off + 1;
    }
    return (day + 1) * CALENDAR_DAY_MS - offset_ms;
}
