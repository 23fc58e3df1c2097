/*
 * The address of the metrics page: on loopback or nowhere, as it asks nobody who they
 * are.
 *
 * Memory: the caller's. Errors: false. Threads: any.
 */
#ifndef KONTOR_SERVER_METRICS_ADDRESS_H
#define KONTOR_SERVER_METRICS_ADDRESS_H

#include <stdbool.h>

#include <netinet/in.h>
#include <sys/socket.h>

union metrics_address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

/* Reads 127.x.y.z:PORT, [::1]:PORT or localhost:PORT. */
bool metrics_address_read(const char *text, union metrics_address *out);

#endif
