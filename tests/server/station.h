/*
 * A whole server with the toy service, or others, for tests: store, trust, identity,
 * TLS on loopback, and clients with certificates.
 *
 * Memory: the station's. Errors: what cannot go wrong fails the test. Threads: the
 * test's.
 */
#ifndef KONTOR_TESTS_SERVER_STATION_H
#define KONTOR_TESTS_SERVER_STATION_H

#include "certs/authority.h"
#include "kontor/v1/catalogue.pb-c.h"
#include "server/rpc/server.h"
#include "tests/server/harness.h"
#include "tests/server/wire_client.h"

struct station {
    struct harness *h; /* Its store, clock and arena; its own dispatch rests. */
    struct authority *authority;
    const char *roots;
    struct settings settings;
    struct server *server;
    struct wire_client *op;    /* coast/op: OPERATOR, AGENT and ADMIN of r:coast. */
    struct wire_client *other; /* hills/op: OPERATOR of r:hills. */
    _Atomic int64_t n_logged;
    atomic_int last_status; /* Of the last call logged. */
    atomic_bool has_last_reason;
    _Atomic int64_t n_shed;   /* Calls logged as OVERLOADED. */
    _Atomic int64_t n_behind; /* Calls logged as ended for being slow. */
};

/* change: NULL-ended pairs of setting and value; NULL = none. */
struct station *station_open(const char *const *change);
/* A station of these services, whose time begins now and moves only when told. */
struct station *station_open_still(const struct service_rows *const *services);
/* Moves that time forward and lets what is due in the server happen. */
void station_advance(struct station *station, int64_t ms);
/* Stops the server if it runs still. */
void station_close(struct station *station);
/* A client with a certificate of this name, of the authority of all registries. */
struct wire_client *station_client(struct station *station, const char *uri);
/* Writes a principal's record: roles, and one scope string. */
void station_principal(struct station *station, const char *id, const char *identity,
                       const Kontor__V1__Role *roles, size_t n_roles,
                       const char *scope);

/* Calls Put, or another method of the toy that takes a provider. Answers the position.
 */
int64_t station_call_put(struct station *station, const char *method,
                         Kontor__V1__Provider *provider);
/* Puts a provider; scope strings NULL-ended. Answers its position. */
int64_t station_put(struct station *station, const char *id, const char *name, ...)
    __attribute__((sentinel));
/* The request of Get and Take for a provider. */
struct bytes station_get(struct station *station, const char *id);
/* Waits until so many calls are parked. */
void station_wait_parked(struct station *station, int64_t n);

#endif
