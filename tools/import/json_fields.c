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
            field->read(source, &member->value, at, field, message);
        }
    }
}

static const char *
text_or_fault(const struct source *source, const struct json_value *value,
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
    const char *text = text_or_fault(source, value, place);
    if (text != NULL) {
        char **target = (char **)(void *)((char *)message + field->at);
        *target = arena_copy(source->arena, text);
    }
}

/* The broker would refuse the whole record for it. */
void
json_field_url(const struct source *source, const struct json_value *value,
               const char *place, const struct json_field *field, void *message)
{
    const char *text = text_or_fault(source, value, place);
    if (text == NULL || text[0] == '\0') {
        return;
    }
    if (!rules_is_url(text)) {
        source_finding(source, place, "is no URL: left out: \"%s\"", text);
        return;
    }
    json_field_text(source, value, place, field, message);
}

/* A lone text counts as a list of one: the sources write both for the same member. */
void
json_field_texts(const struct source *source, const struct json_value *value,
                 const char *place, const struct json_field *field, void *message)
{
    char ***texts = (char ***)(void *)((char *)message + field->at);
    size_t *n = (size_t *)(void *)((char *)message + field->n_at);
    bool is_list = value->type == JSON_TYPE_LIST;
    for (size_t i = 0; i < (is_list ? value->n : 1); i++) {
        const struct json_value *element = is_list ? &value->elements[i] : value;
        const char *at =
            is_list ? arena_print(source->arena, "%s[%zu]", place, i) : place;
        const char *text = text_or_fault(source, element, at);
        if (text != NULL) {
            source_append(source->arena, texts, n, text);
        }
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
    return text_or_fault(source, value, json_fields_below(source, place, key));
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

/*
 * The mask is made of the table that reads, so that no field can be read without
 * being owned or owned without being read.
 */
Google__Protobuf__FieldMask *
json_fields_mask(struct arena *arena, const struct json_field *table)
{
    Google__Protobuf__FieldMask *mask = source_mask(arena);
    for (; table->key != NULL || table->owns != NULL; table++) {
        if (table->owns != NULL) {
            source_mask_add(arena, mask, table->owns);
        }
    }
    return mask;
}
