#include "proto/wire.h"

#include <assert.h>
#include <string.h>

#include "proto/field.h"
#include "proto/text.h"

enum {
    VARINT_MAX = 10,         /* Bytes of the longest varint. */
    KNOWN_MAX = 128,         /* Fields of the largest message type; a test holds it. */
    BUDGET_BASE = 256 << 10, /* What unpacking may always take. */
    BUDGET_FACTOR = 32,      /* And per byte on the wire. */
};

const struct wire_limits wire_request_limits = {
    .depth = 16, .fields = 65536, .elements = 8192, .unknown = 64};
const struct wire_limits wire_stored_limits = {
    .depth = 32, .fields = 1 << 22, .elements = 1 << 20, .unknown = 1 << 16};

/* One walk over a message and all in it. */
struct walk {
    const struct wire_limits *limits;
    struct faults *faults;
    size_t n_fields;
    size_t n_unknown;
};

/* Where the walk is, for the path of a fault. */
struct place {
    const struct place *parent;
    const ProtobufCMessageDescriptor *descriptor;
    const ProtobufCFieldDescriptor *field; /* The one being judged. */
    size_t depth;
    uint32_t counts[KNOWN_MAX]; /* Elements seen of each field. */
};

static bool check_message(struct walk *walk, struct place *place, struct bytes bytes);

/* Takes a varint off bytes; false: cut off, or more than 64 bits. */
static bool
take_varint(struct bytes *bytes, uint64_t *value)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes->size && i < VARINT_MAX; i++) {
        uint8_t byte = bytes->data[i];
        if (i == VARINT_MAX - 1 && byte > 1) {
            return false;
        }
        sum |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            bytes->data += i + 1;
            bytes->size -= i + 1;
            *value = sum;
            return true;
        }
    }
    return false;
}

/* Takes a little-endian number of size bytes off bytes. */
static bool
take_fixed(struct bytes *bytes, size_t size, uint64_t *value)
{
    if (bytes->size < size) {
        return false;
    }
    uint64_t sum = 0;
    for (size_t i = size; i > 0; i--) {
        sum = sum << 8 | bytes->data[i - 1];
    }
    bytes->data += size;
    bytes->size -= size;
    *value = sum;
    return true;
}

static bool
take_content(struct bytes *bytes, struct bytes *content)
{
    uint64_t size;
    if (!take_varint(bytes, &size) || size > bytes->size) {
        return false;
    }
    *content = (struct bytes){bytes->data, (size_t)size};
    bytes->data += size;
    bytes->size -= (size_t)size;
    return true;
}

static bool
take_value(struct bytes *bytes, struct wire_field *field)
{
    switch (field->type) {
    case FIELD_VARINT:
        return take_varint(bytes, &field->value);
    case FIELD_FIXED64:
        return take_fixed(bytes, sizeof(uint64_t), &field->value);
    case FIELD_SIZED:
        return take_content(bytes, &field->content);
    case FIELD_FIXED32:
        return take_fixed(bytes, sizeof(uint32_t), &field->value);
    default:
        /* Groups, which nobody uses any more, and types that do not exist. */
        return false;
    }
}

bool
wire_next(struct bytes *bytes, struct wire_field *field)
{
    /* A tag has at most 5 bytes: protobuf-c reads no longer one. */
    enum { TAG_MAX = 5, NUMBER_MAX = (1 << 29) - 1 };
    struct bytes rest = *bytes;
    uint64_t tag;
    memset(field, 0, sizeof *field);
    if (!take_varint(&rest, &tag) || bytes->size - rest.size > TAG_MAX ||
        tag >> 3 == 0 || tag >> 3 > NUMBER_MAX) {
        return false;
    }
    field->number = (uint32_t)(tag >> 3);
    field->type = (uint32_t)(tag & 7);
    if (!take_value(&rest, field)) {
        return false;
    }
    field->whole = (struct bytes){bytes->data, bytes->size - rest.size};
    *bytes = rest;
    return true;
}

static bool
find_last(struct bytes bytes, uint32_t number, struct wire_field *found)
{
    struct wire_field field;
    bool is_found = false;
    while (wire_next(&bytes, &field)) {
        if (field.number == number) {
            *found = field;
            is_found = true;
        }
    }
    return is_found;
}

bool
wire_find(struct bytes bytes, const uint8_t *path, size_t n, struct wire_field *field)
{
    struct wire_field found = {.content = bytes};
    size_t steps = 0;
    while (steps < n && path[steps] != 0) {
        if (!find_last(found.content, path[steps], &found)) {
            return false;
        }
        steps++;
    }
    if (steps > 0) {
        *field = found;
    }
    return steps > 0;
}

bool
wire_find_each(struct bytes bytes, const uint8_t *const *paths, size_t n_paths,
               size_t n, struct wire_field *fields)
{
    struct wire_field field;
    for (size_t i = 0; i < n_paths; i++) {
        fields[i] = (struct wire_field){.number = 0};
    }
    while (wire_next(&bytes, &field)) {
        for (size_t i = 0; i < n_paths; i++) {
            if (paths[i][0] == field.number) {
                fields[i] = field;
            }
        }
    }
    for (size_t i = 0; i < n_paths; i++) {
        bool is_deeper = fields[i].number != 0 && n > 1 && paths[i][1] != 0;
        if (is_deeper &&
            !wire_find(fields[i].content, paths[i] + 1, n - 1, &fields[i])) {
            fields[i].number = 0;
        }
    }
    return bytes.size == 0;
}

size_t
wire_varint(uint64_t value, uint8_t *out)
{
    size_t size = 0;
    while (value >= 0x80) {
        out[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[size++] = (uint8_t)value;
    return size;
}

static unsigned
field_index(const struct place *place)
{
    return (unsigned)(place->field - place->descriptor->fields);
}

/* The path of a place: items[1].parameters. */
static const char *
place_path(const struct place *place, struct arena *arena)
{
    if (place == NULL || (place->field == NULL && place->parent == NULL)) {
        return "";
    }
    const char *before = place_path(place->parent, arena);
    if (place->field == NULL) {
        return before;
    }
    const char *dot = *before == '\0' ? "" : ".";
    if (place->field->label != PROTOBUF_C_LABEL_REPEATED) {
        return arena_print(arena, "%s%s%s", before, dot, place->field->name);
    }
    uint32_t count = place->counts[field_index(place)];
    return arena_print(arena, "%s%s%s[%u]", before, dot, place->field->name,
                       (unsigned)(count > 0 ? count - 1 : 0));
}

static bool
refuse(struct walk *walk, const struct place *place, const char *what)
{
    /* A guest in another's process has no memory that may abort: it only asks whether.
     */
    if (walk->faults != NULL) {
        faults_add(walk->faults, place_path(place, walk->faults->arena), "%s", what);
    }
    return false;
}

static bool
is_packable(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED &&
           field_wire_type(field->type) != FIELD_SIZED;
}

/* Whether another member of the field's oneof was seen. protobuf-c would merge the two.
 */
static bool
is_oneof_taken(const struct place *place)
{
    const ProtobufCMessageDescriptor *descriptor = place->descriptor;
    if ((place->field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) {
        return false;
    }
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *other = &descriptor->fields[i];
        if ((other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
            other != place->field &&
            other->quantifier_offset == place->field->quantifier_offset &&
            place->counts[i] > 0) {
            return true;
        }
    }
    return false;
}

/* Counts one more element of the field at hand. */
static bool
count_element(struct walk *walk, struct place *place)
{
    uint32_t *count = &place->counts[field_index(place)];
    ++*count;
    if (place->field->label == PROTOBUF_C_LABEL_REPEATED) {
        return *count <= walk->limits->elements ||
               refuse(walk, place, "the list is too long");
    }
    if (*count > 1) {
        return refuse(walk, place, "the field is given twice");
    }
    return !is_oneof_taken(place) ||
           refuse(walk, place, "two members of one choice are given");
}

static bool
check_packed(struct walk *walk, struct place *place, struct bytes content)
{
    struct wire_field element = {.type = field_wire_type(place->field->type)};
    while (content.size > 0) {
        if (!take_value(&content, &element)) {
            return refuse(walk, place, "a packed list is damaged");
        }
        if (!count_element(walk, place)) {
            return false;
        }
    }
    return true;
}

static bool
check_nested(struct walk *walk, struct place *place, struct bytes content)
{
    if (place->depth >= walk->limits->depth) {
        return refuse(walk, place, "messages are nested too deeply");
    }
    struct place inner = {.parent = place,
                          .descriptor = place->field->descriptor,
                          .depth = place->depth + 1};
    return check_message(walk, &inner, content);
}

static bool
check_known(struct walk *walk, struct place *place, const struct wire_field *field)
{
    if (is_packable(place->field) && field->type == FIELD_SIZED) {
        return check_packed(walk, place, field->content);
    }
    if (field->type != field_wire_type(place->field->type)) {
        return refuse(walk, place, "the value has another wire type than the field");
    }
    if (!count_element(walk, place)) {
        return false;
    }
    if (place->field->type == PROTOBUF_C_TYPE_STRING && !text_is_utf8(field->content)) {
        return refuse(walk, place, "the text is not UTF-8, or holds a zero byte");
    }
    return place->field->type != PROTOBUF_C_TYPE_MESSAGE ||
           check_nested(walk, place, field->content);
}

static bool
check_field(struct walk *walk, struct place *place, const struct wire_field *field)
{
    if (++walk->n_fields > walk->limits->fields) {
        return refuse(walk, place, "the message has too many fields");
    }
    place->field =
        protobuf_c_message_descriptor_get_field(place->descriptor, field->number);
    if (place->field != NULL) {
        return check_known(walk, place, field);
    }
    return ++walk->n_unknown <= walk->limits->unknown ||
           refuse(walk, place, "the message has too many unknown fields");
}

static bool
check_message(struct walk *walk, struct place *place, struct bytes bytes)
{
    struct wire_field field;
    assert(place->descriptor->n_fields <= KNOWN_MAX);
    while (bytes.size > 0) {
        place->field = NULL;
        if (!wire_next(&bytes, &field)) {
            return refuse(walk, place,
                          "the bytes are damaged, cut off, or hold a group");
        }
        if (!check_field(walk, place, &field)) {
            return false;
        }
    }
    return true;
}

bool
wire_check(const ProtobufCMessageDescriptor *descriptor, struct bytes bytes,
           const struct wire_limits *limits, struct faults *faults)
{
    struct walk walk = {.limits = limits, .faults = faults};
    struct place top = {.descriptor = descriptor, .depth = 1};
    return check_message(&walk, &top, bytes);
}

ProtobufCMessage *
wire_unpack(const ProtobufCMessageDescriptor *descriptor, struct bytes bytes,
            const struct wire_limits *limits, struct arena *arena,
            struct faults *faults)
{
    static const uint8_t nothing[1];
    if (!wire_check(descriptor, bytes, limits, faults)) {
        return NULL;
    }
    ProtobufCAllocator *allocator =
        arena_allocator(arena, BUDGET_BASE + BUDGET_FACTOR * bytes.size);
    ProtobufCMessage *message = protobuf_c_message_unpack(
        descriptor, allocator, bytes.size, bytes.size > 0 ? bytes.data : nothing);
    if (message == NULL) {
        faults_add(faults, "", "the message takes too much memory for its size");
    }
    return message;
}

struct bytes
wire_pack(const ProtobufCMessage *message, struct arena *arena)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *data = arena_alloc(arena, size + 1);
    (void)protobuf_c_message_pack(message, data);
    return (struct bytes){data, size};
}
