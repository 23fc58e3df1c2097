#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "proto/base64.h"
#include "proto/field.h"
#include "proto/json.h"
#include "proto/json_map.h"
#include "proto/json_special.h"
#include "proto/json_tree.h"

/* What all of one reading shares. */
struct reading {
    struct arena *arena;
    struct faults *faults;
    ProtobufCAllocator *allocator;
};

/* One value to be read: where it stands and what it should become. */
struct target {
    struct reading *reading;
    const char *path;
    const ProtobufCFieldDescriptor *field;
};

static bool read_message(struct reading *reading, const char *path,
                         const struct json_value *value, ProtobufCMessage *message);

static bool
refuse(const struct target *target, const struct json_value *value, const char *wanted)
{
    faults_add(target->reading->faults, target->path, "must be %s, not %s", wanted,
               json_tree_type(value));
    return false;
}

static bool
read_string(const struct target *target, const struct json_value *value, void *element)
{
    if (value->type != JSON_TYPE_TEXT) {
        return refuse(target, value, "a text");
    }
    *(char **)element = arena_copy(target->reading->arena, value->text);
    return true;
}

static bool
read_bytes(const struct target *target, const struct json_value *value, void *element)
{
    struct bytes bytes;
    if (value->type != JSON_TYPE_TEXT ||
        !base64_parse(value->text, BASE64_BOTH, target->reading->arena, &bytes)) {
        return refuse(target, value, "bytes in base64");
    }
    ProtobufCBinaryData *data = element;
    data->data = (uint8_t *)(uintptr_t)bytes.data;
    data->len = bytes.size;
    return true;
}

static bool
read_bool(const struct target *target, const struct json_value *value, void *element)
{
    if (value->type != JSON_TYPE_BOOLEAN) {
        return refuse(target, value, "true or false");
    }
    *(protobuf_c_boolean *)element = value->boolean;
    return true;
}

/* A whole number with its sign apart, so that both ranges of 64 bits fit. */
struct whole {
    bool is_negative;
    uint64_t size;
};

static bool
whole_of_text(const char *text, struct whole *whole)
{
    whole->is_negative = *text == '-';
    whole->size = 0;
    text += whole->is_negative;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(*text - '0');
        if (whole->size > (UINT64_MAX - digit) / 10) {
            return false;
        }
        whole->size = 10 * whole->size + digit;
    }
    return true;
}

/* A real such as 1e3 is taken while every whole number around it can still be told
 * apart. */
static bool
whole_of_real(double real, struct whole *whole)
{
    static const double exact_max = 9007199254740992.0;
    double size = real < 0 ? -real : real;
    if (!(size <= exact_max) || size > (double)(uint64_t)size) {
        return false;
    }
    *whole = (struct whole){real < 0, (uint64_t)size};
    return true;
}

static bool
whole_of(const struct json_value *value, struct whole *whole)
{
    if (value->type == JSON_TYPE_TEXT) {
        return whole_of_text(value->text, whole);
    }
    if (value->type == JSON_TYPE_REAL) {
        return whole_of_real(value->real, whole);
    }
    *whole = (struct whole){value->integer < 0, value->integer < 0
                                                    ? 0 - (uint64_t)value->integer
                                                    : (uint64_t)value->integer};
    return value->type == JSON_TYPE_INTEGER;
}

/* The largest numbers a type takes. */
struct range {
    uint64_t below; /* Size of the smallest. */
    uint64_t above;
};

static const struct range ranges[] = {
    [PROTOBUF_C_TYPE_INT32] = {1ULL << 31, INT32_MAX},
    [PROTOBUF_C_TYPE_SINT32] = {1ULL << 31, INT32_MAX},
    [PROTOBUF_C_TYPE_SFIXED32] = {1ULL << 31, INT32_MAX},
    [PROTOBUF_C_TYPE_INT64] = {1ULL << 63, INT64_MAX},
    [PROTOBUF_C_TYPE_SINT64] = {1ULL << 63, INT64_MAX},
    [PROTOBUF_C_TYPE_SFIXED64] = {1ULL << 63, INT64_MAX},
    [PROTOBUF_C_TYPE_UINT32] = {0, UINT32_MAX},
    [PROTOBUF_C_TYPE_FIXED32] = {0, UINT32_MAX},
    [PROTOBUF_C_TYPE_UINT64] = {0, UINT64_MAX},
    [PROTOBUF_C_TYPE_FIXED64] = {0, UINT64_MAX},
    [PROTOBUF_C_TYPE_ENUM] = {1ULL << 31, INT32_MAX},
};

static void
store(ProtobufCType type, uint64_t bits, void *element)
{
    uint32_t narrow = (uint32_t)bits;
    if (field_size(type) == sizeof bits) {
        memcpy(element, &bits, sizeof bits);
    } else {
        memcpy(element, &narrow, sizeof narrow);
    }
}

static bool
read_whole(const struct target *target, const struct json_value *value, void *element)
{
    struct whole whole;
    ProtobufCType type = target->field->type;
    if (!whole_of(value, &whole)) {
        return refuse(target, value, "a whole number");
    }
    if (whole.size > (whole.is_negative ? ranges[type].below : ranges[type].above)) {
        faults_add(target->reading->faults, target->path,
                   "is a number out of the range of its type");
        return false;
    }
    store(type, whole.is_negative ? 0 - whole.size : whole.size, element);
    return true;
}

/* A number is taken even when it is unknown: rules_check judges it where that matters.
 */
static bool
read_enum(const struct target *target, const struct json_value *value, void *element)
{
    if (value->type == JSON_TYPE_INTEGER) {
        return read_whole(target, value, element);
    }
    const ProtobufCEnumDescriptor *descriptor = target->field->descriptor;
    if (value->type != JSON_TYPE_TEXT) {
        return refuse(target, value, "the name of a value");
    }
    const ProtobufCEnumValue *known =
        protobuf_c_enum_descriptor_get_value_by_name(descriptor, value->text);
    if (known == NULL) {
        faults_add(target->reading->faults, target->path, "%s is no value of %s",
                   value->text, descriptor->short_name);
        return false;
    }
    store(PROTOBUF_C_TYPE_ENUM, (uint64_t)(int64_t)known->value, element);
    return true;
}

/* A number, or a text that holds one. */
static bool
real_of(const struct target *target, const struct json_value *value, double *real)
{
    if (value->type == JSON_TYPE_TEXT) {
        struct faults unheard = {.arena = target->reading->arena};
        struct bytes text = {(const uint8_t *)value->text, strlen(value->text)};
        value = json_tree_parse(text, "", target->reading->arena, &unheard);
    }
    if (value == NULL ||
        (value->type != JSON_TYPE_REAL && value->type != JSON_TYPE_INTEGER)) {
        return false;
    }
    *real = value->type == JSON_TYPE_REAL ? value->real : (double)value->integer;
    return isfinite(*real);
}

static bool
read_real(const struct target *target, const struct json_value *value, void *element)
{
    double real;
    if (!real_of(target, value, &real)) {
        return refuse(target, value, "a finite number");
    }
    if (target->field->type == PROTOBUF_C_TYPE_DOUBLE) {
        memcpy(element, &real, sizeof real);
        return true;
    }
    float narrow = (float)real;
    memcpy(element, &narrow, sizeof narrow);
    return isfinite(narrow) || refuse(target, value, "a number of single precision");
}

static ProtobufCMessage *
new_message(struct reading *reading, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(reading->arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    return message;
}

static bool
read_nested(const struct target *target, const struct json_value *value, void *element)
{
    ProtobufCMessage *message = new_message(target->reading, target->field->descriptor);
    *(ProtobufCMessage **)element = message;
    return read_message(target->reading, target->path, value, message);
}

/* One row a type. */
typedef bool (*read_fn)(const struct target *target, const struct json_value *value,
                        void *element);

static const read_fn readers[] = {
    [PROTOBUF_C_TYPE_INT32] = read_whole,    [PROTOBUF_C_TYPE_SINT32] = read_whole,
    [PROTOBUF_C_TYPE_SFIXED32] = read_whole, [PROTOBUF_C_TYPE_INT64] = read_whole,
    [PROTOBUF_C_TYPE_SINT64] = read_whole,   [PROTOBUF_C_TYPE_SFIXED64] = read_whole,
    [PROTOBUF_C_TYPE_UINT32] = read_whole,   [PROTOBUF_C_TYPE_FIXED32] = read_whole,
    [PROTOBUF_C_TYPE_UINT64] = read_whole,   [PROTOBUF_C_TYPE_FIXED64] = read_whole,
    [PROTOBUF_C_TYPE_FLOAT] = read_real,     [PROTOBUF_C_TYPE_DOUBLE] = read_real,
    [PROTOBUF_C_TYPE_BOOL] = read_bool,      [PROTOBUF_C_TYPE_ENUM] = read_enum,
    [PROTOBUF_C_TYPE_STRING] = read_string,  [PROTOBUF_C_TYPE_BYTES] = read_bytes,
    [PROTOBUF_C_TYPE_MESSAGE] = read_nested,
};

/* Goes on after a fault: all of them are wanted at once. */
static bool
read_list(const struct target *target, const struct json_value *value,
          ProtobufCMessage *message)
{
    struct reading *reading = target->reading;
    if (value->type != JSON_TYPE_LIST) {
        return refuse(target, value, "a list");
    }
    size_t size = field_size(target->field->type);
    char *list = field_make(message, target->field, value->n, reading->allocator);
    bool is_good = true;
    for (size_t i = 0; i < value->n; i++) {
        struct target element = *target;
        element.path = arena_print(reading->arena, "%s[%zu]", target->path, i);
        is_good &= readers[target->field->type](&element, &value->elements[i],
                                                list + i * size);
    }
    return is_good;
}

static bool
read_map(const struct target *target, const struct json_value *value,
         ProtobufCMessage *message)
{
    struct reading *reading = target->reading;
    if (value->type != JSON_TYPE_OBJECT) {
        return refuse(target, value, "an object");
    }
    const ProtobufCMessageDescriptor *descriptor = target->field->descriptor;
    ProtobufCMessage **list =
        field_make(message, target->field, value->n, reading->allocator);
    bool is_good = true;
    for (size_t i = 0; i < value->n; i++) {
        const struct json_member *member = &value->members[i];
        struct target entry = {
            .reading = reading,
            .path = arena_print(reading->arena, "%s[%s]", target->path, member->name),
            .field = &descriptor->fields[1]};
        list[i] = new_message(reading, descriptor);
        *(char **)field_make(list[i], &descriptor->fields[0], 1, reading->allocator) =
            arena_copy(reading->arena, member->name);
        is_good &= readers[entry.field->type](
            &entry, &member->value,
            field_make(list[i], entry.field, 1, reading->allocator));
    }
    return is_good;
}

/* Whether another member of the field's oneof is set. */
static bool
is_oneof_taken(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *which = (const char *)message + field->quantifier_offset;
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
           *(const uint32_t *)which != 0;
}

static bool
read_field(const struct target *target, const struct json_value *value,
           ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = target->field;
    /* null stands for the default, so the field is as if it were not there. */
    if (value->type == JSON_TYPE_NULL) {
        return true;
    }
    if (json_is_map(message->descriptor, field)) {
        return read_map(target, value, message);
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return read_list(target, value, message);
    }
    if (is_oneof_taken(message, field)) {
        faults_add(target->reading->faults, target->path,
                   "another member of the same choice is given too");
        return false;
    }
    return readers[field->type](
        target, value, field_make(message, field, 1, target->reading->allocator));
}

static const ProtobufCFieldDescriptor *
find_field(const ProtobufCMessageDescriptor *descriptor, const char *name,
           struct arena *arena)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (strcmp(field->name, name) == 0 ||
            strcmp(json_name(field->name, arena), name) == 0) {
            return field;
        }
    }
    return NULL;
}

static bool
read_member(struct target *target, const struct json_member *member,
            ProtobufCMessage *message, bool *seen)
{
    struct reading *reading = target->reading;
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    target->field = find_field(descriptor, member->name, reading->arena);
    if (target->field == NULL) {
        faults_add(reading->faults, target->path, "%s has no field of that name",
                   descriptor->short_name);
        return false;
    }
    size_t index = (size_t)(target->field - descriptor->fields);
    if (seen[index]) {
        faults_add(reading->faults, target->path, "is given twice, in both spellings");
        return false;
    }
    seen[index] = true;
    return read_field(target, &member->value, message);
}

static bool
read_object(struct reading *reading, const char *path, const struct json_value *value,
            ProtobufCMessage *message)
{
    bool *seen = arena_alloc(reading->arena, message->descriptor->n_fields + 1);
    bool is_good = true;
    for (size_t i = 0; i < value->n; i++) {
        struct target target = {.reading = reading};
        target.path = arena_print(reading->arena, "%s%s%s", path,
                                  *path == '\0' ? "" : ".", value->members[i].name);
        is_good &= read_member(&target, &value->members[i], message, seen);
    }
    return is_good;
}

static bool
read_message(struct reading *reading, const char *path, const struct json_value *value,
             ProtobufCMessage *message)
{
    const struct json_special *special = json_special(message->descriptor);
    struct target target = {.reading = reading, .path = path};
    if (special == NULL) {
        return value->type == JSON_TYPE_OBJECT
                   ? read_object(reading, path, value, message)
                   : refuse(&target, value, "an object");
    }
    if (value->type != JSON_TYPE_TEXT ||
        !special->parse(value->text, message, reading->arena)) {
        return refuse(&target, value, special->wanted);
    }
    return true;
}

ProtobufCMessage *
json_parse(const ProtobufCMessageDescriptor *descriptor, const char *text, size_t size,
           struct arena *arena, struct faults *faults)
{
    struct bytes bytes = {(const uint8_t *)text, size};
    const struct json_value *tree = json_tree_parse(bytes, "json", arena, faults);
    if (tree == NULL) {
        return NULL;
    }
    struct reading reading = {.arena = arena,
                              .faults = faults,
                              .allocator = arena_allocator(arena, SIZE_MAX)};
    ProtobufCMessage *message = new_message(&reading, descriptor);
    return read_message(&reading, "", tree, message) ? message : NULL;
}
