#include "proto/json_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* What a conversion needs on every level. */
struct reading {
    struct arena *arena;
    bool is_too_deep;
};

static void read_value(struct reading *reading, json_t *from, size_t depth,
                       struct json_value *out);

static void
read_list(struct reading *reading, json_t *from, size_t depth, struct json_value *out)
{
    size_t n = json_array_size(from);
    struct json_value *elements =
        arena_alloc(reading->arena, (n + 1) * sizeof *elements);
    for (size_t i = 0; i < n; i++) {
        read_value(reading, json_array_get(from, i), depth + 1, &elements[i]);
    }
    out->elements = elements;
    out->n = n;
}

static void
read_object(struct reading *reading, json_t *from, size_t depth, struct json_value *out)
{
    size_t room = json_object_size(from);
    struct json_member *members =
        arena_alloc(reading->arena, (room + 1) * sizeof *members);
    size_t n = 0;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(from, name, value)
    {
        members[n].name = arena_copy(reading->arena, name);
        read_value(reading, value, depth + 1, &members[n].value);
        n++;
    }
    out->members = members;
    out->n = n;
}

/* One value of jansson's. */
typedef void (*read_fn)(struct reading *reading, json_t *from, size_t depth,
                        struct json_value *out);

static void
read_text(struct reading *reading, json_t *from, size_t depth, struct json_value *out)
{
    (void)depth;
    out->text =
        arena_copy_n(reading->arena, json_string_value(from), json_string_length(from));
}

static void
read_integer(struct reading *reading, json_t *from, size_t depth,
             struct json_value *out)
{
    (void)reading;
    (void)depth;
    out->integer = json_integer_value(from);
}

static void
read_real(struct reading *reading, json_t *from, size_t depth, struct json_value *out)
{
    (void)reading;
    (void)depth;
    out->real = json_real_value(from);
}

static void
read_boolean(struct reading *reading, json_t *from, size_t depth,
             struct json_value *out)
{
    (void)reading;
    (void)depth;
    out->boolean = json_is_true(from);
}

static const struct {
    enum json_type type;
    read_fn read; /* NULL: the type says it all. */
    const char *words;
} types[] = {
    [JSON_OBJECT] = {JSON_TYPE_OBJECT, read_object, "an object"},
    [JSON_ARRAY] = {JSON_TYPE_LIST, read_list, "a list"},
    [JSON_STRING] = {JSON_TYPE_TEXT, read_text, "a text"},
    [JSON_INTEGER] = {JSON_TYPE_INTEGER, read_integer, "a whole number"},
    [JSON_REAL] = {JSON_TYPE_REAL, read_real, "a number"},
    [JSON_TRUE] = {JSON_TYPE_BOOLEAN, read_boolean, "a yes or no"},
    [JSON_FALSE] = {JSON_TYPE_BOOLEAN, read_boolean, "a yes or no"},
    [JSON_NULL] = {JSON_TYPE_NULL, NULL, "null"},
};

static void
read_value(struct reading *reading, json_t *from, size_t depth, struct json_value *out)
{
    out->type = types[json_typeof(from)].type;
    if (depth > JSON_TREE_DEPTH) {
        reading->is_too_deep = true;
        return;
    }
    if (types[json_typeof(from)].read != NULL) {
        types[json_typeof(from)].read(reading, from, depth, out);
    }
}

/* jansson counts from the first byte it is given. */
static const char *
place_of(const json_error_t *error, struct json_tree_start start, const char *name,
         struct arena *arena)
{
    size_t line = start.line + (error->line > 0 ? (size_t)error->line - 1 : 0);
    int column = error->column + (error->line == 1 ? (int)start.column : 0);
    return arena_print(arena, "%s:%zu:%d", name, line, column);
}

const struct json_value *
json_tree_parse(struct bytes text, const char *name, struct arena *arena,
                struct faults *faults)
{
    struct json_tree_start start = {.line = 1};
    return json_tree_parse_part(text, start, name, arena, faults);
}

const struct json_value *
json_tree_parse_part(struct bytes text, struct json_tree_start start, const char *name,
                     struct arena *arena, struct faults *faults)
{
    if (text.size > JSON_TREE_BYTES) {
        faults_add(faults, name, "%zu bytes are too many: at most %d", text.size,
                   JSON_TREE_BYTES);
        return NULL;
    }
    json_error_t error;
    json_t *root = json_loadb((const char *)text.data, text.size,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (root == NULL) {
        faults_add(faults, place_of(&error, start, name, arena), "not JSON: %s",
                   error.text);
        return NULL;
    }
    struct reading reading = {.arena = arena};
    struct json_value *value = arena_alloc(arena, sizeof *value);
    read_value(&reading, root, start.depth, value);
    json_decref(root);
    if (reading.is_too_deep) {
        faults_add(faults, name, "nests deeper than %d", JSON_TREE_DEPTH);
        return NULL;
    }
    return value;
}

const struct json_value *
json_tree_get(const struct json_value *value, const char *name)
{
    if (value == NULL || value->type != JSON_TYPE_OBJECT) {
        return NULL;
    }
    for (size_t i = 0; i < value->n; i++) {
        if (strcmp(value->members[i].name, name) == 0) {
            return &value->members[i].value;
        }
    }
    return NULL;
}

const char *
json_tree_type(const struct json_value *value)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].type == value->type) {
            return types[i].words;
        }
    }
    return "nothing";
}

/* The tree as jansson's again, to be printed; the caller releases it. */
static json_t *write_value(const struct json_value *value);

static json_t *
write_list(const struct json_value *value)
{
    json_t *list = json_array();
    for (size_t i = 0; i < value->n; i++) {
        json_array_append_new(list, write_value(&value->elements[i]));
    }
    return list;
}

static json_t *
write_object(const struct json_value *value)
{
    json_t *object = json_object();
    for (size_t i = 0; i < value->n; i++) {
        json_object_set_new(object, value->members[i].name,
                            write_value(&value->members[i].value));
    }
    return object;
}

static json_t *
write_value(const struct json_value *value)
{
    switch (value->type) {
    case JSON_TYPE_NULL:
        return json_null();
    case JSON_TYPE_BOOLEAN:
        return json_boolean(value->boolean);
    case JSON_TYPE_INTEGER:
        return json_integer(value->integer);
    case JSON_TYPE_REAL:
        return json_real(value->real);
    case JSON_TYPE_TEXT:
        return json_string(value->text);
    case JSON_TYPE_LIST:
        return write_list(value);
    case JSON_TYPE_OBJECT:
        return write_object(value);
    }
    return NULL;
}

/* Whether 15 digits say each real in it, which keeps 19.99 what people wrote. */
static bool
has_short_reals(const struct json_value *value)
{
    char digits[32];
    bool is_short = true;
    if (value->type == JSON_TYPE_REAL) {
        snprintf(digits, sizeof digits, "%.15g", value->real);
        return strtod(digits, NULL) == value->real;
    }
    for (size_t i = 0; i < value->n && is_short; i++) {
        is_short =
            has_short_reals(value->type == JSON_TYPE_LIST ? &value->elements[i]
                                                          : &value->members[i].value);
    }
    return is_short;
}

char *
json_tree_print(const struct json_value *value, struct arena *arena)
{
    size_t precision = has_short_reals(value) ? 15 : 17;
    json_t *tree = write_value(value);
    char *text = json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY |
                                      JSON_REAL_PRECISION(precision));
    char *copy = text == NULL ? NULL : arena_copy(arena, text);
    free(text);
    json_decref(tree);
    return copy;
}
