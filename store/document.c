#include "store/document.h"

#include <string.h>

#include <google/protobuf/timestamp.pb-c.h>

#include "proto/field.h"
#include "proto/wire.h"

static void append_message(bson_t *out, const ProtobufCMessage *message);

static void
append_enum(bson_t *out, const char *name, const ProtobufCFieldDescriptor *field,
            int value)
{
    const ProtobufCEnumValue *known =
        protobuf_c_enum_descriptor_get_value(field->descriptor, value);
    /* A number that a newer version knows stays a number. */
    if (known == NULL) {
        BSON_APPEND_INT32(out, name, value);
    } else {
        BSON_APPEND_UTF8(out, name, known->name);
    }
}

static void
append_inner(bson_t *out, const char *name, const ProtobufCMessage *message)
{
    bson_t inner;
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        const Google__Protobuf__Timestamp *time = (const void *)message;
        BSON_APPEND_DATE_TIME(out, name, time->seconds * 1000 + time->nanos / 1000000);
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, name, &inner);
    append_message(&inner, message);
    bson_append_document_end(out, &inner);
}

static double
as_double(ProtobufCType type, uint64_t bits)
{
    union {
        uint64_t bits;
        double number;
    } wide = {bits};
    union {
        uint32_t bits;
        float number;
    } narrow = {(uint32_t)bits};
    return type == PROTOBUF_C_TYPE_DOUBLE ? wide.number : (double)narrow.number;
}

/* One element; every type a field can have. */
static void
append_element(bson_t *out, const char *name, const ProtobufCFieldDescriptor *field,
               const void *element)
{
    ProtobufCBinaryData bytes;
    uint64_t bits = 0;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        BSON_APPEND_UTF8(out, name, field_text(element));
        return;
    case PROTOBUF_C_TYPE_BYTES:
        bytes = field_bytes(element);
        BSON_APPEND_BINARY(out, name, BSON_SUBTYPE_BINARY, bytes.data,
                           (uint32_t)bytes.len);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        append_inner(out, name, field_message(element));
        return;
    case PROTOBUF_C_TYPE_ENUM:
        append_enum(out, name, field, (int)(int64_t)field_bits(field->type, element));
        return;
    case PROTOBUF_C_TYPE_BOOL:
        BSON_APPEND_BOOL(out, name, field_bits(field->type, element) != 0);
        return;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        bits = field_bits(field->type, element);
        BSON_APPEND_DOUBLE(out, name, as_double(field->type, bits));
        return;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        BSON_APPEND_INT32(out, name,
                          (int32_t)(int64_t)field_bits(field->type, element));
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64:
        BSON_APPEND_INT64(out, name, (int64_t)field_bits(field->type, element));
        return;
    }
}

static void
append_list(bson_t *out, const ProtobufCMessage *message,
            const ProtobufCFieldDescriptor *field, size_t n)
{
    bson_t array;
    BSON_APPEND_ARRAY_BEGIN(out, field->name, &array);
    for (size_t i = 0; i < n; i++) {
        char room[16];
        const char *place;
        (void)bson_uint32_to_string((uint32_t)i, &place, room, sizeof room);
        append_element(&array, place, field, field_at(message, field, i));
    }
    bson_append_array_end(out, &array);
}

static void
append_message(bson_t *out, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        size_t n = field_count(message, field);
        if (field->label == PROTOBUF_C_LABEL_REPEATED && n > 0) {
            append_list(out, message, field, n);
        } else if (n > 0) {
            append_element(out, field->name, field, field_at(message, field, 0));
        }
    }
}

void
document_append(const struct kind *kind, struct bytes w, struct bytes x,
                struct arena *arena, bson_t *out)
{
    struct faults faults = {.arena = arena};
    bson_t inner;
    if (kind->record == NULL) {
        return;
    }
    /* Messages may be laid one behind the other: w then x is the document. */
    uint8_t *doc = arena_alloc(arena, w.size + x.size);
    memcpy(doc, w.size > 0 ? w.data : doc, w.size);
    memcpy(doc + w.size, x.size > 0 ? x.data : doc + w.size, x.size);
    const ProtobufCMessage *message =
        wire_unpack(kind->record, (struct bytes){doc, w.size + x.size},
                    &wire_stored_limits, arena, &faults);
    if (message == NULL) {
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, "d", &inner);
    append_message(&inner, message);
    bson_append_document_end(out, &inner);
}
