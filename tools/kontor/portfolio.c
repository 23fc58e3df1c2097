/* The portfolio: moving services, comparing their revisions, audits. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/kontor/own.h"
#include "tools/kontor/path.h"
#include "tools/kontor/run.h"
#include "tools/kontor/show.h"

/* ---- Moving ---- */

static void
show_touched(const char *what, char *const *ids, size_t n_ids, int32_t n, bool is_more)
{
    if (n == 0 && !is_more) {
        return;
    }
    printf("touches %d%s %s%s", n, is_more ? " or more" : "", what,
           n_ids == 0 ? "" : ":");
    for (size_t i = 0; i < n_ids; i++) {
        printf(" %s", ids[i]);
    }
    printf("%s\n", n_ids < (size_t)n ? " ..." : "");
}

int
own_move(struct cli *cli)
{
    Kontor__V1__MoveServiceResponse *reply = NULL;
    int failed = run_reply(cli, run_request(cli), &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (cli->is_json) {
        show_json(cli, &reply->base);
    } else if (reply->service != NULL) {
        printf("%s  %s\n", reply->service->id,
               path_enum(&kontor__v1__phase__descriptor, (int)reply->service->phase,
                         cli->arena));
        show_touched("open items", reply->open_items, reply->n_open_items,
                     reply->open_item_count, reply->is_more);
        show_touched("instances in use", reply->instances, reply->n_instances,
                     reply->instance_count, reply->is_more);
    }
    kontor_reply_free(reply);
    return EXIT_DONE;
}

/* ---- Onboarding ---- */

int
own_waiting(struct cli *cli)
{
    ProtobufCMessage *request = run_request(cli);
    if (request != NULL) {
        path_set(request, "waiting_only", "true", cli->arena);
    }
    return run_list_of(cli, request);
}

/* Suspending and retiring answer alike. */
int
own_end(struct cli *cli)
{
    ProtobufCMessage *reply = NULL;
    int failed = run_reply(cli, run_request(cli), &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (cli->is_json) {
        show_json(cli, reply);
        kontor_reply_free(reply);
        return EXIT_DONE;
    }
    printf("%s  %s\n", path_text(reply, "provider.id", cli->arena),
           path_text(reply, "provider.state", cli->arena));
    const Kontor__V1__SuspendProviderResponse *ended =
        (const Kontor__V1__SuspendProviderResponse *)reply;
    const Kontor__V1__ProviderTouched *touched = ended->touched;
    if (touched != NULL) {
        show_touched("services", touched->services, touched->n_services,
                     touched->service_count, touched->is_more);
        show_touched("open items", touched->open_items, touched->n_open_items,
                     touched->open_item_count, touched->is_more);
        show_touched("instances in use", touched->instances, touched->n_instances,
                     touched->instance_count, touched->is_more);
    }
    kontor_reply_free(reply);
    return EXIT_DONE;
}

/* ---- Bundles ---- */

/* For scripts: 1 where something is in the way, as a comparison that found a
 * difference. */
int
own_check(struct cli *cli)
{
    Kontor__V1__CheckBundleResponse *reply = NULL;
    int failed = run_reply(cli, run_request(cli), &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (cli->is_json) {
        show_json(cli, &reply->base);
    } else if (reply->is_orderable) {
        printf("%zu offers can be ordered together\n", reply->n_offers);
    }
    for (size_t i = 0; i < reply->n_conflicts && !cli->is_json; i++) {
        const Kontor__V1__BundleConflict *conflict = reply->conflicts[i];
        printf("%s  %s\n",
               path_enum(&kontor__v1__bundle_conflict__kind__descriptor,
                         (int)conflict->kind, cli->arena),
               show_harmless(cli->arena, conflict->text));
    }
    bool is_orderable = reply->is_orderable;
    kontor_reply_free(reply);
    return is_orderable ? EXIT_DONE : EXIT_DIFFERENT;
}

/* ---- Comparing ---- */

/* Colours are for people who look at it. Source: no-color.org. */
static bool
has_colours(void)
{
    const char *none = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && (none == NULL || none[0] == '\0');
}

static void
show_side(struct cli *cli, char sign, const char *colour, const char *text)
{
    bool is_coloured = has_colours();
    printf("%s  %c %s%s\n", is_coloured ? colour : "", sign,
           show_harmless(cli->arena, text), is_coloured ? "\033[0m" : "");
}

static void
show_change(struct cli *cli, const Kontor__V1__FieldChange *change)
{
    printf("%s\n", show_harmless(cli->arena, change->path));
    if (change->kind != KONTOR__V1__FIELD_CHANGE__KIND__ADDED) {
        show_side(cli, '-', "\033[31m", change->before);
    }
    if (change->kind != KONTOR__V1__FIELD_CHANGE__KIND__REMOVED) {
        show_side(cli, '+', "\033[32m", change->after);
    }
}

int
own_diff(struct cli *cli)
{
    Kontor__V1__DiffServiceResponse *reply = NULL;
    int failed = run_reply(cli, run_request(cli), &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    for (size_t i = 0; i < reply->n_changes; i++) {
        if (cli->is_json) {
            show_json(cli, &reply->changes[i]->base);
        } else {
            show_change(cli, reply->changes[i]);
        }
    }
    kontor_reply_free(reply);
    return EXIT_DONE;
}
