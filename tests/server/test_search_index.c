/* The index against a search that looks at every document, on seeded random services.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "server/catalogue/search_index.h"
#include "server/catalogue/search_table.h"

enum {
    N_DOCUMENTS = 300,
    N_CHANGES = 6000, /* Enough to make the index clean up. */
    N_QUERIES = 600,
    MAX_WORDS = 12,
    N_PROVIDERS = 7,
    N_CATEGORIES = 9,
    N_SCOPES = 5,
    N_ORDER_TYPES = 5,
    MAX_TRL = 9,
};

/* One service as the slow search knows it. */
struct slow {
    bool is_there;
    char id[32];
    char provider[16];
    char categories[3][16];
    size_t n_categories;
    char scope[3][16];
    size_t n_scope;
    char order_type[16]; /* "" = it is not said. */
    char name[16];
    int64_t revision, trl;
    struct {
        char text[16];
        bool is_name;
    } words[MAX_WORDS];
    size_t n_words;
};

static struct slow documents[N_DOCUMENTS];
static uint64_t dice;

static uint32_t
roll(uint32_t sides)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(dice >> 33) % sides;
}

static void
seed_dice(void)
{
    const char *given = getenv("KONTOR_TEST_SEED");
    dice = given == NULL ? (uint64_t)time(NULL) : strtoull(given, NULL, 10);
    print_message("KONTOR_TEST_SEED=%llu\n", (unsigned long long)dice);
}

/* Words that share beginnings, so that prefixes match several. */
static void
random_word(char *out, size_t size)
{
    static const char *const stems[] = {"cloud", "clou", "data", "date", "gpu", "grid"};
    static const char *const ends[] = {"",  "s", "base", "x", "ing",
                                       "a", "b", "c",    "d", "e"};
    snprintf(out, size, "%s%s", stems[roll(6)], ends[roll(10)]);
}

static void
random_document(struct slow *slow)
{
    slow->is_there = true;
    snprintf(slow->provider, sizeof(slow->provider), "p%u", roll(N_PROVIDERS));
    snprintf(slow->order_type, sizeof(slow->order_type), "t%u", roll(N_ORDER_TYPES));
    slow->order_type[roll(4) == 0 ? 0 : 2] = '\0';
    snprintf(slow->name, sizeof(slow->name), "n %u", roll(50));
    slow->trl = roll(MAX_TRL + 1);
    slow->n_categories = roll(4);
    for (size_t i = 0; i < slow->n_categories; i++) {
        snprintf(slow->categories[i], sizeof(slow->categories[i]), "c%u",
                 roll(N_CATEGORIES));
    }
    slow->n_scope = 1 + roll(3);
    for (size_t i = 0; i < slow->n_scope; i++) {
        bool is_public = roll(3) == 0;
        snprintf(slow->scope[i], sizeof(slow->scope[i]), is_public ? "~*" : "=s%u",
                 roll(N_SCOPES));
    }
    slow->n_words = roll(MAX_WORDS);
    for (size_t i = 0; i < slow->n_words; i++) {
        random_word(slow->words[i].text, sizeof(slow->words[i].text));
        slow->words[i].is_name = roll(4) == 0;
    }
}

static void
put(struct search_index *index, const struct slow *slow, int64_t revision)
{
    struct search_word words[MAX_WORDS];
    char *scope[3];
    char *categories[3];
    char *provider = (char *)slow->provider;
    char *order_type = (char *)slow->order_type;
    struct search_document document = {.id = slow->id,
                                       .revision = revision,
                                       .scope = scope,
                                       .n_scope = slow->n_scope,
                                       .name = slow->name,
                                       .trl = slow->trl,
                                       .words = words,
                                       .n_words = slow->n_words};
    for (size_t i = 0; i < 3; i++) {
        scope[i] = (char *)slow->scope[i];
        categories[i] = (char *)slow->categories[i];
    }
    for (size_t i = 0; i < slow->n_words; i++) {
        words[i] = (struct search_word){.text = slow->words[i].text,
                                        .is_name = slow->words[i].is_name};
    }
    document.facets[SEARCH_PROVIDER] = (struct search_texts){&provider, 1};
    document.facets[SEARCH_CATEGORY] =
        (struct search_texts){categories, slow->n_categories};
    document.facets[SEARCH_ORDER_TYPE] =
        (struct search_texts){&order_type, order_type[0] == '\0' ? 0 : 1};
    search_index_put(index, &document);
}

/* ---- The slow search ---- */

/* What a query's word counts in a service; 0 = it is not there. */
static int64_t
slow_weight(const struct slow *slow, const char *word, bool is_prefix)
{
    int64_t best = 0;
    for (size_t i = 0; i < slow->n_words; i++) {
        bool is_match = is_prefix
                            ? strncmp(slow->words[i].text, word, strlen(word)) == 0
                            : strcmp(slow->words[i].text, word) == 0;
        int64_t weight = slow->words[i].is_name ? SEARCH_NAME_WEIGHT : 1;
        best = is_match && weight > best ? weight : best;
    }
    return best;
}

static bool
is_among(const char *text, char *const *texts, size_t n_texts)
{
    for (size_t i = 0; i < n_texts; i++) {
        if (strcmp(text, texts[i]) == 0) {
            return true;
        }
    }
    return n_texts == 0;
}

/* Whether one of the values of a facet is wanted. */
static bool
slow_has(const struct slow *slow, const struct search_query *query,
         enum search_facet facet)
{
    const struct search_texts *wanted = &query->wanted[facet];
    bool has = wanted->n_texts == 0;
    if (facet == SEARCH_CATEGORY) {
        for (size_t i = 0; i < slow->n_categories; i++) {
            has = has || is_among(slow->categories[i], wanted->texts, wanted->n_texts);
        }
        return has;
    }
    const char *value = facet == SEARCH_PROVIDER ? slow->provider : slow->order_type;
    return has || (value[0] != '\0' && is_among(value, wanted->texts, wanted->n_texts));
}

static bool
slow_is_visible(const struct slow *slow, const struct search_query *query)
{
    bool is_visible = false;
    for (size_t i = 0; i < slow->n_scope; i++) {
        is_visible = is_visible || strcmp(slow->scope[i], "~*") == 0;
        for (size_t j = 0; j < query->scopes->n_strings; j++) {
            is_visible = is_visible ||
                         strcmp(slow->scope[i] + 1, query->scopes->strings[j]) == 0;
        }
    }
    return is_visible;
}

/* The score of a service, or -1 when it is no hit. */
static int64_t
slow_score(const struct slow *slow, const struct search_query *query)
{
    int64_t score = 0;
    if (!slow->is_there || !slow_is_visible(slow, query) ||
        !slow_has(slow, query, SEARCH_CATEGORY) ||
        !slow_has(slow, query, SEARCH_PROVIDER) ||
        !slow_has(slow, query, SEARCH_ORDER_TYPE)) {
        return -1;
    }
    for (size_t i = 0; i < query->n_words; i++) {
        int64_t weight = slow_weight(slow, query->words[i], i + 1 == query->n_words);
        if (weight == 0) {
            return -1;
        }
        score += weight;
    }
    return score;
}

static int
compare_hits(const void *a, const void *b)
{
    const struct search_hit *left = a;
    const struct search_hit *right = b;
    if (left->key != right->key) {
        return left->key > right->key ? -1 : 1;
    }
    int by_name = strcmp(left->name, right->name);
    return by_name != 0 ? by_name : strcmp(left->id, right->id);
}

static size_t
slow_search(const struct search_query *query, struct search_hit *hits)
{
    size_t n_hits = 0;
    for (size_t i = 0; i < N_DOCUMENTS; i++) {
        int64_t score = slow_score(&documents[i], query);
        if (score >= 0) {
            const int64_t keys[] = {[SEARCH_BY_RELEVANCE] = score,
                                    [SEARCH_BY_NAME] = 0,
                                    [SEARCH_BY_UPDATED] = documents[i].revision,
                                    [SEARCH_BY_TRL] = documents[i].trl};
            hits[n_hits++] = (struct search_hit){
                .id = documents[i].id,
                .score = score,
                .key = keys[query->order],
                .name = query->order == SEARCH_BY_NAME ? documents[i].name : ""};
        }
    }
    qsort(hits, n_hits, sizeof(*hits), compare_hits);
    return n_hits;
}

static const struct slow *
slow_named(const char *id)
{
    for (size_t i = 0; i < N_DOCUMENTS; i++) {
        if (strcmp(documents[i].id, id) == 0) {
            return &documents[i];
        }
    }
    return NULL;
}

/* How many of the hits have a value of a facet; a category given twice counts once. */
static int32_t
slow_count(const struct search_hit *hits, size_t n_hits, enum search_facet facet,
           const char *value)
{
    struct search_query query = {.n_words = 0};
    char *text = (char *)(uintptr_t)value;
    int32_t count = 0;
    query.wanted[facet] = (struct search_texts){&text, 1};
    for (size_t i = 0; i < n_hits; i++) {
        count += slow_has(slow_named(hits[i].id), &query, facet);
    }
    return count;
}

/* ---- The comparison ---- */

static void
compare_counts(const struct search_result *result, const struct search_hit *hits,
               size_t n_hits)
{
    static const enum search_facet facets[] = {SEARCH_PROVIDER, SEARCH_CATEGORY,
                                               SEARCH_ORDER_TYPE};
    int32_t total = 0;
    for (size_t i = 0; i < sizeof facets / sizeof facets[0]; i++) {
        const struct search_counts *counts = &result->facets[facets[i]];
        for (size_t j = 0; j < counts->n_rows; j++) {
            const struct search_count *count = &counts->rows[j];
            assert_int_equal(count->count,
                             slow_count(hits, n_hits, facets[i], count->value));
            assert_true(count->count > 0);
            assert_true(j == 0 || count[-1].count >= count->count);
            total += facets[i] == SEARCH_PROVIDER ? count->count : 0;
        }
    }
    assert_int_equal(total, n_hits);
    assert_int_equal(result->facets[SEARCH_TAG].n_rows, 0);
}

/* Pages through all hits of a query and compares each with the slow search. */
static void
compare_query(const struct search_index *index, struct search_query *query,
              struct arena *arena)
{
    static struct search_hit hits[N_DOCUMENTS];
    size_t n_hits = slow_search(query, hits);
    size_t seen = 0;
    struct search_result result;
    query->after = (struct search_hit){.id = NULL};
    do {
        search_index_query(index, query, arena, &result);
        assert_int_equal(result.total, n_hits);
        if (query->after.id == NULL) {
            compare_counts(&result, hits, n_hits);
        }
        for (size_t i = 0; i < result.n_hits; i++, seen++) {
            assert_true(seen < n_hits);
            assert_string_equal(result.hits[i].id, hits[seen].id);
            assert_int_equal(result.hits[i].score, hits[seen].score);
            assert_int_equal(result.hits[i].key, hits[seen].key);
            assert_string_equal(result.hits[i].name, hits[seen].name);
        }
        assert_int_equal(result.has_more, seen < n_hits);
        if (result.n_hits > 0) {
            query->after = result.hits[result.n_hits - 1];
        }
    } while (result.has_more);
    assert_int_equal(seen, n_hits);
}

static void
random_query(const struct search_index *index, struct arena *arena)
{
    char words[3][16];
    char *texts[3] = {words[0], words[1], words[2]};
    char *providers[] = {"p1", "p2", "none"};
    char *categories[] = {"c1", "c4", "none"};
    const char *strings[] = {"s1", "s3", "s9"};
    struct scopes scopes = {strings, roll(4)};
    char *order_types[] = {"t1", "t4", "none"};
    struct search_query query = {.words = texts,
                                 .n_words = roll(4),
                                 .order = (enum search_order)roll(SEARCH_BY_TRL + 1),
                                 .scopes = &scopes,
                                 .limit = 1 + roll(40)};
    query.wanted[SEARCH_PROVIDER] =
        (struct search_texts){providers, roll(3) == 0 ? 1 + roll(3) : 0};
    query.wanted[SEARCH_CATEGORY] =
        (struct search_texts){categories, roll(3) == 0 ? 1 + roll(3) : 0};
    query.wanted[SEARCH_ORDER_TYPE] =
        (struct search_texts){order_types, roll(3) == 0 ? 1 + roll(3) : 0};
    for (size_t i = 0; i < query.n_words; i++) {
        random_word(words[i], sizeof(words[i]));
    }
    if (query.n_words > 0 && roll(2) == 0) {
        words[query.n_words - 1][1 + roll(3)] = '\0';
    }
    compare_query(index, &query, arena);
}

static void
test_the_index_finds_what_looking_at_everything_finds(void **state)
{
    struct search_index *index = search_index_new();
    struct arena *arena = arena_new();
    int64_t revision = 1;
    (void)state;
    seed_dice();
    for (size_t i = 0; i < N_DOCUMENTS; i++) {
        snprintf(documents[i].id, sizeof(documents[i].id), "coast/s%zu", i);
        documents[i].is_there = false;
    }
    for (size_t i = 0; i < N_CHANGES; i++) {
        struct slow *slow = &documents[roll(N_DOCUMENTS)];
        if (roll(10) == 0) {
            slow->is_there = false;
            search_index_remove(index, slow->id, ++revision);
        } else {
            random_document(slow);
            slow->revision = ++revision;
            put(index, slow, revision);
        }
        if (i % (N_CHANGES / N_QUERIES) == 0) {
            random_query(index, arena);
            arena_reset(arena);
        }
    }
    arena_free(arena);
    search_index_free(index);
}

static void
test_an_older_version_changes_nothing(void **state)
{
    struct search_index *index = search_index_new();
    struct arena *arena = arena_new();
    struct slow first = {.id = "coast/a", .provider = "old", .scope = {"~*"}};
    struct slow second = {.id = "coast/a", .provider = "new", .scope = {"~*"}};
    struct scopes scopes = {NULL, 0};
    struct search_query query = {.scopes = &scopes, .limit = 10};
    struct search_result result;
    (void)state;
    first.n_scope = second.n_scope = 1;
    put(index, &second, 9);
    put(index, &first, 7);
    put(index, &first, 9);
    search_index_query(index, &query, arena, &result);
    assert_int_equal(result.n_hits, 1);
    assert_string_equal(result.facets[SEARCH_PROVIDER].rows[0].value, "new");
    search_index_remove(index, "coast/a", 12);
    put(index, &first, 11);
    search_index_query(index, &query, arena, &result);
    assert_int_equal(result.total, 0);
    put(index, &first, 13);
    search_index_query(index, &query, arena, &result);
    assert_int_equal(result.total, 1);
    arena_free(arena);
    search_index_free(index);
}

/* What was shown last may have a new version by the time the next page is asked for. */
static void
test_a_page_goes_on_behind_what_was_shown_last(void **state)
{
    struct search_index *index = search_index_new();
    struct arena *arena = arena_new();
    struct slow slow = {.provider = "p", .scope = {"~*"}, .n_scope = 1};
    struct scopes scopes = {NULL, 0};
    struct search_query query = {.scopes = &scopes, .limit = 1};
    struct search_result result;
    int64_t revision = 1;
    (void)state;
    for (char letter = 'a'; letter <= 'e'; letter++) {
        snprintf(slow.id, sizeof(slow.id), "coast/%c", letter);
        put(index, &slow, ++revision);
    }
    for (char letter = 'a'; letter <= 'e'; letter++) {
        snprintf(slow.id, sizeof(slow.id), "coast/%c", letter);
        search_index_query(index, &query, arena, &result);
        assert_int_equal(result.n_hits, 1);
        assert_string_equal(result.hits[0].id, slow.id);
        assert_int_equal(result.has_more, letter < 'e');
        query.after = result.hits[0];
        /* Its new version lies behind all others. */
        put(index, &slow, ++revision);
    }
    search_index_query(index, &query, arena, &result);
    assert_int_equal(result.n_hits, 0);
    /* What is shown last may be gone by then. */
    query.after.id = "coast/bb";
    search_index_query(index, &query, arena, &result);
    assert_string_equal(result.hits[0].id, "coast/c");
    arena_free(arena);
    search_index_free(index);
}

/* Of many values the most frequent are told, equals by name. */
static void
test_a_facet_tells_its_most_frequent_values(void **state)
{
    enum { N = 150 };
    struct search_index *index = search_index_new();
    struct arena *arena = arena_new();
    struct scopes scopes = {NULL, 0};
    struct search_query query = {.scopes = &scopes, .limit = 1};
    struct search_result result;
    (void)state;
    for (int i = 0; i < N; i++) {
        struct slow slow = {.scope = {"~*"}, .n_scope = 1};
        snprintf(slow.id, sizeof(slow.id), "coast/%03d", i);
        /* Every third has the value of the one before. */
        snprintf(slow.provider, sizeof(slow.provider), "p%03d", i % 3 == 1 ? i - 1 : i);
        put(index, &slow, i + 1);
    }
    search_index_query(index, &query, arena, &result);
    const struct search_counts *counts = &result.facets[SEARCH_PROVIDER];
    assert_int_equal(counts->n_rows, SEARCH_FACET_VALUES);
    for (size_t i = 0; i < counts->n_rows; i++) {
        assert_int_equal(counts->rows[i].count, i < N / 3 ? 2 : 1);
        assert_string_equal(
            counts->rows[i].value,
            arena_print(arena, "p%03zu", i < N / 3 ? 3 * i : 3 * (i - N / 3) + 2));
    }
    arena_free(arena);
    search_index_free(index);
}

/* ---- Suggestions ---- */

static void
test_near_words_are_suggested_from_what_is_seen(void **state)
{
    static const struct {
        const char *word;
        const char *near; /* Words, the nearest first. */
    } rows[] = {
        {"storage", ""},          /* It is there. */
        {"storag", "storage"},    /* One is left out, */
        {"sotrage", "storage"},   /* swapped, */
        {"storrage", "storage"},  /* one too many, */
        {"stxrxge", "storage"},   /* two are others, */
        {"stxrxgx", ""},          /* but not three. */
        {"clouds", "cloud"},      /* Among one apart, */
        {"cloux", "cloud clown"}, /* the one that more have first. */
        {"hiden", ""},            /* Nobody is told of what it may not see. */
        {"gp", ""},               /* Short words are near everything. */
        {"", ""},
    };
    static const struct {
        const char *id, *scope, *words[3];
    } services[] = {
        {"coast/a", "~*", {"storage", "cloud", "gpu"}},
        {"coast/b", "=s1", {"cloud", "clown", "grid"}},
        {"coast/c", "=s2", {"hidden", "storaga", "cloux"}},
    };
    struct search_index *index = search_index_new();
    struct arena *arena = arena_new();
    const char *strings[] = {"s1"};
    struct scopes scopes = {strings, 1};
    (void)state;
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        struct slow slow = {.provider = "p", .n_scope = 1, .n_words = 3};
        snprintf(slow.id, sizeof(slow.id), "%s", services[i].id);
        snprintf(slow.scope[0], sizeof(slow.scope[0]), "%s", services[i].scope);
        for (size_t j = 0; j < 3; j++) {
            snprintf(slow.words[j].text, sizeof(slow.words[j].text), "%s",
                     services[i].words[j]);
        }
        put(index, &slow, (int64_t)i + 1);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *near[SEARCH_SUGGESTIONS];
        const char *text = "";
        size_t n =
            search_index_suggest(index, rows[i].word, false, &scopes, arena, near);
        for (size_t j = 0; j < n; j++) {
            text = arena_print(arena, "%s%s%s", text, j == 0 ? "" : " ", near[j]);
        }
        assert_string_equal(text, rows[i].near);
    }
    arena_free(arena);
    search_index_free(index);
}

/* ---- The dictionary ---- */

struct counted {
    size_t n;
    const struct search_table *table;
    const char *prefix;
};

static void
count_one(void *context, uint32_t number)
{
    struct counted *counted = context;
    const char *text = counted->table->texts[number];
    assert_int_equal(strncmp(text, counted->prefix, strlen(counted->prefix)), 0);
    counted->n++;
}

static void
test_the_dictionary_finds_every_text_by_its_beginning(void **state)
{
    enum { N = 20000 };
    struct search_table table = {.texts = NULL};
    struct counted all = {.table = &table, .prefix = ""};
    struct counted some = {.table = &table, .prefix = "w12"};
    char text[16];
    (void)state;
    assert_int_equal(search_table_find(&table, "w1"), SEARCH_NO_TEXT);
    for (int i = 0; i < N; i++) {
        /* 7919 shares no factor with N, so every number comes once, out of order. */
        snprintf(text, sizeof(text), "w%d", i * 7919 % N);
        assert_int_equal(search_table_add(&table, text), i);
        assert_int_equal(search_table_add(&table, text), i);
    }
    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof(text), "w%d", i * 7919 % N);
        assert_int_equal(search_table_find(&table, text), i);
    }
    assert_int_equal(search_table_find(&table, "w"), SEARCH_NO_TEXT);
    search_table_each(&table, "", count_one, &all);
    assert_int_equal(all.n, N);
    search_table_each(&table, "w12", count_one, &some);
    /* 12, 120 to 129, 1200 to 1299, 12000 to 12999. */
    assert_int_equal(some.n, 1 + 10 + 100 + 1000);
    search_table_done(&table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_index_finds_what_looking_at_everything_finds),
        cmocka_unit_test(test_an_older_version_changes_nothing),
        cmocka_unit_test(test_a_page_goes_on_behind_what_was_shown_last),
        cmocka_unit_test(test_a_facet_tells_its_most_frequent_values),
        cmocka_unit_test(test_near_words_are_suggested_from_what_is_seen),
        cmocka_unit_test(test_the_dictionary_finds_every_text_by_its_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
