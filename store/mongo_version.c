#include <string.h>

#include "store/document.h"
#include "store/mongo.h"
#include "store/scope.h"
#include "store/split.h"

/*
 * A row is read field by field in any order, and refused unless all that must be there
 * is: what a stranger, or another program, changed is told rather than believed.
 */

void
mongo_value_append(bson_t *out, const char *name, enum declared_type type,
                   const struct store_value *value)
{
    if (type == DECLARED_TEXT) {
        BSON_APPEND_UTF8(out, name, value->text);
    } else {
        BSON_APPEND_INT64(out, name, value->integer);
    }
}

static void
append_declared(const struct kind *kind, const struct version *version, bson_t *out)
{
    bson_t fields;
    size_t n = split_n_declared(kind);
    if (n == 0) {
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, "f", &fields);
    for (size_t i = 0; i < n; i++) {
        mongo_value_append(&fields, kind->declared[i].name, kind->declared[i].type,
                           &version->values[i]);
    }
    bson_append_document_end(out, &fields);
}

static void
append_text(bson_t *array, uint32_t index, const char *text)
{
    char room[16];
    const char *key;
    size_t size = bson_uint32_to_string(index, &key, room, sizeof room);
    bson_append_utf8(array, key, (int)size, text, -1);
}

static void
append_scope(const struct version *version, bson_t *out)
{
    bson_t array;
    uint32_t n = 0;
    BSON_APPEND_ARRAY_BEGIN(out, "scope", &array);
    for (size_t i = 0; i < version->n_scope; i++) {
        append_text(&array, (uint32_t)i, version->scope[i]);
    }
    bson_append_array_end(out, &array);
    BSON_APPEND_ARRAY_BEGIN(out, "in", &array);
    append_text(&array, n++, SCOPE_ALL);
    for (size_t i = 0; i < version->n_scope; i++) {
        if (!scope_has_name(version->scope, i, version->scope[i] + 1)) {
            append_text(&array, n++, version->scope[i] + 1);
        }
    }
    bson_append_array_end(out, &array);
}

static void
append_bytes(bson_t *out, const char *name, struct bytes bytes)
{
    BSON_APPEND_BINARY(out, name, BSON_SUBTYPE_BINARY, bytes.data,
                       (uint32_t)bytes.size);
}

/* A row of the past is one of many of its document: the id is a field of its own, and
 * what makes the row one is the version. */
static void
append_ids(const struct version *version, struct arena *arena, bson_t *out)
{
    if (version->until == INT64_MAX) {
        BSON_APPEND_UTF8(out, "_id", version->id);
        return;
    }
    const char *id =
        arena_print(arena, "%s@%lld", version->id, (long long)version->seq);
    BSON_APPEND_UTF8(out, "_id", id);
    BSON_APPEND_UTF8(out, "id", version->id);
    BSON_APPEND_INT64(out, "until", version->until);
}

void
mongo_version_write(const struct kind *kind, const struct version *version,
                    struct arena *arena, bson_t *out)
{
    append_ids(version, arena, out);
    BSON_APPEND_INT64(out, "seq", version->seq);
    BSON_APPEND_DATE_TIME(out, "at", version->at_ms);
    BSON_APPEND_DATE_TIME(out, "created_at", version->created_at_ms);
    append_scope(version, out);
    append_declared(kind, version, out);
    append_bytes(out, "w", version->w);
    append_bytes(out, "x", version->x);
    document_append(kind, version->w, version->x, arena, out);
}

void
mongo_version_write_gone(const char *id, int64_t seq, bson_t *out)
{
    BSON_APPEND_UTF8(out, "_id", id);
    BSON_APPEND_INT64(out, "seq", seq);
    BSON_APPEND_BOOL(out, "gone", true);
}

struct bytes
mongo_bytes(const bson_iter_t *iter, struct arena *arena)
{
    bson_subtype_t subtype;
    uint32_t size = 0;
    const uint8_t *data = NULL;
    bson_iter_binary(iter, &subtype, &size, &data);
    return (struct bytes){(const uint8_t *)arena_copy_n(arena, data, size), size};
}

static const char *
read_text(const bson_iter_t *iter, struct arena *arena)
{
    uint32_t size = 0;
    const char *text = bson_iter_utf8(iter, &size);
    return arena_copy_n(arena, text, size);
}

bool
mongo_value_read(const bson_t *row, const struct declared *declared,
                 struct arena *arena, struct store_value *value)
{
    bson_iter_t outer;
    bson_iter_t iter;
    *value = (struct store_value){.text = ""};
    if (!bson_iter_init_find(&outer, row, "f") || !BSON_ITER_HOLDS_DOCUMENT(&outer) ||
        !bson_iter_recurse(&outer, &iter) || !bson_iter_find(&iter, declared->name)) {
        return false;
    }
    if (declared->type == DECLARED_TEXT) {
        value->text = BSON_ITER_HOLDS_UTF8(&iter) ? read_text(&iter, arena) : NULL;
        return value->text != NULL;
    }
    value->integer = BSON_ITER_HOLDS_INT64(&iter) ? bson_iter_int64(&iter) : 0;
    return BSON_ITER_HOLDS_INT64(&iter);
}

static bool
read_values(const struct kind *kind, const bson_t *row, struct arena *arena,
            struct version *out)
{
    size_t n = split_n_declared(kind);
    for (size_t i = 0; i < n; i++) {
        if (!mongo_value_read(row, &kind->declared[i], arena, &out->values[i])) {
            return false;
        }
    }
    return true;
}

static bool
read_scope(const bson_t *row, struct arena *arena, struct version *out)
{
    bson_iter_t outer;
    bson_iter_t iter;
    if (!bson_iter_init_find(&outer, row, "scope") || !BSON_ITER_HOLDS_ARRAY(&outer)) {
        return false;
    }
    (void)bson_iter_recurse(&outer, &iter);
    out->scope = arena_alloc(arena, STORE_MAX_SCOPE * sizeof out->scope[0]);
    while (bson_iter_next(&iter)) {
        if (!BSON_ITER_HOLDS_UTF8(&iter) || out->n_scope == STORE_MAX_SCOPE) {
            return false;
        }
        uint32_t size = 0;
        const char *text = bson_iter_utf8(&iter, &size);
        out->scope[out->n_scope++] = arena_copy_n(arena, text, size);
    }
    return scope_is_valid(out->scope, out->n_scope);
}

/* The names a row is listed under, held against those its scope makes, in order. */
static bool
is_listed_right(const bson_t *row, const struct version *version)
{
    bson_iter_t outer;
    bson_iter_t iter;
    if (!bson_iter_init_find(&outer, row, "in") || !bson_iter_recurse(&outer, &iter)) {
        return false;
    }
    const char *name = SCOPE_ALL;
    size_t i = 0;
    while (name != NULL) {
        if (!bson_iter_next(&iter) || !BSON_ITER_HOLDS_UTF8(&iter) ||
            strcmp(bson_iter_utf8(&iter, NULL), name) != 0) {
            return false;
        }
        while (i < version->n_scope &&
               scope_has_name(version->scope, i, version->scope[i] + 1)) {
            i++;
        }
        name = i < version->n_scope ? version->scope[i++] + 1 : NULL;
    }
    return !bson_iter_next(&iter);
}

/* Each plain field of a row: its name and how it is taken. false: of another type. */
static bool
take_field(const bson_iter_t *iter, struct arena *arena, struct version *out,
           bool *is_gone)
{
    const char *name = bson_iter_key(iter);
    bool is_past = out->until != INT64_MAX;
    if (strcmp(name, is_past ? "id" : "_id") == 0) {
        out->id = BSON_ITER_HOLDS_UTF8(iter) ? read_text(iter, arena) : NULL;
        return out->id != NULL;
    }
    if (strcmp(name, "seq") == 0) {
        out->seq = BSON_ITER_HOLDS_INT64(iter) ? bson_iter_int64(iter) : 0;
        return out->seq > 0;
    }
    if (strcmp(name, "until") == 0) {
        out->until = BSON_ITER_HOLDS_INT64(iter) ? bson_iter_int64(iter) : 0;
        return out->until > 0;
    }
    if (strcmp(name, "at") == 0 || strcmp(name, "created_at") == 0) {
        int64_t *time_ms = name[0] == 'a' ? &out->at_ms : &out->created_at_ms;
        *time_ms = BSON_ITER_HOLDS_DATE_TIME(iter) ? bson_iter_date_time(iter) : 0;
        return BSON_ITER_HOLDS_DATE_TIME(iter);
    }
    if (strcmp(name, "w") == 0 || strcmp(name, "x") == 0) {
        bool is_binary = BSON_ITER_HOLDS_BINARY(iter);
        *(name[0] == 'w' ? &out->w : &out->x) =
            is_binary ? mongo_bytes(iter, arena) : (struct bytes){NULL, 0};
        return is_binary;
    }
    *is_gone = *is_gone || strcmp(name, "gone") == 0;
    return true;
}

bool
mongo_version_read(const struct kind *kind, const bson_t *row, struct arena *arena,
                   struct version *out, bool *is_gone, bool *is_listed)
{
    bson_iter_t iter;
    *out = (struct version){.until = INT64_MAX};
    *is_gone = false;
    if (bson_iter_init_find(&iter, row, "until")) {
        out->until = bson_iter_as_int64(&iter);
    }
    (void)bson_iter_init(&iter, row);
    while (bson_iter_next(&iter)) {
        if (!take_field(&iter, arena, out, is_gone)) {
            return false;
        }
    }
    bool is_whole = out->id != NULL && out->seq > 0;
    if (*is_gone || !is_whole) {
        return is_whole;
    }
    if (!read_scope(row, arena, out) || !read_values(kind, row, arena, out)) {
        return false;
    }
    *is_listed = is_listed_right(row, out);
    return true;
}

static struct bytes
copy_bytes(struct bytes bytes, struct arena *arena)
{
    return (struct bytes){(const uint8_t *)arena_copy_n(arena, bytes.data, bytes.size),
                          bytes.size};
}

struct version
mongo_version_copy(const struct kind *kind, const struct version *version,
                   struct arena *arena)
{
    struct version copy = *version;
    size_t n = split_n_declared(kind);
    copy.id = arena_copy(arena, version->id);
    copy.scope = arena_alloc(arena, version->n_scope * sizeof copy.scope[0]);
    for (size_t i = 0; i < version->n_scope; i++) {
        copy.scope[i] = arena_copy(arena, version->scope[i]);
    }
    for (size_t i = 0; i < n; i++) {
        if (kind->declared[i].type == DECLARED_TEXT) {
            copy.values[i].text = arena_copy(arena, version->values[i].text);
        }
    }
    copy.w = copy_bytes(version->w, arena);
    copy.x = copy_bytes(version->x, arena);
    return copy;
}
