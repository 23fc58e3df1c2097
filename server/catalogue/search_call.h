/*
 * SearchServices: from a request to a query of the index, and from hits to services in
 * the caller's view.
 *
 * Memory: the call's arena. Errors: UNAVAILABLE{INDEX_BUILDING}, INVALID_ARGUMENT.
 * Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_SEARCH_CALL_H
#define KONTOR_SERVER_CATALOGUE_SEARCH_CALL_H

#include "kontor/v1/catalogue_service.pb-c.h"
#include "server/rpc/call.h"

enum status search_call_decide(struct call *call, const void *request,
                               struct decision *decision);

/*
 * Some text of a service around the first of these folded words, the last of which may
 * be the beginning of a word; its beginning when none is found. At most SEARCH_SNIPPET
 * bytes and an ellipsis at each end, in the arena.
 */
char *search_call_snippet(struct arena *arena, const char *text, char *const *words,
                          size_t n_words);

/* Cuts a hit's snippet into its parts, those that are words searched for marked. */
void search_call_parts(struct arena *arena, Kontor__V1__SearchHit *hit,
                       char *const *words, size_t n_words);

enum { SEARCH_SNIPPET = 200 };

#endif
