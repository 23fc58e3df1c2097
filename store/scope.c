#include "store/scope.h"

#include <string.h>

#include "store/backend.h"

static bool
scope_has(const struct scopes *scopes, const char *name)
{
    if (strcmp(name, "*") == 0) {
        return true;
    }
    for (size_t i = 0; i < scopes->n_strings; i++) {
        if (strcmp(scopes->strings[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * The one test of the whole broker: sharing a string. Owning wins over taking part
 * whatever their order. A document without strings is seen by nobody but the broker.
 */
enum view
store_view(const struct scopes *scopes, char *const *scope, size_t n_scope)
{
    if (scopes == NULL) {
        return VIEW_FULL;
    }
    enum view view = VIEW_NONE;
    for (size_t i = 0; i < n_scope && view != VIEW_FULL; i++) {
        if (scope_has(scopes, scope[i] + 1)) {
            view = scope[i][0] == '=' ? VIEW_FULL : VIEW_REDUCED;
        }
    }
    return view;
}

/* The name after the first byte must not be the one under which everything is listed.
 */
static bool
scope_string_is_valid(const char *string)
{
    if (string[0] != '=' && string[0] != '~') {
        return false;
    }
    return string[1] != '\0' && strcmp(string + 1, SCOPE_ALL) != 0;
}

/* Judged before it is written: a string that is none would list a document where nobody
 * looks, or for everybody. */
bool
scope_is_valid(char *const *scope, size_t n_scope)
{
    for (size_t i = 0; i < n_scope; i++) {
        if (!scope_string_is_valid(scope[i])) {
            return false;
        }
    }
    return n_scope <= STORE_MAX_SCOPE;
}

/* One blob rather than a table of rows: a scope is always read and written whole. */
struct bytes
scope_pack(char *const *scope, size_t n_scope, struct arena *arena)
{
    size_t size = 0;
    for (size_t i = 0; i < n_scope; i++) {
        size += strlen(scope[i]) + 1;
    }
    uint8_t *packed = arena_alloc(arena, size);
    size_t used = 0;
    for (size_t i = 0; i < n_scope; i++) {
        size_t length = strlen(scope[i]) + 1;
        memcpy(packed + used, scope[i], length);
        used += length;
    }
    return (struct bytes){packed, size};
}

bool
scope_unpack(struct bytes packed, struct arena *arena, char ***scope, size_t *n_scope)
{
    *scope = NULL;
    *n_scope = 0;
    if (packed.size == 0) {
        return true;
    }
    /* It comes off the disk: without the last NUL the texts below would run on. */
    if (packed.data[packed.size - 1] != '\0') {
        return false;
    }
    size_t n = 0;
    for (size_t i = 0; i < packed.size; i++) {
        n += packed.data[i] == '\0' ? 1 : 0;
    }
    char *text = arena_copy_n(arena, packed.data, packed.size);
    *scope = arena_alloc(arena, n * sizeof **scope);
    for (; *n_scope < n; (*n_scope)++) {
        (*scope)[*n_scope] = text;
        text += strlen(text) + 1;
    }
    return true;
}

/* In order: a scope is stored as it was given, and two orders make two versions. */
bool
scope_is_equal(char *const *one, size_t n_one, char *const *other, size_t n_other)
{
    if (n_one != n_other) {
        return false;
    }
    for (size_t i = 0; i < n_one; i++) {
        if (strcmp(one[i], other[i]) != 0) {
            return false;
        }
    }
    return true;
}

bool
scope_has_name(char *const *scope, size_t n_scope, const char *name)
{
    size_t i = 0;
    while (i < n_scope && strcmp(scope[i] + 1, name) != 0) {
        i++;
    }
    return i < n_scope;
}

/* Strings that differ in their first byte only share a name. */
size_t
scope_n_names(char *const *scope, size_t n_scope)
{
    size_t n = 0;
    for (size_t i = 0; i < n_scope; i++) {
        n += scope_has_name(scope, i, scope[i] + 1) ? 0 : 1;
    }
    return n;
}
