/*
 * Principals: who may call, as what, over which records of their own registry.
 *
 * Memory: the call's arena. Errors: they fail the call. Threads: the call's.
 */
#ifndef KONTOR_SERVER_REGISTRY_PRINCIPAL_H
#define KONTOR_SERVER_REGISTRY_PRINCIPAL_H

#include "kontor/v1/registry_service.pb-c.h"
#include "server/rpc/record.h"

extern const struct record principal_record;

enum status principal_create(struct call *call, const void *request,
                             struct decision *decision);
enum status principal_create_answer(struct call *call, const void *request,
                                    const Kontor__V1__Commit *commit, void **reply);
enum status principal_delete(struct call *call, const void *request,
                             struct decision *decision);
enum status principal_delete_answer(struct call *call, const void *request,
                                    const Kontor__V1__Commit *commit, void **reply);

/*
 * Adds a new principal and the guard of its identity to a decision. The caller has
 * judged it. ALREADY_EXISTS for its id or its identity; path is that of the identity in
 * the request.
 */
enum status principal_put_new(struct call *call, struct decision *decision,
                              const Kontor__V1__Principal *principal) MUST_CHECK;
/* Adds the first admin of a new registry: an exact name in its trust domain. */
enum status principal_put_admin(struct call *call, struct decision *decision,
                                const char *registry, const char *identity) MUST_CHECK;

#endif
