#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <google/protobuf/descriptor.pb-c.h>

#include "proto/arena.h"
#include "proto/descriptors.h"
#include "server/rpc/dispatch.h"
#include "server/rpc/server.h"
#include "server/services.h"

enum { MESSAGE_LIMIT = 4 << 20, N_ROLES = 12 };

static const struct service_rows **services;
static Google__Protobuf__FileDescriptorSet *published;

static int
set_up(void **state)
{
    (void)state;
    services = server_services(services_table);
    struct bytes set = descriptors_set();
    published = google__protobuf__file_descriptor_set__unpack(NULL, set.size, set.data);
    return published == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
    (void)state;
    google__protobuf__file_descriptor_set__free_unpacked(published, NULL);
    free(services);
    return 0;
}

static const struct row *
find_row(const char *path, size_t *n)
{
    const struct row *found = NULL;
    *n = 0;
    for (size_t i = 0; services[i] != NULL; i++) {
        for (const struct row *row = services[i]->rows; row->path != NULL; row++) {
            if (strcmp(row->path, path) == 0) {
                found = row;
                (*n)++;
            }
        }
    }
    return found;
}

/* reflection v1alpha has the messages of v1 under another name: the row's own count. */
static void
check_type(const ProtobufCMessageDescriptor *descriptor, const char *published_name)
{
    assert_non_null(descriptor);
    assert_string_equal(descriptor->name, published_name + 1);
}

static void
check_method(const char *service, const Google__Protobuf__MethodDescriptorProto *method)
{
    char path[256];
    size_t n;
    (void)snprintf(path, sizeof path, "/%s/%s", service, method->name);
    const struct row *row = find_row(path, &n);
    if (n != 1) {
        fail_msg("%s has %zu rows", path, n);
        return;
    }
    check_type(row->request, method->input_type);
    check_type(row->reply, method->output_type);
    enum row_kind kind = method->client_streaming   ? ROW_BIDI
                         : method->server_streaming ? ROW_SERVER_STREAM
                                                    : ROW_UNARY;
    assert_int_equal(row->kind, kind);
}

static size_t
each_published(void (*check)(const char *service,
                             const Google__Protobuf__MethodDescriptorProto *method))
{
    size_t n = 0;
    for (size_t i = 0; i < published->n_file; i++) {
        const Google__Protobuf__FileDescriptorProto *file = published->file[i];
        for (size_t j = 0; j < file->n_service; j++) {
            char name[128];
            (void)snprintf(name, sizeof name, "%s.%s", file->package,
                           file->service[j]->name);
            for (size_t k = 0; k < file->service[j]->n_method; k++) {
                check(name, file->service[j]->method[k]);
                n++;
            }
        }
    }
    return n;
}

static void
test_every_published_call_has_exactly_one_row(void **state)
{
    (void)state;
    assert_true(each_published(check_method) > 50);
}

static size_t
count_rows(void)
{
    size_t n = 0;
    for (size_t i = 0; services[i] != NULL; i++) {
        for (const struct row *row = services[i]->rows; row->path != NULL; row++) {
            n++;
        }
    }
    return n;
}

static void
no_check(const char *service, const Google__Protobuf__MethodDescriptorProto *method)
{
    (void)service;
    (void)method;
}

static void
test_there_are_no_rows_beyond_the_published_calls(void **state)
{
    (void)state;
    assert_int_equal(count_rows(), each_published(no_check));
}

static bool
has_field(const struct row *row, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(row->request, name) != NULL;
}

static void
check_unary(const struct row *row)
{
    bool is_inline = row->klass == CLASS_INLINE;
    bool is_answered = row->decide != NULL || row->batch != NULL || is_inline;
    if (!is_answered) {
        fail_msg("%s has no handler", row->path);
    }
    if (row->is_mutation && row->batch == NULL && row->answer == NULL) {
        fail_msg("%s is a mutation without answer", row->path);
    }
    if (row->eid_field != NULL && !has_field(row, row->eid_field)) {
        fail_msg("%s has no field %s", row->path, row->eid_field);
    }
    if (!row->is_mutation && has_field(row, "request_id")) {
        fail_msg("%s takes a request_id but is no mutation", row->path);
    }
}

static void
check_row(const struct service_rows *service, const struct row *row)
{
    size_t size = strlen(service->service);
    assert_memory_equal(row->path + 1, service->service, size);
    assert_int_equal(row->path[1 + size], '/');
    assert_int_not_equal(row->roles, 0);
    assert_true(row->max_request <= MESSAGE_LIMIT);
    if (row->kind == ROW_UNARY) {
        check_unary(row);
    } else if (row->klass != CLASS_INLINE) {
        assert_non_null(row->stream);
        assert_false(row->is_mutation);
    }
}

static void
test_no_row_forgets_a_column(void **state)
{
    (void)state;
    for (size_t i = 0; services[i] != NULL; i++) {
        for (const struct row *row = services[i]->rows; row->path != NULL; row++) {
            check_row(services[i], row);
        }
    }
}

/* Every row and every role: in when the row lists it, out with the names when not. */
static void
test_a_role_that_is_not_listed_is_refused_by_every_row(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (size_t i = 0; services[i] != NULL; i++) {
        for (const struct row *row = services[i]->rows; row->path != NULL; row++) {
            for (uint32_t role = 1; role < N_ROLES; role++) {
                struct principal who = {.id = "coast/x",
                                        .registry = "coast",
                                        .identity = "",
                                        .roles = UINT32_C(1) << role};
                struct error error = {0};
                bool is_listed = (row->roles & who.roles) != 0;
                enum status status = dispatch_role(row, &who, arena, &error);
                assert_int_equal(status,
                                 is_listed ? STATUS_OK : STATUS_PERMISSION_DENIED);
                assert_int_equal(error.reason,
                                 is_listed ? REASON_NONE : REASON_ROLE_MISSING);
            }
        }
    }
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_published_call_has_exactly_one_row),
        cmocka_unit_test(test_there_are_no_rows_beyond_the_published_calls),
        cmocka_unit_test(test_no_row_forgets_a_column),
        cmocka_unit_test(test_a_role_that_is_not_listed_is_refused_by_every_row),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
