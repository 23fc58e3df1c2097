/* What runs where: sightings in any order against a list that keeps each, what a report
 * is of, and drift. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/moment.h"
#include "server/configuration/version.h"
#include "tests/server/ground.h"

enum { N_ROUNDS = 500, N_SIGHTINGS = 40, N_TIMES = 60, N_VERSIONS = 3 };

/* ---- Over time ---- */

/* At each time the version that was seen, 0 = none; what was refused is not in it. */
static void
check_spans(const Kontor__V1__Version *version, const int *seen)
{
    int64_t last_ms = -1;
    for (size_t i = 0; i < version->n_spans; i++) {
        const Kontor__V1__VersionSpan *span = version->spans[i];
        int64_t since_ms = moment_ms(span->since, 0);
        int64_t until_ms = moment_ms(span->until, 0);
        assert_true(since_ms > last_ms && since_ms <= until_ms);
        assert_int_equal(seen[since_ms], atoi(span->version));
        assert_int_equal(seen[until_ms], atoi(span->version));
        /* Nothing else was seen in between, and neighbours differ. */
        for (int64_t t = last_ms + 1; t < since_ms; t++) {
            assert_int_equal(seen[t], 0);
        }
        for (int64_t t = since_ms; t <= until_ms; t++) {
            assert_true(seen[t] == 0 || seen[t] == atoi(span->version));
        }
        assert_true(i == 0 ||
                    strcmp(version->spans[i - 1]->version, span->version) != 0);
        last_ms = until_ms;
    }
    for (int64_t t = last_ms + 1; t < N_TIMES; t++) {
        assert_int_equal(seen[t], 0);
    }
}

static void
test_sightings_in_any_order_make_one_history(void **state)
{
    const char *given = getenv("KONTOR_TEST_SEED");
    unsigned int seed = given == NULL ? (unsigned int)time(NULL)
                                      : (unsigned int)strtoul(given, NULL, 10);
    (void)state;
    print_message("KONTOR_TEST_SEED=%u\n", seed);
    for (int i = 0; i < N_ROUNDS; i++) {
        struct arena *arena = arena_new();
        Kontor__V1__Version version = KONTOR__V1__VERSION__INIT;
        int seen[N_TIMES] = {0};
        for (int j = 0; j < N_SIGHTINGS; j++) {
            int at = rand_r(&seed) % N_TIMES;
            int number = 1 + rand_r(&seed) % N_VERSIONS;
            enum version_sighting sighting =
                version_see(arena, &version, arena_print(arena, "%d", number), at);
            if (sighting == VERSION_NEW) {
                assert_int_equal(seen[at], 0);
                seen[at] = number;
            } else if (sighting == VERSION_KNOWN) {
                assert_true(seen[at] == 0 || seen[at] == number);
            }
            check_spans(&version, seen);
        }
        arena_free(arena);
    }
}

static void
test_only_so_many_spans_are_kept(void **state)
{
    struct arena *arena = arena_new();
    Kontor__V1__Version version = KONTOR__V1__VERSION__INIT;
    (void)state;
    for (int i = 0; i < 2 * VERSION_SPANS; i++) {
        assert_int_equal(
            version_see(arena, &version, arena_print(arena, "%d", i), 10 * i),
            VERSION_NEW);
    }
    assert_int_equal(version.n_spans, VERSION_SPANS);
    assert_string_equal(version.spans[VERSION_SPANS - 1]->version,
                        arena_print(arena, "%d", 2 * VERSION_SPANS - 1));
    arena_free(arena);
}

/* ---- Reports ---- */

static const struct principal *
monitor(struct ground *ground)
{
    return harness_principal(ground->h, "coast/mon", ROLE_BIT(MONITOR), "r:coast",
                             NULL);
}

static Kontor__V1__VersionReport *
report_new(struct ground *ground, const char *type, const char *component,
           const char *version, int64_t at_ms)
{
    Kontor__V1__VersionReport *report = arena_alloc(ground->h->arena, sizeof(*report));
    kontor__v1__version_report__init(report);
    report->host = "b2find.example.org";
    report->type = (char *)(uintptr_t)type;
    report->component = (char *)(uintptr_t)component;
    report->version = (char *)(uintptr_t)version;
    report->seen_at = ground_time(ground->h, at_ms);
    return report;
}

static Kontor__V1__ReportVersionsResponse *
tell(struct ground *ground, const struct principal *who,
     Kontor__V1__VersionReport **reports, size_t n, const char *source)
{
    Kontor__V1__ReportVersionsRequest request =
        KONTOR__V1__REPORT_VERSIONS_REQUEST__INIT;
    Kontor__V1__ReportVersionsResponse *reply = NULL;
    request.reports = reports;
    request.n_reports = n;
    request.source = (char *)(uintptr_t)source;
    assert_int_equal(harness_call(ground->h, who, GROUND_CALL("ReportVersions"),
                                  &request, (void **)&reply, NULL),
                     STATUS_OK);
    assert_int_equal(reply->n_results, n);
    return reply;
}

static Kontor__V1__ListVersionsResponse *
list(struct ground *ground, const char *endpoint, bool drift_only)
{
    Kontor__V1__ListVersionsRequest request = KONTOR__V1__LIST_VERSIONS_REQUEST__INIT;
    Kontor__V1__ListVersionsResponse *reply = NULL;
    request.endpoint = (char *)(uintptr_t)endpoint;
    request.drift_only = drift_only;
    assert_int_equal(harness_call(ground->h, ground->stranger,
                                  GROUND_CALL("ListVersions"), &request,
                                  (void **)&reply, NULL),
                     STATUS_OK);
    return reply;
}

/* An endpoint of a type that declares a version. */
static void
seed_endpoint(struct ground *ground, const char *id, const char *type,
              const char *declared)
{
    Kontor__V1__Endpoint *endpoint =
        ground_endpoint(ground->h, id, "coast/s", "b2find.example.org", type);
    endpoint->declared_version = (char *)(uintptr_t)declared;
    harness_seed(ground->h, KIND_ENDPOINT, id, &endpoint->base, "=r:coast", "~*", NULL);
}

static void
test_a_report_is_of_the_endpoint_its_words_mean(void **state)
{
    static const struct {
        const char *type, *component, *source, *endpoint;
    } rows[] = {
        {"b2find", "ckan", "", "coast/ckan"},    /* Type and component. */
        {"b2find", "b2find", "", "coast/plain"}, /* The type alone. */
        {"b2find.ckan", "", "", "coast/ckan"},   /* As the endpoint is declared. */
        {"find", "x", "svmon", "coast/plain"},   /* What svmon calls it. */
        {"find", "x", "", ""},                   /* Nobody else does. */
        {"find", "x", "other", ""},
        {"nothing", "", "svmon", ""},
    };
    struct ground *ground = *state;
    Kontor__V1__Vocabulary vocabulary = KONTOR__V1__VOCABULARY__INIT;
    Kontor__V1__Term term = KONTOR__V1__TERM__INIT, *terms[] = {&term};
    Kontor__V1__KeyValue extra = KONTOR__V1__KEY_VALUE__INIT, *extras[] = {&extra};
    extra.key = "svmon";
    extra.value = "find";
    term.id = "b2find";
    term.extras = extras;
    term.n_extras = 1;
    vocabulary.terms = terms;
    vocabulary.n_terms = 1;
    harness_seed(ground->h, KIND_VOCABULARY, "coast/SERVICE_TYPE", &vocabulary.base,
                 "=r:coast", "~*", NULL);
    seed_endpoint(ground, "coast/ckan", "b2find.ckan", "");
    seed_endpoint(ground, "coast/plain", "b2find", "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Kontor__V1__VersionReport *report =
            report_new(ground, rows[i].type, rows[i].component, "1.0",
                       -GROUND_HOUR_MS + (int64_t)i);
        const Kontor__V1__VersionResult *result =
            tell(ground, monitor(ground), &report, 1, rows[i].source)->results[0];
        assert_string_equal(result->endpoint, rows[i].endpoint);
        assert_true(result->is_news);
        assert_int_equal(result->n_violations, 0);
    }
}

static void
test_what_is_said_again_is_no_news(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__VersionReport *reports[] = {
        report_new(ground, "a", "", "1", -9 * GROUND_HOUR_MS),
        report_new(ground, "a", "", "1", -9 * GROUND_HOUR_MS),
        report_new(ground, "a", "", "2", -3 * GROUND_HOUR_MS),
        report_new(ground, "a", "", "1", -6 * GROUND_HOUR_MS), /* Late. */
        report_new(ground, "a", "", "2", -7 * GROUND_HOUR_MS), /* Nobody can say. */
        report_new(ground, "a", "", "3", GROUND_HOUR_MS),      /* Not yet. */
        report_new(ground, "a", "", "2", -2 * GROUND_HOUR_MS),
    };
    static const bool news[] = {true, false, true, true, false, false, true};
    static const char *const before[] = {"", "", "1", "", "", "", ""};
    const Kontor__V1__ReportVersionsResponse *reply =
        tell(ground, monitor(ground), reports, 7, "");
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(reply->results[i]->is_news, news[i]);
        assert_string_equal(reply->results[i]->before, before[i]);
        assert_int_equal(reply->results[i]->n_violations, i == 4 || i == 5);
    }
    assert_string_equal(reply->results[4]->violations[0]->field, "seen_at");
    const Kontor__V1__ListVersionsResponse *all = list(ground, "", false);
    assert_int_equal(all->n_versions, 1);
    const Kontor__V1__Version *version = all->versions[0]->version;
    assert_int_equal(version->n_spans, 2);
    assert_string_equal(version->spans[0]->version, "1");
    assert_int_equal(moment_ms(version->spans[0]->until, 0),
                     HARNESS_NOW_MS - 6 * GROUND_HOUR_MS);
    assert_int_equal(moment_ms(version->spans[1]->until, 0),
                     HARNESS_NOW_MS - 2 * GROUND_HOUR_MS);
    assert_string_equal(version->reporter, "");
    /* The same report is known by its id, whatever else it says. */
    reports[0] = report_new(ground, "a", "", "4", -GROUND_HOUR_MS);
    reports[0]->report = "r-1";
    reports[1] = report_new(ground, "a", "", "4", 0);
    reports[1]->report = "r-1";
    reply = tell(ground, monitor(ground), reports, 2, "");
    assert_true(reply->results[0]->is_news);
    assert_false(reply->results[1]->is_news);
}

static void
test_drift_is_what_runs_beside_what_is_declared(void **state)
{
    static const struct {
        const char *type, *component, *version;
        const char *declared;
    } rows[] = {
        {"b2find", "ckan", "2.9", "2.10"}, {"b2find", "ckan", "2.10", "2.10"},
        {"b2find", "solr", "8.1", "8.0"},  {"b2find", "solr", "8.0", "8.0"},
        {"b2find", "nginx", "1.2", ""},
    };
    struct ground *ground = *state;
    Kontor__V1__KeyValue extra = KONTOR__V1__KEY_VALUE__INIT, *extras[] = {&extra};
    Kontor__V1__Endpoint *endpoint = ground_endpoint(
        ground->h, "coast/plain", "coast/s", "b2find.example.org", "b2find");
    extra.key = "solr_version";
    extra.value = "8.0";
    endpoint->extensions = extras;
    endpoint->n_extensions = 1;
    harness_seed(ground->h, KIND_ENDPOINT, endpoint->id, &endpoint->base, "=r:coast",
                 "~*", NULL);
    seed_endpoint(ground, "coast/ckan", "b2find.ckan", "2.10");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Kontor__V1__VersionReport *report =
            report_new(ground, rows[i].type, rows[i].component, rows[i].version,
                       -GROUND_HOUR_MS + (int64_t)i);
        const char *id =
            tell(ground, monitor(ground), &report, 1, "")->results[0]->endpoint;
        const Kontor__V1__ListVersionsResponse *seen = list(ground, id, false);
        bool is_drift = rows[i].declared[0] != '\0' &&
                        strcmp(rows[i].declared, rows[i].version) != 0;
        size_t n_found = 0;
        for (size_t j = 0; j < seen->n_versions; j++) {
            if (strcmp(seen->versions[j]->version->component, rows[i].component) == 0) {
                assert_string_equal(seen->versions[j]->declared, rows[i].declared);
                assert_int_equal(seen->versions[j]->is_drift, is_drift);
                n_found++;
            }
        }
        assert_int_equal(n_found, 1);
        assert_int_equal(list(ground, id, true)->n_versions, is_drift);
    }
}

static void
test_who_reports_does_so_for_its_registry(void **state)
{
    struct ground *ground = *state;
    const struct principal *partial = harness_principal(
        ground->h, "coast/part-mon", ROLE_BIT(MONITOR), "p:coast/hpc", NULL);
    Kontor__V1__VersionReport *report = report_new(ground, "a", "", "1", 0);
    const Kontor__V1__VersionResult *result =
        tell(ground, partial, &report, 1, "")->results[0];
    assert_int_equal(result->n_violations, 1);
    assert_false(result->is_news);
    assert_int_equal(list(ground, "", false)->n_versions, 0);
    report->version = "";
    result = tell(ground, monitor(ground), &report, 1, "")->results[0];
    assert_string_equal(result->violations[0]->field, "version");
}

#define GROUND_TEST(name)                                                              \
    cmocka_unit_test_setup_teardown(name, ground_setup, ground_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sightings_in_any_order_make_one_history),
        cmocka_unit_test(test_only_so_many_spans_are_kept),
        GROUND_TEST(test_a_report_is_of_the_endpoint_its_words_mean),
        GROUND_TEST(test_what_is_said_again_is_no_news),
        GROUND_TEST(test_drift_is_what_runs_beside_what_is_declared),
        GROUND_TEST(test_who_reports_does_so_for_its_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
