#include "tests/proto/message_cases.h"

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

#include "proto/descriptors.h"
#include "proto/field.h"

enum { DEPTH = 3 };

/* What a field is set to. ODD is in between, and an enum value nobody declared. */
enum level { ZERO, MINIMUM, MAXIMUM, ODD, LEVELS };

/* What the filling of one case needs. */
struct filling {
    struct arena *arena;
    ProtobufCAllocator *allocator;
    enum level level;
    unsigned member; /* Which member of a oneof is set, counted in turn. */
};

static void fill_message(struct filling *filling, ProtobufCMessage *message,
                         unsigned depth);

static const int64_t whole_numbers[LEVELS] = {0, INT64_MIN, INT64_MAX, -1};
static const int32_t narrow_numbers[LEVELS] = {0, INT32_MIN, INT32_MAX, -1};
static const uint64_t unsigned_numbers[LEVELS] = {0, 1, UINT64_MAX, 1ULL << 63};
static const double real_numbers[LEVELS] = {0, -DBL_MAX, DBL_MAX, 0.1};
static const char *const texts[LEVELS] = {
    "", "a", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \"quoted\\\" <a href='x'>&\x7f/",
    "\x01\b\f\n\r\t\x1f"};

static void
fill_bytes(struct filling *filling, void *element)
{
    static const size_t sizes[LEVELS] = {0, 1, 256, 3};
    ProtobufCBinaryData *data = element;
    data->len = sizes[filling->level];
    data->data = arena_alloc(filling->arena, data->len + 1);
    for (size_t i = 0; i < data->len; i++) {
        data->data[i] = (uint8_t)(255 - i);
    }
}

static int
enum_value(const ProtobufCEnumDescriptor *descriptor, enum level level)
{
    int values[LEVELS] = {0, 0, 0, 12345};
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        int value = descriptor->values[i].value;
        values[MINIMUM] = value < values[MINIMUM] ? value : values[MINIMUM];
        values[MAXIMUM] = value > values[MAXIMUM] ? value : values[MAXIMUM];
    }
    return values[level];
}

/* The well-known types have ranges of their own; an Any is left empty, for JSON could
 * not name its type. */
static bool
fill_well_known(struct filling *filling, ProtobufCMessage *message)
{
    static const int64_t seconds[LEVELS] = {0, -62135596800, 253402300799, -1};
    static const int64_t lengths[LEVELS] = {0, -315576000000, 315576000000, 1};
    static const int32_t nanos[LEVELS] = {0, 0, 999999999, 1000};
    static const int32_t parts[LEVELS] = {0, -999999999, 999999999, 500000000};
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        Google__Protobuf__Timestamp *time = (void *)message;
        time->seconds = seconds[filling->level];
        time->nanos = nanos[filling->level];
    } else if (message->descriptor == &google__protobuf__duration__descriptor) {
        Google__Protobuf__Duration *duration = (void *)message;
        duration->seconds = lengths[filling->level];
        duration->nanos = parts[filling->level];
    } else if (message->descriptor == &google__protobuf__field_mask__descriptor) {
        static const char *const paths[] = {"a", "home_url", "contact.e_mail", "*"};
        Google__Protobuf__FieldMask *mask = (void *)message;
        mask->n_paths = (size_t)filling->level;
        mask->paths = arena_alloc(filling->arena, LEVELS * sizeof(char *));
        for (size_t i = 0; i < mask->n_paths; i++) {
            mask->paths[i] = arena_copy(filling->arena, paths[i]);
        }
    } else {
        return message->descriptor == &google__protobuf__any__descriptor;
    }
    return true;
}

static void
fill_nested(struct filling *filling, const ProtobufCMessageDescriptor *descriptor,
            void *element, unsigned depth)
{
    ProtobufCMessage *message = arena_alloc(filling->arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    *(ProtobufCMessage **)element = message;
    if (!fill_well_known(filling, message) && depth > 0) {
        fill_message(filling, message, depth - 1);
    }
}

static void
fill_number(struct filling *filling, ProtobufCType type, void *element)
{
    protobuf_c_boolean yes = filling->level != ZERO;
    float narrow = (float)(int)filling->level;
    if (type == PROTOBUF_C_TYPE_BOOL) {
        memcpy(element, &yes, sizeof yes);
    } else if (type == PROTOBUF_C_TYPE_DOUBLE) {
        memcpy(element, &real_numbers[filling->level], sizeof(double));
    } else if (type == PROTOBUF_C_TYPE_FLOAT) {
        memcpy(element, &narrow, sizeof narrow);
    } else if (type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_FIXED64) {
        memcpy(element, &unsigned_numbers[filling->level], sizeof(uint64_t));
    } else if (field_size(type) == sizeof(int64_t)) {
        memcpy(element, &whole_numbers[filling->level], sizeof(int64_t));
    } else {
        memcpy(element, &narrow_numbers[filling->level], sizeof(int32_t));
    }
}

static void
fill_element(struct filling *filling, const ProtobufCFieldDescriptor *field,
             void *element, unsigned depth)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        *(char **)element = arena_copy(filling->arena, texts[filling->level]);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        fill_bytes(filling, element);
    } else if (field->type == PROTOBUF_C_TYPE_ENUM) {
        *(int *)element = enum_value(field->descriptor, filling->level);
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        fill_nested(filling, field->descriptor, element, depth);
    } else {
        fill_number(filling, field->type, element);
    }
}

static bool
is_entry(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *descriptor = field->descriptor;
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           strstr(descriptor->name, "Entry") != NULL;
}

/* A list gets two elements, a map one entry: two would have the same key. */
static void
fill_field(struct filling *filling, ProtobufCMessage *message,
           const ProtobufCFieldDescriptor *field, unsigned depth)
{
    bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
    size_t n = is_list && !is_entry(field) ? 2 : 1;
    char *elements = field_make(message, field, n, filling->allocator);
    for (size_t i = 0; i < n; i++) {
        fill_element(filling, field, elements + i * field_size(field->type), depth);
    }
}

static void
fill_message(struct filling *filling, ProtobufCMessage *message, unsigned depth)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        bool is_member = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
        if (!is_member || i % LEVELS == filling->member++ % LEVELS) {
            fill_field(filling, message, field, depth);
        }
    }
}

static ProtobufCMessage *
begin(struct filling *filling, const ProtobufCMessageDescriptor *descriptor)
{
    arena_reset(filling->arena);
    filling->allocator = arena_allocator(filling->arena, SIZE_MAX);
    ProtobufCMessage *message = arena_alloc(filling->arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    return message;
}

/* One field alone: all others are absent. */
static size_t
visit_fields(struct filling *filling, const ProtobufCMessageDescriptor *descriptor,
             case_fn visit, void *context)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        ProtobufCMessage *message = begin(filling, descriptor);
        filling->member = i;
        fill_field(filling, message, &descriptor->fields[i], 1);
        visit(message, context);
    }
    return descriptor->n_fields;
}

static size_t
visit_type(struct filling *filling, const ProtobufCMessageDescriptor *descriptor,
           case_fn visit, void *context)
{
    size_t n = 1;
    visit(begin(filling, descriptor), context);
    for (int level = ZERO; level < LEVELS; level++) {
        filling->level = (enum level)level;
        for (unsigned member = 0; member < LEVELS; member++) {
            ProtobufCMessage *message = begin(filling, descriptor);
            filling->member = member;
            fill_message(filling, message, DEPTH);
            visit(message, context);
            n++;
        }
        n += visit_fields(filling, descriptor, visit, context);
    }
    return n;
}

size_t
message_cases_visit(struct arena *arena, case_fn visit, void *context)
{
    struct filling filling = {.arena = arena};
    size_t n_cases = 0;
    size_t n;
    const ProtobufCMessageDescriptor *const *messages = descriptors_messages(&n);
    for (size_t i = 0; i < n; i++) {
        n_cases += visit_type(&filling, messages[i], visit, context);
    }
    return n_cases;
}
