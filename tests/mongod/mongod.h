/*
 * A server for tests that speaks MongoDB's wire protocol on the loopback, keeps the
 * portable subset of the MongoDB backend in memory, refuses everything outside of it,
 * and plays scripted faults.
 *
 * Memory: mongod_start and mongod_stop; what is handed out is freed by the function
 * beside it. Errors: NULL or false with a line on stderr where the system refuses a
 * socket or a thread; out of memory aborts. What a client did wrong is answered to it,
 * and remembered for mongod_refused. Threads: any function from any thread, but
 * mongod_pause, mongod_resume and mongod_stop from one at a time.
 *
 * Replication in one endpoint: a write becomes an op with a number that is never used
 * again. The majority point is an op number: readConcern majority sees the documents as
 * they were at it, everything else sees the newest. It follows the newest op at once,
 * but for the time some fault holds it back. A rollback undoes everything above it,
 * with the records that make a retried write happen once. An answer to w:majority is
 * given only when the point has reached the write; a write that was undone before has
 * its connection closed instead.
 *
 * What differs from one server to another is chosen to break the careless: documents
 * without a sort come in descending order of _id, and an insert that met a duplicate is
 * answered without waiting for the duplicate to be majority committed.
 */
#ifndef KONTOR_TESTS_MONGOD_MONGOD_H
#define KONTOR_TESTS_MONGOD_MONGOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bson/bson.h>

struct mongod;

struct mongod_options {
    bool is_replica_set; /* One primary, itself, of the set "rs0"; else a standalone. */
    bool ignores_txn;    /* Retried writes are applied again, as FerretDB does. */
    bool is_ferretdb;    /* buildInfo has ferretdbVersion. */
    uint16_t port;       /* 0: the system chooses. */
    uint64_t seed;       /* Of faults with a probability. */
};

/* Listens when it returns. options may be NULL: a standalone with seed 0. */
struct mongod *mongod_start(const struct mongod_options *options);
/* Closes all connections and waits for all threads. Accepts NULL. */
void mongod_stop(struct mongod *mongod);
/* "mongodb://127.0.0.1:PORT/", with "?replicaSet=rs0" when it is one; lives as long as
 * the server. More options are appended with '?' or '&'. */
const char *mongod_uri(const struct mongod *mongod);
uint16_t mongod_port(const struct mongod *mongod);

/*
 * The server goes away: nothing listens, connections are closed, commands that are held
 * back die without being applied. Data, script and running faults stay; the port stays
 * its own. Returns when all of it has happened.
 */
void mongod_pause(struct mongod *mongod);
/* Listens on the same port again; false: the system refuses. */
bool mongod_resume(struct mongod *mongod);
/* Forgets all data, cursors and retryable writes; acknowledgements still owed are not
 * given. */
void mongod_wipe(struct mongod *mongod);

/* In the order of a table: mongod_fault_parse knows the same names in lower case. */
enum mongod_action {
    MONGOD_CLOSE_BEFORE, /* The connection is closed, nothing is applied. */
    MONGOD_CLOSE_AFTER,  /* Applied, then closed: the lost acknowledgement. */
    MONGOD_DELAY,        /* Held for ms before it is applied, whoever still waits. */
    MONGOD_DELAY_AFTER,  /* Applied, answered after ms. */
    MONGOD_NOT_PRIMARY,  /* Answered with 10107, not applied. */
    MONGOD_CODE_1,       /* Answered with code 1, not applied. */
    MONGOD_CODE_1_AFTER, /* Applied, then answered with code 1. */
    /* From here on ms is how long the state lasts, beginning with this command. */
    MONGOD_STEPDOWN,            /* A secondary: 10107 for writes, 13435 for reads. */
    MONGOD_WRITE_CONCERN_ERROR, /* Applied, code 64; the majority point stands still. */
    MONGOD_SLOW_MAJORITY,       /* The majority point stands still. */
    /* Applied, the connection is closed, and after ms everything above the majority
     * point is undone, what others wrote meanwhile as well. */
    MONGOD_ROLLBACK,
    /* A deposed primary that does not know it: applies writes, never commits them by
     * majority, shows an older electionId; at the end it rolls back. */
    MONGOD_STALE_PRIMARY,
    MONGOD_N_ACTIONS
};

enum { MONGOD_FOREVER = INT32_MAX }; /* As ms: until mongod_settle. */

/* One fault. All faults that a command trips are played together. */
struct mongod_fault {
    enum mongod_action action;
    int32_t ms;
    /* "insert"; NULL: any but a greeting (hello, ping, buildInfo, endSessions) and
     * killCursors. Another name aborts: such a fault would never happen. */
    const char *command;
    const char *collection; /* Without its database; NULL: any. */
    /* The how-manieth such command since the script was set, from 1 on; 0: each is
     * tripped with the probability. */
    uint32_t nth;
    double probability; /* 0..1 */
    /* How many from the nth on, 0: one; with a probability how many at most, 0: no
     * bound. UINT32_MAX: all. */
    uint32_t times;
};

/*
 * Replaces the script; all counting begins anew. The k-th draw of the i-th fault
 * depends on the seed, i and k alone, so the same commands meet the same faults. The
 * faults are copied. States that run go on.
 */
void mongod_script(struct mongod *mongod, const struct mongod_fault *faults, size_t n);
/*
 * Reads ACTION[=MS][@COMMAND[/COLLECTION]][#NTH | %PROBABILITY][+TIMES], such as
 * "close_after@insert/log#3" or "delay=50@find%0.1"; without # and % it is the first.
 * False: it is no such text, and *fault is untouched. Free with mongod_fault_done.
 */
bool mongod_fault_parse(const char *text, struct mongod_fault *fault);
void mongod_fault_done(struct mongod_fault *fault);
/* The name of an action in lower case, or NULL. */
const char *mongod_action_name(enum mongod_action action);

/* Begins a state without a command; only for actions from MONGOD_STEPDOWN on. */
void mongod_play(struct mongod *mongod, enum mongod_action action, int32_t ms);
/*
 * Ends every running state and lets go every held command, as if their time had come:
 * what was to be rolled back is, what was slow becomes majority committed.
 */
void mongod_settle(struct mongod *mongod);

/* How many commands of this name came since the start, refused ones included; "hello"
 * counts isMaster, too. */
uint64_t mongod_count(struct mongod *mongod, const char *command);
/* How many documents inserts stored, those rolled back included. */
uint64_t mongod_count_inserted(struct mongod *mongod);
/* How many faults of the script were played since it was set. */
uint64_t mongod_count_played(struct mongod *mongod);
/* How often something was rolled back, and how many ops in all. */
uint64_t mongod_count_rollbacks(struct mongod *mongod);
uint64_t mongod_count_undone(struct mongod *mongod);
/* Waits until mongod_count(command) is at least n; false: timeout_ms passed. */
bool mongod_await(struct mongod *mongod, const char *command, uint64_t n,
                  int32_t timeout_ms);
/* Waits until exactly n commands are held back, by a delay or by w:majority. */
bool mongod_await_held(struct mongod *mongod, uint32_t n, int32_t timeout_ms);

/* The first thing refused since the start as outside of the portable subset, with its
 * command, or NULL. Lives as long as the server. */
const char *mongod_refused(struct mongod *mongod);
/* Forgets it: for tests of the refusals. */
void mongod_forgive(struct mongod *mongod);

/* Copies of documents, sorted by _id. */
struct mongod_documents {
    bson_t **documents;
    size_t n;
};

/* Those of a collection "database.name", at the majority point or the newest; none
 * where it does not exist. */
void mongod_read(struct mongod *mongod, const char *ns, bool is_majority,
                 struct mongod_documents *out);
void mongod_documents_free(struct mongod_documents *documents);
/* Where the point stands, and the newest op: equal when nothing can be lost. */
uint64_t mongod_majority(struct mongod *mongod);
uint64_t mongod_newest(struct mongod *mongod);

/*
 * Writes behind the clients' backs, at the majority point and below what is not yet
 * committed there: after a rollback this is what stands. So a test plants damage, or
 * what another primary accepted. The document needs an _id of any type and is not
 * judged.
 */
void mongod_plant(struct mongod *mongod, const char *ns, const bson_t *document);
/* The same for a removal; of the document only _id counts. False: there was none. */
bool mongod_uproot(struct mongod *mongod, const char *ns, const bson_t *document);

#endif
