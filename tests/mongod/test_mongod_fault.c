/* Each fault of a command as a real client sees it, and what the server has afterwards.
 */
#include <pthread.h>
#include <string.h>

#include "tests/mongod/raw.h"
#include "tests/mongod/rig.h"

/* What a client of one topology sees when an insert trips a fault. */
struct expectation {
    const char *fault;
    bool is_set; /* A replica set's client retries once. */
    bool ignores_txn;
    bool is_fine;
    uint32_t domain; /* Of the error. */
    uint32_t code;
    int n_attempts;
    bool is_stored;
};

static void
expect(const struct expectation *row)
{
    struct mongod_options options = {.is_replica_set = row->is_set,
                                     .ignores_txn = row->ignores_txn};
    struct rig rig;
    rig_open(&rig, &options);
    assert_true(rig_insert(&rig, "{'_id': 0}", true));
    rig_fault(&rig, row->fault);
    bool is_fine = rig_insert(&rig, "{'_id': 1}", true);
    if (is_fine != row->is_fine || (!is_fine && (rig.error.domain != row->domain ||
                                                 rig.error.code != row->code))) {
        fail_msg("%s, set %d: %d, domain %u, code %u: %s", row->fault, row->is_set,
                 is_fine, rig.error.domain, rig.error.code, rig.error.message);
    }
    assert_int_equal(mongod_count(rig.mongod, "insert"), 1 + row->n_attempts);
    mongod_settle(rig.mongod);
    rig_expect_stored(&rig, true, row->is_stored ? "{'_id':0};{'_id':1}" : "{'_id':0}");
    mongod_script(rig.mongod, NULL, 0);
    rig_close(&rig);
}

static void
test_insert_meets_each_fault(void **state)
{
    enum {
        STREAM = MONGOC_ERROR_STREAM,
        SERVER = MONGOC_ERROR_SERVER,
        CONCERN = MONGOC_ERROR_WRITE_CONCERN,
        CUT = MONGOC_ERROR_STREAM_SOCKET
    };
    static const struct expectation rows[] = {
        {"close_before@insert", false, false, false, STREAM, CUT, 1, false},
        {"close_before@insert", true, false, true, 0, 0, 2, true},
        {"close_before@insert+2", true, false, false, STREAM, CUT, 2, false},
        {"close_after@insert", false, false, false, STREAM, CUT, 1, true},
        {"close_after@insert", true, false, true, 0, 0, 2, true},
        {"close_after@insert", true, true, false, SERVER, 11000, 2, true},
        {"close_after@insert+2", true, false, false, STREAM, CUT, 2, true},
        {"not_primary@insert", true, false, true, 0, 0, 2, true},
        {"not_primary@insert+2", true, false, false, SERVER, 10107, 2, false},
        {"not_primary@insert", false, false, false, SERVER, 10107, 1, false},
        {"code_1@insert", true, false, false, SERVER, 1, 1, false},
        {"code_1_after@insert", true, false, false, SERVER, 1, 1, true},
        {"write_concern_error=2147483647@insert", true, false, false, CONCERN, 64, 1,
         true},
        {"rollback=0@insert+2", true, false, false, STREAM, CUT, 2, false},
        {"rollback=0@insert", true, false, true, 0, 0, 2, true},
        {"rollback=0@insert", false, false, false, STREAM, CUT, 1, false},
        {"delay=10@insert", true, false, true, 0, 0, 1, true},
        {"delay_after=10@insert", false, false, true, 0, 0, 1, true},
        {"slow_majority=20@insert", true, false, true, 0, 0, 1, true},
        {"close_before@insert/others", false, false, true, 0, 0, 1, true},
        {"close_before@find", false, false, true, 0, 0, 1, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expect(&rows[i]);
    }
}

/* The ghost write: the client has given up when it is applied. */
static void
test_delayed_insert_is_applied_after_the_client_gave_up(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    rig_fault(&rig, "delay=2147483647@insert");
    assert_false(rig_insert(&rig, "{'_id': 1}", true));
    assert_int_equal(rig.error.domain, MONGOC_ERROR_STREAM);
    rig_expect_stored(&rig, false, "");
    rig_expect(&rig, "{}", "{}", "");
    assert_true(mongod_await_held(rig.mongod, 1, RIG_PATIENCE_MS));
    mongod_settle(rig.mongod);
    assert_true(mongod_await_held(rig.mongod, 0, RIG_PATIENCE_MS));
    /* The read takes the lock behind the ghost, which has been let go. */
    rig_expect(&rig, "{}", "{}", "{'_id':1}");
    rig_close(&rig);
}

/* The retry of a driver overtakes the command it thinks is lost. */
static void
test_delayed_insert_loses_to_its_own_retry(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    rig_fault(&rig, "delay=2147483647@insert");
    assert_true(rig_insert(&rig, "{'_id': 1, 'v': 1}", true));
    assert_int_equal(mongod_count(rig.mongod, "insert"), 2);
    assert_true(rig_replace(&rig, "{'_id': 1}", "{'v': 2}", false));
    mongod_settle(rig.mongod);
    assert_true(mongod_await_held(rig.mongod, 0, RIG_PATIENCE_MS));
    rig_expect(&rig, "{}", "{}", "{'_id':1,'v':2}");
    assert_int_equal(mongod_count_inserted(rig.mongod), 1);
    rig_close(&rig);
}

static void
test_late_answer_is_a_lost_one(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    rig_fault(&rig, "delay_after=2147483647@insert");
    assert_false(rig_insert(&rig, "{'_id': 1}", true));
    assert_int_equal(rig.error.domain, MONGOC_ERROR_STREAM);
    rig_expect_stored(&rig, true, "{'_id':1}");
    mongod_settle(rig.mongod);
    rig_close(&rig);
}

static void
test_reads_are_retried_once(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    assert_true(rig_insert(&rig, "{'_id': 1}", true));
    rig_fault(&rig, "close_before@find");
    rig_expect(&rig, "{}", "{}", "{'_id':1}");
    assert_int_equal(mongod_count(rig.mongod, "find"), 2);
    rig_fault(&rig, "close_after@find+2");
    assert_null(rig_find(&rig, "{}", "{}"));
    assert_int_equal(rig.error.domain, MONGOC_ERROR_STREAM);
    assert_int_equal(mongod_count(rig.mongod, "find"), 4);
    rig_close(&rig);
}

/* A batch that was cut is one write: its retry runs what is missing. */
static void
test_batch_is_retried_as_one(void **state)
{
    enum { N = 5 };
    struct rig rig;
    bson_t *documents[N];
    (void)state;
    rig_open_set(&rig);
    rig_fault(&rig, "close_after@insert");
    for (int i = 0; i < N; i++) {
        documents[i] = BCON_NEW("_id", BCON_INT32(i));
    }
    assert_true(rig_insert_many(&rig, (const bson_t **)documents, N, true));
    assert_int_equal(rig_reply_int(&rig, "insertedCount"), N);
    assert_int_equal(mongod_count_inserted(rig.mongod), N);
    assert_int_equal(mongod_count(rig.mongod, "insert"), 2);
    for (int i = 0; i < N; i++) {
        bson_destroy(documents[i]);
    }
    rig_close(&rig);
}

static void
test_retried_changes_answer_as_at_first(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    rig_fault(&rig, "close_after@update+1");
    assert_true(rig_replace(&rig, "{'_id': 'a'}", "{'v': 1}", true));
    assert_int_equal(rig_reply_int(&rig, "upsertedCount"), 1);
    rig_fault(&rig, "close_after@update");
    assert_true(rig_replace(&rig, "{'_id': 'a', 'v': 1}", "{'v': 2}", false));
    assert_int_equal(rig_reply_int(&rig, "matchedCount"), 1);
    assert_int_equal(rig_reply_int(&rig, "modifiedCount"), 1);
    rig_fault(&rig, "close_after@delete");
    assert_true(rig_delete(&rig, "{'_id': 'a'}"));
    assert_int_equal(rig_reply_int(&rig, "deletedCount"), 1);
    assert_int_equal(mongod_count(rig.mongod, "update"), 4);
    assert_int_equal(mongod_count(rig.mongod, "delete"), 2);
    rig_close(&rig);
}

/* Without the records the same retries tell the client what is not true of its write.
 */
static void
test_retried_changes_differ_without_records(void **state)
{
    struct mongod_options options = {.is_replica_set = true, .ignores_txn = true};
    struct rig rig;
    (void)state;
    rig_open(&rig, &options);
    assert_true(rig_insert(&rig, "{'_id': 'a', 'v': 1}", true));
    rig_fault(&rig, "close_after@update");
    assert_true(rig_replace(&rig, "{'_id': 'a', 'v': 1}", "{'v': 2}", false));
    assert_int_equal(rig_reply_int(&rig, "matchedCount"), 0);
    rig_fault(&rig, "close_after@delete");
    assert_true(rig_delete(&rig, "{'_id': 'a'}"));
    assert_int_equal(rig_reply_int(&rig, "deletedCount"), 0);
    rig_close(&rig);
}

/* The label that tells a driver to retry is the server's to give. */
static void
test_label_comes_with_not_primary(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    rig_fault(&rig, "not_primary@insert+2");
    assert_false(rig_insert(&rig, "{'_id': 1}", true));
    assert_true(rig_has_label(&rig, "RetryableWriteError"));
    rig_fault(&rig, "code_1@insert");
    assert_false(rig_insert(&rig, "{'_id': 1}", true));
    assert_false(rig_has_label(&rig, "RetryableWriteError"));
    rig_close(&rig);
}

static void
test_fault_counts_its_own_commands(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    rig_fault(&rig, "code_1@insert#3+2");
    for (int i = 1; i <= 6; i++) {
        bson_t *document = BCON_NEW("_id", BCON_INT32(i));
        bool is_fine =
            mongoc_collection_insert_one(rig.things, document, NULL, NULL, &rig.error);
        assert_int_equal(is_fine, i != 3 && i != 4);
        rig_expect(&rig, "{'_id': 0}", "{}", "");
        bson_destroy(document);
    }
    assert_int_equal(mongod_count_played(rig.mongod), 2);
    rig_close(&rig);
}

/* Both commands are seen by a fault without a name, a greeting by none. */
static void
test_fault_without_a_name_means_data(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    rig_fault(&rig, "code_1#2");
    assert_true(rig_command(&rig, "{'ping': 1}"));
    assert_true(rig_command(&rig, "{'hello': 1}"));
    assert_true(rig_insert(&rig, "{'_id': 1}", true));
    assert_null(rig_find(&rig, "{}", "{}"));
    assert_int_equal(rig.error.code, 1);
    rig_expect(&rig, "{}", "{}", "{'_id':1}");
    rig_fault(&rig, "code_1@hello");
    assert_false(rig_command(&rig, "{'hello': 1}"));
    rig_close(&rig);
}

static void
test_pause_and_resume_keep_the_data(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_set(&rig);
    assert_true(rig_insert(&rig, "{'_id': 1}", true));
    uint16_t port = mongod_port(rig.mongod);
    mongod_pause(rig.mongod);
    assert_int_equal(raw_connect(port), -1);
    assert_false(rig_insert(&rig, "{'_id': 2}", true));
    assert_true(mongod_resume(rig.mongod));
    assert_int_equal(mongod_port(rig.mongod), port);
    assert_true(rig_insert(&rig, "{'_id': 3}", true));
    rig_expect(&rig, "{}", "{'sort': {'_id': 1}}", "{'_id':1};{'_id':3}");
    rig_close(&rig);
}

static void *
insert_in_thread(void *argument)
{
    struct rig *rig = argument;
    return (void *)(uintptr_t)rig_insert(rig, "{'_id': 1}", true);
}

/* A pause ends what is held, and does not apply it. */
static void
test_pause_kills_what_is_held(void **state)
{
    struct rig rig;
    pthread_t thread;
    void *result = NULL;
    (void)state;
    rig_open(&rig, NULL);
    rig_fault(&rig, "delay=2147483647@insert");
    assert_int_equal(pthread_create(&thread, NULL, insert_in_thread, &rig), 0);
    assert_true(mongod_await_held(rig.mongod, 1, RIG_PATIENCE_MS));
    mongod_pause(rig.mongod);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_null(result);
    assert_true(mongod_resume(rig.mongod));
    rig_expect_stored(&rig, false, "");
    rig_close(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_insert_meets_each_fault),
        cmocka_unit_test(test_delayed_insert_is_applied_after_the_client_gave_up),
        cmocka_unit_test(test_delayed_insert_loses_to_its_own_retry),
        cmocka_unit_test(test_late_answer_is_a_lost_one),
        cmocka_unit_test(test_reads_are_retried_once),
        cmocka_unit_test(test_batch_is_retried_as_one),
        cmocka_unit_test(test_retried_changes_answer_as_at_first),
        cmocka_unit_test(test_retried_changes_differ_without_records),
        cmocka_unit_test(test_label_comes_with_not_primary),
        cmocka_unit_test(test_fault_counts_its_own_commands),
        cmocka_unit_test(test_fault_without_a_name_means_data),
        cmocka_unit_test(test_pause_and_resume_keep_the_data),
        cmocka_unit_test(test_pause_kills_what_is_held),
    };
    mongoc_init();
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    mongoc_cleanup();
    return n_failed;
}
