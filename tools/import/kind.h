/*
 * The kinds of records that imports know, in the order in which they are sent: a record
 * may refer to those of the kinds before its own.
 *
 * Memory: the arena given. Errors: none. Threads: any; the table is constant.
 */
#ifndef KONTOR_TOOLS_IMPORT_KIND_H
#define KONTOR_TOOLS_IMPORT_KIND_H

#include "tools/import/import.h"

enum { IMPORT_KINDS = 10 };

/* A kind, its list in a set, and where it goes. */
struct import_kind {
    const char *name; /* Also the member of a batch's record. */
    const char *list; /* The member of kontor-1's object. */
    const char *noun; /* "catalogue" or "config". */
    const ProtobufCMessageDescriptor *descriptor;
    size_t at; /* Offsets in the set. */
    size_t n_at;
    size_t mask_at;
};

extern const struct import_kind import_kinds[IMPORT_KINDS];

/* The records of a kind in a set. */
ProtobufCMessage **import_kind_records(const struct import_set *set,
                                       const struct import_kind *kind, size_t *n);
/* One record more of the kind. */
void import_kind_add(struct arena *arena, struct import_set *set,
                     const struct import_kind *kind, ProtobufCMessage *record);

#endif
