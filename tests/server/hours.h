/*
 * Time passing at a desk: steps a running broker would notice, and what happened in
 * them, to the order coast/o-1 of one item.
 *
 * Memory: nothing is handed over. Errors: a test that fails. Threads: the test's.
 */
#ifndef TESTS_SERVER_HOURS_H
#define TESTS_SERVER_HOURS_H

#include <stdint.h>

#include "tests/server/desk.h"

enum { DAY = 86400000, HOUR = 3600000, MINUTE = 60000 };

/* The item the counts and ends are about. */
#define HOURS_ITEM "coast/o-1/vm"

/* What the broker's clock shows, in milliseconds. */
int64_t hours_now(struct desk *desk);
/* Lets so much time pass in steps a broker that runs would notice, with agents that
 * keep their sessions alive or not. Answers how often something happened. */
size_t hours_pass(struct desk *desk, int64_t ms);
/* Until the end of the nth working day from now, and no longer. */
int64_t hours_working_days(struct desk *desk, int32_t n);
/* How often the history of the item has this operation. */
size_t hours_n_moves(struct desk *desk, const char *operation);
/* The item ended so, and nothing is left to happen. */
void hours_expect_end(struct desk *desk, const char *state,
                      Kontor__V1__ItemReason reason);

#endif
