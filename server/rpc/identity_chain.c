#include "server/rpc/identity_chain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "server/rpc/identity_name.h"
#include "server/rpc/identity_pem.h"

enum {
    /* OpenSSL's level 2: 112 bits, so no SHA-1 and no RSA below 2048. */
    SECURITY_LEVEL = 2,
};

struct identity_chain {
    STACK_OF(X509) * leaf; /* Exactly one. */
    STACK_OF(X509) * untrusted;
    char *name;
    char (*fingerprints)[FINGERPRINT_HEX + 1];
    size_t n_fingerprints;
    int64_t leaf_ends_ms;
    int64_t ends_ms;
};

static struct chain_fault
fault_of(enum reason reason, const char *message)
{
    return (struct chain_fault){reason, message};
}

static struct chain_fault
invalid(const char *message)
{
    return fault_of(REASON_CERTIFICATE_INVALID, message);
}

/* ---- Reading ---- */

/* The one URI among the names, copied; NULL when there is none, more than one, or bytes
 * that are no text. */
static char *
names_one_uri(const GENERAL_NAMES *names)
{
    const ASN1_IA5STRING *uri = NULL;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI) {
            continue;
        }
        if (uri != NULL) {
            return NULL;
        }
        uri = name->d.uniformResourceIdentifier;
    }
    if (uri == NULL) {
        return NULL;
    }
    const char *text = (const char *)ASN1_STRING_get0_data(uri);
    size_t size = (size_t)ASN1_STRING_length(uri);
    bool is_text = size > 0 && memchr(text, '\0', size) == NULL;
    return is_text ? strndup(text, size) : NULL;
}

static char *
leaf_name(const X509 *leaf)
{
    /* A second subjectAltName extension makes OpenSSL answer NULL, as it should. */
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    char *name = names_one_uri(names);
    GENERAL_NAMES_free(names);
    return name;
}

static bool
peer_agrees(const struct identity_peer *peer, const char *name)
{
    return peer->n_uris == 0 || (peer->n_uris == 1 && strcmp(peer->uris[0], name) == 0);
}

static struct chain_fault
chain_fill(struct identity_chain *chain, const struct identity_peer *peer)
{
    if (peer->leaf_pem == NULL || peer->leaf_size == 0) {
        return invalid("no client certificate was shown; connect with one");
    }
    chain->leaf = identity_pem_read(peer->leaf_pem, peer->leaf_size, 1);
    if (chain->leaf == NULL || sk_X509_num(chain->leaf) != 1) {
        return invalid(
            "the client certificate cannot be read; it must be one X.509 certificate");
    }
    chain->untrusted = identity_pem_read(
        peer->chain_pem, peer->chain_pem != NULL ? peer->chain_size : 0, CHAIN_MAX);
    if (chain->untrusted == NULL) {
        return invalid("the certificates sent beside the client's cannot be read or "
                       "are more than 16");
    }
    chain->name = leaf_name(sk_X509_value(chain->leaf, 0));
    if (chain->name == NULL || !peer_agrees(peer, chain->name)) {
        return invalid(
            "the client certificate must have exactly one URI name; ask for one with a "
            "single SPIFFE name");
    }
    if (!identity_name_is_full(chain->name)) {
        return invalid(
            "the URI name of the client certificate is no SPIFFE name; it must read "
            "spiffe://<trust domain>/<label>/<name>");
    }
    return fault_of(REASON_NONE, NULL);
}

struct identity_chain *
identity_chain_read(const struct identity_peer *peer, struct chain_fault *fault)
{
    struct identity_chain *chain = calloc(1, sizeof *chain);
    if (chain == NULL) {
        abort();
    }
    *fault = chain_fill(chain, peer);
    if (fault->reason != REASON_NONE) {
        identity_chain_free(chain);
        return NULL;
    }
    return chain;
}

void
identity_chain_free(struct identity_chain *chain)
{
    if (chain == NULL) {
        return;
    }
    sk_X509_pop_free(chain->leaf, X509_free);
    sk_X509_pop_free(chain->untrusted, X509_free);
    free(chain->name);
    free(chain->fingerprints);
    free(chain);
}

const char *
identity_chain_name(const struct identity_chain *chain)
{
    return chain->name;
}

/* ---- Judging ---- */

/* What an end certificate of SPIFFE may not be. X.509-SVID, 4.1 and 4.3. */
static struct chain_fault
leaf_check(X509 *leaf)
{
    uint32_t usage = X509_get_key_usage(leaf);
    bool has_usage = (X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) != 0;
    bool is_signer = has_usage && (usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0;
    if ((X509_get_extension_flags(leaf) & EXFLAG_CA) != 0 || is_signer) {
        return invalid(
            "the client certificate is an authority's; use one issued to a client");
    }
    if (!has_usage || (usage & KU_DIGITAL_SIGNATURE) == 0) {
        return invalid("the client certificate lacks the key usage digitalSignature");
    }
    return fault_of(REASON_NONE, NULL);
}

/* What OpenSSL found wrong, in our words. */
struct verdict {
    int error;
    enum reason reason;
    const char *message;
};

static const struct verdict verdicts[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, REASON_CERTIFICATE_EXPIRED,
     "the client certificate, or one above it, has expired; renew it"},
    {X509_V_ERR_CERT_NOT_YET_VALID, REASON_CERTIFICATE_EXPIRED,
     "the client certificate, or one above it, is not valid yet; check both clocks"},
    {X509_V_ERR_INVALID_PURPOSE, REASON_CERTIFICATE_INVALID,
     "the client certificate is not for TLS clients; it needs the extended key usage "
     "clientAuth"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, REASON_CERTIFICATE_INVALID,
     "the client certificate is self-signed; have it issued by an authority of your "
     "registry"},
    {X509_V_OK, REASON_CERTIFICATE_INVALID,
     "no authority of the registry in its name vouches for the client certificate"},
};

static struct chain_fault
verdict_of(int error)
{
    const struct verdict *verdict = verdicts;
    while (verdict->error != error && verdict->error != X509_V_OK) {
        verdict++;
    }
    return fault_of(verdict->reason, verdict->message);
}

static X509_STORE *
anchors_of(const char *bundle_pem)
{
    X509_STORE *anchors = X509_STORE_new();
    if (anchors == NULL) {
        abort();
    }
    STACK_OF(X509) *bundle =
        identity_pem_read(bundle_pem, strlen(bundle_pem), CHAIN_MAX);
    for (int i = 0; bundle != NULL && i < sk_X509_num(bundle); i++) {
        (void)X509_STORE_add_cert(anchors, sk_X509_value(bundle, i));
    }
    sk_X509_pop_free(bundle, X509_free);
    return anchors;
}

static int64_t
earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void
chain_note(struct identity_chain *chain, const STACK_OF(X509) * verified)
{
    size_t n_verified = (size_t)sk_X509_num(verified);
    free(chain->fingerprints);
    chain->fingerprints = calloc(n_verified, sizeof *chain->fingerprints);
    if (chain->fingerprints == NULL) {
        abort();
    }
    chain->n_fingerprints = n_verified;
    chain->leaf_ends_ms = identity_pem_ends_ms(sk_X509_value(verified, 0));
    chain->ends_ms = INT64_MAX;
    for (size_t i = 0; i < n_verified; i++) {
        const X509 *certificate = sk_X509_value(verified, (int)i);
        if (!identity_pem_fingerprint(certificate, chain->fingerprints[i])) {
            abort();
        }
        chain->ends_ms = earliest(chain->ends_ms, identity_pem_ends_ms(certificate));
    }
}

static struct chain_fault
chain_judge(struct identity_chain *chain, X509_STORE_CTX *context, int64_t now_ms)
{
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(rules, (time_t)(now_ms / 1000));
    X509_VERIFY_PARAM_set_auth_level(rules, SECURITY_LEVEL);
    X509_VERIFY_PARAM_set_depth(rules, CHAIN_MAX);
    (void)X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT);
    if (X509_verify_cert(context) != 1) {
        return verdict_of(X509_STORE_CTX_get_error(context));
    }
    chain_note(chain, X509_STORE_CTX_get0_chain(context));
    return fault_of(REASON_NONE, NULL);
}

struct chain_fault
identity_chain_verify(struct identity_chain *chain, const char *bundle_pem,
                      int64_t now_ms)
{
    X509 *leaf = sk_X509_value(chain->leaf, 0);
    struct chain_fault fault = leaf_check(leaf);
    if (fault.reason != REASON_NONE) {
        return fault;
    }
    X509_STORE *anchors = anchors_of(bundle_pem);
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (context == NULL ||
        X509_STORE_CTX_init(context, anchors, leaf, chain->untrusted) != 1) {
        abort();
    }
    fault = chain_judge(chain, context, now_ms);
    X509_STORE_CTX_free(context);
    X509_STORE_free(anchors);
    ERR_clear_error();
    return fault;
}

const char *
identity_chain_fingerprint(const struct identity_chain *chain, size_t n)
{
    return n < chain->n_fingerprints ? chain->fingerprints[n] : NULL;
}

int64_t
identity_chain_leaf_ends_ms(const struct identity_chain *chain)
{
    return chain->leaf_ends_ms;
}

int64_t
identity_chain_ends_ms(const struct identity_chain *chain)
{
    return chain->ends_ms;
}
