/*
 * Judging records of the catalogue without a broker: what it would refuse, and what it
 * would find odd, had it nothing but these records and were an admin to import them.
 * All records are noted first, then judged, since one may refer to any other.
 *
 * Memory: of a noted record its id and those of its offers are copied, and a vocabulary
 * whole; of a judged one nothing is kept. Errors: none. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_KONTOR_VALIDATE_H
#define KONTOR_TOOLS_KONTOR_VALIDATE_H

#include "kontor/v1/catalogue_service.pb-c.h"
#include "tools/import/import.h"

/* What came of one record; kind as in an import's batch. REFUSED, or UNSPECIFIED. Lives
 * with the arena until take returns. */
typedef void (*validate_take)(void *context, const char *kind,
                              const Kontor__V1__ImportResult *result,
                              struct arena *arena);

struct validating;

/* registry: of whoever would import, outlives it; NULL = each record's own. */
struct validating *validate_new(int64_t now_ms, const char *registry,
                                validate_take take, void *context);
/* Accepts NULL. */
void validate_free(struct validating *run);
/* Learns which records there are; all parts before the first is judged. */
void validate_note(struct validating *run, const struct import_set *part);
/* Judges every record of the catalogue in a part, in the order of an import. */
void validate_judge(struct validating *run, const struct import_set *part);

#endif
