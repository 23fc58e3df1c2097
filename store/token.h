/*
 * Page tokens: where a page ended, and of which search. base64url(format, filter hash,
 * order values, id).
 *
 * Memory: results live in the arena. Errors: false, the token is not of this search.
 * Threads: any.
 */
#ifndef KONTOR_STORE_TOKEN_H
#define KONTOR_STORE_TOKEN_H

#include "store/backend.h"

/* The token of the page after last. Scopes are no part of it: a token gives no
 * authority. */
char *token_make(const struct find *find, const struct kind_index *index,
                 const struct key *last, struct arena *arena);
/* The key a page ended at. */
bool token_read(const struct find *find, const struct kind_index *index,
                struct arena *arena, struct key *after);

#endif
