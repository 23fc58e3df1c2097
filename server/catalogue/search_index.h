/*
 * The index of services: which of them have which words, with exact ranks and exact
 * counts. CATALOGUE design, Search.
 *
 * Memory: owns everything put in; results live in the arena of the query. Errors: none;
 * aborts when the machine is out of memory. Threads: one writer, or any number of
 * readers; search.c holds the lock.
 */
#ifndef KONTOR_SERVER_CATALOGUE_SEARCH_INDEX_H
#define KONTOR_SERVER_CATALOGUE_SEARCH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "store/store.h"

struct search_index;

enum search_index_limits {
    SEARCH_MAX_WORDS = 16,  /* Words of a query. */
    SEARCH_NAME_WEIGHT = 3, /* What a word of the name counts; any other counts 1. */
    SEARCH_ORDER_TYPES = 5, /* Values of OrderType. */
};

/* A word of a service, folded. */
struct search_word {
    const char *text;
    bool is_name; /* It stands in the name. */
};

/* A service as the index knows it. Everything is copied. */
struct search_document {
    const char *id;
    int64_t revision;
    char *const *scope;
    size_t n_scope;
    const char *provider;
    char *const *categories;
    size_t n_categories;
    uint32_t order_type;
    const struct search_word *words; /* In any order, repeated or not. */
    size_t n_words;
};

/* A hit, best first. */
struct search_hit {
    const char *id;
    int64_t score; /* Sum over the query's words. */
};

struct search_query {
    char *const *words; /* Folded; all must match, the last as the beginning of a word.
                           None: everything matches. */
    size_t n_words;     /* At most SEARCH_MAX_WORDS. */
    char *const *providers; /* Any of these; none = all. */
    size_t n_providers;
    char *const *categories; /* Any of these; none = all. */
    size_t n_categories;
    uint32_t order_types; /* A bit a value; 0 = all. */
    const struct scopes *scopes;
    size_t limit;            /* Hits wanted, at least 1. */
    struct search_hit after; /* Hits behind this one only; id NULL = from the first. */
};

/* How many of the hits have a value. */
struct search_count {
    const char *value;
    int32_t count;
};

struct search_result {
    struct search_hit *hits;
    size_t n_hits;
    bool has_more; /* There are hits behind the last. */
    int32_t total; /* All hits the scopes see. */
    struct search_count
        *providers; /* Over all hits, most frequent first, then by value. */
    size_t n_providers;
    struct search_count *categories;
    size_t n_categories;
    int32_t order_types[SEARCH_ORDER_TYPES]; /* By value. */
};

struct search_index *search_index_new(void);
/* Accepts NULL. */
void search_index_free(struct search_index *index);
/* Takes a service in, or its new version; an older one than the index knows changes
 * nothing. */
void search_index_put(struct search_index *index,
                      const struct search_document *document);
/* Takes a service out at a revision. */
void search_index_remove(struct search_index *index, const char *id, int64_t revision);
void search_index_query(const struct search_index *index,
                        const struct search_query *query, struct arena *arena,
                        struct search_result *out);

#endif
