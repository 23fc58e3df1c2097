/*
 * A commit as streams send it: each change encoded once for each view, as the bytes of
 * a kontor.v1.RecordChange without `more`.
 *
 * Memory: counted references. Errors: a change that cannot be encoded is left out.
 * Threads: immutable once made.
 */
#ifndef KONTOR_SERVER_RPC_STREAM_CHANGE_H
#define KONTOR_SERVER_RPC_STREAM_CHANGE_H

#include <stdatomic.h>

#include <grpc/slice.h>

#include "store/store.h"

/* What a watcher gets of a change. */
enum stream_form { FORM_NONE, FORM_REDUCED, FORM_FULL, FORM_LEFT, N_FORMS };

struct stream_change {
    const struct kind *kind;
    const char *id;
    Kontor__V1__Change__Op op;
    char **scope;
    size_t n_scope;
    char **scope_was;
    size_t n_scope_was;
    grpc_slice forms[N_FORMS]; /* Empty where nobody can get it. */
};

struct stream_commit {
    atomic_int n_references;
    int64_t seq;
    uint32_t kinds; /* Bits of the kinds in it, by stream_kind_bit. */
    size_t size;    /* Bytes it takes in memory. */
    size_t n_changes;
    struct stream_change changes[];
};

/* A commit with one reference; changes of kinds nobody watches are left out. */
struct stream_commit *stream_commit_new(const Kontor__V1__Commit *commit);
void stream_commit_hold(struct stream_commit *commit);
/* Accepts NULL. */
void stream_commit_release(struct stream_commit *commit);
/* What these eyes get of a change. */
enum stream_form stream_form_of(const struct stream_change *change,
                                const struct scopes *scopes);
/* The bit of a kind of kind_table. */
uint32_t stream_kind_bit(const struct kind *kind);

#endif
