/*
 * Text: folding for search and unique names, ids out of names, names of hosts,
 * base64url. This and text_spelling.h are the only doors to utf8proc.
 *
 * Memory: results live in the arena. Errors: none; bytes that are not UTF-8 are
 * skipped. Threads: any.
 */
#ifndef KONTOR_PROTO_TEXT_H
#define KONTOR_PROTO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/bytes.h"

/* Compatibility decomposition, case folded, marks stripped, ł ø æ đ ı and their like
 * mapped; runs of anything but letters and digits become one space, none at the ends.
 */
char *text_fold(const char *text, struct arena *arena);
/* The words of a text, folded, each at most 64 bytes. */
void text_words(const char *text, struct arena *arena, char ***words, size_t *n_words);
/* A word of a text: where it stands there, and in the folded text. */
struct text_word {
    uint32_t from, end;          /* In the text, marks behind it among it. */
    uint32_t folded, folded_end; /* In the folded text. */
};
/* The text folded, and each of its words; ideographs are words of their own there. The
 * text has less than 4 GiB. */
char *text_fold_words(const char *text, struct arena *arena, struct text_word **words,
                      size_t *n_words);
/* A local id out of a name: folded as above but case kept, everything else "-", at most
 * 128 bytes. */
char *text_local_id(const char *name, struct arena *arena);
/* A local id out of a key of a source: bytes outside [A-Za-z0-9._-] as ~XX. */
char *text_escaped_id(const char *key, struct arena *arena);
/* Whether these bytes are UTF-8 without NUL. */
bool text_is_utf8(struct bytes bytes);
/* Whether a text is one of some. */
bool text_is_among(char *const *texts, size_t n_texts, const char *text);
/* A text for a terminal, which would obey what is in it: each control and format
 * character becomes a space, each byte that is no UTF-8 a question mark. */
char *text_harmless(const char *text, struct arena *arena);

/* A host name as it is looked up: small letters, labels beyond ASCII in their ACE form
 * (RFC 3492, "xn--..."). What is no UTF-8 stays as it is. */
char *text_host(const char *host, struct arena *arena);

char *text_base64url(struct bytes bytes, struct arena *arena);
/* false: not base64url. */
bool text_from_base64url(const char *text, struct arena *arena, struct bytes *out);

#endif
