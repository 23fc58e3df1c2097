/* Everybody who calls in a walk, and on which side of an item each stands. */
#include <string.h>

#include "tests/server/model_call.h"

/* coast orders, alpine and beta deliver. Each role on its own side and on the other
 * one, each width of scope, somebody with several roles, and those who have nothing to
 * do with it. */
const struct model_who model_people[] = {
    {"coast/web", ROLE_BIT(PORTAL), {"r:coast"}},
    {"coast/web1", ROLE_BIT(PORTAL), {"j:coast/p1"}},
    {"coast/web2", ROLE_BIT(PORTAL), {"j:coast/p2"}},
    {"coast/chief", ROLE_BIT(APPROVER), {"j:coast/p1"}},
    {"coast/manager", ROLE_BIT(SHIFTER), {"r:coast"}},
    {"coast/admin", ROLE_BIT(ADMIN), {"r:coast"}},
    {"coast/desk", ROLE_BIT(OPERATOR), {"r:coast"}},
    {"coast/agent", ROLE_BIT(AGENT), {"r:coast"}},
    {"coast/reader", ROLE_BIT(READER), {"r:coast"}},
    {"coast/peer", ROLE_BIT(PEER), {"r:coast"}},
    {"coast/all", ROLES_ALL & ~ROLE_BIT(PEER), {"r:coast"}},
    {"alpine/desk", ROLE_BIT(OPERATOR), {"p:alpine/hpc"}},
    {"alpine/agent-1", ROLE_BIT(AGENT), {"p:alpine/hpc"}},
    {"alpine/agent-2", ROLE_BIT(AGENT), {"r:alpine"}},
    {"alpine/manager", ROLE_BIT(SHIFTER), {"r:alpine"}},
    {"alpine/admin", ROLE_BIT(ADMIN), {"r:alpine"}},
    {"alpine/web", ROLE_BIT(PORTAL), {"r:alpine"}},
    {"alpine/chief", ROLE_BIT(APPROVER), {"p:alpine/hpc"}},
    {"alpine/peer", ROLE_BIT(PEER), {"p:alpine/hpc"}},
    {"alpine/all", ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT), {"p:alpine/hpc"}},
    {"beta/desk", ROLE_BIT(OPERATOR), {"r:beta"}},
    {"beta/agent", ROLE_BIT(AGENT), {"p:beta/tape"}},
    {"beta/admin", ROLE_BIT(ADMIN), {"r:beta"}},
    {"gamma/all", ROLES_ALL, {"r:gamma"}},
    {"delta/both", ROLES_ALL & ~ROLE_BIT(PEER), {"r:coast", "r:alpine"}},
};
const int model_n_people = (int)(sizeof model_people / sizeof model_people[0]);

/* ---- Sides ---- */

static bool
has_scope(const struct model_who *who, const char *scope)
{
    for (size_t i = 0; i < 2 && who->scopes[i] != NULL; i++) {
        if (strcmp(who->scopes[i], scope) == 0) {
            return true;
        }
    }
    return false;
}

bool
model_is_customer(const struct model_who *who)
{
    return has_scope(who, "r:coast") || has_scope(who, "j:coast/p1");
}

bool
model_is_provider(const struct model_who *who, const char *provider)
{
    bool is_alpine = strcmp(provider, "alpine/hpc") == 0;
    return has_scope(who, is_alpine ? "r:alpine" : "r:beta") ||
           has_scope(who, is_alpine ? "p:alpine/hpc" : "p:beta/tape");
}

/* A peer is a portal there, an agent here. */
struct model_sides
model_sides_of(const struct model_who *who, const struct model_item *item)
{
    bool is_peer = (who->roles & ROLE_BIT(PEER)) != 0;
    struct model_sides sides = {0, 0};
    if (model_is_customer(who)) {
        sides.customer = who->roles | (is_peer ? ROLE_BIT(PORTAL) : 0);
    }
    if (model_is_provider(who, item->offer->provider)) {
        sides.provider = who->roles | (is_peer ? ROLE_BIT(AGENT) : 0);
    }
    return sides;
}
