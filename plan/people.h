/*
 * The people a plan names, and texts without them: names however they are spelled, mail
 * addresses, and ids.
 *
 * Memory: the arena given; who was added is shared with the caller. A text that names
 * nobody is answered as it is. Errors: none. Threads: one at a time.
 */
#ifndef KONTOR_PLAN_PEOPLE_H
#define KONTOR_PLAN_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/arena.h"

/* What stands there instead. No such domain can be (RFC 2606). */
#define REDACTED_TEXT "redacted"
#define REDACTED_MAIL "redacted@example.invalid"

struct people;

struct people *people_new(struct arena *arena);
/* As a member that describes somebody has it: "Given Name", "Dr. Name, Given". */
void people_add_name(struct people *people, const char *name);
/* Of which the name is told apart from the given ones. */
void people_add_parts(struct people *people, const char *given, const char *name);
void people_add_mail(struct people *people, const char *mail);
void people_add_id(struct people *people, const char *id);

/*
 * The text without all who were added, and without whatever looks like a mail address
 * or an ORCID. Does not count: case, marks, how words are joined, %-escapes, what is
 * not seen. Hosts of URLs stay: they are places. *n grows by how many places of the
 * text were replaced.
 */
const char *people_without(struct people *people, const char *text, size_t *n);

#endif
