/*
 * libkontor: the client of a Kontor broker. Calls with deadlines and safe retries,
 * watches that resume by themselves, and the loop of a provider's agent.
 *
 * Memory: what a function hands out says who frees it; strings given in are copied or
 * read before the function returns. Errors: enum kontor_status, gRPC's numbers; a
 * struct kontor_error says the rest. Out of memory is KONTOR_RESOURCE_EXHAUSTED with
 * reason OUT_OF_MEMORY, never an abort of ours. Outputs are untouched on failure. The
 * library never logs, and installs no signal handlers. Threads: a struct kontor may be
 * used by any number of threads at once. Do not fork without exec after kontor_connect.
 */
#ifndef KONTOR_H
#define KONTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "kontor/v1/configuration_service.pb-c.h"
#include "kontor/v1/fulfilment_service.pb-c.h"
#include "kontor/v1/order_service.pb-c.h"
#include "kontor/v1/registry_service.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Errors ---- */

/* How a call ended. Source: grpc/doc/statuscodes.md. */
enum kontor_status {
    KONTOR_OK = 0,
    KONTOR_CANCELLED = 1,
    KONTOR_UNKNOWN = 2,
    KONTOR_INVALID_ARGUMENT = 3,
    KONTOR_DEADLINE_EXCEEDED = 4,
    KONTOR_NOT_FOUND = 5,
    KONTOR_ALREADY_EXISTS = 6,
    KONTOR_PERMISSION_DENIED = 7,
    KONTOR_RESOURCE_EXHAUSTED = 8,
    KONTOR_FAILED_PRECONDITION = 9,
    KONTOR_ABORTED = 10,
    KONTOR_OUT_OF_RANGE = 11,
    KONTOR_UNIMPLEMENTED = 12,
    KONTOR_INTERNAL = 13,
    KONTOR_UNAVAILABLE = 14,
    KONTOR_DATA_LOSS = 15,
    KONTOR_UNAUTHENTICATED = 16,
};

/* The status's name in gRPC's spelling, such as "NOT_FOUND"; never NULL. */
const char *kontor_status_name(enum kontor_status status);

/* One wrong field. */
struct kontor_violation {
    const char *field;       /* Path in proto field names: items[1].parameters[gpus]. */
    const char *description; /* What is wrong and what would be right. */
};

/* One value an error mentions, such as from, wanted, allowed, currentRevision. */
struct kontor_value {
    const char *key;
    const char *value;
};

/*
 * What went wrong. Zero it before its first use ({0}); each call it is given to
 * releases what it held. Its texts live until then or until kontor_error_done.
 */
struct kontor_error {
    enum kontor_status status;
    const char *reason;  /* UPPER_SNAKE, as in docs/errors.md; "" when the broker gave
                            none. The library's own: OUT_OF_MEMORY, CLOSED, STOPPED,
                            OUTCOME_UNKNOWN, MESSAGE_INVALID, CONNECTION_SETTINGS,
                            UNREACHABLE, and of sealing SEAL_CERTIFICATE, SEAL_KEY,
                            SEAL_TOO_LARGE, SEAL_FAILED, NOBODY_TO_SEAL_TO, NOT_SEALED,
                            SEALED_TO_OTHERS, SEAL_BROKEN. */
    const char *message; /* For people: what happened, to what, and the cure. Never NULL
                            after a failure. */
    const struct kontor_violation *violations;
    size_t n_violations;
    const struct kontor_value *values;
    size_t n_values;
    int64_t retry_after_ms;  /* The broker asks to wait so long; 0 = it did not say. */
    bool is_outcome_unknown; /* The change may have been made: repeat the call with
                                request_id below. */
    char request_id[37]; /* The request_id that was sent; "" for calls without one. */
    void *memory;        /* The library's. */
};

/* Releases what an error holds and zeroes it. Accepts NULL. */
void kontor_error_done(struct kontor_error *error);
/* The value with this key, or NULL. */
const char *kontor_error_value(const struct kontor_error *error, const char *key);

/* ---- Connection ---- */

/* Takes what gRPC itself has to say. */
typedef void (*kontor_log_fn)(const char *text);

/* Where the broker is and as whom to call. Zeroed fields mean their default. PEM texts
 * win over files. */
struct kontor_options {
    const char *server; /* Required: host:port. */
    const char
        *server_name;    /* Name in the broker's certificate when it is not the host. */
    const char *ca_file; /* PEM: authorities the broker's certificate is judged by. A CA
                            is required. */
    const char
        *cert_file; /* PEM: the caller's certificate, its chain behind it. Required. */
    const char *key_file; /* PEM: its private key. Required. */
    const char *ca_pem;
    const char *cert_pem;
    const char *key_pem;
    int64_t deadline_ms; /* For each call, retries included; 0 = 20000. */
    kontor_log_fn log;   /* gRPC logs per process, so this holds for all; NULL = gRPC is
                            silenced. */
    bool keep_grpc_log;  /* gRPC's log is the host's own affair: leave it alone. */
};

struct kontor;

/*
 * Makes a connection that dials when first used and again whenever it is lost.
 * INVALID_ARGUMENT: an option is missing; NOT_FOUND: a file cannot be read. error may
 * be NULL. Free *kontor with kontor_free.
 */
enum kontor_status kontor_connect(const struct kontor_options *options,
                                  struct kontor **kontor, struct kontor_error *error);
/* Ends every call in flight with CANCELLED{CLOSED} and refuses new ones. Never blocks;
 * calling it again does nothing. */
void kontor_close(struct kontor *kontor);
/*
 * Closes and frees. Watches, logs and agents are freed before; no other thread may be
 * inside a call. Accepts NULL.
 */
void kontor_free(struct kontor *kontor);

/* ---- Calls ---- */

/*
 * One call of kontor.v1. kontor/calls.h has a typed function for each unary one: what
 * it does, its request, its reply. A call is retried with the same request_id (made
 * when the request has none) inside its deadline on UNAVAILABLE, on CANCELLED that
 * nobody here asked for, on DEADLINE_EXCEEDED{OUTCOME_UNKNOWN}, and when the broker
 * says it is overloaded.
 */
struct kontor_method {
    const char *path; /* "/kontor.v1.CatalogueService/GetService" */
    const ProtobufCServiceDescriptor *service;
    unsigned index; /* In service->methods: input and output are there. */
    bool is_stream; /* The broker streams: for kontor_watch_open and kontor_log_open. */
};

/* Every method, in the order of the .proto files. */
extern const struct kontor_method kontor_methods[];
extern const size_t kontor_n_methods;
/* The method with this path, or NULL. */
const struct kontor_method *kontor_method(const char *path);

/* What one call may set apart from the rest. */
struct kontor_call_options {
    int64_t deadline_ms; /* Retries included; 0 = that of the connection. */
    int64_t min_seq;     /* The broker answers once it has applied this position; 0 = at
                            once. */
    int64_t *seq; /* Where the answer stands in the log goes here, also on failure when
                     known; NULL = not asked. */
};

/*
 * Calls a unary method with a message of its input type. The reply is of its output
 * type: free it with kontor_reply_free. options, reply and error may be NULL.
 */
enum kontor_status kontor_call(struct kontor *kontor,
                               const struct kontor_method *method,
                               const ProtobufCMessage *request,
                               const struct kontor_call_options *options,
                               ProtobufCMessage **reply, struct kontor_error *error);
/* Frees any reply, given as the message itself. Accepts NULL. */
void kontor_reply_free(void *reply);

/* A new random UUID (version 4) as text, for request_id. */
void kontor_uuid(char uuid[37]);

/* ---- Watching ---- */

/* What a watch or a log had to say. */
enum kontor_event {
    KONTOR_EVENT_RECORD,  /* A change or a commit. */
    KONTOR_EVENT_END,     /* follow was false and everything so far was given. */
    KONTOR_EVENT_TIMEOUT, /* Nothing within the time. */
    KONTOR_EVENT_RELIST, /* The position cannot be served any more: list again and watch
                            from there. The error says why. */
    KONTOR_EVENT_FAILED, /* It is over; the error says why. */
};

struct kontor_watch;

/*
 * Follows changes: method is one whose input is kontor.v1.WatchRequest. The request is
 * copied. Nothing is sent before the first kontor_watch_next. Lost connections and a
 * broker that fell behind are resumed from the last complete position: no change is
 * given twice and none is missing. Free with kontor_watch_free.
 */
enum kontor_status kontor_watch_open(struct kontor *kontor,
                                     const struct kontor_method *method,
                                     const Kontor__V1__WatchRequest *request,
                                     struct kontor_watch **watch,
                                     struct kontor_error *error);
/*
 * Waits up to timeout_ms (-1 = for ever) for the next change. *change belongs to the
 * watch and lives until the next call. One thread at a time.
 */
enum kontor_event kontor_watch_next(struct kontor_watch *watch, int64_t timeout_ms,
                                    const Kontor__V1__RecordChange **change,
                                    struct kontor_error *error);
/*
 * Up to where everything was given: keep it to resume in another process. Moves on with
 * the last change of each seq and with progress. NULL before the broker said its first
 * position. Lives until the next kontor_watch_next.
 */
const Kontor__V1__Position *kontor_watch_position(struct kontor_watch *watch);
/* Makes kontor_watch_next answer FAILED with CANCELLED{STOPPED}. Any thread; never
 * blocks. */
void kontor_watch_stop(struct kontor_watch *watch);
/* Ends and frees. Accepts NULL. */
void kontor_watch_free(struct kontor_watch *watch);

struct kontor_log;

/* Reads whole commits after a position (ReadLog), resuming like a watch. Free with
 * kontor_log_free. */
enum kontor_status kontor_log_open(struct kontor *kontor, int64_t after, bool follow,
                                   struct kontor_log **log, struct kontor_error *error);
/*
 * The documents a trimmed log begins with, when it is read from 0: its base, which
 * kontor_log_start names. END: there are no more of them, or none at all, and the
 * commits follow. To be asked before kontor_log_next, which passes over what is left of
 * the base. FAILED with OUT_OF_RANGE{TRIMMED}: the log was trimmed again meanwhile, so
 * what came does not fit what would come: begin anew.
 */
enum kontor_event kontor_log_next_document(struct kontor_log *log, int64_t timeout_ms,
                                           const Kontor__V1__BaseDocument **document,
                                           struct kontor_error *error);
/* As kontor_watch_next, for commits. */
enum kontor_event kontor_log_next(struct kontor_log *log, int64_t timeout_ms,
                                  const Kontor__V1__Commit **commit,
                                  struct kontor_error *error);
/*
 * What the first message said: the histories, the hash of the commit at `after`, and
 * the base of a trimmed log that is read from 0. NULL before the first kontor_log_next
 * or kontor_log_next_document answered. Lives as long as the log.
 */
const Kontor__V1__ReadLogResponse *kontor_log_start(const struct kontor_log *log);
void kontor_log_stop(struct kontor_log *log);
void kontor_log_free(struct kontor_log *log);

/* ---- Access details ---- */

/* Bytes the library reads, or hands out. */
struct kontor_bytes {
    const void *data;
    size_t size;
};

/* Wipes and frees what kontor_seal or kontor_unseal handed out, and zeroes it. Accepts
 * NULL and what is zeroed. */
void kontor_bytes_free(struct kontor_bytes *bytes);
/*
 * Seals bytes so that only the holders of these certificates' keys can open them: CMS
 * AuthEnvelopedData in DER form (RFC 5652, RFC 5083), AES-256-GCM, SHA-256 throughout.
 * Each certificate is a PEM text, of which the first one counts; its key is EC P-256
 * (ECDH) or RSA of 2048 bits at least (OAEP). Whether a certificate is valid and whose
 * it is, is the caller's to know. INVALID_ARGUMENT: a certificate is missing, cannot be
 * read or sealed to. Free *sealed with kontor_bytes_free. error may be NULL.
 */
enum kontor_status kontor_seal(struct kontor_bytes plain,
                               const char *const *certificates, size_t n_certificates,
                               struct kontor_bytes *sealed, struct kontor_error *error);
/*
 * Opens what was sealed, with a certificate it was sealed to and its private key, PEM
 * texts without a password. INVALID_ARGUMENT: certificate, key, or what is to be opened
 * is not what it should be; PERMISSION_DENIED{SEALED_TO_OTHERS}: it is not sealed to
 * this certificate; DATA_LOSS: it was damaged or changed. Free *plain, which has a NUL
 * behind its end, with kontor_bytes_free: it wipes it. error may be NULL.
 */
enum kontor_status kontor_unseal(struct kontor_bytes sealed, const char *cert_pem,
                                 const char *key_pem, struct kontor_bytes *plain,
                                 struct kontor_error *error);

/* ---- Being an agent ---- */

struct kontor_agent;
struct kontor_job;

/* What a callback came to. */
enum kontor_result {
    KONTOR_DONE,         /* It exists: the backend id was set. Or it is gone, changed,
                            approved, may be cancelled. */
    KONTOR_RETRY,        /* Not now; try again later. */
    KONTOR_NEVER,        /* It will never work. */
    KONTOR_NOBODY_KNOWS, /* Something may have been created: the next attempt looks
                            first. */
    KONTOR_ABSENT,       /* lookup only: there is no such object. */
};

/* A callback: reads the job, says its results on it. Several run at once, each on a
 * thread of its own. */
typedef enum kontor_result (*kontor_job_fn)(struct kontor_job *job, void *context);

/* What happened to a job or a session, for a host that wants to show it. */
struct kontor_agent_event {
    const char *session; /* Its id; "" before there is one. */
    const char *item;    /* "" for the session's own. */
    const char
        *what; /* "session", "waiting", "claimed", "begin", "lookup", "done", "retry",
                  "never", "unknown", "lost", "needs-operator", "refused", "approved",
                  "rejected", "assess", "cancelled", "declined", "undecided", "away". */
    const char *text; /* More in words; may be "". */
    int64_t after_ms; /* Time since the job was claimed; 0 for the session's own. */
};
typedef void (*kontor_agent_event_fn)(const struct kontor_agent_event *event,
                                      void *context);

/* What an agent serves. Pointers are copied by kontor_agent_new, but for context. */
struct kontor_agent_options {
    const char *const *offers; /* Ids of the offers; at least one. */
    size_t n_offers;
    int max_parallel;  /* Jobs at once, 1 to 64; 0 = 1. */
    int lease_seconds; /* 5 to 86400; 0 = 60. */
    int64_t max_jobs;  /* End after so many jobs; 0 = go on until stopped. */
    kontor_job_fn
        provision; /* Required: creates the object named by the job's intent. */
    kontor_job_fn
        lookup; /* Finds the object of that name: DONE, ABSENT, RETRY or NOBODY_KNOWS.
                   Called before provision whenever an earlier attempt may have created
                   it. Required unless allow_no_lookup. */
    bool allow_no_lookup; /* Without lookup such a job is never touched: it
                             is failed as unknown, so that an operator looks. */
    /* Kinds of work without a callback are left to other agents. */
    kontor_job_fn remove; /* NULL = not taken. Removes the object of that name: what an
                             order ends, a cancel undoes, or a failure left behind. One
                             that is gone already is DONE. */
    kontor_job_fn modify; /* NULL = not taken. Changes the object of that name to the
                             job's parameters, renews it, lets it rest or go on, as
                             action says; doing it twice does it once. */
    kontor_job_fn evaluate; /* NULL = not taken. Decides the provider's approval: DONE
                               approves, NEVER rejects with its reason. */
    kontor_job_fn assess; /* NULL = not taken. Says whether what has begun still can be
                             cancelled: DONE accepts, NEVER declines with its reason;
                             RETRY and NOBODY_KNOWS leave it open, and it is asked
                             again later. Called with a job of its own, also beside a
                             callback that works on the same item, but never twice at
                             once for one item. What was accepted is undone by remove,
                             once the work has returned; without remove, and of a
                             change, that is left to other agents. */
    kontor_agent_event_fn
        on_event; /* NULL = not asked. Called on the agent's threads, one at a time. */
    void *context;
};

/* INVALID_ARGUMENT: an option is missing or out of range. Free with kontor_agent_free.
 */
enum kontor_status kontor_agent_new(struct kontor *kontor,
                                    const struct kontor_agent_options *options,
                                    struct kontor_agent **agent,
                                    struct kontor_error *error);
/*
 * Registers a session, claims, renews its lease at a third, and runs the callbacks
 * until stopped or refused; then waits for the callbacks that run. A lease is judged by
 * the monotonic clock from the moment its renewal was asked for: once it is over the
 * jobs are lost, and nothing but a late completion is said about them. When the broker
 * refuses what is said about a job for a whole lease, the session is given up with all
 * its jobs and another is opened. OK after a stop or max_jobs.
 */
enum kontor_status kontor_agent_run(struct kontor_agent *agent,
                                    struct kontor_error *error);
/* Ends the run once what was claimed is finished; with is_at_once its jobs are lost
 * now. Any thread; never blocks. */
void kontor_agent_stop(struct kontor_agent *agent, bool is_at_once);
/* After kontor_agent_run returned. Accepts NULL. */
void kontor_agent_free(struct kontor_agent *agent);

/* What is to be done: item, name, parameters, intent (the name the object must get),
 * what required items delivered. */
const Kontor__V1__ClaimedJob *kontor_job_claimed(const struct kontor_job *job);
/* The value of a parameter, or NULL. */
const Kontor__V1__Value *kontor_job_parameter(const struct kontor_job *job,
                                              const char *id);
/* How long new side effects may still begin; 0 = the lease is over, or a cancel was
 * accepted: stop. Grows with each renewal. */
int64_t kontor_job_remaining_ms(const struct kontor_job *job);
/*
 * A descriptor that becomes readable when the job is lost, when its cancel was
 * accepted, or, for assess, when there is nothing to decide any more: the callback is
 * to return soon. For poll. The job's own.
 */
int kontor_job_lost_fd(const struct kontor_job *job);
/* The object's id at the backend. false: out of memory. */
bool kontor_job_backend_id(struct kontor_job *job, const char *backend_id);
/* One thing the customer is told: not secret. false: out of memory. */
bool kontor_job_output(struct kontor_job *job, const char *id, const char *text);
/* An endpoint that carries the object, by its id. false: out of memory. */
bool kontor_job_endpoint(struct kontor_job *job, const char *endpoint);
/*
 * How the customer gets at it, such as an address with a password: sealed at once to
 * those the order names, and nothing else of it is kept; said again, the last counts.
 * At most about 15 KiB. FAILED_PRECONDITION{NOBODY_TO_SEAL_TO}: the order names nobody;
 * INVALID_ARGUMENT: too large, or a certificate of the order cannot be sealed to.
 */
enum kontor_status kontor_job_access(struct kontor_job *job, struct kontor_bytes plain,
                                     struct kontor_error *error);
/* Why it is not done, for RETRY, NEVER and NOBODY_KNOWS. false: out of memory. */
bool kontor_job_reason(struct kontor_job *job, const char *reason);
/* Tells the customer how it goes on; any may be NULL or 0. */
enum kontor_status kontor_job_report(struct kontor_job *job, const char *milestone,
                                     const char *note, int progress,
                                     struct kontor_error *error);

#include "kontor/calls.h"

#ifdef __cplusplus
}
#endif

#endif
