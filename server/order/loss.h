/*
 * What a lost lease means for the items it held: decided at the committer, by the
 * broker itself.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the committer's.
 */
#ifndef KONTOR_SERVER_ORDER_LOSS_H
#define KONTOR_SERVER_ORDER_LOSS_H

#include "server/rpc/call.h"

/*
 * Ends a session (request: its id) whose lease is over: gives back what it holds, as
 * much as fits into one commit, and with the last of it marks the session. Nothing to
 * do: a REPLY with NULL.
 */
enum status loss_decide(struct call *call, const void *request,
                        struct decision *decision);
/*
 * After a restore, for an open item (request: its id): whoever held it loses it, and
 * whoever claims it looks before it creates. Final: a REPLY with NULL.
 */
enum status loss_recover(struct call *call, const void *request,
                         struct decision *decision);

#endif
