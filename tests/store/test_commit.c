/* What the committer promises: judging, deciding again, idempotency, numbers outside
 * the log. */
#include "tests/store/fixture.h"

static const struct bytes nothing = {NULL, 0};

static void
test_put_refuses_a_stale_was(struct fixture *f)
{
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    int64_t first = fixture_put(f, KIND_PAPER, "p", 0, "=r:a", doc);
    assert_int_equal(
        fixture_commit(f, fixture_draft(f, KIND_PAPER, "p", 0, "=r:a", doc), NULL),
        STATUS_ABORTED);
    assert_int_equal(
        fixture_commit(f, fixture_draft(f, KIND_PAPER, "p", first + 1, "=r:a", doc),
                       NULL),
        STATUS_ABORTED);
    assert_int_equal(
        fixture_commit(f, fixture_draft(f, KIND_PAPER, "q", first, "=r:a", doc), NULL),
        STATUS_ABORTED);
    assert_int_equal(store_applied(f->store), first);
    assert_int_equal(fixture_put(f, KIND_PAPER, "p", first, "=r:a", doc), first + 1);
}

static void
test_check_must_hold(struct fixture *f)
{
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    int64_t seal = fixture_put(f, KIND_SEAL, "name/a", 0, "",
                               (struct bytes){(const uint8_t *)"x", 1});
    struct draft absent = fixture_draft(f, KIND_PAPER, "p", 0, "=r:a", doc);
    draft_add_check(f, &absent, KIND_SEAL, "name/a", 0);
    assert_int_equal(fixture_commit(f, absent, NULL), STATUS_ABORTED);
    struct draft other = fixture_draft(f, KIND_PAPER, "p", 0, "=r:a", doc);
    draft_add_check(f, &other, KIND_SEAL, "name/a", seal + 1);
    assert_int_equal(fixture_commit(f, other, NULL), STATUS_ABORTED);
    struct draft holds = fixture_draft(f, KIND_PAPER, "p", 0, "=r:a", doc);
    draft_add_check(f, &holds, KIND_SEAL, "name/a", seal);
    draft_add_check(f, &holds, KIND_SEAL, "name/b", 0);
    assert_int_equal(fixture_commit(f, holds, NULL), STATUS_OK);
}

static void
test_commit_is_all_or_nothing(struct fixture *f)
{
    struct document got;
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    struct draft draft = fixture_draft(f, KIND_PAPER, "p", 0, "=r:a", doc);
    draft_add(f, &draft, KONTOR__V1__CHANGE__OP__PUT, KIND_DRAWER, "d", 5, "=r:a", doc);
    assert_int_equal(fixture_commit(f, draft, NULL), STATUS_ABORTED);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 0, f->arena, &got),
                     STATUS_NOT_FOUND);
    draft.changes[1].was = 0;
    int64_t seq = 0;
    assert_int_equal(fixture_commit(f, draft, &seq), STATUS_OK);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 0, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(got.revision, seq);
    assert_int_equal(store_get(f->reader, KIND_DRAWER, "d", NULL, 0, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(got.revision, seq);
}

static void
test_delete_then_create_starts_anew(struct fixture *f)
{
    struct document got;
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    int64_t first = fixture_put(f, KIND_PAPER, "p", 0, "=r:a", doc);
    int64_t gone = fixture_delete(f, KIND_PAPER, "p", first);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 0, f->arena, &got),
                     STATUS_NOT_FOUND);
    atomic_store(&f->now_ms, 1800000000000);
    int64_t again = fixture_put(f, KIND_PAPER, "p", 0, "=r:a", doc);
    assert_true(gone > first && again > gone);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 0, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(got.created_at_ms, 1800000000000);
    fixture_verify(f);
}

static void
test_note_leaves_the_document(struct fixture *f)
{
    struct document got;
    int64_t seq = 0;
    Kontor__V1__Commit **commits;
    size_t n = 0;
    int64_t first = fixture_put(f, KIND_PAPER, "p", 0, "=r:a ~r:b",
                                fixture_doc(f, "a", 1, 0, NULL, NULL));
    struct draft note = {.actor = "a/x"};
    struct bytes text = {(const uint8_t *)"\x0a\x02hi", 4};
    draft_add(f, &note, KONTOR__V1__CHANGE__OP__NOTE, KIND_PAPER, "p", first, "", text);
    assert_int_equal(fixture_commit(f, note, &seq), STATUS_OK);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 0, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(got.revision, first);
    assert_int_equal(
        store_log_read(f->reader, first, 10, 1 << 20, f->arena, &commits, &n),
        STATUS_OK);
    assert_int_equal(n, 1);
    /* Those who see the document see the note. */
    assert_int_equal(commits[0]->changes[0]->n_scope, 2);
    note.changes[0].was = first + 7;
    assert_int_equal(fixture_commit(f, note, NULL), STATUS_ABORTED);
    note.changes[0].was = 0;
    assert_int_equal(fixture_commit(f, note, NULL), STATUS_OK);
    fixture_verify(f);
}

static void
test_log_tells_who_saw_it_before(struct fixture *f)
{
    Kontor__V1__Commit **commits;
    size_t n = 0;
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    int64_t first = fixture_put(f, KIND_PAPER, "p", 0, "=r:a ~*", doc);
    int64_t second = fixture_put(f, KIND_PAPER, "p", first, "=r:a", doc);
    fixture_delete(f, KIND_PAPER, "p", second);
    assert_int_equal(store_log_read(f->reader, 0, 10, 1 << 20, f->arena, &commits, &n),
                     STATUS_OK);
    assert_int_equal(n, 3);
    assert_int_equal(commits[0]->changes[0]->n_scope_was, 0);
    assert_int_equal(commits[1]->changes[0]->n_scope, 1);
    assert_int_equal(commits[1]->changes[0]->n_scope_was, 2);
    assert_int_equal(commits[2]->changes[0]->n_scope, 0);
    assert_int_equal(commits[2]->changes[0]->n_scope_was, 1);
    assert_int_equal(commits[2]->changes[0]->was, second);
}

static void
test_time_never_runs_back(struct fixture *f)
{
    struct document got;
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    int64_t seq = fixture_put(f, KIND_PAPER, "p", 0, "=r:a", doc);
    atomic_store(&f->now_ms, 1600000000000);
    fixture_put(f, KIND_PAPER, "p", seq, "=r:a", doc);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 0, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(got.updated_at_ms, 1700000000000);
    fixture_reopen(f);
    fixture_put(f, KIND_PAPER, "q", 0, "=r:a", doc);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "q", NULL, 0, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(got.updated_at_ms, 1700000000000);
}

/* Submits a decided draft and keeps how it ended. */
static void
submit_and_wait(struct fixture *f, struct ticket *ticket, struct draft draft)
{
    ticket_init(ticket);
    ticket->work.draft = draft;
    ticket->work.is_decided = true;
    assert_int_equal(ticket_submit(f, ticket), STATUS_OK);
    ticket_wait(ticket);
}

static void
test_same_eid_same_request_replays(struct fixture *f)
{
    struct ticket first;
    struct ticket again;
    Kontor__V1__Commit *commit;
    struct draft draft = fixture_draft(f, KIND_PAPER, "p", 0, "=r:a",
                                       fixture_doc(f, "a", 1, 0, NULL, NULL));
    draft_set_eid(&draft, 7, 100);
    submit_and_wait(f, &first, draft);
    assert_int_equal(first.status, STATUS_OK);
    assert_false(first.is_replay);
    for (int i = 0; i < 2; i++) {
        submit_and_wait(f, &again, draft);
        assert_int_equal(again.status, STATUS_OK);
        assert_true(again.is_replay);
        assert_int_equal(again.seq, first.seq);
        assert_memory_equal(again.hash, first.hash, sizeof first.hash);
        ticket_done(&again);
        fixture_reopen(f);
    }
    assert_int_equal(store_applied(f->store), first.seq);
    assert_int_equal(store_by_eid(f->reader, draft.eid, f->arena, &commit), STATUS_OK);
    assert_int_equal(commit->seq, first.seq);
    draft.eid[0]++;
    assert_int_equal(store_by_eid(f->reader, draft.eid, f->arena, &commit),
                     STATUS_NOT_FOUND);
    ticket_done(&first);
}

static void
test_same_eid_other_request_is_refused(struct fixture *f)
{
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    struct draft draft = fixture_draft(f, KIND_PAPER, "p", 0, "=r:a", doc);
    draft_set_eid(&draft, 7, 100);
    assert_int_equal(fixture_commit(f, draft, NULL), STATUS_OK);
    struct draft other = fixture_draft(f, KIND_PAPER, "q", 0, "=r:a", doc);
    draft_set_eid(&other, 7, 101);
    assert_int_equal(fixture_commit(f, other, NULL), STATUS_INVALID_ARGUMENT);
    other.has_request = false;
    assert_int_equal(fixture_commit(f, other, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(store_applied(f->store), 1);
}

static void
test_same_eid_twice_in_one_batch_commits_once(struct fixture *f)
{
    struct ticket tickets[8];
    struct draft draft = fixture_draft(f, KIND_PAPER, "p", 0, "=r:a",
                                       fixture_doc(f, "a", 1, 0, NULL, NULL));
    draft_set_eid(&draft, 7, 100);
    size_t n_new = 0;
    for (size_t i = 0; i < 8; i++) {
        ticket_init(&tickets[i]);
        tickets[i].work.draft = draft;
        tickets[i].work.is_decided = true;
        assert_int_equal(ticket_submit(f, &tickets[i]), STATUS_OK);
    }
    for (size_t i = 0; i < 8; i++) {
        ticket_wait(&tickets[i]);
        assert_int_equal(tickets[i].status, STATUS_OK);
        assert_int_equal(tickets[i].seq, 1);
        n_new += tickets[i].is_replay ? 0 : 1;
        ticket_done(&tickets[i]);
    }
    assert_int_equal(n_new, 1);
}

static void
test_no_eid_never_replays(struct fixture *f)
{
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    int64_t first = fixture_put(f, KIND_PAPER, "p", 0, "=r:a", doc);
    assert_int_equal(fixture_put(f, KIND_PAPER, "q", 0, "=r:a", doc), first + 1);
}

static void
test_softs_make_no_commit(struct fixture *f)
{
    int64_t value = 0;
    struct ticket ticket;
    struct draft draft = {.actor = "a"};
    draft_add_soft(f, &draft, "session/1", 42);
    submit_and_wait(f, &ticket, draft);
    assert_int_equal(ticket.status, STATUS_OK);
    assert_false(ticket.has_commit);
    ticket_done(&ticket);
    assert_int_equal(store_applied(f->store), 0);
    assert_int_equal(store_soft_get(f->reader, "session/1", &value), STATUS_OK);
    assert_int_equal(value, 42);
    fixture_reopen(f);
    draft.softs[0].value = INT64_MIN;
    assert_int_equal(fixture_commit(f, draft, NULL), STATUS_OK);
    assert_int_equal(store_soft_get(f->reader, "session/1", &value), STATUS_NOT_FOUND);
}

static void
test_softs_travel_with_their_commit(struct fixture *f)
{
    int64_t value = 0;
    struct draft draft = fixture_draft(f, KIND_PAPER, "p", 5, "=r:a",
                                       fixture_doc(f, "a", 1, 0, NULL, NULL));
    draft_add_soft(f, &draft, "k", 1);
    assert_int_equal(fixture_commit(f, draft, NULL), STATUS_ABORTED);
    assert_int_equal(store_soft_get(f->reader, "k", &value), STATUS_NOT_FOUND);
    draft.changes[0].was = 0;
    assert_int_equal(fixture_commit(f, draft, NULL), STATUS_OK);
    assert_int_equal(store_soft_get(f->reader, "k", &value), STATUS_OK);
}

static enum status
decide_nothing(struct work *work, struct store_reader *reader)
{
    (void)work;
    (void)reader;
    return STATUS_OK;
}

static enum status
decide_to_refuse(struct work *work, struct store_reader *reader)
{
    (void)work;
    (void)reader;
    return STATUS_FAILED_PRECONDITION;
}

static void
test_decide_may_end_without_a_commit(struct fixture *f)
{
    struct ticket ticket;
    ticket_init(&ticket);
    ticket.work.decide = decide_nothing;
    assert_int_equal(ticket_submit(f, &ticket), STATUS_OK);
    ticket_wait(&ticket);
    assert_int_equal(ticket.status, STATUS_OK);
    assert_false(ticket.has_commit);
    ticket_done(&ticket);
    ticket_init(&ticket);
    ticket.work.decide = decide_to_refuse;
    assert_int_equal(ticket_submit(f, &ticket), STATUS_OK);
    ticket_wait(&ticket);
    assert_int_equal(ticket.status, STATUS_FAILED_PRECONDITION);
    ticket_done(&ticket);
    assert_int_equal(store_applied(f->store), 0);
}

/* ---- Drafts that break the rules ---- */

static void
test_limits_are_refused(struct fixture *f)
{
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    struct draft many = {.actor = "a"};
    for (int i = 0; i <= STORE_MAX_CHANGES; i++) {
        draft_add(f, &many, KONTOR__V1__CHANGE__OP__PUT, KIND_DRAWER,
                  arena_print(f->arena, "d/%d", i), 0, "=a", doc);
    }
    assert_int_equal(fixture_commit(f, many, NULL), STATUS_RESOURCE_EXHAUSTED);
    many.n_changes--;
    assert_int_equal(fixture_commit(f, many, NULL), STATUS_OK);
    struct draft checks = fixture_draft(f, KIND_PAPER, "c", 0, "=a", doc);
    for (int i = 0; i <= STORE_MAX_CHECKS; i++) {
        draft_add_check(f, &checks, KIND_DRAWER, arena_print(f->arena, "none/%d", i),
                        0);
    }
    assert_int_equal(fixture_commit(f, checks, NULL), STATUS_RESOURCE_EXHAUSTED);
    uint8_t *large = arena_alloc(f->arena, STORE_MAX_COMMIT);
    struct draft fat = fixture_draft(f, KIND_SEAL, "fat", 0, "",
                                     (struct bytes){large, STORE_MAX_COMMIT});
    assert_int_equal(fixture_commit(f, fat, NULL), STATUS_RESOURCE_EXHAUSTED);
    fat.changes[0].doc.size -= 1024;
    assert_int_equal(fixture_commit(f, fat, NULL), STATUS_OK);
    fixture_verify(f);
}

/* Each row breaks one rule of a good draft. */
static void
break_twice(struct fixture *f, struct draft *draft)
{
    draft_add(f, draft, KONTOR__V1__CHANGE__OP__PUT, KIND_PAPER, "p", 0, "=a", nothing);
}

static void
break_scope_byte(struct fixture *f, struct draft *draft)
{
    draft->changes[0].scope[0] = arena_copy(f->arena, "r:a");
}

static void
break_scope_empty(struct fixture *f, struct draft *draft)
{
    draft->changes[0].scope[0] = arena_copy(f->arena, "=");
}

static void
break_scope_reserved(struct fixture *f, struct draft *draft)
{
    draft->changes[0].scope[0] = arena_copy(f->arena, "=!");
}

static void
break_op(struct fixture *f, struct draft *draft)
{
    (void)f;
    draft->changes[0].op = KONTOR__V1__CHANGE__OP__OP_UNSPECIFIED;
}

static void
break_id(struct fixture *f, struct draft *draft)
{
    (void)f;
    draft->changes[0].id = "";
}

static void
break_kind(struct fixture *f, struct draft *draft)
{
    static const struct kind stranger = {.name = "stranger"};
    (void)f;
    draft->changes[0].kind = &stranger;
}

static void
break_doc(struct fixture *f, struct draft *draft)
{
    (void)f;
    draft->changes[0].doc = (struct bytes){(const uint8_t *)"\x2a\x7f", 2};
}

static void
break_delete(struct fixture *f, struct draft *draft)
{
    (void)f;
    draft->changes[0].op = KONTOR__V1__CHANGE__OP__DELETE;
}

static void
break_scope_count(struct fixture *f, struct draft *draft)
{
    size_t n = STORE_MAX_SCOPE + 1;
    char **scope = arena_alloc(f->arena, n * sizeof *scope);
    for (size_t i = 0; i < n; i++) {
        scope[i] = arena_print(f->arena, "=r:%zu", i);
    }
    draft->changes[0].scope = scope;
    draft->changes[0].n_scope = n;
}

static void
test_broken_drafts_are_refused(struct fixture *f)
{
    static void (*const breaks[])(struct fixture *, struct draft *) = {
        break_twice,  break_scope_byte,  break_scope_empty, break_scope_reserved,
        break_op,     break_id,          break_kind,        break_doc,
        break_delete, break_scope_count,
    };
    for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
        struct draft draft = fixture_draft(f, KIND_PAPER, "p", 0, "=r:a",
                                           fixture_doc(f, "a", 1, 0, NULL, NULL));
        breaks[i](f, &draft);
        assert_int_equal(fixture_commit(f, draft, NULL), STATUS_INTERNAL);
    }
    assert_int_equal(store_applied(f->store), 0);
    fixture_put(f, KIND_PAPER, "p", 0, "=r:a", fixture_doc(f, "a", 1, 0, NULL, NULL));
    fixture_verify(f);
}

static const struct fixture_case cases[] = {
    {"test_put_refuses_a_stale_was", test_put_refuses_a_stale_was},
    {"test_check_must_hold", test_check_must_hold},
    {"test_commit_is_all_or_nothing", test_commit_is_all_or_nothing},
    {"test_delete_then_create_starts_anew", test_delete_then_create_starts_anew},
    {"test_note_leaves_the_document", test_note_leaves_the_document},
    {"test_log_tells_who_saw_it_before", test_log_tells_who_saw_it_before},
    {"test_time_never_runs_back", test_time_never_runs_back},
    {"test_same_eid_same_request_replays", test_same_eid_same_request_replays},
    {"test_same_eid_other_request_is_refused", test_same_eid_other_request_is_refused},
    {"test_same_eid_twice_in_one_batch_commits_once",
     test_same_eid_twice_in_one_batch_commits_once},
    {"test_no_eid_never_replays", test_no_eid_never_replays},
    {"test_softs_make_no_commit", test_softs_make_no_commit},
    {"test_softs_travel_with_their_commit", test_softs_travel_with_their_commit},
    {"test_decide_may_end_without_a_commit", test_decide_may_end_without_a_commit},
    {"test_limits_are_refused", test_limits_are_refused},
    {"test_broken_drafts_are_refused", test_broken_drafts_are_refused},
};

int
main(void)
{
    return fixture_run("commit", cases, sizeof cases / sizeof cases[0]);
}
