/*
 * A plan without its people: their names, mail addresses and ids are replaced, in what
 * describes them and wherever else they stand. The document stays as valid as it was.
 *
 * Memory: the arena given; what needed no change is shared with the document. Errors:
 * none. Threads: any.
 */
#ifndef KONTOR_PLAN_REDACT_H
#define KONTOR_PLAN_REDACT_H

#include <stdbool.h>

#include "plan/people.h"
#include "proto/arena.h"
#include "proto/json_tree.h"

/* *n_redacted: how many texts and members were replaced or left out. */
const struct json_value *redact_people(const struct json_value *document,
                                       struct arena *arena, size_t *n_redacted);
/* Whom a document describes. */
struct people *redact_gather(const struct json_value *document, struct arena *arena);
/* Whether people may have stood in the text: it holds what stands there instead. */
bool redact_is_marked(const char *text);

#endif
