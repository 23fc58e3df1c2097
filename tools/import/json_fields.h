/*
 * A JSON object into a message and a message into an object, both by one table: one row
 * a member, so that a member nobody knows is noticed, the mask of an import follows
 * from the same rows, and what is written is read as the same again.
 *
 * Memory: the source's arena, or the target's. Errors: a value of the wrong type is a
 * fault, an unknown member a finding; null is an absent member; what cannot be written
 * is a loss of the target. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_JSON_FIELDS_H
#define KONTOR_TOOLS_IMPORT_JSON_FIELDS_H

#include "proto/json_tree.h"
#include "tools/import/source.h"
#include "tools/import/target.h"

struct json_field;

/* Reads one member into the message. */
typedef void (*json_field_read)(const struct source *source,
                                const struct json_value *value, const char *place,
                                const struct json_field *field, void *message);
/* Makes the member out of the message; false: there is none to write. */
typedef bool (*json_field_write)(struct target *target, const struct json_field *field,
                                 const void *message, struct json_value *out);

/* A part of a message that has fields of its own, made when the first is read. */
struct json_part {
    size_t at; /* Offset of the pointer to it. */
    const ProtobufCMessageDescriptor *message;
};

/* What an object inside a record is. */
struct json_shape {
    const ProtobufCMessageDescriptor *message; /* NULL: members of the record itself,
                                                  which the source only groups. */
    const struct json_field *fields;
    /* Completes what was read; NULL: nothing to do. */
    void (*after)(const struct source *source, void *message);
    /* The message as it is to be written; NULL: as it is. */
    const void *(*before)(struct target *target, const struct json_field *field,
                          const void *message);
};

struct json_field {
    const char *key;        /* The member; NULL: made from something else. */
    json_field_read read;   /* NULL: the caller looks at it himself. */
    size_t at;              /* Offset of the message's field. */
    size_t n_at;            /* Offset of its count, when it is repeated. */
    const char *owns;       /* Field the source owns, "training.keywords" for one of a
                               part; NULL: none. */
    json_field_write write; /* NULL: never written. */
    const struct json_part *part; /* The field is in this part; NULL: in the message. */
    const struct json_shape *shape; /* Of an object, or of those in a list. */
    const void *extra;              /* What the two functions need besides. */
    const char *note;               /* What is special, for docs/formats.md. */
};

/* Rows for a field of a message of a C type, both ways. */
#define JSON_TEXT(type, name, member)                                                  \
    {                                                                                  \
        .key = name, .at = offsetof(type, member), .owns = #member,                    \
        .read = json_field_text, .write = json_write_text                              \
    }
#define JSON_TEXTS(type, name, member)                                                 \
    {                                                                                  \
        .key = name, .at = offsetof(type, member), .n_at = offsetof(type, n_##member), \
        .owns = #member, .read = json_field_texts, .write = json_write_texts           \
    }
#define JSON_FLAG(type, name, member)                                                  \
    {                                                                                  \
        .key = name, .at = offsetof(type, member), .owns = #member,                    \
        .read = json_field_flag, .write = json_write_flag                              \
    }
#define JSON_OBJECT(type, name, member, shape_)                                        \
    {                                                                                  \
        .key = name, .at = offsetof(type, member), .owns = #member,                    \
        .read = json_field_object, .write = json_write_object, .shape = &(shape_)      \
    }
#define JSON_OBJECTS(type, name, member, shape_)                                       \
    {                                                                                  \
        .key = name, .at = offsetof(type, member), .n_at = offsetof(type, n_##member), \
        .owns = #member, .read = json_field_objects, .write = json_write_objects,      \
        .shape = &(shape_)                                                             \
    }
/* Members of the record itself that the source groups in an object. */
#define JSON_GROUP(name, shape_)                                                       \
    {                                                                                  \
        .key = name, .read = json_field_object, .write = json_write_object,            \
        .shape = &(shape_)                                                             \
    }

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
/* A yes or no. */
void json_field_flag(const struct source *source, const struct json_value *value,
                     const char *place, const struct json_field *field, void *message);
/* An object by its shape: into a message of its own, or into the record itself. */
void json_field_object(const struct source *source, const struct json_value *value,
                       const char *place, const struct json_field *field,
                       void *message);
/* One object or a list of objects by their shape, into repeated messages. */
void json_field_objects(const struct source *source, const struct json_value *value,
                        const char *place, const struct json_field *field,
                        void *message);

/* The counterparts of these five; an empty text, list or message is not written. */
bool json_write_text(struct target *target, const struct json_field *field,
                     const void *message, struct json_value *out);
bool json_write_texts(struct target *target, const struct json_field *field,
                      const void *message, struct json_value *out);
bool json_write_flag(struct target *target, const struct json_field *field,
                     const void *message, struct json_value *out);
bool json_write_object(struct target *target, const struct json_field *field,
                       const void *message, struct json_value *out);
bool json_write_objects(struct target *target, const struct json_field *field,
                        const void *message, struct json_value *out);

/* The message as an object by a table, in the order of its rows. */
struct json_value json_write_fields(struct target *target,
                                    const struct json_field *table,
                                    const void *message);
/*
 * Tells the target each field that is set in the message and that no row writes, those
 * of the messages inside, too.
 */
void json_write_losses(struct target *target, const struct json_field *table,
                       const ProtobufCMessage *message);

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
/* The value as a text; NULL, and a fault, when it is none. */
const char *json_fields_as_text(const struct source *source,
                                const struct json_value *value, const char *place);
/* The mask of all the table owns. */
Google__Protobuf__FieldMask *json_fields_mask(struct arena *arena,
                                              const struct json_field *table);
/* Adds what another table of the same message owns. */
void json_fields_mask_add(struct arena *arena, const struct json_field *table,
                          Google__Protobuf__FieldMask *mask);
/* Of a list in a mask not the whole is owned but these fields of its elements, NULL
 * ends: "offers" becomes "offers.name" and so on. What else an element that is there
 * has stays its owner's. */
void json_fields_mask_parts(struct arena *arena, Google__Protobuf__FieldMask *mask,
                            const char *list, const char *const *parts);

#endif
