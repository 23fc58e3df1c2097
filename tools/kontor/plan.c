/* Data management plans: judged without a broker, handed over, ordered for, and told
 * what became of them. */
#include <stdio.h>
#include <string.h>

#include "plan/judgement.h"
#include "tools/kontor/own.h"
#include "tools/kontor/show.h"

/* The version an option names; false: printed. */
static bool
read_version(const struct cli *cli, enum madmp_version *version)
{
    const char *name = cli_option(cli, "version");
    *version = name == NULL ? MADMP_NOT_NAMED : madmp_version_of(name);
    if (name != NULL && *version == MADMP_NOT_NAMED) {
        (void)cli_usage(cli, "there is no version %s: choose 1.0, 1.1 or 1.2", name);
        return false;
    }
    return true;
}

static void
show_violations(const char *what, Kontor__V1__Violation *const *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        show_line(stdout, "%-6s %s: %s", what, rows[i]->field, rows[i]->description);
    }
}

static const char *
accepted_text(struct cli *cli, const Kontor__V1__PlanJudgement *judgement)
{
    const char *text = "";
    for (size_t i = 0; i < judgement->n_accepted_by; i++) {
        text = arena_print(cli->arena, "%s%s%s", text, i == 0 ? "" : ", ",
                           judgement->accepted_by[i]);
    }
    return text[0] == '\0' ? "no version" : text;
}

static void
show_judgement(struct cli *cli, const Kontor__V1__PlanJudgement *judgement)
{
    if (cli->is_json) {
        show_json(cli, &judgement->base);
        return;
    }
    show_violations("fault", judgement->faults, judgement->n_faults);
    show_violations("note", judgement->notes, judgement->n_notes);
    if (judgement->version[0] == '\0') {
        return;
    }
    printf("%s by version %s (%s), %d faults; taken by %s\n",
           judgement->fault_count == 0 ? "valid" : "not valid", judgement->version,
           judgement->is_named ? "named" : "found", (int)judgement->fault_count,
           accepted_text(cli, judgement));
}

int
own_plan_validate(struct cli *cli)
{
    struct faults faults = {.arena = cli->arena};
    const char *path = cli->arguments[0];
    enum madmp_version version;
    size_t size;
    if (!read_version(cli, &version)) {
        return EXIT_USAGE;
    }
    const char *text = cli_read_file(cli, path, &size);
    if (text == NULL) {
        return EXIT_USAGE;
    }
    struct bytes bytes = {(const uint8_t *)text, size};
    const struct json_value *document = madmp_parse(bytes, path, cli->arena, &faults);
    struct madmp_verdict verdict;
    if (document != NULL) {
        madmp_judge(document, version, cli->arena, &verdict);
    }
    const Kontor__V1__PlanJudgement *judgement =
        document == NULL ? judgement_of_faults(&faults, cli->arena)
                         : judgement_of(&verdict, cli->arena);
    show_judgement(cli, judgement);
    bool is_bad = judgement->fault_count > 0 ||
                  (cli_count(cli, "strict") > 0 && judgement->n_notes > 0);
    return is_bad ? EXIT_DIFFERENT : EXIT_DONE;
}
