/*
 * What of a document is asked for: each parameter takes what it names and nothing else,
 * and what it cannot mean is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/tools/gocdb_fixture.h"
#include "tools/export/gocdb_query.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])

/* 2026-12-01T12:00:00Z, when the second of the downtimes goes on. */
#define NOW INT64_C(1796126400)

static const char town[] =
    "{\"sites\": ["
    "{\"id\": \"alpine/hall\", \"short_name\": \"hall\", \"operator_group\": \"NGI_A\","
    " \"country\": \"Here\", \"certification\": \"CERTIFIED\","
    " \"infrastructure\": \"Production\", \"scopes\": [\"EGI\", \"Local\"]},"
    "{\"id\": \"alpine/mill\", \"short_name\": \"mill\", \"operator_group\": \"NGI_B\","
    " \"country\": \"There\", \"certification\": \"SUSPENDED\","
    " \"infrastructure\": \"Test\", \"scopes\": [\"Local\"]},"
    "{\"id\": \"alpine/old\", \"short_name\": \"old\", \"certification\": \"CLOSED\","
    " \"country\": \"\xc3\x89l\xc3\xa9\xc3\xa9"
    "e\"}],"
    "\"endpoints\": ["
    "{\"id\": \"alpine/a1\", \"site\": \"alpine/hall\", \"host\": \"h1\", \"type\": "
    "\"disk\", \"is_monitored\": true, \"scopes\": [\"EGI\", \"Local\"]},"
    "{\"id\": \"alpine/a2\", \"site\": \"alpine/hall\", \"host\": \"h2\", \"type\": "
    "\"tape\", \"scopes\": [\"EGI\"]},"
    "{\"id\": \"alpine/a3\", \"site\": \"alpine/mill\", \"host\": \"h3\", \"type\": "
    "\"disk\", \"is_monitored\": true, \"scopes\": [\"Local\"]},"
    "{\"id\": \"alpine/a4\", \"site\": \"alpine/gone\", \"host\": \"h4\", \"type\": "
    "\"DISK.x\"}],"
    "\"groups\": ["
    "{\"id\": \"alpine/g1\", \"name\": \"one\", \"scopes\": [\"EGI\"]},"
    "{\"id\": \"alpine/g2\", \"name\": \"two\"}],"
    "\"downtimes\": ["
    "{\"id\": \"alpine/d1\", \"severity\": \"OUTAGE\", \"description\": \"d\","
    " \"start_at\": \"2026-11-01T00:00:00Z\", \"end_at\": \"2026-11-02T00:00:00Z\","
    " \"affected\": [{\"site\": \"hall\", \"host\": \"h1\", \"type\": \"disk\"}]},"
    "{\"id\": \"alpine/d2\", \"severity\": \"OUTAGE\", \"description\": \"d\","
    " \"start_at\": \"2026-12-01T06:00:00Z\", \"end_at\": \"2026-12-03T00:00:00Z\","
    " \"affected\": [{\"site\": \"hall\", \"host\": \"h2\", \"type\": \"tape\"},"
    "{\"site\": \"mill\", \"host\": \"h3\", \"type\": \"disk\","
    " \"end_at\": \"2026-12-01T08:00:00Z\"}]},"
    "{\"id\": \"alpine/d3\", \"severity\": \"OUTAGE\", \"description\": \"d\","
    " \"start_at\": \"2027-01-01T00:00:00Z\", \"end_at\": \"2027-01-02T00:00:00Z\","
    " \"affected\": [{\"site\": \"hall\", \"host\": \"new\", \"type\": \"disk\"}]}]}";

static enum gocdb_parameter
parameter_of(const char *name, size_t size)
{
    for (int i = 0; i < GOCDB_N_PARAMETERS; i++) {
        const char *known = gocdb_query_name((enum gocdb_parameter)i);
        if (strlen(known) == size && strncmp(known, name, size) == 0) {
            return (enum gocdb_parameter)i;
        }
    }
    fail_msg("there is no parameter %.*s", (int)size, name);
    return GOCDB_N_PARAMETERS;
}

/* "sitename=hall&scope=EGI" as a query; what is wrong with it, or NULL. */
static const char *
ask(struct gocdb_query *query, const char *document, const char *text,
    struct arena *arena)
{
    *query = (struct gocdb_query){.now = NOW};
    while (*text != '\0') {
        size_t n_name = strcspn(text, "=");
        size_t size = strcspn(text, "&");
        const char *value = arena_copy_n(arena, text + n_name + 1, size - n_name - 1);
        const char *wrong = gocdb_query_set(query, gocdb_document_find(document),
                                            parameter_of(text, n_name), value, arena);
        if (wrong != NULL) {
            return wrong;
        }
        text += size + (text[size] == '&');
    }
    return gocdb_query_judge(query);
}

/* What a document holds: the keys of its rows, of downtimes with the host. */
static const char *
keys_of(const char *document, struct arena *arena)
{
    static const char *const marks[] = {"<SHORT_NAME>", "<HOSTNAME>", "<NAME>",
                                        " NAME=\""};
    const char *all = "";
    for (size_t i = 0; i < N(marks) && all[0] == '\0'; i++) {
        for (const char *at = strstr(document, marks[i]); at != NULL;
             at = strstr(at + 1, marks[i])) {
            const char *key = at + strlen(marks[i]);
            all = arena_print(arena, "%s%s%.*s", all, all[0] == '\0' ? "" : " ",
                              (int)strcspn(key, "<\""), key);
        }
    }
    return all;
}

static void
test_each_parameter_takes_what_it_names(void **state)
{
    static const struct {
        const char *document, *query, *keys;
    } rows[] = {
        {"get_site", "", "hall mill old"},
        {"get_site", "sitename=hall", "hall"},
        {"get_site", "sitename=HALL", "hall"},
        {"get_site", "sitename=%ll", "hall mill"},
        {"get_site", "sitename=h_ll", "hall"},
        {"get_site", "sitename=hal", ""},
        {"get_site", "country=H_re", "hall"},
        {"get_site", "country=%\xc3\xa9_", "old"},
        {"get_site", "country=_l__e", "old"},
        {"get_site", "sitename=", ""},
        {"get_site", "sitename=%", "hall mill old"},
        {"get_site", "sitename=%l%l%", "hall mill"},
        {"get_site", "roc=NGI_A", "hall"},
        {"get_site", "roc=ngi%", "hall mill"},
        {"get_site", "country=There", "mill"},
        {"get_site", "certification_status=Certified", "hall"},
        {"get_site", "certification_status=closed", "old"},
        {"get_site", "certification_status=%ed", "hall mill old"},
        {"get_site", "exclude_certification_status=Closed", "hall mill"},
        {"get_site", "production_status=Test", "mill"},
        {"get_site", "scope=EGI", "hall"},
        {"get_site", "scope=EGI,Local", "hall"},
        {"get_site", "scope=EGI,Local&scope_match=any", "hall mill"},
        {"get_site", "scope=EGI, Local,&scope_match=all", "hall"},
        {"get_site", "scope=egi", ""},
        {"get_site", "scope=", "hall mill old"},
        {"get_site", "roc=NGI%&scope=Local&production_status=Test", "mill"},
        {"get_site_list", "certification_status=Certified", "hall"},
        {"get_site_list", "production_status=Production", "hall"},
        {"get_service", "", "h1 h2 h3 h4"},
        {"get_service", "sitename=hall", "h1 h2"},
        {"get_service", "roc=NGI_B", "h3"},
        {"get_service", "country=Here", "h1 h2"},
        {"get_service", "hostname=h3", "h3"},
        {"get_service", "service_type=disk", "h1 h3"},
        {"get_service", "service_type=disk%", "h1 h3 h4"},
        {"get_service", "monitored=Y", "h1 h3"},
        {"get_service", "monitored=n", "h2 h4"},
        {"get_service", "scope=Local", "h1 h3"},
        {"get_service_group", "service_group_name=one", "one"},
        {"get_service_group", "scope=EGI", "one"},
        {"get_downtime", "", "h1 h2 h3 new"},
        {"get_downtime", "topentity=h1", "h1"},
        {"get_downtime", "topentity=hall", "h1 h2 new"},
        {"get_downtime", "topentity=NGI_B", "h3"},
        {"get_downtime", "topentity=there", "h3"},
        {"get_downtime", "ongoing_only=yes", "h2"},
        {"get_downtime", "ongoing_only=no", "h1 h2 h3 new"},
        {"get_downtime", "startdate=2026-12-01", "h2 h3 new"},
        {"get_downtime", "startdate=2026-12-01 06:00", "new"},
        {"get_downtime", "startdate=2026-12-01 05:59:59", "h2 h3 new"},
        {"get_downtime", "enddate=2026-12-02", "h1 h3"},
        {"get_downtime", "windowstart=2026-12-03", "new"},
        {"get_downtime", "windowstart=2026-12-02T23:59:59Z", "h2 new"},
        {"get_downtime", "windowend=2026-11-30", "h1"},
        {"get_downtime", "windowend=2026-12-01", "h1 h2 h3"},
        {"get_downtime", "windowstart=2026-12-01&windowend=2026-12-31", "h2 h3"},
        {"get_downtime", "windowend=2026-12-31", "h1 h2 h3"},
        {"get_downtime", "windowend=2026-11-30 06:00", "h1"},
        {"get_downtime", "windowend=2026-11-30 06:01", "h1 h2 h3"},
        {"get_downtime", "windowend=2027-01-01", "h1 h2 h3 new"},
        {"get_downtime", "scope=Local", "h1 h3"},
        {"get_downtime", "scope=", "h1 h2 h3 new"},
        {"get_downtime_nested_services", "topentity=hall&ongoing_only=yes", "h2"},
        {"get_downtime_nested_services", "topentity=mill", "h3"},
    };
    struct import_fixture *fixture = *state;
    struct gocdb_query query;
    for (size_t i = 0; i < N(rows); i++) {
        struct gocdb_world world = gocdb_fixture_of(fixture, town);
        const char *wrong =
            ask(&query, rows[i].document, rows[i].query, fixture->arena);
        assert_null(wrong);
        world.query = &query;
        const char *keys = keys_of(
            gocdb_fixture_write(fixture, rows[i].document, &world), fixture->arena);
        if (strcmp(keys, rows[i].keys) != 0) {
            fail_msg("%s %s: %s", rows[i].document, rows[i].query, keys);
        }
    }
}

static void
test_what_it_cannot_mean_is_refused(void **state)
{
    static const struct {
        const char *document, *query, *wrong;
    } rows[] = {
        {"get_service", "certification_status=Certified",
         "no parameter of get_service"},
        {"get_site", "topentity=x", "no parameter of get_site"},
        {"get_service_types", "scope=x", "no parameter of get_service_types"},
        {"get_site", "certification_status=Open", "\"Open\" is none of Candidate"},
        {"get_site", "exclude_certification_status=", "\"\" is none of Candidate"},
        {"get_service", "monitored=yes", "\"yes\" is Y or N"},
        {"get_downtime", "ongoing_only=Y", "\"Y\" is yes or no"},
        {"get_site", "scope=a&scope_match=both", "\"both\" is all or any"},
        {"get_site", "scope_match=any", "scope_match needs a scope"},
        {"get_downtime", "startdate=tomorrow", "\"tomorrow\" is no time such as"},
        {"get_downtime", "enddate=2026-02-30", "is no time such as"},
        {"get_downtime", "windowstart=2026-12-01x", "is no time such as"},
        {"get_downtime", "windowend=", "is no time such as"},
        {"get_downtime", "ongoing_only=yes&startdate=2026-01-01", "do not go with"},
        {"get_downtime", "ongoing_only=yes&enddate=2026-01-01", "do not go with"},
        {"get_downtime", "windowstart=2026-02-01&windowend=2026-01-31",
         "windowend is before windowstart"},
    };
    struct import_fixture *fixture = *state;
    struct gocdb_query query;
    for (size_t i = 0; i < N(rows); i++) {
        const char *wrong =
            ask(&query, rows[i].document, rows[i].query, fixture->arena);
        if (wrong == NULL || strstr(wrong, rows[i].wrong) == NULL) {
            fail_msg("%s %s: %s", rows[i].document, rows[i].query,
                     wrong == NULL ? "taken" : wrong);
        }
    }
}

/* Whoever follows them asks for the same. */
static void
test_links_of_pages_ask_for_the_same(void **state)
{
    struct import_fixture *fixture = *state;
    struct gocdb_query query;
    struct gocdb_world world = gocdb_fixture_of(fixture, town);
    assert_null(ask(&query, "get_site",
                    "sitename=%l l\xc3\xa9&scope=a,b&scope_match=any", fixture->arena));
    world.query = &query;
    assert_non_null(
        strstr(gocdb_fixture_page(fixture, "get_site", &world, 0),
               "href=\"?method=get_site&amp;sitename=%25l%20l%C3%A9&amp;scope=a,b&amp;"
               "scope_match=any&amp;next_cursor=0\""));
    world.query = NULL;
    assert_non_null(strstr(gocdb_fixture_page(fixture, "get_site", &world, 0),
                           "href=\"?method=get_site&amp;next_cursor=0\""));
}

/* And what is asked for alone is told of. */
static void
test_what_is_not_asked_for_loses_nothing(void **state)
{
    static const struct {
        const char *document, *query;
        size_t n_losses;
    } rows[] = {
        {"get_site", "", 1},
        {"get_site", "sitename=one", 0},
        {"get_site", "sitename=two", 1},
        {"get_service", "", 1},
        {"get_service", "hostname=h1", 0},
        {"get_service_group", "", 1},
        {"get_service_group", "service_group_name=a", 0},
        {"get_downtime", "", 1},
        {"get_downtime", "topentity=h1", 0},
    };
    static const char json[] =
        "{\"sites\": [{\"id\": \"alpine/one\", \"short_name\": \"one\"},"
        "{\"id\": \"alpine/two\", \"short_name\": \"two\", \"extensions\": ["
        "{\"key\": \"a\", \"value\": \"1\", \"unit\": \"kg\"}]}],"
        "\"endpoints\": [{\"id\": \"alpine/e1\", \"site\": \"alpine/one\", \"host\": "
        "\"h1\", \"type\": \"t\"}, {\"id\": \"alpine/e2\", \"site\": \"alpine/one\","
        " \"host\": \"h2\", \"type\": \"t\", \"declared_version\": \"2\"}],"
        "\"groups\": [{\"id\": \"alpine/a\", \"name\": \"a\"},"
        "{\"id\": \"alpine/b\", \"name\": \"b\", \"sites\": [\"alpine/one\"]}],"
        "\"downtimes\": [{\"id\": \"alpine/d1\", \"severity\": \"OUTAGE\","
        " \"description\": \"d\", \"start_at\": \"2026-12-01T00:00:00Z\","
        " \"end_at\": \"2026-12-02T00:00:00Z\","
        " \"affected\": [{\"site\": \"one\", \"host\": \"h1\", \"type\": \"t\"}]},"
        "{\"id\": \"alpine/d2\", \"severity\": \"OUTAGE\","
        " \"description\": \"d\", \"start_at\": \"2026-12-01T00:00:00.5Z\","
        " \"end_at\": \"2026-12-02T00:00:00Z\","
        " \"affected\": [{\"site\": \"one\", \"host\": \"h2\", \"type\": \"t\"}]}]}";
    struct import_fixture *fixture = *state;
    struct gocdb_query query;
    for (size_t i = 0; i < N(rows); i++) {
        struct gocdb_world world = gocdb_fixture_of(fixture, json);
        assert_null(ask(&query, rows[i].document, rows[i].query, fixture->arena));
        world.query = &query;
        struct export_result lost =
            gocdb_fixture_lost(fixture, rows[i].document, &world);
        if (lost.n_losses != rows[i].n_losses) {
            fail_msg("%s %s: %zu", rows[i].document, rows[i].query, lost.n_losses);
        }
    }
}

/* A row that is not asked for may be the one that takes as long as the downtime. */
static void
test_an_end_is_behind_all_or_not_told(void **state)
{
    static const char json[] =
        "{\"sites\": [{\"id\": \"alpine/one\", \"short_name\": \"one\"}],"
        "\"downtimes\": [{\"id\": \"alpine/d\", \"severity\": \"OUTAGE\","
        " \"description\": \"d\", \"start_at\": \"2026-12-01T00:00:00Z\","
        " \"end_at\": \"2026-12-02T00:00:00Z\", \"affected\": ["
        "{\"site\": \"one\", \"host\": \"h1\", \"type\": \"t\","
        " \"end_at\": \"2026-12-01T06:00:00Z\"},"
        "{\"site\": \"one\", \"host\": \"h2\", \"type\": \"t\"%s}]}]}";
    struct import_fixture *fixture = *state;
    struct gocdb_query query;
    for (size_t i = 0; i < 2; i++) {
        const char *text =
            arena_print(fixture->arena, json,
                        i == 0 ? "" : ", \"end_at\": \"2026-12-01T07:00:00Z\"");
        struct gocdb_world world = gocdb_fixture_of(fixture, text);
        assert_null(ask(&query, "get_downtime", "topentity=h1", fixture->arena));
        world.query = &query;
        struct export_result lost = gocdb_fixture_lost(fixture, "get_downtime", &world);
        assert_int_equal(strstr(gocdb_fixture_loss(&lost, "alpine/d", "end_at"),
                                "behind the end of all") != NULL,
                         i == 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_each_parameter_takes_what_it_names),
        IMPORT_TEST(test_what_it_cannot_mean_is_refused),
        IMPORT_TEST(test_links_of_pages_ask_for_the_same),
        IMPORT_TEST(test_what_is_not_asked_for_loses_nothing),
        IMPORT_TEST(test_an_end_is_behind_all_or_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
