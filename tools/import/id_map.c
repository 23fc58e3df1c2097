#include "tools/import/id_map.h"

#include <stdint.h>
#include <string.h>

/* Source: FNV-1a, 64 bits. */
static size_t
hash_of(const char *id)
{
    uint64_t hash = 14695981039346656037U;
    for (; *id != '\0'; id++) {
        hash = (hash ^ (unsigned char)*id) * 1099511628211U;
    }
    return (size_t)hash;
}

/* The slot of an id, or the free one where it belongs. */
static struct id_map_slot *
slot_of(const struct id_map *map, const char *id)
{
    size_t at = hash_of(id) & (map->n_slots - 1);
    while (map->slots[at].id != NULL && strcmp(map->slots[at].id, id) != 0) {
        at = (at + 1) & (map->n_slots - 1);
    }
    return &map->slots[at];
}

void *
id_map_get(const struct id_map *map, const char *id)
{
    return map->n_slots == 0 ? NULL : slot_of(map, id)->record;
}

bool
id_map_has(const struct id_map *map, const char *id)
{
    return map->n_slots > 0 && slot_of(map, id)->id != NULL;
}

static void
grow(struct arena *arena, struct id_map *map)
{
    struct id_map more = {.n_slots = map->n_slots == 0 ? 64 : 2 * map->n_slots,
                          .n = map->n};
    more.slots = arena_alloc(arena, more.n_slots * sizeof *more.slots);
    for (size_t i = 0; i < map->n_slots; i++) {
        if (map->slots[i].id != NULL) {
            *slot_of(&more, map->slots[i].id) = map->slots[i];
        }
    }
    *map = more;
}

/* At most half of the slots are taken. */
void
id_map_put(struct arena *arena, struct id_map *map, const char *id, void *record)
{
    if (2 * map->n >= map->n_slots) {
        grow(arena, map);
    }
    struct id_map_slot *slot = slot_of(map, id);
    map->n += slot->id == NULL;
    *slot = (struct id_map_slot){.id = id, .record = record};
}
