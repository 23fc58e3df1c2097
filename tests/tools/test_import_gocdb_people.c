/*
 * Personal names, addresses and subjects of people's certificates: taken out of what
 * GOCDB says before anything leaves the command line, unless they are to be kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/json.h"
#include "tests/tools/import_fixture.h"
#include "tools/import/gocdb.h"
#include "tools/import/kind.h"
#include "tools/import/walk.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])

/* Reads files as the command line does. */
static const struct import_set *
read_files(struct import_fixture *fixture, const char *const *paths, size_t n_paths,
           bool keeps_names)
{
    struct import_set *part = arena_alloc(fixture->arena, sizeof *part);
    struct import_walk *walk =
        import_walk_open(importer_find("gocdb"), paths, n_paths, "alpine",
                         fixture->arena, &fixture->faults);
    if (keeps_names) {
        import_walk_keep_names(walk);
    }
    assert_true(import_walk_next(walk, fixture->arena, part));
    import_walk_again(walk);
    assert_true(import_walk_next(walk, fixture->arena, part));
    import_walk_close(walk);
    return part;
}

static const struct import_set *
read_text(struct import_fixture *fixture, const char *text, bool keeps_names)
{
    const char *path = real_data_write(text, fixture->arena);
    const struct import_set *set = read_files(fixture, &path, 1, keeps_names);
    remove(path);
    return set;
}

/* All records of a set, as they go to the broker. */
static const char *
everything(struct import_fixture *fixture, const struct import_set *set)
{
    const char *all = "";
    for (size_t i = 0; i < IMPORT_KINDS; i++) {
        size_t n;
        ProtobufCMessage **records = import_kind_records(set, &import_kinds[i], &n);
        for (size_t j = 0; j < n; j++) {
            all = arena_print(fixture->arena, "%s%s\n", all,
                              json_print(records[j], JSON_COMPACT, fixture->arena));
        }
    }
    return all;
}

/* Everything a person is known by stands in one of these, and a role or a host in the
 * rest. */
static const char town[] =
    "<results><SITE PRIMARY_KEY='1'><SHORT_NAME>hall</SHORT_NAME>"
    "<CONTACT_EMAIL>ada@alpine.example</CONTACT_EMAIL><CONTACT_TEL>+41-1</CONTACT_TEL>"
    "<CSIRT_EMAIL>bob@alpine.example</CSIRT_EMAIL><CSIRTTEL>+41-2</CSIRTTEL>"
    "<EMERGENCYTEL>+41-3</EMERGENCYTEL><ALARM_EMAIL>cyd@alpine.example</ALARM_EMAIL>"
    "<HELPDESKEMAIL>dan@alpine.example</HELPDESKEMAIL>"
    "<SITE_DESCRIPTION>Ask eve.x+y@alpine.example. Or call.</SITE_DESCRIPTION>"
    "<EXTENSIONS><EXTENSION><KEY>manager</KEY><VALUE>/C=CH/O=Alpine/CN=Fay Example"
    "/emailAddress=fay@alpine.example</VALUE></EXTENSION></EXTENSIONS></SITE>"
    "<SERVICE_ENDPOINT PRIMARY_KEY='2'><HOSTNAME>a1.alpine.example</HOSTNAME>"
    "<SERVICE_TYPE>t</SERVICE_TYPE><SITENAME>hall</SITENAME>"
    "<CONTACT_EMAIL>gus@alpine.example</CONTACT_EMAIL>"
    "<HOSTDN>/C=CH/O=Alpine/CN=Hal Example</HOSTDN>"
    "<DESCRIPTION>run by (CN=Ida Example, O=Alpine), host CN=a1.alpine.example here"
    "</DESCRIPTION></SERVICE_ENDPOINT>"
    "<SERVICE_ENDPOINT PRIMARY_KEY='3'><HOSTNAME>a2.alpine.example</HOSTNAME>"
    "<SERVICE_TYPE>t</SERVICE_TYPE><SITENAME>hall</SITENAME>"
    "<HOSTDN>/C=CH/O=Alpine/CN=host/a2.alpine.example</HOSTDN></SERVICE_ENDPOINT>"
    "<SERVICE_GROUP PRIMARY_KEY='4'><NAME>g</NAME>"
    "<CONTACT_EMAIL>jan@alpine.example</CONTACT_EMAIL>"
    "<DESCRIPTION>of kim@alpine.example</DESCRIPTION></SERVICE_GROUP>"
    "<DOWNTIME PRIMARY_KEY='5'><HOSTNAME>a1.alpine.example</HOSTNAME>"
    "<SEVERITY>OUTAGE</SEVERITY><DESCRIPTION>see leo@alpine.example</DESCRIPTION>"
    "<INSERT_DATE>0</INSERT_DATE><START_DATE>1</START_DATE><END_DATE>2</END_DATE>"
    "</DOWNTIME><result><SITE>hall</SITE><UNIX_TIME>1</UNIX_TIME>"
    "<NEW_STATUS>Candidate</NEW_STATUS><CHANGED_BY>/C=CH/CN=mia example</CHANGED_BY>"
    "<COMMENT>mia example and Noa Example agreed</COMMENT></result>"
    "<result><SITE>hall</SITE><UNIX_TIME>2</UNIX_TIME>"
    "<OLD_STATUS>Candidate</OLD_STATUS><NEW_STATUS>Uncertified</NEW_STATUS>"
    "<CHANGED_BY>Noa Example</CHANGED_BY>"
    "<COMMENT>Noa Examples stay, as does aNoa Example</COMMENT></result></results>";

static const char *const personal[] = {
    "ada@",
    "+41-1",
    "bob@",
    "+41-2",
    "+41-3",
    "cyd@",
    "dan@",
    "eve.x",
    "Fay",
    "fay@",
    "gus@",
    "Hal",
    "Ida",
    "jan@",
    "kim@",
    "leo@",
    "mia",
    "Noa Example agreed",
    "\"Noa Example\"",
};

static const char *const impersonal[] = {
    "Ask [redacted]. Or call.",
    "/C=CH/O=Alpine/CN=[redacted]/emailAddress=[redacted]",
    "run by (CN=[redacted], O=Alpine), host CN=a1.alpine.example here",
    "/C=CH/O=Alpine/CN=host/a2.alpine.example",
    "[redacted] and [redacted] agreed",
    "Noa Examples stay, as does aNoa Example",
};

static void
test_people_are_taken_out(void **state)
{
    struct import_fixture *fixture = *state;
    const char *kept = everything(fixture, read_text(fixture, town, true));
    const char *clean = everything(fixture, read_text(fixture, town, false));
    for (size_t i = 0; i < N(personal); i++) {
        if (strstr(kept, personal[i]) == NULL) {
            fail_msg("%s is not there when it is to be kept", personal[i]);
        }
        if (strstr(clean, personal[i]) != NULL) {
            fail_msg("%s is still there: %s", personal[i], clean);
        }
    }
    for (size_t i = 0; i < N(impersonal); i++) {
        if (strstr(clean, impersonal[i]) == NULL) {
            fail_msg("not found: %s in %s", impersonal[i], clean);
        }
    }
    assert_null(strstr(kept, "[redacted]"));
}

static void
test_what_is_taken_out_is_told_and_counted(void **state)
{
    struct import_fixture *fixture = *state;
    const struct import_set *set = read_text(fixture, town, false);
    assert_true(import_fixture_found(set, "people", "7 addresses and telephone"));
    assert_true(import_fixture_found(set, "people", "1 subjects of certificates"));
    assert_true(import_fixture_found(set, "people", "2 names of who changed"));
    assert_true(import_fixture_found(set, "people", "6 texts"));
    set = read_text(fixture, town, true);
    assert_false(import_fixture_found(set, "people", ""));
}

static bool
is_owned(const Google__Protobuf__FieldMask *mask, const char *field)
{
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (strcmp(mask->paths[i], field) == 0) {
            return true;
        }
    }
    return false;
}

/* What was put in by hand is not emptied by an import that takes no contacts. */
static void
test_what_is_taken_out_is_not_owned(void **state)
{
    struct import_fixture *fixture = *state;
    for (int keeps = 0; keeps < 2; keeps++) {
        const struct import_set *set = read_text(fixture, town, keeps == 1);
        const bool is_kept[] = {
            is_owned(set->site_fields, "contacts"),
            is_owned(set->endpoint_fields, "contact"),
            is_owned(set->group_fields, "contact"),
            is_owned(set->certification_change_fields, "changed_by")};
        for (size_t i = 0; i < N(is_kept); i++) {
            assert_int_equal(is_kept[i], keeps);
        }
        assert_true(is_owned(set->site_fields, "description"));
        assert_true(is_owned(set->endpoint_fields, "host_dn"));
    }
}

/* Of the real files: no address, no telephone number, nobody who changed a
 * certification; and every subject of a host, which all of theirs are. */
static void
test_the_real_files_name_nobody(void **state)
{
    static const char *const names[] = {"configuration/Sites.xml",
                                        "configuration/ServiceEndpoints.xml",
                                        "configuration/ServiceGroups.xml",
                                        "configuration/Downtimes.xml",
                                        "configuration/CertStatusChanges.xml",
                                        "configuration/dpmt-service_group.xml"};
    struct import_fixture *fixture = *state;
    const char *paths[N(names)];
    size_t n_subjects = 0;
    for (size_t i = 0; i < N(names); i++) {
        paths[i] = real_data_path(names[i], fixture->arena);
    }
    const struct import_set *set = read_files(fixture, paths, N(paths), false);
    const char *all = everything(fixture, set);
    assert_null(strchr(all, '@'));
    assert_null(strstr(all, "user-0"));
    assert_null(strstr(all, "\"phone\""));
    assert_null(strstr(all, "contacts"));
    for (size_t i = 0; i < set->n_endpoints; i++) {
        n_subjects += set->endpoints[i]->host_dn[0] != '\0';
    }
    assert_int_equal(n_subjects, 9);
    all = everything(fixture, read_files(fixture, paths, N(paths), true));
    assert_non_null(strchr(all, '@'));
    assert_non_null(strstr(all, "user-001"));
}

/* In capitals, in quotes, behind a title, and addresses beyond ASCII. */
static void
test_a_name_is_found_however_it_is_written(void **state)
{
    static const char *const ways[] = {"'Ada Lovelace'",
                                       "-Ada Lovelace",
                                       "Dr.Ada Lovelace",
                                       "ADA LOVELACE",
                                       "\"ada lovelace\"",
                                       "/C=CH/cn=Ada Lovelace",
                                       "Ada\xc2\xa0Lovelace",
                                       "Ada%20Lovelace",
                                       "ada%40lovelace.example",
                                       "A\xcc\x81\x64\x61 Lovelace",
                                       "ren\xc3\xa9@lovelace.example"};
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(ways); i++) {
        const char *text = arena_print(
            fixture->arena,
            "<results><SITE PRIMARY_KEY='1'><SHORT_NAME>hall</SHORT_NAME>"
            "<SITE_DESCRIPTION>ask %s, there</SITE_DESCRIPTION></SITE>"
            "<result><SITE>hall</SITE><UNIX_TIME>1</UNIX_TIME>"
            "<NEW_STATUS>Candidate</NEW_STATUS><CHANGED_BY>/CN=Ada Lovelace"
            "</CHANGED_BY><COMMENT>so %s, said</COMMENT></result></results>",
            ways[i], ways[i]);
        const char *all = everything(fixture, read_text(fixture, text, false));
        assert_null(strcasestr(all, "lovelace"));
        /* What cannot be taken out of its code goes with it. */
        if (strchr(ways[i], '%') == NULL) {
            assert_non_null(strstr(all, "there"));
            assert_non_null(strstr(all, "said"));
        }
    }
}

/* Of a certificate that is somebody's nothing stays, and whom it names is known. */
static void
test_subjects_of_people_are_not_taken(void **state)
{
    static const char *const subjects[] = {
        "/C=CH/O=People/CN=ada.lovelace", "/C=CH/CN=Ada Lovelace/CN=a.alpine.example",
        "/C=CH/UID=alovelace/CN=a.alpine.example/CN=Ada Lovelace"};
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(subjects); i++) {
        const char *text = arena_print(
            fixture->arena,
            "<results><SERVICE_ENDPOINT PRIMARY_KEY='2'><HOSTNAME>a.alpine.example"
            "</HOSTNAME><SERVICE_TYPE>t</SERVICE_TYPE><SITENAME>hall</SITENAME>"
            "<HOSTDN>%s</HOSTDN><DESCRIPTION>%s%s, %s</DESCRIPTION></SERVICE_ENDPOINT>"
            "</results>",
            subjects[i], i == 0 ? "" : "ask Ada Lovelace", ", see", subjects[i]);
        const struct import_set *set = read_text(fixture, text, false);
        assert_string_equal(set->endpoints[0]->host_dn, "");
        assert_null(strcasestr(set->endpoints[0]->description, "ada"));
        assert_non_null(strstr(set->endpoints[0]->description, ", see"));
    }
}

static const char *
site_of(struct arena *arena, const char *inner)
{
    return arena_print(arena,
                       "<results><SITE PRIMARY_KEY='1'><SHORT_NAME>hall</SHORT_NAME>%s"
                       "</SITE></results>",
                       inner);
}

/* By what they are called, as their values may be anything. */
static void
test_extensions_that_reach_somebody_are_not_taken(void **state)
{
    static const struct {
        const char *key;
        bool is_taken;
    } rows[] = {
        {"CONTACT_TEL", false},
        {"helpdesk-email", false},
        {"securityContact", false},
        {"EmergencyTel", false},
        {"CSIRTTEL", false},
        {"mobile.phone", false},
        {"ada@x.example", false},
        {"INTEL_CPUS", true},
        {"hotel", true},
        {"webmail", true},
        {"emailing", true},
        {"MAIL_SERVER", true},
        {"MOBILE_APP", true},
        {"site_voicemail", true},
        {"contactless", true},
        {"VOICEMAIL", true},
        {"TEL_2", false},
        {"PHONE_NUMBER", false},
        {"contactPerson", false},
        {"HOST_NAME", true},
        {"CONTACT_URL", true},
        {"email", false},
        {"PHONE_NUMBER_PLAN", true},
    };
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(rows); i++) {
        const char *text = site_of(
            fixture->arena,
            arena_print(fixture->arena,
                        "<EXTENSIONS><EXTENSION><KEY>%s</KEY><VALUE>5550101</VALUE>"
                        "</EXTENSION></EXTENSIONS>",
                        rows[i].key));
        const char *all = everything(fixture, read_text(fixture, text, false));
        assert_int_equal(strstr(all, "5550101") != NULL, rows[i].is_taken);
    }
}

/* Whatever its key is called, no value has an address. */
static void
test_values_of_other_extensions_are_cleaned(void **state)
{
    struct import_fixture *fixture = *state;
    const struct import_set *set =
        read_text(fixture,
                  site_of(fixture->arena, "<EXTENSIONS><EXTENSION><KEY>MAIL_SERVER"
                                          "</KEY><VALUE>mx of ada@alpine.example"
                                          "</VALUE></EXTENSION></EXTENSIONS>"),
                  false);
    assert_int_equal(set->sites[0]->n_extensions, 1);
    assert_string_equal(set->sites[0]->extensions[0]->value, "mx of [redacted]");
}

/* Half a URL is none; what was read says how many were not taken. */
static void
test_urls_that_name_somebody_are_not_taken(void **state)
{
    struct import_fixture *fixture = *state;
    const char *text = site_of(
        fixture->arena, "<HOME_URL>mailto:ada@alpine.example</HOME_URL>"
                        "<GIIS_URL>https://alpine.example/?u=ada%40alpine.example"
                        "</GIIS_URL>");
    const struct import_set *set = read_text(fixture, text, false);
    assert_string_equal(set->sites[0]->home_url, "");
    assert_string_equal(set->sites[0]->giis_url, "");
    assert_true(import_fixture_found(set, "people", "2 URLs that name somebody"));
    set = read_text(fixture, text, true);
    assert_string_equal(set->sites[0]->home_url, "mailto:ada@alpine.example");
}

/* No two groups have one name. */
static void
test_groups_called_after_people_stay_apart(void **state)
{
    struct import_fixture *fixture = *state;
    const struct import_set *set = read_text(
        fixture,
        "<results><SERVICE_GROUP PRIMARY_KEY='1'><NAME>of ada@alpine.example</NAME>"
        "</SERVICE_GROUP><SERVICE_GROUP PRIMARY_KEY='2'><NAME>of bob@alpine.example"
        "</NAME></SERVICE_GROUP><SERVICE_GROUP PRIMARY_KEY='3'><NAME>all</NAME>"
        "</SERVICE_GROUP></results>",
        false);
    assert_string_equal(set->groups[0]->name, "of [redacted] 1");
    assert_string_equal(set->groups[1]->name, "of [redacted] 2");
    assert_string_equal(set->groups[2]->name, "all");
}

/* Telephone numbers of the records themselves are known in texts, too. */
static void
test_a_number_is_found_in_a_text(void **state)
{
    struct import_fixture *fixture = *state;
    const struct import_set *set = read_text(
        fixture,
        site_of(fixture->arena, "<CONTACT_TEL>+41-5550101</CONTACT_TEL>"
                                "<SITE_DESCRIPTION>at +41-5550101, or +41-555010199"
                                "</SITE_DESCRIPTION>"),
        false);
    assert_string_equal(set->sites[0]->description, "at [redacted], or +41-555010199");
}

/* What nothing takes is told by its name: nobody knows what it says. */
static void
test_what_is_not_known_is_told_by_its_name(void **state)
{
    struct import_fixture *fixture = *state;
    const struct import_set *set = read_text(
        fixture, site_of(fixture->arena, "<MANAGER>Ada Lovelace</MANAGER>"), true);
    assert_true(import_fixture_found(set, "", "nothing here takes MANAGER"));
    assert_false(import_fixture_found(set, "", "Ada"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_a_name_is_found_however_it_is_written),
        IMPORT_TEST(test_people_are_taken_out),
        IMPORT_TEST(test_what_is_taken_out_is_told_and_counted),
        IMPORT_TEST(test_what_is_taken_out_is_not_owned),
        IMPORT_TEST(test_the_real_files_name_nobody),
        IMPORT_TEST(test_subjects_of_people_are_not_taken),
        IMPORT_TEST(test_extensions_that_reach_somebody_are_not_taken),
        IMPORT_TEST(test_values_of_other_extensions_are_cleaned),
        IMPORT_TEST(test_urls_that_name_somebody_are_not_taken),
        IMPORT_TEST(test_groups_called_after_people_stay_apart),
        IMPORT_TEST(test_a_number_is_found_in_a_text),
        IMPORT_TEST(test_what_is_not_known_is_told_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
