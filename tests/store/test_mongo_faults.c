/* Single faults of a MongoDB server that broke a promise once, each played step by
 * step. */
#include <stdlib.h>
#include <time.h>

#include "tests/store/faulty.h"

enum { WAIT_MS = 10000, NEVER_MS = 500 };

/*
 * A version of the past is stored, but by no majority. When it is stored again it is a
 * duplicate; then the set loses it, and the present version comes to a primary that
 * never had it.
 */
static void
test_a_duplicate_of_the_past_is_not_taken_for_a_stored_one(struct fixture *f)
{
    const struct mongod_fault faults[] = {
        {.action = MONGOD_WRITE_CONCERN_ERROR,
         .ms = MONGOD_FOREVER,
         .command = "insert",
         .collection = "paper_past",
         .nth = 1},
        {.action = MONGOD_DELAY,
         .ms = MONGOD_FOREVER,
         .command = "update",
         .collection = "paper",
         .nth = 1},
    };
    struct ticket ticket;
    int64_t first = fixture_put(f, KIND_PAPER, "a", 0, "=a",
                                fixture_doc(f, "one", 1, 0, NULL, NULL));
    mongod_script(faulty_mongod, faults, 2);
    ticket_init(&ticket);
    ticket.work.draft = fixture_draft(f, KIND_PAPER, "a", first, "=a",
                                      fixture_doc(f, "two", 2, 0, NULL, NULL));
    ticket.work.is_decided = true;
    assert_int_equal(ticket_submit(f, &ticket), STATUS_OK);
    /* The update must not even be asked for as long as the past is in doubt. */
    bool is_updating = mongod_await_held(faulty_mongod, 1, 2 * NEVER_MS);
    mongod_play(faulty_mongod, MONGOD_ROLLBACK, MONGOD_FOREVER);
    mongod_settle(faulty_mongod);
    ticket_wait(&ticket);
    assert_int_equal(ticket.status, STATUS_OK);
    assert_true(mongod_count_undone(faulty_mongod) > 0);
    ticket_done(&ticket);
    fixture_reopen(f);
    fixture_verify(f);
    assert_false(is_updating);
}

/* ---- Two at a time ---- */

/* A broker that opens its store on a thread of its own. */
struct opening {
    struct store_options options;
    struct store *store;
    enum status status;
    char error[256];
    pthread_t thread;
};

static void *
opening_run(void *argument)
{
    struct opening *opening = argument;
    opening->status = store_open(&opening->options, &opening->store, opening->error,
                                 sizeof opening->error);
    return NULL;
}

/* Commits one paper to a store that is not the fixture's. */
static enum status
commit_to(struct fixture *f, struct store *store, const char *id)
{
    struct fixture other = {.store = store, .arena = f->arena};
    return fixture_commit(&other,
                          fixture_draft(&other, KIND_PAPER, id, 0, "=a",
                                        fixture_doc(&other, id, 1, 0, NULL, NULL)),
                          NULL);
}

/* One has seen that there is nothing, then the other makes everything and writes. */
static void
test_two_brokers_may_begin_a_database_at_once(struct fixture *f)
{
    const struct mongod_fault fault = {.action = MONGOD_DELAY,
                                       .ms = MONGOD_FOREVER,
                                       .command = "find",
                                       .collection = "log",
                                       .nth = 1};
    char uri[FIXTURE_URI];
    struct opening late = {.options = f->options};
    struct opening early = {.options = f->options};
    faulty_address(f->folder, "new", WAIT_MS, uri, sizeof uri);
    late.options.uri = uri;
    early.options.uri = uri;
    /* The fixture's own broker asks, too. */
    fixture_shut(f);
    mongod_script(faulty_mongod, &fault, 1);
    assert_int_equal(pthread_create(&late.thread, NULL, opening_run, &late), 0);
    assert_true(mongod_await_held(faulty_mongod, 1, WAIT_MS));
    opening_run(&early);
    assert_int_equal(early.status, STATUS_OK);
    assert_int_equal(commit_to(f, early.store, "early"), STATUS_OK);
    mongod_settle(faulty_mongod);
    pthread_join(late.thread, NULL);
    assert_string_equal(late.error, "");
    assert_int_equal(late.status, STATUS_OK);
    assert_int_equal(commit_to(f, late.store, "late"), STATUS_OK);
    store_close(late.store);
    store_close(early.store);
}

/* ---- Looking beside a broker that writes ---- */

static void
expect_verified(struct store *store, int64_t seq)
{
    char error[256] = "";
    int64_t verified = 0;
    enum status status = store_verify(store, &verified, error, sizeof error);
    assert_string_equal(error, "");
    assert_int_equal(status, STATUS_OK);
    assert_true(verified >= seq);
}

/* The log is ahead of its documents, as it is for a moment in every commit. */
static void
test_verify_is_not_alarmed_by_documents_under_way(struct fixture *f)
{
    const struct mongod_fault fault = {.action = MONGOD_DELAY,
                                       .ms = MONGOD_FOREVER,
                                       .command = "insert",
                                       .collection = "paper",
                                       .nth = 1};
    struct opening check = {.options = f->options};
    struct ticket ticket;
    char uri[FIXTURE_URI];
    faulty_address(f->folder, "store", WAIT_MS, uri, sizeof uri);
    f->options.uri = uri;
    fixture_reopen(f);
    fixture_put(f, KIND_PAPER, "a", 0, "=a", fixture_doc(f, "one", 1, 0, NULL, NULL));
    check.options.is_read_only = true;
    opening_run(&check);
    assert_int_equal(check.status, STATUS_OK);
    mongod_script(faulty_mongod, &fault, 1);
    ticket_init(&ticket);
    ticket.work.draft = fixture_draft(f, KIND_PAPER, "b", 0, "=a",
                                      fixture_doc(f, "two", 2, 0, NULL, NULL));
    ticket.work.is_decided = true;
    assert_int_equal(ticket_submit(f, &ticket), STATUS_OK);
    assert_true(mongod_await_held(faulty_mongod, 1, WAIT_MS));
    expect_verified(check.store, 1);
    mongod_settle(faulty_mongod);
    ticket_wait(&ticket);
    assert_int_equal(ticket.status, STATUS_OK);
    ticket_done(&ticket);
    store_close(check.store);
}

struct checking {
    struct opening opening;
    int64_t verified;
};

static void *
checking_run(void *argument)
{
    struct checking *checking = argument;
    struct opening *opening = &checking->opening;
    opening->status = store_verify(opening->store, &checking->verified, opening->error,
                                   sizeof opening->error);
    return NULL;
}

/* A document comes between the reading of the log and the counting. */
static void
test_verify_counts_again_when_the_log_grew(struct fixture *f)
{
    const struct mongod_fault fault = {.action = MONGOD_DELAY,
                                       .ms = MONGOD_FOREVER,
                                       .command = "find",
                                       .collection = "paper",
                                       .nth = 1};
    struct checking check = {.opening = {.options = f->options}};
    char uri[FIXTURE_URI];
    faulty_address(f->folder, "store", WAIT_MS, uri, sizeof uri);
    check.opening.options.uri = uri;
    check.opening.options.is_read_only = true;
    fixture_put(f, KIND_PAPER, "a", 0, "=a", fixture_doc(f, "one", 1, 0, NULL, NULL));
    opening_run(&check.opening);
    assert_int_equal(check.opening.status, STATUS_OK);
    /* It saw "a" when it was opened: the first find of papers counts them. */
    mongod_script(faulty_mongod, &fault, 1);
    assert_int_equal(pthread_create(&check.opening.thread, NULL, checking_run, &check),
                     0);
    assert_true(mongod_await_held(faulty_mongod, 1, WAIT_MS));
    fixture_put(f, KIND_PAPER, "b", 0, "=a", fixture_doc(f, "two", 2, 0, NULL, NULL));
    mongod_settle(faulty_mongod);
    pthread_join(check.opening.thread, NULL);
    assert_string_equal(check.opening.error, "");
    assert_int_equal(check.opening.status, STATUS_OK);
    assert_int_equal(check.verified, 2);
    store_close(check.opening.store);
}

/* ---- Closing in doubt ---- */

/* Nothing answers any more; the append that was sent stays in doubt. */
static void
close_in_doubt(struct fixture *f, bool is_silent)
{
    enum { LIMIT_S = 6 };
    const struct mongod_fault faults[] = {
        {.action = MONGOD_CLOSE_AFTER,
         .command = "insert",
         .collection = "log",
         .nth = 1,
         .times = UINT32_MAX},
        {.action = MONGOD_DELAY,
         .ms = MONGOD_FOREVER,
         .command = "find",
         .collection = "log",
         .nth = 2, /* The first looks for the key, before anything is sent. */
         .times = UINT32_MAX},
    };
    struct ticket ticket;
    struct timespec began;
    struct timespec ended;
    char uri[FIXTURE_URI];
    faulty_address(f->folder, "store", 1000, uri, sizeof uri);
    f->options.uri = uri;
    fixture_reopen(f);
    uint64_t n_inserts = mongod_count(faulty_mongod, "insert");
    mongod_script(faulty_mongod, faults, is_silent ? 2 : 1);
    ticket_init(&ticket);
    ticket.work.draft = fixture_draft(f, KIND_PAPER, "a", 0, "=a",
                                      fixture_doc(f, "one", 1, 0, NULL, NULL));
    draft_set_eid(&ticket.work.draft, 1, 1);
    ticket.work.is_decided = true;
    assert_int_equal(ticket_submit(f, &ticket), STATUS_OK);
    assert_true(mongod_await(faulty_mongod, "insert", n_inserts + 1, WAIT_MS));
    if (!is_silent) {
        mongod_pause(faulty_mongod);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    fixture_shut(f);
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    assert_true(ticket.is_done);
    bool is_told_ok = ticket.status == STATUS_OK;
    assert_true(is_told_ok || ticket.status == STATUS_DEADLINE_EXCEEDED);
    print_message("closed in %ld s\n", (long)(ended.tv_sec - began.tv_sec));
    assert_true(ended.tv_sec - began.tv_sec <= LIMIT_S);
    ticket_done(&ticket);
    if (!is_silent) {
        assert_true(mongod_resume(faulty_mongod));
    }
}

static void
test_close_ends_when_the_server_is_gone(struct fixture *f)
{
    close_in_doubt(f, false);
}

static void
test_close_ends_when_the_server_is_silent(struct fixture *f)
{
    close_in_doubt(f, true);
}

/* ---- Damage ---- */

/* A decision that waits until it is let go: what comes meanwhile is one batch. */
struct waiting {
    struct ticket ticket;
    pthread_mutex_t gate;
};

static enum status
wait_decide(struct work *work, struct store_reader *reader)
{
    struct waiting *waiting = (struct waiting *)work;
    (void)reader;
    pthread_mutex_lock(&waiting->gate);
    pthread_mutex_unlock(&waiting->gate);
    work->draft.n_changes = 0;
    return STATUS_OK;
}

/* An entry that keeps its key and lost its commit. */
static void
damage_entry(struct fixture *f, int64_t seq, const struct draft *draft)
{
    char ns[128];
    bson_t row = BSON_INITIALIZER;
    faulty_collection(f, "log", ns, sizeof ns);
    BSON_APPEND_INT64(&row, "_id", seq);
    BSON_APPEND_BINARY(&row, "eid", BSON_SUBTYPE_BINARY, draft->eid, STORE_EID_SIZE);
    mongod_plant(faulty_mongod, ns, &row);
    bson_destroy(&row);
}

/* Were it taken for missing, the same request would be done twice. */
static void
test_a_damaged_entry_is_not_done_again_in_a_batch(struct fixture *f)
{
    struct waiting waiting = {.gate = PTHREAD_MUTEX_INITIALIZER};
    struct ticket tickets[2];
    struct draft draft = fixture_draft(f, KIND_PAPER, "a", 0, "=a",
                                       fixture_doc(f, "one", 1, 0, NULL, NULL));
    draft_set_eid(&draft, 1, 1);
    assert_int_equal(fixture_commit(f, draft, NULL), STATUS_OK);
    damage_entry(f, 1, &draft);
    ticket_init(&waiting.ticket);
    waiting.ticket.work.decide = wait_decide;
    pthread_mutex_lock(&waiting.gate);
    assert_int_equal(ticket_submit(f, &waiting.ticket), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        ticket_init(&tickets[i]);
        tickets[i].work.draft = fixture_draft(f, KIND_PAPER, i == 0 ? "b" : "c", 0,
                                              "=a", (struct bytes){NULL, 0});
        draft_set_eid(&tickets[i].work.draft, (uint64_t)i + 1, 1);
        tickets[i].work.is_decided = true;
        assert_int_equal(ticket_submit(f, &tickets[i]), STATUS_OK);
    }
    pthread_mutex_unlock(&waiting.gate);
    ticket_wait(&waiting.ticket);
    ticket_wait(&tickets[0]);
    ticket_wait(&tickets[1]);
    assert_int_equal(tickets[0].status, STATUS_DATA_LOSS);
    assert_int_equal(tickets[1].status, STATUS_OK);
    assert_int_equal(store_applied(f->store), 2);
}

/* ---- A new primary ---- */

/* The primary was another one, or away: nothing is decided by what it shows before a
 * write of the broker's own has reached a majority. */
static void
test_a_new_primary_is_settled_before_it_is_read(struct fixture *f)
{
    const struct mongod_fault faults[] = {
        {.action = MONGOD_STEPDOWN, .ms = 50, .command = "find", .nth = 1},
        {.action = MONGOD_DELAY,
         .ms = MONGOD_FOREVER,
         .command = "update",
         .collection = "brokers",
         .nth = 1,
         .times = UINT32_MAX},
    };
    struct document got;
    sem_t back;
    char uri[FIXTURE_URI];
    sem_init(&back, 0, 0);
    faulty_address(f->folder, "store", WAIT_MS, uri, sizeof uri);
    f->options.uri = uri;
    f->options.away = faulty_post_when_back;
    f->options.away_context = &back;
    fixture_reopen(f);
    fixture_put(f, KIND_PAPER, "a", 0, "=a", fixture_doc(f, "one", 1, 0, NULL, NULL));
    mongod_script(faulty_mongod, faults, 2);
    /* Some read meets the step down, then the broker's row waits for its majority. */
    assert_true(mongod_await_held(faulty_mongod, 1, WAIT_MS));
    assert_int_equal(store_get(f->reader, KIND_PAPER, "a", NULL, 0, f->arena, &got),
                     STATUS_UNAVAILABLE);
    mongod_settle(faulty_mongod);
    struct draft draft = fixture_draft(f, KIND_PAPER, "b", 0, "=a",
                                       fixture_doc(f, "two", 2, 0, NULL, NULL));
    assert_int_equal(faulty_commit_when_back(f, &back, draft), STATUS_OK);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "a", NULL, 0, f->arena, &got),
                     STATUS_OK);
    fixture_verify(f);
    fixture_shut(f);
    sem_destroy(&back);
}

static const struct fixture_case cases[] = {
    {"test_a_damaged_entry_is_not_done_again_in_a_batch",
     test_a_damaged_entry_is_not_done_again_in_a_batch},
    {"test_a_new_primary_is_settled_before_it_is_read",
     test_a_new_primary_is_settled_before_it_is_read},
    {"test_verify_is_not_alarmed_by_documents_under_way",
     test_verify_is_not_alarmed_by_documents_under_way},
    {"test_verify_counts_again_when_the_log_grew",
     test_verify_counts_again_when_the_log_grew},
    {"test_close_ends_when_the_server_is_gone",
     test_close_ends_when_the_server_is_gone},
    {"test_close_ends_when_the_server_is_silent",
     test_close_ends_when_the_server_is_silent},
    {"test_two_brokers_may_begin_a_database_at_once",
     test_two_brokers_may_begin_a_database_at_once},
    {"test_a_duplicate_of_the_past_is_not_taken_for_a_stored_one",
     test_a_duplicate_of_the_past_is_not_taken_for_a_stored_one},
};

int
main(void)
{
    return faulty_run("faults", cases, sizeof cases / sizeof cases[0]);
}
