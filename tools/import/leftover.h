/*
 * What has no place here and is there a thousand times: told once a file, with its
 * first place and how many more there are.
 *
 * Memory: the source's arena. Errors: none; when the kinds of things grow too many,
 * each is told by itself. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_LEFTOVER_H
#define KONTOR_TOOLS_IMPORT_LEFTOVER_H

#include "proto/json_tree.h"
#include "tools/import/source.h"

/* How many kinds of things are gathered in a file. */
enum { LEFTOVERS_MAX = 256 };

/* Places that differ in their indexes only count as one. */
struct leftover {
    const char *pattern; /* The place with its indexes taken out. */
    const char *text;    /* What is odd; the same in every such place. */
    const char *place;   /* The first of them. */
    const char *detail;  /* What stands there; may be empty. */
    size_t n;
};

struct leftovers {
    struct leftover rows[LEFTOVERS_MAX];
    size_t n;
};

/* Notes something odd; detail, which may be NULL, is what stands in this place. */
void leftover_note(const struct source *source, const char *place, const char *text,
                   const char *detail);
/* Notes a member nothing takes; one that is empty says nothing and is passed over. */
void leftover_member(const struct source *source, const char *place,
                     const struct json_value *value);
/* Makes findings of all that was noted, in the order it was found. */
void leftover_tell(const struct source *source);

#endif
