/*
 * The method rows: the only registration of a call. What must never be forgotten is a
 * column.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_TABLE_H
#define KONTOR_SERVER_RPC_TABLE_H

#include "server/rpc/call.h"

/* Bidirectional is for reflection only; there are no client streams. */
enum row_kind { ROW_UNARY, ROW_SERVER_STREAM, ROW_BIDI };

/* Which bounded queue a call waits in. INLINE runs on the completion queue's thread. */
enum row_class { CLASS_INLINE, CLASS_READ, CLASS_WRITE, CLASS_ADMIN };
enum { N_ROW_CLASSES = CLASS_ADMIN + 1 };

/* A batch method: the frame runs its records in order, each its own decision, eid and
 * commit. */
struct row_batch {
    size_t (*count)(const void *request);
    /* decide with call->record set; the decision is COMMIT or REPLY (nothing to write;
     * reply is then NULL). */
    decide_fn decide;
    /* Notes one record's end. commit is NULL when nothing was written; status other
     * than OK: call->error says why. */
    void (*note)(struct call *call, const void *request, size_t record,
                 enum status status, const Kontor__V1__Commit *commit, void *reply);
    /* The empty reply the notes fill. */
    void *(*reply)(struct call *call, const void *request);
};

struct record;
struct stream_row;

struct row {
    const char *path; /* "/kontor.v1.CatalogueService/GetService". */
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *reply;
    enum row_kind kind;
    enum row_class klass;
    uint32_t roles;       /* Any of these may call. */
    uint32_t max_request; /* Bytes; 0 = 256 KiB. */
    int32_t timeout_ms;   /* When the caller sets none; 0 = 30 s. */
    bool is_mutation;
    decide_fn decide;
    answer_fn answer;
    const struct row_batch *batch;   /* Instead of decide and answer. */
    const struct record *record;     /* For the generic decide of record.h. */
    const struct stream_row *stream; /* Server streams (stream.h). */
    const char *eid_field; /* Field that is the idempotency key instead of request_id:
                              PlaceOrder's id. NULL = request_id. */
};

/* A service's rows, ended by a NULL path. */
struct service_rows {
    const char *service; /* "kontor.v1.CatalogueService". */
    const struct row *rows;
};

#endif
