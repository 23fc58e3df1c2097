#include "server/order/instance.h"

#include <string.h>

#include "kontor/v1/order_service.pb-c.h"
#include "proto/moment.h"
#include "server/configuration/capacity.h"
#include "server/order/allocation.h"
#include "server/order/calendar.h"
#include "server/order/edit.h"
#include "server/order/item.h"
#include "server/order/project.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name
#define I(name) KONTOR__V1__INSTANCE_STATE__INSTANCE_##name
#define ACTION(name) KONTOR__V1__ITEM_ACTION__##name

/* Begins the scope strings of the endpoints that carry an instance. */
#define CARRIES "~e:"

enum { WARN_DAYS = 14 };

/* ---- Its term ---- */

static bool
is_over(const Kontor__V1__Instance *instance)
{
    return instance->state == I(EXPIRED) || instance->state == I(TERMINATED);
}

/* When its end is next thought of: two weeks before, and then. Not while an order is
 * open, which may be its renewal. */
static void
set_due(Kontor__V1__Instance *instance, const struct call *call)
{
    instance->due_at = NULL;
    if (is_over(instance) || instance->valid_until == NULL ||
        instance->open_item[0] != '\0') {
        return;
    }
    int64_t end_ms = moment_ms(instance->valid_until, 0);
    int64_t warn_ms = end_ms - (int64_t)WARN_DAYS * CALENDAR_DAY_MS;
    bool is_said = instance->is_ending || warn_ms <= call->now_ms;
    instance->due_at = moment_new(call->arena, is_said ? end_ms : warn_ms);
}

/* One term more: from now on, or of what still runs from its end. */
static void
extend(Kontor__V1__Instance *instance, const struct call *call)
{
    int64_t from_ms = moment_ms(instance->valid_until, call->now_ms);
    from_ms = from_ms > call->now_ms ? from_ms : call->now_ms;
    instance->is_ending = false;
    instance->valid_until =
        instance->valid_days == 0
            ? NULL
            : moment_new(call->arena,
                         from_ms + (int64_t)instance->valid_days * CALENDAR_DAY_MS);
}

/* ---- What orders do ---- */

static void
take_order(Kontor__V1__Instance *instance, const Kontor__V1__OrderItem *item)
{
    instance->offer_rev = item->offer_rev;
    instance->name = item->name;
    instance->parameters = item->parameters;
    instance->n_parameters = item->n_parameters;
    instance->prices = item->prices;
    instance->n_prices = item->n_prices;
    instance->valid_days = item->valid_days;
}

/* What a change delivered takes the place of what was there. */
static void
take_delivery(Kontor__V1__Instance *instance, Kontor__V1__Delivery *delivery)
{
    if (delivery != NULL) {
        instance->delivery = delivery;
    }
}

static void
modify(Kontor__V1__Instance *instance, const Kontor__V1__OrderItem *item,
       struct call *call)
{
    if (item->stock != NULL) {
        instance->stock_pieces = item->stock->wanted;
    }
    allocation_deliver(call, item, instance);
    take_order(instance, item);
    take_delivery(instance, item->delivery);
}

static void
renew(Kontor__V1__Instance *instance, const Kontor__V1__OrderItem *item,
      struct call *call)
{
    take_delivery(instance, item->delivery);
    instance->valid_days = item->valid_days;
    extend(instance, call);
}

static void
terminate(Kontor__V1__Instance *instance, const Kontor__V1__OrderItem *item,
          struct call *call)
{
    (void)item;
    (void)call;
    instance->state = I(TERMINATED);
    instance->stock_pieces = 0;
    instance->n_allocations = 0;
}

static void
suspend(Kontor__V1__Instance *instance, const Kontor__V1__OrderItem *item,
        struct call *call)
{
    (void)call;
    take_delivery(instance, item->delivery);
    instance->state = I(SUSPENDED);
}

static void
resume(Kontor__V1__Instance *instance, const Kontor__V1__OrderItem *item,
       struct call *call)
{
    (void)call;
    take_delivery(instance, item->delivery);
    instance->state = I(ACTIVE);
}

/* What may be ordered for an instance in which states, and what it does once done. */
static const struct action_row {
    Kontor__V1__ItemAction action;
    bool of_active, of_suspended;
    void (*apply)(Kontor__V1__Instance *instance, const Kontor__V1__OrderItem *item,
                  struct call *call);
} action_rows[] = {
    {ACTION(ACTION_MODIFY), true, false, modify},
    {ACTION(ACTION_RENEW), true, true, renew},
    {ACTION(ACTION_TERMINATE), true, true, terminate},
    {ACTION(ACTION_SUSPEND), true, false, suspend},
    {ACTION(ACTION_RESUME), false, true, resume},
};

static const struct action_row *
row_of(Kontor__V1__ItemAction action)
{
    for (size_t i = 0; i < sizeof action_rows / sizeof action_rows[0]; i++) {
        if (action_rows[i].action == action) {
            return &action_rows[i];
        }
    }
    return NULL;
}

/* ---- Following an item ---- */

static bool
begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/*
 * An endpoint takes part in what it carries: the string of it, which no principal has,
 * is what finds all that is hit when it does not work. So does a capacity in what takes
 * of it.
 */
static char **
scope_of(struct call *call, const struct document *document,
         const Kontor__V1__Instance *instance, size_t *n_scope)
{
    const Kontor__V1__Delivery *delivery = instance->delivery;
    size_t n_endpoints =
        delivery == NULL || is_over(instance) ? 0 : delivery->n_endpoints;
    size_t n_more = n_endpoints + instance->n_allocations;
    char **scope =
        arena_alloc(call->arena, (document->n_scope + n_more + 1) * sizeof(*scope));
    *n_scope = 0;
    for (size_t i = 0; i < document->n_scope; i++) {
        if (!begins_with(document->scope[i], CARRIES) &&
            !begins_with(document->scope[i], CAPACITY_TAKES)) {
            scope[(*n_scope)++] = document->scope[i];
        }
    }
    for (size_t i = 0; i < instance->n_allocations; i++) {
        scope[(*n_scope)++] = arena_print(call->arena, CAPACITY_TAKES "%s",
                                          instance->allocations[i]->capacity);
    }
    for (size_t i = 0; i < n_endpoints; i++) {
        scope[(*n_scope)++] =
            arena_print(call->arena, CARRIES "%s", delivery->endpoints[i]);
    }
    return scope;
}

static enum status
put(struct call *call, const struct document *document, Kontor__V1__Instance *instance,
    struct decision *decision)
{
    const Kontor__V1__Instance *was =
        document->revision == 0 ? NULL : call_record(call, document);
    size_t n_scope;
    char **scope = scope_of(call, document, instance, &n_scope);
    set_due(instance, call);
    enum status status = allocation_follow_instance(call, was, instance, decision);
    decision_put(call, decision, KIND_INSTANCE, instance->id, document->revision, scope,
                 n_scope, &instance->base);
    return status;
}

/* What was ordered is there. */
static enum status
make(struct call *call, const Kontor__V1__OrderItem *item, struct decision *decision,
     int64_t *pieces)
{
    Kontor__V1__Instance *instance = arena_alloc(call->arena, sizeof *instance);
    struct document document = {.revision = 0};
    kontor__v1__instance__init(instance);
    instance->id = item->id;
    instance->state = I(ACTIVE);
    instance->offer = item->offer;
    instance->provider = item->provider;
    instance->project = item->project;
    instance->order = item->order;
    instance->last_item = item->id;
    instance->delivery = item->delivery;
    instance->stock_pieces = item->stock == NULL ? 0 : item->stock->wanted;
    take_order(instance, item);
    allocation_deliver(call, item, instance);
    extend(instance, call);
    item_scope(call, item, &document.scope, &document.n_scope);
    *pieces = instance->stock_pieces;
    return put(call, &document, instance, decision);
}

static void
keep_name_only(Kontor__V1__Delivery *delivery)
{
    if (delivery != NULL) {
        delivery->n_outputs = 0;
        delivery->n_endpoints = 0;
    }
}

/* Its item was of an order that came to nothing in the end. */
static enum status
unmake(struct call *call, const char *id, struct decision *decision)
{
    struct document document;
    enum status status = call_get_any(call, KIND_INSTANCE, id, &document);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    Kontor__V1__Instance *instance = call_record(call, &document);
    instance->state = I(TERMINATED);
    /* The item still has all of it; twice it would not fit beside what else of the
     * order is written. */
    keep_name_only(instance->delivery);
    return put(call, &document, instance, decision);
}

/* What was delivered is gone, and what it took up is free. */
static enum status
let_go(struct call *call, const char *id, struct decision *decision, int64_t *pieces)
{
    struct document document;
    enum status status = call_get_any(call, KIND_INSTANCE, id, &document);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    Kontor__V1__Instance *instance = call_record(call, &document);
    if (instance->stock_pieces == 0 && instance->n_allocations == 0) {
        return STATUS_OK;
    }
    *pieces = -instance->stock_pieces;
    instance->stock_pieces = 0;
    instance->n_allocations = 0;
    return put(call, &document, instance, decision);
}

/* An order takes the instance, or lets it go, with what it did to it. */
static enum status
change(struct call *call, const Kontor__V1__OrderItem *item, struct decision *decision,
       int64_t *pieces)
{
    struct document document;
    const struct action_row *row = row_of(item->action);
    enum status status = call_get_any(call, KIND_INSTANCE, item->instance, &document);
    if (status != STATUS_OK || row == NULL) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    Kontor__V1__Instance *instance = call_record(call, &document);
    int64_t before = instance->stock_pieces;
    bool is_final = item_state_is_final(item->state);
    instance->open_item = is_final ? "" : item->id;
    /* What has ended meanwhile stays so. */
    if (item->state == S(COMPLETED) && !is_over(instance)) {
        instance->last_item = item->id;
        row->apply(instance, item, call);
    }
    *pieces = instance->stock_pieces - before;
    return put(call, &document, instance, decision);
}

enum status
instance_follow(struct call *call, const struct instance_step *step,
                struct decision *decision, int64_t *pieces)
{
    *pieces = 0;
    const Kontor__V1__OrderItem *item = step->item;
    bool is_new = step->was == 0;
    bool has_ended =
        item_state_is_final(item->state) && !item_state_is_final(step->was);
    if (item->instance[0] != '\0') {
        return is_new || has_ended ? change(call, item, decision, pieces) : STATUS_OK;
    }
    if (item->state != S(COMPLETED)) {
        return STATUS_OK;
    }
    if (has_ended) {
        return make(call, item, decision, pieces);
    }
    bool is_unwanted = item_needs_cleanup(item);
    if (is_unwanted == step->was_unwanted) {
        return STATUS_OK;
    }
    return is_unwanted ? unmake(call, item->id, decision)
                       : let_go(call, item->id, decision, pieces);
}

const char *
instance_of(const Kontor__V1__OrderItem *item)
{
    return item->instance[0] != '\0' ? item->instance : item->id;
}

/* ---- Placing ---- */

static const char *
state_name(Kontor__V1__InstanceState state)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
        &kontor__v1__instance_state__descriptor, (int)state);
    return value == NULL ? "unknown" : value->name;
}

static bool
goes_with(Kontor__V1__InstanceState state, const struct action_row *row)
{
    return row != NULL && ((state == I(ACTIVE) && row->of_active) ||
                           (state == I(SUSPENDED) && row->of_suspended));
}

/* Reads it; what is not there, not the caller's or of another project is one fault. */
static enum status
find(struct call *call, const char *path, const char *id, const char *project,
     Kontor__V1__Instance **out)
{
    struct document document;
    enum status status = call_get(call, KIND_INSTANCE, id, &document);
    *out = NULL;
    if (status == STATUS_OK) {
        *out = call_record(call, &document);
    } else if (status != STATUS_NOT_FOUND) {
        return status;
    }
    memset(&call->error, 0, sizeof call->error);
    if (*out == NULL || strcmp((*out)->project, project) != 0) {
        *out = NULL;
        call_fault(call, arena_print(call->arena, "%s.instance", path),
                   "project %s has no instance %s, or you may not see it", project, id);
    }
    return STATUS_OK;
}

enum status
instance_judge(struct call *call, const char *path, const char *id,
               Kontor__V1__ItemAction action, const char *project,
               Kontor__V1__Instance **out)
{
    enum status status = find(call, path, id, project, out);
    if (status != STATUS_OK || *out == NULL) {
        return status;
    }
    const Kontor__V1__Instance *instance = *out;
    if (!goes_with(instance->state, row_of(action))) {
        call_fault(call, arena_print(call->arena, "%s.action", path),
                   "does not go with an instance that is %s",
                   state_name(instance->state));
        *out = NULL;
        return STATUS_OK;
    }
    if (instance->open_item[0] == '\0') {
        return STATUS_OK;
    }
    const char *slash = strrchr(instance->open_item, '/');
    call_value(call, "instance", "%s", id);
    call_value(call, "order", "%.*s", (int)(slash - instance->open_item),
               instance->open_item);
    return call_fail(call, REASON_CONCURRENT_CHANGE,
                     "%s: instance %s is being changed by %s: one order at a time",
                     path, id, instance->open_item);
}

/* ---- Its end ---- */

/* The object goes the way of all that nobody wants: a CLEANUP job of the item that made
 * it, until it is gone. */
static enum status
remove_object(struct call *call, const Kontor__V1__Instance *instance,
              struct decision *decision)
{
    struct edit *edit;
    size_t index;
    Kontor__V1__OrderItem *item;
    enum status status = edit_open(call, instance->order, &edit);
    if (status == STATUS_OK) {
        status = edit_find(edit, instance->id, &index, &item);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* So that its own step does not end the instance once more. */
    edit->items[index].was_unwanted = true;
    edit_remove(edit, index, OPERATION_DEADLINE, "the term of its instance is over");
    return edit_commit(edit, decision);
}

enum status
instance_fire(struct call *call, const void *request, struct decision *decision)
{
    struct document document;
    enum status status = call_get(call, KIND_INSTANCE, request, &document);
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__Instance *instance = call_record(call, &document);
    if (moment_ms(instance->due_at, INT64_MAX) > call->now_ms) {
        decision_reply(decision, NULL);
        return STATUS_OK;
    }
    bool has_ended = moment_ms(instance->valid_until, INT64_MAX) <= call->now_ms;
    instance->is_ending = true;
    instance->state = has_ended ? I(EXPIRED) : instance->state;
    status = put(call, &document, instance, decision);
    return status == STATUS_OK && has_ended ? remove_object(call, instance, decision)
                                            : status;
}

/* ---- Reading ---- */

static enum status
filter(struct call *call, const void *message, struct find *find)
{
    const Kontor__V1__ListInstancesRequest *request = message;
    if (request->project[0] != '\0') {
        project_narrow(call, request->project, find);
    } else if (request->offer[0] != '\0') {
        find->index = "offer";
        find->equal[0].text = request->offer;
        find->equal[1].integer = request->state;
        find->n_equal = request->state == 0 ? 1 : 2;
    } else if (request->state != 0) {
        find->index = "state";
        find->equal[0].integer = request->state;
        find->n_equal = 1;
    }
    return STATUS_OK;
}

static bool
keep(struct call *call, const void *message, const struct document *document)
{
    const Kontor__V1__ListInstancesRequest *request = message;
    const Kontor__V1__Instance *instance = call_record(call, document);
    return (request->project[0] == '\0' ||
            strcmp(request->project, instance->project) == 0) &&
           (request->offer[0] == '\0' ||
            strcmp(request->offer, instance->offer) == 0) &&
           (request->state == 0 || request->state == instance->state);
}

const struct record instance_record = {
    .kind = &KIND_INSTANCE,
    .field = "instance",
    .list_field = "instances",
    .filter = filter,
    .keep = keep,
};
