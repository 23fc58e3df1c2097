/*
 * What an item is ordered by, for as long as the order lives, whatever becomes of the
 * catalogue: an item of which only that is set.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_PLACED_TERMS_H
#define KONTOR_SERVER_ORDER_PLACED_TERMS_H

#include "server/order/placed.h"

/* As the offer says now: placed->found. */
enum status placed_terms_of_offer(struct call *call, struct placed *placed) MUST_CHECK;
/*
 * As they were agreed when placed->instance was last ordered: its offer may have been
 * changed or taken away since, or be shown to this customer no more. An item that has
 * been erased leaves what the instance knows, and defaults.
 */
enum status placed_terms_of_instance(struct call *call,
                                     struct placed *placed) MUST_CHECK;

#endif
