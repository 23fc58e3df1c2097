#include "tests/mongod/query.h"

#include <stdlib.h>
#include <string.h>

#include "tests/mongod/envelope.h"
#include "tests/mongod/projection.h"

static bool
read_sort_key(struct query *query, const bson_iter_t *field, struct trouble *trouble)
{
    const char *path = bson_iter_key(field);
    bson_iter_t iter = *field;
    int64_t direction = 0;
    if (query->n_sort == MONGOD_SORT_MAX) {
        return mongod_refuse(trouble, "a sort by more than %d fields", MONGOD_SORT_MAX);
    }
    if (!mongod_value_integer(bson_iter_value(&iter), &direction) ||
        (direction != 1 && direction != -1) || path[0] == '\0' || path[0] == '$') {
        return mongod_refuse(trouble, "the sort by '%s'", path);
    }
    for (size_t i = 0; i < query->n_sort; i++) {
        if (strcmp(query->sort[i].path, path) == 0) {
            return mongod_refuse(trouble, "a sort by %s twice", path);
        }
    }
    query->sort[query->n_sort++] =
        (struct sort_key){.path = path, .direction = (int)direction};
    return true;
}

static bool
read_sort(struct query *query, const bson_iter_t *field, struct trouble *trouble)
{
    bson_t sort;
    bson_iter_t iter;
    if (!mongod_envelope_document(field, &sort, trouble) ||
        !bson_iter_init(&iter, &sort)) {
        return false;
    }
    while (bson_iter_next(&iter)) {
        if (!read_sort_key(query, &iter, trouble)) {
            return false;
        }
    }
    return true;
}

static bool
read_filter(struct query *query, const bson_iter_t *field, struct trouble *trouble)
{
    bson_t filter;
    return mongod_envelope_document(field, &filter, trouble) &&
           mongod_filter_parse(&filter, &query->filter, trouble);
}

static bool
read_limit(struct query *query, const bson_iter_t *field, struct trouble *trouble)
{
    if (!mongod_envelope_count(field, INT32_MAX, &query->limit, trouble)) {
        return false;
    }
    if (query->limit == 0) {
        query->limit = INT64_MAX;
    }
    return true;
}

static bool
read_batch_size(struct query *query, const bson_iter_t *field, struct trouble *trouble)
{
    return mongod_envelope_count(field, INT32_MAX, &query->batch_size, trouble);
}

static bool
read_single_batch(struct query *query, const bson_iter_t *field,
                  struct trouble *trouble)
{
    (void)trouble;
    query->is_single_batch = bson_iter_as_bool(field);
    return true;
}

/* An empty projection is none. */
static bool
read_projection(struct query *query, const bson_iter_t *field, struct trouble *trouble)
{
    if (!mongod_envelope_document(field, &query->projection, trouble) ||
        !mongod_projection_check(&query->projection, trouble)) {
        return false;
    }
    query->has_projection = bson_count_keys(&query->projection) > 0;
    return true;
}

static const struct {
    const char *name;
    bool (*read)(struct query *query, const bson_iter_t *field,
                 struct trouble *trouble);
} options[] = {
    {"filter", read_filter},
    {"sort", read_sort},
    {"limit", read_limit},
    {"batchSize", read_batch_size},
    {"singleBatch", read_single_batch},
    {"projection", read_projection},
};

bool
mongod_query_read(struct call *call, struct query *query)
{
    *query = (struct query){.limit = INT64_MAX, .batch_size = MONGOD_FIRST_BATCH};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        bson_iter_t field;
        if (bson_iter_init_find(&field, &call->message->body, options[i].name) &&
            !options[i].read(query, &field, &call->trouble)) {
            return false;
        }
    }
    return true;
}

void
mongod_query_done(struct query *query)
{
    mongod_filter_done(&query->filter);
}

/* A run over slots, in the order of _id or against it. */
struct walk {
    const struct query *query;
    uint64_t point;
    size_t n_wanted;
    struct result *result;
    struct trouble *trouble;
};

/* False: trouble. */
static bool
visit(struct walk *walk, const struct slot *slot)
{
    bool matches = false;
    struct document *seen = mongod_data_see(slot, walk->point);
    if (seen == NULL) {
        return true;
    }
    if (!mongod_filter_matches(&walk->query->filter, seen->bson, &matches,
                               walk->trouble)) {
        return false;
    }
    if (matches) {
        mongod_result_add(walk->result, mongod_document_keep(seen));
    }
    return true;
}

/* Equal values of $in stand for one document. */
static bool
walk_values(struct walk *walk, const struct collection *collection,
            const struct filter_test *in, int direction)
{
    for (size_t i = 0; i < in->n_values; i++) {
        size_t at = direction > 0 ? i : in->n_values - 1 - i;
        const bson_value_t *id = &in->values[at];
        size_t place = mongod_data_place(collection, id);
        bool is_again = at > 0 && mongod_value_compare(id, &in->values[at - 1]) == 0;
        if (is_again || place == collection->n) {
            continue;
        }
        if (walk->result->n == walk->n_wanted) {
            return true;
        }
        if (!visit(walk, collection->slots[place])) {
            return false;
        }
    }
    return true;
}

static bool
walk_range(struct walk *walk, const struct collection *collection, int direction)
{
    const struct filter *filter = &walk->query->filter;
    const struct filter_test *low = mongod_filter_on_id(filter, FILTER_GT);
    const struct filter_test *high = mongod_filter_on_id(filter, FILTER_LT);
    low = low != NULL ? low : mongod_filter_on_id(filter, FILTER_GTE);
    high = high != NULL ? high : mongod_filter_on_id(filter, FILTER_LTE);
    size_t begin = low == NULL ? 0 : mongod_data_place(collection, low->values);
    size_t end = collection->n;
    if (high != NULL) {
        /* The bound itself is still looked at, and judged by the filter. */
        size_t place = mongod_data_place(collection, high->values);
        end = place < collection->n ? place + 1 : place;
    }
    for (size_t i = begin; i < end && walk->result->n < walk->n_wanted; i++) {
        size_t at = direction > 0 ? i : end - 1 - (i - begin);
        if (!visit(walk, collection->slots[at])) {
            return false;
        }
    }
    return true;
}

/* A document and what it is sorted by. */
struct row {
    struct document *document;
    bson_value_t keys[MONGOD_SORT_MAX];
};

static int
compare_rows(const void *a, const void *b, void *context)
{
    const struct row *left = a;
    const struct row *right = b;
    const struct query *query = context;
    for (size_t i = 0; i < query->n_sort; i++) {
        int order = mongod_value_compare(&left->keys[i], &right->keys[i]);
        if (order != 0) {
            return order * query->sort[i].direction;
        }
    }
    return 0;
}

static bool
fill_row(const struct query *query, struct row *row, struct trouble *trouble)
{
    for (size_t i = 0; i < query->n_sort; i++) {
        const char *path = query->sort[i].path;
        if (!mongod_document_at(row->document->bson, path, &row->keys[i], trouble)) {
            return false;
        }
        if (!mongod_value_is_scalar(&row->keys[i])) {
            return mongod_refuse(trouble, "a sort by %s, which is no scalar", path);
        }
    }
    return true;
}

static bool
sort_result(const struct query *query, struct result *result, struct trouble *trouble)
{
    struct row *rows = bson_malloc0((result->n + 1) * sizeof *rows);
    bool is_fine = true;
    for (size_t i = 0; i < result->n && is_fine; i++) {
        rows[i].document = result->documents[i];
        is_fine = fill_row(query, &rows[i], trouble);
    }
    if (is_fine) {
        qsort_r(rows, result->n, sizeof *rows, compare_rows, (void *)(uintptr_t)query);
    }
    for (size_t i = 0; i < result->n && is_fine; i++) {
        result->documents[i] = rows[i].document;
    }
    bson_free(rows);
    return is_fine;
}

static void
cut(struct result *result, size_t n)
{
    while (result->n > n) {
        mongod_document_drop(result->documents[--result->n]);
    }
}

static bool
project(const struct query *query, struct result *result, struct trouble *trouble)
{
    for (size_t i = 0; i < result->n && query->has_projection; i++) {
        struct document *whole = result->documents[i];
        bson_t *part =
            mongod_projection_apply(&query->projection, whole->bson, trouble);
        if (part == NULL) {
            return false;
        }
        result->documents[i] = mongod_document_new(part);
        mongod_document_drop(whole);
    }
    return true;
}

bool
mongod_query_run(const struct query *query, const struct collection *collection,
                 uint64_t point, struct result *result, struct trouble *trouble)
{
    const struct filter_test *in = mongod_filter_on_id(&query->filter, FILTER_IN);
    bool is_by_id = query->n_sort > 0 && strcmp(query->sort[0].path, "_id") == 0;
    /* Without a sort no order is promised, so it is not the one people hope for. */
    int direction = is_by_id ? query->sort[0].direction : -1;
    bool is_sorted = is_by_id || query->n_sort == 0;
    size_t limit = query->limit == INT64_MAX ? SIZE_MAX : (size_t)query->limit;
    struct walk walk = {.query = query,
                        .point = point,
                        .n_wanted = is_sorted ? limit : SIZE_MAX,
                        .result = result,
                        .trouble = trouble};
    if (!(in != NULL ? walk_values(&walk, collection, in, direction)
                     : walk_range(&walk, collection, direction))) {
        return false;
    }
    if (!is_sorted && !sort_result(query, result, trouble)) {
        return false;
    }
    cut(result, limit);
    return project(query, result, trouble);
}
