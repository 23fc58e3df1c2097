/*
 * Profiles of eInfraCentral as people filled them in, one trap a row, and those that
 * must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/json.h"
#include "tests/tools/import_fixture.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])
#define SPACE " xmlns='http://einfracentral.eu'"
#define PROVIDER "<providers><provider>p</provider></providers>"
#define NAMED(id, name, extra)                                                         \
    "<service" SPACE "><id>" id "</id><name>" name "</name>" PROVIDER extra "</"       \
    "service>"
#define ONE(extra) NAMED("1.10", "One", extra)

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "einfracentral-2017";
    return fixture;
}

static const struct import_refusal refused[] = {
    {"", "", "not XML"},
    {"<service" SPACE "><id>1</id>", ":1", "not XML"},
    {"<service" SPACE "><id>1</id>\n<name></service>", ":2", "not XML"},
    {"{\"services\":[]}", ":1", "not XML"},
    {"<!DOCTYPE service [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
     "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>" ONE("<tagline>&c;</tagline>"),
     "", "a document type or entities"},
    {"<!DOCTYPE service [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" ONE(
         "<tagline>&x;</tagline>"),
     "", "a document type or entities"},
    {"<!DOCTYPE service SYSTEM 'http://127.0.0.1:1/x.dtd'>" ONE(""), "",
     "a document type or entities"},
    {"<!DOCTYPE service>" ONE(""), "", "a document type or entities"},
    {ONE("<tagline>&undeclared;</tagline>"), ":1", "not XML"},
    {ONE("<tagline>\xff</tagline>"), ":1", "is not UTF-8"},
    {"<results/>", ":1", "results is no service and holds none"},
    {"<services><provider/></services>", ":1", "holds none"},
    {"<service><id>1</id></service>", ":1", "a service of the namespace \"\""},
    {"<service xmlns='http://example.org'><id>1</id></service>", ":1",
     "a service of the namespace \"http://example.org\""},
    {"<service" SPACE ">\n<name>n</name></service>", ":1", "a service without id"},
    {"<service" SPACE "><id> \xE2\x80\x8B </id></service>", ":1",
     "a service without id"},
    {"<service" SPACE "><id>1</id>" PROVIDER "</service>", ":1",
     "a service without name"},
    {"<service" SPACE "><id>1</id><name>n</name></service>", ":1", "names no provider"},
    {"<services>" ONE("") "\n" ONE("") "</services>", ":2", "is also that of \"One\""},
    {"<services>" ONE("") "\n" NAMED("1.10", "Two", "") "</services>", ":2",
     "one of them may have lost a zero, such as 1.100"},
    {ONE("\n<name>again</name>"), ":2", "name is there twice"},
    {ONE("\n" PROVIDER), ":2", "providers is there twice"},
    {ONE("<url>https://a.example/</url>\n<url>https://b.example/</url>"), ":2",
     "url is there twice"},
};

static void
test_bad_files_are_refused_with_their_place(void **state)
{
    import_fixture_refuse(fixture_of(state), refused, N(refused));
}

static void
test_deep_nesting_is_refused(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    enum { DEPTH = 10000 };
    char *text = arena_alloc(fixture->arena, DEPTH * 7 + 1);
    for (size_t i = 0; i < DEPTH; i++) {
        memcpy(text + 3 * i, "<a>", 3);
        memcpy(text + 3 * DEPTH + 4 * i, "</a>", 4);
    }
    assert_false(import_fixture_text(
        fixture, arena_print(fixture->arena, ONE("<tagline>%s</tagline>"), text)));
    assert_non_null(
        strstr(fixture->faults.rows[0].description, "nested deeper than 64"));
}

/* An element, what the service's JSON has of it (NULL: nothing), and what is told. */
static const struct {
    const char *element;
    const char *json;
    const char *told;
} rows[] = {
    {"<tags>a;b ; c;</tags>", "\"tags\":[\"a\",\"b\",\"c\"]",
     "taken as 3, \"a;b ; c;\""},
    {"<tags><tag>a; b</tag><tag>c</tag></tags>", "\"tags\":[\"a\",\"b\",\"c\"]",
     "taken as 2"},
    {"<tags><tag>a</tag><tag> b </tag></tags>", "\"tags\":[\"a\",\"b\"]", NULL},
    {"<tags/>", NULL, NULL},
    {"<category>A;B</category>", "\"categories\":[\"A\",\"B\"]", "taken as 2"},
    {"<subcategory>A</subcategory><subcategory>B</subcategory>",
     "\"subcategories\":[\"A\",\"B\"]", NULL},
    {"<languages><language>de</language></languages>", "\"languages\":[\"de\"]", NULL},
    {"<places>CH;AT</places>", "\"geographicalAvailabilities\":[\"CH\",\"AT\"]",
     "taken as 2"},
    {"<termsOfUse>https://a.example/x https://a.example/y</termsOfUse>",
     "\"termsOfUse\":\"https://a.example/x\"", "left out: https://a.example/y"},
    {"<termsOfUse>https://a.example/x; http://a.example/y, ftp://a.example/z"
     "</termsOfUse>",
     "\"termsOfUse\":\"https://a.example/x\"",
     "left out: http://a.example/y, ftp://a.example/z"},
    {"<termsOfUse><termOfUse>https://a.example/x</termOfUse>\n<termOfUse>"
     "https://a.example/y</termOfUse></termsOfUse>",
     "\"termsOfUse\":\"https://a.example/x\"", "left out: https://a.example/y"},
    {"<termsOfUse>https://a.example/?to=https://b.example/;x</termsOfUse>",
     "\"termsOfUse\":\"https://a.example/?to=https://b.example/;x\"", NULL},
    {"<url>\n  https://a.example/x\n</url>", "\"webpage\":\"https://a.example/x\"",
     "url has white space around it"},
    {"<url>https://a.exam\xE2\x80\x8Bple/\xC2\xAD</url>",
     "\"webpage\":\"https://a.example/\"", "1 x U+200B, 1 x U+00AD, taken out"},
    {"<url>https://a.example/a b\xC3\xA4</url>",
     "\"webpage\":\"https://a.example/a%20b%C3%A4\"", "no URL as it stands: taken as"},
    {"<url>see https://a.example/</url>", "\"webpage\":\"https://a.example/\"",
     "words before its URL, left out: \"see \""},
    {"<url>our wiki</url>", NULL, "is no URL: left out: \"our wiki\""},
    {"<url>javascript:alert(1)</url>", NULL, "is no URL: left out"},
    {"<url></url>", NULL, NULL},
    {"<multimediaURL>ftp://a.example/</multimediaURL>", NULL, "is no page: left out"},
    {"<multimediaURL>https://a.example/1</multimediaURL><multimediaURL>"
     "https://a.example/2</multimediaURL>",
     "\"multimedia\":[{\"url\":\"https://a.example/1\"},"
     "{\"url\":\"https://a.example/2\"}]",
     NULL},
    {"<helpdesk> desk@a.example </helpdesk>", "\"helpdeskEmail\":\"desk@a.example\"",
     NULL},
    {"<helpdesk>desk@a.exam\xE2\x80\x8Bple</helpdesk>",
     "\"helpdeskEmail\":\"desk@a.example\"", "U+200B, taken out"},
    {"<helpdesk>https://a.example/@desk</helpdesk>",
     "\"helpdeskPage\":\"https://a.example/@desk\"", NULL},
    {"<helpdesk>call us</helpdesk>", NULL, "is no URL: left out: \"call us\""},
    {"<tagline>a\xE2\x80\x8B\xE2\x80\x8B"
     "b</tagline>",
     "\"tagline\":\"a\xE2\x80\x8B\xE2\x80\x8B"
     "b\"",
     "tagline holds characters nobody sees: 2 x U+200B, left as they are"},
    {"<tags>a\xEF\xBB\xBF</tags>", "\"tags\":[\"a\xEF\xBB\xBF\"]",
     "1 x U+FEFF, left as they are"},
    {"<lastUpdate> 2017-02-28 </lastUpdate>", "\"lastUpdate\":\"2017-02-28\"", NULL},
    {"<lastUpdate>2017-02-30</lastUpdate>", NULL, "\"2017-02-30\": no date"},
    {"<lastUpdate>03/04/2017</lastUpdate>", NULL, "\"03/04/2017\": no date"},
    {"<lifeCycleStatus>Alpha</lifeCycleStatus>",
     "\"phase\":\"PRE_PRODUCTION\",\"lifeCycleStatus\":\"Alpha\"", NULL},
    {"<lifeCycleStatus>BETA</lifeCycleStatus>",
     "\"phase\":\"PRE_PRODUCTION\",\"lifeCycleStatus\":\"BETA\"", NULL},
    {"<lifeCycleStatus> production </lifeCycleStatus>",
     "\"phase\":\"PRODUCTION\",\"lifeCycleStatus\":\"production\"", NULL},
    {"<lifeCycleStatus>planned</lifeCycleStatus>",
     "\"phase\":\"FORTHCOMING\",\"lifeCycleStatus\":\"planned\"", NULL},
    {"<lifeCycleStatus>discovery</lifeCycleStatus>",
     "\"phase\":\"FORTHCOMING\",\"lifeCycleStatus\":\"discovery\"", NULL},
    {"<lifeCycleStatus>phase-out</lifeCycleStatus>",
     "\"phase\":\"DEPRECATED\",\"lifeCycleStatus\":\"phase-out\"", NULL},
    {"<lifeCycleStatus>retired</lifeCycleStatus>",
     "\"phase\":\"DECOMMISSIONED\",\"lifeCycleStatus\":\"retired\"", NULL},
    {"<lifeCycleStatus>Mature</lifeCycleStatus>", "\"lifeCycleStatus\":\"Mature\"",
     "\"Mature\", no phase this format knows"},
    {"<price>Free of charge; ask us</price>", "\"pricing\":\"Free of charge; ask us\"",
     NULL},
    {"<funding>National; H2020</funding>",
     "\"fundingPrograms\":[\"National\",\"H2020\"]", "taken as 2"},
    {"<version><![CDATA[1 < 2]]></version>", "\"release\":\"1 < 2\"", NULL},
    {"<colour>blue</colour>", NULL, "nothing here takes colour"},
};

/* All of a service but what every row has. */
static const char *
json_of(struct import_fixture *fixture)
{
    Kontor__V1__Service copy = *fixture->set.services[0];
    copy.id = "";
    copy.name = "";
    copy.provider = "";
    copy.source = NULL;
    return json_print(&copy.base, JSON_COMPACT, fixture->arena);
}

static void
test_each_trap_is_met_and_told(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    for (size_t i = 0; i < N(rows); i++) {
        assert_true(import_fixture_text(
            fixture, arena_print(fixture->arena, ONE("\n%s"), rows[i].element)));
        const char *json = arena_print(fixture->arena, "{%s}",
                                       rows[i].json == NULL ? "" : rows[i].json);
        assert_string_equal(json_of(fixture), json);
        /* That the provider is made from its name is told in every row. */
        bool is_told = rows[i].told == NULL
                           ? fixture->set.n_findings == 1
                           : import_fixture_found(&fixture->set, ":2", rows[i].told);
        if (!is_told) {
            fail_msg("row %zu: %s", i, rows[i].element);
        }
    }
}

/* Each character nobody sees, by its bytes and its name. */
static void
test_every_unseen_character_is_named(void **state)
{
    static const struct {
        const char *bytes;
        const char *name;
    } unseen[] = {
        {"\u200B", "U+200B"}, {"\u200C", "U+200C"}, {"\u200D", "U+200D"},
        {"\u200E", "U+200E"}, {"\u200F", "U+200F"}, {"\u2060", "U+2060"},
        {"\uFEFF", "U+FEFF"}, {"\u00AD", "U+00AD"},
    };
    struct import_fixture *fixture = fixture_of(state);
    for (size_t i = 0; i < N(unseen); i++) {
        assert_true(import_fixture_text(
            fixture, arena_print(fixture->arena,
                                 ONE("<tagline>a%sb</tagline><url>https://a%s.example/"
                                     "</url>"),
                                 unseen[i].bytes, unseen[i].bytes)));
        const Kontor__V1__Service *service = fixture->set.services[0];
        assert_string_equal(service->tagline,
                            arena_print(fixture->arena, "a%sb", unseen[i].bytes));
        assert_string_equal(service->webpage, "https://a.example/");
        assert_true(import_fixture_found(
            &fixture->set, ":1",
            arena_print(fixture->arena, "1 x %s, taken out", unseen[i].name)));
        assert_true(import_fixture_found(
            &fixture->set, ":1",
            arena_print(fixture->arena, "1 x %s, left as they are", unseen[i].name)));
    }
}

/* A relation of the service 1.10 beside 1.20, 1.02 and 2.30, and what is told. */
static const struct {
    const char *element;
    const char *related; /* Local part of the id; NULL: none is. */
    const char *told;
} relations[] = {
    {"<relatedServices><relatedService>2.30</relatedService></relatedServices>", "2.30",
     NULL},
    {"<relatedServices>2.30</relatedServices>", "2.30", NULL},
    {"<relatedServices>2.3\xE2\x80\x8B"
     "0</relatedServices>",
     "2.30", "taken out"},
    {"<relatedServices>2.3</relatedServices>", NULL,
     "proposed is \"2.30\" (Gr\xC3\xBCn Storage); not related"},
    {"<relatedServices>1.2</relatedServices>", NULL,
     "proposed is \"1.20\" (Two) or \"1.02\" (Three); not related"},
    {"<relatedServices>9.9</relatedServices>", NULL, "has the id \"9.9\""},
    {"<relatedServices>grun  STORAGE</relatedServices>", NULL,
     "a relation is a name, \"grun  STORAGE\": proposed is the id \"2.30\""},
    {"<relatedServices>many others</relatedServices>", NULL,
     "is called that: \"many others\"; not related"},
    {"<relatedServices>2.30; Two</relatedServices>", "2.30",
     "a relation is a name, \"Two\": proposed is the id \"1.20\""},
    {"<relatedServices/>", NULL, NULL},
};

static void
test_relations_are_made_of_ids_and_proposed_of_names(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    for (size_t i = 0; i < N(relations); i++) {
        assert_true(import_fixture_text(
            fixture, arena_print(fixture->arena,
                                 "<all>" ONE("%s") NAMED("1.20", "Two",
                                                         "") NAMED("1.02", "Three", "")
                                     NAMED("2.30", "Gr\xC3\xBCn Storage", "") "</all>",
                                 relations[i].element)));
        const Kontor__V1__Service *service = fixture->set.services[0];
        bool is_related = relations[i].related != NULL;
        assert_int_equal(service->n_related_services, is_related);
        if (is_related) {
            assert_string_equal(
                service->related_services[0],
                arena_print(fixture->arena, "alpine/%s", relations[i].related));
        }
        if (relations[i].told != NULL &&
            !import_fixture_found(&fixture->set, ":1", relations[i].told)) {
            fail_msg("row %zu: %s", i, relations[i].element);
        }
    }
}

static void
test_ids_that_differ_in_zeros_are_told(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture, "<all>" ONE("") "\n" NAMED("3.02", "A", "") "\n" NAMED(
                     "3.20", "B", "") "\n" NAMED("3.1", "C", "") "</all>"));
    assert_int_equal(fixture->set.n_services, 4);
    assert_true(import_fixture_found(&fixture->set, ":3",
                                     "its id \"3.20\" and \"3.02\" of \"A\" differ in "
                                     "zeros only"));
    assert_false(import_fixture_found(&fixture->set, ":4", "zeros only"));
    assert_false(import_fixture_found(&fixture->set, ":1", "zeros only"));
}

/* All of thousands would propose nothing. */
static void
test_three_of_many_ids_are_proposed(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture, "<all>" ONE("<relatedServices>4.2</relatedServices>")
                     NAMED("4.02", "A", "") NAMED("4.20", "B", "")
                         NAMED("4.002", "C", "") NAMED("4.200", "D", "") "</all>"));
    assert_true(import_fixture_found(
        &fixture->set, ":1",
        "proposed is \"4.02\" (A) or \"4.20\" (B) or \"4.002\" (C); not related"));
}

/* Relations cross files, in either order. */
static void
test_relations_reach_into_later_files(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *paths[] = {
        real_data_write(ONE("<relatedServices>1.20</relatedServices>"), fixture->arena),
        real_data_write(NAMED("1.20", "Two", "<relatedServices>1.10</relatedServices>"),
                        fixture->arena)};
    bool is_read = import_fixture_read(fixture, paths, 2);
    unlink(paths[0]);
    unlink(paths[1]);
    assert_true(is_read);
    assert_string_equal(fixture->set.services[0]->related_services[0], "alpine/1.20");
    assert_string_equal(fixture->set.services[1]->related_services[0], "alpine/1.10");
    assert_int_equal(fixture->set.n_providers, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_bad_files_are_refused_with_their_place),
        IMPORT_TEST(test_deep_nesting_is_refused),
        IMPORT_TEST(test_each_trap_is_met_and_told),
        IMPORT_TEST(test_every_unseen_character_is_named),
        IMPORT_TEST(test_relations_are_made_of_ids_and_proposed_of_names),
        IMPORT_TEST(test_ids_that_differ_in_zeros_are_told),
        IMPORT_TEST(test_three_of_many_ids_are_proposed),
        IMPORT_TEST(test_relations_reach_into_later_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
