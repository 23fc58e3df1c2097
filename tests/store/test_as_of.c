/* Reading as of a position: which version, in whose view, and that what was
 * un-published stays so. */
#include "tests/store/fixture.h"

static const char *
as_of_ids(struct fixture *f, const char *index, const struct scopes *scopes,
          int64_t as_of)
{
    struct page page;
    struct find find = {.kind = KIND_PAPER,
                        .index = index,
                        .scopes = scopes,
                        .limit = 1,
                        .as_of = as_of};
    const char *ids = "";
    do {
        assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
        const char *some = fixture_ids(f, &page);
        ids = arena_print(f->arena, "%s%s%s", ids, ids[0] == '\0' ? "" : " ", some);
        find.token = page.next_token;
    } while (page.next_token[0] != '\0');
    return ids;
}

static enum status
get_as_of(struct fixture *f, const char *id, const struct scopes *scopes, int64_t as_of,
          struct document *out)
{
    return store_get(f->reader, KIND_PAPER, id, scopes, as_of, f->arena, out);
}

static void
test_get_as_of_walks_every_version(struct fixture *f)
{
    int64_t seqs[4];
    struct document got;
    seqs[0] = fixture_put(f, KIND_PAPER, "p", 0, "=r:x",
                          fixture_doc(f, "v0", 1, 0, NULL, NULL));
    fixture_put(f, KIND_PAPER, "between", 0, "=r:x",
                fixture_doc(f, "b", 1, 0, NULL, NULL));
    seqs[1] = fixture_put(f, KIND_PAPER, "p", seqs[0], "=r:x",
                          fixture_doc(f, "v1", 1, 0, NULL, NULL));
    seqs[2] = fixture_delete(f, KIND_PAPER, "p", seqs[1]);
    seqs[3] = fixture_put(f, KIND_PAPER, "p", 0, "=r:x",
                          fixture_doc(f, "v3", 1, 0, NULL, NULL));
    /* seqs are 1, 3, 4, 5. */
    static const int64_t wanted[] = {0, 1, 1, 3, 0, 5};
    for (int64_t as_of = 1; as_of <= seqs[3]; as_of++) {
        enum status status = get_as_of(f, "p", NULL, as_of, &got);
        assert_int_equal(status, wanted[as_of] == 0 ? STATUS_NOT_FOUND : STATUS_OK);
        if (status == STATUS_OK) {
            assert_int_equal(got.revision, wanted[as_of]);
        }
    }
    assert_int_equal(get_as_of(f, "p", NULL, seqs[3] + 1, &got), STATUS_OUT_OF_RANGE);
    assert_int_equal(get_as_of(f, "p", NULL, -1, &got), STATUS_OUT_OF_RANGE);
    assert_int_equal(get_as_of(f, "none", NULL, 1, &got), STATUS_NOT_FOUND);
    fixture_verify(f);
}

static void
test_kinds_without_history_refuse_as_of(struct fixture *f)
{
    struct document got;
    struct page page;
    fixture_put(f, KIND_DRAWER, "d", 0, "=r:x", fixture_doc(f, "a", 1, 0, NULL, NULL));
    assert_int_equal(store_get(f->reader, KIND_DRAWER, "d", NULL, 1, f->arena, &got),
                     STATUS_FAILED_PRECONDITION);
    struct find find = {.kind = KIND_DRAWER, .limit = 1, .as_of = 1};
    assert_int_equal(store_find(f->reader, &find, f->arena, &page),
                     STATUS_FAILED_PRECONDITION);
}

static void
test_find_as_of_merges_past_and_present(struct fixture *f)
{
    int64_t a = fixture_put(f, KIND_PAPER, "a", 0, "=r:x",
                            fixture_doc(f, "m", 1, 0, NULL, NULL));
    fixture_put(f, KIND_PAPER, "b", 0, "=r:x", fixture_doc(f, "k", 2, 0, NULL, NULL));
    int64_t c = fixture_put(f, KIND_PAPER, "c", 0, "=r:x",
                            fixture_doc(f, "z", 3, 0, NULL, NULL));
    /* a moves to the end of the order, c goes, d comes. */
    a = fixture_put(f, KIND_PAPER, "a", a, "=r:x",
                    fixture_doc(f, "zz", 9, 0, NULL, NULL));
    fixture_delete(f, KIND_PAPER, "c", c);
    int64_t d = fixture_put(f, KIND_PAPER, "d", 0, "=r:x",
                            fixture_doc(f, "a", 0, 0, NULL, NULL));
    static const struct {
        int64_t as_of;
        const char *by_id, *by_rank, *by_name;
    } rows[] = {
        {1, "a", "a", "a"},
        {2, "a b", "a b", "b a"},
        {3, "a b c", "a b c", "b a c"},
        {4, "a b c", "b c a", "b c a"},
        {5, "a b", "b a", "b a"},
        {6, "a b d", "d b a", "d b a"},
    };
    assert_int_equal(d, 6);
    struct scopes x = fixture_scopes(f, "r:x");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(as_of_ids(f, NULL, NULL, rows[i].as_of), rows[i].by_id);
        assert_string_equal(as_of_ids(f, "rank", NULL, rows[i].as_of), rows[i].by_rank);
        assert_string_equal(as_of_ids(f, "name", NULL, rows[i].as_of), rows[i].by_name);
        /* c is removed: its last version says who may see its past. */
        assert_string_equal(as_of_ids(f, "name", &x, rows[i].as_of), rows[i].by_name);
    }
    struct page page;
    struct find find = {
        .kind = KIND_PAPER, .index = "name", .n_equal = 1, .limit = 9, .as_of = 3};
    find.equal[0].text = "z";
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    assert_string_equal(fixture_ids(f, &page), "c");
    find = (struct find){.kind = KIND_PAPER,
                         .index = "rank",
                         .has_range = true,
                         .low = 1,
                         .high = 3,
                         .limit = 9,
                         .as_of = 3};
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    assert_string_equal(fixture_ids(f, &page), "a b");
    find = (struct find){.kind = KIND_PAPER, .prefix = "c", .limit = 9, .as_of = 3};
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    assert_string_equal(fixture_ids(f, &page), "c");
    find.as_of = 5;
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    assert_string_equal(fixture_ids(f, &page), "");
}

/* ---- Who sees which version: the scope then against the scope now. ---- */

/* What "r:x" has on a version by its scope. */
static const struct {
    const char *scope;
    enum view view;
} sights[] = {{"=r:o", VIEW_NONE},
              {"=r:o ~r:x", VIEW_REDUCED},
              {"=r:o =r:x", VIEW_FULL},
              {"=r:o ~*", VIEW_REDUCED}};

enum { N_SIGHTS = sizeof sights / sizeof sights[0] };

static enum view
lesser(enum view one, enum view other)
{
    return one < other ? one : other;
}

static void
check_sight(struct fixture *f, const char *id, int64_t as_of, const char *index,
            enum view wanted)
{
    struct document got;
    struct scopes x = fixture_scopes(f, "r:x");
    enum status status = get_as_of(f, id, &x, as_of, &got);
    assert_int_equal(status, wanted == VIEW_NONE ? STATUS_NOT_FOUND : STATUS_OK);
    if (status == STATUS_OK) {
        assert_int_equal(got.view, wanted);
        assert_true((got.x.size > 0) == (wanted == VIEW_FULL));
    }
    const char *ids = as_of_ids(f, index, &x, as_of);
    assert_true((strstr(ids, id) != NULL) == (wanted != VIEW_NONE));
}

static void
test_past_shows_only_what_both_scopes_allow(struct fixture *f)
{
    struct bytes doc = fixture_doc(f, "a", 1, 0, "ann", "hush");
    for (size_t then = 0; then < N_SIGHTS; then++) {
        for (size_t now = 0; now < N_SIGHTS; now++) {
            const char *id = arena_print(f->arena, "p/%zu-%zu", then, now);
            int64_t first = fixture_put(f, KIND_PAPER, id, 0, sights[then].scope, doc);
            int64_t second =
                fixture_put(f, KIND_PAPER, id, first, sights[now].scope, doc);
            check_sight(f, id, first, NULL,
                        lesser(sights[then].view, sights[now].view));
            check_sight(f, id, first, "rank",
                        lesser(sights[then].view, sights[now].view));
            check_sight(f, id, second, NULL, sights[now].view);
        }
    }
}

static void
test_past_of_a_removed_document_is_judged_by_its_last_version(struct fixture *f)
{
    struct bytes doc = fixture_doc(f, "a", 1, 0, "ann", "hush");
    for (size_t then = 0; then < N_SIGHTS; then++) {
        for (size_t last = 0; last < N_SIGHTS; last++) {
            const char *id = arena_print(f->arena, "p/%zu-%zu", then, last);
            int64_t first = fixture_put(f, KIND_PAPER, id, 0, sights[then].scope, doc);
            int64_t second =
                fixture_put(f, KIND_PAPER, id, first, sights[last].scope, doc);
            int64_t gone = fixture_delete(f, KIND_PAPER, id, second);
            check_sight(f, id, first, NULL,
                        lesser(sights[then].view, sights[last].view));
            check_sight(f, id, second, "name", sights[last].view);
            check_sight(f, id, gone, NULL, VIEW_NONE);
        }
    }
}

static void
test_past_of_a_document_made_again_is_judged_by_the_new_one(struct fixture *f)
{
    struct bytes doc = fixture_doc(f, "a", 1, 0, "ann", "hush");
    int64_t first = fixture_put(f, KIND_PAPER, "p", 0, "=r:x", doc);
    fixture_delete(f, KIND_PAPER, "p", first);
    fixture_put(f, KIND_PAPER, "p", 0, "=r:o", doc);
    check_sight(f, "p", first, NULL, VIEW_NONE);
}

static void
test_seq_at_maps_times(struct fixture *f)
{
    int64_t seq = -1;
    struct bytes doc = fixture_doc(f, "a", 1, 0, NULL, NULL);
    assert_int_equal(store_seq_at(f->reader, 1700000000000, &seq), STATUS_OK);
    assert_int_equal(seq, 0);
    for (int i = 0; i < 10; i++) {
        /* Two commits share each time. */
        atomic_store(&f->now_ms, 1700000000000 + i / 2 * 100);
        fixture_put(f, KIND_PAPER, arena_print(f->arena, "p/%d", i), 0, "=r:x", doc);
    }
    static const struct {
        int64_t time_ms, seq;
    } rows[] = {{-1, 0}, {0, 2}, {99, 2}, {100, 4}, {350, 8}, {400, 10}, {100000, 10}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(store_seq_at(f->reader, 1700000000000 + rows[i].time_ms, &seq),
                         STATUS_OK);
        assert_int_equal(seq, rows[i].seq);
    }
}

static const struct fixture_case cases[] = {
    {"test_get_as_of_walks_every_version", test_get_as_of_walks_every_version},
    {"test_kinds_without_history_refuse_as_of",
     test_kinds_without_history_refuse_as_of},
    {"test_find_as_of_merges_past_and_present",
     test_find_as_of_merges_past_and_present},
    {"test_past_shows_only_what_both_scopes_allow",
     test_past_shows_only_what_both_scopes_allow},
    {"test_past_of_a_removed_document_is_judged_by_its_last_version",
     test_past_of_a_removed_document_is_judged_by_its_last_version},
    {"test_past_of_a_document_made_again_is_judged_by_the_new_one",
     test_past_of_a_document_made_again_is_judged_by_the_new_one},
    {"test_seq_at_maps_times", test_seq_at_maps_times},
};

int
main(void)
{
    return fixture_run("as_of", cases, sizeof cases / sizeof cases[0]);
}
