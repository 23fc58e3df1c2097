#include "plan/redact.h"

#include <string.h>

#include "plan/redact_text.h"

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

struct redacting {
    struct arena *arena;
    struct redact_texts texts;
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

/* Also as lists of literature have it: Smith, John. */
static void
add_name(struct redacting *redacting, const char *name)
{
    const char *last = strrchr(name, ' ');
    struct redact_needle needle = {
        .text = name, .instead = REDACTED_TEXT, .is_name = true};
    redact_text_know(&redacting->texts, needle);
    if (last != NULL && strchr(name, ',') == NULL) {
        needle.is_turned = true;
        needle.text = arena_print(redacting->arena, "%s, %.*s", last + 1,
                                  (int)(last - name), name);
        redact_text_know(&redacting->texts, needle);
    }
}

static void
add_id(struct redacting *redacting, const struct json_value *id)
{
    const struct json_value *identifier = json_tree_get(id, "identifier");
    if (id->type == JSON_TYPE_LIST) {
        for (size_t i = 0; i < id->n; i++) {
            add_id(redacting, &id->elements[i]);
        }
    } else if (identifier != NULL && identifier->type == JSON_TYPE_TEXT) {
        redact_text_know(
            &redacting->texts,
            (struct redact_needle){.text = identifier->text, .instead = REDACTED_TEXT});
    }
}

static void
add_person(struct redacting *redacting, const struct json_value *person)
{
    for (size_t i = 0; person->type == JSON_TYPE_LIST && i < person->n; i++) {
        add_person(redacting, &person->elements[i]);
    }
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        const struct json_value *value = json_tree_get(person, kept[i].name);
        bool is_text = value != NULL && value->type == JSON_TYPE_TEXT;
        if (is_text && kept[i].keeping == KEEP_NAME) {
            add_name(redacting, value->text);
        } else if (is_text && kept[i].keeping == KEEP_MAIL) {
            redact_text_know(
                &redacting->texts,
                (struct redact_needle){.text = value->text, .instead = REDACTED_MAIL});
        } else if (value != NULL && kept[i].keeping == KEEP_ID) {
            add_id(redacting, value);
        }
    }
}

static void
gather(struct redacting *redacting, const struct json_value *value)
{
    for (size_t i = 0; value->type == JSON_TYPE_LIST && i < value->n; i++) {
        gather(redacting, &value->elements[i]);
    }
    for (size_t i = 0; value->type == JSON_TYPE_OBJECT && i < value->n; i++) {
        if (is_one_of_people(value->members[i].name)) {
            add_person(redacting, &value->members[i].value);
        }
        gather(redacting, &value->members[i].value);
    }
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
    redacting->texts.n_redacted++;
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
            redacting->texts.n_redacted++;
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
        size_t n_before = redacting->texts.n_redacted;
        redact_value(redacting, &from->elements[i], &elements[n]);
        bool is_last = n == 0 && i + 1 == from->n;
        n += redacting->texts.n_redacted == n_before || is_last ? 1 : 0;
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
    redacting->texts.n_redacted++;
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

static void
redact_object(struct redacting *redacting, const struct json_value *from,
              struct json_value *to)
{
    struct json_member *members =
        arena_alloc(redacting->arena, (from->n + 1) * sizeof *members);
    *to =
        (struct json_value){.type = JSON_TYPE_OBJECT, .members = members, .n = from->n};
    for (size_t i = 0; i < from->n; i++) {
        const struct json_member *member = &from->members[i];
        members[i].name = member->name;
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
        to->text = redact_text(&redacting->texts, from->text);
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
    struct redacting redacting = {.arena = arena};
    struct json_value *copy = arena_alloc(arena, sizeof *copy);
    redact_texts_init(&redacting.texts, arena);
    gather(&redacting, document);
    redact_texts_sort(&redacting.texts);
    redact_value(&redacting, document, copy);
    redact_texts_done(&redacting.texts);
    *n_redacted = redacting.texts.n_redacted;
    return copy;
}
