/*
 * What the handlers of one broker share. Nothing here could not be rebuilt from the
 * store.
 *
 * Memory: owned by main, lives as long as the server. Errors: none. Threads: the
 * members say.
 */
#ifndef KONTOR_SERVER_BROKER_H
#define KONTOR_SERVER_BROKER_H

#include <stdint.h>

#include "store/store.h"

struct cache;
struct clock;
struct identity;
struct search;
struct settings;

struct broker {
    struct store *store;             /* Any thread. */
    struct clock *clock;             /* Any thread. */
    struct cache *cache;             /* Any thread; NULL = nothing is kept. */
    struct identity *identity;       /* Any thread. */
    struct search *search;           /* Any thread. */
    const struct settings *settings; /* Constant. */
    const char *home;                /* Id of the home registry; constant. */
    const char *version;             /* Constant. */
    int64_t started_at_ms;           /* Constant. */
};

/*
 * Since when this broker runs under the wall clock as it goes now: its start, or the
 * clock's last jump. What was counted before cannot be told any more.
 */
int64_t broker_steady_since_ms(const struct broker *broker);

/* The number outside the log that says which time an admin accepted last. */
#define BROKER_CLOCK_KEY "broker/clock"

#endif
