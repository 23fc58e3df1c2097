#include "server/rpc/identity_bundle.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "server/rpc/identity_chain.h"
#include "server/rpc/identity_pem.h"

/* ---- Judging ---- */

static bool
is_self_signed(X509 *certificate)
{
    return (X509_get_extension_flags(certificate) & EXFLAG_SS) != 0;
}

/* Whether a certificate leads to a self-signed one of the bundle. */
static bool
is_anchored(X509 *certificate, STACK_OF(X509) * stack, int64_t now_ms)
{
    X509_STORE *anchors = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (anchors == NULL || context == NULL) {
        abort();
    }
    for (int i = 0; i < sk_X509_num(stack); i++) {
        (void)X509_STORE_add_cert(anchors, sk_X509_value(stack, i));
    }
    if (X509_STORE_CTX_init(context, anchors, certificate, NULL) != 1) {
        abort();
    }
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context),
                               (time_t)(now_ms / 1000));
    bool is_good = X509_verify_cert(context) == 1;
    X509_STORE_CTX_free(context);
    X509_STORE_free(anchors);
    ERR_clear_error();
    return is_good;
}

static const char *
authority_name(X509 *certificate, struct arena *arena)
{
    char *line = X509_NAME_oneline(X509_get_subject_name(certificate), NULL, 0);
    const char *name = arena_copy(arena, line != NULL ? line : "(no subject)");
    OPENSSL_free(line);
    return name;
}

static const char *
authority_check(X509 *certificate, int64_t now_ms, struct arena *arena)
{
    const char *name = authority_name(certificate, arena);
    bool may_sign = X509_check_ca(certificate) == 1 &&
                    (X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN) != 0;
    if (!may_sign) {
        return arena_print(
            arena,
            "%s is not the certificate of an authority (CA:TRUE, keyCertSign); "
            "give those of the authorities only",
            name);
    }
    if (identity_pem_ends_ms(certificate) <= now_ms) {
        return arena_print(arena, "%s has expired; leave it out", name);
    }
    return NULL;
}

static const char *
stack_check(STACK_OF(X509) * stack, int64_t now_ms, struct arena *arena)
{
    for (int i = 0; i < sk_X509_num(stack); i++) {
        X509 *certificate = sk_X509_value(stack, i);
        const char *wrong = authority_check(certificate, now_ms, arena);
        if (wrong != NULL) {
            return wrong;
        }
        if (!is_self_signed(certificate) && !is_anchored(certificate, stack, now_ms)) {
            return arena_print(
                arena,
                "%s is below an authority that is not in the bundle; add the "
                "certificates up to the self-signed one",
                authority_name(certificate, arena));
        }
    }
    return NULL;
}

/* ---- Taking ---- */

static struct bytes
bytes_taken(unsigned char *data, int size, struct arena *arena)
{
    if (data == NULL || size < 0) {
        abort();
    }
    struct bytes bytes = {(uint8_t *)arena_copy_n(arena, data, (size_t)size),
                          (size_t)size};
    OPENSSL_free(data);
    return bytes;
}

static struct bundle_authority
authority_take(X509 *certificate, struct arena *arena)
{
    struct bundle_authority authority = {.name = authority_name(certificate, arena),
                                         .ends_ms = identity_pem_ends_ms(certificate)};
    unsigned char *data = NULL;
    int size = i2d_X509_NAME(X509_get_subject_name(certificate), &data);
    authority.subject = bytes_taken(data, size, arena);
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(certificate);
    if (id != NULL) {
        size_t id_size = (size_t)ASN1_STRING_length(id);
        authority.key_id = (struct bytes){
            (uint8_t *)arena_copy_n(arena, ASN1_STRING_get0_data(id), id_size),
            id_size};
    }
    data = NULL;
    size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &data);
    struct bytes key = bytes_taken(data, size, arena);
    digest_of(key.data, key.size, authority.key);
    return authority;
}

/* The certificates as PEM, without what stood between them. */
static const char *
stack_pem(STACK_OF(X509) * stack, struct arena *arena)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool is_good = bio != NULL;
    for (int i = 0; is_good && i < sk_X509_num(stack); i++) {
        is_good = PEM_write_bio_X509(bio, sk_X509_value(stack, i)) == 1;
    }
    if (!is_good) {
        abort();
    }
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);
    const char *pem = arena_copy_n(arena, data, (size_t)size);
    BIO_free(bio);
    return pem;
}

static void
bundle_take(STACK_OF(X509) * stack, struct arena *arena, struct bundle *out)
{
    size_t n_authorities = (size_t)sk_X509_num(stack);
    out->pem = stack_pem(stack, arena);
    out->authorities = arena_alloc(arena, n_authorities * sizeof *out->authorities);
    out->n_authorities = n_authorities;
    for (size_t i = 0; i < n_authorities; i++) {
        out->authorities[i] = authority_take(sk_X509_value(stack, (int)i), arena);
    }
}

const char *
identity_bundle_read(const char *pem, int64_t now_ms, struct arena *arena,
                     struct bundle *out)
{
    STACK_OF(X509) *stack = identity_pem_read(pem, strlen(pem), CHAIN_MAX);
    if (stack == NULL) {
        return "must be 1 to 16 X.509 certificates in PEM and nothing else (never a "
               "key)";
    }
    const char *wrong =
        sk_X509_num(stack) == 0
            ? "holds no certificate; give 1 to 16 X.509 certificates in PEM"
            : stack_check(stack, now_ms, arena);
    if (wrong == NULL) {
        bundle_take(stack, arena, out);
    }
    sk_X509_pop_free(stack, X509_free);
    return wrong;
}

bool
identity_bundle_stored(const char *pem, struct arena *arena, struct bundle *out)
{
    STACK_OF(X509) *stack = identity_pem_read(pem, strlen(pem), CHAIN_MAX);
    if (stack == NULL) {
        return false;
    }
    bundle_take(stack, arena, out);
    sk_X509_pop_free(stack, X509_free);
    return true;
}

/* ---- Comparing ---- */

static bool
bytes_are_equal(struct bytes a, struct bytes b)
{
    return a.size != 0 && a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* OpenSSL finds an issuer by its name and key id, so a namesake with a key of its own
 * can push the right one out of a chain. The key itself must differ under every name:
 * who holds it signs for each trust domain whose bundle has it. */
static bool
authority_collides(const struct bundle_authority *a, const struct bundle_authority *b)
{
    return bytes_are_equal(a->subject, b->subject) ||
           bytes_are_equal(a->key_id, b->key_id) ||
           memcmp(a->key, b->key, DIGEST_SIZE) == 0;
}

const struct bundle_authority *
identity_bundle_collision(const struct bundle *one, const struct bundle *other)
{
    for (size_t i = 0; i < one->n_authorities; i++) {
        for (size_t j = 0; j < other->n_authorities; j++) {
            if (authority_collides(&one->authorities[i], &other->authorities[j])) {
                return &one->authorities[i];
            }
        }
    }
    return NULL;
}
