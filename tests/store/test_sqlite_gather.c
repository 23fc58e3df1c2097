/* The small writes of a commit put together: nobody can tell by what is read, and what
 * fails is told before it counts. Prints its seed; another may be given. */
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/sqlite_gather.h"

enum { STEPS = 4000, LONGEST = 9000, REACH = 400000, LOG = SQLITE_OPEN_WAL };

static uint64_t seed = 1;

/* A file of a gathering VFS, in a folder of its own. */
struct rig {
    struct sqlite_gather *gather;
    sqlite3_vfs *vfs;
    sqlite3_file *file;
    char folder[64];
    char path[PATH_MAX];
    uint64_t state;
};

static uint64_t
next_random(struct rig *rig)
{
    rig->state = rig->state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return rig->state >> 33;
}

static int
open_file(struct rig *rig, const char *path, int kind)
{
    int flags = kind | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    rig->file = calloc(1, (size_t)rig->vfs->szOsFile);
    assert_non_null(rig->file);
    return rig->vfs->xOpen(rig->vfs, path, rig->file, flags, &flags);
}

static void
begin(struct rig *rig)
{
    *rig = (struct rig){.gather = sqlite_gather_new(), .state = seed};
    rig->vfs = sqlite3_vfs_find(sqlite_gather_name(rig->gather));
    assert_non_null(rig->vfs);
    (void)snprintf(rig->folder, sizeof rig->folder, "/tmp/kontor-gather-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    (void)snprintf(rig->path, sizeof rig->path, "%s/store-wal", rig->folder);
    /* SQLite gives a log the rights of the file it belongs to. */
    char beside[PATH_MAX];
    (void)snprintf(beside, sizeof beside, "%s/store", rig->folder);
    FILE *file = fopen(beside, "we");
    assert_non_null(file);
    (void)fclose(file);
}

static void
end(struct rig *rig)
{
    static const char *const names[] = {"store", "store-wal", "store.db",
                                        "store.db-wal", "store.db-shm"};
    free(rig->file);
    sqlite_gather_free(rig->gather);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_MAX];
        (void)snprintf(path, sizeof path, "%s/%s", rig->folder, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(rig->folder), 0);
}

static int
write_at(const struct rig *rig, const void *bytes, size_t size, size_t at)
{
    return rig->file->pMethods->xWrite(rig->file, bytes, (int)size, (sqlite3_int64)at);
}

static size_t
size_on_disk(const struct rig *rig)
{
    struct stat stat_of;
    assert_int_equal(stat(rig->path, &stat_of), 0);
    return (size_t)stat_of.st_size;
}

/* ---- What is written when ---- */

static void
test_pieces_wait_for_the_sync(void **state)
{
    struct rig rig;
    uint8_t piece[24] = {7};
    (void)state;
    begin(&rig);
    assert_int_equal(open_file(&rig, rig.path, LOG), SQLITE_OK);
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(write_at(&rig, piece, sizeof piece, i * sizeof piece), 0);
    }
    assert_int_equal(size_on_disk(&rig), 0);
    assert_int_equal(rig.file->pMethods->xSync(rig.file, SQLITE_SYNC_NORMAL), 0);
    assert_int_equal(size_on_disk(&rig), 50 * sizeof piece);
    /* What was written is not written again. */
    assert_int_equal(truncate(rig.path, 0), 0);
    assert_int_equal(rig.file->pMethods->xSync(rig.file, SQLITE_SYNC_NORMAL), 0);
    assert_int_equal(size_on_disk(&rig), 0);
    assert_int_equal(rig.file->pMethods->xClose(rig.file), SQLITE_OK);
    end(&rig);
}

static void
test_what_waits_is_there_after_the_close(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    assert_int_equal(open_file(&rig, rig.path, LOG), SQLITE_OK);
    assert_int_equal(write_at(&rig, "abc", 3, 0), SQLITE_OK);
    assert_int_equal(rig.file->pMethods->xClose(rig.file), SQLITE_OK);
    assert_int_equal(size_on_disk(&rig), 3);
    end(&rig);
}

static void
test_other_files_are_written_as_it_comes(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    assert_int_equal(open_file(&rig, rig.path, SQLITE_OPEN_MAIN_DB), SQLITE_OK);
    assert_int_equal(write_at(&rig, "abc", 3, 0), SQLITE_OK);
    assert_int_equal(size_on_disk(&rig), 3);
    assert_int_equal(rig.file->pMethods->xClose(rig.file), SQLITE_OK);
    end(&rig);
}

/* Where a write may harm its neighbours SQLite pads a commit behind its sync. */
static void
test_nothing_waits_where_writes_harm_others(void **state)
{
    static const char *parameters[] = {"psow", "0"};
    struct rig rig;
    char store[PATH_MAX];
    (void)state;
    begin(&rig);
    (void)snprintf(store, sizeof store, "%s/store", rig.folder);
    sqlite3_filename name = sqlite3_create_filename(store, "", rig.path, 1, parameters);
    assert_int_equal(open_file(&rig, sqlite3_filename_wal(name), LOG | SQLITE_OPEN_URI),
                     SQLITE_OK);
    assert_int_equal(write_at(&rig, "abc", 3, 0), SQLITE_OK);
    assert_int_equal(size_on_disk(&rig), 3);
    assert_int_equal(rig.file->pMethods->xClose(rig.file), SQLITE_OK);
    sqlite3_free_filename(name);
    end(&rig);
}

/* ---- Against a file that gathers nothing ---- */

/* A file as it ought to be. */
struct model {
    uint8_t bytes[REACH + LONGEST];
    size_t size;
};

static void
model_write(struct model *model, const uint8_t *bytes, size_t size, size_t at)
{
    memcpy(model->bytes + at, bytes, size);
    model->size = at + size > model->size ? at + size : model->size;
}

static void
check_read(struct rig *rig, const struct model *model, size_t size, size_t at)
{
    static uint8_t found[LONGEST];
    size_t there = at >= model->size ? 0 : model->size - at;
    int code =
        rig->file->pMethods->xRead(rig->file, found, (int)size, (sqlite3_int64)at);
    assert_int_equal(code, there < size ? SQLITE_IOERR_SHORT_READ : SQLITE_OK);
    size = there < size ? there : size;
    assert_memory_equal(found, model->bytes + at, size);
}

static void
check_size(struct rig *rig, const struct model *model)
{
    sqlite3_int64 size = 0;
    assert_int_equal(rig->file->pMethods->xFileSize(rig->file, &size), SQLITE_OK);
    assert_int_equal(size, model->size);
}

static void
truncate_both(struct rig *rig, struct model *model)
{
    size_t size = model->size == 0 ? 0 : next_random(rig) % model->size;
    assert_int_equal(rig->file->pMethods->xTruncate(rig->file, (sqlite3_int64)size),
                     SQLITE_OK);
    memset(model->bytes + size, 0, model->size - size);
    model->size = size;
}

/* Mostly one piece behind the other, as a log is written, and now and then from its
 * beginning again. */
static void
write_both(struct rig *rig, struct model *model, size_t *at)
{
    static uint8_t piece[LONGEST];
    bool is_long = next_random(rig) % 40 == 0;
    size_t size = 1 + next_random(rig) % (is_long ? LONGEST : 2048);
    if (next_random(rig) % 20 == 0 || *at + size > REACH) {
        *at = next_random(rig) % 5 == 0 ? 0 : next_random(rig) % REACH;
    }
    memset(piece, (int)next_random(rig), size);
    assert_int_equal(write_at(rig, piece, size, *at), SQLITE_OK);
    model_write(model, piece, size, *at);
    *at += size;
}

static void
step(struct rig *rig, struct model *model, size_t *at)
{
    switch (next_random(rig) % 40) {
    case 0:
        assert_int_equal(rig->file->pMethods->xSync(rig->file, SQLITE_SYNC_NORMAL), 0);
        assert_int_equal(size_on_disk(rig), model->size);
        break;
    case 1:
        check_read(rig, model, 1 + next_random(rig) % LONGEST,
                   next_random(rig) % REACH);
        break;
    case 2:
        check_size(rig, model);
        break;
    case 3:
        truncate_both(rig, model);
        break;
    default:
        write_both(rig, model, at);
    }
}

static void
test_it_reads_as_if_nothing_waited(void **state)
{
    static struct model model;
    struct rig rig;
    size_t at = 0;
    (void)state;
    begin(&rig);
    assert_int_equal(open_file(&rig, rig.path, LOG), SQLITE_OK);
    for (size_t i = 0; i < STEPS; i++) {
        step(&rig, &model, &at);
    }
    for (at = 0; at < model.size; at += LONGEST) {
        check_read(&rig, &model, LONGEST, at);
    }
    assert_int_equal(rig.file->pMethods->xClose(rig.file), SQLITE_OK);
    assert_int_equal(size_on_disk(&rig), model.size);
    end(&rig);
}

/* ---- What cannot be written ---- */

/* One device takes no byte and says that the disk is full. */
static void
open_full(struct rig *rig)
{
    begin(rig);
    assert_int_equal(open_file(rig, "/dev/full", LOG), SQLITE_OK);
    assert_int_equal(write_at(rig, "abc", 3, 0), SQLITE_OK);
}

static void
test_a_full_disk_is_told_by_what_comes_next(void **state)
{
    struct rig rig;
    sqlite3_int64 size = 0;
    char byte = 0;
    (void)state;
    open_full(&rig);
    assert_int_equal(rig.file->pMethods->xSync(rig.file, SQLITE_SYNC_NORMAL),
                     SQLITE_FULL);
    assert_int_equal(rig.file->pMethods->xClose(rig.file), SQLITE_OK);
    end(&rig);

    open_full(&rig);
    assert_int_equal(write_at(&rig, "abc", 3, 100), SQLITE_FULL);
    assert_int_equal(rig.file->pMethods->xClose(rig.file), SQLITE_OK);
    end(&rig);

    open_full(&rig);
    assert_int_equal(rig.file->pMethods->xRead(rig.file, &byte, 1, 0), SQLITE_FULL);
    assert_int_equal(rig.file->pMethods->xClose(rig.file), SQLITE_OK);
    end(&rig);

    open_full(&rig);
    assert_int_equal(rig.file->pMethods->xFileSize(rig.file, &size), SQLITE_FULL);
    assert_int_equal(rig.file->pMethods->xClose(rig.file), SQLITE_OK);
    end(&rig);

    open_full(&rig);
    assert_int_equal(rig.file->pMethods->xTruncate(rig.file, 0), SQLITE_FULL);
    assert_int_equal(rig.file->pMethods->xClose(rig.file), SQLITE_OK);
    end(&rig);

    open_full(&rig);
    assert_int_equal(rig.file->pMethods->xClose(rig.file), SQLITE_FULL);
    end(&rig);
}

static void
test_a_file_that_cannot_be_opened_says_so(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    assert_int_not_equal(open_file(&rig, "/nowhere/store-wal", LOG), SQLITE_OK);
    assert_null(rig.file->pMethods);
    end(&rig);
}

/* ---- A database through it ---- */

static int64_t
count_rows(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &statement, NULL), 0);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return n;
}

static void
test_others_see_each_commit(void **state)
{
    struct rig rig;
    sqlite3 *db = NULL;
    char path[PATH_MAX];
    (void)state;
    begin(&rig);
    (void)snprintf(path, sizeof path, "%s/store.db", rig.folder);
    assert_int_equal(sqlite3_open_v2(path, &db,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                     sqlite_gather_name(rig.gather)),
                     SQLITE_OK);
    /* A small cache: pages go into the log before their commit, and are read again. */
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                  "PRAGMA cache_size=10;"
                                  "CREATE TABLE t(id INTEGER PRIMARY KEY, body BLOB)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    for (int64_t i = 1; i <= 20; i++) {
        assert_int_equal(
            sqlite3_exec(
                db,
                "BEGIN; WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                " WHERE i < 100) INSERT INTO t(body) SELECT zeroblob(3000) FROM n;"
                "UPDATE t SET body = zeroblob(2000) WHERE id % 7 = 0; COMMIT",
                NULL, NULL, NULL),
            SQLITE_OK);
        assert_int_equal(count_rows(path), i * 100);
    }
    assert_int_equal(
        sqlite3_exec(db, "BEGIN; DELETE FROM t; ROLLBACK", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(count_rows(path), 2000);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(count_rows(path), 2000);
    end(&rig);
}

int
main(int argc, char **argv)
{
    seed = argc > 1 ? strtoull(argv[1], NULL, 10) : seed;
    printf("seed %" PRIu64 "\n", seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_wait_for_the_sync),
        cmocka_unit_test(test_what_waits_is_there_after_the_close),
        cmocka_unit_test(test_other_files_are_written_as_it_comes),
        cmocka_unit_test(test_nothing_waits_where_writes_harm_others),
        cmocka_unit_test(test_it_reads_as_if_nothing_waited),
        cmocka_unit_test(test_a_full_disk_is_told_by_what_comes_next),
        cmocka_unit_test(test_a_file_that_cannot_be_opened_says_so),
        cmocka_unit_test(test_others_see_each_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
