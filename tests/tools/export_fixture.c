#include "tests/tools/export_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/field.h"
#include "tools/export/export.h"
#include "tools/import/source.h"

static void
take_losses(struct import_fixture *fixture, const struct target *target,
            struct export_result *result)
{
    struct arena *arena = fixture->arena;
    for (size_t i = 0; i < target->n_losses; i++) {
        result->losses = source_grow(arena, result->losses, result->n_losses,
                                     sizeof *result->losses);
        result->losses[result->n_losses++] = (struct export_loss){
            .id = arena_copy(arena, target->id),
            .path = arena_copy(arena, target->losses[i].path),
            .text = arena_copy(arena, target->losses[i].text),
        };
    }
}

struct lists {
    enum exporting_list list;
    void *rows;
    size_t n;
};

struct export_result
export_fixture_write(struct import_fixture *fixture, const char *format,
                     const struct import_set *set)
{
    const struct lists lists[] = {
        {EXPORTING_VOCABULARIES, set->vocabularies, set->n_vocabularies},
        {EXPORTING_PROVIDERS, set->providers, set->n_providers},
        {EXPORTING_SERVICES, set->services, set->n_services},
    };
    struct export_result result = {NULL, NULL, 0};
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    assert_non_null(exporter_find(format));
    struct exporting exporting = exporting_new(exporter_find(format), stream, false);
    exporting_begin(&exporting);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        ProtobufCMessage *const *rows = lists[i].rows;
        for (size_t j = 0; j < lists[i].n; j++) {
            exporting_record(&exporting, lists[i].list, rows[j]);
            take_losses(fixture, &exporting.target, &result);
        }
    }
    exporting_end(&exporting);
    exporting_done(&exporting);
    assert_int_equal(fclose(stream), 0);
    result.text = arena_copy_n(fixture->arena, text, size);
    free(text);
    return result;
}

struct import_set
export_fixture_read(struct import_fixture *fixture, const char *format,
                    const char *text)
{
    fixture->format = format;
    if (!import_fixture_text(fixture, text)) {
        fail_msg("%s: %s", fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
    return fixture->set;
}

/* "training.keywords" and "categories[1]" are of training and categories. */
bool
export_fixture_lost(const struct export_result *result, const char *id,
                    const char *field)
{
    for (size_t i = 0; i < result->n_losses; i++) {
        const struct export_loss *loss = &result->losses[i];
        if (strcmp(loss->id, id) == 0 && strlen(field) == strcspn(loss->path, ".[") &&
            strncmp(loss->path, field, strlen(field)) == 0) {
            return true;
        }
    }
    return false;
}

static const char *
id_of(const ProtobufCMessage *record)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(record->descriptor, "id");
    return field_text(field_at(record, field, 0));
}

const ProtobufCMessage *
export_fixture_find(void *records, size_t n, const char *id)
{
    ProtobufCMessage *const *rows = records;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(id_of(rows[i]), id) == 0) {
            return rows[i];
        }
    }
    return NULL;
}

static void
copy(ProtobufCMessage *to, const ProtobufCMessage *from, size_t at, size_t size)
{
    memcpy((char *)to + at, (const char *)from + at, size);
}

struct bytes
export_fixture_field(const ProtobufCMessage *record,
                     const ProtobufCFieldDescriptor *field, struct arena *arena)
{
    ProtobufCMessage *alone = arena_alloc(arena, record->descriptor->sizeof_message);
    record->descriptor->message_init(alone);
    bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
    bool is_member = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (field_count(record, field) > 0) {
        copy(alone, record, field->offset,
             is_list ? sizeof(void *) : field_size(field->type));
    }
    if (field_count(record, field) > 0 && (is_list || is_member)) {
        copy(alone, record, field->quantifier_offset,
             is_list ? sizeof(size_t) : sizeof(uint32_t));
    }
    size_t size = protobuf_c_message_get_packed_size(alone);
    uint8_t *data = arena_alloc(arena, size + 1);
    assert_int_equal(protobuf_c_message_pack(alone, data), size);
    return (struct bytes){.data = data, .size = size};
}

size_t
export_fixture_compare(const struct export_result *result, const ProtobufCMessage *sent,
                       const ProtobufCMessage *back,
                       const Google__Protobuf__FieldMask *mask, struct arena *arena)
{
    size_t n_differ = 0;
    assert_ptr_equal(sent->descriptor, back->descriptor);
    for (size_t i = 0; i < mask->n_paths; i++) {
        const ProtobufCFieldDescriptor *field =
            import_fixture_field(sent->descriptor, mask->paths[i]);
        if (i > 0 &&
            field == import_fixture_field(sent->descriptor, mask->paths[i - 1])) {
            continue; /* Another part of the same list, which is compared whole. */
        }
        struct bytes a = export_fixture_field(sent, field, arena);
        struct bytes b = export_fixture_field(back, field, arena);
        bool is_same = a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
        bool is_made =
            field_count(sent, field) == 0 && strcmp(field->name, "source") == 0;
        if (!is_same && !is_made &&
            !export_fixture_lost(result, id_of(sent), field->name)) {
            fail_msg("%s: %s came back as something else and nobody said so",
                     id_of(sent), field->name);
        }
        n_differ += is_same ? 0 : 1;
    }
    return n_differ;
}
