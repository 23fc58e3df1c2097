/* Deciding again under contention: a stock that many take from at once. */
#include <stdlib.h>

#include "tests/store/fixture.h"

enum { N_BUYERS = 64, BUYS_EACH = 4, STOCK = 100 };

struct purchase {
    struct ticket ticket;
    struct arena *arena;
    struct draft_change changes[2];
    char left[16];
    char id[32];
    size_t n_runs;
};

/* Takes one from the stock, or refuses when there is none. */
static enum status
purchase_decide(struct work *work, struct store_reader *reader)
{
    struct purchase *purchase = (struct purchase *)work;
    struct document stock;
    purchase->n_runs++;
    arena_reset(purchase->arena);
    enum status status =
        store_get(reader, KIND_SEAL, "stock/x", NULL, 0, purchase->arena, &stock);
    if (status != STATUS_OK) {
        return status;
    }
    char *text = arena_copy_n(purchase->arena, stock.w.data, stock.w.size);
    long left = strtol(text, NULL, 10);
    if (left == 0) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    int size = snprintf(purchase->left, sizeof purchase->left, "%ld", left - 1);
    purchase->changes[0] =
        (struct draft_change){.kind = KIND_SEAL,
                              .id = "stock/x",
                              .op = KONTOR__V1__CHANGE__OP__PUT,
                              .was = stock.revision,
                              .doc = {(const uint8_t *)purchase->left, (size_t)size}};
    purchase->changes[1] = (struct draft_change){
        .kind = KIND_DRAWER, .id = purchase->id, .op = KONTOR__V1__CHANGE__OP__PUT};
    work->draft.changes = purchase->changes;
    work->draft.n_changes = 2;
    work->draft.actor = "buyer";
    return STATUS_OK;
}

struct buyer {
    struct fixture *fixture;
    int number;
    int n_bought;
    int n_refused;
    int n_other;
    size_t n_runs;
};

static void
buyer_buy(struct buyer *buyer, struct store_reader *reader, int i)
{
    struct purchase purchase = {.arena = arena_new()};
    ticket_init(&purchase.ticket);
    purchase.ticket.work.decide = purchase_decide;
    (void)snprintf(purchase.id, sizeof purchase.id, "order/%d/%d", buyer->number, i);
    /* As the frame does: decided by the caller's thread first. */
    enum status status = purchase_decide(&purchase.ticket.work, reader);
    purchase.ticket.work.is_decided = status == STATUS_OK;
    if (ticket_submit(buyer->fixture, &purchase.ticket) == STATUS_OK) {
        ticket_wait(&purchase.ticket);
        status = purchase.ticket.status;
    }
    buyer->n_bought += status == STATUS_OK ? 1 : 0;
    buyer->n_refused += status == STATUS_RESOURCE_EXHAUSTED ? 1 : 0;
    buyer->n_other +=
        status != STATUS_OK && status != STATUS_RESOURCE_EXHAUSTED ? 1 : 0;
    buyer->n_runs += purchase.n_runs;
    ticket_done(&purchase.ticket);
    arena_free(purchase.arena);
}

static void *
buyer_run(void *argument)
{
    struct buyer *buyer = argument;
    struct store_reader *reader = NULL;
    if (store_reader_open(buyer->fixture->store, &reader) != STATUS_OK) {
        buyer->n_other = BUYS_EACH;
        return NULL;
    }
    for (int i = 0; i < BUYS_EACH; i++) {
        buyer_buy(buyer, reader, i);
    }
    store_reader_close(reader);
    return NULL;
}

static void
test_contention_answers_everybody_and_sells_no_more_than_there_is(struct fixture *f)
{
    pthread_t threads[N_BUYERS];
    struct buyer buyers[N_BUYERS];
    struct document stock;
    int n_bought = 0;
    int n_refused = 0;
    size_t n_runs = 0;
    fixture_put(f, KIND_SEAL, "stock/x", 0, "",
                (struct bytes){(const uint8_t *)"100", 3});
    for (int i = 0; i < N_BUYERS; i++) {
        buyers[i] = (struct buyer){.fixture = f, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, buyer_run, &buyers[i]), 0);
    }
    for (int i = 0; i < N_BUYERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(buyers[i].n_other, 0);
        n_bought += buyers[i].n_bought;
        n_refused += buyers[i].n_refused;
        n_runs += buyers[i].n_runs;
    }
    assert_int_equal(n_bought, STOCK);
    assert_int_equal(n_refused, N_BUYERS * BUYS_EACH - STOCK);
    /* A work is decided at most once by its caller and once by the committer, and once
     * more before it is refused: nobody loses again and again. */
    assert_true(n_runs <= (size_t)(2 * N_BUYERS * BUYS_EACH + n_refused));
    assert_int_equal(
        store_get(f->reader, KIND_SEAL, "stock/x", NULL, 0, f->arena, &stock),
        STATUS_OK);
    assert_int_equal(stock.w.size, 1);
    assert_int_equal(stock.w.data[0], '0');
    assert_int_equal(store_applied(f->store), 1 + STOCK);
    fixture_verify(f);
}

static const struct fixture_case cases[] = {
    {"test_contention_answers_everybody_and_sells_no_more_than_there_is",
     test_contention_answers_everybody_and_sells_no_more_than_there_is},
};

int
main(void)
{
    return fixture_run("redo", cases, sizeof cases / sizeof cases[0]);
}
