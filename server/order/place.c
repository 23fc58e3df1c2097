#include "server/order/place.h"

#include <string.h>

#include "proto/digest.h"
#include "server/configuration/plan.h"
#include "server/order/access.h"
#include "server/order/allocation.h"
#include "server/order/edit.h"
#include "server/order/finish.h"
#include "server/order/item.h"
#include "server/order/order.h"
#include "server/order/placed_bundle.h"
#include "server/order/plan.h"
#include "server/order/stock.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name

/* ---- Placed before ---- */

/* The order as it is now, to whom placed it before. */
static enum status
answer_current(struct call *call, const char *id, void **out)
{
    struct document document;
    enum status status = call_get(call, KIND_ORDER, id, &document);
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__PlaceOrderResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__place_order_response__init(reply);
    reply->order = call_record(call, &document);
    reply->is_replayed = true;
    status = order_items(call, id, 0, &reply->items, &reply->n_items);
    if (status == STATUS_OK) {
        *out = reply;
    }
    return status;
}

/* Judges an order that exists already. What it holds is told only to whom it belongs.
 */
static enum status
place_again(struct call *call, const Kontor__V1__PlaceOrderRequest *request,
            const struct document *document, const uint8_t hash[DIGEST_SIZE],
            struct decision *decision)
{
    const Kontor__V1__Order *order = call_record(call, document);
    bool is_same = order->request_hash.len == DIGEST_SIZE &&
                   memcmp(order->request_hash.data, hash, DIGEST_SIZE) == 0;
    /*
     * The id may be another's of the same registry, project by project: that it is
     * taken must be said, what it holds must not.
     */
    bool is_own =
        store_view(&call->who->scopes, document->scope, document->n_scope) == VIEW_FULL;
    void *reply = NULL;
    if (is_same && is_own) {
        enum status status = answer_current(call, request->id, &reply);
        if (status == STATUS_OK) {
            decision_reply(decision, reply);
        }
        return status;
    }
    if (is_own && order->request_hash.len == DIGEST_SIZE) {
        call_value(call, "storedHash", "%s",
                   digest_hex(call->arena, order->request_hash.data));
    }
    return call_fail(call, REASON_ORDER_DIFFERS,
                     "order %s exists already with another content: choose another id",
                     request->id);
}

/* ---- The project ---- */

static enum status
judge_project(struct call *call, const Kontor__V1__PlaceOrderRequest *request)
{
    struct document document;
    enum status status = call_get(call, KIND_PROJECT, request->project, &document);
    if (status == STATUS_OK) {
        status = call_must_own(call, &document);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__Project *project = call_record(call, &document);
    if (project->is_archived) {
        call_value(call, "project", "%s", project->id);
        return call_fail(call, REASON_PROJECT_ARCHIVED,
                         "project %s is archived: no new orders", project->id);
    }
    if (strcmp(call_registry_of(call, project->id),
               call_registry_of(call, request->id)) != 0) {
        call_fault(call, "project", "must be of the order's registry");
    }
    return STATUS_OK;
}

/* Other registries choose their own ids: nobody may take a name before them. */
static enum status
judge_id(struct call *call, const char *id)
{
    const char *registry = call_registry_of(call, id);
    if (strcmp(registry, call->who->registry) == 0) {
        return STATUS_OK;
    }
    call_value(call, "registry", "%s", call->who->registry);
    return call_fail(
        call, REASON_OTHER_REGISTRY,
        "order ids of registry %s are not yours to choose; yours begin with %s/",
        registry, call->who->registry);
}

/* ---- The order ---- */

/* The item's line in the header: what siblings and other providers may know of it
 * (IDENTITY design, "What each sees"). */
static Kontor__V1__ItemStanding *
new_standing(struct call *call, const Kontor__V1__OrderItem *item,
             const Kontor__V1__NewItem *wanted)
{
    Kontor__V1__ItemStanding *standing = arena_alloc(call->arena, sizeof *standing);
    kontor__v1__item_standing__init(standing);
    standing->item = wanted->id;
    standing->bundles = wanted->bundles;
    standing->n_bundles = wanted->n_bundles;
    standing->excludes = wanted->excludes;
    standing->n_excludes = wanted->n_excludes;
    standing->state = item->state;
    standing->requires = item->requires;
    standing->n_requires = item->n_requires;
    return standing;
}

/* What they may not know. */
static Kontor__V1__ItemSource *
new_source(struct call *call, const Kontor__V1__OrderItem *item)
{
    Kontor__V1__ItemSource *source = arena_alloc(call->arena, sizeof *source);
    kontor__v1__item_source__init(source);
    source->provider = item->provider;
    source->name = item->name;
    return source;
}

static Kontor__V1__Order *
new_header(struct call *call, const Kontor__V1__PlaceOrderRequest *request,
           const Kontor__V1__Bundle *bundle, const uint8_t hash[DIGEST_SIZE])
{
    Kontor__V1__Order *order = arena_alloc(call->arena, sizeof *order);
    kontor__v1__order__init(order);
    order->id = request->id;
    order->mode =
        request->mode == 0 ? KONTOR__V1__ORDER_MODE__BEST_EFFORT : request->mode;
    if (bundle != NULL) {
        order->bundle = bundle->id;
        order->bundle_revision = bundle->revision;
        order->mode = bundle->is_all_or_nothing ? KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING
                                                : KONTOR__V1__ORDER_MODE__BEST_EFFORT;
    }
    order->project = request->project;
    order->on_behalf_of = request->on_behalf_of;
    order->placed_by = (char *)call->who->id;
    order->note = request->note;
    order->plan = request->plan;
    order->request_hash.data = arena_alloc(call->arena, DIGEST_SIZE);
    order->request_hash.len = DIGEST_SIZE;
    memcpy(order->request_hash.data, hash, DIGEST_SIZE);
    order->items = arena_alloc(call->arena, request->n_items * sizeof *order->items);
    order->n_items = request->n_items;
    order->sources =
        arena_alloc(call->arena, request->n_items * sizeof *order->sources);
    order->n_sources = request->n_items;
    return order;
}

/* Where a new item goes: to its first approval step, or to be claimed. */
static Kontor__V1__ItemState
first_state(const struct placed *placed)
{
    if (placed->n_steps == 0) {
        return S(QUEUED);
    }
    bool is_customer = placed->steps[0] == KONTOR__V1__APPROVAL_STEP__CONSUMER_STEP;
    return is_customer ? S(AWAITING_CONSUMER_APPROVAL) : S(AWAITING_APPROVAL);
}

static enum status
route(struct edit *edit, const struct placed *items)
{
    for (size_t i = 0; i < edit->order->n_items; i++) {
        /*
         * Through RECEIVED also where nothing has to be received: the history then
         * begins alike for every item, and the machine has one way in.
         */
        struct edit_cause cause = {.operation = OPERATION_ROUTE,
                                   .to = first_state(&items[i])};
        enum status status = edit_move(edit, i, &cause);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/*
 * Every later commit may write all items again: an item that ends takes along what
 * depends on it, and a commit has a limit (STORE design, "Commit"). So what deciders
 * may add is counted from the start: an order that could no longer be ended because of
 * their words would be stuck.
 */
static enum status
judge_size(struct call *call, const struct edit *edit)
{
    const Kontor__V1__Order *order = edit->order;
    size_t size = protobuf_c_message_get_packed_size(&order->base);
    for (size_t i = 0; i < edit->order->n_items; i++) {
        const Kontor__V1__OrderItem *item = edit->items[i].item;
        size_t item_size = protobuf_c_message_get_packed_size(&item->base);
        size += item_size + item->n_approvals * PLACE_STEP_BYTES;
        /* What was delivered is written once more when it is to be removed again, and
         * its instance with what was ordered. */
        size += order->mode == KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING
                    ? FINISH_MAX_DELIVERY + item_size
                    : 0;
    }
    if (size <= PLACE_MAX_BYTES) {
        return STATUS_OK;
    }
    call_value(call, "size", "%zu", size);
    call_value(call, "limit", "%d", PLACE_MAX_BYTES);
    return call_fail(call, REASON_ORDER_TOO_LARGE,
                     "the order takes %zu bytes, at most %d are stored: split it", size,
                     PLACE_MAX_BYTES);
}

static enum status
build(struct call *call, const Kontor__V1__PlaceOrderRequest *request,
      const struct placed *items, Kontor__V1__Order *header, struct edit **out)
{
    struct edit *edit = edit_new(call, header);
    for (size_t i = 0; i < request->n_items; i++) {
        edit->items[i].item = placed_item(call, request, &items[i]);
        edit->order->items[i] =
            new_standing(call, edit->items[i].item, items[i].wanted);
        edit->order->sources[i] = new_source(call, edit->items[i].item);
    }
    enum status status = route(edit, items);
    if (status == STATUS_OK) {
        status = judge_size(call, edit);
    }
    *out = edit;
    return status;
}

/* ---- Deciding ---- */

static enum status
judge(struct call *call, const Kontor__V1__PlaceOrderRequest *request,
      struct placed *items, Kontor__V1__Bundle **bundle)
{
    enum status status = judge_project(call, request);
    if (status == STATUS_OK) {
        status = plan_judge_ordered(call, request->plan, request->project);
    }
    if (status == STATUS_OK) {
        access_judge_seal_to(call, request);
        status = placed_judge(call, request, items);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* Faults come first: they are all told at once, the rest one by one. */
    status = call_check_faults(call);
    if (status == STATUS_OK) {
        status = placed_problems(call, items, request->n_items);
    }
    if (status == STATUS_OK) {
        status = placed_bundle(call, request, items, bundle);
    }
    if (status == STATUS_OK) {
        status = stock_judge(call, items, request->n_items);
    }
    if (status == STATUS_OK) {
        status = allocation_judge(call, request->not_after, items, request->n_items);
    }
    if (status != STATUS_OK) {
        placed_tell(call, items, request->n_items);
    }
    return status;
}

static void
reply_plan(struct call *call, const struct placed *items, const struct edit *edit,
           struct decision *decision)
{
    Kontor__V1__PlaceOrderResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__place_order_response__init(reply);
    reply->plan = plan_make(call, items, edit->order->n_items);
    decision_reply(decision, reply);
}

static enum status
place_new(struct call *call, const Kontor__V1__PlaceOrderRequest *request,
          const uint8_t hash[DIGEST_SIZE], struct decision *decision)
{
    struct placed *items = arena_alloc(call->arena, request->n_items * sizeof *items);
    struct edit *edit;
    Kontor__V1__Bundle *bundle = NULL;
    enum status status = judge(call, request, items, &bundle);
    if (status == STATUS_OK) {
        status =
            build(call, request, items, new_header(call, request, bundle, hash), &edit);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (call->is_validate_only) {
        reply_plan(call, items, edit, decision);
        return STATUS_OK;
    }
    return edit_commit(edit, decision);
}

enum status
place_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__PlaceOrderRequest *request = message;
    struct document existing;
    enum status status = judge_id(call, request->id);
    if (status != STATUS_OK) {
        return status;
    }
    /*
     * Over the canonical form, never the bytes: another language's client, or the next
     * version of this one, may write the same order in another way.
     */
    const uint8_t *hash = call->request_hash;
    status = call_get_any(call, KIND_ORDER, request->id, &existing);
    if (status == STATUS_OK) {
        return place_again(call, request, &existing, hash, decision);
    }
    return status == STATUS_NOT_FOUND ? place_new(call, request, hash, decision)
                                      : status;
}

/* The order as it was placed, with its items in their order. */
static enum status
answer_placed(struct call *call, const Kontor__V1__Commit *commit, const char *id,
              void **out)
{
    Kontor__V1__PlaceOrderResponse *reply = arena_alloc(call->arena, sizeof *reply);
    void *record = NULL;
    kontor__v1__place_order_response__init(reply);
    reply->items = arena_alloc(call->arena, commit->n_changes * sizeof *reply->items);
    enum status status = answer_stored(call, commit, KIND_ORDER, id, &record);
    reply->order = record;
    for (size_t i = 0; i < commit->n_changes && status == STATUS_OK; i++) {
        const Kontor__V1__Change *change = commit->changes[i];
        if (strcmp(change->kind, KIND_ITEM->name) == 0) {
            status = answer_stored(call, commit, KIND_ITEM, change->id, &record);
            reply->items[reply->n_items++] = record;
        }
    }
    if (status == STATUS_OK) {
        *out = reply;
    }
    return status;
}

enum status
place_answer(struct call *call, const void *message, const Kontor__V1__Commit *commit,
             void **out)
{
    const Kontor__V1__PlaceOrderRequest *request = message;
    /* A replay is answered with the order as it is now, not as it was placed: then
     * there is a reader. */
    if (call->reader != NULL) {
        return answer_current(call, request->id, out);
    }
    return answer_placed(call, commit, request->id, out);
}
