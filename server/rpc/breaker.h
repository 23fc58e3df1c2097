/*
 * The breaker: cuts off a caller who opens calls and cancels them at a high rate. A
 * stream that is reset costs its peer a few bytes and the broker a whole admission, and
 * HTTP/2 counts it as closed, so no limit on calls at a time holds it
 * (CVE-2023-44487, "rapid reset").
 *
 *   resets beyond the rate --> the caller is refused for breaker_ms, health aside, and
 *   each connection that brings one more reset meanwhile is closed
 *
 * Memory: with the callers (caller.h). Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_BREAKER_H
#define KONTOR_SERVER_RPC_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

struct rpc;

/* Counts a call that its peer cancelled, if it was cancelled young and unprovoked. */
void breaker_note(struct rpc *rpc);
/* For how much longer the caller of this RPC is refused; 0 = it is not. */
int64_t breaker_left_ms(struct rpc *rpc);

#endif
