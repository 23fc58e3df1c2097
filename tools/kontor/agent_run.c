/* kontor agent run: programs as callbacks, lines for people, and an orderly end on
 * SIGINT and SIGTERM. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/json_tree.h"
#include "tools/kontor/own.h"
#include "tools/kontor/script.h"
#include "tools/kontor/show.h"
#include "tools/kontor/signals.h"

struct agent_run {
    struct cli *cli;
    struct kontor_agent *agent;
    const char *provision;
    const char *lookup;
    const char *remove;
    const char *modify;
    const char *evaluate;
    const char *assess;
    size_t n_offers;
    sigset_t signals;
};

static enum kontor_result
run_provision(struct kontor_job *job, void *context)
{
    const struct agent_run *run = context;
    return script_provision(run->provision, job);
}

static enum kontor_result
run_lookup(struct kontor_job *job, void *context)
{
    const struct agent_run *run = context;
    return script_lookup(run->lookup, job);
}

static enum kontor_result
run_remove(struct kontor_job *job, void *context)
{
    const struct agent_run *run = context;
    return script_remove(run->remove, job);
}

static enum kontor_result
run_modify(struct kontor_job *job, void *context)
{
    const struct agent_run *run = context;
    return script_plain(run->modify, job);
}

static enum kontor_result
run_evaluate(struct kontor_job *job, void *context)
{
    const struct agent_run *run = context;
    return script_plain(run->evaluate, job);
}

static enum kontor_result
run_assess(struct kontor_job *job, void *context)
{
    const struct agent_run *run = context;
    return script_plain(run->assess, job);
}

/* ---- Lines ---- */

static const char *
quoted(struct arena *arena, const char *text)
{
    struct json_value value = {.type = JSON_TYPE_TEXT, .text = text};
    return json_tree_print(&value, arena);
}

/* Programs that watch an agent read a line an event, like any other list. */
static void
print_json(struct arena *arena, const struct kontor_agent_event *event)
{
    printf("{\"session\": %s, \"item\": %s, \"what\": %s, \"text\": %s, \"afterMs\": "
           "\"%lld\"}\n",
           quoted(arena, event->session), quoted(arena, event->item),
           quoted(arena, event->what), quoted(arena, event->text),
           (long long)event->after_ms);
}

static void
print_line(const struct agent_run *run, const struct kontor_agent_event *event)
{
    if (event->item[0] == '\0') {
        if (strcmp(event->what, "session") == 0) {
            printf("session %s, %zu offer%s, waiting\n", event->text, run->n_offers,
                   run->n_offers == 1 ? "" : "s");
        }
        return;
    }
    char clock[16];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(clock, sizeof clock, "%H:%M:%S", &local);
    bool is_begin =
        strcmp(event->what, "begin") == 0 || strcmp(event->what, "lookup") == 0;
    if (is_begin || strcmp(event->what, "claimed") == 0) {
        show_line(stdout, "%s %s  %-7s %s%s", clock, event->item, event->what,
                  is_begin ? "intent " : "", event->text);
        return;
    }
    show_line(stdout, "%s %s  %-7s %.1f s  %s", clock, event->item, event->what,
              (double)event->after_ms / 1000, event->text);
}

/*
 * A line is out before the next thing happens: somebody may be reading it through a
 * pipe.
 */
static void
run_event(const struct kontor_agent_event *event, void *context)
{
    const struct agent_run *run = context;
    if (strcmp(event->what, "away") == 0) {
        show_line(stderr, "kontor: %s; trying again", event->text);
    }
    struct arena *arena = arena_new();
    if (arena != NULL && run->cli->is_json) {
        print_json(arena, event);
    } else {
        print_line(run, event);
    }
    fflush(stdout);
    arena_free(arena);
}

/* ---- Signals ---- */

/* The first asks to end once what runs is finished; the second takes it away. */
static void *
run_signals(void *context)
{
    const struct agent_run *run = context;
    for (int n = 0; n < 2; n++) {
        if (signals_wait(&run->signals) == SIGUSR1) {
            break;
        }
        if (n == 0) {
            fputs("kontor: ending once what runs is finished; again: at once\n",
                  stderr);
        }
        kontor_agent_stop(run->agent, n > 0);
    }
    return NULL;
}

/* ---- The command ---- */

static bool
run_options(struct cli *cli, struct agent_run *run,
            struct kontor_agent_options *options)
{
    run->n_offers = cli_count(cli, "offer");
    const char **offers = arena_alloc(cli->arena, run->n_offers * sizeof *offers);
    for (size_t i = 0; i < run->n_offers; i++) {
        offers[i] = cli_value(cli, "offer", i);
    }
    int64_t max = 1;
    int64_t lease = 60;
    int64_t jobs = 0;
    if (!cli_number(cli, "max", 1, 64, &max) ||
        !cli_number(cli, "lease", 5, 86400, &lease) ||
        !cli_number(cli, "jobs", 1, INT32_MAX, &jobs)) {
        return false;
    }
    options->offers = offers;
    options->n_offers = run->n_offers;
    options->max_parallel = (int)max;
    options->lease_seconds = (int)lease;
    options->max_jobs = jobs;
    return true;
}

/* A program that is not there is noticed before an order is begun for it. */
static bool
has_programs(struct cli *cli, const struct agent_run *run)
{
    const char *const programs[][2] = {
        {"provision", run->provision}, {"lookup", run->lookup},
        {"remove", run->remove},       {"modify", run->modify},
        {"evaluate", run->evaluate},   {"assess", run->assess}};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        const char *program = programs[i][1];
        if (program != NULL && !script_exists(program, cli->arena)) {
            cli_usage(cli,
                      "--%s is %s, which is no program that can be run: give the path "
                      "of an executable file, or the name of one in PATH",
                      programs[i][0], program);
            return false;
        }
    }
    return true;
}

/* The thread that waits for signals must be gone before the agent is. */
static int
run_until_over(struct agent_run *run, const struct kontor_agent_options *options)
{
    struct cli *cli = run->cli;
    if (kontor_agent_new(cli->kontor, options, &run->agent, &cli->error) != KONTOR_OK) {
        return cli_failed(cli);
    }
    pthread_t signals;
    bool has_signals = pthread_create(&signals, NULL, run_signals, run) == 0;
    enum kontor_status status = kontor_agent_run(run->agent, &cli->error);
    if (has_signals) {
        pthread_kill(signals, SIGUSR1);
        pthread_join(signals, NULL);
    }
    kontor_agent_free(run->agent);
    return status == KONTOR_OK ? EXIT_DONE : cli_failed(cli);
}

int
own_agent(struct cli *cli)
{
    struct agent_run run = {.cli = cli};
    run.provision = cli_option(cli, "provision");
    run.lookup = cli_option(cli, "lookup");
    run.remove = cli_option(cli, "remove");
    run.modify = cli_option(cli, "modify");
    run.evaluate = cli_option(cli, "evaluate");
    run.assess = cli_option(cli, "assess");
    bool has_no_lookup = cli_count(cli, "no-lookup") > 0;
    if (run.lookup == NULL && !has_no_lookup) {
        return cli_usage(
            cli, "--lookup is missing: after a crash nobody could tell whether an "
                 "object exists; give one, or --no-lookup and let an operator look");
    }
    struct kontor_agent_options options = {
        .provision = run_provision,
        .lookup = run.lookup == NULL ? NULL : run_lookup,
        .allow_no_lookup = has_no_lookup,
        .remove = run.remove == NULL ? NULL : run_remove,
        .modify = run.modify == NULL ? NULL : run_modify,
        .evaluate = run.evaluate == NULL ? NULL : run_evaluate,
        .assess = run.assess == NULL ? NULL : run_assess,
        .on_event = run_event,
        .context = &run,
    };
    if (!run_options(cli, &run, &options) || !has_programs(cli, &run)) {
        return EXIT_USAGE;
    }
    /* Before any thread is made: they all inherit it, and one waits for the signals. */
    signals_block(&run.signals);
    int failed = cli_connect(cli);
    return failed == EXIT_DONE ? run_until_over(&run, &options) : failed;
}
