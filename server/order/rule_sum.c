#include "server/order/rule_sum.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>

enum { BILLION = 1000000000, FRACTION_DIGITS = 9 };

/* Leaves the rest of a division by a billion, 0 or more; answers what is carried. */
static int64_t
carry(int64_t *part)
{
    int64_t whole = *part / BILLION;
    *part %= BILLION;
    if (*part < 0) {
        *part += BILLION;
        whole--;
    }
    return whole;
}

/* In parts of a billion: the sum of two 64-bit numbers has no room in 64 bits. */
static void
add(struct rule_sum *sum, int64_t units, int64_t nanos)
{
    sum->nanos += nanos;
    sum->low += units % BILLION + carry(&sum->nanos);
    sum->high += units / BILLION + carry(&sum->low);
}

void
rule_sum_add_integer(struct rule_sum *sum, int64_t integer)
{
    add(sum, integer, 0);
}

void
rule_sum_add_decimal(struct rule_sum *sum, const char *decimal)
{
    bool is_negative = *decimal == '-';
    int64_t units = 0;
    int64_t nanos = 0;
    decimal += is_negative;
    for (; *decimal != '\0' && *decimal != '.'; decimal++) {
        units = 10 * units + (*decimal - '0');
    }
    decimal += *decimal == '.';
    for (int i = 0; i < FRACTION_DIGITS; i++) {
        nanos = 10 * nanos + (*decimal == '\0' ? 0 : *decimal - '0');
        decimal += *decimal != '\0';
    }
    add(sum, is_negative ? -units : units, is_negative ? -nanos : nanos);
}

int
rule_sum_compare(const struct rule_sum *a, const struct rule_sum *b)
{
    const int64_t left[] = {a->high, a->low, a->nanos};
    const int64_t right[] = {b->high, b->low, b->nanos};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}

const char *
rule_sum_text(const struct rule_sum *sum, struct arena *arena)
{
    const char *whole = sum->high == 0 ? arena_print(arena, "%" PRId64, sum->low)
                                       : arena_print(arena, "%" PRId64 "%09" PRId64,
                                                     sum->high, sum->low);
    if (sum->nanos == 0) {
        return whole;
    }
    int64_t fraction = sum->nanos;
    int digits = FRACTION_DIGITS;
    for (; fraction % 10 == 0; fraction /= 10) {
        digits--;
    }
    return arena_print(arena, "%s.%0*" PRId64, whole, digits, fraction);
}
