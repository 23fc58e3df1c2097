/*
 * Plans whose people are taken out, as texts.
 *
 * Memory: redacting_arena, from set-up to tear-down. Errors: a failed assertion.
 * Threads: one.
 */
#ifndef KONTOR_TESTS_PLAN_REDACTING_H
#define KONTOR_TESTS_PLAN_REDACTING_H

#include <stddef.h>

#include "proto/arena.h"

extern struct arena *redacting_arena;

/* For cmocka. */
int redacting_set_up(void **state);
int redacting_tear_down(void **state);

/* The document without people; *n: how many texts were replaced. */
const char *redacting_redact(const char *text, size_t *n);
/* What it becomes, and how many texts were replaced for it. */
void redacting_check(const char *text, const char *expected, size_t n_expected);

#endif
