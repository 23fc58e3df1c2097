#include "server/rpc/identity_pair.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "server/rpc/identity_chain.h"
#include "server/rpc/identity_pem.h"

enum { FILE_MAX = 1 << 20 };

/* Where to say what is wrong. */
struct complaint {
    char *text;
    size_t size;
};

static char *
file_read(const char *path, struct complaint complaint)
{
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? calloc(1, FILE_MAX + 1) : NULL;
    size_t size = text != NULL ? fread(text, 1, FILE_MAX + 1, file) : 0;
    bool is_whole = text != NULL && ferror(file) == 0 && size <= FILE_MAX;
    if (!is_whole) {
        (void)snprintf(complaint.text, complaint.size,
                       "cannot read %s: %s; check the setting and the permissions",
                       path, errno != 0 ? strerror(errno) : "too large");
        free(text);
        text = NULL;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return text;
}

/* A key that asks for a passphrase is refused rather than asked for at a terminal. */
static int
no_passphrase(char *buffer, int size, int is_writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)is_writing;
    (void)context;
    return -1;
}

static bool
key_fits(const X509 *certificate, const char *key_pem)
{
    BIO *bio = BIO_new_mem_buf(key_pem, -1);
    EVP_PKEY *key =
        bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    bool is_fitting = key != NULL && X509_check_private_key(certificate, key) == 1;
    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    return is_fitting;
}

/* What is wrong with a pair, or NULL; fills its expiry in. */
static const char *
pair_check(struct identity_pair *pair, STACK_OF(X509) * stack, int64_t now_ms)
{
    if (stack == NULL || sk_X509_num(stack) == 0) {
        return "holds no certificates in PEM, or something else beside them";
    }
    if (!key_fits(sk_X509_value(stack, 0), pair->key_pem)) {
        return "does not fit the key of tls_key, or that is no PEM key without "
               "passphrase";
    }
    pair->ends_ms = INT64_MAX;
    for (int i = 0; i < sk_X509_num(stack); i++) {
        int64_t ends_ms = identity_pem_ends_ms(sk_X509_value(stack, i));
        pair->ends_ms = ends_ms < pair->ends_ms ? ends_ms : pair->ends_ms;
    }
    return pair->ends_ms <= now_ms ? "has expired; renew the server's certificate"
                                   : NULL;
}

enum status
identity_pair_read(const char *cert_path, const char *key_path, int64_t now_ms,
                   struct identity_pair *out, char *error, size_t error_size)
{
    struct complaint complaint = {error, error_size};
    struct identity_pair pair = {0};
    errno = 0;
    pair.cert_pem = file_read(cert_path, complaint);
    pair.key_pem = pair.cert_pem != NULL ? file_read(key_path, complaint) : NULL;
    if (pair.key_pem == NULL) {
        identity_pair_done(&pair);
        return STATUS_NOT_FOUND;
    }
    STACK_OF(X509) *stack =
        identity_pem_read(pair.cert_pem, strlen(pair.cert_pem), CHAIN_MAX);
    const char *wrong = pair_check(&pair, stack, now_ms);
    sk_X509_pop_free(stack, X509_free);
    if (wrong != NULL) {
        (void)snprintf(error, error_size, "%s %s", cert_path, wrong);
        identity_pair_done(&pair);
        return STATUS_INVALID_ARGUMENT;
    }
    *out = pair;
    return STATUS_OK;
}

void
identity_pair_done(struct identity_pair *pair)
{
    if (pair->key_pem != NULL) {
        OPENSSL_cleanse(pair->key_pem, strlen(pair->key_pem));
    }
    free(pair->key_pem);
    free(pair->cert_pem);
    *pair = (struct identity_pair){0};
}
