/*
 * The documents: collections of slots, each with the versions that can still be seen,
 * and the ops above the majority point.
 *
 * Memory: the data's until mongod_data_done; a zeroed one is empty. A version returned
 * is borrowed until the lock is given up, unless it is kept. Errors: none; checks are
 * the caller's. Threads: under the server's lock.
 *
 *     slot   newest --> older --> oldest      by op number, falling
 *                 |         |
 *     ops    [... 9         7 ]  majority = 6: both can be undone
 */
#ifndef KONTOR_TESTS_MONGOD_DATA_H
#define KONTOR_TESTS_MONGOD_DATA_H

#include "tests/mongod/document.h"

struct version {
    uint64_t op;
    struct document *document; /* NULL: removed. */
    struct version *older;
};

struct slot {
    bson_value_t id; /* The slot's own copy. */
    struct version *newest;
};

struct index_spec {
    char *name;
    bson_t *key;
};

struct collection {
    char *ns;            /* "database.name" */
    struct slot **slots; /* By _id, rising. */
    size_t n;
    size_t capacity;
    bool exists;
    bool is_ragged; /* Slots without a visible version wait to be taken out. */
    struct index_spec *indexes;
    size_t n_indexes;
    struct collection *next;
};

enum op_kind { OP_WRITE, OP_CREATE, OP_DROP };

struct op {
    uint64_t number;
    enum op_kind kind;
    struct collection *collection;
    struct slot *slot; /* Of OP_WRITE. */
};

struct data {
    struct collection *collections; /* They stay until all data goes. */
    struct op *ops;                 /* Above the majority point, rising. */
    size_t n_ops;
    size_t ops_capacity;
    uint64_t newest;
    uint64_t majority;
};

/* A point that sees everything. */
#define MONGOD_NEWEST UINT64_MAX

void mongod_data_done(struct data *data);

/* NULL: never heard of. It may be there without existing. */
struct collection *mongod_data_find(const struct data *data, const char *ns);
/* Makes it exist. */
struct collection *mongod_data_open(struct data *data, const char *ns);
void mongod_data_drop(struct data *data, struct collection *collection);

/* The place of the first slot whose _id is not below the value: 0..n. */
size_t mongod_data_place(const struct collection *collection, const bson_value_t *id);
/* The document with this _id at a point, or NULL. */
struct document *mongod_data_get(const struct collection *collection,
                                 const bson_value_t *id, uint64_t point);
struct document *mongod_data_see(const struct slot *slot, uint64_t point);
/* Takes over the document; NULL removes. The op is data->newest afterwards. */
void mongod_data_put(struct data *data, struct collection *collection,
                     const bson_value_t *id, struct document *document);
/* The same below what is not majority committed, without an op. False: a removal of
 * what was not there. */
bool mongod_data_plant(struct data *data, const char *ns, const bson_value_t *id,
                       struct document *document);

/* Moves the majority point to the newest op. */
void mongod_data_settle(struct data *data);
/* Undoes what is above the majority point; how many ops those were. */
size_t mongod_data_roll_back(struct data *data);

#endif
