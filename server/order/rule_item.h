/*
 * The rules an offer has over several of its parameters, judged with the values of an
 * item.
 *
 * Memory: the faults' arena. Errors: faults, each with what would be right. Threads:
 * the faults'.
 */
#ifndef KONTOR_SERVER_ORDER_RULE_ITEM_H
#define KONTOR_SERVER_ORDER_RULE_ITEM_H

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/faults.h"

/* How a parameter of the offer stands in an item. */
enum value_standing {
    VALUE_HIDDEN, /* It is not asked, and has no value. */
    VALUE_ABSENT, /* It is asked, and has no value. */
    VALUE_GIVEN,  /* It has a value, given or constant. */
    VALUE_UNSURE, /* It is at fault, or what decides about it is: nothing more is said
                     of it, for that might be wrong once the first fault is cured. */
};

/* One parameter of the offer as an item has it. */
struct value_row {
    const Kontor__V1__Parameter *parameter;
    Kontor__V1__ParameterValue *given; /* By the customer; NULL = not. */
    const Kontor__V1__Value *value;    /* What it has, with GIVEN. */
    const char *path;                  /* "items[1].parameters[gpus]". */
    enum value_standing standing;
};

/* The row of a parameter of the offer, which has as many rows as parameters; NULL = the
 * offer has no such parameter. */
const struct value_row *rule_item_row(const Kontor__V1__Offer *offer,
                                      const struct value_row *rows, const char *id);

/* Adds a fault for each rule of the offer that the rows break. */
void rule_item_judge(const Kontor__V1__Offer *offer, const struct value_row *rows,
                     struct faults *faults);

#endif
