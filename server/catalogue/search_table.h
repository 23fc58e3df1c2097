/*
 * Texts by number and numbers by text, with the texts that begin in some way: the
 * dictionary of the search index.
 *
 * Memory: owns copies of the texts; zeroed = empty. Errors: none; aborts when the
 * machine is out of memory. Threads: one writer, or any number of readers.
 */
#ifndef KONTOR_SERVER_CATALOGUE_SEARCH_TABLE_H
#define KONTOR_SERVER_CATALOGUE_SEARCH_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define SEARCH_NO_TEXT UINT32_MAX

struct search_table {
    char **texts; /* By number, dense from 0. */
    size_t n_texts, texts_room;
    uint32_t *slots;  /* Open addressing: number + 1, 0 = free. */
    size_t n_slots;   /* A power of two. */
    uint32_t *sorted; /* The first n_sorted numbers in the order of their texts; later
                         ones are not in it yet. */
    size_t n_sorted;
};

/* The number of a text; a new one when it is not there. */
uint32_t search_table_add(struct search_table *table, const char *text);
/* The number of a text, or SEARCH_NO_TEXT. */
uint32_t search_table_find(const struct search_table *table, const char *text);
/* Calls visit with the number of every text that begins so, in no order. */
void search_table_each(const struct search_table *table, const char *prefix,
                       void (*visit)(void *context, uint32_t number), void *context);
/* Gives the texts back; the table is empty then. */
void search_table_done(struct search_table *table);

/* Room for need elements of size bytes in an array of *room, which it moves; aborts
 * when out of memory. */
void *search_room(void *array, size_t *room, size_t need, size_t size);

#endif
