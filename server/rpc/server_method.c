#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/rpc/server_inner.h"
#include "server/rpc/stream.h"

/* What begins a method that dispatch does not; a NULL path ends the list. */
struct built_in {
    const char *path;
    void (*begin)(struct rpc *rpc, struct bytes request);
    bool is_always_on;
};

static const struct built_in built_ins[] = {
    {"/grpc.health.v1.Health/Check", health_check, true},
    {"/grpc.health.v1.Health/Watch", health_watch, true},
    {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", reflection_begin,
     false},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", reflection_begin,
     false},
    {NULL, NULL, false},
};

static size_t
count_services(const struct service_rows *const *services)
{
    size_t n = 0;
    while (services[n] != NULL) {
        n++;
    }
    return n;
}

const struct service_rows **
server_services(const struct service_rows *const *services)
{
    static const struct service_rows *const ours[] = {&health_rows, &reflection_rows,
                                                      &reflection_alpha_rows};
    size_t n = count_services(services);
    size_t n_ours = sizeof ours / sizeof ours[0];
    const struct service_rows **all = calloc(n + n_ours + 1, sizeof all[0]);
    if (all == NULL) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        all[i] = services[i];
    }
    for (size_t i = 0; i < n_ours; i++) {
        all[n + i] = ours[i];
    }
    return all;
}

static size_t
count_rows(const struct service_rows *const *services)
{
    size_t n = 0;
    for (size_t i = 0; services[i] != NULL; i++) {
        for (const struct row *row = services[i]->rows; row->path != NULL; row++) {
            n++;
        }
    }
    return n;
}

static struct method
method_of(const struct row *row)
{
    struct method method = {.row = row};
    if (row->kind == ROW_SERVER_STREAM) {
        method.begin = stream_begin;
    }
    for (const struct built_in *own = built_ins; own->path != NULL; own++) {
        if (strcmp(own->path, row->path) == 0) {
            method.begin = own->begin;
            method.is_always_on = own->is_always_on;
        }
    }
    return method;
}

void
server_make_methods(struct server *server)
{
    server->n_methods = count_rows(server->services) + 1;
    server->methods = calloc(server->n_methods, sizeof server->methods[0]);
    if (server->methods == NULL) {
        abort();
    }
    struct method *next = server->methods;
    for (size_t i = 0; server->services[i] != NULL; i++) {
        const struct row *row = server->services[i]->rows;
        for (; row->path != NULL; row++) {
            *next++ = method_of(row);
        }
    }
}

bool
server_register_methods(struct server *server, char *error, size_t error_size)
{
    for (size_t i = 0; i + 1 < server->n_methods; i++) {
        struct method *method = &server->methods[i];
        bool is_bidi = method->row->kind == ROW_BIDI;
        method->handle = grpc_server_register_method(
            server->grpc, method->row->path, NULL,
            is_bidi ? GRPC_SRM_PAYLOAD_NONE : GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER,
            0);
        if (method->handle == NULL) {
            (void)snprintf(error, error_size, "%s is listed twice", method->row->path);
            return false;
        }
    }
    return true;
}
