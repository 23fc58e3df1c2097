#include "store/split.h"

#include <assert.h>
#include <string.h>

#include "proto/wire.h"
#include "store/scope.h"

enum { TYPE_VARINT = 0, TYPE_SIZED = 2 };

static bool
split_is_internal(const struct kind *kind, uint32_t number)
{
    for (const uint8_t *field = kind->internal; *field != 0; field++) {
        if (*field == number) {
            return true;
        }
    }
    return false;
}

/*
 * w is what the reduced view shows, x the rest, both still wire bytes: a full reply is
 * the two behind each other and a reduced one the first alone, so the hottest read
 * unpacks nothing. Fields keep their order within each part, and unknown ones are
 * shown: hiding is a promise about the fields named only.
 */
bool
split_views(const struct kind *kind, struct bytes doc, struct arena *arena,
            struct bytes *w, struct bytes *x)
{
    if (kind->internal == NULL) {
        *w = doc;
        *x = (struct bytes){NULL, 0};
        return true;
    }
    uint8_t *shown = arena_alloc(arena, doc.size);
    uint8_t *hidden = arena_alloc(arena, doc.size);
    size_t n_shown = 0;
    size_t n_hidden = 0;
    struct wire_field field;
    while (wire_next(&doc, &field)) {
        bool is_internal = split_is_internal(kind, field.number);
        uint8_t *to = is_internal ? hidden + n_hidden : shown + n_shown;
        memcpy(to, field.whole.data, field.whole.size);
        *(is_internal ? &n_hidden : &n_shown) += field.whole.size;
    }
    *w = (struct bytes){shown, n_shown};
    *x = (struct bytes){hidden, n_hidden};
    /* What is left is no field: a document that cannot be split whole is damaged. */
    return doc.size == 0;
}

/* A google.protobuf.Timestamp as milliseconds; times before 1970 round towards the
 * past. */
static int64_t
split_time(struct bytes timestamp)
{
    struct wire_field field;
    int64_t seconds = 0;
    int64_t nanos = 0;
    if (wire_find(timestamp, (const uint8_t[]){1}, 1, &field)) {
        seconds = (int64_t)field.value;
    }
    if (wire_find(timestamp, (const uint8_t[]){2}, 1, &field)) {
        nanos = (int64_t)field.value;
    }
    if (seconds > INT64_MAX / 1000 - 1 || seconds < INT64_MIN / 1000 + 1) {
        return seconds > 0 ? INT64_MAX : INT64_MIN;
    }
    return seconds * 1000 + nanos / 1000000;
}

/* A field of another wire type than declared counts as missing. */
static void
split_value(const struct declared *declared, const struct wire_field *field,
            struct arena *arena, struct store_value *value)
{
    /* Typed and never null, so that all backends sort the missing alike: texts first,
     * numbers first, times, as something still to come, last. */
    *value = (struct store_value){
        .text = "",
        .integer = declared->type == DECLARED_TIME ? INT64_MAX : INT64_MIN,
    };
    if (field->number == 0) {
        return;
    }
    if (declared->type == DECLARED_INTEGER && field->type == TYPE_VARINT) {
        value->integer = (int64_t)field->value;
    }
    if (declared->type == DECLARED_TEXT && field->type == TYPE_SIZED) {
        value->text = arena_copy_n(arena, field->content.data, field->content.size);
    }
    if (declared->type == DECLARED_TIME && field->type == TYPE_SIZED) {
        value->integer = split_time(field->content);
    }
}

bool
split_fields(const struct kind *kind, struct bytes doc,
             struct wire_field fields[KIND_MAX_DECLARED])
{
    const uint8_t *paths[KIND_MAX_DECLARED];
    size_t n = split_n_declared(kind);
    for (size_t i = 0; i < n; i++) {
        paths[i] = kind->declared[i].path;
    }
    return n == 0 || wire_find_each(doc, paths, n, KIND_MAX_PATH, fields);
}

bool
split_values(const struct kind *kind, struct bytes doc, struct arena *arena,
             struct store_value values[KIND_MAX_DECLARED])
{
    struct wire_field fields[KIND_MAX_DECLARED] = {{0}};
    bool is_sound = split_fields(kind, doc, fields);
    size_t n = split_n_declared(kind);
    for (size_t i = 0; i < n; i++) {
        split_value(&kind->declared[i], &fields[i], arena, &values[i]);
    }
    return is_sound;
}

size_t
split_n_declared(const struct kind *kind)
{
    size_t n = 0;
    while (n < KIND_MAX_DECLARED && kind->declared[n].name != NULL) {
        n++;
    }
    return n;
}

size_t
split_declared(const struct kind *kind, const char *name)
{
    size_t n = split_n_declared(kind);
    size_t i = 0;
    while (i < n && strcmp(kind->declared[i].name, name) != 0) {
        i++;
    }
    return i;
}

size_t
split_n_columns(const struct kind_index *index)
{
    size_t n = 0;
    while (index != NULL && n < KIND_MAX_COLUMNS && index->columns[n] != NULL) {
        n++;
    }
    return n;
}

size_t
split_column(const struct kind *kind, const struct kind_index *index, size_t column)
{
    size_t i = split_declared(kind, index->columns[column]);
    assert(i < split_n_declared(kind));
    return i;
}

size_t
split_n_indexes(const struct kind *kind)
{
    size_t n = 0;
    while (n < KIND_MAX_INDEXES && kind->indexes[n].name != NULL) {
        n++;
    }
    return n;
}

const struct kind_index *
split_index(const struct kind *kind, const char *name)
{
    size_t n = split_n_indexes(kind);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(kind->indexes[i].name, name) == 0) {
            return &kind->indexes[i];
        }
    }
    return NULL;
}

bool
split_is_equal(enum declared_type type, const struct store_value *one,
               const struct store_value *other)
{
    if (type == DECLARED_TEXT) {
        return strcmp(one->text, other->text) == 0;
    }
    return one->integer == other->integer;
}

bool
split_is_missing(enum declared_type type, const struct store_value *value)
{
    static const int64_t stand_ins[] = {
        [DECLARED_INTEGER] = INT64_MIN, [DECLARED_TIME] = INT64_MAX};
    return type == DECLARED_TEXT ? value->text[0] == '\0'
                                 : value->integer == stand_ins[type];
}

size_t
split_names(const struct kind *kind, const struct kind_index *index,
            const struct version *version, const char **names)
{
    enum index_use use = index == NULL ? INDEX_ANY : index->use;
    size_t n = 0;
    if (use == INDEX_OWN) {
        size_t first = split_column(kind, index, 0);
        if (split_is_missing(kind->declared[first].type, &version->values[first])) {
            return 0;
        }
    }
    if (use != INDEX_CALLERS) {
        names[n++] = SCOPE_ALL;
    }
    for (size_t i = 0; use != INDEX_OWN && i < version->n_scope; i++) {
        /* One name may be there for both views. */
        if (!scope_has_name(version->scope, i, version->scope[i] + 1)) {
            names[n++] = version->scope[i] + 1;
        }
    }
    return n;
}
