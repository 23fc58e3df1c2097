#include "tests/mongod/index.h"

#include <string.h>

#include "tests/mongod/envelope.h"

static bool
check_one(const struct index_spec *index, const bson_t *document,
          struct trouble *trouble)
{
    bson_iter_t iter;
    size_t n_arrays = 0;
    if (!bson_iter_init(&iter, index->key)) {
        return true;
    }
    while (bson_iter_next(&iter)) {
        bson_value_t value;
        if (!mongod_document_at(document, bson_iter_key(&iter), &value, trouble)) {
            return false;
        }
        n_arrays += value.value_type == BSON_TYPE_ARRAY ? 1 : 0;
    }
    return n_arrays < 2 || mongod_fail(trouble, MONGOD_CANNOT_INDEX_PARALLEL_ARRAYS,
                                       "cannot index parallel arrays: %s", index->name);
}

bool
mongod_index_check(const struct collection *collection, const bson_t *document,
                   struct trouble *trouble)
{
    for (size_t i = 0; i < collection->n_indexes; i++) {
        if (!check_one(&collection->indexes[i], document, trouble)) {
            return false;
        }
    }
    return true;
}

/* An index of a command, before it is taken. */
struct wanted {
    bson_t key;
    const char *name;
};

static bool
check_key(const bson_t *key, struct trouble *trouble)
{
    bson_iter_t iter;
    uint32_t n = bson_count_keys(key);
    if (n == 0 || n > MONGOD_INDEX_FIELDS_MAX || !bson_iter_init(&iter, key)) {
        return mongod_refuse(trouble, "an index of %u fields", n);
    }
    while (bson_iter_next(&iter)) {
        const char *path = bson_iter_key(&iter);
        int64_t order = 0;
        if (!mongod_value_integer(bson_iter_value(&iter), &order) ||
            (order != 1 && order != -1)) {
            return mongod_refuse(trouble, "an index on %s that is not 1 or -1", path);
        }
        if (path[0] == '\0' || strchr(path, '$') != NULL) {
            return mongod_refuse(trouble, "an index on '%s'", path);
        }
    }
    return true;
}

static bool
read_option(const bson_iter_t *field, struct wanted *wanted, struct trouble *trouble)
{
    const char *name = bson_iter_key(field);
    if (strcmp(name, "key") == 0) {
        return mongod_envelope_document(field, &wanted->key, trouble) &&
               check_key(&wanted->key, trouble);
    }
    if (strcmp(name, "name") == 0 && BSON_ITER_HOLDS_UTF8(field)) {
        wanted->name = bson_iter_utf8(field, NULL);
        return true;
    }
    return mongod_refuse(trouble, "the option %s of an index", name);
}

static bool
read_wanted(const struct view *view, struct wanted *wanted, struct trouble *trouble)
{
    bson_t bson;
    bson_iter_t iter;
    *wanted = (struct wanted){.name = NULL};
    if (!bson_init_static(&bson, view->data, view->size) ||
        !bson_iter_init(&iter, &bson)) {
        return mongod_refuse(trouble, "malformed BSON");
    }
    while (bson_iter_next(&iter)) {
        if (!read_option(&iter, wanted, trouble)) {
            return false;
        }
    }
    return (wanted->name != NULL && wanted->key.len > 0) ||
           mongod_refuse(trouble, "an index without key or name");
}

/* *is_there: exactly this index. */
static bool
check_conflict(const struct collection *collection, const struct wanted *wanted,
               bool *is_there, struct trouble *trouble)
{
    *is_there = false;
    for (size_t i = 0; i < collection->n_indexes; i++) {
        const struct index_spec *index = &collection->indexes[i];
        bool is_same_name = strcmp(index->name, wanted->name) == 0;
        bool is_same_key = bson_equal(index->key, &wanted->key);
        if (is_same_name && !is_same_key) {
            return mongod_fail(trouble, MONGOD_INDEX_KEY_SPECS_CONFLICT,
                               "the index %s has another key", wanted->name);
        }
        if (is_same_key && !is_same_name) {
            return mongod_fail(trouble, MONGOD_INDEX_OPTIONS_CONFLICT,
                               "the index %s exists as %s", wanted->name, index->name);
        }
        *is_there = *is_there || is_same_name;
    }
    return true;
}

/* What is stored already must fit, too. */
static bool
check_stored(const struct collection *collection, const struct index_spec *index,
             struct trouble *trouble)
{
    for (size_t i = 0; i < collection->n; i++) {
        const struct document *seen =
            mongod_data_see(collection->slots[i], MONGOD_NEWEST);
        if (seen != NULL && !check_one(index, seen->bson, trouble)) {
            return false;
        }
    }
    return true;
}

static bool
take(struct collection *collection, const struct wanted *wanted,
     struct trouble *trouble)
{
    bool is_there = false;
    if (!check_conflict(collection, wanted, &is_there, trouble)) {
        return false;
    }
    if (is_there) {
        return true;
    }
    if (collection->n_indexes == MONGOD_INDEXES_MAX) {
        return mongod_refuse(trouble, "more than %d indexes", MONGOD_INDEXES_MAX);
    }
    struct index_spec index = {.name = bson_strdup(wanted->name),
                               .key = bson_copy(&wanted->key)};
    if (!check_stored(collection, &index, trouble)) {
        bson_free(index.name);
        bson_destroy(index.key);
        return false;
    }
    size_t n = collection->n_indexes++;
    collection->indexes = bson_realloc(
        collection->indexes, collection->n_indexes * sizeof *collection->indexes);
    collection->indexes[n] = index;
    return true;
}

static bool
take_all(struct call *call, const struct wanted *wanted, size_t n)
{
    struct collection *collection = mongod_data_find(&call->mongod->data, call->ns);
    bool is_new = collection == NULL || !collection->exists;
    collection = mongod_data_open(&call->mongod->data, call->ns);
    size_t n_before = collection->n_indexes;
    for (size_t i = 0; i < n; i++) {
        if (!take(collection, &wanted[i], &call->trouble)) {
            return false;
        }
    }
    /* The one on _id is never listed, but counted. */
    bson_append_int32(call->reply, "numIndexesBefore", -1, (int32_t)n_before + 1);
    bson_append_int32(call->reply, "numIndexesAfter", -1,
                      (int32_t)collection->n_indexes + 1);
    bson_append_bool(call->reply, "createdCollectionAutomatically", -1, is_new);
    call->owed = call->mongod->data.newest;
    return true;
}

/* Nothing is created before all of it has been understood. */
static bool
create_all(struct call *call, const struct batch *batch)
{
    struct wanted wanted[MONGOD_INDEXES_MAX];
    if (batch->n > MONGOD_INDEXES_MAX) {
        return mongod_refuse(&call->trouble, "more than %d indexes",
                             MONGOD_INDEXES_MAX);
    }
    for (size_t i = 0; i < batch->n; i++) {
        if (!read_wanted(&batch->views[i], &wanted[i], &call->trouble)) {
            return false;
        }
    }
    return take_all(call, wanted, batch->n);
}

bool
mongod_run_create_indexes(struct call *call)
{
    struct batch batch;
    if (!mongod_message_batch(call->message, "indexes", &batch, &call->trouble)) {
        return false;
    }
    bool is_fine = create_all(call, &batch);
    mongod_batch_done(&batch);
    return is_fine;
}
