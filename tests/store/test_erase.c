/* Erasing: what goes, what stays, what is said of it, and what a restore makes of it.
 */
#include <unistd.h>

#include "proto/export.h"
#include "tests/store/erase_fixture.h"

static enum status
get_as_of(struct fixture *f, const struct kind *kind, const char *id, int64_t as_of,
          struct document *out)
{
    return store_get(f->reader, kind, id, NULL, as_of, f->arena, out);
}

static void
test_old_versions_and_their_remarks_lose_their_content(struct fixture *f)
{
    struct document before;
    struct document after;
    erase_needs(f);
    erase_fill(f);
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 0, &before), STATUS_OK);
    Kontor__V1__Commit *old = erase_commit_at(f, 3);
    assert_int_equal(erase_good(f, "paper", "p"), 3);
    assert_string_equal(erase_lost(f), "1 3 4");
    /* All that is hashed stays. */
    Kontor__V1__Commit *now = erase_commit_at(f, 3);
    assert_memory_equal(now->hash.data, old->hash.data, 32);
    assert_memory_equal(now->eid.data, old->eid.data, 16);
    assert_memory_equal(now->changes[0]->digest.data, old->changes[0]->digest.data, 32);
    assert_int_equal(now->changes[0]->n_scope, 2);
    /* The present version is what it was, and nobody else lost anything. */
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 0, &after), STATUS_OK);
    assert_int_equal(after.revision, 6);
    assert_int_equal(after.created_at_ms, before.created_at_ms);
    assert_int_equal(after.w.size, before.w.size);
    assert_memory_equal(after.w.data, before.w.data, before.w.size);
    assert_int_equal(get_as_of(f, KIND_SEAL, "s", 0, &after), STATUS_OK);
    assert_int_equal(get_as_of(f, KIND_PAPER, "q", 7, &after), STATUS_OK);
}

static void
test_an_erased_version_is_not_found_as_of_its_time(struct fixture *f)
{
    struct document got;
    struct page page;
    erase_needs(f);
    erase_fill(f);
    erase_good(f, "paper", "p");
    for (int64_t as_of = 1; as_of <= 5; as_of++) {
        struct find find = {.kind = KIND_PAPER, .limit = 9, .as_of = as_of};
        assert_int_equal(get_as_of(f, KIND_PAPER, "p", as_of, &got), STATUS_NOT_FOUND);
        assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
        assert_int_equal(page.n_documents, 0);
        find.index = "rank";
        assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
        assert_int_equal(page.n_documents, 0);
    }
    for (int64_t as_of = 6; as_of <= 10; as_of++) {
        assert_int_equal(get_as_of(f, KIND_PAPER, "p", as_of, &got), STATUS_OK);
        assert_int_equal(got.revision, 6);
    }
    /* The version that stayed becomes a past one like any other. */
    fixture_put(f, KIND_PAPER, "p", 6, "=r:a",
                fixture_doc(f, "four", 4, 0, NULL, NULL));
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 10, &got), STATUS_OK);
    assert_int_equal(got.revision, 6);
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 5, &got), STATUS_NOT_FOUND);
    fixture_verify(f);
}

static void
test_an_erasure_is_a_remark_in_the_log_and_a_line_of_the_journal(struct fixture *f)
{
    char error[256] = "";
    struct store_erasure erasure = {
        .kind = "paper", .id = "p", .reason = "a person asked for it"};
    erase_needs(f);
    erase_fill(f);
    assert_int_equal(erase_run(f, &erasure, error), STATUS_OK);
    assert_int_equal(erasure.seq, 10);
    Kontor__V1__Commit *commit = erase_commit_at(f, 10);
    assert_string_equal(commit->actor, "~broker/erase");
    assert_int_equal(commit->n_changes, 1);
    const Kontor__V1__Change *change = commit->changes[0];
    assert_int_equal(change->op, KONTOR__V1__CHANGE__OP__NOTE);
    assert_string_equal(change->kind, "paper");
    assert_string_equal(change->id, "p");
    /* Owners of the document learn of it. */
    assert_int_equal(change->n_scope, 1);
    assert_string_equal(change->scope[0], "=r:a");
    Kontor__V1__Note *note =
        kontor__v1__note__unpack(NULL, change->doc.len, change->doc.data);
    assert_non_null(note);
    assert_string_equal(note->text, "a person asked for it");
    assert_int_equal(note->erased_up_to, 5);
    kontor__v1__note__free_unpacked(note, NULL);
    assert_string_equal(erase_journal_text(f),
                        "{\"at\":\"2023-11-14T22:13:20Z\",\"kind\":\"paper\",\"id\":"
                        "\"p\",\"upTo\":5,\"seq\":10}\n");
}

static void
test_of_a_deleted_document_everything_goes(struct fixture *f)
{
    struct document got;
    erase_needs(f);
    erase_fill(f);
    assert_int_equal(erase_good(f, "paper", "q"), 1);
    assert_string_equal(erase_lost(f), "7");
    assert_int_equal(get_as_of(f, KIND_PAPER, "q", 7, &got), STATUS_NOT_FOUND);
    assert_int_equal(erase_commit_at(f, 10)->changes[0]->n_scope, 0);
    /* Made anew under the same id it has a new life. */
    fixture_put(f, KIND_PAPER, "q", 0, "=r:a", fixture_doc(f, "new", 1, 0, NULL, NULL));
    assert_int_equal(get_as_of(f, KIND_PAPER, "q", 11, &got), STATUS_OK);
    assert_int_equal(get_as_of(f, KIND_PAPER, "q", 10, &got), STATUS_NOT_FOUND);
    fixture_verify(f);
}

static void
test_what_nobody_may_change_goes_whole(struct fixture *f)
{
    struct document got;
    struct page page;
    struct find find = {.kind = KIND_LETTER, .index = "rank", .limit = 9};
    erase_needs(f);
    int64_t seq = fixture_put(f, KIND_LETTER, "l", 0, "=r:a",
                              fixture_doc(f, "Dear", 1, 0, NULL, NULL));
    fixture_put(f, KIND_LETTER, "m", 0, "=r:a",
                fixture_doc(f, "Dear", 1, 0, NULL, NULL));
    assert_int_equal(erase_good(f, "letter", "l"), 1);
    assert_string_equal(erase_lost(f), "1");
    /* Those who had it are told that it is gone. */
    const Kontor__V1__Commit *gone = erase_commit_at(f, 3);
    assert_string_equal(gone->actor, "~broker/erase");
    assert_int_equal(gone->changes[0]->op, KONTOR__V1__CHANGE__OP__DELETE);
    assert_int_equal(gone->changes[0]->was, seq);
    assert_string_equal(gone->changes[0]->scope_was[0], "=r:a");
    assert_int_equal(erase_commit_at(f, 4)->changes[0]->op,
                     KONTOR__V1__CHANGE__OP__NOTE);
    for (int64_t as_of = 0; as_of <= 2; as_of++) {
        assert_int_equal(get_as_of(f, KIND_LETTER, "l", as_of, &got), STATUS_NOT_FOUND);
    }
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    assert_int_equal(page.n_documents, 1);
    assert_string_equal(page.documents[0].id, "m");
    /* Once more there is nothing left to do. */
    assert_int_equal(erase_good(f, "letter", "l"), 0);
    assert_int_equal(store_applied(f->store), 4);
}

static void
test_a_kind_without_history_loses_what_the_log_has(struct fixture *f)
{
    struct document got;
    erase_needs(f);
    erase_fill(f);
    assert_int_equal(erase_good(f, "drawer", "d"), 1);
    assert_string_equal(erase_lost(f), "2");
    assert_int_equal(get_as_of(f, KIND_DRAWER, "d", 0, &got), STATUS_OK);
    assert_int_equal(got.revision, 5);
}

static void
test_a_guard_that_stands_stays(struct fixture *f)
{
    struct document got;
    erase_needs(f);
    erase_fill(f);
    assert_int_equal(erase_good(f, "seal", "s"), 0);
    assert_string_equal(erase_lost(f), "");
    assert_int_equal(store_applied(f->store), 9);
    assert_int_equal(get_as_of(f, KIND_SEAL, "s", 0, &got), STATUS_OK);
    assert_int_equal(got.w.size, 1);
}

static void
test_an_erasure_may_be_repeated_and_its_remark_stays(struct fixture *f)
{
    erase_needs(f);
    erase_fill(f);
    assert_int_equal(erase_good(f, "paper", "p"), 3);
    assert_int_equal(erase_good(f, "paper", "p"), 0);
    assert_int_equal(store_applied(f->store), 10);
    fixture_put(f, KIND_PAPER, "p", 6, "=r:a",
                fixture_doc(f, "four", 4, 0, NULL, NULL));
    assert_int_equal(erase_good(f, "paper", "p"), 1);
    assert_string_equal(erase_lost(f), "1 3 4 6");
    assert_string_equal(erase_commit_at(f, 12)->actor, "~broker/erase");
    const char *text = erase_journal_text(f);
    assert_non_null(strstr(text, "\"upTo\":10,\"seq\":12}"));
}

static void
test_what_cannot_be_erased_is_refused_and_nothing_written(struct fixture *f)
{
    char *long_reason = arena_alloc(f->arena, 4098);
    memset(long_reason, 'x', 4097);
    const struct {
        struct store_erasure erasure;
        enum status status;
        const char *says;
    } rows[] = {
        {{.kind = "page", .id = "p", .reason = "r"},
         STATUS_INVALID_ARGUMENT,
         "there are paper, drawer, seal, letter"},
        {{.kind = "paper", .id = "p", .reason = ""},
         STATUS_INVALID_ARGUMENT,
         "the reason must be"},
        {{.kind = "paper", .id = "p", .reason = long_reason},
         STATUS_INVALID_ARGUMENT,
         "the reason must be"},
        {{.kind = "paper", .id = "p", .reason = "\xff"},
         STATUS_INVALID_ARGUMENT,
         "the reason must be"},
        {{.kind = "paper", .id = "", .reason = "r"}, STATUS_INVALID_ARGUMENT, "the id"},
        {{.kind = "paper", .id = "d", .reason = "r"},
         STATUS_NOT_FOUND,
         "the log knows no paper d"},
    };
    erase_needs(f);
    erase_fill(f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char error[256] = "";
        struct store_erasure erasure = rows[i].erasure;
        assert_int_equal(erase_run(f, &erasure, error), rows[i].status);
        if (strstr(error, rows[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", error, rows[i].says);
        }
    }
    assert_string_equal(erase_journal_text(f), "");
    assert_int_equal(store_applied(f->store), 9);
    assert_string_equal(erase_lost(f), "");
    fixture_verify(f);
}

/* The order is the promise: what a restore would not know of is not erased. */
static void
test_without_its_journal_nothing_is_erased(struct fixture *f)
{
    char error[256] = "";
    struct store_erasure erasure = {.kind = "paper", .id = "p", .reason = "r"};
    erase_needs(f);
    erase_fill(f);
    f->options.journal = arena_print(f->arena, "%s/none/journal", f->folder);
    assert_int_equal(erase_run(f, &erasure, error), STATUS_UNAVAILABLE);
    assert_non_null(strstr(error, "none/journal: No such file"));
    assert_string_equal(erase_lost(f), "");
    f->options.journal = f->folder;
    assert_int_equal(erase_run(f, &erasure, error), STATUS_UNAVAILABLE);
    assert_string_equal(erase_lost(f), "");
    f->options.journal = arena_print(f->arena, "%s/journal", f->folder);
    assert_int_equal(erase_run(f, &erasure, error), STATUS_OK);
    assert_string_equal(erase_lost(f), "1 3 4");
    assert_non_null(strstr(erase_journal_text(f), "\"id\":\"p\""));
}

static void
test_a_rebuild_leaves_the_past_without_what_was_erased(struct fixture *f)
{
    char error[256] = "";
    struct document got;
    erase_needs(f);
    erase_fill(f);
    erase_good(f, "paper", "p");
    erase_good(f, "paper", "q");
    fixture_put(f, KIND_PAPER, "p", 6, "=r:a",
                fixture_doc(f, "four", 4, 0, NULL, NULL));
    fixture_shut(f);
    if (store_rebuild(&f->options, error, sizeof error) != STATUS_OK) {
        fail_msg("%s", error);
    }
    fixture_reopen(f);
    fixture_verify(f);
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 5, &got), STATUS_NOT_FOUND);
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 11, &got), STATUS_OK);
    assert_int_equal(got.created_at_ms, 1700000000000);
}

/* A request whose answer was erased is known all the same: it is not done twice. */
static void
test_a_key_finds_its_commit_after_an_erasure(struct fixture *f)
{
    int64_t seq = 0;
    struct draft first = fixture_draft(f, KIND_PAPER, "k", 0, "=r:a",
                                       fixture_doc(f, "x", 1, 0, NULL, NULL));
    erase_needs(f);
    draft_set_eid(&first, 77, 1);
    assert_int_equal(fixture_commit(f, first, &seq), STATUS_OK);
    fixture_put(f, KIND_PAPER, "k", seq, "=r:a", fixture_doc(f, "y", 1, 0, NULL, NULL));
    assert_int_equal(erase_good(f, "paper", "k"), 1);
    assert_int_equal(fixture_commit(f, first, &seq), STATUS_OK);
    assert_int_equal(seq, 1);
    assert_int_equal(store_applied(f->store), 3);
}

/* ---- Tampering ---- */

/* Takes the content out of a change, behind the store's back. */
static void
take_away(struct fixture *f, int64_t seq)
{
    char error[256] = "";
    struct store *store = NULL;
    struct store_mode mode = {.is_maintenance = true};
    Kontor__V1__Commit *commit = erase_commit_at(f, seq);
    commit->changes[0]->salt.len = 0;
    commit->changes[0]->doc.len = 0;
    uint8_t *body = arena_alloc(f->arena, kontor__v1__commit__get_packed_size(commit));
    size_t size = kontor__v1__commit__pack(commit, body);
    fixture_shut(f);
    assert_int_equal(store_inner_open(&f->options, &mode, &store, error, sizeof error),
                     STATUS_OK);
    assert_int_equal(store->backend->batch_begin(store->db), STATUS_OK);
    assert_int_equal(
        store->backend->log_replace(store->db, seq, (struct bytes){body, size}),
        STATUS_OK);
    assert_int_equal(
        store->backend->log_replace(store->db, 99, (struct bytes){body, 1}),
        STATUS_NOT_FOUND);
    assert_int_equal(store->backend->batch_commit(store->db, NULL), STATUS_OK);
    store_close(store);
    fixture_reopen(f);
}

static void
expect_damage(struct fixture *f, const char *says)
{
    char error[256] = "";
    int64_t verified = 0;
    assert_int_equal(store_verify(f->store, &verified, error, sizeof error),
                     STATUS_DATA_LOSS);
    if (strstr(error, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error, says);
    }
}

static void
test_content_that_went_without_an_erasure_is_damage(struct fixture *f)
{
    erase_needs(f);
    erase_fill(f);
    take_away(f, 6);
    expect_damage(f, "it is the present version, but its document was erased");
}

static void
test_an_old_document_that_went_without_an_erasure_is_damage(struct fixture *f)
{
    char error[256] = "";
    erase_needs(f);
    erase_fill(f);
    take_away(f, 2);
    expect_damage(f, "commit 2: drawer d: its document is missing, and no erasure");
    take_away(f, 1);
    expect_damage(f, "it was erased, but is stored among the past versions");
    /* A rebuild cannot tell what was there. */
    fixture_shut(f);
    assert_int_equal(store_rebuild(&f->options, error, sizeof error), STATUS_DATA_LOSS);
    fixture_reopen(f);
}

/* An erasure covers what lies before it and what it names, nothing else. */
static void
test_an_erasure_does_not_cover_what_came_later(struct fixture *f)
{
    erase_needs(f);
    erase_fill(f);
    erase_good(f, "paper", "p");
    fixture_put(f, KIND_DRAWER, "d", 5, "=r:a", fixture_doc(f, "x", 1, 0, NULL, NULL));
    take_away(f, 5);
    expect_damage(f, "commit 5: drawer d: its document is missing");
}

#define CASE(name)                                                                     \
    {                                                                                  \
#name, name                                                                    \
    }

static const struct fixture_case cases[] = {
    CASE(test_old_versions_and_their_remarks_lose_their_content),
    CASE(test_an_erased_version_is_not_found_as_of_its_time),
    CASE(test_an_erasure_is_a_remark_in_the_log_and_a_line_of_the_journal),
    CASE(test_of_a_deleted_document_everything_goes),
    CASE(test_what_nobody_may_change_goes_whole),
    CASE(test_a_kind_without_history_loses_what_the_log_has),
    CASE(test_a_guard_that_stands_stays),
    CASE(test_an_erasure_may_be_repeated_and_its_remark_stays),
    CASE(test_what_cannot_be_erased_is_refused_and_nothing_written),
    CASE(test_without_its_journal_nothing_is_erased),
    CASE(test_a_rebuild_leaves_the_past_without_what_was_erased),
    CASE(test_a_key_finds_its_commit_after_an_erasure),
    CASE(test_content_that_went_without_an_erasure_is_damage),
    CASE(test_an_old_document_that_went_without_an_erasure_is_damage),
    CASE(test_an_erasure_does_not_cover_what_came_later),
};

int
main(void)
{
    return fixture_run("erase", cases, sizeof cases / sizeof cases[0]);
}
