/*
 * GOCDB's documents and the way back: whose records they hold, what they say of groups
 * and downtimes that GOCDB does not know, and that nothing is lost without a word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/field.h"
#include "tests/tools/gocdb_fixture.h"
#include "tests/tools/message_fill.h"
#include "tools/import/gocdb.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])

/* A world out of our own form. */
static struct gocdb_world
world_of(struct import_fixture *fixture, const char *json)
{
    fixture->format = "kontor-1";
    if (!import_fixture_text(fixture, json)) {
        fail_msg("%s: %s", fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
    return gocdb_fixture_world(&fixture->set);
}

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
    struct gocdb_world world = world_of(fixture, town);
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
    struct gocdb_world world = world_of(fixture, town);
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
    struct gocdb_world world = world_of(fixture, town);
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
    struct gocdb_world world = world_of(fixture, town);
    const char *text = gocdb_fixture_write(fixture, "get_downtime", &world);
    assert_int_equal(gocdb_fixture_count(text, "<DOWNTIME "), 5);
    assert_int_equal(gocdb_fixture_count(text, "PRIMARY_KEY=\"d-group\""), 3);
    assert_non_null(row_of(fixture, text, "d-group", "a1"));
    assert_non_null(row_of(fixture, text, "d-group", "a2"));
    assert_non_null(row_of(fixture, text, "d-group", "c1"));
    /* A site of another registry that is called alike is not hit. */
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

static void
test_early_ends_come_back_out_of_both_renderings(void **state)
{
    static const char *const documents[] = {"get_downtime",
                                            "get_downtime_nested_services"};
    struct import_fixture *fixture = *state;
    struct gocdb_world world = world_of(fixture, town);
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
    struct gocdb_world world = world_of(fixture, town);
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

/* ---- Nothing is lost without a word ---- */

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
        " \"contact\": {\"email\": \"desk@alpine.example\", \"phone\": \"1\"},"
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
    struct gocdb_world world = world_of(fixture, json);
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
        " \"certification\": \"CLOSED\", \"description\": \"a\\u0001b\"}],"
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
    struct gocdb_world world = world_of(fixture, json);
    for (size_t i = 0; i < N(rows); i++) {
        struct export_result lost =
            gocdb_fixture_lost(fixture, rows[i].document, &world);
        if (strstr(gocdb_fixture_loss(&lost, rows[i].id, rows[i].path), rows[i].text) ==
            NULL) {
            fail_msg("%s %s: not told: %s", rows[i].id, rows[i].path, rows[i].text);
        }
    }
    /* The list of names promises nothing. */
    assert_int_equal(gocdb_fixture_lost(fixture, "get_site_list", &world).n_losses, 0);
    const char *nested =
        gocdb_fixture_write(fixture, "get_downtime_nested_services", &world);
    assert_int_equal(gocdb_fixture_count(nested, "<DOWNTIME "), 1);
    assert_int_equal(
        gocdb_fixture_count(nested, "<FORMATED_END_DATE>2026-12-01 06:00<"), 1);
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
        world_of(fixture, arena_print(fixture->arena, "%s]}", json));
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
        IMPORT_TEST(test_early_ends_come_back_out_of_both_renderings),
        IMPORT_TEST(test_both_renderings_together_are_one_downtime),
        IMPORT_TEST(test_every_field_comes_back_or_is_told),
        IMPORT_TEST(test_records_made_here_come_back_with_their_ids),
        IMPORT_TEST(test_what_is_left_out_is_told),
        IMPORT_TEST(test_types_keep_their_numbers_and_their_order),
        IMPORT_TEST(test_history_is_written_newest_first_as_gocdb_writes_it),
        IMPORT_TEST(test_pages_are_followed_to_count_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
