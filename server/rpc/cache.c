#include "server/rpc/cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "server/rpc/envelope.h"

enum {
    N_SLOTS = 4096,
    N_LOCKS = 64,         /* Slots share them. */
    MAX_ENTRY = 32 << 10, /* Bytes; larger documents are read from the store. */
    MAX_BYTES = 32 << 20, /* Of all entries. */
};

/* One allocation: the entry, its key, its scope and its bytes. */
struct entry {
    struct cached cached;
    size_t id_size;
    size_t size;
    _Atomic size_t n_references; /* The slot's one included. */
};

struct cache {
    struct entry *slots[N_SLOTS]; /* Guarded by the lock of their number. */
    pthread_mutex_t locks[N_LOCKS];
    /* Both are written by the committer only. */
    _Atomic int64_t heard; /* Last commit heard of: what was read before is too old. */
    _Atomic int64_t dropped; /* Last commit whose documents are all dropped. */
    _Atomic size_t used;     /* Bytes of all entries. */
};

/* FNV-1a: ids are short and come from one broker's callers. */
static size_t
slot_of(const struct kind *kind, struct bytes id)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uintptr_t)kind;
    for (size_t i = 0; i < id.size; i++) {
        hash = (hash ^ id.data[i]) * UINT64_C(1099511628211);
    }
    return (size_t)(hash ^ (hash >> 29)) % N_SLOTS;
}

static bool
is_entry(const struct entry *entry, const struct kind *kind, struct bytes id)
{
    return entry != NULL && entry->cached.document.kind == kind &&
           entry->id_size == id.size &&
           memcmp(entry->cached.document.id, id.data, id.size) == 0;
}

static void
release(struct cache *cache, struct entry *entry)
{
    if (entry != NULL && atomic_fetch_sub(&entry->n_references, 1) == 1) {
        atomic_fetch_sub(&cache->used, entry->size);
        free(entry);
    }
}

static struct entry *
swap(struct entry **slot, struct entry *entry)
{
    struct entry *old = *slot;
    *slot = entry;
    return old;
}

static void
drop(struct cache *cache, const struct kind *kind, struct bytes id)
{
    size_t slot = slot_of(kind, id);
    pthread_mutex_t *lock = &cache->locks[slot % N_LOCKS];
    pthread_mutex_lock(lock);
    bool is_there = is_entry(cache->slots[slot], kind, id);
    struct entry *old = is_there ? swap(&cache->slots[slot], NULL) : NULL;
    pthread_mutex_unlock(lock);
    release(cache, old);
}

/* The position moves first: whoever read before this commit can keep nothing from now
 * on, and what was kept until now is dropped. */
static void
hear(void *context, const Kontor__V1__Commit *commit)
{
    struct cache *cache = context;
    atomic_store(&cache->heard, commit->seq);
    for (size_t i = 0; i < commit->n_changes; i++) {
        const Kontor__V1__Change *change = commit->changes[i];
        const struct kind *kind = kind_by_name(kind_table, change->kind);
        if (kind != NULL) {
            struct bytes id = {(const uint8_t *)change->id, strlen(change->id)};
            drop(cache, kind, id);
        }
    }
    atomic_store(&cache->dropped, commit->seq);
}

struct cache *
cache_new(struct store *store)
{
    struct cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) {
        abort();
    }
    atomic_store(&cache->heard, store_applied(store));
    atomic_store(&cache->dropped, store_applied(store));
    for (size_t i = 0; i < N_LOCKS; i++) {
        pthread_mutex_init(&cache->locks[i], NULL);
    }
    store_listen(store, hear, cache);
    return cache;
}

void
cache_free(struct cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; i < N_SLOTS; i++) {
        release(cache, cache->slots[i]);
    }
    for (size_t i = 0; i < N_LOCKS; i++) {
        pthread_mutex_destroy(&cache->locks[i]);
    }
    free(cache);
}

const struct cached *
cache_take(struct cache *cache, const struct kind *kind, struct bytes id)
{
    size_t slot = slot_of(kind, id);
    pthread_mutex_t *lock = &cache->locks[slot % N_LOCKS];
    pthread_mutex_lock(lock);
    struct entry *entry = cache->slots[slot];
    bool is_there = is_entry(entry, kind, id);
    if (is_there) {
        atomic_fetch_add(&entry->n_references, 1);
    }
    pthread_mutex_unlock(lock);
    return is_there ? &entry->cached : NULL;
}

void
cache_release(struct cache *cache, const struct cached *cached)
{
    /* cached is the first member of its entry. */
    release(cache, (struct entry *)(uintptr_t)cached);
}

int64_t
cache_seq(struct cache *cache)
{
    return atomic_load(&cache->dropped);
}

/* Takes a copy of size bytes off the room behind an entry. */
static void *
place(uint8_t **room, const void *data, size_t size)
{
    void *copy = *room;
    if (size > 0) {
        memcpy(copy, data, size);
    }
    *room += size;
    return copy;
}

static size_t
scope_size(const struct document *document)
{
    size_t size = document->n_scope * sizeof(char *);
    for (size_t i = 0; i < document->n_scope; i++) {
        size += strlen(document->scope[i]) + 1;
    }
    return size;
}

static struct entry *
entry_new(const struct document *document, struct bytes envelope)
{
    size_t id_size = strlen(document->id);
    size_t head_size = envelope.size + document->w.size;
    size_t size = sizeof(struct entry) + scope_size(document) + id_size + 1 +
                  head_size + document->x.size;
    struct entry *entry = size > MAX_ENTRY ? NULL : calloc(1, size);
    if (entry == NULL) {
        return NULL;
    }
    uint8_t *room = (uint8_t *)(entry + 1);
    struct document *kept = &entry->cached.document;
    *kept = *document;
    kept->scope = (char **)(void *)room;
    room += document->n_scope * sizeof(char *);
    for (size_t i = 0; i < document->n_scope; i++) {
        const char *text = document->scope[i];
        kept->scope[i] = place(&room, text, strlen(text) + 1);
    }
    kept->id = place(&room, document->id, id_size + 1);
    entry->id_size = id_size;
    entry->cached.head.data = place(&room, envelope.data, envelope.size);
    kept->w.data = place(&room, document->w.data, document->w.size);
    entry->cached.head.size = head_size;
    kept->x.data = place(&room, document->x.data, document->x.size);
    entry->size = size;
    atomic_init(&entry->n_references, 1);
    return entry;
}

void
cache_keep(struct cache *cache, const struct document *document, int64_t applied)
{
    if (atomic_load(&cache->used) > MAX_BYTES) {
        return;
    }
    struct envelope envelope = {.id = document->id,
                                .revision = document->revision,
                                .created_at_ms = document->created_at_ms,
                                .updated_at_ms = document->updated_at_ms};
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    struct entry *entry = entry_new(document, envelope_pack(&envelope, arena));
    arena_free(arena);
    if (entry == NULL) {
        return;
    }
    atomic_fetch_add(&cache->used, entry->size);
    struct bytes id = {(const uint8_t *)document->id, entry->id_size};
    size_t slot = slot_of(document->kind, id);
    pthread_mutex_t *lock = &cache->locks[slot % N_LOCKS];
    pthread_mutex_lock(lock);
    /* Under the lock: a commit heard of later finds the entry and drops it. */
    bool is_new = atomic_load(&cache->heard) <= applied;
    struct entry *old = is_new ? swap(&cache->slots[slot], entry) : entry;
    pthread_mutex_unlock(lock);
    release(cache, old);
}
