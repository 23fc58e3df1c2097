/*
 * Programs as callbacks. What a program is given cannot be misread by a shell, because
 * there is none.
 */
#include "tools/kontor/script.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/json_tree.h"
#include "tools/kontor/script_input.h"

/* Exit codes. Source: sysexits.h. */
enum {
    EXIT_CODE_NEVER = 65,  /* EX_DATAERR */
    EXIT_CODE_ABSENT = 66, /* EX_NOINPUT */
    EXIT_CODE_RETRY = 75,  /* EX_TEMPFAIL */
};

enum {
    ANSWER_MAX_SIZE = 1 << 20,
    GRACE_MAX_MS = 10000,
    LOOK_MS = 20,
};

/* One run of a program. */
struct script {
    struct arena *arena;
    struct kontor_job *job;
    const char *program;
    pid_t pid;
    int ended;  /* pidfd: readable once it ended; -1 = there is none. */
    int output; /* Its standard output. */
    char *answer;
    size_t n_answer;
    bool is_too_long; /* It wrote more than an answer may be. */
    int status;       /* As waitpid says. */
    bool has_backend_id;
    const char *undeliverable; /* Why its access details cannot be delivered. */
};

/* ---- Finding it ---- */

static bool
is_executable(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* An empty folder in PATH is the current one. */
bool
script_exists(const char *program, struct arena *arena)
{
    if (program[0] == '\0' || strchr(program, '/') != NULL) {
        return is_executable(program);
    }
    const char *folder = getenv("PATH");
    folder = folder == NULL ? "/bin:/usr/bin" : folder;
    for (;;) {
        size_t n = strcspn(folder, ":");
        const char *path =
            arena_print(arena, "%.*s%s%s", (int)n, folder, n > 0 ? "/" : "", program);
        if (is_executable(path)) {
            return true;
        }
        if (folder[n] == '\0') {
            return false;
        }
        folder += n + 1;
    }
}

/* ---- Running ---- */

/* A group of its own, so that what it starts ends with it; no signal blocked or
 * ignored; no descriptor but the three. */
static int
script_start(struct script *script, int input, int output)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                              POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    char *words[] = {(char *)(uintptr_t)script->program, NULL};
    int failed = posix_spawnp(
        &script->pid, script->program, &actions, &attributes, words,
        script_environment(kontor_job_claimed(script->job), script->arena));
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

/* What is too much is read all the same: a program nobody reads from would wait at its
 * full pipe for ever, and its job with it. */
static bool
script_drop(struct script *script)
{
    char rest[4096];
    ssize_t n = read(script->output, rest, sizeof rest);
    script->is_too_long = script->is_too_long || n > 0;
    return n > 0;
}

/* Takes what it wrote; false at the end. */
static bool
script_read(struct script *script)
{
    size_t room = ANSWER_MAX_SIZE - script->n_answer;
    if (room == 0) {
        return script_drop(script);
    }
    ssize_t n = read(script->output, script->answer + script->n_answer, room);
    script->n_answer += n > 0 ? (size_t)n : 0;
    return n > 0;
}

static bool
script_has_ended(const struct script *script)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)script->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == script->pid;
}

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long to wait for something to happen; -1 = for ever. Before Linux 5.3, behind a
 * filter, or out of descriptors nothing tells that a program ended: it is looked at. */
static int
wait_ms(const struct script *script, int64_t left_ms)
{
    int64_t most_ms = script->ended >= 0 ? INT_MAX : LOOK_MS;
    if (left_ms > most_ms) {
        return script->ended >= 0 ? -1 : LOOK_MS;
    }
    return left_ms > 0 ? (int)left_ms : 0;
}

/* Reads until it ended, or it is lost (answers false), or it is until_ms by now_ms,
 * whatever it says meanwhile. */
static bool
script_watch(struct script *script, int lost_fd, int64_t until_ms)
{
    struct pollfd polled[] = {
        {script->output, POLLIN, 0}, {script->ended, POLLIN, 0}, {lost_fd, POLLIN, 0}};
    for (;;) {
        int n = poll(polled, 3, wait_ms(script, until_ms - now_ms()));
        bool is_broken = n < 0 && errno != EINTR;
        if (n > 0 && polled[0].revents != 0 && !script_read(script)) {
            polled[0].fd = -1;
        }
        if (script_has_ended(script)) {
            return true;
        }
        if (is_broken || (n > 0 && polled[2].revents != 0) || now_ms() >= until_ms) {
            return false;
        }
    }
}

/* Ends it: politely, then for good, before the broker may give the job to another. */
static void
script_end(struct script *script)
{
    int64_t settle_ms = (int64_t)kontor_job_claimed(script->job)->settle_seconds * 1000;
    int64_t grace_ms =
        settle_ms > 0 && settle_ms / 2 < GRACE_MAX_MS ? settle_ms / 2 : GRACE_MAX_MS;
    kill(-script->pid, SIGTERM);
    if (!script_watch(script, -1, now_ms() + grace_ms)) {
        kill(-script->pid, SIGKILL);
    }
}

static void
script_wait(struct script *script)
{
    if (!script_watch(script, kontor_job_lost_fd(script->job), INT64_MAX)) {
        script_end(script);
    }
    while (waitpid(script->pid, &script->status, 0) < 0 && errno == EINTR) {
    }
    /* What it wrote last may still be in the pipe; something it left behind may hold
     * the pipe open. */
    struct pollfd rest = {script->output, POLLIN, 0};
    while (!script->is_too_long && poll(&rest, 1, 0) > 0 && script_read(script)) {
    }
    script->answer[script->n_answer] = '\0';
}

/* Runs it; false: it could not even be started, which the job is told. */
static bool
script_run(struct script *script)
{
    int input = script_input(kontor_job_claimed(script->job), script->arena);
    int pipes[2] = {-1, -1};
    int failed = errno;
    script->answer = arena_alloc(script->arena, ANSWER_MAX_SIZE + 1);
    if (input >= 0 && pipe2(pipes, O_CLOEXEC) == 0) {
        script->output = pipes[0];
        failed = script_start(script, input, pipes[1]);
        close(pipes[1]);
    }
    if (input >= 0) {
        close(input);
    }
    if (failed == 0) {
        script->ended = (int)syscall(SYS_pidfd_open, script->pid, 0);
        script_wait(script);
        if (script->ended >= 0) {
            close(script->ended);
        }
    } else {
        kontor_job_reason(script->job,
                          arena_print(script->arena, "%s could not be started: %s",
                                      script->program, strerror(failed)));
    }
    if (pipes[0] >= 0) {
        close(pipes[0]);
    }
    return failed == 0;
}

/* ---- Its answer ---- */

static const char *
text_member(const struct json_value *answer, const char *name)
{
    const struct json_value *value = json_tree_get(answer, name);
    return value != NULL && value->type == JSON_TYPE_TEXT ? value->text : NULL;
}

static void
take_outputs(const struct script *script, const struct json_value *outputs)
{
    for (size_t i = 0; i < outputs->n; i++) {
        const struct json_member *row = &outputs->members[i];
        const char *text = row->value.type == JSON_TYPE_TEXT
                               ? row->value.text
                               : json_tree_print(&row->value, script->arena);
        kontor_job_output(script->job, row->name, text);
    }
}

static void
take_endpoints(const struct script *script, const struct json_value *endpoints)
{
    for (size_t i = 0; i < endpoints->n; i++) {
        if (endpoints->elements[i].type == JSON_TYPE_TEXT) {
            kontor_job_endpoint(script->job, endpoints->elements[i].text);
        }
    }
}

/* A text as it is, anything else as JSON. */
static void
take_access(struct script *script, const struct json_value *access)
{
    struct kontor_error error = {0};
    char *copy = access->type == JSON_TYPE_TEXT
                     ? arena_copy(script->arena, access->text)
                     : json_tree_print(access, script->arena);
    size_t size = strlen(copy);
    enum kontor_status status =
        kontor_job_access(script->job, (struct kontor_bytes){copy, size}, &error);
    if (status != KONTOR_OK) {
        script->undeliverable = arena_copy(script->arena, error.message);
    }
    explicit_bzero(copy, size);
    kontor_error_done(&error);
}

/* Takes what it said; false: it said something that is no answer. */
static bool
take_answer(struct script *script)
{
    bool is_empty = script->answer[strspn(script->answer, " \t\r\n")] == '\0';
    if (is_empty) {
        return true;
    }
    struct faults faults = {.arena = script->arena};
    struct bytes bytes = {(const uint8_t *)script->answer, script->n_answer};
    const struct json_value *answer =
        json_tree_parse(bytes, "answer", script->arena, &faults);
    if (answer == NULL || answer->type != JSON_TYPE_OBJECT) {
        return false;
    }
    const char *backend_id = text_member(answer, "backend_id");
    if (backend_id != NULL && backend_id[0] != '\0') {
        script->has_backend_id = kontor_job_backend_id(script->job, backend_id);
    }
    const char *reason = text_member(answer, "reason");
    if (reason != NULL && reason[0] != '\0') {
        kontor_job_reason(script->job, reason);
    }
    const struct json_value *outputs = json_tree_get(answer, "outputs");
    if (outputs != NULL && outputs->type == JSON_TYPE_OBJECT) {
        take_outputs(script, outputs);
    }
    const struct json_value *endpoints = json_tree_get(answer, "endpoints");
    if (endpoints != NULL && endpoints->type == JSON_TYPE_LIST) {
        take_endpoints(script, endpoints);
    }
    const struct json_value *access = json_tree_get(answer, "access");
    if (access != NULL && access->type != JSON_TYPE_NULL) {
        take_access(script, access);
    }
    return true;
}

/* How its end is read. */
static const struct {
    int code;
    enum kontor_result result;
    bool is_for_lookup;
} script_codes[] = {{0, KONTOR_DONE, false},
                    {EXIT_CODE_RETRY, KONTOR_RETRY, false},
                    {EXIT_CODE_NEVER, KONTOR_NEVER, false},
                    {EXIT_CODE_ABSENT, KONTOR_ABSENT, true}};

/* What a program is run for. */
enum use { USE_PROVISION, USE_LOOKUP, USE_REMOVE, USE_PLAIN };

static enum kontor_result
code_result(int status, bool is_lookup)
{
    for (size_t i = 0; i < sizeof script_codes / sizeof script_codes[0]; i++) {
        if (WIFEXITED(status) && script_codes[i].code == WEXITSTATUS(status) &&
            (is_lookup || !script_codes[i].is_for_lookup)) {
            return script_codes[i].result;
        }
    }
    return KONTOR_NOBODY_KNOWS;
}

static enum kontor_result
script_result(struct script *script, enum use use)
{
    bool is_lookup = use == USE_LOOKUP || use == USE_REMOVE;
    bool needs_id = use == USE_LOOKUP || use == USE_PROVISION;
    const char *how = WIFEXITED(script->status) ? "exited with" : "was ended by signal";
    int code = WIFEXITED(script->status) ? WEXITSTATUS(script->status)
                                         : WTERMSIG(script->status);
    enum kontor_result result = code_result(script->status, is_lookup);
    kontor_job_reason(script->job, arena_print(script->arena, "%s %s %d",
                                               script->program, how, code));
    const char *wrong = NULL;
    if (script->is_too_long) {
        wrong = "answered more than 1 MiB";
    } else if (!take_answer(script)) {
        wrong = "answered something that is no JSON object";
    } else if (needs_id && !script->has_backend_id) {
        wrong = "answered no backend_id that is a text";
    } else if (script->undeliverable != NULL) {
        wrong = script->undeliverable;
    }
    /* An object may exist under an id that nobody could read: only EXIT_CODE_ABSENT
     * says that there is none. */
    if (result == KONTOR_DONE && wrong != NULL) {
        kontor_job_reason(script->job,
                          arena_print(script->arena, "%s exited with 0 but %s",
                                      script->program, wrong));
        return KONTOR_NOBODY_KNOWS;
    }
    return result == KONTOR_ABSENT && use == USE_REMOVE ? KONTOR_DONE : result;
}

static enum kontor_result
script_do(const char *program, struct kontor_job *job, enum use use)
{
    struct script script = {.arena = arena_new(), .job = job, .program = program};
    if (script.arena == NULL) {
        return KONTOR_RETRY;
    }
    enum kontor_result result = KONTOR_RETRY;
    if (script_run(&script)) {
        result = script_result(&script, use);
        explicit_bzero(script.answer, script.n_answer);
    }
    arena_free(script.arena);
    return result;
}

enum kontor_result
script_provision(const char *program, struct kontor_job *job)
{
    return script_do(program, job, USE_PROVISION);
}

enum kontor_result
script_lookup(const char *program, struct kontor_job *job)
{
    return script_do(program, job, USE_LOOKUP);
}

enum kontor_result
script_remove(const char *program, struct kontor_job *job)
{
    return script_do(program, job, USE_REMOVE);
}

enum kontor_result
script_plain(const char *program, struct kontor_job *job)
{
    return script_do(program, job, USE_PLAIN);
}
