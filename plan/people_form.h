/*
 * A text being read for people: its words, its URLs, and what looks like a mail address
 * or an ORCID, whoever's it is.
 *
 * Memory: the arena given. Errors: none. Threads: one at a time.
 */
#ifndef KONTOR_PLAN_PEOPLE_FORM_H
#define KONTOR_PLAN_PEOPLE_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/text.h"

enum people_kind { PEOPLE_NAME, PEOPLE_MAIL, PEOPLE_ID };

/* Bytes of the text that name somebody, and what is written instead. */
struct people_span {
    size_t from, end;
    const char *instead;
};

/* The host of a URL in the text, and the user before it: user = from where there is
 * none.
 */
struct people_host {
    size_t user, from, end;
};

struct people_text {
    struct arena *arena;  /* Set before. */
    const char *plain;    /* As it is, or without %-escapes and what is not seen. */
    const uint32_t *from; /* Of each byte of plain, and of its end, where it stands in
                             the text; NULL = in the same place. */
    const char *folded;
    struct text_word *words; /* Of plain. */
    size_t n_words;
    struct people_host *hosts; /* Places of plain, in order. */
    size_t n_hosts, hosts_room;
    struct people_span *spans; /* Places of the text. */
    size_t n_spans, spans_room;
};

/* As it stands. Spans that are noted stay, here and below. */
void people_form_read(struct people_text *text, const char *from);
/* Reads %-escapes (RFC 3986) once, of what is plain by now; false = there are none. */
bool people_form_unescape(struct people_text *text);
/* Takes out what is not seen within words: soft hyphens, and characters without a
 * width; false = there are none. */
bool people_form_close(struct people_text *text);
/* Notes bytes from..end of plain, which are of somebody. */
void people_form_note(struct people_text *text, size_t from, size_t end,
                      enum people_kind kind);
/* Notes all mail addresses, and the user before a URL's host where both look like
 * one. "git" is nobody. */
void people_form_mails(struct people_text *text);
/* How many words, from this one on, are an ORCID, "ORCID" straight before it among it;
 * 0 = it is none. */
size_t people_form_orcid(const struct people_text *text, size_t word);

#endif
