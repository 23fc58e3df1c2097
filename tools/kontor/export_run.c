/* Exporting: the catalogue page by page, each record by the exporter of the format. */
#include <stdio.h>
#include <string.h>

#include "tools/export/export.h"
#include "tools/kontor/own.h"
#include "tools/kontor/path.h"
#include "tools/kontor/run.h"
#include "tools/kontor/show.h"

/* Where each list of a catalogue comes from. */
static const struct {
    const char *method;
    const char *field;
} export_lists[EXPORTING_COUNT] = {
    [EXPORTING_VOCABULARIES] = {"CatalogueService/ListVocabularies", "vocabularies"},
    [EXPORTING_PROVIDERS] = {"CatalogueService/ListProviders", "providers"},
    [EXPORTING_SERVICES] = {"CatalogueService/ListServices", "services"},
    [EXPORTING_BUNDLES] = {"CatalogueService/ListBundles", "bundles"},
};

struct export_run {
    struct exporting exporting;
    enum exporting_list list;
    bool is_begun;
    size_t n_losses;
};

/* Losses are no failure, but a person has to hear of them, and never a program that
 * reads the file. */
static void
tell_losses(struct export_run *run)
{
    const struct target *target = &run->exporting.target;
    for (size_t i = 0; i < target->n_losses; i++) {
        show_line(stderr, "kontor: %s: %s %s", target->id, target->losses[i].path,
                  target->losses[i].text);
    }
    run->n_losses += target->n_losses;
}

/* The first answer opens the file: a refused export prints nothing. */
static void
take_page(const ProtobufCMessage *page, void *context)
{
    struct export_run *run = context;
    if (!run->is_begun) {
        exporting_begin(&run->exporting);
        run->is_begun = true;
    }
    size_t n;
    ProtobufCMessage *const *rows = path_rows(page, export_lists[run->list].field, &n);
    for (size_t i = 0; i < n; i++) {
        exporting_record(&run->exporting, run->list, rows[i]);
        tell_losses(run);
    }
}

static enum kontor_status
export_list(struct cli *cli, struct export_run *run)
{
    const char *method = export_lists[run->list].method;
    const struct kontor_method *row =
        kontor_method(arena_print(cli->arena, "/kontor.v1.%s", method));
    ProtobufCMessage *request =
        path_message(row->service->methods[row->index].input, cli->arena);
    return run_pages(cli, method, request, take_page, run);
}

/* What was cut off is left open, so that nobody takes it for a whole catalogue. */
static enum kontor_status
export_all(struct cli *cli, struct export_run *run)
{
    for (int list = 0; list < EXPORTING_COUNT; list++) {
        run->list = (enum exporting_list)list;
        enum kontor_status status = export_list(cli, run);
        if (status != KONTOR_OK) {
            return status;
        }
    }
    exporting_end(&run->exporting);
    return KONTOR_OK;
}

static int
unknown_format(const struct cli *cli, const char *format)
{
    const char *all = "";
    for (const struct exporter *row = exporters; row->format != NULL; row++) {
        all = arena_print(cli->arena, "%s%s%s", all, all[0] == '\0' ? "" : ", ",
                          row->format);
    }
    return cli_usage(cli, "--format is \"%s\": choose %s", format, all);
}

/*
 * Written as it comes: a catalogue may be larger than what a program should hold. Where
 * it goes chooses nothing, since it is meant for a file; --output json makes one line
 * of it.
 */
int
own_export(struct cli *cli)
{
    const char *format = cli_option(cli, "format");
    const struct exporter *exporter =
        exporter_find(format == NULL ? "kontor-1" : format);
    if (exporter == NULL) {
        return unknown_format(cli, format);
    }
    int failed = cli_connect(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    const char *output = cli_option(cli, "output");
    bool is_one_line = output != NULL && strcmp(output, "json") == 0;
    struct export_run run = {.exporting = exporting_new(exporter, stdout, is_one_line)};
    enum kontor_status status = export_all(cli, &run);
    exporting_done(&run.exporting);
    if (run.n_losses > 0) {
        fprintf(stderr, "kontor: %zu in all that %s cannot say\n", run.n_losses,
                exporter->format);
    }
    return status == KONTOR_OK ? EXIT_DONE : cli_failed(cli);
}
