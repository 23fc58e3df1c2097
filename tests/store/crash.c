/*
 * The crash test. A process writes; another, which is never killed, keeps the
 * acknowledgements; the writer is killed with commits in flight, or the power of its
 * disk is cut. Then every acknowledged commit must be there, none twice, the chain
 * whole and the documents equal to a replay. Faults planted in the store must make the
 * test fail.
 *
 * usage: crash [seed]
 */
#include <ftw.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/store/crash_judge.h"
#include "tests/store/crash_vfs.h"

enum {
    N_WANTED = 100, /* Rounds with commits in flight. */
    MAX_ROUNDS = 300,
    ROUNDS_PER_STORE = 10, /* Then a fresh store, so that verifying stays quick. */
    IN_FLIGHT = 48,
    CHECKPOINT_PAGES = 100, /* So that crashes meet checkpoints, too. */
    MAX_ACKS_PER_ROUND = 120,
    MAX_FAILED_ROUNDS = 3, /* A planted fault needs no more to be noticed. */
};

/* What the writer tells: a commit was asked for, or answered. */
struct report {
    uint32_t number;
    bool is_answer;
    int64_t seq;
};

/* One run of rounds with one set of faults. */
struct run {
    uint64_t random;
    struct store_faults faults;
    char folder[64];
    char path[96];
    char uri[112];
    struct ledger *ledger;
    size_t n_rounds;
    size_t n_in_flight; /* Rounds with commits in flight. */
    size_t n_unsynced;  /* Rounds with writes no sync had covered. */
    size_t n_answered;
    size_t n_failed; /* Rounds that broke a promise. */
    bool is_quiet;   /* Failures are expected. */
};

/* ---- The work: a new paper, and a count that every work must change. ---- */

struct job {
    struct work work;
    struct draft_change changes[2];
    char id[24];
    char count[24];
    struct arena *arena;
    uint32_t number;
    struct writer *writer;
};

struct writer {
    struct store *store;
    int pipe; /* -1: the ledger is in this process. */
    struct ledger *ledger;
    sem_t room;
    _Atomic int64_t answered; /* Highest seq answered. */
};

static enum status
job_decide(struct work *work, struct store_reader *reader)
{
    struct job *job = (struct job *)work;
    struct document count = {.revision = 0};
    arena_reset(job->arena);
    enum status status =
        store_get(reader, KIND_SEAL, "count", NULL, 0, job->arena, &count);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    long n =
        status == STATUS_OK
            ? strtol(arena_copy_n(job->arena, count.w.data, count.w.size), NULL, 10)
            : 0;
    int size = snprintf(job->count, sizeof job->count, "%ld", n + 1);
    (void)snprintf(job->id, sizeof job->id, "p/%u", job->number);
    job->changes[0] =
        (struct draft_change){.kind = KIND_SEAL, .id = "count", .was = count.revision};
    job->changes[0].op = KONTOR__V1__CHANGE__OP__PUT;
    job->changes[0].doc = (struct bytes){(const uint8_t *)job->count, (size_t)size};
    job->changes[1] = (struct draft_change){.kind = KIND_PAPER, .id = job->id};
    job->changes[1].op = KONTOR__V1__CHANGE__OP__PUT;
    job->changes[1].doc = (struct bytes){(const uint8_t *)"\x2a\x03"
                                                          "abc",
                                         5};
    work->draft.changes = job->changes;
    work->draft.n_changes = 2;
    work->draft.actor = "crash";
    return STATUS_OK;
}

static void
writer_tell(const struct writer *writer, const struct report *report)
{
    if (writer->pipe < 0) {
        writer->ledger->is_asked[report->number] = true;
        writer->ledger->seqs[report->number] = report->seq;
        return;
    }
    if (write(writer->pipe, report, sizeof *report) != (ssize_t)sizeof *report) {
        _exit(3);
    }
}

static void
job_done(struct work *work, const struct outcome *outcome)
{
    struct job *job = (struct job *)work;
    struct writer *writer = job->writer;
    if (outcome->status != STATUS_OK) {
        (void)fprintf(stderr, "a work failed with %s\n", status_name(outcome->status));
        _exit(4);
    }
    struct report report = {
        .number = job->number, .is_answer = true, .seq = outcome->commit->seq};
    writer_tell(writer, &report);
    if (report.seq > atomic_load(&writer->answered)) {
        atomic_store(&writer->answered, report.seq);
    }
    arena_free(job->arena);
    free(job);
    sem_post(&writer->room);
}

static void
writer_ask(struct writer *writer, uint32_t number)
{
    struct job *job = calloc(1, sizeof *job);
    job->work = (struct work){.decide = job_decide, .done = job_done};
    job->arena = arena_new();
    job->number = number;
    job->writer = writer;
    draft_set_eid(&job->work.draft, number + 1, 1);
    while (sem_wait(&writer->room) != 0) {
    }
    if (writer->pipe >= 0) {
        writer_tell(writer,
                    &(struct report){.number = number, .is_answer = false, .seq = 0});
    }
    if (store_submit(writer->store, &job->work) != STATUS_OK) {
        _exit(5);
    }
}

/* Whether what is left keeps every promise about what was answered up to a position. */
static bool
run_judge(const struct run *run, const char *uri, int64_t until)
{
    const char *wrong = crash_judge(run->ledger, uri, until);
    if (wrong != NULL && !run->is_quiet) {
        (void)fprintf(stderr, "round %zu: %s\n", run->n_rounds, wrong);
    }
    return wrong == NULL;
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void
run_fresh_store(struct run *run)
{
    if (run->folder[0] != '\0') {
        (void)nftw(run->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    (void)snprintf(run->folder, sizeof run->folder, "/tmp/kontor-crash-XXXXXX");
    if (mkdtemp(run->folder) == NULL) {
        abort();
    }
    (void)snprintf(run->path, sizeof run->path, "%s/store.db", run->folder);
    (void)snprintf(run->uri, sizeof run->uri, "sqlite:%s", run->path);
    memset(run->ledger, 0, sizeof *run->ledger);
}

static void
writer_init(struct writer *writer, struct run *run, int pipe)
{
    *writer = (struct writer){.pipe = pipe, .ledger = run->ledger};
    if (sem_init(&writer->room, 0, IN_FLIGHT) != 0) {
        abort();
    }
    writer->store = crash_open(run->uri, &run->faults);
    if (writer->store == NULL) {
        _exit(6);
    }
}

/* ---- Killing ---- */

/* The writer's process: first what was asked for and never answered, again; then new
 * works until it is killed. */
static void
kill_child(struct run *run, int pipe)
{
    struct writer writer;
    const struct ledger *ledger = run->ledger;
    writer_init(&writer, run, pipe);
    for (uint32_t i = 0; i < ledger->n_asked; i++) {
        if (ledger->is_asked[i] && ledger->seqs[i] == 0) {
            writer_ask(&writer, i);
        }
    }
    for (uint32_t i = ledger->n_asked; i < MAX_COMMITS; i++) {
        writer_ask(&writer, i);
    }
    _exit(7);
}

/* Takes one report; false at the end. An answer that differs from an earlier one is a
 * commit that was made twice. */
static bool
kill_take(struct run *run, int pipe, bool *is_broken, size_t *n_answers)
{
    struct report report;
    ssize_t size = read(pipe, &report, sizeof report);
    if (size != (ssize_t)sizeof report) {
        return false;
    }
    struct ledger *ledger = run->ledger;
    ledger->is_asked[report.number] = true;
    ledger->n_asked =
        report.number >= ledger->n_asked ? report.number + 1 : ledger->n_asked;
    if (report.is_answer) {
        int64_t before = ledger->seqs[report.number];
        *is_broken = *is_broken || (before != 0 && before != report.seq);
        ledger->seqs[report.number] = report.seq;
        (*n_answers)++;
    }
    return true;
}

static void
spin_us(uint64_t us)
{
    struct timespec start;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((uint64_t)((now.tv_sec - start.tv_sec) * 1000000 +
                        (now.tv_nsec - start.tv_nsec) / 1000) < us);
}

static void
kill_round(struct run *run)
{
    int ends[2];
    bool is_broken = false;
    size_t n_answers = 0;
    size_t wanted = 1 + crash_random(&run->random) % MAX_ACKS_PER_ROUND;
    /* Half of the kills follow an answer at once, the others some time into what comes
     * next. */
    uint64_t delay_us =
        crash_random(&run->random) % 2 * (crash_random(&run->random) % 1500);
    if (pipe(ends) != 0) {
        abort();
    }
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        kill_child(run, ends[1]);
    }
    close(ends[1]);
    while (n_answers < wanted && kill_take(run, ends[0], &is_broken, &n_answers)) {
    }
    spin_us(delay_us);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    while (kill_take(run, ends[0], &is_broken, &n_answers)) {
    }
    close(ends[0]);
    bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    size_t n_open = 0;
    for (uint32_t i = 0; i < run->ledger->n_asked; i++) {
        n_open += run->ledger->is_asked[i] && run->ledger->seqs[i] == 0 ? 1 : 0;
    }
    run->n_in_flight += n_open > 0 && is_killed ? 1 : 0;
    run->n_answered += n_answers;
    bool is_good = run_judge(run, run->uri, INT64_MAX) && !is_broken && is_killed;
    run->n_failed += is_good ? 0 : 1;
}

/* ---- Cutting the power ---- */

/* Half of the cuts come at any moment, the others while something is not synced. */
static void
image_wait(struct run *run, const struct writer *writer)
{
    size_t n_pending = 0;
    size_t n_syncs = 0;
    if (crash_random(&run->random) % 2 == 0) {
        spin_us(crash_random(&run->random) % 1000);
        return;
    }
    while (n_pending == 0 && atomic_load(&writer->answered) < run->ledger->n_asked) {
        crash_vfs_counts(&n_pending, &n_syncs);
    }
    spin_us(crash_random(&run->random) % 200);
}

static void
image_take(struct run *run, struct writer *writer, const char *folder,
           int64_t *answered)
{
    size_t n_pending = 0;
    size_t n_syncs = 0;
    image_wait(run, writer);
    /* What was answered before the cut must be in the image; what is answered later
     * need not. */
    *answered = atomic_load(&writer->answered);
    crash_vfs_counts(&n_pending, &n_syncs);
    crash_vfs_image(folder, &run->random);
    run->n_in_flight += *answered < run->ledger->n_asked ? 1 : 0;
    run->n_unsynced += n_pending > 0 ? 1 : 0;
}

static void
image_drain(struct writer *writer)
{
    for (int i = 0; i < IN_FLIGHT; i++) {
        while (sem_wait(&writer->room) != 0) {
        }
    }
    for (int i = 0; i < IN_FLIGHT; i++) {
        sem_post(&writer->room);
    }
}

static void
image_round(struct run *run, struct writer *writer)
{
    char folder[96];
    char uri[128];
    int64_t answered = 0;
    size_t n = IN_FLIGHT + crash_random(&run->random) % MAX_ACKS_PER_ROUND;
    (void)snprintf(folder, sizeof folder, "%s.image", run->folder);
    (void)snprintf(uri, sizeof uri, "sqlite:%s/store.db", folder);
    if (mkdir(folder, 0700) != 0) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        writer_ask(writer, run->ledger->n_asked++);
    }
    image_take(run, writer, folder, &answered);
    image_drain(writer);
    run->n_answered += n;
    run->n_failed += run_judge(run, uri, answered) ? 0 : 1;
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- Runs ---- */

static bool
run_goes_on(const struct run *run)
{
    return run->n_in_flight < N_WANTED && run->n_rounds < MAX_ROUNDS &&
           run->n_failed < MAX_FAILED_ROUNDS;
}

static void
run_kills(struct run *run)
{
    for (; run_goes_on(run); run->n_rounds++) {
        if (run->n_rounds % ROUNDS_PER_STORE == 0) {
            run_fresh_store(run);
        }
        kill_round(run);
    }
}

static void
run_images(struct run *run)
{
    while (run_goes_on(run)) {
        struct writer writer;
        run_fresh_store(run);
        crash_vfs_watch(run->folder);
        writer_init(&writer, run, -1);
        for (int i = 0; i < ROUNDS_PER_STORE && run_goes_on(run);
             i++, run->n_rounds++) {
            image_round(run, &writer);
        }
        store_close(writer.store);
        sem_destroy(&writer.room);
        crash_vfs_watch("");
    }
}

static const struct {
    const char *name;
    void (*run)(struct run *run);
    struct store_faults faults;
    bool is_planted; /* Then the run must fail. */
} runs[] = {
    {"kill -9", run_kills, {.checkpoint_pages = CHECKPOINT_PAGES}, false},
    {"power cut", run_images, {.checkpoint_pages = CHECKPOINT_PAGES}, false},
    {"kill -9, answering before the commit",
     run_kills,
     {.answers_before_commit = true},
     true},
    {"power cut, answering before the commit",
     run_images,
     {.answers_before_commit = true},
     true},
    {"power cut, without syncs", run_images, {.skips_sync = true}, true},
};

/* Whether a run came out as it must. */
static bool
run_one(size_t i, uint64_t seed)
{
    struct run run = {.random = seed * 2654435761U + i + 1,
                      .faults = runs[i].faults,
                      .is_quiet = runs[i].is_planted};
    run.ledger = calloc(1, sizeof *run.ledger);
    runs[i].run(&run);
    (void)nftw(run.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(run.ledger);
    printf("%s: %zu rounds, %zu with commits in flight, %zu with unsynced writes, %zu "
           "answers, %zu rounds "
           "failed%s\n",
           runs[i].name, run.n_rounds, run.n_in_flight, run.n_unsynced, run.n_answered,
           run.n_failed, runs[i].is_planted ? " (a fault is planted: some must)" : "");
    if (runs[i].is_planted) {
        return run.n_failed > 0;
    }
    return run.n_failed == 0 && run.n_in_flight >= N_WANTED;
}

int
main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
    bool is_good = true;
    printf("seed %llu\n", (unsigned long long)seed);
    crash_vfs_install();
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        bool is_as_it_must = run_one(i, seed);
        is_good = is_good && is_as_it_must;
    }
    printf("%s\n", is_good ? "passed" : "FAILED");
    return is_good ? 0 : 1;
}
