#include "server/configuration/capacity.h"

#include <string.h>

#include "catalogue/amount.h"
#include "kontor/v1/configuration_service.pb-c.h"
#include "kontor/v1/order.pb-c.h"
#include "proto/moment.h"
#include "server/catalogue/provider.h"

enum { DEFAULT_PAGE = 100, MAX_PAGE = 500, MAX_OUTLOOK = 64 };

/* ---- The record ---- */

static enum status
judge_provider(struct call *call, const Kontor__V1__Capacity *old,
               const Kontor__V1__Capacity *capacity)
{
    struct document document;
    if (old != NULL && strcmp(old->provider, capacity->provider) != 0) {
        call_fault(call, "provider", "stays: what is taken is taken of this one");
        return STATUS_OK;
    }
    if (strcmp(call_registry_of(call, capacity->provider),
               call_registry_of(call, capacity->id)) != 0) {
        call_fault(call, "provider", "must be of the capacity's own registry");
        return STATUS_OK;
    }
    if (old != NULL) {
        return STATUS_OK;
    }
    enum status status =
        call_get_any(call, KIND_PROVIDER, capacity->provider, &document);
    if (status == STATUS_NOT_FOUND) {
        call_fault(call, "provider", "there is no provider %s; create it first",
                   capacity->provider);
        return STATUS_OK;
    }
    return status;
}

static void
judge_steps(struct call *call, const Kontor__V1__Capacity *capacity)
{
    int64_t before_ms = INT64_MIN;
    for (size_t i = 0; i < capacity->n_steps; i++) {
        const Kontor__V1__CapacityStep *step = capacity->steps[i];
        Kontor__V1__Amount amount = KONTOR__V1__AMOUNT__INIT;
        int64_t pieces, from_ms = moment_ms(step->from, INT64_MIN);
        amount.value = step->value;
        amount.unit = capacity->unit;
        if (i > 0 && from_ms <= before_ms) {
            call_fault(call, arena_print(call->arena, "steps[%zu].from", i),
                       "must come after that of the step before");
        }
        if (!amount_pieces(&amount, &pieces)) {
            call_fault(call, arena_print(call->arena, "steps[%zu].value", i),
                       "must be a decimal of 0 or more, of 2 EiB or 2e15 %s at most",
                       capacity->unit);
        }
        before_ms = from_ms;
    }
}

static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    const Kontor__V1__Capacity *capacity = record;
    const Kontor__V1__Capacity *before = old;
    enum status status = provider_must_own(call, capacity->provider);
    (void)old_doc;
    (void)decision;
    if (status != STATUS_OK) {
        return status;
    }
    if (before != NULL && !amount_goes_with(before->unit, capacity->unit)) {
        call_fault(call, "unit", "must go with %s, in which it is counted",
                   before->unit);
    }
    judge_steps(call, capacity);
    return judge_provider(call, before, capacity);
}

/* What a provider has is its own to know. */
static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__Capacity *capacity = record;
    char **strings = arena_alloc(call->arena, 2 * sizeof(*strings));
    strings[0] =
        arena_print(call->arena, "=r:%s", call_registry_of(call, capacity->id));
    strings[1] = arena_print(call->arena, "=p:%s", capacity->provider);
    *out = strings;
    *n_out = 2;
}

static enum status
filter(struct call *call, const void *request, struct find *find)
{
    const Kontor__V1__ListCapacitiesRequest *list = request;
    (void)call;
    if (list->provider[0] != '\0') {
        find->index = "provider";
        find->equal[0].text = list->provider;
        find->n_equal = 1;
    }
    return STATUS_OK;
}

const struct record capacity_record = {
    .kind = &KIND_CAPACITY,
    .field = "capacity",
    .list_field = "capacities",
    .judge = judge,
    .scope = scope,
    .filter = filter,
};

/* ---- What is taken of it ---- */

/* Of an item only while it holds something. */
static bool
is_held(const Kontor__V1__OrderItem *item, const char *capacity,
        const Kontor__V1__Allocation **out)
{
    for (size_t i = 0; i < item->n_allocations; i++) {
        if (strcmp(item->allocations[i]->capacity, capacity) == 0) {
            *out = item->allocations[i];
            return item->holds_allocations;
        }
    }
    return false;
}

static bool
is_allocated(const Kontor__V1__Instance *instance, const char *capacity,
             const Kontor__V1__Allocation **out)
{
    for (size_t i = 0; i < instance->n_allocations; i++) {
        if (strcmp(instance->allocations[i]->capacity, capacity) == 0) {
            *out = instance->allocations[i];
            return true;
        }
    }
    return false;
}

static bool
row_of_item(struct call *call, const struct document *document, const char *capacity,
            Kontor__V1__AllocationRow *row)
{
    const Kontor__V1__OrderItem *item = call_record(call, document);
    const Kontor__V1__Allocation *found = NULL;
    row->id = item->id;
    row->order = item->order;
    row->project = item->project;
    row->offer = item->offer;
    bool is_one = is_held(item, capacity, &found);
    row->allocation = (Kontor__V1__Allocation *)(uintptr_t)found;
    return is_one;
}

static bool
row_of_instance(struct call *call, const struct document *document,
                const char *capacity, Kontor__V1__AllocationRow *row)
{
    const Kontor__V1__Instance *instance = call_record(call, document);
    const Kontor__V1__Allocation *found = NULL;
    row->id = instance->id;
    row->order = instance->order;
    row->project = instance->project;
    row->offer = instance->offer;
    bool is_one = is_allocated(instance, capacity, &found);
    row->allocation = (Kontor__V1__Allocation *)(uintptr_t)found;
    return is_one;
}

static enum status
add_rows(struct call *call, const Kontor__V1__ListAllocationsRequest *request,
         int64_t as_of, Kontor__V1__ListAllocationsResponse *reply)
{
    size_t size = request->page_size == 0 ? DEFAULT_PAGE : (size_t)request->page_size;
    struct find find = {.kind = request->requested ? KIND_ITEM : KIND_INSTANCE,
                        .within = arena_print(call->arena, "a:%s", request->capacity),
                        .token = request->page_token,
                        .limit = size < MAX_PAGE ? size : MAX_PAGE,
                        .as_of = as_of};
    struct page page;
    enum status status = call_find(call, &find, false, &page);
    if (status != STATUS_OK) {
        return status;
    }
    reply->allocations =
        arena_alloc(call->arena, (page.n_documents + 1) * sizeof(void *));
    for (size_t i = 0; i < page.n_documents; i++) {
        Kontor__V1__AllocationRow *row = arena_alloc(call->arena, sizeof(*row));
        kontor__v1__allocation_row__init(row);
        bool is_one =
            request->requested
                ? row_of_item(call, &page.documents[i], request->capacity, row)
                : row_of_instance(call, &page.documents[i], request->capacity, row);
        if (is_one) {
            reply->allocations[reply->n_allocations++] = row;
        }
    }
    reply->next_page_token = (char *)(uintptr_t)page.next_token;
    return STATUS_OK;
}

static Kontor__V1__CapacityOutlook *
outlook_of(struct call *call, const struct capacity_day *day, const char *unit)
{
    Kontor__V1__CapacityOutlook *outlook = arena_alloc(call->arena, sizeof(*outlook));
    int64_t n_free = day->offered - day->allocated - day->requested;
    kontor__v1__capacity_outlook__init(outlook);
    outlook->from = moment_new(call->arena, day->day * CAPACITY_DAY_MS);
    outlook->offered = amount_of(day->offered, unit, call->arena);
    outlook->allocated = amount_of(day->allocated, unit, call->arena);
    outlook->requested = amount_of(day->requested, unit, call->arena);
    outlook->free = amount_of(n_free > 0 ? n_free : 0, unit, call->arena);
    outlook->is_short = n_free < 0;
    return outlook;
}

static void
add_outlook(struct call *call, const struct capacity_state *state,
            Kontor__V1__ListAllocationsResponse *reply)
{
    struct capacity_day *days;
    size_t n_days = capacity_days(call, state, &days);
    n_days = n_days < MAX_OUTLOOK ? n_days : MAX_OUTLOOK;
    reply->outlook = arena_alloc(call->arena, n_days * sizeof(void *));
    for (size_t i = 0; i < n_days; i++) {
        reply->outlook[reply->n_outlook++] =
            outlook_of(call, &days[i], state->capacity->unit);
    }
    reply->outlook[0]->from = moment_new(call->arena, state->at_ms);
}

enum status
capacity_list_allocations(struct call *call, const void *message,
                          struct decision *decision)
{
    const Kontor__V1__ListAllocationsRequest *request = message;
    Kontor__V1__ListAllocationsResponse *reply =
        arena_alloc(call->arena, sizeof(*reply));
    struct document document;
    struct capacity_state state;
    int64_t as_of;
    kontor__v1__list_allocations_response__init(reply);
    /* Within the caller's scopes: what others have is not theirs to know. */
    enum status status = call_get_as_of(call, KIND_CAPACITY, request->capacity,
                                        request->as_of, &document);
    if (status == STATUS_OK) {
        status = call_as_of(call, request->as_of, &as_of);
    }
    if (status == STATUS_OK) {
        status = add_rows(call, request, as_of, reply);
    }
    if (status == STATUS_OK && request->page_token[0] == '\0') {
        status = capacity_read(call, request->capacity, request->as_of, &state);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (request->page_token[0] == '\0') {
        add_outlook(call, &state, reply);
    }
    decision_reply(decision, reply);
    return STATUS_OK;
}
