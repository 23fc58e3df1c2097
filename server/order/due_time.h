/*
 * When something happens to an item by itself, counted from since when it is in its
 * state; INT64_MAX = never. Pure. Source: ORDERS design, "Deadlines".
 *
 * Memory: none. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_ORDER_DUE_TIME_H
#define KONTOR_SERVER_ORDER_DUE_TIME_H

#include "kontor/v1/order.pb-c.h"

/* A new item should be routed by then. */
int64_t due_after_validation(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* Nobody has decided. */
int64_t due_approval_end(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* One working day is left to decide. */
int64_t due_approval_warning(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* Nobody has answered. */
int64_t due_answer_end(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* The question is still open. */
int64_t due_first_reminder(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* The question is still open. */
int64_t due_second_reminder(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* Nobody has taken what is queued, or what it requires is not there. */
int64_t due_untaken(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* Its start date. */
int64_t due_start(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* The time it is wanted for is over. */
int64_t due_window_end(const Kontor__V1__OrderItem *item, int64_t since_ms);
int64_t due_stock_end(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* It was expected to be done. */
int64_t due_expected(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* The work has taken as long as its offer allows. */
int64_t due_work_end(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* It was held as long as it may be. */
int64_t due_held_end(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* Nobody has decided on a cancel. */
int64_t due_assess_end(const Kontor__V1__OrderItem *item, int64_t since_ms);
/* Undoing it took too long. */
int64_t due_undo_end(const Kontor__V1__OrderItem *item, int64_t since_ms);

#endif
