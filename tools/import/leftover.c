/*
 * Leftovers, gathered by place and text. A catalogue of some services with a hundred
 * plans each has members of its maker's own in every plan: told one by one they would
 * hide what matters.
 */
#include "tools/import/leftover.h"

#include <string.h>

/* How much of a value is shown. */
enum { DETAIL_BYTES = 160 };

/* "plans[17].tags" as "plans[].tags". */
static char *
pattern_of(const struct source *source, const char *place)
{
    char *pattern = arena_copy(source->arena, place);
    char *end = pattern;
    for (const char *at = place; *at != '\0'; at++) {
        *end++ = *at;
        if (*at == '[') {
            at += strspn(at + 1, "0123456789");
        }
    }
    *end = '\0';
    return pattern;
}

/* Cut between characters, never within one. */
static const char *
shortened(const struct source *source, const char *text)
{
    size_t size = DETAIL_BYTES;
    if (strlen(text) <= size) {
        return text;
    }
    while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80) {
        size--;
    }
    return arena_print(source->arena, "%.*s...", (int)size, text);
}

static void
tell(const struct source *source, const struct leftover *row)
{
    const char *more =
        row->n > 1 ? arena_print(source->arena, " (and in %zu more places)", row->n - 1)
                   : "";
    source_finding(source, row->place, "%s%s%s%s", row->text,
                   row->detail[0] == '\0' ? "" : ": ", row->detail, more);
}

void
leftover_note(const struct source *source, const char *place, const char *text,
              const char *detail)
{
    struct leftovers *all = source->leftovers;
    struct leftover row = {
        .pattern = pattern_of(source, place),
        .text = text,
        .place = place,
        .detail = detail == NULL ? "" : shortened(source, detail),
        .n = 1,
    };
    if (all == NULL) {
        tell(source, &row);
        return;
    }
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->rows[i].pattern, row.pattern) == 0 &&
            strcmp(all->rows[i].text, text) == 0) {
            all->rows[i].n++;
            return;
        }
    }
    if (all->n == LEFTOVERS_MAX) {
        tell(source, &row);
        return;
    }
    all->rows[all->n++] = row;
}

static bool
is_empty(const struct json_value *value)
{
    switch (value->type) {
    case JSON_TYPE_NULL:
        return true;
    case JSON_TYPE_TEXT:
        return value->text[0] == '\0';
    case JSON_TYPE_LIST:
    case JSON_TYPE_OBJECT:
        return value->n == 0;
    case JSON_TYPE_BOOLEAN:
    case JSON_TYPE_INTEGER:
    case JSON_TYPE_REAL:
        break;
    }
    return false;
}

void
leftover_member(const struct source *source, const char *place,
                const struct json_value *value)
{
    if (!is_empty(value)) {
        leftover_note(source, place, "nothing here takes this member",
                      json_tree_print(value, source->arena));
    }
}

void
leftover_tell(const struct source *source)
{
    for (size_t i = 0; i < source->leftovers->n; i++) {
        tell(source, &source->leftovers->rows[i]);
    }
    source->leftovers->n = 0;
}
