/*
 * What kontor_seal and kontor_unseal stand on: CMS (RFC 5652) as AuthEnvelopedData (RFC
 * 5083) with AES-256-GCM. Its functions are in kontor.h.
 *
 * Memory: as kontor.h. Errors: as kontor.h. Threads: any.
 */
#ifndef KONTOR_CLIENT_SEAL_H
#define KONTOR_CLIENT_SEAL_H

#include "client/kontor.h"

/* What the broker takes of sealed bytes. Source: order.proto, Delivery.sealed. */
enum { SEAL_MAX_SIZE = 16384 };

#endif
