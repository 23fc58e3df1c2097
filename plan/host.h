/*
 * Places on the net as plans and catalogues write them, brought to one spelling: two
 * that say the same place are the same text then.
 *
 * Memory: the arena given. Errors: false = the text names no host. Threads: any.
 */
#ifndef KONTOR_PLAN_HOST_H
#define KONTOR_PLAN_HOST_H

#include <stdbool.h>

#include "proto/arena.h"

struct host {
    const char *name; /* "zenodo.org", "example.org:8443". */
    const char *path; /* What of the place is meant: "" or "/repository/r3d1". */
};

/*
 * Of a URL, or of a host name alone. Does not count: scheme, user, case, letters
 * beside their ACE form (RFC 3492), a dot at the end, "www." before a name that has
 * another dot, the scheme's own port, slashes at the end, query and fragment.
 */
bool host_read(const char *text, struct arena *arena, struct host *out);
/* Name and path in one. */
const char *host_key(const struct host *host, struct arena *arena);
/* Whether what is at place is at whole or somewhere below it. */
bool host_is_within(const struct host *place, const struct host *whole);

#endif
