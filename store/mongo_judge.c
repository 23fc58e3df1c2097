#include <string.h>

#include "store/mongo.h"
#include "store/scope.h"
#include "store/split.h"

/* Judging: the server keeps the indexes, so what is judged is what they are made of:
 * the names a row is listed under, and its declared fields. */

static bool
has_columns(const struct kind *kind, const struct kind_index *index,
            const struct version *stored, const struct version *wanted)
{
    for (size_t i = 0; i < split_n_columns(index); i++) {
        size_t declared = split_column(kind, index, i);
        if (!split_is_equal(kind->declared[declared].type, &stored->values[declared],
                            &wanted->values[declared])) {
            return false;
        }
    }
    return true;
}

enum status
mongo_has_key(void *reader, const struct kind *kind, const struct kind_index *index,
              const struct version *version, const char *scope)
{
    struct mongo_node *node = NULL;
    enum status status = mongo_node_get(reader, kind, version->id, &node);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_listed = node->is_there && (node->is_changed || node->is_listed) &&
                     mongo_is_under(&node->version, scope) &&
                     has_columns(kind, index, &node->version, version);
    return is_listed ? STATUS_OK : STATUS_NOT_FOUND;
}

/* ---- Counting ---- */

struct count {
    const struct mongo *db;
    const struct kind *kind;
    int64_t n_rows;
    int64_t n_keys;
};

/* What would be written counts as if it were. */
static const struct mongo_node *
count_pending(const struct count *count, const char *id)
{
    const struct mongo_node *node =
        count->db->open.is_read_only
            ? mongo_seen_find(count->db->writer.seen, count->kind, id)
            : NULL;
    return node != NULL && node->is_changed ? node : NULL;
}

static const char *
row_text(const bson_t *row, const char *name)
{
    bson_iter_t iter;
    bool is_text = bson_iter_init_find(&iter, row, name) && BSON_ITER_HOLDS_UTF8(&iter);
    return is_text ? bson_iter_utf8(&iter, NULL) : "";
}

static bool
take_present(void *context, const bson_t *row)
{
    struct count *count = context;
    bson_iter_t outer;
    bson_iter_t iter;
    if (count_pending(count, row_text(row, "_id")) != NULL ||
        bson_iter_init_find(&outer, row, "gone")) {
        return true;
    }
    count->n_rows++;
    if (bson_iter_init_find(&outer, row, "in") && bson_iter_recurse(&outer, &iter)) {
        while (bson_iter_next(&iter)) {
            count->n_keys++;
        }
    }
    return true;
}

static bool
take_past(void *context, const bson_t *row)
{
    struct count *count = context;
    bson_iter_t iter;
    const struct mongo_node *node = count_pending(count, row_text(row, "id"));
    int64_t seq =
        bson_iter_init_find(&iter, row, "seq") ? bson_iter_as_int64(&iter) : 0;
    const struct mongo_past *past = node == NULL ? NULL : node->past;
    while (past != NULL && past->version.seq != seq) {
        past = past->next;
    }
    count->n_rows += past == NULL ? 1 : 0;
    return true;
}

static enum status
count_rows(struct mongo_conn *conn, struct count *count, bool is_past)
{
    bson_t all = BSON_INITIALIZER;
    bson_t *fields = is_past ? BCON_NEW("id", BCON_INT32(1), "seq", BCON_INT32(1))
                             : BCON_NEW("in", BCON_INT32(1), "gone", BCON_INT32(1));
    const struct mongo_query query = {.collection =
                                          mongo_kind(conn, count->kind, is_past),
                                      .filter = &all,
                                      .fields = fields};
    enum status status =
        mongo_find(conn, &query, is_past ? take_past : take_present, count);
    bson_destroy(fields);
    bson_destroy(&all);
    return status;
}

static void
count_changes(const struct count *count, struct count *present, struct count *past)
{
    const struct mongo_node *node = count->db->open.is_read_only
                                        ? mongo_seen_changed(count->db->writer.seen)
                                        : NULL;
    for (; node != NULL; node = node->next_changed) {
        if (node->kind != count->kind) {
            continue;
        }
        present->n_rows += node->is_there ? 1 : 0;
        present->n_keys +=
            node->is_there
                ? 1 + (int64_t)scope_n_names(node->version.scope, node->version.n_scope)
                : 0;
        for (const struct mongo_past *one = node->past; one != NULL; one = one->next) {
            past->n_rows++;
        }
    }
}

enum status
mongo_counts(void *reader, const struct kind *kind, struct backend_counts *out)
{
    struct mongo_conn *conn = reader;
    struct count present = {.db = conn->db, .kind = kind};
    struct count past = present;
    *out = (struct backend_counts){.present = 0};
    enum status status = count_rows(conn, &present, false);
    if (status == STATUS_OK && kind->has_history) {
        status = count_rows(conn, &past, true);
    }
    count_changes(&present, &present, &past);
    out->present = present.n_rows;
    out->past = past.n_rows;
    out->keys[KIND_MAX_INDEXES] = present.n_keys;
    for (size_t i = 0; i < split_n_indexes(kind); i++) {
        /* Made of the names that were counted, and kept by the server. */
        out->keys[i] = -1;
    }
    return status;
}

/* The server's files are the server's: a real read says that it answers. */
enum status
mongo_check(void *reader)
{
    int64_t seq = 0;
    return mongo_tail(reader, &seq);
}
