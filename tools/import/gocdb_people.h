/*
 * People in a text of GOCDB's: addresses, subjects of certificates, and names that are
 * known to be somebody's. A name that stands nowhere but in a text is not known to be
 * one.
 *
 * Memory: the arena of the people; what is only needed to look at a text is given back.
 * Errors: none. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_GOCDB_PEOPLE_H
#define KONTOR_TOOLS_IMPORT_GOCDB_PEOPLE_H

#include "proto/arena.h"

/* What stands in a text instead. */
#define GOCDB_REDACTED "[redacted]"

struct gocdb_people;

/* Nobody is known; to be freed, which accepts NULL. */
struct gocdb_people *gocdb_people_new(struct arena *arena);
void gocdb_people_free(struct gocdb_people *people);
/* Somebody is called so, or as the common names say when it is a subject. One word is
 * nobody's name: it may stand in every text. */
void gocdb_people_know(struct gocdb_people *people, const char *name);
/* The same of a person's certificate: all of it, and the common names that are full
 * names; nothing where there is no common name. */
void gocdb_people_know_subject(struct gocdb_people *people, const char *subject);
/* Somebody is called by the numbers in a text. */
void gocdb_people_know_phone(struct gocdb_people *people, const char *phone);

/* A text without people, as long as it has to be; the same one where there are none.
 * However much of it is percent-encoded. */
char *gocdb_people_out(struct gocdb_people *people, char *text);

#endif
