/*
 * How the broker is: version, position, expiry, histories.
 *
 * Memory: the call's arena. Errors: they fail the call. Threads: the call's.
 */
#ifndef KONTOR_SERVER_REGISTRY_STATUS_H
#define KONTOR_SERVER_REGISTRY_STATUS_H

#include "server/rpc/call.h"

enum status status_get(struct call *call, const void *request,
                       struct decision *decision);

#endif
