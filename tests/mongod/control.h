/*
 * The lines a running kontor-mongod obeys, so that a test of another process can play
 * faults when it is ready for them.
 *
 * Memory: none of its own. Errors: the answer "no" with why. Threads: one.
 *
 *     script SPEC...   replaces the script; without SPEC there is none
 *     play ACTION[=MS] begins a state now
 *     settle, pause, resume, wipe, forgive
 *     count COMMAND    how many came
 *     refused          what was refused first, or nothing
 */
#ifndef KONTOR_TESTS_MONGOD_CONTROL_H
#define KONTOR_TESTS_MONGOD_CONTROL_H

#include <stdio.h>

#include "tests/mongod/mongod.h"

/* Obeys one line, which is changed, and answers with one: "ok", with a blank and a
 * value where there is one, or "no WHY". */
void mongod_control(struct mongod *mongod, char *line, FILE *out);

#endif
