#include "server/config.h"

#include <inttypes.h>
#include <string.h>

enum { HELP_COLUMN = 25, HELP_WIDTH = 96 };

static void
range_print(const struct setting *row, FILE *out)
{
    if (row->type == SETTING_INTEGER) {
        (void)fprintf(out, "%" PRId64 " to %" PRId64 "%s%s", row->low, row->high,
                      row->unit[0] != '\0' ? " " : "", row->unit);
        return;
    }
    if (row->type == SETTING_TEXT) {
        (void)fprintf(out, "text");
        return;
    }
    for (size_t i = 0; row->choices[i] != NULL; i++) {
        (void)fprintf(out, "%s%s", i == 0 ? "" : " | ", row->choices[i]);
    }
}

static void
default_print(const struct setting *row, FILE *out)
{
    if (row->fallback == NULL) {
        (void)fprintf(out, "must be given");
        return;
    }
    (void)fprintf(out, "default %s",
                  row->fallback[0] != '\0' ? row->fallback : "empty");
}

/* A sentence in lines that begin with indent. */
static void
wrapped_print(const char *text, const char *indent, FILE *out)
{
    size_t width = HELP_WIDTH - strlen(indent);
    while (*text != '\0') {
        size_t size = strlen(text);
        if (size > width) {
            const char *blank = memrchr(text, ' ', width);
            size = blank != NULL ? (size_t)(blank - text) : width;
        }
        (void)fprintf(out, "%s%.*s\n", indent, (int)size, text);
        text += size + strspn(text + size, " ");
    }
}

void
config_print_help(FILE *out)
{
    (void)fprintf(
        out,
        "Settings of kontord, one a line as name = value; # begins a comment.\n\n");
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        (void)fprintf(out, "%-*s", HELP_COLUMN, row->name);
        range_print(row, out);
        (void)fprintf(out, "; ");
        default_print(row, out);
        (void)fprintf(out, "\n");
        wrapped_print(row->help, "    ", out);
    }
}

void
config_print_man(FILE *out)
{
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        (void)fprintf(out, ".TP\n.B %s\n(", row->name);
        range_print(row, out);
        (void)fprintf(out, "; ");
        default_print(row, out);
        (void)fprintf(out, ")\n%s\n", row->help);
    }
}

void
config_print_example(FILE *out)
{
    (void)fprintf(out,
                  "# Settings of kontord. What is commented out shows the default.\n");
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        (void)fprintf(out, "\n");
        wrapped_print(row->help, "# ", out);
        (void)fprintf(out, "# ");
        range_print(row, out);
        bool has_value = row->fallback != NULL && row->fallback[0] != '\0';
        (void)fprintf(out, "\n%s%s =%s%s\n", row->fallback != NULL ? "#" : "",
                      row->name, has_value ? " " : "", has_value ? row->fallback : "");
    }
}
