/*
 * A broker for tests: real gRPC, real mutual TLS, but a handler of the test answers. A
 * forwarder of bytes stands before it, so that a test can cut connections whenever it
 * likes.
 *
 * Memory: fake_start and fake_stop; a call lives until its handler returns. Errors:
 * abort, with a line that says why. Threads: each call has a thread of its own, so a
 * handler may block.
 */
#ifndef KONTOR_TESTS_CLIENT_FAKE_H
#define KONTOR_TESTS_CLIENT_FAKE_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "client/kontor.h"

#define assert_contains(text, part) assert_non_null(strstr(text, part))

struct fake;

struct fake_call {
    struct fake *fake;
    const char *path;          /* "/kontor.v1.RegistryService/WhoAmI" */
    ProtobufCMessage *request; /* Of the method's input type. */
    long min_seq;              /* kontor-min-seq; 0 = not sent. */
    struct fake_wire *wire;
};

/* Answers one call with the functions below; returning without an answer leaves it to
 * be cancelled. */
typedef void (*fake_handler)(struct fake_call *call, void *context);

struct fake *fake_start(fake_handler handler, void *context);
void fake_stop(struct fake *fake);
/* Where and as whom to connect; the texts live as long as the fake. */
struct kontor_options fake_options(const struct fake *fake);
/* Connects, or fails the test. */
struct kontor *fake_connect(const struct fake *fake);
/* The directory with ca.pem, client.pem, client.key. */
const char *fake_certificates(const struct fake *fake);

/* Answers a unary call. */
void fake_reply(struct fake_call *call, const ProtobufCMessage *reply);
/* Ends a call with an error as the broker makes it. reason may be NULL: then there are
 * no details. */
void fake_fail(struct fake_call *call, enum kontor_status status, const char *reason,
               const char *text);
/* The same with RetryInfo, one violation and one value. */
void fake_fail_fully(struct fake_call *call, enum kontor_status status,
                     const char *reason, const char *text, long retry_ms);
/* Ends a call with a status and these bytes as its details. */
void fake_fail_raw(struct fake_call *call, enum kontor_status status,
                   const void *details, size_t size);
/* Answers with these bytes as the message. */
void fake_reply_raw(struct fake_call *call, const void *bytes, size_t size);
/* Sends one message of a stream; false: the client is gone. */
bool fake_send(struct fake_call *call, const ProtobufCMessage *message);
/* Ends a stream with OK. */
void fake_end(struct fake_call *call);
/* Waits until the client is gone. */
void fake_wait_gone(struct fake_call *call);
/*
 * What was written before is seen by calls that come, and what calls wrote before they
 * answered is seen after. gRPC itself sees to that, but a thread sanitizer cannot look
 * into it.
 */
void fake_sync(struct fake *fake);
/* Waits until no call is being handled. */
void fake_settle(struct fake *fake);
/* Waits until no call is being handled. */
void fake_settle(struct fake *fake);
/* Cuts every connection now. */
void fake_cut(struct fake *fake);

#endif
