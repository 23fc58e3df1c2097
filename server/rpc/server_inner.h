/*
 * What the parts of the gRPC server share.
 *
 * Memory: the server's. Errors: none. Threads: constant once it started, but for what
 * says otherwise.
 */
#ifndef KONTOR_SERVER_RPC_SERVER_INNER_H
#define KONTOR_SERVER_RPC_SERVER_INNER_H

#include <grpc/grpc_security.h>

#include "server/rpc/caller.h"
#include "server/rpc/health.h"
#include "server/rpc/identity.h"
#include "server/rpc/reflection.h"
#include "server/rpc/rpc.h"
#include "server/rpc/server.h"
#include "server/rpc/stream_hub.h"
#include "server/rpc/watchdog.h"

struct server {
    struct server_options options;
    const struct settings *settings;
    struct dispatch *dispatch;
    struct callers *callers;
    struct health *health;
    struct reflection *reflection;
    struct hub *hub;
    struct watchdog *watchdog;
    const struct service_rows **services; /* All, NULL-ended. */
    struct method *methods; /* One a row, then the one for unknown paths. */
    size_t n_methods;
    grpc_server *grpc;
    grpc_completion_queue *queue;
    pthread_t *threads;
    size_t n_threads;
    int port;
    _Atomic uint64_t generation; /* Of the keys the listener has. */
    atomic_bool is_draining;
    atomic_bool is_stopping; /* Nothing is armed any more. */
    pthread_mutex_t lock;    /* Guards all below. */
    pthread_cond_t changed;
    size_t n_rpcs; /* Armed ones too. */
    bool is_down;  /* gRPC has told that its shutdown is complete. */
};

/* Fills server->methods from its services. */
void server_make_methods(struct server *server);
/* Tells gRPC of them; false: error says which is listed twice. */
bool server_register_methods(struct server *server, char *error, size_t error_size);
/* A new RPC came: refuses it, or begins it. */
void admit(struct rpc *rpc);
/* Tells metrics and the log that an RPC ended. */
void account(struct rpc *rpc, const struct ending *ending);

#endif
