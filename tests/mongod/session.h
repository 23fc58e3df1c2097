/*
 * The records that make a retried write happen once: per logical session, what the
 * statements of its latest write did.
 *
 * Memory: the sessions' until mongod_sessions_done; zeroed ones are empty. Errors: a
 * trouble. Threads: under the server's lock.
 */
#ifndef KONTOR_TESTS_MONGOD_SESSION_H
#define KONTOR_TESTS_MONGOD_SESSION_H

#include <bson/bson.h>

#include "tests/mongod/trouble.h"

enum { MONGOD_SESSION_ID = 16 };

/* What one statement of a write did. */
struct outcome {
    uint64_t op; /* 0: it changed nothing. */
    int32_t n;
    int32_t n_modified;
    bool has_upserted;
    bson_value_t upserted; /* Borrowed, but in a record. */
};

struct record {
    size_t statement;
    struct outcome outcome;
};

struct session {
    uint8_t id[MONGOD_SESSION_ID];
    int64_t txn; /* The highest seen. */
    struct record *records;
    size_t n_records;
    struct session *next;
};

struct sessions {
    struct session *first;
};

void mongod_sessions_done(struct sessions *sessions);
/* The session as it goes into this write; NULL: the number is older than one seen. */
struct session *mongod_session_open(struct sessions *sessions,
                                    const uint8_t id[MONGOD_SESSION_ID], int64_t txn,
                                    struct trouble *trouble);
/* What this statement did when it came first, or NULL. */
const struct outcome *mongod_session_find(const struct session *session,
                                          size_t statement);
void mongod_session_record(struct session *session, size_t statement,
                           const struct outcome *outcome);
/* Forgets what was done above the point. */
void mongod_sessions_roll_back(struct sessions *sessions, uint64_t majority);

#endif
