#include "server/rpc/principal.h"

#include <string.h>

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
