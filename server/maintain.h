/*
 * What the daemon does instead of serving: judge, begin, restore, rebuild, erase, trim.
 *
 * Memory: none is kept. Errors: what went wrong goes to standard error; the result is
 * the exit code. Threads: main's.
 */
#ifndef KONTOR_SERVER_MAINTAIN_H
#define KONTOR_SERVER_MAINTAIN_H

#include "server/base.h"

/* What --init is given. */
struct maintain_init {
    const char *registry;
    const char *trust_domain;
    const char *bundle_path;
    const char *admin;
};

/* Judges the whole store, the server's pair and trust without writing anything; prints
 * a line for each. */
int maintain_check(struct base *base);
/* Writes the home registry and its first admin into an empty store. */
int maintain_begin(struct base *base, const struct maintain_init *init);
/* Fills an empty store from an export file. */
int maintain_restore(struct base *base, const char *path);
/* Makes every document anew from the log. */
int maintain_rebuild(struct base *base);
/* Takes the content of a record's old versions out of the log, and says how much that
 * was. */
int maintain_erase(struct base *base, const char *kind, const char *id,
                   const char *reason);
/* Makes the log up to a position a base. */
int maintain_trim(struct base *base, int64_t up_to);

#endif
