/*
 * What the store reads out of a document's wire bytes: the two views and the declared
 * fields.
 *
 * Memory: results live in the arena or point into the document. Errors: false, the
 * bytes are damaged. Threads: any.
 */
#ifndef KONTOR_STORE_SPLIT_H
#define KONTOR_STORE_SPLIT_H

#include "proto/wire.h"
#include "store/backend.h"

/* w: the fields the reduced view shows; x: the kind's internal ones. w then x is the
 * document again. */
bool split_views(const struct kind *kind, struct bytes doc, struct arena *arena,
                 struct bytes *w, struct bytes *x);
/* The field behind every declared one; the number of one that is missing is 0. */
bool split_fields(const struct kind *kind, struct bytes doc,
                  struct wire_field fields[KIND_MAX_DECLARED]);
/* A value for every declared field of the kind; what is missing gets its type's
 * stand-in. */
bool split_values(const struct kind *kind, struct bytes doc, struct arena *arena,
                  struct store_value values[KIND_MAX_DECLARED]);
/* How many fields a kind declares. */
size_t split_n_declared(const struct kind *kind);
/* Place of a declared field by name; split_n_declared when there is none. */
size_t split_declared(const struct kind *kind, const char *name);
/* Columns of an index; 0 for NULL, the one by id. */
size_t split_n_columns(const struct kind_index *index);
/* The names a version stands under in an index (NULL: the one by id), each once: those
 * of its scope and SCOPE_ALL, as far as the index lists by them. names has room for
 * STORE_MAX_SCOPE + 1; answers how many. */
size_t split_names(const struct kind *kind, const struct kind_index *index,
                   const struct version *version, const char **names);
/* The declared field behind a column of an index. */
size_t split_column(const struct kind *kind, const struct kind_index *index,
                    size_t column);
/* Indexes of a kind beside the one by id. */
size_t split_n_indexes(const struct kind *kind);
/* An index by name; NULL when there is none. */
const struct kind_index *split_index(const struct kind *kind, const char *name);
/* Whether a value is the stand-in of one that is missing. */
bool split_is_missing(enum declared_type type, const struct store_value *value);
/* Whether two values of a type are equal. */
bool split_is_equal(enum declared_type type, const struct store_value *one,
                    const struct store_value *other);

#endif
