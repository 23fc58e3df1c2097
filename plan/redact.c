#include "plan/redact.h"

#include <stdlib.h>
#include <string.h>

#include "plan/madmp_table.h"

/* Members that describe people, wherever they stand. */
static const char *const people[] = {"contact", "contributor", "creator"};

/* What is kept of a person, and how. Any other member goes: tools put in what they
 * like, down to telephone numbers. */
enum keeping { KEEP_REST, KEEP_ROLES, KEEP_NAME, KEEP_MAIL, KEEP_ID };
static const struct {
    const char *name;
    enum keeping keeping;
} kept[] = {
    {"name", KEEP_NAME},         {"mbox", KEEP_MAIL},     {"contact_id", KEEP_ID},
    {"contributor_id", KEEP_ID}, {"creator_id", KEEP_ID}, {"role", KEEP_ROLES},
    {"affiliation", KEEP_REST},
};

/* Members that tools put in for a name in two parts, without what parts their words. */
enum part { GIVEN, FAMILY };
static const struct {
    const char *name;
    enum part part;
} parts[] = {
    {"firstname", GIVEN},   {"givenname", GIVEN}, {"givennames", GIVEN},
    {"forename", GIVEN},    {"given", GIVEN},     {"lastname", FAMILY},
    {"familyname", FAMILY}, {"surname", FAMILY},  {"family", FAMILY},
};

struct redacting {
    struct arena *arena;
    struct people *people;
    size_t n_redacted;
};

static bool
is_one_of_people(const char *name)
{
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        if (strcmp(people[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- Who is meant ---- */

static void
add_id(struct people *all, const struct json_value *id)
{
    const struct json_value *identifier = json_tree_get(id, "identifier");
    if (id->type == JSON_TYPE_LIST) {
        for (size_t i = 0; i < id->n; i++) {
            add_id(all, &id->elements[i]);
        }
    } else if (identifier != NULL && identifier->type == JSON_TYPE_TEXT) {
        people_add_id(all, identifier->text);
    }
}

/* firstName, given_name, Given-Name: the same. */
static bool
is_called(const char *member, const char *name)
{
    for (; *member != '\0'; member++) {
        char c =
            *member >= 'A' && *member <= 'Z' ? (char)(*member - 'A' + 'a') : *member;
        if (strchr("_- ", c) != NULL) {
            continue;
        }
        if (c != *name) {
            return false;
        }
        name++;
    }
    return *name == '\0';
}

static const char *
part_of(const struct json_value *person, enum part part)
{
    for (size_t i = 0; person->type == JSON_TYPE_OBJECT && i < person->n; i++) {
        const struct json_member *member = &person->members[i];
        for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
            if (member->value.type == JSON_TYPE_TEXT && parts[k].part == part &&
                is_called(member->name, parts[k].name)) {
                return member->value.text;
            }
        }
    }
    return NULL;
}

/* One part alone says too little: many are called so. */
static void
add_parts(struct people *all, const struct json_value *person)
{
    const char *given = part_of(person, GIVEN);
    const char *family = part_of(person, FAMILY);
    if (given != NULL && family != NULL) {
        people_add_parts(all, given, family);
    }
}

static void
add_person(struct people *all, const struct json_value *person)
{
    for (size_t i = 0; person->type == JSON_TYPE_LIST && i < person->n; i++) {
        add_person(all, &person->elements[i]);
    }
    if (person->type == JSON_TYPE_TEXT) {
        people_add_name(all, person->text);
    }
    add_parts(all, person);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        const struct json_value *value = json_tree_get(person, kept[i].name);
        bool is_text = value != NULL && value->type == JSON_TYPE_TEXT;
        if (is_text && kept[i].keeping == KEEP_NAME) {
            people_add_name(all, value->text);
        } else if (is_text && kept[i].keeping == KEEP_MAIL) {
            people_add_mail(all, value->text);
        } else if (value != NULL && kept[i].keeping == KEEP_ID) {
            add_id(all, value);
        }
    }
}

static void
gather(struct people *all, const struct json_value *value)
{
    for (size_t i = 0; value->type == JSON_TYPE_LIST && i < value->n; i++) {
        gather(all, &value->elements[i]);
    }
    for (size_t i = 0; value->type == JSON_TYPE_OBJECT && i < value->n; i++) {
        if (is_one_of_people(value->members[i].name)) {
            add_person(all, &value->members[i].value);
        }
        gather(all, &value->members[i].value);
    }
}

struct people *
redact_gather(const struct json_value *document, struct arena *arena)
{
    struct people *all = people_new(arena);
    gather(all, document);
    return all;
}

/* ---- Texts ---- */

/* A date, and a word the standard itself has, name nobody, whoever is called so. */
static bool
is_of_standard(const char *text)
{
    const char *wanted;
    return madmp_form_is(FORM_DATE, MADMP_1_0, text, &wanted) ||
           madmp_form_is(FORM_DATE_TIME, MADMP_1_0, text, &wanted) ||
           madmp_table_has_value(text);
}

static const char *
redact_text(struct redacting *redacting, const char *text)
{
    size_t n = 0;
    const char *without = people_without(redacting->people, text, &n);
    if (n == 0 || is_of_standard(text)) {
        return text;
    }
    redacting->n_redacted += n;
    return without;
}

/* ---- Trees ---- */

static void redact_value(struct redacting *redacting, const struct json_value *from,
                         struct json_value *to);
static void redact_person(struct redacting *redacting, const struct json_value *from,
                          struct json_value *to);

static void
put_text(struct redacting *redacting, struct json_value *to, const char *text)
{
    *to = (struct json_value){.type = JSON_TYPE_TEXT, .text = text};
    redacting->n_redacted++;
}

typedef void (*redact_fn)(struct redacting *redacting, const struct json_value *from,
                          struct json_value *to);

static void
redact_list(struct redacting *redacting, const struct json_value *from,
            struct json_value *to, redact_fn redact)
{
    struct json_value *elements =
        arena_alloc(redacting->arena, (from->n + 1) * sizeof *elements);
    *to =
        (struct json_value){.type = JSON_TYPE_LIST, .elements = elements, .n = from->n};
    for (size_t i = 0; i < from->n; i++) {
        redact(redacting, &from->elements[i], &elements[i]);
    }
}

/* The identifier is replaced, its type stays, what else there is goes. */
static void
redact_id(struct redacting *redacting, const struct json_value *from,
          struct json_value *to)
{
    if (from->type == JSON_TYPE_LIST) {
        redact_list(redacting, from, to, redact_id);
        return;
    }
    struct json_member *members =
        arena_alloc(redacting->arena, (from->n + 1) * sizeof *members);
    size_t n = 0;
    for (size_t i = 0; from->type == JSON_TYPE_OBJECT && i < from->n; i++) {
        const struct json_member *member = &from->members[i];
        members[n].name = member->name;
        if (strcmp(member->name, "identifier") == 0) {
            put_text(redacting, &members[n++].value, REDACTED_TEXT);
        } else if (strcmp(member->name, "type") == 0) {
            redact_value(redacting, &member->value, &members[n++].value);
        } else {
            redacting->n_redacted++;
        }
    }
    *to = (struct json_value){.type = JSON_TYPE_OBJECT, .members = members, .n = n};
}

/* A role that names somebody goes, since two that do could become the same, which is
 * not allowed; the last one stays, since there has to be one. */
static void
redact_roles(struct redacting *redacting, const struct json_value *from,
             struct json_value *to)
{
    if (from->type != JSON_TYPE_LIST) {
        redact_value(redacting, from, to);
        return;
    }
    struct json_value *elements =
        arena_alloc(redacting->arena, (from->n + 1) * sizeof *elements);
    size_t n = 0;
    for (size_t i = 0; i < from->n; i++) {
        size_t n_before = redacting->n_redacted;
        redact_value(redacting, &from->elements[i], &elements[n]);
        bool is_last = n == 0 && i + 1 == from->n;
        n += redacting->n_redacted == n_before || is_last ? 1 : 0;
    }
    *to = (struct json_value){.type = JSON_TYPE_LIST, .elements = elements, .n = n};
}

static bool
redact_member(struct redacting *redacting, const struct json_member *from,
              struct json_value *to)
{
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (strcmp(kept[i].name, from->name) != 0) {
            continue;
        }
        switch (kept[i].keeping) {
        case KEEP_REST:
            redact_value(redacting, &from->value, to);
            return true;
        case KEEP_ROLES:
            redact_roles(redacting, &from->value, to);
            return true;
        case KEEP_NAME:
            put_text(redacting, to, REDACTED_TEXT);
            return true;
        case KEEP_MAIL:
            put_text(redacting, to, REDACTED_MAIL);
            return true;
        case KEEP_ID:
            redact_id(redacting, &from->value, to);
            return true;
        }
    }
    redacting->n_redacted++;
    return false;
}

static void
redact_person(struct redacting *redacting, const struct json_value *from,
              struct json_value *to)
{
    if (from->type == JSON_TYPE_LIST) {
        redact_list(redacting, from, to, redact_person);
        return;
    }
    if (from->type != JSON_TYPE_OBJECT) {
        put_text(redacting, to, REDACTED_TEXT);
        return;
    }
    struct json_member *members =
        arena_alloc(redacting->arena, (from->n + 1) * sizeof *members);
    size_t n = 0;
    for (size_t i = 0; i < from->n; i++) {
        members[n].name = from->members[i].name;
        if (redact_member(redacting, &from->members[i], &members[n].value)) {
            n++;
        }
    }
    *to = (struct json_value){.type = JSON_TYPE_OBJECT, .members = members, .n = n};
}

/* ---- Names of members ---- */

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names an object has, sorted. */
static const char **
names_of(struct redacting *redacting, const struct json_value *object)
{
    const char **names = arena_alloc(redacting->arena, (object->n + 1) * sizeof *names);
    for (size_t i = 0; i < object->n; i++) {
        names[i] = object->members[i].name;
    }
    qsort(names, object->n, sizeof *names, compare_names);
    return names;
}

static bool
is_among(const char *name, const char **names, size_t n)
{
    return bsearch(&name, names, n, sizeof *names, compare_names) != NULL;
}

/* Tools also name members after people. Two that become the same are numbered, past
 * all numbers that were there before. No number is given twice, so of what is made here
 * only the first, which has none, can come again: it may end like a number. */
static void
redact_names(struct redacting *redacting, const struct json_value *from,
             struct json_member *members)
{
    const char **names = NULL, *first = NULL;
    size_t n_named = 0;
    for (size_t i = 0; i < from->n; i++) {
        const char *name = from->members[i].name;
        const char *without =
            madmp_table_has_field(name) ? name : redact_text(redacting, name);
        members[i].name = without;
        if (without == name) {
            continue;
        }
        names = names == NULL ? names_of(redacting, from) : names;
        do {
            members[i].name = n_named == 0 ? without
                                           : arena_print(redacting->arena, "%s~%zu",
                                                         without, n_named + 1);
            n_named++;
        } while (is_among(members[i].name, names, from->n) ||
                 (first != NULL && strcmp(members[i].name, first) == 0));
        first = first == NULL ? members[i].name : first;
    }
}

static void
redact_object(struct redacting *redacting, const struct json_value *from,
              struct json_value *to)
{
    struct json_member *members =
        arena_alloc(redacting->arena, (from->n + 1) * sizeof *members);
    *to =
        (struct json_value){.type = JSON_TYPE_OBJECT, .members = members, .n = from->n};
    redact_names(redacting, from, members);
    for (size_t i = 0; i < from->n; i++) {
        const struct json_member *member = &from->members[i];
        if (is_one_of_people(member->name)) {
            redact_person(redacting, &member->value, &members[i].value);
        } else {
            redact_value(redacting, &member->value, &members[i].value);
        }
    }
}

static void
redact_value(struct redacting *redacting, const struct json_value *from,
             struct json_value *to)
{
    switch (from->type) {
    case JSON_TYPE_LIST:
        redact_list(redacting, from, to, redact_value);
        return;
    case JSON_TYPE_OBJECT:
        redact_object(redacting, from, to);
        return;
    case JSON_TYPE_TEXT:
        *to = *from;
        to->text = redact_text(redacting, from->text);
        return;
    case JSON_TYPE_NULL:
    case JSON_TYPE_BOOLEAN:
    case JSON_TYPE_INTEGER:
    case JSON_TYPE_REAL:
        *to = *from;
        return;
    }
}

const struct json_value *
redact_people(const struct json_value *document, struct arena *arena,
              size_t *n_redacted)
{
    struct redacting redacting = {.arena = arena,
                                  .people = redact_gather(document, arena)};
    struct json_value *copy = arena_alloc(arena, sizeof *copy);
    redact_value(&redacting, document, copy);
    *n_redacted = redacting.n_redacted;
    return copy;
}

bool
redact_is_marked(const char *text)
{
    return strstr(text, REDACTED_TEXT) != NULL;
}
