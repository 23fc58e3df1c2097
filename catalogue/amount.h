/*
 * Amounts with a unit: compared, multiplied and counted exactly, never as a float.
 *
 * Units of bytes are B, kB, MB, GB, TB, PB, EB (powers of 1000) and KiB, MiB, GiB, TiB,
 * PiB, EiB (powers of 1024); they go with each other. Any other unit goes with itself
 * only. What is counted is pieces: bytes, else thousandths of the unit.
 *
 * Memory: texts from the arena. Errors: false = it is no decimal of 0 or more, or does
 * not fit; outputs are untouched. Threads: any.
 */
#ifndef KONTOR_CATALOGUE_AMOUNT_H
#define KONTOR_CATALOGUE_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "kontor/v1/common.pb-c.h"
#include "proto/arena.h"

/* The most pieces there are: a sum of two fits, too. */
#define AMOUNT_MAX_PIECES (INT64_C(1) << 61)

bool amount_is_of_bytes(const char *unit);
/* Whether amounts in these units can be compared. */
bool amount_goes_with(const char *unit, const char *other);
/* Pieces, a part of one counted as one. */
bool amount_pieces(const Kontor__V1__Amount *amount, int64_t *pieces);
/* times: a decimal. What is left behind nine digits counts as one of the last. */
bool amount_times(const Kontor__V1__Amount *amount, const char *times,
                  struct arena *arena, Kontor__V1__Amount **product);
/* Pieces of a unit as an amount in it, to nine digits; the rest is left out. */
Kontor__V1__Amount *amount_of(int64_t pieces, const char *unit, struct arena *arena);
/* The same, exactly: in bytes, or in the unit. */
Kontor__V1__Amount *amount_exact(int64_t pieces, const char *unit, struct arena *arena);

#endif
