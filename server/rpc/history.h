/*
 * Positions of a past that was lost: a restore begins a new history, and what was
 * written after the copy it began from never happened.
 *
 * Memory: none. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_HISTORY_H
#define KONTOR_SERVER_RPC_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "kontor/v1/commit.pb-c.h"

/*
 * The last position before a lost one that its past shares with the present: where
 * whoever stood there may go on from, at the earliest. -1 when the position is not
 * lost. Histories as store_histories gives them.
 */
int64_t history_last_common(Kontor__V1__History *const *histories, size_t n_histories,
                            int64_t seq);

/* The position before one that is not lost, from which a reader comes to it: where it
 * begins a history, that is the last one of the copy it began from. */
int64_t history_before(Kontor__V1__History *const *histories, size_t n_histories,
                       int64_t seq);

#endif
