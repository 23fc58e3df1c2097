#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/madmp.h"
#include "plan/wanted.h"
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

static size_t
read(const char *text, struct wanted **rows)
{
    struct faults faults = {.arena = arena};
    struct bytes bytes = {(const uint8_t *)text, strlen(text)};
    const struct json_value *document = madmp_parse(bytes, "plan", arena, &faults);
    assert_non_null(document);
    return wanted_read(document, arena, rows);
}

/* The one distribution of the one dataset, with these members. */
static struct wanted
read_one(const char *dmp, const char *dataset, const char *distribution)
{
    struct wanted *rows;
    size_t n = read(arena_print(arena,
                                "{\"dmp\":{%s\"dataset\":[{%s\"distribution\":[{%s"
                                "\"title\":\"x\"}]}]}}",
                                dmp, dataset, distribution),
                    &rows);
    assert_int_equal(n, 1);
    return rows[0];
}

static void
test_what_is_not_said_is_not_made_up(void **state)
{
    struct wanted wanted = read_one("", "", "");
    const char *texts[1];
    (void)state;
    assert_string_equal(wanted.path, "$.dmp.dataset[0].distribution[0]");
    assert_null(wanted.url);
    assert_string_equal(wanted.host.name, "");
    assert_int_equal(wanted.byte_size, -1);
    assert_string_equal(wanted.until, "");
    assert_false(wanted.is_reused);
    for (size_t i = 0; i < wanted_n_constraints; i++) {
        assert_int_equal(wanted_constraint(&wanted, i, texts, 1), 0);
    }
}

static void
test_the_end_is_the_distributions_or_the_last_projects(void **state)
{
    static const char projects[] = "\"project\":[{\"end\":\"2030-12-31\"},{\"end\":"
                                   "\"2031-01-01\"},{\"title\":\"p\"}],";
    (void)state;
    assert_string_equal(read_one(projects, "", "").until, "2031-01-01");
    assert_string_equal(
        read_one(projects, "", "\"available_until\":\"2029-05-05\",").until,
        "2029-05-05");
}

static void
test_sizes_are_said_or_forecast(void **state)
{
    static const struct {
        const char *dataset, *distribution;
        int64_t size;
        bool is_forecast;
        const char *no_size;
    } rows[] = {
        {"", "\"byte_size\":1000,", 1000, false, NULL},
        {"", "\"byte_size\":0,", 0, false, NULL},
        {"", "\"byte_size\":1e3,", 1000, false, NULL},
        {"", "\"byte_size\":-1,", -1, false, "-1 is no size"},
        {"",
         "\"storageforecast\":[{\"year\":2026,\"storage_estimate\":1},{\"year\":2027,"
         "\"storage_estimate\":\"2.5\"},{\"year\":2028,\"storage_estimate\":2}],",
         INT64_C(2748779069440), true, NULL},
        {"\"storageforecast\":[{\"year\":2026,\"storage_estimate\":1}],", "",
         INT64_C(1099511627776), true, NULL},
        {"", "\"byte_size\":5,\"storageforecast\":[{\"storage_estimate\":1}],", 5,
         false, NULL},
        {"", "\"storageforecast\":[{\"storage_estimate\":\"lots\"}],", -1, false,
         "a text is no number of TiB"},
        {"", "\"storageforecast\":[{\"storage_estimate\":1e30}],", -1, false,
         "1e+30 is no number of TiB"},
        {"", "\"storageforecast\":[],", -1, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wanted wanted = read_one("", rows[i].dataset, rows[i].distribution);
        assert_int_equal(wanted.byte_size, rows[i].size);
        assert_int_equal(wanted.is_forecast, rows[i].is_forecast);
        assert_int_equal(wanted.no_size != NULL, rows[i].no_size != NULL);
        if (rows[i].no_size != NULL) {
            assert_string_equal(wanted.no_size, rows[i].no_size);
        }
    }
}

static void
test_constraints_come_from_where_they_stand(void **state)
{
    struct wanted wanted = read_one(
        "", "\"sensitive_data\":\"yes\",\"personal_data\":\"unknown\",",
        "\"data_access\":\"closed\",\"host\":{\"url\":\"https://"
        "h.org\",\"title\":\"h\","
        "\"backup_frequency\":\"daily\",\"pid_system\":[\"doi\",\"url\",\"ark\"]},");
    (void)state;
    for (size_t i = 0; i < wanted_n_constraints; i++) {
        const char *texts[2] = {"", ""};
        const char *name = wanted_constraint_name(i);
        size_t n = wanted_constraint(&wanted, i, texts, 2);
        if (strcmp(name, "sensitive_data") == 0) {
            assert_string_equal(texts[0], "yes");
            assert_string_equal(wanted_constraint_path(&wanted, i, arena),
                                "$.dmp.dataset[0].sensitive_data");
        } else if (strcmp(name, "data_access") == 0) {
            assert_string_equal(texts[0], "closed");
            assert_string_equal(wanted_constraint_path(&wanted, i, arena),
                                "$.dmp.dataset[0].distribution[0].data_access");
        } else if (strcmp(name, "backup_frequency") == 0) {
            assert_string_equal(texts[0], "daily");
            assert_string_equal(
                wanted_constraint_path(&wanted, i, arena),
                "$.dmp.dataset[0].distribution[0].host.backup_frequency");
        } else if (strcmp(name, "pid_system") == 0) {
            assert_int_equal(n, 2);
            assert_string_equal(texts[1], "url");
        } else {
            assert_int_equal(n, 0);
        }
    }
}

static void
test_times_are_read_with_their_zone(void **state)
{
    static const struct {
        const char *time;
        int64_t ms;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},      {"1970-01-01T01:00:00.25+01:00", 250},
        {"1969-12-31T20:30:00-03:30", 0}, {"1970-01-01T00:00:01", 1000},
        {"1970-01-01 00:01", 60000},      {"never", INT64_MIN},
        {"1970-01-01", INT64_MIN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct faults faults = {.arena = arena};
        struct plan_facts facts;
        const char *text =
            arena_print(arena, "{\"dmp\":{\"modified\":\"%s\"}}", rows[i].time);
        struct bytes bytes = {(const uint8_t *)text, strlen(text)};
        plan_read_facts(madmp_parse(bytes, "", arena, &faults), &facts);
        assert_true(facts.modified_ms == rows[i].ms);
        assert_string_equal(facts.title, "");
    }
}

static void
test_example_9_has_three_distributions_and_two_hosts(void **state)
{
    struct wanted *rows;
    struct bytes bytes = real_data_read(
        real_data_path("configuration/madmp-example-9.json", arena), arena);
    size_t n = read((const char *)bytes.data, &rows);
    (void)state;
    assert_int_equal(n, 3);
    assert_string_equal(host_key(&rows[0].host, arena),
                        "re3data.org/repository/r3d100010375");
    assert_null(rows[1].url);
    assert_int_equal(rows[1].byte_size, INT64_C(50000000000));
    assert_string_equal(rows[1].until, "2020-09-30");
    assert_string_equal(rows[2].until, "2031-08-01");
    assert_string_equal(rows[2].path, "$.dmp.dataset[2].distribution[0]");
}

static void
test_community_plan_8_has_ten_distributions_at_six_places(void **state)
{
    struct wanted *rows;
    struct bytes bytes = real_data_read(
        real_data_path("configuration/madmp-community-8.json", arena), arena);
    size_t n = read((const char *)bytes.data, &rows);
    const char *keys[16];
    size_t n_keys = 0;
    (void)state;
    for (size_t i = 0; i < n; i++) {
        const char *key = host_key(&rows[i].host, arena);
        size_t k = 0;
        while (k < n_keys && strcmp(keys[k], key) != 0) {
            k++;
        }
        keys[k] = key;
        n_keys = k == n_keys ? n_keys + 1 : n_keys;
    }
    assert_int_equal(n, 10);
    assert_int_equal(n_keys, 6);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_said_is_not_made_up),
        cmocka_unit_test(test_the_end_is_the_distributions_or_the_last_projects),
        cmocka_unit_test(test_sizes_are_said_or_forecast),
        cmocka_unit_test(test_constraints_come_from_where_they_stand),
        cmocka_unit_test(test_times_are_read_with_their_zone),
        cmocka_unit_test(test_example_9_has_three_distributions_and_two_hosts),
        cmocka_unit_test(test_community_plan_8_has_ten_distributions_at_six_places),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
