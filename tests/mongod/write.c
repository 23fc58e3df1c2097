#include "tests/mongod/write.h"

#include <string.h>

#include "tests/mongod/index.h"

/* The errors of a batch, and its sums. */
struct summary {
    bson_t errors;
    bson_t upserts;
    uint32_t n_errors;
    uint32_t n_upserts;
    int32_t n;
    int32_t n_modified;
};

static void
view_bson(const struct view *view, bson_t *bson)
{
    /* The view was taken from a document: it cannot fail. */
    (void)bson_init_static(bson, view->data, view->size);
}

static void
summary_add_error(struct summary *summary, size_t index, const struct trouble *trouble)
{
    bson_t error;
    char buffer[16];
    const char *key = NULL;
    bson_uint32_to_string(summary->n_errors++, &key, buffer, sizeof buffer);
    bson_append_document_begin(&summary->errors, key, -1, &error);
    bson_append_int32(&error, "index", -1, (int32_t)index);
    bson_append_int32(&error, "code", -1, (int32_t)trouble->code);
    bson_append_utf8(&error, "errmsg", -1, trouble->text, -1);
    bson_append_document_end(&summary->errors, &error);
}

static void
summary_add(struct summary *summary, size_t index, const struct outcome *outcome)
{
    summary->n += outcome->n;
    summary->n_modified += outcome->n_modified;
    if (!outcome->has_upserted) {
        return;
    }
    bson_t upsert;
    char buffer[16];
    const char *key = NULL;
    bson_uint32_to_string(summary->n_upserts++, &key, buffer, sizeof buffer);
    bson_append_document_begin(&summary->upserts, key, -1, &upsert);
    bson_append_int32(&upsert, "index", -1, (int32_t)index);
    bson_append_value(&upsert, "_id", -1, &outcome->upserted);
    bson_append_document_end(&summary->upserts, &upsert);
}

static void
summary_append(const struct summary *summary, bson_t *reply, bool is_update)
{
    bson_append_int32(reply, "n", -1, summary->n);
    if (is_update) {
        bson_append_int32(reply, "nModified", -1, summary->n_modified);
    }
    if (summary->n_upserts > 0) {
        bson_append_array(reply, "upserted", -1, &summary->upserts);
    }
    if (summary->n_errors > 0) {
        bson_append_array(reply, "writeErrors", -1, &summary->errors);
    }
}

/* The session of a retryable write, or NULL: then each statement is applied. */
static bool
open_session(struct call *call, struct session **session)
{
    *session = NULL;
    if (!call->has_txn || call->mongod->options.ignores_txn) {
        return true;
    }
    *session = mongod_session_open(&call->mongod->sessions, call->session_id, call->txn,
                                   &call->trouble);
    return *session != NULL;
}

static void
owe(struct call *call, uint64_t op)
{
    if (call->owed < op) {
        call->owed = op;
    }
}

/* False: the whole command fails. *is_applied: the statement has an outcome. */
static bool
run_statement(struct statement *statement, const struct write_kind *kind,
              struct session *session, bool *is_applied)
{
    struct call *call = statement->call;
    const struct outcome *recorded =
        session == NULL ? NULL : mongod_session_find(session, statement->index);
    *is_applied = true;
    if (recorded != NULL) {
        statement->outcome = *recorded;
    } else {
        *is_applied = kind->apply(statement, &call->trouble);
    }
    if (!*is_applied) {
        return !call->trouble.is_outside;
    }
    if (session != NULL && recorded == NULL && statement->outcome.op != 0) {
        mongod_session_record(session, statement->index, &statement->outcome);
    }
    owe(call, statement->outcome.op);
    return true;
}

static bool
run_all(struct call *call, const struct write_kind *kind, const struct batch *batch,
        bool is_ordered)
{
    struct session *session = NULL;
    struct summary summary = {.errors = BSON_INITIALIZER, .upserts = BSON_INITIALIZER};
    bool is_fine = open_session(call, &session);
    for (size_t i = 0; i < batch->n && is_fine; i++) {
        struct statement statement = {.call = call, .index = i};
        bool is_applied = false;
        view_bson(&batch->views[i], &statement.bson);
        is_fine = run_statement(&statement, kind, session, &is_applied);
        if (is_applied) {
            summary_add(&summary, i, &statement.outcome);
        } else {
            summary_add_error(&summary, i, &call->trouble);
        }
        if (!is_applied && is_ordered) {
            break;
        }
    }
    if (kind->owes_what_it_saw) {
        owe(call, call->mongod->data.newest);
    }
    summary_append(&summary, call->reply, strcmp(kind->batch, "updates") == 0);
    bson_destroy(&summary.errors);
    bson_destroy(&summary.upserts);
    return is_fine;
}

static bool
check_all(const struct write_kind *kind, const struct batch *batch,
          struct trouble *trouble)
{
    for (size_t i = 0; i < batch->n; i++) {
        bson_t bson;
        view_bson(&batch->views[i], &bson);
        if (!kind->check(&bson, trouble)) {
            return false;
        }
    }
    return true;
}

bool
mongod_write_run(struct call *call, const struct write_kind *kind)
{
    bson_iter_t iter;
    struct batch batch;
    bool is_ordered = true;
    if (bson_iter_init_find(&iter, &call->message->body, "ordered")) {
        is_ordered = bson_iter_as_bool(&iter);
    }
    if (!mongod_message_batch(call->message, kind->batch, &batch, &call->trouble)) {
        return false;
    }
    bool is_fine = check_all(kind, &batch, &call->trouble) &&
                   run_all(call, kind, &batch, is_ordered);
    mongod_batch_done(&batch);
    return is_fine;
}

static bool
check_insert(const bson_t *document, struct trouble *trouble)
{
    bson_value_t id;
    return mongod_document_check(document, trouble) &&
           mongod_document_id(document, &id, trouble);
}

bool
mongod_write_store(struct statement *statement, const bson_value_t *id,
                   const bson_t *document, struct trouble *trouble)
{
    struct call *call = statement->call;
    struct collection *collection = mongod_data_open(&call->mongod->data, call->ns);
    if (!mongod_index_check(collection, document, trouble)) {
        return false;
    }
    mongod_data_put(&call->mongod->data, collection, id,
                    mongod_document_new(mongod_document_with_id(document, id)));
    statement->outcome.op = call->mongod->data.newest;
    statement->outcome.n = 1;
    return true;
}

static bool
apply_insert(struct statement *statement, struct trouble *trouble)
{
    struct mongod *mongod = statement->call->mongod;
    struct collection *collection =
        mongod_data_find(&mongod->data, statement->call->ns);
    bson_value_t id;
    if (!mongod_document_id(&statement->bson, &id, trouble)) {
        return false;
    }
    if (collection != NULL && mongod_data_get(collection, &id, MONGOD_NEWEST) != NULL) {
        return mongod_fail(trouble, MONGOD_DUPLICATE_KEY,
                           "E11000 duplicate key error collection: %s index: _id_",
                           statement->call->ns);
    }
    if (!mongod_write_store(statement, &id, &statement->bson, trouble)) {
        return false;
    }
    mongod->tally.n_inserted++;
    return true;
}

bool
mongod_run_insert(struct call *call)
{
    static const struct write_kind insert = {
        .batch = "documents", .check = check_insert, .apply = apply_insert};
    return mongod_write_run(call, &insert);
}
