#include "server/configuration/plan_delivered.h"

#include <string.h>

#include "server/order/item_state.h"

enum { ORDER_PAGE = 100 };

/* The orders of a plan being read. */
struct reading {
    struct call *call;
    const char *plan;
    const struct plan_places *places;
    struct plan_findings *findings;
    struct plan_delivered *rows; /* One a place. */
};

bool
plan_is_over(const Kontor__V1__Instance *instance)
{
    return instance->state == KONTOR__V1__INSTANCE_STATE__INSTANCE_EXPIRED ||
           instance->state == KONTOR__V1__INSTANCE_STATE__INSTANCE_TERMINATED;
}

/* The place an item is for: ProposeOrder named the item after it. One that was named
 * otherwise is of the place whose offer it is. */
static struct plan_delivered *
row_of(struct reading *reading, const char *item, const char *offer)
{
    struct plan_delivered *found = NULL;
    for (size_t i = 0; i < reading->places->n_rows; i++) {
        const struct plan_place *place = &reading->places->rows[i];
        if (strcmp(place->item, item) == 0) {
            return &reading->rows[i];
        }
        for (size_t k = 0; k < place->n_offers; k++) {
            bool is_its = strcmp(place->offers[k].id, offer) == 0;
            found = is_its ? &reading->rows[i] : found;
        }
    }
    return found;
}

/* What is alive counts more than what is over, what is newer more than what is older.
 */
static void
note_instance(struct reading *reading, struct plan_delivered *row,
              const Kontor__V1__Instance *instance)
{
    const Kontor__V1__Instance *other = row->instance;
    bool is_other = other != NULL && strcmp(other->id, instance->id) != 0;
    if (is_other && !plan_is_over(other) && !plan_is_over(instance)) {
        plan_find(reading->call, reading->findings, row->place->parts[0]->path,
                  "%s and %s were both delivered for it: the newer one counts",
                  other->id, instance->id);
    }
    bool is_better = other == NULL ||
                     (plan_is_over(other) && !plan_is_over(instance)) ||
                     (plan_is_over(other) == plan_is_over(instance) &&
                      instance->revision > other->revision);
    row->instance = is_better ? instance : other;
}

/* What an item made, or changed; nothing of one that is still open, or came to
 * nothing. */
static enum status
note_delivery(struct reading *reading, struct plan_delivered *row,
              const Kontor__V1__OrderItem *item)
{
    struct call *call = reading->call;
    struct document document;
    const char *id = item->instance[0] != '\0' ? item->instance : item->id;
    enum status status = call_get_as_of(call, KIND_INSTANCE, id, NULL, &document);
    if (status == STATUS_NOT_FOUND) {
        call->error = (struct error){.status = STATUS_OK};
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        note_instance(reading, row, call_record(call, &document));
    }
    return status;
}

static enum status
note_item(struct reading *reading, const Kontor__V1__Order *order, const char *name)
{
    struct call *call = reading->call;
    struct document document;
    const char *id = arena_print(call->arena, "%s/%s", order->id, name);
    enum status status = call_get_as_of(call, KIND_ITEM, id, NULL, &document);
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__OrderItem *item = call_record(call, &document);
    struct plan_delivered *row = row_of(reading, name, item->offer);
    if (row == NULL) {
        plan_find(call, reading->findings, "$.dmp.dataset",
                  "%s is for no place the plan names", id);
        return STATUS_OK;
    }
    if (!item_state_is_final(item->state)) {
        row->open = item;
    }
    return note_delivery(reading, row, item);
}

static enum status
note_order(struct reading *reading, const struct document *document)
{
    const Kontor__V1__Order *order = call_record(reading->call, document);
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < order->n_items; i++) {
        status = note_item(reading, order, order->items[i]->item);
    }
    return status;
}

/* One order, which was placed for this plan. */
static enum status
note_named(struct reading *reading, const char *id)
{
    struct call *call = reading->call;
    struct document document;
    enum status status = call_get_as_of(call, KIND_ORDER, id, NULL, &document);
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__Order *order = call_record(call, &document);
    if (strcmp(order->plan, reading->plan) != 0) {
        call_fault(call, "order", "%s was not placed for plan %s", id, reading->plan);
        return call_check_faults(call);
    }
    return note_order(reading, &document);
}

static enum status
note_all(struct reading *reading)
{
    struct call *call = reading->call;
    struct find find = {
        .kind = KIND_ORDER,
        .within = arena_print(call->arena, "%s%s", PLAN_ORDERED + 1, reading->plan),
        .limit = ORDER_PAGE,
        .token = ""};
    struct page page;
    do {
        enum status status = call_find(call, &find, false, &page);
        for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
            status = note_order(reading, &page.documents[i]);
        }
        if (status != STATUS_OK) {
            return status;
        }
        find.token = page.next_token;
    } while (page.next_token[0] != '\0');
    return STATUS_OK;
}

enum status
plan_delivered_read(struct call *call, const char *plan, const char *order,
                    const struct plan_places *places, struct plan_findings *findings,
                    struct plan_delivered **out)
{
    struct reading reading = {
        .call = call, .plan = plan, .places = places, .findings = findings};
    reading.rows =
        arena_alloc(call->arena, (places->n_rows + 1) * sizeof *reading.rows);
    for (size_t i = 0; i < places->n_rows; i++) {
        reading.rows[i].place = &places->rows[i];
    }
    *out = reading.rows;
    return order[0] != '\0' ? note_named(&reading, order) : note_all(&reading);
}
