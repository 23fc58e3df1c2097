/*
 * PEM and OpenSSL's certificates, for the files of identity only.
 *
 * Memory: the caller frees with OpenSSL's functions. Errors: NULL or false. Threads:
 * any.
 */
#ifndef KONTOR_SERVER_RPC_IDENTITY_PEM_H
#define KONTOR_SERVER_RPC_IDENTITY_PEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

/* Every certificate of a PEM text, at most max; other blocks make it fail. An empty
 * text gives an empty stack. */
STACK_OF(X509) * identity_pem_read(const char *pem, size_t size, int max);
/* 64 lower-case digits of the SHA-256 of a certificate. */
bool identity_pem_fingerprint(const X509 *certificate, char hex[65]);
/* When a certificate expires, and when it begins to count. INT64_MIN for a date nobody
 * can read. */
int64_t identity_pem_ends_ms(const X509 *certificate);
int64_t identity_pem_starts_ms(const X509 *certificate);

#endif
