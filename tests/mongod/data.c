#include "tests/mongod/data.h"

#include <string.h>

static void
version_free(struct version *version)
{
    mongod_document_drop(version->document);
    bson_free(version);
}

static void
slot_free(struct slot *slot)
{
    while (slot->newest != NULL) {
        struct version *version = slot->newest;
        slot->newest = version->older;
        version_free(version);
    }
    bson_value_destroy(&slot->id);
    bson_free(slot);
}

static void
indexes_free(struct collection *collection)
{
    for (size_t i = 0; i < collection->n_indexes; i++) {
        bson_free(collection->indexes[i].name);
        bson_destroy(collection->indexes[i].key);
    }
    bson_free(collection->indexes);
    collection->indexes = NULL;
    collection->n_indexes = 0;
}

static void
collection_free(struct collection *collection)
{
    for (size_t i = 0; i < collection->n; i++) {
        slot_free(collection->slots[i]);
    }
    indexes_free(collection);
    bson_free(collection->slots);
    bson_free(collection->ns);
    bson_free(collection);
}

void
mongod_data_done(struct data *data)
{
    while (data->collections != NULL) {
        struct collection *collection = data->collections;
        data->collections = collection->next;
        collection_free(collection);
    }
    bson_free(data->ops);
    *data = (struct data){.newest = data->newest, .majority = data->newest};
}

static void
add_op(struct data *data, enum op_kind kind, struct collection *collection,
       struct slot *slot)
{
    if (data->n_ops == data->ops_capacity) {
        data->ops_capacity = data->ops_capacity * 2 + 8;
        data->ops = bson_realloc(data->ops, data->ops_capacity * sizeof *data->ops);
    }
    data->ops[data->n_ops++] = (struct op){
        .number = ++data->newest, .kind = kind, .collection = collection, .slot = slot};
}

struct collection *
mongod_data_find(const struct data *data, const char *ns)
{
    struct collection *collection = data->collections;
    while (collection != NULL && strcmp(collection->ns, ns) != 0) {
        collection = collection->next;
    }
    return collection;
}

static struct collection *
find_or_make(struct data *data, const char *ns)
{
    struct collection *collection = mongod_data_find(data, ns);
    if (collection == NULL) {
        collection = bson_malloc0(sizeof *collection);
        collection->ns = bson_strdup(ns);
        collection->next = data->collections;
        data->collections = collection;
    }
    return collection;
}

struct collection *
mongod_data_open(struct data *data, const char *ns)
{
    struct collection *collection = find_or_make(data, ns);
    if (!collection->exists) {
        collection->exists = true;
        add_op(data, OP_CREATE, collection, NULL);
    }
    return collection;
}

/* The indexes go for good: nobody can see whether a rollback brought them back. */
void
mongod_data_drop(struct data *data, struct collection *collection)
{
    for (size_t i = 0; i < collection->n; i++) {
        struct slot *slot = collection->slots[i];
        if (mongod_data_see(slot, MONGOD_NEWEST) != NULL) {
            mongod_data_put(data, collection, &slot->id, NULL);
        }
    }
    indexes_free(collection);
    collection->exists = false;
    add_op(data, OP_DROP, collection, NULL);
}

size_t
mongod_data_place(const struct collection *collection, const bson_value_t *id)
{
    size_t low = 0;
    size_t high = collection->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (mongod_value_compare(&collection->slots[middle]->id, id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct slot *
slot_at(const struct collection *collection, size_t place, const bson_value_t *id)
{
    if (place == collection->n ||
        mongod_value_compare(&collection->slots[place]->id, id) != 0) {
        return NULL;
    }
    return collection->slots[place];
}

static struct slot *
slot_open(struct collection *collection, const bson_value_t *id)
{
    size_t place = mongod_data_place(collection, id);
    struct slot *slot = slot_at(collection, place, id);
    if (slot != NULL) {
        return slot;
    }
    if (collection->n == collection->capacity) {
        collection->capacity = collection->capacity * 2 + 16;
        collection->slots = bson_realloc(collection->slots,
                                         collection->capacity * sizeof(struct slot *));
    }
    memmove(&collection->slots[place + 1], &collection->slots[place],
            (collection->n - place) * sizeof(struct slot *));
    slot = bson_malloc0(sizeof *slot);
    bson_value_copy(id, &slot->id);
    collection->slots[place] = slot;
    collection->n++;
    return slot;
}

struct document *
mongod_data_see(const struct slot *slot, uint64_t point)
{
    const struct version *version = slot->newest;
    while (version != NULL && version->op > point) {
        version = version->older;
    }
    return version == NULL ? NULL : version->document;
}

struct document *
mongod_data_get(const struct collection *collection, const bson_value_t *id,
                uint64_t point)
{
    const struct slot *slot =
        slot_at(collection, mongod_data_place(collection, id), id);
    return slot == NULL ? NULL : mongod_data_see(slot, point);
}

void
mongod_data_put(struct data *data, struct collection *collection,
                const bson_value_t *id, struct document *document)
{
    struct slot *slot = slot_open(collection, id);
    struct version *version = bson_malloc0(sizeof *version);
    add_op(data, OP_WRITE, collection, slot);
    *version = (struct version){
        .op = data->newest, .document = document, .older = slot->newest};
    slot->newest = version;
}

/* Frees what lies below the newest version at or under the point: nobody sees it any
 * more. Nor is a removal worth keeping that has nothing below. */
static void
slot_prune(struct collection *collection, struct slot *slot, uint64_t point)
{
    struct version **link = &slot->newest;
    while (*link != NULL && (*link)->op > point) {
        link = &(*link)->older;
    }
    if (*link == NULL) {
        return;
    }
    if ((*link)->document != NULL) {
        link = &(*link)->older;
    }
    while (*link != NULL) {
        struct version *version = *link;
        *link = version->older;
        version_free(version);
    }
    collection->is_ragged = collection->is_ragged || slot->newest == NULL;
}

/* Takes out slots without versions. */
static void
compact(struct collection *collection)
{
    size_t n = 0;
    if (!collection->is_ragged) {
        return;
    }
    for (size_t i = 0; i < collection->n; i++) {
        struct slot *slot = collection->slots[i];
        if (slot->newest == NULL) {
            slot_free(slot);
        } else {
            collection->slots[n++] = slot;
        }
    }
    collection->n = n;
    collection->is_ragged = false;
}

bool
mongod_data_plant(struct data *data, const char *ns, const bson_value_t *id,
                  struct document *document)
{
    struct collection *collection = find_or_make(data, ns);
    collection->exists = collection->exists || document != NULL;
    struct slot *slot = slot_open(collection, id);
    struct version **link = &slot->newest;
    while (*link != NULL && (*link)->op > data->majority) {
        link = &(*link)->older;
    }
    bool was_there = *link != NULL && (*link)->document != NULL;
    struct version *version = bson_malloc0(sizeof *version);
    *version =
        (struct version){.op = data->majority, .document = document, .older = *link};
    *link = version;
    slot_prune(collection, slot, data->majority);
    compact(collection);
    return document != NULL || was_there;
}

static void
compact_all(struct data *data)
{
    for (struct collection *c = data->collections; c != NULL; c = c->next) {
        compact(c);
    }
}

void
mongod_data_settle(struct data *data)
{
    data->majority = data->newest;
    for (size_t i = 0; i < data->n_ops; i++) {
        const struct op *op = &data->ops[i];
        if (op->kind == OP_WRITE) {
            slot_prune(op->collection, op->slot, data->majority);
        }
    }
    data->n_ops = 0;
    compact_all(data);
}

static void
undo_write(const struct op *op)
{
    struct version *version = op->slot->newest;
    op->slot->newest = version->older;
    version_free(version);
    if (op->slot->newest == NULL) {
        op->collection->is_ragged = true;
    }
}

size_t
mongod_data_roll_back(struct data *data)
{
    size_t n = data->n_ops;
    while (data->n_ops > 0) {
        const struct op *op = &data->ops[--data->n_ops];
        switch (op->kind) {
        case OP_WRITE:
            undo_write(op);
            break;
        case OP_CREATE:
            op->collection->exists = false;
            break;
        case OP_DROP:
            op->collection->exists = true;
            break;
        }
    }
    compact_all(data);
    return n;
}
