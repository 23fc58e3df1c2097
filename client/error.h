/*
 * Filling struct kontor_error: the library's own faults, and what a broker's status
 * says.
 *
 * Memory: the error's own arena. Errors: when memory ends the error keeps its status
 * and a constant text. Threads: one at a time.
 */
#ifndef KONTOR_CLIENT_ERROR_H
#define KONTOR_CLIENT_ERROR_H

#include "client/kontor.h"
#include "proto/bytes.h"

/* Forgets what an error held, for a new call. Accepts NULL. */
void error_reset(struct kontor_error *error);
/* Sets status, reason and text, forgetting what was there; answers status. error may be
 * NULL. */
enum kontor_status error_set(struct kontor_error *error, enum kontor_status status,
                             const char *reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* RESOURCE_EXHAUSTED{OUT_OF_MEMORY}. */
enum kontor_status error_memory(struct kontor_error *error);
/*
 * Sets an error from what came over the wire: the status, its message, and a
 * google.rpc.Status (may be empty or damaged: then only status and message count).
 */
enum kontor_status error_decode(struct kontor_error *error, enum kontor_status status,
                                struct bytes message, struct bytes details);
/* Moves what from holds to error, which may be NULL; from is zeroed. */
void error_move(struct kontor_error *error, struct kontor_error *from);
/* Whether the reason is this one. */
bool error_is(const struct kontor_error *error, const char *reason);

#endif
