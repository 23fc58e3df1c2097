#include "server/rpc/reflection.h"

#include <stdlib.h>
#include <string.h>

#include <google/protobuf/descriptor.pb-c.h>

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "grpc/reflection/v1alpha/reflection.pb-c.h"
#include "proto/descriptors.h"
#include "proto/wire.h"
#include "server/rpc/server_inner.h"

enum { MAX_QUESTIONS = 1000 };

struct file {
    const Google__Protobuf__FileDescriptorProto *descriptor;
    struct bytes bytes;
};

struct symbol {
    const char *name; /* Full, without the leading dot. */
    const struct file *file;
};

struct reflection {
    const struct service_rows *const *services;
    struct arena *arena;
    struct file *files;
    size_t n_files;
    struct symbol *symbols; /* By name. */
    size_t n_symbols;
    size_t room;
};

/* ---- The index ---- */

static void
add_symbol(struct reflection *self, const struct file *file, const char *scope,
           const char *name)
{
    if (self->n_symbols == self->room) {
        size_t room = self->room == 0 ? 1024 : 2 * self->room;
        struct symbol *larger = arena_alloc(self->arena, room * sizeof larger[0]);
        if (self->n_symbols > 0) {
            memcpy(larger, self->symbols, self->n_symbols * sizeof larger[0]);
        }
        self->symbols = larger;
        self->room = room;
    }
    const char *dot = scope[0] == '\0' ? "" : ".";
    self->symbols[self->n_symbols++] = (struct symbol){
        .name = arena_print(self->arena, "%s%s%s", scope, dot, name), .file = file};
}

static const char *
last_name(const struct reflection *self)
{
    return self->symbols[self->n_symbols - 1].name;
}

static void
add_enum(struct reflection *self, const struct file *file, const char *scope,
         const Google__Protobuf__EnumDescriptorProto *type)
{
    add_symbol(self, file, scope, type->name);
    /* Values are siblings of their type. */
    for (size_t i = 0; i < type->n_value; i++) {
        add_symbol(self, file, scope, type->value[i]->name);
    }
}

static void
add_message(struct reflection *self, const struct file *file, const char *scope,
            const Google__Protobuf__DescriptorProto *type)
{
    add_symbol(self, file, scope, type->name);
    const char *name = last_name(self);
    for (size_t i = 0; i < type->n_field; i++) {
        add_symbol(self, file, name, type->field[i]->name);
    }
    for (size_t i = 0; i < type->n_nested_type; i++) {
        add_message(self, file, name, type->nested_type[i]);
    }
    for (size_t i = 0; i < type->n_enum_type; i++) {
        add_enum(self, file, name, type->enum_type[i]);
    }
}

static void
add_service(struct reflection *self, const struct file *file, const char *scope,
            const Google__Protobuf__ServiceDescriptorProto *service)
{
    add_symbol(self, file, scope, service->name);
    const char *name = last_name(self);
    for (size_t i = 0; i < service->n_method; i++) {
        add_symbol(self, file, name, service->method[i]->name);
    }
}

static void
add_file(struct reflection *self, const struct file *file)
{
    const Google__Protobuf__FileDescriptorProto *type = file->descriptor;
    const char *package = type->package == NULL ? "" : type->package;
    for (size_t i = 0; i < type->n_message_type; i++) {
        add_message(self, file, package, type->message_type[i]);
    }
    for (size_t i = 0; i < type->n_enum_type; i++) {
        add_enum(self, file, package, type->enum_type[i]);
    }
    for (size_t i = 0; i < type->n_service; i++) {
        add_service(self, file, package, type->service[i]);
    }
}

static int
compare(const void *a, const void *b)
{
    return strcmp(((const struct symbol *)a)->name, ((const struct symbol *)b)->name);
}

/* The embedded set is a list of files in field 1: their bytes are handed out as they
 * are.
 */
struct reflection *
reflection_new(const struct service_rows *const *services)
{
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    struct reflection *self = arena_alloc(arena, sizeof *self);
    self->arena = arena;
    self->services = services;
    struct bytes set = descriptors_set();
    struct wire_field field;
    for (struct bytes rest = set; wire_next(&rest, &field);) {
        self->n_files++;
    }
    self->files = arena_alloc(arena, (self->n_files + 1) * sizeof self->files[0]);
    ProtobufCAllocator *allocator = arena_allocator(arena, SIZE_MAX);
    for (size_t i = 0; wire_next(&set, &field); i++) {
        self->files[i].bytes = field.content;
        self->files[i].descriptor = google__protobuf__file_descriptor_proto__unpack(
            allocator, field.content.size, field.content.data);
        if (self->files[i].descriptor == NULL) {
            abort();
        }
        add_file(self, &self->files[i]);
    }
    qsort(self->symbols, self->n_symbols, sizeof self->symbols[0], compare);
    return self;
}

void
reflection_free(struct reflection *self)
{
    if (self != NULL) {
        arena_free(self->arena);
    }
}

/* ---- Answers ---- */

static size_t
place_of(const struct reflection *self, const char *filename)
{
    for (size_t i = 0; i < self->n_files; i++) {
        if (strcmp(self->files[i].descriptor->name, filename) == 0) {
            return i;
        }
    }
    return self->n_files;
}

static void
mark(const struct reflection *self, size_t place, bool *is_wanted)
{
    if (place == self->n_files || is_wanted[place]) {
        return;
    }
    is_wanted[place] = true;
    const Google__Protobuf__FileDescriptorProto *file = self->files[place].descriptor;
    for (size_t i = 0; i < file->n_dependency; i++) {
        mark(self, place_of(self, file->dependency[i]), is_wanted);
    }
}

static void
fail(Grpc__Reflection__V1__ServerReflectionResponse *out, enum status status,
     const char *text, struct arena *arena)
{
    Grpc__Reflection__V1__ErrorResponse *error = arena_alloc(arena, sizeof *error);
    grpc__reflection__v1__error_response__init(error);
    error->error_code = (int32_t)status;
    error->error_message = arena_copy(arena, text);
    out->error_response = error;
    out->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
}

/* A file and all it imports. */
static void
answer_file(const struct reflection *self, size_t place,
            Grpc__Reflection__V1__ServerReflectionResponse *out, struct arena *arena)
{
    if (place == self->n_files) {
        fail(out, STATUS_NOT_FOUND, "nothing of that name is published", arena);
        return;
    }
    Grpc__Reflection__V1__FileDescriptorResponse *files =
        arena_alloc(arena, sizeof *files);
    grpc__reflection__v1__file_descriptor_response__init(files);
    files->file_descriptor_proto =
        arena_alloc(arena, self->n_files * sizeof files->file_descriptor_proto[0]);
    bool *is_wanted = arena_alloc(arena, self->n_files * sizeof is_wanted[0]);
    mark(self, place, is_wanted);
    for (size_t i = 0; i < self->n_files; i++) {
        if (!is_wanted[i]) {
            continue;
        }
        struct bytes bytes = self->files[i].bytes;
        files->file_descriptor_proto[files->n_file_descriptor_proto++] =
            (ProtobufCBinaryData){
                bytes.size, (uint8_t *)arena_copy_n(arena, bytes.data, bytes.size)};
    }
    out->file_descriptor_response = files;
    out->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
}

static size_t
place_of_symbol(const struct reflection *self, const char *name)
{
    struct symbol wanted = {.name = name};
    const struct symbol *found =
        bsearch(&wanted, self->symbols, self->n_symbols, sizeof wanted, compare);
    return found == NULL ? self->n_files : (size_t)(found->file - self->files);
}

static void
answer_services(const struct reflection *self,
                Grpc__Reflection__V1__ServerReflectionResponse *out,
                struct arena *arena)
{
    Grpc__Reflection__V1__ListServiceResponse *list = arena_alloc(arena, sizeof *list);
    grpc__reflection__v1__list_service_response__init(list);
    while (self->services[list->n_service] != NULL) {
        list->n_service++;
    }
    list->service = arena_alloc(arena, list->n_service * sizeof list->service[0]);
    for (size_t i = 0; i < list->n_service; i++) {
        list->service[i] = arena_alloc(arena, sizeof *list->service[i]);
        grpc__reflection__v1__service_response__init(list->service[i]);
        list->service[i]->name = arena_copy(arena, self->services[i]->service);
    }
    out->list_services_response = list;
    out->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
}

/* proto3 has no extensions: every message of ours has none. */
static void
answer_extensions(const struct reflection *self, const char *name,
                  Grpc__Reflection__V1__ServerReflectionResponse *out,
                  struct arena *arena)
{
    if (place_of_symbol(self, name) == self->n_files) {
        fail(out, STATUS_NOT_FOUND, "nothing of that name is published", arena);
        return;
    }
    Grpc__Reflection__V1__ExtensionNumberResponse *none =
        arena_alloc(arena, sizeof *none);
    grpc__reflection__v1__extension_number_response__init(none);
    none->base_type_name = arena_copy(arena, name);
    out->all_extension_numbers_response = none;
    out->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
}

static void
answer(const struct reflection *self,
       const Grpc__Reflection__V1__ServerReflectionRequest *in,
       Grpc__Reflection__V1__ServerReflectionResponse *out, struct arena *arena)
{
    switch (in->message_request_case) {
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
        answer_file(self, place_of(self, in->file_by_filename), out, arena);
        return;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
        answer_file(self, place_of_symbol(self, in->file_containing_symbol), out,
                    arena);
        return;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
        fail(out, STATUS_NOT_FOUND, "there are no extensions", arena);
        return;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
        answer_extensions(self, in->all_extension_numbers_of_type, out, arena);
        return;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
        answer_services(self, out, arena);
        return;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__NOT_SET:
    case _GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__CASE_IS_INT_SIZE:
        break;
    }
    fail(out, STATUS_INVALID_ARGUMENT, "the request asks nothing", arena);
}

struct bytes
reflection_answer(const struct reflection *self, struct bytes request,
                  struct arena *arena)
{
    struct faults faults = {.arena = arena};
    Grpc__Reflection__V1__ServerReflectionRequest *in =
        (Grpc__Reflection__V1__ServerReflectionRequest *)wire_unpack(
            &grpc__reflection__v1__server_reflection_request__descriptor, request,
            &wire_request_limits, arena, &faults);
    if (in == NULL) {
        return (struct bytes){0};
    }
    Grpc__Reflection__V1__ServerReflectionResponse out =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
    out.valid_host = in->host;
    out.original_request = in;
    answer(self, in, &out, arena);
    return wire_pack(&out.base, arena);
}

/* ---- The stream: one answer a question, in turn ---- */

struct talk {
    size_t n_questions;
};

static void
end(struct rpc *rpc)
{
    struct ending ending = {.status = STATUS_OK,
                            .seq = store_applied(rpc->server->options.broker->store)};
    rpc_end(rpc, &ending);
}

static void
received(struct rpc *rpc, grpc_byte_buffer *message)
{
    struct talk *talk = rpc->stream;
    grpc_slice slice;
    if (message == NULL) {
        end(rpc);
        return;
    }
    if (++talk->n_questions > MAX_QUESTIONS || !rpc_read(message, &slice)) {
        rpc_refuse(rpc, REASON_OVERLOADED, "that is too much for one stream");
        return;
    }
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    struct bytes request = {GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice)};
    struct bytes reply = reflection_answer(rpc->server->reflection, request, arena);
    if (reply.data == NULL) {
        rpc_refuse(rpc, REASON_MESSAGE_INVALID, "the message cannot be read");
    } else {
        grpc_slice out =
            grpc_slice_from_copied_buffer((const char *)reply.data, reply.size);
        (void)rpc_write(rpc, &out, 1);
    }
    grpc_slice_unref(slice);
    arena_free(arena);
}

static void
wrote(struct rpc *rpc, bool is_ok)
{
    if (is_ok && !atomic_load(&rpc->server->is_draining)) {
        rpc_receive(rpc);
        return;
    }
    rpc_refuse(rpc, REASON_DRAINING, "the broker is stopping");
}

static void
closed(struct rpc *rpc)
{
    rpc_gone(rpc);
}

static const struct rpc_events events = {
    .wrote = wrote, .received = received, .closed = closed};

void
reflection_begin(struct rpc *rpc, struct bytes none)
{
    (void)none;
    struct talk *talk = arena_alloc(rpc_arena(rpc), sizeof *talk);
    if (!rpc_attach(rpc, &events, talk)) {
        rpc_gone(rpc);
        return;
    }
    rpc_receive(rpc);
}

static const struct row rows[] = {
    {.path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
     .request = &grpc__reflection__v1__server_reflection_request__descriptor,
     .reply = &grpc__reflection__v1__server_reflection_response__descriptor,
     .kind = ROW_BIDI,
     .klass = CLASS_INLINE,
     .roles = ROLE_BIT_ANY_CERTIFICATE},
    {.path = NULL},
};

static const struct row alpha_rows[] = {
    {.path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
     .request = &grpc__reflection__v1alpha__server_reflection_request__descriptor,
     .reply = &grpc__reflection__v1alpha__server_reflection_response__descriptor,
     .kind = ROW_BIDI,
     .klass = CLASS_INLINE,
     .roles = ROLE_BIT_ANY_CERTIFICATE},
    {.path = NULL},
};

const struct service_rows reflection_rows = {"grpc.reflection.v1.ServerReflection",
                                             rows};
const struct service_rows reflection_alpha_rows = {
    "grpc.reflection.v1alpha.ServerReflection", alpha_rows};
