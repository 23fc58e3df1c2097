/*
 * Create, Get, List, Update and Delete of one kind of record, once for all kinds. A
 * kind's part is a row of functions: who must own the parent, what is judged, what
 * scope the document gets.
 *
 * Requests follow one form, read by field name: Create<X>{<field>, request_id,
 * validate_only}, Get<X>{id, as_of}, List<X>{page_size, page_token, as_of, ...},
 * Update<X>{<field>, update_mask, allow_missing, expected_revision, ...},
 * Delete<X>{id, expected_revision, ...}.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_RPC_RECORD_H
#define KONTOR_SERVER_RPC_RECORD_H

#include <google/protobuf/field_mask.pb-c.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "server/rpc/table.h"

struct record {
    const struct kind *const *kind; /* Address of KIND_X. */
    const char *field; /* The record's field in Create and Update requests, such as
                          "service". */
    const char
        *list_field; /* The repeated field of the List reply, such as "services". */
    /* Field numbers that only the broker sets, 0 ends; a value from the caller is
     * ignored. */
    const uint8_t *output_only;
    /*
     * Judges the record as it would be stored (old NULL = it is new; old_doc its
     * document), adds faults or fails, may fill output fields, and adds further
     * documents (guards) to the decision. Also checks that the caller owns the parent.
     */
    enum status (*judge)(struct call *call, const void *old,
                         const struct document *old_doc, void *record,
                         struct decision *decision);
    /* Judges whether the record, which the caller owns, may be deleted, and adds what
     * goes with it to the decision; NULL: always. */
    enum status (*judge_delete)(struct call *call, const struct document *document,
                                struct decision *decision);
    /* The scope of the record, in the arena. */
    void (*scope)(struct call *call, const void *record, char ***scope,
                  size_t *n_scope);
    /* Narrows a List by the request's filters; NULL = none. */
    enum status (*filter)(struct call *call, const void *request, struct find *find);
    /* What of that a List shows, for filters no index answers alone; NULL = all. */
    bool (*keep)(struct call *call, const void *request,
                 const struct document *document);
};

/* The generic handlers: a row names them and its record. */
enum status record_create(struct call *call, const void *request,
                          struct decision *decision);
enum status record_get(struct call *call, const void *request,
                       struct decision *decision);
enum status record_list(struct call *call, const void *request,
                        struct decision *decision);
enum status record_update(struct call *call, const void *request,
                          struct decision *decision);
/* Takes away what the caller owns, where the kind's may_delete has nothing against it.
 */
enum status record_delete(struct call *call, const void *request,
                          struct decision *decision);
/* Answers Delete: an empty message. */
enum status record_delete_answer(struct call *call, const void *request,
                                 const Kontor__V1__Commit *commit, void **reply);
/* Answers Create and Update with the record. */
enum status record_answer(struct call *call, const void *request,
                          const Kontor__V1__Commit *commit, void **reply);

/*
 * One imported record: creates it, or replaces the fields of mask in the stored one;
 * writes nothing when no byte changes. Leaves a COMMIT, or a REPLY with a NULL reply
 * for SAME. Answers the outcome.
 */
enum status record_import(struct call *call, const struct record *record,
                          const void *value, const Google__Protobuf__FieldMask *mask,
                          struct decision *decision,
                          Kontor__V1__ImportOutcome *outcome);

/* Copies the fields of update_mask (absent: all set fields; "*": all) from one record
 * to another; unknown paths are faults. */
void record_merge(struct call *call, void *to, const void *from,
                  const Google__Protobuf__FieldMask *mask);

#endif
