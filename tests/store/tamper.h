/*
 * What the tests of the SQLite backend do to its file.
 *
 * Memory: the fixture's. Errors: a helper that cannot do its part fails the test.
 * Threads: one.
 */
#ifndef KONTOR_TESTS_STORE_TAMPER_H
#define KONTOR_TESTS_STORE_TAMPER_H

#include <sys/types.h>

#include "tests/store/fixture.h"

enum { TAMPER_PAGE = 2048 };

/* The store's file. */
const char *tamper_path(const struct fixture *fixture);
/* Four commits of every kind. */
void tamper_fill(struct fixture *fixture);
/* Runs SQL on the file itself, behind the store's back. */
void tamper_sql(struct fixture *fixture, const char *sql);
/* The first page of a table or an index, counted from 1. */
off_t tamper_root(struct fixture *fixture, const char *name);
/* Overwrites a page's worth of a file. */
void tamper_page(const char *path, off_t offset);
/* Fails unless a store is refused with a text that says this. */
void tamper_expect_no_open(struct fixture *fixture, const char *uri, const char *says);

#endif
