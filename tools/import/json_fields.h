/*
 * A JSON object into a message by a table: one row a member, so that a member nobody
 * knows is noticed and the mask of an import follows from the same rows.
 *
 * Memory: the source's arena. Errors: a value of the wrong type is a fault, an unknown
 * member a finding; null is an absent member. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_JSON_FIELDS_H
#define KONTOR_TOOLS_IMPORT_JSON_FIELDS_H

#include "proto/json_tree.h"
#include "tools/import/source.h"

struct json_field;

/* Reads one member into the message. */
typedef void (*json_field_read)(const struct source *source,
                                const struct json_value *value, const char *place,
                                const struct json_field *field, void *message);

struct json_field {
    const char *key;      /* The member; NULL: made from something else. */
    json_field_read read; /* NULL: the caller looks at it himself. */
    size_t at;            /* Offset of the message's field. */
    size_t n_at;          /* Offset of its count, when it is repeated. */
    const char *owns;     /* Field the source owns; NULL: none. */
};

/* Reads every member of an object by a table ended by a row without key and owns. */
void json_fields_read(const struct source *source, const struct json_value *object,
                      const char *place, const struct json_field *table, void *message);
/* A text. */
void json_field_text(const struct source *source, const struct json_value *value,
                     const char *place, const struct json_field *field, void *message);
/* A URL; one the broker would not take is left out, which is a finding. */
void json_field_url(const struct source *source, const struct json_value *value,
                    const char *place, const struct json_field *field, void *message);
/* One text or a list of texts, into a repeated field. */
void json_field_texts(const struct source *source, const struct json_value *value,
                      const char *place, const struct json_field *field, void *message);

/* The place of a member. */
const char *json_fields_below(const struct source *source, const char *place,
                              const char *key);
/* The member as a text; NULL when it is absent, or of another type, which is a fault.
 */
const char *json_fields_text(const struct source *source,
                             const struct json_value *object, const char *place,
                             const char *key);
/* The member as a list; NULL when it is absent, or of another type, which is a fault.
 */
const struct json_value *json_fields_list(const struct source *source,
                                          const struct json_value *object,
                                          const char *place, const char *key);
/* false, and a fault, when the value is no object. */
bool json_fields_is_object(const struct source *source, const struct json_value *value,
                           const char *place);
/* The mask of all the table owns. */
Google__Protobuf__FieldMask *json_fields_mask(struct arena *arena,
                                              const struct json_field *table);

#endif
