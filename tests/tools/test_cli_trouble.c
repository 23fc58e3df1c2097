/* kontor when something goes wrong around it: each a line that names the cure, and an
 * exit code that is not 0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/tools/cli_fixture.h"

static int n_changes; /* So many come before the watch falls silent. */

static void
reply_watch(struct fake_call *call)
{
    for (int i = 1; i <= n_changes; i++) {
        Kontor__V1__RecordChange change = KONTOR__V1__RECORD_CHANGE__INIT;
        change.seq = i;
        change.kind = (char *)(uintptr_t) "item";
        change.id = (char *)(uintptr_t) "coast/o-1/storage";
        Kontor__V1__RecordChange *changes[] = {&change};
        Kontor__V1__WatchResponse response = KONTOR__V1__WATCH_RESPONSE__INIT;
        response.changes = changes;
        response.n_changes = 1;
        fake_send(call, &response.base);
    }
    fake_wait_gone(call);
}

static void
reply_projects(struct fake_call *call)
{
    Kontor__V1__Project project = KONTOR__V1__PROJECT__INIT;
    project.id = (char *)(uintptr_t) "coast/p1";
    Kontor__V1__Project *projects[] = {&project};
    Kontor__V1__ListProjectsResponse reply = KONTOR__V1__LIST_PROJECTS_RESPONSE__INIT;
    reply.projects = projects;
    reply.n_projects = 1;
    fake_reply(call, &reply.base);
}

static void
reply_who(struct fake_call *call)
{
    Kontor__V1__WhoAmIResponse reply = KONTOR__V1__WHO_AM_IRESPONSE__INIT;
    reply.is_registered = true;
    fake_reply(call, &reply.base);
}

static void
handle(struct fake_call *call, void *context)
{
    static const struct {
        const char *path;
        void (*reply)(struct fake_call *call);
    } rows[] = {
        {"/kontor.v1.OrderService/WatchOrders", reply_watch},
        {"/kontor.v1.OrderService/ListProjects", reply_projects},
        {"/kontor.v1.RegistryService/WhoAmI", reply_who},
    };
    (void)context;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].path, call->path) == 0) {
            rows[i].reply(call);
            return;
        }
    }
    fake_fail(call, KONTOR_PERMISSION_DENIED, "ROLE_MISSING", "not yours");
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
    n_changes = 1;
    fake_sync(cli_fake());
    return 0;
}

/* What a shell makes of a script in which $K is the program, by a name without spaces;
 * its standard error is in the file err. */
static int
shell(const char *script)
{
    char command[2048];
    snprintf(command, sizeof command,
             "cd '%s' && ln -sf '%s' kontor && export K=./kontor && "
             "timeout 30 bash -c '%s' >out 2>err </dev/null",
             cli_path(""), CLI_PROGRAM, script);
    fake_sync(cli_fake());
    int status = system(command);
    fake_sync(cli_fake());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *
said(const char *name)
{
    static char text[1 << 16];
    FILE *stream = fopen(cli_path(name), "r");
    assert_non_null(stream);
    size_t n = fread(text, 1, sizeof text - 1, stream);
    text[n] = '\0';
    fclose(stream);
    return text;
}

static bool
is_one_line(const char *text)
{
    const char *end = strchr(text, '\n');
    return strncmp(text, "kontor: ", 8) == 0 && end != NULL && end[1] == '\0';
}

/* A list that is cut off must not look like a whole one. */
static void
test_output_that_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    static const char *const words[] = {
        "--help",
        "--version",
        "--man",
        "order --help",
        "order show --help",
        "completion bash",
        "project list",
        "project list --output table",
        "whoami",
        "catalogue export",
    };
    static const struct {
        const char *where;
        const char *why;
    } ends[] = {{"/dev/full", "No space left on device"},
                {"&-", "Bad file descriptor"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (size_t j = 0; j < 2; j++) {
            char script[256];
            snprintf(script, sizeof script, "$K %s >%s", words[i], ends[j].where);
            int code = shell(script);
            const char *err = said("err");
            bool is_refused = strcmp(words[i], "catalogue export") == 0;
            if (code != (is_refused ? 71 : 77) || !is_one_line(err) ||
                (!is_refused && strstr(err, "standard output") == NULL) ||
                (!is_refused && strstr(err, ends[j].why) == NULL)) {
                fail_msg("kontor %s >%s: exit %d, %s", words[i], ends[j].where, code,
                         err);
            }
        }
    }
}

/* Descriptors 0, 1 and 2 are never given to a socket, into which results would go. */
static void
test_closed_streams_get_into_nobodys_way(void **state)
{
    (void)state;
    assert_int_equal(shell("$K project list <&- >out2 2>&-"), 0);
    assert_contains(said("out2"), "coast/p1");
    assert_int_equal(shell("$K project list <&- >&- 2>&-"), 77);
    assert_int_equal(shell("$K order place - <&-"), 2);
    assert_contains(said("err"), "standard input");
}

static void
test_a_watch_ends_when_nobody_reads_it(void **state)
{
    (void)state;
    n_changes = 200;
    assert_int_equal(shell("$K order watch --after 0 | head -1"), 0);
    assert_contains(said("out"), "coast/o-1/storage");
    assert_int_equal(shell("$K order watch --after 0 >/dev/full"), 77);
    assert_contains(said("err"), "standard output: No space left on device");
    /* Where writing is an error and no signal, too. */
    assert_int_equal(
        shell("trap \"\" PIPE; ($K order watch --after 0; echo $? >code) | "
              "head -1"),
        0);
    assert_string_equal(said("code"), "77\n");
}

static void
test_a_signal_ends_a_watch_and_says_where_it_stood(void **state)
{
    (void)state;
    static const char *const signals[] = {"INT", "TERM"};
    n_changes = 7;
    for (size_t i = 0; i < 2; i++) {
        char script[512];
        /* A shell ignores SIGINT for what it runs aside unless it controls jobs. */
        snprintf(
            script, sizeof script,
            "set -m; $K order watch --after 0 >seen & until [ \"$(wc -l <seen)\" = 7 "
            "]; do sleep 0.02; done; kill -%s $!; wait $!",
            signals[i]);
        fclose(fopen(cli_path("seen"), "w"));
        assert_int_equal(shell(script), 65);
        assert_contains(said("err"), "kontor: stopped; go on with --after 7\n");
    }
    /* One that was told to ignore it goes on, and hears the other. */
    fclose(fopen(cli_path("seen"), "w"));
    assert_int_equal(shell("trap \"\" INT; $K order watch --after 0 >seen & "
                           "until [ \"$(wc -l <seen)\" = 7 ]; do sleep 0.02; done; "
                           "kill -INT $!; sleep 0.3; kill -0 $! || exit 1; "
                           "kill -TERM $!; wait $!"),
                     65);
}

static void
test_a_wrong_address_is_said_by_every_way_to_call(void **state)
{
    (void)state;
    static const char *const words[] = {"whoami", "project list", "order watch",
                                        "catalogue export", "backup b.kontor"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct cli_result result =
            cli_run("%s --server localhost:1 --timeout 1", words[i]);
        if (result.code != 78 || !is_one_line(result.err) ||
            strstr(result.err, "cannot reach the broker at localhost:1: nothing "
                               "listens there") == NULL) {
            fail_msg("%s: exit %d, %s", words[i], result.code, result.err);
        }
    }
    FILE *backup = fopen("b.kontor", "r");
    assert_null(backup);
    backup = fopen("b.kontor.new", "r");
    assert_null(backup);
}

/* An agent waits for its broker, but not in silence. */
static void
test_an_agent_says_that_its_broker_is_away(void **state)
{
    (void)state;
    assert_int_equal(shell("$K agent run --offer a/b/c --provision true --lookup true "
                           "--server localhost:1 --timeout 1 & "
                           "until grep -q \"trying again\" err; do sleep 0.05; done; "
                           "kill -TERM $!; wait $!"),
                     0);
    assert_contains(said("err"), "kontor: cannot reach the broker at localhost:1");
}

static void
test_files_that_cannot_be_used_are_named_with_the_reason(void **state)
{
    (void)state;
    cli_write("empty", "");
    cli_write("bad.pem", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n");
    char key[256];
    snprintf(key, sizeof key, "whoami --key %s", cli_path("bad.pem"));
    char directory[256];
    snprintf(directory, sizeof directory, "order place %s", cli_path(""));
    char verify[256];
    snprintf(verify, sizeof verify, "audit verify %s", cli_path(""));
    char empty[256];
    snprintf(empty, sizeof empty, "whoami --ca %s", cli_path("empty"));
    const struct {
        const char *words;
        int code;
        const char *says;
    } rows[] = {
        {"whoami --ca /nowhere/ca.pem", 69, "/nowhere/ca.pem: No such file"},
        {"whoami --ca /", 69, "ca: /: Is a directory"},
        {empty, 69, "is empty"},
        {key, 67, "the key does not belong to the certificate"},
        {"whoami --key /dev/null", 69, "key: /dev/null is empty"},
        {directory, 2, "Is a directory"},
        {"order place /dev/null", 2, "not JSON"},
        {"order place -", 2, "standard input: json:1:0: not JSON"},
        {verify, 79, "cannot be read"},
        {"backup /nowhere/b.kontor", 77, "/nowhere/b.kontor.new: No such file"},
        {"dev ca /dev/null", 73, "Not a directory"},
        {"project list --request-id x --state", 2, "--state"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cli_result result = cli_run("%s", rows[i].words);
        if (result.code != rows[i].code || strstr(result.err, rows[i].says) == NULL) {
            fail_msg("kontor %s: exit %d, %s", rows[i].words, result.code, result.err);
        }
    }
}

static void
test_no_permission_is_said_and_nothing_printed(void **state)
{
    (void)state;
    struct cli_result result = cli_run("status");
    assert_int_equal(result.code, 71);
    assert_string_equal(result.out, "");
    assert_true(is_one_line(result.err));
}

#define RULE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_output_that_cannot_be_written_is_an_error),
        RULE(test_closed_streams_get_into_nobodys_way),
        RULE(test_a_watch_ends_when_nobody_reads_it),
        RULE(test_a_signal_ends_a_watch_and_says_where_it_stood),
        RULE(test_a_wrong_address_is_said_by_every_way_to_call),
        RULE(test_an_agent_says_that_its_broker_is_away),
        RULE(test_files_that_cannot_be_used_are_named_with_the_reason),
        RULE(test_no_permission_is_said_and_nothing_printed),
    };
    return cmocka_run_group_tests(tests, setup, cli_teardown);
}
