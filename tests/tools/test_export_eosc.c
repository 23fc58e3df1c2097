/*
 * EOSC's profiles there and back: a record with all a profile can say comes back byte
 * for byte, and what it cannot say is told, no more and no less.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/field.h"
#include "proto/rules.h"
#include "tests/tools/eosc_lacks.h"
#include "tests/tools/export_fixture.h"
#include "tests/tools/message_fill.h"
#include "tools/import/source.h"

#define PROVIDER &kontor__v1__provider__descriptor
#define SERVICE &kontor__v1__service__descriptor

/* Each kind of record a profile has. */
static const struct form {
    const char *format;
    const ProtobufCMessageDescriptor *descriptor;
    const char *member; /* Of the service's kind; NULL: a plain one. */
    const char *const *lacks;
} forms[] = {
    {"eosc-5", PROVIDER, NULL, not_in_5_provider},
    {"eosc-5", SERVICE, NULL, not_in_5_service},
    {"eosc-6", PROVIDER, NULL, not_in_6_organisation},
    {"eosc-6", SERVICE, NULL, not_in_6_service},
    {"eosc-6", SERVICE, "data_source", not_in_6_data_source},
    {"eosc-6", SERVICE, "training", not_in_6_training},
    {"eosc-6", SERVICE, "guideline", not_in_6_guideline},
    {"eosc-6", SERVICE, "deployable_application", not_in_6_application},
};
enum { N_FORMS = sizeof forms / sizeof forms[0] };

/* ---- Records with everything ---- */

/* A name is what its parts say; that it may be something else has a test of its own. */
static void
join(struct arena *arena, Kontor__V1__Contact *contact)
{
    if (contact != NULL && contact->given_name[0] != '\0') {
        contact->name =
            arena_print(arena, "%s %s", contact->given_name, contact->family_name);
    }
}

/* Terms as EOSC makes their ids; the second upper is the first that has a lower. */
static void
pair(struct arena *arena, char **upper, char **lower, size_t n)
{
    if (n == 0) {
        return;
    }
    upper[0] = arena_copy(arena, "domain-b");
    upper[1] = arena_copy(arena, "domain-a");
    lower[0] = arena_copy(arena, "subdomain-a-two");
    lower[1] = arena_copy(arena, "subdomain-b-one");
}

static void
adjust_provider(struct arena *arena, Kontor__V1__Provider *provider)
{
    join(arena, provider->main_contact);
    for (size_t i = 0; i < provider->n_public_contacts; i++) {
        join(arena, provider->public_contacts[i]);
    }
    for (size_t i = 0; i < provider->n_administrators; i++) {
        join(arena, provider->administrators[i]);
    }
    pair(arena, provider->scientific_domains, provider->scientific_subdomains,
         provider->n_scientific_subdomains);
    pair(arena, provider->meril_scientific_domains,
         provider->meril_scientific_subdomains,
         provider->n_meril_scientific_subdomains);
}

static void
adjust_service(struct arena *arena, Kontor__V1__Service *service)
{
    join(arena, service->main_contact);
    for (size_t i = 0; i < service->n_public_contacts; i++) {
        join(arena, service->public_contacts[i]);
    }
    pair(arena, service->scientific_domains, service->scientific_subdomains,
         service->n_scientific_subdomains);
    pair(arena, service->categories, service->subcategories, service->n_subcategories);
}

static ProtobufCMessage *
filled(struct arena *arena, const struct form *form, const char *const *skip)
{
    ProtobufCMessage *record =
        message_fill(form->descriptor, form->member, skip, arena);
    Kontor__V1__Source *source = arena_alloc(arena, sizeof *source);
    kontor__v1__source__init(source);
    source->format = arena_copy(arena, form->format);
    if (form->descriptor == PROVIDER) {
        Kontor__V1__Provider *provider = (Kontor__V1__Provider *)record;
        source->key = strchr(provider->id, '/') + 1;
        provider->source = source;
        adjust_provider(arena, provider);
        return record;
    }
    Kontor__V1__Service *service = (Kontor__V1__Service *)record;
    source->key = strchr(service->id, '/') + 1;
    service->source = source;
    adjust_service(arena, service);
    return record;
}

/* A set of this record alone. */
static struct import_set
set_of(struct arena *arena, ProtobufCMessage *record)
{
    ProtobufCMessage **rows = arena_alloc(arena, sizeof(void *));
    rows[0] = record;
    struct import_set set = {.n_providers = 0};
    if (record->descriptor == PROVIDER) {
        set.providers = (Kontor__V1__Provider **)(void *)rows;
        set.n_providers = 1;
        return set;
    }
    set.services = (Kontor__V1__Service **)(void *)rows;
    set.n_services = 1;
    return set;
}

static const char *
name_of(const struct form *form)
{
    return form->member == NULL ? form->descriptor->short_name : form->member;
}

static bool
is_told(const struct export_result *result, const char *path)
{
    for (size_t i = 0; i < result->n_losses; i++) {
        if (strcmp(result->losses[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * Every field is set, so a field that no table and no list names is told as a loss that
 * nobody expects; and what is listed but written after all is not told.
 */
static void
test_what_a_profile_has_no_member_for_is_told_and_no_more(void **state)
{
    struct import_fixture *fixture = *state;
    static const char *const nothing[] = {NULL};
    for (size_t i = 0; i < N_FORMS; i++) {
        struct import_set set =
            set_of(fixture->arena, filled(fixture->arena, &forms[i], nothing));
        struct export_result result =
            export_fixture_write(fixture, forms[i].format, &set);
        for (size_t j = 0; j < result.n_losses; j++) {
            if (!message_fill_holds(forms[i].lacks, result.losses[j].path)) {
                fail_msg("%s of %s: %s %s: give it a row, or say that there is none",
                         name_of(&forms[i]), forms[i].format, result.losses[j].path,
                         result.losses[j].text);
            }
        }
        for (const char *const *path = forms[i].lacks; *path != NULL; path++) {
            if (!is_told(&result, *path)) {
                fail_msg("%s of %s: %s is listed as without a member and was written",
                         name_of(&forms[i]), forms[i].format, *path);
            }
        }
    }
}

/* The broker's own fields are in no table: they are neither written nor told. */
static bool
is_brokers(const char *field)
{
    static const char *const fields[] = {"id",
                                         "revision",
                                         "created_at",
                                         "updated_at",
                                         "audit",
                                         "overrides",
                                         "state",
                                         "template_state",
                                         "state_reason",
                                         "is_settling",
                                         "template_service",
                                         "waiting_since",
                                         "is_suspended",
                                         "rating",
                                         "past_offers",
                                         "was_published",
                                         NULL};
    return message_fill_holds(fields, field);
}

static bool
is_owned(const Google__Protobuf__FieldMask *mask, const char *path)
{
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (strcmp(mask->paths[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * A field is owned by the source or the profile has no member for it: one of the two,
 * for each field there is. A profile's mask is that of all its kinds.
 */
static void
test_every_field_is_owned_or_listed(void **state)
{
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N_FORMS; i++) {
        export_fixture_read(fixture, forms[i].format, "[]");
        const Google__Protobuf__FieldMask *mask = forms[i].descriptor == PROVIDER
                                                      ? fixture->set.provider_fields
                                                      : fixture->set.service_fields;
        for (unsigned j = 0; j < forms[i].descriptor->n_fields; j++) {
            const ProtobufCFieldDescriptor *field = &forms[i].descriptor->fields[j];
            bool is_listed = message_fill_holds(forms[i].lacks, field->name);
            bool is_there = is_owned(mask, field->name);
            bool is_kind = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
            if (is_kind && forms[i].member == NULL) {
                continue;
            }
            if (is_brokers(field->name) ? is_there : !is_there && !is_listed) {
                fail_msg("%s of %s: %s", name_of(&forms[i]), forms[i].format,
                         field->name);
            }
        }
    }
}

/* The kind as a whole, not each of its fields. */
static void
test_profile_5_tells_kinds_it_has_not(void **state)
{
    struct import_fixture *fixture = *state;
    size_t n = 0;
    for (size_t i = 0; i < N_FORMS; i++) {
        if (forms[i].member == NULL) {
            continue;
        }
        struct form form = forms[i];
        form.format = "eosc-5";
        struct import_set set =
            set_of(fixture->arena, filled(fixture->arena, &form, not_in_5_service));
        struct export_result result = export_fixture_write(fixture, "eosc-5", &set);
        assert_int_equal(result.n_losses, 1);
        assert_string_equal(result.losses[0].path, form.member);
        n++;
    }
    assert_int_equal(n, 4);
}

static void
check(const ProtobufCMessage *record, struct arena *arena)
{
    struct faults faults = {.arena = arena};
    rules_check(record, &faults);
    if (faults.n_found != 0) {
        fail_msg("%s: %s", faults.rows[0].path, faults.rows[0].description);
    }
}

/* The broker writes its own fields; a file has none of them. */
static void
clear_brokers(ProtobufCMessage *record)
{
    for (unsigned i = 0; i < record->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &record->descriptor->fields[i];
        bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
        if (!is_brokers(field->name) || strcmp(field->name, "id") == 0) {
            continue;
        }
        memset((char *)record + (is_list ? field->quantifier_offset : field->offset), 0,
               is_list ? sizeof(size_t) : field_size(field->type));
    }
}

static struct bytes
packed(const ProtobufCMessage *record, struct arena *arena)
{
    size_t size = protobuf_c_message_get_packed_size(record);
    uint8_t *data = arena_alloc(arena, size + 1);
    assert_int_equal(protobuf_c_message_pack(record, data), size);
    return (struct bytes){.data = data, .size = size};
}

static const ProtobufCMessage *
only_record(const struct import_set *set)
{
    assert_int_equal(set->n_providers + set->n_services, 1);
    return set->n_providers == 1 ? &set->providers[0]->base : &set->services[0]->base;
}

static void
test_all_a_profile_can_say_comes_back_byte_for_byte(void **state)
{
    struct import_fixture *fixture = *state;
    struct arena *arena = fixture->arena;
    for (size_t i = 0; i < N_FORMS; i++) {
        ProtobufCMessage *record = filled(arena, &forms[i], forms[i].lacks);
        clear_brokers(record);
        check(record, arena);
        struct import_set set = set_of(arena, record);
        struct export_result result =
            export_fixture_write(fixture, forms[i].format, &set);
        if (result.n_losses != 0) {
            fail_msg("%s of %s: %s %s", name_of(&forms[i]), forms[i].format,
                     result.losses[0].path, result.losses[0].text);
        }
        struct import_set read =
            export_fixture_read(fixture, forms[i].format, result.text);
        assert_int_equal(read.n_findings, 0);
        struct bytes sent = packed(record, arena);
        struct bytes back = packed(only_record(&read), arena);
        assert_true(sent.size > 500);
        if (sent.size != back.size || memcmp(sent.data, back.data, sent.size) != 0) {
            fail_msg("%s of %s comes back as something else:\n%s", name_of(&forms[i]),
                     forms[i].format, result.text);
        }
    }
}

/* ---- Real records ---- */

static size_t
compare_sets(struct import_fixture *fixture, const struct export_result *result,
             const struct import_set *sent, const struct import_set *back)
{
    size_t n = 0;
    assert_int_equal(back->n_providers, sent->n_providers);
    assert_int_equal(back->n_services, sent->n_services);
    for (size_t i = 0; i < sent->n_providers; i++) {
        const ProtobufCMessage *other = export_fixture_find(
            back->providers, back->n_providers, sent->providers[i]->id);
        assert_non_null(other);
        n += export_fixture_compare(result, &sent->providers[i]->base, other,
                                    back->provider_fields, fixture->arena);
    }
    for (size_t i = 0; i < sent->n_services; i++) {
        const ProtobufCMessage *other = export_fixture_find(
            back->services, back->n_services, sent->services[i]->id);
        assert_non_null(other);
        n += export_fixture_compare(result, &sent->services[i]->base, other,
                                    back->service_fields, fixture->arena);
    }
    return n;
}

/* Once there and back: what differs was told. Once more: nothing differs. */
static struct export_result
there_and_back_twice(struct import_fixture *fixture, const char *format,
                     const struct import_set *set)
{
    struct export_result first = export_fixture_write(fixture, format, set);
    struct import_set once = export_fixture_read(fixture, format, first.text);
    compare_sets(fixture, &first, set, &once);
    struct export_result second = export_fixture_write(fixture, format, &once);
    assert_int_equal(second.n_losses, 0);
    assert_string_equal(second.text, first.text);
    struct import_set twice = export_fixture_read(fixture, format, second.text);
    assert_int_equal(compare_sets(fixture, &second, &once, &twice), 0);
    return first;
}

static const char *const formats[] = {"eosc-5", "eosc-6"};
enum { N_FORMATS = sizeof formats / sizeof formats[0] };

static void
test_our_own_example_loses_only_what_is_told(void **state)
{
    struct import_fixture *fixture = *state;
    const char *path = EXAMPLES "/alpine.json";
    for (size_t i = 0; i < N_FORMATS; i++) {
        fixture->format = "kontor-1";
        assert_true(import_fixture_read(fixture, &path, 1));
        struct import_set set = fixture->set;
        struct export_result result = there_and_back_twice(fixture, formats[i], &set);
        assert_true(export_fixture_lost(&result, "alpine/block-storage", "offers"));
        assert_true(export_fixture_lost(&result, "alpine/block-storage", "phase"));
        assert_false(export_fixture_lost(&result, "alpine/block-storage", "name"));
        assert_int_equal(
            export_fixture_lost(&result, "alpine/block-storage", "tagline"), i == 1);
    }
}

/* What was read out of the very format comes back whole: only phases are the broker's.
 */
static void
test_the_examples_of_the_profiles_come_back_whole(void **state)
{
    struct import_fixture *fixture = *state;
    static const char *const paths[] = {EXAMPLES "/eosc-5.json",
                                        EXAMPLES "/eosc-6.json"};
    for (size_t i = 0; i < N_FORMATS; i++) {
        fixture->format = formats[i];
        assert_true(import_fixture_read(fixture, &paths[i], 1));
        struct import_set set = fixture->set;
        struct export_result result = export_fixture_write(fixture, formats[i], &set);
        for (size_t j = 0; j < result.n_losses; j++) {
            assert_string_equal(result.losses[j].path, "phase");
        }
        struct import_set back = export_fixture_read(fixture, formats[i], result.text);
        assert_int_equal(compare_sets(fixture, &result, &set, &back), 0);
    }
}

static size_t
count_lost(const struct export_result *result, const char *field)
{
    size_t n = 0;
    for (size_t i = 0; i < result->n_losses; i++) {
        n += strcmp(result->losses[i].path, field) == 0;
    }
    return n;
}

/* Counts are those of the seed: all 57 services say where they come from and have a
 * phase, 54 have offers. */
static void
test_the_real_catalogue_loses_only_what_is_told(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "marketplace-2019";
    import_fixture_real(fixture, "catalogue/marketplace-2019-10.json");
    struct import_set set = fixture->set;
    for (size_t i = 0; i < N_FORMATS; i++) {
        struct export_result result = there_and_back_twice(fixture, formats[i], &set);
        assert_int_equal(count_lost(&result, "phase"), 57);
        assert_int_equal(count_lost(&result, "offers"), 54);
        assert_int_equal(count_lost(&result, "source"), 57 + set.n_providers);
        assert_int_equal(count_lost(&result, "name"), 0);
        assert_int_equal(count_lost(&result, "sla_url"), i == 0 ? 0 : 27);
        print_message("%s: %zu losses\n", formats[i], result.n_losses);
        static const char *const told[] = {"phase", "offers", "source", "restrictions",
                                           NULL};
        for (size_t j = 0; j < result.n_losses && i == 0; j++) {
            if (!message_fill_holds(told, result.losses[j].path)) {
                fail_msg("%s: %s %s", result.losses[j].id, result.losses[j].path,
                         result.losses[j].text);
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_what_a_profile_has_no_member_for_is_told_and_no_more),
        IMPORT_TEST(test_every_field_is_owned_or_listed),
        IMPORT_TEST(test_profile_5_tells_kinds_it_has_not),
        IMPORT_TEST(test_all_a_profile_can_say_comes_back_byte_for_byte),
        IMPORT_TEST(test_our_own_example_loses_only_what_is_told),
        IMPORT_TEST(test_the_examples_of_the_profiles_come_back_whole),
        IMPORT_TEST(test_the_real_catalogue_loses_only_what_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
