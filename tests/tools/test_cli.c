/* The table of commands: what it names exists, what help says of it, what it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tools/cli_fixture.h"
#include "tools/kontor/cli.h"

static int n_requests;

/* Nothing here should reach a broker. */
static void
handle(struct fake_call *call, void *context)
{
    (void)context;
    n_requests++;
    fake_fail(call, KONTOR_INTERNAL, NULL, "nobody should ask");
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
    n_requests = 0;
    fake_sync(cli_fake());
    return 0;
}

/* ---- The table ---- */

/* The type a path leads to; NULL: it leads nowhere. */
static bool
path_exists(const ProtobufCMessageDescriptor *message, const char *path)
{
    char name[64];
    size_t size = strcspn(path, ".#");
    snprintf(name, sizeof name, "%.*s", (int)size, path);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message, name);
    if (field == NULL || path[size] != '.') {
        return field != NULL;
    }
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           path_exists(field->descriptor, path + size + 1);
}

static const ProtobufCMethodDescriptor *
method_of(const struct command *command)
{
    char path[128];
    snprintf(path, sizeof path, "/kontor.v1.%s", command->method);
    const struct kontor_method *method = kontor_method(path);
    assert_non_null(method);
    return &method->service->methods[method->index];
}

static void
check_view(const struct command *command)
{
    const ProtobufCMessageDescriptor *row = method_of(command)->output;
    if (command->view->rows != NULL) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(row, command->view->rows);
        assert_non_null(field);
        row = field->descriptor;
    }
    for (const struct column *column = command->view->columns; column->title != NULL;
         column++) {
        if (!path_exists(row, column->field)) {
            fail_msg("%s %s: no field %s", command->noun, command->verb, column->field);
        }
    }
}

static void
test_every_row_names_calls_and_fields_that_exist(void **state)
{
    (void)state;
    for (const struct command *row = command_next(NULL); row != NULL;
         row = command_next(row)) {
        assert_non_null(row->run);
        for (const struct argument *word = row->arguments;
             word != NULL && word->name != NULL; word++) {
            assert_true(word->field == NULL ||
                        path_exists(method_of(row)->input, word->field));
        }
        for (const struct option_row *option = row->options;
             option != NULL && option->name != NULL; option++) {
            /* Import has two methods, and sets its own. */
            if (option->field != NULL && row->method != NULL &&
                !path_exists(method_of(row)->input, option->field)) {
                fail_msg("%s %s: no field %s", row->noun, row->verb, option->field);
            }
        }
        if (row->view != NULL) {
            check_view(row);
        }
    }
}

static void
test_every_command_has_help_that_names_its_options(void **state)
{
    (void)state;
    for (const struct command *row = command_next(NULL); row != NULL;
         row = command_next(row)) {
        struct cli_result result =
            cli_run("%s %s --help", row->noun, row->verb == NULL ? "" : row->verb);
        assert_int_equal(result.code, 0);
        assert_string_equal(result.err, "");
        assert_contains(result.out, row->help);
        for (const struct option_row *option = row->options;
             option != NULL && option->name != NULL; option++) {
            char name[64];
            snprintf(name, sizeof name, "--%s", option->name);
            assert_contains(result.out, name);
        }
    }
    assert_int_equal(n_requests, 0);
}

static void
test_the_overview_and_the_manual_name_every_command(void **state)
{
    (void)state;
    static const char *const ways[] = {"--help", "--man"};
    for (size_t i = 0; i < 2; i++) {
        struct cli_result result = cli_run("%s", ways[i]);
        assert_int_equal(result.code, 0);
        for (const struct command *row = command_next(NULL); row != NULL;
             row = command_next(row)) {
            char words[64];
            /* In the manual a dash is written as one that is no hyphen. */
            const char *verb = row->verb == NULL ? "" : row->verb;
            size_t size = i == 0 ? strlen(verb) : strcspn(verb, "-");
            snprintf(words, sizeof words, "kontor %s%s%.*s", row->noun,
                     row->verb == NULL ? "" : " ", (int)size, verb);
            assert_contains(result.out, words);
        }
    }
}

static void
test_the_manual_kept_is_the_manual_made(void **state)
{
    (void)state;
    char command[512];
    cli_run("--man");
    snprintf(command, sizeof command, "diff '%s' %s >&2", CLI_MANUAL, cli_path("out"));
    assert_int_equal(system(command), 0);
}

static void
test_the_completion_script_is_sound(void **state)
{
    (void)state;
    char command[512];
    cli_run("completion bash");
    snprintf(
        command, sizeof command,
        "bash -c '. %s && COMP_WORDS=(kontor order deci) COMP_CWORD=2 && _kontor && "
        "test \"$COMPREPLY\" = decide'",
        cli_path("out"));
    assert_int_equal(system(command), 0);
}

/* ---- What it refuses ---- */

static void
test_wrong_usage_names_the_cure_and_asks_nobody(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *says;
    } rows[] = {
        {"", "kontor order show ID"},
        {"nothing", "there is no command nothing"},
        {"order nothing", "there is no command order nothing: see kontor order --help"},
        {"order", "kontor order show ID"},
        {"order show", "ID is missing"},
        {"order show a/b c", "\"c\" is one word too many"},
        {"order show a/b --colour red", "there is no option --colour here"},
        {"order show a/b --server", "--server needs a value: --server HOST:PORT"},
        {"order list --waiting=yes", "--waiting takes no value"},
        {"order show a/b -x", "options have two dashes: --x"},
        {"order show a/b --output xml", "choose json or table"},
        {"order show a/b --timeout soon", "--timeout is \"soon\""},
        {"order list --state LOST", "\"LOST\" is none of ORDER_ACKNOWLEDGED"},
        {"order decide a/b/c", "say --approve or --reject"},
        {"order decide a/b/c --approve --reject", "say --approve or --reject"},
        {"order decide a/b/c --reject", "a reason is needed (--reason TEXT)"},
        {"catalogue provider decide a/b", "say --approve or --reject"},
        {"catalogue provider template a/b --reject", "a reason is needed"},
        {"catalogue provider suspend a/b", "--reason is missing"},
        {"config import --format gocdb --skip-template x", "is for kontor catalogue"},
        {"config import --format kontor-1 --keep-names x", "--keep-names is for gocdb"},
        {"config export get_all",
         "choose get_ngi, get_site_list, get_site, get_service"},
        {"config export --as-of yesterday",
         "--as-of: \"yesterday\" is no time such as"},
        {"config export get_site_list --next-cursor 0", "only get_site, get_service"},
        {"config export --prev-cursor 0", "--prev-cursor: only get_site"},
        {"config export get_site --next-cursor 0 --prev-cursor 0", "choose one"},
        {"config export get_site --next-cursor -1", "--next-cursor is \"-1\""},
        {"config export --scope EGI", "--scope is for GOCDB's documents"},
        {"config export get_site --roc A --output json", "--roc is for GOCDB's"},
        {"config export get_site --topentity a", "--topentity: is no parameter of"},
        {"config export get_site --certification-status Open",
         "--certification-status: \"Open\" is none of Candidate, Uncertified"},
        {"config export get_service --monitored maybe", "--monitored: \"maybe\" is Y"},
        {"config export get_downtime --windowstart soon", "\"soon\" is no time such"},
        {"config export get_downtime --ongoing-only yes --startdate 2026-01-01",
         "startdate and enddate do not go with ongoing_only"},
        {"order override a/b/c --reason x", "say one of --fail"},
        {"order resume a/b/c --revision many", "is no whole number"},
        {"order place /nowhere.json", "/nowhere.json: No such file"},
        {"config downtime list --ends-after tomorrow", "is no time such as"},
        {"config downtime cancel a/d", "--reason is missing"},
        {"project create coast/p1", "--name is missing: --name TEXT"},
        {"catalogue import --format csv x",
         "choose marketplace-2019, eosc-vocabularies"},
        {"catalogue export --format csv", "\"csv\": choose kontor-1"},
        {"config import --format marketplace-2019 x", "choose gocdb, kontor-1"},
        {"agent run --offer a/b/c --provision x", "--lookup is missing"},
        {"agent run --offer a/b/c --provision x --lookup y --max 65", "from 1 to 64"},
        {"principal create --uri x --role portal", "give spiffe://"},
        {"principal create --uri spiffe://a/b --role king",
         "\"king\" is none of READER"},
        {"audit verify /nowhere", "/nowhere: No such file"},
        {"completion fish", "only for bash"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cli_result result = cli_run("%s", rows[i].words);
        if (result.code != 2 || strstr(result.err, rows[i].says) == NULL) {
            fail_msg("kontor %s: exit %d, %s", rows[i].words, result.code, result.err);
        }
    }
    assert_int_equal(n_requests, 0);
}

static void
test_a_missing_setting_is_named_with_its_three_places(void **state)
{
    (void)state;
    char *kept = strdup(getenv("KONTOR_KEY"));
    unsetenv("KONTOR_KEY");
    setenv("XDG_CONFIG_HOME", cli_path("config"), 1);
    struct cli_result result = cli_run("whoami --profile coast");
    setenv("KONTOR_KEY", kept, 1);
    free(kept);
    assert_int_equal(result.code, 2);
    assert_contains(result.err, "give --key, set KONTOR_KEY");
    assert_contains(result.err, "config/kontor/coast/key.pem");
}

#define RULE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_every_row_names_calls_and_fields_that_exist),
        RULE(test_every_command_has_help_that_names_its_options),
        RULE(test_the_overview_and_the_manual_name_every_command),
        RULE(test_the_manual_kept_is_the_manual_made),
        RULE(test_the_completion_script_is_sound),
        RULE(test_wrong_usage_names_the_cure_and_asks_nobody),
        RULE(test_a_missing_setting_is_named_with_its_three_places),
    };
    return cmocka_run_group_tests(tests, setup, cli_teardown);
}
