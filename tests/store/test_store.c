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
    assert_string_equal(store_backend(f->store), f->backend->name);
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

static const struct fixture_case cases[] = {
    {"test_open_starts_empty", test_open_starts_empty},
    {"test_put_is_read_back", test_put_is_read_back},
    {"test_find_lists_by_index", test_find_lists_by_index},
};

int
main(void)
{
    return fixture_run("store", cases, sizeof cases / sizeof cases[0]);
}
