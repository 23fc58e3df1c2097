/*
 * The GOCDB importer: known answers recounted from the raw text by plain scanning,
 * fields compared, and documents that must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/text.h"
#include "tests/tools/real_data.h"
#include "tools/import/import.h"

struct fixture {
    struct arena *arena;
    struct faults faults;
    struct import_set set;
};

static int
start(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    fixture.arena = arena_new();
    fixture.faults.arena = fixture.arena;
    *state = &fixture;
    return 0;
}

static int
stop(void **state)
{
    struct fixture *fixture = *state;
    arena_free(fixture->arena);
    return 0;
}

static bool
import(struct fixture *fixture, const char *const *paths, size_t n_paths)
{
    const struct importer *importer = importer_find("gocdb");
    assert_non_null(importer);
    fixture->faults = (struct faults){.arena = fixture->arena};
    return importer->read(paths, n_paths, "alpine", fixture->arena, &fixture->set,
                          &fixture->faults);
}

static bool
import_text(struct fixture *fixture, const char *text)
{
    const char *path = real_data_write(text, fixture->arena);
    bool is_read = import(fixture, &path, 1);
    unlink(path);
    return is_read;
}

static const char *
import_real(struct fixture *fixture, const char *name)
{
    const char *path = real_data_path(name, fixture->arena);
    if (!import(fixture, &path, 1)) {
        fail_msg("%s: %s", fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
    return (const char *)real_data_read(path, fixture->arena).data;
}

/* The elements <name ...>...</name> of a text, one after the other; NULL at the end. */
static char *
next_element(struct fixture *fixture, const char **text, const char *name)
{
    const char *begin = *text;
    do {
        begin = strstr(begin, arena_print(fixture->arena, "<%s", name));
        if (begin == NULL) {
            return NULL;
        }
        begin += strlen(name) + 1;
    } while (*begin != ' ' && *begin != '>');
    const char *end = strstr(begin, arena_print(fixture->arena, "</%s>", name));
    assert_non_null(end);
    *text = end;
    begin = strchr(begin, '>') + 1;
    return begin > end ? arena_copy(fixture->arena, "")
                       : arena_copy_n(fixture->arena, begin, (size_t)(end - begin));
}

/* The text of the first child of that name, the two entities in use resolved. */
static char *
child(struct fixture *fixture, const char *element, const char *name)
{
    char *text = next_element(fixture, &element, name);
    if (text == NULL) {
        return arena_copy(fixture->arena, "");
    }
    for (char *at = strstr(text, "&amp;"); at != NULL; at = strstr(at + 1, "&amp;")) {
        memmove(at + 1, at + 5, strlen(at + 5) + 1);
    }
    assert_null(strstr(text, "&lt;"));
    return text;
}

/* Which element each field is, written down a second time. */
struct pair {
    const char *element;
    const char *field;
};

static void
compare(struct fixture *fixture, const ProtobufCMessage *message, const char *element,
        const struct pair *pairs, size_t n_pairs)
{
    for (size_t i = 0; i < n_pairs; i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(message->descriptor,
                                                            pairs[i].field);
        assert_non_null(field);
        const char *at = (const char *)message + field->offset;
        const char *raw = child(fixture, element, pairs[i].element);
        if (field->type == PROTOBUF_C_TYPE_BOOL) {
            assert_int_equal(*(const protobuf_c_boolean *)at, strcmp(raw, "Y") == 0);
        } else if (field->type == PROTOBUF_C_TYPE_DOUBLE) {
            assert_true(*(const double *)(const void *)at == strtod(raw, NULL));
        } else {
            assert_string_equal(*(char *const *)(const void *)at, raw);
        }
    }
}

static const struct pair site_pairs[] = {
    {"SHORT_NAME", "short_name"},
    {"OFFICIAL_NAME", "official_name"},
    {"SITE_DESCRIPTION", "description"},
    {"HOME_URL", "home_url"},
    {"COUNTRY", "country"},
    {"ROC", "operator_group"},
    {"PRODUCTION_INFRASTRUCTURE", "infrastructure"},
    {"TIMEZONE", "timezone"},
    {"LATITUDE", "latitude"},
    {"LONGITUDE", "longitude"},
    {"DOMAIN_NAME", "domain"},
    {"IP_RANGE", "ip_range"},
    {"LOCATION", "location"},
    {"TIER", "tier"},
    {"GIIS_URL", "giis_url"},
    {"EMERGENCYTEL", "emergency_phone"},
};

static const struct pair endpoint_pairs[] = {
    {"HOSTNAME", "host"},
    {"SERVICE_TYPE", "type"},
    {"URL", "url"},
    {"DESCRIPTION", "description"},
    {"IN_PRODUCTION", "is_production"},
    {"NODE_MONITORED", "is_monitored"},
    {"BETA", "is_beta"},
    {"CORE", "is_core"},
    {"HOST_IP", "host_ip"},
    {"HOSTDN", "host_dn"},
    {"HOST_OS", "host_os"},
    {"HOST_ARCH", "host_architecture"},
};

static const struct pair contact_pairs[] = {
    {"CONTACT_EMAIL", "email"},
    {"CONTACT_TEL", "phone"},
};

static const struct pair csirt_pairs[] = {
    {"CSIRT_EMAIL", "email"},
    {"CSIRTTEL", "phone"},
};

#define N(pairs) (sizeof(pairs) / sizeof(pairs)[0])

static void
compare_contact(struct fixture *fixture, const Kontor__V1__Contact *contact,
                const char *element, const struct pair *pairs)
{
    if (contact != NULL) {
        compare(fixture, &contact->base, element, pairs, 2);
        return;
    }
    assert_string_equal(child(fixture, element, pairs[0].element), "");
    assert_string_equal(child(fixture, element, pairs[1].element), "");
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

static void
test_18_sites_are_as_in_the_file(void **state)
{
    struct fixture *fixture = *state;
    const char *text = import_real(fixture, "configuration/Sites.xml");
    size_t n = 0;
    for (char *row; (row = next_element(fixture, &text, "SITE")) != NULL; n++) {
        const Kontor__V1__Site *site = fixture->set.sites[n];
        compare(fixture, &site->base, row, site_pairs, N(site_pairs));
        compare_contact(fixture, site->contact, row, contact_pairs);
        compare_contact(fixture, site->security_contact, row, csirt_pairs);
        assert_string_equal(site->source->key, child(fixture, row, "PRIMARY_KEY"));
        assert_int_equal(site->certification, KONTOR__V1__CERTIFICATION__CERTIFIED);
        assert_int_equal(site->n_scopes, 1);
        assert_string_equal(site->scopes[0], child(fixture, row, "SCOPE"));
        assert_string_equal(extension(site, "HELPDESKEMAIL"),
                            child(fixture, row, "HELPDESKEMAIL"));
        assert_string_equal(extension(site, "GOCDB_PORTAL_URL"),
                            child(fixture, row, "GOCDB_PORTAL_URL"));
    }
    assert_int_equal(n, 18);
    assert_int_equal(fixture->set.n_sites, 18);
}

static bool
has_finding(const struct import_set *set, const char *text)
{
    for (size_t i = 0; i < set->n_findings; i++) {
        if (strstr(set->findings[i].text, text) != NULL) {
            return true;
        }
    }
    return false;
}

static void
test_a_key_that_differs_from_its_attribute_is_told(void **state)
{
    struct fixture *fixture = *state;
    import_real(fixture, "configuration/Sites.xml");
    assert_true(has_finding(&fixture->set, "PRIMARY_KEY is 251G0 inside and 481G0"));
}

static void
test_40_endpoints_are_as_in_the_file(void **state)
{
    struct fixture *fixture = *state;
    const char *text = import_real(fixture, "configuration/ServiceEndpoints.xml");
    size_t n = 0;
    for (char *row; (row = next_element(fixture, &text, "SERVICE_ENDPOINT")) != NULL;
         n++) {
        const Kontor__V1__Endpoint *endpoint = fixture->set.endpoints[n];
        compare(fixture, &endpoint->base, row, endpoint_pairs, N(endpoint_pairs));
        assert_string_equal(endpoint->id,
                            arena_print(fixture->arena, "alpine/%s",
                                        child(fixture, row, "PRIMARY_KEY")));
        assert_string_equal(endpoint->scopes[0], child(fixture, row, "SCOPE"));
    }
    assert_int_equal(n, 40);
    assert_int_equal(fixture->set.n_endpoints, 40);
}

static void
test_all_40_endpoints_join_the_18_sites(void **state)
{
    struct fixture *fixture = *state;
    const char *paths[] = {
        real_data_path("configuration/ServiceEndpoints.xml", fixture->arena),
        real_data_path("configuration/Sites.xml", fixture->arena),
    };
    assert_true(import(fixture, paths, 2));
    bool is_used[18] = {false};
    size_t n_joined = 0;
    for (size_t i = 0; i < fixture->set.n_endpoints; i++) {
        for (size_t j = 0; j < fixture->set.n_sites; j++) {
            bool is_same =
                strcmp(fixture->set.endpoints[i]->site, fixture->set.sites[j]->id) == 0;
            n_joined += is_same;
            is_used[j] |= is_same;
        }
    }
    assert_int_equal(n_joined, 40);
    for (size_t j = 0; j < 18; j++) {
        assert_true(is_used[j]);
    }
    assert_false(has_finding(&fixture->set, "not among the sites"));
}

static Kontor__V1__Downtime *
downtime_of(struct fixture *fixture, const char *key)
{
    const char *id = arena_print(fixture->arena, "alpine/%s", key);
    for (size_t i = 0; i < fixture->set.n_downtimes; i++) {
        if (strcmp(fixture->set.downtimes[i]->id, id) == 0) {
            return fixture->set.downtimes[i];
        }
    }
    return NULL;
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

static void
test_40_rows_are_35_downtimes(void **state)
{
    struct fixture *fixture = *state;
    const char *text = import_real(fixture, "configuration/Downtimes.xml");
    size_t n_rows = 0;
    for (char *row; (row = next_element(fixture, &text, "DOWNTIME")) != NULL;
         n_rows++) {
        Kontor__V1__Downtime *downtime =
            downtime_of(fixture, child(fixture, row, "PRIMARY_KEY"));
        assert_non_null(downtime);
        assert_true(is_affected(downtime, child(fixture, row, "HOSTED_BY"),
                                child(fixture, row, "HOSTNAME"),
                                child(fixture, row, "SERVICE_TYPE")));
        assert_string_equal(downtime->description, child(fixture, row, "DESCRIPTION"));
        assert_int_equal(downtime->declared_at->seconds,
                         atoll(child(fixture, row, "INSERT_DATE")));
        assert_int_equal(downtime->start_at->seconds,
                         atoll(child(fixture, row, "START_DATE")));
        assert_int_equal(downtime->end_at->seconds,
                         atoll(child(fixture, row, "END_DATE")));
        assert_int_equal(downtime->severity == KONTOR__V1__SEVERITY__OUTAGE,
                         strcmp(child(fixture, row, "SEVERITY"), "OUTAGE") == 0);
    }
    assert_int_equal(n_rows, 40);
    assert_int_equal(fixture->set.n_downtimes, 35);
}

static void
test_downtimes_are_classified_at_their_declaration(void **state)
{
    struct fixture *fixture = *state;
    import_real(fixture, "configuration/Downtimes.xml");
    size_t n_scheduled = 0;
    size_t n_outages = 0;
    size_t n_affected = 0;
    int64_t seconds = 0;
    int64_t row_seconds = 0;
    for (size_t i = 0; i < fixture->set.n_downtimes; i++) {
        const Kontor__V1__Downtime *downtime = fixture->set.downtimes[i];
        int64_t length = downtime->end_at->seconds - downtime->start_at->seconds;
        n_scheduled +=
            downtime->classification == KONTOR__V1__CLASSIFICATION__SCHEDULED;
        n_outages += downtime->severity == KONTOR__V1__SEVERITY__OUTAGE;
        n_affected += downtime->n_affected;
        seconds += length;
        row_seconds += length * (int64_t)downtime->n_affected;
    }
    assert_int_equal(n_scheduled, 22);
    assert_int_equal(n_outages, 31);
    assert_int_equal(n_affected, 40);
    /* 1,471.5 hours and, summed over the rows, 1,596.8: both to a tenth. */
    assert_int_equal((seconds + 180) / 360, 14715);
    assert_int_equal((row_seconds + 180) / 360, 15968);
    /* The source's own classification agrees on every row. */
    assert_false(has_finding(&fixture->set, "by its dates"));
}

#define ROW(extra)                                                                     \
    "<results><DOWNTIME PRIMARY_KEY='1G0' CLASSIFICATION='SCHEDULED'>"                 \
    "<DESCRIPTION>d</DESCRIPTION>" extra "</DOWNTIME></results>"

static const struct {
    const char *text;
    const char *place;
    const char *reason;
} refused[] = {
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
    {"<results><SITE><SHORT_NAME>a</SHORT_NAME></SITE></results>", ":1",
     "no PRIMARY_KEY"},
    {"<results><SITE PRIMARY_KEY='1'/></results>", ":1", "without SHORT_NAME"},
    {"<results>\n<SITE PRIMARY_KEY='1'><SHORT_NAME>a</SHORT_NAME>\n"
     "<LATITUDE>north</LATITUDE></SITE></results>",
     ":3", "a number"},
    {"<results><SITE PRIMARY_KEY='1'><SHORT_NAME>a</SHORT_NAME>"
     "<LONGITUDE>nan</LONGITUDE></SITE></results>",
     ":1", "a number"},
    {"<results><SITE PRIMARY_KEY='1'><SHORT_NAME>a</SHORT_NAME>"
     "<CERTIFICATION_STATUS>Maybe</CERTIFICATION_STATUS></SITE></results>",
     ":1", "Candidate, Uncertified"},
    {"<results><SITE PRIMARY_KEY='1'><SHORT_NAME>a</SHORT_NAME><EXTENSIONS><EXTENSION>"
     "<KEY>k</KEY></EXTENSION></EXTENSIONS></SITE></results>",
     ":1", "without KEY or VALUE"},
    {"<results><SERVICE_ENDPOINT PRIMARY_KEY='1'/></results>", ":1",
     "without SITENAME"},
    {"<results><SERVICE_ENDPOINT PRIMARY_KEY='1'><SITENAME>a</SITENAME><BETA>maybe"
     "</BETA></SERVICE_ENDPOINT></results>",
     ":1", "Y or N"},
    {ROW("<SEVERITY>BAD</SEVERITY>"), ":1", "OUTAGE or WARNING"},
    {ROW("<INSERT_DATE>1</INSERT_DATE>"), ":1", "without INSERT_DATE or START_DATE"},
    {ROW("<START_DATE>tomorrow</START_DATE>"), ":1", "seconds since 1970"},
    {ROW("<START_DATE>99999999999999999999</START_DATE>"), ":1", "seconds since 1970"},
};

static void
test_bad_files_are_refused_with_their_place(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < N(refused); i++) {
        if (import_text(fixture, refused[i].text)) {
            fail_msg("row %zu was taken", i);
        }
        bool is_told = false;
        for (size_t j = 0; j < fixture->faults.n_rows; j++) {
            const struct fault *fault = &fixture->faults.rows[j];
            is_told |= strstr(fault->path, refused[i].place) != NULL &&
                       strstr(fault->description, refused[i].reason) != NULL;
        }
        if (!is_told) {
            fail_msg("row %zu: %s: %s", i, fixture->faults.rows[0].path,
                     fixture->faults.rows[0].description);
        }
    }
}

static void
test_deep_nesting_is_refused(void **state)
{
    struct fixture *fixture = *state;
    enum { DEPTH = 10000 };
    char *text = arena_alloc(fixture->arena, DEPTH * 7 + 1);
    for (size_t i = 0; i < DEPTH; i++) {
        memcpy(text + 3 * i, "<a>", 3);
        memcpy(text + 3 * DEPTH + 4 * i, "</a>", 4);
    }
    assert_false(import_text(fixture, text));
}

static void
test_todays_rendering_is_read_too(void **state)
{
    struct fixture *fixture = *state;
    assert_true(import_text(
        fixture,
        "<results><SITE ID='1' PRIMARY_KEY='1G0' NAME='a b'><SHORT_NAME>a "
        "b</SHORT_NAME>"
        "<NOTIFICATIONS>TRUE</NOTIFICATIONS><SCOPES><SCOPE>X</SCOPE><SCOPE>Y</SCOPE>"
        "</SCOPES><EXTENSIONS><EXTENSION><LOCAL_ID>1</LOCAL_ID><KEY>k</KEY>"
        "<VALUE>v</VALUE></EXTENSION></EXTENSIONS><NEW>thing</NEW></SITE>"
        "<SERVICE_ENDPOINT PRIMARY_KEY='2G0'><SITENAME>a b</SITENAME><ENDPOINTS>"
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
    assert_true(has_finding(&fixture->set, "nothing here takes NEW"));
    assert_true(has_finding(&fixture->set, "an element meta is not read"));
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
    struct fixture *fixture = *state;
    assert_true(import_text(fixture,
                            "<results>" NESTED("1G0", "SCHEDULED", "OUTAGE")
                                NESTED("1G0", "UNSCHEDULED", "WARNING") "</results>"));
    assert_int_equal(fixture->set.n_downtimes, 1);
    const Kontor__V1__Downtime *downtime = fixture->set.downtimes[0];
    /* Exactly a day ahead is not more than a day ahead. */
    assert_int_equal(downtime->classification, KONTOR__V1__CLASSIFICATION__UNSCHEDULED);
    assert_int_equal(downtime->severity, KONTOR__V1__SEVERITY__OUTAGE);
    assert_int_equal(downtime->n_affected, 2);
    assert_true(is_affected(downtime, "s", "h", "t"));
    assert_true(has_finding(&fixture->set, "by its dates it is UNSCHEDULED"));
    assert_true(has_finding(&fixture->set, "differs from an earlier row"));
}

static void
test_an_endpoint_without_its_site_is_told(void **state)
{
    struct fixture *fixture = *state;
    assert_true(import_text(
        fixture, "<results><SITE PRIMARY_KEY='1'><SHORT_NAME>a</SHORT_NAME></SITE>"
                 "<SERVICE_ENDPOINT PRIMARY_KEY='2'><SITENAME>b</SITENAME>"
                 "</SERVICE_ENDPOINT></results>"));
    assert_true(has_finding(&fixture->set, "not among the sites"));
}

static void
test_masks_name_fields_and_leave_certification_alone(void **state)
{
    struct fixture *fixture = *state;
    assert_true(import_text(fixture, "<results/>"));
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_18_sites_are_as_in_the_file),
        TEST(test_a_key_that_differs_from_its_attribute_is_told),
        TEST(test_40_endpoints_are_as_in_the_file),
        TEST(test_all_40_endpoints_join_the_18_sites),
        TEST(test_40_rows_are_35_downtimes),
        TEST(test_downtimes_are_classified_at_their_declaration),
        TEST(test_bad_files_are_refused_with_their_place),
        TEST(test_deep_nesting_is_refused),
        TEST(test_todays_rendering_is_read_too),
        TEST(test_odd_downtimes_are_told),
        TEST(test_an_endpoint_without_its_site_is_told),
        TEST(test_masks_name_fields_and_leave_certification_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
