/*
 * How commands run. A row that needs nothing special names one of these and is done.
 */
#include "tools/kontor/run.h"

#include <stdio.h>
#include <string.h>

#include "tools/kontor/path.h"
#include "tools/kontor/show.h"

/* ---- Requests ---- */

const char *
run_as_of(const char *text)
{
    bool is_number = text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
    return is_number ? "as_of.seq" : "as_of.time";
}

/* Puts a text into a field; false: printed. name is what the user knows it by. */
static bool
fill_field(struct cli *cli, ProtobufCMessage *request, const char *name,
           const char *field, const char *text)
{
    bool is_as_of = strcmp(field, "as_of") == 0;
    const char *wrong =
        path_set(request, is_as_of ? run_as_of(text) : field, text, cli->arena);
    if (wrong != NULL) {
        cli_usage(cli, "%s: %s", name, wrong);
    }
    return wrong == NULL;
}

static bool
fill_arguments(struct cli *cli, ProtobufCMessage *request)
{
    size_t n = 0;
    for (const struct argument *row = cli->command->arguments;
         row != NULL && row->name != NULL; row++) {
        do {
            if (n < cli->n_arguments && row->field != NULL &&
                !fill_field(cli, request, row->name, row->field, cli->arguments[n])) {
                return false;
            }
            n++;
        } while (row->is_repeated && n < cli->n_arguments);
    }
    return true;
}

static bool
fill_option(struct cli *cli, ProtobufCMessage *request, const struct given *given)
{
    const struct option_row *row = given->option;
    const char *text = row->constant != NULL ? row->constant : given->value;
    if (row->is_file) {
        size_t size;
        text = cli_read_file(cli, given->value, &size);
    }
    const char *name = arena_print(cli->arena, "--%s", row->name);
    return text != NULL && fill_field(cli, request, name, row->field, text);
}

/* Whether the request can carry an option of every command; others ignore it. */
static bool
is_for(const ProtobufCMessage *request, const struct option_row *row)
{
    return row->field != NULL && protobuf_c_message_descriptor_get_field_by_name(
                                     request->descriptor, row->field) != NULL;
}

/* Options of every command reach a request only where it has their field. */
bool
run_fill(struct cli *cli, ProtobufCMessage *request)
{
    if (!fill_arguments(cli, request)) {
        return false;
    }
    for (size_t i = 0; i < cli->n_given; i++) {
        const struct option_row *row = cli->given[i].option;
        bool is_nested = row->field != NULL && strchr(row->field, '.') != NULL;
        if (!is_nested && !is_for(request, row)) {
            continue;
        }
        if (!fill_option(cli, request, &cli->given[i])) {
            return false;
        }
    }
    return true;
}

static const struct kontor_method *
run_method(struct cli *cli)
{
    return kontor_method(
        arena_print(cli->arena, "/kontor.v1.%s", cli->command->method));
}

ProtobufCMessage *
run_request(struct cli *cli)
{
    const struct kontor_method *method = run_method(cli);
    ProtobufCMessage *request =
        path_message(method->service->methods[method->index].input, cli->arena);
    return run_fill(cli, request) ? request : NULL;
}

/* ---- Calls and lists ---- */

int
run_reply(struct cli *cli, ProtobufCMessage *request, void *reply)
{
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

int
run_call(struct cli *cli)
{
    ProtobufCMessage *reply = NULL;
    int failed = run_reply(cli, run_request(cli), &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    show_reply(cli, reply, cli->command->view);
    kontor_reply_free(reply);
    return EXIT_DONE;
}

/* The token is copied out of the page before the page goes. */
enum kontor_status
run_pages(struct cli *cli, const char *method, ProtobufCMessage *request,
          void (*take)(const ProtobufCMessage *page, void *context), void *context)
{
    const char *token = "";
    do {
        ProtobufCMessage *reply = NULL;
        path_set(request, "page_token", token, cli->arena);
        enum kontor_status status = cli_call(cli, method, request, &reply);
        if (status != KONTOR_OK) {
            return status;
        }
        take(reply, context);
        token = arena_copy(cli->arena, path_text(reply, "next_page_token", cli->arena));
        kontor_reply_free(reply);
    } while (token[0] != '\0');
    return KONTOR_OK;
}

struct list {
    struct cli *cli;
    struct table table;
};

/* JSON goes out page by page; a table waits for the widest cell. */
static void
list_take(const ProtobufCMessage *page, void *context)
{
    struct list *list = context;
    show_rows(list->cli, &list->table, page, list->cli->command->view);
}

int
run_list(struct cli *cli)
{
    return run_list_of(cli, run_request(cli));
}

int
run_list_of(struct cli *cli, ProtobufCMessage *request)
{
    if (request == NULL) {
        return EXIT_USAGE;
    }
    int failed = cli_connect(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    struct list list = {cli, show_titles(cli, cli->command->view)};
    enum kontor_status status =
        run_pages(cli, cli->command->method, request, list_take, &list);
    if (!cli->is_json &&
        (status == KONTOR_OK || list.table.n_cells > list.table.n_columns)) {
        show_print(&list.table);
    }
    return status == KONTOR_OK ? EXIT_DONE : cli_failed(cli);
}
