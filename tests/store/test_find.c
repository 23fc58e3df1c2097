/* Searching: order, equality, ranges, prefixes, pages, tokens, scopes. */
#include "tests/store/fixture.h"

static const char *
find_ids(struct fixture *f, const struct find *find)
{
    struct page page;
    assert_int_equal(store_find(f->reader, find, f->arena, &page), STATUS_OK);
    return fixture_ids(f, &page);
}

static struct store_value
text(const char *value)
{
    return (struct store_value){.text = value};
}

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

static void
test_texts_are_in_byte_order_and_missing_first(struct fixture *f)
{
    fill(f);
    struct find find = {.kind = KIND_PAPER, .index = "name", .limit = 10};
    assert_string_equal(find_ids(f, &find), "e c b f a d");
}

static void
test_missing_integers_are_first_and_missing_times_last(struct fixture *f)
{
    fill(f);
    struct find find = {.kind = KIND_PAPER, .index = "rank", .limit = 10};
    assert_string_equal(find_ids(f, &find), "e d b f a c");
    find.index = "due";
    assert_string_equal(find_ids(f, &find), "b c d a e f");
}

static void
test_equal_values_narrow(struct fixture *f)
{
    fill(f);
    struct find find = {.kind = KIND_PAPER, .index = "name", .n_equal = 1, .limit = 10};
    find.equal[0] = text("apple");
    assert_string_equal(find_ids(f, &find), "b f");
    find.equal[0] = text("");
    assert_string_equal(find_ids(f, &find), "e");
    find.index = "owner_rank";
    find.equal[0] = text("ann");
    assert_string_equal(find_ids(f, &find), "d f a c");
    find.n_equal = 2;
    find.equal[1] = number(3);
    assert_string_equal(find_ids(f, &find), "a c");
    find.equal[1] = number(4);
    assert_string_equal(find_ids(f, &find), "");
}

static void
test_ranges_are_half_open(struct fixture *f)
{
    fill(f);
    struct find find = {.kind = KIND_PAPER,
                        .index = "rank",
                        .has_range = true,
                        .low = 1,
                        .high = 3,
                        .limit = 10};
    assert_string_equal(find_ids(f, &find), "b f");
    find.low = INT64_MIN;
    find.high = 1;
    assert_string_equal(find_ids(f, &find), "e d");
    find.low = 3;
    find.high = INT64_MAX;
    assert_string_equal(find_ids(f, &find), "a c");
    find.low = 3;
    find.high = 3;
    assert_string_equal(find_ids(f, &find), "");
    find = (struct find){.kind = KIND_PAPER,
                         .index = "owner_rank",
                         .n_equal = 1,
                         .has_range = true,
                         .low = -9,
                         .high = 3,
                         .limit = 10};
    find.equal[0] = text("ann");
    assert_string_equal(find_ids(f, &find), "d f");
    find = (struct find){.kind = KIND_PAPER,
                         .index = "due",
                         .has_range = true,
                         .low = 0,
                         .high = 2001,
                         .limit = 10};
    assert_string_equal(find_ids(f, &find), "b c d");
}

/* The broker's own index lists a document once, whatever it is seen by, follows it, and
 * answers nobody's search. */
static void
test_an_own_index_is_the_brokers(struct fixture *f)
{
    struct scopes owner = fixture_scopes(f, "r:x");
    struct find find = {.kind = KIND_DRAWER,
                        .index = "own_due",
                        .has_range = true,
                        .low = 0,
                        .high = 5,
                        .limit = 10};
    struct page page;
    fixture_put(f, KIND_DRAWER, "a", 0, "=r:x", fixture_doc(f, "n", 1, 2, NULL, NULL));
    int64_t b = fixture_put(f, KIND_DRAWER, "b", 0, "=r:x",
                            fixture_doc(f, "n", 1, 1, NULL, NULL));
    assert_string_equal(find_ids(f, &find), "b a");
    find.scopes = &owner;
    assert_int_equal(store_find(f->reader, &find, f->arena, &page),
                     STATUS_INVALID_ARGUMENT);
    find.scopes = NULL;
    fixture_verify(f);
    fixture_put(f, KIND_DRAWER, "b", b, "=r:y", fixture_doc(f, "n", 1, 5, NULL, NULL));
    assert_string_equal(find_ids(f, &find), "a");
    fixture_verify(f);
}

/* What has no value is not in it, comes in with one and goes with it. */
static void
test_an_own_index_lists_what_has_a_value(struct fixture *f)
{
    struct find find = {.kind = KIND_DRAWER,
                        .index = "own_due",
                        .has_range = true,
                        .low = INT64_MIN,
                        .high = INT64_MAX,
                        .limit = 10};
    struct page page;
    int64_t a = fixture_put(f, KIND_DRAWER, "a", 0, "=r:x",
                            fixture_doc(f, "n", 1, 0, NULL, NULL));
    fixture_put(f, KIND_DRAWER, "b", 0, "=r:x", fixture_doc(f, "n", 1, 7, NULL, NULL));
    assert_string_equal(find_ids(f, &find), "b");
    fixture_verify(f);
    a = fixture_put(f, KIND_DRAWER, "a", a, "=r:x",
                    fixture_doc(f, "n", 1, 9, NULL, NULL));
    assert_string_equal(find_ids(f, &find), "b a");
    fixture_verify(f);
    fixture_put(f, KIND_DRAWER, "a", a, "=r:x", fixture_doc(f, "n", 1, 0, NULL, NULL));
    assert_string_equal(find_ids(f, &find), "b");
    fixture_verify(f);
    /* Nothing is found by having none, or by nothing: that would be an empty list of
     * many. */
    find.has_range = false;
    assert_int_equal(store_find(f->reader, &find, f->arena, &page),
                     STATUS_INVALID_ARGUMENT);
    find.n_equal = 1;
    find.equal[0] = number(INT64_MAX);
    assert_int_equal(store_find(f->reader, &find, f->arena, &page),
                     STATUS_INVALID_ARGUMENT);
}

static void
test_an_index_of_callers_answers_callers_only(struct fixture *f)
{
    struct scopes owner = fixture_scopes(f, "r:x");
    struct find find = {
        .kind = KIND_DRAWER, .index = "callers_rank", .scopes = &owner, .limit = 10};
    struct page page;
    fixture_put(f, KIND_DRAWER, "a", 0, "=r:x", fixture_doc(f, "n", 2, 0, NULL, NULL));
    fixture_put(f, KIND_DRAWER, "b", 0, "~r:x", fixture_doc(f, "n", 1, 0, NULL, NULL));
    fixture_put(f, KIND_DRAWER, "c", 0, "~*", fixture_doc(f, "n", 3, 0, NULL, NULL));
    fixture_put(f, KIND_DRAWER, "d", 0, "=r:y", fixture_doc(f, "n", 0, 0, NULL, NULL));
    assert_string_equal(find_ids(f, &find), "b a c");
    fixture_verify(f);
    find.scopes = NULL;
    assert_int_equal(store_find(f->reader, &find, f->arena, &page),
                     STATUS_INVALID_ARGUMENT);
}

/* What carries one string, as far as the caller sees it by others: the string gives no
 * sight of its own. */
static void
test_within_narrows_and_shows_nothing_more(struct fixture *f)
{
    struct scopes owner = fixture_scopes(f, "r:x");
    struct find find = {
        .kind = KIND_PAPER, .scopes = &owner, .within = "j:p", .limit = 10};
    struct page page;
    int64_t a = fixture_put(f, KIND_PAPER, "a", 0, "=r:x =j:p",
                            fixture_doc(f, "n", 2, 0, NULL, NULL));
    fixture_put(f, KIND_PAPER, "b", 0, "=r:y =j:p",
                fixture_doc(f, "n", 1, 0, NULL, NULL));
    fixture_put(f, KIND_PAPER, "c", 0, "=r:x =j:q",
                fixture_doc(f, "n", 0, 0, NULL, NULL));
    fixture_put(f, KIND_PAPER, "d", 0, "~* ~j:p",
                fixture_doc(f, "n", 1, 0, NULL, NULL));
    int64_t then = fixture_put(f, KIND_PAPER, "e", 0, "=r:x =j:p",
                               fixture_doc(f, "n", 0, 0, NULL, NULL));
    assert_string_equal(find_ids(f, &find), "a d e");
    find.index = "rank";
    assert_string_equal(find_ids(f, &find), "e d a");
    find.limit = 1;
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    find.token = page.next_token;
    assert_string_equal(find_ids(f, &find), "d");
    /* A token is of its filter. */
    find.within = "j:q";
    assert_int_equal(store_find(f->reader, &find, f->arena, &page),
                     STATUS_INVALID_ARGUMENT);
    find = (struct find){
        .kind = KIND_PAPER, .scopes = &owner, .within = "j:p", .limit = 10};
    fixture_put(f, KIND_PAPER, "a", a, "=r:x =j:q",
                fixture_doc(f, "n", 2, 0, NULL, NULL));
    assert_string_equal(find_ids(f, &find), "d e");
    /* As of then it was there, and what is there now was not always. */
    find.as_of = then;
    assert_string_equal(find_ids(f, &find), "a d e");
    find.within = "j:q";
    assert_string_equal(find_ids(f, &find), "c");
    /* Who sees everything has no use for it. */
    find.scopes = NULL;
    assert_int_equal(store_find(f->reader, &find, f->arena, &page),
                     STATUS_INVALID_ARGUMENT);
}

static void
test_prefix_takes_the_id_and_what_is_below(struct fixture *f)
{
    static const char *const ids[] = {"acme",   "acme-x",   "acme-x/1", "acme/1",
                                      "acme/2", "acme/2/3", "acme0",    "acm"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        fixture_put(f, KIND_PAPER, ids[i], 0, "=r:x",
                    fixture_doc(f, "n", 1, 0, NULL, NULL));
    }
    struct find find = {.kind = KIND_PAPER, .prefix = "acme", .limit = 10};
    assert_string_equal(find_ids(f, &find), "acme acme/1 acme/2 acme/2/3");
    find.prefix = "acme/2";
    assert_string_equal(find_ids(f, &find), "acme/2 acme/2/3");
    find.prefix = "none";
    assert_string_equal(find_ids(f, &find), "");
    struct scopes stranger = fixture_scopes(f, "r:z");
    find.prefix = "acme";
    find.scopes = &stranger;
    assert_string_equal(find_ids(f, &find), "");
}

static void
test_scopes_show_only_what_they_share(struct fixture *f)
{
    fill(f);
    struct find find = {.kind = KIND_PAPER, .limit = 10};
    struct scopes none = {NULL, 0};
    struct scopes x = fixture_scopes(f, "r:x");
    struct scopes y = fixture_scopes(f, "r:y");
    struct scopes both = fixture_scopes(f, "r:x r:y");
    struct scopes tricks = fixture_scopes(f, "! =r:x ~r:x r:");
    assert_string_equal(find_ids(f, &find), "a b c d e f");
    find.scopes = &none;
    assert_string_equal(find_ids(f, &find), "d");
    find.scopes = &x;
    assert_string_equal(find_ids(f, &find), "a b d e f");
    find.scopes = &y;
    assert_string_equal(find_ids(f, &find), "b c d");
    find.scopes = &both;
    assert_string_equal(find_ids(f, &find), "a b c d e f");
    find.scopes = &tricks;
    assert_string_equal(find_ids(f, &find), "d");
}

static void
test_reduced_view_never_carries_internal_fields(struct fixture *f)
{
    struct page page;
    struct document got;
    struct bytes whole = fixture_doc(f, "a", 1, 0, "ann", "hush");
    fixture_put(f, KIND_PAPER, "p", 0, "=r:x ~r:y", whole);
    struct scopes x = fixture_scopes(f, "r:x");
    struct scopes y = fixture_scopes(f, "r:y");
    struct scopes both = fixture_scopes(f, "r:y r:x");
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", &y, 0, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(got.view, VIEW_REDUCED);
    assert_int_equal(got.x.size, 0);
    assert_null(memmem(got.w.data, got.w.size, "hush", 4));
    struct find find = {.kind = KIND_PAPER, .scopes = &y, .limit = 1};
    assert_int_equal(store_find(f->reader, &find, f->arena, &page), STATUS_OK);
    assert_int_equal(page.documents[0].x.size, 0);
    assert_null(memmem(page.documents[0].w.data, page.documents[0].w.size, "hush", 4));
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", &x, 0, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(got.view, VIEW_FULL);
    assert_non_null(memmem(got.x.data, got.x.size, "hush", 4));
    assert_int_equal(got.w.size + got.x.size, whole.size);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", &both, 0, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(got.view, VIEW_FULL);
}

static void
test_guards_are_seen_by_nobody(struct fixture *f)
{
    struct document got;
    fixture_put(f, KIND_SEAL, "name/a", 0, "", (struct bytes){(const uint8_t *)"x", 1});
    struct scopes anybody = fixture_scopes(f, "r:x *");
    assert_int_equal(
        store_get(f->reader, KIND_SEAL, "name/a", &anybody, 0, f->arena, &got),
        STATUS_NOT_FOUND);
    struct find find = {.kind = KIND_SEAL, .scopes = &anybody, .limit = 10};
    assert_string_equal(find_ids(f, &find), "");
    find.scopes = NULL;
    assert_string_equal(find_ids(f, &find), "name/a");
}

static void
test_indexes_follow_the_document(struct fixture *f)
{
    int64_t seq = fixture_put(f, KIND_PAPER, "p", 0, "=r:x ~r:y",
                              fixture_doc(f, "old", 1, 0, NULL, NULL));
    seq = fixture_put(f, KIND_PAPER, "p", seq, "=r:x",
                      fixture_doc(f, "new", 1, 0, NULL, NULL));
    struct find find = {.kind = KIND_PAPER, .index = "name", .n_equal = 1, .limit = 10};
    find.equal[0] = text("old");
    assert_string_equal(find_ids(f, &find), "");
    find.equal[0] = text("new");
    assert_string_equal(find_ids(f, &find), "p");
    struct scopes y = fixture_scopes(f, "r:y");
    find.scopes = &y;
    assert_string_equal(find_ids(f, &find), "");
    fixture_delete(f, KIND_PAPER, "p", seq);
    find.scopes = NULL;
    assert_string_equal(find_ids(f, &find), "");
    fixture_verify(f);
}

static void
test_searches_that_cannot_be_are_refused(struct fixture *f)
{
    struct page page;
    const struct find bad[] = {
        {.kind = KIND_PAPER, .limit = 0},
        {.kind = KIND_PAPER, .limit = 501},
        {.kind = KIND_PAPER, .index = "none", .limit = 1},
        {.kind = KIND_PAPER, .index = "rank", .n_equal = 2, .limit = 1},
        {.kind = KIND_PAPER, .n_equal = 1, .limit = 1},
        {.kind = KIND_PAPER, .has_range = true, .limit = 1},
        {.kind = KIND_PAPER, .index = "name", .has_range = true, .limit = 1},
        {.kind = KIND_PAPER,
         .index = "rank",
         .n_equal = 1,
         .has_range = true,
         .limit = 1},
        {.kind = KIND_PAPER, .index = "rank", .prefix = "a", .limit = 1},
        {.kind = KIND_PAPER, .prefix = "", .limit = 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(store_find(f->reader, &bad[i], f->arena, &page),
                         STATUS_INVALID_ARGUMENT);
    }
}

static void
test_snapshot_does_not_move(struct fixture *f)
{
    int64_t applied = 0;
    struct document got;
    int64_t seq = fixture_put(f, KIND_PAPER, "p", 0, "=r:x",
                              fixture_doc(f, "a", 1, 0, NULL, NULL));
    assert_int_equal(store_begin(f->reader, &applied), STATUS_OK);
    assert_int_equal(applied, seq);
    fixture_put(f, KIND_PAPER, "p", seq, "=r:x", fixture_doc(f, "b", 1, 0, NULL, NULL));
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 0, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(got.revision, seq);
    store_end(f->reader);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 0, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(got.revision, seq + 1);
}

static const struct fixture_case cases[] = {
    {"test_texts_are_in_byte_order_and_missing_first",
     test_texts_are_in_byte_order_and_missing_first},
    {"test_missing_integers_are_first_and_missing_times_last",
     test_missing_integers_are_first_and_missing_times_last},
    {"test_equal_values_narrow", test_equal_values_narrow},
    {"test_ranges_are_half_open", test_ranges_are_half_open},
    {"test_an_own_index_is_the_brokers", test_an_own_index_is_the_brokers},
    {"test_an_own_index_lists_what_has_a_value",
     test_an_own_index_lists_what_has_a_value},
    {"test_an_index_of_callers_answers_callers_only",
     test_an_index_of_callers_answers_callers_only},
    {"test_within_narrows_and_shows_nothing_more",
     test_within_narrows_and_shows_nothing_more},
    {"test_prefix_takes_the_id_and_what_is_below",
     test_prefix_takes_the_id_and_what_is_below},
    {"test_scopes_show_only_what_they_share", test_scopes_show_only_what_they_share},
    {"test_reduced_view_never_carries_internal_fields",
     test_reduced_view_never_carries_internal_fields},
    {"test_guards_are_seen_by_nobody", test_guards_are_seen_by_nobody},
    {"test_indexes_follow_the_document", test_indexes_follow_the_document},
    {"test_searches_that_cannot_be_are_refused",
     test_searches_that_cannot_be_are_refused},
    {"test_snapshot_does_not_move", test_snapshot_does_not_move},
};

int
main(void)
{
    return fixture_run("find", cases, sizeof cases / sizeof cases[0]);
}
