/* The replica set in one endpoint: what a majority read sees, what is rolled back, what
 * an acknowledgement promises, elections. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/mongod/raw.h"
#include "tests/mongod/rig.h"

#define MAJORITY "{'sort': {'_id': 1}, 'readConcern': {'level': 'majority'}}"
#define LOCAL "{'sort': {'_id': 1}, 'readConcern': {'level': 'local'}}"

static void
test_majority_read_lags_behind(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    assert_true(rig_insert(&rig, "{'_id': 1, 'v': 1}", true));
    mongod_play(rig.mongod, MONGOD_SLOW_MAJORITY, MONGOD_FOREVER);
    assert_true(rig_insert(&rig, "{'_id': 2}", false));
    bson_t *first = rig_bson("{'_id': 1}");
    bson_t *second = rig_bson("{'v': 2}");
    assert_true(mongoc_collection_replace_one(rig.things, first, second, NULL, NULL,
                                              &rig.error));
    bson_destroy(second);
    bson_destroy(first);
    rig_expect(&rig, "{}", LOCAL, "{'_id':1,'v':2};{'_id':2}");
    rig_expect(&rig, "{}", "{'sort': {'_id': 1}}", "{'_id':1,'v':2};{'_id':2}");
    rig_expect(&rig, "{}", MAJORITY, "{'_id':1,'v':1}");
    rig_expect(&rig, "{'_id': 2}", MAJORITY, "");
    assert_true(mongod_majority(rig.mongod) < mongod_newest(rig.mongod));
    mongod_settle(rig.mongod);
    assert_int_equal(mongod_majority(rig.mongod), mongod_newest(rig.mongod));
    rig_expect(&rig, "{}", MAJORITY, "{'_id':1,'v':2};{'_id':2}");
    rig_close(&rig);
}

static void
test_removed_document_is_seen_by_majority_reads(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    assert_true(rig_insert(&rig, "{'_id': 1}", true));
    mongod_play(rig.mongod, MONGOD_SLOW_MAJORITY, MONGOD_FOREVER);
    assert_false(rig_delete(&rig, "{'_id': 1}"));
    rig_expect(&rig, "{}", LOCAL, "");
    rig_expect(&rig, "{}", MAJORITY, "{'_id':1}");
    assert_true(rig_insert(&rig, "{'_id': 1, 'v': 2}", false));
    rig_expect(&rig, "{}", MAJORITY, "{'_id':1}");
    mongod_settle(rig.mongod);
    rig_expect(&rig, "{}", MAJORITY, "{'_id':1,'v':2}");
    assert_true(rig_delete(&rig, "{'_id': 1}"));
    rig_expect(&rig, "{}", MAJORITY, "");
    rig_close(&rig);
}

/* A command in a thread of its own, by hand: its answer comes when it may. */
struct asked {
    pthread_t thread;
    uint16_t port;
    const char *command;
    bool is_answered;
    bson_t reply;
};

static void *
ask_in_thread(void *argument)
{
    struct asked *asked = argument;
    int fd = raw_connect(asked->port);
    asked->is_answered = raw_command(fd, asked->command, &asked->reply);
    raw_close(fd);
    return NULL;
}

static void
ask(struct asked *asked, struct rig *rig, const char *command)
{
    *asked = (struct asked){.port = mongod_port(rig->mongod), .command = command};
    assert_int_equal(pthread_create(&asked->thread, NULL, ask_in_thread, asked), 0);
}

static void
ask_end(struct asked *asked)
{
    assert_int_equal(pthread_join(asked->thread, NULL), 0);
}

#define INSERT_1                                                                       \
    "{'insert': 'things', '$db': 'town', 'documents': [{'_id': 1}], "                  \
    "'writeConcern': {'w': 'majority', 'j': true}}"

static void
test_acknowledgement_waits_for_the_majority(void **state)
{
    struct rig rig;
    struct asked asked;
    (void)state;
    rig_open_set(&rig);
    mongod_play(rig.mongod, MONGOD_SLOW_MAJORITY, MONGOD_FOREVER);
    ask(&asked, &rig, INSERT_1);
    assert_true(mongod_await_held(rig.mongod, 1, RIG_PATIENCE_MS));
    rig_expect(&rig, "{}", LOCAL, "{'_id':1}");
    rig_expect(&rig, "{}", MAJORITY, "");
    mongod_settle(rig.mongod);
    ask_end(&asked);
    assert_true(asked.is_answered);
    assert_int_equal(raw_int(&asked.reply, "n"), 1);
    assert_false(bson_has_field(&asked.reply, "writeConcernError"));
    bson_destroy(&asked.reply);
    rig_close(&rig);
}

static void
test_wtimeout_ends_the_wait(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    mongod_play(rig.mongod, MONGOD_SLOW_MAJORITY, MONGOD_FOREVER);
    bson_t *document = rig_bson("{'_id': 1}");
    bson_t *options = rig_bson("{'writeConcern': {'w': 'majority', 'wtimeout': 20}}");
    assert_false(
        mongoc_collection_insert_one(rig.things, document, options, NULL, &rig.error));
    assert_int_equal(rig.error.domain, MONGOC_ERROR_WRITE_CONCERN);
    assert_int_equal(rig.error.code, 64);
    bson_destroy(options);
    bson_destroy(document);
    mongod_settle(rig.mongod);
    rig_expect(&rig, "{}", MAJORITY, "{'_id':1}");
    rig_close(&rig);
}

/* The write is seen, then it has never been. */
static void
test_rolled_back_write_is_not_acknowledged(void **state)
{
    struct rig rig;
    struct asked asked;
    (void)state;
    rig_open_set(&rig);
    mongod_play(rig.mongod, MONGOD_STALE_PRIMARY, MONGOD_FOREVER);
    ask(&asked, &rig, INSERT_1);
    assert_true(mongod_await_held(rig.mongod, 1, RIG_PATIENCE_MS));
    mongod_settle(rig.mongod);
    ask_end(&asked);
    assert_false(asked.is_answered);
    bson_destroy(&asked.reply);
    rig_expect_stored(&rig, false, "");
    assert_int_equal(mongod_count_rollbacks(rig.mongod), 1);
    /* The collection was made by the write. */
    assert_int_equal(mongod_count_undone(rig.mongod), 2);
    rig_close(&rig);
}

static void
test_rollback_takes_what_others_wrote_meanwhile(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    assert_true(rig_insert(&rig, "{'_id': 0}", true));
    rig_fault(&rig, "rollback=2147483647@insert");
    struct asked asked;
    ask(&asked, &rig, INSERT_1);
    ask_end(&asked);
    assert_false(asked.is_answered);
    bson_destroy(&asked.reply);
    assert_true(rig_insert(&rig, "{'_id': 2}", false));
    rig_expect(&rig, "{}", LOCAL, "{'_id':0};{'_id':1};{'_id':2}");
    rig_expect(&rig, "{}", MAJORITY, "{'_id':0}");
    mongod_settle(rig.mongod);
    rig_expect(&rig, "{}", LOCAL, "{'_id':0}");
    assert_int_equal(mongod_count_undone(rig.mongod), 2);
    rig_close(&rig);
}

/* A retry after the rollback writes again: the record went with the write. */
static void
test_rollback_forgets_retryable_writes(void **state)
{
    static const char insert[] =
        "{'insert': 'things', '$db': 'town', 'documents': [{'_id': 1}, {'_id': 2}], "
        "'lsid': {'id': {'$binary': {'base64': 'AAAAAAAAAAAAAAAAAAAAAA==',"
        "'subType': '04'}}}, 'txnNumber': {'$numberLong': '7'}}";
    struct rig rig;
    struct asked asked;
    (void)state;
    rig_open_set(&rig);
    mongod_play(rig.mongod, MONGOD_STALE_PRIMARY, MONGOD_FOREVER);
    for (int i = 0; i < 3; i++) {
        ask(&asked, &rig, insert);
        ask_end(&asked);
        assert_int_equal(raw_int(&asked.reply, "n"), 2);
        assert_false(bson_has_field(&asked.reply, "writeErrors"));
        bson_destroy(&asked.reply);
        assert_int_equal(mongod_count_inserted(rig.mongod), i < 2 ? 2 : 4);
        if (i == 1) {
            mongod_settle(rig.mongod);
            rig_expect_stored(&rig, false, "");
        }
    }
    rig_expect_stored(&rig, true, "{'_id':1};{'_id':2}");
    rig_close(&rig);
}

/* An answer from a record promises no less than the first would have. */
static void
test_retry_waits_for_the_first_write(void **state)
{
    static const char insert[] =
        "{'insert': 'things', '$db': 'town', 'documents': [{'_id': 1}], "
        "'lsid': {'id': {'$binary': {'base64': 'AAAAAAAAAAAAAAAAAAAAAA==',"
        "'subType': '04'}}}, 'txnNumber': {'$numberLong': '7'}, "
        "'writeConcern': {'w': 'majority'}}";
    struct rig rig;
    struct asked first;
    struct asked second;
    (void)state;
    rig_open_set(&rig);
    mongod_play(rig.mongod, MONGOD_STALE_PRIMARY, MONGOD_FOREVER);
    ask(&first, &rig, insert);
    assert_true(mongod_await_held(rig.mongod, 1, RIG_PATIENCE_MS));
    ask(&second, &rig, insert);
    assert_true(mongod_await_held(rig.mongod, 2, RIG_PATIENCE_MS));
    assert_int_equal(mongod_count_inserted(rig.mongod), 1);
    mongod_settle(rig.mongod);
    ask_end(&first);
    ask_end(&second);
    assert_false(first.is_answered);
    assert_false(second.is_answered);
    bson_destroy(&first.reply);
    bson_destroy(&second.reply);
    rig_close(&rig);
}

/* What found its document as it wanted it may not be acknowledged before the document
 * is safe; a duplicate promises nothing, and is answered at once. */
static void
test_no_change_waits_too(void **state)
{
    static const char *const commands[] = {
        "{'update': 'things', '$db': 'town', 'updates': [{'q': {'_id': 1}, 'u': {'v': "
        "2}"
        "}], 'writeConcern': {'w': 'majority', 'wtimeout': 10}}",
        "{'delete': 'things', '$db': 'town', 'deletes': [{'q': {'_id': 5}, 'limit': 1}]"
        ", 'writeConcern': {'w': 'majority', 'wtimeout': 10}}",
    };
    struct rig rig;
    struct asked asked;
    (void)state;
    rig_open_set(&rig);
    mongod_play(rig.mongod, MONGOD_SLOW_MAJORITY, MONGOD_FOREVER);
    assert_true(rig_insert(&rig, "{'_id': 1, 'v': 2}", false));
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        ask(&asked, &rig, commands[i]);
        ask_end(&asked);
        assert_true(asked.is_answered);
        assert_int_equal(raw_int(&asked.reply, "writeConcernError.code"), 64);
        bson_destroy(&asked.reply);
    }
    assert_false(rig_insert(&rig, "{'_id': 1}", true));
    assert_int_equal(rig.error.domain, MONGOC_ERROR_SERVER);
    assert_int_equal(rig.error.code, 11000);
    rig_close(&rig);
}

/* The slot was another's all the time. */
static void
test_planted_document_stands_after_the_rollback(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    assert_true(rig_insert(&rig, "{'_id': 0}", true));
    mongod_play(rig.mongod, MONGOD_ROLLBACK, MONGOD_FOREVER);
    assert_true(rig_insert(&rig, "{'_id': 1, 'by': 'me'}", false));
    bson_t *other = rig_bson("{'_id': 1, 'by': 'another'}");
    mongod_plant(rig.mongod, RIG_NS, other);
    rig_expect(&rig, "{'_id': 1}", LOCAL, "{'_id':1,'by':'me'}");
    rig_expect(&rig, "{'_id': 1}", MAJORITY, "{'_id':1,'by':'another'}");
    mongod_settle(rig.mongod);
    rig_expect_stored(&rig, false, "{'_id':0};{'_id':1,'by':'another'}");
    assert_true(mongod_uproot(rig.mongod, RIG_NS, other));
    assert_false(mongod_uproot(rig.mongod, RIG_NS, other));
    rig_expect_stored(&rig, false, "{'_id':0}");
    bson_destroy(other);
    rig_close(&rig);
}

static void
test_rollback_closes_cursors(void **state)
{
    struct rig rig;
    const bson_t *document = NULL;
    (void)state;
    rig_open_set(&rig);
    for (int i = 0; i < 4; i++) {
        bson_t *bson = BCON_NEW("_id", BCON_INT32(i));
        assert_true(
            mongoc_collection_insert_one(rig.things, bson, NULL, NULL, &rig.error));
        bson_destroy(bson);
    }
    bson_t *filter = rig_bson("{}");
    bson_t *opts = rig_bson("{'batchSize': 2}");
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(rig.things, filter, opts, NULL);
    assert_true(mongoc_cursor_next(cursor, &document));
    assert_true(mongoc_cursor_next(cursor, &document));
    mongod_play(rig.mongod, MONGOD_ROLLBACK, 0);
    assert_false(mongoc_cursor_next(cursor, &document));
    assert_true(mongoc_cursor_error(cursor, &rig.error));
    assert_int_equal(rig.error.code, 43);
    mongoc_cursor_destroy(cursor);
    bson_destroy(opts);
    bson_destroy(filter);
    rig_close(&rig);
}

/* Refused while it lasts, and the driver finds its primary again by itself. */
static void
test_stepdown_passes(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    assert_true(rig_insert(&rig, "{'_id': 1}", true));
    mongod_play(rig.mongod, MONGOD_STEPDOWN, MONGOD_FOREVER);
    struct asked asked;
    ask(&asked, &rig, INSERT_1);
    ask_end(&asked);
    assert_int_equal(raw_int(&asked.reply, "code"), 10107);
    bson_destroy(&asked.reply);
    ask(&asked, &rig, "{'find': 'things', '$db': 'town'}");
    ask_end(&asked);
    assert_int_equal(raw_int(&asked.reply, "code"), 13435);
    bson_destroy(&asked.reply);
    ask(&asked, &rig, "{'hello': 1, '$db': 'admin'}");
    ask_end(&asked);
    assert_int_equal(raw_int(&asked.reply, "isWritablePrimary"), 0);
    assert_int_equal(raw_int(&asked.reply, "secondary"), 1);
    bson_destroy(&asked.reply);
    assert_false(rig_insert(&rig, "{'_id': 2}", true));
    mongod_settle(rig.mongod);
    assert_true(rig_insert(&rig, "{'_id': 2}", true));
    rig_expect_stored(&rig, true, "{'_id':1};{'_id':2}");
    rig_close(&rig);
}

/* One stepdown shorter than the driver's patience is not even seen by the caller. */
static void
test_short_stepdown_is_ridden_out(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    assert_true(rig_insert(&rig, "{'_id': 1}", true));
    rig_fault(&rig, "stepdown=100@insert");
    assert_true(rig_insert(&rig, "{'_id': 2}", true));
    assert_int_equal(mongod_count(rig.mongod, "insert"), 3);
    rig_close(&rig);
}

static uint8_t
election_byte(struct rig *rig)
{
    struct asked asked;
    bson_iter_t iter;
    ask(&asked, rig, "{'hello': 1, '$db': 'admin'}");
    ask_end(&asked);
    assert_true(bson_iter_init_find(&iter, &asked.reply, "electionId"));
    uint8_t byte = bson_iter_oid(&iter)->bytes[11];
    bson_destroy(&asked.reply);
    return byte;
}

/* A deposed primary is told by its election, and a driver leaves it alone. */
static void
test_stale_primary_is_known_by_its_election(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    assert_true(rig_insert(&rig, "{'_id': 1}", true));
    uint8_t first = election_byte(&rig);
    mongod_play(rig.mongod, MONGOD_STALE_PRIMARY, MONGOD_FOREVER);
    assert_true(election_byte(&rig) < first);
    /* It takes writes from whoever does not look. */
    struct asked asked;
    ask(&asked, &rig, "{'insert': 'things', '$db': 'town', 'documents': [{'_id': 2}]}");
    ask_end(&asked);
    assert_int_equal(raw_int(&asked.reply, "n"), 1);
    bson_destroy(&asked.reply);
    rig_expect_stored(&rig, false, "{'_id':1};{'_id':2}");
    rig_fault(&rig, "close_before@insert");
    assert_false(rig_insert(&rig, "{'_id': 3}", false));
    mongod_settle(rig.mongod);
    assert_true(election_byte(&rig) > first);
    assert_true(rig_insert(&rig, "{'_id': 4}", true));
    rig_expect_stored(&rig, true, "{'_id':1};{'_id':4}");
    rig_close(&rig);
}

/* Its time comes without anybody's help. */
static void
test_states_end_by_themselves(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    assert_true(rig_insert(&rig, "{'_id': 1}", true));
    rig_fault(&rig, "stale_primary=50@insert");
    struct asked asked;
    ask(&asked, &rig,
        "{'insert': 'things', '$db': 'town', 'documents': [{'_id': 2}], "
        "'writeConcern': {'w': 'majority'}}");
    ask_end(&asked);
    assert_false(asked.is_answered);
    bson_destroy(&asked.reply);
    rig_expect_stored(&rig, false, "{'_id':1}");
    rig_close(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_majority_read_lags_behind),
        cmocka_unit_test(test_removed_document_is_seen_by_majority_reads),
        cmocka_unit_test(test_acknowledgement_waits_for_the_majority),
        cmocka_unit_test(test_wtimeout_ends_the_wait),
        cmocka_unit_test(test_rolled_back_write_is_not_acknowledged),
        cmocka_unit_test(test_rollback_takes_what_others_wrote_meanwhile),
        cmocka_unit_test(test_rollback_forgets_retryable_writes),
        cmocka_unit_test(test_retry_waits_for_the_first_write),
        cmocka_unit_test(test_no_change_waits_too),
        cmocka_unit_test(test_planted_document_stands_after_the_rollback),
        cmocka_unit_test(test_rollback_closes_cursors),
        cmocka_unit_test(test_stepdown_passes),
        cmocka_unit_test(test_short_stepdown_is_ridden_out),
        cmocka_unit_test(test_stale_primary_is_known_by_its_election),
        cmocka_unit_test(test_states_end_by_themselves),
    };
    mongoc_init();
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    mongoc_cleanup();
    return n_failed;
}
