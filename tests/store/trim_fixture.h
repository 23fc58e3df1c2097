/*
 * What the tests of trimming share.
 *
 * Memory: the fixture's. Errors: a helper that cannot do its part fails the test.
 * Threads: one.
 */
#ifndef KONTOR_TESTS_STORE_TRIM_FIXTURE_H
#define KONTOR_TESTS_STORE_TRIM_FIXTURE_H

#include "tests/store/fixture.h"

/* Names a journal where the backend has no place of its own for one. */
void trim_needs(struct fixture *fixture);
/*
 * Ten commits, a second apart: the paper p in versions 1, 4 and 8 and a remark on it at
 * 10, the drawer d in 2 and 5, the seal s in 3, the paper q in 6 until 7, the paper r
 * in 9.
 */
void trim_fill(struct fixture *fixture);
/* Shuts the store, trims, opens it again; answers the status. error: 256 bytes. */
enum status trim_run(struct fixture *fixture, int64_t up_to, struct store_trim *trim,
                     char *error);
/* As trim_run, for one that must work; verifies what is left. */
void trim_good(struct fixture *fixture, int64_t up_to);
/* The base's documents, "kind id revision created" each, with "; " between; times in
 * seconds since trim_fill began; "-" behind what is erased. "" = there is no base. */
const char *trim_base(struct fixture *fixture);

#endif
