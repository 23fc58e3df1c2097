/* The table of kinds: what the store takes for granted of every row. */
#include "store/split.h"
#include "tests/store/fixture.h"

static void
check_name(const char *name)
{
    assert_true(name[0] != '\0');
    assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
}

static void
test_names_are_plain_and_found(void **state)
{
    (void)state;
    for (const struct kind *kind = kind_table; kind->name != NULL; kind++) {
        check_name(kind->name);
        assert_ptr_equal(kind_by_name(kind_table, kind->name), kind);
    }
    assert_null(kind_by_name(kind_table, "none"));
    assert_null(kind_by_name(kind_table, ""));
}

static void
test_index_columns_are_declared(void **state)
{
    (void)state;
    for (const struct kind *kind = kind_table; kind->name != NULL; kind++) {
        for (size_t i = 0; i < split_n_indexes(kind); i++) {
            const struct kind_index *index = &kind->indexes[i];
            check_name(index->name);
            /* The names of a kind's other tables. */
            assert_string_not_equal(index->name, "past");
            assert_string_not_equal(index->name, "id");
            assert_ptr_equal(split_index(kind, index->name), index);
            assert_true(split_n_columns(index) > 0);
            for (size_t column = 0; column < split_n_columns(index); column++) {
                assert_true(split_declared(kind, index->columns[column]) <
                            split_n_declared(kind));
            }
        }
    }
}

/* Whether a path of field numbers leads to a field of this type in the record. */
static void
check_path(const ProtobufCMessageDescriptor *record, const struct declared *declared)
{
    static const ProtobufCType wanted[] = {[DECLARED_TEXT] = PROTOBUF_C_TYPE_STRING,
                                           [DECLARED_TIME] = PROTOBUF_C_TYPE_MESSAGE};
    const ProtobufCFieldDescriptor *field = NULL;
    for (size_t i = 0; i < KIND_MAX_PATH && declared->path[i] != 0; i++) {
        field = protobuf_c_message_descriptor_get_field(record, declared->path[i]);
        assert_non_null(field);
        assert_int_not_equal(field->label, PROTOBUF_C_LABEL_REPEATED);
        record = field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
    }
    assert_non_null(field);
    if (declared->type == DECLARED_INTEGER) {
        assert_true(field->type == PROTOBUF_C_TYPE_ENUM ||
                    field->type == PROTOBUF_C_TYPE_INT32 ||
                    field->type == PROTOBUF_C_TYPE_INT64 ||
                    field->type == PROTOBUF_C_TYPE_BOOL);
        return;
    }
    assert_int_equal(field->type, wanted[declared->type]);
}

static void
test_declared_fields_are_fields_of_the_record(void **state)
{
    (void)state;
    for (const struct kind *kind = kind_table; kind->name != NULL; kind++) {
        for (size_t i = 0; i < split_n_declared(kind); i++) {
            check_name(kind->declared[i].name);
            assert_non_null(kind->record);
            check_path(kind->record, &kind->declared[i]);
        }
    }
}

static void
test_internal_fields_are_fields_beyond_the_envelope(void **state)
{
    (void)state;
    for (const struct kind *kind = kind_table; kind->name != NULL; kind++) {
        for (const uint8_t *field = kind->internal; field != NULL && *field != 0;
             field++) {
            assert_true(*field > 4);
            assert_non_null(
                protobuf_c_message_descriptor_get_field(kind->record, *field));
        }
    }
}

/* What the reduced view leaves out, by hand; kinds that are not here hide nothing. A
 * new field is shown to whoever takes part, unless it is listed. */
static const struct {
    const char *kind;
    const char *fields[20]; /* NULL ends. */
} hidden[] = {
    {"provider",
     {"main_contact", "audit", "template_state", "template_service", "state_reason",
      "overrides", "administrators", "is_settling", "waiting_since"}},
    {"service",
     {"main_contact", "security_contact_email", "audit", "overrides", "past_offers",
      "was_published"}},
    {"order",
     {"attention", "waiting_for", "waiting_since", "next_due", "waiting_what",
      "jeopardy", "project", "on_behalf_of", "placed_by", "request_hash", "note",
      "sources", "cancel", "bundle", "bundle_revision", "plan"}},
    {"site", {"contacts"}},
    {"certification_change", {"changed_by"}},
    {"group", {"contact"}},
    {"operator_group", {"contacts"}},
    {"version", {"reporter"}},
    {"downtime", {"instances"}},
    {"endpoint", {"contact"}},
};

static bool
is_hidden(const struct kind *kind, const char *field)
{
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        for (size_t j = 0; hidden[i].fields[j] != NULL; j++) {
            if (strcmp(hidden[i].kind, kind->name) == 0 &&
                strcmp(hidden[i].fields[j], field) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool
is_internal(const struct kind *kind, uint32_t number)
{
    for (const uint8_t *field = kind->internal; field != NULL && *field != 0; field++) {
        if (*field == number) {
            return true;
        }
    }
    return false;
}

static void
test_the_reduced_view_hides_what_is_internal(void **state)
{
    (void)state;
    for (const struct kind *kind = kind_table; kind->name != NULL; kind++) {
        for (unsigned i = 0; kind->record != NULL && i < kind->record->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &kind->record->fields[i];
            if (is_internal(kind, field->id) != is_hidden(kind, field->name)) {
                fail_msg("%s.%s", kind->name, field->name);
            }
        }
    }
}

/* A watch that comes late shows a version as an as-of read would. */
static void
test_kinds_that_are_watched_keep_their_history(void **state)
{
    (void)state;
    for (const struct kind *kind = kind_table; kind->name != NULL; kind++) {
        assert_true(kind->watch_field == 0 || kind->has_history);
    }
}

static void
test_records_begin_with_the_envelope(void **state)
{
    static const char *const names[] = {"id", "revision", "created_at", "updated_at"};
    (void)state;
    for (const struct kind *kind = kind_table; kind->name != NULL; kind++) {
        for (unsigned i = 0; kind->record != NULL && i < 4; i++) {
            const ProtobufCFieldDescriptor *field =
                protobuf_c_message_descriptor_get_field(kind->record, i + 1);
            assert_non_null(field);
            assert_string_equal(field->name, names[i]);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_plain_and_found),
        cmocka_unit_test(test_index_columns_are_declared),
        cmocka_unit_test(test_declared_fields_are_fields_of_the_record),
        cmocka_unit_test(test_internal_fields_are_fields_beyond_the_envelope),
        cmocka_unit_test(test_the_reduced_view_hides_what_is_internal),
        cmocka_unit_test(test_kinds_that_are_watched_keep_their_history),
        cmocka_unit_test(test_records_begin_with_the_envelope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
