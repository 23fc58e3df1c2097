#include "tests/mongod/document.h"

#include <stdlib.h>
#include <string.h>

struct document *
mongod_document_new(bson_t *bson)
{
    struct document *document = bson_malloc0(sizeof *document);
    document->n_keepers = 1;
    document->bson = bson;
    return document;
}

struct document *
mongod_document_keep(struct document *document)
{
    document->n_keepers++;
    return document;
}

void
mongod_document_drop(struct document *document)
{
    if (document == NULL || --document->n_keepers > 0) {
        return;
    }
    bson_destroy(document->bson);
    bson_free(document);
}

static bool
check_key(const char *key, struct trouble *trouble)
{
    if (key[0] == '\0') {
        return mongod_refuse(trouble, "an empty key");
    }
    if (key[0] == '$') {
        return mongod_refuse(trouble, "the key %s: it starts with '$'", key);
    }
    if (strpbrk(key, ".\"\\") != NULL) {
        return mongod_refuse(trouble, "the key %s: no '.', '\"' or '\\' in keys", key);
    }
    if (!bson_utf8_validate(key, strlen(key), false)) {
        return mongod_refuse(trouble, "a key that is no UTF-8");
    }
    return true;
}

static int
compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Some servers keep the last of two equal keys, some both, some close the connection.
 */
static bool
check_duplicates(bson_iter_t iter, struct trouble *trouble)
{
    bson_iter_t counter = iter;
    size_t n = 0;
    while (bson_iter_next(&counter)) {
        n++;
    }
    const char **keys = bson_malloc0((n + 1) * sizeof *keys);
    for (size_t i = 0; i < n && bson_iter_next(&iter); i++) {
        keys[i] = bson_iter_key(&iter);
    }
    qsort(keys, n, sizeof *keys, compare_keys);
    bool is_fine = true;
    for (size_t i = 1; i < n && is_fine; i++) {
        if (strcmp(keys[i - 1], keys[i]) == 0) {
            is_fine = mongod_refuse(trouble, "the key %s comes twice", keys[i]);
        }
    }
    bson_free(keys);
    return is_fine;
}

static bool
check_text(const bson_value_t *value, const char *key, struct trouble *trouble)
{
    if (!bson_utf8_validate(value->value.v_utf8.str, value->value.v_utf8.len, false)) {
        return mongod_refuse(trouble, "the string %s: no UTF-8, or a NUL in it", key);
    }
    return true;
}

static bool
check_binary(const bson_value_t *value, const char *key, struct trouble *trouble)
{
    unsigned subtype = value->value.v_binary.subtype;
    if (subtype == BSON_SUBTYPE_BINARY_DEPRECATED || subtype >= BSON_SUBTYPE_USER) {
        return mongod_refuse(trouble, "the binary %s of subtype %u", key, subtype);
    }
    return true;
}

static bool
check_scalar(const bson_value_t *value, const char *key, struct trouble *trouble)
{
    if (!mongod_value_is_scalar(value)) {
        return mongod_refuse(trouble, "the value %s of BSON type 0x%02x", key,
                             (unsigned)value->value_type);
    }
    if (mongod_value_is_odd(value)) {
        return mongod_refuse(trouble, "the double %s: not finite", key);
    }
    if (value->value_type == BSON_TYPE_UTF8) {
        return check_text(value, key, trouble);
    }
    return value->value_type != BSON_TYPE_BINARY || check_binary(value, key, trouble);
}

/* One level of a document or an array, and what is below. */
struct level {
    bson_iter_t iter;
    int depth;
    bool is_array;
};

static bool check_level(struct level *level, struct trouble *trouble);

static bool
check_below(const struct level *above, struct trouble *trouble)
{
    struct level level = {.depth = above->depth + 1};
    level.is_array = BSON_ITER_HOLDS_ARRAY(&above->iter);
    if (level.is_array && above->is_array) {
        return mongod_refuse(trouble, "an array in an array");
    }
    if (level.depth > MONGOD_DEPTH_MAX) {
        return mongod_refuse(trouble, "more than %d levels", MONGOD_DEPTH_MAX);
    }
    if (!bson_iter_recurse(&above->iter, &level.iter)) {
        return mongod_refuse(trouble, "malformed BSON");
    }
    return check_level(&level, trouble);
}

static bool
check_level(struct level *level, struct trouble *trouble)
{
    if (!level->is_array && !check_duplicates(level->iter, trouble)) {
        return false;
    }
    while (bson_iter_next(&level->iter)) {
        const char *key = bson_iter_key(&level->iter);
        bool is_inner = BSON_ITER_HOLDS_DOCUMENT(&level->iter) ||
                        BSON_ITER_HOLDS_ARRAY(&level->iter);
        if (!level->is_array && !check_key(key, trouble)) {
            return false;
        }
        if (!(is_inner ? check_below(level, trouble)
                       : check_scalar(bson_iter_value(&level->iter), key, trouble))) {
            return false;
        }
    }
    return level->iter.err_off == 0 || mongod_refuse(trouble, "malformed BSON");
}

bool
mongod_document_check(const bson_t *bson, struct trouble *trouble)
{
    struct level level = {.depth = 1};
    if (bson->len > MONGOD_DOCUMENT_MAX) {
        return mongod_refuse(trouble, "a document of %u bytes", bson->len);
    }
    if (!bson_iter_init(&level.iter, bson)) {
        return mongod_refuse(trouble, "malformed BSON");
    }
    return check_level(&level, trouble);
}

bool
mongod_document_id(const bson_t *bson, bson_value_t *out, struct trouble *trouble)
{
    bson_iter_t iter;
    if (!bson_iter_init_find(&iter, bson, "_id")) {
        return mongod_refuse(trouble, "a document without _id");
    }
    switch ((int)bson_iter_type(&iter)) {
    case BSON_TYPE_UTF8:
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
    case BSON_TYPE_BINARY:
        *out = *bson_iter_value(&iter);
        return true;
    default:
        return mongod_refuse(trouble, "an _id of BSON type 0x%02x",
                             (unsigned)bson_iter_type(&iter));
    }
}

bson_t *
mongod_document_with_id(const bson_t *bson, const bson_value_t *id)
{
    bson_iter_t iter;
    bson_t *copy = bson_sized_new(bson->len);
    bson_append_value(copy, "_id", -1, id);
    if (!bson_iter_init(&iter, bson)) {
        return copy;
    }
    while (bson_iter_next(&iter)) {
        if (strcmp(bson_iter_key(&iter), "_id") != 0) {
            bson_append_iter(copy, NULL, 0, &iter);
        }
    }
    return copy;
}

bool
mongod_document_at(const bson_t *bson, const char *path, bson_value_t *out,
                   struct trouble *trouble)
{
    bson_iter_t iter;
    const char *part = path;
    *out = (bson_value_t){.value_type = BSON_TYPE_EOD};
    if (!bson_iter_init(&iter, bson)) {
        return true;
    }
    for (;;) {
        size_t length = strcspn(part, ".");
        if (!bson_iter_find_w_len(&iter, part, (int)length)) {
            return true;
        }
        if (part[length] == '\0') {
            *out = *bson_iter_value(&iter);
            return true;
        }
        if (BSON_ITER_HOLDS_ARRAY(&iter)) {
            return mongod_refuse(trouble, "the path %s through an array", path);
        }
        bson_iter_t below;
        if (!BSON_ITER_HOLDS_DOCUMENT(&iter) || !bson_iter_recurse(&iter, &below)) {
            return true;
        }
        iter = below;
        part += length + 1;
    }
}
