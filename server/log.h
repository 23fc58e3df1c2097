/*
 * The log: one line an event, JSON objects or text, on standard error.
 *
 * Memory: none is kept. Errors: none; what cannot be written is lost. Threads: any; a
 * line is written at once.
 */
#ifndef KONTOR_SERVER_LOG_H
#define KONTOR_SERVER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
/* AUTO = text on a terminal, else JSON. */
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_JSON, LOG_FORMAT_TEXT };

/* One named value of a line. */
struct log_field {
    const char *key;  /* snake_case. */
    const char *text; /* NULL = the integer counts. */
    int64_t integer;
};

/* Sets the sink: before the first thread. file: an open descriptor; it is not closed.
 */
void log_open(enum log_format format, enum log_level least, int file);
/* Whether lines of this level are written. */
bool log_is_on(enum log_level level);

/* A line: what happened, and its values. fields: n of them; those whose text is "" are
 * left out. */
void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t n_fields);
/* A line without values. */
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
