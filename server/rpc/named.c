#include "server/rpc/named.h"

#include <string.h>

#include "proto/field.h"

/* Where a singular field of this name is kept, or NULL when there is none or it is
 * absent. */
static const void *
element(const void *message, const char *name, const ProtobufCFieldDescriptor **out)
{
    const ProtobufCMessage *base = message;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(base->descriptor, name);
    if (field == NULL || field->label == PROTOBUF_C_LABEL_REPEATED ||
        field_count(base, field) == 0) {
        return NULL;
    }
    *out = field;
    return field_at(base, field, 0);
}

const char *
named_text(const void *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = NULL;
    const void *found = element(message, name, &field);
    bool is_text = found != NULL && field->type == PROTOBUF_C_TYPE_STRING;
    return is_text ? field_text(found) : "";
}

int64_t
named_integer(const void *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = NULL;
    const void *found = element(message, name, &field);
    return found == NULL ? 0 : (int64_t)field_bits(field->type, found);
}

bool
named_flag(const void *message, const char *name)
{
    return named_integer(message, name) != 0;
}

const void *
named_message(const void *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = NULL;
    const void *found = element(message, name, &field);
    bool is_message = found != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE;
    return is_message ? field_message(found) : NULL;
}

uint32_t
named_number(const ProtobufCMessageDescriptor *descriptor, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, name);
    return field == NULL ? 0 : field->id;
}

/* A member of a oneof shares its place with the others, so it moves only together with
 * the case; when from does not hold it, only to's own value of it is taken away. */
static void
copy_member(void *to, const void *from, const ProtobufCFieldDescriptor *field)
{
    bool is_held = field_count(from, field) > 0;
    uint32_t number = is_held ? field->id : 0;
    if (!is_held && field_count(to, field) == 0) {
        return;
    }
    memcpy((char *)to + field->quantifier_offset, &number, sizeof(number));
    memcpy((char *)to + field->offset, (const char *)from + field->offset,
           field_size(field->type));
}

void
named_copy(void *to, const void *from, const ProtobufCFieldDescriptor *field)
{
    bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        copy_member(to, from, field);
        return;
    }
    if (is_list) {
        memcpy((char *)to + field->quantifier_offset,
               (const char *)from + field->quantifier_offset, sizeof(size_t));
    }
    memcpy((char *)to + field->offset, (const char *)from + field->offset,
           is_list ? sizeof(void *) : field_size(field->type));
}
