/* What several distributions of a place say together, and what is said wrongly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/planner.h"

#define PATH(dataset, part) "$.dmp.dataset[" #dataset "].distribution[" #part "]"

/* What one of several distributions says is not put into the mouths of the others
 * unheard. */
static void
test_what_one_part_says_is_asked_for_all_aloud(void **state)
{
    struct desk *desk = *state;
    const char *parts = arena_print(
        desk->h->arena, "%s,%s,%s",
        planner_part(desk, "https://archive.example", "", ""),
        planner_part(desk, "https://archive.example", "",
                     "\"backup_frequency\":\"weekly\",\"availability\":\"99,5\","),
        planner_part(desk, "https://archive.example", "", "\"geo_location\":\"DE\","));
    const Kontor__V1__ProposeOrderResponse *reply = planner_propose(
        desk,
        planner_document(
            desk, 1,
            arena_print(desk->h->arena, "%s,%s",
                        planner_dataset(desk, "\"sensitive_data\":\"no\",", parts),
                        planner_dataset(
                            desk, "\"sensitive_data\":\"yes\",",
                            planner_part(desk, "https://archive.example", "", "")))));
    const Kontor__V1__NewItem *item = reply->order->items[0];
    assert_string_equal(planner_value(item, "backup-frequency")->value->text, "Weekly");
    assert_true(planner_finds(reply->findings, reply->n_findings,
                              PATH(0, 1) ".host.backup_frequency",
                              "is said of 1 of 4 distributions at archive.example"));
    /* What is not met stands where it is said. */
    assert_true(planner_finds(reply->findings, reply->n_findings,
                              PATH(0, 2) ".host.geo_location",
                              "does not go with offer alpine/archive/shelf"));
    assert_true(planner_value(item, "sensitive")->value->boolean);
    assert_true(planner_finds(reply->findings, reply->n_findings,
                              "$.dmp.dataset[1].sensitive_data",
                              "is said of 1 of 4 distributions at archive.example"));
    /* What is met anyway is no news. */
    assert_false(planner_finds(reply->findings, reply->n_findings,
                               PATH(0, 1) ".host.availability", "is said of"));
}

/* A size that is none is neither a size nor silence. */
static void
test_a_size_that_is_none_is_a_finding(void **state)
{
    static const struct {
        const char *members, *path, *says, *size;
    } rows[] = {
        {"\"byte_size\":-5,", ".byte_size", "-5 is no size", ""},
        {"\"byte_size\":-5,\"storageforecast\":[{\"storage_estimate\":1}],",
         ".byte_size", "-5 is no size", ""},
        {"\"byte_size\":1e30,", ".byte_size", "1e+30 is no size", ""},
        {"\"byte_size\":-1e30,", ".byte_size", "-1e+30 is no size", ""},
        {"\"byte_size\":9223372036854775807,", NULL, NULL, "9223372036854775807"},
        {"\"byte_size\":9e18,", NULL, NULL, "9000000000000000000"},
        {"\"byte_size\":9.3e18,", ".byte_size", "9.3e+18 is no size", ""},
        {"\"storageforecast\":[{\"storage_estimate\":1},{\"storage_estimate\":-2}],",
         ".storageforecast[1].storage_estimate", "-2 is no number of TiB", ""},
        {"\"storageforecast\":[{\"year\":2026}],",
         ".storageforecast[0].storage_estimate", "is no number of TiB", ""},
        {"\"storageforecast\":\"much\",", ".storageforecast",
         "is a text and no list of years", ""},
        {"\"storageforecast\":[],", ".byte_size", "is not said", ""},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const Kontor__V1__ProposeOrderResponse *reply = planner_propose(
            desk, planner_document(
                      desk, 1,
                      planner_dataset(desk, "\"sensitive_data\":\"no\",",
                                      planner_part(desk, "https://archive.example",
                                                   rows[i].members, ""))));
        assert_string_equal(reply->items[0]->byte_size, rows[i].size);
        assert_int_equal(planner_asks(reply->items[0], "size"), rows[i].path != NULL);
        assert_int_equal(planner_value(reply->order->items[0], "size") == NULL,
                         rows[i].path != NULL);
        if (rows[i].path != NULL) {
            const char *path =
                arena_print(desk->h->arena, "%s%s", PATH(0, 0), rows[i].path);
            assert_true(
                planner_finds(reply->findings, reply->n_findings, path, rows[i].says));
            assert_true(planner_finds(reply->findings, reply->n_findings, path,
                                      "is an open question"));
        }
    }
    /* A sum that is more than there is. */
    const char *half =
        planner_part(desk, "https://archive.example", "\"byte_size\":5e18,", "");
    const Kontor__V1__ProposeOrderResponse *reply = planner_propose(
        desk, planner_document(
                  desk, 1,
                  planner_dataset(desk, "\"sensitive_data\":\"no\",",
                                  arena_print(desk->h->arena, "%s,%s", half, half))));
    assert_string_equal(reply->items[0]->byte_size, "");
    assert_true(planner_asks(reply->items[0], "size"));
    assert_true(planner_finds(reply->findings, reply->n_findings,
                              PATH(0, 1) ".byte_size", "makes the sum more than"));
}

/* A host that no address answers to may be known by an id of another register. */
static void
test_a_host_is_found_by_its_ids(void **state)
{
    static const struct {
        const char *url, *ids, *offer;
    } rows[] = {
        {"https://old.example",
         "{\"identifier\":\"https://re3data.example/repository/r3d1/"
         "\",\"type\":\"url\"}",
         PLANNER_OFFER},
        {"https://old.example",
         "{\"identifier\":\"doi:none\",\"type\":\"doi\"},{\"identifier\":\"r3d42\","
         "\"type\":\"re3data\"}",
         "alpine/depot/a"},
        /* What the address says counts first. */
        {"https://archive.example", "{\"identifier\":\"r3d42\",\"type\":\"re3data\"}",
         PLANNER_OFFER},
        {"https://old.example", "{\"identifier\":\"r3d4\",\"type\":\"re3data\"}", NULL},
        {"https://old.example", "", NULL},
    };
    struct desk *desk = *state;
    planner_put_service(
        desk, "{\"id\":\"alpine/depot\",\"provider\":\"alpine/hpc\",\"name\":\"Depot\","
              "\"phase\":\"PRODUCTION\",\"webpage\":\"https://depot.example\","
              "\"alternative_ids\":[{\"scheme\":\"re3data\",\"id\":\"r3d42\"}],"
              "\"offers\":[{\"iid\":\"a\",\"name\":\"A\",\"is_internal\":true}]}");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *part =
            planner_part(desk, rows[i].url, "",
                         arena_print(desk->h->arena, "\"host_id\":[%s],", rows[i].ids));
        const Kontor__V1__ProposeOrderResponse *reply = planner_propose(
            desk, planner_document(
                      desk, (int)i + 1,
                      planner_dataset(desk, "\"sensitive_data\":\"no\",", part)));
        assert_int_equal(reply->order->n_items, rows[i].offer != NULL);
        assert_string_equal(reply->items[0]->hosts[0], rows[i].url);
        if (rows[i].offer != NULL) {
            assert_string_equal(reply->items[0]->offer, rows[i].offer);
        }
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, planner_setup, desk_teardown)
        TEST(test_what_one_part_says_is_asked_for_all_aloud),
        TEST(test_a_size_that_is_none_is_a_finding),
        TEST(test_a_host_is_found_by_its_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
