/*
 * Scope strings: whether a document may carry them, and how they lie in a row.
 *
 * Memory: results live in the arena. Errors: false. Threads: any.
 */
#ifndef KONTOR_STORE_SCOPE_H
#define KONTOR_STORE_SCOPE_H

#include "store/store.h"

/* Up to STORE_MAX_SCOPE strings, each '=' or '~' and a name that is not reserved. */
bool scope_is_valid(char *const *scope, size_t n_scope);
/* The strings one after another, each ended by NUL. */
struct bytes scope_pack(char *const *scope, size_t n_scope, struct arena *arena);
/* false: the bytes are not a packed scope. */
bool scope_unpack(struct bytes packed, struct arena *arena, char ***scope,
                  size_t *n_scope);
/* Whether a document with these strings stands under a name, a string without its first
 * byte. */
bool scope_has_name(char *const *scope, size_t n_scope, const char *name);
/* Under how many names it stands. */
size_t scope_n_names(char *const *scope, size_t n_scope);
bool scope_is_equal(char *const *one, size_t n_one, char *const *other, size_t n_other);

#endif
