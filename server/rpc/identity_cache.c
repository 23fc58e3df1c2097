#include "server/rpc/identity_cache.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    CACHE_BUCKETS = 1024,
    /* Far above the certificates in use; a flood of fresh ones empties the cache rather
       than growing it. */
    CACHE_MAX = 4096,
    HASHED_END = 128,
};

struct identity_cache {
    pthread_mutex_t lock; /* Guards the rest. */
    struct identity_entry *buckets[CACHE_BUCKETS];
    size_t n_entries;
};

struct identity_cache *
identity_cache_new(void)
{
    struct identity_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

static void
cache_clear(struct identity_cache *cache)
{
    for (size_t i = 0; i < CACHE_BUCKETS; i++) {
        while (cache->buckets[i] != NULL) {
            struct identity_entry *entry = cache->buckets[i];
            cache->buckets[i] = entry->next;
            identity_entry_release(entry);
        }
    }
    cache->n_entries = 0;
}

void
identity_cache_free(struct identity_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    cache_clear(cache);
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/* Only to find a bucket: what is found is compared byte by byte. The end of a
 * certificate is its signature, which is like no other's. */
static uint64_t
hash_of(struct bytes leaf)
{
    uint64_t hash = leaf.size;
    uint64_t word = 0;
    size_t begin = leaf.size > HASHED_END ? leaf.size - HASHED_END : 0;
    for (size_t i = begin; i < leaf.size; i += sizeof word) {
        size_t left = leaf.size - i;
        word = 0;
        memcpy(&word, leaf.data + i, left < sizeof word ? left : sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

struct identity_entry *
identity_entry_new(struct bytes leaf, uint64_t generation)
{
    struct identity_entry *entry = calloc(1, sizeof *entry);
    struct arena *arena = arena_new();
    if (entry == NULL || arena == NULL) {
        abort();
    }
    entry->arena = arena;
    entry->leaf = (struct bytes){
        (const uint8_t *)arena_copy_n(arena, leaf.data, leaf.size), leaf.size};
    entry->hash = hash_of(leaf);
    entry->generation = generation;
    atomic_init(&entry->holders, 1);
    return entry;
}

struct identity_entry *
identity_entry_of(const struct principal *who)
{
    _Static_assert(offsetof(struct identity_entry, who) == 0,
                   "a principal starts its entry");
    return (struct identity_entry *)(uintptr_t)who;
}

void
identity_entry_release(struct identity_entry *entry)
{
    if (entry == NULL || atomic_fetch_sub(&entry->holders, 1) > 1) {
        return;
    }
    arena_free(entry->arena);
    free(entry);
}

static bool
is_of(const struct identity_entry *entry, struct bytes leaf, uint64_t hash)
{
    return entry->hash == hash && entry->leaf.size == leaf.size &&
           memcmp(entry->leaf.data, leaf.data, leaf.size) == 0;
}

/* The link that points to the entry of a certificate, or the last one. */
static struct identity_entry **
cache_find(struct identity_cache *cache, struct bytes leaf, uint64_t hash)
{
    struct identity_entry **link = &cache->buckets[hash % CACHE_BUCKETS];
    while (*link != NULL && !is_of(*link, leaf, hash)) {
        link = &(*link)->next;
    }
    return link;
}

static void
cache_remove(struct identity_cache *cache, struct identity_entry **link)
{
    struct identity_entry *entry = *link;
    *link = entry->next;
    cache->n_entries--;
    identity_entry_release(entry);
}

const struct principal *
identity_cache_take(struct identity_cache *cache, struct bytes leaf,
                    uint64_t generation, int64_t now_ms)
{
    const struct principal *who = NULL;
    uint64_t hash = hash_of(leaf);
    (void)pthread_mutex_lock(&cache->lock);
    struct identity_entry **link = cache_find(cache, leaf, hash);
    struct identity_entry *entry = *link;
    bool is_stale =
        entry != NULL && (entry->generation != generation || entry->ends_ms <= now_ms);
    if (is_stale) {
        cache_remove(cache, link);
    } else if (entry != NULL) {
        atomic_fetch_add(&entry->holders, 1);
        who = &entry->who;
    }
    (void)pthread_mutex_unlock(&cache->lock);
    return who;
}

const struct principal *
identity_cache_put(struct identity_cache *cache, struct identity_entry *entry)
{
    atomic_fetch_add(&entry->holders, 1);
    (void)pthread_mutex_lock(&cache->lock);
    struct identity_entry **link = cache_find(cache, entry->leaf, entry->hash);
    if (*link != NULL) {
        cache_remove(cache, link);
    }
    if (cache->n_entries >= CACHE_MAX) {
        cache_clear(cache);
    }
    link = cache_find(cache, entry->leaf, entry->hash);
    *link = entry;
    cache->n_entries++;
    (void)pthread_mutex_unlock(&cache->lock);
    return &entry->who;
}
