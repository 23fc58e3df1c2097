/*
 * Whether access details can be sealed to a certificate. The broker seals nothing
 * itself: it says so to whom orders, before an agent has made what cannot be delivered.
 *
 * Memory: none. Errors: the answer. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_IDENTITY_SEAL_H
#define KONTOR_SERVER_RPC_IDENTITY_SEAL_H

#include <stdbool.h>

/* Whether the PEM text is one certificate with a key that libkontor seals to: EC P-256,
 * or RSA of 2048 bits at least. Source: IDENTITY design, "Keys and secrets". */
bool identity_seal_is_fit(const char *pem);

#endif
