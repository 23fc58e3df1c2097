#include "server/rpc/identity_seal.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>

#include "server/rpc/identity_pem.h"

enum { RSA_MIN_BITS = 2048 };

static bool
is_key_fit(const EVP_PKEY *key)
{
    char group[64];
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
        return EVP_PKEY_get_bits(key) >= RSA_MIN_BITS;
    }
    return EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0;
}

bool
identity_seal_is_fit(const char *pem)
{
    STACK_OF(X509) *stack = identity_pem_read(pem, strlen(pem), 1);
    if (stack == NULL) {
        return false;
    }
    const EVP_PKEY *key =
        sk_X509_num(stack) == 1 ? X509_get0_pubkey(sk_X509_value(stack, 0)) : NULL;
    bool is_fit = key != NULL && is_key_fit(key);
    sk_X509_pop_free(stack, X509_free);
    return is_fit;
}
