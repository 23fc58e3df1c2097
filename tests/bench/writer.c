/*
 * The limit of durable writing: puts the rows of a store that Kontor filled into a
 * fresh file with the same tables, indexes and pragmas, in batches of as many commits,
 * and says how many commits a second that is. Nothing is decided, hashed or answered.
 *
 * With --row-bytes it puts one row of so many bytes for each of so many commits
 * instead.
 *
 * usage: writer FROM.db TO.db [--batch N] [--row-bytes N --commits N]
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/transport.h"

enum { MAX_TABLES = 128 };

struct row {
    sqlite3_value **values;
};

struct table {
    char *name;
    char *sql;
    int n_columns;
    struct row *rows;
    size_t n_rows;
    sqlite3_stmt *insert;
};

static void
execute(sqlite3 *db, const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) {
        bench_die("%s: %s", sql, error);
    }
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        bench_die("%s: %s", sql, sqlite3_errmsg(db));
    }
    return statement;
}

static sqlite3 *
open_db(const char *path, bool is_new)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db,
                        is_new ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                               : SQLITE_OPEN_READONLY,
                        NULL) != SQLITE_OK) {
        bench_die("cannot open %s", path);
    }
    return db;
}

static size_t
read_tables(sqlite3 *from, struct table *tables)
{
    sqlite3_stmt *list =
        prepare(from, "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND "
                      "name NOT LIKE 'sqlite_%' ORDER BY rowid");
    size_t n = 0;
    while (sqlite3_step(list) == SQLITE_ROW && n < MAX_TABLES) {
        tables[n].name = strdup((const char *)sqlite3_column_text(list, 0));
        tables[n].sql = strdup((const char *)sqlite3_column_text(list, 1));
        n++;
    }
    sqlite3_finalize(list);
    return n;
}

static void
read_rows(sqlite3 *from, struct table *table)
{
    char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", table->name);
    sqlite3_stmt *statement = prepare(from, sql);
    sqlite3_free(sql);
    table->n_columns = sqlite3_column_count(statement);
    size_t room = 0;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        if (table->n_rows == room) {
            room = room == 0 ? 1024 : room * 2;
            table->rows = realloc(table->rows, room * sizeof *table->rows);
        }
        sqlite3_value **values = calloc((size_t)table->n_columns, sizeof *values);
        for (int i = 0; i < table->n_columns; i++) {
            values[i] = sqlite3_value_dup(sqlite3_column_value(statement, i));
        }
        table->rows[table->n_rows++].values = values;
    }
    sqlite3_finalize(statement);
}

static void
prepare_insert(sqlite3 *to, struct table *table)
{
    char places[256] = "?";
    for (int i = 1; i < table->n_columns; i++) {
        (void)strncat(places, ",?", sizeof places - strlen(places) - 1);
    }
    char *sql = sqlite3_mprintf("INSERT INTO \"%w\" VALUES (%s)", table->name, places);
    table->insert = prepare(to, sql);
    sqlite3_free(sql);
}

static void
insert(struct table *table, size_t from, size_t until)
{
    for (size_t i = from; i < until; i++) {
        for (int column = 0; column < table->n_columns; column++) {
            sqlite3_bind_value(table->insert, column + 1,
                               table->rows[i].values[column]);
        }
        if (sqlite3_step(table->insert) != SQLITE_DONE) {
            bench_die("insert into %s failed", table->name);
        }
        sqlite3_reset(table->insert);
    }
}

/* A table of one blob a commit, keyed as the log is. */
static struct table
plain_table(size_t size, size_t n_commits)
{
    struct table table = {.name = "plain",
                          .sql =
                              "CREATE TABLE plain (seq INTEGER PRIMARY KEY, doc BLOB)",
                          .n_columns = 2,
                          .n_rows = n_commits};
    sqlite3 *memory = open_db(":memory:", true);
    sqlite3_stmt *select = prepare(memory, "SELECT NULL, zeroblob(?)");
    sqlite3_bind_int64(select, 1, (sqlite3_int64)size);
    if (sqlite3_step(select) != SQLITE_ROW) {
        bench_die("no row");
    }
    sqlite3_value **values = calloc(2, sizeof *values);
    values[0] = sqlite3_value_dup(sqlite3_column_value(select, 0));
    values[1] = sqlite3_value_dup(sqlite3_column_value(select, 1));
    table.rows = calloc(n_commits, sizeof *table.rows);
    for (size_t i = 0; i < n_commits; i++) {
        table.rows[i].values = values;
    }
    sqlite3_finalize(select);
    sqlite3_close(memory);
    return table;
}

static void
copy_indexes(sqlite3 *from, sqlite3 *to)
{
    sqlite3_stmt *list = prepare(
        from, "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL");
    while (sqlite3_step(list) == SQLITE_ROW) {
        execute(to, (const char *)sqlite3_column_text(list, 0));
    }
    sqlite3_finalize(list);
}

/* The pragmas of the store's writer. STORE design, "SQLite shape and rules". */
static sqlite3 *
open_target(const char *path)
{
    sqlite3 *to = open_db(path, true);
    execute(to, "PRAGMA page_size=2048");
    execute(to, "PRAGMA journal_mode=WAL");
    execute(to, "PRAGMA synchronous=FULL");
    execute(to, "PRAGMA cache_size=-4096");
    execute(to, "PRAGMA wal_autocheckpoint=4000");
    return to;
}

/* The tables of the store with their rows; answers how many commits they hold. */
static size_t
take_over(const char *path, sqlite3 *to, struct table *tables, size_t *n_tables)
{
    size_t n_commits = 0;
    sqlite3 *from = open_db(path, false);
    *n_tables = read_tables(from, tables);
    for (size_t i = 0; i < *n_tables; i++) {
        execute(to, tables[i].sql);
        read_rows(from, &tables[i]);
        if (strcmp(tables[i].name, "log") == 0) {
            n_commits = tables[i].n_rows;
        }
    }
    copy_indexes(from, to);
    return n_commits;
}

int
main(int argc, char **argv)
{
    if (argc < 3) {
        bench_die("usage: writer FROM.db TO.db [--batch N]");
    }
    size_t batch = (size_t)bench_number(argc, argv, "--batch", 64);
    size_t size = (size_t)bench_number(argc, argv, "--row-bytes", 0);
    size_t n_commits = (size_t)bench_number(argc, argv, "--commits", 0);
    size_t n_tables = 1;
    sqlite3 *to = open_target(argv[2]);
    struct table *tables = calloc(MAX_TABLES, sizeof *tables);
    if (size > 0) {
        tables[0] = plain_table(size, n_commits);
        execute(to, tables[0].sql);
    } else {
        n_commits = take_over(argv[1], to, tables, &n_tables);
    }
    for (size_t i = 0; i < n_tables; i++) {
        prepare_insert(to, &tables[i]);
    }
    size_t n_batches = (n_commits + batch - 1) / batch;
    int64_t began_ns = bench_now_ns();
    for (size_t b = 0; b < n_batches; b++) {
        execute(to, "BEGIN IMMEDIATE");
        for (size_t i = 0; i < n_tables; i++) {
            insert(&tables[i], tables[i].n_rows * b / n_batches,
                   tables[i].n_rows * (b + 1) / n_batches);
        }
        execute(to, "COMMIT");
    }
    double took_s = (double)(bench_now_ns() - began_ns) / 1e9;
    printf("{\"commits\": %zu, \"batch\": %zu, \"per_second\": %.1f}\n", n_commits,
           batch, (double)n_commits / took_s);
    return 0;
}
