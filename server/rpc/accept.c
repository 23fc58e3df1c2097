#include "server/rpc/accept.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_TRACKED = 1 << 16, V4_IN_V6 = 12 };

static atomic_int spare = -1;
static _Atomic int64_t max_per_address;
static _Atomic int64_t n_refused;
/* The watchdog's next connection comes from it, in the network's order; 0 = none. */
static _Atomic in_port_t expected_port;

/* Who is at each descriptor: a hash of the address, 0 = nobody. A closed descriptor
 * keeps its mark until its number is used again or somebody counts. */
static pthread_mutex_t tracked_lock = PTHREAD_MUTEX_INITIALIZER; /* Guards tracked. */
static uint64_t tracked[MAX_TRACKED];

static void
open_spare(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int none = -1;
    if (!atomic_compare_exchange_strong(&spare, &none, fd) && fd >= 0) {
        close(fd);
    }
}

void
accept_init(int64_t connections_per_address)
{
    atomic_store(&max_per_address, connections_per_address);
    open_spare();
}

bool
accept_is_ours(void)
{
    void *found = dlsym(RTLD_DEFAULT, "accept4");
    int (*ours)(int, __SOCKADDR_ARG, socklen_t *restrict, int) = accept4;
    return memcmp(&found, &ours, sizeof(found)) == 0;
}

int64_t
accept_refused(void)
{
    return atomic_load(&n_refused);
}

static uint64_t
hash_of(const struct sockaddr_storage *address)
{
    const void *bytes = NULL;
    size_t size = 0;
    if (address->ss_family == AF_INET) {
        bytes = &((const struct sockaddr_in *)address)->sin_addr;
        size = sizeof(struct in_addr);
    } else if (address->ss_family == AF_INET6) {
        const struct in6_addr *ip = &((const struct sockaddr_in6 *)address)->sin6_addr;
        bytes = ip;
        size = sizeof *ip;
        /* One machine is one address, whichever way it came in. RFC 4291, 2.5.5.2. */
        if (IN6_IS_ADDR_V4MAPPED(ip)) {
            bytes = &ip->s6_addr[V4_IN_V6];
            size = sizeof(struct in_addr);
        }
    }
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* One end of a connection. */
struct end {
    uint64_t hash; /* Of the address. */
    in_port_t port;
};

enum side { SIDE_PEER, SIDE_OWN };

static bool
read_end(int fd, enum side side, struct end *end)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    int failed = side == SIDE_PEER
                     ? getpeername(fd, (struct sockaddr *)&address, &size)
                     : getsockname(fd, (struct sockaddr *)&address, &size);
    if (failed != 0) {
        return false;
    }
    end->hash = hash_of(&address);
    end->port = address.ss_family == AF_INET6
                    ? ((struct sockaddr_in6 *)&address)->sin6_port
                    : ((struct sockaddr_in *)&address)->sin_port;
    return true;
}

/* Counts the descriptors marked for an address; when that is too many, only those that
 * are still connected to it. */
static int64_t
count(uint64_t hash, int64_t enough)
{
    int64_t n = 0;
    for (int fd = 0; fd < MAX_TRACKED; fd++) {
        n += tracked[fd] == hash ? 1 : 0;
    }
    if (n < enough) {
        return n;
    }
    n = 0;
    for (int fd = 0; fd < MAX_TRACKED; fd++) {
        struct end now;
        if (tracked[fd] != hash) {
            continue;
        }
        if (read_end(fd, SIDE_PEER, &now) && now.hash == hash) {
            n++;
        } else {
            tracked[fd] = 0;
        }
    }
    return n;
}

/* Whether the address has room for one more connection, which is marked then. */
static bool
admit_address(int fd)
{
    struct end peer;
    int64_t most = atomic_load(&max_per_address);
    if (most == 0 || fd >= MAX_TRACKED || !read_end(fd, SIDE_PEER, &peer)) {
        return true;
    }
    pthread_mutex_lock(&tracked_lock);
    tracked[fd] = 0;
    bool has_room = count(peer.hash, most) < most;
    if (has_room) {
        tracked[fd] = peer.hash;
    }
    pthread_mutex_unlock(&tracked_lock);
    return has_room;
}

/* ---- Cutting a connection off ---- */

/* The address between a scheme and a port, without the brackets it may stand in, as in
 * "127.0.0.1" or "%5B::1%5D"; false: it is none. */
static bool
read_ip(int family, const char *text, size_t size, void *ip)
{
    static const char open[] = "%5B";
    const size_t bracket = sizeof open - 1;
    char copy[INET6_ADDRSTRLEN];
    if (size > 2 * bracket && strncmp(text, open, bracket) == 0) {
        text += bracket;
        size -= 2 * bracket;
    }
    if (size >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    return inet_pton(family, copy, ip) == 1;
}

/* A name such as "ipv4:127.0.0.1:1234" or "ipv6:%5B::1%5D:1234", as gRPC writes them.
 */
static bool
read_peer(const char *peer, struct sockaddr_storage *address, in_port_t *port)
{
    enum { SCHEME = 5 /* Length of both. */ };
    const char *colon = strrchr(peer, ':');
    memset(address, 0, sizeof *address);
    if (colon == NULL || colon - peer < SCHEME) {
        return false;
    }
    *port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    size_t size = (size_t)(colon - peer) - SCHEME;
    if (strncmp(peer, "ipv4:", SCHEME) == 0) {
        address->ss_family = AF_INET;
        return read_ip(AF_INET, peer + SCHEME, size,
                       &((struct sockaddr_in *)address)->sin_addr);
    }
    address->ss_family = AF_INET6;
    return strncmp(peer, "ipv6:", SCHEME) == 0 &&
           read_ip(AF_INET6, peer + SCHEME, size,
                   &((struct sockaddr_in6 *)address)->sin6_addr);
}

/* Whether a descriptor is connected to this address and port. */
static bool
is_connected_to(int fd, uint64_t hash, in_port_t port)
{
    struct end peer;
    return read_end(fd, SIDE_PEER, &peer) && peer.port == port && peer.hash == hash;
}

/*
 * Only shut down, never closed: the descriptor stays gRPC's, which sees the connection
 * end and closes it. One that gRPC closed a moment ago is not connected any more.
 */
bool
accept_cut(const char *peer)
{
    struct sockaddr_storage address;
    in_port_t port;
    bool is_cut = false;
    if (!read_peer(peer, &address, &port)) {
        return false;
    }
    uint64_t hash = hash_of(&address);
    pthread_mutex_lock(&tracked_lock);
    for (int fd = 0; fd < MAX_TRACKED && !is_cut; fd++) {
        is_cut = tracked[fd] == hash && is_connected_to(fd, hash, port) &&
                 shutdown(fd, SHUT_RDWR) == 0;
    }
    pthread_mutex_unlock(&tracked_lock);
    return is_cut;
}

/* ---- Accepting ---- */

bool
accept_expect(int fd)
{
    struct end own = {.port = 0};
    bool has_name = fd < 0 || read_end(fd, SIDE_OWN, &own);
    atomic_store(&expected_port, own.port);
    return has_name;
}

/*
 * Whether a connection is the watchdog's: from this machine to itself, from the port it
 * took. It is known here, before TLS, and costs others nothing while none is expected.
 */
static bool
is_probe(int fd)
{
    struct end peer;
    struct end own;
    in_port_t port = atomic_load(&expected_port);
    return port != 0 && read_end(fd, SIDE_PEER, &peer) && peer.port == port &&
           read_end(fd, SIDE_OWN, &own) && own.hash == peer.hash;
}

/*
 * Without descriptors: gives up the spare one to take and drop the next connection, so
 * that the backlog empties and the listener lives. false: nobody waits any more, or the
 * spare one is gone to somebody else.
 */
static bool
drop_one(int listener)
{
    int fd = atomic_exchange(&spare, -1);
    if (fd >= 0) {
        close(fd);
    }
    fd = (int)syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    bool is_dropped = fd >= 0;
    if (is_dropped) {
        atomic_fetch_add(&n_refused, 1);
        close(fd);
    }
    open_spare();
    return is_dropped;
}

/* Errors of one connection, or of the moment, that must not end the listener.
 * Source: accept(2), "Error handling". */
static const int passing[] = {
    EMFILE, ENFILE,    ENOBUFS,      ENOMEM,     EPERM,       EPROTO,      ENETDOWN,
    ENONET, EHOSTDOWN, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, ENOPROTOOPT, ECONNABORTED,
};

static bool
is_passing(int error)
{
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        if (passing[i] == error) {
            return true;
        }
    }
    return false;
}

/* What libgrpc calls: exported whatever the build's default is. */
__attribute__((visibility("default"))) int
accept4(int listener, __SOCKADDR_ARG address, socklen_t *restrict size, int flags)
{
    for (;;) {
        int fd = (int)syscall(SYS_accept4, listener, address.__sockaddr__, size, flags);
        if (fd >= 0 && is_probe(fd)) {
            close(fd);
            continue;
        }
        if (fd >= 0 && admit_address(fd)) {
            return fd;
        }
        if (fd >= 0) {
            atomic_fetch_add(&n_refused, 1);
            close(fd);
            continue;
        }
        int error = errno;
        bool is_full = error == EMFILE || error == ENFILE;
        if (is_full && drop_one(listener)) {
            continue;
        }
        errno = is_passing(error) ? EAGAIN : error;
        return -1;
    }
}
