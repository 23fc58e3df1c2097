/*
 * What the parts of the store share and callers do not see.
 *
 * Memory: a store owns its arena, a reader nothing but its connection. Errors: as
 * store.h. Threads: everything in struct store is constant once it is open, but for
 * what carries its own lock.
 */
#ifndef KONTOR_STORE_INNER_H
#define KONTOR_STORE_INNER_H

#include <stdatomic.h>

#include "store/backend.h"

struct committer;

struct store {
    struct store_options options;
    const struct backend *backend;
    void *db;
    struct arena *arena; /* Owns the path and the histories. */
    Kontor__V1__History **histories;
    size_t n_histories;
    int64_t oldest; /* Position of the base; 0: the log is whole. */
    struct failure failure;
    _Atomic int64_t applied;
    _Atomic bool is_away;
    _Atomic bool was_away;       /* What was told last. */
    struct committer *committer; /* NULL when read-only or under maintenance. */
};

struct store_reader {
    struct store *store;
    void *reader;
    bool is_through; /* Reads through the committer's open batch; begin and end do
                        nothing. */
    bool is_begun;
    int64_t applied; /* While begun. */
};

/* How store_inner_open differs from store_open. */
struct store_mode {
    bool is_maintenance; /* No committer is started. */
    bool is_rebuilding;
    struct store_faults faults;
};

enum status store_inner_open(const struct store_options *options,
                             const struct store_mode *mode, struct store **store,
                             char *error, size_t error_size) MUST_CHECK;

/* Runs a work of maintenance in one batch: all of it stands, or none as far as the
 * backend can undo it. */
enum status store_in_batch(struct store *store, enum status (*fill)(void *context),
                           void *context) MUST_CHECK;
/* Notes whether the store answers; any thread. */
void store_set_away(struct store *store, bool is_away);
/* A commit out of its stored bytes; DATA_LOSS. */
enum status store_unpack(struct store *store, const struct log_entry *entry,
                         struct arena *arena, Kontor__V1__Commit **commit) MUST_CHECK;
/* When an entry of the log was committed, without unpacking it. */
int64_t store_entry_time_ms(struct bytes body);
/* Milliseconds of a timestamp; NULL = 0. */
int64_t store_time_ms(const Google__Protobuf__Timestamp *time);
/* A timestamp in the arena. */
Google__Protobuf__Timestamp *store_timestamp(int64_t time_ms, struct arena *arena);
/* OUT_OF_RANGE for a position above applied, before the oldest one that can be served,
 * or in a gap between histories. */
enum status store_position(const struct store *store, int64_t position,
                           int64_t applied) MUST_CHECK;
/* Whose eyes look, and when. */
struct look {
    const struct kind *kind;
    const struct scopes *scopes; /* NULL: everything. */
    int64_t as_of;               /* 0 = now. */
};

/*
 * Makes what follows one snapshot, unless it is one already, and judges that the kind
 * can be read as of a position; *is_own: the caller ends it.
 */
enum status store_snapshot(struct store_reader *reader, const struct kind *kind,
                           int64_t as_of, bool *is_own) MUST_CHECK;
/* The position a read looks back to: as_of, or that of the reader's snapshot where the
 * backend has none; 0 = now. */
int64_t store_pin(const struct store_reader *reader, const struct kind *kind,
                  int64_t as_of);
/*
 * The version of a document that a look sees, until INT64_MAX for the present one, and
 * the view; NOT_FOUND for unknown and invisible alike.
 */
enum status store_version(struct store_reader *reader, const struct look *look,
                          const char *id, struct arena *arena, struct version *version,
                          enum view *view) MUST_CHECK;
/* A version as a reader sees it. */
void store_document(const struct kind *kind, const struct version *version,
                    enum view view, struct document *out);

#endif
