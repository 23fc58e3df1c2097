/*
 * Who may administer what: a registry's admins inside it, the home registry's beyond it
 * where the rules say so. Source: API design, "The daemon"; IDENTITY design.
 *
 * Memory: none. Errors: they fail the call. Threads: the call's.
 */
#ifndef KONTOR_SERVER_REGISTRY_STANDING_H
#define KONTOR_SERVER_REGISTRY_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "kontor/v1/registry.pb-c.h"
#include "server/rpc/call.h"

/* Whether the caller has the scope string of a registry. */
bool standing_is_inside(const struct call *call, const char *registry);
/* Whether the caller is an admin of the home registry. */
bool standing_is_home_admin(const struct call *call);
/* OK for who is inside; else PERMISSION_DENIED{OTHER_REGISTRY}, or {NOT_OWNER} for its
 * own without the scope. */
enum status standing_inside(struct call *call, const char *registry) MUST_CHECK;
/* As standing_inside, but OK for an admin of the home registry too. */
enum status standing_inside_or_home(struct call *call, const char *registry) MUST_CHECK;

/* Scope of what belongs to a registry: its own string. */
char **standing_scope(struct call *call, const char *registry);

#endif
