#include "client/seal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "client/error.h"

/* Less than 2048 bits are not what anybody should seal to. Source: NIST SP 800-131A. */
enum { RSA_MIN_BITS = 2048 };

/* ---- Failing ---- */

/* OpenSSL says in its own queue why it failed; only the end of memory is told apart. */
static enum kontor_status
seal_failed(struct kontor_error *error, enum kontor_status status, const char *reason,
            const char *text)
{
    if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE) {
        return error_memory(error);
    }
    return error_set(error, status, reason, "%s", text);
}

/* ---- Keys and certificates ---- */

/* Whoever links the library has no terminal to be asked at. */
static int
no_password(char *buffer, int size, int is_writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)is_writing;
    (void)context;
    return -1;
}

/* The first certificate of a PEM text: its chain may stand behind it. NULL: there is
 * none. */
static X509 *
read_certificate(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate =
        bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, no_password, NULL);
    BIO_free(bio);
    return certificate;
}

static EVP_PKEY *
read_key(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key =
        bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    BIO_free(bio);
    return key;
}

/* Curve P-256 under the name OpenSSL has for it. */
static bool
is_p256(const EVP_PKEY *key)
{
    char name[64];
    return EVP_PKEY_get_group_name(key, name, sizeof name, NULL) == 1 &&
           strcmp(name, SN_X9_62_prime256v1) == 0;
}

static bool
is_rsa(const EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
           EVP_PKEY_get_bits(key) >= RSA_MIN_BITS;
}

/* ---- Sealing ---- */

/* SHA-256 with each kind of key: what OpenSSL takes by itself is SHA-1. */
static bool
set_oaep(EVP_PKEY_CTX *context)
{
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1;
}

static bool
set_ecdh(EVP_PKEY_CTX *context)
{
    return EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()) == 1;
}

/* The keys that can be sealed to. */
static const struct seal_key {
    bool (*is)(const EVP_PKEY *key);
    bool (*set)(EVP_PKEY_CTX *context);
} seal_keys[] = {{is_p256, set_ecdh}, {is_rsa, set_oaep}};

static const struct seal_key *
seal_key_of(const X509 *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    for (size_t i = 0; key != NULL && i < sizeof seal_keys / sizeof seal_keys[0]; i++) {
        if (seal_keys[i].is(key)) {
            return &seal_keys[i];
        }
    }
    return NULL;
}

static bool
add_recipient(CMS_ContentInfo *cms, X509 *certificate, const struct seal_key *key)
{
    CMS_RecipientInfo *recipient =
        CMS_add1_recipient_cert(cms, certificate, CMS_KEY_PARAM);
    EVP_PKEY_CTX *context =
        recipient == NULL ? NULL : CMS_RecipientInfo_get0_pkey_ctx(recipient);
    return context != NULL && key->set(context);
}

/* Adds who may open it, by the text of its certificate; n counts from 1, for people. */
static enum kontor_status
seal_to(CMS_ContentInfo *cms, const char *pem, size_t n, struct kontor_error *error)
{
    X509 *certificate = read_certificate(pem);
    if (certificate == NULL) {
        return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE
                   ? error_memory(error)
                   : error_set(error, KONTOR_INVALID_ARGUMENT, "SEAL_CERTIFICATE",
                               "certificate %zu cannot be read: give it in PEM form",
                               n);
    }
    const struct seal_key *key = seal_key_of(certificate);
    enum kontor_status status = KONTOR_OK;
    if (key == NULL) {
        status = error_set(error, KONTOR_INVALID_ARGUMENT, "SEAL_CERTIFICATE",
                           "certificate %zu has a key that cannot be sealed to: give "
                           "one of EC P-256, or of RSA with %d bits or more",
                           n, RSA_MIN_BITS);
    } else if (!add_recipient(cms, certificate, key)) {
        status = seal_failed(error, KONTOR_INVALID_ARGUMENT, "SEAL_CERTIFICATE",
                             "a certificate cannot be sealed to");
    }
    X509_free(certificate);
    return status;
}

/* Its DER form, in memory the caller may free. */
static enum kontor_status
seal_write(CMS_ContentInfo *cms, struct kontor_bytes *sealed,
           struct kontor_error *error)
{
    int size = i2d_CMS_ContentInfo(cms, NULL);
    unsigned char *data = size > 0 ? malloc((size_t)size) : NULL;
    if (data == NULL) {
        return error_memory(error);
    }
    unsigned char *end = data;
    sealed->size = (size_t)i2d_CMS_ContentInfo(cms, &end);
    sealed->data = data;
    return KONTOR_OK;
}

static enum kontor_status
seal_all(CMS_ContentInfo *cms, BIO *in, const char *const *certificates, size_t n,
         struct kontor_error *error)
{
    if (cms == NULL || in == NULL) {
        return error_memory(error);
    }
    for (size_t i = 0; i < n; i++) {
        enum kontor_status status = seal_to(cms, certificates[i], i + 1, error);
        if (status != KONTOR_OK) {
            return status;
        }
    }
    return CMS_final(cms, in, NULL, CMS_BINARY) == 1
               ? KONTOR_OK
               : seal_failed(error, KONTOR_INTERNAL, "SEAL_FAILED",
                             "OpenSSL could not seal");
}

enum kontor_status
kontor_seal(struct kontor_bytes plain, const char *const *certificates,
            size_t n_certificates, struct kontor_bytes *sealed,
            struct kontor_error *error)
{
    error_reset(error);
    if (n_certificates == 0) {
        return error_set(error, KONTOR_INVALID_ARGUMENT, "SEAL_CERTIFICATE",
                         "nobody could open it: give a certificate to seal to");
    }
    if (plain.size > INT_MAX) {
        return error_set(error, KONTOR_INVALID_ARGUMENT, "SEAL_TOO_LARGE",
                         "%zu bytes are more than can be sealed", plain.size);
    }
    ERR_set_mark();
    CMS_ContentInfo *cms =
        CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), CMS_BINARY | CMS_PARTIAL);
    BIO *in = BIO_new_mem_buf(plain.size == 0 ? "" : plain.data, (int)plain.size);
    enum kontor_status status = seal_all(cms, in, certificates, n_certificates, error);
    if (status == KONTOR_OK) {
        status = seal_write(cms, sealed, error);
    }
    BIO_free(in);
    CMS_ContentInfo_free(cms);
    ERR_pop_to_mark();
    return status;
}

/* ---- Opening ---- */

/* What opening needs; released at one exit. */
struct opening {
    X509 *certificate;
    EVP_PKEY *key;
    CMS_ContentInfo *cms;
    BIO *out; /* OpenSSL wipes what it held. */
};

static enum kontor_status
open_key(struct opening *opening, const char *cert_pem, const char *key_pem,
         struct kontor_error *error)
{
    opening->certificate = read_certificate(cert_pem);
    if (opening->certificate == NULL) {
        return seal_failed(error, KONTOR_INVALID_ARGUMENT, "SEAL_CERTIFICATE",
                           "the certificate cannot be read: give it in PEM form");
    }
    opening->key = read_key(key_pem);
    if (opening->key == NULL) {
        return seal_failed(error, KONTOR_INVALID_ARGUMENT, "SEAL_KEY",
                           "the private key cannot be read: give it in PEM form and "
                           "without a password");
    }
    if (X509_check_private_key(opening->certificate, opening->key) != 1) {
        return seal_failed(error, KONTOR_INVALID_ARGUMENT, "SEAL_KEY",
                           "the private key is not that of the certificate");
    }
    return KONTOR_OK;
}

/*
 * Only what is authenticated is opened: whoever stands between could change another
 * kind of message without anybody seeing it, and what was in it with it.
 */
static enum kontor_status
open_message(struct opening *opening, struct kontor_bytes sealed,
             struct kontor_error *error)
{
    const unsigned char *cursor = sealed.data;
    if (sealed.size > 0 && sealed.size <= INT_MAX) {
        opening->cms = d2i_CMS_ContentInfo(NULL, &cursor, (long)sealed.size);
    }
    if (opening->cms == NULL ||
        cursor != (const unsigned char *)sealed.data + sealed.size ||
        OBJ_obj2nid(CMS_get0_type(opening->cms)) != NID_id_smime_ct_authEnvelopedData) {
        return seal_failed(error, KONTOR_INVALID_ARGUMENT, "NOT_SEALED",
                           "this is no CMS AuthEnvelopedData in DER form");
    }
    return KONTOR_OK;
}

static bool
is_agreed(CMS_RecipientInfo *recipient, X509 *certificate)
{
    STACK_OF(CMS_RecipientEncryptedKey) *keys =
        CMS_RecipientInfo_kari_get0_reks(recipient);
    for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num(keys); i++) {
        if (CMS_RecipientEncryptedKey_cert_cmp(
                sk_CMS_RecipientEncryptedKey_value(keys, i), certificate) == 0) {
            return true;
        }
    }
    return false;
}

/* OpenSSL tells "not for you" from "damaged" with some kinds of keys only. */
static bool
is_recipient(CMS_ContentInfo *cms, X509 *certificate)
{
    STACK_OF(CMS_RecipientInfo) *recipients = CMS_get0_RecipientInfos(cms);
    for (int i = 0; i < sk_CMS_RecipientInfo_num(recipients); i++) {
        CMS_RecipientInfo *recipient = sk_CMS_RecipientInfo_value(recipients, i);
        int type = CMS_RecipientInfo_type(recipient);
        bool is_it = (type == CMS_RECIPINFO_TRANS &&
                      CMS_RecipientInfo_ktri_cert_cmp(recipient, certificate) == 0) ||
                     (type == CMS_RECIPINFO_AGREE && is_agreed(recipient, certificate));
        if (is_it) {
            return true;
        }
    }
    return false;
}

static enum kontor_status
open_content(struct opening *opening, struct kontor_error *error)
{
    if (!is_recipient(opening->cms, opening->certificate)) {
        return seal_failed(error, KONTOR_PERMISSION_DENIED, "SEALED_TO_OTHERS",
                           "it is not sealed to this certificate: open it with one it "
                           "was sealed to");
    }
    opening->out = BIO_new(BIO_s_mem());
    if (opening->out == NULL) {
        return error_memory(error);
    }
    return CMS_decrypt(opening->cms, opening->key, opening->certificate, NULL,
                       opening->out, CMS_BINARY) == 1
               ? KONTOR_OK
               : seal_failed(error, KONTOR_DATA_LOSS, "SEAL_BROKEN",
                             "it does not open: it was damaged, or was not made for "
                             "this key");
}

static enum kontor_status
open_take(const struct opening *opening, struct kontor_bytes *plain,
          struct kontor_error *error)
{
    char *held = NULL;
    long size = BIO_get_mem_data(opening->out, &held);
    /* Of what is empty OpenSSL has no memory; a byte more, that it may be read as a
     * text. */
    char *data = malloc((size_t)size + 1);
    if (data == NULL) {
        return error_memory(error);
    }
    if (size > 0) {
        memcpy(data, held, (size_t)size);
    }
    data[size] = '\0';
    plain->data = data;
    plain->size = (size_t)size;
    return KONTOR_OK;
}

enum kontor_status
kontor_unseal(struct kontor_bytes sealed, const char *cert_pem, const char *key_pem,
              struct kontor_bytes *plain, struct kontor_error *error)
{
    error_reset(error);
    ERR_set_mark();
    struct opening opening = {0};
    enum kontor_status status = open_key(&opening, cert_pem, key_pem, error);
    if (status == KONTOR_OK) {
        status = open_message(&opening, sealed, error);
    }
    if (status == KONTOR_OK) {
        status = open_content(&opening, error);
    }
    if (status == KONTOR_OK) {
        status = open_take(&opening, plain, error);
    }
    BIO_free(opening.out);
    CMS_ContentInfo_free(opening.cms);
    EVP_PKEY_free(opening.key);
    X509_free(opening.certificate);
    ERR_pop_to_mark();
    return status;
}

void
kontor_bytes_free(struct kontor_bytes *bytes)
{
    if (bytes == NULL || bytes->data == NULL) {
        return;
    }
    char *data = (char *)(uintptr_t)bytes->data;
    explicit_bzero(data, bytes->size);
    free(data);
    *bytes = (struct kontor_bytes){0};
}
