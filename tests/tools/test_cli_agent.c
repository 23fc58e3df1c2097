/* kontor agent run: what programs are given, how their ends are read, and that none
 * outlives its lease. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/client/certificates.h"
#include "tests/tools/cli_fixture.h"

static struct {
    pthread_mutex_t mutex; /* Guards what happened. */
    const char *prior_intent;
    bool is_lease_lost;
    bool is_sealing; /* The job names whom to seal to. */
    bool has_job;
    bool was_given;
    char said[512]; /* The last of Complete and Fail. */
    int n_begun;
} it = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&it.mutex);
    vsnprintf(it.said, sizeof it.said, format, args);
    pthread_mutex_unlock(&it.mutex);
    va_end(args);
}

static void
on_register(struct fake_call *call)
{
    Kontor__V1__Session session = KONTOR__V1__SESSION__INIT;
    session.id = (char *)(uintptr_t) "alpine/s-1";
    pthread_mutex_lock(&it.mutex);
    session.lease_seconds = it.is_lease_lost ? 1 : 30;
    pthread_mutex_unlock(&it.mutex);
    fake_reply(call, &session.base);
}

static void
on_claim(struct fake_call *call)
{
    pthread_mutex_lock(&it.mutex);
    bool gives = it.has_job && !it.was_given;
    bool is_sealing = it.is_sealing;
    const char *prior_intent = it.prior_intent;
    it.was_given = true;
    pthread_mutex_unlock(&it.mutex);
    if (!gives) {
        fake_wait_gone(call);
        return;
    }
    Kontor__V1__Value value = KONTOR__V1__VALUE__INIT;
    value.kind_case = KONTOR__V1__VALUE__KIND_INTEGER;
    value.integer = 100;
    Kontor__V1__ParameterValue parameter = KONTOR__V1__PARAMETER_VALUE__INIT;
    parameter.id = (char *)(uintptr_t) "size-gb";
    parameter.value = &value;
    Kontor__V1__ParameterValue twins[] = {parameter, parameter};
    twins[0].id = (char *)(uintptr_t) "host-name";
    twins[1].id = (char *)(uintptr_t) "host.name";
    Kontor__V1__ParameterValue *parameters[] = {&parameter, &twins[0], &twins[1]};
    Kontor__V1__ClaimedJob job = KONTOR__V1__CLAIMED_JOB__INIT;
    job.item = (char *)(uintptr_t) "coast/o-1/storage";
    job.kind = KONTOR__V1__JOB_KIND__PROVISION;
    job.fence = 7;
    job.intent = (char *)(uintptr_t) "kontor-alpine-7f2c";
    job.prior_intent = (char *)(uintptr_t)prior_intent;
    job.settle_seconds = 2;
    job.parameters = parameters;
    job.n_parameters = 3;
    char *pem = certificates_read(fake_certificates(cli_fake()), "client.pem");
    job.seal_to = &pem;
    job.n_seal_to = is_sealing ? 1 : 0;
    Kontor__V1__ClaimedJob *jobs[] = {&job};
    Kontor__V1__ClaimResponse response = KONTOR__V1__CLAIM_RESPONSE__INIT;
    response.jobs = jobs;
    response.n_jobs = 1;
    fake_reply(call, &response.base);
    free(pem);
}

static void
on_renew(struct fake_call *call)
{
    pthread_mutex_lock(&it.mutex);
    bool is_lost = it.is_lease_lost;
    pthread_mutex_unlock(&it.mutex);
    if (is_lost) {
        fake_fail(call, KONTOR_ABORTED, "LEASE_LOST", "the lease is over");
        return;
    }
    Kontor__V1__RenewResponse response = KONTOR__V1__RENEW_RESPONSE__INIT;
    fake_reply(call, &response.base);
}

static void
on_item(struct fake_call *call)
{
    Kontor__V1__OrderItem item = KONTOR__V1__ORDER_ITEM__INIT;
    fake_reply(call, &item.base);
}

static void
on_begin(struct fake_call *call)
{
    pthread_mutex_lock(&it.mutex);
    it.n_begun++;
    pthread_mutex_unlock(&it.mutex);
    on_item(call);
}

/* Opens what was sealed as the customer does. */
static void
say_opened(const Kontor__V1__Delivery *delivery)
{
    const char *folder = fake_certificates(cli_fake());
    char *cert = certificates_read(folder, "client.pem");
    char *key = certificates_read(folder, "client.key");
    struct kontor_bytes sealed = {delivery->sealed.data, delivery->sealed.len};
    struct kontor_bytes plain = {0};
    struct kontor_error error = {0};
    if (kontor_unseal(sealed, cert, key, &plain, &error) == KONTOR_OK) {
        say("complete %s sealed %s", delivery->backend_id, (const char *)plain.data);
    } else {
        say("complete, but %s", error.message);
    }
    kontor_error_done(&error);
    kontor_bytes_free(&plain);
    free(cert);
    free(key);
}

static void
on_complete(struct fake_call *call)
{
    const Kontor__V1__Delivery *delivery =
        ((const Kontor__V1__CompleteRequest *)call->request)->delivery;
    if (delivery->sealed.len > 0) {
        say_opened(delivery);
        on_item(call);
        return;
    }
    bool has_all = delivery->n_outputs == 2 && delivery->n_endpoints == 1;
    say("complete %s %s %s %s", delivery->backend_id,
        has_all ? delivery->outputs[0]->value->text : "-",
        has_all ? delivery->outputs[1]->value->text : "-",
        has_all ? delivery->endpoints[0] : "-");
    on_item(call);
}

static void
on_fail(struct fake_call *call)
{
    const Kontor__V1__FailRequest *request =
        (const Kontor__V1__FailRequest *)call->request;
    say("fail %d %s", (int)request->failure, request->reason);
    on_item(call);
}

static void
handle(struct fake_call *call, void *context)
{
    static const struct {
        const char *method;
        void (*handle)(struct fake_call *call);
    } rows[] = {{"RegisterAgent", on_register},
                {"Claim", on_claim},
                {"Renew", on_renew},
                {"Begin", on_begin},
                {"Complete", on_complete},
                {"Fail", on_fail}};
    (void)context;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].method, strrchr(call->path, '/') + 1) == 0) {
            rows[i].handle(call);
        }
    }
}

static int
setup(void **state)
{
    (void)state;
    cli_begin(handle);
    setenv("DIRECTORY", cli_path("."), 1);
    return 0;
}

static int
reset(void **state)
{
    (void)state;
    pthread_mutex_lock(&it.mutex);
    it.prior_intent = "";
    it.is_lease_lost = false;
    it.is_sealing = false;
    it.has_job = true;
    it.was_given = false;
    it.said[0] = '\0';
    it.n_begun = 0;
    pthread_mutex_unlock(&it.mutex);
    return 0;
}

/* Runs an agent for one job; lookup NULL = it finds nothing. */
static struct cli_result
run_agent(const char *provision, const char *lookup)
{
    const char *look =
        cli_write("lookup", lookup == NULL ? "#!/bin/sh\nexit 66\n" : lookup);
    return cli_run("agent run --offer alpine/s/o --jobs 1 --output table --provision "
                   "%s --lookup %s",
                   cli_write("provision", provision), look);
}

static void
test_a_program_gets_the_job_and_its_answer_completes_it(void **state)
{
    (void)state;
    struct cli_result result = run_agent(
        "#!/bin/sh\n"
        "grep -q '\"intent\": *\"kontor-alpine-7f2c\"' || exit 65\n"
        "test \"$KONTOR_ITEM\" = coast/o-1/storage || exit 65\n"
        "test \"$KONTOR_PARAM_size_gb\" = 100 || exit 65\n"
        "test -z \"${KONTOR_PARAM_host_name+set}\" || exit 65\n"
        "echo \"{\\\"backend_id\\\": \\\"$KONTOR_INTENT\\\", \\\"outputs\\\": "
        "{\\\"path\\\": \\\"/d\\\", \\\"gb\\\": 5}, \\\"endpoints\\\": "
        "[\\\"a/e\\\"]}\"\n",
        NULL);
    assert_int_equal(result.code, 0);
    assert_string_equal(it.said, "complete kontor-alpine-7f2c /d 5 a/e");
    assert_non_null(strstr(result.out, "session alpine/s-1, 1 offer, waiting\n"));
    assert_non_null(
        strstr(result.out, "coast/o-1/storage  begin   intent kontor-alpine-7f2c"));
    assert_non_null(strstr(result.out, "done"));
}

/* A pipe nobody empties would keep the program, and the job with it, for ever. */
static void
test_a_program_that_writes_without_end_is_heard_to_its_end(void **state)
{
    (void)state;
    (void)run_agent("#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' ' '\n"
                    "echo '{\"backend_id\": \"x\"}'\n",
                    NULL);
    assert_non_null(strstr(it.said, "fail"));
    assert_non_null(strstr(it.said, "answered more than 1 MiB"));
}

static void
test_each_end_of_a_program_has_its_meaning(void **state)
{
    (void)state;
    static const struct {
        const char *program;
        const char *said;
    } rows[] = {
        {"#!/bin/sh\nexit 75\n", "fail 1 "},
        {"#!/bin/sh\nexit 65\n", "fail 2 "},
        {"#!/bin/sh\nexit 1\n", "fail 3 "},
        {"#!/bin/sh\nexit 66\n", "fail 3 "},
        {"#!/bin/sh\nkill -KILL $$\n", "fail 3 "},
        {"#!/bin/sh\n", "fail 3 "},
        {"#!/bin/sh\necho '{\"backend_id\": 17}'\n", "fail 3 "},
        {"#!/bin/sh\necho '{\"backend_id\": \"\"}'\n", "fail 3 "},
        {"#!/bin/sh\necho made it\n", "fail 3 "},
        {"#!/bin/sh\necho '{\"reason\": \"quota\"}'; exit 75\n", "fail 1 quota"},
        {"#!/bin/sh\necho no disk; exit 65\n", "fail 2 "},
        {"#!/nowhere/sh\n", "fail 1 "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reset(NULL);
        struct cli_result result = run_agent(rows[i].program, NULL);
        assert_int_equal(result.code, 0);
        if (strncmp(it.said, rows[i].said, strlen(rows[i].said)) != 0) {
            fail_msg("%s: %s instead of %s", rows[i].program, it.said, rows[i].said);
        }
    }
}

static void
test_access_details_leave_the_agent_sealed_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        const char *program;
        bool is_sealing;
        const char *said;
    } rows[] = {
        {"#!/bin/sh\ngrep -q 'BEGIN CERTIFICATE' || exit 65\n"
         "echo '{\"backend_id\": \"v\", \"access\": {\"password\": \"horse\"}}'\n",
         true, "complete v sealed {\"password\":\"horse\"}"},
        {"#!/bin/sh\necho '{\"backend_id\": \"v\", \"access\": \"open sesame\"}'\n",
         true, "complete v sealed open sesame"},
        {"#!/bin/sh\necho '{\"backend_id\": \"v\", \"access\": null}'\n", true,
         "complete v - - -"},
        {"#!/bin/sh\necho '{\"backend_id\": \"v\", \"access\": \"horse\"}'\n", false,
         "fail 3 "},
        {"#!/bin/sh\nprintf '{\"backend_id\": \"v\", \"access\": \"%17000s\"}'\n", true,
         "fail 3 "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reset(NULL);
        it.is_sealing = rows[i].is_sealing;
        struct cli_result result = run_agent(rows[i].program, NULL);
        if (strncmp(it.said, rows[i].said, strlen(rows[i].said)) != 0) {
            fail_msg("%s: %s instead of %s", rows[i].program, it.said, rows[i].said);
        }
        assert_null(strstr(result.out, "horse"));
        assert_null(strstr(result.err, "horse"));
    }
}

static void
test_what_cannot_be_delivered_is_said_before_complete(void **state)
{
    (void)state;
    (void)run_agent("#!/bin/sh\necho '{\"backend_id\": \"v\", \"access\": \"x\"}'\n",
                    NULL);
    assert_non_null(strstr(it.said, "fail 3 "));
    assert_non_null(strstr(it.said, "names nobody to seal them to (seal_to)"));
}

static void
test_a_lookup_finds_misses_or_does_not_know(void **state)
{
    (void)state;
    static const struct {
        const char *lookup;
        const char *said;
    } rows[] = {
        {"#!/bin/sh\necho '{\"backend_id\": \"old\"}'\n", "complete old"},
        {"#!/bin/sh\n", "fail 3 "},
        {"#!/bin/sh\necho '{}'\n", "fail 3 "},
        {"#!/bin/sh\necho '{\"backend_id\": 17}'\n", "fail 3 "},
        {"#!/bin/sh\necho '{\"backend_id\": null}'\n", "fail 3 "},
        {"#!/bin/sh\necho '{\"backend_id\": [\"old\"]}'\n", "fail 3 "},
        {"#!/bin/sh\necho '{\"backend_id\": \"\"}'\n", "fail 3 "},
        {"#!/bin/sh\nexit 66\n", "complete new"},
        {"#!/bin/sh\nexit 1\n", "fail 3 "},
        {"#!/bin/sh\nexit 65\n", "fail 3 "},
        {"#!/bin/sh\necho what\n", "fail 3 "},
        {"#!/bin/sh\nexit 75\n", "fail 1 "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reset(NULL);
        it.prior_intent = "kontor-alpine-7f2c";
        run_agent("#!/bin/sh\necho '{\"backend_id\": \"new\"}'\n", rows[i].lookup);
        if (strncmp(it.said, rows[i].said, strlen(rows[i].said)) != 0) {
            fail_msg("%s: %s instead of %s", rows[i].lookup, it.said, rows[i].said);
        }
        assert_int_equal(it.n_begun, 0);
    }
}

static void
test_a_program_is_ended_when_its_lease_is_over(void **state)
{
    (void)state;
    it.is_lease_lost = true;
    struct cli_result result =
        run_agent("#!/bin/sh\n"
                  "trap 'echo told > \"$DIRECTORY/told\"; exit 1' TERM\n"
                  "sleep 30 & wait\n",
                  NULL);
    assert_int_equal(result.code, 0);
    FILE *told = fopen(cli_path("told"), "r");
    assert_non_null(told);
    fclose(told);
    assert_string_equal(it.said, "");
    assert_non_null(strstr(result.out, "lost"));
}

static void
test_a_program_that_does_not_listen_is_killed(void **state)
{
    (void)state;
    it.is_lease_lost = true;
    struct cli_result result =
        run_agent("#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n", NULL);
    assert_int_equal(result.code, 0);
    assert_string_equal(it.said, "");
}

/* What it says meanwhile must not move the moment at which it is killed. */
static void
test_a_program_that_goes_on_talking_is_killed(void **state)
{
    (void)state;
    it.is_lease_lost = true;
    struct cli_result result =
        run_agent("#!/bin/sh\ntrap '' TERM\nwhile sleep 0.1; do echo on; done\n", NULL);
    assert_int_equal(result.code, 0);
    assert_string_equal(it.said, "");
}

static void
test_a_signal_ends_a_waiting_agent(void **state)
{
    (void)state;
    it.has_job = false;
    char command[1024];
    snprintf(
        command, sizeof command,
        "'%s' agent run --offer alpine/s/o --provision true --lookup true > %s 2>&1 & "
        "pid=$!; "
        "until grep -q waiting %s; do sleep 0.01; done; kill -TERM $pid; wait $pid",
        CLI_PROGRAM, cli_path("signal"), cli_path("signal"));
    fclose(fopen(cli_path("signal"), "w"));
    fake_sync(cli_fake());
    assert_int_equal(system(command), 0);
}

static void
test_a_program_that_cannot_be_run_begins_nothing(void **state)
{
    (void)state;
    const char *plain = cli_write("plain", "no program\n");
    const char *const programs[] = {"/nonexistent", "no-such-program-in-path", plain,
                                    cli_path("."), "''"};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        static const char *const forms[] = {"--provision %s --lookup true",
                                            "--provision true --lookup %s"};
        for (size_t j = 0; j < 2; j++) {
            char words[512];
            snprintf(words, sizeof words, j == 0 ? forms[0] : forms[1], programs[i]);
            struct cli_result result =
                cli_run("agent run --offer alpine/s/o --jobs 1 %s", words);
            assert_int_equal(result.code, 2);
            assert_non_null(strstr(result.err, j == 0 ? "--provision" : "--lookup"));
            assert_non_null(strstr(result.err, "executable"));
        }
    }
    assert_int_equal(it.n_begun, 0);
    assert_false(it.was_given);
}

static void
test_json_output_is_one_object_a_line(void **state)
{
    (void)state;
    const char *program =
        cli_write("provision", "#!/bin/sh\necho '{\"backend_id\": \"v\"}'\n");
    struct cli_result result = cli_run("agent run --offer alpine/s/o --jobs 1 "
                                       "--no-lookup --provision %s --output json",
                                       program);
    assert_int_equal(result.code, 0);
    assert_non_null(strstr(result.out, "\"what\": \"done\""));
    assert_int_equal(result.out[0], '{');
}

#define RULE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_program_gets_the_job_and_its_answer_completes_it),
        RULE(test_a_program_that_writes_without_end_is_heard_to_its_end),
        RULE(test_each_end_of_a_program_has_its_meaning),
        RULE(test_access_details_leave_the_agent_sealed_or_not_at_all),
        RULE(test_what_cannot_be_delivered_is_said_before_complete),
        RULE(test_a_lookup_finds_misses_or_does_not_know),
        RULE(test_a_program_is_ended_when_its_lease_is_over),
        RULE(test_a_program_that_does_not_listen_is_killed),
        RULE(test_a_program_that_goes_on_talking_is_killed),
        RULE(test_a_signal_ends_a_waiting_agent),
        RULE(test_a_program_that_cannot_be_run_begins_nothing),
        RULE(test_json_output_is_one_object_a_line),
    };
    int failed = cmocka_run_group_tests(tests, setup, cli_teardown);
    /* Where no descriptor says that a program has ended, all of it holds the same. */
    cli_through("'" WITHOUT_PIDFD "'");
    return failed + cmocka_run_group_tests(tests, setup, cli_teardown);
}
