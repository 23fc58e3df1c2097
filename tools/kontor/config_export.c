/*
 * Exporting the configuration: one of GOCDB's documents, our own form, or downtimes as
 * a calendar.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/json.h"
#include "tools/export/gocdb.h"
#include "tools/export/ical.h"
#include "tools/import/kind.h"
#include "tools/kontor/export_query.h"
#include "tools/kontor/own.h"
#include "tools/kontor/path.h"
#include "tools/kontor/run.h"
#include "tools/kontor/show.h"

/* ---- Gathering ---- */

/* A list being gathered; records are packed and unpacked once more to outlive their
 * page. */
struct gathering {
    struct cli *cli;
    const char *field;
    const char *as_of; /* Field of as_of and what it is to be; NULL: now. */
    const char *point;
    int64_t now; /* What is ongoing is so then: seconds. */
    const struct gocdb_query *query;
    ProtobufCMessage **rows;
    size_t n_rows, room;
};

static void
take_page(const ProtobufCMessage *page, void *context)
{
    struct gathering *gathering = context;
    struct arena *arena = gathering->cli->arena;
    size_t n;
    ProtobufCMessage *const *rows = path_rows(page, gathering->field, &n);
    for (size_t i = 0; i < n; i++) {
        size_t size = protobuf_c_message_get_packed_size(rows[i]);
        uint8_t *packed = arena_alloc(arena, size + 1);
        protobuf_c_message_pack(rows[i], packed);
        gathering->rows = arena_grown(arena, gathering->rows, gathering->n_rows,
                                      &gathering->room, sizeof(*gathering->rows));
        gathering->rows[gathering->n_rows++] = protobuf_c_message_unpack(
            rows[i]->descriptor, arena_allocator(arena, SIZE_MAX), size, packed);
    }
    /* All lists are of the position of the first. */
    const char *seq = path_text(page, "position.seq", arena);
    if (gathering->as_of == NULL && seq[0] != '\0') {
        gathering->as_of = "as_of.seq";
        gathering->point = arena_copy(arena, seq);
    }
}

static enum kontor_status
gather(struct gathering *gathering, const char *method, const char *field, void *rows,
       size_t *n)
{
    struct cli *cli = gathering->cli;
    const struct kontor_method *row =
        kontor_method(arena_print(cli->arena, "/kontor.v1.%s", method));
    ProtobufCMessage *request =
        path_message(row->service->methods[row->index].input, cli->arena);
    if (gathering->as_of != NULL) {
        path_set(request, gathering->as_of, gathering->point, cli->arena);
    }
    gathering->field = field;
    gathering->rows = NULL;
    gathering->n_rows = gathering->room = 0;
    enum kontor_status status = run_pages(cli, method, request, take_page, gathering);
    memcpy(rows, &gathering->rows, sizeof gathering->rows);
    *n = gathering->n_rows;
    return status;
}

/* Where each list of a world comes from; in the order of kontor-1. */
static const struct {
    const char *list;
    const char *method;
    const char *field;
    size_t at, n_at;
} lists[] = {
    {"operator_groups", "ConfigurationService/ListOperatorGroups", "operator_groups",
     offsetof(struct gocdb_world, operator_groups),
     offsetof(struct gocdb_world, n_operator_groups)},
    {"sites", "ConfigurationService/ListSites", "sites",
     offsetof(struct gocdb_world, sites), offsetof(struct gocdb_world, n_sites)},
    {"certification_changes", "ConfigurationService/ListCertificationChanges",
     "changes", offsetof(struct gocdb_world, changes),
     offsetof(struct gocdb_world, n_changes)},
    {"endpoints", "ConfigurationService/ListEndpoints", "endpoints",
     offsetof(struct gocdb_world, endpoints),
     offsetof(struct gocdb_world, n_endpoints)},
    {"groups", "ConfigurationService/ListGroups", "groups",
     offsetof(struct gocdb_world, groups), offsetof(struct gocdb_world, n_groups)},
    {"downtimes", "ConfigurationService/ListDowntimes", "downtimes",
     offsetof(struct gocdb_world, downtimes),
     offsetof(struct gocdb_world, n_downtimes)},
};

enum { N_LISTS = sizeof lists / sizeof lists[0] };

/* Every record of the configuration has its id at the same place. */
static int
compare_ids(const void *a, const void *b)
{
    const Kontor__V1__Site *left = *(Kontor__V1__Site *const *)a;
    const Kontor__V1__Site *right = *(Kontor__V1__Site *const *)b;
    return strcmp(left->id, right->id);
}

_Static_assert(offsetof(Kontor__V1__Site, id) == offsetof(Kontor__V1__Downtime, id) &&
                   offsetof(Kontor__V1__Site, id) ==
                       offsetof(Kontor__V1__CertificationChange, id),
               "one comparison serves all");

static enum kontor_status
read_list(struct gathering *gathering, size_t list, struct gocdb_world *world)
{
    ProtobufCMessage **rows;
    size_t n;
    enum kontor_status status =
        gather(gathering, lists[list].method, lists[list].field, (void *)&rows, &n);
    if (status == KONTOR_OK && n > 0) {
        qsort(rows, n, sizeof(*rows), compare_ids);
    }
    memcpy((char *)world + lists[list].at, &rows, sizeof rows);
    memcpy((char *)world + lists[list].n_at, &n, sizeof n);
    return status;
}

static enum kontor_status
read_types(struct gathering *gathering, struct gocdb_world *world)
{
    Kontor__V1__Vocabulary **all;
    size_t n;
    enum kontor_status status = gather(gathering, "CatalogueService/ListVocabularies",
                                       "vocabularies", (void *)&all, &n);
    const char *id =
        arena_print(gathering->cli->arena, "%s/SERVICE_TYPE", world->registry);
    for (size_t i = 0; status == KONTOR_OK && i < n; i++) {
        if (strcmp(all[i]->id, id) == 0) {
            world->types = all[i];
        }
    }
    return status;
}

static enum kontor_status
read_world(struct gathering *gathering, struct gocdb_world *world)
{
    enum kontor_status status = KONTOR_OK;
    for (size_t i = 0; i < N_LISTS && status == KONTOR_OK; i++) {
        status = read_list(gathering, i, world);
    }
    return status == KONTOR_OK ? read_types(gathering, world) : status;
}

/* ---- Our own form ---- */

/* One list of kontor-1 being written, a record a line. */
struct own_form {
    struct cli *cli;
    const struct gocdb_world *world;
    const char *line; /* What ends a line; "" where all is to be one. */
    size_t n_lists;
};

/* What is imported with a time of its own happened elsewhere, so it has to say where:
 * history, and when a downtime was declared. */
static void
say_source(struct cli *cli, ProtobufCMessage *record)
{
    Kontor__V1__Source **source = NULL;
    if (record->descriptor == &kontor__v1__certification_change__descriptor) {
        source = &((Kontor__V1__CertificationChange *)record)->source;
    } else if (record->descriptor == &kontor__v1__downtime__descriptor) {
        source = &((Kontor__V1__Downtime *)record)->source;
    }
    if (source != NULL && *source == NULL) {
        *source = arena_alloc(cli->arena, sizeof(**source));
        kontor__v1__source__init(*source);
        (*source)->format = arena_copy(cli->arena, "kontor-1");
        (*source)->key = ((Kontor__V1__Site *)record)->id;
    }
}

static bool
is_of(const char *registry, const ProtobufCMessage *record)
{
    const char *id = ((const Kontor__V1__Site *)record)->id;
    size_t size = strlen(registry);
    return strncmp(id, registry, size) == 0 && id[size] == '/';
}

/* How a site was found when it was taken over is noted by whoever takes it over. */
static bool
is_beginning(const ProtobufCMessage *record)
{
    return record->descriptor == &kontor__v1__certification_change__descriptor &&
           ((const Kontor__V1__CertificationChange *)record)->from ==
               KONTOR__V1__CERTIFICATION__CERTIFICATION_UNSPECIFIED;
}

static void
write_own_list(struct own_form *form, const char *list, ProtobufCMessage **rows,
               size_t n)
{
    size_t n_written = 0;
    printf("%s\"%s\": [", form->n_lists++ == 0 ? "{" : ",", list);
    for (size_t i = 0; i < n; i++) {
        if (!is_of(form->world->registry, rows[i]) || is_beginning(rows[i])) {
            continue;
        }
        say_source(form->cli, rows[i]);
        const char *text = json_print(rows[i], JSON_COMPACT, form->cli->arena);
        printf("%s%s%s", n_written++ == 0 ? "" : ",", form->line,
               text == NULL ? "{}" : text);
    }
    printf("%s]%s", form->line, form->line);
}

/* All lists, or that of a document. */
static void
write_own_form(struct cli *cli, const struct gocdb_world *world,
               const struct gocdb_document *document)
{
    const char *output = cli_option(cli, "output");
    bool is_one_line = output != NULL && strcmp(output, "json") == 0;
    struct own_form form = {
        .cli = cli, .world = world, .line = is_one_line ? "" : "\n"};
    for (size_t i = 0; i < N_LISTS; i++) {
        ProtobufCMessage **rows;
        size_t n;
        memcpy(&rows, (const char *)world + lists[i].at, sizeof rows);
        memcpy(&n, (const char *)world + lists[i].n_at, sizeof n);
        if (document == NULL || strcmp(document->list, lists[i].list) == 0) {
            write_own_list(&form, lists[i].list, rows, n);
        }
    }
    if (form.n_lists == 0) {
        ProtobufCMessage *types = (ProtobufCMessage *)(uintptr_t)world->types;
        write_own_list(&form, document->list, &types, types == NULL ? 0 : 1);
    }
    printf("}\n");
}

/* ---- Options ---- */

static int
unknown_document(const struct cli *cli, const char *document)
{
    const char *all = "";
    for (const struct gocdb_document *row = gocdb_documents; row->name != NULL; row++) {
        all = arena_print(cli->arena, "%s%s%s", all, all[0] == '\0' ? "" : ", ",
                          row->name);
    }
    return cli_usage(cli, "there is no document %s: choose %s", document, all);
}

static int
take_as_of(struct cli *cli, struct gathering *gathering)
{
    const char *text = cli_option(cli, "as-of");
    if (text == NULL) {
        return EXIT_DONE;
    }
    ProtobufCMessage *request =
        path_message(&kontor__v1__list_sites_request__descriptor, cli->arena);
    gathering->as_of = run_as_of(text);
    gathering->point = text;
    const char *wrong = path_set(request, gathering->as_of, text, cli->arena);
    const Kontor__V1__AsOf *as_of =
        ((const Kontor__V1__ListSitesRequest *)request)->as_of;
    if (wrong == NULL && as_of->point_case == KONTOR__V1__AS_OF__POINT_TIME) {
        gathering->now = as_of->time->seconds;
    }
    return wrong == NULL ? EXIT_DONE : cli_usage(cli, "--as-of: %s", wrong);
}

static int
take_page_wanted(struct cli *cli, const struct gocdb_document *document,
                 struct gocdb_page *page)
{
    int64_t cursor = 0;
    bool is_next = cli_option(cli, "next-cursor") != NULL;
    bool is_prev = cli_option(cli, "prev-cursor") != NULL;
    const char *name = is_next ? "next-cursor" : "prev-cursor";
    *page = (struct gocdb_page){.is_page = is_next || is_prev};
    if (!page->is_page) {
        return EXIT_DONE;
    }
    if (is_next && is_prev) {
        return cli_usage(cli, "--next-cursor and --prev-cursor: choose one");
    }
    if (document == NULL || !document->is_paged) {
        return cli_usage(cli, "--%s: only %s is in pages", name,
                         "get_site, get_service, get_service_group or get_downtime");
    }
    if (!cli_number(cli, name, 0, INT32_MAX, &cursor)) {
        return EXIT_USAGE;
    }
    page->from = (size_t)cursor;
    if (is_prev) {
        page->from -= page->from < GOCDB_PAGE ? page->from : GOCDB_PAGE;
    }
    return EXIT_DONE;
}

/* ---- Exporting ---- */

/* As own_export: for a person, and never a program that reads the file. */
static void
tell_losses(const struct target *target, void *context)
{
    size_t *n_all = context;
    for (size_t i = 0; i < target->n_losses; i++) {
        show_line(stderr, "kontor: %s: %s %s", target->id, target->losses[i].path,
                  target->losses[i].text);
    }
    *n_all += target->n_losses;
}

static void
write_gocdb(struct cli *cli, const struct gocdb_world *world,
            const struct gocdb_document *document, struct gocdb_page page)
{
    size_t n_losses = 0;
    gocdb_export(document, world, page, stdout, cli->arena);
    gocdb_losses(document, world, cli->arena, tell_losses, &n_losses);
    if (n_losses > 0) {
        fprintf(stderr, "kontor: %zu in all that %s cannot say\n", n_losses,
                document->name);
    }
}

static int
export_world(struct cli *cli, const struct gocdb_document *document,
             struct gocdb_page page, struct gathering *gathering)
{
    int failed;
    const char *output = cli_option(cli, "output");
    bool is_own = document == NULL || (output != NULL && strcmp(output, "json") == 0);
    struct gocdb_world world = {.registry = cli_registry(cli, &failed),
                                .query = gathering->query};
    if (world.registry == NULL) {
        return failed;
    }
    if (read_world(gathering, &world) != KONTOR_OK) {
        return cli_failed(cli);
    }
    if (is_own) {
        write_own_form(cli, &world, document);
    } else {
        write_gocdb(cli, &world, document, page);
    }
    return EXIT_DONE;
}

int
own_config_export(struct cli *cli)
{
    const struct gocdb_document *document = NULL;
    struct gathering gathering = {.cli = cli, .now = (int64_t)time(NULL)};
    struct gocdb_page page;
    if (cli->n_arguments > 0) {
        document = gocdb_document_find(cli->arguments[0]);
        if (document == NULL) {
            return unknown_document(cli, cli->arguments[0]);
        }
    }
    int failed = take_as_of(cli, &gathering);
    if (failed == EXIT_DONE) {
        failed = take_page_wanted(cli, document, &page);
    }
    if (failed == EXIT_DONE) {
        failed = export_query_take(cli, document, gathering.now, &gathering.query);
    }
    return failed == EXIT_DONE ? export_world(cli, document, page, &gathering) : failed;
}

/* ---- Calendar ---- */

static void
take_downtimes(const ProtobufCMessage *page, void *context)
{
    bool *is_begun = context;
    struct arena *arena = arena_new();
    size_t n;
    ProtobufCMessage *const *rows = path_rows(page, "downtimes", &n);
    if (!*is_begun) {
        ical_begin(stdout);
        *is_begun = true;
    }
    for (size_t i = 0; i < n; i++) {
        ical_downtime((const Kontor__V1__Downtime *)rows[i], stdout, arena);
        arena_reset(arena);
    }
    arena_free(arena);
}

/* Written as it comes; a refused call prints nothing, what was cut off has no end. */
int
own_calendar(struct cli *cli)
{
    bool is_begun = false;
    ProtobufCMessage *request = run_request(cli);
    if (request == NULL) {
        return EXIT_USAGE;
    }
    int failed = cli_connect(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (run_pages(cli, cli->command->method, request, take_downtimes, &is_begun) !=
        KONTOR_OK) {
        return cli_failed(cli);
    }
    ical_end(stdout);
    return EXIT_DONE;
}
