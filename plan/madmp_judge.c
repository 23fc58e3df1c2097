#include "plan/madmp_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/madmp_table.h"

/* A document being judged. */
struct judging {
    enum madmp_version version;
    unsigned in; /* The version's bit. */
    struct arena *arena;
    struct madmp_rows *faults;
    struct madmp_rows *notes;
};

static void judge_object(struct judging *judging, const struct json_value *value,
                         const struct madmp_field *fields, const char *path);

static void add(struct judging *judging, struct madmp_rows *rows, const char *path,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

static void
add(struct judging *judging, struct madmp_rows *rows, const char *path,
    const char *format, ...)
{
    rows->n_found++;
    if (rows->n_rows == MADMP_MAX_ROWS) {
        return;
    }
    rows->rows = arena_grown(judging->arena, rows->rows, rows->n_rows, &rows->room,
                             sizeof *rows->rows);
    va_list args;
    va_start(args, format);
    rows->rows[rows->n_rows].path = path;
    rows->rows[rows->n_rows++].text = arena_vprint(judging->arena, format, args);
    va_end(args);
}

/* A text that may be told. */
static const char *
without_people(struct judging *judging, const char *text)
{
    size_t n = 0;
    struct people *people = judging->faults->people;
    return people == NULL ? text : people_without(people, text, &n);
}

/* ---- Paths ---- */

/* $.dmp.title, and $.dmp["odd name"]. Source: RFC 9535. */
static const char *
member_path(struct judging *judging, const char *path, const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    bool is_plain = name[0] != '\0' && (name[0] < '0' || name[0] > '9') &&
                    name[strspn(name, plain)] == '\0';
    if (is_plain) {
        const char *told =
            madmp_table_has_field(name) ? name : without_people(judging, name);
        return arena_print(judging->arena, "%s.%s", path, told);
    }
    struct json_value text = {.type = JSON_TYPE_TEXT,
                              .text = without_people(judging, name)};
    return arena_print(judging->arena, "%s[%s]", path,
                       json_tree_print(&text, judging->arena));
}

/* ---- Values ---- */

/* A text as it is told: of a long one the beginning, whole characters. */
static const char *
told(struct judging *judging, const char *text)
{
    enum { SHOWN = 60 };
    text = without_people(judging, text);
    size_t n = strlen(text);
    if (n <= SHOWN) {
        return text;
    }
    for (n = SHOWN; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--) {
    }
    return arena_print(judging->arena, "%.*s...", (int)n, text);
}

/* Whether it is of the type; a number may be whole, and a whole one written as 1.0. */
static bool
is_of_type(const struct json_value *value, enum json_type type)
{
    if (type == JSON_TYPE_REAL) {
        return value->type == JSON_TYPE_REAL || value->type == JSON_TYPE_INTEGER;
    }
    if (type == JSON_TYPE_INTEGER && value->type == JSON_TYPE_REAL) {
        /* Beyond that a double has no fraction. */
        bool is_beyond = value->real < -9e15 || value->real > 9e15;
        return is_beyond || (double)(int64_t)value->real == value->real;
    }
    return value->type == type;
}

static const char *
type_text(enum json_type type)
{
    struct json_value value = {.type = type};
    return json_tree_type(&value);
}

/* The allowed texts, as a list people read; of many only what they are. */
static const char *
choices_text(struct judging *judging, const char *values)
{
    if (values == madmp_languages) {
        return "a language code of three letters (ISO 639-3) that the standard lists";
    }
    if (values == madmp_countries) {
        return "a country code of two capital letters (ISO 3166-1)";
    }
    if (values == madmp_currencies) {
        return "a currency code of three capital letters (ISO 4217)";
    }
    char *text = arena_copy_n(judging->arena, values + 1, strlen(values) - 2);
    char *list = arena_alloc(judging->arena, 2 * strlen(text) + 1);
    for (char *from = text, *to = list; *from != '\0'; from++) {
        if (*from == ' ') {
            *to++ = ',';
        }
        *to++ = *from;
    }
    return arena_print(judging->arena, "one of %s", list);
}

static void
judge_text(struct judging *judging, const struct json_value *value,
           const struct madmp_field *field, const char *path)
{
    const char *wanted = "";
    bool is_closed = (field->closed & judging->in) != 0;
    if (is_closed && !madmp_is_among(field->values, value->text)) {
        add(judging, judging->faults, path, "\"%s\" must be %s",
            told(judging, value->text), choices_text(judging, field->values));
    } else if (!madmp_form_is(field->form, judging->version, value->text, &wanted) &&
               field->form == FORM_EMAIL) {
        /* What is said of people goes no further than it must. */
        add(judging, judging->faults, path, "must be %s", wanted);
    } else if (!madmp_form_is(field->form, judging->version, value->text, &wanted)) {
        add(judging, judging->faults, path, "\"%s\" must be %s",
            told(judging, value->text), wanted);
    }
}

static void
judge_value(struct judging *judging, const struct json_value *value,
            const struct madmp_field *field, const char *path)
{
    if (!is_of_type(value, field->type)) {
        add(judging, judging->faults, path, "is %s and must be %s",
            json_tree_type(value), type_text(field->type));
        return;
    }
    if (value->type == JSON_TYPE_TEXT) {
        judge_text(judging, value, field, path);
    } else if (value->type == JSON_TYPE_OBJECT) {
        judge_object(judging, value, field->members, path);
    }
}

/* ---- Lists ---- */

/* A text and where it stands. */
struct placed_text {
    const char *text;
    size_t at;
};

static int
compare_texts(const void *a, const void *b)
{
    const struct placed_text *left = a;
    const struct placed_text *right = b;
    int order = strcmp(left->text, right->text);
    return order != 0 ? order : (left->at > right->at) - (left->at < right->at);
}

/* Sorted, so that a long list costs no more than its length. */
static void
judge_distinct(struct judging *judging, const struct json_value *list, const char *path)
{
    struct placed_text *texts =
        arena_alloc(judging->arena, (list->n + 1) * sizeof *texts);
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (list->elements[i].type == JSON_TYPE_TEXT) {
            texts[n++] = (struct placed_text){list->elements[i].text, i};
        }
    }
    qsort(texts, n, sizeof *texts, compare_texts);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(texts[i - 1].text, texts[i].text) == 0) {
            add(judging, judging->faults,
                arena_print(judging->arena, "%s[%zu]", path, texts[i].at),
                "stands in the list already, at [%zu]", texts[i - 1].at);
        }
    }
}

static void
judge_list(struct judging *judging, const struct json_value *list,
           const struct madmp_field *field, const char *path)
{
    if (list->type != JSON_TYPE_LIST) {
        add(judging, judging->faults, path, "is %s and must be a list",
            json_tree_type(list));
        return;
    }
    if (list->n == 0 && (field->filled & judging->in) != 0) {
        add(judging, judging->faults, path, "is empty and must have one element");
    }
    for (size_t i = 0; i < list->n; i++) {
        judge_value(judging, &list->elements[i], field,
                    arena_print(judging->arena, "%s[%zu]", path, i));
    }
    if ((field->distinct & judging->in) != 0) {
        judge_distinct(judging, list, path);
    }
}

/* ---- Objects ---- */

/* Whether one letter more, less or other makes the one name of the other. */
static bool
is_near(const char *a, const char *b)
{
    size_t n_same = 0;
    while (a[n_same] != '\0' && a[n_same] == b[n_same]) {
        n_same++;
    }
    a += n_same;
    b += n_same;
    return strcmp(a, b) != 0 &&
           ((*a != '\0' && strcmp(a + 1, b) == 0) ||
            (*b != '\0' && strcmp(a, b + 1) == 0) ||
            (*a != '\0' && *b != '\0' && strcmp(a + 1, b + 1) == 0));
}

/*
 * Objects are open in all versions: what a version does not know it takes, and whoever
 * reads by it never sees it. That is told, since a slip of the pen looks the same.
 */
static void
note_unknown(struct judging *judging, const char *name,
             const struct madmp_field *fields, const char *path)
{
    for (const struct madmp_field *field = fields; field->name != NULL; field++) {
        bool is_known = (field->versions & judging->in) != 0;
        if (is_known && is_near(name, field->name)) {
            add(judging, judging->notes, path,
                "is nothing version %s knows; was %s meant?",
                madmp_version_name(judging->version), field->name);
            return;
        }
    }
    add(judging, judging->notes, path, "is nothing version %s knows",
        madmp_version_name(judging->version));
}

static const struct madmp_field *
field_of(struct judging *judging, const struct madmp_field *fields, const char *name)
{
    for (const struct madmp_field *field = fields; field->name != NULL; field++) {
        if ((field->versions & judging->in) != 0 && strcmp(field->name, name) == 0) {
            return field;
        }
    }
    return NULL;
}

static void
judge_member(struct judging *judging, const struct json_member *member,
             const struct madmp_field *field, const char *path)
{
    bool is_either = (field->one_or_list & judging->in) != 0;
    bool is_list = (field->lists & judging->in) != 0 ||
                   (is_either && member->value.type == JSON_TYPE_LIST);
    if (is_list) {
        judge_list(judging, &member->value, field, path);
    } else {
        judge_value(judging, &member->value, field, path);
    }
}

static void
judge_object(struct judging *judging, const struct json_value *value,
             const struct madmp_field *fields, const char *path)
{
    for (const struct madmp_field *field = fields; field->name != NULL; field++) {
        if ((field->required & judging->in) != 0 &&
            json_tree_get(value, field->name) == NULL) {
            add(judging, judging->faults, member_path(judging, path, field->name),
                "is required by version %s", madmp_version_name(judging->version));
        }
    }
    for (size_t i = 0; i < value->n; i++) {
        const struct json_member *member = &value->members[i];
        const struct madmp_field *field = field_of(judging, fields, member->name);
        const char *place = member_path(judging, path, member->name);
        if (field != NULL) {
            judge_member(judging, member, field, place);
        } else if (fields == madmp_document &&
                   (madmp_closed_document & judging->in) != 0) {
            add(judging, judging->faults, place,
                "version %s takes nothing beside \"dmp\"",
                madmp_version_name(judging->version));
        } else if (fields != madmp_document || strcmp(member->name, "$schema") != 0) {
            note_unknown(judging, member->name, fields, place);
        }
    }
}

void
madmp_judge_by(const struct json_value *document, enum madmp_version version,
               struct arena *arena, struct madmp_rows *faults, struct madmp_rows *notes)
{
    struct judging judging = {.version = version,
                              .in = 1U << version,
                              .arena = arena,
                              .faults = faults,
                              .notes = notes};
    judge_object(&judging, document, madmp_document, "$");
}
