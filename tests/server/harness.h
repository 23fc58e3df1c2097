/*
 * A broker without gRPC for tests of handlers: a temporary SQLite store, workers, a
 * clock that moves only when told, seeded randomness.
 *
 *     struct harness *h = harness_open(&(struct harness_options){.services =
 * services}); const struct principal *who = harness_principal(h, "coast/op",
 * ROLE_BIT(OPERATOR), "r:coast", NULL); Kontor__V1__Provider *provider; struct error
 * error; assert_int_equal(harness_call(h, who,
 * "/kontor.v1.CatalogueService/GetProvider", &request, (void **)&provider, &error),
 * STATUS_OK); harness_close(h);
 *
 * Memory: all that is answered lives in harness->arena, until harness_close.
 * Errors: what cannot go wrong fails the test. Threads: the test's own.
 */
#ifndef KONTOR_TESTS_SERVER_HARNESS_H
#define KONTOR_TESTS_SERVER_HARNESS_H

#include "server/broker.h"
#include "server/rpc/dispatch.h"

#define HARNESS_NOW_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z. */

struct harness_options {
    const struct service_rows *const *services; /* NULL-ended. */
    bool is_real_time;
    int64_t wall_ms;  /* Virtual time at the start; 0 = HARNESS_NOW_MS. */
    size_t n_workers; /* 0 = 2. */
    size_t queue_length;
    const char *parent; /* Where the store's directory is made; NULL = /tmp. */
};

struct harness {
    struct arena *arena;
    struct clock clock;   /* Virtual, unless the options say otherwise. */
    struct random random; /* Seeded. */
    struct broker broker; /* home = "home"; search, identity and settings are NULL: set
                             them before the first call. */
    struct dispatch *dispatch;
    const struct service_rows *const *services;
    struct harness_options options;
    char *directory;  /* Of the store; removed at the end. */
    int64_t last_seq; /* Trailing kontor-seq of the last call waited for. */
};

struct harness *harness_open(const struct harness_options *options);
/* Waits for the calls in flight; parked ones end with DRAINING. */
void harness_close(struct harness *harness);
/* Ends the broker and begins it again on the same store; whatever else stands on the
 * dispatch is gone before. */
void harness_restart(struct harness *harness);

/* A principal with these roles (ROLE_BIT) and scope strings, NULL-ended. Its registry
 * is the first segment of its id. */
const struct principal *harness_principal(struct harness *harness, const char *id,
                                          uint32_t roles, ...)
    __attribute__((sentinel));

/*
 * Calls and waits. request is the row's message. OK: *reply is the row's reply. Else
 * *error is what the client would see. reply and error may be NULL.
 */
enum status harness_call(struct harness *harness, const struct principal *who,
                         const char *path, const void *request, void **reply,
                         struct error *error);
/* As harness_call with the bytes of a request, well-formed or not. */
enum status harness_call_bytes(struct harness *harness, const struct principal *who,
                               const char *path, struct bytes bytes, void **reply,
                               struct error *error);

/* A call that goes on meanwhile. */
struct harness_call;
struct harness_call *harness_start(struct harness *harness, const struct principal *who,
                                   const char *path, const void *request);
/* As harness_start, with a deadline and a position to wait for (0 = none). */
struct harness_call *harness_start_with(struct harness *harness,
                                        const struct principal *who, const char *path,
                                        const void *request, int64_t deadline_ms,
                                        int64_t min_seq);
/* Waits for its end, once. */
enum status harness_wait(struct harness *harness, struct harness_call *call,
                         void **reply, struct error *error);
bool harness_is_done(struct harness_call *call);
void harness_cancel(struct harness_call *call);
/* Waits until so many calls are parked. */
void harness_wait_parked(struct harness *harness, size_t n);

/* Moves virtual time forward and lets timers that came due fire. */
void harness_advance(struct harness *harness, int64_t ms);

/* Writes a document straight into the store, whatever stood there. Scope strings with
 * their first byte, NULL-ended. Answers its revision. */
int64_t harness_seed(struct harness *harness, const struct kind *kind, const char *id,
                     const ProtobufCMessage *record, ...) __attribute__((sentinel));
/* Removes a document straight from the store, if it is there. */
void harness_remove(struct harness *harness, const struct kind *kind, const char *id);
/* A document as it stands, whoever asks. */
enum status harness_get(struct harness *harness, const struct kind *kind,
                        const char *id, struct document *out);
/* As harness_get, unpacked with its envelope; fails the test when there is none. */
void *harness_record(struct harness *harness, const struct kind *kind, const char *id);
/* The row of a path; fails the test when there is none. */
const struct row *harness_row(struct harness *harness, const char *path);
/* Value an error mentions; "" = it does not. */
const char *harness_value(const struct error *error, const char *key);
/* Whether an error names a wrong field by this path. */
bool harness_has_fault(const struct error *error, const char *path);

#endif
