#include "tests/server/vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "server/clock.h"
#include "tests/server/cards.h"

const char vault_capacity[] = "alpine/storage";

Google__Protobuf__Timestamp *
vault_day_ahead(struct desk *desk, int64_t days)
{
    int64_t now_ms = clock_wall_ms(&desk->h->clock);
    return moment_new(desk->h->arena, (now_ms / VAULT_DAY_MS + days) * VAULT_DAY_MS);
}

void
vault_add_step(struct desk *desk, Kontor__V1__Capacity *capacity,
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

Kontor__V1__Capacity *
vault_new_capacity(struct desk *desk, const char *value)
{
    Kontor__V1__Capacity *capacity = arena_alloc(desk->h->arena, sizeof *capacity);
    kontor__v1__capacity__init(capacity);
    capacity->id = (char *)(uintptr_t)vault_capacity;
    capacity->provider = "alpine/hpc";
    capacity->name = "Disks";
    capacity->unit = "TB";
    vault_add_step(desk, capacity, NULL, value);
    return capacity;
}

enum status
vault_create(struct desk *desk, const struct principal *who,
             Kontor__V1__Capacity *capacity, struct error *error)
{
    Kontor__V1__CreateCapacityRequest request =
        KONTOR__V1__CREATE_CAPACITY_REQUEST__INIT;
    request.capacity = capacity;
    return desk_call(desk, who, VAULT_CALL("CreateCapacity"), &request, NULL, error);
}

enum status
vault_update(struct desk *desk, const struct principal *who,
             Kontor__V1__Capacity *capacity, struct error *error)
{
    Kontor__V1__UpdateCapacityRequest request =
        KONTOR__V1__UPDATE_CAPACITY_REQUEST__INIT;
    request.capacity = capacity;
    return desk_call(desk, who, VAULT_CALL("UpdateCapacity"), &request, NULL, error);
}

void
vault_set_offer(struct desk *desk, const char *value, const char *unit)
{
    Kontor__V1__Service *service =
        harness_record(desk->h, KIND_SERVICE, "alpine/notebooks");
    Kontor__V1__OfferAllocation row = KONTOR__V1__OFFER_ALLOCATION__INIT;
    Kontor__V1__OfferAllocation *rows[] = {&row};
    Kontor__V1__Amount amount = KONTOR__V1__AMOUNT__INIT;
    row.capacity = (char *)(uintptr_t)vault_capacity;
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

int
vault_setup(void **state)
{
    desk_setup(state);
    struct desk *desk = *state;
    assert_int_equal(
        vault_create(desk, desk->operator, vault_new_capacity(desk, "10"), NULL),
        STATUS_OK);
    vault_set_offer(desk, "2", "TB");
    return 0;
}

Kontor__V1__ListAllocationsResponse *
vault_use_of(struct desk *desk, bool requested)
{
    Kontor__V1__ListAllocationsRequest request =
        KONTOR__V1__LIST_ALLOCATIONS_REQUEST__INIT;
    Kontor__V1__ListAllocationsResponse *reply = NULL;
    request.capacity = (char *)(uintptr_t)vault_capacity;
    request.requested = requested;
    assert_int_equal(desk_call(desk, desk->operator, VAULT_CALL("ListAllocations"),
                               &request, &reply, NULL),
                     STATUS_OK);
    return reply;
}

void
vault_expect(struct desk *desk, const char *allocated, const char *requested,
             const char *free)
{
    const Kontor__V1__CapacityOutlook *now = vault_use_of(desk, false)->outlook[0];
    assert_string_equal(now->allocated->value, allocated);
    assert_string_equal(now->requested->value, requested);
    assert_string_equal(now->free->value, free);
    assert_string_equal(now->free->unit, "TB");
}

Kontor__V1__PlaceOrderRequest *
vault_wanting(struct desk *desk, const char *id, int64_t size)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
    desk_give(desk, desk_add(desk, request, "vm", OFFER_TERM), "size",
              shelf_integer(desk->h, size));
    return request;
}

enum status
vault_place(struct desk *desk, Kontor__V1__PlaceOrderRequest *request,
            struct error *error)
{
    return desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL,
                     error);
}

enum status
vault_place_size(struct desk *desk, const char *id, int64_t size, struct error *error)
{
    return vault_place(desk, vault_wanting(desk, id, size), error);
}

enum status
vault_place_change(struct desk *desk, const char *id, Kontor__V1__ItemAction action,
                   const char *instance, int64_t size)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
    Kontor__V1__NewItem *item = desk_change(desk, request, "x", action, instance);
    if (action == KONTOR__V1__ITEM_ACTION__ACTION_MODIFY) {
        desk_give(desk, item, "size", shelf_integer(desk->h, size));
    }
    return vault_place(desk, request, NULL);
}

size_t
vault_carry_out_all(struct desk *desk)
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

enum status
vault_place_from(struct desk *desk, const char *id, int64_t size, int64_t start_day,
                 int64_t last_day, struct error *error)
{
    Kontor__V1__PlaceOrderRequest *request = vault_wanting(desk, id, size);
    request->items[0]->start_at =
        start_day == 0 ? NULL : vault_day_ahead(desk, start_day);
    request->not_after = last_day == 0 ? NULL : vault_day_ahead(desk, last_day);
    return vault_place(desk, request, error);
}
