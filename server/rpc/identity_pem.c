#include "server/rpc/identity_pem.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

/* Takes one block; 1 = a certificate was pushed, 0 = the text is over, -1 = it is
 * something else. */
static int
block_read(BIO *bio, STACK_OF(X509) * stack)
{
    char *name = NULL;
    char *header = NULL;
    unsigned char *data = NULL;
    long size = 0;
    if (PEM_read_bio(bio, &name, &header, &data, &size) != 1) {
        bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        ERR_clear_error();
        return is_end ? 0 : -1;
    }
    const unsigned char *cursor = data;
    bool is_ours = strcmp(name, PEM_STRING_X509) == 0 && header[0] == '\0';
    X509 *certificate = is_ours ? d2i_X509(NULL, &cursor, size) : NULL;
    bool is_whole = certificate != NULL && cursor == data + size;
    bool is_pushed = is_whole && sk_X509_push(stack, certificate) > 0;
    if (!is_pushed) {
        X509_free(certificate);
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    ERR_clear_error();
    return is_pushed ? 1 : -1;
}

STACK_OF(X509) * identity_pem_read(const char *pem, size_t size, int max)
{
    if (size > INT32_MAX) {
        return NULL;
    }
    STACK_OF(X509) *stack = sk_X509_new_null();
    BIO *bio = BIO_new_mem_buf(size != 0 ? pem : "", (int)size);
    if (stack == NULL || bio == NULL) {
        abort();
    }
    int outcome = 1;
    while (outcome == 1) {
        outcome = sk_X509_num(stack) > max ? -1 : block_read(bio, stack);
    }
    BIO_free(bio);
    if (outcome < 0) {
        sk_X509_pop_free(stack, X509_free);
        return NULL;
    }
    return stack;
}

bool
identity_pem_fingerprint(const X509 *certificate, char hex[65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * size] = '\0';
    return true;
}

static int64_t
time_ms(const ASN1_TIME *time)
{
    struct tm parts;
    if (ASN1_TIME_to_tm(time, &parts) != 1) {
        return INT64_MIN;
    }
    return (int64_t)timegm(&parts) * 1000;
}

int64_t
identity_pem_ends_ms(const X509 *certificate)
{
    return time_ms(X509_get0_notAfter(certificate));
}

int64_t
identity_pem_starts_ms(const X509 *certificate)
{
    return time_ms(X509_get0_notBefore(certificate));
}
