/* What waits for the committer and who hears of it: the queue, its lanes, listeners,
 * closing. */
#include <stdlib.h>

#include "tests/store/fixture.h"

static enum status
decide_nothing(struct work *work, struct store_reader *reader)
{
    (void)work;
    (void)reader;
    return STATUS_OK;
}

/* Holds the committer inside a decide until it is let go, so that others queue up
 * behind it. */
struct gate {
    struct ticket ticket;
    pthread_mutex_t lock; /* Guards what follows. */
    pthread_cond_t moved;
    bool is_reached;
    bool is_open;
};

static enum status
gate_decide(struct work *work, struct store_reader *reader)
{
    struct gate *gate = (struct gate *)work;
    (void)reader;
    pthread_mutex_lock(&gate->lock);
    gate->is_reached = true;
    pthread_cond_broadcast(&gate->moved);
    while (!gate->is_open) {
        pthread_cond_wait(&gate->moved, &gate->lock);
    }
    pthread_mutex_unlock(&gate->lock);
    return STATUS_OK;
}

static void
gate_close(struct fixture *f, struct gate *gate)
{
    *gate = (struct gate){.is_open = false};
    ticket_init(&gate->ticket);
    gate->ticket.work.decide = gate_decide;
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->moved, NULL);
    assert_int_equal(ticket_submit(f, &gate->ticket), STATUS_OK);
    pthread_mutex_lock(&gate->lock);
    while (!gate->is_reached) {
        pthread_cond_wait(&gate->moved, &gate->lock);
    }
    pthread_mutex_unlock(&gate->lock);
}

static void
gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->is_open = true;
    pthread_cond_broadcast(&gate->moved);
    pthread_mutex_unlock(&gate->lock);
}

static void
gate_end(struct gate *gate)
{
    ticket_wait(&gate->ticket);
    ticket_done(&gate->ticket);
    pthread_cond_destroy(&gate->moved);
    pthread_mutex_destroy(&gate->lock);
}

static void
test_full_queue_refuses(struct fixture *f)
{
    enum { LENGTH = 10 };
    struct gate gate;
    struct ticket tickets[LENGTH + 1];
    f->options.queue_length = LENGTH;
    fixture_reopen(f);
    gate_close(f, &gate);
    for (int i = 0; i <= LENGTH; i++) {
        ticket_init(&tickets[i]);
        tickets[i].work.decide = decide_nothing;
        enum status wanted = i < LENGTH ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
        assert_int_equal(ticket_submit(f, &tickets[i]), wanted);
    }
    gate_open(&gate);
    gate_end(&gate);
    for (int i = 0; i < LENGTH; i++) {
        ticket_wait(&tickets[i]);
        ticket_done(&tickets[i]);
    }
    assert_int_equal(ticket_submit(f, &tickets[LENGTH]), STATUS_OK);
    ticket_wait(&tickets[LENGTH]);
    ticket_done(&tickets[LENGTH]);
}

/* Which works ended in which order. */
struct order {
    struct ticket ticket;
    struct order_log *log;
    char mark;
};

struct order_log {
    char marks[256];
    size_t n;
};

static enum status
order_decide(struct work *work, struct store_reader *reader)
{
    struct order *order = (struct order *)work;
    (void)reader;
    order->log->marks[order->log->n++] = order->mark;
    return STATUS_OK;
}

static void
test_bulk_takes_a_quarter_while_others_wait(struct fixture *f)
{
    enum { N_EACH = 80, N = 2 * N_EACH, QUARTER = STORE_BATCH_COMMITS / 4 };
    struct gate gate;
    struct order_log log = {.n = 0};
    struct order *orders = calloc(N, sizeof *orders);
    gate_close(f, &gate);
    for (int i = 0; i < N; i++) {
        orders[i].log = &log;
        orders[i].mark = i < N_EACH ? 'b' : 'o';
        ticket_init(&orders[i].ticket);
        orders[i].ticket.work.decide = order_decide;
        orders[i].ticket.work.is_bulk = i < N_EACH;
        assert_int_equal(ticket_submit(f, &orders[i].ticket), STATUS_OK);
    }
    gate_open(&gate);
    gate_end(&gate);
    for (int i = 0; i < N; i++) {
        ticket_wait(&orders[i].ticket);
        ticket_done(&orders[i].ticket);
    }
    assert_int_equal(log.n, N);
    size_t n_bulk_before_last_other = 0;
    const char *last = memrchr(log.marks, 'o', log.n);
    for (const char *at = log.marks; at < last; at++) {
        n_bulk_before_last_other += *at == 'b' ? 1 : 0;
    }
    /* 80 others and the gate fill two batches. Bulk works are neither starved nor in
     * the way. */
    assert_true(n_bulk_before_last_other <= 2 * QUARTER);
    assert_true(memchr(log.marks, 'b', STORE_BATCH_COMMITS) != NULL);
    free(orders);
}

struct heard {
    int64_t seqs[64];
    size_t n;
    struct store *store;
    struct store_reader *reader;
    bool is_behind; /* A commit was told before it was applied, or could be read. */
};

/* Whether a snapshot begun now has this commit and its documents. */
static bool
can_be_read(struct store_reader *reader, const Kontor__V1__Commit *commit)
{
    struct document got = {.revision = 0};
    int64_t applied = 0;
    struct arena *arena = arena_new();
    enum status status = store_begin(reader, &applied);
    if (status == STATUS_OK) {
        status =
            store_get(reader, KIND_PAPER, commit->changes[0]->id, NULL, 0, arena, &got);
        store_end(reader);
    }
    arena_free(arena);
    return status == STATUS_OK && applied >= commit->seq && got.revision >= commit->seq;
}

static void
hear(void *context, const Kontor__V1__Commit *commit)
{
    struct heard *heard = context;
    heard->is_behind = heard->is_behind || store_applied(heard->store) < commit->seq ||
                       !can_be_read(heard->reader, commit);
    heard->seqs[heard->n++] = commit->seq;
}

static void
test_listeners_hear_every_commit_once_in_order(struct fixture *f)
{
    struct heard heard = {.store = f->store};
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    assert_int_equal(store_reader_open(f->store, &heard.reader), STATUS_OK);
    store_listen(f->store, hear, &heard);
    struct draft draft = fixture_draft(f, KIND_PAPER, "p", 0, "=r:a", doc);
    draft_set_eid(&draft, 1, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fixture_commit(f, draft, NULL), STATUS_OK);
    }
    fixture_put(f, KIND_PAPER, "q", 0, "=r:a", doc);
    assert_int_equal(heard.n, 2);
    assert_int_equal(heard.seqs[0], 1);
    assert_int_equal(heard.seqs[1], 2);
    assert_false(heard.is_behind);
    store_reader_close(heard.reader);
}

enum { WRITINGS = 60 };

/* Commits of somebody who does not wait for listeners. */
struct writing {
    struct ticket tickets[WRITINGS];
};

static void
hear_late(void *context, const Kontor__V1__Commit *commit)
{
    struct heard *heard = context;
    heard->seqs[heard->n++] = commit->seq;
}

static void
test_a_late_listener_hears_all_after_what_it_is_told(struct fixture *f)
{
    struct writing *writing = calloc(1, sizeof *writing);
    struct heard heard = {.n = 0};
    for (int i = 0; i < WRITINGS; i++) {
        struct ticket *ticket = &writing->tickets[i];
        ticket_init(ticket);
        ticket->work.draft =
            fixture_draft(f, KIND_PAPER, arena_print(f->arena, "p/%d", i), 0, "=r:a",
                          fixture_doc(f, "a", 1, 0, NULL, NULL));
        ticket->work.is_decided = true;
        assert_int_equal(ticket_submit(f, ticket), STATUS_OK);
    }
    ticket_wait(&writing->tickets[0]);
    int64_t told = store_listen(f->store, hear_late, &heard);
    for (int i = 0; i < WRITINGS; i++) {
        ticket_wait(&writing->tickets[i]);
        ticket_done(&writing->tickets[i]);
    }
    assert_true(told >= 1 && told <= WRITINGS);
    assert_int_equal(heard.n, WRITINGS - told);
    for (size_t i = 0; i < heard.n; i++) {
        assert_int_equal(heard.seqs[i], told + 1 + (int64_t)i);
    }
    free(writing);
}

static void
test_close_ends_what_is_queued(struct fixture *f)
{
    enum { N = 200 };
    struct ticket *tickets = calloc(N, sizeof *tickets);
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    for (int i = 0; i < N; i++) {
        ticket_init(&tickets[i]);
        tickets[i].work.draft = fixture_draft(
            f, KIND_PAPER, arena_print(f->arena, "p/%d", i), 0, "=r:a", doc);
        tickets[i].work.is_decided = true;
        assert_int_equal(ticket_submit(f, &tickets[i]), STATUS_OK);
    }
    fixture_reopen(f);
    for (int i = 0; i < N; i++) {
        assert_true(tickets[i].is_done);
        assert_int_equal(tickets[i].status, STATUS_OK);
        ticket_done(&tickets[i]);
    }
    assert_int_equal(store_applied(f->store), N);
    free(tickets);
}

static const struct fixture_case cases[] = {
    {"test_full_queue_refuses", test_full_queue_refuses},
    {"test_bulk_takes_a_quarter_while_others_wait",
     test_bulk_takes_a_quarter_while_others_wait},
    {"test_listeners_hear_every_commit_once_in_order",
     test_listeners_hear_every_commit_once_in_order},
    {"test_a_late_listener_hears_all_after_what_it_is_told",
     test_a_late_listener_hears_all_after_what_it_is_told},
    {"test_close_ends_what_is_queued", test_close_ends_what_is_queued},
};

int
main(void)
{
    return fixture_run("queue", cases, sizeof cases / sizeof cases[0]);
}
