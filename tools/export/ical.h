/*
 * Downtimes as a calendar. Source: RFC 5545.
 *
 * Memory: the arena. Errors: none; a stream that cannot be written shows in ferror.
 * Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_EXPORT_ICAL_H
#define KONTOR_TOOLS_EXPORT_ICAL_H

#include <stdio.h>

#include "kontor/v1/configuration.pb-c.h"
#include "proto/arena.h"

void ical_begin(FILE *out);
/* An event from start to end; one that was cancelled says so, that calendars drop it.
 */
void ical_downtime(const Kontor__V1__Downtime *downtime, FILE *out,
                   struct arena *arena);
void ical_end(FILE *out);

/* For its test: a content line, folded so that none has more than 75 octets, never
 * within a character. */
void ical_line(FILE *out, const char *name, const char *value);
/* A text as a value: backslashes, semicolons, commas and line breaks are escaped, other
 * controls become spaces. */
char *ical_text(struct arena *arena, const char *text);

#endif
