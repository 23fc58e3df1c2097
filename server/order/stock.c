#include "server/order/stock.h"

#include <inttypes.h>
#include <string.h>

#include "kontor/v1/order_service.pb-c.h"
#include "server/order/item.h"
#include "server/order/moment.h"
#include "server/order/placed.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name

enum { HOUR_MS = 3600000, LOOK_AGAIN_MS = 24 * HOUR_MS, MAX_STOCK = 1 << 12 };

/* ---- What is taken ---- */

/* The stock of an offer as this call is about to write it, else as it is stored, else a
 * new one. */
enum status
stock_read(struct call *call, const char *offer, Kontor__V1__Stock **out, int64_t *was)
{
    struct document document;
    enum status status = call_get_any(call, KIND_STOCK, offer, &document);
    *was = 0;
    if (status == STATUS_OK) {
        *out = call_record(call, &document);
        *was = document.revision;
        return STATUS_OK;
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    *out = arena_alloc(call->arena, sizeof **out);
    kontor__v1__stock__init(*out);
    (*out)->id = (char *)offer;
    return STATUS_OK;
}

static void
add(Kontor__V1__Stock *stock, int64_t pieces, int64_t waiting)
{
    stock->taken += pieces;
    stock->waiting += waiting;
    /* Never less than nothing, whatever an older store has counted. */
    stock->taken = stock->taken > 0 ? stock->taken : 0;
    stock->waiting = stock->waiting > 0 ? stock->waiting : 0;
}

/* Several items of one commit may be of one offer, and a commit names a document once.
 */
enum status
stock_change(struct call *call, const char *offer, int64_t pieces, int64_t waiting,
             struct decision *decision)
{
    if (pieces == 0 && waiting == 0) {
        return STATUS_OK;
    }
    struct bytes *pending = decision_pending(decision, KIND_STOCK, offer);
    Kontor__V1__Stock *stock;
    int64_t was;
    if (pending != NULL) {
        stock = kontor__v1__stock__unpack(arena_allocator(call->arena, MAX_STOCK),
                                          pending->size, pending->data);
        add(stock, pieces, waiting);
        *pending = call_pack(call, &stock->base);
        return STATUS_OK;
    }
    enum status status = stock_read(call, offer, &stock, &was);
    if (status != STATUS_OK) {
        return status;
    }
    add(stock, pieces, waiting);
    decision_put(call, decision, KIND_STOCK, offer, was, NULL, 0, &stock->base);
    return STATUS_OK;
}

/* Of an offer that has no stock, or is no more, there is always enough. */
int64_t
stock_free(const Kontor__V1__OfferStock *rule, const Kontor__V1__Stock *stock)
{
    if (rule == NULL) {
        return INT64_MAX;
    }
    return rule->total > stock->taken ? rule->total - stock->taken : 0;
}

/* ---- Placing ---- */

/* Pieces an item takes up once it is delivered. */
static int64_t
wanted_pieces(const Kontor__V1__OfferStock *rule, const struct values *values)
{
    for (size_t i = 0; rule->parameter[0] != '\0' && i < values->n_rows; i++) {
        const Kontor__V1__ParameterValue *row = values->rows[i];
        bool is_number = row->value->kind_case == KONTOR__V1__VALUE__KIND_INTEGER;
        if (is_number && strcmp(row->id, rule->parameter) == 0) {
            return row->value->integer > 0 ? row->value->integer : 0;
        }
    }
    /* A parameter that is not asked here makes it one piece like any other. */
    return 1;
}

Google__Protobuf__Timestamp *
stock_reserved_until(const Kontor__V1__OfferStock *rule, const struct call *call)
{
    bool is_kept = rule == NULL || rule->reserve_hours == 0;
    return is_kept ? NULL
                   : moment_new(call->arena,
                                call->now_ms + (int64_t)rule->reserve_hours * HOUR_MS);
}

/* Offers of which this order takes something, and what is left of them. */
struct shelf {
    const char *offer;
    int64_t n_free;
    int64_t n_wanted; /* By this order, once all of it is delivered. */
    bool has_waiting;
};

static enum status
find_shelf(struct call *call, const struct placed *placed, struct shelf *shelves,
           size_t *n_shelves, struct shelf **out)
{
    for (size_t i = 0; i < *n_shelves; i++) {
        if (strcmp(shelves[i].offer, placed->offer) == 0) {
            *out = &shelves[i];
            return STATUS_OK;
        }
    }
    Kontor__V1__Stock *stock;
    int64_t was;
    enum status status = stock_read(call, placed->offer, &stock, &was);
    if (status != STATUS_OK) {
        return status;
    }
    *out = &shelves[(*n_shelves)++];
    **out = (struct shelf){.offer = placed->offer,
                           .n_free = stock_free(placed->found.offer->stock, stock),
                           .has_waiting = stock->waiting > 0};
    return STATUS_OK;
}

static enum status
refuse(struct call *call, const struct placed *placed, const struct shelf *shelf)
{
    const Kontor__V1__OfferStock *rule = placed->found.offer->stock;
    call_value(call, "item", "%s", placed->wanted->id);
    call_value(call, "offer", "%s", placed->offer);
    call_value(call, "free", "%" PRId64, shelf->n_free);
    call_value(call, "needed", "%" PRId64, placed->stock->needed);
    return call_fail(call, REASON_OUT_OF_STOCK,
                     "%s: %" PRId64 " %s of offer %s needed, %" PRId64 " free%s",
                     placed->path, placed->stock->needed,
                     rule->unit[0] == '\0' ? "pieces" : rule->unit, placed->offer,
                     shelf->n_free,
                     rule->has_waiting_list ? ", and there are never so many" : "");
}

/* Nobody overtakes who waits, with however small an order. */
static enum status
reserve(struct call *call, struct placed *placed, struct shelf *shelf)
{
    const Kontor__V1__OfferStock *rule = placed->found.offer->stock;
    Kontor__V1__ItemStock *stock = placed->stock;
    bool is_enough = !shelf->has_waiting && stock->needed <= shelf->n_free;
    bool is_never = stock->wanted > rule->total - shelf->n_wanted;
    if (stock->needed == 0 || is_enough) {
        stock->is_reserved = true;
        stock->reserved_until =
            stock->needed == 0 ? NULL : stock_reserved_until(rule, call);
        shelf->n_free -= stock->needed;
        shelf->n_wanted += stock->wanted;
        return STATUS_OK;
    }
    /* Who waited for what can never be would hold up all behind. */
    if (!rule->has_waiting_list || is_never) {
        return refuse(call, placed, shelf);
    }
    shelf->n_wanted += stock->wanted;
    stock->waiting_since = moment_new(call->arena, call->at_ms);
    shelf->has_waiting = true;
    return STATUS_OK;
}

static Kontor__V1__ItemStock *
new_item_stock(struct call *call, const struct placed *placed)
{
    Kontor__V1__ItemStock *stock = arena_alloc(call->arena, sizeof *stock);
    int64_t before = placed->instance == NULL ? 0 : placed->instance->stock_pieces;
    kontor__v1__item_stock__init(stock);
    stock->wanted = wanted_pieces(placed->found.offer->stock, &placed->values);
    stock->needed = stock->wanted > before ? stock->wanted - before : 0;
    return stock;
}

/* Whether a plan still asks how many pieces are wanted. */
static bool
is_number_open(const struct placed *placed)
{
    const char *number = placed->found.offer->stock->parameter;
    for (size_t i = 0; i < placed->values.n_questions; i++) {
        if (strcmp(placed->values.questions[i]->id, number) == 0) {
            return true;
        }
    }
    return false;
}

enum status
stock_judge(struct call *call, struct placed *items, size_t n_items)
{
    struct shelf *shelves = arena_alloc(call->arena, (n_items + 1) * sizeof *shelves);
    size_t n_shelves = 0;
    for (size_t i = 0; i < n_items; i++) {
        struct placed *placed = &items[i];
        /* A renewal is of what is taken up already, and an end or a rest asks no offer.
         */
        bool is_counted = placed->found.offer != NULL &&
                          placed->found.offer->stock != NULL &&
                          placed->action != KONTOR__V1__ITEM_ACTION__ACTION_RENEW;
        struct shelf *shelf;
        if (!is_counted || is_number_open(placed)) {
            continue;
        }
        placed->stock = new_item_stock(call, placed);
        enum status status = find_shelf(call, placed, shelves, &n_shelves, &shelf);
        if (status == STATUS_OK) {
            status = reserve(call, placed, shelf);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* ---- Following an item ---- */

struct stock_mark
stock_mark(const Kontor__V1__OrderItem *item)
{
    return (struct stock_mark){
        .is_reserved = item->stock != NULL && item->stock->is_reserved,
        .is_waiting = item->stock != NULL && item->stock->waiting_since != NULL};
}

bool
stock_is_missing(const Kontor__V1__OrderItem *item)
{
    return item->stock != NULL && item->stock->needed > 0 && !item->stock->is_reserved;
}

void
stock_settle(Kontor__V1__OrderItem *item)
{
    Kontor__V1__ItemStock *stock = item->stock;
    if (stock == NULL || !item_state_is_final(item->state)) {
        return;
    }
    stock->waiting_since = NULL;
    stock->reserved_until = NULL;
    /* What is delivered is the instance's from now on; what may be left behind takes up
     * its pieces until it is gone. */
    if (item->state == S(COMPLETED) || !item_needs_cleanup(item)) {
        stock->is_reserved = false;
    }
}

/* Joins the waiting list, or leaves it. */
static enum status
follow_wait(struct call *call, const Kontor__V1__OrderItem *item, int64_t waiting,
            struct decision *decision)
{
    Kontor__V1__StockWait wait = KONTOR__V1__STOCK_WAIT__INIT;
    struct document document;
    if (waiting > 0) {
        wait.id = item->id;
        wait.offer = item->offer;
        wait.since = item->stock->waiting_since;
        decision_put(call, decision, KIND_STOCK_WAIT, item->id, 0, NULL, 0, &wait.base);
        return STATUS_OK;
    }
    enum status status = call_get_any(call, KIND_STOCK_WAIT, item->id, &document);
    if (status == STATUS_OK) {
        decision_delete(call, decision, KIND_STOCK_WAIT, item->id, document.revision);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
stock_follow(struct call *call, const Kontor__V1__OrderItem *item,
             const struct stock_step *step, struct decision *decision)
{
    struct stock_mark is = stock_mark(item);
    int64_t sign = (is.is_reserved ? 1 : 0) - (step->was.is_reserved ? 1 : 0);
    int64_t waiting = (is.is_waiting ? 1 : 0) - (step->was.is_waiting ? 1 : 0);
    int64_t needed = item->stock == NULL ? 0 : item->stock->needed;
    enum status status = stock_change(call, item->offer, sign * needed + step->pieces,
                                      waiting, decision);
    return status == STATUS_OK && waiting != 0
               ? follow_wait(call, item, waiting, decision)
               : status;
}

void
stock_keep_for_work(Kontor__V1__OrderItem *item)
{
    if (item->stock != NULL) {
        item->stock->reserved_until = NULL;
    }
}

static void
give_back(Kontor__V1__OrderItem *item, struct call *call)
{
    item->stock->is_reserved = false;
    item->stock->reserved_until = NULL;
    item->stock->waiting_since = moment_new(call->arena, call->at_ms);
}

enum status
stock_overdue(struct call *call, Kontor__V1__OrderItem *item, bool *is_returned)
{
    Kontor__V1__Stock *stock;
    int64_t was;
    enum status status = stock_read(call, item->offer, &stock, &was);
    *is_returned = status == STATUS_OK && stock->waiting > 0;
    if (*is_returned) {
        give_back(item, call);
    } else if (status == STATUS_OK) {
        item->stock->reserved_until =
            moment_new(call->arena, call->now_ms + LOOK_AGAIN_MS);
    }
    return status;
}

/* ---- Reading ---- */

enum status
stock_get(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__GetStockRequest *request = message;
    struct offer_found found;
    Kontor__V1__Stock *stock;
    int64_t was;
    enum status status = offer_find(call, request->offer, &found);
    if (status == STATUS_OK && found.offer->stock == NULL) {
        return call_not_found(call, KIND_STOCK, request->offer);
    }
    if (status == STATUS_OK) {
        status = stock_read(call, request->offer, &stock, &was);
    }
    if (status != STATUS_OK) {
        return status;
    }
    stock->total = found.offer->stock->total;
    stock->free = stock_free(found.offer->stock, stock);
    stock->unit = found.offer->stock->unit;
    decision_reply(decision, stock);
    return STATUS_OK;
}
