#include <stdlib.h>
#include <string.h>

#include "store/draft.h"
#include "store/mongo.h"

/*
 * Reading for a batch before it runs: what its works will ask for, in one command for
 * the keys and one a kind for the documents.
 */
enum { PLACE_SIZE = 16 };

struct eids_take {
    struct mongo_batch *batch;
    bool is_damaged;
};

static bool
take_eid(void *context, const bson_t *row)
{
    struct eids_take *take = context;
    struct mongo_batch *batch = take->batch;
    struct log_entry entry;
    bson_iter_t iter;
    if (!bson_iter_init_find(&iter, row, "eid") || !BSON_ITER_HOLDS_BINARY(&iter) ||
        !mongo_entry_read(row, batch->arena, &entry)) {
        take->is_damaged = true;
        return false;
    }
    struct bytes eid = mongo_bytes(&iter, batch->arena);
    for (size_t i = 0; i < batch->n_eids && eid.size == STORE_EID_SIZE; i++) {
        struct mongo_eid *known = &batch->eids[i];
        bool is_first = !known->is_there || entry.seq < known->entry.seq;
        if (memcmp(known->eid, eid.data, STORE_EID_SIZE) == 0 && is_first) {
            known->is_there = true;
            known->entry = entry;
        }
    }
    return true;
}

/* The name of an element of an array. */
static int
place(size_t index, const char **key, char room[PLACE_SIZE])
{
    return (int)bson_uint32_to_string((uint32_t)index, key, room, PLACE_SIZE);
}

/* An answer that does not come, or holds what is damaged, leaves nothing known, and
 * each work asks for itself. */
static void
expect_eids(struct mongo *db, struct work *const *works, size_t n_works)
{
    struct mongo_batch *batch = &db->batch;
    size_t n_before = batch->n_eids;
    const char *key;
    char room[PLACE_SIZE];
    bson_t filter = BSON_INITIALIZER;
    bson_t range;
    bson_t array;
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "eid", &range);
    BSON_APPEND_ARRAY_BEGIN(&range, "$in", &array);
    for (size_t i = 0; i < n_works && batch->n_eids < STORE_BATCH_COMMITS; i++) {
        const struct draft *draft = &works[i]->draft;
        if (draft_has_eid(draft) && !mongo_set_lacks(&db->eids, draft->eid)) {
            struct mongo_eid *eid = &batch->eids[batch->n_eids++];
            *eid = (struct mongo_eid){.is_there = false};
            memcpy(eid->eid, draft->eid, STORE_EID_SIZE);
            int length = place(batch->n_eids - 1 - n_before, &key, room);
            bson_append_binary(&array, key, length, BSON_SUBTYPE_BINARY, eid->eid,
                               STORE_EID_SIZE);
        }
    }
    bson_append_array_end(&range, &array);
    bson_append_document_end(&filter, &range);
    const struct mongo_query query = {.collection = mongo_fixed(&db->writer, MONGO_LOG),
                                      .filter = &filter};
    struct eids_take take = {.batch = batch};
    enum status status = STATUS_OK;
    if (batch->n_eids > n_before) {
        status = mongo_find(&db->writer, &query, take_eid, &take);
    }
    if (status != STATUS_OK || take.is_damaged) {
        batch->n_eids = n_before;
    }
    bson_destroy(&filter);
}

struct rows_take {
    struct mongo *db;
    const struct kind *kind;
    bool is_damaged;
};

static bool
take_row(void *context, const bson_t *row)
{
    struct rows_take *take = context;
    bson_iter_t iter;
    if (!bson_iter_init_find(&iter, row, "_id") || !BSON_ITER_HOLDS_UTF8(&iter)) {
        return true;
    }
    struct mongo_node *node =
        mongo_seen_find(take->db->writer.seen, take->kind, bson_iter_utf8(&iter, NULL));
    if (node != NULL && !node->is_changed) {
        take->is_damaged = mongo_node_read(&take->db->writer, node, row) != STATUS_OK ||
                           take->is_damaged;
    }
    return true;
}

void
mongo_ids_add(struct mongo *db, struct mongo_ids *list, const struct kind *kind,
              const char *id)
{
    if (kind != list->kind || id == NULL || list->n == MONGO_MAX_IDS ||
        mongo_seen_find(db->writer.seen, kind, id) != NULL) {
        return;
    }
    if (mongo_heart_lacks_document(db, kind, id)) {
        (void)mongo_seen_add_lacking(db->writer.seen, kind, id);
        return;
    }
    size_t i = 0;
    while (i < list->n && strcmp(list->ids[i], id) != 0) {
        i++;
    }
    if (i == list->n) {
        list->ids[list->n++] = id;
    }
}

static void
list_ids(struct mongo *db, struct mongo_ids *list, struct work *const *works,
         size_t n_works)
{
    for (size_t i = 0; i < n_works; i++) {
        const struct draft *draft = &works[i]->draft;
        for (size_t j = 0; works[i]->is_decided && j < draft->n_changes; j++) {
            mongo_ids_add(db, list, draft->changes[j].kind, draft->changes[j].id);
        }
        for (size_t j = 0; works[i]->is_decided && j < draft->n_checks; j++) {
            mongo_ids_add(db, list, draft->checks[j].kind, draft->checks[j].id);
        }
    }
}

/* What was asked for and did not come is not there. Where the answer cannot be had, or
 * holds what is damaged, nothing was asked. */
void
mongo_expect_ids(struct mongo *db, const struct mongo_ids *list)
{
    struct rows_take take = {.db = db, .kind = list->kind};
    const char *key;
    char room[PLACE_SIZE];
    bson_t filter = BSON_INITIALIZER;
    bson_t range;
    bson_t array;
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "_id", &range);
    BSON_APPEND_ARRAY_BEGIN(&range, "$in", &array);
    for (size_t i = 0; i < list->n; i++) {
        int size = place(i, &key, room);
        bson_append_utf8(&array, key, size, list->ids[i], -1);
        (void)mongo_seen_add(db->writer.seen, list->kind, list->ids[i]);
    }
    bson_append_array_end(&range, &array);
    bson_append_document_end(&filter, &range);
    const struct mongo_query query = {
        .collection = mongo_kind(&db->writer, list->kind, false), .filter = &filter};
    enum status status = mongo_find(&db->writer, &query, take_row, &take);
    if (status != STATUS_OK || take.is_damaged) {
        mongo_seen_clear(db->writer.seen);
    }
    bson_destroy(&filter);
}

/*
 * One work alone asks for itself, by equality, which every server answers best.
 *
 * Only before the first change of a batch: forgetting what was asked in vain would
 * forget changes, too.
 */
void
mongo_expect(void *db, struct work *const *works, size_t n_works)
{
    struct mongo *self = db;
    if (n_works < 2) {
        return;
    }
    struct mongo_ids *list = calloc(1, sizeof *list);
    if (list == NULL) {
        abort();
    }
    expect_eids(self, works, n_works);
    bool is_clean = mongo_seen_n_changed(self->writer.seen) == 0;
    for (size_t i = 0; i < self->open.n_kinds && is_clean; i++) {
        list->kind = &self->open.kinds[i];
        list->n = 0;
        list_ids(self, list, works, n_works);
        if (list->n > 0) {
            mongo_expect_ids(self, list);
        }
    }
    free(list);
}

bool
mongo_doubt(void *db, const uint8_t *eid)
{
    struct mongo *self = db;
    bool is_by_heart = mongo_set_lacks(&self->eids, eid);
    if (is_by_heart) {
        /* Among those that may be there, the log itself is asked. */
        mongo_set_add(&self->eids, eid);
    }
    /* Who tries once more may look for documents it did not look for the first time. */
    bool is_doubted = mongo_seen_doubt(self->writer.seen) || is_by_heart;
    self->batch.is_doubted = self->batch.is_doubted || is_doubted;
    return is_doubted;
}
