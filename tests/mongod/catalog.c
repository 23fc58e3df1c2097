/* The commands listCollections, drop and dropDatabase. */
#include <string.h>

#include "tests/mongod/command.h"
#include "tests/mongod/envelope.h"

/* Where the name in "database.name" begins when it is of this database, else NULL. */
static const char *
name_within(const struct collection *collection, const char *database)
{
    size_t length = strlen(database);
    bool is_within =
        strncmp(collection->ns, database, length) == 0 && collection->ns[length] == '.';
    return is_within && collection->exists ? collection->ns + length + 1 : NULL;
}

static struct document *
listed(const char *name)
{
    bson_t *bson = bson_new();
    bson_t inner;
    bson_append_utf8(bson, "name", -1, name, -1);
    bson_append_utf8(bson, "type", -1, "collection", -1);
    bson_append_document_begin(bson, "options", -1, &inner);
    bson_append_document_end(bson, &inner);
    bson_append_document_begin(bson, "info", -1, &inner);
    bson_append_bool(&inner, "readOnly", -1, false);
    bson_append_document_end(bson, &inner);
    return mongod_document_new(bson);
}

/* The filter may name one collection, and nothing else. */
static bool
read_filter(struct call *call, const char **only)
{
    bson_iter_t field;
    bson_iter_t iter;
    bson_t filter;
    *only = NULL;
    if (!bson_iter_init_find(&field, &call->message->body, "filter")) {
        return true;
    }
    if (!mongod_envelope_document(&field, &filter, &call->trouble)) {
        return false;
    }
    if (bson_count_keys(&filter) == 0) {
        return true;
    }
    if (bson_count_keys(&filter) > 1 || !bson_iter_init_find(&iter, &filter, "name") ||
        !BSON_ITER_HOLDS_UTF8(&iter)) {
        return mongod_refuse(&call->trouble, "a filter on more than the name");
    }
    *only = bson_iter_utf8(&iter, NULL);
    return true;
}

bool
mongod_run_list_collections(struct call *call)
{
    struct mongod *mongod = call->mongod;
    struct result result = {.n = 0};
    const char *only = NULL;
    bson_t out;
    if (!read_filter(call, &only)) {
        return false;
    }
    for (struct collection *c = mongod->data.collections; c != NULL; c = c->next) {
        const char *name = name_within(c, call->database);
        if (name != NULL && (only == NULL || strcmp(only, name) == 0)) {
            mongod_result_add(&result, listed(name));
        }
    }
    struct cursor *cursor = mongod_cursor_open(&mongod->cursors, "", &result);
    bson_append_document_begin(call->reply, "cursor", -1, &out);
    (void)mongod_cursor_deliver(cursor, &out, "firstBatch", INT64_MAX);
    bson_append_int64(&out, "id", -1, 0);
    bson_append_utf8(&out, "ns", -1, "$cmd.listCollections", -1);
    bson_append_document_end(call->reply, &out);
    mongod_cursor_close(&mongod->cursors, cursor);
    return true;
}

bool
mongod_run_drop(struct call *call)
{
    struct data *data = &call->mongod->data;
    struct collection *collection = mongod_data_find(data, call->ns);
    if (collection == NULL || !collection->exists) {
        return mongod_fail(&call->trouble, MONGOD_NAMESPACE_NOT_FOUND, "ns not found");
    }
    bson_append_int32(call->reply, "nIndexesWas", -1,
                      (int32_t)collection->n_indexes + 1);
    bson_append_utf8(call->reply, "ns", -1, call->ns, -1);
    mongod_data_drop(data, collection);
    call->owed = data->newest;
    return true;
}

bool
mongod_run_drop_database(struct call *call)
{
    struct data *data = &call->mongod->data;
    for (struct collection *c = data->collections; c != NULL; c = c->next) {
        if (name_within(c, call->database) != NULL) {
            mongod_data_drop(data, c);
        }
    }
    bson_append_utf8(call->reply, "dropped", -1, call->database, -1);
    call->owed = data->newest;
    return true;
}
