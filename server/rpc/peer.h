/*
 * Who is at the other end of a call: its certificate out of the TLS session, and the
 * principal behind it.
 *
 * Memory: principals are given back with identity_release. Errors: as identity_resolve.
 * Threads: any, while the call lives.
 */
#ifndef KONTOR_SERVER_RPC_PEER_H
#define KONTOR_SERVER_RPC_PEER_H

#include <grpc/grpc.h>

#include "server/rpc/identity.h"

enum status peer_resolve(struct identity *identity, grpc_call *call, int64_t now_ms,
                         const struct principal **who, struct error *error) MUST_CHECK;

#endif
