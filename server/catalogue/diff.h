/*
 * What differs between two revisions of a record, field by field.
 *
 * Memory: the arena given. Errors: as call.h. Threads: any; the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_DIFF_H
#define KONTOR_SERVER_CATALOGUE_DIFF_H

#include "kontor/v1/catalogue_service.pb-c.h"
#include "server/rpc/call.h"

/* The rows of a comparison, in the order of the contract's fields. */
struct diff {
    struct arena *arena;
    const uint8_t
        *skipped; /* Fields of the record that do not count, 0 ends; or NULL. */
    Kontor__V1__FieldChange **rows;
    size_t n_rows, room;
};

/*
 * Adds a row for each field that differs. Both are of one type. Elements that have an
 * iid or an id are compared with the one of the same name, wherever it stands; of other
 * lists each element that is in one of the two only is a row.
 */
void diff_messages(struct diff *diff, const char *path, const ProtobufCMessage *before,
                   const ProtobufCMessage *after);

enum status diff_decide(struct call *call, const void *request,
                        struct decision *decision);

#endif
