/* The commands update, which only replaces, and delete. */
#include "tests/mongod/envelope.h"
#include "tests/mongod/filter.h"
#include "tests/mongod/index.h"
#include "tests/mongod/write.h"

#include <string.h>

/* The fields of a statement. */
struct parts {
    bson_t filter;
    bson_t replacement;
    bool is_upsert;
    int64_t limit;
};

static bool
read_update_part(const bson_iter_t *field, struct parts *parts, struct trouble *trouble)
{
    const char *name = bson_iter_key(field);
    if (strcmp(name, "q") == 0) {
        return mongod_envelope_document(field, &parts->filter, trouble);
    }
    if (strcmp(name, "u") == 0) {
        return mongod_envelope_document(field, &parts->replacement, trouble);
    }
    if (strcmp(name, "upsert") == 0) {
        parts->is_upsert = bson_iter_as_bool(field);
        return true;
    }
    if (strcmp(name, "multi") == 0 && !bson_iter_as_bool(field)) {
        return true;
    }
    return mongod_refuse(trouble, "the option %s of an update", name);
}

static bool
read_delete_part(const bson_iter_t *field, struct parts *parts, struct trouble *trouble)
{
    const char *name = bson_iter_key(field);
    if (strcmp(name, "q") == 0) {
        return mongod_envelope_document(field, &parts->filter, trouble);
    }
    if (strcmp(name, "limit") == 0) {
        return mongod_envelope_count(field, 1, &parts->limit, trouble);
    }
    return mongod_refuse(trouble, "the option %s of a delete", name);
}

typedef bool (*part_reader)(const bson_iter_t *field, struct parts *parts,
                            struct trouble *trouble);

static bool
read_parts(const bson_t *statement, struct parts *parts, part_reader read,
           struct trouble *trouble)
{
    bson_iter_t iter;
    *parts = (struct parts){.limit = 0};
    if (!bson_has_field(statement, "q") || !bson_iter_init(&iter, statement)) {
        return mongod_refuse(trouble, "a statement without q");
    }
    while (bson_iter_next(&iter)) {
        if (!read(&iter, parts, trouble)) {
            return false;
        }
    }
    return iter.err_off == 0 || mongod_refuse(trouble, "malformed BSON");
}

/* What no document is needed for to judge. */
static bool
check_replacement(const struct parts *parts, const struct filter *filter,
                  struct trouble *trouble)
{
    bson_value_t id;
    if (parts->replacement.len == 0) {
        return mongod_refuse(trouble, "an update without u");
    }
    if (!mongod_document_check(&parts->replacement, trouble)) {
        return false;
    }
    if (bson_has_field(&parts->replacement, "_id") &&
        !mongod_document_id(&parts->replacement, &id, trouble)) {
        return false;
    }
    if (!filter->is_equalities || filter->n_tests == 0) {
        return mongod_refuse(trouble, "the filter of an update: equalities only");
    }
    return !parts->is_upsert || mongod_filter_id(filter) != NULL ||
           mongod_refuse(trouble, "an upsert by anything but {_id: value}");
}

/* An upsert stores the filter's _id. */
static bool
check_upsert(const struct parts *parts, struct trouble *trouble)
{
    bson_value_t id;
    return !parts->is_upsert || (mongod_document_check(&parts->filter, trouble) &&
                                 mongod_document_id(&parts->filter, &id, trouble));
}

static bool
check_update(const bson_t *statement, struct trouble *trouble)
{
    struct parts parts;
    struct filter filter;
    if (!read_parts(statement, &parts, read_update_part, trouble)) {
        return false;
    }
    bool is_fine = mongod_filter_parse(&parts.filter, &filter, trouble) &&
                   check_replacement(&parts, &filter, trouble) &&
                   check_upsert(&parts, trouble);
    mongod_filter_done(&filter);
    return is_fine;
}

static bool
check_delete(const bson_t *statement, struct trouble *trouble)
{
    struct parts parts;
    struct filter filter;
    if (!read_parts(statement, &parts, read_delete_part, trouble)) {
        return false;
    }
    bool is_fine = mongod_filter_parse(&parts.filter, &filter, trouble);
    if (is_fine &&
        (!filter.is_equalities || mongod_filter_on_id(&filter, FILTER_IN) == NULL)) {
        is_fine =
            mongod_refuse(trouble, "the filter of a delete: equalities with _id only");
    }
    if (is_fine && parts.limit != 1) {
        is_fine = mongod_refuse(trouble, "a delete without limit 1");
    }
    mongod_filter_done(&filter);
    return is_fine;
}

/* The first document that matches, in the order of _id, or NULL. */
static bool
find_target(const struct collection *collection, const struct filter *filter,
            struct document **target, struct trouble *trouble)
{
    const struct filter_test *on_id = mongod_filter_on_id(filter, FILTER_IN);
    size_t place = on_id == NULL ? 0 : mongod_data_place(collection, on_id->values);
    size_t end = on_id == NULL || place == collection->n ? collection->n : place + 1;
    bool matches = false;
    *target = NULL;
    for (; place < end && !matches; place++) {
        struct document *seen =
            mongod_data_see(collection->slots[place], MONGOD_NEWEST);
        if (seen != NULL &&
            !mongod_filter_matches(filter, seen->bson, &matches, trouble)) {
            return false;
        }
        *target = matches ? seen : NULL;
    }
    return true;
}

/* Of a statement that was checked. */
static bool
target_of(struct statement *statement, const struct parts *parts,
          struct document **target, struct trouble *trouble)
{
    const struct call *call = statement->call;
    const struct collection *collection =
        mongod_data_find(&call->mongod->data, call->ns);
    struct filter filter;
    *target = NULL;
    if (collection == NULL) {
        return true;
    }
    bool is_fine = mongod_filter_parse(&parts->filter, &filter, trouble) &&
                   find_target(collection, &filter, target, trouble);
    mongod_filter_done(&filter);
    return is_fine;
}

static bool
replace(struct statement *statement, const struct document *target,
        const bson_t *replacement, struct trouble *trouble)
{
    struct call *call = statement->call;
    struct data *data = &call->mongod->data;
    struct collection *collection = mongod_data_open(data, call->ns);
    bson_value_t id;
    bson_value_t new_id;
    if (!mongod_document_at(target->bson, "_id", &id, trouble) ||
        !mongod_document_at(replacement, "_id", &new_id, trouble)) {
        return false;
    }
    if (new_id.value_type != BSON_TYPE_EOD && mongod_value_compare(&id, &new_id) != 0) {
        return mongod_fail(trouble, MONGOD_IMMUTABLE_FIELD, "_id cannot be changed");
    }
    if (!mongod_index_check(collection, replacement, trouble)) {
        return false;
    }
    statement->outcome.n = 1;
    bson_t *bson = mongod_document_with_id(replacement, &id);
    if (bson_equal(bson, target->bson)) {
        bson_destroy(bson);
        return true;
    }
    mongod_data_put(data, collection, &id, mongod_document_new(bson));
    statement->outcome.op = data->newest;
    statement->outcome.n_modified = 1;
    return true;
}

static bool
upsert(struct statement *statement, const struct parts *parts, struct trouble *trouble)
{
    bson_value_t id;
    bson_value_t new_id;
    if (!mongod_document_id(&parts->filter, &id, trouble) ||
        !mongod_document_at(&parts->replacement, "_id", &new_id, trouble)) {
        return false;
    }
    if (new_id.value_type != BSON_TYPE_EOD && mongod_value_compare(&id, &new_id) != 0) {
        return mongod_fail(trouble, MONGOD_IMMUTABLE_FIELD, "_id cannot be changed");
    }
    if (!mongod_write_store(statement, &id, &parts->replacement, trouble)) {
        return false;
    }
    statement->outcome.has_upserted = true;
    statement->outcome.upserted = id;
    return true;
}

static bool
apply_update(struct statement *statement, struct trouble *trouble)
{
    struct parts parts;
    struct document *target = NULL;
    if (!read_parts(&statement->bson, &parts, read_update_part, trouble) ||
        !target_of(statement, &parts, &target, trouble)) {
        return false;
    }
    if (target != NULL) {
        return replace(statement, target, &parts.replacement, trouble);
    }
    return !parts.is_upsert || upsert(statement, &parts, trouble);
}

static bool
apply_delete(struct statement *statement, struct trouble *trouble)
{
    struct call *call = statement->call;
    struct data *data = &call->mongod->data;
    struct parts parts;
    struct document *target = NULL;
    bson_value_t id;
    if (!read_parts(&statement->bson, &parts, read_delete_part, trouble) ||
        !target_of(statement, &parts, &target, trouble)) {
        return false;
    }
    if (target == NULL) {
        return true;
    }
    if (!mongod_document_at(target->bson, "_id", &id, trouble)) {
        return false;
    }
    mongod_data_put(data, mongod_data_find(data, call->ns), &id, NULL);
    statement->outcome.op = data->newest;
    statement->outcome.n = 1;
    return true;
}

bool
mongod_run_update(struct call *call)
{
    static const struct write_kind update = {.batch = "updates",
                                             .check = check_update,
                                             .apply = apply_update,
                                             .owes_what_it_saw = true};
    return mongod_write_run(call, &update);
}

bool
mongod_run_delete(struct call *call)
{
    static const struct write_kind delete = {.batch = "deletes",
                                             .check = check_delete,
                                             .apply = apply_delete,
                                             .owes_what_it_saw = true};
    return mongod_write_run(call, &delete);
}
