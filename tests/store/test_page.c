/* Pages: any size makes the same list, tokens of other searches are refused, writers do
 * not disturb. */
#include <stdatomic.h>

#include "proto/text.h"
#include "tests/store/fixture.h"

static struct store_value
number(int64_t value)
{
    return (struct store_value){.integer = value};
}

/* a..f: names out of order, ranks with doubles, one without any field. */
static void
fill(struct fixture *f)
{
    fixture_put(f, KIND_PAPER, "a", 0, "=r:x",
                fixture_doc(f, "mango", 3, 3000, "ann", NULL));
    fixture_put(f, KIND_PAPER, "b", 0, "=r:x ~r:y",
                fixture_doc(f, "apple", 1, 1000, "bob", NULL));
    fixture_put(f, KIND_PAPER, "c", 0, "=r:y",
                fixture_doc(f, "Zebra", 3, 2000, "ann", NULL));
    fixture_put(f, KIND_PAPER, "d", 0, "~*",
                fixture_doc(f, "\xc3\xa4pfel", -5, 2000, "ann", NULL));
    fixture_put(f, KIND_PAPER, "e", 0, "=r:x", fixture_doc(f, NULL, 0, 0, NULL, NULL));
    fixture_put(f, KIND_PAPER, "f", 0, "=r:x",
                fixture_doc(f, "apple", 2, 0, "ann", NULL));
}

/* All ids of a search, a page at a time. */
static const char *
walk(struct fixture *f, struct find find)
{
    const char *ids = "";
    struct page page;
    char why[256];
    for (size_t i = 0; i < 1000; i++) {
        if (store_find(f->reader, &find, f->arena, &page) != STATUS_OK) {
            store_failure(f->store, why, sizeof why);
            fail_msg("page %zu: %s", i, why);
        }
        assert_true(page.n_documents <= find.limit);
        const char *some = fixture_ids(f, &page);
        ids = arena_print(f->arena, "%s%s%s", ids, ids[0] == '\0' ? "" : " ", some);
        if (page.next_token[0] == '\0') {
            return ids;
        }
        assert_int_equal(page.n_documents, find.limit);
        find.token = page.next_token;
    }
    fail_msg("the pages never end");
    return NULL;
}

static void
test_pages_of_any_size_make_the_same_list(struct fixture *f)
{
    static const char *const indexes[] = {NULL, "name", "rank", "owner_rank", "due"};
    for (int i = 0; i < 60; i++) {
        const char *name = arena_print(f->arena, "n%d", i % 7);
        const char *owner = i % 5 == 0 ? NULL : "o";
        fixture_put(f, KIND_PAPER, arena_print(f->arena, "p/%03d", i), 0,
                    i % 2 == 0 ? "=r:x ~r:y" : "=r:y =r:x",
                    fixture_doc(f, name, i % 4, i % 3 * 1000, owner, NULL));
    }
    struct scopes scopes = fixture_scopes(f, "r:x r:y r:z");
    for (size_t i = 0; i < sizeof indexes / sizeof indexes[0]; i++) {
        struct find find = {.kind = KIND_PAPER, .index = indexes[i], .limit = 500};
        const char *all = walk(f, find);
        find.scopes = &scopes;
        size_t step = f->backend->is_slow ? 30 : 7;
        for (size_t limit = 1; limit < 62; limit += step) {
            find.limit = limit;
            assert_string_equal(walk(f, find), all);
        }
    }
}

static void
test_more_documents_than_a_chunk(struct fixture *f)
{
    struct draft draft = {.actor = "a"};
    size_t n = 0;
    for (int i = 0; i < 600; i++) {
        draft_add(f, &draft, KONTOR__V1__CHANGE__OP__PUT, KIND_PAPER,
                  arena_print(f->arena, "p/%04d", i), 0, i % 3 == 0 ? "=r:x" : "=r:y",
                  fixture_doc(f, "n", i, 0, NULL, NULL));
        if (draft.n_changes == 200) {
            assert_int_equal(fixture_commit(f, draft, NULL), STATUS_OK);
            draft = (struct draft){.actor = "a"};
        }
    }
    struct scopes scopes = fixture_scopes(f, "r:x r:y");
    struct find find = {
        .kind = KIND_PAPER, .index = "rank", .scopes = &scopes, .limit = 500};
    const char *ids = walk(f, find);
    for (const char *at = ids; *at != '\0'; at++) {
        n += *at == 'p' ? 1 : 0;
    }
    assert_int_equal(n, 600);
}

static void
test_tokens_of_another_search_are_refused(struct fixture *f)
{
    fill(f);
    struct page page;
    struct find find = {.kind = KIND_PAPER, .index = "rank", .limit = 2};
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    const struct find base = {
        .kind = KIND_PAPER, .index = "rank", .limit = 2, .token = page.next_token};
    struct find others[] = {base, base, base, base, base, base};
    others[0].index = "due";
    others[1].index = NULL;
    others[2].has_range = true;
    others[2].low = INT64_MIN;
    others[2].high = INT64_MAX;
    others[3].n_equal = 1;
    others[3].equal[0] = number(3);
    others[4].as_of = 3;
    others[5].kind = KIND_DRAWER;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(store_find(f->reader, &others[i], f->arena, &page),
                         STATUS_INVALID_ARGUMENT);
    }
    /* A page may be of another size, and whoever asks sees what is theirs: a token
     * gives no authority. */
    struct scopes stranger = fixture_scopes(f, "r:z");
    struct find good = base;
    good.limit = 500;
    good.scopes = &stranger;
    assert_int_equal(store_find(f->reader, &good, f->arena, &page), STATUS_OK);
    assert_string_equal(fixture_ids(f, &page), "");
    struct find prefix = {.kind = KIND_PAPER, .limit = 1};
    assert_int_equal(store_find(f->reader, &prefix, f->arena, &page), STATUS_OK);
    prefix.token = page.next_token;
    prefix.prefix = "a";
    assert_int_equal(store_find(f->reader, &prefix, f->arena, &page),
                     STATUS_INVALID_ARGUMENT);
}

static void
test_damaged_tokens_are_refused(struct fixture *f)
{
    fill(f);
    struct page page;
    struct find find = {.kind = KIND_PAPER, .index = "name", .limit = 2};
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    struct bytes good;
    assert_true(text_from_base64url(page.next_token, f->arena, &good));
    for (size_t cut = 1; cut < good.size; cut++) {
        find.token = text_base64url((struct bytes){good.data, cut}, f->arena);
        assert_int_equal(store_find(f->reader, &find, f->arena, &page),
                         STATUS_INVALID_ARGUMENT);
    }
    /* Every bit of what is judged; the id and the values may say what they like. */
    for (size_t bit = 0; bit < good.size * 8; bit++) {
        uint8_t *bad = (uint8_t *)arena_copy_n(f->arena, good.data, good.size);
        bad[bit / 8] = (uint8_t)(bad[bit / 8] ^ 1U << bit % 8);
        find.token = text_base64url((struct bytes){bad, good.size}, f->arena);
        enum status status = store_find(f->reader, &find, f->arena, &page);
        assert_true(status == STATUS_INVALID_ARGUMENT ||
                    (status == STATUS_OK && bit >= 17 * 8));
    }
    static const char *const junk[] = {"!", "AAAA", "A", "====", "\xff\xfe", " "};
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        find.token = junk[i];
        assert_int_equal(store_find(f->reader, &find, f->arena, &page),
                         STATUS_INVALID_ARGUMENT);
    }
}

/* ---- Pages while others write: what stays is listed exactly once. ---- */

enum { N_STAYING = 200, N_MOVES = 300, N_MOVES_SLOW = 20 };

struct mover {
    struct fixture *fixture;
    _Atomic bool is_done;
    bool has_failed;
};

static bool
mover_commit(struct mover *mover, struct draft *draft)
{
    struct ticket ticket;
    ticket_init(&ticket);
    ticket.work.draft = *draft;
    ticket.work.is_decided = true;
    enum status status = ticket_submit(mover->fixture, &ticket);
    if (status == STATUS_OK) {
        ticket_wait(&ticket);
        status = ticket.status;
    }
    ticket_done(&ticket);
    return status == STATUS_OK;
}

/* Creates and removes documents between those that stay. */
static void *
mover_run(void *argument)
{
    struct mover *mover = argument;
    char owner[] = "=r:x";
    char *scope[] = {owner};
    int n_moves = mover->fixture->backend->is_slow ? N_MOVES_SLOW : N_MOVES;
    for (int i = 0; i < n_moves && !mover->has_failed; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "p/%04d-x", i * 7 % N_STAYING);
        struct draft_change change = {
            .kind = KIND_PAPER, .id = id, .op = KONTOR__V1__CHANGE__OP__PUT};
        struct draft draft = {.actor = "m", .changes = &change, .n_changes = 1};
        change.scope = scope;
        change.n_scope = 1;
        mover->has_failed = !mover_commit(mover, &draft);
        change.op = KONTOR__V1__CHANGE__OP__DELETE;
        change.was = store_applied(mover->fixture->store);
        change.n_scope = 0;
        mover->has_failed = mover->has_failed || !mover_commit(mover, &draft);
    }
    atomic_store(&mover->is_done, true);
    return NULL;
}

static size_t
count_staying(const char *ids)
{
    size_t n = 0;
    for (const char *at = strstr(ids, "p/"); at != NULL; at = strstr(at + 1, "p/")) {
        n += strcspn(at, " ") == strlen("p/0000") ? 1 : 0;
    }
    return n;
}

static void
test_pages_under_writes_list_each_once(struct fixture *f)
{
    pthread_t thread;
    struct mover mover = {.fixture = f};
    size_t n_walks = 0;
    struct draft draft = {.actor = "a"};
    for (int i = 0; i < N_STAYING; i++) {
        draft_add(f, &draft, KONTOR__V1__CHANGE__OP__PUT, KIND_PAPER,
                  arena_print(f->arena, "p/%04d", i), 0, "=r:x",
                  fixture_doc(f, "n", i, 0, NULL, NULL));
    }
    assert_int_equal(fixture_commit(f, draft, NULL), STATUS_OK);
    assert_int_equal(pthread_create(&thread, NULL, mover_run, &mover), 0);
    struct scopes scopes = fixture_scopes(f, "r:x");
    struct find find = {.kind = KIND_PAPER, .scopes = &scopes, .limit = 13};
    do {
        assert_int_equal(count_staying(walk(f, find)), N_STAYING);
        n_walks++;
    } while (!atomic_load(&mover.is_done));
    pthread_join(thread, NULL);
    assert_false(mover.has_failed);
    assert_true(n_walks > 0);
    fixture_verify(f);
}

static const struct fixture_case cases[] = {
    {"test_pages_of_any_size_make_the_same_list",
     test_pages_of_any_size_make_the_same_list},
    {"test_more_documents_than_a_chunk", test_more_documents_than_a_chunk},
    {"test_tokens_of_another_search_are_refused",
     test_tokens_of_another_search_are_refused},
    {"test_damaged_tokens_are_refused", test_damaged_tokens_are_refused},
    {"test_pages_under_writes_list_each_once", test_pages_under_writes_list_each_once},
};

int
main(void)
{
    return fixture_run("page", cases, sizeof cases / sizeof cases[0]);
}
