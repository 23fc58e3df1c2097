/* Validating files without a broker: what it would refuse or find odd. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/kontor/import_files.h"
#include "tools/kontor/own.h"
#include "tools/kontor/show.h"
#include "tools/kontor/validate.h"

struct validate_run {
    struct cli *cli;
    size_t n_records;
    size_t n_refused;
    size_t n_findings;
};

static void
take_result(void *context, const char *kind, const Kontor__V1__ImportResult *result,
            struct arena *arena)
{
    struct validate_run *run = context;
    run->n_records++;
    run->n_refused += result->n_violations > 0 ? 1 : 0;
    run->n_findings += result->n_findings;
    if (run->cli->is_json) {
        show_json_by(arena, &result->base);
        return;
    }
    for (size_t i = 0; i < result->n_violations; i++) {
        show_line(stdout, "refused  %s %s  %s: %s", kind, result->id,
                  result->violations[i]->field, result->violations[i]->description);
    }
    for (size_t i = 0; i < result->n_findings; i++) {
        show_line(stdout, "finding  %s %s  %s: %s", kind, result->id,
                  result->findings[i]->field, result->findings[i]->description);
    }
}

/* What is odd about a file and belongs to no record. */
static void
show_file_findings(struct validate_run *run, const struct import_set *part)
{
    run->n_findings += part->n_findings;
    for (size_t i = 0; i < part->n_findings; i++) {
        show_finding(run->cli, &part->findings[i]);
    }
}

static void
note(void *context, const struct import_set *part)
{
    validate_note(context, part);
}

static void
judge_all(struct validate_run *run, struct validating *validating,
          struct import_files *files)
{
    struct arena *arena = arena_new();
    struct import_set part;
    while (import_files_next(files, arena, &part)) {
        show_file_findings(run, &part);
        validate_judge(validating, &part);
        arena_reset(arena);
    }
    arena_free(arena);
}

static int
end(struct validate_run *run, struct import_files *files)
{
    int failed = import_files_end(files);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (run->n_records == 0) {
        return import_files_nothing(run->cli, files);
    }
    if (!run->cli->is_json) {
        printf("%zu records, %zu would be refused, %zu findings\n", run->n_records,
               run->n_refused, run->n_findings);
    }
    bool is_bad = run->n_refused > 0 ||
                  (cli_count(run->cli, "strict") > 0 && run->n_findings > 0);
    return is_bad ? EXIT_DIFFERENT : EXIT_DONE;
}

int
own_validate(struct cli *cli)
{
    struct import_files files;
    struct validate_run run = {.cli = cli};
    const char *registry = cli_option(cli, "registry");
    struct validating *validating =
        validate_new((int64_t)time(NULL) * 1000, registry, take_result, &run);
    int failed = import_files_open(cli, registry == NULL ? "local" : registry, &files,
                                   note, validating);
    if (failed == EXIT_DONE) {
        judge_all(&run, validating, &files);
        failed = end(&run, &files);
    }
    import_files_close(&files);
    validate_free(validating);
    return failed;
}
