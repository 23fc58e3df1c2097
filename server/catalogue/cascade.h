/*
 * Takes services and bundles along when their provider is suspended, resumed or
 * retired: what is shown to whom is written with each of them.
 *
 * Memory: a struct cascade, until cascade_free. Errors: what cannot be done now is
 * tried again at the next look. Threads: one at a time.
 *
 * A provider says that it is settling in the same commit as its new state, so nothing
 * is forgotten when the broker ends in between. Orders are refused by the provider's
 * state itself, at once.
 */
#ifndef KONTOR_SERVER_CATALOGUE_CASCADE_H
#define KONTOR_SERVER_CATALOGUE_CASCADE_H

#include <stddef.h>

#include "server/rpc/dispatch.h"

struct cascade;

/* NULL: the store cannot be read. */
struct cascade *cascade_new(struct dispatch *dispatch);
/* Before dispatch_free. Accepts NULL. */
void cascade_free(struct cascade *cascade);
/* Looks at some of them and waits until they are stored. Answers how many changed. */
size_t cascade_run(struct cascade *cascade);

#endif
