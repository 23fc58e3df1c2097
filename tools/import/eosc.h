/*
 * What the two profiles of EOSC's resource catalogue have in common: how a file is told
 * apart into records, and the shapes that fields of both have.
 *
 * Memory: the source's arena, or the target's. Errors: faults and findings of the
 * source, losses of the target. Threads: one at a time. Source of member names: EOSC
 * resource catalogue, profiles 4/5 and 6.
 */
#ifndef KONTOR_TOOLS_IMPORT_EOSC_H
#define KONTOR_TOOLS_IMPORT_EOSC_H

#include "tools/import/json_fields.h"
#include "tools/import/walk.h"

/* A kind of record of a profile. */
struct eosc_kind {
    const char *name;                /* As member type has it: "Training Resource". */
    const char *payload[3];          /* Members of the envelope that hold one. */
    const char *marks[9];            /* Members only such a record has. */
    const struct json_field *fields; /* NULL: known, and not taken. */
    bool is_provider;
    Kontor__V1__Service__KindCase kind; /* Of a service. */
    const struct json_part *part;       /* Of a service that is more than plain. */
};

/* A profile: its kinds, the more special before those they resemble, ended by a NULL
 * name. */
struct eosc_profile {
    const char *format;
    const struct eosc_kind *kinds;
};

extern const struct eosc_profile eosc_profile_5;
extern const struct eosc_profile eosc_profile_6;

/* The fields of each kind that is taken, for docs/formats.md too. */
extern const struct json_field eosc5_provider_fields[];
extern const struct json_field eosc5_service_fields[];
extern const struct json_field eosc6_organisation_fields[];
extern const struct json_field eosc6_service_fields[];
extern const struct json_field eosc6_data_source_fields[];
extern const struct json_field eosc6_training_fields[];
extern const struct json_field eosc6_guideline_fields[];
extern const struct json_field eosc6_application_fields[];

/* The formats "eosc-5" and "eosc-6". */
extern const struct import_stream eosc_stream_5;
extern const struct import_stream eosc_stream_6;
/* The kind that a record of ours is written as. */
const struct eosc_kind *eosc_kind_of(const struct eosc_profile *profile,
                                     const ProtobufCMessage *record);

/* The kind of a record, which stood in the member payload of its envelope, or NULL;
 * NULL: it cannot be told. */
const struct eosc_kind *eosc_judge(const struct source *source,
                                   const struct eosc_profile *profile,
                                   const char *payload, const struct json_value *record,
                                   const char *place);
/* Whether a member holds the record of an envelope. */
bool eosc_is_payload(const struct eosc_profile *profile,
                     const struct json_member *member);

/* ---- The envelope ---- */

/* What its status means for a service that is active, not suspended and no draft. */
struct eosc_state {
    const char *status; /* Its first word. */
    Kontor__V1__Phase phase;
};

/* All, ended by a NULL status. */
extern const struct eosc_state eosc_states[];
/* Its members, into a structure of the reader's own. */
extern const struct json_field eosc_envelope_fields[];
/* The phase of a new service out of the members around its payload. */
Kontor__V1__Phase eosc_envelope(const struct source *source,
                                const struct json_value *object, const char *payload,
                                const char *place, bool is_provider);

/* ---- Shapes ---- */

extern const struct json_shape eosc_person; /* firstName, lastName, email, ... */
extern const struct json_shape eosc_user;   /* name, surname, email. */
extern const struct json_shape eosc_multimedia;
extern const struct json_shape eosc_use_case;
extern const struct json_shape eosc_identifier; /* type, value. */

/* Completes a contact that was read, and takes one apart to be written. */
void eosc_join_name(const struct source *source, void *message);
const void *eosc_part_name(struct target *target, const struct json_field *field,
                           const void *message);

/* ---- Readers and writers ---- */

/* The key, which is read before all else. */
bool eosc_write_id(struct target *target, const struct json_field *field,
                   const void *message, struct json_value *out);
/* Ids of other records. */
void eosc_read_reference(const struct source *source, const struct json_value *value,
                         const char *place, const struct json_field *field,
                         void *message);
bool eosc_write_reference(struct target *target, const struct json_field *field,
                          const void *message, struct json_value *out);
void eosc_read_references(const struct source *source, const struct json_value *value,
                          const char *place, const struct json_field *field,
                          void *message);
bool eosc_write_references(struct target *target, const struct json_field *field,
                           const void *message, struct json_value *out);
/* "order_type-open_access" or "open_access". */
void eosc_read_order_type(const struct source *source, const struct json_value *value,
                          const char *place, const struct json_field *field,
                          void *message);
bool eosc_write_order_type(struct target *target, const struct json_field *field,
                           const void *message, struct json_value *out);
/* A date, of which a time of day is left out. */
void eosc_read_date(const struct source *source, const struct json_value *value,
                    const char *place, const struct json_field *field, void *message);
/* A text, or a list of lines. */
void eosc_read_lines(const struct source *source, const struct json_value *value,
                     const char *place, const struct json_field *field, void *message);
bool eosc_write_lines(struct target *target, const struct json_field *field,
                      const void *message, struct json_value *out);
/* A member nothing of ours takes; said once a file. */
void eosc_read_unplaced(const struct source *source, const struct json_value *value,
                        const char *place, const struct json_field *field,
                        void *message);

#define EOSC_REFERENCE(type, name, member)                                             \
    {                                                                                  \
        .key = name, .at = offsetof(type, member), .owns = #member,                    \
        .read = eosc_read_reference, .write = eosc_write_reference,                    \
        .note = "an id: the key, bytes outside the set as ~XX"                         \
    }
#define EOSC_REFERENCES(type, name, member)                                            \
    {                                                                                  \
        .key = name, .at = offsetof(type, member), .n_at = offsetof(type, n_##member), \
        .owns = #member, .read = eosc_read_references, .write = eosc_write_references, \
        .note = "ids"                                                                  \
    }
#define EOSC_DATE(type, name, member)                                                  \
    {                                                                                  \
        .key = name, .at = offsetof(type, member), .owns = #member,                    \
        .read = eosc_read_date, .write = json_write_text,                              \
        .note = "a time of day is left out"                                            \
    }
/* said is what the finding calls it. */
#define EOSC_UNPLACED(name, said)                                                      \
    {                                                                                  \
        .key = name, .read = eosc_read_unplaced, .extra = (said),                      \
        .note = "has no place: a finding"                                              \
    }
#define EOSC_ID                                                                        \
    {                                                                                  \
        .key = "id", .owns = "source", .write = eosc_write_id,                         \
        .note = "the key: also the record's id, bytes outside the set as ~XX"          \
    }
#define EOSC_ORDER_TYPE                                                                \
    {                                                                                  \
        .key = "orderType", .owns = "order_type", .read = eosc_read_order_type,        \
        .write = eosc_write_order_type,                                                \
        .note = "with or without order_type- before the word"                          \
    }

/* ---- Pairs ---- */

/* A list of {upper, lower} that we keep as two lists. */
struct eosc_pairs {
    const char *upper_key;
    const char *lower_key;
    size_t at; /* Offsets of the lower list. */
    size_t n_at;
    const char *owns; /* The lower list. */
};

/*
 * Both lists get what is new, in the order of first appearance. Written, a lower one
 * stands with the upper one whose id it goes on with, each without the word before the
 * first "-".
 */
void eosc_read_pairs(const struct source *source, const struct json_value *value,
                     const char *place, const struct json_field *field, void *message);
bool eosc_write_pairs(struct target *target, const struct json_field *field,
                      const void *message, struct json_value *out);

/* Two rows: the pairs, and the lower list, which no member of its own makes. */
#define EOSC_PAIRS(type, name, upper, lower, pairs)                                    \
    {.key = name,                                                                      \
     .at = offsetof(type, upper),                                                      \
     .n_at = offsetof(type, n_##upper),                                                \
     .owns = #upper,                                                                   \
     .read = eosc_read_pairs,                                                          \
     .write = eosc_write_pairs,                                                        \
     .extra = &(pairs),                                                                \
     .note = "pairs: the upper of each"},                                              \
    {                                                                                  \
        .owns = #lower, .note = "the lower of each pair of " name                      \
    }
#define EOSC_PAIRS_OF(type, upper_name, lower_name, lower)                             \
    {                                                                                  \
        .upper_key = upper_name, .lower_key = lower_name, .at = offsetof(type, lower), \
        .n_at = offsetof(type, n_##lower), .owns = #lower                              \
    }

#endif
