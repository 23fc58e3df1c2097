/* Two brokers on one store: what one of them knows by heart, the other may outdate. */
#include "tests/store/fixture.h"

enum { N_TURNS = 8 };

/* The same store once more, through the eyes of another broker. */
static void
other_open(struct fixture *f, struct fixture *other)
{
    char error[256] = "";
    *other = *f;
    assert_int_equal(store_open(&f->options, &other->store, error, sizeof error),
                     STATUS_OK);
    assert_int_equal(store_reader_open(other->store, &other->reader), STATUS_OK);
}

static void
other_close(struct fixture *other)
{
    store_reader_close(other->reader);
    store_close(other->store);
}

static struct ticket
commit(struct fixture *f, struct draft draft)
{
    struct ticket ticket;
    ticket_init(&ticket);
    ticket.work.draft = draft;
    ticket.work.is_decided = true;
    assert_int_equal(ticket_submit(f, &ticket), STATUS_OK);
    ticket_wait(&ticket);
    ticket_done(&ticket);
    return ticket;
}

/* Each broker knows the keys it has met; a key the other wrote a moment ago is none of
 * those. */
static void
test_a_key_of_the_other_broker_replays(struct fixture *f)
{
    struct fixture other;
    if (f->backend->is_exclusive) {
        return;
    }
    other_open(f, &other);
    for (uint64_t i = 0; i < N_TURNS; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "p%d", (int)i);
        struct fixture *one = i % 2 == 0 ? f : &other;
        struct draft draft = fixture_draft(f, KIND_PAPER, id, 0, "=r:a",
                                           fixture_doc(f, "a", 1, 0, NULL, NULL));
        draft_set_eid(&draft, i + 1, i + 1);
        struct ticket first = commit(one, draft);
        struct ticket again = commit(one == f ? &other : f, draft);
        assert_int_equal(first.status, STATUS_OK);
        assert_false(first.is_replay);
        assert_int_equal(again.status, STATUS_OK);
        assert_true(again.is_replay);
        assert_int_equal(again.seq, first.seq);
    }
    other_close(&other);
    fixture_verify(f);
}

/* A document stays known to who wrote it last until the other replaces it: then the
 * older revision is refused, and the newer one holds at once. */
static void
test_a_document_of_the_other_broker_is_judged(struct fixture *f)
{
    struct fixture other;
    int64_t revision = 0;
    if (f->backend->is_exclusive) {
        return;
    }
    other_open(f, &other);
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    for (int i = 0; i < N_TURNS; i++) {
        struct fixture *one = i % 2 == 0 ? f : &other;
        int64_t stale = revision;
        struct draft draft = fixture_draft(f, KIND_PAPER, "p", revision, "=r:a", doc);
        assert_int_equal(fixture_commit(one, draft, &revision), STATUS_OK);
        draft = fixture_draft(f, KIND_PAPER, "p", stale, "=r:a", doc);
        assert_int_equal(fixture_commit(one == f ? &other : f, draft, NULL),
                         STATUS_ABORTED);
    }
    other_close(&other);
    fixture_verify(f);
}

/* A broker that comes later has read the whole log before it trusts its memory. */
static void
test_a_key_from_before_the_start_replays(struct fixture *f)
{
    for (uint64_t i = 0; i < N_TURNS; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "p%d", (int)i);
        struct draft draft = fixture_draft(f, KIND_PAPER, id, 0, "=r:a",
                                           fixture_doc(f, "a", 1, 0, NULL, NULL));
        draft_set_eid(&draft, i + 1, i + 1);
        assert_false(commit(f, draft).is_replay);
        fixture_reopen(f);
        /* One more first, so that what is known by heart has been read. */
        struct draft more =
            fixture_draft(f, KIND_DRAWER, id, 0, "=r:a", draft.changes[0].doc);
        draft_set_eid(&more, 100 + i, 1);
        assert_false(commit(f, more).is_replay);
        assert_true(commit(f, draft).is_replay);
    }
}

/* A broker knows which documents there are; one the other made a moment ago is none of
 * those. */
static void
test_a_new_document_of_the_other_broker_is_met(struct fixture *f)
{
    struct fixture other;
    int64_t revision = 0;
    if (f->backend->is_exclusive) {
        return;
    }
    other_open(f, &other);
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    for (int i = 0; i < N_TURNS; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "p%d", i);
        struct fixture *one = i % 2 == 0 ? f : &other;
        struct fixture *two = one == f ? &other : f;
        struct draft draft = fixture_draft(f, KIND_PAPER, id, 0, "=r:a", doc);
        assert_int_equal(fixture_commit(one, draft, &revision), STATUS_OK);
        /* Every other time it is replaced at once, and made once more before. */
        if (i % 4 < 2) {
            assert_int_equal(fixture_commit(two, draft, NULL), STATUS_ABORTED);
        }
        draft = fixture_draft(f, KIND_PAPER, id, revision, "=r:a", doc);
        assert_int_equal(fixture_commit(two, draft, NULL), STATUS_OK);
    }
    other_close(&other);
    fixture_verify(f);
}

/* What a broker wrote itself is forgotten when the other writes; that it is there is
 * not. */
static void
test_an_own_document_is_met_after_the_other_broker_wrote(struct fixture *f)
{
    struct fixture other;
    if (f->backend->is_exclusive) {
        return;
    }
    other_open(f, &other);
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    int64_t revision = fixture_put(f, KIND_PAPER, "own", 0, "=r:a", doc);
    fixture_put(&other, KIND_PAPER, "other", 0, "=r:a", doc);
    /* Its place is the other's: the log is followed first. */
    fixture_put(f, KIND_PAPER, "more", 0, "=r:a", doc);
    struct draft draft = fixture_draft(f, KIND_PAPER, "own", 0, "=r:a", doc);
    assert_int_equal(fixture_commit(f, draft, NULL), STATUS_ABORTED);
    draft = fixture_draft(f, KIND_PAPER, "own", revision, "=r:a", doc);
    assert_int_equal(fixture_commit(f, draft, NULL), STATUS_OK);
    other_close(&other);
    fixture_verify(f);
}

/* A work whose batch is open when the other broker makes one of its documents. */
struct meeting {
    struct ticket ticket;
    struct fixture *f;
    struct fixture *other;
    int64_t revision; /* Of the other's. */
    int n_runs;
};

/* Replaces what is there, and makes one more. */
static enum status
meeting_decide(struct work *work, struct store_reader *reader)
{
    struct meeting *meeting = (struct meeting *)work;
    struct fixture *f = meeting->f;
    struct document got = {.revision = 0};
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    enum status status = store_get(reader, KIND_PAPER, "x", NULL, 0, f->arena, &got);
    int64_t revision = status == STATUS_OK ? got.revision : 0;
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    assert_int_equal(revision, meeting->revision);
    if (meeting->n_runs++ == 0) {
        meeting->revision =
            fixture_put(meeting->other, KIND_PAPER, "x", 0, "=r:a", doc);
    }
    work->draft = fixture_draft(f, KIND_PAPER, "x", revision, "=r:a", doc);
    draft_add(f, &work->draft, KONTOR__V1__CHANGE__OP__PUT, KIND_PAPER, "y", 0, "=r:a",
              doc);
    return STATUS_OK;
}

/* The batch is lost, and what was lacking for sure is there; what only the batch would
 * have made is still to be made. */
static void
test_a_lost_batch_meets_what_it_lost_to(struct fixture *f)
{
    struct fixture other;
    if (f->backend->is_exclusive) {
        return;
    }
    other_open(f, &other);
    struct meeting meeting = {.f = f, .other = &other};
    ticket_init(&meeting.ticket);
    meeting.ticket.work.decide = meeting_decide;
    assert_int_equal(ticket_submit(f, &meeting.ticket), STATUS_OK);
    ticket_wait(&meeting.ticket);
    assert_int_equal(meeting.ticket.status, STATUS_OK);
    assert_int_equal(meeting.n_runs, 2);
    ticket_done(&meeting.ticket);
    other_close(&other);
    fixture_verify(f);
}

static const struct fixture_case cases[] = {
    {"test_a_key_of_the_other_broker_replays", test_a_key_of_the_other_broker_replays},
    {"test_a_document_of_the_other_broker_is_judged",
     test_a_document_of_the_other_broker_is_judged},
    {"test_a_new_document_of_the_other_broker_is_met",
     test_a_new_document_of_the_other_broker_is_met},
    {"test_an_own_document_is_met_after_the_other_broker_wrote",
     test_an_own_document_is_met_after_the_other_broker_wrote},
    {"test_a_lost_batch_meets_what_it_lost_to",
     test_a_lost_batch_meets_what_it_lost_to},
    {"test_a_key_from_before_the_start_replays",
     test_a_key_from_before_the_start_replays},
};

int
main(void)
{
    return fixture_run("brokers", cases, sizeof cases / sizeof cases[0]);
}
