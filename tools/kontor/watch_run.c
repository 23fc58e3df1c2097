/* Commands that follow changes, until the end, a signal, or nobody reads them. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/kontor/path.h"
#include "tools/kontor/run.h"
#include "tools/kontor/show.h"
#include "tools/kontor/signals.h"

/* One watch and the thread that waits for its signals. */
struct watch_run {
    struct cli *cli;
    sigset_t signals;
    pthread_mutex_t mutex; /* Guards all below. */
    struct kontor_watch *watch;
    bool is_stopped;
};

/* ---- Signals ---- */

/*
 * Before there is a watch, and when the first signal did not end it (somebody may have
 * stopped reading what it prints), nothing is worth waiting for.
 */
static void
watch_interrupt(struct watch_run *run)
{
    pthread_mutex_lock(&run->mutex);
    if (run->watch == NULL || run->is_stopped) {
        _exit(EXIT_STATUS + KONTOR_CANCELLED);
    }
    run->is_stopped = true;
    kontor_watch_stop(run->watch);
    pthread_mutex_unlock(&run->mutex);
}

static void *
watch_signals(void *context)
{
    struct watch_run *run = context;
    while (signals_wait(&run->signals) != SIGUSR1) {
        watch_interrupt(run);
    }
    return NULL;
}

static void
watch_hand_over(struct watch_run *run, struct kontor_watch *watch)
{
    pthread_mutex_lock(&run->mutex);
    run->watch = watch;
    pthread_mutex_unlock(&run->mutex);
}

/* ---- Lines ---- */

static void
watch_show(struct cli *cli, const Kontor__V1__RecordChange *change)
{
    if (cli->is_json) {
        show_json(cli, &change->base);
        fflush(stdout);
        return;
    }
    const char *what = path_enum(&kontor__v1__record_change__op__descriptor,
                                 (int)change->op, cli->arena);
    const char *by = change->actor;
    if (change->record_case == KONTOR__V1__RECORD_CHANGE__RECORD_ITEM) {
        what = path_enum(&kontor__v1__item_state__descriptor, (int)change->item->state,
                         cli->arena);
    } else if (change->record_case == KONTOR__V1__RECORD_CHANGE__RECORD_ORDER) {
        what = path_enum(&kontor__v1__order_state__descriptor,
                         (int)change->order->state, cli->arena);
    } else if (change->record_case == KONTOR__V1__RECORD_CHANGE__RECORD_NOTE) {
        by = arena_print(cli->arena, "%s  %s", change->note->text, change->actor);
    }
    show_line(stdout, "%s  %-9s %-32s  %-20s %s", path_time(change->at, cli->arena),
              change->kind, change->id, what, by);
    fflush(stdout);
}

/*
 * A watch that was stopped says where to go on: that is the cure. What was lost by a
 * reader that went away is said by whoever closes the output.
 */
static int
watch_end(struct watch_run *run, enum kontor_event event, struct kontor_watch *watch)
{
    struct cli *cli = run->cli;
    if (event == KONTOR_EVENT_END || event == KONTOR_EVENT_RECORD) {
        return EXIT_DONE;
    }
    if (event == KONTOR_EVENT_RELIST) {
        return cli_fail(cli->error.status,
                        "the position is gone (%s): list again and watch from there",
                        cli->error.reason);
    }
    pthread_mutex_lock(&run->mutex);
    bool is_stopped = run->is_stopped;
    pthread_mutex_unlock(&run->mutex);
    const Kontor__V1__Position *position = kontor_watch_position(watch);
    if (is_stopped && position != NULL) {
        return cli_fail(KONTOR_CANCELLED, "stopped; go on with --after %lld",
                        (long long)position->seq);
    }
    return cli_failed(cli);
}

/* Each line has an arena of its own: a watch runs for weeks. */
static enum kontor_event
watch_lines(struct cli *cli, struct kontor_watch *watch)
{
    const Kontor__V1__RecordChange *change = NULL;
    enum kontor_event event = kontor_watch_next(watch, -1, &change, &cli->error);
    struct arena *arena = cli->arena;
    struct arena *line = arena_new();
    while (event == KONTOR_EVENT_RECORD && line != NULL && !ferror(stdout)) {
        cli->arena = line;
        watch_show(cli, change);
        cli->arena = arena;
        arena_reset(line);
        if (!ferror(stdout)) {
            event = kontor_watch_next(watch, -1, &change, &cli->error);
        }
    }
    arena_free(line);
    return event;
}

/*
 * Asked for who one is first: a watch waits for a lost broker as long as it takes, and
 * would do so for one that was never there.
 */
static int
watch_follow(struct watch_run *run, Kontor__V1__WatchRequest *request)
{
    struct cli *cli = run->cli;
    int failed = cli_greet(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    const struct kontor_method *method =
        kontor_method(arena_print(cli->arena, "/kontor.v1.%s", cli->command->method));
    struct kontor_watch *watch = NULL;
    if (kontor_watch_open(cli->kontor, method, request, &watch, &cli->error) !=
        KONTOR_OK) {
        return cli_failed(cli);
    }
    watch_hand_over(run, watch);
    int code = watch_end(run, watch_lines(cli, watch), watch);
    watch_hand_over(run, NULL);
    kontor_watch_free(watch);
    return code;
}

/* The signals are blocked before any thread is made: all inherit it, one waits. */
int
run_watch(struct cli *cli)
{
    Kontor__V1__WatchRequest *request = (Kontor__V1__WatchRequest *)run_request(cli);
    if (request == NULL) {
        return EXIT_USAGE;
    }
    request->follow = cli_count(cli, "no-follow") == 0;
    struct watch_run run = {.cli = cli, .mutex = PTHREAD_MUTEX_INITIALIZER};
    signals_block(&run.signals);
    pthread_t thread;
    bool has_thread = pthread_create(&thread, NULL, watch_signals, &run) == 0;
    int code = watch_follow(&run, request);
    if (has_thread) {
        pthread_kill(thread, SIGUSR1);
        pthread_join(thread, NULL);
    }
    return code;
}
