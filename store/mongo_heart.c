#include <string.h>

#include "proto/digest.h"
#include "store/mongo.h"

/*
 * What is known by heart, where it is not too much: the keys of the whole log, and the
 * kinds and ids of all rows of documents. Most keys and ids a broker is asked for are
 * new, and that they are can be said without asking the server.
 *
 * All are read once, when nobody waits and everything that was followed is written, and
 * what comes later is either appended or followed on the same thread. What another
 * broker appends meanwhile is in a slot the open batch wants, too: then that batch is
 * lost, the entry is followed, and the question asked again. A refusal wants no slot:
 * before it the server itself is asked (mongo_doubt). A key too many, of a batch that
 * was lost or a document that was removed, costs a look and no more.
 *
 * Another primary has everything a majority had; but who was away may have missed
 * maintenance, too. Then all is read again.
 */

void
mongo_heart_add_entry(struct mongo *db, const bson_t *row)
{
    bson_iter_t iter;
    bson_subtype_t subtype;
    uint32_t size = 0;
    const uint8_t *data = NULL;
    if (bson_iter_init_find(&iter, row, "eid") && BSON_ITER_HOLDS_BINARY(&iter)) {
        bson_iter_binary(&iter, &subtype, &size, &data);
    }
    if (size == STORE_EID_SIZE) {
        mongo_set_add(&db->eids, data);
    }
}

/* The id's digest, and the number of the kind. Two documents with one key cost looks.
 */
static void
document_key(const struct mongo *db, const struct kind *kind, const char *id,
             uint8_t key[MONGO_KEY_SIZE])
{
    uint8_t digest[DIGEST_SIZE];
    uint32_t number = (uint32_t)(kind - db->open.kinds);
    digest_of(id, strlen(id), digest);
    memcpy(key, digest, MONGO_KEY_SIZE - sizeof number);
    memcpy(key + MONGO_KEY_SIZE - sizeof number, &number, sizeof number);
}

void
mongo_heart_add_document(struct mongo *db, const struct kind *kind, const char *id)
{
    uint8_t key[MONGO_KEY_SIZE];
    if (db->ids.state == SET_WHOLE) {
        document_key(db, kind, id, key);
        mongo_set_add(&db->ids, key);
    }
}

bool
mongo_heart_lacks_document(const struct mongo *db, const struct kind *kind,
                           const char *id)
{
    uint8_t key[MONGO_KEY_SIZE];
    if (db->ids.state != SET_WHOLE || db->batch.is_doubted) {
        return false;
    }
    document_key(db, kind, id, key);
    return mongo_set_lacks(&db->ids, key);
}

/* ---- Reading ---- */

static bool
take_entry(void *context, const bson_t *row)
{
    struct mongo *db = context;
    mongo_heart_add_entry(db, row);
    return db->eids.state == SET_WHOLE;
}

static enum status
eids_find(struct mongo *db)
{
    bson_t all = BSON_INITIALIZER;
    bson_t *fields = BCON_NEW("eid", BCON_INT32(1));
    const struct mongo_query query = {.collection = mongo_fixed(&db->writer, MONGO_LOG),
                                      .filter = &all,
                                      .fields = fields,
                                      .limit = MONGO_MAX_KEYS + 1};
    enum status status = mongo_find(&db->writer, &query, take_entry, db);
    bson_destroy(&all);
    bson_destroy(fields);
    return status;
}

struct rows_take {
    struct mongo *db;
    const struct kind *kind;
};

static bool
take_row(void *context, const bson_t *row)
{
    const struct rows_take *take = context;
    bson_iter_t iter;
    if (bson_iter_init_find(&iter, row, "_id") && BSON_ITER_HOLDS_UTF8(&iter)) {
        mongo_heart_add_document(take->db, take->kind, bson_iter_utf8(&iter, NULL));
    }
    return take->db->ids.state == SET_WHOLE;
}

static enum status
ids_find(struct mongo *db)
{
    bson_t all = BSON_INITIALIZER;
    bson_t *fields = BCON_NEW("_id", BCON_INT32(1));
    enum status status = STATUS_OK;
    /* Entries from here on come by again, each with its documents. */
    mongo_ahead_drop(&db->writer);
    for (size_t i = 0; i < db->open.n_kinds && status == STATUS_OK; i++) {
        struct rows_take take = {db, &db->open.kinds[i]};
        const struct mongo_query query = {.collection =
                                              mongo_kind(&db->writer, take.kind, false),
                                          .filter = &all,
                                          .fields = fields,
                                          .limit = MONGO_MAX_KEYS + 1};
        if (db->ids.state == SET_WHOLE) {
            status = mongo_find(&db->writer, &query, take_row, &take);
        }
    }
    bson_destroy(&all);
    bson_destroy(fields);
    return status;
}

static void
set_read(struct mongo *db, struct mongo_set *set, enum status (*find)(struct mongo *db))
{
    if (set->state != SET_UNREAD || atomic_load(db->open.is_away) ||
        !mongo_primary_is_settled(db)) {
        return;
    }
    set->state = SET_WHOLE;
    if (find(db) != STATUS_OK) {
        mongo_set_drop(set, SET_UNKNOWN);
    }
    /* A new primary may show less than the whole: then it is read again later. */
    if (!mongo_primary_is_settled(db)) {
        mongo_set_drop(set, SET_UNREAD);
    }
}

void
mongo_heart_read(struct mongo *db)
{
    set_read(db, &db->eids, eids_find);
    set_read(db, &db->ids, ids_find);
}

void
mongo_heart_forget(struct mongo *db)
{
    struct mongo_set *const sets[] = {&db->eids, &db->ids};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        if (sets[i]->state == SET_WHOLE) {
            mongo_set_drop(sets[i], SET_UNREAD);
        }
    }
}
