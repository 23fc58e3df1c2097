/*
 * A server and one connection spoken by hand: for tests without a driver.
 *
 * Memory: bench_open and bench_close. Errors: a helper that cannot do its part fails
 * the test. Threads: one.
 */
#ifndef KONTOR_TESTS_MONGOD_BENCH_H
#define KONTOR_TESTS_MONGOD_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/mongod/mongod.h"
#include "tests/mongod/raw.h"

struct bench {
    struct mongod *mongod;
    int fd;
};

/* options may be NULL. */
void bench_open(struct bench *bench, const struct mongod_options *options);
void bench_close(struct bench *bench);
/* The command fails with this code; outside: a part of what is remembered for it, NULL:
 * nothing is. */
void bench_expect_failure(struct bench *bench, const char *command, int64_t code,
                          const char *outside);

#endif
