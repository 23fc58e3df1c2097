/*
 * Search: the index of services, built in the background and kept up with the log.
 *
 * Memory: owned by main; results in the arena of the query. Errors: none; until it is
 * ready queries are refused. Threads: any. It listens on the committer's thread, so
 * that whoever was answered finds what was committed.
 */
#ifndef KONTOR_SERVER_CATALOGUE_SEARCH_H
#define KONTOR_SERVER_CATALOGUE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "server/catalogue/search_index.h"
#include "store/store.h"

struct search;

/* A search over a store's services; listens to the store from now on, so it comes
 * before the first submit. */
struct search *search_new(struct store *store);
/* Begins to build the index on a thread of its own. False: the store cannot be read, or
 * there is no thread to be had. */
bool search_start(struct search *search);
/* Ends the building and waits for it. */
void search_stop(struct search *search);
/* Accepts NULL. The store must be closed before: it would call a search that is gone.
 */
void search_free(struct search *search);

/* Whether the index knows every service. */
bool search_is_ready(const struct search *search);
/* Answers a query and the position the index stands at. */
void search_query(struct search *search, const struct search_query *query,
                  struct arena *arena, struct search_result *out, int64_t *position);

/* As search_index_suggest. */
size_t search_suggest(struct search *search, const char *word, bool is_beginning,
                      const struct scopes *scopes, struct arena *arena,
                      const char **out);

#endif
