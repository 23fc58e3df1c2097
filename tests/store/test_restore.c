/* Restoring: the log comes back whole, a new history begins, and the lost future can
 * never be met again. */
#include <unistd.h>

#include "proto/export.h"
#include "tests/store/fixture.h"

/* A second, empty store to restore into. */
static struct store_options
target_options(struct fixture *f, const char *name)
{
    struct store_options options = f->options;
    options.uri = fixture_address(f, name);
    return options;
}

static const char *
export_path(struct fixture *f)
{
    return arena_print(f->arena, "%s/export", f->folder);
}

static void
fill(struct fixture *f)
{
    struct bytes doc = fixture_doc(f, "x", 1, 5000, "ann", "hush");
    int64_t p = fixture_put(f, KIND_PAPER, "p", 0, "=r:a ~*", doc);
    p = fixture_put(f, KIND_PAPER, "p", p, "=r:a",
                    fixture_doc(f, "y", 2, 0, "bob", NULL));
    int64_t q = fixture_put(f, KIND_PAPER, "q", 0, "=r:a", doc);
    fixture_delete(f, KIND_PAPER, "q", q);
    struct draft draft = fixture_draft(f, KIND_DRAWER, "d", 0, "=r:a", doc);
    draft_add(f, &draft, KONTOR__V1__CHANGE__OP__NOTE, KIND_PAPER, "p", 0, "",
              (struct bytes){NULL, 0});
    draft_set_eid(&draft, 77, 1);
    assert_int_equal(fixture_commit(f, draft, NULL), STATUS_OK);
}

/* Closes the fixture's store and goes on with another. */
static void
move_to(struct fixture *f, struct store_options options)
{
    fixture_shut(f);
    f->options = options;
    fixture_reopen(f);
}

static void
test_restore_brings_back_log_and_documents(struct fixture *f)
{
    char error[256] = "";
    struct document before;
    struct document after;
    struct draft again =
        fixture_draft(f, KIND_DRAWER, "d", 0, "=r:a", (struct bytes){NULL, 0});
    int64_t seq = 0;
    fill(f);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 1, f->arena, &before),
                     STATUS_OK);
    assert_int_equal(fixture_export(f, export_path(f), 0), 5);
    struct store_options options = target_options(f, "new");
    if (store_restore(&options, export_path(f), error, sizeof error) != STATUS_OK) {
        fail_msg("%s", error);
    }
    move_to(f, options);
    fixture_verify(f);
    assert_int_equal(store_applied(f->store), 5);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 1, f->arena, &after),
                     STATUS_OK);
    assert_int_equal(after.w.size, before.w.size);
    assert_memory_equal(after.w.data, before.w.data, before.w.size);
    assert_int_equal(after.created_at_ms, before.created_at_ms);
    /* Idempotency keys come back too. */
    draft_set_eid(&again, 77, 1);
    assert_int_equal(fixture_commit(f, again, &seq), STATUS_OK);
    assert_int_equal(seq, 5);
}

static void
test_restore_begins_a_new_history(struct fixture *f)
{
    char error[256] = "";
    Kontor__V1__History **histories;
    Kontor__V1__Commit **commits;
    struct document got;
    size_t n = 0;
    struct bytes doc = fixture_doc(f, "x", 1, 0, NULL, NULL);
    fill(f);
    fixture_export(f, export_path(f), 0);
    struct store_options options = target_options(f, "new");
    assert_int_equal(store_restore(&options, export_path(f), error, sizeof error),
                     STATUS_OK);
    move_to(f, options);
    assert_int_equal(store_histories(f->reader, f->arena, &histories, &n), STATUS_OK);
    assert_int_equal(n, 2);
    int64_t first = histories[1]->first_seq;
    assert_int_equal(first, (INT64_C(1700000000) << 20) + (1 << 20));
    assert_int_equal(histories[1]->last_common_seq, 5);
    /* What the lost future had handed out is met with a refusal, before and after the
     * first commit. */
    for (int i = 0; i < 2; i++) {
        static const int64_t lost[] = {6, 7, 1 << 20};
        for (size_t j = 0; j < sizeof lost / sizeof lost[0]; j++) {
            assert_int_equal(
                store_log_read(f->reader, lost[j], 9, 99, f->arena, &commits, &n),
                STATUS_OUT_OF_RANGE);
            assert_int_equal(
                store_get(f->reader, KIND_PAPER, "p", NULL, lost[j], f->arena, &got),
                STATUS_OUT_OF_RANGE);
        }
        assert_int_equal(
            store_log_read(f->reader, first - 1, 9, 99, f->arena, &commits, &n),
            STATUS_OUT_OF_RANGE);
        assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 5, f->arena, &got),
                         STATUS_OK);
        if (i == 0) {
            assert_int_equal(fixture_put(f, KIND_PAPER, "n", 0, "=r:a", doc), first);
            assert_int_equal(fixture_put(f, KIND_PAPER, "m", 0, "=r:a", doc),
                             first + 1);
        }
    }
    /* Whoever read up to the last common position goes on across the gap. */
    assert_int_equal(store_log_read(f->reader, 5, 9, 1 << 20, f->arena, &commits, &n),
                     STATUS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(commits[0]->seq, first);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "n", NULL, first, f->arena, &got),
                     STATUS_OK);
    int64_t seq = 0;
    assert_int_equal(store_seq_at(f->reader, 1700000000000, &seq), STATUS_OK);
    assert_int_equal(seq, first + 1);
    /* The first of a history has nothing before it to be read from. */
    int64_t time_ms = 0;
    assert_int_equal(store_time_at(f->reader, first, &time_ms), STATUS_OK);
    assert_int_equal(time_ms, 1700000000000);
    fixture_verify(f);
    fixture_reopen(f);
    assert_int_equal(fixture_put(f, KIND_PAPER, "o", 0, "=r:a", doc), first + 2);
}

static void
test_restores_follow_restores(struct fixture *f)
{
    char error[256] = "";
    Kontor__V1__History **histories;
    size_t n = 0;
    struct bytes doc = fixture_doc(f, "x", 1, 0, NULL, NULL);
    fill(f);
    for (int i = 0; i < 3; i++) {
        /* The second restore finds a history nobody has written in. */
        if (i != 1) {
            fixture_put(f, KIND_PAPER, arena_print(f->arena, "n/%d", i), 0, "=r:a",
                        doc);
        }
        fixture_export(f, export_path(f), 0);
        struct store_options options =
            target_options(f, arena_print(f->arena, "new%d", i));
        if (store_restore(&options, export_path(f), error, sizeof error) != STATUS_OK) {
            fail_msg("%s", error);
        }
        move_to(f, options);
        fixture_verify(f);
    }
    assert_int_equal(store_histories(f->reader, f->arena, &histories, &n), STATUS_OK);
    assert_int_equal(n, 4);
    for (size_t i = 1; i < n; i++) {
        /* The clock stands still in this test: each history must still begin above the
         * one before. */
        assert_true(histories[i]->first_seq >= histories[i - 1]->first_seq + (1 << 20));
        assert_true(histories[i]->last_common_seq >= histories[i - 1]->last_common_seq);
    }
    assert_int_equal(fixture_put(f, KIND_PAPER, "end", 0, "=r:a", doc),
                     histories[3]->first_seq);
    fixture_verify(f);
}

static void
test_restore_refuses_a_store_with_commits(struct fixture *f)
{
    char error[256] = "";
    fill(f);
    fixture_export(f, export_path(f), 0);
    fixture_shut(f);
    assert_int_equal(store_restore(&f->options, export_path(f), error, sizeof error),
                     STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(error, "not empty"));
}

static void
expect_refused(struct fixture *f, const char *name, const char *path, const char *why)
{
    char error[256] = "";
    struct store_options options = target_options(f, name);
    assert_int_not_equal(store_restore(&options, path, error, sizeof error), STATUS_OK);
    if (strstr(error, why) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", name, error, why);
    }
    /* Nothing stays of what was refused: the same file takes a good one. */
    struct store *store = NULL;
    assert_int_equal(store_open(&options, &store, error, sizeof error), STATUS_OK);
    assert_int_equal(store_applied(store), 0);
    store_close(store);
}

static void
test_restore_refuses_an_export_that_is_not_whole(struct fixture *f)
{
    fill(f);
    fixture_export(f, export_path(f), 2);
    expect_refused(f, "part", export_path(f), "not whole");
    expect_refused(f, "none", arena_print(f->arena, "%s/none", f->folder),
                   "cannot open");
    FILE *file = fopen(export_path(f), "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    expect_refused(f, "empty", export_path(f), "it is empty");
}

/* Rewrites the export with its commits 1..5 as order says; 0 ends. */
static void
export_order(struct fixture *f, const int *order, void (*change)(Kontor__V1__Commit *))
{
    Kontor__V1__Commit **commits = NULL;
    size_t n = 0;
    FILE *file = fopen(export_path(f), "wb");
    assert_non_null(file);
    Kontor__V1__ExportHeader header = KONTOR__V1__EXPORT_HEADER__INIT;
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    char format[] = EXPORT_FORMAT;
    header.format = format;
    record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_HEADER;
    record.header = &header;
    assert_true(export_write(file, &record));
    assert_int_equal(store_log_read(f->reader, 0, 9, 1 << 20, f->arena, &commits, &n),
                     STATUS_OK);
    for (; *order != 0; order++) {
        record = (Kontor__V1__ExportRecord)KONTOR__V1__EXPORT_RECORD__INIT;
        record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_COMMIT;
        record.commit = commits[*order - 1];
        if (change != NULL) {
            change(record.commit);
        }
        assert_true(export_write(file, &record));
    }
    assert_int_equal(fclose(file), 0);
}

static void
change_actor(Kontor__V1__Commit *commit)
{
    commit->actor[0] = 'X';
}

static void
change_doc(Kontor__V1__Commit *commit)
{
    if (commit->changes[0]->doc.len > 0) {
        commit->changes[0]->doc.data[0] ^= 0x40;
    }
}

static void
change_hash(Kontor__V1__Commit *commit)
{
    commit->hash.data[5] ^= 1;
}

static void
test_restore_refuses_a_tampered_export(struct fixture *f)
{
    fill(f);
    export_order(f, (const int[]){1, 2, 4, 5, 0}, NULL);
    expect_refused(f, "gap", export_path(f), "does not follow");
    export_order(f, (const int[]){1, 3, 2, 0}, NULL);
    expect_refused(f, "swapped", export_path(f), "does not follow");
    export_order(f, (const int[]){1, 2, 2, 0}, NULL);
    expect_refused(f, "twice", export_path(f), "does not follow");
    export_order(f, (const int[]){1, 2, 0}, change_actor);
    expect_refused(f, "actor", export_path(f), "hash does not fit");
    export_order(f, (const int[]){1, 2, 0}, change_doc);
    expect_refused(f, "doc", export_path(f), "does not fit its digest");
    export_order(f, (const int[]){1, 2, 0}, change_hash);
    expect_refused(f, "hash", export_path(f), "hash does not fit");
}

/* Where each record of the export ends; the first is the header. */
static size_t
record_ends(struct fixture *f, long *ends, size_t room)
{
    struct export_file file = {.arena = f->arena};
    size_t n = 0;
    file.stream = fopen(export_path(f), "rb");
    assert_non_null(file.stream);
    enum export_step step = EXPORT_COMMIT;
    while (step == EXPORT_COMMIT) {
        const Kontor__V1__Commit *commit;
        const char *wrong;
        step = export_next(&file, f->arena, &commit, &wrong);
        assert_true(n < room);
        ends[n++] = (long)file.whole;
    }
    assert_int_equal(step, EXPORT_OVER);
    assert_int_equal(fclose(file.stream), 0);
    return n;
}

static void
test_restore_refuses_an_export_cut_between_two_records(struct fixture *f)
{
    long ends[16];
    fill(f);
    fixture_export(f, export_path(f), 0);
    size_t n = record_ends(f, ends, 16);
    assert_int_equal(n, 6);
    for (size_t i = n - 1; i-- > 0;) {
        const char *name = arena_print(f->arena, "cut%zu", i);
        assert_int_equal(truncate(export_path(f), ends[i]), 0);
        expect_refused(f, name, export_path(f), "run kontor backup on it again");
    }
}

/* Every byte of the last two records, so that none of them is needed by luck. */
static void
test_restore_refuses_an_export_cut_inside_a_record(struct fixture *f)
{
    long ends[16];
    fill(f);
    fixture_export(f, export_path(f), 0);
    size_t n = record_ends(f, ends, 16);
    for (long size = ends[n - 1] - 1; size > ends[n - 3]; size -= 5) {
        const char *name = arena_print(f->arena, "in%ld", size);
        assert_int_equal(truncate(export_path(f), size), 0);
        expect_refused(f, name, export_path(f), "run kontor backup on it again");
    }
}

/* Appends commits as a run that is going on does, without an end. */
static void
append_commits(struct fixture *f, int64_t after)
{
    Kontor__V1__Commit **commits = NULL;
    size_t n = 0;
    FILE *file = fopen(export_path(f), "ab");
    assert_non_null(file);
    assert_int_equal(
        store_log_read(f->reader, after, 9, 1 << 20, f->arena, &commits, &n),
        STATUS_OK);
    for (size_t i = 0; i < n; i++) {
        fixture_export_commit(file, commits[i]);
    }
    assert_int_equal(fclose(file), 0);
}

/* What was whole can be had again, as the refusal says; continued to the end, all can.
 */
static void
test_restore_refuses_an_export_whose_continuation_was_cut(struct fixture *f)
{
    char error[256] = "";
    long ends[16];
    fill(f);
    fixture_export(f, export_path(f), 0);
    size_t n = record_ends(f, ends, 16);
    fixture_put(f, KIND_DRAWER, "late", 0, "=r:a", (struct bytes){NULL, 0});
    append_commits(f, 5);
    const char *cure = arena_print(f->arena, "truncate -s %ld", ends[n - 1]);
    expect_refused(f, "continued", export_path(f), cure);
    assert_int_equal(truncate(export_path(f), ends[n - 1]), 0);
    struct store_options options = target_options(f, "before");
    assert_int_equal(store_restore(&options, export_path(f), error, sizeof error),
                     STATUS_OK);
    append_commits(f, 5);
    FILE *file = fopen(export_path(f), "ab");
    assert_non_null(file);
    struct chain chain = {.seq = 6};
    Kontor__V1__Commit **commits = NULL;
    assert_int_equal(store_log_read(f->reader, 5, 1, 1, f->arena, &commits, &n),
                     STATUS_OK);
    memcpy(chain.hash, commits[0]->hash.data, sizeof chain.hash);
    assert_true(export_write_end(file, &chain, 6));
    assert_int_equal(fclose(file), 0);
    options = target_options(f, "after");
    assert_int_equal(store_restore(&options, export_path(f), error, sizeof error),
                     STATUS_OK);
    move_to(f, options);
    assert_int_equal(store_applied(f->store), 6);
    fixture_verify(f);
}

/* The end is the file's own, in each of its numbers. */
static void
test_restore_refuses_an_end_that_does_not_fit(struct fixture *f)
{
    fill(f);
    for (int i = 0; i < 3; i++) {
        Kontor__V1__Commit **commits = NULL;
        size_t n = 0;
        export_order(f, (const int[]){1, 2, 3, 4, 5, 0}, NULL);
        assert_int_equal(store_log_read(f->reader, 4, 1, 1, f->arena, &commits, &n),
                         STATUS_OK);
        struct chain chain = {.seq = i == 0 ? 6 : 5};
        memcpy(chain.hash, commits[0]->hash.data, sizeof chain.hash);
        chain.hash[7] ^= i == 1 ? 1 : 0;
        FILE *file = fopen(export_path(f), "ab");
        assert_non_null(file);
        assert_true(export_write_end(file, &chain, i == 2 ? 6 : 5));
        assert_int_equal(fclose(file), 0);
        expect_refused(f, arena_print(f->arena, "end%d", i), export_path(f),
                       "take another backup");
    }
}

static void
test_restore_refuses_kinds_it_does_not_know(struct fixture *f)
{
    static const struct kind few[] = {{.name = "seal"}, {.name = NULL}};
    char error[256] = "";
    fill(f);
    fixture_export(f, export_path(f), 0);
    struct store_options options = target_options(f, "few");
    options.kinds = few;
    assert_int_equal(store_restore(&options, export_path(f), error, sizeof error),
                     STATUS_DATA_LOSS);
    assert_non_null(strstr(error, "no kind \"paper\""));
}

static const struct fixture_case cases[] = {
    {"test_restore_brings_back_log_and_documents",
     test_restore_brings_back_log_and_documents},
    {"test_restore_begins_a_new_history", test_restore_begins_a_new_history},
    {"test_restores_follow_restores", test_restores_follow_restores},
    {"test_restore_refuses_a_store_with_commits",
     test_restore_refuses_a_store_with_commits},
    {"test_restore_refuses_an_export_that_is_not_whole",
     test_restore_refuses_an_export_that_is_not_whole},
    {"test_restore_refuses_a_tampered_export", test_restore_refuses_a_tampered_export},
    {"test_restore_refuses_an_export_cut_between_two_records",
     test_restore_refuses_an_export_cut_between_two_records},
    {"test_restore_refuses_an_export_cut_inside_a_record",
     test_restore_refuses_an_export_cut_inside_a_record},
    {"test_restore_refuses_an_export_whose_continuation_was_cut",
     test_restore_refuses_an_export_whose_continuation_was_cut},
    {"test_restore_refuses_an_end_that_does_not_fit",
     test_restore_refuses_an_end_that_does_not_fit},
    {"test_restore_refuses_kinds_it_does_not_know",
     test_restore_refuses_kinds_it_does_not_know},
};

int
main(void)
{
    return fixture_run("restore", cases, sizeof cases / sizeof cases[0]);
}
