/*
 * Imports: batches of records of several kinds, each judged and answered on its own,
 * with findings.
 *
 * A request is {records: repeated {oneof record}, <field>_fields: FieldMask, ...}; a
 * reply {results: repeated ImportResult}. Both are read by field name, so all imports
 * share these handlers.
 *
 * Memory: the call's arena; what decide keeps for note hangs on call->batch. Errors:
 * one record's error becomes its result and never stops the rest. Threads: the call's.
 */
#ifndef KONTOR_SERVER_RPC_IMPORT_H
#define KONTOR_SERVER_RPC_IMPORT_H

#include "server/rpc/record.h"

/* One kind of record an import takes. */
struct import_part {
    const char *field; /* Its member of the record's oneof, such as "service"; NULL ends
                          the list. */
    const char *mask;  /* The request's field that says what the source owns, such as
                          "service_fields". */
    const struct record *record;
    /* Looks for what is odd but no reason to refuse, by import_finding; NULL = nothing.
     */
    void (*find)(struct call *call, const void *record);
};

/* The columns of a row_batch. import_decide is called by a service's own decide, which
 * knows its parts. */
size_t import_count(const void *request);
enum status import_decide(struct call *call, const void *request,
                          struct decision *decision, const struct import_part *parts);
void import_note(struct call *call, const void *request, size_t record,
                 enum status status, const Kontor__V1__Commit *commit, void *reply);
void *import_reply(struct call *call, const void *request);

/* Whether the call is an import, where references may come later and the source's own
 * times count. */
bool import_is(const struct call *call);
/* Whether an earlier record of a batch that is only validated would have created this
 * one. */
bool import_would_have(const struct call *call, const struct kind *kind,
                       const char *id);

/* Where the parts of an import keep what they read for the next record of the batch;
 * NULL at first, and outside an import. */
void **import_memo(const struct call *call);

/* Why a record of any batch was refused: its fields, else the one error. */
void import_violations(struct call *call, Kontor__V1__Violation ***rows,
                       size_t *n_rows);
/* Adds a finding to the record being decided. Does nothing outside an import. */
void import_finding(struct call *call, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds a finding when the caller cannot see a document of this id. "" is no reference.
 */
void import_find_reference(struct call *call, const char *path, const struct kind *kind,
                           const char *id);

#endif
