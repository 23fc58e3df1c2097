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

/* The host of a URL in the text. */
struct people_host {
    size_t from, end;
};

struct people_text {
    struct arena *arena;  /* Set before. */
    const char *plain;    /* As it is, or without %-escapes. */
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

/* With its %-escapes read, or taken as they stand. Spans that are noted stay. */
void people_form_read(struct people_text *text, const char *from, bool is_escaped);
/* Notes bytes from..end of plain, which are of somebody. */
void people_form_note(struct people_text *text, size_t from, size_t end,
                      enum people_kind kind);
/* Notes all mail addresses. */
void people_form_mails(struct people_text *text);
/* How many words, from this one on, are an ORCID; 0 = it is none. */
size_t people_form_orcid(const struct people_text *text, size_t word);

#endif
