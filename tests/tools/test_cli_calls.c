/* Commands against a scripted broker: what they ask, what they print. */
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

/* What the broker was asked last, as JSON, and how often. */
static char last_path[128];
static char last_request[8192];
static int n_requests;
static bool is_registered = true;
static bool is_forbidding;
static bool is_refusing;

static void
remember(const struct fake_call *call)
{
    struct arena *arena = arena_new();
    snprintf(last_path, sizeof last_path, "%s", call->path);
    snprintf(last_request, sizeof last_request, "%s",
             json_print(call->request, JSON_COMPACT, arena));
    n_requests++;
    arena_free(arena);
}

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

static void
reply_import(struct fake_call *call)
{
    const Kontor__V1__CatalogueImportRequest *request =
        (const Kontor__V1__CatalogueImportRequest *)call->request;
    Kontor__V1__CatalogueImportResponse reply =
        KONTOR__V1__CATALOGUE_IMPORT_RESPONSE__INIT;
    Kontor__V1__ImportResult **rows = calloc(request->n_records, sizeof *rows);
    Kontor__V1__Violation violation = KONTOR__V1__VIOLATION__INIT;
    Kontor__V1__Violation *violations[] = {&violation};
    violation.field = (char *)(uintptr_t) "name";
    violation.description = (char *)(uintptr_t) "is empty: 1 to 256 bytes";
    for (size_t i = 0; i < request->n_records; i++) {
        rows[i] = malloc(sizeof *rows[i]);
        kontor__v1__import_result__init(rows[i]);
        bool is_provider = request->records[i]->record_case ==
                           KONTOR__V1__CATALOGUE_IMPORT_RECORD__RECORD_PROVIDER;
        rows[i]->id = is_provider ? request->records[i]->provider->id
                                  : request->records[i]->service->id;
        rows[i]->outcome = KONTOR__V1__IMPORT_OUTCOME__CREATED;
        if (is_refusing && i == 0) {
            rows[i]->outcome = KONTOR__V1__IMPORT_OUTCOME__REFUSED;
            rows[i]->violations = violations;
            rows[i]->n_violations = 1;
        }
    }
    reply.results = rows;
    reply.n_results = request->n_records;
    fake_reply(call, &reply.base);
    for (size_t i = 0; i < request->n_records; i++) {
        free(rows[i]);
    }
    free(rows);
}

static void
reply_projects(struct fake_call *call)
{
    const Kontor__V1__ListProjectsRequest *request =
        (const Kontor__V1__ListProjectsRequest *)call->request;
    reply_json(
        call,
        request->page_token[0] == '\0'
            ? "{\"projects\":[{\"id\":\"coast/p1\",\"name\":\"One\"}],"
              "\"nextPageToken\":\"next\"}"
            : "{\"projects\":[{\"id\":\"coast/p2\",\"name\":\"Zwei\\u001b[2J\"}]}");
}

static void
reply_watch(struct fake_call *call)
{
    Kontor__V1__OrderItem item = KONTOR__V1__ORDER_ITEM__INIT;
    item.state = KONTOR__V1__ITEM_STATE__QUEUED;
    Kontor__V1__RecordChange change = KONTOR__V1__RECORD_CHANGE__INIT;
    change.seq = 9;
    change.kind = (char *)(uintptr_t) "item";
    change.id = (char *)(uintptr_t) "coast/o-1/storage";
    change.record_case = KONTOR__V1__RECORD_CHANGE__RECORD_ITEM;
    change.item = &item;
    Kontor__V1__RecordChange *changes[] = {&change};
    Kontor__V1__WatchResponse response = KONTOR__V1__WATCH_RESPONSE__INIT;
    response.changes = changes;
    response.n_changes = 1;
    fake_send(call, &response.base);
    fake_end(call);
}

static void
reply_who(struct fake_call *call)
{
    reply_json(call,
               is_registered
                   ? "{\"identity\":\"spiffe://coast.example/portal/web\","
                     "\"isRegistered\":true,\"principal\":\"coast/"
                     "web\",\"registry\":\"coast\","
                     "\"roles\":[\"PORTAL\"]}"
                   : "{\"advice\":\"ask an admin of coast\",\"registry\":\"coast\"}");
}

static void
reply_place(struct fake_call *call)
{
    if (is_refusing) {
        fake_fail_fully(call, KONTOR_INVALID_ARGUMENT, "FIELDS_INVALID",
                        "1 field is wrong", 0);
        return;
    }
    reply_json(call,
               "{\"plan\":{\"isComplex\":true,\"items\":[{\"item\":\"storage\","
               "\"offer\":\"alpine/s/o\",\"approval\":[\"PROVIDER_STEP\"]}],"
               "\"totals\":[{\"period\":\"month\",\"amount\":{\"currency\":\"EUR\","
               "\"units\":\"14\"}}]}}");
}

static void
handle(struct fake_call *call, void *context)
{
    static const struct {
        const char *path;
        void (*reply)(struct fake_call *call);
    } rows[] = {
        {"/kontor.v1.RegistryService/WhoAmI", reply_who},
        {"/kontor.v1.OrderService/ListProjects", reply_projects},
        {"/kontor.v1.OrderService/PlaceOrder", reply_place},
        {"/kontor.v1.OrderService/WatchOrders", reply_watch},
        {"/kontor.v1.CatalogueService/Import", reply_import},
    };
    (void)context;
    remember(call);
    if (is_forbidding) {
        fake_fail(call, KONTOR_PERMISSION_DENIED, "NOT_ALLOWED", "not yours");
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].path, call->path) == 0) {
            rows[i].reply(call);
            return;
        }
    }
    reply_json(call, "{}");
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
    is_registered = true;
    is_refusing = false;
    is_forbidding = false;
    fake_sync(cli_fake());
    return 0;
}

/* ---- Rules ---- */

static void
test_a_profile_connects(void **state)
{
    (void)state;
    char command[1024];
    snprintf(command, sizeof command,
             "d=%s/kontor/coast && mkdir -p $d && cp %s/ca.pem $d && cp %s/client.pem "
             "$d/cert.pem "
             "&& cp %s/client.key $d/key.pem && echo $KONTOR_SERVER > $d/server",
             cli_path("config"), fake_certificates(cli_fake()),
             fake_certificates(cli_fake()), fake_certificates(cli_fake()));
    assert_int_equal(system(command), 0);
    setenv("XDG_CONFIG_HOME", cli_path("config"), 1);
    static const char *const names[] = {"KONTOR_SERVER", "KONTOR_CA", "KONTOR_CERT",
                                        "KONTOR_KEY"};
    char *kept[4];
    for (size_t i = 0; i < 4; i++) {
        kept[i] = strdup(getenv(names[i]));
        unsetenv(names[i]);
    }
    struct cli_result result = cli_run("whoami --profile coast");
    for (size_t i = 0; i < 4; i++) {
        setenv(names[i], kept[i], 1);
        free(kept[i]);
    }
    assert_int_equal(result.code, 0);
    assert_contains(result.out, "coast/web");
}

static void
test_whoami_gives_the_advice_when_nobody_entered_it(void **state)
{
    (void)state;
    struct cli_result result = cli_run("whoami");
    assert_int_equal(result.code, 0);
    assert_contains(result.out, "spiffe://coast.example/portal/web");
    is_registered = false;
    result = cli_run("whoami");
    assert_int_equal(result.code, 71);
    assert_string_equal(result.err, "kontor: ask an admin of coast\n");
}

/* A table is for people, who sit at a terminal; all else is read by programs. */
static void
test_the_terminal_chooses_the_output_unless_it_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *starts;
        bool is_on_terminal;
    } rows[] = {
        {"project list", "{\"id\":\"coast/p1\"", false},
        {"project list --output table", "ID ", false},
        {"project list --output json", "{\"id\":\"coast/p1\"", false},
        {"project list", "ID ", true},
        {"project list --output json", "{\"id\":\"coast/p1\"", true},
        {"project list --output table", "ID ", true},
        {"whoami", "{\"identity\":", false},
        {"whoami", "identity ", true},
        {"order watch --no-follow", "{\"seq\":", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cli_result result = rows[i].is_on_terminal
                                       ? cli_run_on_terminal("%s", rows[i].words)
                                       : cli_run("%s", rows[i].words);
        if (result.code != 0 ||
            strncmp(result.out, rows[i].starts, strlen(rows[i].starts)) != 0) {
            fail_msg("%s (%d): %s", rows[i].words, rows[i].is_on_terminal, result.out);
        }
    }
}

static void
test_lists_go_through_all_pages(void **state)
{
    (void)state;
    struct cli_result result = cli_run("project list --output json");
    assert_int_equal(result.code, 0);
    assert_string_equal(result.out,
                        "{\"id\":\"coast/p1\",\"name\":\"One\"}\n"
                        "{\"id\":\"coast/p2\",\"name\":\"Zwei\\u001b[2J\"}\n");
    result = cli_run("project list --output table");
    assert_contains(result.out, "ID        NAME");
    assert_contains(result.out, "coast/p1  One");
    assert_null(strchr(result.out, '\033'));
    assert_int_equal(n_requests, 4);
}

static void
test_words_and_options_become_the_request(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *path;
        const char *part;
    } rows[] = {
        {"order decide coast/o-1/n --reject --reason 'too large' --revision 7",
         "DecideItem",
         "\"id\":\"coast/o-1/n\",\"decision\":\"REJECT\",\"reason\":\"too large\","
         "\"expectedRevision\":\"7\""},
        {"order cancel coast/o-1 --item a --item b", "CancelOrder",
         "\"items\":[\"a\",\"b\"]"},
        {"order list --waiting", "ListOrders", "\"waitingOnly\":true"},
        {"order override coast/o-1/n --abandon-cleanup --reason gone", "OverrideItem",
         "\"override\":\"ABANDON_CLEANUP\""},
        {"config downtime list --ends-after 2026-11-23T20:00:00Z", "ListDowntimes",
         "\"endsAfter\":\"2026-11-23T20:00:00Z\""},
        {"principal create --uri 'spiffe://coast.example/portal/*' --role portal "
         "--role site-admin "
         "--scope r:coast",
         "CreatePrincipal",
         "\"id\":\"coast/portal-any\",\"identity\":\"spiffe://coast.example/portal/*\","
         "\"roles\":[\"PORTAL\",\"SITE_ADMIN\"],\"scopes\":[\"r:coast\"]"},
        {"registry suspend coast --reason leak --request-id 5", "SuspendRegistry",
         "\"requestId\":\"5\""},
        {"catalogue search jupyter gpu --order order-required", "SearchServices",
         "\"query\":\"jupyter gpu\",\"orderTypes\":[\"ORDER_REQUIRED\"]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cli_result result = cli_run("%s", rows[i].words);
        if (result.code != 0 || strstr(last_path, rows[i].path) == NULL ||
            strstr(last_request, rows[i].part) == NULL) {
            fail_msg("kontor %s: exit %d %s\n%s %s", rows[i].words, result.code,
                     result.err, last_path, last_request);
        }
    }
}

static void
test_a_file_option_sends_its_content(void **state)
{
    (void)state;
    const char *bundle = cli_write("bundle.pem", "-----BEGIN CERTIFICATE-----");
    struct cli_result result =
        cli_run("registry create coast --trust-domain coast.example --bundle %s "
                "--admin spiffe://coast.example/admin/ops",
                bundle);
    assert_int_equal(result.code, 0);
    assert_contains(last_request, "\"bundle\":\"-----BEGIN CERTIFICATE-----\"");
    assert_contains(last_request, "\"id\":\"coast\"");
}

static void
test_an_order_comes_from_a_file_and_its_faults_are_named(void **state)
{
    (void)state;
    const char *order =
        cli_write("order.json", "{\"id\":\"coast/o-1\",\"items\":[{\"id\":\"a\"}]}");
    struct cli_result result =
        cli_run("order place %s --validate-only --output table", order);
    assert_int_equal(result.code, 0);
    assert_contains(last_request, "\"validateOnly\":true");
    assert_contains(result.out, "coast/o-1  complex  1 item  14.00 EUR a month");
    is_refusing = true;
    result = cli_run("order place %s", order);
    assert_int_equal(result.code, 67);
    assert_string_equal(result.err, "kontor: order refused: items[1].parameters[gpus]: "
                                    "9 is outside 1..8\n");
    result = cli_run("order place %s", cli_write("bad.json", "{\"idd\": 1}"));
    assert_int_equal(result.code, 2);
    assert_contains(result.err, "idd");
}

static void
test_a_watch_prints_changes_until_the_end(void **state)
{
    (void)state;
    struct cli_result result = cli_run("order watch coast/o-1 --after 5 --no-follow");
    assert_int_equal(result.code, 0);
    assert_contains(result.out, "coast/o-1/storage");
    assert_contains(result.out, "QUEUED");
    assert_contains(last_request, "\"after\":{\"seq\":\"5\"}");
    assert_contains(last_request, "\"idPrefix\":\"coast/o-1\"");
    result = cli_run("order watch --no-follow --output json");
    assert_contains(result.out, "\"seq\":\"9\"");
}

static void
test_an_import_goes_in_batches_and_says_what_was_refused(void **state)
{
    (void)state;
    char *text = malloc(1 << 18);
    size_t n = (size_t)sprintf(text, "{\"providers\":[");
    for (int i = 0; i < 1200; i++) {
        n += (size_t)sprintf(text + n, "%s{\"id\":\"coast/p%d\",\"name\":\"P\"}",
                             i == 0 ? "" : ",", i);
    }
    sprintf(text + n, "]}");
    const char *file = cli_write("import.json", text);
    free(text);
    struct cli_result result =
        cli_run("catalogue import --format kontor-1 %s --output table", file);
    assert_int_equal(result.code, 0);
    /* One to learn the registry, three batches. */
    assert_int_equal(n_requests, 4);
    assert_contains(result.out, "provider  1200     0        0     0");
    is_refusing = true;
    result = cli_run("catalogue import --format kontor-1 %s", file);
    assert_int_equal(result.code, 67);
    assert_contains(result.err, "provider coast/p0 refused: name: is empty");
    assert_contains(result.err, "3 of 1200 records were refused");
}

static void
test_an_import_of_nothing_is_refused(void **state)
{
    (void)state;
    const char *file = cli_write("sites.json", "{\"sites\": [{\"id\": \"coast/s\"}]}");
    struct cli_result result = cli_run("catalogue import --format kontor-1 %s", file);
    assert_int_equal(result.code, 67);
    assert_contains(result.err,
                    "reads vocabularies, providers, services and bundles out of");
    assert_string_equal(result.out, "");
    file = cli_write("empty.json", "{}");
    result = cli_run("config import --format kontor-1 %s", file);
    assert_int_equal(result.code, 67);
    assert_contains(
        result.err,
        "reads operator groups, sites, endpoints, groups and downtimes out of");
    assert_string_equal(result.out, "");
}

static void
test_an_export_in_json_is_one_line(void **state)
{
    (void)state;
    struct cli_result result = cli_run("catalogue export --output json");
    assert_int_equal(result.code, 0);
    assert_string_equal(
        result.out,
        "{\"vocabularies\": [],\"providers\": [],\"services\": [],\"bundles\": []}\n");
    result = cli_run("catalogue export");
    assert_string_equal(result.out, "{\"vocabularies\": [\n],\n\"providers\": "
                                    "[\n],\n\"services\": [\n],\n\"bundles\": [\n]}\n");
}

static void
test_a_refused_list_prints_nothing(void **state)
{
    (void)state;
    is_forbidding = true;
    struct cli_result result = cli_run("project list");
    assert_int_equal(result.code, 71);
    assert_string_equal(result.out, "");
    result = cli_run("catalogue export");
    assert_int_equal(result.code, 71);
    assert_string_equal(result.out, "");
}

static void
test_dev_ca_makes_certificates(void **state)
{
    (void)state;
    struct cli_result result = cli_run("dev ca %s", cli_path("ca"));
    assert_int_equal(result.code, 0);
    FILE *key = fopen(cli_path("ca/coast/portal.key"), "r");
    assert_non_null(key);
    fclose(key);
}

#define RULE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_profile_connects),
        RULE(test_whoami_gives_the_advice_when_nobody_entered_it),
        RULE(test_the_terminal_chooses_the_output_unless_it_is_said),
        RULE(test_lists_go_through_all_pages),
        RULE(test_words_and_options_become_the_request),
        RULE(test_a_file_option_sends_its_content),
        RULE(test_an_order_comes_from_a_file_and_its_faults_are_named),
        RULE(test_a_watch_prints_changes_until_the_end),
        RULE(test_an_import_goes_in_batches_and_says_what_was_refused),
        RULE(test_an_import_of_nothing_is_refused),
        RULE(test_an_export_in_json_is_one_line),
        RULE(test_a_refused_list_prints_nothing),
        RULE(test_dev_ca_makes_certificates),
    };
    return cmocka_run_group_tests(tests, setup, cli_teardown);
}
