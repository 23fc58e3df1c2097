/*
 * GOCDB's documents and the way back: whose records they hold, what they say of groups
 * and downtimes that GOCDB does not know, and the dialect of DPMT.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/tools/gocdb_fixture.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])

/* Two registries that call their halls alike, and groups over both. */
static const char town[] =
    "{\"sites\": ["
    "{\"id\": \"alpine/hall\", \"short_name\": \"hall\", \"country\": \"CH\"},"
    "{\"id\": \"alpine/mill\", \"short_name\": \"mill\"},"
    "{\"id\": \"coast/hall\", \"short_name\": \"hall\", \"country\": \"NO\"}],"
    "\"endpoints\": ["
    "{\"id\": \"alpine/a1\", \"site\": \"alpine/hall\", \"host\": \"a1\", \"type\": "
    "\"disk\","
    " \"interfaces\": [{\"name\": \"dav\", \"url\": \"https://a1.alpine.example/\"}]},"
    "{\"id\": \"alpine/a2\", \"site\": \"alpine/hall\", \"host\": \"a2\", \"type\": "
    "\"tape\"},"
    "{\"id\": \"alpine/a3\", \"site\": \"alpine/mill\", \"host\": \"a3\", \"type\": "
    "\"disk\"},"
    "{\"id\": \"coast/c1\", \"site\": \"coast/hall\", \"host\": \"c1\", \"type\": "
    "\"disk\"}],"
    "\"groups\": ["
    "{\"id\": \"alpine/all\", \"name\": \"all\", \"groups\": [\"alpine/some\", "
    "\"coast/g\"],"
    " \"endpoints\": [\"alpine/a1\"]},"
    "{\"id\": \"alpine/some\", \"name\": \"some\", \"sites\": [\"alpine/hall\"],"
    " \"groups\": [\"alpine/all\"]},"
    "{\"id\": \"coast/g\", \"name\": \"g\", \"endpoints\": [\"coast/c1\"]}],"
    "\"downtimes\": ["
    "{\"id\": \"alpine/d-group\", \"severity\": \"OUTAGE\", \"description\": \"d\","
    " \"start_at\": \"2026-12-01T00:00:00Z\", \"end_at\": \"2026-12-02T00:00:00Z\","
    " \"declared_at\": \"2026-11-01T00:00:00Z\", \"classification\": \"SCHEDULED\","
    " \"groups\": [\"alpine/all\"]},"
    "{\"id\": \"alpine/d-site\", \"severity\": \"WARNING\", \"description\": \"d\","
    " \"start_at\": \"2026-12-01T00:00:00Z\", \"end_at\": \"2026-12-02T00:00:00Z\","
    " \"declared_at\": \"2026-11-30T12:00:00Z\", \"classification\": \"UNSCHEDULED\","
    " \"affected\": [{\"site\": \"hall\"}, {\"site\": \"hall\", \"host\": \"a1\","
    " \"type\": \"disk\", \"end_at\": \"2026-12-01T06:00:00Z\"}]},"
    "{\"id\": \"coast/d\", \"severity\": \"OUTAGE\", \"description\": \"d\","
    " \"start_at\": \"2026-12-01T00:00:00Z\", \"end_at\": \"2026-12-02T00:00:00Z\","
    " \"declared_at\": \"2026-11-30T12:00:00Z\","
    " \"affected\": [{\"site\": \"hall\", \"host\": \"c1\", \"type\": \"disk\"}]}],"
    "\"certification_changes\": ["
    "{\"id\": \"coast/x\", \"site\": \"coast/hall\", \"from\": \"CANDIDATE\","
    " \"to\": \"UNCERTIFIED\", \"changed_at\": \"2026-11-01T00:00:00Z\"}]}";

/* ---- Whose they are ---- */

static void
test_only_the_registrys_own_records_are_written(void **state)
{
    struct import_fixture *fixture = *state;
    struct gocdb_world world = gocdb_fixture_of(fixture, town);
    for (const struct gocdb_document *row = gocdb_documents; row->name != NULL; row++) {
        const char *text = gocdb_fixture_write(fixture, row->name, &world);
        assert_null(strstr(text, ">NO<"));
        assert_null(strstr(text, "PRIMARY_KEY=\"c1\""));
        assert_null(strstr(text, "PRIMARY_KEY=\"d\""));
    }
    assert_int_equal(
        gocdb_fixture_count(gocdb_fixture_write(fixture, "get_site", &world), "<SITE "),
        2);
    const char *history =
        gocdb_fixture_write(fixture, "get_cert_status_changes", &world);
    assert_int_equal(gocdb_fixture_count(history, "<result>"), 0);
    assert_int_equal(gocdb_fixture_count(history, "<result "), 0);
}

/* A group may hold what is another's: it is called by its whole id, and comes back. */
static void
test_what_a_group_holds_of_others_comes_back(void **state)
{
    struct import_fixture *fixture = *state;
    struct gocdb_world world = gocdb_fixture_of(fixture, town);
    const char *text = gocdb_fixture_write(fixture, "get_service_group", &world);
    assert_int_equal(gocdb_fixture_count(text, "<SERVICE_GROUP "), 2);
    assert_non_null(strstr(text, "<SERVICE_ENDPOINT PRIMARY_KEY=\"coast/c1\">"));
    struct gocdb_world back = gocdb_fixture_back(fixture, &world);
    assert_string_equal(back.groups[0]->id, "alpine/all");
    assert_int_equal(back.groups[0]->n_endpoints, 3);
    assert_string_equal(back.groups[0]->endpoints[2], "coast/c1");
}

/* ---- What is within ---- */

static void
test_a_group_is_written_with_all_that_is_in_it_once(void **state)
{
    struct import_fixture *fixture = *state;
    struct gocdb_world world = gocdb_fixture_of(fixture, town);
    const char *all =
        strstr(gocdb_fixture_write(fixture, "get_service_group", &world), "<NAME>all");
    const char *some = strstr(all, "<NAME>some");
    const char *of_all = arena_copy_n(fixture->arena, all, (size_t)(some - all));
    /* Groups within each other, as no broker lets them be, are no endless walk. */
    assert_int_equal(gocdb_fixture_count(of_all, "<SERVICE_ENDPOINT "), 3);
    assert_int_equal(gocdb_fixture_count(of_all, ">a1<"), 1);
    assert_int_equal(gocdb_fixture_count(of_all, ">a2<"), 1);
    assert_int_equal(gocdb_fixture_count(of_all, ">c1<"), 1);
    struct export_result lost =
        gocdb_fixture_lost(fixture, "get_service_group", &world);
    assert_string_equal(gocdb_fixture_loss(&lost, "alpine/all", "groups"),
                        "are written as the services in them");
    assert_string_equal(gocdb_fixture_loss(&lost, "alpine/some", "sites"),
                        "are written as the services there");
}

/* The row of a downtime and a host; NULL: there is none. */
static const char *
row_of(struct import_fixture *fixture, const char *text, const char *key,
       const char *host)
{
    const char *begin = arena_print(fixture->arena, "PRIMARY_KEY=\"%s\"", key);
    for (const char *at = strstr(text, begin); at != NULL; at = strstr(at + 1, begin)) {
        const char *end = strstr(at, "</DOWNTIME>");
        const char *row = arena_copy_n(fixture->arena, at, (size_t)(end - at));
        if (strstr(row, arena_print(fixture->arena, "<HOSTNAME>%s<", host)) != NULL) {
            return row;
        }
    }
    return NULL;
}

static void
test_a_downtime_is_a_row_for_each_service_it_means(void **state)
{
    struct import_fixture *fixture = *state;
    struct gocdb_world world = gocdb_fixture_of(fixture, town);
    const char *text = gocdb_fixture_write(fixture, "get_downtime", &world);
    assert_int_equal(gocdb_fixture_count(text, "<DOWNTIME "), 4);
    assert_int_equal(gocdb_fixture_count(text, "PRIMARY_KEY=\"d-group\""), 2);
    assert_non_null(row_of(fixture, text, "d-group", "a1"));
    assert_non_null(row_of(fixture, text, "d-group", "a2"));
    /* Nobody takes another's down by a group it is in. A site of another registry that
     * is called alike is not hit. */
    assert_int_equal(gocdb_fixture_count(text, "PRIMARY_KEY=\"d-site\""), 2);
    const char *named = row_of(fixture, text, "d-site", "a1");
    const char *meant = row_of(fixture, text, "d-site", "a2");
    assert_non_null(named);
    assert_non_null(meant);
    assert_non_null(strstr(named, "<FORMATED_END_DATE>2026-12-01 06:00<"));
    assert_non_null(strstr(meant, "<FORMATED_END_DATE>2026-12-02 00:00<"));
    assert_non_null(strstr(named, "<URL>https://a1.alpine.example/</URL>"));
    struct export_result lost = gocdb_fixture_lost(fixture, "get_downtime", &world);
    assert_non_null(strstr(gocdb_fixture_loss(&lost, "alpine/d-site", "affected[0]"),
                           "whole site"));
    assert_non_null(strstr(gocdb_fixture_loss(&lost, "alpine/d-group", "groups"),
                           "services in them"));
}

/* ---- Ends of their own ---- */

/* A site by what it is, whatever it is called by now; a host with all that runs there,
 * or by its name where nothing is known to. */
static void
test_a_row_stands_for_what_is_meant(void **state)
{
    static const struct {
        const char *affected;
        size_t n_rows;
        const char *hosts[2];
    } rows[] = {
        {"{\"site\": \"once\", \"site_id\": \"alpine/hall\"}", 2, {"a1", "a2"}},
        {"{\"site\": \"once\"}", 0, {NULL}},
        {"{\"site\": \"hall\", \"host\": \"a2\"}", 2, {"a2", "a2"}},
        {"{\"host\": \"a3\"}", 1, {"a3"}},
        {"{\"site\": \"mill\", \"host\": \"a2\"}", 1, {"a2"}},
    };
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(rows); i++) {
        const char *json = arena_print(
            fixture->arena,
            "{\"sites\": [{\"id\": \"alpine/hall\", \"short_name\": \"hall\"},"
            " {\"id\": \"alpine/mill\", \"short_name\": \"mill\"}],"
            " \"endpoints\": ["
            "{\"id\": \"alpine/e1\", \"site\": \"alpine/hall\", \"host\": \"%s\","
            " \"type\": \"disk\"},"
            "{\"id\": \"alpine/e2\", \"site\": \"alpine/hall\", \"host\": \"a2\","
            " \"type\": \"tape\"},"
            "{\"id\": \"alpine/e3\", \"site\": \"alpine/mill\", \"host\": \"a3\","
            " \"type\": \"disk\"}],"
            " \"downtimes\": [{\"id\": \"alpine/d\", \"severity\": \"OUTAGE\","
            " \"description\": \"d\", \"start_at\": \"2026-12-01T00:00:00Z\","
            " \"end_at\": \"2026-12-02T00:00:00Z\","
            " \"declared_at\": \"2026-11-01T00:00:00Z\", \"affected\": [%s]}]}",
            i == 2 ? "a2" : "a1", rows[i].affected);
        struct gocdb_world world = gocdb_fixture_of(fixture, json);
        const char *text = gocdb_fixture_write(fixture, "get_downtime", &world);
        assert_int_equal(gocdb_fixture_count(text, "<DOWNTIME "), rows[i].n_rows);
        for (size_t j = 0; j < rows[i].n_rows; j++) {
            assert_non_null(strstr(
                text, arena_print(fixture->arena, "<HOSTNAME>%s<", rows[i].hosts[j])));
        }
    }
}

static void
test_early_ends_come_back_out_of_both_renderings(void **state)
{
    static const char *const documents[] = {"get_downtime",
                                            "get_downtime_nested_services"};
    struct import_fixture *fixture = *state;
    struct gocdb_world world = gocdb_fixture_of(fixture, town);
    const char *said[N(documents)];
    for (size_t i = 0; i < N(documents); i++) {
        said[i] = gocdb_fixture_write(fixture, documents[i], &world);
    }
    /* AFFECTED_ENDPOINTS are known by the services, so these come along. */
    const char *services = gocdb_fixture_write(fixture, "get_service", &world);
    for (size_t i = 0; i < N(documents); i++) {
        const char *paths[] = {real_data_write(said[i], fixture->arena),
                               real_data_write(services, fixture->arena)};
        fixture->format = "gocdb";
        assert_true(import_fixture_read(fixture, paths, N(paths)));
        struct gocdb_world back = gocdb_fixture_world(&fixture->set);
        for (size_t j = 0; j < N(documents); j++) {
            assert_string_equal(gocdb_fixture_write(fixture, documents[j], &back),
                                said[j]);
        }
        for (size_t j = 0; j < N(paths); j++) {
            remove(paths[j]);
        }
    }
    /* Once within the service, and once as the end of the whole. */
    assert_int_equal(
        gocdb_fixture_count(said[1], "<FORMATED_END_DATE>2026-12-01 06:00<"), 1);
    assert_int_equal(
        gocdb_fixture_count(said[1], "<FORMATED_END_DATE>2026-12-02 00:00<"), 2);
}

/* Whoever downloads everything has each downtime twice. */
static void
test_both_renderings_together_are_one_downtime(void **state)
{
    struct import_fixture *fixture = *state;
    struct gocdb_world world = gocdb_fixture_of(fixture, town);
    const char *flat = gocdb_fixture_write(fixture, "get_downtime", &world);
    const char *paths[] = {
        real_data_write(flat, fixture->arena),
        real_data_write(
            gocdb_fixture_write(fixture, "get_downtime_nested_services", &world),
            fixture->arena),
        real_data_write(gocdb_fixture_write(fixture, "get_service", &world),
                        fixture->arena)};
    fixture->format = "gocdb";
    assert_true(import_fixture_read(fixture, paths, N(paths)));
    struct gocdb_world back = gocdb_fixture_world(&fixture->set);
    assert_string_equal(gocdb_fixture_write(fixture, "get_downtime", &back), flat);
    for (size_t i = 0; i < N(paths); i++) {
        remove(paths[i]);
    }
}

/* ---- Types and history ---- */

static void
test_types_keep_their_numbers_and_their_order(void **state)
{
    static const char text[] =
        "<results><SERVICE_TYPE TYPE_ID='9' PRIMARY_KEY='77G0'><SERVICE_TYPE_NAME>z"
        "</SERVICE_TYPE_NAME><SERVICE_TYPE_DESC> spaced </SERVICE_TYPE_DESC>"
        "</SERVICE_TYPE><SERVICE_TYPE><SERVICE_TYPE_NAME>a</SERVICE_TYPE_NAME>"
        "</SERVICE_TYPE><SERVICE_TYPE><SERVICE_TYPE_NAME>z</SERVICE_TYPE_NAME>"
        "</SERVICE_TYPE></results>";
    struct import_fixture *fixture = *state;
    fixture->format = "gocdb";
    assert_true(import_fixture_text(fixture, text));
    assert_true(import_fixture_found(&fixture->set, ":1", "z is there twice"));
    struct gocdb_world world = gocdb_fixture_world(&fixture->set);
    assert_string_equal(world.types->id, "alpine/SERVICE_TYPE");
    assert_int_equal(world.types->n_terms, 2);
    const char *said = gocdb_fixture_write(fixture, "get_service_types", &world);
    assert_non_null(strstr(said, "<SERVICE_TYPE TYPE_ID=\"9\" PRIMARY_KEY=\"77G0\">"));
    assert_non_null(strstr(said, "<SERVICE_TYPE TYPE_ID=\"2\" PRIMARY_KEY=\"2G0\">"));
    assert_non_null(strstr(said, "> spaced <"));
    assert_true(strstr(said, ">z<") < strstr(said, ">a<"));
    struct gocdb_world back = gocdb_fixture_back(fixture, &world);
    assert_string_equal(gocdb_fixture_write(fixture, "get_service_types", &back), said);
}

/* What a monitor calls a type is not GOCDB's to forget; what is GOCDB's is as the file
 * has it, and so is the list of types. */
static void
test_types_keep_what_others_say_of_them(void **state)
{
    struct import_fixture *fixture = *state;
    struct gocdb_world there = gocdb_fixture_of(
        fixture,
        "{\"vocabularies\": [{\"id\": \"alpine/SERVICE_TYPE\", \"name\": \"x\","
        " \"terms\": [{\"id\": \"a\", \"name\": \"a\", \"extras\": ["
        "{\"key\": \"svmon\", \"value\": \"find\"},"
        "{\"key\": \"TYPE_ID\", \"value\": \"7\"},"
        "{\"key\": \"limit\", \"value\": \"2\", \"unit\": \"TB\"}]},"
        "{\"id\": \"gone\", \"name\": \"gone\", \"extras\": [{\"key\": \"svmon\"}]}"
        "]}]}");
    const Kontor__V1__Vocabulary *old = there.types;
    fixture->format = "gocdb";
    assert_true(import_fixture_text(
        fixture, "<results><SERVICE_TYPE TYPE_ID='8'><SERVICE_TYPE_NAME>a"
                 "</SERVICE_TYPE_NAME></SERVICE_TYPE><SERVICE_TYPE><SERVICE_TYPE_NAME>"
                 "b</SERVICE_TYPE_NAME></SERVICE_TYPE></results>"));
    Kontor__V1__Vocabulary *read = fixture->set.vocabularies[0];
    for (int again = 0; again < 2; again++) {
        importer_find("gocdb")->keep(read, old, fixture->arena);
        assert_int_equal(read->n_terms, 2);
        assert_int_equal(read->terms[0]->n_extras, 3);
        assert_string_equal(read->terms[0]->extras[0]->value, "8");
        assert_string_equal(read->terms[0]->extras[1]->key, "svmon");
        assert_string_equal(read->terms[0]->extras[1]->value, "find");
        assert_string_equal(read->terms[0]->extras[2]->unit, "TB");
        assert_int_equal(read->terms[1]->n_extras, 0);
    }
}

static void
test_history_is_written_newest_first_as_gocdb_writes_it(void **state)
{
    static const char text[] =
        "<results><result><UNIX_TIME>1378116651</UNIX_TIME><SITE>a b</SITE>"
        "<OLD_STATUS>Candidate</OLD_STATUS><NEW_STATUS>Uncertified</NEW_STATUS>"
        "</result><result><TIME>03-SEP-2013 10.00.11</TIME>"
        "<UNIX_TIME>1378202411</UNIX_TIME><SITE>a b</SITE>"
        "<OLD_STATUS>Uncertified</OLD_STATUS><NEW_STATUS>Certified</NEW_STATUS>"
        "<CHANGED_BY>Ada Example</CHANGED_BY><COMMENT>done</COMMENT></result>"
        "</results>";
    struct import_fixture *fixture = *state;
    fixture->format = "gocdb";
    assert_true(import_fixture_text(fixture, text));
    struct gocdb_world world = gocdb_fixture_world(&fixture->set);
    const char *said = gocdb_fixture_write(fixture, "get_cert_status_changes", &world);
    const char *newest = strstr(said, "<TIME>03-SEP-2013 10.00.11</TIME>");
    assert_non_null(newest);
    assert_true(newest < strstr(said, "<UNIX_TIME>1378116651</UNIX_TIME>"));
    /* The site is not there: it is called as its history calls it. */
    assert_int_equal(gocdb_fixture_count(said, "<SITE>a b</SITE>"), 2);
    assert_int_equal(gocdb_fixture_count(said, "<CHANGED_BY>Ada Example</CHANGED_BY>"),
                     1);
    assert_int_equal(gocdb_fixture_count(said, "<COMMENT/>"), 1);
    struct gocdb_world back = gocdb_fixture_back(fixture, &world);
    assert_string_equal(gocdb_fixture_write(fixture, "get_cert_status_changes", &back),
                        said);
}

/* ---- DPMT ---- */

/* Its answers are GOCDB's but for yes and no, links of its own, and members that say
 * all there is: they are read as GOCDB's, and written for GOCDB's readers. */
static void
check_dialect(struct import_fixture *fixture)
{
    struct gocdb_world world = gocdb_fixture_world(&fixture->set);
    const char *groups = gocdb_fixture_write(fixture, "get_service_group", &world);
    const char *services = gocdb_fixture_write(fixture, "get_service", &world);
    assert_true(world.n_groups > 0 && world.n_endpoints > 0);
    assert_int_equal(gocdb_fixture_count(groups, "<MONITORED>N</MONITORED>"),
                     world.n_groups);
    assert_int_equal(gocdb_fixture_count(groups, "<DPMT_URL>https://"), world.n_groups);
    assert_int_equal(gocdb_fixture_count(services, "<DPMT_URL>https://"),
                     world.n_endpoints);
    assert_int_equal(gocdb_fixture_count(services, "<NODE_MONITORED>Y</NODE"),
                     world.n_endpoints);
    assert_int_equal(gocdb_fixture_count(services, "<KEY>DPMT_URL</KEY>"), 0);
    assert_int_equal(gocdb_fixture_count(services, "<KEY>state</KEY>"),
                     world.n_endpoints);
    assert_null(strstr(services, "True"));
    assert_null(strstr(services, "undefined"));
    const char *downtimes = gocdb_fixture_write(fixture, "get_downtime", &world);
    struct gocdb_world back = gocdb_fixture_back(fixture, &world);
    assert_string_equal(gocdb_fixture_write(fixture, "get_service_group", &back),
                        groups);
    assert_string_equal(gocdb_fixture_write(fixture, "get_service", &back), services);
    assert_string_equal(gocdb_fixture_write(fixture, "get_downtime", &back), downtimes);
}

static void
test_dpmts_dialect_is_read_and_written_as_gocdbs(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "gocdb";
    assert_true(import_fixture_text(
        fixture,
        "<results><SITE PRIMARY_KEY='ab12'><SHORT_NAME>hall</SHORT_NAME>"
        "<DPMT_URL>https://alpine.example/hall</DPMT_URL>"
        "<CERTIFICATION_STATUS>Candidate</CERTIFICATION_STATUS></SITE>"
        "<SERVICE_GROUP PRIMARY_KEY='cd34'><NAME>finder</NAME><MONITORED>False"
        "</MONITORED><DPMT_URL>https://alpine.example/finder</DPMT_URL>"
        "<GOCDB_PORTAL_URL>No 'creg_id' found</GOCDB_PORTAL_URL>"
        "<SERVICE_ENDPOINT PRIMARY_KEY='ef56'><HOSTNAME>f.alpine.example</HOSTNAME>"
        "<DPMT_URL>https://alpine.example/f</DPMT_URL><BETA></BETA>"
        "<SERVICE_TYPE>finder.web</SERVICE_TYPE><NODE_MONITORED>True</NODE_MONITORED>"
        "<SITENAME>hall</SITENAME><EXTENSIONS><EXTENSION><LOCAL_ID>undefined</LOCAL_ID>"
        "<KEY>state</KEY><VALUE>production</VALUE></EXTENSION></EXTENSIONS>"
        "</SERVICE_ENDPOINT></SERVICE_GROUP>"
        "<DOWNTIME PRIMARY_KEY='7890' CLASSIFICATION='SCHEDULED'><HOSTNAME>"
        "f.alpine.example</HOSTNAME><SERVICE_TYPE>finder.web</SERVICE_TYPE>"
        "<HOSTED_BY>hall</HOSTED_BY><AFFECTED_ENDPOINTS>undefined</AFFECTED_ENDPOINTS>"
        "<DPMT_URL>https://alpine.example/d</DPMT_URL><SEVERITY>OUTAGE</SEVERITY>"
        "<DESCRIPTION>d</DESCRIPTION><INSERT_DATE>0</INSERT_DATE><START_DATE>9"
        "</START_DATE><END_DATE>99</END_DATE></DOWNTIME></results>"));
    /* There people choose it; here it is computed, and the difference told. */
    assert_true(
        import_fixture_found(&fixture->set, "", "by its dates it is UNSCHEDULED"));
    assert_false(import_fixture_found(&fixture->set, "", "nothing here takes"));
    struct gocdb_world world = gocdb_fixture_world(&fixture->set);
    assert_int_equal(
        gocdb_fixture_count(gocdb_fixture_write(fixture, "get_site", &world),
                            "<DPMT_URL>https://alpine.example/hall<"),
        1);
    check_dialect(fixture);
}

static void
test_a_real_answer_of_dpmt_is_written_as_gocdbs(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "gocdb";
    (void)import_fixture_real(fixture, "configuration/dpmt-service_group.xml");
    check_dialect(fixture);
}

/* ---- Pages ---- */

/* 250 sites: pages of 100, 100, 50, and the one behind the end. */
static void
test_pages_are_followed_to_count_0(void **state)
{
    enum { N_SITES = 250 };
    struct import_fixture *fixture = *state;
    const char *json = "{\"sites\": [";
    for (size_t i = 0; i < N_SITES; i++) {
        json =
            arena_print(fixture->arena,
                        "%s%s{\"id\": \"alpine/s%03zu\", \"short_name\": \"s%03zu\"}",
                        json, i == 0 ? "" : ",", i, i);
    }
    struct gocdb_world world =
        gocdb_fixture_of(fixture, arena_print(fixture->arena, "%s]}", json));
    static const struct {
        size_t from, n;
        const char *next;
    } pages[] = {{0, 100, "next_cursor=100"},
                 {100, 100, "next_cursor=200"},
                 {200, 50, "next_cursor=250"},
                 {250, 0, NULL},
                 {9999, 0, NULL}};
    for (size_t i = 0; i < N(pages); i++) {
        const char *said =
            gocdb_fixture_page(fixture, "get_site", &world, pages[i].from);
        assert_int_equal(gocdb_fixture_count(said, "<SITE "), pages[i].n);
        assert_non_null(strstr(
            said, arena_print(fixture->arena, "<count>%zu</count>", pages[i].n)));
        assert_non_null(strstr(said, "<max_page_size>100</max_page_size>"));
        assert_int_equal(strstr(said, "rel=\"prev\"") != NULL, pages[i].from > 0);
        const char *next = strstr(said, "rel=\"next\"");
        assert_int_equal(next != NULL, pages[i].next != NULL);
        if (next != NULL) {
            const char *line = arena_copy_n(fixture->arena, next, strcspn(next, "\n"));
            assert_non_null(strstr(line, pages[i].next));
        }
    }
    assert_null(strstr(gocdb_fixture_write(fixture, "get_site", &world), "<meta>"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_only_the_registrys_own_records_are_written),
        IMPORT_TEST(test_what_a_group_holds_of_others_comes_back),
        IMPORT_TEST(test_a_group_is_written_with_all_that_is_in_it_once),
        IMPORT_TEST(test_a_downtime_is_a_row_for_each_service_it_means),
        IMPORT_TEST(test_a_row_stands_for_what_is_meant),
        IMPORT_TEST(test_early_ends_come_back_out_of_both_renderings),
        IMPORT_TEST(test_both_renderings_together_are_one_downtime),
        IMPORT_TEST(test_types_keep_their_numbers_and_their_order),
        IMPORT_TEST(test_types_keep_what_others_say_of_them),
        IMPORT_TEST(test_history_is_written_newest_first_as_gocdb_writes_it),
        IMPORT_TEST(test_dpmts_dialect_is_read_and_written_as_gocdbs),
        IMPORT_TEST(test_a_real_answer_of_dpmt_is_written_as_gocdbs),
        IMPORT_TEST(test_pages_are_followed_to_count_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
