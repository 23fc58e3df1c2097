/*
 * When a call is made again, and after how long. One table.
 *
 * Memory: none. Errors: none. Threads: a struct retry belongs to one call.
 */
#ifndef KONTOR_CLIENT_RETRY_H
#define KONTOR_CLIENT_RETRY_H

#include "client/kontor.h"

/* Whether repeating the same request, with the same request_id, may end better. */
bool retry_is_worthwhile(const struct kontor_error *error);
/* Whether the broker may have carried it out although it ended like this. */
bool retry_is_outcome_unknown(const struct kontor_error *error);

/* A run of attempts. Zeroed at first. */
struct retry {
    int n_failed;
};
/*
 * How long to wait before the next attempt: doubling from 50 ms to 3 s, a random part
 * of it, and never less than the broker asked for.
 */
int64_t retry_delay_ms(struct retry *retry, const struct kontor_error *error);

#endif
