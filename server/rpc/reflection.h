/*
 * grpc.reflection v1 and v1alpha, the same messages under two names, so that tools need
 * no .proto files. Source: grpc/doc/server-reflection.md.
 *
 * Memory: an index over the embedded descriptors, constant once made.
 * Errors: in the answers; the stream stays open. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_REFLECTION_H
#define KONTOR_SERVER_RPC_REFLECTION_H

#include "server/rpc/rpc.h"

struct reflection;

extern const struct service_rows reflection_rows;
extern const struct service_rows reflection_alpha_rows;

/* services: those it lists, NULL-ended. */
struct reflection *reflection_new(const struct service_rows *const *services);
/* Accepts NULL. */
void reflection_free(struct reflection *reflection);
/* The answer to one packed ServerReflectionRequest, in the arena; size 0 and NULL data:
 * the request is damaged. */
struct bytes reflection_answer(const struct reflection *reflection,
                               struct bytes request, struct arena *arena);

/* Begins an RPC; method.begin. */
void reflection_begin(struct rpc *rpc, struct bytes none);

#endif
