/*
 * One item of an order to be placed: judged against its offer, and what it would
 * become.
 *
 * Memory: the call's arena. Errors: faults with paths, and problems that are no fault
 * of a field. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_PLACED_H
#define KONTOR_SERVER_ORDER_PLACED_H

#include "kontor/v1/order_service.pb-c.h"
#include "server/catalogue/offer.h"
#include "server/order/aggregate.h"
#include "server/order/value.h"
#include "server/rpc/call.h"

/* How far the judging of an item came. */
enum placed_verdict {
    PLACED_VALIDATED,  /* Nothing is wrong with it. */
    PLACED_INVALID,    /* It has a fault. */
    PLACED_UNASSESSED, /* It could not be judged: its offer changed, or what it requires
                          is not sound. */
};

enum {
    PLACED_MAX_STEPS = 3,
    PLACED_MAX_AHEAD_DAYS = 1096 /* Three years: nobody plans further, and what is held
                                    for an order has an end to look for. */
};

struct placed {
    const Kontor__V1__NewItem *wanted;
    const char *path; /* "items[1]". */
    Kontor__V1__ItemAction action;
    const char *offer;              /* Its id; "" = none was found out. */
    Kontor__V1__Instance *instance; /* What it is for; NULL = something new. */
    enum placed_verdict verdict;
    struct offer_found
        found; /* service NULL = the offer was not found, or not asked. */
    Kontor__V1__OrderItem
        *terms;             /* What holds as long as the order: see placed_terms.h;
                               NULL = there is nothing to go by. */
    bool is_provider_ended; /* Its provider is suspended or retired. */
    bool is_orderable;
    bool is_current;     /* The offer's rev is the one the customer saw. */
    const char *why_not; /* Why it is not orderable. */
    struct values values;
    Kontor__V1__ApprovalStep
        steps[PLACED_MAX_STEPS]; /* The approval chain, in order. */
    size_t n_steps;
    Kontor__V1__PriceLine *
        *prices; /* The offer's, then those of the quantities chosen. */
    size_t n_prices;
    Kontor__V1__ItemStock
        *stock; /* What it takes of its offer's; NULL = it has none. */
    Kontor__V1__Allocation **allocations; /* Of its provider's capacities. */
    size_t n_allocations;
    uint64_t requires; /* Bit i: needs item i of the order. */
    uint64_t excludes; /* Bit i: is an alternative to item i. */
    char **required;   /* Names of the items it needs, parts of its bundle included. */
    size_t n_required;
};

/* Faults a time of an order that lies too far ahead; NULL = it says none. */
void placed_judge_ahead(struct call *call, const char *path,
                        const Google__Protobuf__Timestamp *time);
/* Judges every item of a request, the relations between them included; adds all faults.
 */
enum status placed_judge(struct call *call,
                         const Kontor__V1__PlaceOrderRequest *request,
                         struct placed *items) MUST_CHECK;

/* The steps of an offer: its own, else by order type, in the order they are taken.
 * Answers how many. */
size_t placed_steps(Kontor__V1__OrderType type, const Kontor__V1__Offer *offer,
                    Kontor__V1__ApprovalStep steps[PLACED_MAX_STEPS]);

/* Fails the call for what is not a fault of a field: an offer that cannot be ordered,
 * or that changed. */
enum status placed_problems(struct call *call, const struct placed *items,
                            size_t n_items) MUST_CHECK;
/* Adds the values validated and unassessed to the call's error: the items' names. */
void placed_tell(struct call *call, const struct placed *items, size_t n_items);

/* The item as it is stored, RECEIVED. */
Kontor__V1__OrderItem *placed_item(struct call *call,
                                   const Kontor__V1__PlaceOrderRequest *request,
                                   const struct placed *placed);

#endif
