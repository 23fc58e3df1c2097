/* What only the SQLite backend can suffer: damaged and foreign files, full disks, and
 * its rules about connections. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/store/crash_vfs.h"
#include "tests/store/fixture.h"

/* The store's file. */
static const char *
path_of(const struct fixture *f)
{
    return strchr(f->uri, ':') + 1;
}

/* Runs SQL on the file itself, behind the store's back. */
static void
tamper(struct fixture *f, const char *sql)
{
    sqlite3 *handle = NULL;
    char *error = NULL;
    assert_int_equal(sqlite3_open(path_of(f), &handle), SQLITE_OK);
    if (sqlite3_exec(handle, sql, NULL, NULL, &error) != SQLITE_OK) {
        fail_msg("%s: %s", sql, error);
    }
    sqlite3_close(handle);
}

static void
fill(struct fixture *f)
{
    struct bytes doc = fixture_doc(f, "x", 1, 5000, "ann", "hush");
    int64_t p = fixture_put(f, KIND_PAPER, "p", 0, "=r:a ~*", doc);
    fixture_put(f, KIND_PAPER, "p", p, "=r:a ~r:b",
                fixture_doc(f, "y", 2, 0, "bob", NULL));
    fixture_put(f, KIND_DRAWER, "d", 0, "=r:a", doc);
    fixture_put(f, KIND_SEAL, "s", 0, "", (struct bytes){(const uint8_t *)"t", 1});
}

/* Every way to change a store behind its back, and what verification says of it. */
static const struct {
    const char *sql;
    const char *says;
    bool is_cured; /* By a rebuild. */
} tampers[] = {
    {"UPDATE paper SET w = x'2a0161'", "not the logged one", true},
    {"UPDATE paper SET x = x'4a0161'", "not the logged one", true},
    {"UPDATE paper SET scope = x'3d723a6300'", "not the logged one", true},
    {"UPDATE paper SET seq = 1", "not the logged one", true},
    {"UPDATE paper SET at = at + 1", "not the logged one", true},
    {"UPDATE paper SET f_rank = 9", "declared fields", true},
    {"DELETE FROM paper", "not the logged one", true},
    {"DELETE FROM paper_past", "not the logged one", true},
    {"UPDATE paper_past SET until = 9", "not kept", true},
    {"UPDATE paper_past SET w = x''", "not the logged one", true},
    {"INSERT INTO seal(id, seq, at, created_at, scope, w, x) VALUES('evil', 1, 1, 1, "
     "x'', x'', x'')",
     "documents of seal", true},
    {"DELETE FROM paper_rank WHERE scope = 'r:b'", "does not list", true},
    {"DELETE FROM paper_name WHERE scope = '!'", "does not list", true},
    {"INSERT INTO paper_id VALUES('r:evil', 'p')", "indexes differ", true},
    {"DELETE FROM log WHERE seq = 2", "does not follow", false},
    {"UPDATE log SET body = (SELECT body FROM log WHERE seq = 1) WHERE seq = 2",
     "damaged", false},
    {"UPDATE log SET body = x'00' WHERE seq = 2", "damaged", false},
};

static void
test_verify_notices_every_tampering(struct fixture *f)
{
    for (size_t i = 0; i < sizeof tampers / sizeof tampers[0]; i++) {
        struct fixture *one = test_calloc(1, sizeof *one);
        char error[256] = "";
        int64_t verified = 0;
        fixture_open(one, f->backend);
        fill(one);
        fixture_shut(one);
        tamper(one, tampers[i].sql);
        fixture_reopen(one);
        enum status status = store_verify(one->store, &verified, error, sizeof error);
        if (status != STATUS_DATA_LOSS || strstr(error, tampers[i].says) == NULL) {
            fail_msg("%s: status %d, \"%s\"", tampers[i].sql, status, error);
        }
        assert_true(verified <= 4);
        fixture_shut(one);
        status = store_rebuild(&one->options, error, sizeof error);
        assert_true((status == STATUS_OK) == tampers[i].is_cured);
        fixture_reopen(one);
        if (tampers[i].is_cured) {
            fixture_verify(one);
        }
        fixture_close(one);
        test_free(one);
    }
}

static void
test_deleting_the_newest_commits_is_noticed(struct fixture *f)
{
    char error[256] = "";
    int64_t verified = 0;
    fill(f);
    fixture_shut(f);
    tamper(f, "DELETE FROM log WHERE seq = 4");
    fixture_reopen(f);
    assert_int_equal(store_verify(f->store, &verified, error, sizeof error),
                     STATUS_DATA_LOSS);
    assert_int_equal(verified, 3);
}

/* Overwrites a page of the file. */
static void
scribble(const char *path, off_t offset)
{
    uint8_t junk[8192];
    memset(junk, 0xa5, sizeof junk);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, junk, sizeof junk, offset), sizeof junk);
    close(fd);
}

static void
test_corrupted_page_is_told(struct fixture *f)
{
    char error[256] = "";
    int64_t verified = 0;
    struct document got;
    fill(f);
    fixture_shut(f);
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(path_of(f), &handle), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(handle,
                           "SELECT rootpage FROM sqlite_schema WHERE name = 'paper'",
                           -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    off_t page = sqlite3_column_int64(statement, 0) - 1;
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    scribble(path_of(f), page * 8192);
    fixture_reopen(f);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 0, f->arena, &got),
                     STATUS_DATA_LOSS);
    store_failure(f->store, error, sizeof error);
    assert_non_null(strstr(error, "restore it from an export"));
    /* The work that meets it fails; others go on. */
    struct draft draft =
        fixture_draft(f, KIND_PAPER, "p", 2, "=r:a", (struct bytes){NULL, 0});
    assert_int_equal(fixture_commit(f, draft, NULL), STATUS_DATA_LOSS);
    fixture_put(f, KIND_DRAWER, "e", 0, "=r:a", (struct bytes){NULL, 0});
    assert_int_equal(store_verify(f->store, &verified, error, sizeof error),
                     STATUS_DATA_LOSS);
    assert_non_null(strstr(error, "damaged"));
}

static void
expect_no_open(struct fixture *f, const char *uri, const char *says)
{
    struct store *store = NULL;
    char error[256] = "";
    struct store_options options = f->options;
    options.uri = uri;
    assert_int_not_equal(store_open(&options, &store, error, sizeof error), STATUS_OK);
    assert_null(store);
    if (strstr(error, says) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", uri, error, says);
    }
}

static void
test_open_refuses_what_is_no_store(struct fixture *f)
{
    fill(f);
    fixture_shut(f);
    char *path = arena_print(f->arena, "%s/other.db", f->folder);
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, "CREATE TABLE t(a)", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(handle);
    expect_no_open(f, path, "no store");
    path = arena_print(f->arena, "%s/text", f->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        (void)fprintf(file, "this is a text\n");
    }
    assert_int_equal(fclose(file), 0);
    expect_no_open(f, path, "no store");
    expect_no_open(f, arena_print(f->arena, "%s/none/store.db", f->folder),
                   "folder must be there");
    path = arena_print(f->arena, "%s/folder", f->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    expect_no_open(f, path, "unable to open");
    tamper(f, "PRAGMA user_version = 2");
    expect_no_open(f, f->uri, "another version");
    scribble(path_of(f), 0);
    expect_no_open(f, f->uri, "no store");
}

static void
test_documents_of_another_shape_are_rebuilt(struct fixture *f)
{
    struct kind kinds[4];
    char error[256] = "";
    memcpy(kinds, fixture_kinds, sizeof kinds);
    /* The next version of the broker finds papers by one field more. */
    kinds[0].indexes[4] = (struct kind_index){"owner", {"owner"}};
    kinds[0].declared[4] = (struct declared){"secret", DECLARED_TEXT, {9}};
    fill(f);
    fixture_shut(f);
    f->options.kinds = kinds;
    expect_no_open(f, f->uri, "rebuild");
    if (store_rebuild(&f->options, error, sizeof error) != STATUS_OK) {
        fail_msg("%s", error);
    }
    fixture_reopen(f);
    struct page page;
    struct find find = {.kind = &kinds[0], .index = "owner", .limit = 9};
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    assert_string_equal(fixture_ids(f, &page), "p");
    fixture_verify(f);
}

static void
test_full_disk_refuses_and_recovers(struct fixture *f)
{
    enum { PAGES = 120 };
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
    fill(f);
    fixture_shut(f);
    assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
    expect_no_open(f, f->options.uri, "Read-only file system");
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

static void
test_settings_are_those_of_the_design(struct fixture *f)
{
    static const struct {
        const char *sql;
        int64_t value;
    } rows[] = {
        {"SELECT * FROM pragma_page_size", 8192},
        {"SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1},
        {"SELECT * FROM pragma_application_id", 0x4b4f4e54},
    };
    fill(f);
    fixture_shut(f);
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(path_of(f), &handle), SQLITE_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sqlite3_stmt *statement = NULL;
        assert_int_equal(sqlite3_prepare_v2(handle, rows[i].sql, -1, &statement, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int64(statement, 0), rows[i].value);
        sqlite3_finalize(statement);
    }
    sqlite3_close(handle);
}

static void
test_lock_holds_between_processes(struct fixture *f)
{
    pid_t child = fork();
    if (child == 0) {
        struct store *store = NULL;
        char error[256] = "";
        enum status status = store_open(&f->options, &store, error, sizeof error);
        _exit(status != STATUS_OK && strstr(error, "in use") != NULL ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
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

static const struct fixture_case cases[] = {
    {"test_verify_notices_every_tampering", test_verify_notices_every_tampering},
    {"test_deleting_the_newest_commits_is_noticed",
     test_deleting_the_newest_commits_is_noticed},
    {"test_corrupted_page_is_told", test_corrupted_page_is_told},
    {"test_open_refuses_what_is_no_store", test_open_refuses_what_is_no_store},
    {"test_documents_of_another_shape_are_rebuilt",
     test_documents_of_another_shape_are_rebuilt},
    {"test_full_disk_refuses_and_recovers", test_full_disk_refuses_and_recovers},
    {"test_full_file_system_refuses_and_recovers",
     test_full_file_system_refuses_and_recovers},
    {"test_read_only_file_system_is_told_and_can_be_read",
     test_read_only_file_system_is_told_and_can_be_read},
    {"test_settings_are_those_of_the_design", test_settings_are_those_of_the_design},
    {"test_lock_holds_between_processes", test_lock_holds_between_processes},
    {"test_sync_error_ends_the_process_without_an_answer",
     test_sync_error_ends_the_process_without_an_answer},
};

int
main(void)
{
    /* Before there is a second thread: a mount of one thread's is not seen by the
     * others. */
    is_alone = unshare(CLONE_NEWNS) == 0;
    return fixture_run_on(fixture_backend("sqlite"), "sqlite", cases,
                          sizeof cases / sizeof cases[0]);
}
