/*
 * Registries: partners with a trust domain and authorities of their own, and the home
 * registry among them. Also the rows of RegistryService.
 *
 * Memory: the call's arena. Errors: they fail the call. Threads: the call's.
 */
#ifndef KONTOR_SERVER_REGISTRY_REGISTRY_H
#define KONTOR_SERVER_REGISTRY_REGISTRY_H

#include "kontor/v1/registry_service.pb-c.h"
#include "server/rpc/record.h"
#include "server/rpc/table.h"

extern const struct service_rows registry_rows;
extern const struct record registry_record;

enum status registry_create(struct call *call, const void *request,
                            struct decision *decision);
enum status registry_create_answer(struct call *call, const void *request,
                                   const Kontor__V1__Commit *commit, void **reply);
enum status registry_update(struct call *call, const void *request,
                            struct decision *decision);
enum status registry_update_answer(struct call *call, const void *request,
                                   const Kontor__V1__Commit *commit, void **reply);
enum status registry_rotate(struct call *call, const void *request,
                            struct decision *decision);
enum status registry_rotate_answer(struct call *call, const void *request,
                                   const Kontor__V1__Commit *commit, void **reply);
enum status registry_suspend(struct call *call, const void *request,
                             struct decision *decision);
enum status registry_suspend_answer(struct call *call, const void *request,
                                    const Kontor__V1__Commit *commit, void **reply);
enum status registry_resume(struct call *call, const void *request,
                            struct decision *decision);
enum status registry_resume_answer(struct call *call, const void *request,
                                   const Kontor__V1__Commit *commit, void **reply);

/*
 * Judges a new registry and adds it, its guards and its first admin to a decision.
 * home: id of the home registry, which is the new one's own for the first.
 */
enum status registry_put_new(struct call *call, struct decision *decision,
                             const char *home, const Kontor__V1__Registry *wanted,
                             const char *first_admin) MUST_CHECK;

#endif
