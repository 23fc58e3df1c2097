#include "server/order/side.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { SCOPE_SIZE = 320 };

/* Whether the principal has the string <letter>:<id>, or for the letter r that of the
 * id's registry. */
static bool
has_scope(const struct principal *who, char letter, const char *id)
{
    char scope[SCOPE_SIZE];
    /* A string that does not fit could only be cut, and a cut one could match: it is no
     * match. */
    size_t size = letter == 'r' ? strcspn(id, "/") : strlen(id);
    int written = snprintf(scope, sizeof scope, "%c:%.*s", letter, (int)size, id);
    return written > 0 && (size_t)written < sizeof scope &&
           principal_has_scope(who, scope);
}

/* A peer stands for the role its side has of its own. */
static uint32_t
roles_with(uint32_t roles, uint32_t as_peer)
{
    return (roles & ROLE_BIT(PEER)) != 0 ? roles | as_peer : roles;
}

struct sides
side_of(const struct principal *who, const Kontor__V1__OrderItem *item)
{
    struct sides sides = {0, 0};
    if (has_scope(who, 'r', item->order) || has_scope(who, 'j', item->project)) {
        sides.customer = roles_with(who->roles, ROLE_BIT(PORTAL));
    }
    if (has_scope(who, 'r', item->provider) || has_scope(who, 'p', item->provider)) {
        sides.provider = roles_with(who->roles, ROLE_BIT(AGENT));
    }
    return sides;
}

bool
side_may(const struct item_move *move, struct sides sides)
{
    return (move->customer & sides.customer) != 0 ||
           (move->provider & sides.provider) != 0;
}

/* Appends the roles of a set, each with its side. */
static const char *
append_roles(const char *text, uint32_t roles, const char *side, struct arena *arena)
{
    const ProtobufCEnumDescriptor *names = &kontor__v1__role__descriptor;
    for (unsigned i = 0; i < names->n_values; i++) {
        if ((roles >> names->values[i].value & 1) == 0 || names->values[i].value == 0) {
            continue;
        }
        char *name = arena_copy(arena, names->values[i].name);
        for (char *c = name; *c != '\0'; c++) {
            *c = (char)tolower((unsigned char)*c);
        }
        text = arena_print(arena, "%s%s%s (%s's side)", text,
                           text[0] == '\0' ? "" : ", ", name, side);
    }
    return text;
}

const char *
side_roles(struct sides roles, struct arena *arena)
{
    const char *text = append_roles("", roles.customer, "customer", arena);
    return append_roles(text, roles.provider, "provider", arena);
}
