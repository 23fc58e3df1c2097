#include "tests/mongod/session.h"

#include <inttypes.h>
#include <string.h>

static void
record_done(struct record *record)
{
    if (record->outcome.has_upserted) {
        bson_value_destroy(&record->outcome.upserted);
    }
}

static void
session_clear(struct session *session)
{
    for (size_t i = 0; i < session->n_records; i++) {
        record_done(&session->records[i]);
    }
    bson_free(session->records);
    session->records = NULL;
    session->n_records = 0;
}

void
mongod_sessions_done(struct sessions *sessions)
{
    while (sessions->first != NULL) {
        struct session *session = sessions->first;
        sessions->first = session->next;
        session_clear(session);
        bson_free(session);
    }
}

struct session *
mongod_session_open(struct sessions *sessions, const uint8_t id[MONGOD_SESSION_ID],
                    int64_t txn, struct trouble *trouble)
{
    struct session *session = sessions->first;
    while (session != NULL && memcmp(session->id, id, MONGOD_SESSION_ID) != 0) {
        session = session->next;
    }
    if (session == NULL) {
        session = bson_malloc0(sizeof *session);
        memcpy(session->id, id, MONGOD_SESSION_ID);
        session->txn = txn;
        session->next = sessions->first;
        sessions->first = session;
    }
    if (txn < session->txn) {
        (void)mongod_fail(trouble, MONGOD_TRANSACTION_TOO_OLD,
                          "txnNumber %" PRId64 " is older than %" PRId64, txn,
                          session->txn);
        return NULL;
    }
    if (txn > session->txn) {
        session_clear(session);
        session->txn = txn;
    }
    return session;
}

const struct outcome *
mongod_session_find(const struct session *session, size_t statement)
{
    for (size_t i = 0; i < session->n_records; i++) {
        if (session->records[i].statement == statement) {
            return &session->records[i].outcome;
        }
    }
    return NULL;
}

void
mongod_session_record(struct session *session, size_t statement,
                      const struct outcome *outcome)
{
    size_t n = session->n_records++;
    session->records =
        bson_realloc(session->records, session->n_records * sizeof *session->records);
    struct record *record = &session->records[n];
    *record = (struct record){.statement = statement, .outcome = *outcome};
    if (outcome->has_upserted) {
        bson_value_copy(&outcome->upserted, &record->outcome.upserted);
    }
}

void
mongod_sessions_roll_back(struct sessions *sessions, uint64_t majority)
{
    for (struct session *s = sessions->first; s != NULL; s = s->next) {
        size_t n = 0;
        for (size_t i = 0; i < s->n_records; i++) {
            if (s->records[i].outcome.op > majority) {
                record_done(&s->records[i]);
            } else {
                s->records[n++] = s->records[i];
            }
        }
        s->n_records = n;
    }
}
