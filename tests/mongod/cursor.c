#include "tests/mongod/cursor.h"

#include <string.h>

void
mongod_result_add(struct result *result, struct document *document)
{
    if (result->n == result->capacity) {
        result->capacity = result->capacity * 2 + 8;
        result->documents = bson_realloc(result->documents,
                                         result->capacity * sizeof(struct document *));
    }
    result->documents[result->n++] = document;
}

void
mongod_result_done(struct result *result)
{
    for (size_t i = 0; i < result->n; i++) {
        mongod_document_drop(result->documents[i]);
    }
    bson_free(result->documents);
    *result = (struct result){.n = 0};
}

static void
cursor_free(struct cursor *cursor)
{
    mongod_result_done(&cursor->result);
    bson_free(cursor->ns);
    bson_free(cursor);
}

void
mongod_cursors_done(struct cursors *cursors)
{
    while (cursors->first != NULL) {
        mongod_cursor_close(cursors, cursors->first);
    }
}

struct cursor *
mongod_cursor_open(struct cursors *cursors, const char *ns, struct result *result)
{
    /* Far apart, so that nobody gets far with a number that was made up. */
    const int64_t stride = 7919000001;
    struct cursor *cursor = bson_malloc0(sizeof *cursor);
    cursor->id = ++cursors->n_opened * stride;
    cursor->ns = bson_strdup(ns);
    cursor->result = *result;
    cursor->next = cursors->first;
    cursors->first = cursor;
    *result = (struct result){.n = 0};
    return cursor;
}

struct cursor *
mongod_cursor_find(struct cursors *cursors, int64_t id, const char *ns)
{
    struct cursor *cursor = cursors->first;
    while (cursor != NULL && (cursor->id != id || strcmp(cursor->ns, ns) != 0)) {
        cursor = cursor->next;
    }
    return cursor;
}

void
mongod_cursor_close(struct cursors *cursors, struct cursor *cursor)
{
    struct cursor **link = &cursors->first;
    while (*link != cursor) {
        link = &(*link)->next;
    }
    *link = cursor->next;
    cursor_free(cursor);
}

bool
mongod_cursor_deliver(struct cursor *cursor, bson_t *reply, const char *name,
                      int64_t max)
{
    const struct result *result = &cursor->result;
    bson_t batch;
    uint32_t n = 0;
    bson_append_array_begin(reply, name, -1, &batch);
    while (n < max && cursor->next_document < result->n) {
        const bson_t *bson = result->documents[cursor->next_document]->bson;
        char buffer[16];
        const char *key = NULL;
        if (n > 0 && batch.len + bson->len > MONGOD_DOCUMENT_MAX) {
            break;
        }
        bson_uint32_to_string(n++, &key, buffer, sizeof buffer);
        bson_append_document(&batch, key, -1, bson);
        cursor->next_document++;
    }
    bson_append_array_end(reply, &batch);
    return cursor->next_document == result->n;
}
