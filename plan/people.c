#include "plan/people.h"

#include <stdlib.h>
#include <string.h>

#include "plan/people_form.h"
#include "plan/people_name.h"
#include "proto/text.h"

enum {
    LEAST_BYTES = 4,  /* Shorter ones are parts of too many words. */
    LEAST_DIGITS = 6, /* Of an id that is a number. */
    MOST_WORDS = 16,  /* Of a longer one that many are looked for, and taken with what
                         follows alike, so that no text is read more often than that. */
};

/* Words that name somebody. */
struct needle {
    const char *words; /* Folded. */
    enum people_kind kind;
};

struct people {
    struct arena *arena;
    struct needle *needles; /* By words, once they are sorted. */
    size_t n_needles, room;
    bool is_sorted;
};

struct people *
people_new(struct arena *arena)
{
    struct people *people = arena_alloc(arena, sizeof *people);
    people->arena = arena;
    return people;
}

/* ---- Who is added ---- */

/* Folded words. */
static void
add_words(struct people *people, const char *words, enum people_kind kind)
{
    bool is_ours = strcmp(words, "redacted") == 0 ||
                   strcmp(words, "redacted example invalid") == 0;
    if (strlen(words) < LEAST_BYTES || is_ours) {
        return;
    }
    people->needles = arena_grown(people->arena, people->needles, people->n_needles,
                                  &people->room, sizeof *people->needles);
    people->needles[people->n_needles++] = (struct needle){words, kind};
    people->is_sorted = false;
}

static const char *
folded_of(struct people *people, const char *text)
{
    struct text_word *words;
    size_t n;
    return text_fold_words(text, people->arena, &words, &n);
}

static void
add_forms(struct people *people, const char *name)
{
    size_t n;
    const char **forms = people_name_forms(name, people->arena, &n);
    for (size_t i = 0; i < n; i++) {
        add_words(people, forms[i], PEOPLE_NAME);
    }
}

/* What is not seen in it may be within words, or all there is between them. */
void
people_add_name(struct people *people, const char *name)
{
    struct people_text read = {.arena = people->arena};
    add_forms(people, name);
    people_form_read(&read, name);
    if (people_form_close(&read)) {
        add_forms(people, read.plain);
    }
}

void
people_add_parts(struct people *people, const char *given, const char *name)
{
    people_add_name(people, arena_print(people->arena, "%s, %s", name, given));
}

/* A text with its dots as the words that people write for them. */
static const char *
spell_dots(struct people *people, const char *text)
{
    static const char dot[] = " dot ";
    char *out = arena_alloc(people->arena, strlen(text) * strlen(dot) + 1), *end = out;
    for (; *text != '\0'; text++) {
        size_t n = *text == '.' ? strlen(dot) : 1;
        memcpy(end, *text == '.' ? dot : text, n);
        end += n;
    }
    *end = '\0';
    return out;
}

/* Also as people write them so that machines do not see it: the at-sign as a word, and
 * the last dot, those of the host or all of them. What has nothing on one side of its
 * at-sign is a word, such as "none". */
void
people_add_mail(struct people *people, const char *mail)
{
    struct arena *arena = people->arena;
    const char *at = strchr(mail, '@');
    const char *host = at == NULL ? "" : at + 1;
    const char *name = at == NULL ? "" : arena_copy_n(arena, mail, (size_t)(at - mail));
    const char *dot = strrchr(host, '.');
    if (*folded_of(people, host) == '\0' || *folded_of(people, name) == '\0') {
        return;
    }
    const char *spelled = spell_dots(people, host);
    const char *forms[] = {
        mail,
        arena_print(arena, "%s at %s", name, host),
        arena_print(arena, "%s at %.*s%s", name, dot == NULL ? 0 : (int)(dot - host),
                    host, spell_dots(people, dot == NULL ? host : dot)),
        arena_print(arena, "%s at %s", name, spelled),
        arena_print(arena, "%s at %s", spell_dots(people, name), spelled),
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        add_words(people, folded_of(people, forms[i]), PEOPLE_MAIL);
    }
}

/* A short number is that of a room or a year as well; a word without digits, of which
 * an address has many, is only an id where it is all of it. */
static bool
is_telling(const char *folded, bool is_part)
{
    size_t n_digits = 0, n_letters = 0;
    for (const char *at = folded; *at != '\0'; at++) {
        bool is_digit = *at >= '0' && *at <= '9';
        n_digits += is_digit ? 1 : 0;
        n_letters += is_digit || *at == ' ' ? 0 : 1;
    }
    return n_digits >= LEAST_DIGITS || (n_letters > 0 && (n_digits > 0 || !is_part));
}

/* Of an address also what its path ends with, where that is an id itself and neither a
 * word nor a file. */
void
people_add_id(struct people *people, const char *id)
{
    const char *host = strstr(id, "://");
    const char *slash = host == NULL ? NULL : strrchr(host + strlen("://"), '/');
    const char *whole = folded_of(people, id);
    const char *part = slash == NULL ? "" : folded_of(people, slash + 1);
    if (is_telling(whole, false)) {
        add_words(people, whole, PEOPLE_ID);
    }
    if (slash != NULL && strchr(slash, '.') == NULL && is_telling(part, true)) {
        add_words(people, part, PEOPLE_ID);
    }
}

static int
compare_needles(const void *a, const void *b)
{
    const struct needle *left = a;
    const struct needle *right = b;
    int order = strcmp(left->words, right->words);
    return order != 0 ? order : (left->kind > right->kind) - (left->kind < right->kind);
}

static void
sort(struct people *people)
{
    if (!people->is_sorted && people->n_needles > 0) {
        qsort(people->needles, people->n_needles, sizeof *people->needles,
              compare_needles);
    }
    people->is_sorted = true;
}

/* ---- Where they stand ---- */

/* The needle of exactly these words; NULL = there is none. */
static const struct needle *
find(const struct people *people, const char *words, size_t n)
{
    size_t from = 0, end = people->n_needles;
    while (from < end) {
        size_t middle = from + (end - from) / 2;
        const char *other = people->needles[middle].words;
        int order = strncmp(other, words, n);
        order = order == 0 && other[n] != '\0' ? 1 : order;
        if (order == 0) {
            return &people->needles[middle];
        }
        from = order < 0 ? middle + 1 : from;
        end = order < 0 ? end : middle;
    }
    return NULL;
}

/* How many whole words two folded texts begin with alike. */
static size_t
count_alike(const char *left, const char *right)
{
    size_t n = 0;
    for (size_t i = 0; left[i] == right[i] || left[i] == '\0' || right[i] == '\0' ||
                       left[i] == ' ' || right[i] == ' ';
         i++) {
        bool ends_left = left[i] == ' ' || left[i] == '\0';
        bool ends_right = right[i] == ' ' || right[i] == '\0';
        n += ends_left && ends_right ? 1 : 0;
        if (left[i] != right[i] || left[i] == '\0') {
            break;
        }
    }
    return n;
}

/* Of those with more than MOST_WORDS words the one that begins most like the text,
 * which stands where the text would among the needles, or just before. */
static size_t
find_long(const struct people *people, const char *words, enum people_kind *kind)
{
    size_t from = 0, end = people->n_needles, longest = 0;
    while (from < end) {
        size_t middle = from + (end - from) / 2;
        bool is_before = strcmp(people->needles[middle].words, words) < 0;
        from = is_before ? middle + 1 : from;
        end = is_before ? end : middle;
    }
    for (size_t i = from == 0 ? 0 : from - 1; i <= from && i < people->n_needles; i++) {
        size_t n = count_alike(people->needles[i].words, words);
        if (n >= MOST_WORDS && n > longest) {
            longest = n;
            *kind = people->needles[i].kind;
        }
    }
    return longest;
}

/* Of all that begin at a word the longest; answers of how many words. */
static size_t
find_longest(const struct people *people, const struct people_text *text, size_t word,
             enum people_kind *kind)
{
    size_t n = text->n_words - word;
    size_t n_long =
        n < MOST_WORDS
            ? 0
            : find_long(people, text->folded + text->words[word].folded, kind);
    if (n_long > 0) {
        return n_long;
    }
    for (n = n < MOST_WORDS ? n : MOST_WORDS; n > 0; n--) {
        uint32_t from = text->words[word].folded;
        const struct needle *needle = find(people, text->folded + from,
                                           text->words[word + n - 1].folded_end - from);
        if (needle != NULL) {
            *kind = needle->kind;
            return n;
        }
    }
    return 0;
}

static void
find_people(const struct people *people, struct people_text *text)
{
    people_form_mails(text);
    for (size_t i = 0; i < text->n_words; i++) {
        enum people_kind kind = PEOPLE_ID;
        size_t n = find_longest(people, text, i, &kind);
        size_t n_orcid = n == 0 ? people_form_orcid(text, i) : 0;
        n = n == 0 ? n_orcid : n;
        if (n > 0) {
            people_form_note(text, text->words[i].from, text->words[i + n - 1].end,
                             kind);
            i += n - 1;
        }
    }
}

/* ---- Without them ---- */

static int
compare_spans(const void *a, const void *b)
{
    const struct people_span *left = a;
    const struct people_span *right = b;
    int order = (left->from > right->from) - (left->from < right->from);
    /* Of those that begin together the longest says what is written instead. */
    return order != 0 ? order : (left->end < right->end) - (left->end > right->end);
}

/* Spans that overlap are one. */
static void
join_spans(struct people_text *text)
{
    size_t n = 0;
    qsort(text->spans, text->n_spans, sizeof *text->spans, compare_spans);
    for (size_t i = 1; i < text->n_spans; i++) {
        const struct people_span *next = &text->spans[i];
        struct people_span *last = &text->spans[n];
        if (next->from < last->end) {
            last->end = next->end > last->end ? next->end : last->end;
        } else {
            text->spans[++n] = *next;
        }
    }
    text->n_spans = n + 1;
}

static const char *
written(struct people *people, const char *text, const struct people_text *read)
{
    size_t size = strlen(text), at = 0;
    char *out =
        arena_alloc(people->arena, size + 1 + read->n_spans * sizeof REDACTED_MAIL);
    char *end = out;
    for (size_t i = 0; i < read->n_spans; i++) {
        const struct people_span *span = &read->spans[i];
        size_t n_instead = strlen(span->instead);
        memcpy(end, text + at, span->from - at);
        end += span->from - at;
        memcpy(end, span->instead, n_instead);
        end += n_instead;
        at = span->end;
    }
    memcpy(end, text + at, size - at);
    end[size - at] = '\0';
    return out;
}

/* As it stands, and as it is read where what is not seen is taken out and %-escapes are
 * read, which tools write several times over. */
static void
find_all(const struct people *people, struct people_text *read, const char *text)
{
    enum { TIMES = 3 };
    size_t n = 0;
    people_form_read(read, text);
    do {
        find_people(people, read);
        struct people_text closed = *read;
        if (people_form_close(&closed)) {
            find_people(people, &closed);
            read->spans = closed.spans;
            read->n_spans = closed.n_spans;
            read->spans_room = closed.spans_room;
        }
    } while (n++ < TIMES && people_form_unescape(read));
}

const char *
people_without(struct people *people, const char *text, size_t *n)
{
    /* What was replaced may leave something that looks like an address. */
    enum { TIMES = 4 };
    sort(people);
    for (size_t i = 0; i < TIMES; i++) {
        struct people_text read = {.arena = people->arena};
        find_all(people, &read, text);
        if (read.n_spans == 0) {
            return text;
        }
        join_spans(&read);
        text = written(people, text, &read);
        *n += read.n_spans;
    }
    return text;
}
