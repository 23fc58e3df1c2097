/*
 * Members of JSON objects by a table, the counterpart of xml_fields.c. What the
 * table does not name is told and never dropped in silence: a source that grows a
 * member shows up in the first import after it.
 */
#include "tools/import/json_fields.h"

#include <string.h>

#include "proto/rules_form.h"
#include "tools/import/leftover.h"

/*
 * A row without a key stands for a field that is made of several members: it is in
 * the mask, and no member finds it.
 */
static const struct json_field *
find(const struct json_field *table, const char *key)
{
    for (; table->key != NULL || table->owns != NULL; table++) {
        if (table->key != NULL && strcmp(table->key, key) == 0) {
            return table;
        }
    }
    return NULL;
}

const char *
json_fields_below(const struct source *source, const char *place, const char *key)
{
    return place[0] == '\0' ? key : arena_print(source->arena, "%s.%s", place, key);
}

static void *
target_of(void *message, size_t at)
{
    return (char *)message + at;
}

static void *
make(const struct source *source, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(source->arena, descriptor->sizeof_message);
    descriptor->message_init(message);
    return message;
}

/* A part that no member is read into stays absent, as it was when it was written. */
static void *
part_of(const struct source *source, const struct json_part *part, void *message)
{
    if (part == NULL) {
        return message;
    }
    void **at = target_of(message, part->at);
    if (*at == NULL) {
        *at = make(source, part->message);
    }
    return *at;
}

static void
note_unknown(const struct source *source, const char *place,
             const struct json_value *value)
{
    if (source->leftovers != NULL) {
        leftover_member(source, place, value);
        return;
    }
    source_finding(source, place, "nothing here takes this member: %s",
                   json_tree_print(value, source->arena));
}

/*
 * A null is the same as a missing member: exports of databases write both for an
 * empty column.
 */
void
json_fields_read(const struct source *source, const struct json_value *object,
                 const char *place, const struct json_field *table, void *message)
{
    if (!json_fields_is_object(source, object, place)) {
        return;
    }
    for (size_t i = 0; i < object->n; i++) {
        const struct json_member *member = &object->members[i];
        const struct json_field *field = find(table, member->name);
        const char *at = json_fields_below(source, place, member->name);
        if (field == NULL) {
            note_unknown(source, at, &member->value);
            continue;
        }
        if (field->read != NULL && member->value.type != JSON_TYPE_NULL) {
            field->read(source, &member->value, at, field,
                        part_of(source, field->part, message));
        }
    }
}

const char *
json_fields_as_text(const struct source *source, const struct json_value *value,
                    const char *place)
{
    if (value->type == JSON_TYPE_TEXT) {
        return value->text;
    }
    source_fault(source, place, "is %s: a text belongs here", json_tree_type(value));
    return NULL;
}

void
json_field_text(const struct source *source, const struct json_value *value,
                const char *place, const struct json_field *field, void *message)
{
    const char *text = json_fields_as_text(source, value, place);
    if (text != NULL) {
        char **target = target_of(message, field->at);
        *target = arena_copy(source->arena, text);
    }
}

/* The broker would refuse the whole record for it. */
void
json_field_url(const struct source *source, const struct json_value *value,
               const char *place, const struct json_field *field, void *message)
{
    const char *text = json_fields_as_text(source, value, place);
    if (text == NULL || text[0] == '\0') {
        return;
    }
    if (!rules_is_url(text)) {
        source_finding(source, place, "is no URL: left out: \"%s\"", text);
        return;
    }
    json_field_text(source, value, place, field, message);
}

/*
 * A lone text counts as a list of one: the sources write both for the same member. A
 * null in a list is nothing, as it is elsewhere.
 */
void
json_field_texts(const struct source *source, const struct json_value *value,
                 const char *place, const struct json_field *field, void *message)
{
    char ***texts = target_of(message, field->at);
    size_t *n = target_of(message, field->n_at);
    bool is_list = value->type == JSON_TYPE_LIST;
    for (size_t i = 0; i < (is_list ? value->n : 1); i++) {
        const struct json_value *element = is_list ? &value->elements[i] : value;
        if (element->type == JSON_TYPE_NULL) {
            continue;
        }
        const char *at =
            is_list ? arena_print(source->arena, "%s[%zu]", place, i) : place;
        const char *text = json_fields_as_text(source, element, at);
        if (text != NULL) {
            source_append(source->arena, texts, n, text);
        }
    }
}

void
json_field_flag(const struct source *source, const struct json_value *value,
                const char *place, const struct json_field *field, void *message)
{
    if (value->type != JSON_TYPE_BOOLEAN) {
        source_fault(source, place, "is %s: a yes or no belongs here",
                     json_tree_type(value));
        return;
    }
    protobuf_c_boolean *flag = target_of(message, field->at);
    *flag = value->boolean;
}

static void *
read_shape(const struct source *source, const struct json_value *value,
           const char *place, const struct json_shape *shape)
{
    void *message = make(source, shape->message);
    json_fields_read(source, value, place, shape->fields, message);
    if (shape->after != NULL) {
        shape->after(source, message);
    }
    return message;
}

void
json_field_object(const struct source *source, const struct json_value *value,
                  const char *place, const struct json_field *field, void *message)
{
    if (field->shape->message == NULL) {
        json_fields_read(source, value, place, field->shape->fields, message);
        return;
    }
    void **target = target_of(message, field->at);
    *target = read_shape(source, value, place, field->shape);
}

/* As with texts, one alone counts as a list of one. */
void
json_field_objects(const struct source *source, const struct json_value *value,
                   const char *place, const struct json_field *field, void *message)
{
    ProtobufCMessage ***rows = target_of(message, field->at);
    size_t *n = target_of(message, field->n_at);
    bool is_list = value->type == JSON_TYPE_LIST;
    for (size_t i = 0; i < (is_list ? value->n : 1); i++) {
        const struct json_value *element = is_list ? &value->elements[i] : value;
        if (element->type == JSON_TYPE_NULL) {
            continue;
        }
        const char *at =
            is_list ? arena_print(source->arena, "%s[%zu]", place, i) : place;
        *rows = source_grow(source->arena, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = read_shape(source, element, at, field->shape);
    }
}

const char *
json_fields_text(const struct source *source, const struct json_value *object,
                 const char *place, const char *key)
{
    const struct json_value *value = json_tree_get(object, key);
    if (value == NULL || value->type == JSON_TYPE_NULL) {
        return NULL;
    }
    return json_fields_as_text(source, value, json_fields_below(source, place, key));
}

const struct json_value *
json_fields_list(const struct source *source, const struct json_value *object,
                 const char *place, const char *key)
{
    const struct json_value *value = json_tree_get(object, key);
    if (value == NULL || value->type == JSON_TYPE_NULL) {
        return NULL;
    }
    if (value->type == JSON_TYPE_LIST) {
        return value;
    }
    source_fault(source, json_fields_below(source, place, key),
                 "is %s: a list belongs here", json_tree_type(value));
    return NULL;
}

bool
json_fields_is_object(const struct source *source, const struct json_value *value,
                      const char *place)
{
    if (value->type == JSON_TYPE_OBJECT) {
        return true;
    }
    source_fault(source, place, "is %s: an object belongs here", json_tree_type(value));
    return false;
}

/* Of a field of a part the part is owned: it is replaced as a whole. */
static void
own(struct arena *arena, const char *path, Google__Protobuf__FieldMask *mask)
{
    source_mask_add(arena, mask, arena_copy_n(arena, path, strcspn(path, ".")));
}

void
json_fields_mask_add(struct arena *arena, const struct json_field *table,
                     Google__Protobuf__FieldMask *mask)
{
    for (; table->key != NULL || table->owns != NULL; table++) {
        if (table->owns != NULL) {
            own(arena, table->owns, mask);
        }
        if (table->shape != NULL && table->shape->message == NULL) {
            json_fields_mask_add(arena, table->shape->fields, mask);
        }
    }
}

void
json_fields_mask_parts(struct arena *arena, Google__Protobuf__FieldMask *mask,
                       const char *list, const char *const *parts)
{
    size_t n = 0;
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (strcmp(mask->paths[i], list) != 0) {
            mask->paths[n++] = mask->paths[i];
        }
    }
    mask->n_paths = n;
    for (; *parts != NULL; parts++) {
        source_mask_add(arena, mask, arena_print(arena, "%s.%s", list, *parts));
    }
}

/*
 * The mask is made of the table that reads, so that no field can be read without
 * being owned or owned without being read.
 */
Google__Protobuf__FieldMask *
json_fields_mask(struct arena *arena, const struct json_field *table)
{
    Google__Protobuf__FieldMask *mask = source_mask(arena);
    json_fields_mask_add(arena, table, mask);
    return mask;
}
