/*
 * One command from its message to its answer: the table of commands, what every command
 * may carry, and where faults come in.
 *
 * Memory: a call borrows from its message and its mongod. Errors: a trouble in the
 * call; false from mongod_command_answer closes the connection. Threads: handlers run
 * under the server's lock.
 */
#ifndef KONTOR_TESTS_MONGOD_COMMAND_H
#define KONTOR_TESTS_MONGOD_COMMAND_H

#include "tests/mongod/inner.h"
#include "tests/mongod/wire.h"

struct command_row;

struct call {
    struct mongod *mongod;
    const struct message *message;
    const struct command_row *row;
    int32_t connection;
    const char *database;
    const char *collection;     /* NULL: the command names none. */
    char ns[MONGOD_NS_MAX + 1]; /* "database.name" */
    struct verdict verdict;
    bool is_majority;    /* readConcern or writeConcern, whichever it may have. */
    int32_t wtimeout_ms; /* 0: without end. */
    bool has_txn;        /* It may be retried; then the next two are set. */
    int64_t txn;
    uint8_t session_id[MONGOD_SESSION_ID];
    uint64_t owed; /* The op an answer to w:majority waits for; 0: none. */
    bson_t *reply; /* The handler appends all but ok. */
    struct trouble trouble;
};

/* What a command may carry, and when it is answered. */
enum {
    COMMAND_READS = 1,    /* readConcern, maxTimeMS; by a primary only. */
    COMMAND_WRITES = 2,   /* writeConcern; by a primary only. */
    COMMAND_RETRIES = 4,  /* txnNumber. */
    COMMAND_DATA = 8,     /* A fault without a name means it. */
    COMMAND_FREE = 16,    /* Carries what it likes: a greeting. */
    COMMAND_DATABASE = 32 /* Its value is no collection's name. */
};

struct command_row {
    const char *name;
    const char *canonical; /* The name faults and counts know it by. */
    unsigned flags;
    const char *fields; /* Its own, each with a blank before and after. */
    bool (*run)(struct call *call);
};

/* The rows of the commands, ended by a NULL name. */
extern const struct command_row mongod_commands[];
/* The place of the row that counts for this name, or -1. */
int mongod_command_place(const char *canonical);

/* False: the connection is closed without an answer. */
bool mongod_command_answer(struct mongod *mongod, struct message *message,
                           int32_t connection, bson_t *reply);

/* The handlers, each in the file of its noun. */
bool mongod_run_hello(struct call *call);
bool mongod_run_build_info(struct call *call);
bool mongod_run_nothing(struct call *call); /* ping, endSessions */
bool mongod_run_insert(struct call *call);
bool mongod_run_update(struct call *call);
bool mongod_run_delete(struct call *call);
bool mongod_run_find(struct call *call);
bool mongod_run_get_more(struct call *call);
bool mongod_run_kill_cursors(struct call *call);
bool mongod_run_create_indexes(struct call *call);
bool mongod_run_list_collections(struct call *call);
bool mongod_run_drop(struct call *call);
bool mongod_run_drop_database(struct call *call);

#endif
