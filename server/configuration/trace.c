#include "server/configuration/trace.h"

#include <stdlib.h>
#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "proto/moment.h"
#include "server/configuration/reach.h"
#include "server/configuration/version.h"

enum { MAX_ITEMS = 64 /* Of an order. */ };

/* An order being traced. */
struct tracing {
    struct call *call;
    int64_t at_ms;          /* What is ahead of it is told. */
    struct outages outages; /* What has not ended by then, of all the caller may see:
                               an order has many endpoints, and few are ahead. */
};

/* By start, so that what is nearest comes first; equal ones by id, so that answers
 * repeat. */
static int
compare_traced(const void *a, const void *b)
{
    const Kontor__V1__TracedDowntime *left = *(Kontor__V1__TracedDowntime *const *)a;
    const Kontor__V1__TracedDowntime *right = *(Kontor__V1__TracedDowntime *const *)b;
    int64_t left_ms = moment_ms(left->downtime->start_at, 0);
    int64_t right_ms = moment_ms(right->downtime->start_at, 0);
    if (left_ms != right_ms) {
        return left_ms < right_ms ? -1 : 1;
    }
    return strcmp(left->downtime->id, right->downtime->id);
}

/* Whose instances a downtime hits is its registry's to know. */
static Kontor__V1__TracedDowntime *
trace_downtime(struct tracing *tracing, const Kontor__V1__Downtime *downtime)
{
    struct call *call = tracing->call;
    Kontor__V1__TracedDowntime *traced = arena_alloc(call->arena, sizeof(*traced));
    Kontor__V1__Downtime *shown = arena_alloc(call->arena, sizeof(*shown));
    const char *registry =
        arena_print(call->arena, "r:%s", call_registry_of(call, downtime->id));
    *shown = *downtime;
    if (!principal_has_scope(call->who, registry)) {
        shown->n_instances = 0;
    }
    kontor__v1__traced_downtime__init(traced);
    traced->downtime = shown;
    traced->is_now = moment_ms(downtime->start_at, INT64_MAX) <= tracing->at_ms;
    return traced;
}

/* Those that name the instance by itself. */
static void
add_naming(struct tracing *tracing, const char *instance,
           Kontor__V1__TracedItem *traced)
{
    const struct outages *outages = &tracing->outages;
    traced->downtimes = arena_alloc(tracing->call->arena,
                                    (outages->n_rows + 1) * sizeof(*traced->downtimes));
    for (size_t i = 0; i < outages->n_rows; i++) {
        const Kontor__V1__Downtime *downtime = outages->rows[i].downtime;
        if (outage_names(downtime, instance)) {
            traced->downtimes[traced->n_downtimes++] =
                trace_downtime(tracing, downtime);
        }
    }
    qsort(traced->downtimes, traced->n_downtimes, sizeof(*traced->downtimes),
          compare_traced);
}

static void
add_downtimes(struct tracing *tracing, const struct reach_endpoint *endpoint,
              Kontor__V1__TracedEndpoint *traced)
{
    struct call *call = tracing->call;
    const struct outages *outages = &tracing->outages;
    traced->downtimes =
        arena_alloc(call->arena, (outages->n_rows + 1) * sizeof(*traced->downtimes));
    for (size_t i = 0; i < outages->n_rows; i++) {
        const Kontor__V1__Downtime *downtime = outages->rows[i].downtime;
        int64_t until_ms;
        if (!outage_hits(&outages->rows[i], endpoint, &until_ms) ||
            until_ms <= tracing->at_ms) {
            continue;
        }
        traced->downtimes[traced->n_downtimes++] = trace_downtime(tracing, downtime);
    }
    qsort(traced->downtimes, traced->n_downtimes, sizeof(*traced->downtimes),
          compare_traced);
}

/* An endpoint that is not known here is still told, by its id alone. */
static enum status
trace_endpoint(struct tracing *tracing, char *id, Kontor__V1__TracedEndpoint *traced)
{
    struct call *call = tracing->call;
    struct reach one = {.as_of = tracing->outages.as_of};
    enum status status = reach_add_endpoint(call, &one, id);
    kontor__v1__traced_endpoint__init(traced);
    if (status != STATUS_OK) {
        return status;
    }
    const struct reach_endpoint *endpoint = &one.rows[0];
    traced->endpoint = (Kontor__V1__Endpoint *)(uintptr_t)endpoint->record;
    traced->site_name = (char *)(uintptr_t)endpoint->site;
    if (endpoint->record == NULL) {
        traced->endpoint = arena_alloc(call->arena, sizeof(*traced->endpoint));
        kontor__v1__endpoint__init(traced->endpoint);
        traced->endpoint->id = id;
        return STATUS_OK;
    }
    add_downtimes(tracing, endpoint, traced);
    return version_at_endpoint(call, id, tracing->outages.as_of, &traced->versions,
                               &traced->n_versions);
}

/* What an item delivered, or is about, as it stands: another order may have changed or
 * ended it since. NULL: nothing is there of it. */
static enum status
read_delivery(struct tracing *tracing, const Kontor__V1__OrderItem *item,
              Kontor__V1__TracedItem *traced, const Kontor__V1__Delivery **out,
              bool *is_over)
{
    struct call *call = tracing->call;
    const char *id = item->instance[0] == '\0' ? item->id : item->instance;
    struct document document;
    enum status status = store_get(call->reader, KIND_INSTANCE, id, &call->who->scopes,
                                   tracing->outages.as_of, call->arena, &document);
    *out = item->delivery;
    *is_over = false;
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return call_fail(call, REASON_STORE_UNAVAILABLE, "the store does not answer");
    }
    const Kontor__V1__Instance *instance = call_record(call, &document);
    traced->instance = instance->id;
    traced->instance_state = instance->state;
    *is_over = reach_is_over(instance);
    *out = *is_over ? NULL : instance->delivery;
    return STATUS_OK;
}

static enum status
trace_endpoints(struct tracing *tracing, const Kontor__V1__Delivery *delivery,
                Kontor__V1__TracedItem *traced)
{
    struct call *call = tracing->call;
    traced->backend_id = delivery->backend_id;
    traced->endpoints = arena_alloc(call->arena, (delivery->n_endpoints + 1) *
                                                     sizeof(*traced->endpoints));
    for (size_t i = 0; i < delivery->n_endpoints; i++) {
        Kontor__V1__TracedEndpoint *endpoint =
            arena_alloc(call->arena, sizeof(*endpoint));
        enum status status = trace_endpoint(tracing, delivery->endpoints[i], endpoint);
        if (status != STATUS_OK) {
            return status;
        }
        traced->endpoints[traced->n_endpoints++] = endpoint;
    }
    return STATUS_OK;
}

static enum status
trace_item(struct tracing *tracing, const struct document *document,
           Kontor__V1__TracedItem *traced)
{
    const Kontor__V1__OrderItem *item = call_record(tracing->call, document);
    const Kontor__V1__Delivery *delivery;
    bool is_over;
    kontor__v1__traced_item__init(traced);
    traced->item = strrchr(item->id, '/') + 1;
    traced->state = item->state;
    enum status status = read_delivery(tracing, item, traced, &delivery, &is_over);
    if (status == STATUS_OK && !is_over) {
        add_naming(tracing, item->instance[0] == '\0' ? item->id : item->instance,
                   traced);
    }
    return status == STATUS_OK && delivery != NULL
               ? trace_endpoints(tracing, delivery, traced)
               : status;
}

static enum status
trace_items(struct tracing *tracing, const char *order,
            Kontor__V1__TraceResponse *reply)
{
    /* An order has at most so many items, so one page holds them. Each is read within
     * the caller's scopes: a provider traces what it delivers, not its neighbour's
     * part. */
    struct call *call = tracing->call;
    struct find find = {.kind = KIND_ITEM,
                        .prefix = order,
                        .limit = MAX_ITEMS,
                        .as_of = tracing->outages.as_of};
    struct page page;
    enum status status =
        outages_read(call, tracing->at_ms, INT64_MAX, &tracing->outages);
    if (status == STATUS_OK) {
        status = call_find(call, &find, false, &page);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply->items = arena_alloc(call->arena, (MAX_ITEMS + 1) * sizeof(*reply->items));
    for (size_t i = 0; i < page.n_documents; i++) {
        Kontor__V1__TracedItem *item = arena_alloc(call->arena, sizeof(*item));
        status = trace_item(tracing, &page.documents[i], item);
        if (status != STATUS_OK) {
            return status;
        }
        reply->items[reply->n_items++] = item;
    }
    return STATUS_OK;
}

enum status
trace_decide(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__TraceRequest *wanted = request;
    Kontor__V1__TraceResponse *reply = arena_alloc(call->arena, sizeof(*reply));
    struct tracing tracing = {.call = call};
    struct document order;
    enum status status =
        call_get_as_of(call, KIND_ORDER, wanted->order, wanted->as_of, &order);
    if (status == STATUS_OK) {
        status = call_as_of(call, wanted->as_of, &tracing.outages.as_of);
    }
    if (status == STATUS_OK) {
        status = call_as_of_ms(call, wanted->as_of, &tracing.at_ms);
    }
    if (status != STATUS_OK) {
        return status;
    }
    kontor__v1__trace_response__init(reply);
    decision_reply(decision, reply);
    return trace_items(&tracing, order.id, reply);
}
