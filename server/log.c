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
    enum log_format format; /* AUTO until log_open knows the file. */
    enum log_level least;
    int file;
} sink = {LOG_FORMAT_AUTO, LOG_LEVEL_INFO, STDERR_FILENO};

static enum log_format
format_for(int file)
{
    return isatty(file) == 1 ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
}

/* A line being made. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t size;
};

void
log_open(enum log_format format, enum log_level least, int file)
{
    sink.format = format == LOG_FORMAT_AUTO ? format_for(file) : format;
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

static bool
is_control(char byte)
{
    return (unsigned char)byte < 0x20 || byte == 0x7f;
}

static bool
is_escaped(char byte)
{
    return byte == '"' || byte == '\\' || is_control(byte);
}

/* As inside a JSON string; whole or not at all, so that a cut line stays JSON. */
static void
add_escaped_byte(struct line *line, char byte)
{
    char text[8];
    (void)snprintf(text, sizeof text, is_control(byte) ? "\\u%04x" : "\\%c",
                   (unsigned char)byte);
    add(line, text);
}

/* The bytes of a text that need no escape, at most so many. */
static size_t
plain_run(const char *text, size_t most)
{
    size_t size = 0;
    while (size < most && text[size] != '\0' && !is_escaped(text[size])) {
        size++;
    }
    return size;
}

static void
add_quoted(struct line *line, const char *text)
{
    /* What comes after still needs its quotes and its key. */
    enum { ROOM = 64 };
    add(line, "\"");
    while (*text != '\0' && line->size + ROOM < sizeof line->text) {
        size_t size = plain_run(text, sizeof line->text - ROOM - line->size);
        add_bytes(line, text, size);
        text += size;
        if (*text != '\0' && is_escaped(*text)) {
            add_escaped_byte(line, *text++);
        }
    }
    add(line, "\"");
}

/* RFC 3339 in UTC, with milliseconds. A thread that writes thousands of lines a second
 * makes the second once. */
static void
add_time(struct line *line)
{
    static _Thread_local struct {
        time_t second;
        char text[32];
    } last = {.second = -1};
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != last.second) {
        struct tm parts;
        (void)gmtime_r(&now.tv_sec, &parts);
        (void)strftime(last.text, sizeof last.text, "%Y-%m-%dT%H:%M:%S", &parts);
        last.second = now.tv_sec;
    }
    add(line, last.text);
    int ms = (int)(now.tv_nsec / 1000000);
    const char rest[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10),
                         (char)('0' + ms % 10), 'Z'};
    add_bytes(line, rest, sizeof rest);
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
        add_bytes(line, is_control(*text) ? " " : text, 1);
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
    struct line line;
    line.size = 0;
    enum log_format format =
        sink.format == LOG_FORMAT_AUTO ? format_for(sink.file) : sink.format;
    if (format == LOG_FORMAT_TEXT) {
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
