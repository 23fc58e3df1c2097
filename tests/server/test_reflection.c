/* Reflection, under both of its names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "proto/wire.h"
#include "tests/server/station.h"
#include "tests/server/toy.h"

static struct station *s;

static int
set_up(void **state)
{
    (void)state;
    s = station_open(NULL);
    atomic_store(&toy_takes, 0);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    station_close(s);
    return 0;
}

static Grpc__Reflection__V1__ServerReflectionResponse *
ask(struct wire_call *call, Grpc__Reflection__V1__ServerReflectionRequest *request)
{
    struct bytes message;
    wire_send(call, wire_pack(&request->base, s->h->arena));
    assert_true(wire_next_message(call, &message));
    Grpc__Reflection__V1__ServerReflectionResponse *response =
        grpc__reflection__v1__server_reflection_response__unpack(NULL, message.size,
                                                                 message.data);
    assert_non_null(response);
    return response;
}

static void
check_reflection(const char *path)
{
    struct wire_call *call = wire_start(s->op, path, (struct bytes){0}, NULL);
    Grpc__Reflection__V1__ServerReflectionRequest request =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES;
    request.list_services = (char *)"";
    Grpc__Reflection__V1__ServerReflectionResponse *response = ask(call, &request);
    assert_int_equal(response->list_services_response->n_service, 4);
    grpc__reflection__v1__server_reflection_response__free_unpacked(response, NULL);
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL;
    request.file_containing_symbol = (char *)"kontor.v1.Position";
    response = ask(call, &request);
    /* common.proto and what it imports. */
    assert_true(response->file_descriptor_response->n_file_descriptor_proto >= 2);
    grpc__reflection__v1__server_reflection_response__free_unpacked(response, NULL);
    request.file_containing_symbol = (char *)"kontor.v1.None";
    response = ask(call, &request);
    assert_int_equal(response->error_response->error_code, STATUS_NOT_FOUND);
    grpc__reflection__v1__server_reflection_response__free_unpacked(response, NULL);
    wire_send_close(call);
    struct bytes message;
    assert_false(wire_next_message(call, &message));
    assert_int_equal(wire_end(call).status, STATUS_OK);
}

static void
test_reflection_answers_under_both_names(void **state)
{
    (void)state;
    check_reflection("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
    check_reflection("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_reflection_answers_under_both_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
