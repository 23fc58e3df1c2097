/*
 * Scientific domains and categories: EOSC writes pairs of an upper and a lower term, we
 * keep two lists. Which lower belongs to which upper says its id.
 */
#include <string.h>

#include "tools/import/eosc.h"

/* More than a record may have by far; to compare each with each stays cheap. */
enum { PAIRS_MAX = 1024 };

/* ---- Reading ---- */

static bool
holds(char *const *texts, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void
add_new(const struct source *source, void *message, size_t at, size_t n_at,
        const char *text)
{
    char ***texts = (char ***)(void *)((char *)message + at);
    size_t *n = (size_t *)(void *)((char *)message + n_at);
    if (text != NULL && text[0] != '\0' && !holds(*texts, *n, text)) {
        source_append(source->arena, texts, n, text);
    }
}

/* What a pair has besides is told as in any other object. */
static void
tell_others(const struct source *source, const struct json_value *pair,
            const char *place, const struct eosc_pairs *pairs)
{
    const struct json_field known[] = {
        {.key = pairs->upper_key}, {.key = pairs->lower_key}, {.key = NULL}};
    json_fields_read(source, pair, place, known, NULL);
}

static void
read_pair(const struct source *source, const struct json_value *pair, const char *place,
          const struct json_field *field, void *message)
{
    const struct eosc_pairs *pairs = field->extra;
    if (!json_fields_is_object(source, pair, place)) {
        return;
    }
    tell_others(source, pair, place, pairs);
    add_new(source, message, field->at, field->n_at,
            json_fields_text(source, pair, place, pairs->upper_key));
    add_new(source, message, pairs->at, pairs->n_at,
            json_fields_text(source, pair, place, pairs->lower_key));
}

void
eosc_read_pairs(const struct source *source, const struct json_value *value,
                const char *place, const struct json_field *field, void *message)
{
    bool is_list = value->type == JSON_TYPE_LIST;
    size_t n = is_list ? value->n : 1;
    if (n > PAIRS_MAX) {
        source_fault(source, place, "%zu pairs are too many: at most %d", n, PAIRS_MAX);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct json_value *pair = is_list ? &value->elements[i] : value;
        if (pair->type == JSON_TYPE_NULL) {
            continue;
        }
        const char *at =
            is_list ? arena_print(source->arena, "%s[%zu]", place, i) : place;
        read_pair(source, pair, at, field, message);
    }
}

/* ---- Writing ---- */

struct texts {
    char *const *rows;
    size_t n;
};

static struct texts
texts_at(const void *message, size_t at, size_t n_at)
{
    struct texts texts;
    memcpy(&texts.rows, (const char *)message + at, sizeof texts.rows);
    memcpy(&texts.n, (const char *)message + n_at, sizeof texts.n);
    return texts;
}

/* "scientific_domain-humanities" goes on as humanities. */
static const char *
stripped(const char *id)
{
    const char *dash = strchr(id, '-');
    return dash == NULL ? id : dash + 1;
}

static bool
goes_on(const char *upper, const char *lower)
{
    size_t size = strlen(upper);
    return size > 0 && strncmp(upper, lower, size) == 0 && lower[size] == '-';
}

/* The upper term of a lower one, the longest of several; n: there is none. */
static size_t
upper_of(struct texts upper, const char *lower)
{
    size_t found = upper.n;
    for (size_t i = 0; i < upper.n; i++) {
        const char *id = stripped(upper.rows[i]);
        bool is_longer =
            found == upper.n || strlen(id) > strlen(stripped(upper.rows[found]));
        if (is_longer && goes_on(id, stripped(lower))) {
            found = i;
        }
    }
    return found;
}

static struct json_value
make_pair(struct arena *arena, const struct eosc_pairs *pairs, const char *upper,
          const char *lower)
{
    struct json_member *members = arena_alloc(arena, 2 * sizeof *members);
    members[0] =
        (struct json_member){pairs->upper_key, {.type = JSON_TYPE_TEXT, .text = upper}};
    members[1] =
        (struct json_member){pairs->lower_key, {.type = JSON_TYPE_TEXT, .text = lower}};
    return (struct json_value){
        .type = JSON_TYPE_OBJECT, .members = members, .n = lower == NULL ? 1 : 2};
}

/* What reading leaves out. */
static void
tell_repeated(struct target *target, const char *owns, struct texts texts)
{
    for (size_t i = 0; i < texts.n; i++) {
        if (texts.rows[i][0] == '\0' || holds(texts.rows, i, texts.rows[i])) {
            target_lose_for(target, arena_print(target->arena, "%s[%zu]", owns, i),
                            "is not kept: \"%s\" is empty or there twice",
                            texts.rows[i]);
        }
    }
}

/*
 * Upper terms are written in their order: before a pair, alone, all that stand before
 * its own. So the two lists come back as they are.
 */
bool
eosc_write_pairs(struct target *target, const struct json_field *field,
                 const void *message, struct json_value *out)
{
    const struct eosc_pairs *pairs = field->extra;
    struct arena *arena = target->arena;
    struct texts upper = texts_at(message, field->at, field->n_at);
    struct texts lower = texts_at(message, pairs->at, pairs->n_at);
    struct json_value *rows =
        arena_alloc(arena, (upper.n + lower.n + 1) * sizeof *rows);
    size_t n = 0;
    size_t n_written = 0; /* Of the upper ones. */
    tell_repeated(target, field->owns, upper);
    tell_repeated(target, pairs->owns, lower);
    for (size_t i = 0; i < lower.n; i++) {
        size_t own = upper_of(upper, lower.rows[i]);
        if (own == upper.n) {
            target_lose_for(target, arena_print(arena, "%s[%zu]", pairs->owns, i),
                            "is not kept: \"%s\" is under none of %s", lower.rows[i],
                            field->owns);
            continue;
        }
        while (n_written < own) {
            rows[n++] = make_pair(arena, pairs, upper.rows[n_written++], NULL);
        }
        rows[n++] = make_pair(arena, pairs, upper.rows[own], lower.rows[i]);
        n_written = n_written > own ? n_written : own + 1;
    }
    while (n_written < upper.n) {
        rows[n++] = make_pair(arena, pairs, upper.rows[n_written++], NULL);
    }
    *out = (struct json_value){.type = JSON_TYPE_LIST, .elements = rows, .n = n};
    return n > 0;
}
