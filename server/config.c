#include "server/config.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "store/address.h"

enum { FILE_MAX = 1 << 20, ERROR_SIZE = 512 };

/* ---- Values ---- */

static char **
text_of(struct settings *settings, const struct setting *row)
{
    return (char **)(void *)((char *)settings + row->offset);
}

static int64_t *
integer_of(struct settings *settings, const struct setting *row)
{
    return (int64_t *)(void *)((char *)settings + row->offset);
}

static char *
copy_of(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        abort();
    }
    return copy;
}

static const struct setting *
row_of(const char *name)
{
    const struct setting *row = config_table;
    while (row->name != NULL && strcmp(row->name, name) != 0) {
        row++;
    }
    return row->name != NULL ? row : NULL;
}

static enum status fail(char *error, size_t error_size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum status
fail(char *error, size_t error_size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(error, error_size, format, args);
    va_end(args);
    return STATUS_INVALID_ARGUMENT;
}

static enum status
set_text(struct settings *settings, const struct setting *row, const char *value,
         char *error, size_t error_size)
{
    size_t size = strlen(value);
    if ((int64_t)size < row->low || (int64_t)size > row->high) {
        return fail(error, error_size, "must be %" PRId64 " to %" PRId64 " bytes long",
                    row->low, row->high);
    }
    char **text = text_of(settings, row);
    free(*text);
    *text = copy_of(value);
    return STATUS_OK;
}

static enum status
set_integer(struct settings *settings, const struct setting *row, const char *value,
            char *error, size_t error_size)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    bool is_number = errno == 0 && end != value && *end == '\0' &&
                     strspn(value, "-0123456789") == strlen(value);
    if (!is_number || number < row->low || number > row->high) {
        return fail(error, error_size,
                    "must be a whole number from %" PRId64 " to %" PRId64 "%s%s",
                    row->low, row->high, row->unit[0] != '\0' ? " " : "", row->unit);
    }
    *integer_of(settings, row) = number;
    return STATUS_OK;
}

/* The choices as people read them: a, b or c. */
static void
choices_print(const struct setting *row, char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; row->choices[i] != NULL && used < size; i++) {
        const char *joint = row->choices[i + 1] == NULL ? " or " : ", ";
        int written = snprintf(text + used, size - used, "%s%s", i == 0 ? "" : joint,
                               row->choices[i]);
        used += written > 0 ? (size_t)written : 0;
    }
}

static enum status
set_choice(struct settings *settings, const struct setting *row, const char *value,
           char *error, size_t error_size)
{
    for (size_t i = 0; row->choices[i] != NULL; i++) {
        if (strcmp(row->choices[i], value) == 0) {
            *integer_of(settings, row) = (int64_t)i;
            return STATUS_OK;
        }
    }
    char choices[128] = "";
    choices_print(row, choices, sizeof choices);
    return fail(error, error_size, "must be %s", choices);
}

typedef enum status (*set_fn)(struct settings *settings, const struct setting *row,
                              const char *value, char *error, size_t error_size);

static const set_fn setters[] = {
    [SETTING_TEXT] = set_text,
    [SETTING_INTEGER] = set_integer,
    [SETTING_CHOICE] = set_choice,
};

enum status
config_set(struct settings *settings, const char *name, const char *value, char *error,
           size_t error_size)
{
    const struct setting *row = row_of(name);
    if (row == NULL) {
        (void)fail(error, error_size, "there is no such setting; see --help-settings");
        return STATUS_NOT_FOUND;
    }
    return setters[row->type](settings, row, value, error, error_size);
}

void
config_defaults(struct settings *settings)
{
    *settings = (struct settings){0};
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        char error[ERROR_SIZE];
        if (row->fallback == NULL) {
            *text_of(settings, row) = copy_of("");
            continue;
        }
        if (setters[row->type](settings, row, row->fallback, error, sizeof error) !=
            STATUS_OK) {
            abort();
        }
    }
}

void
config_done(struct settings *settings)
{
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        if (row->type == SETTING_TEXT) {
            free(*text_of(settings, row));
            *text_of(settings, row) = NULL;
        }
    }
}

/* ---- The file ---- */

/* A file being read. */
struct reading {
    struct settings *settings;
    const char *path;
    size_t line;
    size_t
        set_at[64]; /* Line a row was set at, by its place in the table; 0 = not yet. */
    char *error;
    size_t error_size;
};

static enum status
fail_line(const struct reading *reading, enum status status, const char *what,
          const char *name)
{
    (void)snprintf(reading->error, reading->error_size, "%s:%zu: %s%s%s", reading->path,
                   reading->line, name, name[0] != '\0' ? ": " : "", what);
    return status;
}

static char *
trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t size = strlen(text);
    while (size > 0 && strchr(" \t\r", text[size - 1]) != NULL) {
        text[--size] = '\0';
    }
    return text;
}

/* The value without its quotes, or without its comment. NULL: a quote is not closed. */
static char *
unquote(char *value)
{
    if (value[0] != '"') {
        /* A comment begins after a blank, so that a # may stand inside a value. */
        char *comment = strchr(value, '#');
        while (comment != NULL && comment != value &&
               strchr(" \t", comment[-1]) == NULL) {
            comment = strchr(comment + 1, '#');
        }
        if (comment != NULL) {
            *comment = '\0';
        }
        return trim(value);
    }
    char *end = strchr(value + 1, '"');
    if (end == NULL) {
        return NULL;
    }
    const char *rest = trim(end + 1);
    bool is_comment = *rest == '\0' || *rest == '#';
    *end = '\0';
    return is_comment ? value + 1 : NULL;
}

static enum status
set_once(struct reading *reading, const char *name, const char *value)
{
    const struct setting *row = row_of(name);
    if (row == NULL) {
        return fail_line(reading, STATUS_NOT_FOUND,
                         "there is no such setting; see kontord --help-settings", name);
    }
    size_t *set_at = &reading->set_at[row - config_table];
    char what[ERROR_SIZE];
    if (*set_at != 0) {
        (void)snprintf(what, sizeof what,
                       "is set in line %zu already; keep one of them", *set_at);
        return fail_line(reading, STATUS_INVALID_ARGUMENT, what, name);
    }
    *set_at = reading->line;
    enum status status = config_set(reading->settings, name, value, what, sizeof what);
    return status == STATUS_OK ? STATUS_OK : fail_line(reading, status, what, name);
}

static enum status
read_line(struct reading *reading, char *line)
{
    char *text = trim(line);
    if (text[0] == '\0' || text[0] == '#') {
        return STATUS_OK;
    }
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        return fail_line(
            reading, STATUS_INVALID_ARGUMENT,
            "this is no setting; write name = value, or # before a comment", "");
    }
    *equals = '\0';
    const char *name = trim(text);
    const char *value = unquote(trim(equals + 1));
    if (value == NULL) {
        return fail_line(reading, STATUS_INVALID_ARGUMENT,
                         "the value has a quote that is not closed, or text after it",
                         name);
    }
    return set_once(reading, name, value);
}

static enum status
check_given(struct reading *reading)
{
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        bool is_missing =
            row->fallback == NULL && (*text_of(reading->settings, row))[0] == '\0';
        if (is_missing) {
            (void)snprintf(reading->error, reading->error_size,
                           "%s: %s is missing; add a line: %s = ...", reading->path,
                           row->name, row->name);
            return STATUS_INVALID_ARGUMENT;
        }
    }
    return STATUS_OK;
}

static enum status
read_lines(struct reading *reading, char *text)
{
    for (char *line = text; line != NULL;) {
        char *next = strchr(line, '\n');
        if (next != NULL) {
            *next++ = '\0';
        }
        reading->line++;
        enum status status = read_line(reading, line);
        if (status != STATUS_OK) {
            return status;
        }
        line = next;
    }
    return check_given(reading);
}

enum status
config_parse(struct settings *settings, const char *path, const char *text, char *error,
             size_t error_size)
{
    struct reading reading = {.settings = settings,
                              .path = path != NULL ? path : "settings",
                              .error = error,
                              .error_size = error_size};
    char *copy = copy_of(text);
    enum status status = read_lines(&reading, copy);
    free(copy);
    return status;
}

/* ---- Paths ---- */

static const char *const path_settings[] = {
    "port_file", "store", "store_secret_file", "journal", "tls_cert", "tls_key"};

/* Relative to the file, not to wherever the daemon happens to be started. A server's
 * address is no path. */
static void
anchor(char **path, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *plain = NULL;
    bool is_path = address_of(*path, &plain) == ADDRESS_SQLITE;
    if (slash == NULL || !is_path || plain[0] == '/' || plain[0] == '\0') {
        return;
    }
    size_t size = (size_t)(slash - file) + strlen(*path) + 2;
    char *anchored = malloc(size);
    if (anchored == NULL) {
        abort();
    }
    (void)snprintf(anchored, size, "%.*s%.*s/%s", (int)(plain - *path), *path,
                   (int)(slash - file), file, plain);
    free(*path);
    *path = anchored;
}

static char *
file_read(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return NULL;
    }
    char *text = calloc(1, FILE_MAX + 1);
    size_t size = text != NULL ? fread(text, 1, FILE_MAX + 1, file) : 0;
    bool is_good = text != NULL && ferror(file) == 0 && size <= FILE_MAX;
    bool has_nul = is_good && strlen(text) != size;
    (void)fclose(file);
    if (!is_good || has_nul) {
        free(text);
        errno = EINVAL;
        return NULL;
    }
    return text;
}

enum status
config_load(struct settings *settings, const char *path, char *error, size_t error_size)
{
    char *text = file_read(path);
    if (text == NULL) {
        (void)snprintf(error, error_size, "cannot read the settings %s: %s", path,
                       strerror(errno));
        return STATUS_NOT_FOUND;
    }
    enum status status = config_parse(settings, path, text, error, error_size);
    free(text);
    for (size_t i = 0; i < sizeof path_settings / sizeof path_settings[0]; i++) {
        anchor(text_of(settings, row_of(path_settings[i])), path);
    }
    return status;
}
