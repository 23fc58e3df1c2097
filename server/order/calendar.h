/*
 * Working days: when so many of them are over. Pure.
 *
 * Memory: none. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_ORDER_CALENDAR_H
#define KONTOR_SERVER_ORDER_CALENDAR_H

#include <stdint.h>

#include "kontor/v1/catalogue.pb-c.h"

enum { CALENDAR_DAY_MS = 86400000 };

/*
 * The end (24:00 there) of the nth working day after the day of from_ms, n from 1; of 0
 * the end of that day itself. calendar NULL = Monday to Friday, UTC. Days on which
 * nobody works are passed over; a calendar without any working day counts every day.
 * Source: ORDERS design, "Deadlines".
 */
int64_t calendar_end_ms(const Kontor__V1__WorkCalendar *calendar, int64_t from_ms,
                        int32_t n);

#endif
