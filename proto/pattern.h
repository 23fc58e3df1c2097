/*
 * Patterns of texts: POSIX extended regular expressions, of bytes and of the whole
 * text, matched in a time that nobody's pattern and nobody's text can stretch.
 *
 * The C library's matcher is not used: "a" and sixteen "+" keep it busy for minutes.
 * Here a pattern is written out as steps, at most PATTERN_MAX_STEPS, and a byte of text
 * visits each step once (Thompson, "Regular expression search algorithm", 1968).
 *
 * Memory: taken and given back within a call. Errors: false; abort when out of memory.
 * Threads: any.
 */
#ifndef KONTOR_PROTO_PATTERN_H
#define KONTOR_PROTO_PATTERN_H

#include <stdbool.h>

enum {
    PATTERN_MAX_BYTES = 256,
    PATTERN_MAX_STEPS = 1024, /* With every repetition written out. */
};

/*
 * Whether a pattern is one: literals, ".", sets with ranges and classes, groups, "|",
 * "*", "+", "?", "{2,5}", "^" and "$". What POSIX leaves open is refused where people
 * might mean something else by it: escaped letters and digits, a repetition of nothing
 * or of a repetition, a brace that repeats nothing.
 */
bool pattern_is_good(const char *pattern);

/* Whether a pattern matches the whole text. One that is not good matches nothing; the
 * empty one matches the empty text only. */
bool pattern_matches(const char *pattern, const char *text);

#endif
