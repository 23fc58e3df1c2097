/* What orders take of a provider's capacities: held when they are placed, taken up by
 * what is delivered, free when that ends, and never more than there is; against a sum
 * over all items and instances on seeded random lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "catalogue/amount.h"
#include "kontor/v1/configuration_service.pb-c.h"
#include "proto/moment.h"
#include "proto/reason.h"
#include "server/clock.h"
#include "tests/server/cards.h"

#define CONFIG(name) "/kontor.v1.ConfigurationService/" name
#define ACTION(name) KONTOR__V1__ITEM_ACTION__ACTION_##name

static const char capacity_id[] = "alpine/storage";
static const int64_t DAY = 86400000;

/* ---- What there is ---- */

static Google__Protobuf__Timestamp *
day_ahead(struct desk *desk, int64_t days)
{
    int64_t now_ms = clock_wall_ms(&desk->h->clock);
    return moment_new(desk->h->arena, (now_ms / DAY + days) * DAY);
}

static void
add_step(struct desk *desk, Kontor__V1__Capacity *capacity,
         Google__Protobuf__Timestamp *from, const char *value)
{
    Kontor__V1__CapacityStep *step = arena_alloc(desk->h->arena, sizeof *step);
    Kontor__V1__CapacityStep **steps =
        arena_alloc(desk->h->arena, (capacity->n_steps + 1) * sizeof *steps);
    kontor__v1__capacity_step__init(step);
    step->from = from;
    step->value = arena_copy(desk->h->arena, value);
    if (capacity->n_steps > 0) {
        memcpy(steps, capacity->steps, capacity->n_steps * sizeof *steps);
    }
    steps[capacity->n_steps++] = step;
    capacity->steps = steps;
}

static Kontor__V1__Capacity *
new_capacity(struct desk *desk, const char *value)
{
    Kontor__V1__Capacity *capacity = arena_alloc(desk->h->arena, sizeof *capacity);
    kontor__v1__capacity__init(capacity);
    capacity->id = (char *)(uintptr_t)capacity_id;
    capacity->provider = "alpine/hpc";
    capacity->name = "Disks";
    capacity->unit = "TB";
    add_step(desk, capacity, NULL, value);
    return capacity;
}

static enum status
create(struct desk *desk, const struct principal *who, Kontor__V1__Capacity *capacity,
       struct error *error)
{
    Kontor__V1__CreateCapacityRequest request =
        KONTOR__V1__CREATE_CAPACITY_REQUEST__INIT;
    request.capacity = capacity;
    return desk_call(desk, who, CONFIG("CreateCapacity"), &request, NULL, error);
}

static enum status
update(struct desk *desk, const struct principal *who, Kontor__V1__Capacity *capacity,
       struct error *error)
{
    Kontor__V1__UpdateCapacityRequest request =
        KONTOR__V1__UPDATE_CAPACITY_REQUEST__INIT;
    request.capacity = capacity;
    return desk_call(desk, who, CONFIG("UpdateCapacity"), &request, NULL, error);
}

/* Two terabytes for one of "size". */
static void
set_offer(struct desk *desk, const char *value, const char *unit)
{
    Kontor__V1__Service *service =
        harness_record(desk->h, KIND_SERVICE, "alpine/notebooks");
    Kontor__V1__OfferAllocation row = KONTOR__V1__OFFER_ALLOCATION__INIT;
    Kontor__V1__OfferAllocation *rows[] = {&row};
    Kontor__V1__Amount amount = KONTOR__V1__AMOUNT__INIT;
    row.capacity = (char *)(uintptr_t)capacity_id;
    row.parameter = "size";
    row.amount = &amount;
    amount.value = (char *)(uintptr_t)value;
    amount.unit = (char *)(uintptr_t)unit;
    for (size_t i = 0; i < service->n_offers; i++) {
        if (strcmp(service->offers[i]->iid, "term") == 0) {
            service->offers[i]->allocations = rows;
            service->offers[i]->n_allocations = 1;
        }
    }
    cards_put_service(desk, service);
}

static int
setup(void **state)
{
    desk_setup(state);
    struct desk *desk = *state;
    assert_int_equal(create(desk, desk->operator, new_capacity(desk, "10"), NULL),
                     STATUS_OK);
    set_offer(desk, "2", "TB");
    return 0;
}

/* ---- What is taken ---- */

static Kontor__V1__ListAllocationsResponse *
use_of(struct desk *desk, bool requested)
{
    Kontor__V1__ListAllocationsRequest request =
        KONTOR__V1__LIST_ALLOCATIONS_REQUEST__INIT;
    Kontor__V1__ListAllocationsResponse *reply = NULL;
    request.capacity = (char *)(uintptr_t)capacity_id;
    request.requested = requested;
    assert_int_equal(desk_call(desk, desk->operator, CONFIG("ListAllocations"),
                               &request, &reply, NULL),
                     STATUS_OK);
    return reply;
}

/* Today's, in terabytes. */
static void
expect(struct desk *desk, const char *allocated, const char *requested,
       const char *free)
{
    const Kontor__V1__CapacityOutlook *now = use_of(desk, false)->outlook[0];
    assert_string_equal(now->allocated->value, allocated);
    assert_string_equal(now->requested->value, requested);
    assert_string_equal(now->free->value, free);
    assert_string_equal(now->free->unit, "TB");
}

static Kontor__V1__PlaceOrderRequest *
wanting(struct desk *desk, const char *id, int64_t size)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
    desk_give(desk, desk_add(desk, request, "vm", OFFER_TERM), "size",
              shelf_integer(desk->h, size));
    return request;
}

static enum status
place(struct desk *desk, Kontor__V1__PlaceOrderRequest *request, struct error *error)
{
    return desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL,
                     error);
}

static enum status
place_size(struct desk *desk, const char *id, int64_t size, struct error *error)
{
    return place(desk, wanting(desk, id, size), error);
}

static enum status
place_change(struct desk *desk, const char *id, Kontor__V1__ItemAction action,
             const char *instance, int64_t size)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
    Kontor__V1__NewItem *item = desk_change(desk, request, "x", action, instance);
    if (action == ACTION(MODIFY)) {
        desk_give(desk, item, "size", shelf_integer(desk->h, size));
    }
    return place(desk, request, NULL);
}

/* Does what is there to be done; answers how much that was. */
static size_t
carry_out_all(struct desk *desk)
{
    const char *session = desk_session(desk, desk->agent, 8, OFFER_TERM, NULL);
    Kontor__V1__ClaimedJob *job;
    size_t n = 0;
    while ((job = desk_claim(desk, desk->agent, session)) != NULL) {
        assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
        bool is_bare = job->kind == KONTOR__V1__JOB_KIND__CLEANUP ||
                       desk_item(desk, job->item)->instance[0] != '\0';
        assert_int_equal(is_bare
                             ? desk_complete_bare(desk, job->item, job->fence, NULL)
                             : desk_complete(desk, job->item, job->fence, "b-1", NULL),
                         STATUS_OK);
        n++;
    }
    return n;
}

static void
test_what_is_ordered_is_held_then_allocated_then_free(void **state)
{
    struct desk *desk = *state;
    struct error error;
    expect(desk, "0", "0", "10");
    assert_int_equal(place_size(desk, "coast/o-1", 3, NULL), STATUS_OK);
    expect(desk, "0", "6", "4");
    const Kontor__V1__ListAllocationsResponse *held = use_of(desk, true);
    assert_int_equal(held->n_allocations, 1);
    assert_string_equal(held->allocations[0]->id, "coast/o-1/vm");
    assert_string_equal(held->allocations[0]->project, "coast/p1");
    assert_string_equal(held->allocations[0]->allocation->needed->value, "6");
    assert_int_equal(use_of(desk, false)->n_allocations, 0);
    /* More than is left is refused, before anybody decides, and changes nothing. */
    int64_t before = shelf_applied(desk->h);
    assert_int_equal(place_size(desk, "coast/o-2", 3, &error),
                     STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_CAPACITY_EXCEEDED);
    assert_string_equal(harness_value(&error, "item"), "vm");
    assert_string_equal(harness_value(&error, "capacity"), capacity_id);
    assert_string_equal(harness_value(&error, "needed"), "6 TB");
    assert_int_equal(shelf_applied(desk->h), before);
    assert_int_equal(place_size(desk, "coast/o-2", 2, NULL), STATUS_OK);
    expect(desk, "0", "10", "0");
    assert_int_equal(carry_out_all(desk), 2);
    expect(desk, "10", "0", "0");
    const Kontor__V1__ListAllocationsResponse *is = use_of(desk, false);
    assert_int_equal(is->n_allocations, 2);
    assert_string_equal(is->allocations[0]->allocation->amount->value, "6");
    assert_int_equal(moment_ms(is->allocations[0]->allocation->until, 0),
                     moment_ms(desk_instance(desk, "coast/o-1/vm")->valid_until, 1));
    assert_int_equal(use_of(desk, true)->n_allocations, 0);
    /* It is free when its term is over, and the outlook says so today. */
    assert_int_equal(is->n_outlook, 2);
    assert_string_equal(is->outlook[1]->free->value, "10");
    assert_int_equal(
        place_change(desk, "coast/o-3", ACTION(TERMINATE), "coast/o-1/vm", 0),
        STATUS_OK);
    expect(desk, "10", "0", "0");
    carry_out_all(desk);
    expect(desk, "4", "0", "6");
}

static void
test_what_is_cancelled_or_failed_is_free_again(void **state)
{
    struct desk *desk = *state;
    const char *session;
    assert_int_equal(place_size(desk, "coast/o-1", 5, NULL), STATUS_OK);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-1", NULL, NULL, NULL),
                     STATUS_OK);
    expect(desk, "0", "0", "10");
    assert_int_equal(place_size(desk, "coast/o-2", 5, NULL), STATUS_OK);
    session = desk_session(desk, desk->agent, 8, OFFER_TERM, NULL);
    Kontor__V1__ClaimedJob *job = desk_claim(desk, desk->agent, session);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    assert_int_equal(desk_fail(desk, job->item, job->fence,
                               KONTOR__V1__FAIL_REQUEST__FAILURE__PERMANENT, NULL,
                               NULL),
                     STATUS_OK);
    /* Something may be left of it. */
    expect(desk, "0", "10", "0");
    assert_int_equal(carry_out_all(desk), 1);
    expect(desk, "0", "0", "10");
}

static void
test_a_plan_takes_nothing_and_says_what_it_would(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__PlaceOrderResponse *reply = NULL;
    Kontor__V1__PlaceOrderRequest *request = wanting(desk, "coast/o-1", 3);
    request->validate_only = true;
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->plan->items[0]->n_allocations, 1);
    assert_string_equal(reply->plan->items[0]->allocations[0]->needed->value, "6");
    expect(desk, "0", "0", "10");
}

/* Two items of one order share what there is. */
static void
test_items_of_one_order_add_up(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__PlaceOrderRequest *request = wanting(desk, "coast/o-1", 3);
    desk_give(desk, desk_add(desk, request, "other", OFFER_TERM), "size",
              shelf_integer(desk->h, 3));
    assert_int_equal(place(desk, request, &error), STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_CAPACITY_EXCEEDED);
    assert_string_equal(harness_value(&error, "item"), "other");
    expect(desk, "0", "0", "10");
    request->items[1]->parameters[0]->value = shelf_integer(desk->h, 2);
    assert_int_equal(place(desk, request, NULL), STATUS_OK);
    expect(desk, "0", "10", "0");
}

static void
test_a_change_holds_what_is_more(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(place_size(desk, "coast/o-1", 3, NULL), STATUS_OK);
    carry_out_all(desk);
    assert_int_equal(place_change(desk, "coast/o-2", ACTION(MODIFY), "coast/o-1/vm", 6),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(place_change(desk, "coast/o-2", ACTION(MODIFY), "coast/o-1/vm", 5),
                     STATUS_OK);
    expect(desk, "6", "4", "0");
    carry_out_all(desk);
    expect(desk, "10", "0", "0");
    /* Less is free once that is done. */
    assert_int_equal(place_change(desk, "coast/o-3", ACTION(MODIFY), "coast/o-1/vm", 1),
                     STATUS_OK);
    expect(desk, "10", "0", "0");
    carry_out_all(desk);
    expect(desk, "2", "0", "8");
}

static enum status
change_at(struct desk *desk, const char *id, int64_t size, int64_t days,
          struct error *error)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
    Kontor__V1__NewItem *item =
        desk_change(desk, request, "x", ACTION(MODIFY), "coast/o-1/vm");
    desk_give(desk, item, "size", shelf_integer(desk->h, size));
    item->start_at = day_ahead(desk, days);
    return place(desk, request, error);
}

/* A change is within the term of what it changes, and there is enough when it is. */
static void
test_a_change_is_counted_when_it_is(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__RescheduleItemRequest request =
        KONTOR__V1__RESCHEDULE_ITEM_REQUEST__INIT;
    Kontor__V1__Capacity *capacity = new_capacity(desk, "6");
    add_step(desk, capacity, day_ahead(desk, 10), "10");
    assert_int_equal(update(desk, desk->operator, capacity, NULL), STATUS_OK);
    assert_int_equal(place_size(desk, "coast/o-1", 3, NULL), STATUS_OK);
    carry_out_all(desk);
    assert_int_equal(change_at(desk, "coast/o-2", 5, 40, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(change_at(desk, "coast/o-2", 5, 9, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(change_at(desk, "coast/o-2", 5, 12, &error), STATUS_OK);
    request.id = "coast/o-2/x";
    request.start_at = day_ahead(desk, 5);
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("RescheduleItem"),
                               &request, NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_CAPACITY_EXCEEDED);
    request.start_at = day_ahead(desk, 15);
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("RescheduleItem"),
                               &request, NULL, &error),
                     STATUS_OK);
    expect(desk, "6", "0", "0");
}

/* The day on which a term ends is not counted twice. */
static void
test_more_than_half_is_renewed(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(place_size(desk, "coast/o-1", 4, NULL), STATUS_OK);
    carry_out_all(desk);
    expect(desk, "8", "0", "2");
    assert_int_equal(place_change(desk, "coast/o-2", ACTION(RENEW), "coast/o-1/vm", 0),
                     STATUS_OK);
    carry_out_all(desk);
    expect(desk, "8", "0", "2");
}

static enum status
place_from(struct desk *desk, const char *id, int64_t size, int64_t start_day,
           int64_t last_day, struct error *error)
{
    Kontor__V1__PlaceOrderRequest *request = wanting(desk, id, size);
    request->items[0]->start_at = start_day == 0 ? NULL : day_ahead(desk, start_day);
    request->not_after = last_day == 0 ? NULL : day_ahead(desk, last_day);
    return place(desk, request, error);
}

/* What there is goes by dates, and so does what is wanted: for a term, from the day on
 * which it may be begun last, or without an end if there is none. */
static void
test_a_capacity_goes_by_dates(void **state)
{
    static const struct {
        int64_t start_day, last_day, size;
        bool is_taken, is_told_how;
    } rows[] = {
        /* Until day 20 there are 10, then 2, from day 60 on 8; a term has 30 days. */
        {0, 1, 2, false, false},   {0, 1, 1, true, false},
        {20, 21, 1, false, false}, {29, 30, 1, false, false},
        {60, 61, 5, false, false}, {60, 61, 4, true, false},
        {61, 62, 1, false, false}, {59, 61, 1, false, false},
        {90, 91, 1, false, false}, {200, 0, 4, true, false},
        {91, 0, 1, false, true},   {91, 171, 1, false, false},
        {91, 170, 4, true, false}, {199, 0, 1, false, false},
        {500, 0, 1, false, false},
    };
    struct desk *desk = *state;
    Kontor__V1__Capacity *capacity = new_capacity(desk, "10");
    add_step(desk, capacity, day_ahead(desk, 20), "2");
    add_step(desk, capacity, day_ahead(desk, 60), "8");
    assert_int_equal(update(desk, desk->operator, capacity, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error;
        enum status status =
            place_from(desk, arena_print(desk->h->arena, "coast/r-%zu", i),
                       rows[i].size, rows[i].start_day, rows[i].last_day, &error);
        assert_int_equal(status,
                         rows[i].is_taken ? STATUS_OK : STATUS_FAILED_PRECONDITION);
        if (!rows[i].is_taken) {
            desk_expect_reason(&error, REASON_CAPACITY_EXCEEDED);
            assert_true(rows[i].is_told_how ==
                        (strstr(error.message, "a not_after") != NULL));
        }
    }
}

/* Whatever is late, what was sold behind it is there. */
static void
test_a_late_delivery_overlaps_nothing(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(place_size(desk, "coast/o-1", 4, NULL), STATUS_OK);
    assert_int_equal(place_from(desk, "coast/o-2", 2, 35, 0, NULL),
                     STATUS_FAILED_PRECONDITION);
    (void)desk_due(desk, 10 * DAY);
    assert_int_equal(carry_out_all(desk), 1);
    /* It is known now when it ends: on day 30 from here. */
    assert_int_equal(place_from(desk, "coast/o-2", 2, 29, 0, NULL),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(place_from(desk, "coast/o-2", 4, 31, 0, NULL), STATUS_OK);
    expect(desk, "8", "0", "2");
}

/* As of the past it is told as it stood then, from that day on. */
static void
test_the_past_is_told_from_its_own_day_on(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__ListAllocationsRequest request =
        KONTOR__V1__LIST_ALLOCATIONS_REQUEST__INIT;
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    Kontor__V1__ListAllocationsResponse *reply = NULL;
    assert_int_equal(place_size(desk, "coast/o-1", 3, NULL), STATUS_OK);
    carry_out_all(desk);
    assert_int_equal(place_from(desk, "coast/o-2", 1, 3, 0, NULL), STATUS_OK);
    int64_t then_ms = clock_wall_ms(&desk->h->clock);
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    as_of.seq = shelf_applied(desk->h);
    assert_int_equal(desk_cancel(desk, desk->portal, "coast/o-2", NULL, NULL, NULL),
                     STATUS_OK);
    clock_advance(&desk->h->clock, 40 * DAY);
    request.capacity = (char *)(uintptr_t)capacity_id;
    request.as_of = &as_of;
    assert_int_equal(desk_call(desk, desk->operator, CONFIG("ListAllocations"),
                               &request, &reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->n_outlook, 3); /* Then, the start, the end of the term. */
    assert_int_equal(moment_ms(reply->outlook[0]->from, 0) / DAY, then_ms / DAY);
    assert_string_equal(reply->outlook[0]->allocated->value, "6");
    assert_string_equal(reply->outlook[0]->requested->value, "0");
    assert_string_equal(reply->outlook[1]->requested->value, "2");
    assert_string_equal(reply->outlook[2]->allocated->value, "0");
    expect(desk, "0", "0", "10");
}

/* Nobody plans so far ahead, and every day ahead is one to be added up. */
static void
test_an_order_is_within_three_years(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__RescheduleItemRequest request =
        KONTOR__V1__RESCHEDULE_ITEM_REQUEST__INIT;
    assert_int_equal(place_from(desk, "coast/o-1", 1, 1098, 0, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "items[0].start_at"));
    assert_int_equal(place_from(desk, "coast/o-1", 1, 0, 1098, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "not_after"));
    assert_int_equal(place_from(desk, "coast/o-1", 1, 1095, 1096, &error), STATUS_OK);
    request.id = "coast/o-1/vm";
    request.start_at = day_ahead(desk, 1098);
    assert_int_equal(desk_call(desk, desk->portal, DESK_ORDER("RescheduleItem"),
                               &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "start_at"));
}

/* Who has it may keep it, if there is still so much. */
static void
test_a_renewal_holds_the_term_it_adds(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__Capacity *capacity = new_capacity(desk, "10");
    assert_int_equal(place_size(desk, "coast/o-1", 5, NULL), STATUS_OK);
    carry_out_all(desk);
    add_step(desk, capacity, day_ahead(desk, 40), "8");
    assert_int_equal(update(desk, desk->operator, capacity, NULL), STATUS_OK);
    assert_int_equal(place_change(desk, "coast/o-2", ACTION(RENEW), "coast/o-1/vm", 0),
                     STATUS_FAILED_PRECONDITION);
    capacity->n_steps = 1;
    assert_int_equal(update(desk, desk->operator, capacity, NULL), STATUS_OK);
    assert_int_equal(place_change(desk, "coast/o-3", ACTION(RENEW), "coast/o-1/vm", 0),
                     STATUS_OK);
    /* Nobody else gets that term meanwhile. */
    Kontor__V1__PlaceOrderRequest *later = wanting(desk, "coast/o-4", 1);
    later->items[0]->start_at = day_ahead(desk, 35);
    assert_int_equal(place(desk, later, NULL), STATUS_FAILED_PRECONDITION);
    carry_out_all(desk);
    expect(desk, "10", "0", "0");
    assert_int_equal(place(desk, later, NULL), STATUS_FAILED_PRECONDITION);
    later->items[0]->start_at = day_ahead(desk, 62);
    assert_int_equal(place(desk, later, NULL), STATUS_OK);
}

static enum status
put_off(struct desk *desk, int64_t day, struct error *error)
{
    Kontor__V1__RescheduleItemRequest request =
        KONTOR__V1__RESCHEDULE_ITEM_REQUEST__INIT;
    request.id = "coast/o-1/vm";
    request.reason = "later";
    request.start_at = day_ahead(desk, day);
    return desk_call(desk, desk->portal, DESK_ORDER("RescheduleItem"), &request, NULL,
                     error);
}

static void
test_what_is_put_off_is_held_later(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__Capacity *capacity = new_capacity(desk, "4");
    add_step(desk, capacity, day_ahead(desk, 20), "10");
    add_step(desk, capacity, day_ahead(desk, 100), "4");
    assert_int_equal(update(desk, desk->operator, capacity, NULL), STATUS_OK);
    assert_int_equal(place_from(desk, "coast/o-1", 4, 22, 69, NULL), STATUS_OK);
    expect(desk, "0", "0", "4");
    assert_int_equal(put_off(desk, 15, &error), STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_CAPACITY_EXCEEDED);
    assert_int_equal(put_off(desk, 50, &error), STATUS_OK);
    Kontor__V1__ListAllocationsResponse *use = use_of(desk, true);
    /* Now, 20, 50, and the last day on which it may be begun with a term behind it. */
    assert_int_equal(use->n_outlook, 5);
    assert_string_equal(use->outlook[1]->requested->value, "0");
    assert_string_equal(use->outlook[2]->requested->value, "8");
    assert_int_equal(moment_ms(use->outlook[2]->from, 0),
                     moment_ms(day_ahead(desk, 50), 1));
    assert_string_equal(use->outlook[3]->requested->value, "0");
    assert_int_equal(moment_ms(use->outlook[3]->from, 0),
                     moment_ms(day_ahead(desk, 99), 1));
}

/* An offer that takes of what is not there, or of another provider's, sells nothing. */
static void
test_nobody_sells_what_is_anothers(void **state)
{
    struct desk *desk = *state;
    struct error error;
    Kontor__V1__Capacity *capacity =
        harness_record(desk->h, KIND_CAPACITY, capacity_id);
    capacity->provider = "alpine/other";
    harness_seed(desk->h, KIND_CAPACITY, capacity_id, &capacity->base, "=r:alpine",
                 NULL);
    assert_int_equal(place_size(desk, "coast/o-1", 1, &error),
                     STATUS_FAILED_PRECONDITION);
    desk_expect_reason(&error, REASON_CAPACITY_EXCEEDED);
    harness_remove(desk->h, KIND_CAPACITY, capacity_id);
    assert_int_equal(place_size(desk, "coast/o-1", 1, &error),
                     STATUS_FAILED_PRECONDITION);
}

/* Amounts of bytes go with each other; a part of one is one. */
static void
test_units_of_bytes_go_with_each_other(void **state)
{
    static const struct {
        const char *value, *unit;
        int64_t size;
        bool is_taken;
    } rows[] = {
        {"1", "TiB", 9, true},          {"1", "TiB", 10, false},
        {"0.000000001", "B", 5, true},  {"1", "core", 1, false},
        {"1000", "GB", 10, true},       {"1000.000000001", "GB", 10, false},
        {"9999999", "EB", 1000, false},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *id = arena_print(desk->h->arena, "coast/r-%zu", i);
        set_offer(desk, rows[i].value, rows[i].unit);
        assert_int_equal(place_size(desk, id, rows[i].size, NULL),
                         rows[i].is_taken ? STATUS_OK : STATUS_FAILED_PRECONDITION);
        if (rows[i].is_taken) {
            assert_int_equal(desk_cancel(desk, desk->portal, id, NULL, NULL, NULL),
                             STATUS_OK);
        }
    }
}

static void
test_of_64_at_once_as_many_are_placed_as_there_is_room(void **state)
{
    enum { N = 64, ROOM = 5 };
    struct desk *desk = *state;
    struct harness_call *calls[N];
    size_t n_placed = 0;
    for (int i = 0; i < N; i++) {
        calls[i] = harness_start(
            desk->h, desk->portal, DESK_ORDER("PlaceOrder"),
            wanting(desk, arena_print(desk->h->arena, "coast/r-%d", i), 1));
    }
    for (int i = 0; i < N; i++) {
        n_placed += harness_wait(desk->h, calls[i], NULL, NULL) == STATUS_OK;
    }
    assert_int_equal(n_placed, ROOM);
    expect(desk, "0", "10", "0");
}

/* ---- The record ---- */

static void
test_what_a_capacity_must_be(void **state)
{
    struct desk *desk = *state;
    struct error error;
    enum { PROVIDER, REGISTRY, ORDER, SAME, NEGATIVE, HUGE, N_WRONG };
    static const char *const fields[] = {
        "capacity.provider",      "capacity.provider",       "capacity.steps[1].from",
        "capacity.steps[1].from", "capacity.steps[0].value", "capacity.steps[0].value"};
    for (int wrong = 0; wrong < N_WRONG; wrong++) {
        Kontor__V1__Capacity *capacity =
            new_capacity(desk, wrong == NEGATIVE ? "-1"
                               : wrong == HUGE   ? "999999999999999"
                                                 : "1");
        capacity->id = "alpine/wrong";
        capacity->provider = wrong == PROVIDER   ? "alpine/none"
                             : wrong == REGISTRY ? "beta/tape"
                                                 : "alpine/hpc";
        add_step(desk, capacity, wrong == ORDER ? NULL : day_ahead(desk, 5), "2");
        add_step(desk, capacity, day_ahead(desk, wrong == SAME ? 5 : 6), "3");
        if (wrong == SAME) {
            capacity->steps++;
            capacity->n_steps--;
        }
        assert_int_not_equal(create(desk, desk->admin, capacity, &error), STATUS_OK);
        assert_true(harness_has_fault(&error, fields[wrong]) ||
                    (wrong == REGISTRY && error.reason == REASON_NOT_OWNER));
    }
    Kontor__V1__Capacity *mine = new_capacity(desk, "1");
    mine->provider = "alpine/other";
    assert_int_not_equal(update(desk, desk->admin, mine, &error), STATUS_OK);
    assert_true(harness_has_fault(&error, "capacity.provider"));
    mine = new_capacity(desk, "1");
    mine->unit = "core";
    assert_int_not_equal(update(desk, desk->admin, mine, &error), STATUS_OK);
    assert_true(harness_has_fault(&error, "capacity.unit"));
    mine->unit = "GiB";
    assert_int_equal(update(desk, desk->admin, mine, &error), STATUS_OK);
}

static void
test_others_neither_see_nor_change_it(void **state)
{
    struct desk *desk = *state;
    Kontor__V1__GetCapacityRequest get = KONTOR__V1__GET_CAPACITY_REQUEST__INIT;
    Kontor__V1__ListAllocationsRequest list =
        KONTOR__V1__LIST_ALLOCATIONS_REQUEST__INIT;
    const struct principal *const others[] = {desk->stranger, desk->tape_operator};
    get.id = (char *)(uintptr_t)capacity_id;
    list.capacity = get.id;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            desk_call(desk, others[i], CONFIG("GetCapacity"), &get, NULL, NULL),
            STATUS_NOT_FOUND);
        assert_int_equal(
            desk_call(desk, others[i], CONFIG("ListAllocations"), &list, NULL, NULL),
            STATUS_NOT_FOUND);
        assert_int_not_equal(update(desk, others[i], new_capacity(desk, "1"), NULL),
                             STATUS_OK);
    }
    assert_int_equal(
        desk_call(desk, desk->operator, CONFIG("GetCapacity"), &get, NULL, NULL),
        STATUS_OK);
}

/* An offer names its own provider's capacities, each once, with a number of its own. */
static void
test_what_an_offer_may_take(void **state)
{
    struct desk *desk = *state;
    struct error error;
    enum { GONE, TWICE, PARAMETER, NOTHING, SOUND, N_WAYS };
    static const char *const fields[] = {
        "service.offers[term].allocations[0].capacity",
        "service.offers[term].allocations[1].capacity",
        "service.offers[term].allocations[0].parameter",
        "service.offers[term].allocations[0].amount"};
    for (int way = 0; way < N_WAYS; way++) {
        Kontor__V1__UpdateServiceRequest request =
            KONTOR__V1__UPDATE_SERVICE_REQUEST__INIT;
        Kontor__V1__Service *service =
            harness_record(desk->h, KIND_SERVICE, "alpine/notebooks");
        for (size_t i = 0; i < service->n_offers; i++) {
            Kontor__V1__Offer *offer = service->offers[i];
            if (strcmp(offer->iid, "term") != 0) {
                continue;
            }
            Kontor__V1__OfferAllocation *row = offer->allocations[0];
            Kontor__V1__OfferAllocation *rows[] = {row, row};
            row->capacity = way == GONE ? "alpine/none" : row->capacity;
            row->parameter = way == PARAMETER ? "none" : row->parameter;
            row->amount->value = way == NOTHING ? "0.0" : "3";
            offer->allocations = rows;
            offer->n_allocations = way == TWICE ? 2 : 1;
            request.service = service;
            enum status status =
                desk_call(desk, desk->operator, SHELF_CALL("UpdateService"), &request,
                          NULL, &error);
            assert_int_equal(status,
                             way == SOUND ? STATUS_OK : STATUS_INVALID_ARGUMENT);
            assert_true(way == SOUND || harness_has_fault(&error, fields[way]));
        }
    }
}

/* ---- Against a sum over everything ---- */

enum { N_STEPS = 200, N_ORDERS = 100 };

static unsigned int dice;

static int
roll(int sides)
{
    return rand_r(&dice) % sides;
}

static int64_t
bytes_of(const Kontor__V1__Amount *amount)
{
    int64_t pieces;
    assert_true(amount_pieces(amount, &pieces));
    return pieces;
}

/* What items hold and instances take up, each for itself. */
struct part {
    int64_t from, until; /* Days, until is the first after. */
    int64_t bytes;
    bool is_delivered;
};

enum { MAX_PARTS = 2 * N_ORDERS };

struct parts {
    struct part rows[MAX_PARTS];
    size_t n_rows;
};

static void
add_part(struct parts *parts, const Kontor__V1__Allocation *row,
         const Kontor__V1__Amount *amount, bool is_delivered)
{
    int64_t until_ms = moment_ms(row->until, INT64_MAX - DAY);
    assert_true(parts->n_rows < MAX_PARTS);
    parts->rows[parts->n_rows++] = (struct part){.from = moment_ms(row->from, 0) / DAY,
                                                 .until = (until_ms + DAY - 1) / DAY,
                                                 .bytes = bytes_of(amount),
                                                 .is_delivered = is_delivered};
}

static void
collect(struct desk *desk, const char *id, struct parts *parts)
{
    struct document document;
    if (harness_get(desk->h, KIND_INSTANCE, id, &document) == STATUS_OK) {
        const Kontor__V1__Instance *instance = desk_instance(desk, id);
        for (size_t i = 0; i < instance->n_allocations; i++) {
            const Kontor__V1__Allocation *row = instance->allocations[i];
            add_part(parts, row, row->amount, true);
        }
    }
    if (harness_get(desk->h, KIND_ITEM, id, &document) == STATUS_OK) {
        const Kontor__V1__OrderItem *item = desk_item(desk, id);
        for (size_t i = 0; item->holds_allocations && i < item->n_allocations; i++) {
            const Kontor__V1__Allocation *row = item->allocations[i];
            add_part(parts, row, row->needed, false);
        }
    }
}

static int64_t
sum_on(const struct parts *parts, int64_t day, bool is_delivered)
{
    int64_t sum = 0;
    for (size_t i = 0; i < parts->n_rows; i++) {
        const struct part *row = &parts->rows[i];
        bool is_in =
            row->is_delivered == is_delivered && day >= row->from && day < row->until;
        sum += is_in ? row->bytes : 0;
    }
    return sum;
}

static void
check_days(struct desk *desk, int n_orders)
{
    const Kontor__V1__ListAllocationsResponse *use = use_of(desk, false);
    int64_t today = clock_wall_ms(&desk->h->clock) / DAY;
    struct parts parts = {.n_rows = 0};
    for (int i = 0; i < n_orders; i++) {
        collect(desk, arena_print(desk->h->arena, "coast/q-%d/vm", i), &parts);
        collect(desk, arena_print(desk->h->arena, "coast/q-%d/x", i), &parts);
    }
    for (size_t i = 0; i < use->n_outlook; i++) {
        const Kontor__V1__CapacityOutlook *row = use->outlook[i];
        int64_t day = i == 0 ? today : moment_ms(row->from, 0) / DAY;
        assert_int_equal(bytes_of(row->allocated), sum_on(&parts, day, true));
        assert_int_equal(bytes_of(row->requested), sum_on(&parts, day, false));
    }
}

static bool
is_short(struct desk *desk)
{
    const Kontor__V1__ListAllocationsResponse *use = use_of(desk, false);
    bool is_one = false;
    for (size_t i = 0; i < use->n_outlook; i++) {
        is_one = is_one || use->outlook[i]->is_short;
    }
    return is_one;
}

/* Whatever comes, and however late: no more is taken than there is. */
static void
step(struct desk *desk, int *n_orders)
{
    const char *id = arena_print(desk->h->arena, "coast/q-%d", *n_orders);
    const char *old = arena_print(desk->h->arena, "coast/q-%d/vm",
                                  *n_orders == 0 ? 0 : roll(*n_orders));
    Kontor__V1__PlaceOrderRequest *request = wanting(desk, id, 1 + roll(20));
    enum status status = STATUS_OK;
    switch (roll(8)) {
    case 0:
    case 1:
    case 2:
        request->items[0]->start_at =
            roll(2) == 0 ? NULL : day_ahead(desk, roll(40) - 2);
        request->not_after = roll(2) == 0 ? NULL : day_ahead(desk, 40 + roll(40));
        status = place(desk, request, NULL);
        break;
    case 3:
        status = place_change(desk, id, ACTION(MODIFY), old, 1 + roll(20));
        break;
    case 4:
        status = place_change(desk, id,
                              roll(2) == 0 ? ACTION(RENEW) : ACTION(TERMINATE), old, 0);
        break;
    case 5:
        (void)desk_cancel(desk, desk->portal,
                          arena_print(desk->h->arena, "coast/q-%d",
                                      *n_orders == 0 ? 0 : roll(*n_orders)),
                          NULL, NULL, NULL);
        return;
    case 6:
        (void)desk_due(desk, roll(3) * DAY);
        return;
    default:
        carry_out_all(desk);
        return;
    }
    *n_orders += status == STATUS_OK;
}

static void
test_the_sum_is_that_of_all_lives(void **state)
{
    struct desk *desk = *state;
    const char *given = getenv("KONTOR_TEST_SEED");
    unsigned int seed = given == NULL ? (unsigned int)time(NULL)
                                      : (unsigned int)strtoul(given, NULL, 10);
    int n_orders = 0;
    print_message("KONTOR_TEST_SEED=%u\n", seed);
    dice = seed;
    set_offer(desk, "1", "TB");
    assert_int_equal(update(desk, desk->operator, new_capacity(desk, "60"), NULL),
                     STATUS_OK);
    for (int i = 0; i < N_STEPS && n_orders < N_ORDERS; i++) {
        step(desk, &n_orders);
        assert_false(is_short(desk));
        if (i % 10 == 0) {
            check_days(desk, n_orders);
        }
    }
    check_days(desk, n_orders);
    assert_true(n_orders > 20);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        T(test_what_is_ordered_is_held_then_allocated_then_free),
        T(test_what_is_cancelled_or_failed_is_free_again),
        T(test_a_plan_takes_nothing_and_says_what_it_would),
        T(test_items_of_one_order_add_up),
        T(test_a_change_holds_what_is_more),
        T(test_a_change_is_counted_when_it_is),
        T(test_more_than_half_is_renewed),
        T(test_a_capacity_goes_by_dates),
        T(test_a_late_delivery_overlaps_nothing),
        T(test_the_past_is_told_from_its_own_day_on),
        T(test_an_order_is_within_three_years),
        T(test_a_renewal_holds_the_term_it_adds),
        T(test_what_is_put_off_is_held_later),
        T(test_nobody_sells_what_is_anothers),
        T(test_units_of_bytes_go_with_each_other),
        T(test_of_64_at_once_as_many_are_placed_as_there_is_room),
        T(test_what_a_capacity_must_be),
        T(test_others_neither_see_nor_change_it),
        T(test_what_an_offer_may_take),
        T(test_the_sum_is_that_of_all_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
