/*
 * The gRPC server: listener, TLS, admission, and the life of each RPC on the wire.
 *
 * Memory: what the options point to outlives the server.
 * Errors: server_new says what is wrong and the cure.
 * Threads: any. Own threads: those of the completion queue, the workers, the timer.
 */
#ifndef KONTOR_SERVER_RPC_SERVER_H
#define KONTOR_SERVER_RPC_SERVER_H

#include "server/broker.h"
#include "server/clock.h"
#include "server/config.h"
#include "server/metrics.h"
#include "server/random.h"
#include "server/rpc/table.h"

struct dispatch;
struct server;

/* One RPC that ended, for the log: sizes, never values. */
struct server_call {
    const char *path;
    const struct row *row; /* NULL = a method nobody knows. */
    const char *principal; /* "" = not known. */
    const char *peer;      /* "ipv4:127.0.0.1:1234". */
    const char *trace;     /* traceparent as it came; "" = none. */
    enum status status;
    const char *reason;   /* "" = none. */
    const char *message;  /* As it went out; "" = none. */
    const char *internal; /* What really happened; "" = the message says it. */
    const char *call_id;  /* The id an INTERNAL error names; "" = none. */
    int64_t duration_us;
    size_t request_bytes;
    size_t reply_bytes;
};

struct server_options {
    struct broker *broker; /* With an identity; its store is open and unused yet. */
    struct random *random;
    const struct settings *settings; /* listen, io_threads and so on. */
    /* NULL-ended; health and reflection are added. */
    const struct service_rows *const *services;
    struct metrics *metrics; /* May be NULL. Made of server_services. */
    /* Called for errors, slow calls and mutations, or for all, as the settings say. May
     * be NULL. From any thread; short. */
    void (*log)(void *context, const struct server_call *call);
    void *log_context;
};

/* The services of a server, health and reflection with them, NULL-ended, for
 * metrics_new. The caller frees. */
const struct service_rows **server_services(const struct service_rows *const *services);

/* Binds, and answers from now on. To be made before the first submit to the store. */
enum status server_new(const struct server_options *options, struct server **server,
                       char *error, size_t error_size) MUST_CHECK;
/* The port it listens at. */
int server_port(const struct server *server);
/* What its unary calls run on, for the broker's own works (dispatch_own). */
struct dispatch *server_dispatch(struct server *server);
/* Says NOT_SERVING or SERVING to health checks; SERVING from the start. */
void server_set_serving(struct server *server, bool is_serving);
/*
 * Drains: health says NOT_SERVING, parked calls and streams end, what runs may end
 * within settings->drain_ms, then it is cancelled. Returns when all is over; once only.
 */
void server_stop(struct server *server);
/* After server_stop, before store_close. Accepts NULL. */
void server_free(struct server *server);

/* Gauges for the metrics page. */
int64_t server_calls_in_flight(struct server *server);
int64_t server_calls_parked(struct server *server);
int64_t server_streams_open(struct server *server);
/* Connections to itself that the broker did not accept. */
int64_t server_probes_missed(struct server *server);
/* How often a caller was cut off for cancelling calls too fast. */
int64_t server_breaker_trips(struct server *server);

#endif
