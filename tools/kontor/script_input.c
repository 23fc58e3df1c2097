#include "tools/kontor/script_input.h"

#include <ctype.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/json.h"
#include "tools/kontor/path.h"

enum { VARIABLES_MAX = 200 };

static char
variable_char(char c)
{
    return isalnum((unsigned char)c) ? c : '_';
}

/* "KONTOR_PARAM_size_gb=100": what a variable's name cannot hold becomes _. */
static char *
variable(struct arena *arena, const char *prefix, const char *name, const char *value)
{
    char *text = arena_print(arena, "%s%s=%s", prefix, name, value);
    for (char *c = text; *c != '='; c++) {
        *c = variable_char(*c);
    }
    return text;
}

/* A value as a script reads it: texts as they are, lists as JSON. */
static const char *
value_text(const Kontor__V1__Value *value, struct arena *arena)
{
    static const struct {
        Kontor__V1__Value__KindCase kind;
        const char *field;
    } rows[] = {{KONTOR__V1__VALUE__KIND_TEXT, "text"},
                {KONTOR__V1__VALUE__KIND_INTEGER, "integer"},
                {KONTOR__V1__VALUE__KIND_DECIMAL, "decimal"},
                {KONTOR__V1__VALUE__KIND_BOOLEAN, "boolean"},
                {KONTOR__V1__VALUE__KIND_DATE, "date"},
                {KONTOR__V1__VALUE__KIND_LIST, "list"}};
    for (size_t i = 0; value != NULL && i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].kind == value->kind_case) {
            return path_text(&value->base, rows[i].field, arena);
        }
    }
    return "";
}

/* Whether two ids give variables of the same name. */
static bool
is_same_variable(const char *id, const char *other)
{
    while (*id != '\0' && variable_char(*id) == variable_char(*other)) {
        id++;
        other++;
    }
    return *id == *other;
}

/* A variable that could hold either of two parameters would be misread. */
static bool
is_ambiguous(const Kontor__V1__ClaimedJob *claimed, const char *id)
{
    size_t n = 0;
    for (size_t i = 0; i < claimed->n_parameters; i++) {
        n += is_same_variable(claimed->parameters[i]->id, id) ? 1 : 0;
    }
    return n > 1;
}

/* The caller's own variables go along: programs need PATH, and their own settings. */
char **
script_environment(const Kontor__V1__ClaimedJob *claimed, struct arena *arena)
{
    size_t n = 0;
    while (environ[n] != NULL) {
        n++;
    }
    char **all = arena_alloc(arena, (n + VARIABLES_MAX) * sizeof *all);
    memcpy(all, environ, n * sizeof *all);
    static const char *const fields[] = {
        "item",    "intent", "offer",  "project",    "name",
        "attempt", "kind",   "action", "backend_id", "cancel_reason"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        char upper[16] = "";
        for (size_t j = 0; fields[i][j] != '\0'; j++) {
            upper[j] = (char)toupper((unsigned char)fields[i][j]);
        }
        all[n++] = variable(arena, "KONTOR_", upper,
                            path_text(&claimed->base, fields[i], arena));
    }
    for (size_t i = 0; i < claimed->n_parameters && i < VARIABLES_MAX - 16; i++) {
        const Kontor__V1__ParameterValue *row = claimed->parameters[i];
        if (!is_ambiguous(claimed, row->id)) {
            all[n++] = variable(arena, "KONTOR_PARAM_", row->id,
                                value_text(row->value, arena));
        }
    }
    return all;
}

int
script_input(const Kontor__V1__ClaimedJob *claimed, struct arena *arena)
{
    const char *text = json_print(&claimed->base, JSON_PROTO_NAMES, arena);
    if (text == NULL) {
        return -1;
    }
    int file = memfd_create("job", MFD_CLOEXEC);
    size_t size = strlen(text);
    if (file >= 0 &&
        (write(file, text, size) != (ssize_t)size || lseek(file, 0, SEEK_SET) != 0)) {
        close(file);
        return -1;
    }
    return file;
}
