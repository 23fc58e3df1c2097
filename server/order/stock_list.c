#include "server/order/stock_list.h"

#include <string.h>

#include "server/catalogue/offer.h"
#include "server/order/due.h"
#include "server/order/edit.h"
#include "server/order/item.h"
#include "server/order/stock.h"

static const char never_enough[] = "there are never as many as it waits for";

/* A list while one step of it is looked for. */
struct line {
    struct call *call;
    const char *offer;
    const Kontor__V1__OfferStock *rule; /* NULL = it has none: there is enough. */
    int64_t n_free;
    struct decision *decision;
};

/* A place nobody stands on must not hold up the list. */
static enum status
clear(struct line *line, const struct document *place, int64_t beyond)
{
    const struct stock_sum gone = {.waiting = -1, .beyond = beyond > 0 ? -1 : 0};
    memset(&line->call->error, 0, sizeof line->call->error);
    decision_delete(line->call, line->decision, KIND_STOCK_WAIT, place->id,
                    place->revision);
    return stock_change(line->call, line->offer, &gone, line->decision);
}

/* Puts a place beside the list, or back where it was on it. */
static enum status
move(struct line *line, const struct document *place, int64_t beyond)
{
    Kontor__V1__StockWait *wait = call_record(line->call, place);
    const struct stock_sum moved = {.beyond = beyond > 0 ? 1 : -1};
    wait->beyond = beyond;
    decision_put(line->call, line->decision, KIND_STOCK_WAIT, place->id,
                 place->revision, NULL, 0, &wait->base);
    return stock_change(line->call, line->offer, &moved, line->decision);
}

/* The item that waits; NULL = it is no more, or does not. */
static enum status
find_item(struct line *line, const char *id, struct edit **edit, size_t *index,
          Kontor__V1__OrderItem **out)
{
    struct document document;
    enum status status = call_get_any(line->call, KIND_ITEM, id, &document);
    *out = NULL;
    if (status == STATUS_OK) {
        const Kontor__V1__OrderItem *item = call_record(line->call, &document);
        status = edit_open(line->call, item->order, edit);
    }
    if (status == STATUS_OK) {
        status = edit_find(*edit, id, index, out);
    }
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (*out != NULL && !stock_mark(*out).is_waiting) {
        *out = NULL;
    }
    return status;
}

/* What was said of it is not so any more. */
static void
reassure(Kontor__V1__OrderItem *item)
{
    if (item->jeopardy != NULL && strcmp(item->jeopardy->text, never_enough) == 0) {
        item->jeopardy = NULL;
    }
}

static enum status
give(struct line *line, struct edit *edit, size_t index)
{
    Kontor__V1__OrderItem *item = edit->items[index].item;
    reassure(item);
    stock_set_aside(item->stock, line->rule, line->call);
    item_remember(item, "stock", item->state, "what it waited for is free", line->call);
    due_stock_again(item, line->call->arena);
    edit_restate(edit, index);
    edit_dispatch(edit, index);
    return edit_commit(edit, line->decision);
}

/* Nobody is told so by a deadline: it would come too late for those who could order
 * less, or elsewhere. What is at risk already is looked after. */
static enum status
pass_over(struct line *line, const struct document *place, struct edit *edit,
          size_t index)
{
    const Kontor__V1__OrderItem *item = edit->items[index].item;
    enum status status = STATUS_OK;
    if (item->jeopardy == NULL) {
        due_endanger(edit, index, never_enough);
        status = edit_commit(edit, line->decision);
    }
    return status == STATUS_OK ? move(line, place, item->stock->wanted) : status;
}

static enum status
take_back(struct line *line, const struct document *place, struct edit *edit,
          size_t index)
{
    reassure(edit->items[index].item);
    edit_restate(edit, index);
    enum status status = edit_commit(edit, line->decision);
    return status == STATUS_OK ? move(line, place, 0) : status;
}

/* The step of one place. *is_blocked: there is none, it waits for more than is free. */
static enum status
step(struct line *line, const struct document *place, bool *is_blocked)
{
    const Kontor__V1__StockWait *wait = call_record(line->call, place);
    struct edit *edit;
    size_t index;
    Kontor__V1__OrderItem *item;
    enum status status = find_item(line, place->id, &edit, &index, &item);
    if (status != STATUS_OK) {
        return status;
    }
    if (item == NULL) {
        return clear(line, place, wait->beyond);
    }
    if (wait->beyond > 0) {
        return take_back(line, place, edit, index);
    }
    if (line->rule != NULL && item->stock->wanted > line->rule->total) {
        return pass_over(line, place, edit, index);
    }
    *is_blocked = item->stock->needed > line->n_free;
    return *is_blocked ? STATUS_OK : give(line, edit, index);
}

/* The first place whose beyond is in a half-open range; n_documents 0 = none. */
static enum status
first(const struct line *line, int64_t low, int64_t high, struct page *page)
{
    struct find find = {.kind = KIND_STOCK_WAIT,
                        .index = "offer",
                        .n_equal = 1,
                        .has_range = true,
                        .low = low,
                        .high = high,
                        .limit = 1};
    find.equal[0].text = line->offer;
    return call_find(line->call, &find, true, page);
}

/* Who waits beside the list for what there may be after all goes back to its place;
 * then it is the turn of the first: nobody overtakes it. */
static enum status
step_next(struct line *line, bool *is_blocked)
{
    int64_t total = line->rule == NULL ? INT64_MAX : line->rule->total;
    struct page page;
    enum status status =
        first(line, 1, total < INT64_MAX ? total + 1 : INT64_MAX, &page);
    if (status == STATUS_OK && page.n_documents == 0) {
        status = first(line, INT64_MIN, 1, &page);
    }
    *is_blocked = status == STATUS_OK && page.n_documents == 0;
    return status == STATUS_OK && !*is_blocked
               ? step(line, &page.documents[0], is_blocked)
               : status;
}

enum status
stock_list_give(struct call *call, const void *request, struct decision *decision)
{
    struct line line = {.call = call, .offer = request, .decision = decision};
    struct offer_found found;
    Kontor__V1__Stock *stock;
    int64_t was;
    bool is_blocked = false;
    enum status status = offer_find(call, line.offer, &found);
    bool is_gone = status == STATUS_NOT_FOUND;
    if (status == STATUS_OK) {
        line.rule = found.offer->stock;
        status = stock_read(call, line.offer, &stock, &was);
    }
    if (status == STATUS_OK) {
        line.n_free = stock_free(line.rule, stock);
        status = step_next(&line, &is_blocked);
    }
    if (is_gone || (status == STATUS_OK && is_blocked)) {
        memset(&call->error, 0, sizeof call->error);
        decision_reply(decision, NULL);
        return STATUS_OK;
    }
    return status;
}
