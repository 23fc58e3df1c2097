#include "store/mongo.h"

#include <stdlib.h>
#include <string.h>

/*
 * The keys of the whole log, where it is short: most keys a broker is asked for are
 * new, and that they are can be said without asking the server.
 *
 *   unread --between batches--> whole --too many, or not to be read--> unknown
 *
 * It holds every key of the log up to where this broker knows it: all are read once,
 * when nobody waits, and what comes later is either appended or followed on the same
 * thread. What another broker appends meanwhile is in a slot the open batch wants, too:
 * then that batch is lost, the entry is followed, and the question asked again. A
 * refusal wants no slot: before it the log itself is asked (mongo_doubt). A key
 * too many, of a batch that was lost, costs a look at the log and no more.
 */
enum {
    MAX_EIDS = 1 << 15, /* 1 MiB with the empty slots, and little to read. */
    MIN_ROOM = 1 << 10,
};

/* Of an empty slot. */
static const uint8_t no_eid[STORE_EID_SIZE];

static size_t
eid_slot(const struct mongo_eids *eids, const uint8_t *eid)
{
    size_t hash;
    /* A key is a part of a digest: its own bytes spread well. */
    memcpy(&hash, eid, sizeof hash);
    size_t at = hash & (eids->room - 1);
    while (memcmp(eids->slots[at], no_eid, STORE_EID_SIZE) != 0 &&
           memcmp(eids->slots[at], eid, STORE_EID_SIZE) != 0) {
        at = (at + 1) & (eids->room - 1);
    }
    return at;
}

void
mongo_eids_forget(struct mongo_eids *eids)
{
    free(eids->slots);
    *eids = (struct mongo_eids){.state = EIDS_UNKNOWN};
}

static void
eids_grow(struct mongo_eids *eids)
{
    struct mongo_eids wide = {.state = eids->state,
                              .n = eids->n,
                              .room = eids->room == 0 ? MIN_ROOM : 2 * eids->room};
    wide.slots = calloc(wide.room, sizeof wide.slots[0]);
    if (wide.slots == NULL) {
        abort();
    }
    for (size_t i = 0; i < eids->room; i++) {
        memcpy(wide.slots[eid_slot(&wide, eids->slots[i])], eids->slots[i],
               STORE_EID_SIZE);
    }
    free(eids->slots);
    *eids = wide;
}

void
mongo_eids_add(struct mongo_eids *eids, const uint8_t *eid)
{
    if (eids->state != EIDS_WHOLE) {
        return;
    }
    if (eids->n == MAX_EIDS) {
        mongo_eids_forget(eids);
        return;
    }
    if (2 * (eids->n + 1) > eids->room) {
        eids_grow(eids);
    }
    memcpy(eids->slots[eid_slot(eids, eid)], eid, STORE_EID_SIZE);
    eids->n++;
}

void
mongo_eids_add_row(struct mongo_eids *eids, const bson_t *row)
{
    bson_iter_t iter;
    bson_subtype_t subtype;
    uint32_t size = 0;
    const uint8_t *data = NULL;
    if (bson_iter_init_find(&iter, row, "eid") && BSON_ITER_HOLDS_BINARY(&iter)) {
        bson_iter_binary(&iter, &subtype, &size, &data);
    }
    if (size == STORE_EID_SIZE) {
        mongo_eids_add(eids, data);
    }
}

static bool
take_eid(void *context, const bson_t *row)
{
    struct mongo_eids *eids = context;
    mongo_eids_add_row(eids, row);
    return eids->state == EIDS_WHOLE;
}

static enum status
eids_find(struct mongo *db)
{
    bson_t all = BSON_INITIALIZER;
    bson_t *fields = BCON_NEW("eid", BCON_INT32(1));
    const struct mongo_query query = {.collection = mongo_fixed(&db->writer, MONGO_LOG),
                                      .filter = &all,
                                      .fields = fields,
                                      .limit = MAX_EIDS + 1};
    enum status status = mongo_find(&db->writer, &query, take_eid, &db->eids);
    bson_destroy(&all);
    bson_destroy(fields);
    return status;
}

void
mongo_eids_read(struct mongo *db)
{
    if (db->eids.state != EIDS_UNREAD || atomic_load(db->open.is_away) ||
        !mongo_primary_is_settled(db)) {
        return;
    }
    db->eids.state = EIDS_WHOLE;
    if (eids_find(db) != STATUS_OK) {
        mongo_eids_forget(&db->eids);
    }
    /* A new primary may show less than the whole: then it is read again later. */
    if (!mongo_primary_is_settled(db)) {
        mongo_eids_forget(&db->eids);
        db->eids.state = EIDS_UNREAD;
    }
}

/* A work without a key has nothing that could be known. */
bool
mongo_eids_lack(const struct mongo_eids *eids, const uint8_t *eid)
{
    if (eids->state != EIDS_WHOLE || memcmp(no_eid, eid, STORE_EID_SIZE) == 0) {
        return false;
    }
    return eids->n == 0 ||
           memcmp(eids->slots[eid_slot(eids, eid)], eid, STORE_EID_SIZE) != 0;
}
