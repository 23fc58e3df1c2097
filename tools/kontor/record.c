/* Records: who one is, creating out of files, principals, searching. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "certs/dev.h"
#include "proto/text.h"
#include "tools/kontor/help.h"
#include "tools/kontor/own.h"
#include "tools/kontor/path.h"
#include "tools/kontor/run.h"
#include "tools/kontor/show.h"

/*
 * Somebody nobody registered gets the words to ask an admin for, made by the broker.
 */
int
own_whoami(struct cli *cli)
{
    Kontor__V1__WhoAmIResponse *reply = NULL;
    int code = cli_who(cli, &reply);
    if (code != EXIT_DONE) {
        return code;
    }
    if (cli->is_json || reply->is_registered) {
        show_reply(cli, &reply->base, NULL);
    }
    if (!reply->is_registered) {
        code = cli_fail(KONTOR_PERMISSION_DENIED, "%s", reply->advice);
    }
    kontor_reply_free(reply);
    return code;
}

/* The first field of a Create request is the record; the file holds it as JSON. */
int
own_create(struct cli *cli)
{
    const struct kontor_method *method =
        kontor_method(arena_print(cli->arena, "/kontor.v1.%s", cli->command->method));
    ProtobufCMessage *request =
        path_message(method->service->methods[method->index].input, cli->arena);
    const ProtobufCFieldDescriptor *field = &request->descriptor->fields[0];
    ProtobufCMessage *record =
        cli_read_message(cli, cli->arguments[0], field->descriptor);
    if (record == NULL || !run_fill(cli, request)) {
        return EXIT_USAGE;
    }
    memcpy((char *)request + field->offset, &record, sizeof record);
    int failed = cli_connect(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    ProtobufCMessage *reply = NULL;
    if (cli_call(cli, cli->command->method, request, &reply) != KONTOR_OK) {
        return cli_failed(cli);
    }
    show_reply(cli, reply, NULL);
    kontor_reply_free(reply);
    return EXIT_DONE;
}

/* A local id out of a name in a certificate: spiffe://coast.example/portal/web is
 * portal-web, a final * is any. */
static const char *
local_of(struct cli *cli, const char *uri)
{
    static const char scheme[] = "spiffe://";
    const char *path = strncmp(uri, scheme, sizeof scheme - 1) == 0
                           ? strchr(uri + sizeof scheme - 1, '/')
                           : NULL;
    if (path == NULL || path[1] == '\0') {
        return NULL;
    }
    size_t size = strlen(path + 1);
    const char *words = path + 1;
    if (words[size - 1] == '*') {
        words = arena_print(cli->arena, "%.*sany", (int)(size - 1), words);
    }
    return text_local_id(words, cli->arena);
}

int
own_principal(struct cli *cli)
{
    Kontor__V1__CreatePrincipalRequest *request =
        (Kontor__V1__CreatePrincipalRequest *)run_request(cli);
    if (request == NULL) {
        return EXIT_USAGE;
    }
    Kontor__V1__Principal *principal = request->principal;
    if (principal->id[0] == '\0') {
        const char *local = local_of(cli, principal->identity);
        if (local == NULL) {
            return cli_usage(cli,
                             "--uri is \"%s\": give spiffe://<trust domain>/<path>",
                             principal->identity);
        }
        int failed = EXIT_DONE;
        const char *registry = cli_registry(cli, &failed);
        if (registry == NULL) {
            return failed;
        }
        principal->id = arena_print(cli->arena, "%s/%s", registry, local);
    }
    int failed = cli_connect(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    ProtobufCMessage *reply = NULL;
    if (cli_call(cli, cli->command->method, &request->base, &reply) != KONTOR_OK) {
        return cli_failed(cli);
    }
    show_reply(cli, reply, NULL);
    kontor_reply_free(reply);
    return EXIT_DONE;
}

/* ---- Search ---- */

struct search {
    struct cli *cli;
    struct table table;
    bool has_text;
    const char *facets;
    const char *suggestions; /* Lines. */
};

/* A snippet with the words that were searched for between asterisks. */
static const char *
search_text(struct arena *arena, const Kontor__V1__SearchHit *hit)
{
    const char *text = "";
    for (size_t i = 0; i < hit->n_parts; i++) {
        const char *mark = hit->parts[i]->is_hit ? "*" : "";
        text = arena_print(arena, "%s%s%s%s", text, mark, hit->parts[i]->text, mark);
    }
    return text;
}

static void
search_suggestions(struct search *search,
                   const Kontor__V1__SearchServicesResponse *page)
{
    struct arena *arena = search->cli->arena;
    for (size_t i = 0; i < page->n_suggestions; i++) {
        const Kontor__V1__Suggestion *one = page->suggestions[i];
        search->suggestions = arena_print(arena, "%snothing has %s; there is",
                                          search->suggestions, one->word);
        for (size_t j = 0; j < one->n_near; j++) {
            search->suggestions = arena_print(arena, "%s%s %s", search->suggestions,
                                              j == 0 ? "" : ",", one->near[j]);
        }
        search->suggestions = arena_print(arena, "%s\n", search->suggestions);
    }
}

/* A phase may be typed as for catalogue move. */
static char *
filter_value(struct cli *cli, const char *facet, const char *text)
{
    char *value = arena_copy(cli->arena, text);
    for (char *at = value; strcmp(facet, "phase") == 0 && *at != '\0'; at++) {
        *at = (char)(*at == '-' ? '_' : toupper((unsigned char)*at));
    }
    return value;
}

/* Options that narrow a facet, by their names; "-" stands for "_". */
static void
search_filters(struct cli *cli, Kontor__V1__SearchServicesRequest *request)
{
    static const struct {
        const char *option, *facet;
    } rows[] = {{"domain", "domain"},           {"trl", "trl"},
                {"country", "country"},         {"phase", "phase"},
                {"access-type", "access_type"}, {"tag", "tag"}};
    enum { N_ROWS = sizeof rows / sizeof rows[0] };
    request->filters = arena_alloc(cli->arena, N_ROWS * sizeof(*request->filters));
    for (size_t i = 0; i < N_ROWS; i++) {
        size_t n = cli_count(cli, rows[i].option);
        if (n == 0) {
            continue;
        }
        Kontor__V1__FacetFilter *filter = arena_alloc(cli->arena, sizeof(*filter));
        kontor__v1__facet_filter__init(filter);
        filter->name = arena_copy(cli->arena, rows[i].facet);
        filter->values = arena_alloc(cli->arena, n * sizeof(*filter->values));
        for (size_t j = 0; j < n; j++) {
            filter->values[filter->n_values++] =
                filter_value(cli, rows[i].facet, cli_value(cli, rows[i].option, j));
        }
        request->filters[request->n_filters++] = filter;
    }
}

/* The first five: a line, not a report. */
static void
search_facets(struct search *search, const Kontor__V1__SearchServicesResponse *page)
{
    struct arena *arena = search->cli->arena;
    for (size_t i = 0; i < page->n_facets; i++) {
        const Kontor__V1__Facet *facet = page->facets[i];
        /* What no hit has says nothing. */
        if (facet->n_counts == 0) {
            continue;
        }
        search->facets =
            arena_print(arena, "%s%s%s:", search->facets,
                        search->facets[0] == '\0' ? "" : " · ", facet->name);
        for (size_t j = 0; j < facet->n_counts && j < 5; j++) {
            search->facets =
                arena_print(arena, "%s%s %s %d", search->facets, j == 0 ? "" : ",",
                            facet->counts[j]->value, facet->counts[j]->count);
        }
    }
}

static void
search_take(const ProtobufCMessage *message, void *context)
{
    struct search *search = context;
    const Kontor__V1__SearchServicesResponse *page =
        (const Kontor__V1__SearchServicesResponse *)message;
    for (size_t i = 0; i < page->n_hits; i++) {
        if (search->cli->is_json) {
            show_json(search->cli, &page->hits[i]->base);
            continue;
        }
        static const char *const fields[] = {"id", "name", "provider", "order_type",
                                             "phase"};
        for (size_t j = 0; j < sizeof fields / sizeof fields[0]; j++) {
            show_cell(&search->table, path_text(&page->hits[i]->service->base,
                                                fields[j], search->cli->arena));
        }
        if (search->has_text) {
            show_cell(&search->table, search_text(search->cli->arena, page->hits[i]));
        }
    }
    search_facets(search, page);
    search_suggestions(search, page);
}

/* The first page alone, so that there is something to read; --all is for programs. */
static enum kontor_status
search_pages(struct cli *cli, ProtobufCMessage *request, struct search *search)
{
    if (cli_count(cli, "all") > 0 || cli->is_json) {
        return run_pages(cli, cli->command->method, request, search_take, search);
    }
    ProtobufCMessage *reply = NULL;
    enum kontor_status status = cli_call(cli, cli->command->method, request, &reply);
    if (status == KONTOR_OK) {
        search_take(reply, search);
    }
    kontor_reply_free(reply);
    return status;
}

int
own_search(struct cli *cli)
{
    bool has_text = cli_count(cli, "text") > 0;
    const char *const titles[] = {
        "ID", "NAME", "PROVIDER", "ORDER", "PHASE", has_text ? "TEXT" : NULL, NULL};
    Kontor__V1__SearchServicesRequest *request =
        (Kontor__V1__SearchServicesRequest *)run_request(cli);
    if (request == NULL) {
        return EXIT_USAGE;
    }
    const char *words = "";
    for (size_t i = 0; i < cli->n_arguments; i++) {
        words = arena_print(cli->arena, "%s%s%s", words, i == 0 ? "" : " ",
                            cli->arguments[i]);
    }
    request->query = arena_copy(cli->arena, words);
    search_filters(cli, request);
    int failed = cli_connect(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    struct search search = {cli, show_table(cli->arena, titles), has_text, "", ""};
    if (search_pages(cli, &request->base, &search) != KONTOR_OK) {
        return cli_failed(cli);
    }
    if (!cli->is_json) {
        show_print(&search.table);
        printf("%s%s", search.facets, search.facets[0] == '\0' ? "" : "\n");
        printf("%s", search.suggestions);
        if (search.table.n_cells == search.table.n_columns &&
            search.suggestions[0] == '\0') {
            puts("nothing was found");
        }
    }
    return EXIT_DONE;
}

/* ---- Without a broker ---- */

int
own_dev_ca(struct cli *cli)
{
    char error[512] = "";
    if (!dev_ca(cli->arguments[0], error, sizeof error)) {
        return cli_fail(KONTOR_FAILED_PRECONDITION, "%s", error);
    }
    return EXIT_DONE;
}

int
own_completion(struct cli *cli)
{
    if (cli->n_arguments > 0 && strcmp(cli->arguments[0], "bash") != 0) {
        return cli_usage(cli, "there is no completion for %s: only for bash",
                         cli->arguments[0]);
    }
    help_bash(stdout);
    return EXIT_DONE;
}
