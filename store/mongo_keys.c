#include <stdlib.h>
#include <string.h>

#include "store/mongo.h"
#include "store/scope.h"
#include "store/split.h"

/*
 * A run of keys is a find with an equal prefix, behind the last key, in the order of an
 * index. The rows come whole and are kept: whoever lists keys reads their documents
 * next, and one answer of a hundred rows costs less than a hundred answers of one.
 *
 * The committer's own changes are in no index yet: they are merged in.
 */
struct keys {
    struct mongo_conn *conn;
    const struct stream *stream;
    struct arena *arena;
    struct key *found; /* Of the database. */
    size_t n_found;
    size_t n_max;
    size_t n_rows;   /* Found ones and those that were passed over. */
    struct key last; /* Of the last row, passed over or not. */
    enum status status;
};

static enum declared_type
column_type(const struct stream *stream, size_t column)
{
    return stream->kind->declared[split_column(stream->kind, stream->index, column)]
        .type;
}

static const struct declared *
column_declared(const struct stream *stream, size_t column)
{
    return &stream->kind->declared[split_column(stream->kind, stream->index, column)];
}

/* "f.NAME" of a column, or what the rows' id is called. */
static const char *
column_name(const struct stream *stream, size_t column, struct arena *arena)
{
    if (column == split_n_columns(stream->index)) {
        return stream->is_past ? "id" : "_id";
    }
    return arena_print(arena, "f.%s", column_declared(stream, column)->name);
}

static void
append_column(bson_t *out, const struct keys *keys, size_t column, const char *name,
              const struct key *key)
{
    const struct stream *stream = keys->stream;
    if (column == split_n_columns(stream->index)) {
        BSON_APPEND_UTF8(out, name, key->id);
        return;
    }
    mongo_value_append(out, name, column_type(stream, column), &key->columns[column]);
}

/* One alternative of what comes behind a key: the columns before equal, this larger. */
static void
append_alternative(bson_t *array, struct keys *keys, uint32_t index, size_t column,
                   const struct key *after)
{
    char room[16];
    const char *place;
    bson_t alternative;
    bson_t range;
    size_t size = bson_uint32_to_string(index, &place, room, sizeof room);
    bson_append_document_begin(array, place, (int)size, &alternative);
    for (size_t i = keys->stream->n_equal; i < column; i++) {
        append_column(&alternative, keys, i, column_name(keys->stream, i, keys->arena),
                      after);
    }
    const char *name = column_name(keys->stream, column, keys->arena);
    BSON_APPEND_DOCUMENT_BEGIN(&alternative, name, &range);
    append_column(&range, keys, column, "$gt", after);
    bson_append_document_end(&alternative, &range);
    bson_append_document_end(array, &alternative);
}

/* The first column that is not equal, bounded on both sides: with that an index is
 * entered where the page begins; the alternatives say what exactly comes behind. */
static void
append_bounds(bson_t *filter, struct keys *keys, const struct key *after)
{
    const struct stream *stream = keys->stream;
    size_t first = stream->n_equal;
    size_t n_columns = split_n_columns(stream->index);
    bson_t range;
    bson_t array;
    const char *name = column_name(stream, first, keys->arena);
    BSON_APPEND_DOCUMENT_BEGIN(filter, name, &range);
    append_column(&range, keys, first, first == n_columns ? "$gt" : "$gte", after);
    if (stream->has_high) {
        append_column(&range, keys, first, "$lt", &stream->high);
    }
    bson_append_document_end(filter, &range);
    if (first == n_columns) {
        return;
    }
    BSON_APPEND_ARRAY_BEGIN(filter, "$or", &array);
    for (size_t i = first; i <= n_columns; i++) {
        append_alternative(&array, keys, (uint32_t)(i - first), i, after);
    }
    bson_append_array_end(filter, &array);
}

static void
append_moment(bson_t *filter, int64_t as_of)
{
    bson_t range;
    BSON_APPEND_DOCUMENT_BEGIN(filter, "seq", &range);
    BSON_APPEND_INT64(&range, "$lte", as_of);
    bson_append_document_end(filter, &range);
    BSON_APPEND_DOCUMENT_BEGIN(filter, "until", &range);
    BSON_APPEND_INT64(&range, "$gt", as_of);
    bson_append_document_end(filter, &range);
}

static void
keys_filter(struct keys *keys, const struct key *after, bson_t *filter)
{
    const struct stream *stream = keys->stream;
    if (stream->is_past) {
        append_moment(filter, stream->as_of);
    } else {
        BSON_APPEND_UTF8(filter, "in", stream->scope);
    }
    for (size_t i = 0; i < stream->n_equal; i++) {
        mongo_value_append(filter, column_name(stream, i, keys->arena),
                           column_type(stream, i), &stream->equal[i]);
    }
    append_bounds(filter, keys, after);
}

static void
keys_sort(struct keys *keys, bson_t *sort)
{
    const struct stream *stream = keys->stream;
    for (size_t i = stream->n_equal; i <= split_n_columns(stream->index); i++) {
        BSON_APPEND_INT32(sort, column_name(stream, i, keys->arena), 1);
    }
}

static struct key
key_of(const struct stream *stream, const struct version *version, struct arena *arena)
{
    struct key key = {.id = arena_copy(arena, version->id)};
    for (size_t i = 0; i < KIND_MAX_COLUMNS; i++) {
        key.columns[i].text = "";
    }
    for (size_t i = stream->n_equal; i < split_n_columns(stream->index); i++) {
        size_t declared = split_column(stream->kind, stream->index, i);
        key.columns[i] = version->values[declared];
        if (stream->kind->declared[declared].type == DECLARED_TEXT) {
            key.columns[i].text = arena_copy(arena, key.columns[i].text);
        }
    }
    return key;
}

/* The version of a row, kept for whoever reads it next; a changed document's row is
 * passed over, for it says what was. */
static enum status
take_present(struct keys *keys, const bson_t *row, struct version *version,
             bool *is_passed)
{
    struct mongo_conn *conn = keys->conn;
    struct mongo *db = conn->db;
    const struct kind *kind = keys->stream->kind;
    bson_iter_t iter;
    if (!bson_iter_init_find(&iter, row, "_id") || !BSON_ITER_HOLDS_UTF8(&iter)) {
        return STATUS_DATA_LOSS;
    }
    const char *id = bson_iter_utf8(&iter, NULL);
    struct mongo_node *node = mongo_seen_find(conn->seen, kind, id);
    const struct mongo_node *pending =
        db->open.is_read_only ? mongo_seen_find(db->writer.seen, kind, id) : node;
    *is_passed = pending != NULL && pending->is_changed;
    if (*is_passed) {
        bool is_gone;
        bool is_listed;
        return mongo_version_read(kind, row, keys->arena, version, &is_gone, &is_listed)
                   ? STATUS_OK
                   : STATUS_DATA_LOSS;
    }
    if (node == NULL) {
        node = mongo_seen_add(conn->seen, kind, id);
    }
    enum status status = mongo_node_read(conn, node, row);
    *version = node->version;
    return status;
}

static bool
take_key(void *context, const bson_t *row)
{
    struct keys *keys = context;
    const struct stream *stream = keys->stream;
    struct version version = {.id = ""};
    bool is_passed = false;
    bool is_gone = false;
    bool is_listed = false;
    if (!stream->is_past) {
        keys->status = take_present(keys, row, &version, &is_passed);
    } else if (!mongo_version_read(stream->kind, row, keys->arena, &version, &is_gone,
                                   &is_listed)) {
        keys->status = STATUS_DATA_LOSS;
    }
    if (keys->status != STATUS_OK) {
        return false;
    }
    keys->last = key_of(stream, &version, keys->arena);
    keys->n_rows++;
    if (!is_passed) {
        keys->found[keys->n_found++] = keys->last;
    }
    return keys->n_found < keys->n_max;
}

/* One find; *is_end: nothing comes behind it. */
static enum status
keys_fetch(struct keys *keys, const struct key *after, bool *is_end)
{
    bson_t filter = BSON_INITIALIZER;
    bson_t sort = BSON_INITIALIZER;
    size_t n_wanted = keys->n_max - keys->n_found;
    keys_filter(keys, after, &filter);
    keys_sort(keys, &sort);
    const struct mongo_query query = {
        .collection = mongo_kind(keys->conn, keys->stream->kind, keys->stream->is_past),
        .filter = &filter,
        .sort = &sort,
        .limit = (int64_t)n_wanted};
    keys->n_rows = 0;
    enum status status = mongo_find(keys->conn, &query, take_key, keys);
    *is_end = keys->n_rows < n_wanted;
    bson_destroy(&filter);
    bson_destroy(&sort);
    return status == STATUS_OK ? keys->status : status;
}

/* ---- What the open batch changes ---- */

bool
mongo_is_under(const struct version *version, const char *name)
{
    return strcmp(name, SCOPE_ALL) == 0 ||
           scope_has_name(version->scope, version->n_scope, name);
}

static bool
has_equals(const struct stream *stream, const struct version *version)
{
    for (size_t i = 0; i < stream->n_equal; i++) {
        size_t declared = split_column(stream->kind, stream->index, i);
        if (!split_is_equal(stream->kind->declared[declared].type, &stream->equal[i],
                            &version->values[declared])) {
            return false;
        }
    }
    return true;
}

static int
compare_column(const struct stream *stream, size_t column, const struct key *one,
               const struct key *other)
{
    if (column == split_n_columns(stream->index)) {
        return strcmp(one->id, other->id);
    }
    const struct store_value *a = &one->columns[column];
    const struct store_value *b = &other->columns[column];
    if (column_type(stream, column) == DECLARED_TEXT) {
        return strcmp(a->text, b->text);
    }
    return (a->integer > b->integer) - (a->integer < b->integer);
}

static int
compare_keys(const struct stream *stream, const struct key *one,
             const struct key *other)
{
    int order = 0;
    size_t n = split_n_columns(stream->index);
    for (size_t i = stream->n_equal; i <= n && order == 0; i++) {
        order = compare_column(stream, i, one, other);
    }
    return order;
}

static bool
is_in_range(const struct stream *stream, const struct key *key)
{
    if (compare_keys(stream, key, &stream->after) <= 0) {
        return false;
    }
    return !stream->has_high ||
           compare_column(stream, stream->n_equal, key, &stream->high) < 0;
}

/* Puts a key where it belongs; the last falls off when there is no room. */
static void
insert_key(struct keys *keys, const struct key *key)
{
    size_t place = keys->n_found;
    while (place > 0 && compare_keys(keys->stream, key, &keys->found[place - 1]) < 0) {
        place--;
    }
    if (place == keys->n_max) {
        return;
    }
    size_t n_moved = keys->n_found - place - (keys->n_found == keys->n_max ? 1 : 0);
    memmove(&keys->found[place + 1], &keys->found[place],
            n_moved * sizeof keys->found[0]);
    keys->found[place] = *key;
    keys->n_found += keys->n_found < keys->n_max ? 1 : 0;
}

/* Where the database may hold more behind the last row, changes behind that row wait
 * for the next time. */
static void
merge_changes(struct keys *keys, bool is_end)
{
    const struct stream *stream = keys->stream;
    const struct mongo *db = keys->conn->db;
    const struct mongo_node *node = mongo_seen_changed(db->writer.seen);
    for (; node != NULL; node = node->next_changed) {
        if (node->kind != stream->kind || !node->is_there ||
            !mongo_is_under(&node->version, stream->scope) ||
            !has_equals(stream, &node->version)) {
            continue;
        }
        struct key key = key_of(stream, &node->version, keys->arena);
        bool is_here = is_end || compare_keys(stream, &key, &keys->last) < 0;
        if (is_here && is_in_range(stream, &key)) {
            insert_key(keys, &key);
        }
    }
}

enum status
mongo_keys(void *reader, const struct stream *stream, struct arena *arena,
           struct key *found, size_t *n)
{
    struct mongo_conn *conn = reader;
    struct keys keys = {.conn = conn,
                        .stream = stream,
                        .arena = arena,
                        .found = found,
                        .n_max = *n,
                        .last = stream->after};
    bool sees_pending = conn == &conn->db->writer || conn->db->open.is_read_only;
    bool is_end = false;
    enum status status = keys_fetch(&keys, &keys.last, &is_end);
    /* A find that met only changed documents is not the end of the run. */
    while (status == STATUS_OK && !is_end && keys.n_found < keys.n_max) {
        const struct key after = keys.last;
        status = keys_fetch(&keys, &after, &is_end);
    }
    if (status == STATUS_OK && sees_pending && !stream->is_past) {
        merge_changes(&keys, is_end);
    }
    if (status == STATUS_DATA_LOSS) {
        failure_set(conn->db->open.failure,
                    "%s: a stored document of %s is damaged: stop all brokers, then "
                    "kontord --rebuild",
                    conn->db->open.path, stream->kind->name);
    }
    *n = keys.n_found;
    return status;
}
