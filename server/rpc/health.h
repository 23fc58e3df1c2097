/*
 * grpc.health.v1: answered inline, never shed, never drained before it has said so.
 * Source: grpc/doc/health-checking.md.
 *
 * Memory: the health's. Errors: NOT_FOUND for a service nobody knows (Check).
 * Threads: any; the lock guards the list of watches.
 */
#ifndef KONTOR_SERVER_RPC_HEALTH_H
#define KONTOR_SERVER_RPC_HEALTH_H

#include "server/rpc/rpc.h"

struct health;

extern const struct service_rows health_rows;

/* services: the names it answers for, beside "". NULL-ended; stays. */
struct health *health_new(const struct service_rows *const *services);
/* No watch may be open. Accepts NULL. */
void health_free(struct health *health);
/* Tells every watch. */
void health_set(struct health *health, bool is_serving);
/* After the last word was told, ends every watch; later ones are refused. */
void health_stop(struct health *health);

/* Begin an RPC; method.begin. */
void health_check(struct rpc *rpc, struct bytes request);
void health_watch(struct rpc *rpc, struct bytes request);

#endif
