/* Records: who one is, creating out of files, principals, searching, exporting. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "certs/dev.h"
#include "proto/json.h"
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
    }
    return EXIT_DONE;
}

/* ---- Export ---- */

/*
 * A file of the format kontor-1, a record a line so that two of them can be compared;
 * with --output json the same object is one line. Where it goes chooses nothing: it is
 * meant for a file.
 */
struct export
{
    struct cli *cli;
    const char *field;
    const char *line;    /* What ends a line. */
    bool is_first;       /* Of the lists. */
    struct arena *arena; /* Of one record at a time. */
    size_t n_pages;
    size_t n;
};

/* The first answer opens the list: a refused export prints nothing. */
static void
export_take(const ProtobufCMessage *page, void *context)
{
    struct export *export = context;
    if (export->n_pages++ == 0 && export->is_first) {
        printf("{\"%s\": [", export->field);
    } else if (export->n_pages == 1) {
        printf(",%s\"%s\": [", export->line, export->field);
    }
    size_t n;
    ProtobufCMessage *const *rows = path_rows(page, export->field, &n);
    for (size_t i = 0; i < n; i++) {
        arena_reset(export->arena);
        const char *text = json_print(rows[i], JSON_COMPACT, export->arena);
        printf("%s%s%s", export->n++ == 0 ? "" : ",", export->line,
               text == NULL ? "{}" : text);
    }
}

static const struct {
    const char *method;
    const char *field;
} export_lists[] = {
    {"CatalogueService/ListVocabularies", "vocabularies"},
    {"CatalogueService/ListProviders", "providers"},
    {"CatalogueService/ListServices", "services"},
    {"CatalogueService/ListBundles", "bundles"},
};

/* What was cut off is left open, so that nobody takes it for a whole catalogue. */
static enum kontor_status
export_list(struct cli *cli, size_t list, struct arena *arena)
{
    const char *method = export_lists[list].method;
    const struct kontor_method *row =
        kontor_method(arena_print(cli->arena, "/kontor.v1.%s", method));
    ProtobufCMessage *request =
        path_message(row->service->methods[row->index].input, cli->arena);
    const char *output = cli_option(cli, "output");
    bool is_one_line = output != NULL && strcmp(output, "json") == 0;
    struct export export = {.cli = cli,
                            .field = export_lists[list].field,
                            .line = is_one_line ? "" : "\n",
                            .is_first = list == 0,
                            .arena = arena};
    enum kontor_status status = run_pages(cli, method, request, export_take, &export);
    if (status == KONTOR_OK) {
        printf("%s]", export.line);
    }
    return status;
}

/* Written as it comes: a catalogue may be larger than what a program should hold. */
int
own_export(struct cli *cli)
{
    int failed = cli_connect(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    struct arena *arena = arena_new();
    enum kontor_status status = arena == NULL ? KONTOR_RESOURCE_EXHAUSTED : KONTOR_OK;
    for (size_t i = 0;
         status == KONTOR_OK && i < sizeof export_lists / sizeof export_lists[0]; i++) {
        status = export_list(cli, i, arena);
    }
    arena_free(arena);
    if (status != KONTOR_OK) {
        return cli_failed(cli);
    }
    printf("}\n");
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
