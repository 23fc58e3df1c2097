/*
 * The home registry: the one that runs this broker. It is commit 1 of a store.
 *
 * Memory: texts as each function says. Errors: statuses and a text with the cure.
 * Threads: any.
 */
#ifndef KONTOR_SERVER_REGISTRY_HOME_H
#define KONTOR_SERVER_REGISTRY_HOME_H

#include <stddef.h>

#include "server/rpc/dispatch.h"

/* The home registry to be. */
struct home_wanted {
    const char *registry; /* Its id. */
    const char *trust_domain;
    const char *bundle; /* PEM text. */
    const char *admin;  /* SPIFFE name of its first admin. */
};

/*
 * Writes the home registry and its first admin into an empty store; waits until it is
 * durable. ALREADY_EXISTS when the store is not empty.
 */
enum status home_create(struct dispatch *dispatch, const struct home_wanted *wanted,
                        char *error, size_t error_size) MUST_CHECK;

/* What the records of trust come to. */
struct home_summary {
    char id[64]; /* Of the home registry; "" = there is none yet. */
    size_t n_registries;
    size_t n_principals;
    size_t n_revoked;
};

/* Reads them all. */
enum status home_summarise(struct store *store, struct home_summary *out) MUST_CHECK;

#endif
