#include "server/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A line is written with one call, so that lines of two threads do not mix; longer ones
 * are cut. */
enum { LINE_MAX_BYTES = 8192, EVENT_MAX_BYTES = 4096 };

static const char *const level_names[] = {"debug", "info", "warn", "error"};

/* The one global: where lines go. Set before the first thread. */
static struct {
    enum log_format format;
    enum log_level least;
    int file;
} sink = {LOG_FORMAT_AUTO, LOG_LEVEL_INFO, STDERR_FILENO};

/* A line being made. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t size;
};

void
log_open(enum log_format format, enum log_level least, int file)
{
    sink.format = format;
    sink.least = least;
    sink.file = file;
}

bool
log_is_on(enum log_level level)
{
    return level >= sink.least;
}

static void
add_bytes(struct line *line, const char *bytes, size_t size)
{
    /* Room for what closes the line stays. */
    size_t room = sizeof line->text - 4 - line->size;
    size = size < room ? size : room;
    memcpy(line->text + line->size, bytes, size);
    line->size += size;
}

static void
add(struct line *line, const char *text)
{
    add_bytes(line, text, strlen(text));
}

static void
add_integer(struct line *line, int64_t integer)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRId64, integer);
    add(line, digits);
}

/* As inside a JSON string; whole or not at all, so that a cut line stays JSON. */
static void
add_escaped_byte(struct line *line, unsigned char byte)
{
    char text[8] = {(char)byte, '\0'};
    if (byte == '"' || byte == '\\') {
        (void)snprintf(text, sizeof text, "\\%c", byte);
    } else if (byte < 0x20 || byte == 0x7f) {
        (void)snprintf(text, sizeof text, "\\u%04x", byte);
    }
    add(line, text);
}

static void
add_quoted(struct line *line, const char *text)
{
    /* What comes after still needs its quotes and its key. */
    enum { ROOM = 64 };
    add(line, "\"");
    for (; *text != '\0' && line->size + ROOM < sizeof line->text; text++) {
        add_escaped_byte(line, (unsigned char)*text);
    }
    add(line, "\"");
}

/* RFC 3339 in UTC, with milliseconds. */
static void
add_time(struct line *line)
{
    struct timespec now;
    struct tm parts;
    char text[64];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &parts);
    size_t size = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text + size, sizeof text - size, ".%03ldZ", now.tv_nsec / 1000000);
    add(line, text);
}

static bool
field_is_empty(const struct log_field *field)
{
    return field->text != NULL && field->text[0] == '\0';
}

static void
make_json(struct line *line, enum log_level level, const char *event,
          const struct log_field *fields, size_t n_fields)
{
    add(line, "{\"time\":\"");
    add_time(line);
    add(line, "\",\"level\":\"");
    add(line, level_names[level]);
    add(line, "\",\"event\":");
    add_quoted(line, event);
    for (size_t i = 0; i < n_fields; i++) {
        bool has_room = line->size + 128 < sizeof line->text;
        if (field_is_empty(&fields[i]) || !has_room) {
            continue;
        }
        add(line, ",\"");
        add(line, fields[i].key);
        add(line, "\":");
        if (fields[i].text != NULL) {
            add_quoted(line, fields[i].text);
        } else {
            add_integer(line, fields[i].integer);
        }
    }
    add(line, "}");
}

/* Bytes that would move the cursor, or begin a line, become blanks: what strangers send
 * ends up here. */
static void
add_plain(struct line *line, const char *text)
{
    for (; *text != '\0'; text++) {
        bool is_control = (unsigned char)*text < 0x20 || *text == 0x7f;
        add_bytes(line, is_control ? " " : text, 1);
    }
}

static void
make_text(struct line *line, enum log_level level, const char *event,
          const struct log_field *fields, size_t n_fields)
{
    add_time(line);
    add(line, " ");
    add(line, level_names[level]);
    add(line, " ");
    add_plain(line, event);
    for (size_t i = 0; i < n_fields; i++) {
        if (field_is_empty(&fields[i])) {
            continue;
        }
        add(line, " ");
        add(line, fields[i].key);
        add(line, "=");
        if (fields[i].text != NULL) {
            add_plain(line, fields[i].text);
        } else {
            add_integer(line, fields[i].integer);
        }
    }
}

void
log_fields(enum log_level level, const char *event, const struct log_field *fields,
           size_t n_fields)
{
    if (!log_is_on(level)) {
        return;
    }
    struct line line = {.size = 0};
    bool is_text = sink.format == LOG_FORMAT_TEXT ||
                   (sink.format == LOG_FORMAT_AUTO && isatty(sink.file) == 1);
    if (is_text) {
        make_text(&line, level, event, fields, n_fields);
    } else {
        make_json(&line, level, event, fields, n_fields);
    }
    line.text[line.size++] = '\n';
    ssize_t written = write(sink.file, line.text, line.size);
    (void)written;
}

void
log_line(enum log_level level, const char *format, ...)
{
    if (!log_is_on(level)) {
        return;
    }
    char event[EVENT_MAX_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(event, sizeof event, format, args);
    va_end(args);
    log_fields(level, event, NULL, 0);
}
