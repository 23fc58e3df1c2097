/*
 * The forms a person's name is written in: both orders, with all given names, the first
 * only, or their letters, without titles.
 *
 * Memory: the arena given. Errors: none. Threads: any.
 */
#ifndef KONTOR_PLAN_PEOPLE_NAME_H
#define KONTOR_PLAN_PEOPLE_NAME_H

#include <stddef.h>

#include "proto/arena.h"

/* Folded (text_fold), some maybe twice. A name is written "Given Name" or "Name,
 * Given", titles before it, behind it or behind a comma; what is in brackets is no part
 * of it. */
const char **people_name_forms(const char *name, struct arena *arena, size_t *n_forms);

#endif
