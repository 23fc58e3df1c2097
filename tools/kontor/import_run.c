/* Importing: files judged by their format, sent in batches, one result a record. */
#include <stdio.h>
#include <string.h>

#include "tools/kontor/import_batch.h"
#include "tools/kontor/import_files.h"
#include "tools/kontor/own.h"
#include "tools/kontor/show.h"

static size_t
show_summary(const struct import_batch *batch, size_t n_file_findings)
{
    static const char *const titles[] = {"KIND", "CREATED", "CHANGED",
                                         "SAME", "REFUSED", NULL};
    struct arena *arena = batch->cli->arena;
    struct table table = show_table(arena, titles);
    size_t n_refused = 0;
    for (size_t i = 0; i < IMPORT_KINDS; i++) {
        size_t n = 0;
        for (size_t j = KONTOR__V1__IMPORT_OUTCOME__CREATED;
             j <= KONTOR__V1__IMPORT_OUTCOME__REFUSED; j++) {
            n += batch->counts[i][j];
        }
        n_refused += batch->counts[i][KONTOR__V1__IMPORT_OUTCOME__REFUSED];
        if (n == 0) {
            continue;
        }
        show_cell(&table, import_kinds[i].name);
        for (size_t j = KONTOR__V1__IMPORT_OUTCOME__CREATED;
             j <= KONTOR__V1__IMPORT_OUTCOME__REFUSED; j++) {
            show_cell(&table, arena_print(arena, "%zu", batch->counts[i][j]));
        }
    }
    if (!batch->cli->is_json) {
        show_print(&table);
        printf("%zu findings\n", batch->n_findings + n_file_findings);
    }
    return n_refused;
}

/*
 * Counts what is to be sent. One file of kontor-1 may serve both commands: what is the
 * other's is said, not sent.
 */
static size_t
count_records(const struct cli *cli, const struct import_files *files)
{
    size_t n_all = 0;
    for (size_t i = 0; i < IMPORT_KINDS; i++) {
        size_t n = files->counts[i];
        if (strcmp(import_kinds[i].noun, cli->command->noun) == 0) {
            n_all += n;
        } else if (n > 0) {
            fprintf(stderr,
                    "kontor: %zu records of kind %s are not taken here: "
                    "use kontor %s import\n",
                    n, import_kinds[i].name, import_kinds[i].noun);
        }
    }
    return n_all;
}

static void
show_findings(const struct cli *cli, const struct import_set *part)
{
    for (size_t i = 0; i < part->n_findings; i++) {
        show_finding(cli, &part->findings[i]);
    }
}

/*
 * What others say of a vocabulary's terms stays, though the list of terms is the
 * file's: what a monitor calls a type is kept there. A vocabulary that is not there, or
 * that the caller may not see, says nothing.
 */
static enum kontor_status
keep_others(const struct import_batch *batch, const struct import_set *part)
{
    struct cli *cli = batch->cli;
    const struct importer *importer = importer_find(cli_option(cli, "format"));
    bool is_sent = strcmp(cli->command->noun, "catalogue") == 0;
    for (size_t i = 0; is_sent && importer->keep != NULL && i < part->n_vocabularies;
         i++) {
        Kontor__V1__GetVocabularyRequest request =
            KONTOR__V1__GET_VOCABULARY_REQUEST__INIT;
        Kontor__V1__Vocabulary *there = NULL;
        request.id = part->vocabularies[i]->id;
        enum kontor_status status =
            cli_call(cli, "CatalogueService/GetVocabulary", &request.base, &there);
        if (status == KONTOR_OK) {
            importer->keep(part->vocabularies[i], there, cli->arena);
            kontor_reply_free((ProtobufCMessage *)there);
        } else if (status != KONTOR_NOT_FOUND) {
            return status;
        }
    }
    return KONTOR_OK;
}

/* Findings are printed as they come: nothing of a file is kept for later. */
static enum kontor_status
send_all(struct import_batch *batch, struct import_files *files)
{
    struct import_set part;
    enum kontor_status status = KONTOR_OK;
    while (status == KONTOR_OK && import_files_next(files, batch->arena, &part)) {
        show_findings(batch->cli, &part);
        status = keep_others(batch, &part);
        if (status == KONTOR_OK) {
            status = import_batch_add(batch, &part);
        }
    }
    bool is_whole = status == KONTOR_OK && files->faults.n_found == 0;
    return is_whole ? import_batch_send(batch) : status;
}

static int
send_and_tell(struct cli *cli, struct import_batch *batch, struct import_files *files)
{
    enum kontor_status status = send_all(batch, files);
    if (status != KONTOR_OK && batch->n_sent == 0) {
        return cli_failed(cli);
    }
    size_t n_refused = show_summary(batch, files->n_findings);
    if (status != KONTOR_OK) {
        return cli_failed(cli);
    }
    int failed = import_files_end(files);
    if (failed == EXIT_DONE && n_refused > 0) {
        return cli_fail(KONTOR_INVALID_ARGUMENT,
                        "%zu of %zu records were refused; the others were taken",
                        n_refused, batch->n_all);
    }
    return failed;
}

static int
import_all(struct cli *cli, struct import_files *files)
{
    size_t n_all = count_records(cli, files);
    if (n_all == 0) {
        return import_files_nothing(cli, files);
    }
    int failed = cli_connect(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    struct import_batch *batch = arena_alloc(cli->arena, sizeof *batch);
    import_batch_init(batch, cli, n_all);
    failed = send_and_tell(cli, batch, files);
    import_batch_done(batch);
    return failed;
}

/*
 * The registry comes first because every id begins with it. All files are judged before
 * the broker is asked for anything else: a damaged one changes nothing.
 */
int
own_import(struct cli *cli)
{
    int failed;
    const struct importer *importer = import_files_format(cli, &failed);
    if (importer == NULL) {
        return failed;
    }
    if (cli_count(cli, "skip-template") > 0 &&
        strcmp(cli->command->noun, "config") == 0) {
        return cli_usage(cli, "--skip-template is for kontor catalogue import");
    }
    if (cli_count(cli, "keep-names") > 0 && importer->redact == NULL) {
        return cli_usage(cli, "--keep-names is for gocdb: nothing is left out of %s",
                         importer->format);
    }
    const char *registry = cli_registry(cli, &failed);
    if (registry == NULL) {
        return failed;
    }
    struct import_files files;
    failed = import_files_open(cli, registry, &files, NULL, NULL);
    if (failed == EXIT_DONE) {
        failed = import_all(cli, &files);
    }
    import_files_close(&files);
    return failed;
}
