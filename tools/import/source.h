/*
 * A file being imported: what every importer needs to read one, to point into it, and
 * to say what is odd about it.
 *
 * Memory: the arena of the source. Errors: source_fault refuses the file,
 * source_finding only tells. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_SOURCE_H
#define KONTOR_TOOLS_IMPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/bytes.h"
#include "tools/import/import.h"

struct leftovers;
struct records_index;
/* What of a file was said already, where once is enough. */
struct source_once {
    struct arena *arena; /* What is said is copied here, as it must outlive a part;
                            NULL: the source's lives as long. */
    const char *said[64];
    size_t n;
};

struct source {
    const char *path;     /* As the user gave it; begins every place. */
    const char *format;   /* Written into each record's source. */
    const char *registry; /* Begins every id. */
    struct arena *arena;
    struct import_set *out;
    struct faults *faults;
    struct leftovers *leftovers; /* NULL: each unknown member is told by itself. */
    struct records_index *index; /* Of all files; for what records.h adds. */
    struct source_once *once; /* Of the file being read; NULL: all is said each time. */
};

/* Reads the file whole; false: a fault says why. */
bool source_load(const struct source *source, struct bytes *content);
/* Refuses the file; place may be NULL. */
void source_fault(const struct source *source, const char *place, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));
/* Notes something odd; place may be NULL. */
void source_finding(const struct source *source, const char *place, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));

/*
 * Notes that members of this name find no place, once a file: they stand in every
 * record. Beyond some dozens of names each one is told.
 */
void source_unplaced(const struct source *source, const char *name);

/* <registry>/<key, escaped>. */
char *source_id(const struct source *source, const char *key);
/* Where a record came from. */
Kontor__V1__Source *source_of(const struct source *source, const char *key);
/* An empty mask, and one path more in it; a path that is there already is not repeated.
 */
Google__Protobuf__FieldMask *source_mask(struct arena *arena);
void source_mask_add(struct arena *arena, Google__Protobuf__FieldMask *mask,
                     const char *path);
/* rows with room for one more than n, each of width bytes. */
void *source_grow(struct arena *arena, void *rows, size_t n, size_t width);
/* Appends a text to a repeated field. */
void source_append(struct arena *arena, char ***texts, size_t *n, const char *text);

#endif
