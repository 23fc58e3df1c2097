/*
 * How the items of an order to be placed hang together: who requires whom.
 *
 * Memory: the faults' arena. Errors: faults at items[<i>].requires. Threads: the
 * faults'.
 */
#ifndef KONTOR_SERVER_ORDER_PLACED_RELATION_H
#define KONTOR_SERVER_ORDER_PLACED_RELATION_H

#include "server/order/placed.h"

/*
 * Sets requires, the parts of a bundle included, and excludes of every item. Refuses
 * unknown items, an item that names itself, cycles, parts of two bundles, and items
 * that could never be done because what they need excludes each other. What requires an
 * item that is not sound becomes unassessed.
 */
void placed_relate(struct placed *items, size_t n_items, struct faults *faults);

#endif
