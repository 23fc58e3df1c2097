#include "server/order/money.h"

#include <stddef.h>

enum { NANOS = 1000000000 };

struct money
money_of(const Kontor__V1__Money *money)
{
    return money == NULL ? (struct money){0, 0}
                         : (struct money){money->units, money->nanos};
}

/* Carries whole units out of nanos and makes the signs agree. */
static bool
normal(int64_t units, int64_t nanos, struct money *out)
{
    if (__builtin_add_overflow(units, nanos / NANOS, &units)) {
        return false;
    }
    nanos %= NANOS;
    if (units > 0 && nanos < 0) {
        units--;
        nanos += NANOS;
    } else if (units < 0 && nanos > 0) {
        units++;
        nanos -= NANOS;
    }
    *out = (struct money){units, (int32_t)nanos};
    return true;
}

bool
money_add(struct money a, struct money b, struct money *sum)
{
    int64_t units;
    if (__builtin_add_overflow(a.units, b.units, &units)) {
        return false;
    }
    return normal(units, (int64_t)a.nanos + b.nanos, sum);
}

bool
money_times(struct money a, int64_t times, struct money *product)
{
    int64_t units;
    if (__builtin_mul_overflow(a.units, times, &units)) {
        return false;
    }
    /* In two parts: nanos times a large number does not fit into 64 bits. */
    int64_t whole = a.nanos * (times / NANOS);
    if (__builtin_add_overflow(units, whole, &units)) {
        return false;
    }
    return normal(units, a.nanos * (times % NANOS), product);
}
