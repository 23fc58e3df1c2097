/* SearchServices: what is found by whom, while services come and go. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "server/catalogue/search.h"
#include "server/catalogue/search_call.h"
#include "tests/server/flood.h"
#include "tests/server/shelf.h"

static int
setup(void **state)
{
    struct shelf *stage;
    shelf_setup(state);
    stage = *state;
    stage->h->broker.search = search_new(stage->h->broker.store);
    return 0;
}

static int
teardown(void **state)
{
    struct shelf *stage = *state;
    struct search *search = stage->h->broker.search;
    search_stop(search);
    shelf_teardown(state);
    search_free(search);
    return 0;
}

static void
make_ready(struct shelf *stage)
{
    assert_true(search_start(stage->h->broker.search));
    while (!search_is_ready(stage->h->broker.search)) {
        sched_yield();
    }
}

/* What building needs is had at the start, or there is no start: a flood that takes all
 * descriptors later finds it there. */
static void
test_the_start_takes_what_building_needs(void **state)
{
    struct shelf *stage = *state;
    struct flood flood;
    flood_begin(&flood);
    assert_false(search_start(stage->h->broker.search));
    flood_end(&flood);
    make_ready(stage);
}

static Kontor__V1__SearchServicesResponse *
search_for(struct shelf *stage, const struct principal *who, const char *words)
{
    Kontor__V1__SearchServicesRequest request =
        KONTOR__V1__SEARCH_SERVICES_REQUEST__INIT;
    Kontor__V1__SearchServicesResponse *reply = NULL;
    struct error error;
    request.query = arena_copy(stage->h->arena, words);
    if (harness_call(stage->h, who, SHELF_CALL("SearchServices"), &request,
                     (void **)&reply, &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
    return reply;
}

static Kontor__V1__Service *
named(struct shelf *stage, const char *id, const char *name, const char *description)
{
    Kontor__V1__Service *service = shelf_plain(stage, id);
    service->name = arena_copy(stage->h->arena, name);
    service->description = arena_copy(stage->h->arena, description);
    return service;
}

static void
test_search_is_refused_until_the_index_is_built(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__SearchServicesRequest request =
        KONTOR__V1__SEARCH_SERVICES_REQUEST__INIT;
    struct error error;
    shelf_created(stage, named(stage, "coast/a", "Cloud", "Before the index"));
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("SearchServices"),
                                  &request, NULL, &error),
                     STATUS_UNAVAILABLE);
    assert_int_equal(error.reason, REASON_INDEX_BUILDING);
    assert_true(error.retry_after_ms > 0);
    make_ready(stage);
    assert_int_equal(search_for(stage, stage->admin, "cloud")->total, 1);
}

static void
test_search_folds_ranks_and_takes_the_last_word_as_a_beginning(void **state)
{
    struct shelf *stage = *state;
    const Kontor__V1__SearchServicesResponse *reply;
    make_ready(stage);
    shelf_created(stage, named(stage, "coast/b", "Storage", "Über-schnelle Cloud"));
    shelf_created(stage, named(stage, "coast/a", "Archive", "A cloud of data"));
    shelf_created(stage, named(stage, "coast/c", "CLOUD Compute", "Fast machines"));
    reply = search_for(stage, stage->stranger, "cLoUd");
    assert_int_equal(reply->n_hits, 3);
    assert_string_equal(reply->hits[0]->service->id, "coast/c");
    assert_int_equal(reply->hits[0]->score, 3);
    assert_string_equal(reply->hits[1]->service->id, "coast/a");
    assert_string_equal(reply->hits[2]->service->id, "coast/b");
    assert_int_equal(search_for(stage, stage->stranger, "clou")->total, 3);
    assert_int_equal(search_for(stage, stage->stranger, "clou data")->total, 0);
    assert_int_equal(search_for(stage, stage->stranger, "cloud dat")->total, 1);
    assert_int_equal(search_for(stage, stage->stranger, "uber")->total, 1);
    assert_int_equal(search_for(stage, stage->stranger, "")->total, 3);
    assert_int_equal(stage->h->last_seq, shelf_applied(stage->h));
}

static void
test_search_finds_and_shows_only_what_the_caller_may_see(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *hidden = named(stage, "coast/h", "Hidden cloud", "");
    const Kontor__V1__SearchServicesResponse *reply;
    make_ready(stage);
    hidden->phase = KONTOR__V1__PHASE__PENDING;
    hidden->categories = (char *[]){"secret-category"};
    hidden->n_categories = 1;
    shelf_created(stage, hidden);
    shelf_created(stage, named(stage, "coast/p", "Public cloud", ""));
    reply = search_for(stage, stage->stranger, "cloud");
    assert_int_equal(reply->total, 1);
    assert_string_equal(reply->hits[0]->service->id, "coast/p");
    assert_null(reply->hits[0]->service->main_contact);
    assert_int_equal(reply->facets[1]->n_counts, 0);
    reply = search_for(stage, stage->operator_, "cloud");
    assert_int_equal(reply->total, 2);
    assert_non_null(reply->hits[0]->service->main_contact);
    assert_int_equal(reply->facets[1]->n_counts, 1);
    /* The name of the contact of every service. */
    assert_int_equal(search_for(stage, stage->admin, "zebrafinch")->total, 0);
}

static void
take_to(struct shelf *stage, char *id, Kontor__V1__Phase phase)
{
    Kontor__V1__MoveServiceRequest request = KONTOR__V1__MOVE_SERVICE_REQUEST__INIT;
    request.id = id;
    request.phase = phase;
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("MoveService"),
                                  &request, NULL, NULL),
                     STATUS_OK);
}

static void
test_search_follows_every_change(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *service = named(stage, "coast/a", "Cloud", "");
    make_ready(stage);
    shelf_created(stage, service);
    service->name = "Grid";
    assert_int_equal(
        shelf_update_service(stage->h, stage->admin, service, NULL, NULL, NULL),
        STATUS_OK);
    assert_int_equal(search_for(stage, stage->stranger, "cloud")->total, 0);
    assert_int_equal(search_for(stage, stage->stranger, "grid")->total, 1);
    take_to(stage, "coast/a", KONTOR__V1__PHASE__DEPRECATED);
    assert_int_equal(search_for(stage, stage->stranger, "grid")->total, 1);
    take_to(stage, "coast/a", KONTOR__V1__PHASE__DECOMMISSIONED);
    assert_int_equal(search_for(stage, stage->stranger, "grid")->total, 0);
    assert_int_equal(search_for(stage, stage->admin, "grid")->total, 1);
}

static void
test_search_pages_hold_every_hit_once_with_facets_on_the_first(void **state)
{
    enum { N = 23, SIZE = 5 };
    struct shelf *stage = *state;
    Kontor__V1__SearchServicesRequest request =
        KONTOR__V1__SEARCH_SERVICES_REQUEST__INIT;
    Kontor__V1__SearchServicesResponse *reply = NULL;
    struct error error;
    int seen = 0;
    make_ready(stage);
    for (int i = 0; i < N; i++) {
        shelf_created(stage, named(stage, arena_print(stage->h->arena, "coast/%02d", i),
                                   "Cloud", "grid"));
    }
    request.query = "grid";
    request.page_size = SIZE;
    do {
        assert_int_equal(harness_call(stage->h, stage->stranger,
                                      SHELF_CALL("SearchServices"), &request,
                                      (void **)&reply, NULL),
                         STATUS_OK);
        assert_int_equal(reply->n_facets, seen == 0 ? 9 : 0);
        assert_int_equal(reply->total, N);
        for (size_t i = 0; i < reply->n_hits; i++) {
            assert_string_equal(reply->hits[i]->service->id,
                                arena_print(stage->h->arena, "coast/%02d", seen++));
        }
        request.page_token = reply->next_page_token;
    } while (request.page_token[0] != '\0');
    assert_int_equal(seen, N);
    assert_int_equal(harness_call(stage->h, stage->stranger,
                                  SHELF_CALL("SearchServices"), &request,
                                  (void **)&reply, NULL),
                     STATUS_OK);
    assert_string_equal(reply->facets[0]->name, "provider");
    assert_string_equal(reply->facets[0]->counts[0]->value, "coast/hpc");
    assert_int_equal(reply->facets[0]->counts[0]->count, N);
    assert_string_equal(reply->facets[3]->counts[0]->value, "ORDER_REQUIRED");
    request.page_token = reply->next_page_token;
    request.query = "cloud";
    assert_int_equal(harness_call(stage->h, stage->stranger,
                                  SHELF_CALL("SearchServices"), &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(error.reason, REASON_PAGE_TOKEN_INVALID);
}

static Kontor__V1__SearchServicesResponse *
ask_by(struct shelf *stage, Kontor__V1__SearchServicesRequest *request)
{
    Kontor__V1__SearchServicesResponse *reply = NULL;
    struct error error;
    if (harness_call(stage->h, stage->stranger, SHELF_CALL("SearchServices"), request,
                     (void **)&reply, &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
    return reply;
}

static void
expect_hits(struct shelf *stage, const Kontor__V1__SearchServicesResponse *reply,
            const char *ids)
{
    const char *found = "";
    for (size_t i = 0; i < reply->n_hits; i++) {
        found = arena_print(stage->h->arena, "%s%s%s", found, i == 0 ? "" : " ",
                            reply->hits[i]->service->id + strlen("coast/"));
    }
    assert_string_equal(found, ids);
}

/* Three services that differ in everything hits are narrowed and sorted by. */
static void
shelve_three(struct shelf *stage)
{
    static const struct {
        const char *id, *name, *trl, *value;
        Kontor__V1__Phase phase;
    } rows[] = {
        {"coast/a", "Élan", "trl-9", "one", KONTOR__V1__PHASE__PRODUCTION},
        {"coast/b", "anchor", "", "two", KONTOR__V1__PHASE__PRE_PRODUCTION},
        {"coast/c", "Zebra", "TRL 10", "two", KONTOR__V1__PHASE__DEPRECATED},
    };
    make_ready(stage);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Kontor__V1__Service *service = named(stage, rows[i].id, rows[i].name, "grid");
        char **values = arena_alloc(stage->h->arena, sizeof(*values));
        values[0] = arena_copy(stage->h->arena, rows[i].value);
        service->trl = arena_copy(stage->h->arena, rows[i].trl);
        service->phase = rows[i].phase;
        service->scientific_domains = service->geographical_availabilities = values;
        service->access_types = service->tags = service->categories = values;
        service->n_scientific_domains = service->n_geographical_availabilities = 1;
        service->n_access_types = service->n_tags = service->n_categories = 1;
        shelf_created(stage, service);
    }
    Kontor__V1__Service *again = named(stage, "coast/a", "Élan", "grid, again");
    again->phase = KONTOR__V1__PHASE__PRODUCTION;
    assert_int_equal(shelf_update_service(stage->h, stage->admin, again,
                                          shelf_mask(stage->h, "description", NULL),
                                          NULL, NULL),
                     STATUS_OK);
}

static void
test_hits_are_sorted_as_asked_on_every_page(void **state)
{
    static const struct {
        Kontor__V1__SearchOrder order;
        const char *ids[3];
    } rows[] = {
        {KONTOR__V1__SEARCH_ORDER__SEARCH_ORDER_UNSPECIFIED, {"a", "b", "c"}},
        {KONTOR__V1__SEARCH_ORDER__BY_RELEVANCE, {"a", "b", "c"}},
        {KONTOR__V1__SEARCH_ORDER__BY_NAME, {"b", "a", "c"}},
        {KONTOR__V1__SEARCH_ORDER__BY_UPDATED, {"a", "c", "b"}},
        {KONTOR__V1__SEARCH_ORDER__BY_TRL, {"c", "a", "b"}},
    };
    struct shelf *stage = *state;
    shelve_three(stage);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Kontor__V1__SearchServicesRequest request =
            KONTOR__V1__SEARCH_SERVICES_REQUEST__INIT;
        request.query = "grid";
        request.order = rows[i].order;
        request.page_size = 1;
        for (size_t j = 0; j < 3; j++) {
            Kontor__V1__SearchServicesResponse *reply = ask_by(stage, &request);
            assert_int_equal(reply->total, 3);
            expect_hits(stage, reply, rows[i].ids[j]);
            request.page_token = reply->next_page_token;
        }
        assert_string_equal(request.page_token, "");
    }
}

static void
test_each_facet_narrows_and_counts(void **state)
{
    static const struct {
        char *name, *value, *ids;
    } rows[] = {
        {"provider", "coast/hpc", "a b c"},
        {"category", "two", "b c"},
        {"domain", "two", "b c"},
        {"order_type", "ORDER_REQUIRED", "a b c"},
        {"trl", "trl-9", "a"},
        {"country", "one", "a"},
        {"access_type", "two", "b c"},
        {"phase", "DEPRECATED", "c"},
        {"tag", "two", "b c"},
        {"tag", "none", ""},
    };
    struct shelf *stage = *state;
    struct error error;
    shelve_three(stage);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Kontor__V1__SearchServicesRequest request =
            KONTOR__V1__SEARCH_SERVICES_REQUEST__INIT;
        Kontor__V1__FacetFilter filter = KONTOR__V1__FACET_FILTER__INIT;
        Kontor__V1__FacetFilter *filters[] = {&filter};
        filter.name = rows[i].name;
        filter.values = (char *[]){rows[i].value};
        filter.n_values = 1;
        request.filters = filters;
        request.n_filters = 1;
        Kontor__V1__SearchServicesResponse *reply = ask_by(stage, &request);
        expect_hits(stage, reply, rows[i].ids);
        for (size_t j = 0; j < reply->n_facets; j++) {
            const Kontor__V1__Facet *facet = reply->facets[j];
            if (strcmp(facet->name, rows[i].name) == 0 && rows[i].ids[0] != '\0') {
                assert_int_equal(facet->n_counts, 1);
                assert_string_equal(facet->counts[0]->value, rows[i].value);
                assert_int_equal(facet->counts[0]->count, reply->n_hits);
            }
        }
    }
    /* Values of one name together, different names at once; the old fields, too. */
    Kontor__V1__SearchServicesRequest request =
        KONTOR__V1__SEARCH_SERVICES_REQUEST__INIT;
    Kontor__V1__FacetFilter tags = KONTOR__V1__FACET_FILTER__INIT;
    Kontor__V1__FacetFilter more = KONTOR__V1__FACET_FILTER__INIT;
    Kontor__V1__FacetFilter *filters[] = {&tags, &more};
    tags.name = "tag";
    tags.values = (char *[]){"one", "two"};
    tags.n_values = 2;
    more.name = "phase";
    more.values = (char *[]){"PRODUCTION", "DEPRECATED"};
    more.n_values = 2;
    request.filters = filters;
    request.n_filters = 2;
    expect_hits(stage, ask_by(stage, &request), "a c");
    request.categories = (char *[]){"two"};
    request.n_categories = 1;
    expect_hits(stage, ask_by(stage, &request), "c");
    more.name = "colour";
    assert_int_equal(harness_call(stage->h, stage->stranger,
                                  SHELF_CALL("SearchServices"), &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "filters[1].name"));
}

static void
test_snippets_are_cut_where_words_were_found(void **state)
{
    static const struct {
        const char *query, *text, *parts;
    } rows[] = {
        {"grid", "A grid, and a Grid.", "A |*grid|, and a |*Grid|."},
        {"gr", "Grids of all kinds", "*Grids| of all kinds"},
        {"all kin", "Grids of all kinds", "Grids of |*all| |*kinds"},
        {"uber", "Über-schnell (über)", "*Über-schnell| (|*über|)"},
        {"name", "Nothing of it", "*Name| of it"},
    };
    struct shelf *stage = *state;
    make_ready(stage);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *id = arena_print(stage->h->arena, "coast/s%zu", i);
        Kontor__V1__Service *service = named(stage, id, "Name of it", rows[i].text);
        service->tags = (char *[]){(char *)id + strlen("coast/")};
        service->n_tags = 1;
        shelf_created(stage, service);
        Kontor__V1__SearchServicesResponse *reply =
            search_for(stage, stage->stranger,
                       arena_print(stage->h->arena, "s%zu %s", i, rows[i].query));
        assert_int_equal(reply->n_hits, 1);
        const char *parts = "";
        const char *whole = "";
        for (size_t j = 0; j < reply->hits[0]->n_parts; j++) {
            const Kontor__V1__SnippetPart *part = reply->hits[0]->parts[j];
            parts = arena_print(stage->h->arena, "%s%s%s%s", parts, j == 0 ? "" : "|",
                                part->is_hit ? "*" : "", part->text);
            whole = arena_print(stage->h->arena, "%s%s", whole, part->text);
        }
        assert_string_equal(parts, rows[i].parts);
        assert_string_equal(whole, reply->hits[0]->snippet);
    }
}

/* Wherever it stands: in what describes the service, in its line, in its name, however
 * far behind. */
static void
test_a_snippet_is_of_the_text_with_the_word(void **state)
{
    struct shelf *stage = *state;
    char *far = arena_alloc(stage->h->arena, 12001);
    for (size_t i = 0; i < 1500; i++) {
        memcpy(far + 8 * i, "nothing ", 8);
    }
    memcpy(far + 11990, " zebra ", 7);
    make_ready(stage);
    Kontor__V1__Service *service = named(stage, "coast/s", "Giraffe", far);
    service->tagline = "The okapi of clouds";
    shelf_created(stage, service);
    static const char *const words[] = {"zebra", "okapi", "giraffe"};
    for (size_t i = 0; i < 3; i++) {
        Kontor__V1__SearchServicesResponse *reply =
            search_for(stage, stage->stranger, words[i]);
        size_t n_marked = 0;
        assert_int_equal(reply->n_hits, 1);
        for (size_t j = 0; j < reply->hits[0]->n_parts; j++) {
            n_marked += reply->hits[0]->parts[j]->is_hit ? 1 : 0;
        }
        assert_int_equal(n_marked, 1);
    }
}

static void
test_near_words_are_proposed_when_nothing_is_found(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *hidden = named(stage, "coast/h", "Storaga", "");
    make_ready(stage);
    hidden->phase = KONTOR__V1__PHASE__PENDING;
    shelf_created(stage, hidden);
    shelf_created(stage, named(stage, "coast/a", "Block storage", "For clouds"));
    Kontor__V1__SearchServicesResponse *reply =
        search_for(stage, stage->stranger, "blokc storaje");
    assert_int_equal(reply->n_suggestions, 2);
    assert_string_equal(reply->suggestions[0]->word, "blokc");
    assert_string_equal(reply->suggestions[0]->near[0], "block");
    assert_int_equal(reply->suggestions[1]->n_near, 1);
    assert_string_equal(reply->suggestions[1]->near[0], "storage");
    /* Only for words nothing has; and not where something was found. */
    reply = search_for(stage, stage->stranger, "block clodus");
    assert_int_equal(reply->n_suggestions, 1);
    assert_string_equal(reply->suggestions[0]->near[0], "clouds");
    assert_int_equal(search_for(stage, stage->stranger, "block")->n_suggestions, 0);
}

static void
test_search_refuses_what_it_cannot_follow(void **state)
{
    static const char *const tokens[] = {"x", "!!", "MTIz",
                                         "MDAwMDAwMDAwMDAwMDAwMCA5IGE"};
    struct shelf *stage = *state;
    Kontor__V1__SearchServicesRequest request =
        KONTOR__V1__SEARCH_SERVICES_REQUEST__INIT;
    struct error error;
    make_ready(stage);
    request.query = "a b c d e f g h i j k l m n o p q";
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("SearchServices"),
                                  &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "query"));
    request.query = "";
    request.page_size = -1;
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("SearchServices"),
                                  &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "page_size"));
    request.page_size = 0;
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        request.page_token = (char *)tokens[i];
        assert_int_equal(harness_call(stage->h, stage->admin,
                                      SHELF_CALL("SearchServices"), &request, NULL,
                                      &error),
                         STATUS_INVALID_ARGUMENT);
        assert_int_equal(error.reason, REASON_PAGE_TOKEN_INVALID);
    }
}

static void
test_a_snippet_shows_the_first_word_found_in_whole_characters(void **state)
{
    struct arena *arena = arena_new();
    char *words[] = {"needle"};
    char text[2000] = "";
    const char *snippet;
    (void)state;
    for (int i = 0; i < 200; i++) {
        strcat(text, "ü ");
    }
    strcat(text, "Needle ");
    for (int i = 0; i < 200; i++) {
        strcat(text, "ß ");
    }
    for (size_t cut = 0; cut < 5; cut++) {
        snippet = search_call_snippet(arena, text + 3 * cut, words, 1);
        assert_non_null(strstr(snippet, "Needle"));
        assert_true(strlen(snippet) <= SEARCH_SNIPPET + 2 * strlen("…"));
        assert_int_equal(strncmp(snippet, "…", strlen("…")), 0);
        for (const char *at = snippet; *at != '\0'; at++) {
            /* No character begins in its middle. */
            assert_true(at == snippet || ((unsigned char)*at & 0xC0) != 0x80 ||
                        ((unsigned char)at[-1] & 0x80) != 0);
        }
    }
    assert_string_equal(search_call_snippet(arena, "Short text", words, 1),
                        "Short text");
    assert_string_equal(search_call_snippet(arena, "", words, 1), "");
    arena_free(arena);
}

/* ---- Threads ---- */

struct searcher {
    struct search *search;
    atomic_bool is_over;
    size_t n_asked;
    bool ran_back; /* A position was below the one before. */
};

static void *
ask(void *context)
{
    struct searcher *searcher = context;
    struct arena *arena = arena_new();
    struct scopes scopes = {NULL, 0};
    char *words[] = {"clo"};
    struct search_query query = {
        .words = words, .n_words = 1, .scopes = &scopes, .limit = 10};
    int64_t before = 0;
    while (!atomic_load(&searcher->is_over)) {
        struct search_result result;
        int64_t position;
        search_query(searcher->search, &query, arena, &result, &position);
        searcher->ran_back = searcher->ran_back || position < before;
        before = position;
        searcher->n_asked++;
        arena_reset(arena);
    }
    arena_free(arena);
    return NULL;
}

static void
test_searches_run_while_services_are_written_and_the_index_is_built(void **state)
{
    enum { N = 60, N_THREADS = 2 };
    struct shelf *stage = *state;
    struct searcher searchers[N_THREADS];
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N; i++) {
        if (i == N / 3) {
            assert_true(search_start(stage->h->broker.search));
        }
        if (i == 0) {
            for (int j = 0; j < N_THREADS; j++) {
                searchers[j] = (struct searcher){.search = stage->h->broker.search};
                assert_int_equal(pthread_create(&threads[j], NULL, ask, &searchers[j]),
                                 0);
            }
        }
        shelf_created(stage, named(stage, arena_print(stage->h->arena, "coast/%d", i),
                                   "Cloud", "grid"));
    }
    while (!search_is_ready(stage->h->broker.search)) {
        sched_yield();
    }
    for (int j = 0; j < N_THREADS; j++) {
        atomic_store(&searchers[j].is_over, true);
        pthread_join(threads[j], NULL);
        assert_true(searchers[j].n_asked > 0);
        assert_false(searchers[j].ran_back);
    }
    assert_int_equal(search_for(stage, stage->stranger, "cloud")->total, N);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_search_is_refused_until_the_index_is_built),
        T(test_the_start_takes_what_building_needs),
        T(test_search_folds_ranks_and_takes_the_last_word_as_a_beginning),
        T(test_search_finds_and_shows_only_what_the_caller_may_see),
        T(test_search_follows_every_change),
        T(test_search_pages_hold_every_hit_once_with_facets_on_the_first),
        T(test_hits_are_sorted_as_asked_on_every_page),
        T(test_each_facet_narrows_and_counts),
        T(test_snippets_are_cut_where_words_were_found),
        T(test_a_snippet_is_of_the_text_with_the_word),
        T(test_near_words_are_proposed_when_nothing_is_found),
        T(test_search_refuses_what_it_cannot_follow),
        cmocka_unit_test(test_a_snippet_shows_the_first_word_found_in_whole_characters),
        T(test_searches_run_while_services_are_written_and_the_index_is_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
