/* The calendar of downtimes: lines as RFC 5545 wants them, and what an event says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "tools/export/ical.h"

static struct arena *arena;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return arena == NULL;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* What is written into a stream, as a text. */
struct written {
    FILE *out;
    char *text;
    size_t size;
};

/* Where it lies is known to the stream. */
static void
open_text(struct written *written)
{
    written->out = open_memstream(&written->text, &written->size);
    assert_non_null(written->out);
}

static char *
text_of(struct written *written)
{
    fclose(written->out);
    char *text = arena_copy(arena, written->text);
    free(written->text);
    return text;
}

/* Every line ends in CRLF and has 75 octets at most; unfolded it is what was given, and
 * no character was cut. */
static void
test_lines_are_folded_between_characters(void **state)
{
    (void)state;
    for (size_t size = 0; size < 400; size++) {
        char *value = arena_alloc(arena, 4 * size + 1);
        for (size_t i = 0; i < size; i++) {
            strcat(value, i % 3 == 0 ? "\xe2\x82\xac" : i % 3 == 1 ? "x" : "\xc3\xa9");
        }
        struct written written;
        open_text(&written);
        ical_line(written.out, "SUMMARY", value);
        const char *text = text_of(&written);
        char *unfolded = arena_alloc(arena, strlen(text) + 1);
        for (const char *line = text; *line != '\0';) {
            const char *end = strstr(line, "\r\n");
            assert_non_null(end);
            assert_true(end - line <= 75);
            assert_true(line == text || line[0] == ' ');
            const char *from = line == text ? line : line + 1;
            assert_true(((unsigned char)from[0] & 0xc0) != 0x80);
            strncat(unfolded, from, (size_t)(end - from));
            line = end + 2;
        }
        assert_string_equal(unfolded, arena_print(arena, "SUMMARY:%s", value));
    }
}

static void
test_texts_are_escaped(void **state)
{
    static const struct {
        const char *text, *escaped;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"a,b;c\\d", "a\\,b\\;c\\\\d"},
        {"one\ntwo\r\nthree", "one\\ntwo\\nthree"},
        {"bell\a tab\t cr\r", "bell  tab  cr "},
        {"\xc3\xa9", "\xc3\xa9"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(ical_text(arena, rows[i].text), rows[i].escaped);
    }
}

static void
test_an_event_says_when_where_and_whether(void **state)
{
    (void)state;
    Kontor__V1__Affected host = KONTOR__V1__AFFECTED__INIT;
    Kontor__V1__Affected site = KONTOR__V1__AFFECTED__INIT;
    Kontor__V1__Affected *affected[] = {&host, &site};
    char *groups[] = {"coast/grid"};
    Kontor__V1__Downtime downtime = KONTOR__V1__DOWNTIME__INIT;
    host.host = "h1.example.org";
    host.site = "North";
    site.site = "South";
    downtime.id = "coast/d-1";
    downtime.revision = 42;
    downtime.updated_at = moment_new(arena, 1000);
    downtime.start_at = moment_new(arena, 86400 * INT64_C(1000));
    downtime.end_at = moment_new(arena, (86400 + 3661) * INT64_C(1000));
    downtime.severity = KONTOR__V1__SEVERITY__WARNING;
    downtime.description = "New switches; all of them";
    downtime.affected = affected;
    downtime.n_affected = 2;
    downtime.groups = groups;
    downtime.n_groups = 1;
    for (int is_cancelled = 0; is_cancelled <= 1; is_cancelled++) {
        struct written written;
        open_text(&written);
        downtime.is_cancelled = is_cancelled;
        ical_begin(written.out);
        ical_downtime(&downtime, written.out, arena);
        ical_end(written.out);
        assert_string_equal(
            text_of(&written),
            arena_print(arena,
                        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
                        "PRODID:-//Kontor//Downtimes//EN\r\nBEGIN:VEVENT\r\n"
                        "UID:coast/d-1\r\nDTSTAMP:19700101T000001Z\r\n"
                        "LAST-MODIFIED:19700101T000001Z\r\nSEQUENCE:42\r\n"
                        "DTSTART:19700102T000000Z\r\nDTEND:19700102T010101Z\r\n"
                        "SUMMARY:Warning: h1.example.org at North\\, South\\, "
                        "coast/grid\r\n"
                        "LOCATION:h1.example.org at North\\, South\\, coast/grid\r\n"
                        "DESCRIPTION:New switches\\; all of them\r\nSTATUS:%s\r\n"
                        "TRANSP:TRANSPARENT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
                        is_cancelled ? "CANCELLED" : "CONFIRMED"));
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_lines_are_folded_between_characters),
        T(test_texts_are_escaped),
        T(test_an_event_says_when_where_and_whether),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
