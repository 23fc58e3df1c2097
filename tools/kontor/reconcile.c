/* Reconciling: what files of another configuration database say differently. */
#include <stdio.h>
#include <string.h>

#include "proto/field.h"
#include "tools/import/svmon.h"
#include "tools/kontor/import_files.h"
#include "tools/kontor/own.h"
#include "tools/kontor/run.h"
#include "tools/kontor/show.h"

/* One run. */
struct reconciling {
    struct cli *cli;
    Kontor__V1__ReconcileRequest *request;
    size_t room;
    const Kontor__V1__Site **sites; /* Of the files. */
    size_t n_sites, site_room;
};

static Kontor__V1__ToldEndpoint *
add(struct reconciling *reconciling)
{
    Kontor__V1__ReconcileRequest *request = reconciling->request;
    struct arena *arena = reconciling->cli->arena;
    Kontor__V1__ToldEndpoint *told = arena_alloc(arena, sizeof(*told));
    kontor__v1__told_endpoint__init(told);
    request->endpoints = arena_grown(arena, request->endpoints, request->n_endpoints,
                                     &reconciling->room, sizeof(*request->endpoints));
    request->endpoints[request->n_endpoints++] = told;
    return told;
}

static void
add_field(struct reconciling *reconciling, Kontor__V1__ToldEndpoint *told,
          const char *key, const char *value)
{
    struct arena *arena = reconciling->cli->arena;
    Kontor__V1__KeyValue *row = arena_alloc(arena, sizeof(*row));
    size_t room = told->n_fields;
    kontor__v1__key_value__init(row);
    row->key = arena_copy(arena, key);
    row->value = arena_copy(arena, value);
    told->fields =
        arena_grown(arena, told->fields, told->n_fields, &room, sizeof(*told->fields));
    told->fields[told->n_fields++] = row;
}

/* ---- Endpoints of a database ---- */

/* An endpoint names its site by an id that is made of the name. */
static const char *
site_name(const struct reconciling *reconciling, const char *id)
{
    for (size_t i = 0; i < reconciling->n_sites; i++) {
        if (strcmp(reconciling->sites[i]->id, id) == 0) {
            return reconciling->sites[i]->short_name;
        }
    }
    const char *name = strchr(id, '/');
    return name == NULL ? id : name + 1;
}

/* What a source speaks of at all; without a mask, of everything. */
static bool
is_owned(const Google__Protobuf__FieldMask *mask, const char *field)
{
    for (size_t i = 0; mask != NULL && i < mask->n_paths; i++) {
        if (strcmp(mask->paths[i], field) == 0) {
            return true;
        }
    }
    return mask == NULL;
}

static bool
is_key(const char *field)
{
    static const char *const keys[] = {"id", "site", "host", "type"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], field) == 0) {
            return true;
        }
    }
    return false;
}

/* Texts that are there, and bools: of a text that is not, the source says nothing. */
static void
tell_fields(struct reconciling *reconciling, const Kontor__V1__Endpoint *endpoint,
            const Google__Protobuf__FieldMask *mask, Kontor__V1__ToldEndpoint *told)
{
    const ProtobufCMessageDescriptor *descriptor = &kontor__v1__endpoint__descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (field->label == PROTOBUF_C_LABEL_REPEATED || is_key(field->name) ||
            !is_owned(mask, field->name)) {
            continue;
        }
        const void *element = field_at(&endpoint->base, field, 0);
        if (field->type == PROTOBUF_C_TYPE_BOOL) {
            add_field(reconciling, told, field->name,
                      field_bits(field->type, element) != 0 ? "true" : "false");
        } else if (field->type == PROTOBUF_C_TYPE_STRING &&
                   field_text(element)[0] != '\0') {
            add_field(reconciling, told, field->name, field_text(element));
        }
    }
}

static void
tell_part(struct reconciling *reconciling, const struct import_set *part)
{
    for (size_t i = 0; i < part->n_sites; i++) {
        reconciling->sites = arena_grown(reconciling->cli->arena, reconciling->sites,
                                         reconciling->n_sites, &reconciling->site_room,
                                         sizeof(*reconciling->sites));
        reconciling->sites[reconciling->n_sites++] = part->sites[i];
    }
    for (size_t i = 0; i < part->n_endpoints; i++) {
        const Kontor__V1__Endpoint *endpoint = part->endpoints[i];
        Kontor__V1__ToldEndpoint *told = add(reconciling);
        told->site = endpoint->site; /* Its name, once all sites are read. */
        told->host = endpoint->host;
        told->type = endpoint->type;
        tell_fields(reconciling, endpoint, part->endpoint_fields, told);
    }
}

static int
read_database(struct reconciling *reconciling)
{
    struct cli *cli = reconciling->cli;
    struct import_files files;
    struct import_set part;
    int failed;
    const char *registry = cli_registry(cli, &failed);
    if (registry == NULL) {
        return failed;
    }
    failed = import_files_open(cli, registry, &files, NULL, NULL);
    while (failed == EXIT_DONE && import_files_next(&files, cli->arena, &part)) {
        tell_part(reconciling, &part);
    }
    failed = failed == EXIT_DONE ? import_files_end(&files) : failed;
    import_files_close(&files);
    for (size_t i = 0; i < reconciling->request->n_endpoints; i++) {
        Kontor__V1__ToldEndpoint *told = reconciling->request->endpoints[i];
        told->site = arena_copy(cli->arena, site_name(reconciling, told->site));
    }
    return failed;
}

/* ---- Reports of a monitor ---- */

static int
read_reports(struct reconciling *reconciling)
{
    struct cli *cli = reconciling->cli;
    struct svmon_reports reports = {.n_rows = 0};
    struct faults faults = {.arena = cli->arena};
    for (size_t i = 0; i < cli->n_arguments; i++) {
        (void)svmon_read(cli->arguments[i], cli->arena, &reports, &faults);
    }
    for (size_t i = 0; i < reports.n_rows; i++) {
        Kontor__V1__ToldEndpoint *told = add(reconciling);
        told->site = reports.rows[i]->site;
        told->host = reports.rows[i]->host;
        told->type = reports.rows[i]->type;
        told->component = reports.rows[i]->component;
        add_field(reconciling, told, "version", reports.rows[i]->version);
    }
    return show_faults(&faults);
}

/* ---- What differs ---- */

static const char *
kind_of(const Kontor__V1__Difference *row)
{
    switch (row->kind) {
    case KONTOR__V1__DIFFERENCE_KIND__MISSING_HERE:
        return "missing here";
    case KONTOR__V1__DIFFERENCE_KIND__MISSING_THERE:
        return "missing there";
    default:
        return "different";
    }
}

static void
show(struct cli *cli, const Kontor__V1__ReconcileResponse *reply, size_t n_told)
{
    static const char *const titles[] = {"WHAT",  "SITE", "HOST",  "TYPE", "COMPONENT",
                                         "FIELD", "HERE", "THERE", NULL};
    struct table table = show_table(cli->arena, titles);
    for (size_t i = 0; i < reply->n_differences; i++) {
        const Kontor__V1__Difference *row = reply->differences[i];
        if (cli->is_json) {
            show_json(cli, &row->base);
            continue;
        }
        show_cell(&table, kind_of(row));
        show_cell(&table, row->site);
        show_cell(&table, row->host);
        show_cell(&table, row->type);
        show_cell(&table, row->component);
        show_cell(&table, row->field);
        show_cell(&table, row->here);
        show_cell(&table, row->there);
    }
    if (!cli->is_json) {
        show_print(&table);
        show_line(stdout, "%zu differences; %d of the source's %zu are among %d here",
                  reply->n_differences, reply->matched_count, n_told,
                  reply->endpoint_count);
    }
    if (reply->is_more) {
        show_line(stderr, "kontor: there is more: not all was looked at");
    }
}

int
own_reconcile(struct cli *cli)
{
    const char *format = cli_option(cli, "format");
    bool is_reports = strcmp(format, "svmon") == 0;
    int failed = EXIT_DONE;
    if (!is_reports && import_files_format(cli, &failed) == NULL) {
        return failed;
    }
    struct reconciling reconciling = {.cli = cli};
    reconciling.request = (Kontor__V1__ReconcileRequest *)run_request(cli);
    if (reconciling.request == NULL) {
        return EXIT_USAGE;
    }
    if (cli_count(cli, "source") == 0) {
        reconciling.request->source = arena_copy(cli->arena, format);
    }
    failed = is_reports ? read_reports(&reconciling) : read_database(&reconciling);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (reconciling.request->n_endpoints == 0) {
        return cli_fail(KONTOR_INVALID_ARGUMENT,
                        "the files name no endpoints: nothing to compare");
    }
    Kontor__V1__ReconcileResponse *reply = NULL;
    failed = run_reply(cli, &reconciling.request->base, &reply);
    if (failed == EXIT_DONE) {
        show(cli, reply, reconciling.request->n_endpoints);
        kontor_reply_free(reply);
    }
    return failed;
}
