#include "server/rpc/principal.h"

#include <string.h>

const char *
principal_own_scope(const char *id, struct arena *arena)
{
    return arena_print(arena, "u:%s", id);
}

struct scopes
principal_scopes(const char *id, const struct scopes *granted, struct arena *arena)
{
    const char **strings =
        arena_alloc(arena, (granted->n_strings + 1) * sizeof *strings);
    for (size_t i = 0; i < granted->n_strings; i++) {
        strings[i] = granted->strings[i];
    }
    strings[granted->n_strings] = principal_own_scope(id, arena);
    return (struct scopes){strings, granted->n_strings + 1};
}

bool
principal_has_scope(const struct principal *who, const char *scope)
{
    for (size_t i = 0; i < who->scopes.n_strings; i++) {
        if (strcmp(who->scopes.strings[i], scope) == 0) {
            return true;
        }
    }
    return false;
}
