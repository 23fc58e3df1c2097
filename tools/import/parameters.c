/*
 * Parameters out of foreign forms. What the broker would refuse a whole service for, a
 * value twice or a proposal that breaks its own pattern, is mended here and told.
 */
#include "tools/import/parameters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/pattern.h"
#include "proto/rules.h"

enum { PART_BYTES = 64, DEFAULT_TEXT = 4096 };

/* ---- Ids ---- */

static bool
is_part_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("._-", byte));
}

/* Runs of other bytes become one hyphen, which people read more easily than ~XX. */
char *
parameters_part(const struct source *source, const char *name)
{
    char *part = arena_alloc(source->arena, PART_BYTES + 1);
    size_t n = 0;
    for (; *name != '\0' && n < PART_BYTES; name++) {
        bool is_good = is_part_byte(*name);
        if (is_good || n == 0 || part[n - 1] != '-') {
            part[n++] = is_good ? *name : '-';
        }
    }
    return n == 0 ? arena_copy(source->arena, "-") : part;
}

static bool
is_taken(const Kontor__V1__Offer *offer, const char *id)
{
    for (size_t i = 0; i < offer->n_parameters; i++) {
        if (strcmp(offer->parameters[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* "a", "a-2", "a-3": the order in the file decides, and stays the same. */
static char *
free_id(const struct source *source, const Kontor__V1__Offer *offer, const char *name)
{
    char *id = parameters_part(source, name);
    size_t room = strlen(id) > PART_BYTES - 8 ? PART_BYTES - 8 : strlen(id);
    char *next = id;
    for (unsigned i = 2; is_taken(offer, next); i++) {
        next = arena_print(source->arena, "%.*s-%u", (int)room, id, i);
    }
    return next;
}

Kontor__V1__Parameter *
parameters_add(const struct source *source, Kontor__V1__Offer *offer, const char *name,
               const char *place)
{
    Kontor__V1__Parameter *parameter = arena_alloc(source->arena, sizeof *parameter);
    kontor__v1__parameter__init(parameter);
    parameter->id = free_id(source, offer, name);
    if (strcmp(parameter->id, name) != 0) {
        source_finding(source, place, "\"%s\" cannot be its id here: it is %s", name,
                       parameter->id);
    }
    offer->parameters = source_grow(source->arena, offer->parameters,
                                    offer->n_parameters, sizeof *offer->parameters);
    offer->parameters[offer->n_parameters++] = parameter;
    return parameter;
}

/* All types share one place in the message, as members of one of its choices do. */
void *
parameters_type(const struct source *source, Kontor__V1__Parameter *parameter,
                Kontor__V1__Parameter__TypeCase type)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
        &kontor__v1__parameter__descriptor, (unsigned)type);
    const ProtobufCMessageDescriptor *descriptor = field->descriptor;
    void *message = arena_alloc(source->arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    memcpy((char *)parameter + field->offset, &message, sizeof message);
    parameter->type_case = type;
    return message;
}

/* ---- Values ---- */

Kontor__V1__Value__KindCase
parameters_kind(const struct json_value *from)
{
    switch (from->type) {
    case JSON_TYPE_INTEGER:
        return KONTOR__V1__VALUE__KIND_INTEGER;
    case JSON_TYPE_REAL:
        return KONTOR__V1__VALUE__KIND_DECIMAL;
    case JSON_TYPE_TEXT:
        return KONTOR__V1__VALUE__KIND_TEXT;
    case JSON_TYPE_BOOLEAN:
        return KONTOR__V1__VALUE__KIND_BOOLEAN;
    case JSON_TYPE_NULL:
    case JSON_TYPE_LIST:
    case JSON_TYPE_OBJECT:
        break;
    }
    return KONTOR__V1__VALUE__KIND__NOT_SET;
}

static bool
is_number(Kontor__V1__Value__KindCase kind)
{
    return kind == KONTOR__V1__VALUE__KIND_INTEGER ||
           kind == KONTOR__V1__VALUE__KIND_DECIMAL;
}

Kontor__V1__Value__KindCase
parameters_wider(Kontor__V1__Value__KindCase a, Kontor__V1__Value__KindCase b)
{
    if (a == b) {
        return a;
    }
    return is_number(a) && is_number(b) ? KONTOR__V1__VALUE__KIND_DECIMAL
                                        : KONTOR__V1__VALUE__KIND_TEXT;
}

/* The value as people write it, whatever its type. */
static const char *
written(const struct source *source, const struct json_value *from)
{
    if (from->type == JSON_TYPE_TEXT) {
        return from->text;
    }
    return from->type == JSON_TYPE_REAL
               ? arena_print(source->arena, "%.15g", from->real)
               : json_tree_print(from, source->arena);
}

const char *
parameters_decimal(const struct source *source, const struct json_value *from)
{
    const char *text = written(source, from);
    return rules_is_decimal(text) ? text : NULL;
}

/* Each reads a text as its kind; false: it is none. */
static bool
as_text(const char *text, Kontor__V1__Value *value)
{
    value->text = (char *)text;
    return true;
}

static bool
as_integer(const char *text, Kontor__V1__Value *value)
{
    char *end = NULL;
    errno = 0;
    value->integer = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && strchr(" \t\n+", *text) == NULL;
}

static bool
as_decimal(const char *text, Kontor__V1__Value *value)
{
    value->decimal = (char *)text;
    return rules_is_decimal(text);
}

static bool
as_boolean(const char *text, Kontor__V1__Value *value)
{
    value->boolean = strcmp(text, "true") == 0;
    return value->boolean || strcmp(text, "false") == 0;
}

static bool
as_date(const char *text, Kontor__V1__Value *value)
{
    value->date = (char *)text;
    return rules_is_date(text);
}

static const struct {
    Kontor__V1__Value__KindCase kind;
    bool (*read)(const char *text, Kontor__V1__Value *value);
} readers[] = {
    {KONTOR__V1__VALUE__KIND_TEXT, as_text},
    {KONTOR__V1__VALUE__KIND_INTEGER, as_integer},
    {KONTOR__V1__VALUE__KIND_DECIMAL, as_decimal},
    {KONTOR__V1__VALUE__KIND_BOOLEAN, as_boolean},
    {KONTOR__V1__VALUE__KIND_DATE, as_date},
};

Kontor__V1__Value *
parameters_value(const struct source *source, const struct json_value *from,
                 Kontor__V1__Value__KindCase kind)
{
    Kontor__V1__Value *value = arena_alloc(source->arena, sizeof *value);
    kontor__v1__value__init(value);
    if (parameters_kind(from) == KONTOR__V1__VALUE__KIND__NOT_SET) {
        return NULL;
    }
    value->kind_case = kind;
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (readers[i].kind == kind) {
            return readers[i].read(written(source, from), value) ? value : NULL;
        }
    }
    return NULL;
}

/* 1.0 and 1.00 are one amount to the broker. */
static bool
is_same(const Kontor__V1__Value *a, const Kontor__V1__Value *b)
{
    switch (a->kind_case) {
    case KONTOR__V1__VALUE__KIND_INTEGER:
        return a->integer == b->integer;
    case KONTOR__V1__VALUE__KIND_BOOLEAN:
        return a->boolean == b->boolean;
    case KONTOR__V1__VALUE__KIND_DECIMAL:
        return rules_compare_decimal(a->decimal, b->decimal) == 0;
    case KONTOR__V1__VALUE__KIND_TEXT:
        return strcmp(a->text, b->text) == 0;
    case KONTOR__V1__VALUE__KIND_DATE:
        return strcmp(a->date, b->date) == 0;
    case KONTOR__V1__VALUE__KIND__NOT_SET:
    case KONTOR__V1__VALUE__KIND_LIST:
    case _KONTOR__V1__VALUE__KIND__CASE_IS_INT_SIZE:
        break;
    }
    return false;
}

void
parameters_values_add(const struct source *source, struct parameters_values *values,
                      Kontor__V1__Value *value, const char *place)
{
    for (size_t i = 0; i < values->n; i++) {
        if (is_same(values->rows[i], value)) {
            source_finding(source, place, "is value %zu again: left out", i);
            return;
        }
    }
    values->rows =
        source_grow(source->arena, values->rows, values->n, sizeof *values->rows);
    values->rows[values->n++] = value;
}

/* ---- Texts ---- */

void
parameters_propose(const struct source *source, Kontor__V1__TextParameter *text,
                   const char *proposal, const char *place)
{
    size_t size = strlen(proposal);
    int32_t longest = text->max_length == 0 ? DEFAULT_TEXT : text->max_length;
    bool is_fit =
        size >= (size_t)text->min_length && size <= (size_t)longest &&
        (text->pattern[0] == '\0' || pattern_matches(text->pattern, proposal));
    if (size == 0 || is_fit) {
        text->default_text = arena_copy(source->arena, proposal);
        return;
    }
    source_finding(source, place,
                   "\"%s\" is no value the parameter takes itself: not proposed",
                   proposal);
}
