/* Reports of SVMON's clients: both forms, and what is none of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/tools/real_data.h"
#include "tools/import/svmon.h"

static struct arena *arena;
static struct faults faults;
static struct svmon_reports reports;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    faults = (struct faults){.arena = arena};
    reports = (struct svmon_reports){.n_rows = 0};
    return arena == NULL;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static bool
reads(const char *text)
{
    const char *path = real_data_write(text, arena);
    bool is_read = svmon_read(path, arena, &reports, &faults);
    unlink(path);
    return is_read;
}

#define OBJECT                                                                         \
    "{\"siteName\":\"S\",\"hostNameId\":\"h\",\"operatingSystem\":\"os\","             \
    "\"serviceType\":\"t\",\"serviceComponentName\":\"c\",\"tagAtSite\":\"1.0\"}"

static void
expect_report(size_t i)
{
    assert_true(i < reports.n_rows);
    assert_string_equal(reports.rows[i]->site, "S");
    assert_string_equal(reports.rows[i]->host, "h");
    assert_string_equal(reports.rows[i]->operating_system, "os");
    assert_string_equal(reports.rows[i]->type, "t");
    assert_string_equal(reports.rows[i]->component, "c");
    assert_string_equal(reports.rows[i]->version, "1.0");
}

static void
test_both_forms_say_the_same(void **state)
{
    static const char *const texts[] = {
        OBJECT, " \n[" OBJECT "," OBJECT "]", "S\th\tos\tt\tc\t1.0",
        "\r\nS\th\tos\tt\tc\t1.0\r\n\nS\th\tos\tt\tc\t1.0\n"};
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_true(reads(texts[i]));
        for (; n < reports.n_rows; n++) {
            expect_report(n);
        }
    }
    assert_int_equal(n, 6);
    assert_true(reads(""));
    assert_true(reads("[]"));
    assert_int_equal(reports.n_rows, 6);
}

static void
test_what_is_neither_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text, *place, *reason;
    } rows[] = {
        {"a\tb\n", ":1", "has 2 columns"},
        {"S\th\tos\tt\tc\t1.0\na\tb\tc\td\te\tf\tg\n", ":2", "has 7 columns"},
        {"{\"hostNameId\":1}", "hostNameId", ""},
        {"[1]", "[0]", "an object belongs here"},
        {"[" OBJECT, "", ""},
        {"{\"tagAtSite\":\"1\",\"tagAtSite\":\"2\"}", "", ""},
        {"a\xff\tb", "", "UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        faults = (struct faults){.arena = arena};
        assert_false(reads(rows[i].text));
        assert_true(faults.n_found > 0);
        assert_non_null(strstr(faults.rows[0].path, rows[i].place));
        assert_non_null(strstr(faults.rows[0].description, rows[i].reason));
    }
}

/* A member nobody knows is told, and the report is taken. */
static void
test_what_has_no_place_is_told(void **state)
{
    (void)state;
    assert_true(reads("{\"hostNameId\":\"h\",\"mood\":\"good\"}"));
    assert_int_equal(reports.n_rows, 1);
    assert_int_equal(reports.told.n_findings, 1);
    assert_non_null(strstr(reports.told.findings[0].place, "mood"));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_both_forms_say_the_same),
        T(test_what_is_neither_is_refused_with_its_place),
        T(test_what_has_no_place_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
