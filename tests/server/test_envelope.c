/* A record that is wrapped is sent as one that was taken apart and packed again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/wire.h"
#include "server/rpc/envelope.h"

enum { FIRST_OWN = 5, EVERY = 3 };

/* Fills texts and numbers of a record, every third of them from a place on: so that
 * documents begin with many a field. */
static void
fill(ProtobufCMessage *record, unsigned from)
{
    const ProtobufCMessageDescriptor *type = record->descriptor;
    for (unsigned i = from; i < type->n_fields; i += EVERY) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        void *member = (char *)record + field->offset;
        if (field->id < FIRST_OWN || field->label != PROTOBUF_C_LABEL_NONE) {
            continue;
        }
        if (field->type == PROTOBUF_C_TYPE_STRING) {
            *(char **)member = (char *)field->name;
        } else if (field->type == PROTOBUF_C_TYPE_INT64) {
            *(int64_t *)member = (int64_t)field->id << 20;
        } else if (field->type == PROTOBUF_C_TYPE_BOOL) {
            *(protobuf_c_boolean *)member = 1;
        }
    }
}

static void
check(const struct kind *kind, unsigned from, const struct envelope *envelope)
{
    struct arena *arena = arena_new();
    assert_non_null(arena);
    ProtobufCMessage *record = arena_alloc(arena, kind->record->sizeof_message);
    protobuf_c_message_init(kind->record, record);
    fill(record, from);
    struct bytes doc = envelope_strip(record, arena);
    struct bytes wrapped = wire_pack(envelope_wrap(kind, doc, envelope, arena), arena);
    struct bytes packed = wire_pack(envelope_unpack(kind, doc, envelope, arena), arena);
    assert_int_equal(wrapped.size, packed.size);
    assert_memory_equal(wrapped.data, packed.data, packed.size);
    arena_free(arena);
}

static void
test_every_kind_is_sent_alike(void **state)
{
    const struct envelope known = {"coast/a", 77, 1234567, 2345678};
    const struct envelope unknown = {"coast/a", 77, INT64_MIN, INT64_MIN};
    size_t n_kinds = 0;
    (void)state;
    for (const struct kind *kind = kind_table; kind->name != NULL; kind++) {
        for (unsigned from = 0; kind->record != NULL && from < kind->record->n_fields;
             from++) {
            check(kind, from, &known);
            check(kind, from, &unknown);
        }
        n_kinds++;
    }
    assert_true(n_kinds > 20);
}

static void
test_a_document_without_a_field_is_its_envelope(void **state)
{
    const struct envelope envelope = {"coast/a", 77, 1234567, 2345678};
    (void)state;
    for (const struct kind *kind = kind_table; kind->name != NULL; kind++) {
        if (kind->record != NULL) {
            check(kind, kind->record->n_fields, &envelope);
        }
    }
}

/* Fields this version does not know go through as they are. */
static void
test_what_is_unknown_stays(void **state)
{
    const struct envelope envelope = {"coast/a", 77, 1234567, 2345678};
    static const uint8_t doc[] = {0xfa, 0x7f, 3, 'x', 'y', 'z', 0x80, 0x80, 0x01, 5};
    struct arena *arena = arena_new();
    (void)state;
    assert_non_null(arena);
    struct bytes bytes = wire_pack(
        envelope_wrap(KIND_ORDER, (struct bytes){doc, sizeof doc}, &envelope, arena),
        arena);
    assert_true(bytes.size > sizeof doc);
    assert_memory_equal(bytes.data + bytes.size - sizeof doc, doc, sizeof doc);
    arena_free(arena);
}

/* As damaged as for who takes it apart: an envelope alone would be a lie. */
static void
test_a_damaged_document_is_no_record(void **state)
{
    const struct envelope envelope = {"coast/a", 77, 1234567, 2345678};
    static const uint8_t docs[][4] = {
        {0x2a, 5, 'a', 'b'}, {0x28, 1, 0x2a, 9}, {0x28, 1, 0xff, 0xff}};
    struct arena *arena = arena_new();
    (void)state;
    assert_non_null(arena);
    for (size_t i = 0; i < sizeof docs / sizeof docs[0]; i++) {
        struct bytes doc = {docs[i], sizeof docs[i]};
        assert_null(envelope_wrap(KIND_ORDER, doc, &envelope, arena));
        assert_null(envelope_unpack(KIND_ORDER, doc, &envelope, arena));
    }
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_is_sent_alike),
        cmocka_unit_test(test_a_document_without_a_field_is_its_envelope),
        cmocka_unit_test(test_what_is_unknown_stays),
        cmocka_unit_test(test_a_damaged_document_is_no_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
