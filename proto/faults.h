/*
 * Wrong fields: every fault of a message, with its path, gathered rather than the first
 * only.
 *
 * Memory: an arena. Errors: none; beyond FAULTS_MAX only the count grows. Threads: one
 * at a time.
 */
#ifndef KONTOR_PROTO_FAULTS_H
#define KONTOR_PROTO_FAULTS_H

#include <stddef.h>

#include "proto/arena.h"

enum { FAULTS_MAX = 64 };

struct fault {
    const char *path;        /* In proto field names: items[1].parameters[gpus]. */
    const char *description; /* What is wrong and what would be right. */
};

struct faults {
    struct arena *arena;
    struct fault rows[FAULTS_MAX];
    size_t n_rows;
    size_t n_found; /* Also those that found no room. */
};

/* Adds a fault. */
void faults_add(struct faults *faults, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts a text before the paths of all from the row first on. */
void faults_prefix(struct faults *faults, size_t first, const char *prefix);

#endif
