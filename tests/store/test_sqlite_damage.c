/* A file that somebody or something changed behind the store's back: what is told, and
 * what a rebuild can mend. */
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/tamper.h"

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
    {"UPDATE log SET eid = x'00' WHERE seq = 2", "idempotency key", false},
};

static void
test_verify_notices_every_tampering(struct fixture *f)
{
    for (size_t i = 0; i < sizeof tampers / sizeof tampers[0]; i++) {
        struct fixture *one = test_calloc(1, sizeof *one);
        char error[256] = "";
        int64_t verified = 0;
        fixture_open(one, f->backend);
        tamper_fill(one);
        fixture_shut(one);
        tamper_sql(one, tampers[i].sql);
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
    tamper_fill(f);
    fixture_shut(f);
    tamper_sql(f, "DELETE FROM log WHERE seq = 4");
    fixture_reopen(f);
    assert_int_equal(store_verify(f->store, &verified, error, sizeof error),
                     STATUS_DATA_LOSS);
    assert_int_equal(verified, 3);
}

static void
test_corrupted_page_is_told(struct fixture *f)
{
    char error[256] = "";
    int64_t verified = 0;
    struct document got;
    tamper_fill(f);
    fixture_shut(f);
    off_t page = tamper_root(f, "paper") - 1;
    tamper_page(tamper_path(f), page * TAMPER_PAGE);
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

/* What a rebuild does not make anew, and so cannot mend: it says so. */
static void
test_rebuild_does_not_answer_for_a_file_that_stays_damaged(struct fixture *f)
{
    static const char *const names[] = {"log", "log_eid", "soft", "histories"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct fixture *one = test_calloc(1, sizeof *one);
        char error[256] = "";
        fixture_open(one, f->backend);
        tamper_fill(one);
        fixture_shut(one);
        off_t page = tamper_root(one, names[i]) - 1;
        tamper_page(tamper_path(one), page * TAMPER_PAGE);
        enum status status = store_rebuild(&one->options, error, sizeof error);
        if (status != STATUS_DATA_LOSS || strstr(error, "restore") == NULL) {
            fail_msg("%s: status %d, \"%s\"", names[i], status, error);
        }
        fixture_close(one);
        test_free(one);
    }
}

/* As a broker that is killed leaves its files. */
static void
kill_a_broker(struct fixture *f, const char *id)
{
    fixture_shut(f);
    pid_t child = fork();
    if (child == 0) {
        fixture_reopen(f);
        fixture_put(f, KIND_SEAL, id, 0, "", (struct bytes){NULL, 0});
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
remove_beside(struct fixture *f, const char *suffix)
{
    char *path = arena_print(f->arena, "%s%s", tamper_path(f), suffix);
    assert_int_equal(unlink(path), 0);
}

/* The newest commits are in the WAL until a checkpoint: without it the file is an
 * older one, and says so nowhere else. */
static void
test_a_lost_wal_is_told(struct fixture *f)
{
    char error[256] = "";
    struct store *store = NULL;
    struct store_options options = f->options;
    options.is_read_only = true;
    kill_a_broker(f, "one");
    fixture_reopen(f);
    assert_int_equal(store_applied(f->store), 1);
    fixture_shut(f);
    /* A broker that ended well leaves none. */
    fixture_reopen(f);
    assert_int_equal(store_applied(f->store), 1);
    kill_a_broker(f, "two");
    remove_beside(f, "-wal");
    remove_beside(f, "-shm");
    for (int i = 0; i < 2; i++) {
        tamper_expect_no_open(f, f->uri, "-wal file is missing");
        assert_int_equal(store_open(&options, &store, error, sizeof error),
                         STATUS_DATA_LOSS);
        assert_non_null(strstr(error, "restore a backup"));
        assert_int_equal(store_rebuild(&f->options, error, sizeof error),
                         STATUS_DATA_LOSS);
    }
    /* Whoever knows better says so by removing the mark. */
    remove_beside(f, "-lock");
    fixture_reopen(f);
    fixture_verify(f);
}

static const struct fixture_case cases[] = {
    {"test_a_lost_wal_is_told", test_a_lost_wal_is_told},
    {"test_verify_notices_every_tampering", test_verify_notices_every_tampering},
    {"test_deleting_the_newest_commits_is_noticed",
     test_deleting_the_newest_commits_is_noticed},
    {"test_corrupted_page_is_told", test_corrupted_page_is_told},
    {"test_rebuild_does_not_answer_for_a_file_that_stays_damaged",
     test_rebuild_does_not_answer_for_a_file_that_stays_damaged},
};

int
main(void)
{
    return fixture_run_on(fixture_backend("sqlite"), "damaged files", cases,
                          sizeof cases / sizeof cases[0]);
}
