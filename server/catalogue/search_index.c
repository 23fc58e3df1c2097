#include "server/catalogue/search_index.h"

#include <stdlib.h>
#include <string.h>

#include "server/catalogue/search_entry.h"

enum { FEW_DEAD = 1024 }; /* Dead entries that are never worth a clean-up. */

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

/* ---- Entries ---- */

static void
entry_done(struct search_entry *entry)
{
    list_done(&entry->scopes);
    list_done(&entry->categories);
    list_done(&entry->words);
}

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

/* Writes an entry's words into the postings; its place must be above all that were
 * posted. */
static void
post(struct search_index *index, uint32_t place)
{
    const struct search_entry *entry = &index->entries[place];
    for (size_t i = 0; i < entry->words.n_rows; i++) {
        uint32_t mark = entry->words.rows[i];
        list_add(posting_of(index, SEARCH_NUMBER(mark)),
                 SEARCH_MARK(place, SEARCH_IS_NAME(mark)));
    }
}

/* Throws dead entries away and posts the rest anew, so that a busy index does not grow.
 */
static void
clean_up(struct search_index *index)
{
    size_t n_kept = 0;
    if (index->n_dead < FEW_DEAD || index->n_dead < index->n_entries / 2) {
        return;
    }
    for (size_t i = 0; i < index->n_postings; i++) {
        index->postings[i].n_rows = 0;
    }
    for (size_t i = 0; i < index->n_entries; i++) {
        struct search_entry entry = index->entries[i];
        if (index->latest.rows[entry.id] != i) {
            entry_done(&entry);
            continue;
        }
        index->latest.rows[entry.id] = (uint32_t)n_kept;
        index->entries[n_kept] = entry;
        post(index, (uint32_t)n_kept++);
    }
    index->n_entries = n_kept;
    index->n_dead = 0;
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
        index->n_dead++;
        index->latest.rows[number] = (uint32_t)index->n_entries;
    } else {
        list_add(&index->latest, (uint32_t)index->n_entries);
    }
    index->entries = search_room(index->entries, &index->entries_room,
                                 index->n_entries + 1, sizeof(*index->entries));
    index->entries[index->n_entries] =
        (struct search_entry){.id = number, .revision = revision};
    return &index->entries[index->n_entries++];
}

void
search_index_put(struct search_index *index, const struct search_document *document)
{
    struct search_entry *entry = begin_entry(index, document->id, document->revision);
    if (entry == NULL) {
        return;
    }
    entry->is_live = true;
    entry->order_type = document->order_type;
    entry->provider = search_table_add(&index->values, document->provider);
    for (size_t i = 0; i < document->n_scope; i++) {
        const char *string = document->scope[i] + 1;
        entry->is_public = entry->is_public || strcmp(string, "*") == 0;
        list_add(&entry->scopes, search_table_add(&index->scopes, string));
    }
    for (size_t i = 0; i < document->n_categories; i++) {
        uint32_t value = search_table_add(&index->values, document->categories[i]);
        list_add(&entry->categories, SEARCH_MARK(value, false));
    }
    list_unite(&entry->categories);
    for (size_t i = 0; i < document->n_words; i++) {
        uint32_t word = search_table_add(&index->words, document->words[i].text);
        list_add(&entry->words, SEARCH_MARK(word, document->words[i].is_name));
    }
    list_unite(&entry->words);
    post(index, (uint32_t)(index->n_entries - 1));
    clean_up(index);
}

void
search_index_remove(struct search_index *index, const char *id, int64_t revision)
{
    /* The removal stays as an entry that is never live: the builder may still bring an
     * older version of it. */
    (void)begin_entry(index, id, revision);
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
    for (size_t i = 0; i < index->n_entries; i++) {
        entry_done(&index->entries[i]);
    }
    for (size_t i = 0; i < index->n_postings; i++) {
        list_done(&index->postings[i]);
    }
    free(index->entries);
    free(index->postings);
    list_done(&index->latest);
    search_table_done(&index->words);
    search_table_done(&index->ids);
    search_table_done(&index->scopes);
    search_table_done(&index->values);
    free(index);
}
