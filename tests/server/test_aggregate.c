/* The order's state against an independent reference, over every order of one to three
 * items; and who is waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "server/order/aggregate.h"
#include "server/order/item_state.h"

/* The reference works on names and sets, as the design is written. */
static bool
is_one_of(Kontor__V1__ItemState state, const char *list)
{
    const char *name = item_state_name(state);
    size_t size = strlen(name);
    for (const char *at = strstr(list, name); at != NULL; at = strstr(at + 1, name)) {
        if ((at == list || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0')) {
            return true;
        }
    }
    return false;
}

static const char *const TERMINAL =
    "COMPLETED FAILED REJECTED CANCELLED CANCELLED_BEGUN CANCELLED_OTHERWISE "
    "CANCELLED_OTHERWISE_BEGUN";
static const char *const CUSTOMER =
    "PENDING_INFO PENDING_INFO_BEGUN AWAITING_CONSUMER_APPROVAL";
static const char *const HOLDING = "HELD HELD_BEGUN";
static const char *const IDLE =
    "RECEIVED AWAITING_APPROVAL AWAITING_CONSUMER_APPROVAL QUEUED";

static const char *
reference_over(const struct aggregate_item *items, size_t n, bool is_atomic)
{
    size_t core = 0, completed = 0, begun = 0, rejected = 0;
    for (size_t i = 0; i < n; i++) {
        core += !is_one_of(items[i].state, "CANCELLED CANCELLED_BEGUN");
        completed += is_one_of(items[i].state, "COMPLETED");
        rejected += is_one_of(items[i].state, "REJECTED");
        begun += items[i].is_begun;
    }
    if (core == 0) {
        return "ORDER_CANCELLED";
    }
    if (completed == core) {
        return "ORDER_COMPLETED";
    }
    if (completed > 0 && !is_atomic) {
        return "ORDER_PARTIAL";
    }
    return begun > 0      ? "ORDER_FAILED"
           : rejected > 0 ? "ORDER_REJECTED"
                          : "ORDER_CANCELLED";
}

/* Whether item i is blocked: itself, or through what it requires while nothing was done
 * for it. */
static bool
reference_blocked(const struct aggregate_item *items, size_t n, size_t i)
{
    if (is_one_of(items[i].state, CUSTOMER) || is_one_of(items[i].state, HOLDING)) {
        return true;
    }
    for (size_t j = 0; j < n && is_one_of(items[i].state, IDLE); j++) {
        if ((items[i].requires >> j & 1) != 0 && reference_blocked(items, n, j)) {
            return true;
        }
    }
    return false;
}

static const char *
reference(const struct aggregate *order)
{
    const struct aggregate_item *items = order->items;
    size_t n = order->n_items;
    size_t open = 0, active = 0, begun = 0, customer = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_open = !is_one_of(items[i].state, TERMINAL);
        open += is_open;
        active += is_open && !reference_blocked(items, n, i);
        begun += items[i].is_begun;
        customer += is_one_of(items[i].state, CUSTOMER);
    }
    if (open == 0) {
        return reference_over(items, n, order->is_all_or_nothing);
    }
    if (order->cancel == KONTOR__V1__CANCEL_STATE__CANCEL_ASSESSING) {
        return "ORDER_ASSESSING_CANCELLATION";
    }
    if (order->cancel == KONTOR__V1__CANCEL_STATE__CANCEL_ACCEPTED) {
        return "ORDER_PENDING_CANCELLATION";
    }
    if (active > 0) {
        return begun > 0 ? "ORDER_IN_PROGRESS" : "ORDER_ACKNOWLEDGED";
    }
    return customer > 0 ? "ORDER_PENDING" : "ORDER_HELD";
}

static const char *
order_state_name(Kontor__V1__OrderState state)
{
    return kontor__v1__order_state__descriptor.values[state].name;
}

/* Which pairs (i needs an earlier j) exist for n items; bit k of a set of them is pair
 * k. */
static const struct {
    size_t from, to;
} pairs[] = {{1, 0}, {2, 0}, {2, 1}};

/* In every mode, with a cancel of the whole order in every state. */
static void
check_order(const struct aggregate_item *items, size_t n)
{
    for (int variant = 0; variant < 10; variant++) {
        const struct aggregate order = {.items = items,
                                        .n_items = n,
                                        .cancel =
                                            (Kontor__V1__CancelState)(variant / 2),
                                        .is_all_or_nothing = variant % 2 != 0};
        assert_string_equal(order_state_name(aggregate_state(&order)),
                            reference(&order));
    }
}

static Kontor__V1__OrderState
state_of(const struct aggregate_item *items, size_t n)
{
    return aggregate_state(&(struct aggregate){.items = items, .n_items = n});
}

static size_t
check_all(size_t n)
{
    size_t n_pairs = n * (n - 1) / 2, n_checked = 0;
    size_t n_states = 1;
    for (size_t i = 0; i < n; i++) {
        n_states *= ITEM_STATE_COUNT - 1;
    }
    for (size_t set = 0; set < (size_t)1 << n_pairs; set++) {
        for (size_t code = 0; code < n_states; code++) {
            struct aggregate_item items[3] = {{0}};
            size_t rest = code;
            for (size_t i = 0; i < n; i++, rest /= ITEM_STATE_COUNT - 1) {
                items[i].state =
                    (Kontor__V1__ItemState)(1 + rest % (ITEM_STATE_COUNT - 1));
                items[i].is_begun = item_state_is_begun(items[i].state);
            }
            for (size_t k = 0; k < n_pairs; k++) {
                items[pairs[k].from].requires |= (uint64_t)(set >> k & 1)
                                                 << pairs[k].to;
            }
            check_order(items, n);
            n_checked++;
        }
    }
    return n_checked;
}

static void
test_k13_every_order_of_one_to_three_items(void **state)
{
    (void)state;
    assert_int_equal(check_all(1), 20);
    assert_int_equal(check_all(2), 800);
    assert_int_equal(check_all(3), 64000);
}

static void
test_a_step_of_one_item_never_reopens_an_order(void **state)
{
    (void)state;
    for (size_t m = 0; m < n_item_moves; m++) {
        for (int other = 1; other < ITEM_STATE_COUNT; other++) {
            struct aggregate_item items[2] = {
                {item_moves[m].from, item_state_is_begun(item_moves[m].from), 0},
                {(Kontor__V1__ItemState)other,
                 item_state_is_begun((Kontor__V1__ItemState)other), 0}};
            Kontor__V1__OrderState before = state_of(items, 2);
            items[0].state = item_moves[m].to;
            items[0].is_begun =
                items[0].is_begun || item_state_is_begun(item_moves[m].to);
            Kontor__V1__OrderState after = state_of(items, 2);
            assert_true(before < KONTOR__V1__ORDER_STATE__ORDER_COMPLETED);
            /* Once begun, never merely acknowledged or rejected again. */
            if (before == KONTOR__V1__ORDER_STATE__ORDER_IN_PROGRESS) {
                assert_int_not_equal(after,
                                     KONTOR__V1__ORDER_STATE__ORDER_ACKNOWLEDGED);
                assert_int_not_equal(after, KONTOR__V1__ORDER_STATE__ORDER_REJECTED);
            }
        }
    }
}

static void
test_ever_begun_counts_cancelled_items_too(void **state)
{
    (void)state;
    struct aggregate_item items[2] = {
        {KONTOR__V1__ITEM_STATE__CANCELLED_BEGUN, true, 0},
        {KONTOR__V1__ITEM_STATE__REJECTED, false, 0}};
    assert_int_equal(state_of(items, 2), KONTOR__V1__ORDER_STATE__ORDER_FAILED);
}

static void
test_a_chain_of_64_is_blocked_to_its_end(void **state)
{
    (void)state;
    struct aggregate_item items[ORDER_MAX_ITEMS];
    for (size_t i = 0; i < ORDER_MAX_ITEMS; i++) {
        items[i] = (struct aggregate_item){
            KONTOR__V1__ITEM_STATE__QUEUED, false,
            i + 1 < ORDER_MAX_ITEMS ? UINT64_C(1) << (i + 1) : 0};
    }
    assert_int_equal(state_of(items, ORDER_MAX_ITEMS),
                     KONTOR__V1__ORDER_STATE__ORDER_ACKNOWLEDGED);
    items[ORDER_MAX_ITEMS - 1].state = KONTOR__V1__ITEM_STATE__HELD;
    assert_int_equal(state_of(items, ORDER_MAX_ITEMS),
                     KONTOR__V1__ORDER_STATE__ORDER_HELD);
}

/* A header of three items: notebook at alpine/a, storage at alpine/a, tape at alpine/b.
 */
struct fixture {
    struct arena *arena;
    Kontor__V1__Order order;
    Kontor__V1__ItemStanding rows[3];
    Kontor__V1__ItemStanding *items[3];
    Kontor__V1__ItemSource origins[3];
    Kontor__V1__ItemSource *sources[3];
};

static void
fixture_init(struct fixture *f)
{
    static char *const names[] = {"notebook", "storage", "tape"};
    static char *const providers[] = {"alpine/a", "alpine/a", "alpine/b"};
    f->arena = arena_new();
    kontor__v1__order__init(&f->order);
    for (size_t i = 0; i < 3; i++) {
        kontor__v1__item_standing__init(&f->rows[i]);
        f->rows[i].item = names[i];
        kontor__v1__item_source__init(&f->origins[i]);
        f->origins[i].provider = providers[i];
        f->sources[i] = &f->origins[i];
        f->rows[i].state = KONTOR__V1__ITEM_STATE__QUEUED;
        f->items[i] = &f->rows[i];
    }
    f->order.items = f->items;
    f->order.n_items = 3;
    f->order.sources = f->sources;
    f->order.n_sources = 3;
}

static void
await(struct fixture *f, size_t item, Kontor__V1__ItemState state,
      Kontor__V1__ApprovalStep step)
{
    f->rows[item].state = state;
    f->rows[item].step = step;
}

static void
test_waiting_is_told_by_side_and_keeps_its_since(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    aggregate_header(&f.order, 1000, f.arena);
    assert_int_equal(f.order.attention, KONTOR__V1__ATTENTION__NONE);
    assert_string_equal(f.order.waiting_for, "");
    assert_null(f.order.waiting_since);
    assert_int_equal(f.order.n_counts, 1);
    assert_int_equal(f.order.counts[0]->count, 3);

    await(&f, 0, KONTOR__V1__ITEM_STATE__AWAITING_APPROVAL,
          KONTOR__V1__APPROVAL_STEP__PROVIDER_STEP);
    await(&f, 1, KONTOR__V1__ITEM_STATE__HELD, 0);
    await(&f, 2, KONTOR__V1__ITEM_STATE__AWAITING_APPROVAL,
          KONTOR__V1__APPROVAL_STEP__PROVIDER_STEP);
    aggregate_header(&f.order, 2000, f.arena);
    assert_int_equal(f.order.attention, KONTOR__V1__ATTENTION__PROVIDER);
    assert_string_equal(f.order.waiting_for, "alpine/a");
    assert_string_equal(f.order.waiting_what, "approve notebook and 1 more");
    assert_int_equal(moment_ms(f.order.waiting_since, 0), 2000);

    await(&f, 0, KONTOR__V1__ITEM_STATE__QUEUED, 0);
    aggregate_header(&f.order, 3000, f.arena);
    assert_string_equal(f.order.waiting_what, "look after storage");
    assert_int_equal(moment_ms(f.order.waiting_since, 0), 2000);

    await(&f, 1, KONTOR__V1__ITEM_STATE__AWAITING_APPROVAL,
          KONTOR__V1__APPROVAL_STEP__BROKER_STEP);
    aggregate_header(&f.order, 4000, f.arena);
    assert_string_equal(f.order.waiting_for, "broker");
    assert_int_equal(moment_ms(f.order.waiting_since, 0), 4000);

    await(&f, 0, KONTOR__V1__ITEM_STATE__AWAITING_CONSUMER_APPROVAL,
          KONTOR__V1__APPROVAL_STEP__CONSUMER_STEP);
    aggregate_header(&f.order, 5000, f.arena);
    assert_string_equal(f.order.waiting_for, "customer");
    assert_int_equal(f.order.attention, KONTOR__V1__ATTENTION__CUSTOMER);
    arena_free(f.arena);
}

/* Whom an item waits for in each state, and for what. */
static void
test_each_state_waits_for_its_side(void **state)
{
    (void)state;
    static const struct {
        Kontor__V1__ItemState state;
        Kontor__V1__ApprovalStep step;
        const char *who, *what;
    } rows[] = {
        {KONTOR__V1__ITEM_STATE__AWAITING_CONSUMER_APPROVAL,
         KONTOR__V1__APPROVAL_STEP__CONSUMER_STEP, "customer", "approve notebook"},
        {KONTOR__V1__ITEM_STATE__AWAITING_APPROVAL,
         KONTOR__V1__APPROVAL_STEP__BROKER_STEP, "broker", "approve notebook"},
        {KONTOR__V1__ITEM_STATE__AWAITING_APPROVAL,
         KONTOR__V1__APPROVAL_STEP__PROVIDER_STEP, "alpine/a", "approve notebook"},
        {KONTOR__V1__ITEM_STATE__PENDING_INFO, 0, "customer", "answer about notebook"},
        {KONTOR__V1__ITEM_STATE__PENDING_INFO_BEGUN, 0, "customer",
         "answer about notebook"},
        {KONTOR__V1__ITEM_STATE__HELD, 0, "alpine/a", "look after notebook"},
        {KONTOR__V1__ITEM_STATE__HELD_BEGUN, 0, "alpine/a", "look after notebook"},
        {KONTOR__V1__ITEM_STATE__ASSESSING_CANCELLATION, 0, "alpine/a",
         "decide on cancelling notebook"},
        {KONTOR__V1__ITEM_STATE__IN_PROGRESS, 0, "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        fixture_init(&f);
        await(&f, 0, rows[i].state, rows[i].step);
        aggregate_header(&f.order, 1000, f.arena);
        assert_string_equal(f.order.waiting_for, rows[i].who);
        assert_string_equal(f.order.waiting_what, rows[i].what);
        arena_free(f.arena);
    }
}

static void
test_an_order_that_is_over_waits_for_nobody(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    await(&f, 0, KONTOR__V1__ITEM_STATE__HELD, 0);
    aggregate_header(&f.order, 1000, f.arena);
    assert_non_null(f.order.waiting_since);
    for (size_t i = 0; i < 3; i++) {
        await(&f, i, KONTOR__V1__ITEM_STATE__COMPLETED, 0);
    }
    aggregate_header(&f.order, 2000, f.arena);
    assert_int_equal(f.order.state, KONTOR__V1__ORDER_STATE__ORDER_COMPLETED);
    assert_int_equal(f.order.attention, KONTOR__V1__ATTENTION__ATTENTION_UNSPECIFIED);
    assert_null(f.order.waiting_since);
    arena_free(f.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_k13_every_order_of_one_to_three_items),
        cmocka_unit_test(test_a_step_of_one_item_never_reopens_an_order),
        cmocka_unit_test(test_ever_begun_counts_cancelled_items_too),
        cmocka_unit_test(test_a_chain_of_64_is_blocked_to_its_end),
        cmocka_unit_test(test_waiting_is_told_by_side_and_keeps_its_since),
        cmocka_unit_test(test_each_state_waits_for_its_side),
        cmocka_unit_test(test_an_order_that_is_over_waits_for_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
