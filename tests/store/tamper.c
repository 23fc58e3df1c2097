#include "tests/store/tamper.h"

#include <fcntl.h>
#include <unistd.h>

#include <sqlite3.h>

const char *
tamper_path(const struct fixture *f)
{
    return strchr(f->uri, ':') + 1;
}

void
tamper_sql(struct fixture *f, const char *sql)
{
    sqlite3 *handle = NULL;
    char *error = NULL;
    assert_int_equal(sqlite3_open(tamper_path(f), &handle), SQLITE_OK);
    if (sqlite3_exec(handle, sql, NULL, NULL, &error) != SQLITE_OK) {
        fail_msg("%s: %s", sql, error);
    }
    sqlite3_close(handle);
}

void
tamper_fill(struct fixture *f)
{
    struct bytes doc = fixture_doc(f, "x", 1, 5000, "ann", "hush");
    int64_t p = fixture_put(f, KIND_PAPER, "p", 0, "=r:a ~*", doc);
    fixture_put(f, KIND_PAPER, "p", p, "=r:a ~r:b",
                fixture_doc(f, "y", 2, 0, "bob", NULL));
    fixture_put(f, KIND_DRAWER, "d", 0, "=r:a", doc);
    fixture_put(f, KIND_SEAL, "s", 0, "", (struct bytes){(const uint8_t *)"t", 1});
}

void
tamper_expect_no_open(struct fixture *f, const char *uri, const char *says)
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

off_t
tamper_root(struct fixture *f, const char *name)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(tamper_path(f), &handle), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(handle, "SELECT rootpage FROM sqlite_schema WHERE name = ?1",
                           -1, &statement, NULL),
        SQLITE_OK);
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    off_t page = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return page;
}

void
tamper_page(const char *path, off_t offset)
{
    uint8_t junk[TAMPER_PAGE];
    memset(junk, 0xa5, sizeof junk);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, junk, sizeof junk, offset), sizeof junk);
    close(fd);
}
