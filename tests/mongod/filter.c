#include "tests/mongod/filter.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum filter_kind kind;
} operators[] = {
    {"$gt", FILTER_GT},
    {"$gte", FILTER_GTE},
    {"$lt", FILTER_LT},
    {"$lte", FILTER_LTE},
};

static int
compare_values(const void *a, const void *b)
{
    return mongod_value_compare(a, b);
}

static struct filter_test *
add_test(struct filter *filter, const char *path, enum filter_kind kind)
{
    size_t n = filter->n_tests++;
    filter->tests =
        bson_realloc(filter->tests, filter->n_tests * sizeof *filter->tests);
    filter->tests[n] = (struct filter_test){.path = path, .kind = kind};
    return &filter->tests[n];
}

static bool
add_value(struct filter_test *test, const bson_value_t *value, struct trouble *trouble)
{
    if (!mongod_value_is_scalar(value) || mongod_value_is_odd(value)) {
        return mongod_refuse(trouble, "the value of BSON type 0x%02x for %s",
                             (unsigned)value->value_type, test->path);
    }
    size_t n = test->n_values++;
    test->values = bson_realloc(test->values, test->n_values * sizeof *test->values);
    test->values[n] = *value;
    return true;
}

static bool
parse_in(struct filter *filter, const char *path, bson_iter_t *list,
         struct trouble *trouble)
{
    bson_iter_t iter;
    if (!BSON_ITER_HOLDS_ARRAY(list) || !bson_iter_recurse(list, &iter)) {
        return mongod_refuse(trouble, "$in without an array for %s", path);
    }
    struct filter_test *test = add_test(filter, path, FILTER_IN);
    while (bson_iter_next(&iter)) {
        if (!add_value(test, bson_iter_value(&iter), trouble)) {
            return false;
        }
    }
    if (test->n_values > 1) {
        qsort(test->values, test->n_values, sizeof *test->values, compare_values);
    }
    return true;
}

static bool
parse_bound(struct filter *filter, const char *path, bson_iter_t *bound,
            struct trouble *trouble)
{
    const char *name = bson_iter_key(bound);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (strcmp(operators[i].name, name) != 0) {
            continue;
        }
        const bson_value_t *value = bson_iter_value(bound);
        if (mongod_value_class(value) == VALUE_NOTHING) {
            return mongod_refuse(trouble, "%s of null for %s", name, path);
        }
        return add_value(add_test(filter, path, operators[i].kind), value, trouble);
    }
    return mongod_refuse(trouble, "the operator %s for %s", name, path);
}

/* The document of operators of one path: $in alone, or bounds. */
static bool
parse_operators(struct filter *filter, bson_iter_t *field, struct trouble *trouble)
{
    const char *path = bson_iter_key(field);
    bson_iter_t iter;
    size_t n = 0;
    bool has_in = false;
    if (!bson_iter_recurse(field, &iter)) {
        return mongod_refuse(trouble, "malformed BSON");
    }
    while (bson_iter_next(&iter)) {
        bool is_in = strcmp(bson_iter_key(&iter), "$in") == 0;
        has_in = has_in || is_in;
        n++;
        if (!(is_in ? parse_in(filter, path, &iter, trouble)
                    : parse_bound(filter, path, &iter, trouble))) {
            return false;
        }
    }
    if (n == 0) {
        return mongod_refuse(trouble, "an empty document for %s", path);
    }
    return !has_in || n == 1 || mongod_refuse(trouble, "$in among others for %s", path);
}

static bool
parse_field(struct filter *filter, bson_iter_t *field, struct trouble *trouble)
{
    const char *path = bson_iter_key(field);
    if (path[0] == '$' || path[0] == '\0') {
        return mongod_refuse(trouble, "'%s' in a filter", path);
    }
    for (size_t i = 0; i < filter->n_tests; i++) {
        if (strcmp(filter->tests[i].path, path) == 0) {
            return mongod_refuse(trouble, "%s comes twice in a filter", path);
        }
    }
    if (BSON_ITER_HOLDS_DOCUMENT(field)) {
        filter->is_equalities = false;
        return parse_operators(filter, field, trouble);
    }
    return add_value(add_test(filter, path, FILTER_IN), bson_iter_value(field),
                     trouble);
}

static bool parse_level(const bson_t *bson, struct filter *filter, bool may_or,
                        struct trouble *trouble);

static bool
parse_branch(struct filter *filter, bson_iter_t *branch, struct trouble *trouble)
{
    const uint8_t *data = NULL;
    uint32_t size = 0;
    bson_t bson;
    if (!BSON_ITER_HOLDS_DOCUMENT(branch)) {
        return mongod_refuse(trouble, "a branch of $or that is no document");
    }
    bson_iter_document(branch, &size, &data);
    if (!bson_init_static(&bson, data, size)) {
        return mongod_refuse(trouble, "malformed BSON");
    }
    size_t n = filter->n_branches++;
    filter->branches =
        bson_realloc(filter->branches, filter->n_branches * sizeof *filter->branches);
    return parse_level(&bson, &filter->branches[n], false, trouble);
}

static bool
parse_or(struct filter *filter, bson_iter_t *list, struct trouble *trouble)
{
    bson_iter_t iter;
    if (filter->has_or || !BSON_ITER_HOLDS_ARRAY(list) ||
        !bson_iter_recurse(list, &iter)) {
        return mongod_refuse(trouble, "a second $or, or one without an array");
    }
    filter->has_or = true;
    filter->is_equalities = false;
    while (bson_iter_next(&iter)) {
        if (!parse_branch(filter, &iter, trouble)) {
            return false;
        }
    }
    return filter->n_branches > 0 || mongod_refuse(trouble, "an empty $or");
}

static bool
parse_level(const bson_t *bson, struct filter *filter, bool may_or,
            struct trouble *trouble)
{
    bson_iter_t iter;
    *filter = (struct filter){.is_equalities = true};
    if (!bson_iter_init(&iter, bson)) {
        return mongod_refuse(trouble, "malformed BSON");
    }
    while (bson_iter_next(&iter)) {
        bool is_or = may_or && strcmp(bson_iter_key(&iter), "$or") == 0;
        if (!(is_or ? parse_or(filter, &iter, trouble)
                    : parse_field(filter, &iter, trouble))) {
            return false;
        }
    }
    return iter.err_off == 0 || mongod_refuse(trouble, "malformed BSON");
}

bool
mongod_filter_parse(const bson_t *bson, struct filter *filter, struct trouble *trouble)
{
    return parse_level(bson, filter, true, trouble);
}

void
mongod_filter_done(struct filter *filter)
{
    for (size_t i = 0; i < filter->n_branches; i++) {
        mongod_filter_done(&filter->branches[i]);
    }
    for (size_t i = 0; i < filter->n_tests; i++) {
        bson_free(filter->tests[i].values);
    }
    bson_free(filter->branches);
    bson_free(filter->tests);
    *filter = (struct filter){.n_tests = 0};
}

static bool
is_in(const struct filter_test *test, const bson_value_t *value)
{
    return test->n_values > 0 && bsearch(value, test->values, test->n_values,
                                         sizeof *test->values, compare_values) != NULL;
}

static bool
is_element_in(const struct filter_test *test, const bson_value_t *array)
{
    bson_t bson;
    bson_iter_t iter;
    if (!bson_init_static(&bson, array->value.v_doc.data,
                          array->value.v_doc.data_len) ||
        !bson_iter_init(&iter, &bson)) {
        return false;
    }
    while (bson_iter_next(&iter)) {
        if (is_in(test, bson_iter_value(&iter))) {
            return true;
        }
    }
    return false;
}

/* Different types never match: what is not of the bound's class is neither above it nor
 * below. */
static bool
is_within(const struct filter_test *test, const bson_value_t *value)
{
    const bson_value_t *bound = &test->values[0];
    if (mongod_value_class(value) != mongod_value_class(bound)) {
        return false;
    }
    int order = mongod_value_compare(value, bound);
    switch (test->kind) {
    case FILTER_GT:
        return order > 0;
    case FILTER_GTE:
        return order >= 0;
    case FILTER_LT:
        return order < 0;
    case FILTER_LTE:
        return order <= 0;
    case FILTER_IN:
        return order == 0;
    }
    return false;
}

static bool
test_matches(const struct filter_test *test, const bson_t *document, bool *matches,
             struct trouble *trouble)
{
    bson_value_t value;
    if (!mongod_document_at(document, test->path, &value, trouble)) {
        return false;
    }
    bool is_array = value.value_type == BSON_TYPE_ARRAY;
    if (test->kind != FILTER_IN) {
        *matches = !is_array && is_within(test, &value);
        return !is_array ||
               mongod_refuse(trouble, "a range over the array %s", test->path);
    }
    *matches = is_array ? is_element_in(test, &value) : is_in(test, &value);
    return true;
}

bool
mongod_filter_matches(const struct filter *filter, const bson_t *document,
                      bool *matches, struct trouble *trouble)
{
    *matches = true;
    for (size_t i = 0; i < filter->n_tests && *matches; i++) {
        if (!test_matches(&filter->tests[i], document, matches, trouble)) {
            return false;
        }
    }
    if (!*matches || !filter->has_or) {
        return true;
    }
    *matches = false;
    for (size_t i = 0; i < filter->n_branches && !*matches; i++) {
        if (!mongod_filter_matches(&filter->branches[i], document, matches, trouble)) {
            return false;
        }
    }
    return true;
}

const bson_value_t *
mongod_filter_id(const struct filter *filter)
{
    bool is_id = filter->is_equalities && filter->n_tests == 1 &&
                 strcmp(filter->tests[0].path, "_id") == 0;
    return is_id ? &filter->tests[0].values[0] : NULL;
}

const struct filter_test *
mongod_filter_on_id(const struct filter *filter, enum filter_kind kind)
{
    for (size_t i = 0; i < filter->n_tests; i++) {
        const struct filter_test *test = &filter->tests[i];
        if (test->kind == kind && strcmp(test->path, "_id") == 0) {
            return test;
        }
    }
    return NULL;
}
