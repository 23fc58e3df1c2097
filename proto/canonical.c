#include "proto/canonical.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/field.h"

enum { NUMBER_SIZE = 8, FIRST_SIZE = 512 };

/* The form as it grows. */
struct form {
    uint8_t *data;
    size_t size;
    size_t room;
};

static void form_message(struct form *form, const ProtobufCMessage *message,
                         const char *const *skip);

static uint8_t *
form_room(struct form *form, size_t size)
{
    if (size > form->room - form->size) {
        size_t room = 2 * form->room + size;
        uint8_t *data = realloc(form->data, room);
        if (data == NULL) {
            abort();
        }
        form->data = data;
        form->room = room;
    }
    uint8_t *place = form->data + form->size;
    form->size += size;
    return place;
}

static void
put_number(uint8_t *place, uint64_t number)
{
    for (size_t i = NUMBER_SIZE; i > 0; i--) {
        place[i - 1] = (uint8_t)(number & 0xff);
        number >>= 8;
    }
}

static void
form_number(struct form *form, uint64_t number)
{
    put_number(form_room(form, NUMBER_SIZE), number);
}

static void
form_sized(struct form *form, const void *data, size_t size)
{
    form_number(form, size);
    if (size > 0) {
        memcpy(form_room(form, size), data, size);
    }
}

/* The size of a message is known only once it is written; its place is filled in then.
 */
static void
form_nested(struct form *form, const ProtobufCMessage *message)
{
    size_t at = form->size;
    form_number(form, 0);
    form_message(form, message, NULL);
    put_number(form->data + at, form->size - at - NUMBER_SIZE);
}

static void
form_value(struct form *form, ProtobufCType type, const void *element)
{
    if (type == PROTOBUF_C_TYPE_STRING) {
        form_sized(form, field_text(element), strlen(field_text(element)));
    } else if (type == PROTOBUF_C_TYPE_BYTES) {
        form_sized(form, field_bytes(element).data, field_bytes(element).len);
    } else if (type == PROTOBUF_C_TYPE_MESSAGE) {
        form_nested(form, field_message(element));
    } else {
        form_number(form, field_bits(type, element));
    }
}

static bool
is_skipped(const char *name, const char *const *skip)
{
    for (size_t i = 0; skip != NULL && skip[i] != NULL; i++) {
        if (strcmp(skip[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static int
compare_unknown(const void *left, const void *right)
{
    const ProtobufCMessageUnknownField *a =
        *(const ProtobufCMessageUnknownField *const *)left;
    const ProtobufCMessageUnknownField *b =
        *(const ProtobufCMessageUnknownField *const *)right;
    if (a->tag != b->tag) {
        return a->tag < b->tag ? -1 : 1;
    }
    /* Fields of one number keep the order they came in: they lie in one array. */
    return a < b ? -1 : a > b;
}

static void
form_unknown(struct form *form, const ProtobufCMessage *message)
{
    size_t n = message->n_unknown_fields;
    if (n == 0) {
        return;
    }
    const ProtobufCMessageUnknownField **sorted = calloc(n, sizeof *sorted);
    if (sorted == NULL) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        sorted[i] = &message->unknown_fields[i];
    }
    qsort(sorted, n, sizeof *sorted, compare_unknown);
    for (size_t i = 0; i < n; i++) {
        form_number(form, sorted[i]->tag);
        form_number(form, sorted[i]->wire_type);
        form_sized(form, sorted[i]->data, sorted[i]->len);
    }
    free(sorted);
}

/* The fields of a descriptor are in the order of their numbers. */
static void
form_message(struct form *form, const ProtobufCMessage *message,
             const char *const *skip)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        size_t n = is_skipped(field->name, skip) ? 0 : field_count(message, field);
        for (size_t k = 0; k < n; k++) {
            form_number(form, field->id);
            form_number(form, field_wire_type(field->type));
            form_value(form, field->type, field_at(message, field, k));
        }
    }
    form_unknown(form, message);
}

struct bytes
canonical_form(const ProtobufCMessage *message, const char *const *skip)
{
    struct form form = {.data = malloc(FIRST_SIZE), .room = FIRST_SIZE};
    if (form.data == NULL) {
        abort();
    }
    form_message(&form, message, skip);
    return (struct bytes){form.data, form.size};
}

void
canonical_free(struct bytes form)
{
    free((void *)(uintptr_t)form.data);
}
