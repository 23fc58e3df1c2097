#include "plan/people_name.h"

#include <stdbool.h>
#include <string.h>

#include "proto/text.h"

enum {
    LEAST_LETTERS = 3, /* A shorter last name says too little beside one given name. */
    MOST_WORDS = 24,   /* What has more, titles among them, is nobody's name. */
    MOST_NAMES = 10,   /* More without titles are an organisation's. */
};

/*
 * What stands before or behind a name and is none, folded. Some are names or initials
 * as well, as in "Dr. Phil Name" and "Dr. H. C. Name": those are only taken for titles
 * where two other words are left.
 */
static const struct {
    const char *words;
    size_t n_words;
    size_t least_left;
} titles[] = {
    {"dr", 1, 1},       {"prof", 1, 1},    {"professor", 1, 1}, {"mr", 1, 1},
    {"mrs", 1, 1},      {"ms", 1, 1},      {"mx", 1, 1},        {"ing", 1, 1},
    {"dipl", 1, 1},     {"mag", 1, 1},     {"phd", 1, 1},       {"msc", 1, 1},
    {"bsc", 1, 1},      {"mba", 1, 1},     {"pd", 1, 1},        {"privatdoz", 1, 1},
    {"priv doz", 2, 1}, {"doz", 1, 1},     {"univ", 1, 1},      {"habil", 1, 1},
    {"med", 1, 1},      {"jur", 1, 1},     {"iur", 1, 1},       {"techn", 1, 1},
    {"theol", 1, 1},    {"mult", 1, 1},    {"dent", 1, 1},      {"rer nat", 2, 1},
    {"rer pol", 2, 1},  {"rer oec", 2, 1}, {"sc nat", 2, 1},    {"ph d", 2, 1},
    {"m sc", 2, 1},     {"b sc", 2, 1},    {"d phil", 2, 1},    {"dphil", 1, 1},
    {"m eng", 2, 1},    {"phil", 1, 2},    {"h c", 2, 2},       {"m a", 2, 2},
    {"b a", 2, 2},      {"m d", 2, 2},     {"md", 1, 2},        {"vet", 1, 2},
    {"em", 1, 2},
};
enum { TITLES = sizeof titles / sizeof titles[0], SURE = 1, DOUBTFUL = 2 };

/* Words of a name, folded. */
struct part {
    const char *folded;
    const struct text_word *words;
    size_t n;
};

struct forms {
    struct arena *arena;
    const char **rows;
    size_t n, room;
};

static void
add_form(struct forms *forms, const char *form)
{
    forms->rows = arena_grown(forms->arena, forms->rows, forms->n, &forms->room,
                              sizeof *forms->rows);
    forms->rows[forms->n++] = form;
}

/* ---- Parts ---- */

static struct part
new_part(const char *text, size_t size, struct arena *arena)
{
    struct part part;
    struct text_word *words;
    part.folded =
        text_fold_words(arena_copy_n(arena, text, size), arena, &words, &part.n);
    part.words = words;
    return part;
}

static const char *
part_text(const struct part *part, struct arena *arena)
{
    size_t from = part->n == 0 ? 0 : part->words[0].folded;
    size_t end = part->n == 0 ? 0 : part->words[part->n - 1].folded_end;
    return arena_copy_n(arena, part->folded + from, end - from);
}

static bool
has_title_at(const struct part *part, size_t word, size_t title)
{
    size_t n_words = titles[title].n_words;
    if (word + n_words > part->n) {
        return false;
    }
    size_t from = part->words[word].folded;
    size_t n = part->words[word + n_words - 1].folded_end - from;
    return strlen(titles[title].words) == n &&
           memcmp(part->folded + from, titles[title].words, n) == 0;
}

/* One title, before or behind. n_other: words the name has besides. */
static bool
cut_title(struct part *part, size_t n_other, size_t doubt)
{
    for (size_t i = 0; i < TITLES; i++) {
        size_t n = titles[i].n_words;
        if (titles[i].least_left > doubt || n > part->n ||
            part->n - n + n_other < titles[i].least_left) {
            continue;
        }
        if (has_title_at(part, 0, i)) {
            part->words += n;
            part->n -= n;
            return true;
        }
        if (has_title_at(part, part->n - n, i)) {
            part->n -= n;
            return true;
        }
    }
    return false;
}

static void
cut_titles(struct part *part, size_t n_other, size_t doubt)
{
    bool is_cut = true;
    while (is_cut) {
        is_cut = cut_title(part, n_other, doubt);
    }
}

/* ---- Forms ---- */

/* The given names, of which the first n_whole are whole and the others their first
 * letter; NULL = a character beyond ASCII is no abbreviation that people write. */
static const char *
shortened(const struct part *given, size_t n_whole, struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < given->n; i++) {
        const struct text_word *word = &given->words[i];
        const char *name = given->folded + word->folded;
        bool is_whole = i < n_whole;
        if (!is_whole && ((unsigned char)*name & 0x80) != 0) {
            return NULL;
        }
        text = arena_print(arena, "%s%s%.*s", text, i == 0 ? "" : " ",
                           is_whole ? (int)(word->folded_end - word->folded) : 1, name);
    }
    return text;
}

/* The given names may be before the last or behind it: whole, the first whole and the
 * others their letters, all their letters, only the first, or only its letter. */
static void
add_orders(struct forms *forms, const struct part *given, const struct part *last)
{
    struct arena *arena = forms->arena;
    const struct part first = {given->folded, given->words, 1};
    const char *name = part_text(last, arena);
    const char *const names[] = {
        part_text(given, arena),     shortened(given, 1, arena),
        shortened(given, 0, arena),  shortened(&first, 1, arena),
        shortened(&first, 0, arena),
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bool is_telling = names[i] != NULL && strlen(name) >= LEAST_LETTERS;
        if (i == 0 || is_telling) {
            add_form(forms, arena_print(arena, "%s %s", names[i], name));
            add_form(forms, arena_print(arena, "%s %s", name, names[i]));
        }
    }
}

/* "Given Name": the last word is the name. */
static void
add_in_order(struct forms *forms, const struct part *whole)
{
    struct part given = *whole, last = *whole;
    if (whole->n == 1 || whole->n > MOST_NAMES) {
        add_form(forms, part_text(whole, forms->arena));
    } else if (whole->n > 1) {
        given.n = whole->n - 1;
        last.words += given.n;
        last.n = 1;
        add_orders(forms, &given, &last);
    }
}

/* "Name, Given": all before the comma is the name, maybe of several words, of which
 * some only write the last. */
static void
add_parted(struct forms *forms, const struct part *last, const struct part *given)
{
    struct arena *arena = forms->arena;
    const char *text =
        arena_print(arena, "%s %s", part_text(given, arena), part_text(last, arena));
    struct part whole = new_part(text, strlen(text), arena);
    if (whole.n <= MOST_NAMES) {
        add_orders(forms, given, last);
    }
    add_in_order(forms, &whole);
}

/* Without brackets and what is in them, unless one of them is missing. */
static const char *
without_brackets(const char *name, struct arena *arena)
{
    char *out = arena_copy(arena, name), *end = out;
    size_t depth = 0;
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '(' || *at == '[') {
            depth++;
        }
        if (depth == 0) {
            *end++ = *at;
        }
        if (depth > 0 && (*at == ')' || *at == ']')) {
            depth--;
        }
    }
    *end = '\0';
    return depth > 0 ? name : out;
}

/* What stands behind the comma, and behind further ones, of which some are titles. */
static struct part
given_part(const char *text, size_t n_other, size_t doubt, struct arena *arena)
{
    const char *names = "";
    while (*text != '\0') {
        size_t n = strcspn(text, ",");
        struct part part = new_part(text, n, arena);
        cut_titles(&part, n_other, doubt);
        names = part.n == 0
                    ? names
                    : arena_print(arena, "%s %s", names, part_text(&part, arena));
        text += text[n] == ',' ? n + 1 : n;
    }
    return new_part(names, strlen(names), arena);
}

/* doubt: which titles are taken for such. */
static void
add_read(struct forms *forms, const char *name, size_t doubt)
{
    size_t n = strcspn(name, ",");
    const char *behind = name[n] == ',' ? name + n + 1 : "";
    struct part last = new_part(name, n, forms->arena);
    struct part given = given_part(behind, last.n, doubt, forms->arena);
    cut_titles(&last, given.n, doubt);
    if (given.n == 0 || last.n == 0) {
        add_in_order(forms, given.n == 0 ? &last : &given);
    } else {
        add_parted(forms, &last, &given);
    }
}

const char **
people_name_forms(const char *name, struct arena *arena, size_t *n_forms)
{
    struct forms forms = {.arena = arena};
    const char *bare = without_brackets(name, arena);
    bare = *text_fold(bare, arena) == '\0' ? name : bare;
    struct part whole = new_part(bare, strlen(bare), arena);
    add_form(&forms, text_fold(name, arena));
    add_form(&forms, whole.folded);
    if (whole.n <= MOST_WORDS) {
        add_read(&forms, bare, SURE);
        add_read(&forms, bare, DOUBTFUL);
    }
    *n_forms = forms.n;
    return forms.rows;
}
