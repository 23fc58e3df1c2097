/*
 * Who is calling, as handlers and tables see it.
 *
 * Memory: shared and immutable; lives as long as the call; what is made lives in the
 * arena. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_PRINCIPAL_H
#define KONTOR_SERVER_RPC_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

#include "kontor/v1/common.pb-c.h"
#include "proto/arena.h"
#include "store/store.h"

/* A set of roles: one bit a role of kontor.v1.Role, and two that only rows use. */
#define ROLE_BIT(role) (UINT32_C(1) << (KONTOR__V1__ROLE__##role))
#define ROLES_ALL                                                                      \
    UINT32_C(0x00000ffe) /* Any registered principal with at least one role. */
#define ROLE_BIT_HOME_ADMIN (UINT32_C(1) << 30) /* ADMIN of the home registry. */
#define ROLE_BIT_ANY_CERTIFICATE                                                       \
    (UINT32_C(1) << 31) /* Any good certificate, registered or not. */

struct principal {
    const char *id; /* <registry>/<local>; "" when nobody registered the certificate. */
    const char *registry;    /* The registry of the principal: first segment of its id;
                                else of the certificate. */
    const char *identity;    /* The SPIFFE name in the certificate. */
    const char *fingerprint; /* SHA-256 of the certificate, 64 hexadecimal digits. */
    uint32_t roles; /* ROLE_BIT set; HOME_ADMIN and ANY_CERTIFICATE included where they
                       hold. */
    struct scopes granted;       /* Those of its record, without the first byte. */
    struct scopes scopes;        /* Those and its own, "u:<id>", which nobody can grant;
                                    "*" is implied. */
    const char *scope_tag;       /* Hash of the scope set, for positions. */
    int64_t certificate_ends_ms; /* When the certificate expires. */
};

/* The scope string of this one principal, without the first byte. */
const char *principal_own_scope(const char *id, struct arena *arena);
/* What a principal of this id sees that was granted these strings: nobody else's own
 * string can be among them. */
struct scopes principal_scopes(const char *id, const struct scopes *granted,
                               struct arena *arena);
/* Whether the principal has this scope string ("r:coast"). */
bool principal_has_scope(const struct principal *who, const char *scope);

#endif
