#include "store/sqlite.h"

#include <assert.h>
#include <string.h>

#include "store/split.h"

/*
 * Every statement. In braces: what differs between kinds and indexes.
 *   {kind} {index}   their names             {declared}  , "f_a", "f_b"
 *   {typed}          , "f_a" TEXT NOT NULL   {marks}     , ?, ?           one a
 * declared field {sets}           , "f_a" = ?             {order}     "f_a", "f_b", the
 * index's columns {order_typed}, {order_sets}: the same for the index's columns
 */
static const char *const sql_table[SQL_KEY_INSERT] = {
    [SQL_BEGIN] = "BEGIN",
    [SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_TAIL] = "SELECT seq FROM log ORDER BY seq DESC LIMIT 1",
    [SQL_LOG_AFTER] = "SELECT seq, body FROM log WHERE seq > ? ORDER BY seq LIMIT 1",
    [SQL_LOG_UNTIL] =
        "SELECT seq, body FROM log WHERE seq <= ? ORDER BY seq DESC LIMIT 1",
    [SQL_LOG_BY_EID] = "SELECT seq, body FROM log WHERE eid = ? ORDER BY seq LIMIT 1",
    [SQL_APPEND] = "INSERT INTO log(seq, eid, body) VALUES(?, ?, ?)",
    [SQL_LOG_REPLACE] = "UPDATE log SET body = ?2 WHERE seq = ?1",
    [SQL_BASE] = "SELECT body FROM base",
    [SQL_BASE_SET] = "INSERT OR REPLACE INTO base(one, body) VALUES(1, ?)",
    [SQL_BASE_GET] = "SELECT body FROM base_document WHERE kind = ? AND id = ?",
    [SQL_BASE_NEXT] = "SELECT body FROM base_document WHERE (kind, id) > (?, ?)"
                      " ORDER BY kind, id LIMIT 1",
    [SQL_BASE_PUT] =
        "INSERT OR REPLACE INTO base_document(kind, id, body) VALUES(?, ?, ?)",
    [SQL_BASE_REMOVE] = "DELETE FROM base_document WHERE kind = ? AND id = ?",
    [SQL_TRIM] = "DELETE FROM log WHERE seq <= ?",
    [SQL_SOFT_GET] = "SELECT value FROM soft WHERE key = ?",
    [SQL_SOFT_PUT] = "INSERT OR REPLACE INTO soft(key, value) VALUES(?, ?)",
    [SQL_SOFT_REMOVE] = "DELETE FROM soft WHERE key = ?",
    [SQL_HISTORIES] = "SELECT first_seq, started_at, last_common_seq FROM histories "
                      "ORDER BY first_seq",
    [SQL_HISTORY_PUT] = "INSERT OR REPLACE INTO histories(first_seq, started_at, "
                        "last_common_seq) VALUES(?, ?, ?)",
    [SQL_PRESENT] =
        "SELECT id, seq, at, created_at, scope, w, x FROM \"{kind}\" WHERE id = ?",
    [SQL_HEAD] =
        "SELECT id, seq, at, created_at, scope{declared} FROM \"{kind}\" WHERE id = ?",
    [SQL_PAST] =
        "SELECT id, seq, at, created_at, scope, w, x, until FROM \"{kind}_past\""
        " WHERE id = ? AND seq <= ? ORDER BY seq DESC LIMIT 1",
    [SQL_INSERT] =
        "INSERT INTO \"{kind}\"(id, seq, at, created_at, scope, w, x{declared})"
        " VALUES(?, ?, ?, ?, ?, ?, ?{marks})",
    [SQL_UPDATE] = "UPDATE \"{kind}\" SET seq = ?2, at = ?3, created_at = ?4, scope = "
                   "?5, w = ?6, x = ?7{sets}"
                   " WHERE id = ?1",
    [SQL_DELETE] = "DELETE FROM \"{kind}\" WHERE id = ?",
    [SQL_KEEP] = "INSERT OR REPLACE INTO \"{kind}_past\"(id, seq, at, created_at, "
                 "scope, w, x{declared}, until)"
                 " SELECT id, seq, at, created_at, scope, w, x{declared}, ?2 FROM "
                 "\"{kind}\" WHERE id = ?1",
    [SQL_FORGET] = "DELETE FROM \"{kind}_past\" WHERE id = ? AND seq <= ?",
    [SQL_TRIM_PAST] = "DELETE FROM \"{kind}_past\" WHERE until <= ?",
    [SQL_COUNT] = "SELECT count(*) FROM \"{kind}\"",
    [SQL_COUNT_PAST] = "SELECT count(*) FROM \"{kind}_past\"",
    [SQL_KEY_HAS] =
        "SELECT 1 FROM \"{kind}_{index}\" WHERE scope = ?{order_sets} AND id = ?",
    [SQL_KEY_COUNT] = "SELECT count(*) FROM \"{kind}_{index}\"",
    [SQL_MAKE_KIND] =
        "CREATE TABLE \"{kind}\"(rid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, seq "
        "INTEGER NOT NULL,"
        " at INTEGER NOT NULL, created_at INTEGER NOT NULL, scope BLOB NOT NULL{typed},"
        " w BLOB NOT NULL, x BLOB NOT NULL)",
    [SQL_MAKE_PAST] =
        "CREATE TABLE \"{kind}_past\"(rid INTEGER PRIMARY KEY, id TEXT NOT NULL, seq "
        "INTEGER NOT NULL,"
        " until INTEGER NOT NULL, at INTEGER NOT NULL, created_at INTEGER NOT NULL,"
        " scope BLOB NOT NULL{typed}, w BLOB NOT NULL, x BLOB NOT NULL, UNIQUE(id, "
        "seq))",
    [SQL_MAKE_PAST_INDEX] =
        "CREATE INDEX \"{kind}_past_{index}\" ON \"{kind}_past\"({order}id)",
    [SQL_MAKE_INDEX] = "CREATE TABLE \"{kind}_{index}\"(scope TEXT NOT NULL{use}, "
                       "{order_typed}id TEXT NOT NULL,"
                       " PRIMARY KEY(scope, {order}id)) WITHOUT ROWID",
};

static const char *const type_names[] = {
    [DECLARED_TEXT] = "TEXT",
    [DECLARED_INTEGER] = "INTEGER",
    [DECLARED_TIME] = "INTEGER",
};

/* A form takes the name, or the name and the type, or neither. */
static void
sql_columns(sqlite3_str *out, const struct kind *kind, const struct kind_index *index,
            const char *form)
{
    size_t n = index == NULL ? 0 : split_n_columns(index);
    for (size_t i = 0; i < n; i++) {
        const struct declared *declared = &kind->declared[split_column(kind, index, i)];
        sqlite3_str_appendf(out, form, declared->name, type_names[declared->type]);
    }
}

static void
sql_declared(sqlite3_str *out, const struct kind *kind, const char *form)
{
    size_t n = split_n_declared(kind);
    for (size_t i = 0; i < n; i++) {
        const struct declared *declared = &kind->declared[i];
        sqlite3_str_appendf(out, form, declared->name, type_names[declared->type]);
    }
}

/* What stands for each word in braces. */
static const struct {
    const char *word;
    bool is_order;
    const char *form;
} sql_words[] = {
    {"{declared}", false, ", \"f_%s\""},
    {"{typed}", false, ", \"f_%s\" %s NOT NULL"},
    {"{marks}", false, ", ?"},
    {"{sets}", false, ", \"f_%s\" = ?"},
    {"{order}", true, "\"f_%s\", "},
    {"{order_typed}", true, "\"f_%s\" %s NOT NULL, "},
    {"{order_sets}", true, " AND \"f_%s\" = ?"},
};

/* Which rows there may be: a file whose indexes are of another use has another shape.
 */
static void
sql_use(sqlite3_str *out, const struct kind *kind, const struct kind_index *index)
{
    enum index_use use = index == NULL ? INDEX_ANY : index->use;
    if (use == INDEX_CALLERS) {
        sqlite3_str_appendall(out, " CHECK(scope <> '" SCOPE_ALL "')");
    } else if (use == INDEX_OWN) {
        const struct declared *first = &kind->declared[split_column(kind, index, 0)];
        static const char *const missing[] = {[DECLARED_TEXT] = "''",
                                              [DECLARED_INTEGER] =
                                                  "-9223372036854775808",
                                              [DECLARED_TIME] = "9223372036854775807"};
        sqlite3_str_appendf(out, " CHECK(scope = '" SCOPE_ALL "' AND \"f_%s\" <> %s)",
                            first->name, missing[first->type]);
    }
}

/* Writes what stands for the word text begins with; answers the word's length. */
static size_t
sql_word(sqlite3_str *out, const char *text, const struct kind *kind,
         const struct kind_index *index)
{
    if (strncmp(text, "{kind}", strlen("{kind}")) == 0) {
        sqlite3_str_appendall(out, kind->name);
        return strlen("{kind}");
    }
    if (strncmp(text, "{index}", strlen("{index}")) == 0) {
        sqlite3_str_appendall(out, index == NULL ? "id" : index->name);
        return strlen("{index}");
    }
    if (strncmp(text, "{use}", strlen("{use}")) == 0) {
        sql_use(out, kind, index);
        return strlen("{use}");
    }
    size_t i = 0;
    while (strncmp(text, sql_words[i].word, strlen(sql_words[i].word)) != 0) {
        i++;
        assert(i < sizeof sql_words / sizeof sql_words[0]);
    }
    if (sql_words[i].is_order) {
        sql_columns(out, kind, index, sql_words[i].form);
    } else {
        sql_declared(out, kind, sql_words[i].form);
    }
    return strlen(sql_words[i].word);
}

/*
 * Statements are made of the table of kinds and nothing else: no text of a caller ever
 * becomes SQL, it is bound. Each form below is a text of its own, so that SQLite plans
 * each for its index once and for all.
 */

/* Forms of SQL_KEYS: two bits of equal columns, one each of an upper bound, of the
 * past, of all documents by id, which the kind's own table lists. */
enum { FORM_HIGH = 4, FORM_PAST = 8, FORM_ALL = 16, FORM_EQUAL = 3 };

enum sqlite_sql
sqlite_keys_sql(const struct stream *stream)
{
    unsigned form = (unsigned)stream->n_equal;
    form += stream->has_high ? FORM_HIGH : 0;
    form += stream->is_past ? FORM_PAST : 0;
    form += !stream->is_past && sqlite_is_listed(stream->index, stream->scope)
                ? FORM_ALL
                : 0;
    return (enum sqlite_sql)(SQL_KEYS + form);
}

bool
sqlite_is_listed(const struct kind_index *index, const char *scope)
{
    return index == NULL && strcmp(scope, SCOPE_ALL) == 0;
}

/* The columns from a place on, each with this after it. */
static void
sql_rest(sqlite3_str *out, const struct kind *kind, const struct kind_index *index,
         size_t from, const char *form)
{
    for (size_t i = from; i < split_n_columns(index); i++) {
        sqlite3_str_appendf(out, form,
                            kind->declared[split_column(kind, index, i)].name);
    }
}

/* Where the keys come from: the past of any scope, the kind's own table, or an index.
 */
static void
sql_source(sqlite3_str *out, unsigned form, const struct kind *kind,
           const struct kind_index *index)
{
    if ((form & FORM_PAST) != 0) {
        sqlite3_str_appendf(out, "id FROM \"%s_past\" WHERE seq <= ?1 AND until > ?1",
                            kind->name);
    } else if ((form & FORM_ALL) != 0) {
        sqlite3_str_appendf(out, "id FROM \"%s\" WHERE ?1 IS NOT NULL", kind->name);
    } else {
        sqlite3_str_appendf(out, "id FROM \"%s_%s\" WHERE scope = ?1", kind->name,
                            index == NULL ? "id" : index->name);
    }
}

/*
 * One keyset: the equal columns, then everything beyond (the rest, id), up to the
 * bound. Parameters in this order: scope or as_of, as_of, equal ones, after, high,
 * limit.
 */
static void
sql_keys(sqlite3_str *out, unsigned form, const struct kind *kind,
         const struct kind_index *index)
{
    size_t n_equal = form & FORM_EQUAL;
    sqlite3_str_appendall(out, "SELECT ");
    sql_rest(out, kind, index, n_equal, "\"f_%s\", ");
    sql_source(out, form, kind, index);
    for (size_t i = 0; i < n_equal; i++) {
        sqlite3_str_appendf(out, " AND \"f_%s\" = ?",
                            kind->declared[split_column(kind, index, i)].name);
    }
    sqlite3_str_appendall(out, " AND (");
    sql_rest(out, kind, index, n_equal, "\"f_%s\", ");
    sqlite3_str_appendall(out, "id) > (");
    sql_rest(out, kind, index, n_equal, "?, ");
    sqlite3_str_appendall(out, "?)");
    if ((form & FORM_HIGH) != 0 && n_equal < split_n_columns(index)) {
        sqlite3_str_appendf(out, " AND \"f_%s\" < ?",
                            kind->declared[split_column(kind, index, n_equal)].name);
    } else if ((form & FORM_HIGH) != 0) {
        sqlite3_str_appendall(out, " AND id < ?");
    }
    sqlite3_str_appendall(out, " ORDER BY ");
    sql_rest(out, kind, index, n_equal, "\"f_%s\", ");
    sqlite3_str_appendall(out, "id LIMIT ?");
}

/*
 * The rows of one document differ in their scope only: one statement for all of them
 * costs a third of one for each, most of which is beginning and ending it. Parameters
 * in this order: scopes, columns, id.
 */
static void
sql_key_insert(sqlite3_str *out, size_t n_rows, const struct kind *kind,
               const struct kind_index *index)
{
    size_t n_columns = split_n_columns(index);
    sqlite3_str_appendf(out, "INSERT OR IGNORE INTO \"%s_%s\"(scope, ", kind->name,
                        index == NULL ? "id" : index->name);
    sql_rest(out, kind, index, 0, "\"f_%s\", ");
    sqlite3_str_appendall(out, "id) VALUES");
    for (size_t row = 0; row < n_rows; row++) {
        sqlite3_str_appendf(out, row == 0 ? "(?%d" : ", (?%d", (int)row + 1);
        for (size_t i = 0; i <= n_columns; i++) {
            sqlite3_str_appendf(out, ", ?%d", (int)(n_rows + i) + 1);
        }
        sqlite3_str_appendall(out, ")");
    }
}

static void
sql_key_delete(sqlite3_str *out, size_t n_rows, const struct kind *kind,
               const struct kind_index *index)
{
    sqlite3_str_appendf(out, "DELETE FROM \"%s_%s\" WHERE scope IN (", kind->name,
                        index == NULL ? "id" : index->name);
    for (size_t row = 0; row < n_rows; row++) {
        sqlite3_str_appendall(out, row == 0 ? "?" : ", ?");
    }
    sqlite3_str_appendall(out, ")");
    sql_rest(out, kind, index, 0, " AND \"f_%s\" = ?");
    sqlite3_str_appendall(out, " AND id = ?");
}

enum sqlite_sql
sqlite_rows_sql(enum sqlite_sql sql, size_t n_rows)
{
    assert(n_rows > 0 && n_rows <= SQLITE_KEY_ROWS);
    return (enum sqlite_sql)(sql + n_rows - 1);
}

char *
sqlite_sql_text(enum sqlite_sql sql, const struct kind *kind,
                const struct kind_index *index)
{
    sqlite3_str *out = sqlite3_str_new(NULL);
    if (sql >= SQL_KEYS) {
        sql_keys(out, (unsigned)sql - SQL_KEYS, kind, index);
        return sqlite3_str_finish(out);
    }
    if (sql >= SQL_KEY_DELETE) {
        sql_key_delete(out, (size_t)(sql - SQL_KEY_DELETE) + 1, kind, index);
        return sqlite3_str_finish(out);
    }
    if (sql >= SQL_KEY_INSERT) {
        sql_key_insert(out, (size_t)(sql - SQL_KEY_INSERT) + 1, kind, index);
        return sqlite3_str_finish(out);
    }
    for (const char *text = sql_table[sql]; *text != '\0';) {
        if (*text == '{') {
            text += sql_word(out, text, kind, index);
        } else {
            size_t plain = strcspn(text, "{");
            sqlite3_str_append(out, text, (int)plain);
            text += plain;
        }
    }
    return sqlite3_str_finish(out);
}

/* Prepared when first used and kept: a broker of one provider never asks for most. */
static size_t
sql_slot(const struct sqlite *db, enum sqlite_sql sql, const struct kind *kind,
         const struct kind_index *index)
{
    size_t place = kind == NULL ? 0 : (size_t)(kind - db->open.kinds);
    size_t which = index == NULL ? KIND_MAX_INDEXES : (size_t)(index - kind->indexes);
    assert(place < db->open.n_kinds || kind == NULL);
    return ((size_t)sql * db->open.n_kinds + place) * (KIND_MAX_INDEXES + 1) + which;
}

sqlite3_stmt *
sqlite_statement(struct sqlite_conn *conn, enum sqlite_sql sql, const struct kind *kind,
                 const struct kind_index *index)
{
    sqlite3_stmt **slot = &conn->statements[sql_slot(conn->db, sql, kind, index)];
    if (*slot != NULL) {
        return *slot;
    }
    char *text = sqlite_sql_text(sql, kind, index);
    int code = sqlite3_prepare_v3(conn->handle, text, -1, SQLITE_PREPARE_PERSISTENT,
                                  slot, NULL);
    sqlite3_free(text);
    (void)sqlite_status(conn, code);
    return *slot;
}
