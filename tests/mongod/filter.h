/*
 * Filters of find, update and delete: parsed once, asked of many documents.
 *
 * Memory: borrows from the message it was parsed from; mongod_filter_done frees the
 * rest, also after a failed parse. Errors: a trouble, for what is outside of the subset
 * even when only a document shows it. Threads: any, on its own filter.
 */
#ifndef KONTOR_TESTS_MONGOD_FILTER_H
#define KONTOR_TESTS_MONGOD_FILTER_H

#include "tests/mongod/document.h"

enum filter_kind { FILTER_IN, FILTER_GT, FILTER_GTE, FILTER_LT, FILTER_LTE };

/* One condition on one path. Equality is FILTER_IN with one value. */
struct filter_test {
    const char *path;
    enum filter_kind kind;
    bson_value_t *values; /* Sorted. */
    size_t n_values;
};

struct filter {
    struct filter_test *tests;
    size_t n_tests;
    struct filter *branches; /* Of $or: one must hold. */
    size_t n_branches;
    bool has_or;
    bool is_equalities; /* Nothing but path: scalar. */
};

bool mongod_filter_parse(const bson_t *bson, struct filter *filter,
                         struct trouble *trouble);
void mongod_filter_done(struct filter *filter);
/* False: trouble. */
bool mongod_filter_matches(const struct filter *filter, const bson_t *document,
                           bool *matches, struct trouble *trouble);
/* The value of the only test, when the filter is {_id: value}; else NULL. */
const bson_value_t *mongod_filter_id(const struct filter *filter);
/* The test of this kind on _id outside of $or, or NULL. */
const struct filter_test *mongod_filter_on_id(const struct filter *filter,
                                              enum filter_kind kind);

#endif
