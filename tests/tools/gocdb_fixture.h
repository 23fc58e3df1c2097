/*
 * What tests of GOCDB's documents share: a world out of a set, its documents as texts,
 * and what they lose.
 *
 * Memory: the import fixture's arena. Errors: a test fails. Threads: one.
 */
#ifndef KONTOR_TESTS_TOOLS_GOCDB_FIXTURE_H
#define KONTOR_TESTS_TOOLS_GOCDB_FIXTURE_H

#include "tests/tools/export_fixture.h"
#include "tools/export/gocdb.h"

/* A world out of our own form. */
struct gocdb_world gocdb_fixture_of(struct import_fixture *fixture, const char *json);
/* The records of a set, those of alpine to be written; sorts the set by id. */
struct gocdb_world gocdb_fixture_world(struct import_set *set);
/* A document of a world, whole. */
const char *gocdb_fixture_write(struct import_fixture *fixture, const char *document,
                                const struct gocdb_world *world);
/* The same of a page. */
const char *gocdb_fixture_page(struct import_fixture *fixture, const char *document,
                               const struct gocdb_world *world, size_t from);
/* What a document cannot say, as text is NULL. */
struct export_result gocdb_fixture_lost(struct import_fixture *fixture,
                                        const char *document,
                                        const struct gocdb_world *world);
/* The text of the loss of a record's field; "" = none. */
const char *gocdb_fixture_loss(const struct export_result *result, const char *id,
                               const char *path);
/* All documents of a world read into the fixture's set, which must take them, and its
 * world. */
struct gocdb_world gocdb_fixture_back(struct import_fixture *fixture,
                                      const struct gocdb_world *world);
/* How often a text has another in it. */
size_t gocdb_fixture_count(const char *text, const char *part);

#endif
