/* Disks that are full, read-only or broken. */
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "tests/store/crash_vfs.h"
#include "tests/store/tamper.h"

static void
test_full_disk_refuses_and_recovers(struct fixture *f)
{
    enum { PAGES = 240 };
    char error[256] = "";
    uint8_t *large = arena_alloc(f->arena, 100000);
    struct document got;
    int64_t n_stored = 0;
    f->mode.faults.max_pages = PAGES;
    fixture_reopen(f);
    enum status status = STATUS_OK;
    while (status == STATUS_OK && n_stored < PAGES) {
        struct draft draft = fixture_draft(
            f, KIND_SEAL, arena_print(f->arena, "s/%lld", (long long)n_stored), 0, "",
            (struct bytes){large, 100000});
        status = fixture_commit(f, draft, NULL);
        n_stored += status == STATUS_OK ? 1 : 0;
    }
    assert_int_equal(status, STATUS_UNAVAILABLE);
    assert_true(n_stored > 0);
    store_failure(f->store, error, sizeof error);
    assert_non_null(strstr(error, "make room"));
    /* Reading goes on; nothing of what was refused is there; what fits is still taken.
     */
    assert_int_equal(store_applied(f->store), n_stored);
    assert_int_equal(store_get(f->reader, KIND_SEAL,
                               arena_print(f->arena, "s/%lld", (long long)n_stored),
                               NULL, 0, f->arena, &got),
                     STATUS_NOT_FOUND);
    fixture_verify(f);
    f->mode.faults.max_pages = 0;
    fixture_reopen(f);
    assert_int_equal(
        fixture_put(f, KIND_SEAL, "more", 0, "", (struct bytes){large, 100000}),
        n_stored + 1);
    fixture_verify(f);
}

/* Whether this process has a table of mounts of its own. */
static bool is_alone;

/*
 * A file system that is full or read-only needs root and mount. Mounts are this
 * process's own, so that none outlives a test that fails. false: not here.
 */
static bool
mount_at(const char *folder, unsigned long flags, const char *options)
{
    bool is_private =
        is_alone && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    if (is_private && mount("tmpfs", folder, "tmpfs", flags, options) == 0) {
        return true;
    }
    print_message("cannot mount here: this part is skipped\n");
    return false;
}

static void
test_full_file_system_refuses_and_recovers(struct fixture *f)
{
    char *folder = arena_print(f->arena, "%s/small", f->folder);
    uint8_t *large = arena_alloc(f->arena, 100000);
    assert_int_equal(mkdir(folder, 0700), 0);
    if (!mount_at(folder, 0, "size=4m")) {
        return;
    }
    fixture_shut(f);
    f->options.uri = arena_print(f->arena, "sqlite:%s/store.db", folder);
    fixture_reopen(f);
    int64_t n_stored = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && n_stored < 100) {
        struct draft draft = fixture_draft(
            f, KIND_SEAL, arena_print(f->arena, "s/%lld", (long long)n_stored), 0, "",
            (struct bytes){large, 100000});
        status = fixture_commit(f, draft, NULL);
        n_stored += status == STATUS_OK ? 1 : 0;
    }
    assert_int_equal(status, STATUS_UNAVAILABLE);
    assert_int_equal(store_applied(f->store), n_stored);
    fixture_verify(f);
    assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=64m"), 0);
    assert_int_equal(
        fixture_put(f, KIND_SEAL, "more", 0, "", (struct bytes){large, 100000}),
        n_stored + 1);
    fixture_verify(f);
    fixture_shut(f);
    assert_int_equal(umount(folder), 0);
}

static void
test_read_only_file_system_is_told_and_can_be_read(struct fixture *f)
{
    char error[256] = "";
    struct store *store = NULL;
    char *folder = arena_print(f->arena, "%s/still", f->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    if (!mount_at(folder, 0, "size=16m")) {
        return;
    }
    fixture_shut(f);
    f->options.uri = arena_print(f->arena, "sqlite:%s/store.db", folder);
    fixture_reopen(f);
    tamper_fill(f);
    fixture_shut(f);
    assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
    tamper_expect_no_open(f, f->options.uri, "Read-only file system");
    struct store_options options = f->options;
    options.is_read_only = true;
    int64_t verified = 0;
    if (store_open(&options, &store, error, sizeof error) != STATUS_OK) {
        fail_msg("%s", error);
    }
    assert_int_equal(store_verify(store, &verified, error, sizeof error), STATUS_OK);
    assert_int_equal(verified, 4);
    store_close(store);
    assert_int_equal(umount(folder), 0);
}

/* A broker whose disk fails at a sync: exits 0 when the process outlives it, 1 when the
 * caller got an answer. */
static void
answer_is_wrong(struct work *work, const struct outcome *outcome)
{
    (void)work;
    (void)outcome;
    _exit(1);
}

static void
run_on_a_broken_disk(struct fixture *f, int error_pipe)
{
    char error[256] = "";
    struct store *store = NULL;
    dup2(error_pipe, STDERR_FILENO);
    crash_vfs_install();
    crash_vfs_watch(f->folder);
    if (store_open(&f->options, &store, error, sizeof error) != STATUS_OK) {
        _exit(2);
    }
    struct work work = {.done = answer_is_wrong, .is_decided = true};
    work.draft = fixture_draft(f, KIND_SEAL, "s", 0, "", (struct bytes){NULL, 0});
    crash_vfs_break_syncs();
    if (store_submit(store, &work) != STATUS_OK) {
        _exit(3);
    }
    store_close(store);
    _exit(0);
}

static void
test_sync_error_ends_the_process_without_an_answer(struct fixture *f)
{
    int ends[2];
    char text[512] = "";
    int status = 0;
    fixture_shut(f);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        run_on_a_broken_disk(f, ends[1]);
    }
    close(ends[1]);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EX_IOERR);
    assert_non_null(strstr(text, "the process ends"));
    assert_non_null(strstr(text, f->folder));
    fixture_reopen(f);
    fixture_verify(f);
}

/* ---- Every step ---- */

enum { N_WRITTEN = 4, MAX_STEPS = 500 };

/* What the power cut of a step leaves: everything synced and some of the rest. */
struct cut {
    const char *image; /* Its folder. */
    uint64_t random;
};

static void
cut_power(void *context)
{
    struct cut *cut = context;
    crash_vfs_image(cut->image, &cut->random);
    (void)kill(getpid(), SIGKILL);
}

static void
tell_answer(struct work *work, const struct outcome *outcome)
{
    (void)work;
    (void)!write(STDOUT_FILENO, outcome->status == STATUS_OK ? "+" : "-", 1);
}

/* Makes a store, writes, checkpoints after each batch, closes; and is killed before a
 * step of it. */
static void
run_until_step(struct fixture *f, struct cut *cut, size_t step, int answers)
{
    char error[256] = "";
    struct store *store = NULL;
    struct work works[N_WRITTEN];
    const struct store_mode mode = {.faults = {.checkpoint_pages = 1}};
    dup2(answers, STDOUT_FILENO);
    crash_vfs_install();
    crash_vfs_watch(f->folder);
    crash_vfs_before(step, cut_power, cut);
    if (store_inner_open(&f->options, &mode, &store, error, sizeof error) !=
        STATUS_OK) {
        _exit(2);
    }
    for (int i = 0; i < N_WRITTEN; i++) {
        works[i] = (struct work){.done = tell_answer, .is_decided = true};
        works[i].draft =
            fixture_draft(f, KIND_PAPER, arena_print(f->arena, "p/%d", i), 0, "=r:a",
                          fixture_doc(f, "x", i, 5000, "ann", "hush"));
        if (store_submit(store, &works[i]) != STATUS_OK) {
            _exit(3);
        }
    }
    store_close(store);
    _exit(0);
}

/* Whether the child was killed; *n_answered is how many commits it had answered. */
static bool
kill_at_step(struct fixture *f, struct cut *cut, size_t step, int64_t *n_answered)
{
    int ends[2];
    int status = 0;
    char answers[N_WRITTEN];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        run_until_step(f, cut, step, ends[1]);
    }
    close(ends[1]);
    *n_answered = 0;
    for (ssize_t n = 1; n > 0;) {
        n = read(ends[0], answers, sizeof answers);
        *n_answered += n > 0 ? n : 0;
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

/* Everything that was answered is there, all that is there is whole, and it goes on. */
static void
expect_answered(struct fixture *f, size_t step, const char *uri, int64_t n_answered)
{
    char error[256] = "";
    int64_t verified = 0;
    struct store *store = NULL;
    struct store_options options = f->options;
    options.uri = uri;
    enum status status = store_open(&options, &store, error, sizeof error);
    if (status == STATUS_OK) {
        status = store_verify(store, &verified, error, sizeof error);
    }
    if (status != STATUS_OK || verified < n_answered) {
        fail_msg("step %zu, %s: %lld answered, %lld there: %s", step, uri,
                 (long long)n_answered, (long long)verified, error);
    }
    store_close(store);
}

static void
test_killed_or_without_power_at_every_step_nothing_answered_is_lost(struct fixture *f)
{
    size_t step = 0;
    bool is_killed = true;
    struct cut cut = {.random = 0x9e3779b97f4a7c15U};
    print_message("seed %llx\n", (unsigned long long)cut.random);
    /* A process that forks must not have a second thread: a child of one that has may
     * start none where threads are watched. */
    fixture_shut(f);
    while (is_killed) {
        int64_t n_answered = 0;
        struct fixture *one = test_calloc(1, sizeof *one);
        assert_true(++step < MAX_STEPS);
        fixture_open(one, f->backend);
        fixture_shut(one);
        one->options.uri = fixture_address(one, "new");
        cut.image = arena_print(one->arena, "%s/image", one->folder);
        assert_int_equal(mkdir(cut.image, 0700), 0);
        is_killed = kill_at_step(one, &cut, step, &n_answered);
        expect_answered(one, step, one->options.uri, n_answered);
        if (is_killed) {
            expect_answered(one, step, arena_print(one->arena, "%s/new.db", cut.image),
                            n_answered);
        }
        fixture_close(one);
        test_free(one);
        (void)crash_random(&cut.random);
    }
    print_message("%zu steps\n", step - 1);
    /* Making the file, two transactions and N_WRITTEN commits take some. */
    assert_true(step > 2 * N_WRITTEN);
}

static const struct fixture_case cases[] = {
    {"test_killed_or_without_power_at_every_step_nothing_answered_is_lost",
     test_killed_or_without_power_at_every_step_nothing_answered_is_lost},
    {"test_full_disk_refuses_and_recovers", test_full_disk_refuses_and_recovers},
    {"test_full_file_system_refuses_and_recovers",
     test_full_file_system_refuses_and_recovers},
    {"test_read_only_file_system_is_told_and_can_be_read",
     test_read_only_file_system_is_told_and_can_be_read},
    {"test_sync_error_ends_the_process_without_an_answer",
     test_sync_error_ends_the_process_without_an_answer},
};

int
main(void)
{
    /* Before there is a second thread: a mount of one thread's is not seen by the
     * others. */
    is_alone = unshare(CLONE_NEWNS) == 0;
    return fixture_run_on(fixture_backend("sqlite"), "disks", cases,
                          sizeof cases / sizeof cases[0]);
}
