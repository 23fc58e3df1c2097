/*
 * What a backend of the store must do: one vtable a backend. Everything about deciding,
 * chaining, paging and views is above it, so that callers cannot tell which backend is
 * behind store.h.
 *
 * Memory: what is read lives in the arena it was given; what is written is the caller's
 * until the call returns. Errors: UNAVAILABLE (cannot be read or written now),
 * DATA_LOSS (damaged), NOT_FOUND where said; the text goes to the failure given at
 * open. An unknown outcome of a commit never returns: the process ends. Threads: a
 * reader belongs to one thread at a time; the writing functions and the writer's reader
 * to the committer.
 */
#ifndef KONTOR_STORE_BACKEND_H
#define KONTOR_STORE_BACKEND_H

#include <stdatomic.h>

#include "store/failure.h"
#include "store/store.h"

/* The reserved scope string under which an index lists every document. */
#define SCOPE_ALL "!"

/* Ways to break the store's promises on purpose: its tests must notice each. All zero
 * in the broker. */
struct store_faults {
    bool answers_before_commit; /* done is called before the batch is durable. */
    bool skips_sync;            /* The backend does not wait for the disk. */
    int64_t max_pages;          /* The file may not grow beyond this; 0 = no limit. */
    int checkpoint_pages;       /* Checkpoints come this often; 0 = as usual. */
    bool reads_unsettled;       /* What no majority has is read as if it stood. */
    bool fails_in_doubt;        /* An append in doubt is told as failed. */
};

struct backend_open {
    const char *path;
    const struct kind *kinds;
    size_t n_kinds;
    bool is_read_only;
    const char *secret_file; /* Of the password; NULL or "" = there is none. */
    bool is_maintenance;     /* Nobody else may be at it. */
    bool is_rebuilding; /* Documents of another shape are no reason to refuse: they are
                           made anew. */
    struct store_faults faults;
    struct failure *failure; /* Outlives the backend. */
    /* To be called by whoever finds that the store does not answer, on any thread. */
    void (*gone)(void *context);
    void *gone_context;
    const _Atomic bool *is_away; /* Set by gone;
                                cleared by the committer. Outlives the backend. */
};

/* One version of a document, valid for [seq, until). */
struct version {
    const char *id;
    int64_t seq;
    int64_t until; /* INT64_MAX for the present one. */
    int64_t at_ms;
    int64_t created_at_ms;
    char **scope;
    size_t n_scope;
    struct store_value values[KIND_MAX_DECLARED];
    struct bytes w, x; /* Empty in a head. */
};

/* One entry of the log as it is stored. */
struct log_entry {
    int64_t seq;
    struct bytes body; /* An encoded Commit. */
};

/* Where a document stands in an index. */
struct key {
    struct store_value columns[KIND_MAX_COLUMNS];
    const char *id;
};

/* A run of keys of one index in its order, exclusive of after. */
struct stream {
    const struct kind *kind;
    const struct kind_index *index; /* NULL = by id. */
    bool is_past; /* Versions of the past valid at as_of, of any scope. */
    const char
        *scope; /* Present only: without its first byte; SCOPE_ALL = every document. */
    const struct store_value *equal; /* Values of the first columns. */
    size_t n_equal;
    bool has_high;    /* Whether high counts. */
    struct key high;  /* Bound of the first column that is not equal, exclusive; by id:
                         of the id. */
    struct key after; /* The columns after the equal ones, and the id; exclusive. */
    int64_t as_of;    /* Past only. */
};

/* Rows of a kind, for verification. */
struct backend_counts {
    int64_t present;
    int64_t past;
    int64_t keys[KIND_MAX_INDEXES + 1]; /* Of each index, -1 = they are the server's to
                                           keep; the last is the one by id. */
};

struct backend {
    const char *name;
    /* Readers see one snapshot between begin and end. Without, a version newer than
     * the snapshot may be met, and the past says what was there. */
    bool has_snapshots;
    /* Documents are written behind the log, which others may append to: the committer
     * follows it. Then written, reached and is_shared are there. */
    bool is_followed;

    enum status (*open)(const struct backend_open *open, void **db);
    void (*close)(void *db);

    enum status (*reader_open)(void *db, void **reader);
    void (*reader_close)(void *reader);
    /* The reader that sees the open batch. */
    void *(*writer)(void *db);
    enum status (*begin)(void *reader);
    void (*end)(void *reader);

    /* The last position; 0 = the log is empty. */
    enum status (*tail)(void *reader, int64_t *seq);
    /* The first entry after a position, the last one up to a position, the one of an
     * eid; NOT_FOUND. */
    enum status (*log_after)(void *reader, int64_t seq, struct arena *arena,
                             struct log_entry *out);
    enum status (*log_until)(void *reader, int64_t seq, struct arena *arena,
                             struct log_entry *out);
    enum status (*log_by_eid)(void *reader, const uint8_t *eid, struct arena *arena,
                              struct log_entry *out);
    enum status (*histories)(void *reader, struct arena *arena,
                             Kontor__V1__History ***histories, size_t *n);
    enum status (*soft_get)(void *reader, const char *key, int64_t *value);

    /* The present version whole, or without w and x; NOT_FOUND. */
    enum status (*present)(void *reader, const struct kind *kind, const char *id,
                           struct arena *arena, struct version *out);
    enum status (*head)(void *reader, const struct kind *kind, const char *id,
                        struct arena *arena, struct version *out);
    /* The newest past version whose seq is at most this; NOT_FOUND. */
    enum status (*past)(void *reader, const struct kind *kind, const char *id,
                        int64_t seq, struct arena *arena, struct version *out);
    /* Up to *n keys of a stream; *n becomes how many there were. */
    enum status (*keys)(void *reader, const struct stream *stream, struct arena *arena,
                        struct key *keys, size_t *n);
    /* Whether an index lists a version under a string; NOT_FOUND. */
    enum status (*has_key)(void *reader, const struct kind *kind,
                           const struct kind_index *index,
                           const struct version *version, const char *scope);
    enum status (*counts)(void *reader, const struct kind *kind,
                          struct backend_counts *out);
    /* Judges the file itself; DATA_LOSS. */
    enum status (*check)(void *reader);

    enum status (*batch_begin)(void *db);
    /* These works are about to be run through the open batch: what they will ask for
     * may be read ahead. NULL: nothing is. */
    void (*expect)(void *db, struct work *const *works, size_t n_works);
    /* What is known by heart of this key, and from earlier batches of documents, counts
     * no more; false: nothing was. NULL: nothing ever is. */
    bool (*doubt)(void *db, const uint8_t *eid);
    /*
     * OK: the batch is durable, its documents too, and every snapshot begun from then
     * on sees all of it: store_applied moves next. ABORTED, of a followed backend: the
     * first *n_stood entries stand in the log, the others do not, for somebody else has
     * their places; documents come by following. DEADLINE_EXCEEDED: it is not known
     * what stands; it is to be called again until it is. Else nothing of the batch
     * stays. n_stood may be NULL: maintenance has nobody to tell in part.
     */
    enum status (*batch_commit)(void *db, size_t *n_stood);
    void (*batch_abort)(void *db);
    enum status (*append)(void *db, int64_t seq, const uint8_t *eid, struct bytes body);
    /* Replaces old (NULL: there was none) by next (NULL: it is removed) at seq. old
     * needs no w and x. */
    enum status (*write)(void *db, const struct kind *kind, const struct version *old,
                         const struct version *next, int64_t seq);
    enum status (*soft_put)(void *db, const char *key, int64_t value);
    enum status (*history_put)(void *db, const Kontor__V1__History *history);
    /* Inside a batch: empties everything that is made from the log. */
    enum status (*clear_documents)(void *db);
    /* What can wait until the callers were answered. */
    void (*settle)(void *db);

    /* Of a followed backend: a position up to which all documents are known to be
     * written. */
    enum status (*written)(void *reader, int64_t *seq);
    /* The position of the last change that was written of a document, its removal
     * included; 0 = none. */
    enum status (*reached)(void *reader, const struct kind *kind, const char *id,
                           int64_t *seq);
    /* Whether others may append, too. */
    bool (*is_shared)(void *db);

    /*
     * ---- Erasing: maintenance only. ----
     *
     * A backend whose batches can be broken off half done writes in the order it is
     * asked: bodies first, then the past, then the remark that is appended. An erasure
     * that is repeated finds the rest and ends it.
     */
    /* Inside a batch: another body for the entry at seq; its position and its eid stay.
     * NOT_FOUND. */
    enum status (*log_replace)(void *db, int64_t seq, struct bytes body);
    /* Inside a batch: removes the past versions of a document whose seq is at most
     * this; it may be asked for again when none is left. Only for kinds with history.
     */
    enum status (*forget)(void *db, const struct kind *kind, const char *id,
                          int64_t seq);
    /*
     * After such a batch, outside of any: what was replaced or removed is gone from the
     * backend's files as well, free pages and write-ahead logs included, as far as that
     * is its own to say. UNAVAILABLE: not yet, and everything else is as before.
     */
    enum status (*scrub)(void *db);
    /* Where the journal of erasures lies when no setting says: a file beside the
     * store's own, in the arena; NULL: there is no such place. */
    const char *(*journal)(void *db, struct arena *arena);

    /*
     * ---- Trimming: maintenance only. ----
     *
     * A base is a head and documents, all kept as the bytes they were given. What is
     * put and removed in a batch makes the base the next base_set names: it counts from
     * the end of that batch on, whole, and the one before counts until then. The
     * writer's reader sees it being made.
     */
    /* The head of the newest base, an encoded Base; NOT_FOUND: the log is whole. */
    enum status (*base)(void *reader, struct arena *arena, struct bytes *body);
    /* An encoded BaseDocument: the one of a kind and an id, or the first behind both by
     * the bytes of kind, then of id ("" and "": the very first); NOT_FOUND. */
    enum status (*base_get)(void *reader, const char *kind, const char *id,
                            struct arena *arena, struct bytes *body);
    enum status (*base_next)(void *reader, const char *kind, const char *id,
                             struct arena *arena, struct bytes *body);
    /* Inside a batch: in the place of what was there; one that is not there is no
     * error. */
    enum status (*base_put)(void *db, const char *kind, const char *id,
                            struct bytes body);
    enum status (*base_remove)(void *db, const char *kind, const char *id);
    enum status (*base_set)(void *db, struct bytes body);
    /* Inside a batch, after base_set: removes the entries of the log up to a position,
     * their eids with them, and the past versions whose until is at most that. Broken
     * off, it may be repeated. */
    enum status (*trim)(void *db, int64_t seq);
};

extern const struct backend backend_sqlite, backend_mongo;

#endif
