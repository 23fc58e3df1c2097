/*
 * Every descriptor of the process is taken, as a flood of connections takes them.
 *
 * Memory: the caller's. Errors: fails the test. Threads: one.
 */
#ifndef KONTOR_TESTS_SERVER_FLOOD_H
#define KONTOR_TESTS_SERVER_FLOOD_H

#include <stddef.h>
#include <sys/resource.h>

enum { FLOOD_MAX = 64 };

struct flood {
    struct rlimit before;
    int files[FLOOD_MAX];
    size_t n_files;
};

/* From now on no file can be opened; those that are open stay. */
void flood_begin(struct flood *flood);
void flood_end(struct flood *flood);

#endif
