/*
 * Revocations: certificates that count no more, whatever authority vouches for them.
 *
 * Memory: the call's arena. Errors: they fail the call. Threads: the call's.
 */
#ifndef KONTOR_SERVER_REGISTRY_REVOCATION_H
#define KONTOR_SERVER_REGISTRY_REVOCATION_H

#include "kontor/v1/registry_service.pb-c.h"
#include "server/rpc/call.h"

enum status revocation_create(struct call *call, const void *request,
                              struct decision *decision);
enum status revocation_create_answer(struct call *call, const void *request,
                                     const Kontor__V1__Commit *commit, void **reply);

#endif
