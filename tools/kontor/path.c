/*
 * Fields by name, over protobuf-c's descriptors: a command's row names a field and
 * needs no code.
 */
#include "tools/kontor/path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "proto/field.h"
#include "proto/json.h"

ProtobufCMessage *
path_message(const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    descriptor->message_init(message);
    return message;
}

/* The field named by the first segment; *rest is behind its dot, NULL at the end. */
static const ProtobufCFieldDescriptor *
path_first(const ProtobufCMessage *message, const char *path, const char **rest,
           struct arena *arena)
{
    const char *dot = strchr(path, '.');
    *rest = dot == NULL ? NULL : dot + 1;
    size_t size = dot == NULL ? strlen(path) : (size_t)(dot - path);
    return protobuf_c_message_descriptor_get_field_by_name(
        message->descriptor, arena_copy_n(arena, path, size));
}

/* ---- Setting ---- */

/* How a text becomes an element: NULL, or what is wrong. */
typedef const char *(*element_set)(const ProtobufCFieldDescriptor *field,
                                   const char *text, void *element,
                                   struct arena *arena);

static const char *
set_text(const ProtobufCFieldDescriptor *field, const char *text, void *element,
         struct arena *arena)
{
    (void)field;
    char *copy = arena_copy(arena, text);
    memcpy(element, &copy, sizeof copy);
    return NULL;
}

/*
 * The range is the type's only; what a field allows beyond it the broker says, with
 * all other faults at once.
 */
static const char *
set_int(const ProtobufCFieldDescriptor *field, const char *text, void *element,
        struct arena *arena)
{
    char *end;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    bool is_small = field->type == PROTOBUF_C_TYPE_INT32;
    if (errno != 0 || end == text || *end != '\0' ||
        (is_small && (number < INT32_MIN || number > INT32_MAX))) {
        return arena_print(arena, "\"%s\" is no whole number", text);
    }
    if (is_small) {
        int32_t small = (int32_t)number;
        memcpy(element, &small, sizeof small);
    } else {
        memcpy(element, &number, sizeof number);
    }
    return NULL;
}

static const char *
set_bool(const ProtobufCFieldDescriptor *field, const char *text, void *element,
         struct arena *arena)
{
    (void)field;
    bool is_true = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
    if (!is_true && strcmp(text, "false") != 0 && strcmp(text, "no") != 0) {
        return arena_print(arena, "\"%s\" is neither yes nor no", text);
    }
    protobuf_c_boolean value = is_true;
    memcpy(element, &value, sizeof value);
    return NULL;
}

/* All choices in the refusal: it is shorter than a manual. */
static const char *
enum_choices(const ProtobufCEnumDescriptor *descriptor, struct arena *arena)
{
    const char *all = "";
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        if (descriptor->values[i].value != 0) {
            all = arena_print(arena, "%s%s%s", all, all[0] == '\0' ? "" : ", ",
                              descriptor->values[i].name);
        }
    }
    return all;
}

/*
 * In either case and with dashes, as people type it. The value 0 is "not said" in
 * every enum of ours, so nobody can choose it.
 */
static const char *
set_enum(const ProtobufCFieldDescriptor *field, const char *text, void *element,
         struct arena *arena)
{
    const ProtobufCEnumDescriptor *descriptor = field->descriptor;
    char *name = arena_copy(arena, text);
    for (char *c = name; *c != '\0'; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        if (strcasecmp(descriptor->values[i].name, name) == 0 &&
            descriptor->values[i].value != 0) {
            int value = descriptor->values[i].value;
            memcpy(element, &value, sizeof value);
            return NULL;
        }
    }
    return arena_print(arena, "\"%s\" is none of %s", text,
                       enum_choices(descriptor, arena));
}

/* Times, and whatever else JSON can write as one text. */
static const char *
set_message(const ProtobufCFieldDescriptor *field, const char *text, void *element,
            struct arena *arena)
{
    struct faults faults = {.arena = arena};
    bool is_time = field->descriptor == &google__protobuf__timestamp__descriptor;
    const char *json = is_time ? arena_print(arena, "\"%s\"", text) : text;
    ProtobufCMessage *message =
        json_parse(field->descriptor, json, strlen(json), arena, &faults);
    if (message == NULL) {
        return arena_print(arena,
                           is_time ? "\"%s\" is no time such as 2026-11-23T20:00:00Z"
                                   : "\"%s\" is not the JSON of it",
                           text);
    }
    memcpy(element, &message, sizeof message);
    return NULL;
}

static const struct {
    ProtobufCType type;
    element_set set;
} setters[] = {
    {PROTOBUF_C_TYPE_STRING, set_text}, {PROTOBUF_C_TYPE_INT32, set_int},
    {PROTOBUF_C_TYPE_INT64, set_int},   {PROTOBUF_C_TYPE_BOOL, set_bool},
    {PROTOBUF_C_TYPE_ENUM, set_enum},   {PROTOBUF_C_TYPE_MESSAGE, set_message},
};

/* Where the element goes: the field itself, or one more place at the end of a list. */
static void *
element_room(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
             struct arena *arena)
{
    char *at = (char *)message + field->offset;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
            uint32_t which = field->id;
            memcpy((char *)message + field->quantifier_offset, &which, sizeof which);
        }
        return at;
    }
    size_t n;
    void *old;
    memcpy(&n, (char *)message + field->quantifier_offset, sizeof n);
    memcpy(&old, at, sizeof old);
    size_t size = field_size(field->type);
    char *grown = arena_alloc(arena, (n + 1) * size);
    if (n > 0) {
        memcpy(grown, old, n * size);
    }
    n++;
    memcpy((char *)message + field->quantifier_offset, &n, sizeof n);
    memcpy(at, &grown, sizeof grown);
    return grown + (n - 1) * size;
}

static const char *
set_here(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
         const char *text, struct arena *arena)
{
    for (size_t i = 0; i < sizeof setters / sizeof setters[0]; i++) {
        if (setters[i].type == field->type) {
            void *room = element_room(message, field, arena);
            return setters[i].set(field, text, room, arena);
        }
    }
    return arena_print(arena, "%s cannot be given as a word", field->name);
}

/* A message on the way is made when the first of its fields is set. */
const char *
path_set(ProtobufCMessage *message, const char *path, const char *text,
         struct arena *arena)
{
    const char *rest;
    const ProtobufCFieldDescriptor *field = path_first(message, path, &rest, arena);
    if (field == NULL) {
        return arena_print(arena, "%s has no field %s", message->descriptor->short_name,
                           path);
    }
    if (rest == NULL) {
        return set_here(message, field, text, arena);
    }
    ProtobufCMessage **at =
        (ProtobufCMessage **)(void *)((char *)message + field->offset);
    if (*at == NULL) {
        *at = path_message(field->descriptor, arena);
    }
    return path_set(*at, rest, text, arena);
}

/* ---- Reading ---- */

/* Local time, since a table is for people; JSON has UTC. */
const char *
path_time(const Google__Protobuf__Timestamp *time, struct arena *arena)
{
    if (time == NULL) {
        return "";
    }
    time_t seconds = (time_t)time->seconds;
    struct tm local;
    char text[32];
    if (localtime_r(&seconds, &local) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) == 0) {
        return "?";
    }
    return arena_copy(arena, text);
}

/* A newer broker may know values this program does not: the number is shown. */
const char *
path_enum(const ProtobufCEnumDescriptor *descriptor, int value, struct arena *arena)
{
    const ProtobufCEnumValue *row =
        protobuf_c_enum_descriptor_get_value(descriptor, value);
    return row == NULL ? arena_print(arena, "%d", value) : row->name;
}

static const char *
message_text(const ProtobufCMessage *message, struct arena *arena)
{
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        return path_time((const Google__Protobuf__Timestamp *)message, arena);
    }
    const char *json = json_print(message, JSON_COMPACT, arena);
    return json == NULL ? "?" : json;
}

static const char *
element_text(const ProtobufCFieldDescriptor *field, const void *element,
             struct arena *arena)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return field_text(element);
    case PROTOBUF_C_TYPE_ENUM:
        return path_enum(field->descriptor, (int)field_bits(field->type, element),
                         arena);
    case PROTOBUF_C_TYPE_BOOL:
        return field_bits(field->type, element) != 0 ? "yes" : "no";
    case PROTOBUF_C_TYPE_MESSAGE:
        return message_text(field_message(element), arena);
    case PROTOBUF_C_TYPE_BYTES:
        return arena_print(arena, "%zu bytes", field_bytes(element).len);
    case PROTOBUF_C_TYPE_DOUBLE: {
        double number;
        memcpy(&number, element, sizeof number);
        return arena_print(arena, "%.6g", number);
    }
    default:
        return arena_print(arena, "%lld", (long long)field_bits(field->type, element));
    }
}

/* Absent reads as empty: a table has no other way to say it. */
const char *
path_text(const ProtobufCMessage *message, const char *path, struct arena *arena)
{
    const char *rest;
    size_t size = strlen(path);
    bool is_count = size > 0 && path[size - 1] == '#';
    const char *name = is_count ? arena_copy_n(arena, path, size - 1) : path;
    const ProtobufCFieldDescriptor *field = path_first(message, name, &rest, arena);
    if (field == NULL) {
        return "";
    }
    size_t n = field_count(message, field);
    if (rest != NULL) {
        return n == 0
                   ? ""
                   : path_text(field_message(field_at(message, field, 0)), rest, arena);
    }
    if (is_count) {
        return arena_print(arena, "%zu", n);
    }
    const char *all = "";
    for (size_t i = 0; i < n; i++) {
        all = arena_print(arena, "%s%s%s", all, i == 0 ? "" : ", ",
                          element_text(field, field_at(message, field, i), arena));
    }
    return all;
}

/*
 * protobuf-c keeps a list as a pointer and a count at offsets of its own; any other
 * field has no rows.
 */
ProtobufCMessage *const *
path_rows(const ProtobufCMessage *message, const char *field, size_t *n)
{
    const ProtobufCFieldDescriptor *row =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, field);
    ProtobufCMessage *const *rows = NULL;
    *n = 0;
    if (row != NULL && row->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(n, (const char *)message + row->quantifier_offset, sizeof *n);
        memcpy(&rows, (const char *)message + row->offset, sizeof rows);
    }
    return rows;
}
