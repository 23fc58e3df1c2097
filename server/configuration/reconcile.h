/*
 * Reconcile: what another configuration database says differently of the endpoints of a
 * registry, by site, host and type.
 *
 * Memory: the call's arena. Errors: FIELDS_INVALID for a field nobody compares.
 * Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_RECONCILE_H
#define KONTOR_SERVER_CONFIGURATION_RECONCILE_H

#include "server/rpc/call.h"

enum status reconcile_decide(struct call *call, const void *request,
                             struct decision *decision);

#endif
