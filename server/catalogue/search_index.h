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
    SEARCH_MAX_WORDS = 16,     /* Words of a query. */
    SEARCH_NAME_WEIGHT = 3,    /* What a word of the name counts; any other counts 1. */
    SEARCH_SUGGESTIONS = 5,    /* Words that are proposed at most. */
    SEARCH_FACET_VALUES = 100, /* Values of a facet that are counted out at most. */
};

/* By what hits can be counted and narrowed. */
enum search_facet {
    SEARCH_PROVIDER,
    SEARCH_CATEGORY,
    SEARCH_DOMAIN,
    SEARCH_ORDER_TYPE,
    SEARCH_TRL,
    SEARCH_COUNTRY,
    SEARCH_ACCESS_TYPE,
    SEARCH_PHASE,
    SEARCH_TAG,
    SEARCH_FACETS,
};

/* In what order hits come; among equals, by id. */
enum search_order {
    SEARCH_BY_RELEVANCE, /* The highest score first. */
    SEARCH_BY_NAME,      /* By folded name. */
    SEARCH_BY_UPDATED,   /* The last changed first. */
    SEARCH_BY_TRL,       /* The highest number first. */
};

/* Texts, borrowed. */
struct search_texts {
    char *const *texts;
    size_t n_texts;
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
    const char *name; /* Folded. */
    int64_t trl;      /* 0 = not said. */
    struct search_texts facets[SEARCH_FACETS];
    const struct search_word *words; /* In any order, repeated or not. */
    size_t n_words;
};

/* A hit, and where it stands in the order. */
struct search_hit {
    const char *id;
    int64_t score;    /* Sum over the query's words. */
    int64_t key;      /* What the order goes by: score, revision, number of the TRL. */
    const char *name; /* What it goes by when that is the name; else "". */
};

struct search_query {
    char *const *words; /* Folded; all must match, the last as the beginning of a word.
                           None: everything matches. */
    size_t n_words;     /* At most SEARCH_MAX_WORDS. */
    struct search_texts wanted[SEARCH_FACETS]; /* Any of these; none = all. */
    enum search_order order;
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
    /* Over all hits, most frequent first, then by value; none behind the first page. */
    struct search_counts {
        struct search_count *rows;
        size_t n_rows;
    } facets[SEARCH_FACETS];
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
/*
 * The words of the index that are nearest to one that no service the scopes see has,
 * nor (is_beginning) begins a word of: at most two letters apart, nearest first, then
 * by how many have them. Answers how many, at most SEARCH_SUGGESTIONS; none for a word
 * that is there.
 */
size_t search_index_suggest(const struct search_index *index, const char *word,
                            bool is_beginning, const struct scopes *scopes,
                            struct arena *arena, const char **out);
void search_index_query(const struct search_index *index,
                        const struct search_query *query, struct arena *arena,
                        struct search_result *out);

#endif
