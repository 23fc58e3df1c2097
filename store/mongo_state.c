#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/mongo.h"
#include "store/split.h"

/*
 * What the database says of itself, in the collection `state`:
 *
 *   shape       kinds, fields and indexes its documents were made with
 *   written     a position up to which all documents are written
 *   unfinished  the maintenance that began and did not end
 */
enum {
    NAME_SIZE = 256,
};

#define FORMAT "1"

/* ---- Shape ---- */

/* Whatever decides how rows look and what is indexed. */
static const char *
state_shape(const struct mongo *db, struct arena *arena)
{
    const char *shape = "format " FORMAT;
    for (size_t i = 0; i < db->open.n_kinds; i++) {
        const struct kind *kind = &db->open.kinds[i];
        shape = arena_print(arena, "%s; %s%s", shape, kind->name,
                            kind->has_history ? "+" : "");
        for (size_t j = 0; j < split_n_declared(kind); j++) {
            shape = arena_print(arena, "%s %s:%d", shape, kind->declared[j].name,
                                (int)kind->declared[j].type);
        }
        for (size_t j = 0; j < split_n_indexes(kind); j++) {
            shape = arena_print(arena, "%s (", shape);
            for (size_t k = 0; k < split_n_columns(&kind->indexes[j]); k++) {
                shape = arena_print(arena, "%s %s", shape, kind->indexes[j].columns[k]);
            }
            shape = arena_print(arena, "%s)", shape);
        }
    }
    return shape;
}

/* ---- Indexes ---- */

/* One index of a list: its keys and a name made of them. */
static void
index_add(bson_t *list, uint32_t place, const char *const *keys)
{
    char room[16];
    const char *at;
    char name[NAME_SIZE] = "";
    size_t used = 0;
    bson_t index;
    bson_t key;
    (void)bson_uint32_to_string(place, &at, room, sizeof room);
    BSON_APPEND_DOCUMENT_BEGIN(list, at, &index);
    BSON_APPEND_DOCUMENT_BEGIN(&index, "key", &key);
    for (; *keys != NULL; keys++) {
        BSON_APPEND_INT32(&key, *keys, 1);
        int size = snprintf(name + used, sizeof name - used, "%s%s",
                            used == 0 ? "" : "_", *keys);
        used += size > 0 && (size_t)size < sizeof name - used ? (size_t)size : 0;
    }
    bson_append_document_end(&index, &key);
    BSON_APPEND_UTF8(&index, "name", name);
    bson_append_document_end(list, &index);
}

static enum status
index_make(struct mongo *db, const char *collection, const bson_t *list)
{
    bson_error_t error;
    bson_t command = BSON_INITIALIZER;
    BSON_APPEND_UTF8(&command, "createIndexes", collection);
    BSON_APPEND_ARRAY(&command, "indexes", list);
    bool is_made = mongoc_client_write_command_with_opts(
        db->writer.client, db->database, &command, NULL, NULL, &error);
    bson_destroy(&command);
    return is_made ? STATUS_OK : mongo_failed(db, "make an index", &error);
}

/* first, the columns of an index (NULL: none) and last. */
static void
index_add_columns(bson_t *list, uint32_t place, const struct kind_index *index,
                  const char *first, const char *last, struct arena *arena)
{
    const char *keys[KIND_MAX_COLUMNS + 3] = {NULL};
    size_t n = 0;
    if (first != NULL) {
        keys[n++] = first;
    }
    for (size_t i = 0; i < split_n_columns(index); i++) {
        keys[n++] = arena_print(arena, "f.%s", index->columns[i]);
    }
    keys[n] = last;
    index_add(list, place, keys);
}

static enum status
index_kind(struct mongo *db, const struct kind *kind, struct arena *arena)
{
    static const char *const by_version[] = {"id", "seq", NULL};
    static const char *const by_until[] = {"until", NULL};
    uint32_t n_indexes = (uint32_t)split_n_indexes(kind);
    bson_t present = BSON_INITIALIZER;
    bson_t past = BSON_INITIALIZER;
    index_add_columns(&present, 0, NULL, "in", "_id", arena);
    index_add(&past, 0, by_version);
    index_add(&past, 1, by_until);
    for (uint32_t i = 0; i < n_indexes; i++) {
        const struct kind_index *index = &kind->indexes[i];
        index_add_columns(&present, i + 1, index, "in", "_id", arena);
        index_add_columns(&past, i + 2, index, NULL, "id", arena);
    }
    enum status status = index_make(db, kind->name, &present);
    if (status == STATUS_OK && kind->has_history) {
        status = index_make(db, arena_print(arena, "%s_past", kind->name), &past);
    }
    bson_destroy(&present);
    bson_destroy(&past);
    return status;
}

static enum status
index_log(struct mongo *db)
{
    static const char *const by_eid[] = {"eid", NULL};
    bson_t list = BSON_INITIALIZER;
    index_add(&list, 0, by_eid);
    enum status status = index_make(db, "log", &list);
    bson_destroy(&list);
    return status;
}

enum status
mongo_index_base(struct mongo *db, const char *collection)
{
    static const char *const by_id[] = {"kind", "id", NULL};
    bson_t list = BSON_INITIALIZER;
    index_add(&list, 0, by_id);
    enum status status = index_make(db, collection, &list);
    bson_destroy(&list);
    return status;
}

enum status
mongo_state_index(struct mongo *db)
{
    bson_t row = BSON_INITIALIZER;
    struct arena *arena = arena_new();
    enum status status = index_log(db);
    for (size_t i = 0; i < db->open.n_kinds && status == STATUS_OK; i++) {
        status = index_kind(db, &db->open.kinds[i], arena);
    }
    /* Last: a database whose indexes are half made has no shape yet. */
    if (status == STATUS_OK) {
        BSON_APPEND_UTF8(&row, "_id", "shape");
        BSON_APPEND_UTF8(&row, "shape", state_shape(db, arena));
        status = mongo_put(&db->writer, MONGO_STATE, "shape", &row);
    }
    bson_destroy(&row);
    arena_free(arena);
    return status;
}

/* ---- Dropping ---- */

enum status
mongo_drop(struct mongo *db, mongoc_collection_t *collection)
{
    enum { NAMESPACE_NOT_FOUND = 26, NO_SUCH_COLLECTION = 17 };
    bson_error_t error = {0};
    bool is_gone = mongoc_collection_drop_with_opts(collection, NULL, &error) ||
                   error.code == NAMESPACE_NOT_FOUND ||
                   error.code == NO_SUCH_COLLECTION;
    return is_gone ? STATUS_OK : mongo_failed(db, "drop a collection", &error);
}

enum status
mongo_state_drop(struct mongo *db, bool is_all)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < db->open.n_kinds && status == STATUS_OK; i++) {
        const struct kind *kind = &db->open.kinds[i];
        status = mongo_drop(db, mongo_kind(&db->writer, kind, false));
        if (status == STATUS_OK) {
            status = mongo_drop(db, mongo_kind(&db->writer, kind, true));
        }
    }
    if (status == STATUS_OK && is_all) {
        status = mongo_drop(db, mongo_fixed(&db->writer, MONGO_LOG));
    }
    if (status == STATUS_OK && is_all) {
        status = mongo_drop(db, mongo_fixed(&db->writer, MONGO_HISTORIES));
    }
    return status;
}

/* ---- Opening ---- */

struct state {
    struct arena *arena;
    const char *shape;
    const char *unfinished;
    int64_t written;
};

static bool
take_state(void *context, const bson_t *row)
{
    struct state *state = context;
    bson_iter_t iter;
    if (bson_iter_init_find(&iter, row, "shape") && BSON_ITER_HOLDS_UTF8(&iter)) {
        state->shape = arena_copy(state->arena, bson_iter_utf8(&iter, NULL));
    }
    if (bson_iter_init_find(&iter, row, "work") && BSON_ITER_HOLDS_UTF8(&iter)) {
        state->unfinished = arena_copy(state->arena, bson_iter_utf8(&iter, NULL));
    }
    if (bson_iter_init_find(&iter, row, "seq")) {
        state->written = bson_iter_as_int64(&iter);
    }
    return true;
}

static enum status
state_read(struct mongo_conn *conn, struct state *state)
{
    bson_t all = BSON_INITIALIZER;
    const struct mongo_query query = {.collection = mongo_fixed(conn, MONGO_STATE),
                                      .filter = &all};
    enum status status = mongo_find(conn, &query, take_state, state);
    bson_destroy(&all);
    return status;
}

enum status
mongo_written(void *reader, int64_t *seq)
{
    struct mongo_conn *conn = reader;
    struct state state = {.arena = arena_new()};
    enum status status = state_read(conn, &state);
    arena_free(state.arena);
    *seq = state.written;
    conn->db->written = state.written;
    conn->db->written_said = state.written;
    return status;
}

enum status
mongo_state_mark(struct mongo *db, const char *work)
{
    bson_error_t error;
    bson_t row = BSON_INITIALIZER;
    enum status status = STATUS_OK;
    BSON_APPEND_UTF8(&row, "_id", "unfinished");
    if (work != NULL) {
        BSON_APPEND_UTF8(&row, "work", work);
        status = mongo_put(&db->writer, MONGO_STATE, "unfinished", &row);
    } else if (!mongoc_collection_delete_one(mongo_fixed(&db->writer, MONGO_STATE),
                                             &row, NULL, NULL, &error)) {
        status = mongo_failed(db, "write", &error);
    }
    bson_destroy(&row);
    return status;
}

static enum status
state_refuse(struct mongo *db, const char *what)
{
    failure_set(db->open.failure, "%s: %s", db->open.path, what);
    return STATUS_FAILED_PRECONDITION;
}

/* What began and did not end is done again, or nothing is. */
static enum status
state_judge_unfinished(struct mongo *db, const struct state *state)
{
    if (state->unfinished == NULL) {
        return STATUS_OK;
    }
    if (strcmp(state->unfinished, "restore") != 0) {
        return db->open.is_rebuilding
                   ? STATUS_OK
                   : state_refuse(db, "making its documents anew did not end: stop all "
                                      "brokers, then kontord --rebuild");
    }
    if (!db->open.is_maintenance || db->open.is_rebuilding) {
        return state_refuse(db, "a restore into it did not end: run kontord --restore "
                                "again");
    }
    enum status status = mongo_state_drop(db, true);
    if (status == STATUS_OK) {
        status = mongo_state_index(db);
    }
    return status == STATUS_OK ? mongo_state_mark(db, NULL) : status;
}

static enum status
state_judge_shape(struct mongo *db, const struct state *state)
{
    bool is_same = strcmp(state->shape, state_shape(db, state->arena)) == 0;
    return is_same || db->open.is_rebuilding
               ? STATUS_OK
               : state_refuse(db, "its documents have another shape than this "
                                  "version's: rebuild them from the log");
}

/* Who began it at the same time may have written meanwhile, and the shape came first.
 */
static enum status
state_judge_new(struct mongo *db, struct state *state)
{
    int64_t seq = 0;
    enum status status = mongo_tail(&db->writer, &seq);
    if (status == STATUS_DATA_LOSS) {
        return state_refuse(db, "its collection log is another program's: name another "
                                "database");
    }
    if (status == STATUS_OK && seq > 0) {
        status = state_read(&db->writer, state);
    }
    if (status == STATUS_OK && state->shape != NULL) {
        return state_judge_shape(db, state);
    }
    if (status == STATUS_OK && seq > 0) {
        return state_refuse(db, "it has a log, but no shape: it is no store, or its "
                                "state was removed; name another database");
    }
    return status == STATUS_OK && !db->open.is_read_only ? mongo_state_index(db)
                                                         : status;
}

static enum status
state_judge(struct mongo *db, struct state *state)
{
    enum status status = state_judge_unfinished(db, state);
    if (status != STATUS_OK) {
        return status;
    }
    return state->shape == NULL ? state_judge_new(db, state)
                                : state_judge_shape(db, state);
}

/* A server that says it is FerretDB, version 1: those lose updates when two clients
 * write the same document. */
static enum status
state_ask_server(struct mongo *db)
{
    bson_error_t error;
    bson_t reply;
    bson_iter_t iter;
    bson_t *command = BCON_NEW("buildInfo", BCON_INT32(1));
    bool is_answered = mongoc_client_command_simple(db->writer.client, "admin", command,
                                                    NULL, &reply, &error);
    db->is_ferret =
        is_answered && bson_iter_init_find(&iter, &reply, "ferretdbVersion");
    bson_destroy(&reply);
    bson_destroy(command);
    return is_answered
               ? STATUS_OK
               : mongo_failed(
                     db, "reach it; is the server there, and may this machine connect",
                     &error);
}

enum status
mongo_state_open(struct mongo *db)
{
    struct state state = {.arena = arena_new()};
    enum status status = state_ask_server(db);
    if (status == STATUS_OK) {
        status = mongo_state_enter(db);
    }
    if (status == STATUS_OK) {
        status = state_read(&db->writer, &state);
    }
    if (status == STATUS_OK) {
        status = state_judge(db, &state);
    }
    if (status == STATUS_OK) {
        status = mongo_primary_settle(db);
    }
    arena_free(state.arena);
    return status;
}
