/* What the server understands: each command of the portable subset, by a real client.
 */
#include <stdio.h>
#include <string.h>

#include "tests/mongod/rig.h"

static void
test_hello_shows_a_standalone(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    assert_true(rig_command(&rig, "{'hello': 1}"));
    assert_false(bson_has_field(&rig.reply, "setName"));
    assert_false(bson_has_field(&rig.reply, "topologyVersion"));
    assert_int_equal(rig_reply_int(&rig, "isWritablePrimary"), 1);
    assert_int_equal(rig_reply_int(&rig, "maxBsonObjectSize"), 16 * 1024 * 1024);
    assert_int_equal(rig_reply_int(&rig, "maxWriteBatchSize"), 100000);
    assert_int_equal(rig_reply_int(&rig, "maxWireVersion"), 17);
    rig_close(&rig);
}

static void
test_hello_shows_a_primary(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    assert_true(rig_command(&rig, "{'hello': 1}"));
    assert_true(bson_has_field(&rig.reply, "setName"));
    assert_true(bson_has_field(&rig.reply, "electionId"));
    assert_int_equal(rig_reply_int(&rig, "secondary"), 0);
    assert_int_equal(rig_reply_int(&rig, "isWritablePrimary"), 1);
    rig_close(&rig);
}

static void
test_build_info_names_ferretdb_when_told(void **state)
{
    struct rig rig;
    struct mongod_options options = {.is_ferretdb = true};
    (void)state;
    rig_open(&rig, NULL);
    assert_true(rig_command(&rig, "{'buildInfo': 1}"));
    assert_false(bson_has_field(&rig.reply, "ferretdbVersion"));
    rig_close(&rig);
    rig_open(&rig, &options);
    assert_true(rig_command(&rig, "{'buildInfo': 1}"));
    assert_true(bson_has_field(&rig.reply, "ferretdbVersion"));
    rig_close(&rig);
}

static void
test_ping_answers(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    assert_true(rig_command(&rig, "{'ping': 1}"));
    assert_int_equal(mongod_count(rig.mongod, "ping"), 1);
    rig_close(&rig);
}

/* A client with this server API says hello in another way. */
static void
test_server_api_is_understood(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    mongoc_uri_t *uri = mongoc_uri_new(mongod_uri(rig.mongod));
    mongoc_client_pool_t *pool = mongoc_client_pool_new(uri);
    mongoc_server_api_t *api = mongoc_server_api_new(MONGOC_SERVER_API_V1);
    assert_true(mongoc_client_pool_set_server_api(pool, api, &rig.error));
    mongoc_client_t *client = mongoc_client_pool_pop(pool);
    mongoc_collection_t *things =
        mongoc_client_get_collection(client, "town", "things");
    bson_t *document = rig_bson("{'_id': 1}");
    assert_true(mongoc_collection_insert_one(things, document, NULL, NULL, &rig.error));
    bson_destroy(document);
    mongoc_collection_destroy(things);
    mongoc_client_pool_push(pool, client);
    mongoc_client_pool_destroy(pool);
    mongoc_server_api_destroy(api);
    mongoc_uri_destroy(uri);
    rig_close(&rig);
}

static void
test_insert_stores_bytes_as_they_came(void **state)
{
    static const char text[] =
        "{'_id':'a','i':1,'l':{'$numberLong':'9007199254740993'},'d':1.5,'s':'"
        "h\xc3\xa4',"
        "'b':{'$binary':{'base64':'AAEC','subType':'00'}},'t':true,'n':null,"
        "'when':{'$date':{'$numberLong':'-1'}},'o':{'$oid':'0123456789abcdef01234567'},"
        "'e':{},'a':[],'deep':{'x':[{'y':[1,'z']}]}}";
    struct rig rig;
    struct mongod_documents documents;
    (void)state;
    rig_open(&rig, NULL);
    bson_t *bson = rig_bson(text);
    assert_true(rig_insert(&rig, text, true));
    assert_int_equal(rig_reply_int(&rig, "insertedCount"), 1);
    mongod_read(rig.mongod, RIG_NS, true, &documents);
    assert_int_equal(documents.n, 1);
    assert_true(bson_equal(documents.documents[0], bson));
    mongod_documents_free(&documents);
    bson_destroy(bson);
    rig_close(&rig);
}

static void
test_insert_puts_the_id_first(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    assert_true(rig_insert(&rig, "{'v': 1, '_id': 7}", true));
    rig_expect(&rig, "{'_id': 7}", "{}", "{'_id':7,'v':1}");
    rig_close(&rig);
}

/* The value of an id counts, not the width of its type. */
static void
test_insert_refuses_a_second_of_the_same_id(void **state)
{
    static const struct {
        const char *first;
        const char *second;
        bool is_same;
    } rows[] = {
        {"{'_id': 5}", "{'_id': 5}", true},
        {"{'_id': 5}", "{'_id': {'$numberLong': '5'}}", true},
        {"{'_id': 5}", "{'_id': '5'}", false},
        {"{'_id': 'a'}", "{'_id': 'a'}", true},
        {"{'_id': 'a'}", "{'_id': 'A'}", false},
        {"{'_id': {'$numberLong': '9007199254740992'}}",
         "{'_id': {'$numberLong': '9007199254740993'}}", false},
        {"{'_id': {'$binary': {'base64': 'AAEC', 'subType': '00'}}}",
         "{'_id': {'$binary': {'base64': 'AAEC', 'subType': '00'}}}", true},
        {"{'_id': {'$binary': {'base64': 'AAEC', 'subType': '00'}}}",
         "{'_id': {'$binary': {'base64': 'AAEC', 'subType': '05'}}}", false},
    };
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mongod_wipe(rig.mongod);
        assert_true(rig_insert(&rig, rows[i].first, true));
        assert_int_equal(rig_insert(&rig, rows[i].second, true), !rows[i].is_same);
        if (rows[i].is_same) {
            assert_int_equal(rig.error.domain, MONGOC_ERROR_SERVER);
            assert_int_equal(rig.error.code, 11000);
        }
    }
    rig_close(&rig);
}

/* Ten documents, of which one meets a duplicate. */
static void
insert_ten(struct rig *rig, bool ordered, int64_t n_expected)
{
    enum { N = 10, TAKEN = 6 };
    bson_t *documents[N];
    assert_true(rig_insert(rig, "{'_id': 6, 'v': 'first'}", true));
    for (int i = 0; i < N; i++) {
        documents[i] = BCON_NEW("_id", BCON_INT32(i));
    }
    assert_false(rig_insert_many(rig, (const bson_t **)documents, N, ordered));
    assert_int_equal(rig->error.code, 11000);
    assert_int_equal(rig_reply_int(rig, "insertedCount"), n_expected);
    assert_int_equal(rig_reply_int(rig, "writeErrors.0.index"), TAKEN);
    for (int i = 0; i < N; i++) {
        bson_destroy(documents[i]);
    }
}

static void
test_ordered_batch_stops_at_the_duplicate(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    insert_ten(&rig, true, 6);
    rig_expect(&rig, "{'_id': {'$gte': 5}}", "{'sort': {'_id': 1}}",
               "{'_id':5};{'_id':6,'v':'first'}");
    assert_int_equal(mongod_count_inserted(rig.mongod), 7);
    rig_close(&rig);
}

static void
test_unordered_batch_goes_on(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    insert_ten(&rig, false, 9);
    rig_expect(&rig, "{'_id': {'$gte': 5}}", "{'sort': {'_id': 1}}",
               "{'_id':5};{'_id':6,'v':'first'};{'_id':7};{'_id':8};{'_id':9}");
    rig_close(&rig);
}

static void
test_replace_counts_what_it_did(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    assert_true(rig_insert(&rig, "{'_id': 1, 'v': 1}", true));
    assert_true(rig_replace(&rig, "{'_id': 1, 'v': 1}", "{'_id': 1, 'v': 2}", false));
    assert_int_equal(rig_reply_int(&rig, "matchedCount"), 1);
    assert_int_equal(rig_reply_int(&rig, "modifiedCount"), 1);
    assert_true(rig_replace(&rig, "{'_id': 1, 'v': 1}", "{'_id': 1, 'v': 3}", false));
    assert_int_equal(rig_reply_int(&rig, "matchedCount"), 0);
    assert_true(rig_replace(&rig, "{'_id': 1}", "{'v': 2}", false));
    assert_int_equal(rig_reply_int(&rig, "matchedCount"), 1);
    assert_int_equal(rig_reply_int(&rig, "modifiedCount"), 0);
    rig_expect_stored(&rig, true, "{'_id':1,'v':2}");
    assert_false(rig_replace(&rig, "{'_id': 1}", "{'_id': 2}", false));
    assert_int_equal(rig.error.code, 66);
    rig_close(&rig);
}

static void
test_upsert_inserts_once(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    assert_true(rig_replace(&rig, "{'_id': 'a'}", "{'v': 1}", true));
    assert_int_equal(rig_reply_int(&rig, "upsertedCount"), 1);
    assert_true(rig_replace(&rig, "{'_id': 'a'}", "{'v': 2}", true));
    assert_int_equal(rig_reply_int(&rig, "upsertedCount"), 0);
    assert_int_equal(rig_reply_int(&rig, "modifiedCount"), 1);
    rig_expect_stored(&rig, true, "{'_id':'a','v':2}");
    rig_close(&rig);
}

static void
test_delete_needs_every_equality(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    assert_true(rig_insert(&rig, "{'_id': 1, 'v': 1}", true));
    assert_true(rig_delete(&rig, "{'_id': 1, 'v': 2}"));
    assert_int_equal(rig_reply_int(&rig, "deletedCount"), 0);
    assert_true(rig_delete(&rig, "{'_id': 1, 'v': 1}"));
    assert_int_equal(rig_reply_int(&rig, "deletedCount"), 1);
    assert_true(rig_delete(&rig, "{'_id': 1}"));
    assert_int_equal(rig_reply_int(&rig, "deletedCount"), 0);
    rig_expect_stored(&rig, true, "");
    rig_close(&rig);
}

static void
test_indexes_are_counted_and_kept_apart(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    static const char first[] = "{'createIndexes': 'things', 'indexes': ["
                                "{'key': {'scope': 1, 'f.a': -1}, 'name': 'one'}]}";
    assert_true(rig_command(&rig, first));
    assert_int_equal(rig_reply_int(&rig, "numIndexesBefore"), 1);
    assert_int_equal(rig_reply_int(&rig, "numIndexesAfter"), 2);
    assert_true(rig_command(&rig, first));
    assert_int_equal(rig_reply_int(&rig, "numIndexesAfter"), 2);
    assert_false(rig_command(&rig, "{'createIndexes': 'things', 'indexes': ["
                                   "{'key': {'x': 1}, 'name': 'one'}]}"));
    assert_int_equal(rig.error.code, 86);
    assert_false(rig_command(&rig,
                             "{'createIndexes': 'things', 'indexes': ["
                             "{'key': {'scope': 1, 'f.a': -1}, 'name': 'two'}]}"));
    assert_int_equal(rig.error.code, 85);
    assert_false(rig_insert(&rig, "{'_id': 1, 'scope': ['a'], 'f': {'a': [1]}}", true));
    assert_int_equal(rig.error.code, 171);
    assert_true(rig_insert(&rig, "{'_id': 1, 'scope': ['a'], 'f': {'a': 1}}", true));
    rig_close(&rig);
}

static void
test_collections_are_listed_and_dropped(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    assert_true(rig_insert(&rig, "{'_id': 1}", true));
    mongoc_database_t *town = mongoc_client_get_database(rig.client, "town");
    char **names =
        mongoc_database_get_collection_names_with_opts(town, NULL, &rig.error);
    assert_non_null(names);
    assert_string_equal(names[0], "things");
    assert_null(names[1]);
    bson_strfreev(names);
    assert_true(mongoc_database_has_collection(town, "things", &rig.error));
    assert_true(mongoc_collection_drop(rig.things, &rig.error));
    assert_false(mongoc_database_has_collection(town, "things", &rig.error));
    rig_expect(&rig, "{}", "{}", "");
    assert_false(mongoc_collection_drop(rig.things, &rig.error));
    assert_int_equal(rig.error.code, 26);
    assert_true(rig_insert(&rig, "{'_id': 2}", true));
    assert_true(mongoc_database_drop(town, &rig.error));
    rig_expect_stored(&rig, true, "");
    mongoc_database_destroy(town);
    rig_close(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello_shows_a_standalone),
        cmocka_unit_test(test_hello_shows_a_primary),
        cmocka_unit_test(test_build_info_names_ferretdb_when_told),
        cmocka_unit_test(test_ping_answers),
        cmocka_unit_test(test_server_api_is_understood),
        cmocka_unit_test(test_insert_stores_bytes_as_they_came),
        cmocka_unit_test(test_insert_puts_the_id_first),
        cmocka_unit_test(test_insert_refuses_a_second_of_the_same_id),
        cmocka_unit_test(test_ordered_batch_stops_at_the_duplicate),
        cmocka_unit_test(test_unordered_batch_goes_on),
        cmocka_unit_test(test_replace_counts_what_it_did),
        cmocka_unit_test(test_upsert_inserts_once),
        cmocka_unit_test(test_delete_needs_every_equality),
        cmocka_unit_test(test_indexes_are_counted_and_kept_apart),
        cmocka_unit_test(test_collections_are_listed_and_dropped),
    };
    mongoc_init();
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    mongoc_cleanup();
    return n_failed;
}
