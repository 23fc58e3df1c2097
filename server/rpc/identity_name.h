/*
 * SPIFFE names: spiffe://<trust domain>/<segment>/... and the patterns that end in a
 * wildcard segment. Source: the SPIFFE-ID standard, 2.1 to 2.3.
 *
 * Memory: the caller's. Errors: false. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_IDENTITY_NAME_H
#define KONTOR_SERVER_RPC_IDENTITY_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/arena.h"

enum identity_name_limits {
    IDENTITY_NAME_MAX = 2048,  /* Bytes of a name. */
    IDENTITY_DOMAIN_MAX = 255, /* Bytes of a trust domain. */
    IDENTITY_SEGMENTS_MAX = 32,
};

/* Whether this is a trust domain: [a-z0-9._-]{1,255}. */
bool identity_name_is_domain(const char *text);
/* Whether this is the full name of somebody: a trust domain and at least one segment.
 */
bool identity_name_is_full(const char *text);
/* Whether a principal may have this identity: a full name, or one whose last segment is
 * the wildcard. */
bool identity_name_is_pattern(const char *text);
/* The trust domain of a full name or a pattern, in the arena. */
const char *identity_name_domain(const char *name, struct arena *arena);
/*
 * The patterns that match a full name, best first: itself, then with ever shorter paths
 * before the wildcard. patterns: IDENTITY_SEGMENTS_MAX + 1 of them. Answers how many.
 */
size_t identity_name_patterns(const char *name, struct arena *arena,
                              const char **patterns);

#endif
