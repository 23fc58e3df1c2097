/*
 * Real input for tests, from the folder KONTOR_REAL_DATA names; never part of the
 * project.
 *
 * Memory: the arena's. Errors: a test fails on a missing file and skips, aloud, when
 * the folder is not named. Threads: one.
 */
#ifndef KONTOR_TESTS_TOOLS_REAL_DATA_H
#define KONTOR_TESTS_TOOLS_REAL_DATA_H

#include "proto/arena.h"
#include "proto/bytes.h"

/* The path of a real file. Skips the test when there is no real data. */
const char *real_data_path(const char *name, struct arena *arena);
/* The content of any file; NUL-terminated behind its size. */
struct bytes real_data_read(const char *path, struct arena *arena);
/* A new temporary file with this content, to be unlinked by the test; its path. */
const char *real_data_write(const char *content, struct arena *arena);
/* The same of a content that may hold NUL. */
const char *real_data_write_bytes(const char *content, size_t size,
                                  struct arena *arena);

#endif
