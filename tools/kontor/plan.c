/* Data management plans: judged without a broker, handed over, ordered for, and told
 * what became of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/judgement.h"
#include "proto/json.h"
#include "tools/kontor/own.h"
#include "tools/kontor/path.h"
#include "tools/kontor/run.h"
#include "tools/kontor/show.h"

/* The version an option names; false: printed. */
static bool
read_version(const struct cli *cli, enum madmp_version *version)
{
    const char *name = cli_option(cli, "version");
    *version = name == NULL ? MADMP_NOT_NAMED : madmp_version_of(name);
    if (name != NULL && *version == MADMP_NOT_NAMED) {
        (void)cli_usage(cli, "there is no version %s: choose 1.0, 1.1 or 1.2", name);
        return false;
    }
    return true;
}

static void
show_violations(const char *what, Kontor__V1__Violation *const *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        show_line(stdout, "%-6s %s: %s", what, rows[i]->field, rows[i]->description);
    }
}

static const char *
accepted_text(struct cli *cli, const Kontor__V1__PlanJudgement *judgement)
{
    const char *text = "";
    for (size_t i = 0; i < judgement->n_accepted_by; i++) {
        text = arena_print(cli->arena, "%s%s%s", text, i == 0 ? "" : ", ",
                           judgement->accepted_by[i]);
    }
    return text[0] == '\0' ? "no version" : text;
}

static void
show_judgement(struct cli *cli, const Kontor__V1__PlanJudgement *judgement)
{
    if (cli->is_json) {
        show_json(cli, &judgement->base);
        return;
    }
    show_violations("fault", judgement->faults, judgement->n_faults);
    show_violations("note", judgement->notes, judgement->n_notes);
    if (judgement->version[0] == '\0') {
        return;
    }
    printf("%s by version %s (%s), %d faults; taken by %s\n",
           judgement->fault_count == 0 ? "valid" : "not valid", judgement->version,
           judgement->is_named ? "named" : "found", (int)judgement->fault_count,
           accepted_text(cli, judgement));
}

int
own_plan_validate(struct cli *cli)
{
    struct faults faults = {.arena = cli->arena};
    const char *path = cli->arguments[0];
    enum madmp_version version;
    size_t size;
    if (!read_version(cli, &version)) {
        return EXIT_USAGE;
    }
    const char *text = cli_read_file(cli, path, &size);
    if (text == NULL) {
        return EXIT_USAGE;
    }
    struct bytes bytes = {(const uint8_t *)text, size};
    const struct json_value *document = madmp_parse(bytes, path, cli->arena, &faults);
    struct madmp_verdict verdict;
    if (document != NULL) {
        madmp_judge(document, version, NULL, cli->arena, &verdict);
    }
    const Kontor__V1__PlanJudgement *judgement =
        document == NULL ? judgement_of_faults(&faults, cli->arena)
                         : judgement_of(&verdict, cli->arena);
    show_judgement(cli, judgement);
    bool is_bad = judgement->fault_count > 0 ||
                  (cli_count(cli, "strict") > 0 && judgement->n_notes > 0);
    return is_bad ? EXIT_DIFFERENT : EXIT_DONE;
}

/* ---- Handing over ---- */

static void
show_import(struct cli *cli, const Kontor__V1__ImportPlanResponse *reply)
{
    const Kontor__V1__Plan *plan = reply->plan;
    if (cli->is_json) {
        show_json(cli, &reply->base);
        return;
    }
    show_judgement(cli, reply->judgement);
    if (plan != NULL) {
        show_line(stdout, "%s  %s  \"%s\"; %d places that name people were replaced",
                  path_enum(&kontor__v1__import_outcome__descriptor,
                            (int)reply->outcome, cli->arena),
                  plan->id, plan->title, (int)plan->redacted_count);
    }
}

int
own_plan_import(struct cli *cli)
{
    Kontor__V1__ImportPlanRequest *request =
        (Kontor__V1__ImportPlanRequest *)run_request(cli);
    Kontor__V1__ImportPlanResponse *reply = NULL;
    size_t size;
    if (request == NULL) {
        return EXIT_USAGE;
    }
    request->document = cli_read_file(cli, cli->arguments[0], &size);
    if (request->document == NULL) {
        return EXIT_USAGE;
    }
    if (strlen(request->document) != size) {
        return cli_usage(cli, "%s holds a NUL: it is no JSON", cli->arguments[0]);
    }
    int failed = run_reply(cli, &request->base, &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    bool is_refused = reply->outcome == KONTOR__V1__IMPORT_OUTCOME__REFUSED;
    show_import(cli, reply);
    kontor_reply_free(reply);
    return is_refused ? EXIT_DIFFERENT : EXIT_DONE;
}

/* ---- Writing to a file ---- */

/* Writes a text into the file --to names, if it does; EXIT_DONE or what went wrong. */
static int
write_to(struct cli *cli, const char *text)
{
    const char *path = cli_option(cli, "to");
    if (path == NULL) {
        return EXIT_DONE;
    }
    FILE *file = fopen(path, "w");
    bool is_written = file != NULL && fputs(text, file) >= 0 && fputc('\n', file) >= 0;
    bool is_closed = file != NULL && fclose(file) == 0;
    if (!is_written || !is_closed) {
        return cli_usage(cli, "%s cannot be written: %s", path, strerror(errno));
    }
    return EXIT_DONE;
}

/* ---- Ordering ---- */

/* ITEM=OFFER. */
static bool
add_choices(struct cli *cli, Kontor__V1__ProposeOrderRequest *request)
{
    size_t n = cli_count(cli, "choose");
    request->choices = arena_alloc(cli->arena, (n + 1) * sizeof(*request->choices));
    for (size_t i = 0; i < n; i++) {
        const char *text = cli_value(cli, "choose", i);
        const char *sign = strchr(text, '=');
        Kontor__V1__PlanChoice *choice = arena_alloc(cli->arena, sizeof(*choice));
        kontor__v1__plan_choice__init(choice);
        if (sign == NULL) {
            (void)cli_usage(cli, "--choose is \"%s\": give ITEM=OFFER", text);
            return false;
        }
        choice->item = arena_copy_n(cli->arena, text, (size_t)(sign - text));
        choice->offer = arena_copy(cli->arena, sign + 1);
        request->choices[request->n_choices++] = choice;
    }
    return true;
}

static void
show_asked(struct cli *cli, const Kontor__V1__ProposedItem *item)
{
    for (size_t i = 0; i < item->n_questions; i++) {
        show_line(stdout, "asked  %s  %s: %s", item->item, item->questions[i]->id,
                  item->questions[i]->label);
    }
    for (size_t i = 0; i < item->n_offers; i++) {
        show_line(stdout, "choose %s=%s", item->item, item->offers[i]);
    }
    for (size_t i = 0; i < item->n_constraints; i++) {
        const Kontor__V1__PlanConstraint *one = item->constraints[i];
        show_line(stdout, "wants  %s  %s %s: %s", item->item, one->name,
                  path_text(&one->base, "wanted", cli->arena), one->text);
    }
}

static void
show_proposal(struct cli *cli, const Kontor__V1__ProposeOrderResponse *reply)
{
    static const char *const titles[] = {"ITEM",  "HOST",  "OFFER", "BYTES",
                                         "UNTIL", "ASKED", NULL};
    struct table table = show_table(cli->arena, titles);
    for (size_t i = 0; i < reply->n_items; i++) {
        const Kontor__V1__ProposedItem *item = reply->items[i];
        show_cell(&table, item->item[0] == '\0' ? "-" : item->item);
        show_cell(&table, item->n_hosts == 0 ? "" : item->hosts[0]);
        show_cell(&table, item->offer);
        show_cell(&table, item->byte_size);
        show_cell(&table, item->until);
        show_cell(&table,
                  arena_print(cli->arena, "%zu",
                              item->n_questions + (item->n_offers > 0 ? 1 : 0)));
    }
    show_print(&table);
    for (size_t i = 0; i < reply->n_items; i++) {
        show_asked(cli, reply->items[i]);
    }
    show_violations("found", reply->findings, reply->n_findings);
    if (reply->order->n_items == 0) {
        puts("nothing of it can be ordered here");
    }
}

int
own_plan_propose(struct cli *cli)
{
    Kontor__V1__ProposeOrderRequest *request =
        (Kontor__V1__ProposeOrderRequest *)run_request(cli);
    Kontor__V1__ProposeOrderResponse *reply = NULL;
    if (request == NULL || !add_choices(cli, request)) {
        return EXIT_USAGE;
    }
    int failed = run_reply(cli, &request->base, &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (cli->is_json) {
        show_json(cli, &reply->base);
    } else {
        show_proposal(cli, reply);
    }
    failed = write_to(cli, json_print(&reply->order->base,
                                      JSON_INDENT | JSON_PROTO_NAMES, cli->arena));
    kontor_reply_free(reply);
    return failed;
}

/* ---- And back ---- */

int
own_plan_write_back(struct cli *cli)
{
    Kontor__V1__WriteBackPlanResponse *reply = NULL;
    int failed = run_reply(cli, run_request(cli), &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (cli->is_json) {
        show_json(cli, &reply->base);
    } else {
        show_line(stdout, "%s", reply->patch);
        for (size_t i = 0; i < reply->n_findings; i++) {
            show_line(stderr, "found  %s: %s", reply->findings[i]->field,
                      reply->findings[i]->description);
        }
    }
    failed = write_to(cli, reply->patch);
    kontor_reply_free(reply);
    return failed;
}
