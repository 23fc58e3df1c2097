#include "server/registry/standing.h"

#include <inttypes.h>
#include <string.h>

/* The scope decides, not the name of the caller: an admin whose record has only a
 * provider's string is nobody in the rest of the registry. */
bool
standing_is_inside(const struct call *call, const char *registry)
{
    return principal_has_scope(call->who, arena_print(call->arena, "r:%s", registry));
}

bool
standing_is_home_admin(const struct call *call)
{
    return (call->who->roles & ROLE_BIT_HOME_ADMIN) != 0;
}

enum status
standing_inside(struct call *call, const char *registry)
{
    if (standing_is_inside(call, registry)) {
        return STATUS_OK;
    }
    /* Who is of this registry learns which string is missing; somebody else's is told
     * only whom to ask. */
    if (strcmp(call->who->registry, registry) == 0) {
        return call_must_have(call, arena_print(call->arena, "r:%s", registry));
    }
    call_value(call, "registry", "%s", registry);
    return call_fail(call, REASON_OTHER_REGISTRY,
                     "registry %s is not yours; ask one of its own admins", registry);
}

enum status
standing_inside_or_home(struct call *call, const char *registry)
{
    return standing_is_home_admin(call) ? STATUS_OK : standing_inside(call, registry);
}

char **
standing_scope(struct call *call, const char *registry)
{
    /* Room for one more: a registry's own record is read by home, too. */
    char **scope = arena_alloc(call->arena, 2 * sizeof *scope);
    scope[0] = arena_print(call->arena, "=r:%s", registry);
    return scope;
}
