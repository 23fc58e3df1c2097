/* Impact: who is hit by a downtime, or by what is declared for a site, an endpoint, a
 * group or where a version runs. */
#include <stdio.h>
#include <string.h>

#include "tools/kontor/own.h"
#include "tools/kontor/path.h"
#include "tools/kontor/run.h"
#include "tools/kontor/show.h"

enum { HOUR_SECONDS = 3600 };

static const char *
hours(struct cli *cli, int64_t seconds)
{
    return arena_print(cli->arena, "%.1f", (double)seconds / HOUR_SECONDS);
}

static const char *
joined(struct cli *cli, char *const *texts, size_t n)
{
    const char *all = "";
    for (size_t i = 0; i < n; i++) {
        all = arena_print(cli->arena, "%s%s%s", all, i == 0 ? "" : " ", texts[i]);
    }
    return all;
}

/* Who must be told, and why: the way from the downtime to the project, backwards. */
static void
show_instances(struct cli *cli, const Kontor__V1__ImpactResponse *reply)
{
    static const char *const titles[] = {"PROJECT", "ORDER",      "INSTANCE", "HOURS",
                                         "OUTAGE",  "CARRIED BY", "HIT BY",   NULL};
    struct table table = show_table(cli->arena, titles);
    for (size_t i = 0; i < reply->n_instances; i++) {
        const Kontor__V1__ImpactedInstance *row = reply->instances[i];
        show_cell(&table, row->project);
        show_cell(&table, row->order);
        show_cell(&table, row->instance);
        show_cell(&table, hours(cli, row->hit_seconds));
        show_cell(&table, hours(cli, row->outage_seconds));
        show_cell(&table, joined(cli, row->endpoints, row->n_endpoints));
        show_cell(&table, joined(cli, row->downtimes, row->n_downtimes));
    }
    show_print(&table);
}

static void
show_orders(struct cli *cli, const Kontor__V1__ImpactResponse *reply)
{
    size_t n_told = 0;
    for (size_t i = 0; i < reply->n_orders; i++) {
        const Kontor__V1__ImpactedOrder *order = reply->orders[i];
        if (order->hit_seconds == 0) {
            continue;
        }
        n_told++;
        show_line(stdout, "tell %s: order %s, %zu instance%s, %s hours, %s of them out",
                  order->project, order->order, order->n_instances,
                  order->n_instances == 1 ? "" : "s", hours(cli, order->hit_seconds),
                  hours(cli, order->outage_seconds));
    }
    if (reply->n_orders == 0) {
        show_line(stdout,
                  "nobody whose orders you see: %d endpoints carry nothing of "
                  "theirs",
                  reply->endpoint_count);
    }
    if (reply->n_orders > 0 && n_told == 0) {
        show_line(stdout, "nobody: nothing of it is down within these times");
    }
    if (reply->is_more) {
        show_line(stdout, "and more: not all was looked at, ask about less");
    }
}

/* What the argument is; a downtime where nothing is said, NULL where too much is. */
static const char *
subject_of(const struct cli *cli)
{
    static const char *const subjects[] = {"site", "endpoint", "group", "version"};
    const char *subject = "downtime";
    size_t n_said = 0;
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        if (cli_count(cli, subjects[i]) > 0) {
            subject = subjects[i];
            n_said++;
        }
    }
    return n_said > 1 ? NULL : subject;
}

/* COMPONENT=VERSION: a component's name has no "=". */
static void
set_version(struct cli *cli, ProtobufCMessage *message)
{
    Kontor__V1__ImpactRequest *request = (void *)message;
    const char *text = cli->arguments[0];
    size_t size = strcspn(text, "=");
    request->subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_VERSION;
    request->version = arena_alloc(cli->arena, sizeof(*request->version));
    kontor__v1__running_version__init(request->version);
    request->version->component = arena_copy_n(cli->arena, text, size);
    if (text[size] == '=') {
        request->version->version = arena_copy(cli->arena, text + size + 1);
    }
}

int
own_impact(struct cli *cli)
{
    const char *subject = subject_of(cli);
    if (subject == NULL) {
        return cli_usage(cli,
                         "say one of --site, --endpoint, --group, --version at most");
    }
    ProtobufCMessage *request = run_request(cli);
    if (request == NULL) {
        return EXIT_USAGE;
    }
    if (strcmp(subject, "version") == 0) {
        set_version(cli, request);
    } else {
        path_set(request, subject, cli->arguments[0], cli->arena);
    }
    Kontor__V1__ImpactResponse *reply = NULL;
    int failed = run_reply(cli, request, &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (cli->is_json) {
        show_json(cli, &reply->base);
    } else {
        show_instances(cli, reply);
        show_orders(cli, reply);
    }
    kontor_reply_free(reply);
    return EXIT_DONE;
}
