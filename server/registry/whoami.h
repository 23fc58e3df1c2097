/*
 * Who the caller is, also to a caller nobody registered.
 *
 * Memory: the call's arena. Errors: none. Threads: the call's.
 */
#ifndef KONTOR_SERVER_REGISTRY_WHOAMI_H
#define KONTOR_SERVER_REGISTRY_WHOAMI_H

#include "server/rpc/call.h"

enum status whoami_get(struct call *call, const void *request,
                       struct decision *decision);

#endif
