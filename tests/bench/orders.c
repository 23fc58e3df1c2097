#include "tests/bench/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kontor/v1/order.pb-c.h"
#include "proto/digest.h"
#include "tests/bench/transport.h"

enum { NOTE_SIZE = 560, N_SCOPE = 4 };

static int64_t
wall_ms(void *unused)
{
    struct timespec now;
    (void)unused;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Marsaglia's xorshift, 64 bits: every committer draws the same numbers. */
static void
take_random(void *unused, void *buffer, size_t size)
{
    static _Thread_local uint64_t state = 0x9e3779b97f4a7c15U;
    uint8_t *out = buffer;
    (void)unused;
    for (size_t i = 0; i < size; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out[i] = (uint8_t)state;
    }
}

struct store *
bench_store_open(const char *uri)
{
    char error[1024] = "";
    struct store *store = NULL;
    const struct store_options options = {
        .uri = uri, .kinds = kind_table, .now_ms = wall_ms, .random = take_random};
    if (store_open(&options, &store, error, sizeof error) != STATUS_OK) {
        bench_die("%s", error);
    }
    return store;
}

/* ---- Documents ---- */

static char *
text(struct arena *arena, const char *from)
{
    return arena_copy(arena, from);
}

static Kontor__V1__ItemStanding *
standing_new(struct arena *arena)
{
    Kontor__V1__ItemStanding *standing = arena_alloc(arena, sizeof *standing);
    kontor__v1__item_standing__init(standing);
    standing->item = text(arena, "storage");
    standing->state = KONTOR__V1__ITEM_STATE__AWAITING_APPROVAL;
    standing->step = KONTOR__V1__APPROVAL_STEP__PROVIDER_STEP;
    return standing;
}

static Kontor__V1__StateCount *
count_new(struct arena *arena)
{
    Kontor__V1__StateCount *count = arena_alloc(arena, sizeof *count);
    kontor__v1__state_count__init(count);
    count->state = KONTOR__V1__ITEM_STATE__AWAITING_APPROVAL;
    count->count = 1;
    return count;
}

static Google__Protobuf__Timestamp *
time_new(struct arena *arena, size_t number)
{
    Google__Protobuf__Timestamp *time_at = arena_alloc(arena, sizeof *time_at);
    google__protobuf__timestamp__init(time_at);
    time_at->seconds = 1700000000 + (int64_t)number;
    return time_at;
}

static char *
note_new(struct arena *arena)
{
    char *note = arena_alloc(arena, NOTE_SIZE + 1);
    for (size_t i = 0; i < NOTE_SIZE; i++) {
        note[i] = "A volume for the notebooks of the spring school. "[i % 49];
    }
    note[NOTE_SIZE] = '\0';
    return note;
}

/* As PlaceOrder leaves one, without what the envelope holds. */
static struct bytes
document_new(struct arena *arena, const struct bench_order *order, size_t number)
{
    Kontor__V1__Order record = KONTOR__V1__ORDER__INIT;
    Kontor__V1__ItemStanding *items[] = {standing_new(arena)};
    Kontor__V1__StateCount *counts[] = {count_new(arena)};
    record.state = KONTOR__V1__ORDER_STATE__ORDER_ACKNOWLEDGED;
    record.items = items;
    record.n_items = 1;
    record.counts = counts;
    record.n_counts = 1;
    record.waiting_for = text(arena, "alpine/compute");
    record.waiting_since = time_new(arena, number);
    record.next_due = time_new(arena, number + 86400);
    record.mode = KONTOR__V1__ORDER_MODE__BEST_EFFORT;
    record.waiting_what = text(arena, "alpine/compute decides about storage");
    record.project = text(arena, "coast/p1");
    record.on_behalf_of = text(arena, "somebody of the spring school");
    record.placed_by = text(arena, "coast/web");
    record.request_hash.len = STORE_HASH_SIZE;
    record.request_hash.data =
        (uint8_t *)arena_copy_n(arena, order->work.draft.request, STORE_HASH_SIZE);
    record.note = note_new(arena);
    size_t size = kontor__v1__order__get_packed_size(&record);
    uint8_t *data = arena_alloc(arena, size);
    kontor__v1__order__pack(&record, data);
    return (struct bytes){data, size};
}

static char **
scope_new(struct arena *arena)
{
    static const char *const strings[N_SCOPE] = {"=r:coast", "=j:coast/p1", "~r:alpine",
                                                 "~p:alpine/compute"};
    char **scope = arena_alloc(arena, N_SCOPE * sizeof *scope);
    for (size_t i = 0; i < N_SCOPE; i++) {
        scope[i] = text(arena, strings[i]);
    }
    return scope;
}

/* Every run is a request of its own. */
static void
order_name_request(struct bench_order *order)
{
    char request[BENCH_ID_SIZE + 32];
    uint8_t hash[DIGEST_SIZE];
    int size = snprintf(request, sizeof request, "%s after %lld", order->id,
                        (long long)order->revision);
    digest_of(request, (size_t)size, hash);
    memcpy(order->work.draft.eid, hash, STORE_EID_SIZE);
    memcpy(order->work.draft.request, hash, STORE_HASH_SIZE);
}

/* ---- Running ---- */

/* Answers whether there was one to start. */
static bool
start_next(struct bench_orders *all)
{
    int64_t now_ns = bench_now_ns();
    if (all->next == all->n || (all->end_ns > 0 && now_ns >= all->end_ns)) {
        return false;
    }
    struct bench_order *order = &all->orders[all->next++];
    order->began_ns = now_ns;
    if (store_submit(all->store, &order->work) != STATUS_OK) {
        bench_die("the store takes no more");
    }
    return true;
}

static void
order_done(struct work *work, const struct outcome *outcome)
{
    struct bench_order *order = (struct bench_order *)(void *)work;
    struct bench_orders *all = order->all;
    pthread_mutex_lock(&all->lock);
    all->was_done = true;
    all->n_done++;
    all->n_ended[outcome->status]++;
    all->n_lost += work->n_lost;
    order->took_ns = bench_now_ns() - order->began_ns;
    order->batch = all->n_batches;
    if (outcome->status == STATUS_OK) {
        order->revision = outcome->commit->seq;
    }
    if (!start_next(all) && --all->n_in_flight == 0) {
        all->is_over = true;
        pthread_cond_signal(&all->over);
    }
    pthread_mutex_unlock(&all->lock);
}

/* Commits of one batch are heard of together, before any of them is done. */
static void
hear(void *context, const Kontor__V1__Commit *commit)
{
    struct bench_orders *all = context;
    (void)commit;
    pthread_mutex_lock(&all->lock);
    all->n_batches += all->was_done ? 1 : 0;
    all->was_done = false;
    pthread_mutex_unlock(&all->lock);
}

void
bench_orders_run(struct bench_orders *all, size_t n_callers, double seconds)
{
    for (size_t i = 0; i < all->n; i++) {
        order_name_request(&all->orders[i]);
        all->orders[i].change.was = all->orders[i].revision;
        all->orders[i].took_ns = 0;
    }
    memset(all->n_ended, 0, sizeof all->n_ended);
    all->n_done = all->n_lost = all->next = all->n_batches = 0;
    all->was_done = all->is_over = false;
    all->n_in_flight = n_callers;
    pthread_mutex_lock(&all->lock);
    int64_t began_ns = bench_now_ns();
    all->end_ns = seconds > 0 ? began_ns + (int64_t)(seconds * 1e9) : 0;
    for (size_t i = 0; i < n_callers; i++) {
        all->n_in_flight -= start_next(all) ? 0 : 1;
    }
    while (!all->is_over) {
        pthread_cond_wait(&all->over, &all->lock);
    }
    all->took_ns = bench_now_ns() - began_ns;
    all->n_batches++;
    pthread_mutex_unlock(&all->lock);
}

/* ---- Figures ---- */

static int
compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

double
bench_orders_percentile(const struct bench_orders *all, double part)
{
    size_t n = 0;
    int64_t *took = calloc(all->n + 1, sizeof *took);
    for (size_t i = 0; i < all->n && took != NULL; i++) {
        if (all->orders[i].took_ns > 0) {
            took[n++] = all->orders[i].took_ns;
        }
    }
    if (n == 0) {
        bench_die("nothing was written");
    }
    qsort(took, n, sizeof *took, compare);
    double us = (double)took[(size_t)((double)(n - 1) * part)] / 1000;
    free(took);
    return us;
}

double
bench_orders_per_second(const struct bench_orders *all)
{
    return (double)all->n_ended[STATUS_OK] * 1e9 / (double)all->took_ns;
}

/* ---- Life ---- */

struct bench_orders *
bench_orders_new(struct store *store, const char *prefix, size_t n)
{
    struct bench_orders *all = calloc(1, sizeof *all);
    struct arena *arena = arena_new();
    if (all == NULL || arena == NULL) {
        abort();
    }
    all->store = store;
    all->arena = arena;
    all->n = n;
    all->orders = arena_alloc(arena, n * sizeof all->orders[0]);
    char **scope = scope_new(arena);
    for (size_t i = 0; i < n; i++) {
        struct bench_order *order = &all->orders[i];
        *order = (struct bench_order){.all = all};
        (void)snprintf(order->id, sizeof order->id, "%s-%06zu", prefix, i);
        order->work = (struct work){.done = order_done,
                                    .is_decided = true,
                                    .draft = {.has_request = true,
                                              .actor = "coast/web",
                                              .changes = &order->change,
                                              .n_changes = 1}};
        order_name_request(order);
        order->change = (struct draft_change){.kind = KIND_ORDER,
                                              .id = order->id,
                                              .op = KONTOR__V1__CHANGE__OP__PUT,
                                              .scope = scope,
                                              .n_scope = N_SCOPE,
                                              .doc = document_new(arena, order, i)};
    }
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->over, NULL);
    store_listen(store, hear, all);
    return all;
}

void
bench_orders_free(struct bench_orders *all)
{
    if (all == NULL) {
        return;
    }
    pthread_mutex_destroy(&all->lock);
    pthread_cond_destroy(&all->over);
    arena_free(all->arena);
    free(all);
}
