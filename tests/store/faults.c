/*
 * The fault suite of the MongoDB backend: runs that follow from a seed, many at a time,
 * for a client that lost its connection waits for half a second.
 *
 * usage: store_faults [--seeds FROM-TO | --seed N] [--script NAME] [--seconds S]
 *                     [--plant NAME] [--jobs N]
 *
 * Without --script the scripts take turns. With --plant a promise of the store is
 * broken on purpose, NAME or "all": then a run must fail, and the first that does ends
 * it.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/store/faults_run.h"

enum { MAX_JOBS = 64, JOBS = 24, USAGE = 2, MAX_SCRIPTS = 32, MAX_FAILED = 5 };

/* What is asked for. */
struct order {
    uint64_t from, to;
    const struct script *script; /* NULL: all in turn. */
    const struct plant *plant;   /* NULL: none. */
    bool is_every_plant;
    int64_t seconds; /* 0: as long as it takes. */
    size_t n_jobs;
};

/* A run under way. */
struct place {
    pid_t process; /* 0: free. */
    const struct script *script;
    uint64_t seed;
};

struct suite {
    const struct order *order;
    const char *program;
    struct place places[MAX_JOBS];
    struct report *reports; /* One a place, shared with its process. */
    size_t n_busy;
    size_t n_runs[MAX_SCRIPTS];
    size_t n_failed;
    uint64_t n_commits, n_played, n_doubtful, n_rollbacks;
};

/* At least one. */
static size_t
n_scripts(void)
{
    size_t n = 1;
    while (scripts[n].name != NULL) {
        n++;
    }
    return n;
}

static time_t
monotonic_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* ---- Runs ---- */

static void
suite_start(struct suite *suite, uint64_t seed)
{
    static const struct store_faults none = {.skips_sync = false};
    const struct order *order = suite->order;
    const struct script *script =
        order->script != NULL ? order->script : &scripts[seed % n_scripts()];
    size_t i = 0;
    while (suite->places[i].process != 0) {
        i++;
    }
    (void)fflush(NULL);
    suite->reports[i] = (struct report){.is_good = false};
    pid_t child = fork();
    if (child == 0) {
        run_play(script, seed, order->plant == NULL ? &none : &order->plant->faults,
                 &suite->reports[i]);
        /* Not at once, for leaks are looked for at the end. */
        exit(suite->reports[i].is_good ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    if (child < 0) {
        abort();
    }
    suite->places[i] = (struct place){.process = child, .script = script, .seed = seed};
    suite->n_busy++;
}

static void
suite_say_failed(const struct suite *suite, const struct place *place,
                 const struct report *report, int status)
{
    const struct plant *plant = suite->order->plant;
    const char *text = report->text;
    if (WIFSIGNALED(status)) {
        text = WTERMSIG(status) == SIGALRM ? "it hangs" : "it was ended by a signal";
    } else if (text[0] == '\0') {
        text = "it ended with an error, of a sanitizer perhaps";
    }
    printf("%s: %s, %zu broker%s: %s\n    %s --script %s --seed %llu%s%s\n",
           plant == NULL ? "FAILED" : "found", place->script->name, report->n_brokers,
           report->n_brokers == 1 ? "" : "s", text, suite->program, place->script->name,
           (unsigned long long)place->seed, plant == NULL ? "" : " --plant ",
           plant == NULL ? "" : plant->name);
}

static void
suite_say_counts(const struct report *report)
{
    printf("%s, %zu broker%s: %llu commits, %llu works were in doubt, %llu faults "
           "played, %llu inserts, %llu finds, %llu rollbacks of %llu operations\n",
           report->is_set ? "replica set" : "standalone", report->n_brokers,
           report->n_brokers == 1 ? "" : "s", (unsigned long long)report->n_commits,
           (unsigned long long)report->n_doubtful, (unsigned long long)report->n_played,
           (unsigned long long)report->n_inserts, (unsigned long long)report->n_finds,
           (unsigned long long)report->n_rollbacks,
           (unsigned long long)report->n_undone);
}

static void
suite_take(struct suite *suite, pid_t process, int status)
{
    size_t i = 0;
    while (suite->places[i].process != process) {
        i++;
    }
    const struct report *report = &suite->reports[i];
    struct place *place = &suite->places[i];
    bool is_good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    suite->n_failed += is_good ? 0 : 1;
    suite->n_runs[place->script - scripts]++;
    suite->n_commits += report->n_commits;
    suite->n_played += report->n_played;
    suite->n_doubtful += report->n_doubtful;
    suite->n_rollbacks += report->n_rollbacks;
    if (!is_good) {
        suite_say_failed(suite, place, report, status);
    }
    if (suite->order->from == suite->order->to) {
        suite_say_counts(report);
    }
    place->process = 0;
    suite->n_busy--;
}

static void
suite_await_one(struct suite *suite)
{
    int status = 0;
    pid_t process = waitpid(-1, &status, 0);
    if (process > 0) {
        suite_take(suite, process, status);
    }
}

/* A planted fault needs no more than one run; real ones are told a few times. */
static bool
suite_has_enough(const struct suite *suite)
{
    return suite->n_failed >= (suite->order->plant == NULL ? MAX_FAILED : 1);
}

static void
suite_run(struct suite *suite)
{
    const struct order *order = suite->order;
    time_t until = monotonic_s() + order->seconds;
    for (uint64_t seed = order->from; seed <= order->to; seed++) {
        bool is_late = order->seconds > 0 && monotonic_s() >= until;
        if (is_late || suite_has_enough(suite)) {
            break;
        }
        suite_start(suite, seed);
        while (suite->n_busy == order->n_jobs) {
            suite_await_one(suite);
        }
    }
    /* What still runs says no more than was found. */
    for (size_t i = 0; i < MAX_JOBS && order->plant != NULL; i++) {
        if (suite->places[i].process > 0 && suite_has_enough(suite)) {
            (void)kill(suite->places[i].process, SIGKILL);
            (void)waitpid(suite->places[i].process, NULL, 0);
            suite->places[i].process = 0;
            suite->n_busy--;
        }
    }
    while (suite->n_busy > 0) {
        suite_await_one(suite);
    }
}

/* ---- The whole ---- */

/* A share that leaves a script out checks less than it says. */
static bool
suite_is_complete(const struct suite *suite)
{
    bool is_share = suite->order->seconds > 0 && suite->order->script == NULL;
    bool is_complete = true;
    for (size_t i = 0; i < n_scripts() && is_share; i++) {
        if (suite->n_runs[i] == 0) {
            printf("FAILED: no run of %s within the time\n", scripts[i].name);
            is_complete = false;
        }
    }
    return is_complete;
}

static bool
order_run(const struct order *order, const char *program)
{
    struct suite suite = {.order = order, .program = program};
    suite.reports = mmap(NULL, MAX_JOBS * sizeof *suite.reports, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (suite.reports == MAP_FAILED) {
        abort();
    }
    time_t began = monotonic_s();
    suite_run(&suite);
    size_t n_runs = 0;
    for (size_t i = 0; i < MAX_SCRIPTS; i++) {
        n_runs += suite.n_runs[i];
    }
    printf("%zu runs from seed %llu in %lld s: %llu commits, %llu works in doubt, %llu "
           "faults played, %llu rollbacks, %zu runs failed\n",
           n_runs, (unsigned long long)order->from, (long long)(monotonic_s() - began),
           (unsigned long long)suite.n_commits, (unsigned long long)suite.n_doubtful,
           (unsigned long long)suite.n_played, (unsigned long long)suite.n_rollbacks,
           suite.n_failed);
    (void)munmap(suite.reports, MAX_JOBS * sizeof *suite.reports);
    if (order->plant != NULL) {
        return suite.n_failed > 0;
    }
    return n_runs > 0 && suite.n_failed == 0 && suite_is_complete(&suite);
}

static bool
order_run_plants(struct order *order, const char *program)
{
    bool is_every_found = true;
    for (const struct plant *plant = plants; plant->name != NULL; plant++) {
        order->plant = plant;
        order->script = script_by_name(plant->script);
        if (!order_run(order, program)) {
            printf("FAILED: no run noticed %s\n", plant->name);
            is_every_found = false;
        }
    }
    return is_every_found;
}

/* ---- Arguments ---- */

static bool
read_plant(const char *name, struct order *order)
{
    order->is_every_plant = strcmp(name, "all") == 0;
    const struct plant *plant = plants;
    while (plant->name != NULL && strcmp(plant->name, name) != 0) {
        plant++;
    }
    order->plant = plant->name == NULL ? NULL : plant;
    return order->is_every_plant || plant->name != NULL;
}

static bool
read_seeds(const char *text, bool is_one, struct order *order)
{
    char *end = NULL;
    order->from = strtoull(text, &end, 10);
    order->to = order->from;
    if (!is_one && *end == '-') {
        order->to = strtoull(end + 1, &end, 10);
    }
    return end != text && *end == '\0' && order->from <= order->to;
}

static bool
read_option(int option, const char *text, struct order *order)
{
    switch (option) {
    case 'r':
        return read_seeds(text, false, order);
    case 's':
        return read_seeds(text, true, order);
    case 'n':
        order->script = script_by_name(text);
        return order->script != NULL;
    case 't':
        order->seconds = strtol(text, NULL, 10);
        return order->seconds > 0;
    case 'p':
        return read_plant(text, order);
    case 'j':
        order->n_jobs = strtoul(text, NULL, 10);
        return order->n_jobs > 0 && order->n_jobs <= MAX_JOBS;
    default:
        return false;
    }
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, 's'},
        {"script", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 't'},
        {"plant", required_argument, NULL, 'p'},
        {"jobs", required_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    uint64_t first = (uint64_t)time(NULL) * 1000;
    struct order order = {.from = first, .to = UINT64_MAX - 1, .n_jobs = JOBS};
    int option = getopt_long(argc, argv, "", options, NULL);
    while (option != -1) {
        if (!read_option(option, optarg, &order)) {
            (void)fprintf(stderr, "store_faults: see the comment at its top\n");
            return USAGE;
        }
        option = getopt_long(argc, argv, "", options, NULL);
    }
    if (order.to == UINT64_MAX - 1 && order.seconds == 0) {
        order.seconds = 20;
    }
    bool is_good = order.is_every_plant ? order_run_plants(&order, argv[0])
                                        : order_run(&order, argv[0]);
    printf("%s\n", is_good ? "passed" : "FAILED");
    return is_good ? 0 : 1;
}
