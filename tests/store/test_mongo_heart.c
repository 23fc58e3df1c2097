/* What a broker knows by heart of the documents there are: it spares looks, and it
 * never says of one that is there that it is not. */
#include "tests/store/faulty.h"

enum { WAIT_MS = 10000 };

/* Counts the looks for papers, and spoils none. */
static void
count_looks(void)
{
    static const struct mongod_fault look = {.action = MONGOD_DELAY,
                                             .command = "find",
                                             .collection = "paper",
                                             .nth = 1,
                                             .times = UINT32_MAX};
    mongod_script(faulty_mongod, &look, 1);
}

static struct draft
paper(struct fixture *f, const char *id, int64_t was)
{
    return fixture_draft(f, KIND_PAPER, id, was, "=a",
                         fixture_doc(f, id, 1, 0, NULL, NULL));
}

static void
test_a_new_document_is_not_looked_for(struct fixture *f)
{
    int64_t revision = 0;
    fixture_put(f, KIND_DRAWER, "b", 0, "=a", fixture_doc(f, "b", 1, 0, NULL, NULL));
    fixture_reopen(f);
    count_looks();
    assert_int_equal(fixture_commit(f, paper(f, "a", 0), &revision), STATUS_OK);
    /* An id of another kind says nothing of this one. */
    assert_int_equal(fixture_commit(f, paper(f, "b", 0), NULL), STATUS_OK);
    assert_int_equal(fixture_commit(f, paper(f, "a", revision), NULL), STATUS_OK);
    assert_int_equal(mongod_count_played(faulty_mongod), 0);
    fixture_verify(f);
}

static void
test_a_document_from_before_the_start_is_looked_for(struct fixture *f)
{
    int64_t revision =
        fixture_put(f, KIND_PAPER, "a", 0, "=a", fixture_doc(f, "a", 1, 0, NULL, NULL));
    fixture_reopen(f);
    count_looks();
    assert_int_equal(fixture_commit(f, paper(f, "a", revision), NULL), STATUS_OK);
    assert_int_equal(mongod_count_played(faulty_mongod), 1);
    fixture_verify(f);
}

/* The row of a document that was removed is met when it is made again. */
static void
test_a_removed_document_is_looked_for(struct fixture *f)
{
    int64_t revision =
        fixture_put(f, KIND_PAPER, "a", 0, "=a", fixture_doc(f, "a", 1, 0, NULL, NULL));
    fixture_delete(f, KIND_PAPER, "a", revision);
    fixture_reopen(f);
    count_looks();
    assert_int_equal(fixture_commit(f, paper(f, "a", 0), NULL), STATUS_OK);
    assert_int_equal(mongod_count_played(faulty_mongod), 1);
    fixture_verify(f);
}

static void
test_a_refusal_looks_first(struct fixture *f)
{
    /* Before any batch: what earlier ones left is doubted anyway. */
    fixture_reopen(f);
    count_looks();
    assert_int_equal(fixture_commit(f, paper(f, "a", 7), NULL), STATUS_ABORTED);
    assert_int_equal(mongod_count_played(faulty_mongod), 1);
    /* And the next batch knows it by heart again. */
    assert_int_equal(fixture_commit(f, paper(f, "b", 0), NULL), STATUS_OK);
    assert_int_equal(mongod_count_played(faulty_mongod), 1);
}

/* A row of the collection of papers goes, or comes back, behind the broker's back. */
static bson_t *
take_row(struct fixture *f)
{
    char ns[128];
    struct mongod_documents rows;
    faulty_collection(f, "paper", ns, sizeof ns);
    mongod_read(faulty_mongod, ns, true, &rows);
    assert_int_equal(rows.n, 1);
    bson_t *row = bson_copy(rows.documents[0]);
    mongod_documents_free(&rows);
    assert_true(mongod_uproot(faulty_mongod, ns, row));
    return row;
}

static void
bring_row(struct fixture *f, bson_t *row)
{
    char ns[128];
    faulty_collection(f, "paper", ns, sizeof ns);
    mongod_plant(faulty_mongod, ns, row);
    bson_destroy(row);
}

/* What was read by the eyes of the one before counts no more. */
static void
test_a_new_primary_is_read_again(struct fixture *f)
{
    const struct mongod_fault faults[] = {
        {.action = MONGOD_STEPDOWN, .ms = 50, .command = "find", .nth = 1},
        {.action = MONGOD_DELAY,
         .ms = MONGOD_FOREVER,
         .command = "update",
         .collection = "brokers",
         .nth = 1},
    };
    sem_t back;
    char uri[FIXTURE_URI];
    sem_init(&back, 0, 0);
    int64_t revision =
        fixture_put(f, KIND_PAPER, "a", 0, "=a", fixture_doc(f, "a", 1, 0, NULL, NULL));
    fixture_shut(f);
    bson_t *row = take_row(f);
    faulty_address(f->folder, "store", WAIT_MS, uri, sizeof uri);
    f->options.uri = uri;
    f->options.away = faulty_post_when_back;
    f->options.away_context = &back;
    fixture_reopen(f);
    bring_row(f, row);
    mongod_script(faulty_mongod, faults, 2);
    /* Some look at the log meets the step down, then the broker says that it is here.
     */
    assert_true(mongod_await_held(faulty_mongod, 1, WAIT_MS));
    mongod_settle(faulty_mongod);
    struct draft other = paper(f, "b", 0);
    assert_int_equal(faulty_commit_when_back(f, &back, other), STATUS_OK);
    assert_int_equal(fixture_commit(f, paper(f, "a", 0), NULL), STATUS_ABORTED);
    assert_int_equal(fixture_commit(f, paper(f, "a", revision), NULL), STATUS_OK);
    fixture_verify(f);
    fixture_shut(f);
    sem_destroy(&back);
}

/* ---- Entries that stand without their documents ---- */

/* The documents cannot be written: the batch counts as lost, and is followed. */
static void
test_a_document_of_a_batch_that_was_broken_off_is_met(struct fixture *f)
{
    const struct mongod_fault fault = {
        .action = MONGOD_CODE_1, .command = "insert", .collection = "paper", .nth = 1};
    int64_t revision = 0;
    mongod_script(faulty_mongod, &fault, 1);
    assert_int_equal(fixture_commit(f, paper(f, "a", 0), &revision), STATUS_OK);
    assert_int_equal(mongod_count_played(faulty_mongod), 1);
    assert_int_equal(fixture_commit(f, paper(f, "a", 0), NULL), STATUS_ABORTED);
    assert_int_equal(fixture_commit(f, paper(f, "a", revision), NULL), STATUS_OK);
    fixture_verify(f);
}

/* A work in whose open batch another broker makes a document. */
struct meeting {
    struct ticket ticket;
    struct fixture *f;
    struct fixture *other;
    int n_runs;
};

static enum status
meeting_decide(struct work *work, struct store_reader *reader)
{
    struct meeting *meeting = (struct meeting *)work;
    (void)reader;
    if (meeting->n_runs++ == 0) {
        fixture_commit(meeting->other, paper(meeting->other, "x", 0), NULL);
    }
    work->draft = paper(meeting->f, "y", 0);
    return STATUS_OK;
}

/* Who follows looks for what others made, and does not write it again. */
static void
test_a_followed_document_is_looked_for(struct fixture *f)
{
    const struct mongod_fault inserts = {.action = MONGOD_DELAY,
                                         .command = "insert",
                                         .collection = "paper",
                                         .nth = 1,
                                         .times = UINT32_MAX};
    char error[256] = "";
    struct fixture other = *f;
    struct meeting meeting = {.f = f, .other = &other};
    fixture_reopen(f);
    assert_int_equal(store_open(&f->options, &other.store, error, sizeof error),
                     STATUS_OK);
    mongod_script(faulty_mongod, &inserts, 1);
    ticket_init(&meeting.ticket);
    meeting.ticket.work.decide = meeting_decide;
    assert_int_equal(ticket_submit(f, &meeting.ticket), STATUS_OK);
    ticket_wait(&meeting.ticket);
    ticket_done(&meeting.ticket);
    assert_int_equal(meeting.ticket.status, STATUS_OK);
    /* One of each broker. */
    assert_int_equal(mongod_count_played(faulty_mongod), 2);
    store_close(other.store);
    fixture_verify(f);
}

static const struct fixture_case cases[] = {
    {"test_a_new_document_is_not_looked_for", test_a_new_document_is_not_looked_for},
    {"test_a_document_from_before_the_start_is_looked_for",
     test_a_document_from_before_the_start_is_looked_for},
    {"test_a_removed_document_is_looked_for", test_a_removed_document_is_looked_for},
    {"test_a_refusal_looks_first", test_a_refusal_looks_first},
    {"test_a_followed_document_is_looked_for", test_a_followed_document_is_looked_for},
    {"test_a_new_primary_is_read_again", test_a_new_primary_is_read_again},
    {"test_a_document_of_a_batch_that_was_broken_off_is_met",
     test_a_document_of_a_batch_that_was_broken_off_is_met},
};

int
main(void)
{
    return faulty_run("heart", cases, sizeof cases / sizeof cases[0]);
}
