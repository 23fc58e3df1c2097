#include "tests/mongod/server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/mongod/command.h"
#include "tests/mongod/inner.h"

struct connection {
    pthread_t thread;
    struct mongod *mongod;
    int fd;
    int32_t number;
    bool is_done; /* Its thread is to be joined. Guarded by the server's lock. */
    struct connection *next;
};

static int
bound_socket(uint16_t port)
{
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd == -1) {
        perror("mongod: socket");
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("mongod: bind");
        close(fd);
        return -1;
    }
    return fd;
}

bool
mongod_server_reserve(struct server *server, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    server->listen_fd = -1;
    server->wake_fd = -1;
    pthread_mutex_init(&server->lock, NULL);
    server->reserve_fd = bound_socket(port);
    if (server->reserve_fd == -1) {
        return false;
    }
    (void)getsockname(server->reserve_fd, (struct sockaddr *)&address, &size);
    server->port = ntohs(address.sin_port);
    return true;
}

void
mongod_server_free(struct server *server)
{
    if (server->reserve_fd != -1) {
        close(server->reserve_fd);
    }
    pthread_mutex_destroy(&server->lock);
}

/* One command and its answer; false: the connection ends. */
static bool
serve_one(struct connection *connection)
{
    struct message message;
    bson_t reply = BSON_INITIALIZER;
    if (!mongod_message_read(connection->fd, &message)) {
        bson_destroy(&reply);
        return false;
    }
    bool is_open = mongod_command_answer(connection->mongod, &message,
                                         connection->number, &reply) &&
                   mongod_message_reply(connection->fd, &message, &reply);
    mongod_message_done(&message);
    bson_destroy(&reply);
    return is_open;
}

static void *
connection_run(void *argument)
{
    struct connection *connection = argument;
    struct server *server = &connection->mongod->server;
    while (serve_one(connection)) {
    }
    pthread_mutex_lock(&server->lock);
    close(connection->fd);
    connection->is_done = true;
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void
connection_start(struct mongod *mongod, int fd)
{
    struct server *server = &mongod->server;
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *connection = bson_malloc0(sizeof *connection);
    pthread_mutex_lock(&server->lock);
    *connection = (struct connection){.mongod = mongod,
                                      .fd = fd,
                                      .number = ++server->n_accepted,
                                      .next = server->connections};
    if (pthread_create(&connection->thread, NULL, connection_run, connection) == 0) {
        server->connections = connection;
    } else {
        perror("mongod: thread");
        close(fd);
        bson_free(connection);
    }
    pthread_mutex_unlock(&server->lock);
}

/* Takes a connection out of the list; with is_done_only one that has ended. */
static struct connection *
connection_take(struct server *server, bool is_done_only)
{
    pthread_mutex_lock(&server->lock);
    struct connection **link = &server->connections;
    while (*link != NULL && is_done_only && !(*link)->is_done) {
        link = &(*link)->next;
    }
    struct connection *connection = *link;
    if (connection != NULL) {
        *link = connection->next;
    }
    pthread_mutex_unlock(&server->lock);
    return connection;
}

static void
connections_join(struct server *server, bool is_done_only)
{
    struct connection *connection = connection_take(server, is_done_only);
    while (connection != NULL) {
        pthread_join(connection->thread, NULL);
        bson_free(connection);
        connection = connection_take(server, is_done_only);
    }
}

static void *
acceptor_run(void *argument)
{
    struct mongod *mongod = argument;
    struct server *server = &mongod->server;
    struct pollfd polled[] = {{.fd = server->listen_fd, .events = POLLIN},
                              {.fd = server->wake_fd, .events = POLLIN}};
    for (;;) {
        if (poll(polled, sizeof polled / sizeof *polled, -1) <= 0) {
            continue;
        }
        if (polled[1].revents != 0) {
            return NULL;
        }
        int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd != -1) {
            connection_start(mongod, fd);
        }
        connections_join(server, true);
    }
}

static void
close_listener(struct server *server)
{
    if (server->listen_fd != -1) {
        close(server->listen_fd);
    }
    if (server->wake_fd != -1) {
        close(server->wake_fd);
    }
    server->listen_fd = -1;
    server->wake_fd = -1;
}

bool
mongod_server_open(struct mongod *mongod)
{
    enum { BACKLOG = 64 };
    struct server *server = &mongod->server;
    server->listen_fd = bound_socket(server->port);
    server->wake_fd = eventfd(0, EFD_CLOEXEC);
    if (server->listen_fd == -1 || server->wake_fd == -1 ||
        listen(server->listen_fd, BACKLOG) != 0 ||
        pthread_create(&server->acceptor, NULL, acceptor_run, mongod) != 0) {
        perror("mongod: listen");
        close_listener(server);
        return false;
    }
    return true;
}

/* Threads close their sockets under the lock, so none is shut down that is already
 * another's. */
static void
shut_all(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    for (struct connection *c = server->connections; c != NULL; c = c->next) {
        if (!c->is_done) {
            (void)shutdown(c->fd, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&server->lock);
}

void
mongod_server_close(struct mongod *mongod)
{
    struct server *server = &mongod->server;
    if (server->listen_fd == -1) {
        return;
    }
    (void)eventfd_write(server->wake_fd, 1);
    pthread_join(server->acceptor, NULL);
    close_listener(server);
    shut_all(server);
    connections_join(server, false);
}
