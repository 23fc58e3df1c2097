#include <stdlib.h>
#include <string.h>

#include "store/mongo.h"

enum {
    N_BUCKETS = 1024, /* Enough for a batch or a page; a power of two. */
    /* What is kept from batch to batch at most; then it begins anew. */
    MAX_SETTLED = 4096,
    MAX_SETTLED_BYTES = 4 << 20,
};

struct mongo_seen {
    struct arena *arena;
    struct mongo_node *buckets[N_BUCKETS];
    size_t n_nodes;
    struct mongo_node *first_changed;
    struct mongo_node **last_changed;
    size_t n_changed;
    bool is_by_heart; /* Some nodes were not asked for since the last settling. */
};

struct mongo_seen *
mongo_seen_new(void)
{
    struct mongo_seen *seen = calloc(1, sizeof *seen);
    struct arena *arena = arena_new();
    if (seen == NULL || arena == NULL) {
        abort();
    }
    seen->arena = arena;
    seen->last_changed = &seen->first_changed;
    return seen;
}

void
mongo_seen_free(struct mongo_seen *seen)
{
    if (seen == NULL) {
        return;
    }
    arena_free(seen->arena);
    free(seen);
}

void
mongo_seen_clear(struct mongo_seen *seen)
{
    if (seen->n_nodes > 0) {
        memset(seen->buckets, 0, sizeof seen->buckets);
    }
    seen->n_nodes = 0;
    seen->first_changed = NULL;
    seen->last_changed = &seen->first_changed;
    seen->n_changed = 0;
    seen->is_by_heart = false;
    arena_reset(seen->arena);
}

void
mongo_seen_settle(struct mongo_seen *seen)
{
    for (struct mongo_node *node = seen->first_changed; node != NULL;
         node = node->next_changed) {
        node->is_changed = false;
        node->is_listed = true;
        node->stored_seq = node->changed_seq;
        node->past = NULL;
    }
    seen->first_changed = NULL;
    seen->last_changed = &seen->first_changed;
    seen->n_changed = 0;
    seen->is_by_heart = true;
    if (seen->n_nodes > MAX_SETTLED || arena_used(seen->arena) > MAX_SETTLED_BYTES) {
        mongo_seen_clear(seen);
    }
}

bool
mongo_seen_doubt(struct mongo_seen *seen)
{
    bool is_by_heart = seen->is_by_heart;
    for (size_t i = 0; is_by_heart && i < N_BUCKETS; i++) {
        struct mongo_node **at = &seen->buckets[i];
        while (*at != NULL) {
            struct mongo_node **next = &(*at)->next;
            if ((*at)->is_changed) {
                at = next;
            } else {
                *at = *next;
                seen->n_nodes--;
            }
        }
    }
    seen->is_by_heart = false;
    return is_by_heart;
}

size_t
mongo_seen_size(const struct mongo_seen *seen)
{
    return seen->n_nodes;
}

struct arena *
mongo_seen_arena(struct mongo_seen *seen)
{
    return seen->arena;
}

/* FNV-1a, 64 bits: isthe.com/chongo/tech/comp/fnv. */
static size_t
seen_bucket(const struct kind *kind, const char *id)
{
    uint64_t hash = 0xcbf29ce484222325U ^ (uintptr_t)kind;
    for (const char *at = id; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * 0x100000001b3U;
    }
    return (hash ^ hash >> 32) % N_BUCKETS;
}

struct mongo_node *
mongo_seen_find(struct mongo_seen *seen, const struct kind *kind, const char *id)
{
    struct mongo_node *node = seen->buckets[seen_bucket(kind, id)];
    while (node != NULL && (node->kind != kind || strcmp(node->id, id) != 0)) {
        node = node->next;
    }
    return node;
}

struct mongo_node *
mongo_seen_add(struct mongo_seen *seen, const struct kind *kind, const char *id)
{
    struct mongo_node **bucket = &seen->buckets[seen_bucket(kind, id)];
    struct mongo_node *node = arena_alloc(seen->arena, sizeof *node);
    *node = (struct mongo_node){
        .kind = kind, .id = arena_copy(seen->arena, id), .next = *bucket};
    *bucket = node;
    seen->n_nodes++;
    return node;
}

struct mongo_node *
mongo_seen_add_lacking(struct mongo_seen *seen, const struct kind *kind, const char *id)
{
    seen->is_by_heart = true;
    return mongo_seen_add(seen, kind, id);
}

static void
seen_keep_past(struct mongo_seen *seen, struct mongo_node *node, int64_t until)
{
    struct mongo_past *past = arena_alloc(seen->arena, sizeof *past);
    past->version = node->version;
    past->version.until = until;
    past->next = node->past;
    node->past = past;
}

void
mongo_seen_change(struct mongo_seen *seen, struct mongo_node *node,
                  const struct version *next, int64_t seq)
{
    if (node->is_there && node->kind->has_history) {
        seen_keep_past(seen, node, seq);
    }
    if (!node->is_changed) {
        node->is_changed = true;
        node->next_changed = NULL;
        *seen->last_changed = node;
        seen->last_changed = &node->next_changed;
        seen->n_changed++;
    }
    node->changed_seq = seq;
    node->is_there = next != NULL;
    if (next != NULL) {
        node->version = mongo_version_copy(node->kind, next, seen->arena);
    }
}

struct mongo_node *
mongo_seen_changed(const struct mongo_seen *seen)
{
    return seen->first_changed;
}

size_t
mongo_seen_n_changed(const struct mongo_seen *seen)
{
    return seen->n_changed;
}
