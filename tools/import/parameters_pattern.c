/*
 * Patterns of other dialects as ours. Most of what they can say we can; what looks the
 * same and means something else there, a backslash within a set, is never taken.
 */
#include <string.h>

#include "proto/pattern.h"
#include "tools/import/parameters.h"

/* What a walk over a pattern finds outside of its sets. */
struct shape {
    bool has_bar;      /* "|" outside of every group. */
    bool is_one_group; /* "^(...)$" and nothing beside the group. */
    bool is_foreign;   /* Something that means another thing here. */
};

/* The byte behind a set; a backslash, a class or an empty set in it is foreign. */
static const char *
behind_set(const char *at, struct shape *shape)
{
    at += at[1] == '^' ? 2 : 1;
    shape->is_foreign |= *at == ']';
    for (; *at != '\0' && *at != ']'; at++) {
        shape->is_foreign |= *at == '\\' || *at == '[';
    }
    return *at == '\0' ? at : at + 1;
}

static struct shape
shape_of(const char *pattern)
{
    struct shape shape = {.is_one_group = strncmp(pattern, "^(", 2) == 0};
    size_t depth = 0;
    for (const char *at = pattern; *at != '\0';) {
        if (*at == '[') {
            at = behind_set(at, &shape);
            continue;
        }
        shape.has_bar |= *at == '|' && depth == 0;
        depth += *at == '(';
        depth -= *at == ')' && depth > 0;
        shape.is_one_group &=
            depth > 0 || at == pattern || at[1] == '\0' || strcmp(at, ")$") == 0;
        at += *at == '\\' && at[1] != '\0' ? 2 : 1;
    }
    return shape;
}

static bool
ends_in_anchor(const char *pattern)
{
    size_t size = strlen(pattern);
    size_t n_slashes = 0;
    if (size == 0 || pattern[size - 1] != '$') {
        return false;
    }
    while (n_slashes + 1 < size && pattern[size - 2 - n_slashes] == '\\') {
        n_slashes++;
    }
    return n_slashes % 2 == 0;
}

/* A search says by anchors what ours is without any. */
static const char *
whole_of(const struct source *source, const char *pattern, const struct shape *shape)
{
    bool is_anchored = pattern[0] == '^' && ends_in_anchor(pattern) && !shape->has_bar;
    if (is_anchored && shape->is_one_group) {
        return arena_copy_n(source->arena, pattern + 2, strlen(pattern) - 4);
    }
    return is_anchored ? pattern : arena_print(source->arena, ".*(%s).*", pattern);
}

const char *
parameters_pattern(const struct source *source, const char *pattern, const char *place,
                   bool is_search)
{
    struct shape shape = shape_of(pattern);
    const char *ours = is_search ? whole_of(source, pattern, &shape) : pattern;
    if (pattern[0] == '\0') {
        return pattern;
    }
    if (shape.is_foreign || strlen(ours) > PATTERN_MAX_BYTES ||
        !pattern_is_good(ours)) {
        source_finding(source, place,
                       "the pattern is none of ours: the text is free: \"%s\"",
                       pattern);
        return NULL;
    }
    if (strncmp(ours, ".*(", 3) == 0 && ours != pattern) {
        source_finding(source, place,
                       "matches anywhere in a text, ours all of it: taken as %s", ours);
    }
    return ours;
}

/* A pattern that is anchored by itself is a search already, and comes back as it is. */
const char *
parameters_search(struct arena *arena, const char *pattern)
{
    struct shape shape = shape_of(pattern);
    bool is_search = pattern[0] == '^' && ends_in_anchor(pattern) && !shape.has_bar &&
                     !shape.is_one_group;
    if (shape.is_foreign) {
        return NULL;
    }
    return pattern[0] == '\0' || is_search ? pattern
                                           : arena_print(arena, "^(%s)$", pattern);
}
