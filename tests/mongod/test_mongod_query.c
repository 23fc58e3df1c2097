/* What find delivers: filters, order, limits, batches, projections. */
#include <stdio.h>
#include <string.h>

#include "tests/mongod/rig.h"

#define BY_ID "{'sort': {'_id': 1}, 'projection': {'_id': 1}}"

/* Ids from `_id` of documents, as rig_expect has them, from digits. */
static void
expect_ids(struct rig *rig, const char *filter, const char *options, const char *ids)
{
    bson_string_t *text = bson_string_new(NULL);
    for (const char *at = ids; *at != '\0'; at++) {
        bson_string_append_printf(text, "%s{'_id':%c}", at == ids ? "" : ";", *at);
    }
    rig_expect(rig, filter, options, text->str);
    bson_string_free(text, true);
}

static void
fill(struct rig *rig)
{
    static const char *const documents[] = {
        "{'_id': 1, 'n': 5, 's': 'a', 'tags': ['x', 'y'], 'f': {'due': 10}}",
        "{'_id': 2, 'n': {'$numberLong': '5'}, 's': 'B', 'tags': ['y'], 'f': {'due': "
        "9}}",
        "{'_id': 3, 'n': 7, 's': 'ab', 'tags': 'x', 'f': {'due': 11}}",
        "{'_id': 4, 'n': '5', 's': '', 'tags': [], 'f': 4}",
        "{'_id': 5, 'n': 6.5, 't': true, 'when': {'$date': {'$numberLong': '5'}}}",
        "{'_id': 6, 'n': null, 't': false, 'when': {'$date': {'$numberLong': '-5'}}}",
        "{'_id': 7, 'b': {'$binary': {'base64': 'AQ==', 'subType': '00'}}}",
        "{'_id': 8, 'b': {'$binary': {'base64': 'AAA=', 'subType': '00'}}}",
    };
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        assert_true(rig_insert(rig, documents[i], true));
    }
}

static const struct {
    const char *filter;
    const char *ids;
} filters[] = {
    {"{}", "12345678"},
    {"{'n': 5}", "12"},
    {"{'n': {'$numberLong': '5'}}", "12"},
    {"{'n': '5'}", "4"},
    {"{'n': 5, 's': 'B'}", "2"},
    {"{'n': {'$gt': 5}}", "35"},
    {"{'n': {'$gte': 5}}", "1235"},
    {"{'n': {'$gt': 5, '$lt': 7}}", "5"},
    {"{'n': {'$lte': 6.5}}", "125"},
    {"{'n': {'$gte': ''}}", "4"},
    {"{'n': null}", "678"},
    {"{'n': {'$in': [7, 5, 'x']}}", "123"},
    {"{'n': {'$in': []}}", ""},
    {"{'s': {'$gte': 'a'}}", "13"},
    {"{'s': {'$lt': 'a'}}", "24"},
    {"{'tags': 'x'}", "13"},
    {"{'tags': {'$in': ['y', 'q']}}", "12"},
    {"{'f.due': {'$gte': 10}}", "13"},
    {"{'f.due': 9}", "2"},
    {"{'f.none.at.all': 9}", ""},
    {"{'t': true}", "5"},
    {"{'when': {'$lt': {'$date': {'$numberLong': '0'}}}}", "6"},
    {"{'b': {'$gt': {'$binary': {'base64': 'AQ==', 'subType': '00'}}}}", "8"},
    {"{'_id': {'$gt': 3, '$lte': 6}}", "456"},
    {"{'_id': {'$gte': 3, '$lt': 3}}", ""},
    {"{'_id': {'$gt': 'a'}}", ""},
    {"{'_id': {'$gt': 8}}", ""},
    {"{'_id': {'$lt': 100}}", "12345678"},
    {"{'_id': {'$in': [8, 2, 2, 99, -1]}}", "28"},
    {"{'$or': [{'n': 7}, {'s': 'B'}]}", "23"},
    {"{'_id': {'$gt': 1}, '$or': [{'n': 5}, {'t': {'$in': [false]}}]}", "26"},
    {"{'$or': [{'n': 5, 's': 'q'}, {'s': {'$gt': 'a', '$lt': 'b'}}]}", "3"},
};

static void
test_filters_match_as_mongodb_does(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    fill(&rig);
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        expect_ids(&rig, filters[i].filter, BY_ID, filters[i].ids);
    }
    rig_close(&rig);
}

static const struct {
    const char *filter;
    const char *options;
    const char *ids;
} orders[] = {
    {"{}", "{'sort': {'_id': -1}, 'limit': 3, 'projection': {'_id': 1}}", "876"},
    {"{'_id': {'$gt': 2}}",
     "{'sort': {'_id': 1}, 'limit': 2, 'projection': {'_id': 1}}", "34"},
    {"{'_id': {'$in': [7, 1, 3]}}",
     "{'sort': {'_id': -1}, 'limit': 2, 'projection': {'_id': 1}}", "73"},
    /* Null and missing, numbers, texts. */
    {"{}", "{'sort': {'n': 1, '_id': 1}, 'projection': {'_id': 1}}", "67812534"},
    {"{}", "{'sort': {'n': -1, '_id': 1}, 'projection': {'_id': 1}}", "43512678"},
    {"{'n': 5}", "{'sort': {'s': 1, 'n': -1}, 'projection': {'_id': 1}}", "21"},
    {"{}", "{'sort': {'s': -1, '_id': -1}, 'limit': 3, 'projection': {'_id': 1}}",
     "312"},
    {"{'f.due': {'$gt': 0}}", "{'sort': {'f.due': 1}, 'projection': {'_id': 1}}",
     "213"},
    /* Nobody may count on an order that was not asked for. */
    {"{'n': 5}", "{'projection': {'_id': 1}}", "21"},
};

static void
test_order_and_limit(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    fill(&rig);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        expect_ids(&rig, orders[i].filter, orders[i].options, orders[i].ids);
    }
    rig_close(&rig);
}

static void
test_projection_includes(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    assert_true(
        rig_insert(&rig, "{'_id': 1, 'a': 1, 'f': {'x': 1, 'y': {'z': 2}}}", true));
    rig_expect(&rig, "{}", "{'projection': {'a': true}}", "{'_id':1,'a':1}");
    rig_expect(&rig, "{}", "{'projection': {'f.y.z': 1}}",
               "{'_id':1,'f':{'y':{'z':2}}}");
    rig_expect(&rig, "{}", "{'projection': {'f': 1, 'none.x': 1}}",
               "{'_id':1,'f':{'x':1,'y':{'z':2}}}");
    rig_expect(&rig, "{}", "{'projection': {'a.b': 1}}", "{'_id':1}");
    rig_expect(&rig, "{}", "{'projection': {}}",
               "{'_id':1,'a':1,'f':{'x':1,'y':{'z':2}}}");
    rig_close(&rig);
}

/* n documents {_id: i}, in one command. */
static void
insert_numbers(struct rig *rig, int n)
{
    bson_t **documents = bson_malloc0((size_t)n * sizeof(bson_t *));
    for (int i = 0; i < n; i++) {
        documents[i] = BCON_NEW("_id", BCON_INT32(i));
    }
    assert_true(rig_insert_many(rig, (const bson_t **)documents, (size_t)n, true));
    for (int i = 0; i < n; i++) {
        bson_destroy(documents[i]);
    }
    bson_free(documents);
}

/* Reads all by _id in batches; how many documents came, each the next. */
static int
count_in_order(struct rig *rig, const char *options)
{
    bson_t *filter = rig_bson("{'_id': {'$gte': 0}}");
    bson_t *opts = rig_bson(options);
    const bson_t *document = NULL;
    int n = 0;
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(rig->things, filter, opts, NULL);
    while (mongoc_cursor_next(cursor, &document)) {
        bson_iter_t iter;
        assert_true(bson_iter_init_find(&iter, document, "_id"));
        assert_int_equal(bson_iter_int32(&iter), n);
        n++;
    }
    assert_false(mongoc_cursor_error(cursor, &rig->error));
    mongoc_cursor_destroy(cursor);
    bson_destroy(opts);
    bson_destroy(filter);
    return n;
}

static void
test_cursor_delivers_batch_by_batch(void **state)
{
    enum { N = 1000 };
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    insert_numbers(&rig, N);
    assert_int_equal(count_in_order(&rig, "{'sort': {'_id': 1}}"), N);
    assert_int_equal(mongod_count(rig.mongod, "getMore"), 1);
    assert_int_equal(count_in_order(&rig, "{'sort': {'_id': 1}, 'batchSize': 100}"), N);
    assert_int_equal(mongod_count(rig.mongod, "getMore"), 1 + 9);
    assert_int_equal(
        count_in_order(&rig, "{'sort': {'_id': 1}, 'batchSize': 100, 'limit': 250}"),
        250);
    assert_int_equal(
        count_in_order(&rig,
                       "{'sort': {'_id': 1}, 'batchSize': 5, 'singleBatch': true}"),
        5);
    rig_close(&rig);
}

/* A cursor delivers what was there when it was opened. */
static void
test_cursor_sees_no_later_write(void **state)
{
    struct rig rig;
    const bson_t *document = NULL;
    int n = 0;
    (void)state;
    rig_open(&rig, NULL);
    insert_numbers(&rig, 10);
    bson_t *filter = rig_bson("{}");
    bson_t *opts = rig_bson("{'sort': {'_id': 1}, 'batchSize': 2}");
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(rig.things, filter, opts, NULL);
    assert_true(mongoc_cursor_next(cursor, &document));
    assert_true(rig_insert(&rig, "{'_id': 11}", true));
    assert_true(rig_delete(&rig, "{'_id': 9}"));
    for (n = 1; mongoc_cursor_next(cursor, &document); n++) {
    }
    assert_int_equal(n, 10);
    mongoc_cursor_destroy(cursor);
    bson_destroy(opts);
    bson_destroy(filter);
    rig_close(&rig);
}

static void
test_left_cursor_is_killed(void **state)
{
    struct rig rig;
    const bson_t *document = NULL;
    (void)state;
    rig_open(&rig, NULL);
    insert_numbers(&rig, 10);
    bson_t *filter = rig_bson("{}");
    bson_t *opts = rig_bson("{'batchSize': 2}");
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(rig.things, filter, opts, NULL);
    assert_true(mongoc_cursor_next(cursor, &document));
    int64_t id = mongoc_cursor_get_id(cursor);
    assert_int_not_equal(id, 0);
    mongoc_cursor_destroy(cursor);
    assert_true(mongod_await(rig.mongod, "killCursors", 1, RIG_PATIENCE_MS));
    char command[128];
    (void)snprintf(command, sizeof command,
                   "{'getMore': {'$numberLong': '%lld'}, 'collection': 'things'}",
                   (long long)id);
    assert_false(rig_command(&rig, command));
    assert_int_equal(rig.error.code, 43);
    bson_destroy(opts);
    bson_destroy(filter);
    rig_close(&rig);
}

/* More than one reply can hold comes in several. */
static void
test_large_documents_are_split_over_replies(void **state)
{
    enum { SIZE = 6 * 1024 * 1024, N = 5 };
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    uint8_t *bytes = bson_malloc0(SIZE);
    for (int i = 0; i < N; i++) {
        bson_t *document = BCON_NEW("_id", BCON_INT32(i), "w",
                                    BCON_BIN(BSON_SUBTYPE_BINARY, bytes, SIZE));
        assert_true(
            mongoc_collection_insert_one(rig.things, document, NULL, NULL, &rig.error));
        bson_destroy(document);
    }
    bson_free(bytes);
    assert_int_equal(count_in_order(&rig, "{'sort': {'_id': 1}}"), N);
    assert_int_equal(mongod_count(rig.mongod, "getMore"), 2);
    rig_close(&rig);
}

/* Some tens of thousands of documents are no burden: each read of the tail and of an id
 * looks at what it delivers. */
static void
test_many_documents(void **state)
{
    enum { N = 20000, LOOKS = 2000 };
    struct rig rig;
    char filter[64];
    (void)state;
    rig_open(&rig, NULL);
    insert_numbers(&rig, N);
    int64_t begin_us = bson_get_monotonic_time();
    for (int i = 0; i < LOOKS; i++) {
        int id = i * 7919 % N;
        (void)snprintf(filter, sizeof filter, "{'_id': %d}", id);
        char *found = rig_find(&rig, filter, "{'limit': 1, 'singleBatch': true}");
        assert_non_null(strstr(found, "_id"));
        bson_free(found);
        found = rig_find(&rig, "{}", "{'sort': {'_id': -1}, 'limit': 1}");
        assert_non_null(strstr(found, "19999"));
        bson_free(found);
    }
    print_message("%d looks: %lld us\n", 2 * LOOKS,
                  (long long)(bson_get_monotonic_time() - begin_us));
    rig_close(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters_match_as_mongodb_does),
        cmocka_unit_test(test_order_and_limit),
        cmocka_unit_test(test_projection_includes),
        cmocka_unit_test(test_cursor_delivers_batch_by_batch),
        cmocka_unit_test(test_cursor_sees_no_later_write),
        cmocka_unit_test(test_left_cursor_is_killed),
        cmocka_unit_test(test_large_documents_are_split_over_replies),
        cmocka_unit_test(test_many_documents),
    };
    mongoc_init();
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    mongoc_cleanup();
    return n_failed;
}
