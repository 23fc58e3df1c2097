#include "proto/field.h"

#include <stdlib.h>
#include <string.h>

/* What one type is in memory. */
struct shape {
    size_t size;
    bool is_signed; /* Its 32 bits are extended by sign. */
    uint32_t wire;
};

static const struct shape shapes[] = {
    [PROTOBUF_C_TYPE_INT32] = {4, true, FIELD_VARINT},
    [PROTOBUF_C_TYPE_SINT32] = {4, true, FIELD_VARINT},
    [PROTOBUF_C_TYPE_SFIXED32] = {4, true, FIELD_FIXED32},
    [PROTOBUF_C_TYPE_INT64] = {8, true, FIELD_VARINT},
    [PROTOBUF_C_TYPE_SINT64] = {8, true, FIELD_VARINT},
    [PROTOBUF_C_TYPE_SFIXED64] = {8, true, FIELD_FIXED64},
    [PROTOBUF_C_TYPE_UINT32] = {4, false, FIELD_VARINT},
    [PROTOBUF_C_TYPE_FIXED32] = {4, false, FIELD_FIXED32},
    [PROTOBUF_C_TYPE_UINT64] = {8, false, FIELD_VARINT},
    [PROTOBUF_C_TYPE_FIXED64] = {8, false, FIELD_FIXED64},
    [PROTOBUF_C_TYPE_FLOAT] = {4, false, FIELD_FIXED32},
    [PROTOBUF_C_TYPE_DOUBLE] = {8, false, FIELD_FIXED64},
    [PROTOBUF_C_TYPE_BOOL] = {sizeof(protobuf_c_boolean), false, FIELD_VARINT},
    [PROTOBUF_C_TYPE_ENUM] = {4, true, FIELD_VARINT},
    [PROTOBUF_C_TYPE_STRING] = {sizeof(char *), false, FIELD_SIZED},
    [PROTOBUF_C_TYPE_BYTES] = {sizeof(ProtobufCBinaryData), false, FIELD_SIZED},
    [PROTOBUF_C_TYPE_MESSAGE] = {sizeof(ProtobufCMessage *), false, FIELD_SIZED},
};

static const void *
member(const ProtobufCMessage *message, unsigned offset)
{
    return (const char *)message + offset;
}

static bool
is_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

static bool
is_pointer(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE ||
           field->type == PROTOBUF_C_TYPE_STRING;
}

uint32_t
field_wire_type(ProtobufCType type)
{
    return shapes[type].wire;
}

size_t
field_size(ProtobufCType type)
{
    return shapes[type].size;
}

bool
field_has_presence(const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return false;
    }
    return is_oneof(field) || field->type == PROTOBUF_C_TYPE_MESSAGE ||
           field->label != PROTOBUF_C_LABEL_NONE;
}

/* Of a field whose default is as good as absence. */
static bool
is_default(const ProtobufCFieldDescriptor *field, const void *element)
{
    static const unsigned char zeros[8];
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return *field_text(element) == '\0';
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        return field_bytes(element).len == 0;
    }
    return memcmp(element, zeros, field_size(field->type)) == 0;
}

/* protobuf-c keeps a flag for proto2's optional numbers, and a pointer to the default
 * for its texts. */
static bool
is_optional_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if (is_pointer(field)) {
        const void *pointer = *(void *const *)member(message, field->offset);
        return pointer != NULL && pointer != field->default_value;
    }
    return *(const protobuf_c_boolean *)member(message, field->quantifier_offset) != 0;
}

size_t
field_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *element = member(message, field->offset);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return *(const size_t *)member(message, field->quantifier_offset);
    }
    if (is_oneof(field)) {
        return *(const uint32_t *)member(message, field->quantifier_offset) ==
               field->id;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return field_message(element) != NULL;
    }
    if (field->label == PROTOBUF_C_LABEL_REQUIRED) {
        return 1;
    }
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL) {
        return is_optional_set(message, field);
    }
    return !is_default(field, element);
}

const void *
field_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
         size_t index)
{
    const void *element = member(message, field->offset);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        return element;
    }
    return *(const char *const *)element + index * field_size(field->type);
}

uint64_t
field_bits(ProtobufCType type, const void *element)
{
    if (field_size(type) == 8) {
        uint64_t wide;
        memcpy(&wide, element, sizeof wide);
        return wide;
    }
    uint32_t narrow;
    memcpy(&narrow, element, sizeof narrow);
    if (shapes[type].is_signed) {
        return (uint64_t)(int64_t)(int32_t)narrow;
    }
    return type == PROTOBUF_C_TYPE_BOOL ? narrow != 0 : narrow;
}

const char *
field_text(const void *element)
{
    const char *text = *(char *const *)element;
    return text == NULL ? "" : text;
}

ProtobufCBinaryData
field_bytes(const void *element)
{
    return *(const ProtobufCBinaryData *)element;
}

const ProtobufCMessage *
field_message(const void *element)
{
    return *(ProtobufCMessage *const *)element;
}

static void *
make_list(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t n,
          ProtobufCAllocator *allocator)
{
    size_t size = field_size(field->type) * n;
    void *list = allocator->alloc(allocator->allocator_data, size > 0 ? size : 1);
    if (list == NULL) {
        abort();
    }
    memset(list, 0, size);
    *(size_t *)((char *)message + field->quantifier_offset) = n;
    *(void **)((char *)message + field->offset) = list;
    return list;
}

void *
field_make(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t n,
           ProtobufCAllocator *allocator)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return make_list(message, field, n, allocator);
    }
    if (is_oneof(field)) {
        *(uint32_t *)((char *)message + field->quantifier_offset) = field->id;
    } else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && !is_pointer(field)) {
        *(protobuf_c_boolean *)((char *)message + field->quantifier_offset) = 1;
    }
    return (char *)message + field->offset;
}
