#include "server/rpc/import.h"

#include <stdarg.h>
#include <string.h>

#include "proto/field.h"
#include "proto/rules.h"
#include "server/rpc/named.h"

/* A list of findings is for people; beyond this only the first are told. */
enum { MAX_FINDINGS = 64 };

/* What became of one record. */
struct note {
    Kontor__V1__ImportOutcome outcome;
    const struct kind *kind;
    const char *id;
    int64_t revision; /* Of a record that stays as it is. */
    Kontor__V1__Violation *findings[MAX_FINDINGS];
    size_t n_findings;
};

/* One note a record, made when the record is first decided. */
struct notes {
    struct note **rows;
    size_t n_rows;
    void *memo; /* The parts' own. */
};

/* Records and results are found by name: the messages of two services have them alike.
 */
static const ProtobufCFieldDescriptor *
list_field(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    return field;
}

size_t
import_count(const void *request)
{
    return field_count(request, list_field(request, "records"));
}

/* The given record as its oneof's member, or NULL; *name is the member's. */
static const void *
given(const void *request, size_t index, const char **name)
{
    const ProtobufCFieldDescriptor *list = list_field(request, "records");
    const ProtobufCMessage *record = field_message(field_at(request, list, index));
    for (unsigned i = 0; i < record->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &record->descriptor->fields[i];
        if (field_count(record, field) > 0) {
            *name = field->name;
            return field_message(field_at(record, field, 0));
        }
    }
    return NULL;
}

static const struct import_part *
part_named(const struct import_part *parts, const char *name)
{
    while (parts->field != NULL && strcmp(parts->field, name) != 0) {
        parts++;
    }
    return parts->field == NULL ? NULL : parts;
}

/* A fresh note for the record being decided: a second run forgets what the first found.
 */
static struct note *
note_begin(struct call *call, const void *request)
{
    struct notes *notes = call->batch;
    if (notes == NULL) {
        notes = arena_alloc(call->arena, sizeof(*notes));
        notes->n_rows = import_count(request);
        notes->rows = arena_alloc(call->arena, notes->n_rows * sizeof(*notes->rows));
        call->batch = notes;
    }
    notes->rows[call->record] = arena_alloc(call->arena, sizeof(struct note));
    return notes->rows[call->record];
}

static struct note *
note_of(const struct call *call, size_t record)
{
    const struct notes *notes = call->batch;
    return notes == NULL ? NULL : notes->rows[record];
}

bool
import_is(const struct call *call)
{
    return call->row->batch != NULL;
}

void **
import_memo(const struct call *call)
{
    struct notes *notes = import_is(call) ? call->batch : NULL;
    return notes == NULL ? NULL : &notes->memo;
}

bool
import_would_have(const struct call *call, const struct kind *kind, const char *id)
{
    for (size_t i = 0; call->is_validate_only && import_is(call) && i < call->record;
         i++) {
        const struct note *note = note_of(call, i);
        if (note != NULL && note->outcome == KONTOR__V1__IMPORT_OUTCOME__CREATED &&
            note->kind == kind && strcmp(note->id, id) == 0) {
            return true;
        }
    }
    return false;
}

static Kontor__V1__Violation *
violation(struct call *call, const char *path, const char *description)
{
    Kontor__V1__Violation *violation = arena_alloc(call->arena, sizeof(*violation));
    kontor__v1__violation__init(violation);
    violation->field = arena_copy(call->arena, path);
    violation->description = arena_copy(call->arena, description);
    return violation;
}

void
import_finding(struct call *call, const char *path, const char *format, ...)
{
    struct note *note = import_is(call) ? note_of(call, call->record) : NULL;
    va_list args;
    if (note == NULL || note->n_findings == MAX_FINDINGS) {
        return;
    }
    va_start(args, format);
    note->findings[note->n_findings++] =
        violation(call, path, arena_vprint(call->arena, format, args));
    va_end(args);
}

void
import_find_reference(struct call *call, const char *path, const struct kind *kind,
                      const char *id)
{
    struct document document;
    if (id[0] == '\0' || import_would_have(call, kind, id)) {
        return;
    }
    if (!rules_is_id(id)) {
        import_finding(call, path, "\"%s\" is not an id <registry>/<local>", id);
        return;
    }
    /* A finding may be out of date by the time it is read, so the commit does not rest
     * on this read. */
    if (store_get(call->reader, kind, id, &call->who->scopes, 0, call->arena,
                  &document) != STATUS_OK) {
        import_finding(call, path, "no %s %s is known here", kind->name, id);
    }
}

/* Notes the revision of a record that stays as it is. */
static enum status
note_same(struct call *call, const struct kind *kind, const char *id, struct note *note)
{
    struct document document;
    enum status status = call_get(call, kind, id, &document);
    if (status == STATUS_OK) {
        note->revision = document.revision;
    }
    return status;
}

enum status
import_decide(struct call *call, const void *request, struct decision *decision,
              const struct import_part *parts)
{
    struct note *note = note_begin(call, request);
    const char *name = "";
    const void *value = given(request, call->record, &name);
    const struct import_part *part = part_named(parts, name);
    enum status status;
    if (value == NULL || part == NULL) {
        call_fault(call, "record", "is required");
        return call_check_faults(call);
    }
    note->kind = *part->record->kind;
    note->id = named_text(value, "id");
    status =
        record_import(call, part->record, value, named_message(request, part->mask),
                      decision, &note->outcome);
    if (status != STATUS_OK) {
        note->outcome = KONTOR__V1__IMPORT_OUTCOME__REFUSED;
        return status;
    }
    if (part->find != NULL) {
        part->find(call, value);
    }
    if (note->outcome == KONTOR__V1__IMPORT_OUTCOME__SAME) {
        return note_same(call, note->kind, note->id, note);
    }
    return STATUS_OK;
}

/* ---- Results ---- */

void *
import_reply(struct call *call, const void *request)
{
    const ProtobufCMessageDescriptor *type = call->row->reply;
    ProtobufCMessage *reply = arena_alloc(call->arena, type->sizeof_message);
    size_t n = import_count(request);
    Kontor__V1__ImportResult **results;
    protobuf_c_message_init(type, reply);
    results = field_make(reply, list_field(reply, "results"), n,
                         arena_allocator(call->arena, (n + 1) * sizeof(*results)));
    for (size_t i = 0; i < n; i++) {
        results[i] = arena_alloc(call->arena, sizeof(**results));
        kontor__v1__import_result__init(results[i]);
    }
    return reply;
}

/* What went wrong inside the broker is for its log, not for the caller. */
static const char *
public_message(const struct call *call)
{
    bool is_ours = call->error.reason == REASON_INTERNAL || call->error.message == NULL;
    return is_ours ? "the broker could not judge this record" : call->error.message;
}

void
import_violations(struct call *call, Kontor__V1__Violation ***rows, size_t *n_rows)
{
    const struct faults *faults = call->error.faults;
    size_t n_faults = faults == NULL ? 0 : faults->n_rows;
    *n_rows = n_faults > 0 ? n_faults : 1;
    *rows = arena_alloc(call->arena, *n_rows * sizeof(**rows));
    for (size_t i = 0; i < n_faults; i++) {
        (*rows)[i] = violation(call, faults->rows[i].path, faults->rows[i].description);
    }
    if (n_faults == 0) {
        (*rows)[0] = violation(call, "id", public_message(call));
    }
}

/* The outcome of a record that was taken. A replay has a commit but no note: the first
 * run made that. */
static Kontor__V1__ImportOutcome
outcome_of(const struct note *note, const Kontor__V1__Commit *commit, const char *id)
{
    if (note != NULL) {
        return note->outcome;
    }
    for (size_t i = 0; commit != NULL && i < commit->n_changes; i++) {
        if (strcmp(commit->changes[i]->id, id) == 0) {
            return commit->changes[i]->was == 0 ? KONTOR__V1__IMPORT_OUTCOME__CREATED
                                                : KONTOR__V1__IMPORT_OUTCOME__CHANGED;
        }
    }
    return KONTOR__V1__IMPORT_OUTCOME__SAME;
}

void
import_note(struct call *call, const void *request, size_t record, enum status status,
            const Kontor__V1__Commit *commit, void *reply)
{
    const ProtobufCFieldDescriptor *list = list_field(reply, "results");
    const void *element = field_at(reply, list, record);
    Kontor__V1__ImportResult *result = *(Kontor__V1__ImportResult *const *)element;
    struct note *note = note_of(call, record);
    const char *name = "";
    const void *value = given(request, record, &name);
    result->id = arena_copy(call->arena, value == NULL ? "" : named_text(value, "id"));
    if (status != STATUS_OK) {
        result->outcome = KONTOR__V1__IMPORT_OUTCOME__REFUSED;
        import_violations(call, &result->violations, &result->n_violations);
        return;
    }
    result->outcome = outcome_of(note, commit, result->id);
    result->revision = commit != NULL ? commit->seq : note != NULL ? note->revision : 0;
    if (note != NULL) {
        result->findings = note->findings;
        result->n_findings = note->n_findings;
    }
}
