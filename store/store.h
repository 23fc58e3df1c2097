/*
 * The store: one append-only log, and the documents it makes. The same behaviour over
 * every backend.
 *
 * Memory: what a read returns lives in the arena it was given; what is submitted stays
 * the submitter's until done is called. Errors: STATUS_NOT_FOUND, INVALID_ARGUMENT (a
 * bad page token), OUT_OF_RANGE (a position that cannot be served), UNAVAILABLE (the
 * store is away), RESOURCE_EXHAUSTED (its queue is full), DATA_LOSS (damaged file). The
 * store never logs; store_failure says more. Threads: a reader belongs to one thread at
 * a time; the other functions may be called from any.
 */
#ifndef KONTOR_STORE_STORE_H
#define KONTOR_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kontor/v1/commit.pb-c.h"
#include "proto/arena.h"
#include "proto/bytes.h"
#include "proto/status.h"
#include "store/kind.h"

enum store_limits {
    STORE_MAX_SCOPE = 132,      /* Scope strings of a document. */
    STORE_MAX_CHANGES = 320,    /* Changes of a commit: an order of 64 items with all
                                   that lives by them makes 257. */
    STORE_MAX_CHECKS = 320,     /* Checks of a commit. */
    STORE_MAX_COMMIT = 1 << 20, /* Bytes of an encoded commit. */
    STORE_BATCH_COMMITS = 64,   /* Commits of a batch. */
    STORE_EID_SIZE = 16,        /* Bytes of an idempotency key. */
    STORE_HASH_SIZE = 32,       /* Bytes of a hash. */
};

struct store;
struct store_reader;

/* How to open a store. */
struct store_options {
    const char *uri;           /* "sqlite:PATH", a plain path, or "mongodb://...". */
    const char *secret_file;   /* Of the password to a server; NULL or "" = none. */
    const struct kind *kinds;  /* Ended by a NULL name; kind_table for the broker. */
    bool is_read_only;         /* For --check: nothing is written, no lock is taken. */
    size_t queue_length;       /* Works that may wait for the committer; 0 = 4096. */
    int64_t (*now_ms)(void *); /* The wall clock, milliseconds since 1970. */
    void *now_context;         /* Handed to now_ms. */
    void (*random)(void *, void *buffer, size_t size); /* Source of salts. */
    void *random_context;                              /* Handed to random. */
    /* Hears that the store went away, on any thread, or came back, on the committer's;
     * it must be short and not call the store but for store_failure. NULL: nobody
     * does. */
    void (*away)(void *context, bool is_away);
    void *away_context;  /* Handed to away. */
    const char *journal; /* The file erasures are written down in; NULL: beside the
                            store, where that is a file. */
    /* What maintenance came across and an operator should know, one line at a time; may
     * be NULL. */
    void (*tell)(void *context, const char *line);
    void *tell_context; /* Handed to tell. */
};

/* ---- Scope ---- */

/* Whose eyes: a caller's scope strings without the first byte; "*" is implied. */
struct scopes {
    const char *const *strings;
    size_t n_strings; /* Up to 65: 64 of a record and its own. */
};

/* What of a document somebody sees. */
enum view { VIEW_NONE, VIEW_REDUCED, VIEW_FULL };

/* The view that scopes give on a document with these scope strings; NULL scopes see
 * everything. */
enum view store_view(const struct scopes *scopes, char *const *scope, size_t n_scope);

/* ---- Reading ---- */

/* A document as it is stored. */
struct document {
    const struct kind *kind;
    const char *id;
    int64_t revision;      /* Position of the commit that wrote this version. */
    int64_t created_at_ms; /* When its first version was written. */
    int64_t updated_at_ms; /* When this version was written. */
    char **scope;          /* NULL for guards. */
    size_t n_scope;
    enum view view; /* What the reader may see: never NONE. */
    struct bytes w; /* Wire bytes of the fields the reduced view shows. */
    struct bytes x; /* Wire bytes of the rest; empty in the reduced view. */
};

/* A reader for one thread. Close it before the store. */
enum status store_reader_open(struct store *store,
                              struct store_reader **reader) MUST_CHECK;
/* Accepts NULL. */
void store_reader_close(struct store_reader *reader);
/* Whether this is the committer's, which reads through its open batch: nothing else is
 * as new. */
bool store_is_at_tail(const struct store_reader *reader);
/* Reads until store_end come from one snapshot. Answers the applied position of that
 * snapshot. */
enum status store_begin(struct store_reader *reader, int64_t *applied) MUST_CHECK;
void store_end(struct store_reader *reader);

/*
 * One document in the view that scopes give (NULL: everything), as of a position (0:
 * now). NOT_FOUND for unknown and invisible alike. OUT_OF_RANGE for a position above
 * applied, in a gap between histories or before store_oldest. Kinds without history
 * answer FAILED_PRECONDITION for as_of.
 */
enum status store_get(struct store_reader *reader, const struct kind *kind,
                      const char *id, const struct scopes *scopes, int64_t as_of,
                      struct arena *arena, struct document *out) MUST_CHECK;

/* One value of a declared field. */
struct store_value {
    const char *text; /* For DECLARED_TEXT. */
    int64_t integer;  /* For the other types. */
};

/* A search by an index: equal values for its first columns, then a half-open range of
 * the next. */
struct find {
    const struct kind *kind;
    const char *index;           /* Name; NULL = by id. */
    const struct scopes *scopes; /* NULL: everything. */
    const char *within; /* Only documents that carry this string of scope, too (without
                           its first byte; with scopes only); NULL = all. */
    struct store_value equal[KIND_MAX_COLUMNS];
    size_t n_equal;
    bool
        has_range; /* Whether low and high count; only for an integer or time column. */
    int64_t low, high;  /* low <= column < high. */
    const char *prefix; /* By id only: ids equal to prefix or beginning with prefix and
                           "/"; NULL = all. */
    size_t limit;       /* Documents of a page, 1 to 500. */
    const char *token;  /* From the page before; NULL or "" = the first. */
    int64_t as_of;      /* 0 = now. */
};

/* A page of documents. */
struct page {
    struct document *documents;
    size_t n_documents;
    const char *next_token; /* "" = the last page. */
};

/* A page of documents. A token of another search is INVALID_ARGUMENT. */
enum status store_find(struct store_reader *reader, const struct find *find,
                       struct arena *arena, struct page *out) MUST_CHECK;

/*
 * Commits after a position, oldest first, until max_commits or max_bytes (at least one
 * commit). OUT_OF_RANGE when the position lies in a gap between histories, above the
 * end or before store_oldest; at the end: OK and none.
 */
enum status store_log_read(struct store_reader *reader, int64_t after,
                           size_t max_commits, size_t max_bytes, struct arena *arena,
                           Kontor__V1__Commit ***commits, size_t *n_commits) MUST_CHECK;
/* The last position at or before a time; 0 = none. OUT_OF_RANGE: it lies before the
 * oldest one. */
enum status store_seq_at(struct store_reader *reader, int64_t time_ms,
                         int64_t *seq) MUST_CHECK;
/* When the last commit at or before a position was made, of a trimmed log its base as
 * well; NOT_FOUND: there is none. */
enum status store_time_at(struct store_reader *reader, int64_t seq,
                          int64_t *time_ms) MUST_CHECK;
/* The histories, oldest first. */
enum status store_histories(struct store_reader *reader, struct arena *arena,
                            Kontor__V1__History ***histories,
                            size_t *n_histories) MUST_CHECK;
/* A number kept outside the log; NOT_FOUND when it is not there. */
enum status store_soft_get(struct store_reader *reader, const char *key,
                           int64_t *value) MUST_CHECK;

/*
 * Up to where documents are written, durable and seen by every snapshot begun from now
 * on; from any thread, never blocks. A snapshot may already be ahead of it, so what is
 * read is labelled with the position store_begin answers, never with this one.
 */
int64_t store_applied(const struct store *store);

/*
 * The oldest position that can be served: that of the base once the log was trimmed, 0
 * for a whole log. Never changes while the store is open; any thread.
 */
int64_t store_oldest(const struct store *store);
/* What a trimmed log begins with; NOT_FOUND: the log is whole. */
enum status store_base(struct store_reader *reader, struct arena *arena,
                       Kontor__V1__Base **base) MUST_CHECK;
/* Its documents behind a kind and an id ("" and "": the first), in their order, until
 * max_bytes (at least one); none at the end, and for a whole log. */
enum status store_base_read(struct store_reader *reader, const char *kind,
                            const char *id, size_t max_bytes, struct arena *arena,
                            Kontor__V1__BaseDocument ***documents,
                            size_t *n_documents) MUST_CHECK;

/* ---- Writing ---- */

/* One document to be written. */
struct draft_change {
    const struct kind *kind;
    const char *id;
    Kontor__V1__Change__Op op;
    int64_t was;  /* The revision the decision rested on; 0 = there is none. NOTE: the
                     present one, or 0 = not judged. */
    char **scope; /* As in Change.scope; none for guards and DELETE. */
    size_t n_scope;
    struct bytes
        doc; /* Wire bytes without fields 1 to 4; the store splits them into w and x. */
};

/* One document a decision rested on. */
struct draft_check {
    const struct kind *kind;
    const char *id;
    int64_t revision; /* 0 = it must not exist. */
};

/* One number outside the log, written with the batch. */
struct draft_soft {
    const char *key;
    int64_t value; /* INT64_MIN removes it. */
};

/* A commit to be. Without changes only its soft numbers are written and there is no
 * commit. */
struct draft {
    uint8_t eid[STORE_EID_SIZE]; /* All zero: the store takes a random one. It may be
                                    set before the work is decided: a known one is
                                    answered without deciding. */
    uint8_t request[STORE_HASH_SIZE];
    bool has_request; /* Whether request counts. */
    const char *actor;
    int64_t at_ms; /* The decision's now; the commit's at is the store's own clock. */
    struct draft_check *checks;
    size_t n_checks;
    struct draft_change *changes;
    size_t n_changes;
    struct draft_soft *softs;
    size_t n_softs;
};

/* How a work ended. */
struct outcome {
    enum status status; /* OK; what decide answered; ABORTED (was of a caller's own),
                           INVALID_ARGUMENT (the eid was used with another request),
                           RESOURCE_EXHAUSTED (over a limit of store_limits), INTERNAL
                           (a draft that breaks the rules of this header), UNAVAILABLE
                           (nothing of the batch was written: a full disk, say),
                           DATA_LOSS (what it rests on is damaged), DEADLINE_EXCEEDED
                           (the broker stopped before it was known whether it was
                           written). */
    const Kontor__V1__Commit
        *commit; /* The commit; for a replay the first one; NULL without changes or on
                    failure. Valid during done. */
    bool is_replay;    /* The eid was known. */
    bool is_contended; /* ABORTED because other brokers were faster again and again. */
};

/*
 * One thing for the committer to do. decide is run by the committer, reading through
 * the open batch, when the work was not decided yet or its draft no longer holds; it
 * must leave the draft of its answer in work->draft, or none (n_changes and n_softs 0)
 * to end with OK and no commit. done is called once, after the batch is durable, on the
 * committer's thread: it must be short.
 */
struct work {
    enum status (*decide)(struct work *work, struct store_reader *reader);
    void (*done)(struct work *work, const struct outcome *outcome);
    struct draft draft;
    bool is_decided;   /* The draft is there: judge it before deciding again. */
    bool is_bulk;      /* Takes at most a quarter of a batch while others wait. */
    struct work *next; /* The store's. */
    unsigned n_lost;   /* The store's: batches that others came before. */
};

/* Queues a work. RESOURCE_EXHAUSTED: the queue is full; UNAVAILABLE: the store is
 * closing, or away: nothing waits for it to come back. Then done is not called. */
enum status store_submit(struct store *store, struct work *work) MUST_CHECK;

/*
 * Looks an eid up: NOT_FOUND, or OK and its commit in the arena.
 */
enum status store_by_eid(struct store_reader *reader, const uint8_t eid[STORE_EID_SIZE],
                         struct arena *arena, Kontor__V1__Commit **commit) MUST_CHECK;

/*
 * Called on the committer's thread for every durable commit after the position that is
 * answered, in order. At most 8 listeners. Other brokers may append before the first is
 * there, so that it begins with that position and not with store_applied.
 *
 * Positions move in one order, which is all there is to being up to date: the batch is
 * durable and can be read, store_applied says so, the listeners hear of each of its
 * commits, its works are done. So a listener reads at least what it hears of, and who
 * was answered finds every listener told; but who sees store_applied may not yet. What
 * a listener keeps for others therefore goes out under the last position that listener
 * was told of, never under store_applied.
 */
int64_t store_listen(struct store *store,
                     void (*listener)(void *context, const Kontor__V1__Commit *commit),
                     void *context);

/* ---- Life ---- */

/* Opens or creates a store and starts its committer. On failure error (at least 256
 * bytes) says what and the cure. */
enum status store_open(const struct store_options *options, struct store **store,
                       char *error, size_t error_size) MUST_CHECK;
/* Ends the committer after what is queued, closes. Accepts NULL. */
void store_close(struct store *store);
/* Backend's name, such as "sqlite". */
const char *store_backend(const struct store *store);
/* Whether the store does not answer at the moment: changes are refused, reads fail. */
bool store_is_away(const struct store *store);
/* What went wrong last below the store, one line, cut to size; "" = nothing. Any
 * thread. */
void store_failure(struct store *store, char *text, size_t size);

/* ---- Maintenance; no committer may run meanwhile ---- */

/* Judges the whole log from its base on: chain, density, digests. Answers the last good
 * position. */
enum status store_verify(struct store *store, int64_t *verified, char *error,
                         size_t error_size) MUST_CHECK;
/* Makes every document anew from the log, then judges the whole store as store_verify
 * does: OK only for one that is good. DATA_LOSS: what is damaged is not the documents.
 */
enum status store_rebuild(const struct store_options *options, char *error,
                          size_t error_size) MUST_CHECK;
/* What is to be erased, and what came of it. */
struct store_erasure {
    const char *kind;
    const char *id;     /* Never a person's data: it stays. */
    const char *reason; /* Stays in the log: 1 to 4096 bytes. */
    int64_t n_erased;   /* Versions and remarks that lost their content. */
    int64_t seq;        /* Of the remark about it; 0 = there was nothing to erase. */
};
/*
 * Takes the content out of all versions of a document before its present one, and of
 * the remarks on them; of all when it was deleted. The present version stays, and the
 * chain of hashes. First the journal says so, which a restore goes by; then the log
 * does. An erasure that was broken off is ended by repeating it. NOT_FOUND: nothing is
 * known of such a document; INVALID_ARGUMENT: no such kind, or a reason that cannot be;
 * FAILED_PRECONDITION: no place for a journal.
 */
enum status store_erase(const struct store_options *options,
                        struct store_erasure *erasure, char *error,
                        size_t error_size) MUST_CHECK;
/* Up to where to trim, and what came of it. */
struct store_trim {
    int64_t up_to; /* Commits up to here go; below the newest one. */
    int64_t seq;   /* The last one that went: the oldest position from now on. */
    int64_t n_commits;
    int64_t n_documents; /* Of the base. */
};
/*
 * Writes a base, every document as it was at a position, and removes the commits up to
 * it, their idempotency keys and the versions that ended there. Judges the whole store
 * before: what is gone cannot be judged. OUT_OF_RANGE: there is no such commit, or it
 * is the newest one; DATA_LOSS: the store is damaged, and nothing was trimmed.
 */
enum status store_trim(const struct store_options *options, struct store_trim *trim,
                       char *error, size_t error_size) MUST_CHECK;
/*
 * Fills an empty store from an export file (ExportRecord messages,
 * varint-length-prefixed) and begins a new history: its first seq is max(seconds since
 * 1970 * 2^20, highest seq known) + 2^20. What the journal lists is erased again, but
 * what is the present version again: that is told. The broker moves every claimed item
 * to recovery before it is ready.
 */
enum status store_restore(const struct store_options *options, const char *path,
                          char *error, size_t error_size) MUST_CHECK;

#endif
