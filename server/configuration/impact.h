/*
 * Impact: who is hit by a downtime, or by what is declared for a site, an endpoint, a
 * group or where a version runs, and for how long.
 *
 * Memory: the call's arena. Errors: NOT_FOUND for a subject that is not there. Threads:
 * the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_IMPACT_H
#define KONTOR_SERVER_CONFIGURATION_IMPACT_H

#include "server/rpc/call.h"

enum status impact_decide(struct call *call, const void *request,
                          struct decision *decision);

#endif
