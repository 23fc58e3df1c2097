#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <google/protobuf/descriptor.pb-c.h>

#include "proto/descriptors.h"
#include "proto/json.h"
#include "proto/wire.h"
#include "tests/proto/message_cases.h"

/* Message types of the contract; a new one changes this number on purpose. */
enum { PUBLISHED_TYPES = 383 };

static struct arena *arena;
static struct arena *case_arena;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    case_arena = arena_new();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    arena_free(case_arena);
    return 0;
}

static Google__Protobuf__FileDescriptorSet *
published(void)
{
    struct bytes set = descriptors_set();
    void *files = google__protobuf__file_descriptor_set__unpack(
        arena_allocator(arena, SIZE_MAX), set.size, set.data);
    assert_non_null(files);
    return files;
}

static void
compare_field(const ProtobufCMessageDescriptor *type,
              const Google__Protobuf__FieldDescriptorProto *field)
{
    const ProtobufCFieldDescriptor *ours =
        protobuf_c_message_descriptor_get_field_by_name(type, field->name);
    bool is_list =
        field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    assert_non_null(ours);
    assert_int_equal(ours->id, field->number);
    assert_int_equal(ours->label == PROTOBUF_C_LABEL_REPEATED, is_list);
    assert_string_equal(json_name(ours->name, arena), field->json_name);
}

/* Compares a type and those inside it; answers how many there were. */
static size_t
compare_type(const char *scope, const Google__Protobuf__DescriptorProto *type)
{
    size_t n = 1;
    const char *name = arena_print(arena, "%s.%s", scope, type->name);
    const ProtobufCMessageDescriptor *ours = descriptors_find(name);
    assert_non_null(ours);
    assert_int_equal(ours->n_fields, type->n_field);
    for (size_t i = 0; i < type->n_field; i++) {
        compare_field(ours, type->field[i]);
    }
    for (size_t i = 0; i < type->n_nested_type; i++) {
        n += compare_type(name, type->nested_type[i]);
    }
    return n;
}

static void
test_every_published_type_is_listed_with_all_its_fields(void **state)
{
    size_t n = 0;
    size_t n_listed;
    (void)state;
    Google__Protobuf__FileDescriptorSet *files = published();
    for (size_t i = 0; i < files->n_file; i++) {
        const Google__Protobuf__FileDescriptorProto *file = files->file[i];
        bool is_imported = strcmp(file->package, "google.protobuf") == 0;
        for (size_t k = 0; k < file->n_message_type && !is_imported; k++) {
            n += compare_type(file->package, file->message_type[k]);
        }
    }
    (void)descriptors_messages(&n_listed);
    assert_int_equal(n, n_listed);
    assert_int_equal(n, PUBLISHED_TYPES);
}

static void
test_the_published_files_keep_optional_as_written(void **state)
{
    size_t n_optional = 0;
    (void)state;
    Google__Protobuf__FileDescriptorSet *files = published();
    for (size_t i = 0; i < files->n_file; i++) {
        const Google__Protobuf__FileDescriptorProto *file = files->file[i];
        for (size_t k = 0; k < file->n_message_type; k++) {
            const Google__Protobuf__DescriptorProto *type = file->message_type[k];
            for (size_t f = 0; f < type->n_field; f++) {
                n_optional += type->field[f]->proto3_optional != 0;
            }
        }
    }
    assert_int_equal(n_optional, 5);
}

static void
assert_packs_as(const ProtobufCMessage *message, struct bytes wanted)
{
    assert_non_null(message);
    struct bytes packed = wire_pack(message, case_arena);
    if (packed.size != wanted.size) {
        print_error("%s\n", message->descriptor->name);
    }
    assert_int_equal(packed.size, wanted.size);
    assert_memory_equal(packed.data, wanted.data, wanted.size);
}

/* The message, to the wire and back, to JSON and back: always the same bytes. */
static void
carry(const ProtobufCMessage *message, void *context)
{
    static const unsigned flags[] = {JSON_COMPACT, JSON_INDENT, JSON_PROTO_NAMES};
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    struct faults faults = {.arena = case_arena};
    (void)context;
    struct bytes packed = wire_pack(message, case_arena);
    ProtobufCMessage *back =
        wire_unpack(descriptor, packed, &wire_request_limits, case_arena, &faults);
    assert_packs_as(back, packed);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        const char *json = json_print(back, flags[i], case_arena);
        assert_non_null(json);
        assert_packs_as(json_parse(descriptor, json, strlen(json), case_arena, &faults),
                        packed);
    }
    assert_int_equal(faults.n_found, 0);
}

static void
test_every_case_survives_the_wire_and_json(void **state)
{
    (void)state;
    size_t n = message_cases_visit(case_arena, carry, NULL);
    assert_true(n > 3000);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_published_type_is_listed_with_all_its_fields),
        cmocka_unit_test(test_the_published_files_keep_optional_as_written),
        cmocka_unit_test(test_every_case_survives_the_wire_and_json),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
