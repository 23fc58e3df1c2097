/*
 * Texts of a plan without the people who are known to stand in it, and without whatever
 * looks like a mail address or an ORCID.
 *
 * Memory: the arena given; what is only needed to look at a text is given back. Errors:
 * none. Threads: one at a time.
 */
#ifndef KONTOR_PLAN_REDACT_TEXT_H
#define KONTOR_PLAN_REDACT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/arena.h"

/* A text that names somebody, looked for in all other texts, however it is spelled. */
struct redact_needle {
    const char *text;
    size_t n; /* Of its spelling; set when it is known. */
    const char *instead;
    bool is_turned; /* The last name first. */
    bool is_name;   /* Else it is an id or an address, which are looked for in URLs,
                       too: of a name they would break the host. */
};

struct redact_texts {
    struct arena *arena;
    struct arena *looking; /* Of the text that is looked through. */
    struct redact_needle *needles;
    size_t n_needles, room;
    size_t n_redacted; /* What was replaced so far. */
};

/* Init and done; done accepts what was never begun. */
void redact_texts_init(struct redact_texts *texts, struct arena *arena);
void redact_texts_done(struct redact_texts *texts);
/* Somebody is called so. Texts that are too short or too long, what stands instead of
 * people, and more than 256 are not looked for. */
void redact_text_know(struct redact_texts *texts, struct redact_needle needle);
/* All are known. */
void redact_texts_sort(struct redact_texts *texts);
/* A text without people; the same where there are none. */
const char *redact_text(struct redact_texts *texts, const char *text);

#endif
