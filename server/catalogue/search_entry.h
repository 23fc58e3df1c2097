/*
 * What is inside the search index: entries and postings, shared by what writes it and
 * what queries it.
 *
 * Memory: as search_index.h. Errors: none. Threads: as search_index.h.
 */
#ifndef KONTOR_SERVER_CATALOGUE_SEARCH_ENTRY_H
#define KONTOR_SERVER_CATALOGUE_SEARCH_ENTRY_H

#include "server/catalogue/search_index.h"
#include "server/catalogue/search_table.h"

/* A number and whether it is of the name, in one word of 32 bits. */
#define SEARCH_MARK(number, is_name)                                                   \
    ((number) << 1 | ((is_name) ? UINT32_C(1) : UINT32_C(0)))
#define SEARCH_NUMBER(mark) ((mark) >> 1)
#define SEARCH_IS_NAME(mark) (((mark)&UINT32_C(1)) != 0)

/* A list of numbers. */
struct search_list {
    uint32_t *rows;
    size_t n_rows, room;
};

/* One version of a service. A newer version is an entry of its own behind it, so
 * postings stay in order. */
struct search_entry {
    uint32_t id; /* In ids. */
    int64_t revision;
    bool is_live;      /* It is the newest version and not removed. */
    bool is_public;    /* Every principal may see it. */
    uint32_t provider; /* In values. */
    uint32_t order_type;
    struct search_list scopes;     /* In scopes, without the first byte. */
    struct search_list categories; /* In values. */
    struct search_list words;      /* Marked numbers in words, ascending, each once. */
};

struct search_index {
    struct search_table words, ids, scopes, values;
    struct search_list *postings; /* By word: marked places of entries, ascending. */
    size_t postings_room, n_postings;
    struct search_entry *entries;
    size_t n_entries, entries_room, n_dead;
    struct search_list latest; /* By id: place of its newest entry. */
};

#endif
