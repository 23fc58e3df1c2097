/*
 * The GOCDB importer on the real documents: known answers recounted from the raw text
 * by plain scanning, fields compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/tools/import_fixture.h"

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "gocdb";
    return fixture;
}

/* The elements <name ...>...</name> of a text, one after the other; NULL at the end. */
static char *
next_element(struct import_fixture *fixture, const char **text, const char *name)
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
child(struct import_fixture *fixture, const char *element, const char *name)
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

/* A URL as it has to be written; one of the real ones has spaces. */
static const char *
without_spaces(struct import_fixture *fixture, const char *url)
{
    const char *space = strchr(url, ' ');
    if (space == NULL) {
        return url;
    }
    const char *rest = without_spaces(fixture, space + 1);
    return arena_print(fixture->arena, "%.*s%%20%s", (int)(space - url), url, rest);
}

static void
compare(struct import_fixture *fixture, const ProtobufCMessage *message,
        const char *element, const struct pair *pairs, size_t n_pairs)
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
        } else if (strstr(pairs[i].element, "URL") != NULL) {
            assert_string_equal(*(char *const *)(const void *)at,
                                without_spaces(fixture, raw));
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
compare_contact(struct import_fixture *fixture, const Kontor__V1__Contact *contact,
                const char *element, const struct pair *pairs)
{
    if (contact != NULL) {
        compare(fixture, &contact->base, element, pairs, 2);
        return;
    }
    assert_string_equal(child(fixture, element, pairs[0].element), "");
    assert_string_equal(child(fixture, element, pairs[1].element), "");
}

static const Kontor__V1__Contact *
contact_for(const Kontor__V1__Site *site, const char *role)
{
    for (size_t i = 0; i < site->n_contacts; i++) {
        if (strcmp(site->contacts[i]->role, role) == 0) {
            return site->contacts[i]->contact;
        }
    }
    return NULL;
}

/* One of a role that is known by one thing only. */
static const char *
known_for(const Kontor__V1__Site *site, const char *role)
{
    const Kontor__V1__Contact *contact = contact_for(site, role);
    if (contact == NULL) {
        return "";
    }
    return contact->phone[0] != '\0' ? contact->phone : contact->email;
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

static const char *
email_of(const Kontor__V1__OperatorGroup *group, const char *role)
{
    for (size_t i = 0; i < group->n_contacts; i++) {
        if (strcmp(group->contacts[i]->role, role) == 0) {
            return group->contacts[i]->contact->email;
        }
    }
    return "";
}

/* One of them has its address behind the element that is for it. */
static void
test_3_initiatives_are_as_in_the_file(void **state)
{
    static const struct pair roles[] = {{"EMAIL", "general"},
                                        {"ROD_EMAIL", "operations"},
                                        {"HELPDESK_EMAIL", "helpdesk"},
                                        {"SECURITY_EMAIL", "security"}};
    struct import_fixture *fixture = fixture_of(state);
    const char *text =
        (const char *)import_fixture_real(fixture, "configuration/NGIs.xml").data;
    size_t n = 0;
    for (char *row; (row = next_element(fixture, &text, "NGI")) != NULL; n++) {
        const Kontor__V1__OperatorGroup *group = fixture->set.operator_groups[n];
        assert_string_equal(group->name, child(fixture, row, "NAME"));
        assert_string_equal(group->description, child(fixture, row, "DESCRIPTION"));
        assert_string_equal(group->source->key, child(fixture, row, "PRIMARY_KEY"));
        for (size_t i = 0; i < N(roles); i++) {
            bool is_there = strstr(row, arena_print(fixture->arena, "<%s>",
                                                    roles[i].element)) != NULL;
            assert_string_equal(email_of(group, roles[i].field),
                                is_there ? child(fixture, row, roles[i].element) : "");
        }
    }
    assert_int_equal(n, 3);
    assert_int_equal(fixture->set.n_operator_groups, 3);
    assert_true(
        import_fixture_found(&fixture->set, "", "a text stands between its elements"));
}

static void
test_18_sites_are_as_in_the_file(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *text =
        (const char *)import_fixture_real(fixture, "configuration/Sites.xml").data;
    size_t n = 0;
    for (char *row; (row = next_element(fixture, &text, "SITE")) != NULL; n++) {
        const Kontor__V1__Site *site = fixture->set.sites[n];
        compare(fixture, &site->base, row, site_pairs, N(site_pairs));
        compare_contact(fixture, contact_for(site, "general"), row, contact_pairs);
        compare_contact(fixture, contact_for(site, "security"), row, csirt_pairs);
        assert_string_equal(known_for(site, "emergency"),
                            child(fixture, row, "EMERGENCYTEL"));
        assert_string_equal(known_for(site, "helpdesk"),
                            child(fixture, row, "HELPDESKEMAIL"));
        assert_string_equal(site->source->key, child(fixture, row, "PRIMARY_KEY"));
        assert_int_equal(site->certification, KONTOR__V1__CERTIFICATION__CERTIFIED);
        assert_int_equal(site->n_scopes, 1);
        assert_string_equal(site->scopes[0], child(fixture, row, "SCOPE"));
        assert_string_equal(extension(site, "GOCDB_PORTAL_URL"),
                            child(fixture, row, "GOCDB_PORTAL_URL"));
    }
    assert_int_equal(n, 18);
    assert_int_equal(fixture->set.n_sites, 18);
}

static void
test_a_key_that_differs_from_its_attribute_is_told(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    import_fixture_real(fixture, "configuration/Sites.xml");
    assert_true(import_fixture_found(&fixture->set, "",
                                     "PRIMARY_KEY is 251G0 inside and 481G0"));
}

static void
test_40_endpoints_are_as_in_the_file(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *text =
        (const char *)import_fixture_real(fixture, "configuration/ServiceEndpoints.xml")
            .data;
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
    assert_true(import_fixture_found(&fixture->set, ":146", "no URL as it stands"));
}

static void
test_all_40_endpoints_join_the_18_sites(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *paths[] = {
        real_data_path("configuration/ServiceEndpoints.xml", fixture->arena),
        real_data_path("configuration/Sites.xml", fixture->arena),
    };
    assert_true(import_fixture_read(fixture, paths, 2));
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
    assert_false(import_fixture_found(&fixture->set, "", "not among the sites"));
}

static void
test_all_46_members_of_7_groups_join_the_endpoints(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *paths[] = {
        real_data_path("configuration/ServiceGroups.xml", fixture->arena),
        real_data_path("configuration/ServiceEndpoints.xml", fixture->arena),
    };
    size_t n_members = 0, n_joined = 0;
    assert_true(import_fixture_read(fixture, paths, 2));
    assert_int_equal(fixture->set.n_groups, 7);
    assert_int_equal(fixture->set.n_endpoints, 40);
    for (size_t i = 0; i < fixture->set.n_groups; i++) {
        const Kontor__V1__Group *group = fixture->set.groups[i];
        n_members += group->n_endpoints;
        for (size_t j = 0; j < group->n_endpoints; j++) {
            for (size_t k = 0; k < fixture->set.n_endpoints; k++) {
                n_joined +=
                    strcmp(group->endpoints[j], fixture->set.endpoints[k]->id) == 0;
            }
        }
    }
    assert_int_equal(n_members, 46);
    assert_int_equal(n_joined, 46);
    assert_string_equal(fixture->set.groups[0]->name, "SERVICE_GROUP_1");
    assert_true(fixture->set.groups[0]->is_monitored);
}

/* DPMT answers as GOCDB does, and says all of an endpoint within its group. */
static void
test_groups_of_dpmt_bring_their_endpoints(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    import_fixture_real(fixture, "configuration/dpmt-service_group.xml");
    assert_int_equal(fixture->set.n_groups, 2);
    assert_true(fixture->set.n_endpoints > 0);
    const Kontor__V1__Endpoint *endpoint = fixture->set.endpoints[0];
    assert_string_equal(fixture->set.groups[0]->endpoints[0], endpoint->id);
    assert_string_equal(endpoint->host, "b2find.eudat.eu");
    assert_string_equal(endpoint->type, "b2find.ckan");
    assert_string_equal(endpoint->site, "alpine/DKRZ");
    assert_true(endpoint->is_monitored);
    assert_false(fixture->set.groups[0]->is_monitored);
}

/* What a status is called in the file. */
static const char *
status_text(Kontor__V1__Certification status)
{
    static const char *const texts[] = {"",          "Candidate", "Uncertified",
                                        "Certified", "Suspended", "Closed"};
    return texts[status];
}

static void
test_583_changes_are_as_in_the_file(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *text = (const char *)import_fixture_real(
                           fixture, "configuration/CertStatusChanges.xml")
                           .data;
    size_t n = 0;
    for (char *row; (row = next_element(fixture, &text, "result")) != NULL; n++) {
        const Kontor__V1__CertificationChange *change =
            fixture->set.certification_changes[n];
        const char *at =
            arena_print(fixture->arena, "%lld", (long long)change->changed_at->seconds);
        assert_string_equal(status_text(change->from),
                            child(fixture, row, "OLD_STATUS"));
        assert_string_equal(status_text(change->to), child(fixture, row, "NEW_STATUS"));
        assert_string_equal(at, child(fixture, row, "UNIX_TIME"));
        bool has_reason = strstr(row, "<COMMENT />") == NULL;
        assert_string_equal(change->reason,
                            has_reason ? child(fixture, row, "COMMENT") : "");
        assert_string_equal(change->changed_by, child(fixture, row, "CHANGED_BY"));
        for (size_t i = 0; i < n; i++) {
            assert_string_not_equal(change->id,
                                    fixture->set.certification_changes[i]->id);
        }
    }
    assert_int_equal(n, 583);
    assert_int_equal(fixture->set.n_certification_changes, 583);
}

static Kontor__V1__Downtime *
downtime_of(struct import_fixture *fixture, const char *key)
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
    struct import_fixture *fixture = fixture_of(state);
    const char *text =
        (const char *)import_fixture_real(fixture, "configuration/Downtimes.xml").data;
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
    struct import_fixture *fixture = fixture_of(state);
    import_fixture_real(fixture, "configuration/Downtimes.xml");
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
    assert_false(import_fixture_found(&fixture->set, "", "by its dates"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_3_initiatives_are_as_in_the_file),
        IMPORT_TEST(test_18_sites_are_as_in_the_file),
        IMPORT_TEST(test_a_key_that_differs_from_its_attribute_is_told),
        IMPORT_TEST(test_40_endpoints_are_as_in_the_file),
        IMPORT_TEST(test_all_40_endpoints_join_the_18_sites),
        IMPORT_TEST(test_all_46_members_of_7_groups_join_the_endpoints),
        IMPORT_TEST(test_groups_of_dpmt_bring_their_endpoints),
        IMPORT_TEST(test_583_changes_are_as_in_the_file),
        IMPORT_TEST(test_40_rows_are_35_downtimes),
        IMPORT_TEST(test_downtimes_are_classified_at_their_declaration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
