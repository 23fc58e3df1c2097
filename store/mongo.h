/*
 * The MongoDB backend: the log is one collection of inserts, documents follow it.
 *
 *   log        {_id: seq, eid, at, actor, body}           inserted once, never changed
 *   histories  {_id: first_seq, started_at, last_common_seq}
 *   soft       {_id: key, value}
 *   state      {_id: "written", seq} and a few more       see mongo_state.c
 *   brokers    {_id, host, boot, pid, started, at}        who is at it
 *   <kind>     {_id: id, seq, at, created_at, scope, in, f, w, x, d}
 *   <kind>_past  the same and {id, until}; _id is id@seq
 *
 * `in` holds the scope strings without their first byte, each once, and "!", under
 * which every document is listed; f the declared fields; d is for people. A document
 * that was removed leaves {_id, seq, gone}: a late write of an older version must find
 * that there was a newer one.
 *
 * Only inserts, finds, replacements with equality filters and plain indexes are used:
 * what servers that speak the same protocol do alike.
 *
 * Memory: what is read is copied into the caller's arena. Errors: as backend.h.
 * Threads: a connection belongs to one thread at a time.
 */
#ifndef KONTOR_STORE_MONGO_H
#define KONTOR_STORE_MONGO_H

#include <mongoc/mongoc.h>

#include "store/backend.h"

struct mongo;
struct mongo_batch;

/* ---- mongo_seen.c: what a connection has read, or is about to write ---- */

/* A version that was replaced, for the past. */
struct mongo_past {
    struct version version;
    struct mongo_past *next;
};

/* A document as far as it is known. */
struct mongo_node {
    const struct kind *kind;
    const char *id;
    int64_t stored_seq; /* Of the row in the database, removed or not; 0 = no row. */
    bool is_listed;     /* The row's `in` is what its scope makes. */
    bool is_there;      /* There is a document: version says which. */
    struct version version;
    bool is_changed;     /* version, or its absence, is not in the database yet. */
    int64_t changed_seq; /* The last change. */
    struct mongo_past *past;
    struct mongo_node *next;         /* In its bucket. */
    struct mongo_node *next_changed; /* Of all that were changed. */
};

struct mongo_seen;

struct mongo_seen *mongo_seen_new(void);
/* Accepts NULL. */
void mongo_seen_free(struct mongo_seen *seen);
/* Forgets everything. */
void mongo_seen_clear(struct mongo_seen *seen);
/* What was changed is in the database now, and stays known while that is little. */
void mongo_seen_settle(struct mongo_seen *seen);
/* Forgets what was not changed since the last settling, where any of that is known from
 * before, or without asking; false: none is. */
bool mongo_seen_doubt(struct mongo_seen *seen);
/* Of nodes. */
size_t mongo_seen_size(const struct mongo_seen *seen);
struct arena *mongo_seen_arena(struct mongo_seen *seen);
/* NULL: nothing is known of it. */
struct mongo_node *mongo_seen_find(struct mongo_seen *seen, const struct kind *kind,
                                   const char *id);
/* A node of a document that nothing was known of: there is none. */
struct mongo_node *mongo_seen_add(struct mongo_seen *seen, const struct kind *kind,
                                  const char *id);
/* The same, and nobody asked the server: it is known by heart. */
struct mongo_node *mongo_seen_add_lacking(struct mongo_seen *seen,
                                          const struct kind *kind, const char *id);
/* Notes a change of a node: next (NULL: removed) at seq; what was there becomes past
 * where the kind keeps it. next is copied. */
void mongo_seen_change(struct mongo_seen *seen, struct mongo_node *node,
                       const struct version *next, int64_t seq);
/* The changed nodes, linked by next_changed. */
struct mongo_node *mongo_seen_changed(const struct mongo_seen *seen);
size_t mongo_seen_n_changed(const struct mongo_seen *seen);

/* ---- mongo_conn.c ---- */

/* Collections that are not of a kind. */
enum mongo_fixed {
    MONGO_LOG,
    MONGO_HISTORIES,
    MONGO_SOFT,
    MONGO_STATE,
    MONGO_BROKERS,
    MONGO_FIXED_END
};

/* Entries of the log read ahead, all that follow each other from the first. */
enum { MONGO_AHEAD = 64 };

struct mongo_ahead {
    struct arena *arena;
    int64_t after; /* The position the next of them comes after. */
    struct log_entry entries[MONGO_AHEAD];
    size_t n_entries;
    size_t next;
};

struct mongo_conn {
    struct mongo *db;
    mongoc_client_t *client;
    mongoc_collection_t *fixed[MONGO_FIXED_END];
    mongoc_collection_t **kinds; /* Present and past of each; opened when first used. */
    struct mongo_seen *seen;
    struct mongo_ahead ahead;
    bool is_kept; /* What is read stays in seen: between begin and end. */
};

enum status mongo_conn_open(struct mongo *db, struct mongo_conn *conn) MUST_CHECK;
/* Accepts one that is not open. */
void mongo_conn_close(struct mongo_conn *conn);
mongoc_collection_t *mongo_fixed(struct mongo_conn *conn, enum mongo_fixed which);
mongoc_collection_t *mongo_kind(struct mongo_conn *conn, const struct kind *kind,
                                bool is_past);
/* Sets the failure, notes that the store is away; UNAVAILABLE. */
enum status mongo_failed(struct mongo *db, const char *doing,
                         const bson_error_t *error);

/* A find. */
struct mongo_query {
    mongoc_collection_t *collection;
    const bson_t *filter;
    const bson_t *sort;   /* NULL: none. */
    const bson_t *fields; /* NULL: all. */
    int64_t limit;        /* 0: all. */
};

/* Takes a document of a result; false: that one was enough. */
typedef bool (*mongo_take_fn)(void *context, const bson_t *document);

enum status mongo_find(struct mongo_conn *conn, const struct mongo_query *query,
                       mongo_take_fn take, void *context) MUST_CHECK;
/*
 * Waits until a majority has so many rows. A duplicate says that a row is on the
 * primary, and that may lose it yet. UNAVAILABLE: they are not there for too long.
 */
enum status mongo_await(struct mongo_conn *conn, mongoc_collection_t *collection,
                        const bson_t *filter, size_t n_wanted) MUST_CHECK;
/* Replaces, or makes, the document with this _id. */
enum status mongo_put(struct mongo_conn *conn, enum mongo_fixed which, const char *id,
                      const bson_t *document) MUST_CHECK;

/* ---- mongo_pool.c ---- */

/* Judges the address, reads the secret, makes the pool. */
enum status mongo_pool_open(struct mongo *db) MUST_CHECK;
void mongo_pool_close(struct mongo *db);

/* ---- mongo_version.c: documents of the database ---- */

/* The row of a version; until INT64_MAX: of the present. */
void mongo_version_write(const struct kind *kind, const struct version *version,
                         struct arena *arena, bson_t *out);
/* The row of a document that was removed at seq. */
void mongo_version_write_gone(const char *id, int64_t seq, bson_t *out);
/*
 * A row of the present or the past, its bytes in the arena. false: it is damaged.
 * *is_gone: the document was removed; only id and seq are set then. *is_listed: `in` is
 * what the scope makes.
 */
bool mongo_version_read(const struct kind *kind, const bson_t *row, struct arena *arena,
                        struct version *out, bool *is_gone, bool *is_listed);
/* A copy whose texts and bytes are the arena's. */
struct version mongo_version_copy(const struct kind *kind,
                                  const struct version *version, struct arena *arena);
/* Appends a value under this name. */
void mongo_value_append(bson_t *out, const char *name, enum declared_type type,
                        const struct store_value *value);
/* Out of a row's `f`; false: it is not there, or of another type. */
bool mongo_value_read(const bson_t *row, const struct declared *declared,
                      struct arena *arena, struct store_value *value);
/* A copy of binary data. */
struct bytes mongo_bytes(const bson_iter_t *iter, struct arena *arena);

/* ---- mongo_state.c: what the database says of itself ---- */

/* Makes collections and indexes; refuses what is of another shape or half made. */
enum status mongo_state_open(struct mongo *db) MUST_CHECK;

/* ---- mongo_brokers.c: who is at it ---- */

/* Says that we are; refuses where somebody is who must not be at the same time. */
enum status mongo_state_enter(struct mongo *db) MUST_CHECK;
void mongo_state_leave(struct mongo *db);
/* Says again that we are, when it is time, and now. */
void mongo_state_beat(struct mongo *db);
enum status mongo_state_say(struct mongo *db) MUST_CHECK;

/* ---- mongo_primary.c ---- */

/* Notes from now on that the primary changed; before the pool's first client. */
void mongo_primary_watch(struct mongo *db);
/* Whether what is read now is at least what was acknowledged before; any thread. */
bool mongo_primary_is_settled(struct mongo *db);
/* Makes it so. */
enum status mongo_primary_settle(struct mongo *db) MUST_CHECK;

/* ---- mongo_state.c, further ---- */

/* Marks the database as half made by this work ("rebuild", "restore"); NULL: as whole.
 */
enum status mongo_state_mark(struct mongo *db, const char *work) MUST_CHECK;
/* Drops the collections of documents, and the log and its histories, too. */
enum status mongo_state_drop(struct mongo *db, bool is_all) MUST_CHECK;
/* Makes the indexes. */
enum status mongo_state_index(struct mongo *db) MUST_CHECK;
enum status mongo_index_base(struct mongo *db, const char *collection) MUST_CHECK;
/* Drops a collection; one that is not there is no error. */
enum status mongo_drop(struct mongo *db, mongoc_collection_t *collection) MUST_CHECK;
enum status mongo_written(void *reader, int64_t *seq);

/* ---- mongo_ahead.c, mongo_read.c, mongo_keys.c ---- */

enum status mongo_tail(void *reader, int64_t *seq);
/* What was read ahead is read again. */
void mongo_ahead_drop(struct mongo_conn *conn);
enum status mongo_log_after(void *reader, int64_t seq, struct arena *arena,
                            struct log_entry *out);
enum status mongo_log_until(void *reader, int64_t seq, struct arena *arena,
                            struct log_entry *out);
enum status mongo_log_by_eid(void *reader, const uint8_t *eid, struct arena *arena,
                             struct log_entry *out);
enum status mongo_histories(void *reader, struct arena *arena,
                            Kontor__V1__History ***histories, size_t *n);
enum status mongo_soft_get(void *reader, const char *key, int64_t *value);
enum status mongo_present(void *reader, const struct kind *kind, const char *id,
                          struct arena *arena, struct version *out);
enum status mongo_past(void *reader, const struct kind *kind, const char *id,
                       int64_t seq, struct arena *arena, struct version *out);
/* Whether a version is listed under a name; SCOPE_ALL: every one is. */
bool mongo_is_under(const struct version *version, const char *name);
enum status mongo_keys(void *reader, const struct stream *stream, struct arena *arena,
                       struct key *keys, size_t *n);
enum status mongo_has_key(void *reader, const struct kind *kind,
                          const struct kind_index *index, const struct version *version,
                          const char *scope);
enum status mongo_counts(void *reader, const struct kind *kind,
                         struct backend_counts *out);
enum status mongo_check(void *reader);
enum status mongo_reached(void *reader, const struct kind *kind, const char *id,
                          int64_t *seq);
/* The node of a document, read unless it is known; valid until the connection's next
 * read. */
enum status mongo_node_get(struct mongo_conn *conn, const struct kind *kind,
                           const char *id, struct mongo_node **node) MUST_CHECK;
/* Fills a node from a row; DATA_LOSS. */
enum status mongo_node_read(struct mongo_conn *conn, struct mongo_node *node,
                            const bson_t *row) MUST_CHECK;
/* Maintenance reads what it has appended; the committer never does. */
enum status mongo_log_flush(struct mongo_conn *conn) MUST_CHECK;
/* An entry of the log out of its row; false: it is damaged. */
bool mongo_entry_read(const bson_t *row, struct arena *arena, struct log_entry *out);

/* ---- mongo_batch.c, mongo_expect.c: what is written, and what is known for it ---- */

/* An entry to be appended. */
struct mongo_append {
    int64_t seq;
    uint8_t eid[STORE_EID_SIZE];
    struct bytes body;
};

struct mongo_soft {
    const char *key;
    int64_t value; /* INT64_MIN removes it. */
    struct mongo_soft *next;
};

/* An idempotency key that was looked for. */
struct mongo_eid {
    uint8_t eid[STORE_EID_SIZE];
    bool is_there;
    struct log_entry entry;
};

struct mongo_batch {
    struct arena *arena;
    struct mongo_append appends[STORE_BATCH_COMMITS];
    size_t n_appends;
    size_t n_stood;     /* Of them in the log. */
    bool is_sent;       /* Some may be in the log without our knowing. */
    bool is_failed;     /* The server did not answer: what is read fails at once. */
    int64_t clashed_ms; /* Since when a slot is refused and empty; 0 = it is not. */
    int64_t last_seq;   /* Of what the batch writes. */
    bool is_outdone;    /* Others wrote some of its documents. */
    bool is_doubted;    /* What is lacking by heart is asked for all the same. */
    struct mongo_soft *softs;
    struct mongo_eid eids[STORE_BATCH_COMMITS];
    size_t n_eids;
    const char *work; /* Of maintenance: what is half made; NULL = nothing. */
    char base_side;   /* Of the base that is being made; 0 = none is. */
};

/* Ids of one kind whose documents are not known yet. */
enum { MONGO_MAX_IDS = 1024 };

struct mongo_ids {
    const struct kind *kind;
    const char *ids[MONGO_MAX_IDS];
    size_t n;
};

/* Adds an id, once; one that is known, of another kind, or too many is left out. */
void mongo_ids_add(struct mongo *db, struct mongo_ids *list, const struct kind *kind,
                   const char *id);
/* Reads these documents; before the first change of a batch only. */
void mongo_expect_ids(struct mongo *db, const struct mongo_ids *list);
/* Sends what was appended in maintenance, so that it can be read. */
enum status mongo_bulk_log(struct mongo *db) MUST_CHECK;
enum status mongo_batch_begin(void *db);
void mongo_expect(void *db, struct work *const *works, size_t n_works);
bool mongo_doubt(void *db, const uint8_t *eid);
enum status mongo_batch_commit(void *db, size_t *n_stood);
void mongo_batch_abort(void *db);
enum status mongo_append(void *db, int64_t seq, const uint8_t *eid, struct bytes body);
enum status mongo_write(void *db, const struct kind *kind, const struct version *old,
                        const struct version *next, int64_t seq);
enum status mongo_soft_put(void *db, const char *key, int64_t value);
enum status mongo_history_put(void *db, const Kontor__V1__History *history);
enum status mongo_clear_documents(void *db);
void mongo_settle(void *db);
/* Tells the database how far its documents are. */
enum status mongo_say_written(struct mongo *db);

/* ---- mongo_set.c: keys of which all are known, while they are few ---- */

enum {
    MONGO_KEY_SIZE = STORE_EID_SIZE,
    MONGO_MAX_KEYS = 1 << 15, /* 1 MiB with the empty slots, and little to read. */
};

enum mongo_set_state {
    SET_UNREAD,
    SET_WHOLE,  /* Every key there is, and maybe some that are not. */
    SET_UNKNOWN /* The server is asked. */
};

struct mongo_set {
    enum mongo_set_state state;
    uint8_t (*slots)[MONGO_KEY_SIZE];
    size_t room; /* A power of two. */
    size_t n;
};

/* Whether a key is not there for sure. */
bool mongo_set_lacks(const struct mongo_set *set, const uint8_t *key);
/* Adds a key to what is whole; one too many makes it unknown. */
void mongo_set_add(struct mongo_set *set, const uint8_t *key);
/* Forgets all keys. */
void mongo_set_drop(struct mongo_set *set, enum mongo_set_state state);

/* ---- mongo_heart.c: which idempotency keys the log holds, and which documents there
 * are ---- */

/* Reads what was not read yet; the committer's thread, as all of these. */
void mongo_heart_read(struct mongo *db);
/* What was read counts no more, and is read again. */
void mongo_heart_forget(struct mongo *db);
/* Every key that is appended, or met in the log, goes into the set or through this. */
void mongo_heart_add_entry(struct mongo *db, const bson_t *row);
/* As does every document that is written, or met in the log, through this. */
void mongo_heart_add_document(struct mongo *db, const struct kind *kind,
                              const char *id);
/* Whether there is for sure no row of a document, up to where the log was followed. */
bool mongo_heart_lacks_document(const struct mongo *db, const struct kind *kind,
                                const char *id);

/* ---- mongo_log.c ---- */

/* The row of an entry. */
bson_t *mongo_log_row(const struct mongo_append *append);
/*
 * Appends what does not stand yet. OK: all stands; ABORTED: the next slot is somebody
 * else's; DEADLINE_EXCEEDED: not known; UNAVAILABLE: nothing was sent.
 */
enum status mongo_log_push(struct mongo *db) MUST_CHECK;

/* ---- mongo_documents.c ---- */

/* Writes the changed documents of the writer's connection, past before present. */
enum status mongo_documents_push(struct mongo *db) MUST_CHECK;

/* ---- mongo_base.c, mongo_forget.c ---- */

enum status mongo_base(void *reader, struct arena *arena, struct bytes *body);
enum status mongo_base_get(void *reader, const char *kind, const char *id,
                           struct arena *arena, struct bytes *body);
enum status mongo_base_next(void *reader, const char *kind, const char *id,
                            struct arena *arena, struct bytes *body);
enum status mongo_base_put(void *db, const char *kind, const char *id,
                           struct bytes body);
enum status mongo_base_remove(void *db, const char *kind, const char *id);
enum status mongo_base_set(void *db, struct bytes body);
/* At the end of a batch: the side that was made is the one that counts. */
enum status mongo_base_end(struct mongo *db) MUST_CHECK;
enum status mongo_trim(void *db, int64_t seq);
enum status mongo_forget(void *db, const struct kind *kind, const char *id,
                         int64_t seq);
enum status mongo_log_replace(void *db, int64_t seq, struct bytes body);
enum status mongo_scrub(void *db);
const char *mongo_journal(void *db, struct arena *arena);

/* ---- mongo.c ---- */

struct mongo {
    struct backend_open open;
    mongoc_uri_t *uri;
    const char *database; /* The uri's. */
    mongoc_client_pool_t *pool;
    bool is_ferret; /* A server that loses updates when two write: one broker only. */
    struct mongo_conn writer;
    struct mongo_batch batch;
    struct mongo_set eids;        /* Of the log, as far as the committer knows it. */
    struct mongo_set ids;         /* Of the documents that it makes, in the same way. */
    char base_side;               /* Of the base that counts; 0 = there is none. */
    bool is_filling;              /* Maintenance began with an empty log. */
    int64_t written;              /* Every document up to here is in the database. */
    int64_t written_said;         /* As the database itself says. */
    char broker[33];              /* Our row among the brokers; "" = none. */
    int64_t beaten_ms;            /* When it was written last, monotonic. */
    _Atomic unsigned n_primaries; /* How often the primary changed. */
    _Atomic unsigned n_settled;   /* Up to which change reads are known to be whole. */
};

/* Milliseconds of a clock that nobody sets. */
int64_t mongo_monotonic_ms(void);
/* Waits a few milliseconds, until a majority may have what the primary has. */
void mongo_rest(void);

#endif
