#include "server/rpc/stream_ring.h"

#include <stdlib.h>
#include <string.h>

struct ring {
    struct stream_commit **slots; /* A commit stands at its position modulo room. */
    int64_t room;
    int64_t max_bytes;
    int64_t first; /* Positions first to head are in the ring; none when above. */
    int64_t head;
    int64_t n_changes;
    int64_t n_bytes;
    /* The last change of each document, by hash; a power of two of them. */
    struct stream_change **buckets;
    size_t n_buckets;
    int64_t rescoped;        /* Last commit that gave a document another scope. */
    _Atomic int64_t settled; /* The later of first and rescoped. */
};

/* ---- The last version of each document ---- */

static struct stream_change **
bucket_of(const struct ring *ring, uint64_t hash)
{
    return &ring->buckets[hash & (ring->n_buckets - 1)];
}

/* Where the link to a document's entry stands, or to the end of its bucket. */
static struct stream_change **
find(const struct ring *ring, const struct kind *kind, const char *id)
{
    uint64_t hash = stream_change_hash(kind, id);
    struct stream_change **link = bucket_of(ring, hash);
    while (*link != NULL && ((*link)->hash != hash || (*link)->kind != kind ||
                             strcmp((*link)->id, id) != 0)) {
        link = &(*link)->next;
    }
    return link;
}

/*
 * Scopes are compared as they are written: the same strings in another order cost those
 * behind a look at the last version, no more. A deletion keeps the scope of what it
 * deleted, so only what is made anew under the same id can differ from it.
 */
static bool
is_rescoped(const struct stream_change *old, const struct stream_change *new)
{
    struct stream_scope was = stream_change_scope(old);
    struct stream_scope is = stream_change_scope(new);
    bool is_same = was.n_strings == is.n_strings;
    for (size_t i = 0; is_same && i < is.n_strings; i++) {
        is_same = strcmp(was.strings[i], is.strings[i]) == 0;
    }
    return !is_same;
}

/* Enters a change as the last of its document. */
static void
enter(struct ring *ring, struct stream_change *change, int64_t seq)
{
    struct stream_change **link = find(ring, change->kind, change->id);
    struct stream_change *old = *link;
    if (old != NULL && is_rescoped(old, change)) {
        ring->rescoped = seq;
    }
    change->next = old == NULL ? NULL : old->next;
    *link = change;
}

/* Takes a change out, unless a later one of its document has taken its place. */
static void
take_out(struct ring *ring, struct stream_change *change)
{
    struct stream_change **link = find(ring, change->kind, change->id);
    if (*link == change) {
        *link = change->next;
    }
}

const struct stream_change *
ring_latest(const struct ring *ring, const struct kind *kind, const char *id)
{
    return *find(ring, kind, id);
}

/* ---- Commits ---- */

/* A version that left the ring is not noticed when its document's scope changes, so
 * nothing before first is ever settled. */
static void
settle(struct ring *ring)
{
    atomic_store(&ring->settled,
                 ring->first > ring->rescoped ? ring->first : ring->rescoped);
}

static void
drop_first(struct ring *ring)
{
    struct stream_commit **slot = &ring->slots[ring->first % ring->room];
    for (size_t i = 0; i < (*slot)->n_changes; i++) {
        take_out(ring, &(*slot)->changes[i]);
    }
    ring->n_changes -= (int64_t)(*slot)->n_changes;
    ring->n_bytes -= (int64_t)(*slot)->size;
    stream_commit_release(*slot);
    *slot = NULL;
    ring->first++;
}

static void
drop_all(struct ring *ring)
{
    while (ring->first <= ring->head) {
        drop_first(ring);
    }
}

static bool
has_room(const struct ring *ring, const struct stream_commit *commit)
{
    return ring->head - ring->first + 1 < ring->room &&
           ring->n_changes + (int64_t)commit->n_changes <= ring->room &&
           ring->n_bytes + (int64_t)commit->size <= ring->max_bytes;
}

void
ring_add(struct ring *ring, struct stream_commit *commit)
{
    if (ring->head + 1 != commit->seq) {
        drop_all(ring);
    }
    while (ring->first <= ring->head && !has_room(ring, commit)) {
        drop_first(ring);
    }
    if (ring->first > ring->head) {
        ring->first = commit->seq;
    }
    ring->head = commit->seq;
    ring->slots[commit->seq % ring->room] = commit;
    ring->n_changes += (int64_t)commit->n_changes;
    ring->n_bytes += (int64_t)commit->size;
    for (size_t i = 0; i < commit->n_changes; i++) {
        enter(ring, &commit->changes[i], commit->seq);
    }
    settle(ring);
}

void
ring_skip(struct ring *ring, int64_t seq)
{
    drop_all(ring);
    ring->head = seq;
    ring->first = seq + 1;
    settle(ring);
}

int64_t
ring_head(const struct ring *ring)
{
    return ring->head;
}

bool
ring_reaches(const struct ring *ring, int64_t position)
{
    return position + 1 >= ring->first || position >= ring->head;
}

struct stream_commit *
ring_at(const struct ring *ring, int64_t seq)
{
    return ring->slots[seq % ring->room];
}

bool
ring_is_settled(const struct ring *ring, int64_t seq)
{
    return seq >= atomic_load(&ring->settled);
}

/* ---- Life ---- */

/* The tables are as long as the ring may grow: pages that are never touched cost
 * nothing. */
struct ring *
ring_new(int64_t max_changes, int64_t max_bytes, int64_t head)
{
    struct ring *ring = calloc(1, sizeof *ring);
    if (ring == NULL) {
        abort();
    }
    ring->room = max_changes;
    ring->max_bytes = max_bytes;
    ring->head = head;
    ring->first = head + 1;
    ring->n_buckets = 1;
    while (ring->n_buckets < (size_t)max_changes) {
        ring->n_buckets *= 2;
    }
    ring->slots = calloc((size_t)ring->room, sizeof ring->slots[0]);
    ring->buckets = calloc(ring->n_buckets, sizeof ring->buckets[0]);
    if (ring->slots == NULL || ring->buckets == NULL) {
        abort();
    }
    settle(ring);
    return ring;
}

void
ring_free(struct ring *ring)
{
    if (ring == NULL) {
        return;
    }
    drop_all(ring);
    free(ring->slots);
    free(ring->buckets);
    free(ring);
}
