/*
 * What every way to run the daemon stands on: time, randomness, settings, and a store
 * of them.
 *
 * Memory: the caller's struct; the settings outlive it. Errors: none. Threads: set up
 * before the first one.
 */
#ifndef KONTOR_SERVER_BASE_H
#define KONTOR_SERVER_BASE_H

#include "server/clock.h"
#include "server/config.h"
#include "server/random.h"
#include "store/store.h"

struct base {
    struct clock clock;
    struct random random;
    const struct settings *settings;
};

/* The system's clock and randomness. */
void base_init(struct base *base, const struct settings *settings);
/* How the store of the settings is opened. */
struct store_options base_store(struct base *base, bool is_read_only);

#endif
