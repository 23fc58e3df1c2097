#include "tests/server/cards.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

Kontor__V1__Stock *
cards_stock(struct desk *desk, const char *offer)
{
    Kontor__V1__GetStockRequest request = KONTOR__V1__GET_STOCK_REQUEST__INIT;
    Kontor__V1__Stock *reply;
    request.offer = (char *)offer;
    assert_int_equal(
        desk_call(desk, desk->portal, DESK_ORDER("GetStock"), &request, &reply, NULL),
        STATUS_OK);
    assert_true(reply->free >= 0);
    return reply;
}

void
cards_expect(struct desk *desk, const char *offer, int64_t taken, int64_t waiting)
{
    const Kontor__V1__Stock *stock = cards_stock(desk, offer);
    assert_int_equal(stock->taken, taken);
    assert_int_equal(stock->waiting, waiting);
    assert_int_equal(stock->free,
                     stock->total > taken ? stock->total - taken : (int64_t)0);
}

Kontor__V1__PlaceOrderRequest *
cards_wanting(struct desk *desk, const char *id, const char *offer, int64_t pieces)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, id);
    Kontor__V1__NewItem *item = desk_add(desk, request, "vm", offer);
    if (pieces > 0) {
        desk_give(desk, item, "pieces", shelf_integer(desk->h, pieces));
    }
    return request;
}

const char *
cards_order(struct desk *desk, const char *id, int64_t pieces)
{
    desk_place(desk, cards_wanting(desk, id, OFFER_SCARCE, pieces));
    return arena_print(desk->h->arena, "%s/vm", id);
}

Kontor__V1__ClaimedJob *
cards_claim(struct desk *desk)
{
    const char *session =
        desk_session(desk, desk->agent, 1, OFFER_SCARCE, OFFER_FEW, NULL);
    return desk_claim(desk, desk->agent, session);
}

void
cards_deliver(struct desk *desk, const char *item)
{
    Kontor__V1__ClaimedJob *job = cards_claim(desk);
    assert_non_null(job);
    assert_string_equal(job->item, item);
    assert_int_equal(desk_begin(desk, job, NULL), STATUS_OK);
    bool is_new = job->kind == KONTOR__V1__JOB_KIND__PROVISION;
    assert_int_equal(is_new ? desk_complete(desk, item, job->fence, "b-1", NULL)
                            : desk_complete_bare(desk, item, job->fence, NULL),
                     STATUS_OK);
}

enum status
cards_refused(struct desk *desk, Kontor__V1__PlaceOrderRequest *request,
              struct error *error)
{
    return desk_call(desk, desk->portal, DESK_ORDER("PlaceOrder"), request, NULL,
                     error);
}

bool
cards_is_waiting(struct desk *desk, const char *item)
{
    const Kontor__V1__OrderItem *stored = desk_item(desk, item);
    assert_true(stored->stock->is_reserved || stored->stock->waiting_since != NULL);
    assert_false(stored->stock->is_reserved && stored->stock->waiting_since != NULL);
    return stored->stock->waiting_since != NULL;
}

void
cards_put_service(struct desk *desk, Kontor__V1__Service *service)
{
    harness_seed(desk->h, KIND_SERVICE, service->id, &service->base, "=r:alpine",
                 "=p:alpine/hpc", "~*", NULL);
}

/* Changes how many there are. */
void
cards_set_total(struct desk *desk, int64_t total)
{
    Kontor__V1__Service *service =
        harness_record(desk->h, KIND_SERVICE, "alpine/notebooks");
    for (size_t i = 0; i < service->n_offers; i++) {
        if (service->offers[i]->stock != NULL) {
            service->offers[i]->stock->total = total;
        }
    }
    cards_put_service(desk, service);
}

void
cards_change_rule(struct desk *desk, bool has_waiting_list, int32_t reserve_hours)
{
    Kontor__V1__Service *service =
        harness_record(desk->h, KIND_SERVICE, "alpine/notebooks");
    for (size_t i = 0; i < service->n_offers; i++) {
        if (service->offers[i]->stock != NULL) {
            service->offers[i]->stock->has_waiting_list = has_waiting_list;
            service->offers[i]->stock->reserve_hours = reserve_hours;
        }
    }
    cards_put_service(desk, service);
}
