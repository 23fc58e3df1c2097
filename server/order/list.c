#include "server/order/list.h"

#include <string.h>

#include "kontor/v1/order_service.pb-c.h"
#include "server/order/project.h"

/* The filter that leaves least picks the index; the others are judged document by
 * document. */

static enum status
filter_orders(struct call *call, const void *message, struct find *find)
{
    const Kontor__V1__ListOrdersRequest *request = message;
    if (request->waiting_only) {
        /* The waiting are few among all orders, so this filter picks the index before
         * the others. */
        find->index = "waiting";
        find->has_range = true;
        find->low = INT64_MIN;
        find->high = INT64_MAX;
    } else if (request->project[0] != '\0') {
        project_narrow(call, request->project, find);
    } else if (request->state != 0) {
        find->index = "state";
        find->equal[0].integer = request->state;
        find->n_equal = 1;
    }
    return STATUS_OK;
}

static bool
keep_order(struct call *call, const void *message, const struct document *document)
{
    const Kontor__V1__ListOrdersRequest *request = message;
    bool has_project = request->project[0] != '\0';
    /* The project is the customer's side's: who sees less must not find by it. */
    if (has_project && document->view != VIEW_FULL) {
        return false;
    }
    if (!has_project && request->state == 0) {
        return true;
    }
    const Kontor__V1__Order *order = call_record(call, document);
    return (request->state == 0 || order->state == request->state) &&
           (!has_project || strcmp(order->project, request->project) == 0);
}

const struct record order_list_record = {
    .kind = &KIND_ORDER,
    .field = "order",
    .list_field = "orders",
    .filter = filter_orders,
    .keep = keep_order,
};

static enum status
filter_items(struct call *call, const void *message, struct find *find)
{
    const Kontor__V1__ListItemsRequest *request = message;
    (void)call;
    if (request->state != 0) {
        find->index = "state";
        find->equal[0].integer = request->state;
        find->equal[1].text = request->offer;
        find->n_equal = request->offer[0] == '\0' ? 1 : 2;
    } else if (request->offer[0] != '\0') {
        find->index = "offer";
        find->equal[0].text = request->offer;
        find->n_equal = 1;
    }
    return STATUS_OK;
}

const struct record item_list_record = {
    .kind = &KIND_ITEM,
    .field = "item",
    .list_field = "items",
    .filter = filter_items,
};
