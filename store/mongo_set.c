#include <stdlib.h>
#include <string.h>

#include "store/mongo.h"

/*
 *   unread --all are read--> whole --too many, or not to be read--> unknown
 *      ^-------- dropped ------'
 */
enum { MIN_ROOM = 1 << 10 };

/* Of an empty slot. */
static const uint8_t no_key[MONGO_KEY_SIZE];

static size_t
set_slot(const struct mongo_set *set, const uint8_t *key)
{
    size_t hash;
    /* A key is a part of a digest: its own bytes spread well. */
    memcpy(&hash, key, sizeof hash);
    size_t at = hash & (set->room - 1);
    while (memcmp(set->slots[at], no_key, MONGO_KEY_SIZE) != 0 &&
           memcmp(set->slots[at], key, MONGO_KEY_SIZE) != 0) {
        at = (at + 1) & (set->room - 1);
    }
    return at;
}

static bool
set_has(const struct mongo_set *set, const uint8_t *key)
{
    return set->n > 0 &&
           memcmp(set->slots[set_slot(set, key)], key, MONGO_KEY_SIZE) == 0;
}

/* A key of nothing but zeros is none, and nothing is known of it. */
bool
mongo_set_lacks(const struct mongo_set *set, const uint8_t *key)
{
    return set->state == SET_WHOLE && memcmp(no_key, key, MONGO_KEY_SIZE) != 0 &&
           !set_has(set, key);
}

void
mongo_set_drop(struct mongo_set *set, enum mongo_set_state state)
{
    free(set->slots);
    *set = (struct mongo_set){.state = state};
}

static void
set_grow(struct mongo_set *set)
{
    struct mongo_set wide = {.state = set->state,
                             .n = set->n,
                             .room = set->room == 0 ? MIN_ROOM : 2 * set->room};
    wide.slots = calloc(wide.room, sizeof wide.slots[0]);
    if (wide.slots == NULL) {
        abort();
    }
    for (size_t i = 0; i < set->room; i++) {
        memcpy(wide.slots[set_slot(&wide, set->slots[i])], set->slots[i],
               MONGO_KEY_SIZE);
    }
    free(set->slots);
    set->slots = wide.slots;
    set->room = wide.room;
}

void
mongo_set_add(struct mongo_set *set, const uint8_t *key)
{
    if (!mongo_set_lacks(set, key)) {
        return;
    }
    if (set->n == MONGO_MAX_KEYS) {
        mongo_set_drop(set, SET_UNKNOWN);
        return;
    }
    if (2 * (set->n + 1) > set->room) {
        set_grow(set);
    }
    memcpy(set->slots[set_slot(set, key)], key, MONGO_KEY_SIZE);
    set->n++;
}
