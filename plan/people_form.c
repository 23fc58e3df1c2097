#include "plan/people_form.h"

#include <string.h>

#include "plan/people.h"

/* What ends the host of a URL within a text. */
static const char host_ends[] = "/?# \t\r\n<>()[]{},;\"'|";

/* ---- Reading ---- */

static int
digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Takes %-escapes out (RFC 3986); of each byte that is left it is noted where it stood.
 */
static void
unescape(struct people_text *out, const char *text)
{
    size_t size = strlen(text), n = 0;
    char *plain = arena_alloc(out->arena, size + 1);
    uint32_t *from = arena_alloc(out->arena, (size + 1) * sizeof *from);
    for (size_t i = 0; i < size; n++) {
        int high = text[i] == '%' ? digit_of(text[i + 1]) : -1;
        int low = high >= 0 ? digit_of(text[i + 2]) : -1;
        bool is_escape = low >= 0 && (high > 0 || low > 0);
        from[n] = (uint32_t)i;
        plain[n] = is_escape ? (char)(high * 16 + low) : text[i];
        i += is_escape ? 3 : 1;
    }
    from[n] = (uint32_t)size;
    out->plain = plain;
    out->from = from;
}

/* The user before a host is none of it. */
static void
find_hosts(struct people_text *text)
{
    for (const char *at = strstr(text->plain, "://"); at != NULL;
         at = strstr(at, "://")) {
        at += strlen("://");
        size_t n = strcspn(at, host_ends);
        const char *user = memrchr(at, '@', n);
        size_t from = (size_t)((user == NULL ? at : user + 1) - text->plain);
        text->hosts = arena_grown(text->arena, text->hosts, text->n_hosts,
                                  &text->hosts_room, sizeof *text->hosts);
        text->hosts[text->n_hosts++] =
            (struct people_host){from, (size_t)(at - text->plain) + n};
        at += n;
    }
}

void
people_form_read(struct people_text *text, const char *from, bool is_escaped)
{
    text->plain = from;
    text->from = NULL;
    text->n_hosts = 0;
    if (is_escaped) {
        unescape(text, from);
    }
    text->folded =
        text_fold_words(text->plain, text->arena, &text->words, &text->n_words);
    find_hosts(text);
}

/* ---- Noting ---- */

static size_t
place_of(const struct people_text *text, size_t at)
{
    return text->from == NULL ? at : text->from[at];
}

static void
add_span(struct people_text *text, size_t from, size_t end, const char *instead)
{
    text->spans = arena_grown(text->arena, text->spans, text->n_spans,
                              &text->spans_room, sizeof *text->spans);
    text->spans[text->n_spans++] =
        (struct people_span){place_of(text, from), place_of(text, end), instead};
}

/* The host those bytes reach into; NULL = none. */
static const struct people_host *
host_at(const struct people_text *text, size_t from, size_t end)
{
    size_t low = 0, high = text->n_hosts;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool is_before = text->hosts[middle].end <= from;
        low = is_before ? middle + 1 : low;
        high = is_before ? high : middle;
    }
    return low < text->n_hosts && text->hosts[low].from < end ? &text->hosts[low]
                                                              : NULL;
}

/*
 * Without its host a URL leads nowhere, and people are called like hosts: a name stays
 * there. An id that is a URL keeps its host, and what follows goes; where nothing
 * follows, the host is all there is of somebody.
 */
void
people_form_note(struct people_text *text, size_t from, size_t end,
                 enum people_kind kind)
{
    const struct people_host *host = host_at(text, from, end);
    bool is_host = host != NULL && memchr(text->plain + from, '@', end - from) == NULL;
    if (kind == PEOPLE_MAIL && !is_host) {
        add_span(text, from, end, REDACTED_MAIL);
    } else if (host == NULL) {
        add_span(text, from, end, REDACTED_TEXT);
    } else if (end > host->end + 1) {
        add_span(text, host->end + 1, end, REDACTED_TEXT);
    } else if (kind == PEOPLE_ID && from < host->from) {
        add_span(text, host->from, host->end, REDACTED_TEXT ".invalid");
    }
}

/* ---- Mail addresses ---- */

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c & 0x80) != 0;
}

static bool
is_of_name(char c)
{
    return is_letter(c) || (c != '\0' && strchr("._%+'-", c) != NULL);
}

static bool
is_of_host(char c)
{
    return is_letter(c) || c == '.' || c == '-';
}

/* Bytes behind the at-sign that are a host with a dot; 0 = they are none. */
static size_t
mail_host(const char *host)
{
    size_t n = 0;
    while (is_of_host(host[n])) {
        n++;
    }
    while (n > 0 && !is_letter(host[n - 1])) {
        n--;
    }
    const char *dot = memchr(host, '.', n);
    return dot != NULL && dot > host ? n : 0;
}

/* Whether the at-sign stands before the host of a URL: behind a user. */
static bool
is_users(const struct people_text *text, size_t at)
{
    const struct people_host *host = host_at(text, at + 1, at + 2);
    return host != NULL && host->from == at + 1;
}

void
people_form_mails(struct people_text *text)
{
    const char *plain = text->plain;
    size_t least = 0;
    for (const char *at = strchr(plain, '@'); at != NULL; at = strchr(at + 1, '@')) {
        size_t from = (size_t)(at - plain), n_host = mail_host(at + 1);
        size_t end = from + 1 + n_host;
        while (from > least && is_of_name(plain[from - 1])) {
            from--;
        }
        bool is_ours = end - from == strlen(REDACTED_MAIL) &&
                       memcmp(plain + from, REDACTED_MAIL, end - from) == 0;
        bool is_mail = n_host > 0 && plain + from < at && !is_ours &&
                       !is_users(text, (size_t)(at - plain));
        if (is_mail) {
            add_span(text, from, end, REDACTED_MAIL);
        }
        /* What belongs to one address belongs to no other. */
        least = is_mail || is_ours ? end : (size_t)(at + 1 - plain);
    }
}

/* ---- ORCIDs ---- */

/* n characters from there on: digits, the last maybe an x. */
static bool
is_number(const char *folded, const struct text_word *word, size_t n, bool is_last)
{
    const char *text = folded + word->folded;
    if (word->folded_end - word->folded != n) {
        return false;
    }
    size_t n_digits = strspn(text, "0123456789");
    return n_digits >= n || (is_last && n_digits == n - 1 && text[n - 1] == 'x');
}

/* All that are given out begin so (0000-0001-5000-0007 to 0009-0010-0000-0000); other
 * groups of four digits are years, or cards. */
static bool
begins_as_given(const struct people_text *text, size_t word)
{
    return strncmp(text->folded + text->words[word].folded, "000", 3) == 0;
}

/* One character, whatever it is: dashes come in many shapes, and as blanks. */
static bool
is_joined(const struct people_text *text, size_t word)
{
    enum { WIDEST = 4 };
    size_t from = text->words[word].end, end = text->words[word + 1].from;
    return end - from == 1 ||
           (end - from <= WIDEST && ((unsigned char)text->plain[from] & 0x80) != 0);
}

size_t
people_form_orcid(const struct people_text *text, size_t word)
{
    enum { GROUPS = 4, DIGITS = 4 };
    const struct text_word *words = text->words + word;
    if (!begins_as_given(text, word)) {
        return 0;
    }
    if (is_number(text->folded, words, (size_t)GROUPS * DIGITS, true)) {
        return 1;
    }
    if (text->n_words - word < GROUPS) {
        return 0;
    }
    for (size_t i = 0; i < GROUPS; i++) {
        bool is_last = i == GROUPS - 1;
        if (!is_number(text->folded, &words[i], DIGITS, is_last) ||
            (!is_last && !is_joined(text, word + i))) {
            return 0;
        }
    }
    return GROUPS;
}
