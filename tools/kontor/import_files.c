/* Files judged before anything is done with them, and what to say where that fails. */
#include "tools/kontor/import_files.h"
#include "tools/kontor/show.h"

#include <stdio.h>
#include <string.h>

/* ---- Formats ---- */

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

const struct importer *
import_files_format(const struct cli *cli, int *exit_code)
{
    const char *format = cli_option(cli, "format");
    const struct importer *importer = importer_find(format);
    bool is_here =
        importer != NULL && (strcmp(importer->noun, "both") == 0 ||
                             strcmp(importer->noun, cli->command->noun) == 0);
    *exit_code = is_here ? EXIT_DONE : unknown_format(cli, format);
    return is_here ? importer : NULL;
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
    {"gocdb", "answers of GOCDB and of DPMT, of types of services, too (XML)"},
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

/* ---- Walking ---- */

static void
count(struct import_files *files, const struct import_set *part)
{
    for (size_t i = 0; i < IMPORT_KINDS; i++) {
        size_t n;
        import_kind_records(part, &import_kinds[i], &n);
        files->counts[i] += n;
    }
    files->n_findings += part->n_findings;
}

/* Nothing of a part is kept but what the note keeps. */
static void
judge(struct import_files *files, import_files_note note, void *context)
{
    struct arena *arena = arena_new();
    struct import_set part;
    while (import_walk_next(files->walk, arena, &part)) {
        count(files, &part);
        if (note != NULL) {
            note(context, &part);
        }
        arena_reset(arena);
    }
    arena_free(arena);
}

int
import_files_open(struct cli *cli, const char *registry, struct import_files *files,
                  import_files_note note, void *context)
{
    int failed;
    *files = (struct import_files){.faults = {.arena = cli->arena}};
    const struct importer *importer = import_files_format(cli, &failed);
    if (importer == NULL) {
        return failed;
    }
    files->walk = import_walk_open(importer, cli->arguments, cli->n_arguments, registry,
                                   cli->arena, &files->faults);
    if (cli_count(cli, "keep-names") > 0) {
        import_walk_keep_names(files->walk);
    }
    judge(files, note, context);
    import_walk_again(files->walk);
    return show_faults(&files->faults);
}

bool
import_files_next(struct import_files *files, struct arena *arena,
                  struct import_set *part)
{
    return files->faults.n_found == 0 && import_walk_next(files->walk, arena, part) &&
           files->faults.n_found == 0;
}

int
import_files_end(const struct import_files *files)
{
    return show_faults(&files->faults);
}

void
import_files_close(struct import_files *files)
{
    import_walk_close(files->walk);
}

/* A file of another kind, or the wrong command: nobody imports nothing on purpose. */
int
import_files_nothing(const struct cli *cli, struct import_files *files)
{
    struct arena *arena = arena_new();
    struct import_set part;
    import_walk_again(files->walk);
    while (import_files_next(files, arena, &part)) {
        for (size_t i = 0; i < part.n_findings; i++) {
            show_line(stderr, "kontor: %s: %s", part.findings[i].place,
                      part.findings[i].text);
        }
        arena_reset(arena);
    }
    arena_free(arena);
    return cli_fail(KONTOR_INVALID_ARGUMENT,
                    "the files hold nothing to import: %s import reads %s out of %s",
                    cli->command->noun,
                    strcmp(cli->command->noun, "catalogue") == 0
                        ? "vocabularies, providers, services and bundles"
                        : "operator groups, sites, endpoints, groups and downtimes",
                    format_holds(cli_option(cli, "format")));
}
