/*
 * What a broker for tests cannot do without.
 *
 * Memory: none. Errors: abort, with a line that says why. Threads: any.
 */
#ifndef KONTOR_TESTS_CLIENT_DEMAND_H
#define KONTOR_TESTS_CLIENT_DEMAND_H

#include <stdio.h>
#include <stdlib.h>

#define DEMAND(condition, what)                                                        \
    do {                                                                               \
        if (!(condition)) {                                                            \
            fprintf(stderr, "fake broker: %s\n", what);                                \
            abort();                                                                   \
        }                                                                              \
    } while (0)

#endif
