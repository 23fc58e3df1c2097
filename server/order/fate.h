/*
 * What the end of an item, or its begin, means for the others of its order: those that
 * require it, share its fate, or are alternatives to it. Source: ORDERS design,
 * "Placing".
 *
 * Memory: the call's arena. Errors: those of reading the others. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_FATE_H
#define KONTOR_SERVER_ORDER_FATE_H

#include "server/order/edit.h"

/* Carries the end of an item to all whose fate hangs on it. */
enum status fate_of_end(struct edit *edit, size_t root) MUST_CHECK;
/* Of alternatives one is delivered: an item that begins drops the others. */
enum status fate_of_begin(struct edit *edit, size_t begun) MUST_CHECK;
/* Bit i: item i is dropped when this one begins: an alternative to it or to the bundle
 * it is a part of, what requires such a one, or a part of it that nothing else
 * requires. */
uint64_t fate_alternatives(const struct edit *edit, size_t index);

#endif
