/*
 * Backup and audit. A new file is written beside its name and renamed once it is on
 * disk; one that is there is judged, cut to its last whole record, and continued behind
 * its end, which stays: a run that fails takes back what it wrote.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/export.h"
#include "proto/json_tree.h"
#include "tools/kontor/own.h"

struct backup {
    struct cli *cli;
    const char *path;    /* As given. */
    const char *writing; /* The file being written: path, or the new one beside it. */
    FILE *stream;
    struct export_file file; /* What was there. */
    struct chain chain;      /* Up to the last commit written. */
    int64_t n_new;
};

static int
backup_io(const struct backup *backup)
{
    return cli_fail(KONTOR_INTERNAL, "%s: %s", backup->writing, strerror(errno));
}

/* ---- Judging what is there ---- */

/* A person is told of erasures when there are some; a program's fields do not change.
 */
static void
verify_show(const struct cli *cli, const char *path, const struct export_file *file)
{
    long long n_erased = (long long)file->erasures.n_erased;
    if (cli->is_json) {
        printf("{\"commits\": \"%lld\", \"seq\": \"%lld\", \"erased\": \"%lld\"}\n",
               (long long)file->n_commits, (long long)file->chain.seq, n_erased);
        return;
    }
    printf("%s  %lld commits after %lld, chain verified to %lld", path,
           (long long)file->n_commits, (long long)file->header->after,
           (long long)file->chain.seq);
    if (n_erased > 0) {
        printf(", %lld erased", n_erased);
    }
    printf("\n");
}

int
own_verify(struct cli *cli)
{
    const char *path = cli->arguments[0];
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        return cli_usage(cli, "%s: %s", path, strerror(errno));
    }
    struct export_file file = {.stream = stream, .arena = cli->arena};
    const char *wrong = export_read(&file);
    fclose(stream);
    if (wrong == NULL) {
        wrong = export_judge_end(&file);
    }
    if (wrong != NULL) {
        return cli_fail(KONTOR_DATA_LOSS, "%s: %s (good up to %lld)", path, wrong,
                        (long long)file.chain.seq);
    }
    verify_show(cli, path, &file);
    return EXIT_DONE;
}

/* Opens what is to be written; EXIT_DONE or the exit code. */
static int
backup_open(struct backup *backup)
{
    struct cli *cli = backup->cli;
    backup->writing = backup->path;
    backup->stream = fopen(backup->path, "r+e");
    if (backup->stream == NULL) {
        backup->writing = arena_print(cli->arena, "%s.new", backup->path);
        backup->stream = errno == ENOENT ? fopen(backup->writing, "we") : NULL;
        return backup->stream == NULL ? backup_io(backup) : EXIT_DONE;
    }
    backup->file.stream = backup->stream;
    const char *wrong = export_read(&backup->file);
    if (wrong == NULL && backup->file.whole == 0 && !backup->file.is_cut) {
        wrong = export_judge_end(&backup->file);
    }
    if (wrong == NULL && backup->file.header == NULL) {
        wrong = "it ends inside its header: remove it";
    }
    if (wrong != NULL) {
        return cli_fail(KONTOR_DATA_LOSS, "%s: %s", backup->path, wrong);
    }
    backup->chain = backup->file.chain;
    if (ftruncate(fileno(backup->stream), backup->file.whole) != 0 ||
        fseeko(backup->stream, backup->file.whole, SEEK_SET) != 0) {
        return backup_io(backup);
    }
    return EXIT_DONE;
}

/* ---- Writing ---- */

/* The first message says which log this is: a new file gets its header, an old one must
 * be of it. */
static int
backup_begin(struct backup *backup, const Kontor__V1__ReadLogResponse *start)
{
    if (backup->file.header != NULL) {
        const struct chain *chain = &backup->file.chain;
        bool is_same = chain->seq == 0 ||
                       (start->anchor.len == DIGEST_SIZE &&
                        memcmp(start->anchor.data, chain->hash, DIGEST_SIZE) == 0);
        if (!is_same || start->n_histories != backup->file.header->n_histories) {
            return cli_fail(KONTOR_FAILED_PRECONDITION,
                            "%s is of another log, or of one before a restore: "
                            "write a new file",
                            backup->path);
        }
        return EXIT_DONE;
    }
    Kontor__V1__ExportHeader header = KONTOR__V1__EXPORT_HEADER__INIT;
    header.format = (char *)(uintptr_t)EXPORT_FORMAT;
    header.histories = start->histories;
    header.n_histories = start->n_histories;
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_HEADER;
    record.header = &header;
    return export_write(backup->stream, &record) ? EXIT_DONE : backup_io(backup);
}

/* Progress only for a person: a log of a cron job needs no carriage returns. */
static int
backup_commit(struct backup *backup, const Kontor__V1__Commit *commit)
{
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_COMMIT;
    record.commit = (Kontor__V1__Commit *)(uintptr_t)commit;
    if (commit->hash.len != DIGEST_SIZE) {
        return cli_fail(KONTOR_DATA_LOSS, "the broker's commit %lld has no hash",
                        (long long)commit->seq);
    }
    memcpy(backup->chain.hash, commit->hash.data, DIGEST_SIZE);
    backup->chain.seq = commit->seq;
    backup->n_new++;
    if (backup->n_new % 1000 == 0 && isatty(STDERR_FILENO)) {
        fprintf(stderr, "\rkontor: %lld commits", (long long)backup->n_new);
    }
    return export_write(backup->stream, &record) ? EXIT_DONE : backup_io(backup);
}

static bool
backup_sync(const struct backup *backup)
{
    return fflush(backup->stream) == 0 && fsync(fileno(backup->stream)) == 0;
}

/*
 * The end says that all before it is there, so all before it is on disk first: after a
 * power cut a file either has no end or what the end speaks of. A file that was whole
 * and to which nothing came needs no second one.
 */
static int
backup_end(struct backup *backup)
{
    const struct export_file *file = &backup->file;
    bool was_whole = file->whole > 0 && file->sealed == file->whole;
    if (was_whole && backup->n_new == 0) {
        return EXIT_DONE;
    }
    bool is_written =
        backup_sync(backup) && export_write_end(backup->stream, &backup->chain,
                                                file->n_commits + backup->n_new);
    return is_written ? EXIT_DONE : backup_io(backup);
}

static int
backup_copy(struct backup *backup, struct kontor_log *log)
{
    struct cli *cli = backup->cli;
    const Kontor__V1__Commit *commit = NULL;
    enum kontor_event event = kontor_log_next(log, -1, &commit, &cli->error);
    if (event == KONTOR_EVENT_RELIST) {
        return cli_fail(KONTOR_OUT_OF_RANGE,
                        "%s ends where the log does not go on (%s): "
                        "write a new file",
                        backup->path, cli->error.reason);
    }
    /* Nothing but a loss takes back what was once read from a log. */
    if (event == KONTOR_EVENT_FAILED && strcmp(cli->error.reason, "AHEAD") == 0) {
        return cli_fail(KONTOR_OUT_OF_RANGE,
                        "%s goes on to %lld, which the broker has lost: keep it, to "
                        "restore from it, and write a new file",
                        backup->path, (long long)backup->chain.seq);
    }
    if (event == KONTOR_EVENT_FAILED) {
        return cli_failed(cli);
    }
    const Kontor__V1__ReadLogResponse *start = kontor_log_start(log);
    if (start == NULL) {
        return cli_fail(KONTOR_INTERNAL, "the broker said nothing about its log");
    }
    int code = backup_begin(backup, start);
    while (code == EXIT_DONE && event == KONTOR_EVENT_RECORD) {
        code = backup_commit(backup, commit);
        event = kontor_log_next(log, -1, &commit, &cli->error);
    }
    if (code == EXIT_DONE && event != KONTOR_EVENT_END) {
        return cli_failed(cli);
    }
    return code == EXIT_DONE ? backup_end(backup) : code;
}

/* The directory, too, must be on disk before the name counts. */
static int
backup_rename(const struct backup *backup)
{
    if (strcmp(backup->writing, backup->path) == 0) {
        return EXIT_DONE;
    }
    if (rename(backup->writing, backup->path) != 0) {
        return backup_io(backup);
    }
    const char *slash = strrchr(backup->path, '/');
    const char *directory = slash == NULL
                                ? "."
                                : arena_copy_n(backup->cli->arena, backup->path,
                                               (size_t)(slash - backup->path) + 1);
    FILE *stream = fopen(directory, "re");
    if (stream != NULL) {
        fsync(fileno(stream));
        fclose(stream);
    }
    return EXIT_DONE;
}

/*
 * A file that was begun stays as good as it was: commits behind its last end would make
 * a backup that could be restored yesterday one that cannot. It is cut after closing,
 * for closing may still write what was kept back. Should even this fail, or the process
 * be killed, then the file says how to go back to what was whole.
 */
static void
backup_take_back(const struct backup *backup)
{
    bool is_new = strcmp(backup->writing, backup->path) != 0;
    int result = is_new ? unlink(backup->writing)
                        : truncate(backup->writing, backup->file.whole);
    if (result != 0) {
        fprintf(stderr, "kontor: %s: %s\n", backup->writing, strerror(errno));
    }
}

/*
 * Bytes that are not on disk are no backup, so success is said after the last fsync.
 */
static int
backup_close(struct backup *backup, int code)
{
    bool is_safe = backup_sync(backup);
    if (fclose(backup->stream) != 0 || !is_safe) {
        code = code == EXIT_DONE ? backup_io(backup) : code;
    }
    if (code == EXIT_DONE) {
        code = backup_rename(backup);
    }
    if (code != EXIT_DONE) {
        backup_take_back(backup);
    }
    return code;
}

/* The path is whatever a file may be called, so it is quoted as JSON has it. */
static void
backup_show(const struct backup *backup)
{
    long long n_new = (long long)backup->n_new;
    long long seq = (long long)backup->chain.seq;
    if (!backup->cli->is_json) {
        printf("%s  %lld new commits, up to %lld\n", backup->path, n_new, seq);
        return;
    }
    struct json_value path = {.type = JSON_TYPE_TEXT, .text = backup->path};
    const char *quoted = json_tree_print(&path, backup->cli->arena);
    printf("{\"file\":%s,\"newCommits\":\"%lld\",\"seq\":\"%lld\"}\n",
           quoted == NULL ? "null" : quoted, n_new, seq);
}

int
own_backup(struct cli *cli)
{
    struct backup backup = {.cli = cli, .path = cli->arguments[0]};
    backup.file.arena = cli->arena;
    int code = cli_greet(cli);
    if (code != EXIT_DONE) {
        return code;
    }
    code = backup_open(&backup);
    if (code != EXIT_DONE) {
        if (backup.stream != NULL) {
            fclose(backup.stream);
        }
        return code;
    }
    struct kontor_log *log = NULL;
    if (kontor_log_open(cli->kontor, backup.chain.seq, false, &log, &cli->error) !=
        KONTOR_OK) {
        return backup_close(&backup, cli_failed(cli));
    }
    code = backup_close(&backup, backup_copy(&backup, log));
    kontor_log_free(log);
    if (code == EXIT_DONE) {
        backup_show(&backup);
    }
    return code;
}
