/*
 * ResumeItem and OverrideItem: people who let an item go on, or end it.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_OVERRIDE_H
#define KONTOR_SERVER_ORDER_OVERRIDE_H

#include "server/rpc/call.h"

enum status resume_decide(struct call *call, const void *request,
                          struct decision *decision);
enum status override_decide(struct call *call, const void *request,
                            struct decision *decision);

#endif
