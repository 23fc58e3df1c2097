/*
 * Ends a process before every step of something that writes a store: killed, and with
 * the power cut. What is left of both must be whole.
 *
 * Memory: the fixture's. Errors: fails the test. Threads: none but the caller's may run
 * in the process that forks.
 */
#ifndef KONTOR_TESTS_STORE_STEPS_H
#define KONTOR_TESTS_STORE_STEPS_H

#include "tests/store/fixture.h"

struct steps {
    /* Fills a store; it is shut afterwards. */
    void (*fill)(struct fixture *fixture);
    /* What is ended in the middle, on a store that is shut. */
    void (*run)(struct fixture *fixture);
    /* Judges what is left, on a store that is open. is_over: nothing ended it. */
    void (*judge)(struct fixture *fixture, bool is_over);
    size_t n_least; /* Steps it takes at least: fewer, and nothing was tested. */
};

/* Prints its seed and how many steps there were. */
void steps_walk(struct fixture *fixture, const struct steps *steps);

#endif
