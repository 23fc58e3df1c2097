#include "tests/store/steps.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/crash_vfs.h"

enum { MAX_STEPS = 2000 };

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

static bool
step_kills(struct fixture *f, const struct steps *steps, struct cut *cut, size_t step)
{
    int status = 0;
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        crash_vfs_install();
        crash_vfs_watch(f->folder);
        crash_vfs_before(step, cut_power, cut);
        steps->run(f);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void
step_judge(struct fixture *f, const struct steps *steps, bool is_over)
{
    fixture_reopen(f);
    steps->judge(f, is_over);
    fixture_shut(f);
}

static bool
step_walk(struct fixture *f, const struct steps *steps, struct cut *cut, size_t step)
{
    steps->fill(f);
    fixture_shut(f);
    cut->image = arena_print(f->arena, "%s/image", f->folder);
    assert_int_equal(mkdir(cut->image, 0700), 0);
    bool is_killed = step_kills(f, steps, cut, step);
    step_judge(f, steps, !is_killed);
    if (is_killed) {
        f->options.uri = arena_print(f->arena, "sqlite:%s/store.db", cut->image);
        step_judge(f, steps, false);
    }
    return is_killed;
}

void
steps_walk(struct fixture *f, const struct steps *steps)
{
    size_t step = 0;
    bool is_killed = true;
    struct cut cut = {.random = 0x9e3779b97f4a7c15U};
    print_message("seed %llx\n", (unsigned long long)cut.random);
    /* A process that forks must not have a second thread. */
    fixture_shut(f);
    while (is_killed) {
        struct fixture *one = test_calloc(1, sizeof *one);
        assert_true(++step < MAX_STEPS);
        fixture_open(one, f->backend);
        is_killed = step_walk(one, steps, &cut, step);
        fixture_close(one);
        test_free(one);
        (void)crash_random(&cut.random);
    }
    print_message("%zu steps\n", step - 1);
    assert_true(step > steps->n_least);
}
