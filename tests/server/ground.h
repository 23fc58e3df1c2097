/*
 * What tests of the configuration stand on: sites, endpoints, downtimes, and the calls
 * that declare them.
 *
 * Memory: the harness's arena. Errors: what cannot go wrong fails the test. Threads:
 * the test's own.
 */
#ifndef KONTOR_TESTS_SERVER_GROUND_H
#define KONTOR_TESTS_SERVER_GROUND_H

#include "kontor/v1/configuration_service.pb-c.h"
#include "tests/server/harness.h"

#define GROUND_CALL(name) "/kontor.v1.ConfigurationService/" name

enum { GROUND_HOUR_MS = 60 * 60 * 1000 };

/* A harness of the configuration, and those who call. */
struct ground {
    struct harness *h;
    const struct principal *admin;    /* A site admin of registry coast. */
    const struct principal *stranger; /* A site admin of registry hills. */
    const struct principal
        *partial; /* A site admin of coast with a provider's string only. */
};

/* For cmocka: *state is a struct ground. */
int ground_setup(void **state);
int ground_teardown(void **state);

Google__Protobuf__Timestamp *ground_time(struct harness *h, int64_t ms);
/* A site with an internal contact. */
Kontor__V1__Site *ground_site(struct harness *h, const char *id,
                              const char *short_name);
Kontor__V1__Endpoint *ground_endpoint(struct harness *h, const char *id,
                                      const char *site, const char *host,
                                      const char *type);
/* An outage from start to end, in milliseconds from the harness's beginning, that hits
 * nothing yet. */
Kontor__V1__Downtime *ground_downtime(struct harness *h, const char *id,
                                      int64_t start_ms, int64_t end_ms);
void ground_affect(struct harness *h, Kontor__V1__Downtime *downtime, const char *site,
                   const char *host, const char *type);

enum status ground_create_site(struct ground *ground, const struct principal *who,
                               Kontor__V1__Site *site, struct error *error);
enum status ground_create_endpoint(struct ground *ground, const struct principal *who,
                                   Kontor__V1__Endpoint *endpoint, struct error *error);
enum status ground_declare(struct ground *ground, const struct principal *who,
                           Kontor__V1__Downtime *downtime, Kontor__V1__Downtime **reply,
                           struct error *error);

#endif
