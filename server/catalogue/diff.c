#include "server/catalogue/diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/field.h"
#include "proto/json.h"

enum { ENVELOPE = 4 /* Fields 1 to 4 of a record are not its content. */ };

/* ---- Texts ---- */

static const char *
enum_text(const ProtobufCFieldDescriptor *field, uint64_t bits, struct arena *arena)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(field->descriptor, (int)bits);
    return value != NULL ? value->name : arena_print(arena, "%d", (int)bits);
}

static const char *
bytes_text(ProtobufCBinaryData bytes, struct arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(arena, 2 * bytes.len + 1);
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = digits[bytes.data[i] >> 4];
        text[2 * i + 1] = digits[bytes.data[i] & 0xf];
    }
    return text;
}

/* What a person would write: texts as they are, messages as JSON. */
static const char *
element_text(const ProtobufCFieldDescriptor *field, const void *element,
             struct arena *arena)
{
    const char *text;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return field_text(element);
    case PROTOBUF_C_TYPE_BYTES:
        return bytes_text(field_bytes(element), arena);
    case PROTOBUF_C_TYPE_MESSAGE:
        text = json_print(field_message(element), JSON_PROTO_NAMES, arena);
        return text == NULL ? "" : text;
    case PROTOBUF_C_TYPE_BOOL:
        return field_bits(field->type, element) != 0 ? "true" : "false";
    case PROTOBUF_C_TYPE_ENUM:
        return enum_text(field, field_bits(field->type, element), arena);
    default:
        return arena_print(arena, "%" PRId64,
                           (int64_t)field_bits(field->type, element));
    }
}

/* ---- Rows ---- */

static void
add(struct diff *diff, const char *path, const char *before, const char *after)
{
    if (diff->n_rows == diff->room) {
        size_t room = 2 * diff->room + 16;
        Kontor__V1__FieldChange **rows = arena_alloc(diff->arena, room * sizeof(*rows));
        if (diff->n_rows > 0) {
            memcpy(rows, diff->rows, diff->n_rows * sizeof(*rows));
        }
        diff->rows = rows;
        diff->room = room;
    }
    Kontor__V1__FieldChange *row = arena_alloc(diff->arena, sizeof(*row));
    kontor__v1__field_change__init(row);
    row->path = arena_copy(diff->arena, path);
    row->before = (char *)(uintptr_t)(before == NULL ? "" : before);
    row->after = (char *)(uintptr_t)(after == NULL ? "" : after);
    row->kind = before == NULL  ? KONTOR__V1__FIELD_CHANGE__KIND__ADDED
                : after == NULL ? KONTOR__V1__FIELD_CHANGE__KIND__REMOVED
                                : KONTOR__V1__FIELD_CHANGE__KIND__CHANGED;
    diff->rows[diff->n_rows++] = row;
}

/* ---- Lists ---- */

/* The name of an element of a list of messages; NULL when they have none. */
static const char *
name_of(const ProtobufCFieldDescriptor *field, const void *element)
{
    static const char *const names[] = {"iid", "id"};
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return NULL;
    }
    const ProtobufCMessage *message = field_message(element);
    /* One id may stand there in several schemes: such rows are their whole content. */
    if (protobuf_c_message_descriptor_get_field_by_name(message->descriptor,
                                                        "scheme") != NULL) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const ProtobufCFieldDescriptor *name =
            protobuf_c_message_descriptor_get_field_by_name(message->descriptor,
                                                            names[i]);
        if (name != NULL && name->type == PROTOBUF_C_TYPE_STRING) {
            return field_text(field_at(message, name, 0));
        }
    }
    return NULL;
}

/* The element of this name in a list; NULL: there is none. */
static const void *
named_element(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
              const char *name)
{
    size_t n = field_count(message, field);
    for (size_t i = 0; i < n; i++) {
        const void *element = field_at(message, field, i);
        if (strcmp(name, name_of(field, element)) == 0) {
            return element;
        }
    }
    return NULL;
}

static void
diff_named(struct diff *diff, const char *path, const ProtobufCFieldDescriptor *field,
           const ProtobufCMessage *before, const ProtobufCMessage *after)
{
    size_t n_before = field_count(before, field);
    size_t n_after = field_count(after, field);
    for (size_t i = 0; i < n_before; i++) {
        const void *element = field_at(before, field, i);
        const char *name = name_of(field, element);
        const char *at = arena_print(diff->arena, "%s[%s]", path, name);
        const void *other = named_element(after, field, name);
        if (other == NULL) {
            add(diff, at, element_text(field, element, diff->arena), NULL);
        } else {
            diff_messages(diff, at, field_message(element), field_message(other));
        }
    }
    for (size_t i = 0; i < n_after; i++) {
        const void *element = field_at(after, field, i);
        const char *name = name_of(field, element);
        if (named_element(before, field, name) == NULL) {
            add(diff, arena_print(diff->arena, "%s[%s]", path, name), NULL,
                element_text(field, element, diff->arena));
        }
    }
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each element's text once, in order. */
static const char **
sorted_texts(struct diff *diff, const ProtobufCFieldDescriptor *field,
             const ProtobufCMessage *message, size_t n)
{
    const char **texts = arena_alloc(diff->arena, (n + 1) * sizeof(*texts));
    for (size_t i = 0; i < n; i++) {
        texts[i] = element_text(field, field_at(message, field, i), diff->arena);
    }
    qsort(texts, n, sizeof(*texts), compare_texts);
    return texts;
}

/* What is in one of the two only; where an element stands does not count. */
static void
diff_unnamed(struct diff *diff, const char *path, const ProtobufCFieldDescriptor *field,
             const ProtobufCMessage *before, const ProtobufCMessage *after)
{
    size_t n_old = field_count(before, field);
    size_t n_new = field_count(after, field);
    const char **old = sorted_texts(diff, field, before, n_old);
    const char **new = sorted_texts(diff, field, after, n_new);
    size_t i = 0;
    size_t j = 0;
    while (i < n_old || j < n_new) {
        int order = i == n_old ? 1 : j == n_new ? -1 : strcmp(old[i], new[j]);
        if (order < 0) {
            add(diff, path, old[i], NULL);
        } else if (order > 0) {
            add(diff, path, NULL, new[j]);
        }
        i += order <= 0 ? 1 : 0;
        j += order >= 0 ? 1 : 0;
    }
}

static void
diff_list(struct diff *diff, const char *path, const ProtobufCFieldDescriptor *field,
          const ProtobufCMessage *before, const ProtobufCMessage *after)
{
    const ProtobufCMessage *some = field_count(before, field) > 0 ? before : after;
    if (field_count(some, field) == 0) {
        return;
    }
    if (name_of(field, field_at(some, field, 0)) != NULL) {
        diff_named(diff, path, field, before, after);
    } else {
        diff_unnamed(diff, path, field, before, after);
    }
}

/* ---- Fields ---- */

static void
diff_single(struct diff *diff, const char *path, const ProtobufCFieldDescriptor *field,
            const ProtobufCMessage *before, const ProtobufCMessage *after)
{
    bool was = field_count(before, field) > 0;
    bool is = field_count(after, field) > 0;
    if (!was && !is) {
        return;
    }
    if (was && is && field->type == PROTOBUF_C_TYPE_MESSAGE) {
        diff_messages(diff, path, field_message(field_at(before, field, 0)),
                      field_message(field_at(after, field, 0)));
        return;
    }
    const char *old =
        was ? element_text(field, field_at(before, field, 0), diff->arena) : NULL;
    const char *new =
        is ? element_text(field, field_at(after, field, 0), diff->arena) : NULL;
    if (!was || !is || strcmp(old, new) != 0) {
        add(diff, path, old, new);
    }
}

static bool
is_skipped(const struct diff *diff, uint32_t number)
{
    const uint8_t *field = diff->skipped;
    while (field != NULL && *field != 0 && *field != number) {
        field++;
    }
    return field != NULL && *field != 0;
}

void
diff_messages(struct diff *diff, const char *path, const ProtobufCMessage *before,
              const ProtobufCMessage *after)
{
    const ProtobufCMessageDescriptor *type = before->descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const char *at = path[0] == '\0'
                             ? field->name
                             : arena_print(diff->arena, "%s.%s", path, field->name);
        if (path[0] == '\0' && (field->id <= ENVELOPE || is_skipped(diff, field->id))) {
            continue;
        }
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            diff_list(diff, at, field, before, after);
        } else {
            diff_single(diff, at, field, before, after);
        }
    }
}

/* ---- The call ---- */

static enum status
version(struct call *call, const char *id, int64_t revision, struct document *document)
{
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    as_of.seq = revision;
    return call_get_as_of(call, KIND_SERVICE, id, revision == 0 ? NULL : &as_of,
                          document);
}

enum status
diff_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__DiffServiceRequest *request = message;
    Kontor__V1__DiffServiceResponse *reply = arena_alloc(call->arena, sizeof(*reply));
    struct diff diff = {.arena = call->arena};
    struct document before;
    struct document after;
    enum status status = version(call, request->id, request->from, &before);
    if (status == STATUS_OK) {
        status = version(call, request->id, request->to, &after);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* What is seen of one of them only would look as if it had come or gone. */
    if (before.view != VIEW_FULL || after.view != VIEW_FULL) {
        diff.skipped = KIND_SERVICE->internal;
    }
    if (before.revision != after.revision) {
        diff_messages(&diff, "", call_record(call, &before), call_record(call, &after));
    }
    kontor__v1__diff_service_response__init(reply);
    reply->from = before.revision;
    reply->to = after.revision;
    reply->changes = diff.rows;
    reply->n_changes = diff.n_rows;
    decision_reply(decision, reply);
    return STATUS_OK;
}
