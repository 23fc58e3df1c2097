/*
 * Backup and audit. The file of a trimmed log begins with its base. A new file is
 * written beside its name and renamed once it is on disk; one that is there is judged,
 * cut to its last whole record, and continued behind its end, which stays: a run that
 * fails takes back what it wrote.
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
    struct base_sum sum;     /* Of the documents written. */
    int64_t n_new;
    bool has_begun; /* It is known that the file and the log fit together. */
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
    const Kontor__V1__Base *base = file->header->log_base;
    long long n_documents = base == NULL ? 0 : (long long)base->documents;
    if (cli->is_json) {
        printf("{\"commits\": \"%lld\", \"seq\": \"%lld\", \"erased\": \"%lld\", "
               "\"documents\": \"%lld\"}\n",
               (long long)file->n_commits, (long long)file->chain.seq, n_erased,
               n_documents);
        return;
    }
    printf("%s  ", path);
    if (base != NULL) {
        printf("a base of %lld documents, ", n_documents);
    }
    printf("%lld commits after %lld, chain verified to %lld",
           (long long)file->n_commits,
           (long long)(base == NULL ? file->header->after : base->seq),
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
    if (wrong == NULL && backup->file.is_in_base) {
        wrong = "it ends inside its base: remove it";
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

/* A file without a commit is continued from 0, where a log that was trimmed since has
 * its base: that cannot stand behind a header that knows of none. */
static int
backup_continue(const struct backup *backup, const Kontor__V1__ReadLogResponse *start)
{
    const struct chain *chain = &backup->file.chain;
    bool is_same = chain->seq == 0
                       ? start->log_base == NULL
                       : start->anchor.len == DIGEST_SIZE &&
                             memcmp(start->anchor.data, chain->hash, DIGEST_SIZE) == 0;
    if (is_same && start->n_histories == backup->file.header->n_histories) {
        return EXIT_DONE;
    }
    return cli_fail(KONTOR_FAILED_PRECONDITION,
                    "%s is of another log, or of one before a restore: "
                    "write a new file",
                    backup->path);
}

/* A base is judged as it comes: a backup that cannot be restored is none. */
static int
backup_begin_base(struct backup *backup, const Kontor__V1__Base *base)
{
    backup->sum.arena = backup->cli->arena;
    const char *wrong = base_sum_begin(&backup->sum, base);
    if (wrong != NULL) {
        return cli_fail(KONTOR_DATA_LOSS, "the broker's log: %s", wrong);
    }
    backup->chain.seq = base->seq;
    memcpy(backup->chain.hash, base->hash.data, DIGEST_SIZE);
    return EXIT_DONE;
}

/* The first message says which log this is: a new file gets its header, an old one must
 * be of it. */
static int
backup_begin(struct backup *backup, const Kontor__V1__ReadLogResponse *start)
{
    int code = EXIT_DONE;
    if (start == NULL) {
        return cli_fail(KONTOR_INTERNAL, "the broker said nothing about its log");
    }
    backup->has_begun = true;
    if (backup->file.header != NULL) {
        return backup_continue(backup, start);
    }
    if (start->log_base != NULL) {
        code = backup_begin_base(backup, start->log_base);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    Kontor__V1__ExportHeader header = KONTOR__V1__EXPORT_HEADER__INIT;
    header.format = (char *)(uintptr_t)EXPORT_FORMAT;
    header.histories = start->histories;
    header.n_histories = start->n_histories;
    header.log_base = start->log_base;
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_HEADER;
    record.header = &header;
    return export_write(backup->stream, &record) ? EXIT_DONE : backup_io(backup);
}

static int
backup_document(struct backup *backup, const Kontor__V1__BaseDocument *document,
                struct arena *arena)
{
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_DOCUMENT;
    record.document = (Kontor__V1__BaseDocument *)(uintptr_t)document;
    const char *wrong = base_sum_add(&backup->sum, document, arena);
    arena_reset(arena);
    if (wrong != NULL) {
        return cli_fail(KONTOR_DATA_LOSS, "the broker's log: %s", wrong);
    }
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

/* Why the log was not read to its end. */
static int
backup_stopped(const struct backup *backup, enum kontor_event event)
{
    struct cli *cli = backup->cli;
    if (event == KONTOR_EVENT_RELIST) {
        return cli_fail(KONTOR_OUT_OF_RANGE,
                        "%s ends where the log does not go on (%s): "
                        "write a new file",
                        backup->path, cli->error.reason);
    }
    /* Nothing but a loss takes back what was once read from a log. */
    if (!backup->has_begun && strcmp(cli->error.reason, "AHEAD") == 0) {
        return cli_fail(KONTOR_OUT_OF_RANGE,
                        "%s goes on to %lld, which the broker has lost: keep it, to "
                        "restore from it, and write a new file",
                        backup->path, (long long)backup->chain.seq);
    }
    return cli_failed(cli);
}

static int
backup_copy_documents(struct backup *backup, struct kontor_log *log,
                      struct arena *arena)
{
    const Kontor__V1__BaseDocument *document = NULL;
    struct kontor_error *error = &backup->cli->error;
    int code = EXIT_DONE;
    enum kontor_event event = kontor_log_next_document(log, -1, &document, error);
    while (code == EXIT_DONE && event == KONTOR_EVENT_RECORD) {
        code =
            backup->has_begun ? EXIT_DONE : backup_begin(backup, kontor_log_start(log));
        if (code == EXIT_DONE) {
            code = backup_document(backup, document, arena);
            event = kontor_log_next_document(log, -1, &document, error);
        }
    }
    return code == EXIT_DONE && event != KONTOR_EVENT_END
               ? backup_stopped(backup, event)
               : code;
}

/* A new file of a trimmed log begins with its base. */
static int
backup_copy_base(struct backup *backup, struct kontor_log *log)
{
    struct arena *arena = arena_new();
    if (arena == NULL) {
        return cli_fail(KONTOR_RESOURCE_EXHAUSTED, "out of memory");
    }
    int code = backup_copy_documents(backup, log, arena);
    arena_free(arena);
    const Kontor__V1__ReadLogResponse *start = kontor_log_start(log);
    bool is_base = code == EXIT_DONE && start != NULL && start->log_base != NULL;
    /* A base without documents has begun nothing yet. */
    if (is_base && !backup->has_begun) {
        code = backup_begin(backup, start);
    }
    const char *wrong = is_base && code == EXIT_DONE
                            ? base_sum_end(&backup->sum, start->log_base)
                            : NULL;
    return wrong == NULL ? code
                         : cli_fail(KONTOR_DATA_LOSS, "the broker's log: %s", wrong);
}

static int
backup_copy(struct backup *backup, struct kontor_log *log)
{
    struct cli *cli = backup->cli;
    const Kontor__V1__Commit *commit = NULL;
    int code = backup_copy_base(backup, log);
    if (code != EXIT_DONE) {
        return code;
    }
    enum kontor_event event = kontor_log_next(log, -1, &commit, &cli->error);
    if (event == KONTOR_EVENT_RELIST || event == KONTOR_EVENT_FAILED) {
        return backup_stopped(backup, event);
    }
    code = backup->has_begun ? EXIT_DONE : backup_begin(backup, kontor_log_start(log));
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
    long long n_documents = (long long)backup->sum.n_documents;
    if (!backup->cli->is_json) {
        printf("%s  ", backup->path);
        if (n_documents > 0) {
            printf("a base of %lld documents, ", n_documents);
        }
        printf("%lld new commits, up to %lld\n", n_new, seq);
        return;
    }
    struct json_value path = {.type = JSON_TYPE_TEXT, .text = backup->path};
    const char *quoted = json_tree_print(&path, backup->cli->arena);
    printf("{\"file\":%s,\"newCommits\":\"%lld\",\"seq\":\"%lld\","
           "\"documents\":\"%lld\"}\n",
           quoted == NULL ? "null" : quoted, n_new, seq, n_documents);
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
