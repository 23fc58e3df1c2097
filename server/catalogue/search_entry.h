/*
 * What is inside the search index: entries, sets and postings, shared by what writes it
 * and what queries it.
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

/*
 * Texts that go together, each set of them once: thousands of services share a few sets
 * of scopes and of categories, and a query judges and counts each set once instead of
 * each service.
 */
struct search_sets {
    struct search_table texts;  /* The texts of all sets. */
    struct search_table keys;   /* The sets, as texts. */
    struct search_list members; /* Numbers in texts, ascending in each set, one set
                                   behind the other: they are walked in this order. */
    struct search_list ends;    /* By set: where its members end. */
};

/* The members of a set; borrowed. */
static inline struct search_list
search_set(const struct search_sets *sets, size_t set)
{
    size_t begin = set == 0 ? 0 : sets->ends.rows[set - 1];
    return (struct search_list){.rows = sets->members.rows + begin,
                                .n_rows = sets->ends.rows[set] - begin};
}

/* One version of a service. A newer version is an entry of its own behind it, so
 * postings stay in order. */
struct search_entry {
    int64_t revision;
    uint32_t id;     /* In ids. */
    uint32_t name;   /* In names. */
    uint32_t scopes; /* The set of scope strings, without the first byte. */
    uint32_t facets[SEARCH_FACETS]; /* A set of each. */
    uint8_t trl;
    bool is_live; /* It is the newest version and not removed. */
};

struct search_index {
    struct search_table words, ids, names;
    struct search_sets scopes, facets[SEARCH_FACETS];
    struct search_list *postings; /* By word: marked places of entries, ascending. */
    size_t postings_room, n_postings;
    struct search_entry *entries;
    size_t n_entries, entries_room;
    size_t n_in_order; /* So many entries, from the first, are in the order of their
                          ids: their places say which id comes first. */
    struct search_list latest; /* By id: place of its newest entry. */
    struct search_list marks;  /* Words of the service being put in. */
    struct search_list set;    /* The set being looked for. */
};

/* Which sets of scopes a caller sees, by number: those with one of its strings, or with
 * the one of every principal. */
bool *search_seen_sets(struct arena *arena, const struct search_index *index,
                       const struct scopes *scopes);

#endif
