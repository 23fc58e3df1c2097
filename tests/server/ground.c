#include "tests/server/ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "server/configuration/configuration.h"

static const struct service_rows *const services[] = {&configuration_rows, NULL};

int
ground_setup(void **state)
{
    static struct ground ground;
    struct harness *h = harness_open(&(struct harness_options){.services = services});
    ground.h = h;
    ground.admin =
        harness_principal(h, "coast/adm", ROLE_BIT(SITE_ADMIN), "r:coast", NULL);
    ground.stranger =
        harness_principal(h, "hills/adm", ROLE_BIT(SITE_ADMIN), "r:hills", NULL);
    ground.partial =
        harness_principal(h, "coast/part", ROLE_BIT(SITE_ADMIN), "p:coast/hpc", NULL);
    *state = &ground;
    return 0;
}

int
ground_teardown(void **state)
{
    struct ground *ground = *state;
    harness_close(ground->h);
    return 0;
}

Google__Protobuf__Timestamp *
ground_time(struct harness *h, int64_t ms)
{
    return moment_new(h->arena, HARNESS_NOW_MS + ms);
}

Kontor__V1__Site *
ground_site(struct harness *h, const char *id, const char *short_name)
{
    Kontor__V1__Site *site = arena_alloc(h->arena, sizeof(*site));
    Kontor__V1__Contact *contact = arena_alloc(h->arena, sizeof(*contact));
    Kontor__V1__RoleContact *row = arena_alloc(h->arena, sizeof(*row));
    kontor__v1__site__init(site);
    kontor__v1__contact__init(contact);
    kontor__v1__role_contact__init(row);
    contact->email = "desk@example.org";
    contact->phone = "112";
    row->role = "emergency";
    row->contact = contact;
    site->contacts = arena_alloc(h->arena, sizeof(*site->contacts));
    site->contacts[site->n_contacts++] = row;
    site->id = arena_copy(h->arena, id);
    site->short_name = arena_copy(h->arena, short_name);
    return site;
}

Kontor__V1__Endpoint *
ground_endpoint(struct harness *h, const char *id, const char *site, const char *host,
                const char *type)
{
    Kontor__V1__Endpoint *endpoint = arena_alloc(h->arena, sizeof(*endpoint));
    kontor__v1__endpoint__init(endpoint);
    endpoint->id = arena_copy(h->arena, id);
    endpoint->site = arena_copy(h->arena, site);
    endpoint->host = arena_copy(h->arena, host);
    endpoint->type = arena_copy(h->arena, type);
    return endpoint;
}

Kontor__V1__Downtime *
ground_downtime(struct harness *h, const char *id, int64_t start_ms, int64_t end_ms)
{
    Kontor__V1__Downtime *downtime = arena_alloc(h->arena, sizeof(*downtime));
    kontor__v1__downtime__init(downtime);
    downtime->id = arena_copy(h->arena, id);
    downtime->severity = KONTOR__V1__SEVERITY__OUTAGE;
    downtime->description = "New switches";
    downtime->start_at = ground_time(h, start_ms);
    downtime->end_at = ground_time(h, end_ms);
    return downtime;
}

void
ground_affect(struct harness *h, Kontor__V1__Downtime *downtime, const char *site,
              const char *host, const char *type)
{
    Kontor__V1__Affected *affected = arena_alloc(h->arena, sizeof(*affected));
    Kontor__V1__Affected **all =
        arena_alloc(h->arena, (downtime->n_affected + 1) * sizeof(*all));
    kontor__v1__affected__init(affected);
    affected->site = arena_copy(h->arena, site);
    affected->host = arena_copy(h->arena, host);
    affected->type = arena_copy(h->arena, type);
    for (size_t i = 0; i < downtime->n_affected; i++) {
        all[i] = downtime->affected[i];
    }
    all[downtime->n_affected++] = affected;
    downtime->affected = all;
}

enum status
ground_create_site(struct ground *ground, const struct principal *who,
                   Kontor__V1__Site *site, struct error *error)
{
    Kontor__V1__CreateSiteRequest request = KONTOR__V1__CREATE_SITE_REQUEST__INIT;
    request.site = site;
    return harness_call(ground->h, who, GROUND_CALL("CreateSite"), &request, NULL,
                        error);
}

enum status
ground_create_endpoint(struct ground *ground, const struct principal *who,
                       Kontor__V1__Endpoint *endpoint, struct error *error)
{
    Kontor__V1__CreateEndpointRequest request =
        KONTOR__V1__CREATE_ENDPOINT_REQUEST__INIT;
    request.endpoint = endpoint;
    return harness_call(ground->h, who, GROUND_CALL("CreateEndpoint"), &request, NULL,
                        error);
}

enum status
ground_declare(struct ground *ground, const struct principal *who,
               Kontor__V1__Downtime *downtime, Kontor__V1__Downtime **reply,
               struct error *error)
{
    Kontor__V1__DeclareDowntimeRequest request =
        KONTOR__V1__DECLARE_DOWNTIME_REQUEST__INIT;
    request.downtime = downtime;
    return harness_call(ground->h, who, GROUND_CALL("DeclareDowntime"), &request,
                        (void **)reply, error);
}
