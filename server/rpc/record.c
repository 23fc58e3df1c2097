#include "server/rpc/record.h"

#include <inttypes.h>
#include <string.h>

#include "proto/rules.h"
#include "server/rpc/import.h"
#include "server/rpc/named.h"
#include "server/rpc/record_merge.h"

/* One record about to be written. */
struct writing {
    const struct record *row;
    const struct kind *kind;
    const char *id;
    const char *prefix; /* What its faults' paths begin with: "service." or "". */
    const void *old;    /* The record it replaces and its document; NULL = it is new. */
    const struct document *document;
};

/* ---- Judging ---- */

/* Only ids of the caller's own registry are ever written, whether they exist or not. */
static enum status
check_id(struct call *call, const struct writing *writing)
{
    const char *registry;
    if (!rules_is_id(writing->id)) {
        call_fault(call, arena_print(call->arena, "%sid", writing->prefix),
                   "must be <registry>/<local>, local of letters, digits and . _ ~ -");
        return call_check_faults(call);
    }
    registry = call_registry_of(call, writing->id);
    if (strcmp(registry, call->who->registry) != 0) {
        call_value(call, "registry", "%s", registry);
        return call_fail(call, REASON_OTHER_REGISTRY,
                         "cannot write %s %s: you write in registry %s only",
                         writing->kind->name, writing->id, call->who->registry);
    }
    return STATUS_OK;
}

static bool
is_same_scope(const struct document *document, char *const *scope, size_t n_scope)
{
    size_t n_found = 0;
    for (size_t i = 0; i < n_scope; i++) {
        for (size_t j = 0; j < document->n_scope; j++) {
            n_found += strcmp(scope[i], document->scope[j]) == 0;
        }
    }
    return n_found == n_scope && n_scope == document->n_scope;
}

static bool
is_same_record(struct call *call, const void *old, const void *record)
{
    struct bytes before = call_pack(call, old);
    struct bytes after = call_pack(call, record);
    return before.size == after.size &&
           (after.size == 0 || memcmp(before.data, after.data, after.size) == 0);
}

/* Judges the record whole, as it would be stored: first its form, so that the kind's
 * own judge may rely on it. */
static enum status
judge(struct call *call, const struct writing *writing, void *record,
      struct decision *decision)
{
    size_t first = call->faults->n_rows;
    enum status status = STATUS_OK;
    rules_check(record, call->faults);
    if (call->faults->n_found == 0) {
        status = writing->row->judge(call, writing->old, writing->document, record,
                                     decision);
    }
    /* Judges speak of fields of the record; the caller's paths begin at the request. */
    faults_prefix(call->faults, first, writing->prefix);
    return status != STATUS_OK ? status : call_check_faults(call);
}

/* ---- Writing ---- */

static enum status
create(struct call *call, const struct writing *writing, const void *value,
       struct decision *decision)
{
    const ProtobufCMessageDescriptor *type = writing->kind->record;
    ProtobufCMessage *record = arena_alloc(call->arena, type->sizeof_message);
    struct document document;
    char **scope = NULL;
    size_t n_scope = 0;
    enum status status = call_get_any(call, writing->kind, writing->id, &document);
    if (status == STATUS_OK) {
        call_value(call, "id", "%s", writing->id);
        return call_fail(call, REASON_ALREADY_EXISTS, "there is a %s %s already",
                         writing->kind->name, writing->id);
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    protobuf_c_message_init(type, record);
    named_copy(record, value, protobuf_c_message_descriptor_get_field(type, 1));
    record_merge_masked(
        call, &(struct record_merging){.to = record,
                                       .from = value,
                                       .output_only = writing->row->output_only});
    status = judge(call, writing, record, decision);
    if (status != STATUS_OK) {
        return status;
    }
    writing->row->scope(call, record, &scope, &n_scope);
    decision_put(call, decision, writing->kind, writing->id, 0, scope, n_scope, record);
    return STATUS_OK;
}

/* Writes the merged record over writing's document, or nothing when no byte changes. */
static enum status
replace(struct call *call, const struct writing *writing,
        const struct record_merging *merging, struct decision *decision)
{
    const struct document *document = writing->document;
    void *record = call_record(call, document);
    struct record_merging onto = *merging;
    char **scope = NULL;
    size_t n_scope = 0;
    enum status status;
    onto.to = record;
    onto.output_only = writing->row->output_only;
    record_merge_masked(call, &onto);
    status = judge(call, writing, record, decision);
    if (status != STATUS_OK) {
        return status;
    }
    writing->row->scope(call, record, &scope, &n_scope);
    if (is_same_record(call, writing->old, record) &&
        is_same_scope(document, scope, n_scope)) {
        *decision = (struct decision){.kind = DECISION_NONE};
        return STATUS_OK;
    }
    decision_put(call, decision, writing->kind, writing->id, document->revision, scope,
                 n_scope, record);
    return STATUS_OK;
}

static enum status
check_revision(struct call *call, const struct writing *writing, int64_t current,
               int64_t expected)
{
    if (expected == 0 || expected == current) {
        return STATUS_OK;
    }
    call_value(call, "current", "%" PRId64, current);
    return call_fail(call, REASON_REVISION_MISMATCH,
                     "%s %s is at revision %" PRId64 ", not %" PRId64
                     "; read it again and repeat",
                     writing->kind->name, writing->id, current, expected);
}

/* The document within the caller's scopes: NOT_FOUND without failing the call when a
 * missing one is to be created. */
static enum status
find_own(struct call *call, struct writing *writing, bool may_be_missing)
{
    struct document *document = arena_alloc(call->arena, sizeof(*document));
    enum status status = call_get(call, writing->kind, writing->id, document);
    if (status == STATUS_OK) {
        writing->document = document;
        writing->old = call_record(call, document);
        return call_must_own(call, document);
    }
    if (status == STATUS_NOT_FOUND && may_be_missing) {
        call->error = (struct error){.status = STATUS_OK};
    }
    return status;
}

/* ---- The handlers ---- */

/* The record of a Create or Update request; NULL after a fault. */
static const void *
given_record(struct call *call, const void *request, struct writing *writing)
{
    const struct record *row = call->row->record;
    const void *value = named_message(request, row->field);
    if (value == NULL) {
        call_fault(call, row->field, "is required");
        return NULL;
    }
    *writing = (struct writing){.row = row,
                                .kind = *row->kind,
                                .id = named_text(value, "id"),
                                .prefix = arena_print(call->arena, "%s.", row->field)};
    return value;
}

enum status
record_create(struct call *call, const void *request, struct decision *decision)
{
    struct writing writing;
    const void *value = given_record(call, request, &writing);
    enum status status;
    if (value == NULL) {
        return call_check_faults(call);
    }
    status = check_id(call, &writing);
    if (status != STATUS_OK) {
        return status;
    }
    return create(call, &writing, value, decision);
}

/* The caller's change of a document that is there. */
static enum status
change(struct call *call, const struct writing *writing, const void *request,
       struct decision *decision)
{
    struct record_merging merging = {
        .from = named_message(request, writing->row->field),
        .mask = named_message(request, "update_mask"),
        .mask_path = "update_mask",
    };
    enum status status = check_revision(call, writing, writing->document->revision,
                                        named_integer(request, "expected_revision"));
    if (status != STATUS_OK) {
        return status;
    }
    status = replace(call, writing, &merging, decision);
    if (status == STATUS_OK && decision->kind == DECISION_NONE) {
        decision_reply(decision, call_record(call, writing->document));
    }
    return status;
}

enum status
record_update(struct call *call, const void *request, struct decision *decision)
{
    struct writing writing;
    const void *value = given_record(call, request, &writing);
    bool may_be_missing = named_flag(request, "allow_missing");
    enum status status;
    if (value == NULL) {
        return call_check_faults(call);
    }
    status = check_id(call, &writing);
    if (status != STATUS_OK) {
        return status;
    }
    status = find_own(call, &writing, may_be_missing);
    if (status == STATUS_OK) {
        return change(call, &writing, request, decision);
    }
    if (status != STATUS_NOT_FOUND || !may_be_missing) {
        return status;
    }
    status =
        check_revision(call, &writing, 0, named_integer(request, "expected_revision"));
    if (status != STATUS_OK) {
        return status;
    }
    return create(call, &writing, value, decision);
}

enum status
record_answer(struct call *call, const void *request, const Kontor__V1__Commit *commit,
              void **reply)
{
    const struct record *row = call->row->record;
    const void *value = named_message(request, row->field);
    return answer_stored(call, commit, *row->kind, named_text(value, "id"), reply);
}

enum status
record_get(struct call *call, const void *request, struct decision *decision)
{
    const struct kind *kind = *call->row->record->kind;
    const void *as_of = named_message(request, "as_of");
    const char *id = named_text(request, "id");
    struct document document;
    enum status status = as_of == NULL
                             ? call_get_kept(call, kind, id, &document)
                             : call_get_as_of(call, kind, id, as_of, &document);
    if (status != STATUS_OK) {
        return status;
    }
    decision_document(call, decision, &document);
    return STATUS_OK;
}

/* Of what is imported and was there: whether another source is to say what it is. */
static bool
is_others(struct call *call, const struct writing *writing, const void *value)
{
    const void *source = named_message(value, "source");
    const void *old = named_message(writing->old, "source");
    const char *format = source == NULL ? "" : named_text(source, "format");
    const char *old_format = old == NULL ? "" : named_text(old, "format");
    if (source == NULL || strcmp(format, old_format) == 0 ||
        named_flag(call->request, "takes_over")) {
        return false;
    }
    import_finding(
        call, "source",
        "%s and stays as it is: %s owns nothing of it. Import with takes_over "
        "(--take-over) to make it so",
        old_format[0] == '\0' ? "was made here"
                              : arena_print(call->arena, "comes from %s", old_format),
        format);
    return true;
}

enum status
record_import(struct call *call, const struct record *record, const void *value,
              const Google__Protobuf__FieldMask *mask, struct decision *decision,
              Kontor__V1__ImportOutcome *outcome)
{
    struct writing writing = {.row = record,
                              .kind = *record->kind,
                              .id = named_text(value, "id"),
                              .prefix = ""};
    struct record_merging merging = {.from = value,
                                     .mask = mask,
                                     .mask_path = "the source's fields",
                                     .has_parts = true};
    enum status status = check_id(call, &writing);
    if (status != STATUS_OK) {
        return status;
    }
    status = find_own(call, &writing, true);
    if (status == STATUS_NOT_FOUND) {
        *outcome = KONTOR__V1__IMPORT_OUTCOME__CREATED;
        return create(call, &writing, value, decision);
    }
    if (status != STATUS_OK) {
        return status;
    }
    *outcome = KONTOR__V1__IMPORT_OUTCOME__CHANGED;
    if (is_others(call, &writing, value)) {
        *decision = (struct decision){.kind = DECISION_NONE};
    } else {
        status = replace(call, &writing, &merging, decision);
    }
    if (status == STATUS_OK && decision->kind == DECISION_NONE) {
        *outcome = KONTOR__V1__IMPORT_OUTCOME__SAME;
        decision_reply(decision, NULL);
    }
    return status;
}
