#include "tools/import/svmon.h"

#include <string.h>

#include "proto/text.h"
#include "tools/import/json_fields.h"

enum { COLUMNS = 6 };

#define REPORT Kontor__V1__VersionReport

static const struct json_field report_fields[] = {
    JSON_TEXT(REPORT, "siteName", site),
    JSON_TEXT(REPORT, "hostNameId", host),
    JSON_TEXT(REPORT, "operatingSystem", operating_system),
    JSON_TEXT(REPORT, "serviceType", type),
    JSON_TEXT(REPORT, "serviceComponentName", component),
    JSON_TEXT(REPORT, "tagAtSite", version),
    {.key = NULL},
};

/* A file being read. */
struct reading {
    struct source source;
    struct svmon_reports *reports;
};

static REPORT *
add(struct reading *reading)
{
    struct svmon_reports *reports = reading->reports;
    REPORT *report = arena_alloc(reading->source.arena, sizeof(*report));
    kontor__v1__version_report__init(report);
    reports->rows = source_grow(reading->source.arena, reports->rows, reports->n_rows,
                                sizeof(*reports->rows));
    reports->rows[reports->n_rows++] = report;
    return report;
}

static void
read_object(struct reading *reading, const struct json_value *value, const char *place)
{
    if (json_fields_is_object(&reading->source, value, place)) {
        json_fields_read(&reading->source, value, place, report_fields, add(reading));
    }
}

static void
read_json(struct reading *reading, struct bytes content)
{
    const struct source *source = &reading->source;
    const struct json_value *root =
        json_tree_parse(content, source->path, source->arena, source->faults);
    if (root != NULL && root->type != JSON_TYPE_LIST) {
        read_object(reading, root, "");
        return;
    }
    for (size_t i = 0; root != NULL && i < root->n; i++) {
        read_object(reading, &root->elements[i],
                    arena_print(source->arena, "[%zu]", i));
    }
}

/* The columns of a line; what has more or fewer is a fault. */
static void
read_line(struct reading *reading, const char *line, size_t size, const char *place)
{
    const struct source *source = &reading->source;
    char *texts[COLUMNS] = {NULL};
    size_t n = 0;
    for (const char *end = line + size; line <= end; n++) {
        const char *tab = memchr(line, '\t', (size_t)(end - line));
        const char *stop = tab == NULL ? end : tab;
        if (n < COLUMNS) {
            texts[n] = arena_copy_n(source->arena, line, (size_t)(stop - line));
        }
        line = stop + 1;
    }
    if (n != COLUMNS) {
        source_fault(source, place,
                     "has %zu columns: site, host, operating system, type, component "
                     "and version stand between tabs",
                     n);
        return;
    }
    REPORT *report = add(reading);
    report->site = texts[0];
    report->host = texts[1];
    report->operating_system = texts[2];
    report->type = texts[3];
    report->component = texts[4];
    report->version = texts[5];
}

static void
read_lines(struct reading *reading, struct bytes content)
{
    const struct source *source = &reading->source;
    const char *text = (const char *)content.data;
    const char *end = text + content.size;
    for (size_t i = 1; text < end; i++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        stop = stop == NULL ? end : stop;
        size_t size = (size_t)(stop - text);
        size -= size > 0 && text[size - 1] == '\r' ? 1 : 0;
        if (size > 0) {
            read_line(reading, text, size, arena_print(source->arena, "%zu", i));
        }
        text = stop + 1;
    }
}

/* What begins as JSON is JSON: no site is called so. */
static bool
is_json(struct bytes content)
{
    size_t i = 0;
    while (i < content.size && strchr(" \t\r\n", content.data[i]) != NULL) {
        i++;
    }
    return i < content.size && (content.data[i] == '{' || content.data[i] == '[');
}

bool
svmon_read(const char *path, struct arena *arena, struct svmon_reports *reports,
           struct faults *faults)
{
    struct reading reading = {.source = {.path = path,
                                         .format = "svmon",
                                         .registry = "",
                                         .arena = arena,
                                         .out = &reports->told,
                                         .faults = faults},
                              .reports = reports};
    struct bytes content;
    if (!source_load(&reading.source, &content)) {
        return false;
    }
    if (is_json(content)) {
        read_json(&reading, content);
    } else if (!text_is_utf8(content)) {
        source_fault(&reading.source, NULL, "is no text in UTF-8");
    } else {
        read_lines(&reading, content);
    }
    return faults->n_found == 0;
}
