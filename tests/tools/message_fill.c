#include "tests/tools/message_fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/field.h"
#include "proto/rules.h"

enum { BUDGET = 64 * 1024 * 1024 };

/* Every kind of text a rule asks for; @ is the field, # tells elements apart, % is @.
 */
static const char *const candidates[] = {
    "@ #",        "https://riverside.example/@/#",
    "alpine/@-#", "@-#%riverside.example",
    "2024-02-2#", "@-#",
    "EUR",        "#.5",
    "month",      "buttons",
};
enum { N_CANDIDATES = sizeof candidates / sizeof candidates[0] };

/* What a message is filled with. */
struct filling {
    const char *member;
    const char *const *skip;
    struct arena *arena;
};

bool
message_fill_holds(const char *const *texts, const char *text)
{
    for (; *texts != NULL; texts++) {
        if (strcmp(*texts, text) == 0) {
            return true;
        }
    }
    return false;
}

static void fill(const struct filling *filling, ProtobufCMessage *message,
                 const char *prefix);

/* Whether the rules find a fault at this field of the message. */
static bool
is_faulty(const struct filling *filling, const ProtobufCMessage *message,
          const char *field)
{
    struct faults *faults = arena_alloc(filling->arena, sizeof *faults);
    faults->arena = filling->arena;
    rules_check(message, faults);
    for (size_t i = 0; i < faults->n_rows; i++) {
        size_t size = strcspn(faults->rows[i].path, ".[");
        if (strlen(field) == size && strncmp(faults->rows[i].path, field, size) == 0) {
            return true;
        }
    }
    return false;
}

static char *
spell(struct arena *arena, const char *candidate, const char *name, size_t number)
{
    char *text = arena_copy(arena, "");
    for (; *candidate != '\0'; candidate++) {
        text = *candidate == '@'   ? arena_print(arena, "%s%s", text, name)
               : *candidate == '#' ? arena_print(arena, "%s%zu", text, number)
               : *candidate == '%' ? arena_print(arena, "%s@", text)
                                   : arena_print(arena, "%s%c", text, *candidate);
    }
    return text;
}

static void
fill_texts(const struct filling *filling, ProtobufCMessage *message,
           const ProtobufCFieldDescriptor *field, char **texts, size_t n)
{
    for (size_t i = 0; i < N_CANDIDATES; i++) {
        for (size_t j = 0; j < n; j++) {
            texts[j] = spell(filling->arena, candidates[i], field->name, j);
        }
        if (!is_faulty(filling, message, field->name)) {
            return;
        }
    }
    fail_msg("no text obeys the rule of %s.%s", message->descriptor->short_name,
             field->name);
}

static void
fill_element(const struct filling *filling, const ProtobufCFieldDescriptor *field,
             void *element, const char *path)
{
    int32_t number = 1;
    double fraction = 1.5;
    ProtobufCMessage *inner;
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        inner = arena_alloc(
            filling->arena,
            ((const ProtobufCMessageDescriptor *)field->descriptor)->sizeof_message);
        protobuf_c_message_init(field->descriptor, inner);
        fill(filling, inner, arena_print(filling->arena, "%s.", path));
        memcpy(element, &inner, sizeof(void *));
        return;
    case PROTOBUF_C_TYPE_ENUM:
        number = ((const ProtobufCEnumDescriptor *)field->descriptor)->values[1].value;
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        memcpy(element, &fraction, sizeof fraction);
        return;
    default:
        break;
    }
    memcpy(element, &number, sizeof number);
}

static void
fill_field(const struct filling *filling, ProtobufCMessage *message,
           const ProtobufCFieldDescriptor *field, const char *path)
{
    size_t n = field->label == PROTOBUF_C_LABEL_REPEATED ? 2 : 1;
    char *elements =
        field_make(message, field, n, arena_allocator(filling->arena, BUDGET));
    assert_non_null(elements);
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        return;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        fill_texts(filling, message, field, (char **)(void *)elements, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        fill_element(filling, field, elements + i * field_size(field->type), path);
    }
}

static void
fill(const struct filling *filling, ProtobufCMessage *message, const char *prefix)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const char *path = arena_print(filling->arena, "%s%s", prefix, field->name);
        bool is_member = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
        bool is_named =
            filling->member != NULL && strcmp(filling->member, field->name) == 0;
        if ((!is_member || is_named) && !message_fill_holds(filling->skip, path)) {
            fill_field(filling, message, field, path);
        }
    }
}

ProtobufCMessage *
message_fill(const ProtobufCMessageDescriptor *descriptor, const char *member,
             const char *const *skip, struct arena *arena)
{
    struct filling filling = {.member = member, .skip = skip, .arena = arena};
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    descriptor->message_init(message);
    fill(&filling, message, "");
    return message;
}
