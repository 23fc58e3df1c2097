/*
 * The watchdog: connects to the broker's own listener now and then and sees whether the
 * connection is accepted. The kernel completes connections for a listener nobody
 * listens at any more, so only the accepting side knows; and a listener of gRPC that
 * died tells nobody (CVE-2023-4785).
 *
 *   alive --two probes in a row fail--> dead (said once) --a probe succeeds--> alive
 *
 * Memory: its own. Errors: a probe that cannot be made says nothing about the listener.
 * Threads: one of its own; stop waits for it, and for no probe. The counts may be read
 * from any thread until free. One watchdog at a time: accept.h expects one connection.
 */
#ifndef KONTOR_SERVER_RPC_WATCHDOG_H
#define KONTOR_SERVER_RPC_WATCHDOG_H

#include <stdint.h>

struct watchdog;

struct watchdog_options {
    const char
        *listen; /* HOST:PORT as the listener was told; every address = loopback. */
    int port;    /* Where it listens in fact. */
    int64_t period_ms;
    int64_t wait_ms; /* For a connection to be accepted. */
};

/* Starts it; the first probe comes after a period. NULL: no thread or descriptor was to
 * be had. */
struct watchdog *watchdog_new(const struct watchdog_options *options);
/* Probes no more; the counts stay. Accepts NULL, and one that is stopped. */
void watchdog_stop(struct watchdog *watchdog);
/* Stops it first. Accepts NULL. */
void watchdog_free(struct watchdog *watchdog);

/* Probes that were accepted, that were not, and that could not be made, since the
 * start.
 */
int64_t watchdog_seen(const struct watchdog *watchdog);
int64_t watchdog_missed(const struct watchdog *watchdog);
int64_t watchdog_unknown(const struct watchdog *watchdog);

#endif
