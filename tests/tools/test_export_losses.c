/*
 * What a service loses in formats of what can be ordered: every field is kept or told,
 * and each loss for its own reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/field.h"
#include "proto/json_tree.h"
#include "tests/tools/export_fixture.h"
#include "tests/tools/message_fill.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])
#define SERVICE &kontor__v1__service__descriptor

static const char *const formats[] = {"osb", "tmf633"};

/* How many fields of services came back as something else; all of them were told. */
static size_t
compare(struct import_fixture *fixture, const struct export_result *result,
        const struct import_set *sent, const struct import_set *back)
{
    size_t n = 0;
    for (size_t i = 0; i < sent->n_services; i++) {
        const char *id = sent->services[i]->id;
        const ProtobufCMessage *other =
            export_fixture_find(back->services, back->n_services, id);
        if (other == NULL) {
            assert_true(export_fixture_lost(result, id, "offers"));
            continue;
        }
        n += export_fixture_compare(result, &sent->services[i]->base, other,
                                    back->service_fields, fixture->arena);
    }
    return n;
}

static bool
is_in(const Google__Protobuf__FieldMask *mask, const char *path)
{
    for (size_t i = 0; i < mask->n_paths; i++) {
        /* A path may name a part of a list. */
        size_t size = strcspn(mask->paths[i], ".");
        if (strlen(path) == size && strncmp(mask->paths[i], path, size) == 0) {
            return true;
        }
    }
    return false;
}

/* A record with everything: each field is owned by the import, or told as lost, or the
 * broker's own. A new field of ours shows up here. */
static void
test_every_field_is_kept_or_told(void **state)
{
    static const char *const brokers[] = {
        "id",        "revision",     "created_at", "audit",       "updated_at",
        "overrides", "is_suspended", "rating",     "past_offers", "was_published",
        NULL};
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(formats); i++) {
        Kontor__V1__Service *service = (Kontor__V1__Service *)message_fill(
            SERVICE, NULL, brokers + 10, fixture->arena);
        for (size_t j = 0; j < service->n_offers; j++) {
            service->offers[j]->is_internal = true;
            service->offers[j]->iid = arena_print(fixture->arena, "o%zu", j);
        }
        struct import_set set = {.services = &service, .n_services = 1};
        struct export_result result = export_fixture_write(fixture, formats[i], &set);
        struct import_set back = export_fixture_read(fixture, formats[i], result.text);
        for (unsigned j = 0; j < (SERVICE)->n_fields; j++) {
            const ProtobufCFieldDescriptor *field = &(SERVICE)->fields[j];
            bool is_set = field_count(&service->base, field) > 0;
            bool is_told = is_in(back.service_fields, field->name) ||
                           export_fixture_lost(&result, service->id, field->name) ||
                           message_fill_holds(brokers, field->name) ||
                           (i == 1 && strcmp(field->name, "phase") == 0);
            if (is_set && !is_told) {
                fail_msg("%s: nobody told that %s is lost", formats[i], field->name);
            }
        }
        compare(fixture, &result, &set, &back);
    }
}

/* A service with members beside those of the row, and the losses of its fields. */
static const char *
losses_of(struct import_fixture *fixture, const char *format, const char *members)
{
    struct import_set set = export_fixture_read(
        fixture, "kontor-1",
        arena_print(fixture->arena,
                    "{\"services\": [{\"id\": \"alpine/s\", \"name\": \"My S\", "
                    "\"orderType\": \"ORDER_REQUIRED\", \"source\": {\"format\": "
                    "\"%s\", \"key\": \"s\"}, %s}]}",
                    format, members));
    struct export_result result = export_fixture_write(fixture, format, &set);
    struct import_set back = export_fixture_read(fixture, format, result.text);
    compare(fixture, &result, &set, &back);
    const char *lines = "";
    for (size_t i = 0; i < result.n_losses; i++) {
        lines = arena_print(fixture->arena, "%s%s %s\n", lines, result.losses[i].path,
                            result.losses[i].text);
    }
    return lines;
}

#define P "\"provider\": \"alpine/p\", "
#define OFFER(iid, name, more)                                                         \
    "{\"iid\": \"" iid "\", \"name\": \"" name "\", \"isInternal\": true" more "}"
#define ONE(more) P "\"offers\": [" OFFER("default", "My S", more) "]"

static void
test_what_a_service_loses_is_told(void **state)
{
    static const struct {
        const char *format;
        const char *members;
        const char *lines;
    } told[] = {
        {"osb", ONE(""), ""},
        {"tmf633", ONE(""), ""},
        {"osb",
         P "\"tagline\": \"T\", \"description\": \"D\", \"offers\": [" OFFER("a", "A",
                                                                             "") "]",
         ""},
        {"osb", P "\"tagline\": \"T\", \"offers\": [" OFFER("a", "A", "") "]", ""},
        {"osb",
         ONE(", \"prices\": [{\"name\": \"SETUP\", \"amount\": {\"currency\": "
             "\"EUR\", \"units\": 7, \"nanos\": 250000000}, \"period\": "
             "\"once\"}]"),
         ""},
        {"osb",
         ONE(", \"prices\": [{\"name\": \"Rent\", \"amount\": {\"currency\": "
             "\"EUR\", \"units\": -1, \"nanos\": -500000000}, \"period\": "
             "\"year\"}]"),
         "offers[default].prices[0].name is not kept: it comes back as YEARLY\n"},
        {"osb",
         ONE(", \"prices\": [{\"name\": \"MONTHLY\", \"amount\": {\"currency\": "
             "\"EUR\", \"units\": 1234567890123, \"nanos\": 123456789}, "
             "\"period\": \"month\"}]"),
         "offers[default].prices[0] is not kept: 1234567890123.123456789 comes back as "
         "1234567890123.12\n"},
        {"tmf633",
         ONE(", \"prices\": [{\"name\": \"MONTHLY\", \"amount\": "
             "{\"currency\": \"EUR\", \"units\": 1}, \"period\": \"month\"}]"),
         "offers.prices has no place in tmf633\n"},
        {"osb",
         P "\"alternativeIds\": [{\"scheme\": \"OSB name\", \"id\": \"my-s\"}], "
           "\"offers\": [" OFFER("a", "A", "") "]",
         ""},
        {"osb",
         P "\"alternativeIds\": [{\"scheme\": \"PID\", \"id\": \"1\"}], "
           "\"offers\": [" OFFER("a", "A", "") "]",
         "alternative_ids[0] has no place in osb\n"},
        {"osb",
         P "\"offers\": [" OFFER("a", "A", "") ", {\"iid\": \"b\", \"name\": "
                                               "\"B\"}]",
         "offers[b] is not kept: it is not ordered here\n"},
        {"tmf633", P "\"offers\": [" OFFER("a", "A", "") ", " OFFER("b", "B", "") "]",
         "offers[b] is not kept: a specification is one offer\n"
         "offers[a].iid is not kept: it comes back as default\n"
         "offers[a].name is not kept: it comes back as \"My S\"\n"},
        {"osb",
         ONE(", \"prices\": [{\"name\": \"YEARLY\", \"amount\": {\"currency\": "
             "\"EUR\", \"units\": -1, \"nanos\": -500000000}, \"period\": "
             "\"year\"}, {\"name\": \"monthly\", \"amount\": {\"currency\": \"CHF\", "
             "\"nanos\": -250000000}, \"period\": \"month\"}]"),
         ""},
        {"tmf633",
         P "\"offers\": [{\"iid\": \"a\", \"name\": \"A\"}, " OFFER("default", "My S",
                                                                    "") "]",
         "offers[a] is not kept: it is not ordered here\n"},
        {"osb", P "\"offers\": [{\"iid\": \"a\", \"name\": \"A\"}]",
         "offers hold nothing that is ordered here: the service is left out\n"},
        {"tmf633", P "\"tagline\": \"T\"",
         "offers hold nothing that is ordered here: the service is left out\n"},
        {"tmf633",
         P "\"lifeCycleStatus\": \"Active\", \"phase\": \"PRODUCTION\", "
           "\"offers\": [" OFFER("default", "My S", "") "]",
         ""},
        {"tmf633",
         P "\"lifeCycleStatus\": \"Active\", \"phase\": \"DEPRECATED\", "
           "\"offers\": [" OFFER("default", "My S", "") "]",
         "life_cycle_status is not kept: the phase makes it \"Retired\"\n"},
        {"tmf633",
         P "\"lifeCycleStatus\": \"In design\", \"phase\": \"PENDING\", "
           "\"offers\": [" OFFER("default", "My S", "") "]",
         "life_cycle_status is not kept: the phase makes it \"In design\"\n"
         "phase is not kept: there it is \"In design\"\n"},
        {"osb", "\"provider\": \"coast/p\", \"offers\": [" OFFER("a", "A", "") "]",
         "provider is not kept: no key of osb gives coast/p\n"},
        {"tmf633",
         "\"provider\": \"coast/p\", \"relatedServices\": [\"alpine/t\", "
         "\"coast/t\"], \"requiredServices\": [\"coast/u\"], \"offers\": "
         "[" OFFER("default", "My S", "") "]",
         "provider is not kept: no key of tmf633 gives \"coast/p\"\n"
         "required_services[0] is not kept: no key of tmf633 gives coast/u\n"
         "related_services[1] is not kept: no key of tmf633 gives coast/t\n"},
    };
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(told); i++) {
        const char *lines = losses_of(fixture, told[i].format, told[i].members);
        if (strcmp(lines, told[i].lines) != 0) {
            fail_msg("row %zu: %s", i, lines);
        }
    }
}

/* Prices are read by people, too; what needs more digits than they write has them. */
static void
test_numbers_are_written_as_people_write_them(void **state)
{
    static const struct {
        double real;
        const char *text;
    } reals[] = {{19.99, "19.99"}, {0.1, "0.1"}, {-2.5, "-2.5"}, {1e300, "1e300"}};
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(reals); i++) {
        struct json_value value = {.type = JSON_TYPE_REAL, .real = reals[i].real};
        struct json_value list = {.type = JSON_TYPE_LIST, .elements = &value, .n = 1};
        assert_string_equal(json_tree_print(&list, fixture->arena),
                            arena_print(fixture->arena, "[%s]", reals[i].text));
    }
    struct json_value third = {.type = JSON_TYPE_REAL, .real = 1.0 / 3};
    struct faults faults = {.arena = fixture->arena};
    const char *text = json_tree_print(&third, fixture->arena);
    struct bytes bytes = {.data = (const uint8_t *)text, .size = strlen(text)};
    assert_true(json_tree_parse(bytes, "t", fixture->arena, &faults)->real == 1.0 / 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_every_field_is_kept_or_told),
        IMPORT_TEST(test_what_a_service_loses_is_told),
        IMPORT_TEST(test_numbers_are_written_as_people_write_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
