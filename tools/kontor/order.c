/* Orders: placing, showing, deciding, tracing. */
#include <stdio.h>
#include <string.h>

#include "tools/kontor/own.h"
#include "tools/kontor/path.h"
#include "tools/kontor/run.h"
#include "tools/kontor/show.h"

/* ---- Showing ---- */

static const char *
state_of(struct cli *cli, Kontor__V1__ItemState state)
{
    return path_enum(&kontor__v1__item_state__descriptor, (int)state, cli->arena);
}

/* The item's own part of its id. */
static const char *
part_of(const char *id)
{
    const char *slash = strrchr(id, '/');
    return slash == NULL ? id : slash + 1;
}

/* The question an item waits for; "" = none. */
static const char *
open_question(struct cli *cli, const Kontor__V1__OrderItem *item)
{
    bool is_open = item->n_questions > 0 &&
                   item->questions[item->n_questions - 1]->answered_by[0] == '\0';
    return is_open ? arena_print(cli->arena, "\"%s\"",
                                 item->questions[item->n_questions - 1]->text)
                   : "";
}

static void
show_items(struct cli *cli, Kontor__V1__OrderItem *const *items, size_t n)
{
    static const char *const titles[] = {"  ITEM", "STATE",     "OFFER",
                                         "WHY",    "DELIVERED", NULL};
    struct table table = show_table(cli->arena, titles);
    for (size_t i = 0; i < n; i++) {
        const Kontor__V1__OrderItem *item = items[i];
        show_cell(&table, arena_print(cli->arena, "  %s", part_of(item->id)));
        show_cell(&table, state_of(cli, item->state));
        show_cell(&table, item->offer);
        const char *question = open_question(cli, item);
        show_cell(&table, question[0] == '\0' ? item->reason_text : question);
        show_cell(&table, item->delivery == NULL ? "" : item->delivery->backend_id);
    }
    show_print(&table);
}

static void
show_order(struct cli *cli, const Kontor__V1__Order *order,
           Kontor__V1__OrderItem *const *items, size_t n)
{
    /* Providers are told what is waited for, not whom else the order is with. */
    printf(
        "%s  %s%s%s%s%s%s\n", order->id,
        path_enum(&kontor__v1__order_state__descriptor, (int)order->state, cli->arena),
        order->waiting_what[0] == '\0' ? "" : "  waiting",
        order->waiting_for[0] == '\0' ? "" : " for ", order->waiting_for,
        order->waiting_what[0] == '\0' ? "" : ": ", order->waiting_what);
    if (n > 0) {
        show_items(cli, items, n);
    }
}

int
own_order(struct cli *cli)
{
    Kontor__V1__GetOrderResponse *reply = NULL;
    int failed = run_reply(cli, run_request(cli), &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (cli->is_json) {
        show_json(cli, &reply->base);
    } else if (reply->order != NULL) {
        show_order(cli, reply->order, reply->items, reply->n_items);
    }
    kontor_reply_free(reply);
    return EXIT_DONE;
}

static void
history_rows(struct cli *cli, struct table *table, const Kontor__V1__OrderItem *item)
{
    for (size_t i = 0; i < item->n_history; i++) {
        const Kontor__V1__StateChange *move = item->history[i];
        if (cli->is_json) {
            show_json(cli, &move->base);
            continue;
        }
        show_cell(table, path_time(move->at, cli->arena));
        show_cell(table, part_of(item->id));
        show_cell(table, move->from == 0 ? "" : state_of(cli, move->from));
        show_cell(table, state_of(cli, move->to));
        show_cell(table, move->operation);
        show_cell(table, move->actor);
        show_cell(table, move->reason);
    }
}

int
own_history(struct cli *cli)
{
    static const char *const titles[] = {"AT",      "ITEM",    "FROM", "TO",
                                         "BY WHAT", "BY WHOM", "WHY",  NULL};
    Kontor__V1__GetOrderResponse *reply = NULL;
    int failed = run_reply(cli, run_request(cli), &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    struct table table = show_table(cli->arena, titles);
    for (size_t i = 0; i < reply->n_items; i++) {
        history_rows(cli, &table, reply->items[i]);
    }
    if (!cli->is_json) {
        show_print(&table);
    }
    kontor_reply_free(reply);
    return EXIT_DONE;
}

/* ---- Placing ---- */

/* "14.00 EUR a month", "3.50 EUR once". */
static const char *
price_text(struct cli *cli, const Kontor__V1__PriceLine *line)
{
    static const struct {
        const char *period;
        const char *words;
    } rows[] = {{"once", " once"}, {"month", " a month"}, {"year", " a year"}};
    if (line->amount == NULL) {
        return "";
    }
    const char *words = "";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        words = strcmp(rows[i].period, line->period) == 0 ? rows[i].words : words;
    }
    int cents = line->amount->nanos / 10000000;
    return arena_print(cli->arena, "%s%lld.%02d %s%s",
                       line->amount->units == 0 && cents < 0 ? "-" : "",
                       (long long)line->amount->units, cents < 0 ? -cents : cents,
                       line->amount->currency, words);
}

static const char *
prices_text(struct cli *cli, Kontor__V1__PriceLine *const *lines, size_t n)
{
    const char *all = "";
    for (size_t i = 0; i < n; i++) {
        all = arena_print(cli->arena, "%s%s%s", all, i == 0 ? "" : ", ",
                          price_text(cli, lines[i]));
    }
    return all;
}

/* What is still to be put into the file. */
static void
show_questions(const Kontor__V1__OrderPlan *plan)
{
    size_t n_shown = 0;
    for (size_t i = 0; i < plan->n_items; i++) {
        const Kontor__V1__ItemPlan *item = plan->items[i];
        for (size_t k = 0; k < item->n_questions; k++, n_shown++) {
            show_line(stdout, "open question: %s needs %s (%s)", item->item,
                      item->questions[k]->id, item->questions[k]->label);
        }
    }
    if (n_shown == 0) {
        puts("open questions: none");
    }
}

/* "99.5 %" of so many millionths. */
static const char *
percent_text(struct cli *cli, int32_t ppm)
{
    char *text = arena_print(cli->arena, "%d.%04d", ppm / 10000, ppm % 10000);
    size_t end = strlen(text);
    while (text[end - 1] == '0' && text[end - 2] != '.') {
        text[--end] = '\0';
    }
    return arena_print(cli->arena, "%s %%", text);
}

static void
show_targets(struct cli *cli, const Kontor__V1__OrderTargets *targets)
{
    if (targets == NULL) {
        return;
    }
    if (targets->availability_at_most_ppm != 0) {
        printf("available: %s at least, %s at most\n",
               percent_text(cli, targets->availability_at_least_ppm),
               percent_text(cli, targets->availability_at_most_ppm));
    }
    if (targets->response_minutes != 0) {
        printf("support answers within %d minutes\n", targets->response_minutes);
    }
    if (targets->notice_days != 0) {
        printf("not ended without %d days' notice\n", targets->notice_days);
    }
    for (size_t i = 0; i < targets->n_silent_items; i++) {
        show_line(stdout, "nothing is promised about %s", targets->silent_items[i]);
    }
}

/* Whether the item would have its pieces at once. */
static const char *
stock_text(struct cli *cli, const Kontor__V1__ItemPlan *item)
{
    if (item->stock == NULL) {
        return "";
    }
    return arena_print(cli->arena, "%lld %s", (long long)item->stock->needed,
                       item->stock->waiting_since != NULL ? "waited for" : "free");
}

/* Prices and approvals are what a person looks for before an order is placed. */
static void
show_plan(struct cli *cli, const char *order, const Kontor__V1__OrderPlan *plan)
{
    static const char *const titles[] = {"  ITEM", "OFFER", "PROVIDER", "APPROVAL",
                                         "STOCK",  "PRICE", NULL};
    const char *total = prices_text(cli, plan->totals, plan->n_totals);
    printf("%s  %s  %zu item%s%s%s\n", order, plan->is_complex ? "complex" : "simple",
           plan->n_items, plan->n_items == 1 ? "" : "s", total[0] == '\0' ? "" : "  ",
           total);
    struct table table = show_table(cli->arena, titles);
    for (size_t i = 0; i < plan->n_items; i++) {
        const Kontor__V1__ItemPlan *item = plan->items[i];
        show_cell(&table, arena_print(cli->arena, "  %s", item->item));
        show_cell(&table, item->offer);
        show_cell(&table, item->provider);
        show_cell(&table, item->n_approval == 0
                              ? "none"
                              : path_text(&item->base, "approval", cli->arena));
        show_cell(&table, stock_text(cli, item));
        show_cell(&table, prices_text(cli, item->prices, item->n_prices));
    }
    show_print(&table);
    show_questions(plan);
    show_targets(cli, plan->targets);
}

/*
 * The file is the request itself, so that what was tried with --validate-only is what
 * is placed.
 */
int
own_place(struct cli *cli)
{
    ProtobufCMessage *request = cli_read_message(
        cli, cli->arguments[0], &kontor__v1__place_order_request__descriptor);
    if (request == NULL || !run_fill(cli, request) ||
        !own_seal_to(cli, (Kontor__V1__PlaceOrderRequest *)request)) {
        return EXIT_USAGE;
    }
    Kontor__V1__PlaceOrderResponse *reply = NULL;
    int failed = run_reply(cli, request, &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (cli->is_json) {
        show_json(cli, &reply->base);
    } else if (reply->plan != NULL) {
        show_plan(cli, ((Kontor__V1__PlaceOrderRequest *)request)->id, reply->plan);
    } else if (reply->order != NULL) {
        show_order(cli, reply->order, reply->items, reply->n_items);
        if (reply->is_replayed) {
            fputs("kontor: it had been placed before with the same content\n", stderr);
        }
    }
    kontor_reply_free(reply);
    return EXIT_DONE;
}

/* ---- Deciding ---- */

/*
 * Asked before anything is sent: the customer reads the reason, so nobody should be
 * surprised by it.
 */
int
own_decide(struct cli *cli)
{
    bool is_reject = cli_count(cli, "reject") > 0;
    if ((cli_count(cli, "approve") > 0) == is_reject) {
        return cli_usage(cli, "say --approve or --reject");
    }
    if (is_reject && cli_option(cli, "reason") == NULL) {
        return cli_usage(
            cli, "a reason is needed (--reason TEXT): the other side will read it");
    }
    return run_call(cli);
}

int
own_decide_cancel(struct cli *cli)
{
    bool is_decline = cli_count(cli, "decline") > 0;
    if ((cli_count(cli, "accept") > 0) == is_decline) {
        return cli_usage(cli, "say --accept or --decline");
    }
    if (is_decline && cli_option(cli, "reason") == NULL) {
        return cli_usage(
            cli, "a reason is needed (--reason TEXT): the customer will read it");
    }
    return run_call(cli);
}

int
own_override(struct cli *cli)
{
    size_t n = cli_count(cli, "fail") + cli_count(cli, "requeue") +
               cli_count(cli, "abandon-cleanup");
    if (n != 1) {
        return cli_usage(cli, "say one of --fail, --requeue, --abandon-cleanup");
    }
    return run_call(cli);
}

/* ---- Tracing ---- */

static const char *
downtimes_text(struct cli *cli, Kontor__V1__TracedDowntime *const *rows, size_t n_rows)
{
    const char *all = "";
    for (size_t i = 0; i < n_rows; i++) {
        const Kontor__V1__TracedDowntime *row = rows[i];
        if (row->downtime == NULL) {
            continue;
        }
        all = arena_print(cli->arena, "%s%s%s%s to %s %s", all, i == 0 ? "" : "; ",
                          row->is_now ? "now, " : "",
                          path_time(row->downtime->start_at, cli->arena),
                          path_time(row->downtime->end_at, cli->arena),
                          path_text(&row->downtime->base, "severity", cli->arena));
    }
    return all;
}

/* A component and what was seen of it. */
static const char *
versions_text(struct cli *cli, Kontor__V1__SeenVersion *const *rows, size_t n_rows)
{
    const char *all = "";
    for (size_t i = 0; i < n_rows; i++) {
        const Kontor__V1__Version *version = rows[i]->version;
        bool is_part = version != NULL && version->component[0] != '\0';
        all = arena_print(cli->arena, "%s%s%s%s%s%s", all, i == 0 ? "" : "; ",
                          is_part ? version->component : "", is_part ? " " : "",
                          rows[i]->seen,
                          rows[i]->is_drift ? arena_print(cli->arena, ", declared %s",
                                                          rows[i]->declared)
                                            : "");
    }
    return all;
}

static void
trace_endpoint(struct cli *cli, struct table *table,
               const Kontor__V1__TracedEndpoint *traced)
{
    const char *ahead = downtimes_text(cli, traced->downtimes, traced->n_downtimes);
    bool is_known = traced->endpoint != NULL;
    show_cell(table, is_known ? traced->endpoint->host : "");
    show_cell(table, is_known ? traced->endpoint->type : "");
    show_cell(table, traced->site_name);
    show_cell(table, versions_text(cli, traced->versions, traced->n_versions));
    show_cell(table, ahead[0] == '\0' ? "no downtime ahead" : ahead);
}

/* Empty where it was shown above. */
static void
trace_name(struct cli *cli, struct table *table, const Kontor__V1__TracedItem *item)
{
    show_cell(table, item == NULL ? "" : item->item);
    show_cell(table, item == NULL ? "" : state_of(cli, item->state));
    show_cell(table, item == NULL || item->instance[0] == '\0'
                         ? ""
                         : path_enum(&kontor__v1__instance_state__descriptor,
                                     (int)item->instance_state, cli->arena));
    show_cell(table, item == NULL ? "" : item->backend_id);
}

/*
 * An item on several endpoints gets a line for each, and one for what names it by
 * itself; its own columns stand in the first.
 */
static void
trace_item(struct cli *cli, struct table *table, const Kontor__V1__TracedItem *item)
{
    bool has_own = item->n_downtimes > 0 || item->n_endpoints == 0;
    if (has_own) {
        trace_name(cli, table, item);
        for (int i = 0; i < 4; i++) {
            show_cell(table, "");
        }
        show_cell(table, downtimes_text(cli, item->downtimes, item->n_downtimes));
    }
    for (size_t i = 0; i < item->n_endpoints; i++) {
        trace_name(cli, table, i == 0 && !has_own ? item : NULL);
        trace_endpoint(cli, table, item->endpoints[i]);
    }
}

int
own_trace(struct cli *cli)
{
    static const char *const titles[] = {"ITEM",     "STATE", "INSTANCE", "OBJECT",
                                         "HOST",     "TYPE",  "SITE",     "RUNS",
                                         "DOWNTIME", NULL};
    Kontor__V1__TraceResponse *reply = NULL;
    int failed = run_reply(cli, run_request(cli), &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    struct table table = show_table(cli->arena, titles);
    for (size_t i = 0; i < reply->n_items; i++) {
        if (cli->is_json) {
            show_json(cli, &reply->items[i]->base);
        } else {
            trace_item(cli, &table, reply->items[i]);
        }
    }
    if (!cli->is_json) {
        show_print(&table);
    }
    kontor_reply_free(reply);
    return EXIT_DONE;
}

/* "ID=N", the last "=" counts; NULL: printed. */
static Kontor__V1__ServiceOpinion *
read_opinion(struct cli *cli, const char *text)
{
    Kontor__V1__ServiceOpinion *opinion = arena_alloc(cli->arena, sizeof *opinion);
    const char *sign = strrchr(text, '=');
    kontor__v1__service_opinion__init(opinion);
    const char *wrong = sign == NULL ? "there is no =" : NULL;
    if (wrong == NULL) {
        opinion->service = arena_copy_n(cli->arena, text, (size_t)(sign - text));
        wrong = path_set(&opinion->base, "rating", sign + 1, cli->arena);
    }
    if (wrong == NULL) {
        return opinion;
    }
    cli_usage(cli, "--service is \"%s\", give ID=N: %s", text, wrong);
    return NULL;
}

int
own_opinion(struct cli *cli)
{
    Kontor__V1__GiveOpinionRequest *request =
        (Kontor__V1__GiveOpinionRequest *)run_request(cli);
    if (request == NULL) {
        return EXIT_USAGE;
    }
    request->services =
        arena_alloc(cli->arena, (cli->n_given + 1) * sizeof *request->services);
    for (size_t i = 0; i < cli->n_given; i++) {
        if (strcmp(cli->given[i].option->name, "service") != 0) {
            continue;
        }
        Kontor__V1__ServiceOpinion *opinion = read_opinion(cli, cli->given[i].value);
        if (opinion == NULL) {
            return EXIT_USAGE;
        }
        request->services[request->n_services++] = opinion;
    }
    Kontor__V1__Opinion *reply = NULL;
    int failed = run_reply(cli, &request->base, &reply);
    if (failed == EXIT_DONE) {
        show_reply(cli, &reply->base, NULL);
        kontor_reply_free(reply);
    }
    return failed;
}
