#include <string.h>

#include "store/mongo.h"

/*
 * What is known by heart: the keys of the whole log, where it is short. Most keys a
 * broker is asked for are new, and that they are can be said without asking the server.
 *
 * All are read once, when nobody waits, and what comes later is either appended or
 * followed on the same thread. What another broker appends meanwhile is in a slot the
 * open batch wants, too: then that batch is lost, the entry is followed, and the
 * question asked again. A refusal wants no slot: before it the log itself is asked
 * (mongo_doubt). A key too many, of a batch that was lost, costs a look at the log and
 * no more.
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

void
mongo_heart_read(struct mongo *db)
{
    if (db->eids.state != SET_UNREAD || atomic_load(db->open.is_away) ||
        !mongo_primary_is_settled(db)) {
        return;
    }
    db->eids.state = SET_WHOLE;
    if (eids_find(db) != STATUS_OK) {
        mongo_set_drop(&db->eids, SET_UNKNOWN);
    }
    /* A new primary may show less than the whole: then it is read again later. */
    if (!mongo_primary_is_settled(db)) {
        mongo_set_drop(&db->eids, SET_UNREAD);
    }
}
