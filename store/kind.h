/*
 * The kinds of documents: everything that is declared about each, in one table.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_STORE_KIND_H
#define KONTOR_STORE_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

enum kind_limits {
    KIND_MAX_DECLARED = 8, /* Declared fields of a kind. */
    KIND_MAX_INDEXES = 6,  /* Indexes of a kind beside the one by id. */
    KIND_MAX_PATH = 3,     /* Depth of a declared field. */
    KIND_MAX_COLUMNS = 3,  /* Order columns of an index. */
};

/* Typed and never null: what is missing is "", INT64_MIN for integers and INT64_MAX for
 * times. */
enum declared_type { DECLARED_TEXT, DECLARED_INTEGER, DECLARED_TIME };

/* A field the store can find by. Read from the document's wire bytes by its path. */
struct declared {
    const char *name; /* As in conditions and park keys; NULL ends the list. */
    enum declared_type
        type; /* TIME reads a google.protobuf.Timestamp as milliseconds. */
    uint8_t path[KIND_MAX_PATH]; /* Field numbers from the record inwards; 0 ends. */
};

/* Who searches an index, and so which rows it has. */
enum index_use {
    INDEX_ANY,     /* Callers and the broker: a row per scope string, and one more. */
    INDEX_CALLERS, /* Callers only: a row per scope string. */
    INDEX_OWN, /* The broker only, among all documents that have a value in the first
                  column: one row for each of those. Searched by such a value or a
                  range of them. */
};

/* An index, ordered by these columns, then by id. */
struct kind_index {
    const char *name;                      /* NULL ends the list. */
    const char *columns[KIND_MAX_COLUMNS]; /* Names of declared fields; NULL ends. */
    enum index_use use;
};

struct kind {
    const char *name; /* In commits, requests and tables; [a-z_]+. */
    const ProtobufCMessageDescriptor
        *record; /* Fields 1 to 4 are id, revision, created_at, updated_at; NULL for
                    guards. */
    const uint8_t *internal; /* Field numbers of the full view only, 0 ends; NULL =
                                none. The store keeps them apart (x). */
    bool has_history;        /* Whether older versions are kept for as-of reads. */
    bool is_kept;        /* Decisions read documents of it far more often than anybody
                            changes them: worth a place in the read cache. */
    bool is_addressed;   /* Whether documents of it may carry the scope string of one
                            principal, "u:<id>". */
    bool is_final;       /* Nobody changes or removes a document of it: erasing takes
                            the present version, too. */
    uint8_t watch_field; /* Its field in RecordChange; 0 = never sent to watchers. */
    struct declared declared[KIND_MAX_DECLARED];
    struct kind_index indexes[KIND_MAX_INDEXES];
};

/* The kinds of the broker, ended by a row whose name is NULL. */
extern const struct kind kind_table[];

/* Those of the kinds that code names. */
extern const struct kind *const KIND_REGISTRY;
extern const struct kind *const KIND_PRINCIPAL;
extern const struct kind *const KIND_REVOCATION;
extern const struct kind *const KIND_PROVIDER;
extern const struct kind *const KIND_SERVICE;
extern const struct kind *const KIND_VOCABULARY;
extern const struct kind *const KIND_BUNDLE;
extern const struct kind *const KIND_PROJECT;
extern const struct kind *const KIND_ORDER;
extern const struct kind *const KIND_ITEM;
extern const struct kind *const KIND_INSTANCE;
extern const struct kind *const KIND_STOCK;
extern const struct kind *const KIND_STOCK_WAIT;
extern const struct kind *const KIND_OBSERVATION;
extern const struct kind *const KIND_OPINION;
extern const struct kind *const KIND_TALLY;
extern const struct kind *const KIND_ACCESS;
extern const struct kind *const KIND_SESSION;
extern const struct kind *const KIND_SITE;
extern const struct kind *const KIND_CERTIFICATION_CHANGE;
extern const struct kind *const KIND_OPERATOR_GROUP;
extern const struct kind *const KIND_ENDPOINT;
extern const struct kind *const KIND_GROUP;
extern const struct kind *const KIND_VERSION;
extern const struct kind *const KIND_CAPACITY;
extern const struct kind *const KIND_CAPACITY_USE;
extern const struct kind *const KIND_PLAN;
extern const struct kind *const KIND_DOWNTIME;
extern const struct kind *const KIND_GUARD;
extern const struct kind *const KIND_MESSAGE;

/* The kind of this name in a table ended by a NULL name, or NULL. */
const struct kind *kind_by_name(const struct kind *table, const char *name);

#endif
