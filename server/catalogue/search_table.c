#include "server/catalogue/search_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_SLOTS = 1024,
    SMALL_TAIL = 1024, /* So many texts may wait to be sorted in, plus an eighth of
                          those that are. */
};

void *
search_room(void *array, size_t *room, size_t need, size_t size)
{
    size_t wider = *room * 2 > need ? *room * 2 : need;
    void *moved;
    if (need <= *room) {
        return array;
    }
    moved = realloc(array, wider * size);
    if (moved == NULL) {
        abort();
    }
    *room = wider;
    return moved;
}

/* FNV-1a, 64 bits. */
static uint64_t
hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    }
    return hash ^ hash >> 32;
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t
slot_of(const struct search_table *table, const char *text)
{
    size_t slot = (size_t)hash_of(text) & (table->n_slots - 1);
    while (table->slots[slot] != 0 &&
           strcmp(table->texts[table->slots[slot] - 1], text) != 0) {
        slot = (slot + 1) & (table->n_slots - 1);
    }
    return slot;
}

/* Doubles the slots before they are more than half full. */
static void
widen_slots(struct search_table *table)
{
    if (table->n_slots >= 2 * (table->n_texts + 1)) {
        return;
    }
    table->n_slots = table->n_slots == 0 ? FIRST_SLOTS : 2 * table->n_slots;
    free(table->slots);
    table->slots = calloc(table->n_slots, sizeof(*table->slots));
    if (table->slots == NULL) {
        abort();
    }
    for (size_t i = 0; i < table->n_texts; i++) {
        table->slots[slot_of(table, table->texts[i])] = (uint32_t)i + 1;
    }
}

static int
compare_numbers(const void *a, const void *b, void *context)
{
    char *const *texts = context;
    return strcmp(texts[*(const uint32_t *)a], texts[*(const uint32_t *)b]);
}

/* Sorts the tail, then merges it in from the back. */
static void
sort_tail(struct search_table *table)
{
    size_t n_tail = table->n_texts - table->n_sorted;
    size_t left = table->n_sorted;
    size_t out = table->n_texts;
    uint32_t *tail = malloc(n_tail * sizeof(*tail));
    table->sorted = realloc(table->sorted, table->n_texts * sizeof(*table->sorted));
    if (tail == NULL || table->sorted == NULL) {
        abort();
    }
    for (size_t i = 0; i < n_tail; i++) {
        tail[i] = (uint32_t)(table->n_sorted + i);
    }
    qsort_r(tail, n_tail, sizeof(*tail), compare_numbers, table->texts);
    while (n_tail > 0) {
        bool is_left = left > 0 && compare_numbers(&table->sorted[left - 1],
                                                   &tail[n_tail - 1], table->texts) > 0;
        table->sorted[--out] = is_left ? table->sorted[--left] : tail[--n_tail];
    }
    table->n_sorted = table->n_texts;
    free(tail);
}

uint32_t
search_table_add(struct search_table *table, const char *text)
{
    size_t slot;
    char *copy;
    widen_slots(table);
    slot = slot_of(table, text);
    if (table->slots[slot] != 0) {
        return table->slots[slot] - 1;
    }
    copy = strdup(text);
    if (copy == NULL) {
        abort();
    }
    table->texts = search_room(table->texts, &table->texts_room, table->n_texts + 1,
                               sizeof(*table->texts));
    table->texts[table->n_texts++] = copy;
    table->slots[slot] = (uint32_t)table->n_texts;
    if (table->n_texts - table->n_sorted > SMALL_TAIL + table->n_sorted / 8) {
        sort_tail(table);
    }
    return (uint32_t)table->n_texts - 1;
}

uint32_t
search_table_find(const struct search_table *table, const char *text)
{
    /* A free slot holds 0, so that its number is SEARCH_NO_TEXT. */
    return table->n_slots == 0 ? SEARCH_NO_TEXT
                               : table->slots[slot_of(table, text)] - UINT32_C(1);
}

/* The first place in sorted whose text is not below the prefix. */
static size_t
lower_bound(const struct search_table *table, const char *prefix)
{
    size_t low = 0;
    size_t high = table->n_sorted;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(table->texts[table->sorted[middle]], prefix) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void
search_table_each(const struct search_table *table, const char *prefix,
                  void (*visit)(void *context, uint32_t number), void *context)
{
    size_t size = strlen(prefix);
    for (size_t i = lower_bound(table, prefix); i < table->n_sorted; i++) {
        if (strncmp(table->texts[table->sorted[i]], prefix, size) != 0) {
            break;
        }
        visit(context, table->sorted[i]);
    }
    for (size_t i = table->n_sorted; i < table->n_texts; i++) {
        if (strncmp(table->texts[i], prefix, size) == 0) {
            visit(context, (uint32_t)i);
        }
    }
}

void
search_table_done(struct search_table *table)
{
    for (size_t i = 0; i < table->n_texts; i++) {
        free(table->texts[i]);
    }
    free(table->texts);
    free(table->slots);
    free(table->sorted);
    *table = (struct search_table){.texts = NULL};
}
