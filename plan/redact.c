#include "plan/redact.h"

#include <string.h>

enum {
    LEAST_NAME = 4,  /* Bytes: shorter ones are parts of too many words. */
    MOST_NAME = 256, /* Longer ones are looked for nowhere else: it takes too long. */
    /* Texts that are looked for in all others. Of more people each is still replaced
     * where the plan describes them. */
    MAX_NEEDLES = 256,
    ORCID_LENGTH = 19,
};

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

/* A text that names somebody, looked for in all other texts. */
struct needle {
    const char *text;
    const char *instead;
    bool is_name; /* Else it is an id or an address, which are looked for in URLs,
                     too: of a name they would break the host. */
};

struct redacting {
    struct arena *arena;
    struct needle *needles;
    size_t n_needles, room;
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
add_needle(struct redacting *redacting, const char *text, const char *instead,
           bool is_name)
{
    bool is_ours = strcmp(text, REDACTED_TEXT) == 0 || strcmp(text, REDACTED_MAIL) == 0;
    if (strlen(text) < LEAST_NAME || strlen(text) > MOST_NAME || is_ours ||
        redacting->n_needles == MAX_NEEDLES) {
        return;
    }
    redacting->needles =
        arena_grown(redacting->arena, redacting->needles, redacting->n_needles,
                    &redacting->room, sizeof *redacting->needles);
    redacting->needles[redacting->n_needles++] =
        (struct needle){text, instead, is_name};
}

/* Also as lists of literature have it: Smith, John. */
static void
add_name(struct redacting *redacting, const char *name)
{
    const char *last = strrchr(name, ' ');
    add_needle(redacting, name, REDACTED_TEXT, true);
    if (last != NULL && strchr(name, ',') == NULL) {
        add_needle(redacting,
                   arena_print(redacting->arena, "%s, %.*s", last + 1,
                               (int)(last - name), name),
                   REDACTED_TEXT, true);
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
        add_needle(redacting, identifier->text, REDACTED_TEXT, false);
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
            add_needle(redacting, value->text, REDACTED_MAIL, false);
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

/* ---- Texts ---- */

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c & 0x80) != 0;
}

/* Where the needle stands as words of its own; NULL = nowhere. */
static const char *
find_whole(const char *text, const char *needle)
{
    size_t n = strlen(needle);
    for (const char *at = strstr(text, needle); at != NULL;
         at = strstr(at + 1, needle)) {
        bool begins = at == text || !is_letter(at[-1]) || !is_letter(needle[0]);
        bool ends = !is_letter(at[n]) || !is_letter(needle[n - 1]);
        if (begins && ends) {
            return at;
        }
    }
    return NULL;
}

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

static const char *
replace_all(struct redacting *redacting, const char *text, const struct needle *needle)
{
    struct rewriting done = {.arena = redacting->arena};
    const char *at = find_whole(text, needle->text);
    if (at == NULL) {
        return text;
    }
    while (at != NULL) {
        rewrite(&done, text, (size_t)(at - text));
        rewrite(&done, needle->instead, strlen(needle->instead));
        text = at + strlen(needle->text);
        redacting->n_redacted++;
        at = find_whole(text, needle->text);
    }
    rewrite(&done, text, strlen(text));
    return done.text;
}

/* Where a word names somebody. */
struct span {
    size_t from, n; /* n 0 = it does not. */
    const char *instead;
};

/* Whether an ORCID stands there, 0000-0001-2345-678X, n bytes before the word's end. */
static bool
is_orcid(const char *text, size_t n)
{
    for (size_t i = 0; i < ORCID_LENGTH; i++) {
        bool is_dash = i % 5 == 4;
        bool is_digit = (text[i] >= '0' && text[i] <= '9') ||
                        (i == ORCID_LENGTH - 1 && text[i] == 'X');
        if (is_dash ? text[i] != '-' : !is_digit) {
            return false;
        }
    }
    return n == ORCID_LENGTH ||
           (!is_letter(text[ORCID_LENGTH]) && text[ORCID_LENGTH] != '-');
}

static struct span
find_orcid(const char *word, size_t n)
{
    for (size_t i = 0; i + ORCID_LENGTH <= n; i++) {
        bool is_apart = i == 0 || !is_letter(word[i - 1]);
        if (is_apart && is_orcid(word + i, n - i)) {
            return (struct span){i, ORCID_LENGTH, REDACTED_TEXT};
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

/* Whoever is not described elsewhere in the plan is still somebody. */
static const char *
replace_forms(struct redacting *redacting, const char *text)
{
    static const char ends[] = " \t\r\n<>()[]{},;\"'|";
    struct rewriting done = {.arena = redacting->arena};
    const char *from = text;
    for (const char *word = text; *word != '\0';) {
        size_t n = strcspn(word, ends);
        struct span span = find_mail(word, n);
        span = span.n > 0 ? span : find_orcid(word, n);
        if (span.n > 0) {
            rewrite(&done, from, (size_t)(word + span.from - from));
            rewrite(&done, span.instead, strlen(span.instead));
            redacting->n_redacted++;
            from = word + span.from + span.n;
            word = from;
        } else {
            word += n;
            word += strspn(word, ends);
        }
    }
    if (from == text) {
        return text;
    }
    rewrite(&done, from, strlen(from));
    return done.text;
}

static const char *
redact_text(struct redacting *redacting, const char *text)
{
    bool is_url = strstr(text, "://") != NULL && strpbrk(text, " \t\n") == NULL;
    for (size_t i = 0; i < redacting->n_needles; i++) {
        if (!is_url || !redacting->needles[i].is_name) {
            text = replace_all(redacting, text, &redacting->needles[i]);
        }
    }
    return replace_forms(redacting, text);
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
    struct redacting redacting = {.arena = arena};
    struct json_value *copy = arena_alloc(arena, sizeof *copy);
    gather(&redacting, document);
    redact_value(&redacting, document, copy);
    *n_redacted = redacting.n_redacted;
    return copy;
}

bool
redact_is_marked(const char *text)
{
    return strstr(text, REDACTED_TEXT) != NULL || strstr(text, REDACTED_MAIL) != NULL;
}
