/* Documents judged by the versions of the standard: made here, and real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/madmp.h"
#include "tests/tools/real_data.h"

static struct arena *arena;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return arena == NULL;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct json_value *
parse(const char *text)
{
    struct faults faults = {.arena = arena};
    struct bytes bytes = {(const uint8_t *)text, strlen(text)};
    const struct json_value *document = madmp_parse(bytes, "plan", arena, &faults);
    if (document == NULL) {
        fail_msg("%s: %s", faults.rows[0].path, faults.rows[0].description);
    }
    return document;
}

static struct madmp_verdict
judge(const char *text, enum madmp_version version)
{
    struct madmp_verdict verdict;
    madmp_judge(parse(text), version, NULL, arena, &verdict);
    return verdict;
}

static const char *
find(const struct madmp_rows *rows, const char *path)
{
    for (size_t i = 0; i < rows->n_rows; i++) {
        if (strcmp(rows->rows[i].path, path) == 0) {
            return rows->rows[i].text;
        }
    }
    return NULL;
}

/* A small plan that all versions take, with further members of the plan, of its
 * dataset, of its distribution, and beside the plan. */
static const char *
plan_with(const char *dmp, const char *dataset, const char *distribution,
          const char *beside)
{
    return arena_print(
        arena,
        "{%s\"dmp\":{%s\"title\":\"t\",\"language\":\"eng\",\"ethical_issues_exist\":"
        "\"no\",\"created\":\"2026-01-01T10:00:00Z\",\"modified\":"
        "\"2026-01-02T10:00:00.5+01:00\",\"dmp_id\":{\"identifier\":\"10.1/"
        "x\",\"type\":"
        "\"doi\"},\"contact\":{\"name\":\"n\",\"mbox\":\"n@example.org\",\"contact_"
        "id\":"
        "{\"identifier\":\"i\",\"type\":\"orcid\"}},\"dataset\":[{%s\"title\":\"d\","
        "\"personal_data\":\"no\",\"sensitive_data\":\"unknown\",\"dataset_id\":"
        "{\"identifier\":\"d\",\"type\":\"other\"},\"distribution\":[{%s\"title\":"
        "\"x\",\"data_access\":\"open\"}]}]}}",
        beside, dmp, dataset, distribution);
}

static void
test_a_plan_all_versions_take(void **state)
{
    struct madmp_verdict verdict = judge(plan_with("", "", "", ""), MADMP_NOT_NAMED);
    (void)state;
    assert_int_equal(verdict.version, MADMP_1_2);
    assert_int_equal(verdict.accepted_by, 7);
    assert_int_equal(verdict.faults.n_found, 0);
    assert_int_equal(verdict.notes.n_found, 0);
    assert_false(verdict.is_named);
}

/* Where the versions disagree, each member that tells them apart. */
static void
test_where_versions_differ(void **state)
{
    static const struct {
        const char *dmp, *dataset, *distribution, *beside;
        unsigned accepted_by; /* Bits 1.0, 1.1, 1.2. */
        const char *path;     /* Of the fault in those that refuse it. */
    } rows[] = {
        {"", "", "", "\"$schema\":\"x\",", 5, "$[\"$schema\"]"},
        {"", "", "", "\"extra\":1,", 5, "$.extra"},
        {"", "\"is_reused\":\"reused\",", "", "", 3, "$.dmp.dataset[0].is_reused"},
        {"\"project\":[{\"title\":\"p\"}],", "", "", "", 6, "$.dmp.project[0].end"},
        {"\"project\":[{\"title\":\"p\",\"start\":\"2026-01-01\",\"end\":"
         "\"2026-02-01\",\"funding\":[{\"funder_id\":{\"identifier\":\"f\",\"type\":"
         "\"fundref\"}}]}],",
         "", "", "", 6, "$.dmp.project[0].funding[0].grant_id"},
        {"\"ethical_issues_report\":\"in the cupboard\",", "", "", "", 4,
         "$.dmp.ethical_issues_report"},
        {"\"contributor\":[{\"name\":\"c\",\"role\":[],\"contributor_id\":"
         "{\"identifier\":\"i\",\"type\":\"orcid\"}}],",
         "", "", "", 6, "$.dmp.contributor[0].role"},
        {"\"contributor\":[{\"name\":\"c\",\"role\":[\"a\"],\"contributor_id\":"
         "[{\"identifier\":\"i\",\"type\":\"orcid\"}]}],",
         "", "", "", 4, "$.dmp.contributor[0].contributor_id"},
        {"\"contributor\":[{\"name\":\"c\",\"role\":[\"a\"],\"contributor_id\":"
         "{\"identifier\":\"i\",\"type\":\"staff card\"}}],",
         "", "", "", 4, "$.dmp.contributor[0].contributor_id.type"},
        {"", "\"metadata\":[],", "", "", 6, "$.dmp.dataset[0].metadata"},
        {"", "", "\"license\":[],", "", 6, "$.dmp.dataset[0].distribution[0].license"},
        {"", "", "\"issued\":\"soon\",", "", 3,
         "$.dmp.dataset[0].distribution[0].issued"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *text = plan_with(rows[i].dmp, rows[i].dataset, rows[i].distribution,
                                     rows[i].beside);
        for (unsigned version = 0; version < MADMP_VERSIONS; version++) {
            struct madmp_verdict verdict = judge(text, (enum madmp_version)version);
            bool is_accepted = (rows[i].accepted_by & (1U << version)) != 0;
            assert_true(verdict.is_named);
            assert_int_equal(verdict.accepted_by, rows[i].accepted_by);
            assert_int_equal(verdict.faults.n_found == 0, is_accepted);
            if (!is_accepted) {
                assert_non_null(find(&verdict.faults, rows[i].path));
            }
        }
    }
}

static void
test_times_are_taken_as_each_version_shows_them(void **state)
{
    static const struct {
        const char *time;
        unsigned accepted_by;
    } rows[] = {
        {"2026-01-01T10:00:00Z", 7},
        {"2026-01-01T10:00:00.25-09:30", 7},
        {"2026-01-01T10:00:00", 3},
        {"2026-01-01 10:00", 1},
        {"2026-01-01T10:00", 1},
        {"2026-01-01T10:00:", 0},
        {"2026-01-01", 0},
        {"2026-02-30T10:00:00Z", 0},
        {"2026-13-01T10:00:00Z", 0},
        {"2026-01-01T24:00:00Z", 0},
        {"2026-01-01T10:60:00Z", 0},
        {"2026-01-01T10:00:00+24:00", 0},
        {"2026-01-01T10:00:00Z and", 0},
        {"2024-02-29T10:00:00z", 7},
        {"2026-01-01T10:00:00.Z", 0},
        {"1767261600", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *text = plan_with("", "", "", "");
        char *at = strstr(text, "2026-01-01T10:00:00Z");
        text = arena_print(arena, "%.*s%s%s", (int)(at - text), text, rows[i].time,
                           at + strlen("2026-01-01T10:00:00Z"));
        struct madmp_verdict verdict = judge(text, MADMP_NOT_NAMED);
        if (verdict.accepted_by != rows[i].accepted_by) {
            fail_msg("%s: accepted by %u", rows[i].time, verdict.accepted_by);
        }
        if (verdict.accepted_by == 0) {
            assert_non_null(find(&verdict.faults, "$.dmp.created"));
        }
    }
}

static void
test_the_document_names_its_version(void **state)
{
    static const struct {
        const char *schema;
        enum madmp_version version;
        bool is_named;
    } rows[] = {
        {"./JSON-schema/1.2/maDMP-schema-1.2.json", MADMP_1_2, true},
        {"https://example.org/maDMP-schema-1.0.json", MADMP_1_0, true},
        {"1.1", MADMP_1_1, true},
        {"https://example.org/11.1/1.12/schema.json", MADMP_1_2, false},
        {"https://example.org/maDMP-schema-1.3.json", MADMP_1_2, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *beside = arena_print(arena, "\"$schema\":\"%s\",", rows[i].schema);
        struct madmp_verdict verdict =
            judge(plan_with("", "", "", beside), MADMP_NOT_NAMED);
        assert_int_equal(verdict.version, rows[i].version);
        assert_int_equal(verdict.is_named, rows[i].is_named);
    }
    struct madmp_verdict verdict =
        judge(plan_with("", "", "", "\"$schema\":\"1.2\","), MADMP_1_0);
    assert_int_equal(verdict.version, MADMP_1_0);
}

static void
test_what_no_version_takes_is_judged_by_the_newest(void **state)
{
    struct madmp_verdict verdict = judge("{\"dmp\":{}}", MADMP_NOT_NAMED);
    (void)state;
    assert_int_equal(verdict.version, MADMP_1_2);
    assert_int_equal(verdict.accepted_by, 0);
    assert_int_equal(verdict.faults.n_found, 8);
    assert_non_null(find(&verdict.faults, "$.dmp.dmp_id"));
    assert_string_equal(madmp_versions_text(0, arena), "none");
    assert_string_equal(madmp_versions_text(5, arena), "1.0 and 1.2");
    assert_string_equal(madmp_versions_text(7, arena), "1.0, 1.1 and 1.2");
    assert_int_equal(madmp_version_of("1.3"), MADMP_NOT_NAMED);
    assert_null(madmp_version_name(MADMP_NOT_NAMED));
}

static void
test_faults_say_what_is_there_and_what_would_be_right(void **state)
{
    struct madmp_verdict verdict = judge(
        plan_with("\"cost\":[{\"title\":\"c\",\"value\":\"9\",\"currency_code\":\"E\"}"
                  "],\"odd \\\"name\":1,",
                  "\"keyword\":[1],", "\"byte_size\":1.5,\"host\":[],", ""),
        MADMP_1_1);
    (void)state;
    assert_int_equal(verdict.faults.n_found, 5);
    assert_string_equal(find(&verdict.faults, "$.dmp.cost[0].value"),
                        "is a text and must be a number");
    assert_string_equal(
        find(&verdict.faults, "$.dmp.cost[0].currency_code"),
        "\"E\" must be a currency code of three capital letters (ISO 4217)");
    assert_string_equal(find(&verdict.faults, "$.dmp.dataset[0].keyword[0]"),
                        "is a whole number and must be a text");
    assert_string_equal(
        find(&verdict.faults, "$.dmp.dataset[0].distribution[0].byte_size"),
        "is a number and must be a whole number");
    assert_string_equal(find(&verdict.faults, "$.dmp.dataset[0].distribution[0].host"),
                        "is a list and must be an object");
    assert_non_null(find(&verdict.notes, "$.dmp[\"odd \\\"name\"]"));
}

static void
test_a_slip_of_the_pen_is_told(void **state)
{
    struct madmp_verdict verdict =
        judge(plan_with("", "",
                        "\"host\":{\"title\":\"h\",\"url\":\"https://h.org\","
                        "\"supports_versioning\":\"yes\"},",
                        ""),
              MADMP_NOT_NAMED);
    (void)state;
    assert_int_equal(verdict.accepted_by, 7);
    assert_int_equal(verdict.notes.n_found, 1);
    assert_string_equal(
        find(&verdict.notes,
             "$.dmp.dataset[0].distribution[0].host.supports_versioning"),
        "is nothing version 1.2 knows; was support_versioning meant?");
}

static void
test_a_whole_number_may_be_written_with_a_point(void **state)
{
    struct madmp_verdict verdict =
        judge(plan_with("", "", "\"byte_size\":1e9,", ""), MADMP_NOT_NAMED);
    (void)state;
    assert_int_equal(verdict.accepted_by, 7);
}

static void
test_more_faults_than_are_listed_are_counted(void **state)
{
    char *list = arena_copy(arena, "");
    (void)state;
    for (size_t i = 0; i < MADMP_MAX_ROWS + 40; i++) {
        list = arena_print(arena, "%s%s7", list, i == 0 ? "" : ",");
    }
    struct madmp_verdict verdict =
        judge(plan_with("", arena_print(arena, "\"keyword\":[%s],", list), "", ""),
              MADMP_1_2);
    assert_int_equal(verdict.faults.n_rows, MADMP_MAX_ROWS);
    assert_int_equal(verdict.faults.n_found, MADMP_MAX_ROWS + 40);
}

static void
test_a_long_list_is_judged_in_no_time(void **state)
{
    enum { N = 30000 };
    char *list = arena_alloc(arena, N * 8 + 1), *at = list;
    (void)state;
    for (size_t i = 0; i < N; i++) {
        at += sprintf(at, "%s\"%04x\"", i == 0 ? "" : ",", (unsigned)i);
    }
    struct madmp_verdict verdict = judge(
        plan_with(arena_print(arena,
                              "\"contributor\":[{\"name\":\"n\",\"role\":[%s,\"0007\"],"
                              "\"contributor_id\":{\"identifier\":\"i\",\"type\":"
                              "\"orcid\"}}],",
                              list),
                  "", "", ""),
        MADMP_1_0);
    assert_int_equal(verdict.faults.n_found, 1);
    assert_string_equal(find(&verdict.faults, "$.dmp.contributor[0].role[30000]"),
                        "stands in the list already, at [7]");
}

static void
test_hostile_documents_are_refused(void **state)
{
    size_t too_many = MADMP_MAX_BYTES + 1;
    char *large = arena_alloc(arena, too_many + 1);
    char *deep = arena_alloc(arena, 1000);
    (void)state;
    memset(large, ' ', too_many);
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    const struct {
        const char *text, *because;
    } rows[] = {
        {"", "not JSON"},
        {"{\"dmp\":", "not JSON"},
        {"{\"dmp\":1,\"dmp\":2}", "duplicate"},
        {"{\"dmp\":\"\xff\"}", "unable to decode byte 0xff"},
        {"{\"dmp\":\"a\\u0000b\"}", "\\u0000"},
        {"{\"dmp\":99999999999999999999}", "too big"},
        {"[1]", "is a list and must be an object"},
        {"null", "is null and must be an object"},
        {deep, "nests deeper than 64"},
        {large, "262145 bytes are too many: at most 262144"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct faults faults = {.arena = arena};
        struct bytes bytes = {(const uint8_t *)rows[i].text, strlen(rows[i].text)};
        assert_null(madmp_parse(bytes, "plan", arena, &faults));
        assert_int_equal(faults.n_found, 1);
        if (strstr(faults.rows[0].description, rows[i].because) == NULL) {
            fail_msg("%s: %s", rows[i].because, faults.rows[0].description);
        }
    }
}

/* ---- Real plans ---- */

static struct madmp_verdict
judge_file(const char *name, enum madmp_version version)
{
    struct faults faults = {.arena = arena};
    struct bytes text = real_data_read(real_data_path(name, arena), arena);
    const struct json_value *document = madmp_parse(text, name, arena, &faults);
    struct madmp_verdict verdict;
    assert_non_null(document);
    madmp_judge(document, version, NULL, arena, &verdict);
    return verdict;
}

static void
test_example_9_is_refused_as_1_1_only(void **state)
{
    static const char file[] = "configuration/madmp-example-9.json";
    struct madmp_verdict verdict = judge_file(file, MADMP_NOT_NAMED);
    (void)state;
    assert_int_equal(verdict.version, MADMP_1_2);
    assert_true(verdict.is_named);
    assert_int_equal(verdict.faults.n_found, 0);
    assert_string_equal(madmp_versions_text(verdict.accepted_by, arena), "1.0 and 1.2");
    /* It means support_versioning, twice. */
    assert_non_null(find(&verdict.notes,
                         "$.dmp.dataset[0].distribution[0].host.supports_versioning"));
    verdict = judge_file(file, MADMP_1_1);
    assert_int_equal(verdict.faults.n_found, 1);
    assert_non_null(find(&verdict.faults, "$[\"$schema\"]"));
}

static void
test_community_plan_8_is_refused_as_1_2_only(void **state)
{
    static const char file[] = "configuration/madmp-community-8.json";
    struct madmp_verdict verdict = judge_file(file, MADMP_NOT_NAMED);
    (void)state;
    assert_int_equal(verdict.version, MADMP_1_1);
    assert_false(verdict.is_named);
    assert_int_equal(verdict.faults.n_found, 0);
    assert_string_equal(madmp_versions_text(verdict.accepted_by, arena), "1.0 and 1.1");
    verdict = judge_file(file, MADMP_1_2);
    assert_int_equal(verdict.faults.n_found, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(find(&verdict.faults,
                                 arena_print(arena, "$.dmp.dataset[%zu].is_reused", i)),
                            "is a text and must be a yes or no");
    }
}

/* Only 1.0 insists on one. */
static void
test_a_plan_without_datasets(void **state)
{
    static const char text[] =
        "{\"dmp\":{\"title\":\"t\",\"language\":\"eng\",\"ethical_issues_exist\":"
        "\"no\","
        "\"created\":\"2026-01-01T10:00:00Z\",\"modified\":\"2026-01-02T10:00:00Z\","
        "\"dmp_id\":{\"identifier\":\"10.1/x\",\"type\":\"doi\"},\"contact\":{\"name\":"
        "\"n\",\"mbox\":\"n@example.org\",\"contact_id\":{\"identifier\":\"i\","
        "\"type\":"
        "\"orcid\"}},\"dataset\":[]}}";
    struct madmp_verdict verdict = judge(text, MADMP_1_0);
    (void)state;
    assert_int_equal(verdict.accepted_by, 6);
    assert_int_equal(verdict.faults.n_found, 1);
    assert_string_equal(find(&verdict.faults, "$.dmp.dataset"),
                        "is empty and must have one element");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plan_all_versions_take),
        cmocka_unit_test(test_where_versions_differ),
        cmocka_unit_test(test_a_plan_without_datasets),
        cmocka_unit_test(test_times_are_taken_as_each_version_shows_them),
        cmocka_unit_test(test_the_document_names_its_version),
        cmocka_unit_test(test_what_no_version_takes_is_judged_by_the_newest),
        cmocka_unit_test(test_faults_say_what_is_there_and_what_would_be_right),
        cmocka_unit_test(test_a_slip_of_the_pen_is_told),
        cmocka_unit_test(test_a_whole_number_may_be_written_with_a_point),
        cmocka_unit_test(test_more_faults_than_are_listed_are_counted),
        cmocka_unit_test(test_a_long_list_is_judged_in_no_time),
        cmocka_unit_test(test_hostile_documents_are_refused),
        cmocka_unit_test(test_example_9_is_refused_as_1_1_only),
        cmocka_unit_test(test_community_plan_8_is_refused_as_1_2_only),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
