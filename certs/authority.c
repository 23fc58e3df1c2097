#include "certs/authority.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { SERIAL_BYTES = 16 };

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
};

/* ---- Extensions ---- */

static bool
extension_add(X509 *certificate, const X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, (X509 *)issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

static bool
names_push(GENERAL_NAMES *names, int type, ASN1_STRING *value)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    if (name == NULL || value == NULL) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, type, value);
    if (sk_GENERAL_NAME_push(names, name) == 0) {
        GENERAL_NAME_free(name);
        return false;
    }
    return true;
}

static bool
names_push_text(GENERAL_NAMES *names, int type, const char *text)
{
    ASN1_STRING *value = ASN1_IA5STRING_new();
    if (value != NULL && ASN1_STRING_set(value, text, -1) != 1) {
        ASN1_STRING_free(value);
        return false;
    }
    return names_push(names, type, value);
}

static bool
names_push_host(GENERAL_NAMES *names, const char *host)
{
    struct in6_addr scratch;
    bool is_address = inet_pton(AF_INET, host, &scratch) == 1 ||
                      inet_pton(AF_INET6, host, &scratch) == 1;
    if (is_address) {
        return names_push(names, GEN_IPADD, a2i_IPADDRESS(host));
    }
    return names_push_text(names, GEN_DNS, host);
}

static bool
names_fill(GENERAL_NAMES *names, const struct profile *profile)
{
    bool is_good = true;
    for (size_t i = 0; is_good && i < profile->n_uris; i++) {
        is_good = names_push_text(names, GEN_URI, profile->uris[i]);
    }
    for (size_t i = 0; is_good && i < profile->n_hosts; i++) {
        is_good = names_push_host(names, profile->hosts[i]);
    }
    return is_good;
}

static bool
names_add(X509 *certificate, const struct profile *profile)
{
    if (profile->n_uris + profile->n_hosts == 0) {
        return true;
    }
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool is_good =
        names != NULL && names_fill(names, profile) &&
        X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1;
    GENERAL_NAMES_free(names);
    return is_good;
}

static const char *
profile_usage(const struct profile *profile)
{
    if (profile->is_authority) {
        return "critical,keyCertSign,cRLSign";
    }
    return profile->is_signing_only ? "critical,keyCertSign"
                                    : "critical,digitalSignature";
}

static const char *
profile_extended_usage(const struct profile *profile)
{
    if (profile->is_server && profile->is_client) {
        return "serverAuth,clientAuth";
    }
    return profile->is_server ? "serverAuth" : "clientAuth";
}

static bool
extensions_fill(X509 *certificate, const X509 *issuer, const struct profile *profile)
{
    const char *basic =
        profile->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE";
    bool has_extended = profile->is_server || profile->is_client;
    return extension_add(certificate, issuer, NID_basic_constraints, basic) &&
           extension_add(certificate, issuer, NID_key_usage, profile_usage(profile)) &&
           extension_add(certificate, issuer, NID_subject_key_identifier, "hash") &&
           (issuer == certificate ||
            extension_add(certificate, issuer, NID_authority_key_identifier,
                          "keyid:always")) &&
           (!has_extended || extension_add(certificate, issuer, NID_ext_key_usage,
                                           profile_extended_usage(profile))) &&
           names_add(certificate, profile);
}

/* ---- Certificates ---- */

static bool
serial_set(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    /* A serial number is positive: the highest bit stays clear. RFC 5280, 4.1.2.2. */
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40);
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool is_set =
        number != NULL &&
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return is_set;
}

static bool
subject_set(X509 *certificate, const char *name)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                                      MBSTRING_UTF8, (const unsigned char *)name, -1,
                                      -1, 0) == 1;
}

/* issuer NULL = the certificate itself. */
static X509 *
certificate_make(const struct profile *profile, EVP_PKEY *key,
                 const struct authority *issuer)
{
    X509 *certificate = X509_new();
    if (certificate == NULL) {
        return NULL;
    }
    const X509 *above = issuer != NULL ? issuer->certificate : certificate;
    bool is_good =
        X509_set_version(certificate, X509_VERSION_3) == 1 && serial_set(certificate) &&
        subject_set(certificate, profile->name) &&
        X509_set_issuer_name(certificate, X509_get_subject_name(above)) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), (long)profile->starts_s) !=
            NULL &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), (long)profile->ends_s) !=
            NULL &&
        X509_set_pubkey(certificate, key) == 1 &&
        extensions_fill(certificate, above, profile) &&
        X509_sign(certificate, issuer != NULL ? issuer->key : key, EVP_sha256()) > 0;
    if (!is_good) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

static char *
bio_text(BIO *bio)
{
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? strndup(data, (size_t)size) : NULL;
}

static bool
pem_of(const X509 *certificate, const EVP_PKEY *key, struct issued *out)
{
    struct issued result = {0};
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL && PEM_write_bio_X509(bio, (X509 *)certificate) == 1) {
        result.certificate = bio_text(bio);
    }
    BIO_free(bio);
    /* Secure memory is wiped when it is freed. */
    bio = BIO_new(BIO_s_secmem());
    if (bio != NULL &&
        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        result.key = bio_text(bio);
    }
    BIO_free(bio);
    if (result.certificate == NULL || result.key == NULL) {
        issued_done(&result);
        return false;
    }
    *out = result;
    return true;
}

/* ---- Authorities ---- */

static struct authority *
authority_make(const struct authority *parent, const char *name, int64_t starts_s,
               int64_t ends_s)
{
    struct profile profile = {
        .name = name, .starts_s = starts_s, .ends_s = ends_s, .is_authority = true};
    struct authority *authority = calloc(1, sizeof *authority);
    if (authority == NULL) {
        return NULL;
    }
    authority->key = EVP_EC_gen("P-256");
    if (authority->key != NULL) {
        authority->certificate = certificate_make(&profile, authority->key, parent);
    }
    if (authority->certificate == NULL) {
        authority_free(authority);
        return NULL;
    }
    return authority;
}

struct authority *
authority_new(const char *name, int64_t starts_s, int64_t ends_s)
{
    return authority_make(NULL, name, starts_s, ends_s);
}

struct authority *
authority_below(const struct authority *parent, const char *name, int64_t ends_s)
{
    return authority_make(parent, name, 0, ends_s);
}

struct authority *
authority_read(const char *certificate, const char *key)
{
    struct authority *authority = calloc(1, sizeof *authority);
    if (authority == NULL) {
        return NULL;
    }
    BIO *certificate_bio = BIO_new_mem_buf(certificate, -1);
    BIO *key_bio = BIO_new_mem_buf(key, -1);
    if (certificate_bio != NULL && key_bio != NULL) {
        authority->certificate = PEM_read_bio_X509(certificate_bio, NULL, NULL, NULL);
        authority->key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
    }
    BIO_free(certificate_bio);
    BIO_free(key_bio);
    if (authority->certificate == NULL || authority->key == NULL ||
        X509_check_private_key(authority->certificate, authority->key) != 1) {
        authority_free(authority);
        return NULL;
    }
    return authority;
}

void
authority_free(struct authority *authority)
{
    if (authority == NULL) {
        return;
    }
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    free(authority);
}

bool
authority_pem(const struct authority *authority, struct issued *out)
{
    return pem_of(authority->certificate, authority->key, out);
}

bool
authority_issue(const struct authority *authority, const struct profile *profile,
                struct issued *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    if (key == NULL) {
        return false;
    }
    X509 *certificate = certificate_make(profile, key, authority);
    bool is_good = certificate != NULL && pem_of(certificate, key, out);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return is_good;
}

bool
authority_fingerprint(const char *certificate, char hex[65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    BIO *bio = BIO_new_mem_buf(certificate, -1);
    X509 *read = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    bool is_good = read != NULL && X509_digest(read, EVP_sha256(), digest, &size) == 1;
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * size] = '\0';
    X509_free(read);
    BIO_free(bio);
    return is_good;
}

void
issued_done(struct issued *issued)
{
    free(issued->certificate);
    if (issued->key != NULL) {
        OPENSSL_cleanse(issued->key, strlen(issued->key));
        free(issued->key);
    }
    *issued = (struct issued){0};
}
