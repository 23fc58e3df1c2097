/*
 * How a text is spelled, whoever wrote it: for finding a name in it that somebody else
 * wrote otherwise.
 *
 * Memory: the arena given. Errors: none; bytes that are not UTF-8 stand for themselves.
 * Threads: any.
 */
#ifndef KONTOR_PROTO_TEXT_SPELLING_H
#define KONTOR_PROTO_TEXT_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/arena.h"

/*
 * Letters in compatibility decomposition, case folded, without their marks; spaces,
 * dashes and apostrophes beyond ASCII as those of ASCII, what else is neither letter
 * nor digit there as a space. ASCII stays, but for its capitals.
 */
struct text_spelling {
    char *text;
    size_t size;
    /* Of each byte of text, and of its end, the byte of what was spelled where the
     * character begins that it is of. */
    size_t *at;
};

struct text_spelling text_spelling_of(const char *text, struct arena *arena);
/* Whether a byte of a spelling is of a letter or a digit. */
bool text_spelling_is_letter(char byte);
/* Where a character of what was spelled begins in the spelling, looked for from a byte
 * on: whether there is one, and *byte is moved to it. */
bool text_spelling_begins(const struct text_spelling *spelling, size_t at,
                          size_t *byte);
/* Whether a character of what was spelled ends before this byte of the spelling. */
bool text_spelling_ends(const struct text_spelling *spelling, size_t byte);

#endif
