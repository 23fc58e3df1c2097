/* Trimming: what is served from a base on is what was served before, and nothing before
 * it is. */
#include <stdlib.h>

#include "store/trimmed.h"
#include "tests/store/crash_vfs.h"
#include "tests/store/trim_fixture.h"

static enum status
get_as_of(struct fixture *f, const char *id, int64_t as_of, struct document *out)
{
    return store_get(f->reader, KIND_PAPER, id, NULL, as_of, f->arena, out);
}

static enum status
log_after(struct fixture *f, int64_t after, size_t *n)
{
    Kontor__V1__Commit **commits;
    *n = 0;
    return store_log_read(f->reader, after, 100, 1 << 20, f->arena, &commits, n);
}

static void
test_a_whole_log_has_no_oldest_position(struct fixture *f)
{
    Kontor__V1__Base *base;
    trim_needs(f);
    trim_fill(f);
    assert_int_equal(store_oldest(f->store), 0);
    assert_int_equal(trimmed_head(f->store, f->reader->reader, f->arena, &base),
                     STATUS_NOT_FOUND);
}

static void
test_the_base_has_every_document_as_it_was(struct fixture *f)
{
    char error[256] = "";
    struct store_trim trim;
    Kontor__V1__Base *base;
    trim_needs(f);
    trim_fill(f);
    Kontor__V1__Commit **commits;
    size_t n = 0;
    assert_int_equal(store_log_read(f->reader, 3, 1, 1, f->arena, &commits, &n),
                     STATUS_OK);
    assert_int_equal(trim_run(f, 4, &trim, error), STATUS_OK);
    assert_int_equal(trim.seq, 4);
    assert_int_equal(trim.n_commits, 4);
    assert_int_equal(trim.n_documents, 3);
    /* The drawer keeps no past, so only the log knew it as it was. */
    assert_string_equal(trim_base(f), "drawer d 2 2; paper p 4 1; seal s 3 3");
    assert_int_equal(trimmed_head(f->store, f->reader->reader, f->arena, &base),
                     STATUS_OK);
    assert_int_equal(base->seq, 4);
    assert_int_equal(base->documents, 3);
    assert_memory_equal(base->hash.data, commits[0]->hash.data, 32);
    assert_int_equal(base->at->seconds, commits[0]->at->seconds);
    fixture_verify(f);
}

static void
test_a_position_is_served_from_the_base_on(struct fixture *f)
{
    struct document got;
    struct page page;
    size_t n = 0;
    struct find find = {.kind = KIND_PAPER, .limit = 9};
    trim_needs(f);
    trim_fill(f);
    trim_good(f, 5);
    for (int64_t as_of = 1; as_of < 5; as_of++) {
        find.as_of = as_of;
        assert_int_equal(get_as_of(f, "p", as_of, &got), STATUS_OUT_OF_RANGE);
        assert_int_equal(get_as_of(f, "none", as_of, &got), STATUS_OUT_OF_RANGE);
        assert_int_equal(store_find(f->reader, &find, f->arena, &page),
                         STATUS_OUT_OF_RANGE);
        assert_int_equal(log_after(f, as_of, &n), STATUS_OUT_OF_RANGE);
    }
    assert_int_equal(log_after(f, 0, &n), STATUS_OUT_OF_RANGE);
    assert_int_equal(get_as_of(f, "p", 5, &got), STATUS_OK);
    assert_int_equal(got.revision, 4);
    assert_int_equal(got.created_at_ms, 1700000001000);
    find.as_of = 5;
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    assert_string_equal(fixture_ids(f, &page), "p");
    find.as_of = 6;
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    assert_string_equal(fixture_ids(f, &page), "p q");
    assert_int_equal(log_after(f, 5, &n), STATUS_OK);
    assert_int_equal(n, 5);
    assert_int_equal(log_after(f, 6, &n), STATUS_OK);
    assert_int_equal(n, 4);
}

static void
test_a_time_is_served_from_the_base_on(struct fixture *f)
{
    int64_t seq = 0;
    trim_needs(f);
    trim_fill(f);
    assert_int_equal(store_seq_at(f->reader, 1700000000999, &seq), STATUS_OK);
    assert_int_equal(seq, 0);
    trim_good(f, 5);
    assert_int_equal(store_seq_at(f->reader, 1700000004999, &seq), STATUS_OUT_OF_RANGE);
    assert_int_equal(store_seq_at(f->reader, 1700000005000, &seq), STATUS_OK);
    assert_int_equal(seq, 5);
    assert_int_equal(store_seq_at(f->reader, 1700000005999, &seq), STATUS_OK);
    assert_int_equal(seq, 5);
    assert_int_equal(store_seq_at(f->reader, 1700000006000, &seq), STATUS_OK);
    assert_int_equal(seq, 6);
    assert_int_equal(store_seq_at(f->reader, INT64_MAX, &seq), STATUS_OK);
    assert_int_equal(seq, 10);
    /* And the other way round, the base's own included. */
    for (int64_t at = 5; at <= 10; at++) {
        int64_t time_ms = 0;
        assert_int_equal(store_time_at(f->reader, at, &time_ms), STATUS_OK);
        assert_int_equal(time_ms, 1700000000000 + at * 1000);
    }
}

static void
test_a_key_of_a_trimmed_commit_is_gone(struct fixture *f)
{
    int64_t seq = 0;
    struct draft first = fixture_draft(f, KIND_DRAWER, "k", 0, "=r:a",
                                       fixture_doc(f, "x", 1, 0, NULL, NULL));
    struct draft later = fixture_draft(f, KIND_DRAWER, "l", 0, "=r:a",
                                       fixture_doc(f, "x", 1, 0, NULL, NULL));
    trim_needs(f);
    draft_set_eid(&first, 77, 1);
    draft_set_eid(&later, 78, 1);
    assert_int_equal(fixture_commit(f, first, &seq), STATUS_OK);
    assert_int_equal(fixture_commit(f, later, &seq), STATUS_OK);
    trim_good(f, 1);
    /* It is judged like a new one: the document is there. */
    assert_int_equal(fixture_commit(f, first, &seq), STATUS_ABORTED);
    assert_int_equal(fixture_commit(f, later, &seq), STATUS_OK);
    assert_int_equal(seq, 2);
    assert_int_equal(store_applied(f->store), 2);
}

static void
test_the_log_goes_on_behind_a_trim(struct fixture *f)
{
    trim_needs(f);
    trim_fill(f);
    trim_good(f, 9);
    assert_int_equal(fixture_put(f, KIND_PAPER, "p", 8, "=r:a",
                                 fixture_doc(f, "x", 1, 0, NULL, NULL)),
                     11);
    assert_int_equal(fixture_delete(f, KIND_PAPER, "r", 9), 12);
    fixture_verify(f);
    /* The next base is folded over the one before: q came and went, r is gone. */
    trim_good(f, 11);
    assert_string_equal(trim_base(f),
                        "drawer d 5 2; paper p 11 1; paper r 9 9; seal s 3 3");
    fixture_put(f, KIND_PAPER, "r", 0, "=r:a", fixture_doc(f, "x", 1, 0, NULL, NULL));
    fixture_put(f, KIND_PAPER, "z", 0, "=r:a", fixture_doc(f, "x", 1, 0, NULL, NULL));
    trim_good(f, 13);
    assert_string_equal(trim_base(f),
                        "drawer d 5 2; paper p 11 1; paper r 13 10; seal s 3 3");
}

static void
test_what_cannot_be_trimmed_is_refused(struct fixture *f)
{
    static const struct {
        int64_t up_to;
        const char *says;
    } rows[] = {
        {10, "the newest commit, 10, stays"},
        {11, "the newest commit, 10, stays"},
        {INT64_MAX, "the newest commit, 10, stays"},
        {4, "the oldest position is 4"},
        {3, "the oldest position is 4"},
        {0, "the oldest position is 4"},
        {-1, "the oldest position is 4"},
    };
    trim_needs(f);
    trim_fill(f);
    trim_good(f, 4);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char error[256] = "";
        struct store_trim trim;
        assert_int_equal(trim_run(f, rows[i].up_to, &trim, error), STATUS_OUT_OF_RANGE);
        if (strstr(error, rows[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", error, rows[i].says);
        }
    }
    assert_int_equal(store_oldest(f->store), 4);
    fixture_verify(f);
}

static void
test_a_rebuild_begins_at_the_base(struct fixture *f)
{
    char error[256] = "";
    struct document before;
    struct document after;
    trim_needs(f);
    trim_fill(f);
    trim_good(f, 5);
    assert_int_equal(get_as_of(f, "p", 7, &before), STATUS_OK);
    fixture_shut(f);
    if (store_rebuild(&f->options, error, sizeof error) != STATUS_OK) {
        fail_msg("%s", error);
    }
    fixture_reopen(f);
    fixture_verify(f);
    assert_int_equal(get_as_of(f, "p", 7, &after), STATUS_OK);
    assert_int_equal(after.revision, before.revision);
    assert_int_equal(after.created_at_ms, before.created_at_ms);
    assert_int_equal(after.w.size, before.w.size);
    assert_memory_equal(after.w.data, before.w.data, before.w.size);
    assert_int_equal(get_as_of(f, "p", 4, &after), STATUS_OUT_OF_RANGE);
}

/* ---- Erasing and trimming ---- */

static void
erase(struct fixture *f, const char *kind, const char *id, int64_t n)
{
    char error[256] = "";
    struct store_erasure erasure = {.kind = kind, .id = id, .reason = "asked for"};
    fixture_shut(f);
    if (store_erase(&f->options, &erasure, error, sizeof error) != STATUS_OK) {
        fail_msg("%s %s: %s", kind, id, error);
    }
    fixture_reopen(f);
    fixture_verify(f);
    assert_int_equal(erasure.n_erased, n);
}

static void
test_what_the_base_has_is_erased_with_the_rest(struct fixture *f)
{
    struct document got;
    char error[256] = "";
    trim_needs(f);
    trim_fill(f);
    trim_good(f, 5);
    erase(f, "paper", "p", 1);
    assert_string_equal(trim_base(f), "drawer d 5 2; paper p 4 1 -; seal s 3 3");
    assert_int_equal(get_as_of(f, "p", 5, &got), STATUS_NOT_FOUND);
    assert_int_equal(get_as_of(f, "p", 8, &got), STATUS_OK);
    erase(f, "paper", "p", 0);
    fixture_shut(f);
    assert_int_equal(store_rebuild(&f->options, error, sizeof error), STATUS_OK);
    fixture_reopen(f);
    assert_int_equal(get_as_of(f, "p", 5, &got), STATUS_NOT_FOUND);
    /* What is present stays in the base, too. */
    erase(f, "seal", "s", 0);
    assert_string_equal(trim_base(f), "drawer d 5 2; paper p 4 1 -; seal s 3 3");
}

static void
test_what_is_known_from_the_base_alone_can_be_erased(struct fixture *f)
{
    struct document got;
    trim_needs(f);
    trim_fill(f);
    fixture_delete(f, KIND_PAPER, "r", 9);
    trim_good(f, 10);
    erase(f, "paper", "r", 1);
    assert_string_equal(trim_base(f),
                        "drawer d 5 2; paper p 8 1; paper r 9 9 -; seal s 3 3");
    assert_int_equal(get_as_of(f, "r", 10, &got), STATUS_NOT_FOUND);
}

static void
test_what_was_erased_is_trimmed_like_the_rest(struct fixture *f)
{
    struct document got;
    trim_needs(f);
    trim_fill(f);
    erase(f, "paper", "p", 2);
    erase(f, "paper", "q", 1);
    trim_good(f, 6);
    assert_string_equal(trim_base(f),
                        "drawer d 5 2; paper p 4 1 -; paper q 6 6 -; seal s 3 3");
    assert_int_equal(get_as_of(f, "p", 6, &got), STATUS_NOT_FOUND);
    trim_good(f, 11);
    assert_string_equal(trim_base(f),
                        "drawer d 5 2; paper p 8 1; paper r 9 9; seal s 3 3");
}

/* ---- At random ---- */

enum { N_IDS = 6, N_COMMITS = 120 };

static void
random_commit(struct fixture *f, uint64_t *random, int64_t revisions[2][N_IDS])
{
    size_t i = crash_random(random) % N_IDS;
    size_t k = crash_random(random) % 2;
    const struct kind *kind = k == 0 ? KIND_PAPER : KIND_DRAWER;
    const char *id = arena_print(f->arena, "i/%zu", i);
    bool is_delete = revisions[k][i] != 0 && crash_random(random) % 4 == 0;
    atomic_fetch_add(&f->now_ms, (int64_t)(crash_random(random) % 2000));
    if (is_delete) {
        fixture_delete(f, kind, id, revisions[k][i]);
        revisions[k][i] = 0;
        return;
    }
    struct bytes doc =
        fixture_doc(f, id, (int64_t)(crash_random(random) % 9), 0, NULL, "hush");
    revisions[k][i] = fixture_put(f, kind, id, revisions[k][i], "=r:a", doc);
}

/* What is answered for every paper as of every position from one on. */
static const char *
random_answers(struct fixture *f, int64_t from)
{
    const char *text = "";
    for (int64_t as_of = from; as_of <= store_applied(f->store); as_of++) {
        for (size_t i = 0; i < N_IDS; i++) {
            struct document got;
            enum status status =
                get_as_of(f, arena_print(f->arena, "i/%zu", i), as_of, &got);
            bool is_there = status == STATUS_OK;
            assert_true(is_there || status == STATUS_NOT_FOUND);
            text = arena_print(f->arena, "%s%lld/%lld ", text,
                               is_there ? (long long)got.revision : 0,
                               is_there ? (long long)got.created_at_ms : 0);
        }
    }
    return text;
}

static void
test_at_random_nothing_changes_from_the_base_on(struct fixture *f)
{
    uint64_t random = 0x2545f4914f6cdd1dU;
    int64_t revisions[2][N_IDS] = {{0}};
    char error[256] = "";
    trim_needs(f);
    print_message("seed %llx\n", (unsigned long long)random);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < N_COMMITS / 4; i++) {
            random_commit(f, &random, revisions);
        }
        int64_t oldest = store_oldest(f->store);
        int64_t room = store_applied(f->store) - oldest - 1;
        int64_t up_to = oldest + 1 + (int64_t)(crash_random(&random) % (uint64_t)room);
        const char *before = random_answers(f, up_to);
        trim_good(f, up_to);
        assert_string_equal(random_answers(f, up_to), before);
        fixture_shut(f);
        assert_int_equal(store_rebuild(&f->options, error, sizeof error), STATUS_OK);
        fixture_reopen(f);
        assert_string_equal(random_answers(f, up_to), before);
    }
}

#define CASE(name)                                                                     \
    {                                                                                  \
#name, name                                                                    \
    }

static const struct fixture_case cases[] = {
    CASE(test_a_whole_log_has_no_oldest_position),
    CASE(test_the_base_has_every_document_as_it_was),
    CASE(test_a_position_is_served_from_the_base_on),
    CASE(test_a_time_is_served_from_the_base_on),
    CASE(test_a_key_of_a_trimmed_commit_is_gone),
    CASE(test_the_log_goes_on_behind_a_trim),
    CASE(test_what_cannot_be_trimmed_is_refused),
    CASE(test_a_rebuild_begins_at_the_base),
    CASE(test_what_the_base_has_is_erased_with_the_rest),
    CASE(test_what_is_known_from_the_base_alone_can_be_erased),
    CASE(test_what_was_erased_is_trimmed_like_the_rest),
    CASE(test_at_random_nothing_changes_from_the_base_on),
};

int
main(void)
{
    return fixture_run("trim", cases, sizeof cases / sizeof cases[0]);
}
