#include "server/order/stock.h"

#include <inttypes.h>
#include <string.h>

#include "kontor/v1/order_service.pb-c.h"
#include "proto/moment.h"
#include "server/order/item.h"
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

/* Never less than nothing, whatever an older store has counted. */
static int64_t
added(int64_t number, int64_t more)
{
    return number + more > 0 ? number + more : 0;
}

static void
add(Kontor__V1__Stock *stock, const struct stock_sum *sum)
{
    stock->taken = added(stock->taken, sum->pieces);
    stock->waiting = added(stock->waiting, sum->waiting);
    stock->beyond = added(stock->beyond, sum->beyond);
    stock->observers = added(stock->observers, sum->observers);
}

/* Several items of one commit may be of one offer, and a commit names a document once.
 */
enum status
stock_change(struct call *call, const char *offer, const struct stock_sum *sum,
             struct decision *decision)
{
    if (sum->pieces == 0 && sum->waiting == 0 && sum->beyond == 0 &&
        sum->observers == 0) {
        return STATUS_OK;
    }
    struct bytes *pending = decision_pending(decision, KIND_STOCK, offer);
    Kontor__V1__Stock *stock;
    int64_t was;
    if (pending != NULL) {
        stock = kontor__v1__stock__unpack(arena_allocator(call->arena, MAX_STOCK),
                                          pending->size, pending->data);
        add(stock, sum);
        *pending = call_pack(call, &stock->base);
        return STATUS_OK;
    }
    enum status status = stock_read(call, offer, &stock, &was);
    if (status != STATUS_OK) {
        return status;
    }
    add(stock, sum);
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

static void
keep_for_so_long(Kontor__V1__ItemStock *stock, const struct call *call)
{
    bool is_limited = stock->reserve_hours > 0 && stock->needed > 0;
    int64_t end_ms = call->now_ms + (int64_t)stock->reserve_hours * HOUR_MS;
    stock->reserved_until = is_limited ? moment_new(call->arena, end_ms) : NULL;
}

void
stock_set_aside(Kontor__V1__ItemStock *stock, const Kontor__V1__OfferStock *rule,
                const struct call *call)
{
    stock->is_reserved = true;
    stock->waiting_since = NULL;
    stock->reserve_hours = rule == NULL ? 0 : rule->reserve_hours;
    keep_for_so_long(stock, call);
}

/* Offers of which this order takes something, and what is left of them. */
struct shelf {
    const char *offer;
    int64_t n_free;
    int64_t n_wanted; /* By this order, once all of it is delivered. */
    uint64_t counted; /* Bit i: item i is in that. */
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
                           .has_waiting = stock->waiting > stock->beyond};
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

/* Whether it is an alternative to one that is counted already: of both, one is
 * delivered at most. */
static bool
is_alternative(const struct placed *items, size_t index, const struct shelf *shelf)
{
    bool is_one = (items[index].excludes & shelf->counted) != 0;
    for (size_t i = 0; i < index && !is_one; i++) {
        is_one =
            (shelf->counted >> i & 1) != 0 && (items[i].excludes >> index & 1) != 0;
    }
    return is_one;
}

/* Whether there are never so many as the order wants in all; counts it if there are. */
static bool
is_never(const struct placed *items, size_t index, struct shelf *shelf)
{
    const Kontor__V1__OfferStock *rule = items[index].found.offer->stock;
    int64_t wanted = items[index].stock->wanted;
    if (is_alternative(items, index, shelf)) {
        return wanted > rule->total;
    }
    bool is_too_much = wanted > rule->total - shelf->n_wanted;
    if (!is_too_much) {
        shelf->n_wanted += wanted;
        shelf->counted |= UINT64_C(1) << index;
    }
    return is_too_much;
}

/* Nobody overtakes who waits, with however small an order. */
static enum status
reserve(struct call *call, struct placed *items, size_t index, struct shelf *shelf)
{
    struct placed *placed = &items[index];
    const Kontor__V1__OfferStock *rule = placed->found.offer->stock;
    Kontor__V1__ItemStock *stock = placed->stock;
    bool is_enough = !shelf->has_waiting && stock->needed <= shelf->n_free;
    bool is_too_much = is_never(items, index, shelf);
    if (stock->needed == 0 || is_enough) {
        stock_set_aside(stock, rule, call);
        shelf->n_free -= stock->needed;
        return STATUS_OK;
    }
    /* Who waited for what can never be would hold up all behind. */
    if (!rule->has_waiting_list || is_too_much) {
        return refuse(call, placed, shelf);
    }
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
            status = reserve(call, items, i, shelf);
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

/* Joins the waiting list. */
static void
join(struct call *call, const Kontor__V1__OrderItem *item, struct decision *decision)
{
    Kontor__V1__StockWait wait = KONTOR__V1__STOCK_WAIT__INIT;
    wait.id = item->id;
    wait.offer = item->offer;
    wait.since = item->stock->waiting_since;
    decision_put(call, decision, KIND_STOCK_WAIT, item->id, 0, NULL, 0, &wait.base);
}

/* Leaves it, or the places beside it. */
static enum status
leave(struct call *call, const Kontor__V1__OrderItem *item, struct stock_sum *sum,
      struct decision *decision)
{
    struct document document;
    enum status status = call_get_any(call, KIND_STOCK_WAIT, item->id, &document);
    if (status == STATUS_OK) {
        const Kontor__V1__StockWait *wait = call_record(call, &document);
        sum->beyond = wait->beyond > 0 ? -1 : 0;
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
    int64_t needed = item->stock == NULL ? 0 : item->stock->needed;
    struct stock_sum sum = {.pieces = sign * needed + step->pieces,
                            .waiting = (is.is_waiting ? 1 : 0) -
                                       (step->was.is_waiting ? 1 : 0)};
    enum status status = STATUS_OK;
    if (sum.waiting > 0) {
        join(call, item, decision);
    } else if (sum.waiting < 0) {
        status = leave(call, item, &sum, decision);
    }
    return status == STATUS_OK ? stock_change(call, item->offer, &sum, decision)
                               : status;
}

void
stock_keep(Kontor__V1__OrderItem *item, bool is_for_work, const struct call *call)
{
    Kontor__V1__ItemStock *stock = item->stock;
    if (stock == NULL || !stock->is_reserved) {
        return;
    }
    if (is_for_work) {
        stock->reserved_until = NULL;
    } else if (stock->reserved_until == NULL) {
        keep_for_so_long(stock, call);
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
