#include "plan/patch.h"

#include <string.h>

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

void
patch_test(struct patch *patch, const char *pointer, const struct json_value *value)
{
    add(patch, "test", pointer, value);
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
    bool is_same = old != NULL && strcmp(json_tree_print(old, patch->arena),
                                         json_tree_print(&value, patch->arena)) == 0;
    if (is_same) {
        return;
    }
    if (old != NULL) {
        add(patch, "test", path, old);
    }
    add(patch, old == NULL ? "add" : "replace", path, &value);
    patch->n_changes++;
}

char *
patch_print(const struct patch *patch)
{
    struct json_value list = {.type = JSON_TYPE_LIST,
                              .elements = patch->operations,
                              .n = patch->n_changes == 0 ? 0 : patch->n_operations};
    return json_tree_print(&list, patch->arena);
}
