/* Fields that both profiles of EOSC write in the same way. */
#include "tools/import/eosc.h"

#include <string.h>

#include "proto/rules.h"

#define CONTACT Kontor__V1__Contact

static void *
target_of(void *message, size_t at)
{
    return (char *)message + at;
}

static const void *
pointer_of(const void *message, size_t at)
{
    const void *pointer;
    memcpy(&pointer, (const char *)message + at, sizeof pointer);
    return pointer;
}

/* ---- Ids ---- */

/*
 * Another key there would make another id at the next import. What the record was
 * imported from elsewhere gives way to the format it is written in.
 */
bool
eosc_write_id(struct target *target, const struct json_field *field,
              const void *message, struct json_value *out)
{
    (void)field;
    const ProtobufCMessageDescriptor *descriptor =
        ((const ProtobufCMessage *)message)->descriptor;
    const Kontor__V1__Source *source = pointer_of(
        message,
        protobuf_c_message_descriptor_get_field_by_name(descriptor, "source")->offset);
    const char *key = target_key(target, target->id);
    if (key == NULL) {
        target_lose_for(target, "id", "is not kept: no key of %s gives it",
                        target->format);
        key = target->id;
    }
    if (source != NULL && (strcmp(source->format, target->format) != 0 ||
                           strcmp(source->key, key) != 0)) {
        target_lose_for(target, "source", "is not kept: it becomes %s", target->format);
    }
    *out = (struct json_value){.type = JSON_TYPE_TEXT, .text = key};
    return true;
}

void
eosc_read_reference(const struct source *source, const struct json_value *value,
                    const char *place, const struct json_field *field, void *message)
{
    const char *key = json_fields_as_text(source, value, place);
    if (key != NULL && key[0] != '\0') {
        char **id = target_of(message, field->at);
        *id = source_id(source, key);
    }
}

bool
eosc_write_reference(struct target *target, const struct json_field *field,
                     const void *message, struct json_value *out)
{
    const char *id = pointer_of(message, field->at);
    const char *key = id[0] == '\0' ? NULL : target_key(target, id);
    if (key == NULL && id[0] != '\0') {
        target_lose_for(target, field->owns, "is not kept: no key of %s gives %s",
                        target->format, id);
    }
    *out = (struct json_value){.type = JSON_TYPE_TEXT, .text = key};
    return key != NULL;
}

void
eosc_read_references(const struct source *source, const struct json_value *value,
                     const char *place, const struct json_field *field, void *message)
{
    char ***ids = target_of(message, field->at);
    size_t *n = target_of(message, field->n_at);
    size_t from = *n;
    json_field_texts(source, value, place, field, message);
    size_t kept = from;
    for (size_t i = from; i < *n; i++) {
        if ((*ids)[i][0] != '\0') {
            (*ids)[kept++] = source_id(source, (*ids)[i]);
        }
    }
    *n = kept;
}

bool
eosc_write_references(struct target *target, const struct json_field *field,
                      const void *message, struct json_value *out)
{
    size_t n;
    memcpy(&n, (const char *)message + field->n_at, sizeof n);
    char *const *ids = pointer_of(message, field->at);
    struct json_value *keys = arena_alloc(target->arena, (n + 1) * sizeof *keys);
    size_t n_keys = 0;
    for (size_t i = 0; i < n; i++) {
        const char *key = target_key(target, ids[i]);
        if (key == NULL) {
            target_lose_for(
                target, arena_print(target->arena, "%s[%zu]", field->owns, i),
                "is not kept: no key of %s gives %s", target->format, ids[i]);
            continue;
        }
        keys[n_keys++] = (struct json_value){.type = JSON_TYPE_TEXT, .text = key};
    }
    *out = (struct json_value){.type = JSON_TYPE_LIST, .elements = keys, .n = n_keys};
    return n_keys > 0;
}

/* ---- Words ---- */

static const char order_type_prefix[] = "order_type-";

static const struct {
    const char *word;
    Kontor__V1__OrderType type;
} order_types[] = {
    {"open_access", KONTOR__V1__ORDER_TYPE__OPEN_ACCESS},
    {"fully_open_access", KONTOR__V1__ORDER_TYPE__FULLY_OPEN_ACCESS},
    {"order_required", KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED},
    {"other", KONTOR__V1__ORDER_TYPE__OTHER_ACCESS},
};
enum { N_ORDER_TYPES = sizeof order_types / sizeof order_types[0] };

void
eosc_read_order_type(const struct source *source, const struct json_value *value,
                     const char *place, const struct json_field *field, void *message)
{
    (void)field;
    Kontor__V1__Service *service = message;
    const char *text = json_fields_as_text(source, value, place);
    if (text == NULL || text[0] == '\0') {
        return;
    }
    size_t prefix = sizeof order_type_prefix - 1;
    const char *word =
        strncmp(text, order_type_prefix, prefix) == 0 ? text + prefix : text;
    for (size_t i = 0; i < N_ORDER_TYPES; i++) {
        if (strcmp(order_types[i].word, word) == 0) {
            service->order_type = order_types[i].type;
            return;
        }
    }
    source_finding(source, place, "\"%s\" is no order type this format knows: not said",
                   text);
}

bool
eosc_write_order_type(struct target *target, const struct json_field *field,
                      const void *message, struct json_value *out)
{
    (void)field;
    const Kontor__V1__Service *service = message;
    for (size_t i = 0; i < N_ORDER_TYPES; i++) {
        if (order_types[i].type == service->order_type) {
            *out = (struct json_value){.type = JSON_TYPE_TEXT,
                                       .text = arena_print(target->arena, "%s%s",
                                                           order_type_prefix,
                                                           order_types[i].word)};
            return true;
        }
    }
    return false;
}

/* Some dumps write a date with the time of a database's column. */
void
eosc_read_date(const struct source *source, const struct json_value *value,
               const char *place, const struct json_field *field, void *message)
{
    enum { DATE = 10 };
    const char *text = json_fields_as_text(source, value, place);
    if (text == NULL) {
        return;
    }
    char **date = target_of(message, field->at);
    *date = arena_copy(source->arena, text);
    bool has_time = strlen(text) > DATE && text[DATE] == 'T';
    char *day = arena_copy_n(source->arena, text, has_time ? DATE : 0);
    if (has_time && rules_is_date(day)) {
        *date = day;
        source_finding(source, place, "the time of day of %s is left out", text);
    }
}

/* Joined at once: a file may have a million lines. */
static char *
joined(struct arena *arena, char *const *lines, size_t n)
{
    size_t size = 1;
    for (size_t i = 0; i < n; i++) {
        size += strlen(lines[i]) + 1;
    }
    char *text = arena_alloc(arena, size);
    char *end = text;
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            *end++ = '\n';
        }
        end = stpcpy(end, lines[i]);
    }
    return text;
}

void
eosc_read_lines(const struct source *source, const struct json_value *value,
                const char *place, const struct json_field *field, void *message)
{
    struct lines {
        char **texts;
        size_t n;
    } lines = {NULL, 0};
    struct json_field row = {.at = offsetof(struct lines, texts),
                             .n_at = offsetof(struct lines, n)};
    json_field_texts(source, value, place, &row, &lines);
    char **text = target_of(message, field->at);
    *text = joined(source->arena, lines.texts, lines.n);
}

/* A list of one: as many lines come back as were written. */
bool
eosc_write_lines(struct target *target, const struct json_field *field,
                 const void *message, struct json_value *out)
{
    struct json_value *line = arena_alloc(target->arena, sizeof *line);
    *out = (struct json_value){.type = JSON_TYPE_LIST, .elements = line, .n = 1};
    return json_write_text(target, field, message, line);
}

void
eosc_read_unplaced(const struct source *source, const struct json_value *value,
                   const char *place, const struct json_field *field, void *message)
{
    (void)value;
    (void)place;
    (void)message;
    source_unplaced(source, field->extra);
}

/* ---- Shapes ---- */

/*
 * Their names have two parts, ours is one text and has the parts beside it. A first
 * name alone is that of a team: it has no parts.
 */
void
eosc_join_name(const struct source *source, void *message)
{
    CONTACT *contact = message;
    bool has_given = contact->given_name[0] != '\0';
    bool has_family = contact->family_name[0] != '\0';
    if (has_given && has_family) {
        contact->name = arena_print(source->arena, "%s %s", contact->given_name,
                                    contact->family_name);
        return;
    }
    contact->name = has_given ? contact->given_name : contact->family_name;
    if (has_given) {
        contact->given_name = arena_copy(source->arena, "");
    }
}

/* What reading the written parts would make of the name is what is not lost. */
const void *
eosc_part_name(struct target *target, const struct json_field *field,
               const void *message)
{
    const CONTACT *contact = message;
    CONTACT *parts = arena_alloc(target->arena, sizeof *parts);
    *parts = *contact;
    if (parts->given_name[0] == '\0' && parts->family_name[0] == '\0') {
        parts->given_name = parts->name;
    }
    CONTACT back = *parts;
    struct source source = {.arena = target->arena};
    eosc_join_name(&source, &back);
    if (strcmp(back.name, contact->name) != 0) {
        target_lose_for(target, arena_print(target->arena, "%s.name", field->owns),
                        "is not kept: it comes back as \"%s\"", back.name);
    }
    if (strcmp(back.given_name, contact->given_name) != 0) {
        target_lose_for(target,
                        arena_print(target->arena, "%s.given_name", field->owns),
                        "is not kept: alone it comes back as the name");
    }
    return parts;
}

static const struct json_field person_fields[] = {
    JSON_TEXT(CONTACT, "firstName", given_name),
    JSON_TEXT(CONTACT, "lastName", family_name),
    {.owns = "name", .note = "firstName and lastName; a firstName alone is all of it"},
    JSON_TEXT(CONTACT, "email", email),
    JSON_TEXT(CONTACT, "phone", phone),
    JSON_TEXT(CONTACT, "position", position),
    JSON_TEXT(CONTACT, "organisation", organisation),
    {.key = NULL},
};
const struct json_shape eosc_person = {&kontor__v1__contact__descriptor, person_fields,
                                       eosc_join_name, eosc_part_name};

static const struct json_field user_fields[] = {
    EOSC_UNPLACED("id", "users.id"),
    JSON_TEXT(CONTACT, "name", given_name),
    JSON_TEXT(CONTACT, "surname", family_name),
    {.owns = "name", .note = "name and surname; a name alone is all of it"},
    JSON_TEXT(CONTACT, "email", email),
    {.key = NULL},
};
const struct json_shape eosc_user = {&kontor__v1__contact__descriptor, user_fields,
                                     eosc_join_name, eosc_part_name};

static const struct json_field multimedia_fields[] = {
    JSON_TEXT(Kontor__V1__Multimedia, "multimediaURL", url),
    JSON_TEXT(Kontor__V1__Multimedia, "multimediaName", name),
    {.key = NULL},
};
const struct json_shape eosc_multimedia = {&kontor__v1__multimedia__descriptor,
                                           multimedia_fields, NULL, NULL};

static const struct json_field use_case_fields[] = {
    JSON_TEXT(Kontor__V1__Multimedia, "useCaseURL", url),
    JSON_TEXT(Kontor__V1__Multimedia, "useCaseName", name),
    {.key = NULL},
};
const struct json_shape eosc_use_case = {&kontor__v1__multimedia__descriptor,
                                         use_case_fields, NULL, NULL};

static const struct json_field identifier_fields[] = {
    JSON_TEXT(Kontor__V1__ForeignId, "type", scheme),
    JSON_TEXT(Kontor__V1__ForeignId, "value", id),
    {.key = NULL},
};
const struct json_shape eosc_identifier = {&kontor__v1__foreign_id__descriptor,
                                           identifier_fields, NULL, NULL};
