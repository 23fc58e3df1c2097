/*
 * What GOCDB cannot say of a record is told: every field comes back, or somebody was
 * told that it does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/tools/gocdb_fixture.h"
#include "tests/tools/message_fill.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])

/* What is set must have come back, be told, or be the broker's own. Answers how many
 * fields came back. */
static size_t
compare(struct import_fixture *fixture, const struct export_result *lost,
        const ProtobufCMessage *sent, const ProtobufCMessage *back)
{
    size_t n_back = 0;
    const char *id = ((const Kontor__V1__Site *)sent)->id;
    assert_non_null(back);
    for (unsigned i = 0; i < sent->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &sent->descriptor->fields[i];
        struct bytes before = export_fixture_field(sent, field, fixture->arena);
        struct bytes after = export_fixture_field(back, field, fixture->arena);
        bool is_same = before.size == after.size &&
                       memcmp(before.data, after.data, before.size) == 0;
        n_back += is_same && before.size > 0;
        if (!is_same && !import_is_brokers(field->name) &&
            strcmp(field->name, "is_override") != 0 &&
            !export_fixture_lost(lost, id, field->name)) {
            fail_msg("%s of %s came back as something else, and nobody was told",
                     field->name, id);
        }
    }
    return n_back;
}

/* Each kind of record filled with everything, by its descriptor: a new field of ours
 * shows up here. */
static void
test_every_field_comes_back_or_is_told(void **state)
{
    static const char *const none[] = {"instances", NULL};
    struct import_fixture *fixture = *state;
    struct arena *arena = fixture->arena;
    Kontor__V1__Site *site = (Kontor__V1__Site *)message_fill(
        &kontor__v1__site__descriptor, NULL, none, arena);
    Kontor__V1__OperatorGroup *ngi = (Kontor__V1__OperatorGroup *)message_fill(
        &kontor__v1__operator_group__descriptor, NULL, none, arena);
    Kontor__V1__Endpoint *endpoint = (Kontor__V1__Endpoint *)message_fill(
        &kontor__v1__endpoint__descriptor, NULL, none, arena);
    Kontor__V1__Group *group = (Kontor__V1__Group *)message_fill(
        &kontor__v1__group__descriptor, NULL, none, arena);
    Kontor__V1__Downtime *downtime = (Kontor__V1__Downtime *)message_fill(
        &kontor__v1__downtime__descriptor, NULL, none, arena);
    Kontor__V1__CertificationChange *change =
        (Kontor__V1__CertificationChange *)message_fill(
            &kontor__v1__certification_change__descriptor, NULL, none, arena);
    Kontor__V1__Vocabulary *types = (Kontor__V1__Vocabulary *)message_fill(
        &kontor__v1__vocabulary__descriptor, NULL, none, arena);
    site->short_name = strchr(site->id, '/') + 1; /* What ids are made of. */
    endpoint->site = site->id;
    types->id = (char *)(uintptr_t) "alpine/SERVICE_TYPE";
    group->endpoints[0] = endpoint->id;
    group->n_endpoints = 1;
    site->certification = KONTOR__V1__CERTIFICATION__SUSPENDED;
    downtime->is_cancelled = false;
    downtime->instances = &site->official_name; /* No text obeys a rule of two ids. */
    downtime->n_instances = 1;
    downtime->declared_at->seconds = downtime->start_at->seconds - 10 * 86400;
    downtime->classification = KONTOR__V1__CLASSIFICATION__SCHEDULED;
    downtime->end_at->seconds = downtime->start_at->seconds + 3600;
    struct gocdb_world world = {.registry = "alpine",
                                .operator_groups = &ngi,
                                .n_operator_groups = 1,
                                .sites = &site,
                                .n_sites = 1,
                                .changes = &change,
                                .n_changes = 1,
                                .endpoints = &endpoint,
                                .n_endpoints = 1,
                                .groups = &group,
                                .n_groups = 1,
                                .downtimes = &downtime,
                                .n_downtimes = 1,
                                .types = types};
    struct gocdb_world back = gocdb_fixture_back(fixture, &world);
    const struct {
        const char *document;
        const ProtobufCMessage *sent, *back;
    } rows[] = {
        {"get_ngi", &ngi->base,
         back.n_operator_groups == 1 ? &back.operator_groups[0]->base : NULL},
        {"get_site", &site->base, back.n_sites == 1 ? &back.sites[0]->base : NULL},
        {"get_service", &endpoint->base,
         back.n_endpoints == 1 ? &back.endpoints[0]->base : NULL},
        {"get_service_group", &group->base,
         back.n_groups == 1 ? &back.groups[0]->base : NULL},
        {"get_downtime", &downtime->base,
         back.n_downtimes == 1 ? &back.downtimes[0]->base : NULL},
        {"get_cert_status_changes", &change->base,
         back.n_changes == 1 ? &back.changes[0]->base : NULL},
        {"get_service_types", &types->base,
         back.types == NULL ? NULL : &back.types->base},
    };
    size_t n_back = 0;
    for (size_t i = 0; i < N(rows); i++) {
        struct export_result lost =
            gocdb_fixture_lost(fixture, rows[i].document, &world);
        n_back += compare(fixture, &lost, rows[i].sent, rows[i].back);
    }
    assert_true(n_back >= 45);
}

/* Records made here that say only what GOCDB can say lose nothing, not even their ids.
 */
static void
test_records_made_here_come_back_with_their_ids(void **state)
{
    static const char json[] =
        "{\"sites\": [{\"id\": \"alpine/H~20all\", \"short_name\": \"H all\","
        " \"contacts\": [{\"role\": \"general\", \"contact\":"
        " {\"email\": \"desk@alpine.example\", \"phone\": \"1\"}}],"
        " \"certification\": \"CERTIFIED\"}],"
        "\"endpoints\": [{\"id\": \"alpine/e~C3~A9\", \"site\": \"alpine/H~20all\","
        " \"host\": \"h\", \"type\": \"t\", \"is_production\": true}],"
        "\"groups\": [{\"id\": \"alpine/g-1\", \"name\": \"g\","
        " \"endpoints\": [\"alpine/e~C3~A9\"]}],"
        "\"downtimes\": [{\"id\": \"alpine/d-1\", \"severity\": \"OUTAGE\","
        " \"description\": \"d\", \"start_at\": \"2026-12-01T00:00:00Z\","
        " \"end_at\": \"2026-12-02T00:00:00Z\","
        " \"declared_at\": \"2026-11-01T00:00:00Z\", \"classification\": \"SCHEDULED\","
        " \"affected\": [{\"site\": \"H all\", \"host\": \"h\", \"type\": \"t\"}]}],"
        "\"certification_changes\": [{\"id\": "
        "\"alpine/certification-0123456789abcdef\","
        " \"site\": \"alpine/H~20all\", \"from\": \"CANDIDATE\", \"to\": "
        "\"UNCERTIFIED\","
        " \"changed_at\": \"2026-11-01T00:00:00Z\", \"reason\": \"r\","
        " \"changed_by\": \"alpine/cert\"}]}";
    struct import_fixture *fixture = *state;
    struct gocdb_world world = gocdb_fixture_of(fixture, json);
    for (const struct gocdb_document *row = gocdb_documents; row->name != NULL; row++) {
        struct export_result lost = gocdb_fixture_lost(fixture, row->name, &world);
        if (lost.n_losses > 0) {
            fail_msg("%s: %s %s", lost.losses[0].id, lost.losses[0].path,
                     lost.losses[0].text);
        }
    }
    struct gocdb_world back = gocdb_fixture_back(fixture, &world);
    assert_string_equal(back.sites[0]->id, world.sites[0]->id);
    assert_string_equal(back.endpoints[0]->id, world.endpoints[0]->id);
    assert_string_equal(back.groups[0]->id, world.groups[0]->id);
    assert_string_equal(back.groups[0]->endpoints[0], world.endpoints[0]->id);
    assert_string_equal(back.downtimes[0]->id, world.downtimes[0]->id);
    assert_string_equal(back.changes[0]->id, world.changes[0]->id);
    assert_string_equal(back.changes[0]->changed_by, "alpine/cert");
}

static void
test_what_is_left_out_is_told(void **state)
{
    static const char json[] =
        "{\"sites\": [{\"id\": \"alpine/one\", \"short_name\": \"other\","
        " \"certification\": \"CLOSED\", \"description\": \"a\\u0001b\","
        " \"contacts\": [{\"role\": \"helpdesk\", \"contact\": {\"phone\": \"1\"}},"
        "{\"role\": \"emergency\", \"contact\": {\"name\": \"n\", \"phone\": \"2\"}},"
        "{\"role\": \"emergency\", \"contact\": {\"phone\": \"3\"}}]}],"
        "\"endpoints\": [{\"id\": \"alpine/e\", \"site\": \"alpine/one\", \"host\": "
        "\"h\","
        " \"type\": \"t\"}],"
        "\"groups\": [{\"id\": \"alpine/g\", \"name\": \"g\","
        " \"endpoints\": [\"alpine/e\", \"alpine/gone\"]}],"
        "\"downtimes\": ["
        "{\"id\": \"alpine/d-1\", \"severity\": \"OUTAGE\", \"description\": \"d\","
        " \"start_at\": \"2026-12-01T00:00:00.5Z\", \"end_at\": "
        "\"2026-12-02T00:00:00Z\","
        " \"affected\": [{\"site\": \"s\", \"host\": \"h\", \"type\": \"t\"}],"
        " \"is_cancelled\": true},"
        "{\"id\": \"alpine/d-2\", \"severity\": \"OUTAGE\", \"description\": \"d\","
        " \"start_at\": \"2026-12-01T00:00:00Z\", \"end_at\": \"2026-12-02T00:00:00Z\","
        " \"instances\": [\"alpine/i\"]},"
        "{\"id\": \"alpine/d-3\", \"severity\": \"OUTAGE\", \"description\": \"d\","
        " \"start_at\": \"2026-12-01T00:00:00Z\", \"end_at\": \"2026-12-02T00:00:00Z\","
        " \"affected\": [{\"site\": \"s\", \"host\": \"h\", \"type\": \"t\","
        " \"end_at\": \"2026-12-01T06:00:00Z\"}]}],"
        "\"certification_changes\": [{\"id\": \"alpine/c\", \"site\": \"alpine/one\","
        " \"to\": \"CERTIFIED\", \"changed_at\": \"2026-11-01T00:00:00Z\"}]}";
    static const struct {
        const char *document, *id, *path, *text;
    } rows[] = {
        {"get_site", "alpine/one", "id", "comes back as alpine/other"},
        {"get_site", "alpine/one", "description", "XML cannot carry"},
        {"get_service", "alpine/e", "id", "its site is closed"},
        {"get_service", "alpine/e", "site", "comes back as alpine/other"},
        {"get_service_group", "alpine/g", "endpoints[0]", "its site is closed"},
        {"get_service_group", "alpine/g", "endpoints[1]", "alpine/gone is left out"},
        {"get_downtime", "alpine/d-1", "is_cancelled", "left out"},
        {"get_downtime", "alpine/d-1", "start_at", "to the second"},
        {"get_downtime", "alpine/d-2", "affected", "no service"},
        {"get_downtime", "alpine/d-2", "instances", "no place"},
        {"get_downtime_nested_services", "alpine/d-3", "end_at", "behind the end"},
        {"get_cert_status_changes", "alpine/c", "from", "how a site begins"},
    };
    struct import_fixture *fixture = *state;
    struct gocdb_world world = gocdb_fixture_of(fixture, json);
    for (size_t i = 0; i < N(rows); i++) {
        struct export_result lost =
            gocdb_fixture_lost(fixture, rows[i].document, &world);
        if (strstr(gocdb_fixture_loss(&lost, rows[i].id, rows[i].path), rows[i].text) ==
            NULL) {
            fail_msg("%s %s: not told: %s", rows[i].id, rows[i].path, rows[i].text);
        }
    }
    /* Whom to ask for what GOCDB has no word for, or a second one, and what more is
     * known of somebody. */
    static const char *const contacts[] = {"contacts[0]", "contacts[1].contact.name",
                                           "contacts[2]"};
    struct export_result of_site = gocdb_fixture_lost(fixture, "get_site", &world);
    size_t n_lost = 0;
    for (size_t i = 0; i < of_site.n_losses; i++) {
        bool is_of_contacts = strncmp(of_site.losses[i].path, "contacts", 8) == 0;
        if (is_of_contacts) {
            assert_true(n_lost < N(contacts));
            assert_string_equal(of_site.losses[i].path, contacts[n_lost++]);
        }
    }
    assert_int_equal(n_lost, N(contacts));
    /* The list of names promises nothing. */
    assert_int_equal(gocdb_fixture_lost(fixture, "get_site_list", &world).n_losses, 0);
    const char *nested =
        gocdb_fixture_write(fixture, "get_downtime_nested_services", &world);
    assert_int_equal(gocdb_fixture_count(nested, "<DOWNTIME "), 1);
    assert_int_equal(
        gocdb_fixture_count(nested, "<FORMATED_END_DATE>2026-12-01 06:00<"), 1);
}

/* What has an element of its own and says nothing, or no, is told as well. */
static void
test_extensions_that_say_nothing_are_told(void **state)
{
    static const char json[] =
        "{\"sites\": [{\"id\": \"alpine/s\", \"short_name\": \"s\", \"extensions\": ["
        "{\"key\": \"SUBGRID\"}, {\"key\": \"NOTIFICATIONS\", \"value\": \"N\"},"
        "{\"key\": \"COUNTRY_CODE\", \"value\": \"CH\"}, {\"key\": \"free\"}]}],"
        "\"endpoints\": [{\"id\": \"alpine/e\", \"site\": \"alpine/s\", \"host\": "
        "\"h\","
        " \"type\": \"t\", \"extensions\": [{\"key\": \"HOST_IPV6\"},"
        "{\"key\": \"NOTIFICATIONS\", \"value\": \"FALSE\"},"
        "{\"key\": \"SUBGRID\"}]}],"
        "\"groups\": [{\"id\": \"alpine/g\", \"name\": \"g\", \"extensions\": ["
        "{\"key\": \"DPMT_URL\"}, {\"key\": \"NOTIFICATIONS\", \"value\": \"N\"}]}]}";
    static const struct {
        const char *document, *id, *path, *text;
    } rows[] = {
        {"get_site", "alpine/s", "extensions[0]", "SUBGRID is \"\""},
        {"get_site", "alpine/s", "extensions[1]", "NOTIFICATIONS is \"N\""},
        {"get_site", "alpine/s", "extensions[2]", NULL},
        {"get_site", "alpine/s", "extensions[3]", NULL},
        {"get_service", "alpine/e", "extensions[0]", "HOST_IPV6 is \"\""},
        {"get_service", "alpine/e", "extensions[1]", "NOTIFICATIONS is \"FALSE\""},
        {"get_service", "alpine/e", "extensions[2]", NULL},
        {"get_service_group", "alpine/g", "extensions[0]", "DPMT_URL is \"\""},
        {"get_service_group", "alpine/g", "extensions[1]", NULL},
    };
    struct import_fixture *fixture = *state;
    struct gocdb_world world = gocdb_fixture_of(fixture, json);
    for (size_t i = 0; i < N(rows); i++) {
        struct export_result lost =
            gocdb_fixture_lost(fixture, rows[i].document, &world);
        const char *loss = gocdb_fixture_loss(&lost, rows[i].id, rows[i].path);
        if (rows[i].text == NULL ? loss[0] != '\0'
                                 : strstr(loss, rows[i].text) == NULL) {
            fail_msg("%s %s: %s", rows[i].id, rows[i].path, loss);
        }
    }
    /* What was not told comes back. */
    struct gocdb_world back = gocdb_fixture_back(fixture, &world);
    assert_int_equal(back.sites[0]->n_extensions, 2);
    assert_int_equal(back.endpoints[0]->n_extensions, 1);
    assert_int_equal(back.groups[0]->n_extensions, 1);
}

/* As GOCDB does, which leaves closed sites out of get_service only. */
static void
test_downtimes_at_closed_sites_are_written_and_told(void **state)
{
    static const char json[] =
        "{\"sites\": [{\"id\": \"alpine/s\", \"short_name\": \"s\","
        " \"certification\": \"CLOSED\"}, {\"id\": \"alpine/t\", \"short_name\": "
        "\"t\"}],"
        "\"endpoints\": [{\"id\": \"alpine/e\", \"site\": \"alpine/s\", \"host\": "
        "\"h\","
        " \"type\": \"t\", \"interfaces\": [{\"name\": \"way\", \"url\": \"x://h\"}]}],"
        "\"downtimes\": [{\"id\": \"alpine/d-1\", \"severity\": \"OUTAGE\","
        " \"description\": \"d\", \"start_at\": \"2026-12-01T00:00:00Z\","
        " \"end_at\": \"2026-12-02T00:00:00Z\", \"affected\": ["
        "{\"site\": \"s\", \"host\": \"h\", \"type\": \"t\"},"
        "{\"site\": \"s\", \"host\": \"unknown\", \"type\": \"t\"},"
        "{\"site\": \"t\", \"host\": \"open\", \"type\": \"t\"}]}]}";
    struct import_fixture *fixture = *state;
    struct gocdb_world world = gocdb_fixture_of(fixture, json);
    const char *flat = gocdb_fixture_write(fixture, "get_downtime", &world);
    const char *nested =
        gocdb_fixture_write(fixture, "get_downtime_nested_services", &world);
    assert_int_equal(gocdb_fixture_count(flat, "<DOWNTIME "), 3);
    assert_int_equal(gocdb_fixture_count(nested, "<SERVICE>"), 3);
    /* What get_service does not answer would not come back. */
    assert_int_equal(gocdb_fixture_count(flat, "<NAME>way<"), 0);
    assert_null(strstr(gocdb_fixture_write(fixture, "get_service", &world), "<HOSTN"));
    for (size_t i = 0; i < 2; i++) {
        struct export_result lost = gocdb_fixture_lost(
            fixture, i == 0 ? "get_downtime" : "get_downtime_nested_services", &world);
        assert_non_null(strstr(gocdb_fixture_loss(&lost, "alpine/d-1", "affected.site"),
                               "of 2 of the services"));
    }
}

/* As short as it can be, and the same number. */
static void
test_coordinates_come_back_as_they_were(void **state)
{
    static const struct {
        double degrees;
        const char *text;
    } rows[] = {
        {46.5, ">46.5<"},
        {0, ">0<"},
        {-0.1, ">-0.1<"},
        {0.1 + 0.2, ">0.30000000000000004<"},
        {47.123456789012344, ">47.123456789012344<"},
        {-89.99999999999999, ">-89.99999999999999<"},
        {5e-324, ">4.94065645841247e-324<"},
    };
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(rows); i++) {
        struct gocdb_world world = gocdb_fixture_of(
            fixture, "{\"sites\": [{\"id\": \"alpine/s\", \"short_name\": \"s\","
                     " \"latitude\": 1, \"longitude\": 1}]}");
        world.sites[0]->latitude = rows[i].degrees;
        world.sites[0]->longitude = -rows[i].degrees;
        const char *text = gocdb_fixture_write(fixture, "get_site", &world);
        if (strstr(text, rows[i].text) == NULL) {
            fail_msg("%s is not in %s", rows[i].text, text);
        }
        struct gocdb_world back = gocdb_fixture_back(fixture, &world);
        double same[] = {back.sites[0]->latitude, -back.sites[0]->longitude};
        assert_memory_equal(&same[0], &rows[i].degrees, sizeof(double));
        assert_true(same[1] == rows[i].degrees);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_every_field_comes_back_or_is_told),
        IMPORT_TEST(test_records_made_here_come_back_with_their_ids),
        IMPORT_TEST(test_what_is_left_out_is_told),
        IMPORT_TEST(test_extensions_that_say_nothing_are_told),
        IMPORT_TEST(test_downtimes_at_closed_sites_are_written_and_told),
        IMPORT_TEST(test_coordinates_come_back_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
