/*
 * An order of a bundle: its items are the bundle's offers, and its rules hold.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_PLACED_BUNDLE_H
#define KONTOR_SERVER_ORDER_PLACED_BUNDLE_H

#include "server/order/placed.h"

/* FAILED_PRECONDITION{BUNDLE_CONFLICT} with all that is in the way. *out becomes the
 * bundle; NULL = the order is of none. */
enum status placed_bundle(struct call *call,
                          const Kontor__V1__PlaceOrderRequest *request,
                          const struct placed *items,
                          Kontor__V1__Bundle **out) MUST_CHECK;

#endif
