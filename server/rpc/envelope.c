#include "server/rpc/envelope.h"

#include <string.h>

#include <google/protobuf/timestamp.pb-c.h>

#include "proto/wire.h"

/* Field numbers, the same in every record. */
enum { FIELD_ID = 1, FIELD_REVISION, FIELD_CREATED_AT, FIELD_UPDATED_AT };

enum { ENVELOPE_MAX_BYTES = 64 }; /* Without the id. */

static void *
member(ProtobufCMessage *record, unsigned number)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(record->descriptor, number);
    return (char *)record + field->offset;
}

static void
set_time(ProtobufCMessage *record, unsigned number, int64_t ms, struct arena *arena)
{
    Google__Protobuf__Timestamp *time = NULL;
    if (ms != INT64_MIN) {
        time = arena_alloc(arena, sizeof *time);
        google__protobuf__timestamp__init(time);
        time->seconds = ms / 1000;
        time->nanos = (int32_t)(ms % 1000) * 1000000;
    }
    memcpy(member(record, number), &time, sizeof(time));
}

static void
set(ProtobufCMessage *record, const struct envelope *envelope, struct arena *arena)
{
    char *id = arena_copy(arena, envelope->id);
    memcpy(member(record, FIELD_ID), &id, sizeof(id));
    memcpy(member(record, FIELD_REVISION), &envelope->revision,
           sizeof envelope->revision);
    set_time(record, FIELD_CREATED_AT, envelope->created_at_ms, arena);
    set_time(record, FIELD_UPDATED_AT, envelope->updated_at_ms, arena);
}

ProtobufCMessage *
envelope_unpack(const struct kind *kind, struct bytes doc,
                const struct envelope *envelope, struct arena *arena)
{
    struct faults *faults = arena_alloc(arena, sizeof *faults);
    faults->arena = arena;
    ProtobufCMessage *record =
        wire_unpack(kind->record, doc, &wire_stored_limits, arena, faults);
    if (record != NULL) {
        set(record, envelope, arena);
    }
    return record;
}

/* All of the document goes for the content of one unknown field, that of its first tag:
 * protobuf-c writes the tag, then the content as it is. */
ProtobufCMessage *
envelope_wrap(const struct kind *kind, struct bytes doc,
              const struct envelope *envelope, struct arena *arena)
{
    struct wire_field first;
    struct wire_field field;
    struct bytes rest = doc;
    size_t tag_size = 1;
    bool is_empty = !wire_next(&rest, &first);
    while (wire_next(&rest, &field)) {
    }
    if (rest.size > 0) {
        return NULL;
    }
    ProtobufCMessage *record = arena_alloc(arena, kind->record->sizeof_message);
    protobuf_c_message_init(kind->record, record);
    set(record, envelope, arena);
    if (is_empty) {
        return record;
    }
    while ((doc.data[tag_size - 1] & 0x80) != 0) {
        tag_size++;
    }
    ProtobufCMessageUnknownField *all = arena_alloc(arena, sizeof *all);
    all->tag = first.number;
    all->wire_type = (ProtobufCWireType)first.type;
    all->len = doc.size - tag_size;
    all->data = (uint8_t *)doc.data + tag_size;
    record->unknown_fields = all;
    record->n_unknown_fields = 1;
    return record;
}

/* Appends a tag of a length-delimited field and its size; answers the bytes used. */
static size_t
begin_field(uint8_t *out, unsigned number, size_t size)
{
    size_t used = wire_varint((uint64_t)number << 3 | 2, out);
    return used + wire_varint(size, out + used);
}

static size_t
add_time(uint8_t *out, unsigned number, int64_t ms, struct arena *arena)
{
    if (ms == INT64_MIN) {
        return 0;
    }
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    time.seconds = ms / 1000;
    time.nanos = (int32_t)(ms % 1000) * 1000000;
    struct bytes bytes = wire_pack(&time.base, arena);
    size_t used = begin_field(out, number, bytes.size);
    if (bytes.size > 0) {
        memcpy(out + used, bytes.data, bytes.size);
    }
    return used + bytes.size;
}

struct bytes
envelope_pack(const struct envelope *envelope, struct arena *arena)
{
    size_t id_size = strlen(envelope->id);
    uint8_t *out = arena_alloc(arena, id_size + ENVELOPE_MAX_BYTES);
    size_t used = begin_field(out, FIELD_ID, id_size);
    memcpy(out + used, envelope->id, id_size);
    used += id_size;
    used += wire_varint(FIELD_REVISION << 3, out + used);
    used += wire_varint((uint64_t)envelope->revision, out + used);
    used += add_time(out + used, FIELD_CREATED_AT, envelope->created_at_ms, arena);
    used += add_time(out + used, FIELD_UPDATED_AT, envelope->updated_at_ms, arena);
    return (struct bytes){out, used};
}

struct bytes
envelope_strip(const ProtobufCMessage *record, struct arena *arena)
{
    size_t size = record->descriptor->sizeof_message;
    ProtobufCMessage *copy = arena_alloc(arena, size);
    memcpy(copy, record, size);
    static const struct envelope none = {
        .id = "", .created_at_ms = INT64_MIN, .updated_at_ms = INT64_MIN};
    set(copy, &none, arena);
    return wire_pack(copy, arena);
}
