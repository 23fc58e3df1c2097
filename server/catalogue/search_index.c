#include "server/catalogue/search_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/catalogue/search_entry.h"

enum {
    SMALL_TAIL = 1024, /* So many entries may wait to be put in order, plus an eighth of
                          those that are. */
    NUMBER_SIZE = 11,  /* Of a number of 32 bits and a blank. */
};

/* ---- Lists ---- */

static void
list_add(struct search_list *list, uint32_t row)
{
    list->rows = search_room(list->rows, &list->room, list->n_rows + 1, sizeof(row));
    list->rows[list->n_rows++] = row;
}

static void
list_done(struct search_list *list)
{
    free(list->rows);
    *list = (struct search_list){.rows = NULL};
}

static int
compare_rows(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* Sorts marked numbers and leaves each once, as one of the name when any of them was.
 */
static void
list_unite(struct search_list *list)
{
    size_t n_kept = 0;
    if (list->n_rows == 0) {
        return;
    }
    qsort(list->rows, list->n_rows, sizeof(*list->rows), compare_rows);
    for (size_t i = 1; i < list->n_rows; i++) {
        if (SEARCH_NUMBER(list->rows[i]) == SEARCH_NUMBER(list->rows[n_kept])) {
            list->rows[n_kept] |= list->rows[i];
        } else {
            list->rows[++n_kept] = list->rows[i];
        }
    }
    list->n_rows = n_kept + 1;
}

/* ---- Sets ---- */

/* The number of a set; its texts are given as numbers, which are sorted here. */
static uint32_t
sets_add(struct search_sets *sets, struct search_list *numbers)
{
    char *key = malloc(numbers->n_rows * NUMBER_SIZE + 1);
    size_t size = 0;
    if (key == NULL) {
        abort();
    }
    list_unite(numbers);
    key[0] = '\0';
    for (size_t i = 0; i < numbers->n_rows; i++) {
        size += (size_t)snprintf(key + size, NUMBER_SIZE + 1, "%u ",
                                 SEARCH_NUMBER(numbers->rows[i]));
    }
    size_t n_known = sets->keys.n_texts;
    uint32_t set = search_table_add(&sets->keys, key);
    free(key);
    if (set == n_known) {
        for (size_t i = 0; i < numbers->n_rows; i++) {
            list_add(&sets->members, SEARCH_NUMBER(numbers->rows[i]));
        }
        list_add(&sets->ends, (uint32_t)sets->members.n_rows);
    }
    return set;
}

static void
sets_done(struct search_sets *sets)
{
    list_done(&sets->members);
    list_done(&sets->ends);
    search_table_done(&sets->texts);
    search_table_done(&sets->keys);
}

/* ---- Entries ---- */

static struct search_list *
posting_of(struct search_index *index, uint32_t word)
{
    index->postings = search_room(index->postings, &index->postings_room,
                                  (size_t)word + 1, sizeof(*index->postings));
    while (index->n_postings <= word) {
        index->postings[index->n_postings++] = (struct search_list){.rows = NULL};
    }
    return &index->postings[word];
}

/* What tidying needs to know of an entry that stays. */
struct kept {
    const char *id;
    uint32_t place;
};

static int
compare_kept(const void *a, const void *b)
{
    return strcmp(((const struct kept *)a)->id, ((const struct kept *)b)->id);
}

/* The newest entries, in the order of their ids. Removals stay: see
 * search_index_remove. */
static struct kept *
newest(const struct search_index *index)
{
    size_t n_ids = index->latest.n_rows;
    struct kept *kept = malloc(n_ids * sizeof(*kept));
    if (kept == NULL) {
        abort();
    }
    for (size_t i = 0; i < n_ids; i++) {
        kept[i] = (struct kept){index->ids.texts[i], index->latest.rows[i]};
    }
    qsort(kept, n_ids, sizeof(*kept), compare_kept);
    return kept;
}

/* A posting after the entries have moved; one place may go before another now. */
static void
move_posting(struct search_list *posting, const uint32_t *moved)
{
    size_t n_kept = 0;
    bool is_in_order = true;
    for (size_t i = 0; i < posting->n_rows; i++) {
        uint32_t to = moved[SEARCH_NUMBER(posting->rows[i])];
        if (to == SEARCH_NO_TEXT) {
            continue;
        }
        uint32_t mark = SEARCH_MARK(to, SEARCH_IS_NAME(posting->rows[i]));
        is_in_order = is_in_order && (n_kept == 0 || posting->rows[n_kept - 1] < mark);
        posting->rows[n_kept++] = mark;
    }
    posting->n_rows = n_kept;
    if (!is_in_order) {
        qsort(posting->rows, n_kept, sizeof(*posting->rows), compare_rows);
    }
}

/*
 * Throws versions away that are no longer the newest, and puts the rest in the order of
 * their ids, once enough entries wait at the end: every new version is one of them, so
 * that a busy index does not grow.
 */
static void
tidy(struct search_index *index)
{
    size_t n_kept = index->latest.n_rows;
    if (index->n_entries - index->n_in_order <= SMALL_TAIL + index->n_in_order / 8) {
        return;
    }
    struct kept *kept = newest(index);
    struct search_entry *entries = malloc(n_kept * sizeof(*entries));
    uint32_t *moved = malloc(index->n_entries * sizeof(*moved));
    if (entries == NULL || moved == NULL) {
        abort();
    }
    memset(moved, 0xff, index->n_entries * sizeof(*moved));
    for (size_t i = 0; i < n_kept; i++) {
        entries[i] = index->entries[kept[i].place];
        moved[kept[i].place] = (uint32_t)i;
        index->latest.rows[entries[i].id] = (uint32_t)i;
    }
    for (size_t i = 0; i < index->n_postings; i++) {
        move_posting(&index->postings[i], moved);
    }
    free(index->entries);
    free(kept);
    free(moved);
    index->entries = entries;
    index->entries_room = index->n_entries = index->n_in_order = n_kept;
}

static bool
is_behind_all(const struct search_index *index, uint32_t id)
{
    if (index->n_in_order < index->n_entries) {
        return false;
    }
    return index->n_entries == 0 ||
           strcmp(index->ids.texts[index->entries[index->n_entries - 1].id],
                  index->ids.texts[id]) < 0;
}

/* A new newest entry of an id, or NULL when the index knows one as new. */
static struct search_entry *
begin_entry(struct search_index *index, const char *id, int64_t revision)
{
    uint32_t number = search_table_add(&index->ids, id);
    bool is_known = number < index->latest.n_rows;
    struct search_entry *old =
        is_known ? &index->entries[index->latest.rows[number]] : NULL;
    if (old != NULL && old->revision >= revision) {
        return NULL;
    }
    if (old != NULL) {
        old->is_live = false;
        index->latest.rows[number] = (uint32_t)index->n_entries;
    } else {
        list_add(&index->latest, (uint32_t)index->n_entries);
    }
    index->n_in_order += is_behind_all(index, number) ? 1 : 0;
    index->entries = search_room(index->entries, &index->entries_room,
                                 index->n_entries + 1, sizeof(*index->entries));
    index->entries[index->n_entries] =
        (struct search_entry){.id = number, .revision = revision};
    return &index->entries[index->n_entries++];
}

/* The set of texts, each from a byte on. */
static uint32_t
set_of(struct search_index *index, struct search_sets *sets, char *const *texts,
       size_t n_texts, size_t from)
{
    index->set.n_rows = 0;
    for (size_t i = 0; i < n_texts; i++) {
        uint32_t number = search_table_add(&sets->texts, texts[i] + from);
        list_add(&index->set, SEARCH_MARK(number, false));
    }
    return sets_add(sets, &index->set);
}

/* Its place must be above all that were posted. */
static void
post_words(struct search_index *index, const struct search_document *document,
           uint32_t place)
{
    index->marks.n_rows = 0;
    for (size_t i = 0; i < document->n_words; i++) {
        uint32_t word = search_table_add(&index->words, document->words[i].text);
        list_add(&index->marks, SEARCH_MARK(word, document->words[i].is_name));
    }
    list_unite(&index->marks);
    for (size_t i = 0; i < index->marks.n_rows; i++) {
        uint32_t mark = index->marks.rows[i];
        list_add(posting_of(index, SEARCH_NUMBER(mark)),
                 SEARCH_MARK(place, SEARCH_IS_NAME(mark)));
    }
}

void
search_index_put(struct search_index *index, const struct search_document *document)
{
    struct search_entry *entry = begin_entry(index, document->id, document->revision);
    if (entry == NULL) {
        return;
    }
    entry->is_live = true;
    entry->trl = (uint8_t)document->trl;
    entry->name = search_table_add(&index->names, document->name);
    entry->scopes =
        set_of(index, &index->scopes, document->scope, document->n_scope, 1);
    for (size_t i = 0; i < SEARCH_FACETS; i++) {
        entry->facets[i] = set_of(index, &index->facets[i], document->facets[i].texts,
                                  document->facets[i].n_texts, 0);
    }
    post_words(index, document, (uint32_t)(index->n_entries - 1));
    tidy(index);
}

void
search_index_remove(struct search_index *index, const char *id, int64_t revision)
{
    /* The removal stays as an entry that is never live: the builder may still bring an
     * older version of it. */
    (void)begin_entry(index, id, revision);
    tidy(index);
}

/* ---- Life ---- */

struct search_index *
search_index_new(void)
{
    struct search_index *index = calloc(1, sizeof(*index));
    if (index == NULL) {
        abort();
    }
    return index;
}

void
search_index_free(struct search_index *index)
{
    if (index == NULL) {
        return;
    }
    for (size_t i = 0; i < index->n_postings; i++) {
        list_done(&index->postings[i]);
    }
    free(index->entries);
    free(index->postings);
    list_done(&index->latest);
    list_done(&index->marks);
    list_done(&index->set);
    search_table_done(&index->words);
    search_table_done(&index->ids);
    search_table_done(&index->names);
    sets_done(&index->scopes);
    for (size_t i = 0; i < SEARCH_FACETS; i++) {
        sets_done(&index->facets[i]);
    }
    free(index);
}
