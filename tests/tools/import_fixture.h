/*
 * What tests of importers share: one import into an arena of its own, and looking at
 * what came of it.
 *
 * Memory: the fixture's arena, freed by its stop. Errors: a test fails. Threads: one.
 */
#ifndef KONTOR_TESTS_TOOLS_IMPORT_FIXTURE_H
#define KONTOR_TESTS_TOOLS_IMPORT_FIXTURE_H

#include "tests/tools/real_data.h"
#include "tools/import/import.h"

struct import_fixture {
    const char *format;
    struct arena *arena;
    struct faults faults;
    struct import_set set;
};

/* What is refused, and what must be said of it: parts of a fault's path and
 * description. */
struct import_refusal {
    const char *text;
    const char *place;
    const char *reason;
};

/* Setup and teardown of cmocka; the test sets format first. */
int import_fixture_start(void **state);
int import_fixture_stop(void **state);
/* Reads files as registry alpine; false: the faults say why. */
bool import_fixture_read(struct import_fixture *fixture, const char *const *paths,
                         size_t n_paths);
/* Reads a text as a file. */
bool import_fixture_text(struct import_fixture *fixture, const char *text);
/* Reads a real file that must be good, and answers its raw content. */
struct bytes import_fixture_real(struct import_fixture *fixture, const char *name);
/* Whether a finding has these parts. */
bool import_fixture_found(const struct import_set *set, const char *place,
                          const char *text);
/* The field a path of a mask names, or the list it names a part of; fails the test when
 * there is none. */
const ProtobufCFieldDescriptor *
import_fixture_field(const ProtobufCMessageDescriptor *descriptor, const char *path);
/* Reads every row and sees that it is refused with its file, place and reason. */
void import_fixture_refuse(struct import_fixture *fixture,
                           const struct import_refusal *rows, size_t n_rows);

#define IMPORT_TEST(name)                                                              \
    cmocka_unit_test_setup_teardown(name, import_fixture_start, import_fixture_stop)

#endif
