#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/descriptors.h"
#include "proto/field.h"
#include "proto/rules.h"
#include "proto/rules_form.h"
#include "proto/rules_table.h"

static struct arena *arena;
static struct faults faults;
static ProtobufCAllocator *allocator;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    allocator = arena_allocator(arena, SIZE_MAX);
    faults = (struct faults){.arena = arena};
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* A good and a bad text of each form; the bad one is not empty, which would be absent.
 */
static const struct {
    enum rule_form form;
    const char *good;
    const char *bad;
} samples[] = {
    {RULE_REGISTRY, "acme", "Acme"},
    {RULE_ID, "acme/17", "acme"},
    {RULE_PART, "v.m_1-x", "a/b"},
    {RULE_PART_ID, "acme/17/basic", "acme/17"},
    {RULE_UUID, "0b6f1c1e-8d58-4c52-9b3e-0d6b8c1f7a10",
     "0b6f1c1e8d584c529b3e0d6b8c1f7a10"},
    {RULE_URL, "ldap://host:2170/o=grid", "javascript://x"},
    {RULE_WEB_URL, "https://example.org", "ftp://example.org"},
    {RULE_EMAIL, "help@example.org", "help"},
    {RULE_DECIMAL, "1.5", "1."},
    {RULE_DATE, "2024-02-29", "2023-02-29"},
    {RULE_DATE_OR_NOW, "now", "soon"},
    {RULE_CURRENCY, "EUR", "euro"},
    {RULE_COUNTRY, "DK", "dk"},
    {RULE_PERIOD, "month", "week"},
    {RULE_DISPLAY, "dropdown", "slider"},
    {RULE_PATTERN, "[a-z]{1,8}", "[a-z"},
    {RULE_SCOPE, "p:acme/hpc", "x:acme"},
    {RULE_SPIFFE, "spiffe://acme.example/portal/a", "spiffe://acme.example/portal/*"},
    {RULE_SPIFFE_PATTERN, "spiffe://acme.example/portal/*", "https://acme.example/a"},
    {RULE_TRUST_DOMAIN, "acme.example", "Acme.example"},
    {RULE_HEX_DIGEST,
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "ba78"},
    {RULE_BUNDLE, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
     "AAAA"},
    {RULE_CERTIFICATE, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
     "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
     "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
};

static const char *
sample(enum rule_form form, bool is_good)
{
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        if (samples[i].form == form) {
            return is_good ? samples[i].good : samples[i].bad;
        }
    }
    return NULL;
}

static bool
is_text_form(enum rule_form form)
{
    return form >= RULE_REGISTRY;
}

static void *
new_message(const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    return message;
}

/* The first message that has the row's field. */
static const ProtobufCMessageDescriptor *
descriptor_of(const struct rule *rule)
{
    size_t n;
    const ProtobufCMessageDescriptor *const *messages = descriptors_messages(&n);
    for (size_t i = 0; rule->descriptor == NULL && i < n; i++) {
        if (protobuf_c_message_descriptor_get_field_by_name(messages[i], rule->field)) {
            return messages[i];
        }
    }
    return rule->descriptor;
}

static const ProtobufCFieldDescriptor *
field_of(const struct rule *rule)
{
    return protobuf_c_message_descriptor_get_field_by_name(descriptor_of(rule),
                                                           rule->field);
}

/* Whether a fault at path, or at an element of it, speaks of words. */
static bool
is_found(const char *path, const char *words)
{
    for (size_t i = 0; i < faults.n_rows; i++) {
        const char *at = faults.rows[i].path;
        size_t size = strlen(path);
        bool is_there = strncmp(at, path, size) == 0 &&
                        (at[size] == '\0' || (at[size] == '[' && size > 0));
        if (is_there && strstr(faults.rows[i].description, words) != NULL) {
            return true;
        }
    }
    return false;
}

static bool
trips(const void *message, const char *path, const char *words)
{
    faults.n_rows = 0;
    faults.n_found = 0;
    rules_check(message, &faults);
    return is_found(path, words);
}

static void *
message_with(const struct rule *rule, size_t n, void **elements)
{
    ProtobufCMessage *message = new_message(descriptor_of(rule));
    *elements = field_make(message, field_of(rule), n, allocator);
    return message;
}

static void
put_number(const struct rule *rule, void *element, int64_t number)
{
    double real = (double)number;
    int32_t narrow = (int32_t)number;
    if (field_of(rule)->type == PROTOBUF_C_TYPE_DOUBLE) {
        memcpy(element, &real, sizeof real);
    } else if (field_size(field_of(rule)->type) == sizeof number) {
        memcpy(element, &number, sizeof number);
    } else {
        memcpy(element, &narrow, sizeof narrow);
    }
}

static void
test_every_row_names_a_field_it_can_judge(void **state)
{
    (void)state;
    assert_true(rules_table_size > 150);
    for (size_t i = 0; i < rules_table_size; i++) {
        const struct rule *rule = &rules_table[i];
        assert_non_null(descriptor_of(rule));
        const ProtobufCFieldDescriptor *field = field_of(rule);
        assert_non_null(field);
        bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
        assert_int_equal(rule->count > 0, is_list);
        bool is_text = rule->form == RULE_TEXT || is_text_form(rule->form);
        assert_true(!is_text || field->type == PROTOBUF_C_TYPE_STRING);
        assert_true(rule->form != RULE_NAMED || field->type == PROTOBUF_C_TYPE_ENUM);
        assert_true(rule->form != RULE_TEXT || rule->max > 0);
        assert_true(rule->min <= rule->max || !is_text);
    }
}

static void
test_the_rows_of_a_message_stand_together(void **state)
{
    (void)state;
    for (size_t i = 1; i < rules_table_size; i++) {
        bool is_new = rules_table[i].descriptor != rules_table[i - 1].descriptor;
        for (size_t k = 0; is_new && k < i; k++) {
            assert_ptr_not_equal(rules_table[k].descriptor, rules_table[i].descriptor);
        }
    }
}

static void
test_every_needed_field_is_missed(void **state)
{
    size_t n_tripped = 0;
    (void)state;
    for (size_t i = 0; i < rules_table_size; i++) {
        const struct rule *rule = &rules_table[i];
        if ((rule->flags & RULE_NEEDED) != 0) {
            const char *words =
                rule->count > 0 ? "at least one element" : "must be given";
            assert_true(trips(new_message(descriptor_of(rule)), rule->field, words));
            n_tripped++;
        }
    }
    assert_true(n_tripped > 80);
}

static void
test_every_form_takes_the_good_and_refuses_the_bad(void **state)
{
    size_t n_tripped = 0;
    (void)state;
    for (size_t i = 0; i < rules_table_size; i++) {
        const struct rule *rule = &rules_table[i];
        if (!is_text_form(rule->form)) {
            continue;
        }
        char **text;
        void *message = message_with(rule, 1, (void **)&text);
        *text = arena_copy(arena, sample(rule->form, true));
        assert_false(trips(message, rule->field, ""));
        *text = arena_copy(arena, sample(rule->form, false));
        assert_true(trips(message, rule->field, rules_form(rule->form)->wanted));
        n_tripped++;
    }
    assert_true(n_tripped > 60);
}

static void
test_every_text_is_refused_one_byte_past_its_limit(void **state)
{
    size_t n_tripped = 0;
    (void)state;
    for (size_t i = 0; i < rules_table_size; i++) {
        const struct rule *rule = &rules_table[i];
        if (rule->form != RULE_TEXT) {
            continue;
        }
        char **text;
        void *message = message_with(rule, 1, (void **)&text);
        size_t max = (size_t)rule->max;
        *text = arena_alloc(arena, max + 2);
        memset(*text, 'a', max);
        assert_false(trips(message, rule->field, ""));
        (*text)[max] = 'a';
        assert_true(trips(message, rule->field, "bytes long; at most"));
        n_tripped++;
    }
    assert_true(n_tripped > 40);
}

static void
test_every_number_is_refused_past_its_limits(void **state)
{
    size_t n_tripped = 0;
    (void)state;
    for (size_t i = 0; i < rules_table_size; i++) {
        const struct rule *rule = &rules_table[i];
        if (rule->form != RULE_NUMBER && rule->form != RULE_NUMBER_OR_0) {
            continue;
        }
        void *number;
        void *message = message_with(rule, 1, &number);
        put_number(rule, number,
                   rule->min == 1 && rule->form == RULE_NUMBER_OR_0 ? -1
                                                                    : rule->min - 1);
        assert_true(trips(message, rule->field, "must be"));
        put_number(rule, number, rule->max);
        assert_false(trips(message, rule->field, "must be"));
        if (rule->max < INT32_MAX) {
            put_number(rule, number, rule->max + 1);
            assert_true(trips(message, rule->field, "between"));
        }
        n_tripped++;
    }
    assert_true(n_tripped > 20);
}

static void
test_every_list_is_refused_one_past_its_count(void **state)
{
    size_t n_tripped = 0;
    (void)state;
    for (size_t i = 0; i < rules_table_size; i++) {
        const struct rule *rule = &rules_table[i];
        if (rule->count == 0) {
            continue;
        }
        for (size_t more = 0; more < 2; more++) {
            char *elements;
            void *message = message_with(rule, rule->count + more, (void **)&elements);
            const ProtobufCFieldDescriptor *field = field_of(rule);
            for (size_t k = 0; k < rule->count + more; k++) {
                void *element = elements + k * field_size(field->type);
                if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
                    *(void **)element = new_message(field->descriptor);
                }
            }
            assert_int_equal(trips(message, rule->field, "elements; at most"), more);
        }
        n_tripped++;
    }
    assert_true(n_tripped > 25);
}

static void
test_every_list_of_different_elements_refuses_the_same_twice(void **state)
{
    size_t n_tripped = 0;
    (void)state;
    for (size_t i = 0; i < rules_table_size; i++) {
        const struct rule *rule = &rules_table[i];
        if ((rule->flags & RULE_UNIQUE) == 0) {
            continue;
        }
        char *elements;
        void *message = message_with(rule, 2, (void **)&elements);
        const ProtobufCFieldDescriptor *field = field_of(rule);
        for (size_t k = 0; k < 2 && field->type == PROTOBUF_C_TYPE_MESSAGE; k++) {
            ((void **)(void *)elements)[k] = new_message(field->descriptor);
        }
        assert_true(trips(message, rule->field, "same as element 0"));
        n_tripped++;
    }
    assert_true(n_tripped > 10);
}

static void
test_every_choice_must_be_made(void **state)
{
    size_t n_tripped = 0;
    (void)state;
    for (size_t i = 0; i < rules_table_size; i++) {
        const struct rule *rule = &rules_table[i];
        if (rule->form == RULE_CHOICE) {
            assert_true(trips(new_message(rule->descriptor), "", "choices"));
            void *member;
            void *message = message_with(rule, 1, &member);
            if (field_of(rule)->type == PROTOBUF_C_TYPE_MESSAGE) {
                *(void **)member = new_message(field_of(rule)->descriptor);
            } else if (field_of(rule)->type == PROTOBUF_C_TYPE_STRING) {
                *(char **)member = arena_copy(arena, "");
            }
            assert_false(trips(message, "", "choices"));
            n_tripped++;
        }
    }
    assert_int_equal(n_tripped, 10);
}

static void
test_every_enum_that_must_be_named_refuses_the_unspecified(void **state)
{
    size_t n_tripped = 0;
    (void)state;
    for (size_t i = 0; i < rules_table_size; i++) {
        const struct rule *rule = &rules_table[i];
        if (rule->form == RULE_NAMED) {
            void *element;
            void *message = message_with(rule, 1, &element);
            assert_true(trips(message, rule->field, "must be"));
            put_number(rule, element, 1);
            assert_false(trips(message, rule->field, ""));
            n_tripped++;
        }
    }
    assert_true(n_tripped > 5);
}

static void
test_a_partial_record_needs_its_id_only(void **state)
{
    size_t n_tripped = 0;
    (void)state;
    for (size_t i = 0; i < rules_table_size; i++) {
        const struct rule *rule = &rules_table[i];
        if ((rule->flags & RULE_PARTIAL) == 0) {
            continue;
        }
        void **record;
        void *message = message_with(rule, 1, (void **)&record);
        *record = new_message(field_of(rule)->descriptor);
        assert_true(trips(message, arena_print(arena, "%s.id", rule->field), "given"));
        assert_int_equal(faults.n_found, 1);
        n_tripped++;
    }
    assert_int_equal(n_tripped, 12);
}

static void
test_the_records_of_an_import_are_judged_one_by_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < rules_table_size; i++) {
        const struct rule *rule = &rules_table[i];
        if ((rule->flags & RULE_DEFERRED) != 0) {
            void **record;
            void *message = message_with(rule, 1, (void **)&record);
            *record = new_message(field_of(rule)->descriptor);
            assert_false(trips(message, "", ""));
            assert_int_equal(faults.n_found, 0);
            assert_true(trips(*record, "", "choices") || trips(*record, "host", ""));
        }
    }
}

static void
test_an_unknown_enum_value_is_refused_wherever_it_is(void **state)
{
    size_t n;
    size_t n_tripped = 0;
    const ProtobufCMessageDescriptor *const *messages = descriptors_messages(&n);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        for (unsigned k = 0; k < messages[i]->n_fields; k++) {
            const ProtobufCFieldDescriptor *field = &messages[i]->fields[k];
            if (field->type == PROTOBUF_C_TYPE_ENUM) {
                void *message = new_message(messages[i]);
                *(int *)field_make(message, field, 1, allocator) = 9999;
                assert_true(trips(message, field->name, "9999 is no value of"));
                n_tripped++;
            }
        }
    }
    assert_true(n_tripped > 30);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_names_a_field_it_can_judge),
        cmocka_unit_test(test_the_rows_of_a_message_stand_together),
        cmocka_unit_test(test_every_needed_field_is_missed),
        cmocka_unit_test(test_every_form_takes_the_good_and_refuses_the_bad),
        cmocka_unit_test(test_every_text_is_refused_one_byte_past_its_limit),
        cmocka_unit_test(test_every_number_is_refused_past_its_limits),
        cmocka_unit_test(test_every_list_is_refused_one_past_its_count),
        cmocka_unit_test(test_every_list_of_different_elements_refuses_the_same_twice),
        cmocka_unit_test(test_every_choice_must_be_made),
        cmocka_unit_test(test_every_enum_that_must_be_named_refuses_the_unspecified),
        cmocka_unit_test(test_a_partial_record_needs_its_id_only),
        cmocka_unit_test(test_the_records_of_an_import_are_judged_one_by_one),
        cmocka_unit_test(test_an_unknown_enum_value_is_refused_wherever_it_is),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
