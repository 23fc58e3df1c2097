#include "server/order/stock_list.h"

#include <string.h>

#include "server/catalogue/offer.h"
#include "server/order/due.h"
#include "server/order/edit.h"
#include "server/order/item.h"
#include "server/order/stock.h"

enum { PAGE = 32 };

static const char never_enough[] = "there are never as many as it waits for";

/* A list while one step of it is looked for. */
struct line {
    struct call *call;
    const char *offer;
    const Kontor__V1__OfferStock *rule; /* NULL = it has none: there is enough. */
    int64_t n_free;
    struct decision *decision;
    bool is_decided;
};

/* A place nobody stands on must not hold up the list. */
static enum status
clear(struct line *line, const struct document *place)
{
    line->is_decided = true;
    memset(&line->call->error, 0, sizeof line->call->error);
    decision_delete(line->call, line->decision, KIND_STOCK_WAIT, place->id,
                    place->revision);
    return stock_change(line->call, line->offer, 0, -1, line->decision);
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

static enum status
give(struct line *line, struct edit *edit, size_t index)
{
    Kontor__V1__OrderItem *item = edit->items[index].item;
    item->stock->is_reserved = true;
    item->stock->waiting_since = NULL;
    if (item->jeopardy != NULL && strcmp(item->jeopardy->text, never_enough) == 0) {
        item->jeopardy = NULL;
    }
    item->stock->reserved_until = stock_reserved_until(line->rule, line->call);
    item_remember(item, "stock", item->state, "what it waited for is free", line->call);
    due_stock_again(item, line->call->arena);
    edit_restate(edit, index);
    edit_dispatch(edit, index);
    return edit_commit(edit, line->decision);
}

/* Nobody is told so by a deadline: it would come too late for those who could order
 * less, or elsewhere. */
static enum status
warn(struct line *line, struct edit *edit, size_t index)
{
    due_endanger(edit, index, never_enough);
    return edit_commit(edit, line->decision);
}

/* Looks at one place; decided or not, who stands behind it is next. */
static enum status
look_at(struct line *line, const struct document *place, bool *is_blocked)
{
    struct edit *edit;
    size_t index;
    Kontor__V1__OrderItem *item;
    enum status status = find_item(line, place->id, &edit, &index, &item);
    if (status != STATUS_OK) {
        return status;
    }
    if (item == NULL) {
        return clear(line, place);
    }
    bool is_never = line->rule != NULL && item->stock->wanted > line->rule->total;
    if (is_never && item->jeopardy != NULL) {
        return STATUS_OK;
    }
    *is_blocked = !is_never && item->stock->needed > line->n_free;
    line->is_decided = !*is_blocked;
    if (*is_blocked) {
        return STATUS_OK;
    }
    return is_never ? warn(line, edit, index) : give(line, edit, index);
}

static enum status
walk(struct line *line)
{
    struct find find = {
        .kind = KIND_STOCK_WAIT, .index = "offer", .n_equal = 1, .limit = PAGE};
    struct page page = {.next_token = ""};
    bool is_blocked = false;
    find.equal[0].text = line->offer;
    do {
        find.token = page.next_token;
        enum status status = call_find(line->call, &find, true, &page);
        for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
            status = look_at(line, &page.documents[i], &is_blocked);
            if (is_blocked || line->is_decided) {
                return status;
            }
        }
        if (status != STATUS_OK) {
            return status;
        }
    } while (page.next_token[0] != '\0');
    return STATUS_OK;
}

enum status
stock_list_give(struct call *call, const void *request, struct decision *decision)
{
    struct line line = {.call = call, .offer = request, .decision = decision};
    struct offer_found found;
    Kontor__V1__Stock *stock;
    int64_t was;
    enum status status = offer_find(call, line.offer, &found);
    bool is_gone = status == STATUS_NOT_FOUND;
    if (status == STATUS_OK) {
        line.rule = found.offer->stock;
        status = stock_read(call, line.offer, &stock, &was);
    }
    if (status == STATUS_OK) {
        line.n_free = stock_free(line.rule, stock);
        status = walk(&line);
    }
    if (is_gone || (status == STATUS_OK && !line.is_decided)) {
        memset(&call->error, 0, sizeof call->error);
        decision_reply(decision, NULL);
        return STATUS_OK;
    }
    return status;
}
