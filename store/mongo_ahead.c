#include "store/mongo.h"

#include <stdlib.h>

#include "proto/wire.h"

/*
 * What others appended is followed by the documents it wrote: they are asked for
 * together. One by one, a broker far from the server would never catch up.
 */
enum { COMMIT_CHANGES = 9, CHANGE_KIND = 1, CHANGE_ID = 2 };

/* A text within a change, in the arena; NULL: there is none. */
static const char *
change_text(struct bytes change, uint8_t number, struct arena *arena)
{
    struct wire_field field;
    if (!wire_find(change, (const uint8_t[]){number}, 1, &field) ||
        field.content.size == 0) {
        return NULL;
    }
    return arena_copy_n(arena, field.content.data, field.content.size);
}

/* Damage ends the list early: whoever takes the entry finds and tells it. */
static void
list_entry(struct mongo *db, const struct log_entry *entry, struct mongo_ids *lists)
{
    struct bytes body = entry->body;
    struct wire_field field;
    while (wire_next(&body, &field)) {
        if (field.number != COMMIT_CHANGES) {
            continue;
        }
        struct arena *arena = db->writer.ahead.arena;
        const char *name = change_text(field.content, CHANGE_KIND, arena);
        const char *id = change_text(field.content, CHANGE_ID, arena);
        const struct kind *kind =
            name == NULL ? NULL : kind_by_name(db->open.kinds, name);
        if (kind != NULL) {
            mongo_ids_add(db, &lists[kind - db->open.kinds], kind, id);
        }
    }
}

void
mongo_expect_followed(struct mongo *db)
{
    const struct mongo_ahead *ahead = &db->writer.ahead;
    struct mongo_ids *lists = calloc(db->open.n_kinds, sizeof lists[0]);
    if (lists == NULL) {
        abort();
    }
    for (size_t i = 0; i < db->open.n_kinds; i++) {
        lists[i].kind = &db->open.kinds[i];
    }
    for (size_t i = 0; i < ahead->n_entries; i++) {
        if (ahead->entries[i].seq > 0) {
            list_entry(db, &ahead->entries[i], lists);
        }
    }
    for (size_t i = 0; i < db->open.n_kinds; i++) {
        if (lists[i].n > 0) {
            mongo_expect_ids(db, &lists[i]);
        }
    }
    free(lists);
}
