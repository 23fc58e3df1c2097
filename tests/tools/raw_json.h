/*
 * Raw JSON for tests that recount what an importer read: absent and null are nothing.
 *
 * Memory: the arena's. Errors: a test fails. Threads: one.
 */
#ifndef KONTOR_TESTS_TOOLS_RAW_JSON_H
#define KONTOR_TESTS_TOOLS_RAW_JSON_H

#include "proto/json_tree.h"
#include "tests/tools/import_fixture.h"

/* Reads a real file, or a file of the project, and answers its raw tree. */
const struct json_value *raw_json_real(struct import_fixture *fixture,
                                       const char *name);
const struct json_value *raw_json_file(struct import_fixture *fixture,
                                       const char *path);
/* How many elements or members; 0 when it is absent. */
size_t raw_json_length(const struct json_value *value);
/* The text; "" when it is absent or null. */
const char *raw_json_text(const struct json_value *value);
/* The whole number; 0 when it is absent. */
int64_t raw_json_integer(const struct json_value *value);
/* The number, whole or not. */
double raw_json_number(const struct json_value *value);
/* Judges all of the set by the rules of the broker. */
void raw_json_judge(const struct import_fixture *fixture);

#endif
