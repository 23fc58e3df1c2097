/*
 * Judging records of the catalogue without a broker: what it would refuse, and what it
 * would find odd, had it nothing but these records and were an admin to import them.
 *
 * Memory: an arena of its own for each record, given up after take. Errors: none.
 * Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_KONTOR_VALIDATE_H
#define KONTOR_TOOLS_KONTOR_VALIDATE_H

#include "kontor/v1/catalogue_service.pb-c.h"
#include "tools/import/import.h"

/* What came of one record; kind as in an import's batch. REFUSED, or UNSPECIFIED. Lives
 * until take returns. */
typedef void (*validate_take)(void *context, const char *kind,
                              const Kontor__V1__ImportResult *result);

/* Judges every record of the catalogue in the set, in the order of an import. */
void validate_set(const struct import_set *set, int64_t now_ms, validate_take take,
                  void *context);

#endif
