/* The commands find, getMore and killCursors. */
#include "tests/mongod/query.h"

#include <string.h>

#include "tests/mongod/envelope.h"

static void
append_cursor(struct call *call, struct cursor *cursor, const char *batch, int64_t max)
{
    bson_t out;
    bson_append_document_begin(call->reply, "cursor", -1, &out);
    bool is_at_end = mongod_cursor_deliver(cursor, &out, batch, max);
    bson_append_int64(&out, "id", -1, is_at_end ? 0 : cursor->id);
    bson_append_utf8(&out, "ns", -1, call->ns, -1);
    bson_append_document_end(call->reply, &out);
    if (is_at_end) {
        mongod_cursor_close(&call->mongod->cursors, cursor);
    }
}

/* A single batch has no cursor after it, whether it held everything or not. */
static void
append_single(struct call *call, struct cursor *cursor, int64_t max)
{
    bson_t out;
    bson_append_document_begin(call->reply, "cursor", -1, &out);
    (void)mongod_cursor_deliver(cursor, &out, "firstBatch", max);
    bson_append_int64(&out, "id", -1, 0);
    bson_append_utf8(&out, "ns", -1, call->ns, -1);
    bson_append_document_end(call->reply, &out);
    mongod_cursor_close(&call->mongod->cursors, cursor);
}

static bool
run_query(struct call *call, const struct query *query, struct result *result)
{
    const struct data *data = &call->mongod->data;
    const struct collection *collection = mongod_data_find(data, call->ns);
    uint64_t point = call->is_majority ? data->majority : MONGOD_NEWEST;
    return collection == NULL ||
           mongod_query_run(query, collection, point, result, &call->trouble);
}

bool
mongod_run_find(struct call *call)
{
    struct query query;
    struct result result = {.n = 0};
    bool is_fine = mongod_query_read(call, &query) && run_query(call, &query, &result);
    if (is_fine) {
        struct cursor *cursor =
            mongod_cursor_open(&call->mongod->cursors, call->ns, &result);
        if (query.is_single_batch) {
            append_single(call, cursor, query.batch_size);
        } else {
            append_cursor(call, cursor, "firstBatch", query.batch_size);
        }
    }
    mongod_result_done(&result);
    mongod_query_done(&query);
    return is_fine;
}

bool
mongod_run_get_more(struct call *call)
{
    bson_iter_t iter;
    int64_t id = 0;
    int64_t max = INT64_MAX;
    if (bson_iter_init_find(&iter, &call->message->body, "getMore") &&
        BSON_ITER_HOLDS_INT64(&iter)) {
        id = bson_iter_int64(&iter);
    }
    if (bson_iter_init_find(&iter, &call->message->body, "batchSize") &&
        !mongod_envelope_count(&iter, INT32_MAX, &max, &call->trouble)) {
        return false;
    }
    struct cursor *cursor = mongod_cursor_find(&call->mongod->cursors, id, call->ns);
    if (cursor == NULL) {
        return mongod_fail(&call->trouble, MONGOD_CURSOR_NOT_FOUND,
                           "cursor id not found");
    }
    append_cursor(call, cursor, "nextBatch", max == 0 ? INT64_MAX : max);
    return true;
}

/* Appends the ids that are open, or those that are not. */
static void
append_ids(struct call *call, const bson_iter_t *ids, bool is_open, const char *name)
{
    bson_t out;
    bson_iter_t iter;
    uint32_t n = 0;
    bson_append_array_begin(call->reply, name, -1, &out);
    bool has_ids = bson_iter_recurse(ids, &iter);
    while (has_ids && bson_iter_next(&iter)) {
        int64_t id = bson_iter_as_int64(&iter);
        char buffer[16];
        const char *key = NULL;
        if ((mongod_cursor_find(&call->mongod->cursors, id, call->ns) != NULL) ==
            is_open) {
            bson_uint32_to_string(n++, &key, buffer, sizeof buffer);
            bson_append_int64(&out, key, -1, id);
        }
    }
    bson_append_array_end(call->reply, &out);
}

static void
append_none(struct call *call, const char *name)
{
    bson_t out;
    bson_append_array_begin(call->reply, name, -1, &out);
    bson_append_array_end(call->reply, &out);
}

bool
mongod_run_kill_cursors(struct call *call)
{
    struct cursors *cursors = &call->mongod->cursors;
    bson_iter_t ids;
    bson_iter_t iter;
    if (!bson_iter_init_find(&ids, &call->message->body, "cursors") ||
        !BSON_ITER_HOLDS_ARRAY(&ids) || !bson_iter_recurse(&ids, &iter)) {
        return mongod_refuse(&call->trouble, "killCursors without an array");
    }
    append_ids(call, &ids, true, "cursorsKilled");
    append_ids(call, &ids, false, "cursorsNotFound");
    append_none(call, "cursorsAlive");
    append_none(call, "cursorsUnknown");
    while (bson_iter_next(&iter)) {
        struct cursor *cursor =
            mongod_cursor_find(cursors, bson_iter_as_int64(&iter), call->ns);
        if (cursor != NULL) {
            mongod_cursor_close(cursors, cursor);
        }
    }
    return true;
}
