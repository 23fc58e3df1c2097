/*
 * Identity: a peer certificate becomes a principal; the certificates the server itself
 * shows and trusts.
 *
 * A name counts only when its chain leads to the bundle of the registry of its own
 * trust domain. What was resolved is kept by the certificate's hash until anything
 * about trust changes or a certificate of its chain expires. Rules: IDENTITY design;
 * SPIFFE X.509-SVID.
 *
 * Memory: principals are shared and immutable; each one answered is given back with
 * identity_release. Errors: statuses; the text is constant and the values live as long
 * as the identity. Threads: any; a resolve that finds nothing kept reads the store
 * under a lock, the others take it briefly.
 */
#ifndef KONTOR_SERVER_RPC_IDENTITY_H
#define KONTOR_SERVER_RPC_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/rpc/errors.h"
#include "server/rpc/principal.h"
#include "store/store.h"

struct clock;
struct identity;

/* What a handshake left behind, as PEM; borrowed during the call. */
struct identity_peer {
    const char *leaf_pem; /* The peer's certificate; NULL = it showed none. */
    size_t leaf_size;
    const char
        *chain_pem; /* What it sent beside; may be NULL, as on a resumed session. */
    size_t chain_size;
    const char *const *uris; /* URI names as the TLS library read them; may be NULL. */
    size_t n_uris;
};

/* Whose identities, and with which pair of its own. */
struct identity_options {
    struct store *store;   /* Outlives the identity. */
    struct clock *clock;   /* Outlives the identity. */
    const char *home;      /* Id of the home registry. */
    const char *cert_path; /* PEM file: the server's certificate and those above it. */
    const char *key_path;  /* PEM file: its key. */
};

/*
 * Reads the server's pair and begins to follow the store's log. To be opened before the
 * first submit. On failure error says what and the cure.
 */
enum status identity_open(const struct identity_options *options,
                          struct identity **identity, char *error,
                          size_t error_size) MUST_CHECK;
/* Accepts NULL. Before the store is closed, and after the last work was done. */
void identity_close(struct identity *identity);

/*
 * The principal of a peer. A good certificate nobody registered gives one with
 * ROLE_BIT_ANY_CERTIFICATE only. UNAUTHENTICATED{CERTIFICATE_INVALID,
 * CERTIFICATE_EXPIRED, CERTIFICATE_REVOKED}, PERMISSION_DENIED{REGISTRY_SUSPENDED},
 * UNAVAILABLE{STORE_UNAVAILABLE}: *who stays as it was.
 */
enum status identity_resolve(struct identity *identity,
                             const struct identity_peer *peer, int64_t now_ms,
                             const struct principal **who,
                             struct error *error) MUST_CHECK;
/* Gives a principal back. Accepts NULL. */
void identity_release(struct identity *identity, const struct principal *who);

/*
 * Lets moved be called after every committed change of trust, once the generation has
 * grown: on the committer's thread, before the change is answered. One listener, given
 * before the first submit.
 */
void identity_listen(struct identity *identity, void (*moved)(void *context),
                     void *context);
/* Grows with every change of trust: a registry, a principal, a revocation, the server's
 * own pair. */
uint64_t identity_generation(struct identity *identity);

/*
 * What a TLS listener needs, when it changed since the generation seen (0 = never):
 * roots_pem, the authorities of all registries, suspended ones too, because they are
 * refused by name and not by a closed connection; key_pem and cert_pem, the server's
 * own. false: nothing new, or the store cannot be read at the moment. The caller frees.
 */
bool identity_keys(struct identity *identity, uint64_t *seen_generation,
                   char **roots_pem, char **key_pem, char **cert_pem);

/* Reads the server's pair again. A bad pair keeps the old one; error says what is wrong
 * with it. */
enum status identity_reload(struct identity *identity, char *error,
                            size_t error_size) MUST_CHECK;
/* When the server's certificate expires. */
int64_t identity_certificate_ends_ms(struct identity *identity);

#endif
