#include "tests/mongod/projection.h"

#include <string.h>

enum { PATH_LENGTH_MAX = 500 };

/* How a projection looks at a path. */
enum sight { SIGHT_NONE, SIGHT_PART, SIGHT_WHOLE };

/* Whether `path` lies below `above`. */
static bool
is_below(const char *path, const char *above)
{
    size_t length = strlen(above);
    return strncmp(path, above, length) == 0 && path[length] == '.';
}

static enum sight
sight_of(const bson_t *projection, const char *path)
{
    bson_iter_t iter;
    enum sight sight = SIGHT_NONE;
    if (strcmp(path, "_id") == 0) {
        return SIGHT_WHOLE;
    }
    if (!bson_iter_init(&iter, projection)) {
        return sight;
    }
    while (bson_iter_next(&iter)) {
        if (strcmp(bson_iter_key(&iter), path) == 0) {
            return SIGHT_WHOLE;
        }
        if (is_below(bson_iter_key(&iter), path)) {
            sight = SIGHT_PART;
        }
    }
    return sight;
}

static bool
check_field(const bson_t *projection, bson_iter_t *field, struct trouble *trouble)
{
    const char *path = bson_iter_key(field);
    bson_iter_t other;
    int64_t number = 0;
    bool is_one = mongod_value_integer(bson_iter_value(field), &number) && number == 1;
    bool is_true = BSON_ITER_HOLDS_BOOL(field) && bson_iter_bool(field);
    if ((!is_one && !is_true) || path[0] == '\0' || strchr(path, '$') != NULL ||
        strlen(path) > PATH_LENGTH_MAX) {
        return mongod_refuse(trouble, "the projection of '%s'", path);
    }
    if (!bson_iter_init(&other, projection)) {
        return false;
    }
    while (bson_iter_next(&other)) {
        if (is_below(bson_iter_key(&other), path)) {
            return mongod_refuse(trouble, "%s within %s, which is projected, too",
                                 bson_iter_key(&other), path);
        }
    }
    return true;
}

bool
mongod_projection_check(const bson_t *projection, struct trouble *trouble)
{
    bson_iter_t iter;
    if (!bson_iter_init(&iter, projection)) {
        return mongod_refuse(trouble, "malformed BSON");
    }
    while (bson_iter_next(&iter)) {
        if (!check_field(projection, &iter, trouble)) {
            return false;
        }
    }
    return iter.err_off == 0 || mongod_refuse(trouble, "malformed BSON");
}

/* One level of a document, whose path so far ends in a dot or is empty. */
struct place {
    const bson_t *projection;
    bson_iter_t iter;
    char path[PATH_LENGTH_MAX + 2];
    size_t length;
};

static bool copy_level(struct place *place, bson_t *out, struct trouble *trouble);

static bool
copy_part(const struct place *above, size_t length, bson_t *out,
          struct trouble *trouble)
{
    struct place place = *above;
    bson_t below;
    const char *key = bson_iter_key(&above->iter);
    if (BSON_ITER_HOLDS_ARRAY(&above->iter)) {
        return mongod_refuse(trouble, "the projection through the array %s", key);
    }
    if (!BSON_ITER_HOLDS_DOCUMENT(&above->iter) ||
        !bson_iter_recurse(&above->iter, &place.iter)) {
        return true;
    }
    place.path[length] = '.';
    place.length = length + 1;
    bson_append_document_begin(out, key, -1, &below);
    bool is_fine = copy_level(&place, &below, trouble);
    bson_append_document_end(out, &below);
    return is_fine;
}

static bool
copy_level(struct place *place, bson_t *out, struct trouble *trouble)
{
    while (bson_iter_next(&place->iter)) {
        const char *key = bson_iter_key(&place->iter);
        size_t length = place->length + strlen(key);
        if (length > PATH_LENGTH_MAX) {
            continue; /* Longer than any path that is asked for. */
        }
        memcpy(&place->path[place->length], key, strlen(key) + 1);
        enum sight sight = sight_of(place->projection, place->path);
        if (sight == SIGHT_WHOLE) {
            bson_append_iter(out, NULL, 0, &place->iter);
        } else if (sight == SIGHT_PART && !copy_part(place, length, out, trouble)) {
            return false;
        }
    }
    return true;
}

bson_t *
mongod_projection_apply(const bson_t *projection, const bson_t *document,
                        struct trouble *trouble)
{
    struct place place = {.projection = projection};
    bson_t *out = bson_new();
    if (bson_iter_init(&place.iter, document) && copy_level(&place, out, trouble)) {
        return out;
    }
    bson_destroy(out);
    return NULL;
}
