#include "plan/redact_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plan/redact.h"
#include "proto/text_spelling.h"

enum {
    LEAST_NAME = 4,  /* Bytes: shorter ones are parts of too many words. */
    MOST_NAME = 256, /* Longer ones are looked for nowhere else: it takes too long. */
    /* Texts that are looked for in all others. Of more people each is still replaced
     * where the plan describes them. */
    MAX_NEEDLES = 256,
    ORCID_LENGTH = 19, /* With its dashes. */
    ORCID_DIGITS = 16,
};

void
redact_texts_init(struct redact_texts *texts, struct arena *arena)
{
    *texts = (struct redact_texts){.arena = arena, .looking = arena_new()};
    if (texts->looking == NULL) {
        abort();
    }
}

void
redact_texts_done(struct redact_texts *texts)
{
    arena_free(texts->looking);
    texts->looking = NULL;
}

void
redact_text_know(struct redact_texts *texts, struct redact_needle needle)
{
    const char *text = needle.text;
    if (strlen(text) < LEAST_NAME || strlen(text) > MOST_NAME ||
        texts->n_needles == MAX_NEEDLES) {
        return;
    }
    struct text_spelling spelling = text_spelling_of(text, texts->arena);
    if (spelling.size == 0 || strcmp(spelling.text, REDACTED_TEXT) == 0 ||
        strcmp(spelling.text, REDACTED_MAIL) == 0) {
        return;
    }
    texts->needles = arena_grown(texts->arena, texts->needles, texts->n_needles,
                                 &texts->room, sizeof *texts->needles);
    needle.text = spelling.text;
    needle.n = spelling.size;
    texts->needles[texts->n_needles++] = needle;
}

/* Part of a longer name may be another's: the longest is looked for first. Turned ones
 * come last, as they are found between two that are listed. */
static int
compare_needles(const void *a, const void *b)
{
    const struct redact_needle *left = a, *right = b;
    int order = left->is_turned - right->is_turned;
    order = order != 0 ? order : (left->n < right->n) - (left->n > right->n);
    return order != 0 ? order : strcmp(left->text, right->text);
}

void
redact_texts_sort(struct redact_texts *texts)
{
    if (texts->n_needles > 0) {
        qsort(texts->needles, texts->n_needles, sizeof *texts->needles,
              compare_needles);
    }
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c & 0x80) != 0;
}

/* ---- Names, ids and addresses that are known ---- */

/* A text in the making; once for all of a text, so that one of many matches is not
 * copied with each. */
struct rewriting {
    struct arena *arena;
    char *text;
    size_t size, room;
};

static void
rewrite(struct rewriting *rewriting, const char *bytes, size_t n)
{
    if (rewriting->text == NULL || rewriting->size + n + 1 > rewriting->room) {
        rewriting->room = 2 * (rewriting->size + n + 1);
        char *wider = arena_alloc(rewriting->arena, rewriting->room);
        if (rewriting->size > 0) {
            memcpy(wider, rewriting->text, rewriting->size);
        }
        rewriting->text = wider;
    }
    memcpy(rewriting->text + rewriting->size, bytes, n);
    rewriting->size += n;
    rewriting->text[rewriting->size] = '\0';
}

/* A text and what of its spelling is taken. */
struct look {
    const char *text;
    struct text_spelling spelling;
    uint16_t *taken; /* Of each byte: where a needle begins one more than its number,
                        TAKEN where one goes on, 0 where there is none. */
};

enum { TAKEN = UINT16_MAX };

/* Whether words of the text begin and end with the needle, and no longer one is there.
 */
static bool
is_whole(const struct look *look, const struct redact_needle *needle, size_t at)
{
    const struct text_spelling *spelling = &look->spelling;
    const char *text = spelling->text;
    size_t end = at + needle->n;
    bool begins = at == 0 || !text_spelling_is_letter(text[at - 1]) ||
                  !text_spelling_is_letter(needle->text[0]);
    bool ends = !text_spelling_is_letter(text[end]) ||
                !text_spelling_is_letter(needle->text[needle->n - 1]);
    bool is_free = true;
    for (size_t i = at; i < end && begins && ends; i++) {
        is_free = is_free && look->taken[i] == 0;
    }
    return begins && ends && is_free && text_spelling_ends(spelling, at) &&
           text_spelling_ends(spelling, end);
}

/* Behind a place where the needle is not whole: within the same word it never is, which
 * spares the time of a text made of one. */
static size_t
next_place(const struct look *look, const struct redact_needle *needle, size_t at)
{
    const char *text = look->spelling.text;
    if (!text_spelling_is_letter(needle->text[0])) {
        return at + 1;
    }
    while (text_spelling_is_letter(text[at])) {
        at++;
    }
    return at;
}

static void
take_all(struct look *look, const struct redact_needle *needle, size_t number)
{
    const char *text = look->spelling.text;
    for (const char *found = strstr(text, needle->text); found != NULL;) {
        size_t at = (size_t)(found - text);
        if (is_whole(look, needle, at)) {
            for (size_t i = 0; i < needle->n; i++) {
                look->taken[at + i] = i == 0 ? (uint16_t)(number + 1) : TAKEN;
            }
            at += needle->n;
        } else {
            at = next_place(look, needle, at);
        }
        found = strstr(text + at, needle->text);
    }
}

static const char *
put_instead(struct redact_texts *texts, const struct look *look)
{
    const struct text_spelling *spelling = &look->spelling;
    struct rewriting done = {.arena = texts->arena};
    size_t from = 0;
    for (size_t i = 0; i < spelling->size; i++) {
        if (look->taken[i] == 0 || look->taken[i] == TAKEN) {
            continue;
        }
        const struct redact_needle *needle = &texts->needles[look->taken[i] - 1];
        rewrite(&done, look->text + from, spelling->at[i] - from);
        rewrite(&done, needle->instead, strlen(needle->instead));
        from = spelling->at[i + needle->n];
        texts->n_redacted++;
    }
    if (done.text == NULL) {
        return look->text;
    }
    rewrite(&done, look->text + from, strlen(look->text + from));
    return done.text;
}

/* Of a URL only ids and addresses. */
static const char *
replace_needles(struct redact_texts *texts, const char *text, bool is_url)
{
    struct look look = {.text = text};
    if (texts->n_needles == 0) {
        return text;
    }
    look.spelling = text_spelling_of(text, texts->looking);
    look.taken =
        arena_alloc(texts->looking, (look.spelling.size + 1) * sizeof *look.taken);
    for (size_t i = 0; i < texts->n_needles; i++) {
        if (!is_url || !texts->needles[i].is_name) {
            take_all(&look, &texts->needles[i], i);
        }
    }
    text = put_instead(texts, &look);
    arena_reset(texts->looking);
    return text;
}

/* ---- What looks like somebody's ---- */

/* Where a word names somebody. */
struct span {
    size_t from, n; /* n 0 = it does not. */
    const char *instead;
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of an ORCID that stands there with its dashes, 0000-0001-2345-678X; 0: none. */
static size_t
dashed_orcid(const char *text, size_t n)
{
    for (size_t i = 0; i < ORCID_LENGTH; i++) {
        bool is_last = i == ORCID_LENGTH - 1;
        if (i >= n) {
            return 0;
        }
        bool is_good = i % 5 == 4 ? text[i] == '-'
                                  : is_digit(text[i]) ||
                                        (is_last && strchr("Xx", text[i]) != NULL);
        if (!is_good) {
            return 0;
        }
    }
    return ORCID_LENGTH;
}

/* The same without dashes. Any number may have sixteen digits: the last one has to be
 * that of the others. Source: ISO 7064, MOD 11-2; all ids of ORCID begin with 000. */
static size_t
plain_orcid(const char *text, size_t n)
{
    unsigned total = 0;
    if (n < ORCID_DIGITS || strncmp(text, "000", 3) != 0) {
        return 0;
    }
    for (size_t i = 0; i < ORCID_DIGITS - 1; i++) {
        if (!is_digit(text[i])) {
            return 0;
        }
        total = (total + (unsigned)(text[i] - '0')) * 2 % 11;
    }
    unsigned check = (12 - total) % 11;
    char last = text[ORCID_DIGITS - 1];
    bool is_check =
        check == 10 ? last == 'X' || last == 'x' : last == (char)('0' + (char)check);
    return is_check ? ORCID_DIGITS : 0;
}

static struct span
find_orcid(const char *word, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_apart = i == 0 || !is_letter(word[i - 1]);
        size_t size = is_apart ? dashed_orcid(word + i, n - i) : 0;
        size = is_apart && size == 0 ? plain_orcid(word + i, n - i) : size;
        bool is_end =
            i + size == n || (!is_letter(word[i + size]) && word[i + size] != '-');
        if (size > 0 && is_end) {
            return (struct span){i, size, REDACTED_TEXT};
        }
    }
    return (struct span){.n = 0};
}

/* A word with an at-sign in it that is a mail address, not a place: of mailto:a@b.org
 * what follows the colon. */
static struct span
find_mail(const char *word, size_t n)
{
    const char *at = memchr(word, '@', n);
    const char *dot = at == NULL ? NULL : memchr(at, '.', (size_t)(word + n - at));
    if (dot == NULL || memchr(word, '/', n) != NULL) {
        return (struct span){.n = 0};
    }
    const char *colon = memrchr(word, ':', (size_t)(at - word));
    size_t from = colon == NULL ? 0 : (size_t)(colon + 1 - word);
    while (n > 0 && strchr(".:!?", word[n - 1]) != NULL) {
        n--;
    }
    bool is_ours = n - from == strlen(REDACTED_MAIL) &&
                   memcmp(word + from, REDACTED_MAIL, n - from) == 0;
    bool is_mail = at > word + from && dot < word + n && !is_ours;
    return (struct span){from, is_mail ? n - from : 0, REDACTED_MAIL};
}

#define WORD_ENDS " \t\r\n<>()[]{},;\"'|"

/* Bytes of the word that begins here. Slashes part words as well, but of a URL, which
 * is one word with all its slashes, whatever stands before it. */
static size_t
word_size(const char *word)
{
    size_t n = strcspn(word, WORD_ENDS);
    const char *url = memmem(word, n, "://", 3);
    while (url != NULL && url > word && (is_letter(url[-1]) || url[-1] == '+')) {
        url--;
    }
    if (url == word) {
        return n;
    }
    n = url == NULL ? n : (size_t)(url - word);
    const char *slash = memchr(word, '/', n);
    return slash == NULL ? n : (size_t)(slash - word);
}

/* Whoever is not described elsewhere in the plan is still somebody. */
static const char *
replace_forms(struct redact_texts *texts, const char *text)
{
    struct rewriting done = {.arena = texts->arena};
    const char *from = text;
    for (const char *word = text; *word != '\0';) {
        size_t n = word_size(word);
        struct span span = find_mail(word, n);
        span = span.n > 0 ? span : find_orcid(word, n);
        if (span.n > 0) {
            rewrite(&done, from, (size_t)(word + span.from - from));
            rewrite(&done, span.instead, strlen(span.instead));
            texts->n_redacted++;
            from = word + span.from + span.n;
            word = from;
        } else {
            word += n;
            word += strspn(word, WORD_ENDS "/");
        }
    }
    if (from == text) {
        return text;
    }
    rewrite(&done, from, strlen(from));
    return done.text;
}

const char *
redact_text(struct redact_texts *texts, const char *text)
{
    bool is_url = strstr(text, "://") != NULL && strpbrk(text, " \t\n") == NULL;
    return replace_forms(texts, replace_needles(texts, text, is_url));
}
