#include "plan/patch.h"

#include <string.h>

#include "plan/redact.h"

enum { MEMBERS = 3 /* op, path, value. */ };

struct json_value
patch_text(const char *text)
{
    return (struct json_value){.type = JSON_TYPE_TEXT, .text = text};
}

struct json_value
patch_integer(int64_t integer)
{
    return (struct json_value){.type = JSON_TYPE_INTEGER, .integer = integer};
}

static void
add(struct patch *patch, const char *operation, const char *pointer,
    const struct json_value *value)
{
    struct json_member *members = arena_alloc(patch->arena, MEMBERS * sizeof *members);
    members[0] = (struct json_member){"op", patch_text(operation)};
    members[1] = (struct json_member){"path", patch_text(pointer)};
    members[2] = (struct json_member){"value", *value};
    patch->operations =
        arena_grown(patch->arena, patch->operations, patch->n_operations, &patch->room,
                    sizeof *patch->operations);
    patch->operations[patch->n_operations++] =
        (struct json_value){.type = JSON_TYPE_OBJECT, .members = members, .n = MEMBERS};
}

bool
patch_test(struct patch *patch, const char *pointer, const struct json_value *value)
{
    if (patch->is_redacted && value->type == JSON_TYPE_TEXT &&
        redact_is_marked(value->text)) {
        return false;
    }
    add(patch, "test", pointer, value);
    return true;
}

bool
patch_is_set(const struct patch *patch, const char *path)
{
    for (size_t i = 0; i < patch->n_operations; i++) {
        const struct json_member *members = patch->operations[i].members;
        if (strcmp(members[0].value.text, "test") != 0 &&
            strcmp(members[1].value.text, path) == 0) {
            return true;
        }
    }
    return false;
}

void
patch_set(struct patch *patch, const struct json_value *object, const char *pointer,
          const char *name, struct json_value value)
{
    const struct json_value *old = json_tree_get(object, name);
    const char *path = arena_print(patch->arena, "%s/%s", pointer, name);
    const char *was = old == NULL ? "" : json_tree_print(old, patch->arena);
    const char *is = json_tree_print(&value, patch->arena);
    if (strcmp(was, is) == 0) {
        return;
    }
    size_t n_name = old == NULL ? strlen(name) + strlen(",\"\":") : 0;
    patch->growth += (int64_t)(strlen(is) + n_name) - (int64_t)strlen(was);
    if (old != NULL && !patch_test(patch, path, old)) {
        patch->untested = arena_grown(patch->arena, patch->untested, patch->n_untested,
                                      &patch->untested_room, sizeof *patch->untested);
        patch->untested[patch->n_untested++] = path;
    }
    add(patch, old == NULL ? "add" : "replace", path, &value);
    patch->n_changes++;
}

const char *
patch_path(const char *pointer, struct arena *arena)
{
    const char *path = "$";
    while (*pointer == '/') {
        size_t n = strcspn(pointer + 1, "/");
        bool is_index = n > 0 && strspn(pointer + 1, "0123456789") == n;
        path = arena_print(arena, is_index ? "%s[%.*s]" : "%s.%.*s", path, (int)n,
                           pointer + 1);
        pointer += n + 1;
    }
    return path;
}

char *
patch_print(const struct patch *patch)
{
    struct json_value list = {.type = JSON_TYPE_LIST,
                              .elements = patch->operations,
                              .n = patch->n_changes == 0 ? 0 : patch->n_operations};
    return json_tree_print(&list, patch->arena);
}
