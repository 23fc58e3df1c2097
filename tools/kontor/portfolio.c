/* The portfolio: moving services, comparing their revisions, audits. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/kontor/own.h"
#include "tools/kontor/path.h"
#include "tools/kontor/run.h"
#include "tools/kontor/show.h"

/* Calls with the command's request; EXIT_DONE and the reply, or the exit code. */
static int
call_with(struct cli *cli, void *reply)
{
    ProtobufCMessage *request = run_request(cli);
    if (request == NULL) {
        return EXIT_USAGE;
    }
    int failed = cli_connect(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    enum kontor_status status = cli_call(cli, cli->command->method, request, reply);
    return status == KONTOR_OK ? EXIT_DONE : cli_failed(cli);
}

/* ---- Moving ---- */

static void
show_touched(const char *what, char *const *ids, size_t n_ids, int32_t n, bool is_more)
{
    if (n == 0) {
        return;
    }
    printf("touches %d%s %s:", n, is_more ? " or more" : "", what);
    for (size_t i = 0; i < n_ids; i++) {
        printf(" %s", ids[i]);
    }
    printf("%s\n", n_ids < (size_t)n ? " ..." : "");
}

int
own_move(struct cli *cli)
{
    Kontor__V1__MoveServiceResponse *reply = NULL;
    int failed = call_with(cli, &reply);
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

/* ---- Comparing ---- */

/* Colours are for people who look at it. Source: no-color.org. */
static bool
has_colours(void)
{
    const char *none = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && (none == NULL || none[0] == '\0');
}

static void
show_side(char sign, const char *colour, const char *text)
{
    bool is_coloured = has_colours();
    printf("%s  %c ", is_coloured ? colour : "", sign);
    /* A broker's text may hold control characters; a terminal would obey them. */
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        putchar(byte < 0x20 || byte == 0x7f ? ' ' : *text);
    }
    printf("%s\n", is_coloured ? "\033[0m" : "");
}

static void
show_change(const Kontor__V1__FieldChange *change)
{
    printf("%s\n", change->path);
    if (change->kind != KONTOR__V1__FIELD_CHANGE__KIND__ADDED) {
        show_side('-', "\033[31m", change->before);
    }
    if (change->kind != KONTOR__V1__FIELD_CHANGE__KIND__REMOVED) {
        show_side('+', "\033[32m", change->after);
    }
}

int
own_diff(struct cli *cli)
{
    Kontor__V1__DiffServiceResponse *reply = NULL;
    int failed = call_with(cli, &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    for (size_t i = 0; i < reply->n_changes; i++) {
        if (cli->is_json) {
            show_json(cli, &reply->changes[i]->base);
        } else {
            show_change(reply->changes[i]);
        }
    }
    kontor_reply_free(reply);
    return EXIT_DONE;
}
