/*
 * Records by a text that is theirs alone, mostly their ids: a file of a million does
 * not take a day.
 *
 * Memory: the arena given to put; texts and records are borrowed. Errors: none.
 * Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_ID_MAP_H
#define KONTOR_TOOLS_IMPORT_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/arena.h"

struct id_map_slot {
    const char *id; /* NULL: free. */
    void *record;
};

/* All zero: empty. */
struct id_map {
    struct id_map_slot *slots;
    size_t n_slots; /* A power of two, or 0. */
    size_t n;
};

/* The record of an id, or NULL. */
void *id_map_get(const struct id_map *map, const char *id);
/* Whether an id was put in, with whatever record. */
bool id_map_has(const struct id_map *map, const char *id);
/* One more, or another record for an id that is there. */
void id_map_put(struct arena *arena, struct id_map *map, const char *id, void *record);

#endif
