#include "server/order/order.h"

#include <string.h>

#include "server/order/aggregate.h"

enum status
order_items(struct call *call, const char *order_id, int64_t as_of,
            Kontor__V1__OrderItem ***items, size_t *n_items)
{
    /*
     * Within the caller's scopes: a provider gets its own items, and of the others no
     * more than their lines in the header (ORDERS design, "Who gets what of a change").
     */
    struct find find = {.kind = KIND_ITEM,
                        .prefix = order_id,
                        .limit = ORDER_MAX_ITEMS,
                        .as_of = as_of};
    struct page page;
    enum status status = call_find(call, &find, false, &page);
    if (status != STATUS_OK) {
        return status;
    }
    *items = arena_alloc(call->arena, (page.n_documents + 1) * sizeof **items);
    for (size_t i = 0; i < page.n_documents; i++) {
        (*items)[i] = call_record(call, &page.documents[i]);
    }
    *n_items = page.n_documents;
    return STATUS_OK;
}

enum status
order_get(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__GetOrderRequest *request = message;
    int64_t as_of;
    struct document document;
    enum status status = call_as_of(call, request->as_of, &as_of);
    if (status == STATUS_OK) {
        status =
            call_get_as_of(call, KIND_ORDER, request->id, request->as_of, &document);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__GetOrderResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__get_order_response__init(reply);
    reply->order = call_record(call, &document);
    status = order_items(call, request->id, as_of, &reply->items, &reply->n_items);
    if (status == STATUS_OK) {
        decision_reply(decision, reply);
    }
    return status;
}

/* An item the commit did not write; NULL = the caller may not see it. */
static Kontor__V1__OrderItem *
unwritten_item(struct call *call, const char *id)
{
    const struct order_kept *kept = call->batch;
    for (size_t i = 0; kept != NULL && i < kept->n_items; i++) {
        if (strcmp(kept->items[i]->id, id) == 0) {
            return kept->items[i];
        }
    }
    struct document document;
    bool is_found = kept == NULL && call->reader != NULL &&
                    call_get(call, KIND_ITEM, id, &document) == STATUS_OK;
    /* An item the caller may not see is no failure of the whole: it is left out. */
    memset(&call->error, 0, sizeof call->error);
    return is_found ? call_record(call, &document) : NULL;
}

static enum status
item_after(struct call *call, const Kontor__V1__Commit *commit, const char *id,
           Kontor__V1__OrderItem **item)
{
    void *record = NULL;
    /* What the commit wrote is answered as it wrote it, also when a replay asks much
     * later. */
    if (commit_change(commit, KIND_ITEM, id) == NULL) {
        *item = unwritten_item(call, id);
        return STATUS_OK;
    }
    enum status status = answer_record(call, commit, KIND_ITEM, id, &record);
    *item = record;
    return status;
}

enum status
order_after(struct call *call, const Kontor__V1__Commit *commit, const char *order_id,
            Kontor__V1__Order **order, Kontor__V1__OrderItem ***items, size_t *n_items)
{
    void *record = NULL;
    enum status status = answer_record(call, commit, KIND_ORDER, order_id, &record);
    if (status != STATUS_OK) {
        return status;
    }
    *order = record;
    *items = arena_alloc(call->arena, ((*order)->n_items + 1) * sizeof **items);
    *n_items = 0;
    for (size_t i = 0; i < (*order)->n_items; i++) {
        const char *id =
            arena_print(call->arena, "%s/%s", order_id, (*order)->items[i]->item);
        Kontor__V1__OrderItem *item = NULL;
        status = item_after(call, commit, id, &item);
        if (status != STATUS_OK) {
            return status;
        }
        if (item != NULL) {
            (*items)[(*n_items)++] = item;
        }
    }
    return STATUS_OK;
}
