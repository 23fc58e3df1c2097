/*
 * One RPC on the wire: a gRPC call between its arrival and the moment nothing refers to
 * it.
 *
 *   ARMED --arrived--> ADMITTED --+--> unary: in dispatch, until its done answers
 *                                 +--> stream: its engine writes, then finishes
 *                                 +--> refused: answered at once
 *   Whatever happens, "closed" comes once (its own batch), and the call lives until
 * every tag came back.
 *
 * Memory: counted references: one for each tag that is out and for each who works on
 * it. Errors: none. Threads: any; the lock guards what is sent.
 */
#ifndef KONTOR_SERVER_RPC_RPC_H
#define KONTOR_SERVER_RPC_RPC_H

#include <pthread.h>
#include <stdatomic.h>

#include <grpc/grpc.h>

#include "server/rpc/dispatch.h"
#include "server/rpc/timer.h"

struct server;
struct rpc;
struct caller;

/* What a completion queue hands back. */
struct rpc_tag {
    void (*fire)(struct rpc *rpc, bool is_ok);
    struct rpc *rpc;
};

/* What moves a stream; members may be NULL. */
struct rpc_events {
    void (*wrote)(struct rpc *rpc, bool is_ok); /* The message is out. */
    void (*kicked)(struct rpc *rpc);            /* After rpc_kick. */
    void (*received)(struct rpc *rpc, grpc_byte_buffer *message); /* NULL = the end. */
    void (*closed)(struct rpc *rpc); /* The call is over, one way or the other. */
};

/* A registered path, or the one for all others. */
struct method {
    const struct row *row; /* NULL = a path nobody knows. */
    void *handle;          /* gRPC's. */
    /* Streams and what is answered inline; NULL = unary, by dispatch. */
    void (*begin)(struct rpc *rpc, struct bytes request);
    bool is_always_on; /* Health: not shed, not drained. */
};

struct rpc {
    struct server *server;
    const struct method *method;
    grpc_call *call;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_call_details details; /* Unknown paths only. */
    grpc_byte_buffer *payload;
    grpc_slice request; /* The request in one piece. */
    size_t request_bytes;
    bool is_cut_off;  /* Refused by the breaker. */
    int is_cancelled; /* gRPC's, valid once closed. */
    atomic_int n_references;
    struct rpc_tag arrived, closed, answered, wrote, kicked, received;
    char *
        peer; /* Its address; gRPC's, taken at arrival: once cancelled it is unknown. */
    const struct principal *who; /* As it was admitted. */
    uint64_t generation;         /* Of trust, taken before who was resolved. */
    struct caller *caller;       /* Whose share of the server it takes. */
    int64_t started_us;
    struct timer_entry timer; /* Ends calls that came without a deadline. */
    struct arena *arena;      /* Of streams and refusals. */
    grpc_byte_buffer *incoming;
    size_t reply_bytes;
    pthread_mutex_t lock; /* Guards all below. */
    struct flight *flight;
    const struct rpc_events *events; /* Streams; set once. */
    void *stream;                    /* The engine's; set once. */
    bool has_timer;
    grpc_byte_buffer *outgoing;
    bool is_gone; /* Closed before the flight was known. */
    bool has_headers;
    bool is_writing;
    bool is_finished; /* The status is sent or on its way. */
};

/* Asks gRPC for the next call of a method. */
void rpc_arm(struct server *server, const struct method *method);
void rpc_hold(struct rpc *rpc);
void rpc_release(struct rpc *rpc);
/* Starts a batch, whose tag holds the RPC until it comes back. */
void rpc_start(struct rpc *rpc, const grpc_op *ops, size_t n_ops, struct rpc_tag *tag);

/*
 * Hands the RPC to a stream's engine. false: it is closed already, and closed will not
 * be called.
 */
bool rpc_attach(struct rpc *rpc, const struct rpc_events *events, void *stream);
/* Lets fire be called after some time, with a reference it gives back; closing ends it.
 */
void rpc_limit(struct rpc *rpc, void (*fire)(struct timer_entry *entry),
               int64_t wait_ms);
/* Sends the status, and the reply of a unary call. Without effect on a finished one. */
void rpc_end(struct rpc *rpc, const struct ending *ending);
/* Ends with the error of a reason; the text is constant. */
void rpc_refuse(struct rpc *rpc, enum reason reason, const char *message);
/* Ends a stream whose caller went away: closes the books. */
void rpc_gone(struct rpc *rpc);
/*
 * Sends one message, made of slices that are given away; at most one is out at a time.
 * false: the call is finished.
 */
bool rpc_write(struct rpc *rpc, grpc_slice *slices, size_t n_slices);
/* Whether the status is sent or on its way. */
bool rpc_is_finished(struct rpc *rpc);
/* Lets events->kicked run on a thread of the completion queue. */
void rpc_kick(struct rpc *rpc);
/* Asks for the next message of a bidirectional stream. */
void rpc_receive(struct rpc *rpc);
/* A value of the request's headers, NUL-terminated in the arena; NULL = none. */
char *rpc_header(struct rpc *rpc, const char *key, struct arena *arena);
/* The arena of what is no flight. */
struct arena *rpc_arena(struct rpc *rpc);
/* A message out of a byte buffer in one slice; false: damaged. */
bool rpc_read(grpc_byte_buffer *buffer, grpc_slice *out);
/* Milliseconds until the caller's deadline; INT64_MAX = it set none. */
int64_t rpc_left_ms(const struct rpc *rpc);
/* Microseconds of the system's monotonic clock. */
int64_t rpc_now_us(void);

#endif
