/*
 * The GOCDB importer on documents that must be refused, or taken with something told
 * about them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/tools/import_fixture.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "gocdb";
    return fixture;
}

static const char *
extension(const Kontor__V1__Site *site, const char *key)
{
    for (size_t i = 0; i < site->n_extensions; i++) {
        if (strcmp(site->extensions[i]->key, key) == 0) {
            return site->extensions[i]->value;
        }
    }
    return "";
}

static bool
is_affected(const Kontor__V1__Downtime *downtime, const char *site, const char *host,
            const char *type)
{
    for (size_t i = 0; i < downtime->n_affected; i++) {
        const Kontor__V1__Affected *affected = downtime->affected[i];
        if (strcmp(affected->site, site) == 0 && strcmp(affected->host, host) == 0 &&
            strcmp(affected->type, type) == 0) {
            return true;
        }
    }
    return false;
}

#define ROW(extra)                                                                     \
    "<results><DOWNTIME PRIMARY_KEY='1G0' CLASSIFICATION='SCHEDULED'>"                 \
    "<DESCRIPTION>d</DESCRIPTION>" extra "</DOWNTIME></results>"

static const struct import_refusal refused[] = {
    {"", "", "not XML"},
    {"<results><SITE>", ":1", "not XML"},
    {"<results>\n<SITE></results>", ":2", "not XML"},
    {"<error>Unsupported parameter: x</error>", "", "Unsupported parameter: x"},
    {"<?xml version='1.0'?><!DOCTYPE results [<!ENTITY a 'aaaa'><!ENTITY b "
     "'&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>"
     "<results>&c;</results>",
     "", "a document type or entities"},
    {"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><results>&x;</results>", "",
     "a document type or entities"},
    {"<!DOCTYPE results SYSTEM 'http://127.0.0.1:1/x.dtd'><results/>", "",
     "a document type or entities"},
    {"<results>&undeclared;</results>", ":1", "not XML"},
    {"<results>\n<SITE PRIMARY_KEY='1'><SHORT_NAME>a</SHORT_NAME>\n"
     "<LATITUDE>north</LATITUDE></SITE></results>",
     ":3", "a number"},
    {"<results><SITE PRIMARY_KEY='1'><SHORT_NAME>a</SHORT_NAME>"
     "<LONGITUDE>nan</LONGITUDE></SITE></results>",
     ":1", "a number"},
    {"<results><SITE PRIMARY_KEY='1'><SHORT_NAME>a</SHORT_NAME>"
     "<CERTIFICATION_STATUS>Maybe</CERTIFICATION_STATUS></SITE></results>",
     ":1", "Candidate, Uncertified"},
    {"<results><SERVICE_ENDPOINT PRIMARY_KEY='1'><SITENAME>a</SITENAME><BETA>maybe"
     "</BETA></SERVICE_ENDPOINT></results>",
     ":1", "Y or N"},
    {ROW("<SEVERITY>BAD</SEVERITY>"), ":1", "OUTAGE or WARNING"},
    {ROW("<START_DATE>tomorrow</START_DATE>"), ":1", "seconds since 1970"},
    {ROW("<START_DATE>99999999999999999999</START_DATE>"), ":1", "seconds since 1970"},
};

static void
test_bad_files_are_refused_with_their_place(void **state)
{
    import_fixture_refuse(fixture_of(state), refused,
                          sizeof refused / sizeof refused[0]);
}

#define GOOD_SITE "<SITE PRIMARY_KEY='9'><SHORT_NAME>good</SHORT_NAME></SITE>"
#define SERVICE(host, type, site)                                                      \
    "<SERVICE_ENDPOINT PRIMARY_KEY='1'>" host type site "</SERVICE_ENDPOINT>"
#define HOST "<HOSTNAME>h</HOSTNAME>"
#define TYPE "<SERVICE_TYPE>t</SERVICE_TYPE>"
#define AT "<SITENAME>s</SITENAME>"
#define DOWN(middle)                                                                   \
    "<DOWNTIME PRIMARY_KEY='1'><SEVERITY>OUTAGE</SEVERITY><DESCRIPTION>d"              \
    "</DESCRIPTION>" middle "</DOWNTIME>"
#define BEGIN "<INSERT_DATE>0</INSERT_DATE><START_DATE>86400</START_DATE>"
#define END "<END_DATE>90000</END_DATE>"

/* What is missing is no reason to refuse the file, and nothing is guessed instead. */
static const struct {
    const char *element;
    const char *said;
} missing[] = {
    {"<SITE><SHORT_NAME>a</SHORT_NAME></SITE>", "a SITE without PRIMARY_KEY"},
    {"<SITE PRIMARY_KEY='1'/>", "SITE 1 without SHORT_NAME"},
    {"<SITE PRIMARY_KEY='1'><SHORT_NAME> \n</SHORT_NAME></SITE>",
     "SITE 1 without SHORT_NAME"},
    {SERVICE("<HOSTNAME/>", TYPE, AT), "SERVICE_ENDPOINT 1 without HOSTNAME"},
    {SERVICE("", TYPE, AT), "SERVICE_ENDPOINT 1 without HOSTNAME"},
    {SERVICE(HOST, "", AT), "SERVICE_ENDPOINT 1 without SERVICE_TYPE"},
    {SERVICE(HOST, TYPE, "<SITENAME></SITENAME>"),
     "SERVICE_ENDPOINT 1 without SITENAME"},
    {"<SERVICE_GROUP PRIMARY_KEY='1'/>", "SERVICE_GROUP 1 without NAME"},
    {DOWN(BEGIN END "<HOSTNAME/>" TYPE "<HOSTED_BY>s</HOSTED_BY>"),
     "DOWNTIME 1 without HOSTNAME"},
    {DOWN(BEGIN END "<HOSTED_BY>s</HOSTED_BY>"), "DOWNTIME 1 without HOSTNAME"},
    {DOWN(BEGIN END "<SERVICES/>"), "DOWNTIME 1 without a SERVICE"},
    {DOWN(BEGIN END "<SERVICES><SERVICE><HOSTED_BY>s</HOSTED_BY></SERVICE>"
                    "</SERVICES>"),
     "SERVICE of a downtime without HOSTNAME"},
    {DOWN("<INSERT_DATE>1</INSERT_DATE>" END HOST), "DOWNTIME 1 without START_DATE"},
    {DOWN(BEGIN HOST), "DOWNTIME 1 without END_DATE"},
    {"<DOWNTIME PRIMARY_KEY='1'>" HOST BEGIN END "</DOWNTIME>",
     "DOWNTIME 1 without SEVERITY"},
    {"<DOWNTIME PRIMARY_KEY='1'><SEVERITY/>" HOST BEGIN END "</DOWNTIME>",
     "DOWNTIME 1 without SEVERITY"},
    {DOWN("<INSERT_DATE/><START_DATE/>" END HOST), "DOWNTIME 1 without INSERT_DATE"},
    {"<result><SITE>s</SITE><UNIX_TIME/><NEW_STATUS>Closed</NEW_STATUS></result>",
     "result of a certification without UNIX_TIME"},
    {"<result><SITE>s</SITE><UNIX_TIME>1</UNIX_TIME><NEW_STATUS/></result>",
     "result of a certification without NEW_STATUS"},
    {"<result><SITE>s</SITE><NEW_STATUS>Closed</NEW_STATUS></result>",
     "result of a certification without UNIX_TIME"},
    {"<result><UNIX_TIME>1</UNIX_TIME><NEW_STATUS>Closed</NEW_STATUS></result>",
     "without SITE"},
    {"<SERVICE_TYPE TYPE_ID='1'><SERVICE_TYPE_NAME/></SERVICE_TYPE>",
     "without SERVICE_TYPE_NAME"},
};

static void
test_what_is_missing_is_told_and_left_out(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    for (size_t i = 0; i < N(missing); i++) {
        if (!import_fixture_text(fixture,
                                 arena_print(fixture->arena,
                                             "<results>\n%s" GOOD_SITE "</results>",
                                             missing[i].element))) {
            fail_msg("row %zu: %s", i, fixture->faults.rows[0].description);
        }
        const struct import_set *set = &fixture->set;
        if (!import_fixture_found(set, ":2", missing[i].said)) {
            fail_msg("row %zu was not told: %s", i, missing[i].said);
        }
        assert_int_equal(set->n_sites, 1);
        assert_int_equal(set->n_endpoints + set->n_groups + set->n_downtimes +
                             set->n_certification_changes + set->n_vocabularies,
                         0);
    }
}

/* What is empty is as what is not there. */
static void
test_what_is_empty_is_not_said(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture, "<results><SITE PRIMARY_KEY='1'><SHORT_NAME>a</SHORT_NAME><LATITUDE/>"
                 "<LONGITUDE></LONGITUDE><CERTIFICATION_STATUS/></SITE>"
                 "<result><SITE>a</SITE><UNIX_TIME>1</UNIX_TIME><OLD_STATUS/>"
                 "<NEW_STATUS>Candidate</NEW_STATUS></result></results>"));
    const Kontor__V1__Site *site = fixture->set.sites[0];
    assert_int_equal(site->_latitude_case, KONTOR__V1__SITE___LATITUDE__NOT_SET);
    assert_int_equal(site->_longitude_case, KONTOR__V1__SITE___LONGITUDE__NOT_SET);
    assert_int_equal(site->certification,
                     KONTOR__V1__CERTIFICATION__CERTIFICATION_UNSPECIFIED);
    assert_int_equal(fixture->set.certification_changes[0]->from,
                     KONTOR__V1__CERTIFICATION__CERTIFICATION_UNSPECIFIED);
}

/* Wherever something is looked for, the first is found; that there is another is told.
 */
static void
test_of_what_is_there_twice_the_first_counts(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture,
        "<results><SITE PRIMARY_KEY='1'><SHORT_NAME>a</SHORT_NAME><SHORT_NAME/>"
        "<TIER>1</TIER>\n<TIER>2</TIER><SUBGRID>s</SUBGRID><SUBGRID>t</SUBGRID>"
        "<EXTENSIONS><EXTENSION><KEY>k</KEY><VALUE>v</VALUE></EXTENSION>"
        "<EXTENSION><KEY>k</KEY><VALUE>w</VALUE></EXTENSION></EXTENSIONS>"
        "</SITE></results>"));
    const Kontor__V1__Site *site = fixture->set.sites[0];
    assert_string_equal(site->short_name, "a");
    assert_string_equal(site->tier, "1");
    assert_int_equal(site->n_extensions, 2);
    assert_string_equal(extension(site, "k"), "v");
    assert_string_equal(extension(site, "SUBGRID"), "s");
    assert_true(import_fixture_found(&fixture->set, ":2", "TIER is there twice"));
    assert_true(import_fixture_found(&fixture->set, "", "SHORT_NAME is there twice"));
    assert_true(
        import_fixture_found(&fixture->set, "", "an extension k is there twice"));
    assert_true(
        import_fixture_found(&fixture->set, "", "an extension SUBGRID is there twice"));
}

/* A part that is missing leaves out the part. */
static void
test_a_part_that_is_missing_leaves_the_rest(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture,
        "<results>" DOWN(BEGIN END
                         "<SERVICES><SERVICE>" TYPE "</SERVICE><SERVICE>" HOST
                         "</SERVICE></SERVICES>") "<SITE PRIMARY_KEY='1'><SHORT_NAME>a"
                                                  "</SHORT_NAME><EXTENSIONS>"
                                                  "<EXTENSION><KEY>k</KEY></EXTENSION>"
                                                  "<EXTENSION><KEY>l</KEY><VALUE/>"
                                                  "</EXTENSION></EXTENSIONS></SITE>"
                                                  "<SERVICE_GROUP PRIMARY_KEY='2'>"
                                                  "<NAME>g</NAME><SERVICE_ENDPOINT/>"
                                                  "</SERVICE_GROUP></results>"));
    assert_int_equal(fixture->set.downtimes[0]->n_affected, 1);
    assert_string_equal(fixture->set.downtimes[0]->affected[0]->host, "h");
    assert_int_equal(fixture->set.sites[0]->n_extensions, 1);
    assert_int_equal(fixture->set.groups[0]->n_endpoints, 0);
    assert_true(import_fixture_found(&fixture->set, "", "without KEY or VALUE"));
    assert_true(import_fixture_found(&fixture->set, "",
                                     "SERVICE_ENDPOINT without PRIMARY_KEY"));
}

#define MEMBER(key, host, site)                                                        \
    "<SERVICE_ENDPOINT PRIMARY_KEY='" key "'><HOSTNAME>" host                          \
    "</HOSTNAME><SERVICE_TYPE>t</SERVICE_TYPE>" site "</SERVICE_ENDPOINT>"
#define AT "<SITENAME>s</SITENAME>"

/* By its key, else as the one of its host and type; where several are, nobody knows
 * which. What DPMT says whole is an endpoint, and known to the next group. */
static void
test_a_member_is_found_by_host_and_type_where_it_is_the_one(void **state)
{
    static const char *const members[] = {"alpine/1",  "alpine/1", "alpine/x2",
                                          "alpine/x4", "alpine/5", "alpine/5"};
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture,
        "<results>" MEMBER("1", "one", AT) MEMBER("2", "two", AT) MEMBER(
            "3", "two",
            AT) "<SERVICE_GROUP PRIMARY_KEY='9'><NAME>g</NAME>" MEMBER("1", "other", "")
            MEMBER("x1", "one", "") MEMBER("x2", "two", "") MEMBER("x4", "four", "")
                MEMBER("5", "five", AT)
                    MEMBER("x5", "five", "") "</SERVICE_GROUP></results>"));
    const Kontor__V1__Group *group = fixture->set.groups[0];
    assert_int_equal(group->n_endpoints, sizeof members / sizeof members[0]);
    for (size_t i = 0; i < group->n_endpoints; i++) {
        assert_string_equal(group->endpoints[i], members[i]);
    }
    assert_int_equal(fixture->set.n_endpoints, 4);
}

static void
test_todays_rendering_is_read_too(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture,
        "<results><SITE ID='1' PRIMARY_KEY='1G0' NAME='a b'><SHORT_NAME>a "
        "b</SHORT_NAME>"
        "<NOTIFICATIONS>TRUE</NOTIFICATIONS><SCOPES><SCOPE>X</SCOPE><SCOPE>Y</SCOPE>"
        "</SCOPES><EXTENSIONS><EXTENSION><LOCAL_ID>1</LOCAL_ID><KEY>k</KEY>"
        "<VALUE>v</VALUE></EXTENSION></EXTENSIONS><NEW>thing</NEW></SITE>"
        "<SERVICE_ENDPOINT PRIMARY_KEY='2G0'><SITENAME>a b</SITENAME>"
        "<HOSTNAME>h</HOSTNAME><SERVICE_TYPE>t</SERVICE_TYPE><ENDPOINTS>"
        "<ENDPOINT><ID>3</ID><NAME>n</NAME><URL>u</URL><INTERFACENAME>i</INTERFACENAME>"
        "</ENDPOINT></ENDPOINTS></SERVICE_ENDPOINT><meta/></results>"));
    const Kontor__V1__Site *site = fixture->set.sites[0];
    assert_string_equal(site->id, "alpine/a~20b");
    assert_int_equal(site->n_scopes, 2);
    assert_string_equal(site->scopes[1], "Y");
    assert_string_equal(extension(site, "NOTIFICATIONS"), "TRUE");
    assert_string_equal(extension(site, "k"), "v");
    assert_string_equal(fixture->set.endpoints[0]->site, site->id);
    assert_string_equal(fixture->set.endpoints[0]->interfaces[0]->interface_name, "i");
    assert_true(import_fixture_found(&fixture->set, "", "nothing here takes NEW"));
    assert_true(import_fixture_found(&fixture->set, "", "an element meta is not read"));
}

#define NESTED(key, classification, severity)                                          \
    "<DOWNTIME PRIMARY_KEY='" key "' CLASSIFICATION='" classification "'>"             \
    "<SEVERITY>" severity "</SEVERITY><DESCRIPTION>d</DESCRIPTION>"                    \
    "<INSERT_DATE>0</INSERT_DATE><START_DATE>86400</START_DATE>"                       \
    "<END_DATE>90000</END_DATE><SERVICES><SERVICE><HOSTED_BY>s</HOSTED_BY>"            \
    "<HOSTNAME>h</HOSTNAME><SERVICE_TYPE>t</SERVICE_TYPE></SERVICE></SERVICES>"        \
    "</DOWNTIME>"

static void
test_odd_downtimes_are_told(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture, "<results>" NESTED("1G0", "SCHEDULED", "OUTAGE")
                     NESTED("1G0", "UNSCHEDULED", "WARNING") "</results>"));
    assert_int_equal(fixture->set.n_downtimes, 1);
    const Kontor__V1__Downtime *downtime = fixture->set.downtimes[0];
    /* Exactly a day ahead is not more than a day ahead. */
    assert_int_equal(downtime->classification, KONTOR__V1__CLASSIFICATION__UNSCHEDULED);
    assert_int_equal(downtime->severity, KONTOR__V1__SEVERITY__OUTAGE);
    /* Named twice it is hit once. */
    assert_int_equal(downtime->n_affected, 1);
    assert_true(is_affected(downtime, "s", "h", "t"));
    assert_true(
        import_fixture_found(&fixture->set, "", "by its dates it is UNSCHEDULED"));
    assert_true(import_fixture_found(&fixture->set, "", "differs from an earlier row"));
}

static void
test_an_endpoint_without_its_site_is_told(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture, "<results><SITE PRIMARY_KEY='1'><SHORT_NAME>a</SHORT_NAME></SITE>"
                 "<SERVICE_ENDPOINT PRIMARY_KEY='2'><SITENAME>b</SITENAME>"
                 "<HOSTNAME>h</HOSTNAME><SERVICE_TYPE>t</SERVICE_TYPE>"
                 "</SERVICE_ENDPOINT></results>"));
    assert_true(import_fixture_found(&fixture->set, "", "not among the sites"));
}

static void
test_masks_name_fields_and_leave_certification_alone(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(fixture, "<results/>"));
    const struct {
        const Google__Protobuf__FieldMask *mask;
        const ProtobufCMessageDescriptor *descriptor;
    } rows[] = {
        {fixture->set.site_fields, &kontor__v1__site__descriptor},
        {fixture->set.endpoint_fields, &kontor__v1__endpoint__descriptor},
        {fixture->set.downtime_fields, &kontor__v1__downtime__descriptor},
    };
    for (size_t i = 0; i < N(rows); i++) {
        assert_true(rows[i].mask->n_paths >= 6);
        for (size_t j = 0; j < rows[i].mask->n_paths; j++) {
            assert_string_not_equal(rows[i].mask->paths[j], "certification");
            assert_non_null(protobuf_c_message_descriptor_get_field_by_name(
                rows[i].descriptor, rows[i].mask->paths[j]));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_bad_files_are_refused_with_their_place),
        IMPORT_TEST(test_what_is_missing_is_told_and_left_out),
        IMPORT_TEST(test_what_is_empty_is_not_said),
        IMPORT_TEST(test_of_what_is_there_twice_the_first_counts),
        IMPORT_TEST(test_a_part_that_is_missing_leaves_the_rest),
        IMPORT_TEST(test_a_member_is_found_by_host_and_type_where_it_is_the_one),
        IMPORT_TEST(test_todays_rendering_is_read_too),
        IMPORT_TEST(test_odd_downtimes_are_told),
        IMPORT_TEST(test_an_endpoint_without_its_site_is_told),
        IMPORT_TEST(test_masks_name_fields_and_leave_certification_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
