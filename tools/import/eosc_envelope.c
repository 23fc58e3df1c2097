/*
 * What EOSC's resource catalogue keeps around a record: how far it is published, and
 * much that is its own business.
 */
#include <string.h>

#include "tools/import/eosc.h"

struct envelope {
    char *status;
    protobuf_c_boolean is_active;
    protobuf_c_boolean is_suspended;
    protobuf_c_boolean is_draft;
};

#define PHASE "phase of a new service, by the table below"
#define UNPLACED(name) EOSC_UNPLACED(name, name " of the envelope")

const struct json_field eosc_envelope_fields[] = {
    {.key = "status",
     .read = json_field_text,
     .at = offsetof(struct envelope, status),
     .note = PHASE},
    {.key = "active",
     .read = json_field_flag,
     .at = offsetof(struct envelope, is_active),
     .note = PHASE},
    {.key = "suspended",
     .read = json_field_flag,
     .at = offsetof(struct envelope, is_suspended),
     .note = PHASE},
    {.key = "draft",
     .read = json_field_flag,
     .at = offsetof(struct envelope, is_draft),
     .note = PHASE},
    UNPLACED("metadata"),
    UNPLACED("legacy"),
    UNPLACED("identifiers"),
    UNPLACED("loggingInfo"),
    UNPLACED("latestAuditInfo"),
    UNPLACED("latestOnboardingInfo"),
    UNPLACED("latestUpdateInfo"),
    UNPLACED("auditState"),
    UNPLACED("catalogueId"),
    UNPLACED("templateStatus"),
    {.key = NULL},
};

const struct eosc_state eosc_states[] = {
    {"approved", KONTOR__V1__PHASE__PRODUCTION},
    {"pending", KONTOR__V1__PHASE__FORTHCOMING},
    {"rejected", KONTOR__V1__PHASE__FORTHCOMING},
    {NULL, KONTOR__V1__PHASE__PHASE_UNSPECIFIED},
};

/* "approved", and "approved resource" of the older ones. */
static const struct eosc_state *
find_state(const char *status)
{
    size_t size = strcspn(status, " ");
    for (const struct eosc_state *row = eosc_states; row->status != NULL; row++) {
        if (strlen(row->status) == size && strncmp(row->status, status, size) == 0) {
            return row;
        }
    }
    return NULL;
}

/*
 * Only what the catalogue itself shows the public is published here: approved, active,
 * and neither suspended nor a draft. An envelope that says nothing of it decides
 * nothing.
 */
static Kontor__V1__Phase
phase_of(const struct source *source, const struct envelope *envelope,
         const char *place)
{
    if (envelope->status == NULL) {
        bool is_said =
            envelope->is_active || envelope->is_suspended || envelope->is_draft;
        return is_said ? KONTOR__V1__PHASE__FORTHCOMING
                       : KONTOR__V1__PHASE__PHASE_UNSPECIFIED;
    }
    const struct eosc_state *state = find_state(envelope->status);
    if (state == NULL) {
        source_finding(source, place,
                       "status \"%s\" is not known: it is taken as FORTHCOMING",
                       envelope->status);
        return KONTOR__V1__PHASE__FORTHCOMING;
    }
    bool is_shown =
        envelope->is_active && !envelope->is_suspended && !envelope->is_draft;
    return is_shown ? state->phase : KONTOR__V1__PHASE__FORTHCOMING;
}

static const struct json_field *
envelope_field(const char *name)
{
    for (const struct json_field *row = eosc_envelope_fields; row->key != NULL; row++) {
        if (strcmp(row->key, name) == 0) {
            return row;
        }
    }
    return NULL;
}

/* Its members stand around every record, so each name is told once. */
static void
read_members(const struct source *source, const struct json_value *object,
             const char *payload, const char *place, struct envelope *envelope)
{
    for (size_t i = 0; i < object->n; i++) {
        const struct json_member *member = &object->members[i];
        const struct json_field *field = envelope_field(member->name);
        bool is_nothing =
            strcmp(member->name, payload) == 0 || member->value.type == JSON_TYPE_NULL;
        if (is_nothing) {
            continue;
        }
        if (field == NULL) {
            source_unplaced(
                source, arena_print(source->arena, "%s of the envelope", member->name));
            continue;
        }
        field->read(source, &member->value,
                    arena_print(source->arena, "%s.%s", place, member->name), field,
                    envelope);
    }
}

Kontor__V1__Phase
eosc_envelope(const struct source *source, const struct json_value *object,
              const char *payload, const char *place, bool is_provider)
{
    struct envelope envelope = {NULL, false, false, false};
    read_members(source, object, payload, place, &envelope);
    if (is_provider && envelope.status != NULL) {
        source_unplaced(source, "status of a provider");
    }
    return is_provider ? KONTOR__V1__PHASE__PHASE_UNSPECIFIED
                       : phase_of(source, &envelope, place);
}
