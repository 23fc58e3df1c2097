/*
 * What a program that is run for a job is given: the job as JSON in a file, and in
 * variables.
 *
 * Memory: the arena given; a file is the caller's to close. Errors: as they say.
 * Threads: any, each with an arena of its own.
 */
#ifndef KONTOR_TOOLS_KONTOR_SCRIPT_INPUT_H
#define KONTOR_TOOLS_KONTOR_SCRIPT_INPUT_H

#include "client/kontor.h"
#include "proto/arena.h"

/* The process's own environment and the job's variables, ended by NULL. */
char **script_environment(const Kontor__V1__ClaimedJob *claimed, struct arena *arena);
/* A file in memory that holds the job, at its beginning; -1: none, and errno says why.
 */
int script_input(const Kontor__V1__ClaimedJob *claimed, struct arena *arena);

#endif
