/* kontor catalogue export in each format, against a scripted catalogue of two pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/arena.h"
#include "proto/json.h"
#include "tests/tools/cli_fixture.h"

/* The list that is refused, or NULL. */
static const char *refused;

static void
reply_json(struct fake_call *call, const char *text)
{
    const struct kontor_method *method = kontor_method(call->path);
    struct arena *arena = arena_new();
    struct faults faults = {.arena = arena};
    ProtobufCMessage *reply = json_parse(method->service->methods[method->index].output,
                                         text, strlen(text), arena, &faults);
    if (reply == NULL) {
        fprintf(stderr, "%s: %s\n", faults.rows[0].path, faults.rows[0].description);
        abort();
    }
    fake_reply(call, reply);
    arena_free(arena);
}

static const char *
services_page(const struct fake_call *call)
{
    const Kontor__V1__ListServicesRequest *request =
        (const Kontor__V1__ListServicesRequest *)call->request;
    return request->page_token[0] == '\0'
               ? "{\"services\":[{\"id\":\"coast/s\",\"revision\":\"7\","
                 "\"provider\":\"coast/p\",\"name\":\"S\",\"tagline\":\"T\"}],"
                 "\"nextPageToken\":\"next\"}"
               : "{\"services\":[{\"id\":\"coast/t\",\"provider\":\"coast/p\","
                 "\"orderType\":\"ORDER_REQUIRED\"}]}";
}

static void
handle(struct fake_call *call, void *context)
{
    (void)context;
    if (refused != NULL && strstr(call->path, refused) != NULL) {
        fake_fail(call, KONTOR_PERMISSION_DENIED, "NOT_ALLOWED", "not yours");
        return;
    }
    if (strstr(call->path, "ListServices") != NULL) {
        reply_json(call, services_page(call));
        return;
    }
    reply_json(call, strstr(call->path, "ListProviders") != NULL
                         ? "{\"providers\":[{\"id\":\"coast/p\",\"name\":\"P\"}]}"
                         : "{}");
}

static int
setup(void **state)
{
    (void)state;
    cli_begin(handle);
    return 0;
}

static int
reset(void **state)
{
    (void)state;
    refused = NULL;
    fake_sync(cli_fake());
    return 0;
}

static void
test_a_format_goes_through_all_pages(void **state)
{
    (void)state;
    struct cli_result result = cli_run("catalogue export --format eosc-5");
    assert_int_equal(result.code, 0);
    assert_string_equal(
        result.out,
        "[\n{\"id\":\"p\",\"name\":\"P\",\"legalEntity\":false},\n"
        "{\"id\":\"s\",\"name\":\"S\",\"resourceOrganisation\":\"p\",\"tagline\":\"T\","
        "\"horizontalService\":false},\n"
        "{\"id\":\"t\",\"resourceOrganisation\":\"p\",\"horizontalService\":false,"
        "\"orderType\":\"order_type-order_required\"}\n]\n");
    assert_string_equal(result.err, "");
}

/* The file stays one that a program reads; who runs the command hears the rest. */
static void
test_losses_go_to_standard_error(void **state)
{
    (void)state;
    struct cli_result result = cli_run("catalogue export --format eosc-6");
    assert_int_equal(result.code, 0);
    assert_null(strstr(result.out, "tagline"));
    assert_string_equal(result.err, "kontor: coast/s: tagline has no place in eosc-6\n"
                                    "kontor: 1 in all that eosc-6 cannot say\n");
}

static void
test_json_is_one_line_in_every_format(void **state)
{
    (void)state;
    static const char *const formats[] = {"kontor-1", "eosc-5", "eosc-6"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct cli_result result =
            cli_run("catalogue export --output json --format %s", formats[i]);
        assert_int_equal(result.code, 0);
        assert_non_null(strchr(result.out, '\n'));
        assert_string_equal(strchr(result.out, '\n'), "\n");
        assert_contains(result.out, "\"name\":\"S\"");
    }
}

/* A catalogue of what is ordered here has nothing of one where nothing is. */
static void
test_formats_of_what_is_ordered_stay_files(void **state)
{
    (void)state;
    struct cli_result result = cli_run("catalogue export --format osb");
    assert_int_equal(result.code, 0);
    assert_string_equal(result.out, "{\"services\": [\n]}\n");
    assert_contains(result.err, "kontor: coast/p: name is not kept");
    assert_contains(result.err, "kontor: coast/s: offers hold nothing");
    assert_contains(result.err, "3 in all that osb cannot say\n");
    result = cli_run("catalogue export --format tmf633");
    assert_int_equal(result.code, 0);
    assert_string_equal(result.out, "[\n]\n");
}

/* What is cut off is left open, so that nobody takes it for a whole catalogue. */
static void
test_an_export_that_breaks_off_looks_like_it(void **state)
{
    (void)state;
    refused = "ListServices";
    struct cli_result result = cli_run("catalogue export --format eosc-5");
    assert_int_equal(result.code, 71);
    assert_string_equal(result.out,
                        "[\n{\"id\":\"p\",\"name\":\"P\",\"legalEntity\":false}");
    refused = "ListVocabularies";
    result = cli_run("catalogue export --format eosc-5");
    assert_int_equal(result.code, 71);
    assert_string_equal(result.out, "");
}

#define RULE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_format_goes_through_all_pages),
        RULE(test_losses_go_to_standard_error),
        RULE(test_json_is_one_line_in_every_format),
        RULE(test_formats_of_what_is_ordered_stay_files),
        RULE(test_an_export_that_breaks_off_looks_like_it),
    };
    return cmocka_run_group_tests(tests, setup, cli_teardown);
}
