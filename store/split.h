/*
 * What the store reads out of a document's wire bytes: the two views and the declared
 * fields.
 *
 * Memory: results live in the arena or point into the document. Errors: false, the
 * bytes are damaged. Threads: any.
 */
#ifndef KONTOR_STORE_SPLIT_H
#define KONTOR_STORE_SPLIT_H

#include "store/store.h"

/* w: the fields the reduced view shows; x: the kind's internal ones. w then x is the
 * document again. */
bool split_views(const struct kind *kind, struct bytes doc, struct arena *arena,
                 struct bytes *w, struct bytes *x);
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
/* Scope strings of a document's n_scope that an index (NULL: the one by id) lists it
 * under, besides all. */
size_t split_n_listed(const struct kind_index *index, size_t n_scope);
/* The declared field behind a column of an index. */
size_t split_column(const struct kind *kind, const struct kind_index *index,
                    size_t column);
/* Indexes of a kind beside the one by id. */
size_t split_n_indexes(const struct kind *kind);
/* An index by name; NULL when there is none. */
const struct kind_index *split_index(const struct kind *kind, const char *name);
/* Whether two values of a type are equal. */
bool split_is_equal(enum declared_type type, const struct store_value *one,
                    const struct store_value *other);

#endif
