#include "server/metrics_address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
port_read(const char *text, in_port_t *port)
{
    char *end = NULL;
    size_t size = strlen(text);
    unsigned long number = strtoul(text, &end, 10);
    bool is_good = size >= 1 && size <= 5 && strspn(text, "0123456789") == size &&
                   number <= UINT16_MAX;
    *port = htons((uint16_t)number);
    return is_good;
}

static bool
host_read(const char *host, in_port_t port, union metrics_address *out)
{
    *out = (union metrics_address){0};
    if (strcmp(host, "[::1]") == 0) {
        out->six = (struct sockaddr_in6){
            .sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = in6addr_loopback};
        return true;
    }
    out->four.sin_family = AF_INET;
    out->four.sin_port = port;
    const char *address = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    return inet_pton(AF_INET, address, &out->four.sin_addr) == 1 &&
           ntohl(out->four.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

bool
metrics_address_read(const char *text, union metrics_address *out)
{
    const char *colon = strrchr(text, ':');
    char host[64];
    in_port_t port = 0;
    if (colon == NULL || (size_t)(colon - text) >= sizeof host ||
        !port_read(colon + 1, &port)) {
        return false;
    }
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    return host_read(host, port, out);
}
