#include "tests/store/faults_run.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/faults_judge.h"
#include "tests/store/faults_site.h"

enum {
    START_MS = 5000, /* For the first answers. */
    STRIKE_MS = 400, /* Between two strikes, where no answers come. */
    END_MS = 90000,  /* For all callers, once nothing strikes any more. */
    HANG_S = 240,
    CLOSE_MS = 30000, /* What closing may take. */
    N_STRIKES = 3,
};

struct run {
    const struct script *script;
    uint64_t seed;
    struct ledger *ledger;
    struct mongod *mongod;
    size_t n_slots;
    size_t n_generations[LEDGER_SLOTS];
    size_t generation[LEDGER_SLOTS]; /* The one that is at work. */
    struct site sites[LEDGER_SITES];
    bool is_there[LEDGER_SITES]; /* A thread or process that was not joined yet. */
    pthread_t threads[LEDGER_SITES];
    pid_t processes[LEDGER_SITES];
};

static size_t
site_number(size_t slot, size_t generation)
{
    return slot * LEDGER_GENERATIONS + generation;
}

/* ---- Sites ---- */

static void *
site_thread(void *argument)
{
    site_run(argument);
    return NULL;
}

/* Before any thread is there: the child begins with nothing but this one. */
static pid_t
site_fork(const struct site *site)
{
    (void)fflush(NULL);
    pid_t child = fork();
    if (child != 0) {
        return child;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)alarm(HANG_S);
    site_run(site);
    _exit(0);
}

static void
run_plan(struct run *run, const struct store_faults *faults)
{
    static const size_t most[] = {
        [SCRIPT_STAYS] = 1, [SCRIPT_KILLED] = LEDGER_GENERATIONS, [SCRIPT_CLOSED] = 2};
    size_t n_callers = LEDGER_CALLERS / 2;
    for (size_t i = 0; i < run->n_slots; i++) {
        size_t most_here = most[run->script->end];
        run->n_generations[i] =
            i == 0 ? most_here : 1 + ledger_random(run->seed, 700, i) % most_here;
        for (size_t j = 0; j < run->n_generations[i]; j++) {
            bool is_last = j + 1 == run->n_generations[i];
            run->sites[site_number(i, j)] = (struct site){
                .ledger = run->ledger,
                .seed = run->seed,
                .number = site_number(i, j),
                .slot = i,
                .first_caller = i * n_callers,
                .n_callers = n_callers,
                .is_last = is_last,
                .is_stopped = run->script->end == SCRIPT_CLOSED && !is_last,
                .close_ms = CLOSE_MS,
                .faults = *faults};
        }
    }
}

/* Each calls back for every site of the plan. */
static void
run_each(struct run *run, void (*call)(struct run *run, size_t number))
{
    for (size_t i = 0; i < run->n_slots; i++) {
        for (size_t j = 0; j < run->n_generations[i]; j++) {
            call(run, site_number(i, j));
        }
    }
}

static void
site_begin_process(struct run *run, size_t number)
{
    run->processes[number] = site_fork(&run->sites[number]);
    run->is_there[number] = run->processes[number] > 0;
}

static void
site_begin_thread(struct run *run, size_t number)
{
    run->is_there[number] = pthread_create(&run->threads[number], NULL, site_thread,
                                           &run->sites[number]) == 0;
}

static void
site_join(struct run *run, size_t number)
{
    int status = 0;
    if (!run->is_there[number]) {
        return;
    }
    run->is_there[number] = false;
    if (run->script->end != SCRIPT_KILLED) {
        pthread_join(run->threads[number], NULL);
        return;
    }
    (void)waitpid(run->processes[number], &status, 0);
    bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    bool is_ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!is_killed && !is_ended) {
        ledger_blame(run->ledger, "a broker died by itself: wait status %d", status);
    }
}

/* The broker of a slot ends, and the next one takes over. */
static void
slot_replace(struct run *run, size_t slot)
{
    size_t number = site_number(slot, run->generation[slot]);
    if (run->script->end == SCRIPT_KILLED) {
        (void)kill(run->processes[number], SIGKILL);
    } else {
        atomic_store(&run->ledger->is_stopping[number], true);
    }
    site_join(run, number);
    run->generation[slot]++;
    sem_post(&run->ledger->go[site_number(slot, run->generation[slot])]);
}

static bool
slot_has_next(const struct run *run, size_t slot)
{
    return run->generation[slot] + 1 < run->n_generations[slot];
}

/* ---- Striking ---- */

/* Until so many answers came, or none of them for a while. */
static void
run_await_answers(struct run *run, size_t n, int64_t timeout_ms)
{
    while (n > 0 && ledger_wait(&run->ledger->answers, timeout_ms)) {
        n--;
    }
}

static void
run_set_script(struct run *run)
{
    struct mongod_fault faults[SCRIPT_FAULTS];
    size_t n = script_faults(run->script, run->seed, faults);
    mongod_script(run->mongod, faults, n);
}

static void
run_come_back(struct run *run)
{
    if (!mongod_resume(run->mongod)) {
        ledger_blame(run->ledger, "the server cannot listen on its port again");
    }
}

/* Half of the brokers that are told to close find the server away, and it does not come
 * back before they did. */
static void
run_strike(struct run *run, size_t strike)
{
    enum mongod_action action = MONGOD_N_ACTIONS;
    int32_t ms = 0;
    uint64_t random = ledger_random(run->seed, 701, strike);
    size_t slot = (random >> 8) % run->n_slots;
    bool is_replaced = slot_has_next(run, slot);
    bool goes_away = run->script->goes_away && random % 2 == 0;
    if (is_replaced && run->script->end == SCRIPT_CLOSED) {
        (void)ledger_wait(
            &run->ledger->opened[site_number(slot, run->generation[slot])], START_MS);
    }
    if (script_state(run->script, random, &action, &ms)) {
        mongod_play(run->mongod, action, ms);
    }
    if (goes_away) {
        mongod_pause(run->mongod);
        run_await_answers(run, 2 + (random >> 16) % 8,
                          20 + (int64_t)(random >> 24) % 300);
    }
    if (is_replaced) {
        slot_replace(run, slot);
    }
    if (goes_away) {
        run_come_back(run);
    }
}

static void
run_begin(struct run *run)
{
    bool is_early = ledger_random(run->seed, 702, 0) % 4 == 0;
    if (is_early) {
        run_set_script(run);
    }
    for (size_t i = 0; i < run->n_slots; i++) {
        sem_post(&run->ledger->go[site_number(i, 0)]);
    }
    if (!is_early) {
        run_await_answers(run, 1 + ledger_random(run->seed, 702, 1) % 4, START_MS);
        run_set_script(run);
    }
}

/* Looks at the store as --check does, while it is written and struck. Not reaching it
 * is no fault; finding damage is. */
static void
run_check(struct run *run)
{
    char error[256] = "";
    int64_t verified = 0;
    struct store *store = NULL;
    struct store_options options = site_options(run->ledger->uri);
    options.is_read_only = true;
    enum status status = store_open(&options, &store, error, sizeof error);
    if (status == STATUS_OK) {
        status = store_verify(store, &verified, error, sizeof error);
    }
    store_close(store);
    /* An empty store is made by its first broker. */
    bool is_made = verified > 0 || ledger_wait(&run->ledger->answers, 0);
    if (status == STATUS_DATA_LOSS && is_made) {
        ledger_blame(run->ledger, "beside the brokers, after %lld: %s",
                     (long long)verified, error);
    }
}

static void
run_strikes(struct run *run)
{
    size_t checked = ledger_random(run->seed, 704, 0) % (2 * N_STRIKES);
    for (size_t i = 0; i < N_STRIKES; i++) {
        size_t n = 1 + ledger_random(run->seed, 703, i) % 12;
        run_await_answers(run, n, STRIKE_MS);
        if (i == checked) {
            run_check(run);
        }
        run_strike(run, i);
    }
    for (size_t i = 0; i < run->n_slots; i++) {
        while (slot_has_next(run, i)) {
            run_await_answers(run, 3, STRIKE_MS);
            slot_replace(run, i);
        }
    }
    run_await_answers(run, 8, STRIKE_MS);
}

/* ---- The end ---- */

/* Nothing strikes any more: every work comes to its end. */
static bool
run_end(struct run *run)
{
    struct mongod_documents log;
    mongod_script(run->mongod, NULL, 0);
    mongod_settle(run->mongod);
    for (size_t i = 0; i < run->n_slots; i++) {
        if (!ledger_wait(&run->ledger->ended[i], END_MS)) {
            ledger_blame(run->ledger, "the callers of broker %zu do not come to an end",
                         i);
            return false;
        }
    }
    mongod_read(run->mongod, "kontor.log", true, &log);
    atomic_store(&run->ledger->tail, (int64_t)log.n);
    mongod_documents_free(&log);
    for (size_t i = 0; i < run->n_slots; i++) {
        sem_post(&run->ledger->rest[site_number(i, run->generation[i])]);
    }
    run_each(run, site_join);
    return true;
}

static void
run_report(const struct run *run, struct report *report)
{
    const struct ledger *ledger = run->ledger;
    report->is_good = !atomic_load(&ledger->is_wrong);
    memcpy(report->text, ledger->wrong, sizeof report->text);
    report->n_commits = (uint64_t)atomic_load(&ledger->tail);
    for (size_t i = 0; i < LEDGER_CALLERS; i++) {
        for (size_t j = 0; j < LEDGER_WORKS; j++) {
            report->n_doubtful += ledger->records[i][j].is_doubtful ? 1 : 0;
        }
    }
    report->n_inserts = mongod_count(run->mongod, "insert");
    report->n_finds = mongod_count(run->mongod, "find");
    report->n_rollbacks = mongod_count_rollbacks(run->mongod);
    report->n_undone = mongod_count_undone(run->mongod);
}

static void
run_set_uri(struct run *run, bool is_set)
{
    enum { CALM_MS = 30000, SELECT_MS = 1500 };
    struct ledger *ledger = run->ledger;
    const char *set = is_set ? "replicaSet=rs0&" : "";
    unsigned port = mongod_port(run->mongod);
    (void)snprintf(ledger->uri, sizeof ledger->uri,
                   "mongodb://127.0.0.1:%u/kontor?%ssocketTimeoutMS=%d&"
                   "serverSelectionTimeoutMS=%d&connectTimeoutMS=1000",
                   port, set, run->script->socket_ms, SELECT_MS);
    (void)snprintf(ledger->calm_uri, sizeof ledger->calm_uri,
                   "mongodb://127.0.0.1:%u/kontor?%ssocketTimeoutMS=%d&"
                   "serverSelectionTimeoutMS=%d&connectTimeoutMS=%d",
                   port, set, CALM_MS, CALM_MS, CALM_MS);
}

void
run_play(const struct script *script, uint64_t seed, const struct store_faults *faults,
         struct report *report)
{
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        abort();
    }
    (void)alarm(HANG_S);
    *run = (struct run){.script = script, .seed = seed, .ledger = ledger_new()};
    run->n_slots = 1 + seed % LEDGER_SLOTS;
    const struct mongod_options options = {
        .is_replica_set = script->needs_set || seed / 2 % 4 != 0, .seed = seed};
    report->n_brokers = run->n_slots;
    report->is_set = options.is_replica_set;
    run_plan(run, faults);
    bool is_killed = script->end == SCRIPT_KILLED;
    if (is_killed) {
        run_each(run, site_begin_process);
    }
    run->mongod = mongod_start(&options);
    if (run->mongod == NULL) {
        abort();
    }
    run_set_uri(run, options.is_replica_set);
    if (!is_killed) {
        run_each(run, site_begin_thread);
    }
    run_begin(run);
    run_strikes(run);
    report->n_played = mongod_count_played(run->mongod);
    if (run_end(run)) {
        const struct judge judge = {.ledger = run->ledger,
                                    .mongod = run->mongod,
                                    .seed = seed,
                                    .keeps_softs = script->min_ms == 0 && !is_killed};
        judge_run(&judge);
    }
    run_report(run, report);
    if (report->is_good) {
        mongod_stop(run->mongod);
        ledger_free(run->ledger);
    }
    free(run);
}
