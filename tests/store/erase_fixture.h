/*
 * What the tests of erasing share: documents with a past, and what is left of it.
 *
 * Memory: the fixture's. Errors: a helper that cannot do its part fails the test.
 * Threads: one.
 */
#ifndef KONTOR_TESTS_STORE_ERASE_FIXTURE_H
#define KONTOR_TESTS_STORE_ERASE_FIXTURE_H

#include "tests/store/fixture.h"

/* Stands in what is to be erased, and nowhere else. */
#define ERASE_SECRET "Jane-of-the-old-versions"

/* Names a journal where the backend has no place of its own for one. */
void erase_needs(struct fixture *fixture);
/*
 * Nine commits: the paper p in versions 1, 3 and 6, with a remark at 4; the drawer d in
 * 2 and 5, the paper q in 7 until 8, the seal s in 9. What is older than the present
 * holds the secret, and so does q.
 */
void erase_fill(struct fixture *fixture);
/* Shuts the store, erases, opens it again; answers the status. error: 256 bytes. */
enum status erase_run(struct fixture *fixture, struct store_erasure *erasure,
                      char *error);
/* As erase_run, for one that must work; answers how many lost their content. */
int64_t erase_good(struct fixture *fixture, const char *kind, const char *id);
/* The commit at a position. */
Kontor__V1__Commit *erase_commit_at(struct fixture *fixture, int64_t seq);
/* Positions of the changes without content, with spaces between. */
const char *erase_lost(struct fixture *fixture);
/* The journal's text; "" = there is no file. */
const char *erase_journal_text(struct fixture *fixture);

#endif
