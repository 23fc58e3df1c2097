/*
 * What a plan says of a place, put into the parameters of an offer. Which parameter
 * asks for what is told by its unit and its id; one that the plan says nothing about
 * stays open.
 *
 * Memory: the call's arena. Errors: findings. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_PLAN_FILL_H
#define KONTOR_SERVER_CONFIGURATION_PLAN_FILL_H

#include "kontor/v1/configuration_service.pb-c.h"
#include "kontor/v1/order.pb-c.h"
#include "server/configuration/plan_place.h"

/* A place that is filled in. */
struct plan_filling {
    struct call *call;
    const struct plan_place *place;
    const struct plan_offer *offer;
    const Kontor__V1__Instance *instance; /* That is changed; NULL = something new. */
    struct plan_findings *findings;
    Kontor__V1__NewItem *item;          /* Gets the values. */
    Kontor__V1__ProposedItem *proposed; /* Gets size, end, constraints, questions. */
};

/* Size and end of a place as a whole, whatever the offer; "" where a part does not say
 * it. */
void plan_fill_sums(struct call *call, const struct plan_place *place,
                    struct plan_findings *findings, Kontor__V1__ProposedItem *proposed);
/* The values, and the questions that are left. */
void plan_fill(struct plan_filling *filling);
/* Whether the offer has a parameter for a size. */
bool plan_fill_takes_size(const Kontor__V1__Offer *offer);

/* Puts a value into the item, if the parameter takes it; else why not, in words. */
const char *plan_fill_value(struct plan_filling *filling,
                            const Kontor__V1__Parameter *parameter,
                            Kontor__V1__Value *value);

/* What else the plan expects there, and how the offer stands to it (plan_meet.c). */
void plan_meet(struct plan_filling *filling);

#endif
