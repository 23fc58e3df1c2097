/* Importing: files read by their format, sent in batches, one result a record. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/import/import.h"
#include "tools/kontor/own.h"
#include "tools/kontor/path.h"
#include "tools/kontor/show.h"

enum {
    BATCH_MAX_RECORDS = 500,
    BATCH_MAX_BYTES =
        2 * 1024 * 1024 - 64 * 1024, /* Below 2 MiB with masks and framing. */
    BATCH_DEADLINE_MS = 180000,      /* A batch is up to 500 commits. */
};

/* A kind of record in a set, where it goes, and in which member of a batch's record. */
struct import_kind {
    const char *name; /* Also the member of the batch's record. */
    const char *noun;
    size_t at;
    size_t n_at;
};

#define KIND(kind, noun_, list)                                                        \
    {                                                                                  \
        kind, noun_, offsetof(struct import_set, list),                                \
            offsetof(struct import_set, n_##list)                                      \
    }

static const struct import_kind kinds[] = {
    KIND("vocabulary", "catalogue", vocabularies),
    KIND("provider", "catalogue", providers),
    KIND("service", "catalogue", services),
    KIND("bundle", "catalogue", bundles),
    KIND("site", "config", sites),
    KIND("endpoint", "config", endpoints),
    KIND("downtime", "config", downtimes),
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* How a run goes. */
struct import_run {
    struct cli *cli;
    const char *method;
    const struct import_set *set;
    ProtobufCMessage *request; /* The batch being filled. */
    const ProtobufCFieldDescriptor *records;
    size_t n_records;
    size_t n_bytes;
    const char *batch_kinds[BATCH_MAX_RECORDS];
    size_t n_sent;
    size_t n_all;
    size_t counts[KIND_COUNT][KONTOR__V1__IMPORT_OUTCOME__REFUSED + 1];
    size_t n_findings;
};

/* The lists of a set differ only in the type their pointers point to. */
static ProtobufCMessage **
kind_records(const struct import_set *set, const struct import_kind *kind, size_t *n)
{
    ProtobufCMessage **records;
    memcpy(n, (const char *)set + kind->n_at, sizeof *n);
    memcpy(&records, (const char *)set + kind->at, sizeof records);
    return records;
}

static bool
kind_is_for(const struct import_kind *kind, const char *noun)
{
    return strcmp(kind->noun, noun) == 0;
}

/* ---- Results ---- */

/* The name comes from the table itself, so it is always found. */
static size_t
kind_index(const char *name)
{
    size_t i = 0;
    while (i + 1 < KIND_COUNT && strcmp(kinds[i].name, name) != 0) {
        i++;
    }
    return i;
}

/*
 * Findings are no failure and go to standard output; what was refused goes to standard
 * error.
 */
static void
take_result(struct import_run *run, const char *kind,
            const Kontor__V1__ImportResult *result)
{
    size_t outcome = (size_t)result->outcome;
    if (outcome > KONTOR__V1__IMPORT_OUTCOME__REFUSED) {
        outcome = 0;
    }
    run->counts[kind_index(kind)][outcome]++;
    run->n_findings += result->n_findings;
    /* Whoever reads the output is a program then; what was refused a person has to
     * mend. */
    for (size_t i = 0; i < result->n_violations; i++) {
        fprintf(stderr, "kontor: %s %s refused: %s: %s\n", kind, result->id,
                result->violations[i]->field, result->violations[i]->description);
    }
    if (run->cli->is_json) {
        show_json(run->cli, &result->base);
        return;
    }
    for (size_t i = 0; i < result->n_findings; i++) {
        printf("finding  %s %s  %s: %s\n", kind, result->id, result->findings[i]->field,
               result->findings[i]->description);
    }
}

static void
show_progress(const struct import_run *run)
{
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\rkontor: %zu of %zu records%s", run->n_sent, run->n_all,
                run->n_sent == run->n_all ? "\n" : "");
    }
}

static void
show_findings(struct cli *cli, const struct import_set *set)
{
    for (size_t i = 0; i < set->n_findings && !cli->is_json; i++) {
        printf("finding  %s  %s\n", set->findings[i].place, set->findings[i].text);
    }
}

static size_t
show_summary(struct import_run *run)
{
    static const char *const titles[] = {"KIND", "CREATED", "CHANGED",
                                         "SAME", "REFUSED", NULL};
    struct arena *arena = run->cli->arena;
    struct table table = show_table(arena, titles);
    size_t n_refused = 0;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        size_t n = 0;
        for (size_t j = KONTOR__V1__IMPORT_OUTCOME__CREATED;
             j <= KONTOR__V1__IMPORT_OUTCOME__REFUSED; j++) {
            n += run->counts[i][j];
        }
        n_refused += run->counts[i][KONTOR__V1__IMPORT_OUTCOME__REFUSED];
        if (n == 0) {
            continue;
        }
        show_cell(&table, kinds[i].name);
        for (size_t j = KONTOR__V1__IMPORT_OUTCOME__CREATED;
             j <= KONTOR__V1__IMPORT_OUTCOME__REFUSED; j++) {
            show_cell(&table, arena_print(arena, "%zu", run->counts[i][j]));
        }
    }
    if (!run->cli->is_json) {
        show_print(&table);
        printf("%zu findings\n", run->n_findings + run->set->n_findings);
    }
    return n_refused;
}

/* ---- Batches ---- */

/*
 * The two calls, and which field of their request takes which mask. Without its mask
 * an import would own every field and empty those the source does not know.
 */
static const struct {
    const char *noun;
    const char *method;
    const char *masks[4]; /* NULL ends. */
    size_t mask_at[4];
} targets[] = {
    {"catalogue",
     "CatalogueService/Import",
     {"vocabulary_fields", "provider_fields", "service_fields", "bundle_fields"},
     {offsetof(struct import_set, vocabulary_fields),
      offsetof(struct import_set, provider_fields),
      offsetof(struct import_set, service_fields),
      offsetof(struct import_set, bundle_fields)}},
    {"config",
     "ConfigurationService/Import",
     {"site_fields", "endpoint_fields", "downtime_fields"},
     {offsetof(struct import_set, site_fields),
      offsetof(struct import_set, endpoint_fields),
      offsetof(struct import_set, downtime_fields)}},
};

/* An empty batch with the masks of what the source owns. */
static void
batch_begin(struct import_run *run, size_t target)
{
    struct arena *arena = run->cli->arena;
    const struct kontor_method *method =
        kontor_method(arena_print(arena, "/kontor.v1.%s", run->method));
    const ProtobufCMessageDescriptor *input =
        method->service->methods[method->index].input;
    run->request = path_message(input, arena);
    run->records = protobuf_c_message_descriptor_get_field_by_name(input, "records");
    run->n_records = 0;
    run->n_bytes = 0;
    for (size_t i = 0; i < 4 && targets[target].masks[i] != NULL; i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(input,
                                                            targets[target].masks[i]);
        memcpy((char *)run->request + field->offset,
               (const char *)run->set + targets[target].mask_at[i], sizeof(void *));
    }
    ProtobufCMessage **list = arena_alloc(arena, BATCH_MAX_RECORDS * sizeof *list);
    memcpy((char *)run->request + run->records->offset, &list, sizeof list);
    if (cli_count(run->cli, "skip-template") > 0) {
        path_set(run->request, "skip_template", "true", arena);
    }
    if (cli_count(run->cli, "validate-only") > 0) {
        path_set(run->request, "validate_only", "true", arena);
    }
}

/* Sends what was gathered; OK also when there is nothing. */
static enum kontor_status
batch_send(struct import_run *run)
{
    if (run->n_records == 0) {
        return KONTOR_OK;
    }
    struct cli *cli = run->cli;
    memcpy((char *)run->request + run->records->quantifier_offset, &run->n_records,
           sizeof run->n_records);
    struct kontor_call_options options = {.deadline_ms = BATCH_DEADLINE_MS};
    const char *path = arena_print(cli->arena, "/kontor.v1.%s", run->method);
    ProtobufCMessage *reply = NULL;
    enum kontor_status status = kontor_call(
        cli->kontor, kontor_method(path), run->request, &options, &reply, &cli->error);
    if (status != KONTOR_OK) {
        return status;
    }
    size_t n;
    ProtobufCMessage *const *results = path_rows(reply, "results", &n);
    for (size_t i = 0; i < n && i < run->n_records; i++) {
        take_result(run, run->batch_kinds[i],
                    (const Kontor__V1__ImportResult *)results[i]);
    }
    kontor_reply_free(reply);
    run->n_sent += run->n_records;
    show_progress(run);
    return KONTOR_OK;
}

/* One more record; sends the batch first when it would grow too large. */
static enum kontor_status
batch_add(struct import_run *run, size_t target, const struct import_kind *kind,
          ProtobufCMessage *record)
{
    size_t size = protobuf_c_message_get_packed_size(record) + 16;
    if (run->n_records == BATCH_MAX_RECORDS || run->n_bytes + size > BATCH_MAX_BYTES) {
        enum kontor_status status = batch_send(run);
        if (status != KONTOR_OK) {
            return status;
        }
        batch_begin(run, target);
    }
    ProtobufCMessage *row = path_message(run->records->descriptor, run->cli->arena);
    const ProtobufCFieldDescriptor *member =
        protobuf_c_message_descriptor_get_field_by_name(row->descriptor, kind->name);
    uint32_t which = member->id;
    memcpy((char *)row + member->quantifier_offset, &which, sizeof which);
    memcpy((char *)row + member->offset, &record, sizeof record);
    ProtobufCMessage **list;
    memcpy(&list, (char *)run->request + run->records->offset, sizeof list);
    run->batch_kinds[run->n_records] = kind->name;
    list[run->n_records++] = row;
    run->n_bytes += size;
    return KONTOR_OK;
}

/* In the order of the table: a record may refer to those before it. */
static enum kontor_status
import_send(struct import_run *run, size_t target)
{
    enum kontor_status status = KONTOR_OK;
    batch_begin(run, target);
    for (size_t i = 0; i < KIND_COUNT; i++) {
        size_t n;
        ProtobufCMessage **records = kind_records(run->set, &kinds[i], &n);
        bool is_ours = kind_is_for(&kinds[i], targets[target].noun);
        for (size_t j = 0; j < n && is_ours && status == KONTOR_OK; j++) {
            status = batch_add(run, target, &kinds[i], records[j]);
        }
    }
    return status == KONTOR_OK ? batch_send(run) : status;
}

/* ---- The command ---- */

static int
unknown_format(const struct cli *cli, const char *format)
{
    const char *all = "";
    for (const struct importer *row = importers; row->format != NULL; row++) {
        if (strcmp(row->noun, cli->command->noun) == 0 ||
            strcmp(row->noun, "both") == 0) {
            all = arena_print(cli->arena, "%s%s%s", all, all[0] == '\0' ? "" : ", ",
                              row->format);
        }
    }
    return cli_usage(cli, "--format is \"%s\": choose %s", format, all);
}

/*
 * Counts what is to be sent. One file of kontor-1 may serve both commands: what is the
 * other's is said, not sent.
 */
static size_t
count_records(const struct cli *cli, const struct import_set *set)
{
    size_t n_all = 0;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        size_t n;
        kind_records(set, &kinds[i], &n);
        if (kind_is_for(&kinds[i], cli->command->noun)) {
            n_all += n;
        } else if (n > 0) {
            fprintf(stderr,
                    "kontor: %zu records of kind %s are not taken here: "
                    "use kontor %s import\n",
                    n, kinds[i].name, kinds[i].noun);
        }
    }
    return n_all;
}

/*
 * All files are read before the broker is asked for anything but the caller's
 * registry: a damaged one changes nothing.
 */
static bool
read_files(struct cli *cli, const struct importer *importer, const char *registry,
           struct import_set *set)
{
    struct faults faults = {.arena = cli->arena};
    if (importer->read(cli->arguments, cli->n_arguments, registry, cli->arena, set,
                       &faults)) {
        return true;
    }
    for (size_t i = 0; i < faults.n_rows; i++) {
        fprintf(stderr, "kontor: %s: %s\n", faults.rows[i].path,
                faults.rows[i].description);
    }
    if (faults.n_found > faults.n_rows) {
        fprintf(stderr, "kontor: and %zu more\n", faults.n_found - faults.n_rows);
    }
    return false;
}

/* What a file of each format is, for people. */
static const struct {
    const char *format;
    const char *holds;
} format_rows[] = {
    {"marketplace-2019", "the EOSC-hub Marketplace's catalogue of 2019 (JSON)"},
    {"eosc-vocabularies", "lists of EOSC's vocabulary terms (JSON)"},
    {"einfracentral-2017",
     "profiles of eInfraCentral, one service a file or several (XML)"},
    {"tmf633", "service specifications of TMF633, one or a list (JSON)"},
    {"osb", "catalogues of service brokers, with plans and their schemas (JSON)"},
    {"eosc-5", "services and providers of EOSC's profile 4 or 5 (JSON)"},
    {"eosc-6", "services and organisations of EOSC's profile 6 (JSON)"},
    {"gocdb", "answers of GOCDB's get_site, get_service and get_downtime (XML)"},
    {"kontor-1", "a JSON object with lists of our own messages, by kind"},
};

static const char *
format_holds(const char *format)
{
    for (size_t i = 0; i < sizeof format_rows / sizeof format_rows[0]; i++) {
        if (strcmp(format_rows[i].format, format) == 0) {
            return format_rows[i].holds;
        }
    }
    return format;
}

/* A file of another kind, or the wrong command: nobody imports nothing on purpose. */
int
import_nothing(const struct cli *cli, const struct import_set *set)
{
    const char *format = cli_option(cli, "format");
    for (size_t i = 0; i < set->n_findings; i++) {
        fprintf(stderr, "kontor: %s: %s\n", set->findings[i].place,
                set->findings[i].text);
    }
    return cli_fail(KONTOR_INVALID_ARGUMENT,
                    "the files hold nothing to import: %s import reads %s out of %s",
                    cli->command->noun,
                    strcmp(cli->command->noun, "catalogue") == 0
                        ? "vocabularies, providers, services and bundles"
                        : "sites, endpoints and downtimes",
                    format_holds(format));
}

/* Findings of the files come first: they are there even when the broker is away. */
static int
import_all(struct cli *cli, const struct import_set *set)
{
    size_t target = strcmp(cli->command->noun, targets[0].noun) == 0 ? 0 : 1;
    struct import_run *run = arena_alloc(cli->arena, sizeof *run);
    run->cli = cli;
    run->set = set;
    run->method = targets[target].method;
    run->n_all = count_records(cli, set);
    if (run->n_all == 0) {
        return import_nothing(cli, set);
    }
    int failed = cli_connect(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    show_findings(cli, set);
    enum kontor_status status = import_send(run, target);
    if (status != KONTOR_OK && run->n_sent == 0) {
        return cli_failed(cli);
    }
    size_t n_refused = show_summary(run);
    if (status != KONTOR_OK) {
        return cli_failed(cli);
    }
    if (n_refused > 0) {
        return cli_fail(KONTOR_INVALID_ARGUMENT,
                        "%zu of %zu records were refused; the others were taken",
                        n_refused, run->n_all);
    }
    return EXIT_DONE;
}

/* The importer of --format for this command; NULL: printed. */
static const struct importer *
find_importer(const struct cli *cli, int *exit_code)
{
    const char *format = cli_option(cli, "format");
    const struct importer *importer = importer_find(format);
    bool is_here =
        importer != NULL && (strcmp(importer->noun, "both") == 0 ||
                             strcmp(importer->noun, cli->command->noun) == 0);
    *exit_code = is_here ? EXIT_DONE : unknown_format(cli, format);
    return is_here ? importer : NULL;
}

int
import_files(struct cli *cli, const char *registry, struct import_set *set)
{
    int failed;
    const struct importer *importer = find_importer(cli, &failed);
    if (importer == NULL) {
        return failed;
    }
    return read_files(cli, importer, registry, set)
               ? EXIT_DONE
               : EXIT_STATUS + KONTOR_INVALID_ARGUMENT;
}

/* The registry comes first because every id begins with it. */
int
own_import(struct cli *cli)
{
    int failed;
    if (find_importer(cli, &failed) == NULL) {
        return failed;
    }
    if (cli_count(cli, "skip-template") > 0 &&
        strcmp(cli->command->noun, "config") == 0) {
        return cli_usage(cli, "--skip-template is for kontor catalogue import");
    }
    const char *registry = cli_registry(cli, &failed);
    if (registry == NULL) {
        return failed;
    }
    struct import_set set = {0};
    failed = import_files(cli, registry, &set);
    return failed == EXIT_DONE ? import_all(cli, &set) : failed;
}
