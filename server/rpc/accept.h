/*
 * Our own accept4, which libgrpc finds before libc's: in gRPC 1.51 a listener that once
 * runs out of descriptors never accepts again (CVE-2023-4785), before TLS and for
 * anybody to bring about. Ours never lets that be seen, and caps connections per
 * address.
 *
 * Memory: one table by descriptor. Errors: accept_check says what is wrong.
 * Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_ACCEPT_H
#define KONTOR_SERVER_RPC_ACCEPT_H

#include <stdbool.h>
#include <stdint.h>

/* Opens the spare descriptor and sets the cap; before the listener starts. */
void accept_init(int64_t connections_per_address);
/* Whether the dynamic linker hands out our accept4: hidden visibility would lose it. */
bool accept_is_ours(void);
/*
 * Closes, as soon as it is accepted, the connection that this socket makes to its own
 * machine: a watchdog's, who sees by that that somebody accepts. The socket is bound
 * and not yet connected; -1: none is expected any more. One at a time. false: the
 * socket has no name.
 */
bool accept_expect(int fd);
/*
 * Shuts the connection of a peer down, named as gRPC names it ("ipv4:127.0.0.1:1234");
 * whoever owns the socket sees it end. Whether there was one.
 */
bool accept_cut(const char *peer);
/* Connections turned away, for want of descriptors or over the cap. */
int64_t accept_refused(void);

#endif
