/* JSON values gathered one by one, and our values as JSON's. */
#include "tools/import/json_build.h"

#include <stdlib.h>
#include <string.h>

#include "tools/import/source.h"

void
json_build_add(struct json_build *build, const char *name, struct json_value value)
{
    build->members = source_grow(build->target->arena, build->members, build->n,
                                 sizeof *build->members);
    build->members[build->n++] = (struct json_member){.name = name, .value = value};
}

void
json_build_text(struct json_build *build, const char *name, const char *text)
{
    if (text[0] != '\0') {
        json_build_add(build, name,
                       (struct json_value){.type = JSON_TYPE_TEXT, .text = text});
    }
}

void
json_build_integer(struct json_build *build, const char *name, int64_t integer)
{
    json_build_add(build, name,
                   (struct json_value){.type = JSON_TYPE_INTEGER, .integer = integer});
}

void
json_build_flag(struct json_build *build, const char *name, bool flag)
{
    json_build_add(build, name,
                   (struct json_value){.type = JSON_TYPE_BOOLEAN, .boolean = flag});
}

struct json_value
json_build_object(const struct json_build *build)
{
    return (struct json_value){
        .type = JSON_TYPE_OBJECT, .members = build->members, .n = build->n};
}

struct json_value
json_build_list(const struct json_build *build)
{
    struct json_value *elements =
        arena_alloc(build->target->arena, (build->n + 1) * sizeof *elements);
    for (size_t i = 0; i < build->n; i++) {
        elements[i] = build->members[i].value;
    }
    return (struct json_value){
        .type = JSON_TYPE_LIST, .elements = elements, .n = build->n};
}

/* What an import reads again is told beside what was written, to the last digit. */
struct json_value
json_build_decimal(struct target *target, const char *decimal, const char *path)
{
    struct json_value value = {.type = JSON_TYPE_REAL, .real = strtod(decimal, NULL)};
    const char *back = arena_print(target->arena, "%.15g", value.real);
    if (strcmp(back, decimal) != 0) {
        target_lose_for(target, path, "is not kept: %s comes back as %s", decimal,
                        back);
    }
    if (strchr(decimal, '.') == NULL) {
        value = (struct json_value){.type = JSON_TYPE_INTEGER,
                                    .integer = strtoll(decimal, NULL, 10)};
    }
    return value;
}

struct json_value
json_build_value(struct target *target, const Kontor__V1__Value *value,
                 const char *path)
{
    switch (value->kind_case) {
    case KONTOR__V1__VALUE__KIND_TEXT:
        return (struct json_value){.type = JSON_TYPE_TEXT, .text = value->text};
    case KONTOR__V1__VALUE__KIND_DATE:
        return (struct json_value){.type = JSON_TYPE_TEXT, .text = value->date};
    case KONTOR__V1__VALUE__KIND_INTEGER:
        return (struct json_value){.type = JSON_TYPE_INTEGER,
                                   .integer = value->integer};
    case KONTOR__V1__VALUE__KIND_BOOLEAN:
        return (struct json_value){.type = JSON_TYPE_BOOLEAN,
                                   .boolean = value->boolean != 0};
    case KONTOR__V1__VALUE__KIND_DECIMAL:
        return json_build_decimal(target, value->decimal, path);
    case KONTOR__V1__VALUE__KIND_LIST:
    case KONTOR__V1__VALUE__KIND__NOT_SET:
    case _KONTOR__V1__VALUE__KIND__CASE_IS_INT_SIZE:
        break;
    }
    target_lose_for(target, path, "is not kept: it is no one value");
    return (struct json_value){.type = JSON_TYPE_NULL};
}
