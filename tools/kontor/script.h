/*
 * A program run for a job: the job as JSON on its standard input and in KONTOR_*
 * variables, its answer as JSON on its standard output. Spawned, never given to a
 * shell.
 *
 * Memory: the arena given. Errors: a result. Threads: any, each with an arena of its
 * own.
 */
#ifndef KONTOR_TOOLS_KONTOR_SCRIPT_H
#define KONTOR_TOOLS_KONTOR_SCRIPT_H

#include "client/kontor.h"
#include "proto/arena.h"

/*
 * Runs it to its end. Exit 0 with a backend_id is DONE, 75 RETRY, 65 NEVER, anything
 * else NOBODY_KNOWS; when the job is lost, or its cancel was accepted, it gets SIGTERM,
 * and SIGKILL before its backend calls may no longer be in flight. backend_id, outputs,
 * endpoints and reason of its answer go to the job.
 */
enum kontor_result script_provision(const char *program, struct kontor_job *job);
/* As a lookup: exit 66 is ABSENT as well. */
enum kontor_result script_lookup(const char *program, struct kontor_job *job);

/* As a removal: exit 0 and 66, gone already, are DONE; nothing is delivered. */
enum kontor_result script_remove(const char *program, struct kontor_job *job);
/* As a change, or as a decision: exit 0 is DONE, also without a backend_id. */
enum kontor_result script_plain(const char *program, struct kontor_job *job);

/* Whether a program of that name would be found and may be executed, looking where a
 * run would look. */
bool script_exists(const char *program, struct arena *arena);

#endif
