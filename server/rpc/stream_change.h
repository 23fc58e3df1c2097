/*
 * A commit as streams send it: each change encoded once for each view, as the bytes of
 * a kontor.v1.RecordChange without `more`.
 *
 * Memory: counted references. Errors: a change that cannot be encoded is left out.
 * Threads: immutable once made, but for the links of its ring.
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
    int64_t was; /* The revision it replaced; 0 = none. */
    char **scope;
    size_t n_scope;
    char **scope_was;
    size_t n_scope_was;
    int64_t created_at_ms;      /* Of the document; INT64_MIN = not known. */
    uint64_t hash;              /* stream_change_hash. */
    grpc_slice forms[N_FORMS];  /* Empty where nobody can get it by its own scope. */
    struct stream_change *next; /* The ring's, under its owner's lock. */
};

struct stream_commit {
    atomic_int n_references;
    int64_t seq;
    uint32_t kinds; /* Bits of the kinds in it, by stream_kind_bit. */
    size_t size;    /* Bytes it takes in memory. */
    size_t n_changes;
    struct stream_change changes[];
};

/* Scope strings with their first byte. */
struct stream_scope {
    char *const *strings;
    size_t n_strings;
};

/*
 * When the document of a change was first written, which the log does not say: asked
 * for changes of older documents, in the order of the commit. false: it cannot be told
 * now.
 */
typedef bool stream_created_fn(void *context, const struct stream_change *change,
                               int64_t seq, int64_t *created_at_ms);

/*
 * A commit with one reference; changes of kinds nobody watches are left out. NULL when
 * created answers false.
 */
struct stream_commit *stream_commit_new(const Kontor__V1__Commit *commit,
                                        stream_created_fn *created, void *context);
void stream_commit_hold(struct stream_commit *commit);
/* Accepts NULL. */
void stream_commit_release(struct stream_commit *commit);

/* A change as it stands in a commit: borrows its texts, has no forms. false: of a kind
 * nobody watches. */
bool stream_change_of(const Kontor__V1__Change *change, struct stream_change *out);
/* One form of a change, for the caller to unref; empty = damaged. change: made of
 * source, and its created_at_ms is set. */
grpc_slice stream_change_encode(const struct stream_change *change,
                                const Kontor__V1__Commit *commit,
                                const Kontor__V1__Change *source, enum stream_form form,
                                struct arena *arena);
/* The scope a version is seen by: that of what it deletes for a deletion. */
struct stream_scope stream_change_scope(const struct stream_change *change);
uint64_t stream_change_hash(const struct kind *kind, const char *id);

/* What these eyes get of a change by its own scope. */
enum stream_form stream_form_of(const struct stream_change *change,
                                const struct scopes *scopes);
/*
 * What they get of it when present is their view on the document as it stands now, or
 * on its last version: never more than that view shows. A record that is gone is told
 * to be gone whatever came after it.
 */
enum stream_form stream_form_lesser(const struct stream_change *change,
                                    enum stream_form form, enum view present);
/* The bit of a kind of kind_table. */
uint32_t stream_kind_bit(const struct kind *kind);

#endif
