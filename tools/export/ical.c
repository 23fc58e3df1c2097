#include "tools/export/ical.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

enum { LINE_OCTETS = 75, MAX_SEQUENCE = 0x7fffffff };

/* ---- Lines ---- */

static bool
is_inside_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* A line that goes on begins with a space, which counts. */
void
ical_line(FILE *out, const char *name, const char *value)
{
    size_t used = strlen(name) + 1;
    fprintf(out, "%s:", name);
    while (value[0] != '\0') {
        size_t size = strlen(value);
        if (used + size > LINE_OCTETS) {
            size = LINE_OCTETS - used;
            while (size > 0 && is_inside_character(value[size])) {
                size--;
            }
        }
        fwrite(value, 1, size, out);
        value += size;
        if (value[0] != '\0') {
            fputs("\r\n ", out);
            used = 1;
        }
    }
    fputs("\r\n", out);
}

char *
ical_text(struct arena *arena, const char *text)
{
    char *escaped = arena_alloc(arena, 2 * strlen(text) + 1);
    char *end = escaped;
    for (; *text != '\0'; text++) {
        if (*text == '\r' && text[1] == '\n') {
            continue;
        }
        if (*text == '\n') {
            *end++ = '\\';
            *end++ = 'n';
        } else if (strchr("\\;,", *text) != NULL) {
            *end++ = '\\';
            *end++ = *text;
        } else {
            *end++ = (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text;
        }
    }
    return escaped;
}

static void
line_of_time(FILE *out, const char *name, const Google__Protobuf__Timestamp *time)
{
    char text[32];
    struct tm parts;
    time_t at = time == NULL ? 0 : (time_t)time->seconds;
    if (time == NULL || gmtime_r(&at, &parts) == NULL) {
        return;
    }
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
    ical_line(out, name, text);
}

/* ---- Events ---- */

/* What is hit, as people write it. */
static const char *
places(const Kontor__V1__Downtime *downtime, struct arena *arena)
{
    const char *all = "";
    for (size_t i = 0; i < downtime->n_affected; i++) {
        const Kontor__V1__Affected *affected = downtime->affected[i];
        all = arena_print(
            arena, "%s%s%s%s%s", all, i == 0 ? "" : ", ", affected->host,
            affected->host[0] == '\0' || affected->site[0] == '\0' ? "" : " at ",
            affected->site);
    }
    for (size_t i = 0; i < downtime->n_groups; i++) {
        all = arena_print(arena, "%s%s%s", all, all[0] == '\0' ? "" : ", ",
                          downtime->groups[i]);
    }
    return all;
}

void
ical_begin(FILE *out)
{
    ical_line(out, "BEGIN", "VCALENDAR");
    ical_line(out, "VERSION", "2.0");
    ical_line(out, "PRODID", "-//Kontor//Downtimes//EN");
}

/* A later revision has a greater SEQUENCE: a calendar that read it takes the change. */
void
ical_downtime(const Kontor__V1__Downtime *downtime, FILE *out, struct arena *arena)
{
    const char *severity =
        downtime->severity == KONTOR__V1__SEVERITY__WARNING ? "Warning" : "Outage";
    const char *where = places(downtime, arena);
    ical_line(out, "BEGIN", "VEVENT");
    ical_line(out, "UID", ical_text(arena, downtime->id));
    line_of_time(out, "DTSTAMP", downtime->updated_at);
    line_of_time(out, "LAST-MODIFIED", downtime->updated_at);
    ical_line(out, "SEQUENCE",
              arena_print(arena, "%" PRId64, downtime->revision % MAX_SEQUENCE));
    line_of_time(out, "DTSTART", downtime->start_at);
    line_of_time(out, "DTEND", downtime->end_at);
    ical_line(out, "SUMMARY",
              ical_text(arena, arena_print(arena, "%s: %s", severity, where)));
    ical_line(out, "LOCATION", ical_text(arena, where));
    ical_line(out, "DESCRIPTION", ical_text(arena, downtime->description));
    ical_line(out, "STATUS", downtime->is_cancelled ? "CANCELLED" : "CONFIRMED");
    ical_line(out, "TRANSP", "TRANSPARENT");
    ical_line(out, "END", "VEVENT");
}

void
ical_end(FILE *out)
{
    ical_line(out, "END", "VCALENDAR");
}
