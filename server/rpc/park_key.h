/*
 * The keys calls wait for, and those a change touches: "<kind>/<id>",
 * "<kind>.<declared field>=<value>", "soft/<key>". Only their hashes are kept.
 *
 * Memory: plain data. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_PARK_KEY_H
#define KONTOR_SERVER_RPC_PARK_KEY_H

#include "kontor/v1/commit.pb-c.h"
#include "store/kind.h"

struct park_keys {
    uint64_t hashes[1 + KIND_MAX_DECLARED];
    size_t n_hashes;
};

uint64_t park_key_hash(const char *key);
/* Of "soft/<key>". */
uint64_t park_key_soft(const char *key);
/* The keys a change touches: its id, and for PUT each declared field it has. */
void park_keys_of(const Kontor__V1__Change *change, struct park_keys *out);

#endif
