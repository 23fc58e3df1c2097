/* Exporting the configuration: one of GOCDB's documents, or downtimes as a calendar. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/export/gocdb.h"
#include "tools/export/ical.h"
#include "tools/import/kind.h"
#include "tools/kontor/own.h"
#include "tools/kontor/path.h"
#include "tools/kontor/run.h"

/* A list being gathered; records are packed and unpacked once more to outlive their
 * page. */
struct gathering {
    struct cli *cli;
    const char *field;
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
}

static enum kontor_status
gather(struct cli *cli, const char *method, const char *field, void *rows, size_t *n)
{
    struct gathering gathering = {.cli = cli, .field = field};
    const struct kontor_method *row =
        kontor_method(arena_print(cli->arena, "/kontor.v1.%s", method));
    ProtobufCMessage *request =
        path_message(row->service->methods[row->index].input, cli->arena);
    enum kontor_status status = run_pages(cli, method, request, take_page, &gathering);
    memcpy(rows, &gathering.rows, sizeof gathering.rows);
    *n = gathering.n_rows;
    return status;
}

/* Downtimes come by their end; readers of the file find them by id. */
static int
compare_downtimes(const void *a, const void *b)
{
    const Kontor__V1__Downtime *left = *(Kontor__V1__Downtime *const *)a;
    const Kontor__V1__Downtime *right = *(Kontor__V1__Downtime *const *)b;
    return strcmp(left->id, right->id);
}

static enum kontor_status
read_types(struct cli *cli, const char *registry, struct gocdb_world *world)
{
    Kontor__V1__Vocabulary **all;
    size_t n;
    enum kontor_status status = gather(cli, "CatalogueService/ListVocabularies",
                                       "vocabularies", (void *)&all, &n);
    const char *id = arena_print(cli->arena, "%s/SERVICE_TYPE", registry);
    for (size_t i = 0; status == KONTOR_OK && i < n; i++) {
        if (strcmp(all[i]->id, id) == 0) {
            world->types = all[i];
        }
    }
    return status;
}

static enum kontor_status
read_world(struct cli *cli, const char *registry, struct gocdb_world *world)
{
    enum kontor_status status = gather(cli, "ConfigurationService/ListSites", "sites",
                                       (void *)&world->sites, &world->n_sites);
    if (status == KONTOR_OK) {
        status = gather(cli, "ConfigurationService/ListEndpoints", "endpoints",
                        (void *)&world->endpoints, &world->n_endpoints);
    }
    if (status == KONTOR_OK) {
        status = gather(cli, "ConfigurationService/ListGroups", "groups",
                        (void *)&world->groups, &world->n_groups);
    }
    if (status == KONTOR_OK) {
        status = gather(cli, "ConfigurationService/ListDowntimes", "downtimes",
                        (void *)&world->downtimes, &world->n_downtimes);
    }
    if (status == KONTOR_OK && world->n_downtimes > 0) {
        qsort(world->downtimes, world->n_downtimes, sizeof(*world->downtimes),
              compare_downtimes);
    }
    return status == KONTOR_OK ? read_types(cli, registry, world) : status;
}

static int
unknown_document(const struct cli *cli, const char *document)
{
    const char *all = "";
    for (const char *const *name = gocdb_documents; *name != NULL; name++) {
        all = arena_print(cli->arena, "%s%s%s", all, all[0] == '\0' ? "" : ", ", *name);
    }
    return cli_usage(cli, "there is no document %s: choose %s", document, all);
}

int
own_config_export(struct cli *cli)
{
    const char *document = cli->arguments[0];
    const char *const *name = gocdb_documents;
    while (*name != NULL && strcmp(*name, document) != 0) {
        name++;
    }
    if (*name == NULL) {
        return unknown_document(cli, document);
    }
    int failed;
    const char *registry = cli_registry(cli, &failed);
    if (registry == NULL) {
        return failed;
    }
    struct gocdb_world world = {.n_sites = 0};
    if (read_world(cli, registry, &world) != KONTOR_OK) {
        return cli_failed(cli);
    }
    (void)gocdb_export(document, &world, stdout, cli->arena);
    return EXIT_DONE;
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
