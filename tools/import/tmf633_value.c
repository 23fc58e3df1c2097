/* Values of a characteristic: what kind they are of, which is proposed, and choices. */
#include <string.h>

#include "tools/import/json_fields.h"
#include "tools/import/leftover.h"
#include "tools/import/tmf633_type.h"

/* A value's own type, where it has one: those of an ENUM are of any. */
static Kontor__V1__Value__KindCase
said_kind(const struct tmf633_characteristic *characteristic,
          const struct tmf633_value *value)
{
    const struct tmf633_type *type = tmf633_type_of(characteristic);
    const struct tmf633_type *own = tmf633_find_type(json_fields_text(
        characteristic->source, value->object, value->place, "valueType"));
    if (own != NULL) {
        return own->kind;
    }
    bool is_text = type == NULL || type->kind == KONTOR__V1__VALUE__KIND_TEXT;
    return is_text ? parameters_kind(value->scalar) : type->kind;
}

/* The said kind, or the next wider one that the value is of. */
Kontor__V1__Value__KindCase
tmf633_kind(const struct tmf633_characteristic *characteristic,
            const struct tmf633_value *value)
{
    const struct source *source = characteristic->source;
    Kontor__V1__Value__KindCase kind = said_kind(characteristic, value);
    if (parameters_value(source, value->scalar, kind) != NULL) {
        return kind;
    }
    bool is_decimal = kind == KONTOR__V1__VALUE__KIND_INTEGER &&
                      parameters_value(source, value->scalar,
                                       KONTOR__V1__VALUE__KIND_DECIMAL) != NULL;
    kind = is_decimal ? KONTOR__V1__VALUE__KIND_DECIMAL : KONTOR__V1__VALUE__KIND_TEXT;
    source_finding(source, value->place, "is none of its type: taken as %s",
                   is_decimal ? "a decimal" : "text");
    return kind;
}

size_t
tmf633_count(const struct tmf633_characteristic *characteristic)
{
    size_t n = 0;
    for (size_t i = 0; i < characteristic->n_values; i++) {
        n += characteristic->values[i].scalar != NULL ? 1 : 0;
    }
    return n;
}

/* The kind that all values of a choice can be said in. */
static Kontor__V1__Value__KindCase
common_kind(const struct tmf633_characteristic *characteristic)
{
    Kontor__V1__Value__KindCase kind = KONTOR__V1__VALUE__KIND__NOT_SET;
    for (size_t i = 0; i < characteristic->n_values; i++) {
        const struct tmf633_value *value = &characteristic->values[i];
        if (value->scalar == NULL) {
            continue;
        }
        Kontor__V1__Value__KindCase next = tmf633_kind(characteristic, value);
        kind = kind == KONTOR__V1__VALUE__KIND__NOT_SET ? next
                                                        : parameters_wider(kind, next);
    }
    return kind;
}

/* What people call a value stands in the description: a value has no name here. */
static void
describe(const struct tmf633_characteristic *characteristic,
         const struct tmf633_value *value)
{
    const struct source *source = characteristic->source;
    Kontor__V1__Parameter *parameter = characteristic->parameter;
    const char *text = value->scalar->type == JSON_TYPE_TEXT
                           ? value->scalar->text
                           : json_tree_print(value->scalar, source->arena);
    if (value->alias[0] == '\0' || strcmp(value->alias, text) == 0) {
        return;
    }
    parameter->description =
        arena_print(source->arena, "%s%s- %s = %s", parameter->description,
                    parameter->description[0] == '\0' ? "" : "\n", text, value->alias);
    leftover_note(source, value->place,
                  "what people call a value stands in the description", value->alias);
}

struct parameters_values
tmf633_choices(const struct tmf633_characteristic *characteristic)
{
    const struct source *source = characteristic->source;
    struct parameters_values values = {NULL, 0};
    Kontor__V1__Value__KindCase kind = common_kind(characteristic);
    for (size_t i = 0; i < characteristic->n_values; i++) {
        const struct tmf633_value *row = &characteristic->values[i];
        Kontor__V1__Value *value =
            row->scalar == NULL ? NULL : parameters_value(source, row->scalar, kind);
        if (value == NULL) {
            source_finding(source, row->place, "is no value of a choice: left out");
            continue;
        }
        parameters_values_add(source, &values, value, row->place);
        describe(characteristic, row);
        if (row->is_default) {
            leftover_note(source, row->place, "a choice proposes nothing here", NULL);
        }
    }
    return values;
}

/* The only value, which is proposed; NULL: there is none, or it is a choice. */
const struct tmf633_value *
tmf633_proposal(const struct tmf633_characteristic *characteristic)
{
    const struct tmf633_value *found = NULL;
    for (size_t i = 0; i < characteristic->n_values; i++) {
        const struct tmf633_value *value = &characteristic->values[i];
        if (value->scalar != NULL && (found == NULL || value->is_default)) {
            found = value;
        }
    }
    return found;
}

void
tmf633_note_alias(const struct tmf633_characteristic *characteristic,
                  const struct tmf633_value *value)
{
    if (value->alias[0] != '\0') {
        leftover_note(characteristic->source, value->place,
                      "what people call a value has no place", value->alias);
    }
}

/* A value where a parameter of this type proposes none. */
void
tmf633_note_proposal(const struct tmf633_characteristic *characteristic,
                     const char *noun)
{
    const struct tmf633_value *value = tmf633_proposal(characteristic);
    if (value != NULL) {
        source_finding(characteristic->source, value->place,
                       "%s proposes nothing here: %s", noun,
                       json_tree_print(value->scalar, characteristic->source->arena));
    }
}
