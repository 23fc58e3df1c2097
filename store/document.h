/*
 * A document as BSON, for people and for MongoDB's own tools: fields by their proto
 * names, enums by name, timestamps as datetimes. The broker never reads it.
 *
 * Memory: the arena is scratch. Errors: none: a document that cannot be unpacked is
 * left out. Threads: any.
 */
#ifndef KONTOR_STORE_DOCUMENT_H
#define KONTOR_STORE_DOCUMENT_H

#include <bson/bson.h>

#include "proto/arena.h"
#include "proto/bytes.h"
#include "store/kind.h"

/* Appends `d`, the document w and x make; nothing for kinds without a record. */
void document_append(const struct kind *kind, struct bytes w, struct bytes x,
                     struct arena *arena, bson_t *out);

#endif
