#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base64.h"
#include "proto/field.h"
#include "proto/json.h"
#include "proto/json_map.h"
#include "proto/json_special.h"

enum { NUMBER_ROOM = 40, INDENT = 2, FIRST_SIZE = 256 };

/* The text as it grows. */
struct out {
    struct arena *arena;
    unsigned flags;
    char *text;
    size_t size;
    size_t room;
    unsigned depth;
    bool is_unsayable; /* Something was met that JSON cannot say. */
};

static void print_message(struct out *out, const ProtobufCMessage *message);

static void
put(struct out *out, const char *text, size_t size)
{
    if (size >= out->room - out->size) {
        size_t room = 2 * out->room + size + 1;
        char *larger = arena_alloc(out->arena, room);
        memcpy(larger, out->text, out->size);
        out->text = larger;
        out->room = room;
    }
    memcpy(out->text + out->size, text, size);
    out->size += size;
}

/* Everything is written straight into the text: a tree in between would double the
 * memory. */
static void
put_text(struct out *out, const char *text)
{
    put(out, text, strlen(text));
}

/* Only the indented form has lines. */
static void
put_line(struct out *out)
{
    if ((out->flags & JSON_INDENT) == 0) {
        return;
    }
    put(out, "\n", 1);
    for (unsigned i = 0; i < INDENT * out->depth; i++) {
        put(out, " ", 1);
    }
}

/* Before each element of a list or an object. */
static void
put_separator(struct out *out, bool is_first)
{
    if (!is_first) {
        put(out, ",", 1);
    }
    put_line(out);
}

static void
open_group(struct out *out, const char *bracket)
{
    put_text(out, bracket);
    out->depth++;
}

static void
close_group(struct out *out, const char *bracket, bool is_empty)
{
    out->depth--;
    if (!is_empty) {
        put_line(out);
    }
    put_text(out, bracket);
}

/* RFC 8259, section 7: quotation mark, reverse solidus and the control characters. */
static void
put_escaped(struct out *out, unsigned char byte)
{
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *at = strchr(named, byte);
    char text[NUMBER_ROOM];
    if (at != NULL && byte != '\0') {
        (void)snprintf(text, sizeof text, "\\%c", letters[at - named]);
    } else {
        (void)snprintf(text, sizeof text, "\\u%04x", (unsigned)byte);
    }
    put_text(out, text);
}

static void
put_quoted(struct out *out, const char *text)
{
    put(out, "\"", 1);
    for (const char *at = text; *at != '\0';) {
        size_t plain = 0;
        while ((unsigned char)at[plain] >= ' ' && at[plain] != '"' &&
               at[plain] != '\\') {
            plain++;
        }
        put(out, at, plain);
        at += plain;
        if (*at != '\0') {
            put_escaped(out, (unsigned char)*at++);
        }
    }
    put(out, "\"", 1);
}

static void
put_name(struct out *out, const char *name)
{
    put_quoted(out, name);
    put_text(out, (out->flags & JSON_INDENT) != 0 ? ": " : ":");
}

/* A locale may write another sign than a dot. */
static void
put_number(struct out *out, const char *text)
{
    bool is_dotted = false;
    for (const char *at = text; *at != '\0'; at++) {
        bool is_plain = strchr("0123456789+-e", *at) != NULL;
        if (is_plain) {
            put(out, at, 1);
        } else if (!is_dotted) {
            put(out, ".", 1);
            is_dotted = true;
        }
    }
}

/* With as few digits as bring the same number back. */
static void
put_double(struct out *out, double number, int digits, int digits_max)
{
    char text[NUMBER_ROOM];
    if (!isfinite(number)) {
        out->is_unsayable = true;
        return;
    }
    for (; digits <= digits_max; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        double back = strtod(text, NULL);
        bool is_same = digits_max > 9
                           ? memcmp(&back, &number, sizeof back) == 0
                           : fabs((double)((float)back - (float)number)) <= 0;
        if (is_same) {
            break;
        }
    }
    put_number(out, text);
}

static void
print_double(struct out *out, const ProtobufCFieldDescriptor *field,
             const void *element)
{
    double number;
    (void)field;
    memcpy(&number, element, sizeof number);
    put_double(out, number, 15, 17);
}

static void
print_float(struct out *out, const ProtobufCFieldDescriptor *field, const void *element)
{
    float number;
    (void)field;
    memcpy(&number, element, sizeof number);
    put_double(out, (double)number, 6, 9);
}

static void
print_narrow(struct out *out, const ProtobufCFieldDescriptor *field,
             const void *element)
{
    char text[NUMBER_ROOM];
    (void)snprintf(text, sizeof text, "%" PRId64,
                   (int64_t)field_bits(field->type, element));
    put_text(out, text);
}

/* Numbers of 64 bits are texts: JavaScript would round them. */
static void
print_wide(struct out *out, const ProtobufCFieldDescriptor *field, const void *element)
{
    char text[NUMBER_ROOM];
    (void)snprintf(text, sizeof text, "\"%" PRId64 "\"",
                   (int64_t)field_bits(field->type, element));
    put_text(out, text);
}

static void
print_wide_unsigned(struct out *out, const ProtobufCFieldDescriptor *field,
                    const void *element)
{
    char text[NUMBER_ROOM];
    (void)snprintf(text, sizeof text, "\"%" PRIu64 "\"",
                   field_bits(field->type, element));
    put_text(out, text);
}

static void
print_bool(struct out *out, const ProtobufCFieldDescriptor *field, const void *element)
{
    put_text(out, field_bits(field->type, element) != 0 ? "true" : "false");
}

/* A value of a newer contract is kept as its number. */
static void
print_enum(struct out *out, const ProtobufCFieldDescriptor *field, const void *element)
{
    int number = (int)(int64_t)field_bits(field->type, element);
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(field->descriptor, number);
    if (value == NULL) {
        print_narrow(out, field, element);
        return;
    }
    put_quoted(out, value->name);
}

static void
print_string(struct out *out, const ProtobufCFieldDescriptor *field,
             const void *element)
{
    (void)field;
    put_quoted(out, field_text(element));
}

static void
print_bytes(struct out *out, const ProtobufCFieldDescriptor *field, const void *element)
{
    ProtobufCBinaryData data = field_bytes(element);
    (void)field;
    put_quoted(out, base64_print((struct bytes){data.data, data.len}, out->arena));
}

static void
print_nested(struct out *out, const ProtobufCFieldDescriptor *field,
             const void *element)
{
    (void)field;
    print_message(out, field_message(element));
}

/* One row a type; lists and maps are their elements one after the other. */
typedef void (*print_fn)(struct out *out, const ProtobufCFieldDescriptor *field,
                         const void *element);

static const print_fn printers[] = {
    [PROTOBUF_C_TYPE_INT32] = print_narrow,
    [PROTOBUF_C_TYPE_SINT32] = print_narrow,
    [PROTOBUF_C_TYPE_SFIXED32] = print_narrow,
    [PROTOBUF_C_TYPE_INT64] = print_wide,
    [PROTOBUF_C_TYPE_SINT64] = print_wide,
    [PROTOBUF_C_TYPE_SFIXED64] = print_wide,
    [PROTOBUF_C_TYPE_UINT32] = print_narrow,
    [PROTOBUF_C_TYPE_FIXED32] = print_narrow,
    [PROTOBUF_C_TYPE_UINT64] = print_wide_unsigned,
    [PROTOBUF_C_TYPE_FIXED64] = print_wide_unsigned,
    [PROTOBUF_C_TYPE_FLOAT] = print_float,
    [PROTOBUF_C_TYPE_DOUBLE] = print_double,
    [PROTOBUF_C_TYPE_BOOL] = print_bool,
    [PROTOBUF_C_TYPE_ENUM] = print_enum,
    [PROTOBUF_C_TYPE_STRING] = print_string,
    [PROTOBUF_C_TYPE_BYTES] = print_bytes,
    [PROTOBUF_C_TYPE_MESSAGE] = print_nested,
};

static const char *
entry_key(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
          size_t i)
{
    const ProtobufCMessage *entry = field_message(field_at(message, field, i));
    return field_text(field_at(entry, &entry->descriptor->fields[0], 0));
}

/* Of entries with one key the last counts. */
static bool
is_overtaken(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
             size_t i)
{
    size_t n = field_count(message, field);
    for (size_t k = i + 1; k < n; k++) {
        if (strcmp(entry_key(message, field, k), entry_key(message, field, i)) == 0) {
            return true;
        }
    }
    return false;
}

static void
print_map(struct out *out, const ProtobufCMessage *message,
          const ProtobufCFieldDescriptor *field)
{
    size_t n = field_count(message, field);
    bool is_first = true;
    open_group(out, "{");
    for (size_t i = 0; i < n; i++) {
        if (is_overtaken(message, field, i)) {
            continue;
        }
        const ProtobufCMessage *entry = field_message(field_at(message, field, i));
        const ProtobufCFieldDescriptor *value = &entry->descriptor->fields[1];
        put_separator(out, is_first);
        put_name(out, entry_key(message, field, i));
        printers[value->type](out, value, field_at(entry, value, 0));
        is_first = false;
    }
    close_group(out, "}", is_first);
}

static void
print_list(struct out *out, const ProtobufCMessage *message,
           const ProtobufCFieldDescriptor *field)
{
    size_t n = field_count(message, field);
    open_group(out, "[");
    for (size_t i = 0; i < n; i++) {
        put_separator(out, i == 0);
        printers[field->type](out, field, field_at(message, field, i));
    }
    close_group(out, "]", n == 0);
}

static void
print_field(struct out *out, const ProtobufCMessage *message,
            const ProtobufCFieldDescriptor *field)
{
    bool is_proto = (out->flags & JSON_PROTO_NAMES) != 0;
    put_name(out, is_proto ? field->name : json_name(field->name, out->arena));
    if (json_is_map(message->descriptor, field)) {
        print_map(out, message, field);
    } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        print_list(out, message, field);
    } else {
        printers[field->type](out, field, field_at(message, field, 0));
    }
}

/* Defaults without presence are left out, as proto3 JSON asks. */
static void
print_object(struct out *out, const ProtobufCMessage *message)
{
    bool is_first = true;
    open_group(out, "{");
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field_count(message, field) > 0) {
            put_separator(out, is_first);
            print_field(out, message, field);
            is_first = false;
        }
    }
    close_group(out, "}", is_first);
}

static void
print_message(struct out *out, const ProtobufCMessage *message)
{
    const struct json_special *special = json_special(message->descriptor);
    if (special == NULL) {
        print_object(out, message);
        return;
    }
    const char *text = special->print(message, out->arena);
    if (text == NULL) {
        out->is_unsayable = true;
        return;
    }
    put_quoted(out, text);
}

char *
json_print(const ProtobufCMessage *message, unsigned flags, struct arena *arena)
{
    struct out out = {.arena = arena, .flags = flags, .room = FIRST_SIZE};
    out.text = arena_alloc(arena, out.room);
    print_message(&out, message);
    out.text[out.size] = '\0';
    return out.is_unsayable ? NULL : out.text;
}

/* As protoc makes them: an underscore goes, the letter after it is raised. */
char *
json_name(const char *field, struct arena *arena)
{
    char *name = arena_alloc(arena, strlen(field) + 1);
    char *out = name;
    bool is_raised = false;
    for (const char *at = field; *at != '\0'; at++) {
        if (*at == '_') {
            is_raised = true;
            continue;
        }
        bool is_lower = *at >= 'a' && *at <= 'z';
        *out++ = is_raised && is_lower ? (char)(*at - 'a' + 'A') : *at;
        is_raised = false;
    }
    return name;
}
