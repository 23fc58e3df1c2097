/*
 * A backend under test whose server plays faults: the one of the test tree, as a set.
 *
 * Memory: the server lives as long as faulty_run. Errors: fails the test. Threads: one.
 */
#ifndef KONTOR_TESTS_STORE_FAULTY_H
#define KONTOR_TESTS_STORE_FAULTY_H

#include <semaphore.h>

#include "tests/mongod/mongod.h"
#include "tests/store/fixture.h"

/* One server for all cases. */
extern struct mongod *faulty_mongod;

/* The address of a store on it, with another socket time-out than the short one that
 * fixtures are opened with. */
void faulty_address(const char *folder, const char *name, int socket_ms, char *out,
                    size_t size);
/* "DATABASE.COLLECTION" of the fixture's own store. */
void faulty_collection(const struct fixture *fixture, const char *collection, char *out,
                       size_t size);
/* For the options of a store, with a semaphore: it answers again. */
void faulty_post_when_back(void *context, bool is_away);
/* Commits a draft as soon as the store takes one again. */
enum status faulty_commit_when_back(struct fixture *fixture, sem_t *back,
                                    struct draft draft);
/* Runs every case; each begins without faults and data. */
int faulty_run(const char *group, const struct fixture_case *cases, size_t n_cases);

#endif
