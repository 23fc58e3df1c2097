#include "server/order/opinion.h"

#include <string.h>

#include "kontor/v1/order_service.pb-c.h"
#include "server/order/order.h"

/* ---- Judging ---- */

static bool
is_delivered(Kontor__V1__OrderState state)
{
    return state == KONTOR__V1__ORDER_STATE__ORDER_COMPLETED ||
           state == KONTOR__V1__ORDER_STATE__ORDER_PARTIAL;
}

/* The customer's side, of an order that is over and of which something was delivered.
 */
static enum status
open_order(struct call *call, const char *id, struct document *document)
{
    enum status status = call_get(call, KIND_ORDER, id, document);
    if (status == STATUS_OK) {
        status = call_must_own(call, document);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__Order *order = call_record(call, document);
    if (is_delivered(order->state)) {
        return STATUS_OK;
    }
    const ProtobufCEnumValue *state = protobuf_c_enum_descriptor_get_value(
        &kontor__v1__order_state__descriptor, (int)order->state);
    return call_illegal(call, KIND_ORDER, id, state == NULL ? "" : state->name,
                        "GiveOpinion", "once something of it was delivered");
}

/* One an order: what was said once is said. */
static enum status
judge_first(struct call *call, const char *id)
{
    struct document document;
    enum status status = call_get_any(call, KIND_OPINION, id, &document);
    if (status == STATUS_OK) {
        call_value(call, "id", "%s", id);
        return call_fail(call, REASON_ALREADY_EXISTS,
                         "there is an opinion on order %s already", id);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static bool
is_of(const Kontor__V1__OrderItem *item, const char *service)
{
    size_t size = strlen(service);
    return item->state == KONTOR__V1__ITEM_STATE__COMPLETED &&
           strncmp(item->offer, service, size) == 0 && item->offer[size] == '/';
}

static enum status
judge_services(struct call *call, const Kontor__V1__GiveOpinionRequest *request)
{
    Kontor__V1__OrderItem **items;
    size_t n_items;
    enum status status = order_items(call, request->order, 0, &items, &n_items);
    for (size_t i = 0; status == STATUS_OK && i < request->n_services; i++) {
        const char *service = request->services[i]->service;
        const char *path = arena_print(call->arena, "services[%zu].service", i);
        size_t n = 0;
        for (size_t k = 0; k < n_items; k++) {
            n += is_of(items[k], service);
        }
        if (n == 0) {
            call_fault(call, path, "nothing of %s was delivered with this order",
                       service);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(request->services[k]->service, service) == 0) {
                call_fault(call, path, "is the same as element %zu", k);
            }
        }
    }
    return status == STATUS_OK ? call_check_faults(call) : status;
}

/* ---- Writing ---- */

static enum status
read_tally(struct call *call, const char *service, Kontor__V1__Tally **out,
           int64_t *was)
{
    struct document document;
    enum status status = call_get_any(call, KIND_TALLY, service, &document);
    *was = 0;
    if (status == STATUS_OK) {
        *out = call_record(call, &document);
        *was = document.revision;
        return STATUS_OK;
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    *out = arena_alloc(call->arena, sizeof(**out));
    kontor__v1__tally__init(*out);
    (*out)->id = arena_copy(call->arena, service);
    return STATUS_OK;
}

/* Not in the service itself: whoever reads that would see what this one said. */
static enum status
rate(struct call *call, const Kontor__V1__ServiceOpinion *opinion,
     struct decision *decision)
{
    Kontor__V1__Tally *tally;
    int64_t was;
    enum status status = read_tally(call, opinion->service, &tally, &was);
    if (status != STATUS_OK) {
        return status;
    }
    tally->count++;
    tally->sum += opinion->rating;
    tally->untold++;
    decision_put(call, decision, KIND_TALLY, tally->id, was, NULL, 0, &tally->base);
    return STATUS_OK;
}

enum status
opinion_give(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__GiveOpinionRequest *request = message;
    struct document order;
    enum status status = open_order(call, request->order, &order);
    if (status == STATUS_OK) {
        status = judge_first(call, request->order);
    }
    if (status == STATUS_OK) {
        status = judge_services(call, request);
    }
    for (size_t i = 0; status == STATUS_OK && i < request->n_services; i++) {
        status = rate(call, request->services[i], decision);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__Opinion *opinion = arena_alloc(call->arena, sizeof(*opinion));
    kontor__v1__opinion__init(opinion);
    opinion->services = request->services;
    opinion->n_services = request->n_services;
    opinion->order_rating = request->order_rating;
    opinion->text = request->text;
    /* Whoever reads the order reads what was thought of it. */
    decision_put(call, decision, KIND_OPINION, request->order, 0, order.scope,
                 order.n_scope, &opinion->base);
    return STATUS_OK;
}

enum status
opinion_answer(struct call *call, const void *message, const Kontor__V1__Commit *commit,
               void **reply)
{
    const Kontor__V1__GiveOpinionRequest *request = message;
    return answer_record(call, commit, KIND_OPINION, request->order, reply);
}

/* ---- Telling ---- */

static void
set_rating(struct call *call, Kontor__V1__Service *service,
           const Kontor__V1__Tally *tally)
{
    Kontor__V1__Rating *rating = arena_alloc(call->arena, sizeof(*rating));
    kontor__v1__rating__init(rating);
    rating->count = tally->count;
    rating->sum = tally->sum;
    rating->average_hundredths =
        (int32_t)((100 * tally->sum + tally->count / 2) / tally->count);
    service->rating = rating;
}

enum status
opinion_tell(struct call *call, const void *request, struct decision *decision)
{
    const char *id = request;
    struct document document;
    Kontor__V1__Tally *tally;
    int64_t was;
    enum status status = read_tally(call, id, &tally, &was);
    if (status != STATUS_OK) {
        return status;
    }
    if (tally->untold < OPINION_STEP) {
        decision_reply(decision, NULL);
        return STATUS_OK;
    }
    tally->untold = 0;
    decision_put(call, decision, KIND_TALLY, id, was, NULL, 0, &tally->base);
    status = call_get_any(call, KIND_SERVICE, id, &document);
    if (status != STATUS_OK) {
        /* A service that is gone has no average any more. */
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    Kontor__V1__Service *service = call_record(call, &document);
    set_rating(call, service, tally);
    decision_put(call, decision, KIND_SERVICE, id, document.revision, document.scope,
                 document.n_scope, &service->base);
    return STATUS_OK;
}

/* ---- Reading ---- */

static bool
keep(struct call *call, const void *message, const struct document *document)
{
    const Kontor__V1__ListOpinionsRequest *request = message;
    if (request->service[0] == '\0') {
        return true;
    }
    const Kontor__V1__Opinion *opinion = call_record(call, document);
    for (size_t i = 0; i < opinion->n_services; i++) {
        if (strcmp(opinion->services[i]->service, request->service) == 0) {
            return true;
        }
    }
    return false;
}

const struct record opinion_record = {
    .kind = &KIND_OPINION,
    .field = "opinion",
    .list_field = "opinions",
    .keep = keep,
};
