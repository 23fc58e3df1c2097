/* Every unary call of the contract is one typed function: its name, its request, its
 * reply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/client/fake.h"

typedef enum kontor_status (*typed_fn)(struct kontor *kontor, const void *request,
                                       ProtobufCMessage **reply,
                                       struct kontor_error *error);

static char asked[160];

static ProtobufCMessage *
new_message(const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = calloc(1, descriptor->sizeof_message);
    assert_non_null(message);
    protobuf_c_message_init(descriptor, message);
    return message;
}

/* An empty reply of the right type, to whatever is asked. */
static void
handle(struct fake_call *call, void *context)
{
    (void)context;
    snprintf(asked, sizeof asked, "%s", call->path);
    const struct kontor_method *row = kontor_method(call->path);
    ProtobufCMessage *reply = new_message(row->service->methods[row->index].output);
    fake_sync(call->fake);
    fake_reply(call, reply);
    free(reply);
}

static const char *
rpc_of(const struct kontor_method *row)
{
    return row->service->methods[row->index].name;
}

static bool
is_in_several_services(const char *rpc)
{
    int n = 0;
    for (size_t i = 0; i < kontor_n_methods; i++) {
        n += strcmp(rpc_of(&kontor_methods[i]), rpc) == 0;
    }
    return n > 1;
}

static void
append_snake(char *name, const char *text, size_t size)
{
    char *end = name + strlen(name);
    for (size_t i = 0; i < size; i++) {
        if (isupper((unsigned char)text[i])) {
            *end++ = '_';
        }
        *end++ = (char)tolower((unsigned char)text[i]);
    }
    *end = '\0';
}

/* GetService is kontor_get_service; what two services have is told apart by them. */
static void
name_of(const struct kontor_method *row, char *name)
{
    const char *service = strrchr(row->service->name, '.') + 1;
    strcpy(name, "kontor");
    if (is_in_several_services(rpc_of(row))) {
        append_snake(name, service, strlen(service) - strlen("Service"));
    }
    append_snake(name, rpc_of(row), strlen(rpc_of(row)));
}

static void
test_every_unary_call_is_one_typed_function(void **state)
{
    (void)state;
    struct fake *fake = fake_start(handle, NULL);
    struct kontor *kontor = fake_connect(fake);
    size_t n = 0;
    for (size_t i = 0; i < kontor_n_methods; i++) {
        const struct kontor_method *row = &kontor_methods[i];
        const ProtobufCMethodDescriptor *method = &row->service->methods[row->index];
        char name[160];
        name_of(row, name);
        typed_fn call = NULL;
        *(void **)&call = dlsym(RTLD_DEFAULT, name);
        if (row->is_stream) {
            assert_null(call);
            continue;
        }
        if (call == NULL) {
            fail_msg("there is no %s", name);
        }
        ProtobufCMessage *request = new_message(method->input);
        ProtobufCMessage *reply = NULL;
        struct kontor_error error = {0};
        fake_sync(fake);
        assert_int_equal(call(kontor, request, &reply, &error), KONTOR_OK);
        fake_sync(fake);
        assert_string_equal(asked, row->path);
        assert_ptr_equal(reply->descriptor, method->output);
        kontor_reply_free(reply);
        kontor_error_done(&error);
        free(request);
        n++;
    }
    assert_true(n > 40);
    kontor_free(kontor);
    fake_stop(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_unary_call_is_one_typed_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
