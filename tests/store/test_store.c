/* The contract of the store: opening, writing, reading, the log. */
#include "tests/store/fixture.h"

static void
test_open_starts_empty(struct fixture *f)
{
    Kontor__V1__Commit **commits = NULL;
    Kontor__V1__History **histories = NULL;
    size_t n = 0;
    assert_int_equal(store_applied(f->store), 0);
    assert_int_equal(store_log_read(f->reader, 0, 10, 1 << 20, f->arena, &commits, &n),
                     STATUS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(store_histories(f->reader, f->arena, &histories, &n), STATUS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(histories[0]->first_seq, 1);
    assert_int_equal(histories[0]->last_common_seq, 0);
    assert_string_equal(store_backend(f->store), f->backend->backend);
}

static void
test_put_is_read_back(struct fixture *f)
{
    struct document got;
    struct bytes doc = fixture_doc(f, "one", 7, 0, "ann", "hush");
    int64_t seq = fixture_put(f, KIND_PAPER, "p/1", 0, "=r:acme ~r:guest", doc);
    assert_int_equal(seq, 1);
    assert_int_equal(store_applied(f->store), 1);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p/1", NULL, 0, f->arena, &got),
                     STATUS_OK);
    assert_string_equal(got.id, "p/1");
    assert_int_equal(got.revision, 1);
    assert_int_equal(got.created_at_ms, 1700000000000);
    assert_int_equal(got.n_scope, 2);
    assert_int_equal(got.view, VIEW_FULL);
    assert_int_equal(got.w.size + got.x.size, doc.size);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p/2", NULL, 0, f->arena, &got),
                     STATUS_NOT_FOUND);
}

static void
test_find_lists_by_index(struct fixture *f)
{
    struct page page;
    fixture_put(f, KIND_PAPER, "a", 0, "=r:acme",
                fixture_doc(f, "x", 3, 0, NULL, NULL));
    fixture_put(f, KIND_PAPER, "b", 0, "=r:acme",
                fixture_doc(f, "x", 1, 0, NULL, NULL));
    fixture_put(f, KIND_PAPER, "c", 0, "=r:other",
                fixture_doc(f, "y", 2, 0, NULL, NULL));
    struct find find = {.kind = KIND_PAPER, .index = "rank", .limit = 10};
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    assert_string_equal(fixture_ids(f, &page), "b c a");
    assert_string_equal(page.next_token, "");
    struct scopes scopes = fixture_scopes(f, "r:acme");
    find.scopes = &scopes;
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    assert_string_equal(fixture_ids(f, &page), "b a");
    fixture_verify(f);
}

static void
fill(struct fixture *f, int n)
{
    for (int i = 0; i < n; i++) {
        fixture_put(f, KIND_PAPER, arena_print(f->arena, "p/%d", i), 0, "=r:acme",
                    fixture_doc(f, "x", i, 0, NULL, NULL));
    }
}

static void
test_log_read_keeps_its_limits(struct fixture *f)
{
    Kontor__V1__Commit **commits = NULL;
    size_t n = 0;
    fill(f, 10);
    assert_int_equal(store_log_read(f->reader, 0, 4, 1 << 20, f->arena, &commits, &n),
                     STATUS_OK);
    assert_int_equal(n, 4);
    assert_int_equal(commits[3]->seq, 4);
    /* At least one, however small the room. */
    assert_int_equal(store_log_read(f->reader, 4, 100, 1, f->arena, &commits, &n),
                     STATUS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(commits[0]->seq, 5);
    assert_int_equal(
        store_log_read(f->reader, 0, SIZE_MAX, SIZE_MAX, f->arena, &commits, &n),
        STATUS_OK);
    assert_int_equal(n, 10);
    assert_int_equal(
        store_log_read(f->reader, 10, 100, 1 << 20, f->arena, &commits, &n), STATUS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(store_log_read(f->reader, 11, 1, 1, f->arena, &commits, &n),
                     STATUS_OUT_OF_RANGE);
    assert_int_equal(store_log_read(f->reader, -1, 1, 1, f->arena, &commits, &n),
                     STATUS_OUT_OF_RANGE);
}

static void
test_reopen_finds_everything(struct fixture *f)
{
    struct document got;
    fill(f, 5);
    fixture_reopen(f);
    assert_int_equal(store_applied(f->store), 5);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p/4", NULL, 0, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(fixture_put(f, KIND_PAPER, "p/5", 0, "=r:acme",
                                 fixture_doc(f, "x", 1, 0, NULL, NULL)),
                     6);
    fixture_verify(f);
}

static void
test_second_broker_is_refused(struct fixture *f)
{
    struct store *second = NULL;
    char error[256] = "";
    if (!f->backend->is_exclusive) {
        return;
    }
    assert_int_not_equal(store_open(&f->options, &second, error, sizeof error),
                         STATUS_OK);
    assert_null(second);
    assert_non_null(strstr(error, "in use by another broker"));
    assert_non_null(strstr(error, "stop that one first"));
    fill(f, 1);
    fixture_shut(f);
    assert_int_equal(store_open(&f->options, &second, error, sizeof error), STATUS_OK);
    store_close(second);
}

static void
test_maintenance_is_refused_while_a_broker_runs(struct fixture *f)
{
    char error[256] = "";
    if (!f->backend->is_exclusive) {
        return;
    }
    assert_int_not_equal(store_rebuild(&f->options, error, sizeof error), STATUS_OK);
    assert_non_null(strstr(error, "in use by another broker"));
    assert_int_not_equal(store_restore(&f->options, "/dev/null", error, sizeof error),
                         STATUS_OK);
    assert_non_null(strstr(error, "in use by another broker"));
}

static void
test_read_only_reads_beside_a_broker_and_writes_nothing(struct fixture *f)
{
    struct store *second = NULL;
    struct store_reader *reader = NULL;
    struct document got;
    struct work work = {.draft = {.actor = "a"}};
    char error[256] = "";
    int64_t verified = 0;
    struct store_options options = f->options;
    options.is_read_only = true;
    fill(f, 3);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_open(&options, &second, error, sizeof error), STATUS_OK);
        assert_int_equal(store_submit(second, &work), STATUS_UNAVAILABLE);
        assert_int_equal(store_reader_open(second, &reader), STATUS_OK);
        assert_int_equal(store_get(reader, KIND_PAPER, "p/2", NULL, 0, f->arena, &got),
                         STATUS_OK);
        assert_int_equal(store_verify(second, &verified, error, sizeof error),
                         STATUS_OK);
        assert_int_equal(verified, 3);
        store_reader_close(reader);
        store_close(second);
        /* Once beside the broker, once at rest. */
        fixture_shut(f);
    }
}

static void
test_verify_covers_every_op(struct fixture *f)
{
    struct bytes doc = fixture_doc(f, "x", 1, 5000, "ann", "hush");
    int64_t p = fixture_put(f, KIND_PAPER, "p", 0, "=r:a ~r:a ~*", doc);
    p = fixture_put(f, KIND_PAPER, "p", p, "=r:a", doc);
    fixture_delete(f, KIND_PAPER, "p", p);
    int64_t d = fixture_put(f, KIND_DRAWER, "d", 0, "=r:a", doc);
    d = fixture_put(f, KIND_DRAWER, "d", d, "=r:b", doc);
    fixture_delete(f, KIND_DRAWER, "d", d);
    fixture_put(f, KIND_DRAWER, "d", 0, "=r:b", doc);
    fixture_put(f, KIND_PAPER, "p", 0, "=r:b", doc);
    fixture_put(f, KIND_PAPER, "empty", 0, "=r:b", (struct bytes){NULL, 0});
    fixture_verify(f);
    char error[256] = "";
    fixture_shut(f);
    assert_int_equal(store_rebuild(&f->options, error, sizeof error), STATUS_OK);
    fixture_reopen(f);
    fixture_verify(f);
}

/* The broker's own kinds make a store. */
static void
test_table_of_kinds_makes_a_store(struct fixture *f)
{
    f->options.kinds = kind_table;
    f->options.uri = fixture_address(f, "real");
    fixture_reopen(f);
    fixture_put(f, KIND_GUARD, "name/x", 0, "",
                (struct bytes){(const uint8_t *)"x", 1});
    fixture_put(f, KIND_ITEM, "o/1", 0, "=r:a ~*",
                (struct bytes){(const uint8_t *)"\x30\x02", 2});
    fixture_reopen(f);
    fixture_verify(f);
}

static const struct fixture_case cases[] = {
    {"test_open_starts_empty", test_open_starts_empty},
    {"test_put_is_read_back", test_put_is_read_back},
    {"test_find_lists_by_index", test_find_lists_by_index},
    {"test_log_read_keeps_its_limits", test_log_read_keeps_its_limits},
    {"test_reopen_finds_everything", test_reopen_finds_everything},
    {"test_second_broker_is_refused", test_second_broker_is_refused},
    {"test_maintenance_is_refused_while_a_broker_runs",
     test_maintenance_is_refused_while_a_broker_runs},
    {"test_read_only_reads_beside_a_broker_and_writes_nothing",
     test_read_only_reads_beside_a_broker_and_writes_nothing},
    {"test_verify_covers_every_op", test_verify_covers_every_op},
    {"test_table_of_kinds_makes_a_store", test_table_of_kinds_makes_a_store},
};

int
main(void)
{
    return fixture_run("store", cases, sizeof cases / sizeof cases[0]);
}
