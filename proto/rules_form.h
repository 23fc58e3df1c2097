/*
 * The forms texts come in: ids, URLs, names of certificates. Judged byte by byte, no
 * locale.
 *
 * Memory: none. Errors: none. Threads: any.
 */
#ifndef KONTOR_PROTO_RULES_FORM_H
#define KONTOR_PROTO_RULES_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/rules_table.h"

/* One form: how to judge it and what to tell who got it wrong. */
struct rule_text_form {
    bool (*is_good)(const char *text); /* NULL: the form is not one of texts. */
    const char *wanted;                /* "must be" and this. */
};

/* The row of a form; never NULL. */
const struct rule_text_form *rules_form(enum rule_form form);

bool rules_is_uuid(const char *text); /* 8-4-4-4-12 hexadecimal digits. RFC 9562. */
bool rules_is_url(
    const char *text); /* scheme://... or mailto:..., nothing a browser would run. */
bool rules_is_web_url(const char *text);      /* http or https. */
bool rules_is_email(const char *text);        /* something@something, no blanks. */
bool rules_is_trust_domain(const char *text); /* [a-z0-9._-]{1,255}. SPIFFE-ID. */
bool rules_is_spiffe(const char *text);       /* spiffe://<trust domain>/<path>. */
bool
rules_is_spiffe_pattern(const char *text); /* The same, or ending in a segment "*". */
bool rules_is_scope(const char *text);     /* r:X, p:X/.., j:X/... */
bool rules_is_bundle(const char *text); /* 1 to 16 PEM certificates and nothing else. */

#endif
