/* Which files the SQLite backend takes, and its rules about connections. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/store/tamper.h"

static void
test_open_refuses_what_is_no_store(struct fixture *f)
{
    tamper_fill(f);
    fixture_shut(f);
    char *path = arena_print(f->arena, "%s/other.db", f->folder);
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, "CREATE TABLE t(a)", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(handle);
    tamper_expect_no_open(f, path, "no store");
    path = arena_print(f->arena, "%s/text", f->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        (void)fprintf(file, "this is a text\n");
    }
    assert_int_equal(fclose(file), 0);
    tamper_expect_no_open(f, path, "no store");
    tamper_expect_no_open(f, arena_print(f->arena, "%s/none/store.db", f->folder),
                          "folder must be there");
    path = arena_print(f->arena, "%s/folder", f->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    tamper_expect_no_open(f, path, "is a folder");
    tamper_sql(f, "PRAGMA user_version = 2");
    tamper_expect_no_open(f, f->uri, "another version");
    tamper_page(tamper_path(f), 0);
    tamper_expect_no_open(f, f->uri, "no store");
}

/* What is refused is left as it was, and nothing is put beside it. */
static void
test_a_refused_path_leaves_nothing_behind(struct fixture *f)
{
    static const struct {
        const char *name;
        const char *says;
    } rows[] = {
        {"folder", "is a folder"},
        {"pipe", "is no file"},
        {"text", "no store"},
        {"none/store.db", "folder must be there"},
    };
    (void)mkdir(arena_print(f->arena, "%s/folder", f->folder), 0700);
    (void)mkfifo(arena_print(f->arena, "%s/pipe", f->folder), 0600);
    FILE *file = fopen(arena_print(f->arena, "%s/text", f->folder), "w");
    assert_non_null(file);
    assert_true(fprintf(file, "somebody's notes, longer than a magic number\n") > 0);
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *path = arena_print(f->arena, "%s/%s", f->folder, rows[i].name);
        tamper_expect_no_open(f, path, rows[i].says);
        path = arena_print(f->arena, "%s-lock", path);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void
test_documents_of_another_shape_are_rebuilt(struct fixture *f)
{
    struct kind kinds[5];
    char error[256] = "";
    memcpy(kinds, fixture_kinds, sizeof kinds);
    /* The next version of the broker finds papers by one field more. */
    kinds[0].indexes[4] = (struct kind_index){"owner", {"owner"}, INDEX_ANY};
    kinds[0].declared[4] = (struct declared){"secret", DECLARED_TEXT, {9}};
    tamper_fill(f);
    fixture_shut(f);
    f->options.kinds = kinds;
    tamper_expect_no_open(f, f->uri, "rebuild");
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
test_settings_are_those_of_the_design(struct fixture *f)
{
    static const struct {
        const char *sql;
        int64_t value;
    } rows[] = {
        {"SELECT * FROM pragma_page_size", 2048},
        {"SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1},
        {"SELECT * FROM pragma_application_id", 0x4b4f4e54},
    };
    tamper_fill(f);
    fixture_shut(f);
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(tamper_path(f), &handle), SQLITE_OK);
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

/* One file under two names is one store. */
static void
test_lock_holds_across_links(struct fixture *f)
{
    const char *link = arena_print(f->arena, "%s/link.db", f->folder);
    assert_int_equal(symlink(tamper_path(f), link), 0);
    tamper_expect_no_open(f, link, "in use by another broker");
    fixture_shut(f);
    f->options.uri = link;
    fixture_reopen(f);
    tamper_expect_no_open(f, f->uri, "in use by another broker");
    link = arena_print(f->arena, "%s/dangling.db", f->folder);
    assert_int_equal(symlink("nowhere.db", link), 0);
    tamper_expect_no_open(f, link, "link to nothing");
}

static const struct fixture_case cases[] = {
    {"test_open_refuses_what_is_no_store", test_open_refuses_what_is_no_store},
    {"test_a_refused_path_leaves_nothing_behind",
     test_a_refused_path_leaves_nothing_behind},
    {"test_documents_of_another_shape_are_rebuilt",
     test_documents_of_another_shape_are_rebuilt},
    {"test_settings_are_those_of_the_design", test_settings_are_those_of_the_design},
    {"test_lock_holds_between_processes", test_lock_holds_between_processes},
    {"test_lock_holds_across_links", test_lock_holds_across_links},
};

int
main(void)
{
    return fixture_run_on(fixture_backend("sqlite"), "files", cases,
                          sizeof cases / sizeof cases[0]);
}
