#include "server/configuration/trace.h"

#include <stdlib.h>
#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "proto/moment.h"
#include "server/configuration/site.h"

enum {
    MAX_ITEMS = 64, /* Of an order. */
    DOWNTIME_PAGE = 500,
};

/* The downtimes that have not ended, of all the caller may see. */
struct ahead {
    Kontor__V1__Downtime **rows;
    size_t n_rows, room;
};

static void
add_downtime(struct call *call, struct ahead *ahead, Kontor__V1__Downtime *downtime)
{
    /* A cancelled one stays in the store for its history and hits nothing. */
    if (downtime->is_cancelled) {
        return;
    }
    if (ahead->n_rows == ahead->room) {
        Kontor__V1__Downtime **wider;
        ahead->room = 2 * ahead->room + 64;
        wider = arena_alloc(call->arena, ahead->room * sizeof(*wider));
        if (ahead->n_rows > 0) {
            memcpy(wider, ahead->rows, ahead->n_rows * sizeof(*wider));
        }
        ahead->rows = wider;
    }
    ahead->rows[ahead->n_rows++] = downtime;
}

/* All of them, once a call: an order has many endpoints, and few downtimes are ahead.
 */
static enum status
read_ahead(struct call *call, struct ahead *ahead)
{
    struct find find = {.kind = KIND_DOWNTIME,
                        .index = "end_at",
                        .has_range = true,
                        .low = call->now_ms + 1,
                        .high = INT64_MAX,
                        .limit = DOWNTIME_PAGE};
    struct page page = {.next_token = ""};
    do {
        enum status status;
        find.token = page.next_token;
        status = call_find(call, &find, false, &page);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < page.n_documents; i++) {
            add_downtime(call, ahead, call_record(call, &page.documents[i]));
        }
    } while (page.next_token[0] != '\0');
    return STATUS_OK;
}

/* Whether a downtime hits an endpoint: by its id, or, declared before the endpoint was
 * known, by what it is called. A name counts only within the registry that declared the
 * downtime. */
static bool
is_hit(struct call *call, const Kontor__V1__Downtime *downtime,
       const Kontor__V1__Endpoint *endpoint, const char *site)
{
    bool is_own = strcmp(call_registry_of(call, downtime->id),
                         call_registry_of(call, endpoint->id)) == 0;
    for (size_t i = 0; i < downtime->n_affected; i++) {
        const Kontor__V1__Affected *affected = downtime->affected[i];
        bool is_same_name = is_own && strcmp(affected->host, endpoint->host) == 0 &&
                            strcmp(affected->type, endpoint->type) == 0 &&
                            strcmp(affected->site, site) == 0;
        if (is_same_name || strcmp(affected->endpoint, endpoint->id) == 0) {
            return true;
        }
    }
    return false;
}

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

static void
add_downtimes(struct call *call, const struct ahead *ahead,
              Kontor__V1__TracedEndpoint *traced)
{
    traced->downtimes =
        arena_alloc(call->arena, (ahead->n_rows + 1) * sizeof(*traced->downtimes));
    for (size_t i = 0; i < ahead->n_rows; i++) {
        Kontor__V1__TracedDowntime *hit;
        if (!is_hit(call, ahead->rows[i], traced->endpoint, traced->site_name)) {
            continue;
        }
        hit = arena_alloc(call->arena, sizeof(*hit));
        kontor__v1__traced_downtime__init(hit);
        hit->downtime = ahead->rows[i];
        hit->is_now = moment_ms(hit->downtime->start_at, INT64_MAX) <= call->now_ms;
        traced->downtimes[traced->n_downtimes++] = hit;
    }
    qsort(traced->downtimes, traced->n_downtimes, sizeof(*traced->downtimes),
          compare_traced);
}

/* An endpoint that is not known here is still told, by its id alone. */
static enum status
trace_endpoint(struct call *call, const struct ahead *ahead, char *id,
               Kontor__V1__TracedEndpoint *traced)
{
    struct error before = call->error;
    struct document document;
    enum status status = call_get(call, KIND_ENDPOINT, id, &document);
    const char *site;
    kontor__v1__traced_endpoint__init(traced);
    if (status == STATUS_NOT_FOUND) {
        call->error = before;
        traced->endpoint = arena_alloc(call->arena, sizeof(*traced->endpoint));
        kontor__v1__endpoint__init(traced->endpoint);
        traced->endpoint->id = id;
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    traced->endpoint = call_record(call, &document);
    site = site_short_name(call, traced->endpoint->site);
    if (site != NULL) {
        traced->site_name = (char *)site;
    }
    add_downtimes(call, ahead, traced);
    return STATUS_OK;
}

static enum status
trace_item(struct call *call, const struct ahead *ahead,
           const struct document *document, Kontor__V1__TracedItem *traced)
{
    const Kontor__V1__OrderItem *item = call_record(call, document);
    const Kontor__V1__Delivery *delivery = item->delivery;
    size_t n_endpoints = delivery == NULL ? 0 : delivery->n_endpoints;
    kontor__v1__traced_item__init(traced);
    traced->item = strrchr(item->id, '/') + 1;
    traced->state = item->state;
    if (delivery != NULL) {
        traced->backend_id = delivery->backend_id;
    }
    traced->endpoints =
        arena_alloc(call->arena, (n_endpoints + 1) * sizeof(*traced->endpoints));
    for (size_t i = 0; i < n_endpoints; i++) {
        Kontor__V1__TracedEndpoint *endpoint =
            arena_alloc(call->arena, sizeof(*endpoint));
        enum status status =
            trace_endpoint(call, ahead, delivery->endpoints[i], endpoint);
        if (status != STATUS_OK) {
            return status;
        }
        traced->endpoints[traced->n_endpoints++] = endpoint;
    }
    return STATUS_OK;
}

static enum status
trace_items(struct call *call, const char *order, Kontor__V1__TraceResponse *reply)
{
    /* An order has at most so many items, so one page holds them. Each is read within
     * the caller's scopes: a provider traces what it delivers, not its neighbour's
     * part. */
    struct find find = {.kind = KIND_ITEM, .prefix = order, .limit = MAX_ITEMS};
    struct ahead ahead = {.rows = NULL};
    struct page page;
    enum status status = read_ahead(call, &ahead);
    if (status == STATUS_OK) {
        status = call_find(call, &find, false, &page);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply->items = arena_alloc(call->arena, (MAX_ITEMS + 1) * sizeof(*reply->items));
    for (size_t i = 0; i < page.n_documents; i++) {
        Kontor__V1__TracedItem *item = arena_alloc(call->arena, sizeof(*item));
        status = trace_item(call, &ahead, &page.documents[i], item);
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
    struct document order;
    enum status status = call_get(call, KIND_ORDER, wanted->order, &order);
    if (status != STATUS_OK) {
        return status;
    }
    kontor__v1__trace_response__init(reply);
    decision_reply(decision, reply);
    return trace_items(call, order.id, reply);
}
