#include "server/registry/whoami.h"

#include <google/protobuf/timestamp.pb-c.h>

#include "kontor/v1/registry_service.pb-c.h"
#include "proto/moment.h"

/* What to ask for, so that nobody has to guess a name: the command goes on a line of
 * its own. */
static char *
advice_for(struct call *call)
{
    return arena_print(
        call->arena,
        "your certificate is good, but %s is not registered here; ask an "
        "admin of %s to run\nkontor principal create --uri %s --role ...",
        call->who->identity, call->who->registry, call->who->identity);
}

/* Only the roles a record can give. What is derived, such as being an admin of home,
 * has no name in the contract. */
static void
roles_fill(struct call *call, Kontor__V1__WhoAmIResponse *response)
{
    response->roles = arena_alloc(call->arena, 32 * sizeof response->roles[0]);
    for (unsigned role = KONTOR__V1__ROLE__READER; role <= KONTOR__V1__ROLE__ADMIN;
         role++) {
        if ((call->who->roles & UINT32_C(1) << role) != 0) {
            response->roles[response->n_roles++] = (Kontor__V1__Role)role;
        }
    }
}

enum status
whoami_get(struct call *call, const void *request, struct decision *decision)
{
    const struct principal *who = call->who;
    Kontor__V1__WhoAmIResponse *response = arena_alloc(call->arena, sizeof *response);
    (void)request;
    kontor__v1__who_am_iresponse__init(response);
    response->identity = (char *)who->identity;
    /* The one call a stranger with a good certificate may make, so it has no id and no
     * rights to tell, but the exact name an admin must enter. */
    response->is_registered = who->id[0] != '\0';
    response->principal = (char *)who->id;
    response->registry = (char *)who->registry;
    response->fingerprint = (char *)who->fingerprint;
    response->certificate_ends_at = moment_new(call->arena, who->certificate_ends_ms);
    response->n_scopes = who->granted.n_strings;
    response->scopes = (char **)(uintptr_t)who->granted.strings;
    roles_fill(call, response);
    if (!response->is_registered) {
        response->advice = advice_for(call);
    }
    decision_reply(decision, response);
    return STATUS_OK;
}
