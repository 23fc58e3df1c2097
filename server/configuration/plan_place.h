/*
 * Where the data of a plan is to lie, and which offers that is: hosts are compared with
 * the addresses of services and of the endpoints that belong to them, all in one
 * spelling. Hosts that come to the same offers are one place.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_PLAN_PLACE_H
#define KONTOR_SERVER_CONFIGURATION_PLAN_PLACE_H

#include "kontor/v1/catalogue.pb-c.h"
#include "plan/wanted.h"
#include "server/configuration/plan.h"

/* How well an address answers to a host, the better the higher. */
enum plan_fit {
    PLAN_FIT_NONE,
    PLAN_FIT_NAME,   /* The address is below what the plan names. */
    PLAN_FIT_WITHIN, /* What the plan names is below the address. */
    PLAN_FIT_SAME,
};

/* An offer that may be meant. */
struct plan_offer {
    const char *id; /* <service>/<iid>. */
    const Kontor__V1__Service *service;
    const Kontor__V1__Offer *offer;
};

/* A host that is matched by its name only. */
struct plan_weak {
    const char *host;
    const char *path; /* Of the first distribution there. */
    const char *matched_by;
};

enum { PLAN_MAX_OFFERS = 64 /* Of a place. */ };

struct plan_place {
    const char *item; /* The item's own part of its id. */
    struct wanted **parts;
    size_t n_parts, room;
    const char **hosts; /* As the plan spells them, each once. */
    size_t n_hosts, hosts_room;
    struct plan_offer offers[PLAN_MAX_OFFERS]; /* By id. */
    size_t n_offers;
    bool is_cut;            /* More offers fit. */
    enum plan_fit fit;      /* Of the host that fits best. */
    const char *matched_by; /* What says so, in words. */
    struct plan_weak *weak; /* Hosts of it that may be another place. */
    size_t n_weak, weak_room;
    const char *why_not; /* Without offers: why, in words. */
};

struct plan_places {
    struct plan_place *rows;
    size_t n_rows, room;
};

/* All places of a plan, in the plan's order; those without a host, and of data that is
 * reused, are findings. */
enum status plan_places_read(struct call *call, const struct json_value *document,
                             struct plan_findings *findings,
                             struct plan_places *places) MUST_CHECK;

#endif
