/*
 * Services on display: whole ones, moved through phases and audited.
 *
 * Memory: the shelf's. Errors: a test that fails. Threads: the test's.
 */
#ifndef KONTOR_TESTS_SERVER_DISPLAY_H
#define KONTOR_TESTS_SERVER_DISPLAY_H

#include "tests/server/shelf.h"

#define P(name) KONTOR__V1__PHASE__##name

/* Gives a field some text that is an address, too. */
void display_text(char **field);
/* Everything a phase up to PRE_PRODUCTION needs. */
Kontor__V1__Service *display_whole(struct shelf *shelf, const char *id);
/* override NULL: none. */
enum status display_move(struct shelf *shelf, const struct principal *who,
                         const char *id, Kontor__V1__Phase phase, const char *override,
                         Kontor__V1__MoveServiceResponse **reply, struct error *error);
/* A whole service of any phase, put there by an admin. */
void display_put(struct shelf *shelf, const char *id, Kontor__V1__Phase phase);
/* Notes an audit of a service. */
enum status display_audit(struct shelf *shelf, const struct principal *who,
                          const char *id, Kontor__V1__AuditState state,
                          const char *comment, struct error *error);
/* As an admin sees it. */
Kontor__V1__Service *display_get(struct shelf *shelf, const char *id);

#endif
