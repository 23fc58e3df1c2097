/*
 * Messages as JSON objects by the tables that read them. Every field that is set is
 * either written by a row or told as a loss; the descriptor says which fields there
 * are, so that a new one shows up by itself.
 */
#include <string.h>

#include "proto/field.h"
#include "tools/import/json_fields.h"

static const void *
field_of(const void *message, size_t at)
{
    return (const char *)message + at;
}

static const void *
pointer_of(const void *message, size_t at)
{
    const void *pointer;
    memcpy(&pointer, field_of(message, at), sizeof pointer);
    return pointer;
}

static size_t
count_of(const void *message, const struct json_field *field)
{
    size_t n;
    memcpy(&n, field_of(message, field->n_at), sizeof n);
    return n;
}

static bool
is_end(const struct json_field *row)
{
    return row->key == NULL && row->owns == NULL;
}

/* ---- Writers ---- */

bool
json_write_text(struct target *target, const struct json_field *field,
                const void *message, struct json_value *out)
{
    (void)target;
    const char *text = pointer_of(message, field->at);
    *out = (struct json_value){.type = JSON_TYPE_TEXT, .text = text};
    return text[0] != '\0';
}

bool
json_write_texts(struct target *target, const struct json_field *field,
                 const void *message, struct json_value *out)
{
    size_t n = count_of(message, field);
    char *const *texts = pointer_of(message, field->at);
    struct json_value *elements =
        arena_alloc(target->arena, (n + 1) * sizeof *elements);
    for (size_t i = 0; i < n; i++) {
        elements[i] = (struct json_value){.type = JSON_TYPE_TEXT, .text = texts[i]};
    }
    *out = (struct json_value){.type = JSON_TYPE_LIST, .elements = elements, .n = n};
    return n > 0;
}

bool
json_write_flag(struct target *target, const struct json_field *field,
                const void *message, struct json_value *out)
{
    (void)target;
    protobuf_c_boolean flag;
    memcpy(&flag, field_of(message, field->at), sizeof flag);
    *out = (struct json_value){.type = JSON_TYPE_BOOLEAN, .boolean = flag != 0};
    return true;
}

static struct json_value
write_shape(struct target *target, const struct json_field *field, const void *message)
{
    const struct json_shape *shape = field->shape;
    if (shape->before != NULL) {
        message = shape->before(target, field, message);
    }
    return json_write_fields(target, shape->fields, message);
}

bool
json_write_object(struct target *target, const struct json_field *field,
                  const void *message, struct json_value *out)
{
    bool is_group = field->shape->message == NULL;
    const void *inner = is_group ? message : pointer_of(message, field->at);
    if (inner == NULL) {
        return false;
    }
    *out = write_shape(target, field, inner);
    /* An empty message is there; a group of nothing is not. */
    return !is_group || out->n > 0;
}

bool
json_write_objects(struct target *target, const struct json_field *field,
                   const void *message, struct json_value *out)
{
    size_t n = count_of(message, field);
    const void *const *rows = pointer_of(message, field->at);
    struct json_value *elements =
        arena_alloc(target->arena, (n + 1) * sizeof *elements);
    for (size_t i = 0; i < n; i++) {
        elements[i] = write_shape(target, field, rows[i]);
    }
    *out = (struct json_value){.type = JSON_TYPE_LIST, .elements = elements, .n = n};
    return n > 0;
}

struct json_value
json_write_fields(struct target *target, const struct json_field *table,
                  const void *message)
{
    size_t n_rows = 0;
    while (!is_end(&table[n_rows])) {
        n_rows++;
    }
    struct json_member *members =
        arena_alloc(target->arena, (n_rows + 1) * sizeof *members);
    size_t n = 0;
    for (const struct json_field *row = table; !is_end(row); row++) {
        const void *from =
            row->part == NULL ? message : pointer_of(message, row->part->at);
        if (row->key == NULL || row->write == NULL || from == NULL) {
            continue;
        }
        members[n].name = row->key;
        n += row->write(target, row, from, &members[n].value) ? 1 : 0;
    }
    return (struct json_value){.type = JSON_TYPE_OBJECT, .members = members, .n = n};
}

/* ---- Losses ---- */

/* What the broker writes itself: nothing another system could keep. */
static bool
is_brokers(const char *path)
{
    static const char *const fields[] = {"id",         "revision",   "created_at",
                                         "updated_at", "audit",      "overrides",
                                         "offers.rev", "offers.hash"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * The row that writes a field: that of a member, or one without, whose field another
 * row writes along. Rows of a group are looked through as if they stood in the table.
 */
static const struct json_field *
writer_of(const struct json_field *table, const char *path)
{
    for (; !is_end(table); table++) {
        bool is_written = table->write != NULL || table->key == NULL;
        if (is_written && table->owns != NULL && strcmp(table->owns, path) == 0) {
            return table;
        }
        bool is_group = table->shape != NULL && table->shape->message == NULL;
        const struct json_field *inner =
            is_group ? writer_of(table->shape->fields, path) : NULL;
        if (inner != NULL) {
            return inner;
        }
    }
    return NULL;
}

/* Whether rows write fields of the part that the path names. */
static bool
has_part(const struct json_field *table, const char *path)
{
    size_t size = strlen(path);
    for (; !is_end(table); table++) {
        if (table->owns != NULL && strncmp(table->owns, path, size) == 0 &&
            table->owns[size] == '.') {
            return true;
        }
        if (table->shape != NULL && table->shape->message == NULL &&
            has_part(table->shape->fields, path)) {
            return true;
        }
    }
    return false;
}

/* Where the walk stands: what a path is called in the table, and in a loss. */
struct standing {
    const struct json_field *table;
    const char *in_table;
    const char *told;
};

static void look_through(struct target *target, struct standing standing,
                         const ProtobufCMessage *message);

static void
look_at(struct target *target, struct standing standing,
        const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *path =
        arena_print(target->arena, "%s%s", standing.in_table, field->name);
    const char *told = arena_print(target->arena, "%s%s", standing.told, field->name);
    const struct json_field *row = writer_of(standing.table, path);
    bool is_part = row == NULL && has_part(standing.table, path);
    if (row == NULL && !is_part) {
        if (!is_brokers(told)) {
            target_lose(target, told);
        }
        return;
    }
    struct standing below = {.table = is_part ? standing.table : NULL,
                             .in_table =
                                 is_part ? arena_print(target->arena, "%s.", path) : "",
                             .told = arena_print(target->arena, "%s.", told)};
    if (row != NULL && row->shape != NULL) {
        below.table = row->shape->fields;
    }
    for (size_t i = 0; below.table != NULL && i < field_count(message, field); i++) {
        look_through(target, below, field_message(field_at(message, field, i)));
    }
}

static void
look_through(struct target *target, struct standing standing,
             const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field_count(message, field) > 0) {
            look_at(target, standing, message, field);
        }
    }
}

void
json_write_losses(struct target *target, const struct json_field *table,
                  const ProtobufCMessage *message)
{
    struct standing standing = {.table = table, .in_table = "", .told = ""};
    look_through(target, standing, message);
}
