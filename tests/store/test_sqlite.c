/* Which files the SQLite backend takes, and its rules about connections. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/store/sqlite_file.h"

static void
test_open_refuses_what_is_no_store(struct fixture *f)
{
    sqlite_file_fill(f);
    fixture_shut(f);
    char *path = arena_print(f->arena, "%s/other.db", f->folder);
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, "CREATE TABLE t(a)", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(handle);
    sqlite_file_expect_no_open(f, path, "no store");
    path = arena_print(f->arena, "%s/text", f->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        (void)fprintf(file, "this is a text\n");
    }
    assert_int_equal(fclose(file), 0);
    sqlite_file_expect_no_open(f, path, "no store");
    sqlite_file_expect_no_open(f, arena_print(f->arena, "%s/none/store.db", f->folder),
                               "folder must be there");
    path = arena_print(f->arena, "%s/folder", f->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    sqlite_file_expect_no_open(f, path, "unable to open");
    sqlite_file_run(f, "PRAGMA user_version = 2");
    sqlite_file_expect_no_open(f, f->uri, "another version");
    sqlite_file_scribble(sqlite_file_path(f), 0);
    sqlite_file_expect_no_open(f, f->uri, "no store");
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
    sqlite_file_fill(f);
    fixture_shut(f);
    f->options.kinds = kinds;
    sqlite_file_expect_no_open(f, f->uri, "rebuild");
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
        {"SELECT * FROM pragma_page_size", 8192},
        {"SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1},
        {"SELECT * FROM pragma_application_id", 0x4b4f4e54},
    };
    sqlite_file_fill(f);
    fixture_shut(f);
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(sqlite_file_path(f), &handle), SQLITE_OK);
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

static const struct fixture_case cases[] = {
    {"test_open_refuses_what_is_no_store", test_open_refuses_what_is_no_store},
    {"test_documents_of_another_shape_are_rebuilt",
     test_documents_of_another_shape_are_rebuilt},
    {"test_settings_are_those_of_the_design", test_settings_are_those_of_the_design},
    {"test_lock_holds_between_processes", test_lock_holds_between_processes},
};

int
main(void)
{
    return fixture_run_on(fixture_backend("sqlite"), "files", cases,
                          sizeof cases / sizeof cases[0]);
}
