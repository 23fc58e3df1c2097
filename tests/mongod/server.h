/*
 * The sockets: one thread accepts, one serves each connection.
 *
 * Memory: mongod_server_open and mongod_server_close, inside of the mongod. Errors:
 * false with a line on stderr. Threads: open and close from one at a time.
 *
 * A socket that never listens holds the port as long as the server lives: it is not
 * given to another process while the server is paused.
 */
#ifndef KONTOR_TESTS_MONGOD_SERVER_H
#define KONTOR_TESTS_MONGOD_SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct mongod;
struct connection;

struct server {
    int reserve_fd;
    int listen_fd; /* -1: it does not listen. */
    int wake_fd;   /* Readable once the acceptor is to end. */
    uint16_t port;
    pthread_t acceptor;
    pthread_mutex_t lock; /* Guards what follows. */
    struct connection *connections;
    int32_t n_accepted;
};

/* 0: any port. */
bool mongod_server_reserve(struct server *server, uint16_t port);
/* Listens, and starts the acceptor. */
bool mongod_server_open(struct mongod *mongod);
/* Ends it and all connections; mongod->is_closing tells those that wait. */
void mongod_server_close(struct mongod *mongod);
void mongod_server_free(struct server *server);

#endif
