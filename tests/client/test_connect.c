/* What a client is told before its first call: options, ids, methods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/client/fake.h"

static void
refuse(struct fake_call *call, void *context)
{
    (void)context;
    fake_fail(call, KONTOR_UNIMPLEMENTED, NULL, "nobody calls here");
}

static void
test_connect_says_which_option_is_missing(void **state)
{
    (void)state;
    struct kontor *kontor = NULL;
    struct kontor_error error = {0};
    struct fake *fake = fake_start(refuse, NULL);
    struct kontor_options options = fake_options(fake);
    options.server = NULL;
    assert_int_equal(kontor_connect(&options, &kontor, &error),
                     KONTOR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "server"));
    options = fake_options(fake);
    options.key_file = NULL;
    assert_int_equal(kontor_connect(&options, &kontor, &error),
                     KONTOR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "key"));
    options = fake_options(fake);
    options.ca_file = "/nowhere/ca.pem";
    assert_int_equal(kontor_connect(&options, &kontor, &error), KONTOR_NOT_FOUND);
    assert_non_null(strstr(error.message, "/nowhere/ca.pem"));
    options = fake_options(fake);
    options.cert_pem = "no certificate";
    assert_int_equal(kontor_connect(&options, &kontor, &error),
                     KONTOR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "PEM"));
    assert_null(kontor);
    kontor_error_done(&error);
    fake_stop(fake);
}

static void
test_uuids_are_version_4_and_differ(void **state)
{
    (void)state;
    char a[37];
    char b[37];
    kontor_uuid(a);
    kontor_uuid(b);
    assert_int_equal(strlen(a), 36);
    assert_int_equal(a[14], '4');
    assert_non_null(strchr("89ab", a[19]));
    assert_string_not_equal(a, b);
}

static void
test_every_method_is_known_by_its_path(void **state)
{
    (void)state;
    assert_true(kontor_n_methods > 40);
    for (size_t i = 0; i < kontor_n_methods; i++) {
        const struct kontor_method *row = &kontor_methods[i];
        char path[160];
        snprintf(path, sizeof path, "/%s/%s", row->service->name,
                 row->service->methods[row->index].name);
        assert_string_equal(row->path, path);
        assert_ptr_equal(kontor_method(path), row);
    }
    assert_null(kontor_method("/kontor.v1.RegistryService/Nothing"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connect_says_which_option_is_missing),
        cmocka_unit_test(test_uuids_are_version_4_and_differ),
        cmocka_unit_test(test_every_method_is_known_by_its_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
