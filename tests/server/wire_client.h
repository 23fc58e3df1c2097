/*
 * A plain gRPC client for tests of the server, on the C core: it sends bytes, good or
 * bad, and tells exactly what came back.
 *
 * Memory: what is received lives in the client's arena. Errors: what cannot go wrong
 * fails the test. Threads: one a call.
 */
#ifndef KONTOR_TESTS_SERVER_WIRE_CLIENT_H
#define KONTOR_TESTS_SERVER_WIRE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <grpc/grpc.h>

#include "proto/arena.h"
#include "proto/bytes.h"
#include "proto/status.h"

struct wire_client;
struct wire_call;

enum { WIRE_WAIT_MS = 10000 };

/* Certificate, key and the authorities it trusts, as PEM. */
struct wire_client *wire_client_new(int port, const char *roots, const char *cert,
                                    const char *key);
void wire_client_free(struct wire_client *client);
struct arena *wire_client_arena(struct wire_client *client);

/* How to call. */
struct wire_options {
    int64_t deadline_ms; /* From now; 0 = none. */
    bool is_gzip;        /* Compresses the request. */
    const char *key;     /* One header; NULL = none. */
    const char *value;
};

/* What came of a call. */
struct wire_result {
    enum status status;
    const char *message;
    struct bytes reply;   /* NULL data: none came. */
    struct bytes details; /* grpc-status-details-bin. */
    const char *reason;   /* Of the details; "" = none. */
    int64_t seq;          /* Trailing kontor-seq; -1 = none. */
};

/* A unary call, and its end. */
struct wire_result wire_unary(struct wire_client *client, const char *path,
                              struct bytes request, const struct wire_options *options);

/* Begins a call of any kind and sends one message unless its data is NULL; the sending
 * side is closed unless it is bidirectional. */
struct wire_call *wire_start(struct wire_client *client, const char *path,
                             struct bytes request, const struct wire_options *options);
/* Sends one more message. */
void wire_send(struct wire_call *call, struct bytes message);
/* Closes the sending side. */
void wire_send_close(struct wire_call *call);
/* Waits for the next message; false: the call is over. */
bool wire_next_message(struct wire_call *call, struct bytes *message);
/* Waits for the end and frees the call. */
struct wire_result wire_end(struct wire_call *call);
/* Cancels, then as wire_end. */
struct wire_result wire_cancel(struct wire_call *call);

#endif
