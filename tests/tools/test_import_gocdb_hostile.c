/*
 * XML from strangers: the files of the fuzzer's corpus, each refused with its reason or
 * read, and every limit from both sides.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/tools/import_fixture.h"
#include "tools/import/xml_guard.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "gocdb";
    return fixture;
}

/* ---- The corpus ---- */

#define DTD "has a document type or entities: refused"

static const struct {
    const char *file;
    const char *reason;
} refused[] = {
    {"refused-attributes.xml", "more attributes than 64"},
    {"refused-bytes.xml", "is not UTF-8"},
    {"refused-comment-opener.xml", "nested deeper than 64"},
    {"refused-control.xml", "not XML"},
    {"refused-crossed.xml", "not XML"},
    {"refused-default-attributes.xml", DTD},
    {"refused-depth.xml", "nested deeper than 64"},
    {"refused-empty.xml", "not XML"},
    {"refused-error-page.xml", "Unsupported parameter: scopes"},
    {"refused-external-dtd.xml", DTD},
    {"refused-external-entity.xml", DTD},
    {"refused-html.xml", "401 Unauthorized"},
    {"refused-json.xml", "not XML"},
    {"refused-latin1.xml", "says it is ISO-8859-1"},
    {"refused-laughs.xml", DTD},
    {"refused-nul.xml", "is not UTF-8"},
    {"refused-overlong.xml", "is not UTF-8"},
    {"refused-parameter-entity.xml", DTD},
    {"refused-public-dtd.xml", DTD},
    {"refused-quadratic.xml", DTD},
    {"refused-reference-0.xml", "not XML"},
    {"refused-reference-large.xml", "not XML"},
    {"refused-same-attributes.xml", "not XML"},
    {"refused-surrogate.xml", "is not UTF-8"},
    {"refused-truncated-cdata.xml", "not XML"},
    {"refused-truncated-comment.xml", "not XML"},
    {"refused-truncated-end.xml", "not XML"},
    {"refused-truncated-tag.xml", "not XML"},
    {"refused-truncated-text.xml", "not XML"},
    {"refused-two-roots.xml", "not XML"},
    {"refused-undeclared-entity.xml", "not XML"},
    {"refused-utf16-be.xml", "is not UTF-8"},
    {"refused-utf16.xml", "is not UTF-8"},
    {"refused-utf32.xml", "is not UTF-8"},
    {"refused-utf7.xml", "says it is UTF-7"},
};

static const char *
reason_of(const char *file)
{
    for (size_t i = 0; i < N(refused); i++) {
        if (strcmp(refused[i].file, file) == 0) {
            return refused[i].reason;
        }
    }
    return NULL;
}

/* A file is refused for its reason, or has a name that says it is read. */
static void
check_file(struct import_fixture *fixture, const char *file)
{
    const char *path = arena_print(fixture->arena, "%s/%s", CORPUS, file);
    const char *reason = reason_of(file);
    bool is_read = import_fixture_read(fixture, &path, 1);
    if (is_read != (strncmp(file, "read-", 5) == 0) || is_read != (reason == NULL)) {
        fail_msg("%s: %s", file,
                 is_read ? "was read" : fixture->faults.rows[0].description);
    }
    if (!is_read && strstr(fixture->faults.rows[0].description, reason) == NULL) {
        fail_msg("%s: %s", file, fixture->faults.rows[0].description);
    }
}

static void
test_the_corpus_is_refused_or_read_as_its_names_say(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    size_t n_refused = 0, n_read = 0;
    DIR *folder = opendir(CORPUS);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL;
         entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            check_file(fixture, entry->d_name);
            n_refused += strncmp(entry->d_name, "refused-", 8) == 0;
            n_read += strncmp(entry->d_name, "read-", 5) == 0;
        }
    }
    closedir(folder);
    assert_int_equal(n_refused, N(refused));
    assert_true(n_read >= 10);
}

/* By the guard alone, whatever the parser behind it would say; what only looks like one
 * is none. */
static void
test_declarations_are_refused_before_a_parser_sees_them(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
    } rows[] = {
        {"<!DOCTYPE results><results/>", false},
        {"<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", false},
        {"<results>\n<!ENTITY b 'c'></results>", false},
        {"<results><![INCLUDE[ ]]></results>", false},
        {"<results><!></results>", false},
        {"<results><!", false},
        {"<results/><!ATTLIST a>", false},
        {"<!-- <!DOCTYPE a> --><results/>", true},
        {"<results><![CDATA[<!DOCTYPE a>]]></results>", true},
        {"<results a='<!DOCTYPE a>'/>", true},
        {"<?xml version='1.0'?><results/>", true},
    };
    struct import_fixture *fixture = fixture_of(state);
    for (size_t i = 0; i < N(rows); i++) {
        struct faults faults = {.arena = fixture->arena};
        struct source source = {.path = "a.xml",
                                .format = "gocdb",
                                .arena = fixture->arena,
                                .out = &fixture->set,
                                .faults = &faults};
        struct bytes content = {(const uint8_t *)rows[i].text, strlen(rows[i].text)};
        if (xml_guard(&source, content) != rows[i].is_good) {
            fail_msg("%s", rows[i].text);
        }
        assert_int_equal(faults.n_rows, rows[i].is_good ? 0 : 1);
        if (!rows[i].is_good) {
            bool is_second = strchr(rows[i].text, '\n') != NULL;
            assert_string_equal(faults.rows[0].path, is_second ? "a.xml:2" : "a.xml:1");
            assert_string_equal(faults.rows[0].description, DTD);
        }
    }
}

/* What would be fetched or pasted is an element that nothing takes. */
static void
test_nothing_is_included(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *path = CORPUS "/read-include.xml";
    assert_true(import_fixture_read(fixture, &path, 1));
    assert_int_equal(fixture->set.n_sites, 1);
    assert_true(
        import_fixture_found(&fixture->set, ":1", "an element include is not read"));
}

/* ---- Limits ---- */

static char *
repeated(struct arena *arena, const char *text, size_t n)
{
    size_t size = strlen(text);
    char *all = arena_alloc(arena, n * size + 1);
    for (size_t i = 0; i < n; i++) {
        memcpy(all + i * size, text, size);
    }
    return all;
}

static const char *
nested(struct arena *arena, size_t depth)
{
    return arena_print(arena, "<results>%s%s</results>",
                       repeated(arena, "<a>", depth - 1),
                       repeated(arena, "</a>", depth - 1));
}

static const char *
with_attributes(struct arena *arena, size_t n)
{
    const char *all = "";
    for (size_t i = 0; i < n; i++) {
        all = arena_print(arena, "%s a%zu='>='", all, i);
    }
    return arena_print(arena, "<results><x%s/></results>", all);
}

static const char *
with_text(struct arena *arena, size_t size)
{
    return arena_print(arena, "<results>\n<x>%s</x></results>",
                       repeated(arena, "t", size));
}

static const char *
with_data(struct arena *arena, size_t size)
{
    return arena_print(arena, "<results>\n<x><![CDATA[%s]]></x></results>",
                       repeated(arena, "t", size));
}

static const char *
with_value(struct arena *arena, size_t size)
{
    return arena_print(arena, "<results><x a='%s'/></results>",
                       repeated(arena, "t", size));
}

/* The most that is read, and the least that is refused. Texts of data count with their
 * marks, tags with all that is in them. */
static const struct {
    const char *(*make)(struct arena *arena, size_t n);
    size_t most, least;
    const char *place, *reason;
} limits[] = {
    {nested, XML_MAX_DEPTH, XML_MAX_DEPTH + 1, ":1", "nested deeper than 64: refused"},
    {with_attributes, XML_MAX_ATTRIBUTES, XML_MAX_ATTRIBUTES + 1, ":1",
     "more attributes than 64: refused"},
    {with_text, XML_MAX_BYTES, XML_MAX_BYTES + 1, ":2",
     "a text has more bytes than 1048576: refused"},
    {with_data, XML_MAX_BYTES - 12, XML_MAX_BYTES - 11, ":2",
     "a text has more bytes than 1048576: refused"},
    {with_value, XML_MAX_BYTES - 9, XML_MAX_BYTES - 8, ":1",
     "a tag has more bytes than 1048576: refused"},
};

static void
test_every_limit_holds_from_both_sides(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    for (size_t i = 0; i < N(limits); i++) {
        if (!import_fixture_text(fixture,
                                 limits[i].make(fixture->arena, limits[i].most))) {
            fail_msg("row %zu: %s", i, fixture->faults.rows[0].description);
        }
        const struct import_refusal row = {
            limits[i].make(fixture->arena, limits[i].least), limits[i].place,
            limits[i].reason};
        import_fixture_refuse(fixture, &row, 1);
    }
}

/* 64 MiB of attributes, compared each with each, would take a parser days. */
static void
test_a_million_attributes_take_no_time(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *text =
        arena_print(fixture->arena, "<results><x%s/></results>",
                    repeated(fixture->arena, " aaaaaaaaaaaaaaaaaaaaaa=''", 1000000));
    const struct import_refusal row = {text, ":1", "more attributes than 64"};
    import_fixture_refuse(fixture, &row, 1);
}

static void
test_too_many_elements_are_refused(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *text = arena_print(fixture->arena, "<results>%s</results>",
                                   repeated(fixture->arena, "<x/>", IMPORT_FILE_PARTS));
    const struct import_refusal row = {text, "",
                                       "more than 1048576 values or elements"};
    import_fixture_refuse(fixture, &row, 1);
}

static void
test_too_many_types_are_refused(void **state)
{
    enum { MAX_TYPES = 2048 };
    struct import_fixture *fixture = fixture_of(state);
    char *text = arena_alloc(fixture->arena, (MAX_TYPES + 2) * 100);
    size_t size = 0;
    for (size_t i = 0; i <= MAX_TYPES; i++) {
        size += (size_t)sprintf(text + size,
                                "<SERVICE_TYPE><SERVICE_TYPE_NAME>t%zu"
                                "</SERVICE_TYPE_NAME></SERVICE_TYPE>\n",
                                i);
    }
    const struct import_refusal row = {
        arena_print(fixture->arena, "<results>%s</results>", text), ":2049",
        "more than 2048 types"};
    import_fixture_refuse(fixture, &row, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_the_corpus_is_refused_or_read_as_its_names_say),
        IMPORT_TEST(test_nothing_is_included),
        IMPORT_TEST(test_declarations_are_refused_before_a_parser_sees_them),
        IMPORT_TEST(test_every_limit_holds_from_both_sides),
        IMPORT_TEST(test_a_million_attributes_take_no_time),
        IMPORT_TEST(test_too_many_elements_are_refused),
        IMPORT_TEST(test_too_many_types_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
