/*
 * EOSC's vocabularies: known answers recounted from the raw files, and lists that do
 * not hold together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>

#include <cmocka.h>

#include "proto/json_tree.h"
#include "proto/rules.h"
#include "tests/tools/import_fixture.h"

static struct import_fixture *
fixture_of(void **state)
{
    struct import_fixture *fixture = *state;
    fixture->format = "eosc-vocabularies";
    return fixture;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The files of a real folder, by name. */
static size_t
files_of(struct import_fixture *fixture, const char *folder, const char **paths)
{
    const char *path = real_data_path(folder, fixture->arena);
    DIR *directory = opendir(path);
    size_t n = 0;
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        if (strstr(entry->d_name, ".json") != NULL) {
            paths[n++] = arena_print(fixture->arena, "%s/%s", path, entry->d_name);
        }
    }
    closedir(directory);
    qsort(paths, n, sizeof *paths, by_name);
    return n;
}

/* What the raw files say, counted without the importer. */
struct raw {
    size_t n_terms, n_parents;
};

static struct raw
count_raw(struct import_fixture *fixture, const char *const *paths, size_t n)
{
    struct raw raw = {0, 0};
    for (size_t i = 0; i < n; i++) {
        struct bytes text = real_data_read(paths[i], fixture->arena);
        const struct json_value *root =
            json_tree_parse(text, paths[i], fixture->arena, &fixture->faults);
        assert_non_null(root);
        raw.n_terms += root->n;
        for (size_t j = 0; j < root->n; j++) {
            const struct json_value *parent =
                json_tree_get(&root->elements[j], "parentId");
            raw.n_parents += parent != NULL && parent->type == JSON_TYPE_TEXT;
        }
    }
    return raw;
}

static size_t
count_terms(const struct import_set *set)
{
    size_t n = 0;
    for (size_t i = 0; i < set->n_vocabularies; i++) {
        n += set->vocabularies[i]->n_terms;
    }
    return n;
}

/* Findings with a text, in places that hold another. */
static size_t
count_findings(const struct import_set *set, const char *place, const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < set->n_findings; i++) {
        n += strstr(set->findings[i].place, place) != NULL &&
             strstr(set->findings[i].text, text) != NULL;
    }
    return n;
}

#define DANGLING "is in these files"

static void
test_one_folder_alone_has_dangling_parents(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *paths[64];
    size_t n = files_of(fixture, "catalogue/vocabularies-v6", paths);
    struct raw raw = count_raw(fixture, paths, n);
    assert_int_equal(raw.n_terms, 1809);
    assert_true(import_fixture_read(fixture, paths, n));
    assert_int_equal(count_terms(&fixture->set), 1809);
    assert_int_equal(fixture->set.n_vocabularies, n);
    assert_int_equal(count_findings(&fixture->set, "", DANGLING), 275);
    assert_int_equal(count_findings(&fixture->set, "/COUNTRY.json", DANGLING), 250);
    assert_int_equal(count_findings(&fixture->set, "/CATEGORY.json", DANGLING), 20);
    assert_int_equal(count_findings(&fixture->set, "/REGION.json", DANGLING), 5);
    assert_int_equal(fixture->set.n_findings, 275);
}

static void
test_both_folders_hold_together(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    const char *paths[128];
    size_t n = files_of(fixture, "catalogue/vocabularies-v6", paths);
    n += files_of(fixture, "catalogue/vocabularies-deprecated", paths + n);
    struct raw raw = count_raw(fixture, paths, n);
    assert_int_equal(raw.n_terms, 2812);
    assert_int_equal(raw.n_parents, 578);
    assert_true(import_fixture_read(fixture, paths, n));
    assert_int_equal(count_terms(&fixture->set), 2808);
    assert_int_equal(count_findings(&fixture->set, "", DANGLING), 0);
    /* Four states of templates are in both. */
    assert_int_equal(count_findings(&fixture->set, "/STATES.json", "is there already"),
                     4);
    assert_int_equal(fixture->set.n_findings, 4);
    for (size_t i = 0; i < fixture->set.n_vocabularies; i++) {
        rules_check(&fixture->set.vocabularies[i]->base, &fixture->faults);
    }
    assert_int_equal(fixture->faults.n_found, 0);
}

static const Kontor__V1__Vocabulary *
vocabulary(const struct import_set *set, const char *id)
{
    for (size_t i = 0; i < set->n_vocabularies; i++) {
        if (strcmp(set->vocabularies[i]->id, id) == 0) {
            return set->vocabularies[i];
        }
    }
    fail_msg("no %s", id);
    return NULL;
}

static void
test_a_vocabulary_comes_after_the_one_it_stands_under(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture,
        "[{\"id\":\"c\",\"name\":\"C\",\"type\":\"Low\",\"parentId\":\"b\"},"
        "{\"id\":\"b\",\"name\":\"B\",\"type\":\"Mid one\",\"parentId\":\"a\"},"
        "{\"id\":\"a\",\"name\":\"A\",\"type\":\"Top\",\"parentId\":null,"
        "\"description\":\"All\",\"extras\":{\"n\":3,\"icon\":\"x\"}},"
        "{\"id\":\"b2\",\"name\":\"B2\",\"type\":\"Mid one\",\"parentId\":\"b\"}]"));
    const struct import_set *set = &fixture->set;
    assert_int_equal(set->n_vocabularies, 3);
    assert_string_equal(set->vocabularies[0]->id, "alpine/TOP");
    assert_string_equal(set->vocabularies[1]->id, "alpine/MID_ONE");
    assert_string_equal(set->vocabularies[2]->id, "alpine/LOW");
    assert_string_equal(set->vocabularies[0]->parents, "");
    assert_string_equal(set->vocabularies[1]->parents, "alpine/TOP");
    assert_string_equal(set->vocabularies[2]->parents, "alpine/MID_ONE");
    assert_string_equal(set->vocabularies[1]->name, "Mid one");
    assert_string_equal(set->vocabularies[1]->source->key, "Mid one");
    assert_string_equal(set->vocabularies[1]->source->format, "eosc-vocabularies");
    assert_int_equal(set->n_findings, 0);
    const Kontor__V1__Term *top = vocabulary(set, "alpine/TOP")->terms[0];
    assert_string_equal(top->description, "All");
    assert_int_equal(top->n_extras, 2);
    assert_string_equal(top->extras[0]->key, "n");
    assert_string_equal(top->extras[0]->value, "3");
    assert_string_equal(top->extras[1]->value, "x");
}

static void
test_what_does_not_hold_together_is_told(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture,
        "[{\"id\":\"a\",\"name\":\"A\",\"type\":\"One\"},"
        "{\"id\":\"b\",\"name\":\"B\",\"type\":\"Two\"},"
        "{\"id\":\"c\",\"type\":\"Low\",\"parentId\":\"a\",\"colour\":\"red\"},"
        "{\"id\":\"d\",\"name\":\"D\",\"type\":\"Low\",\"parentId\":\"b\"},"
        "{\"id\":\"e\",\"name\":\"E\",\"type\":\"Low\",\"parentId\":\"z\"},"
        "{\"id\":\"c\",\"name\":\"C\",\"type\":\"Low\"}]"));
    const struct import_set *set = &fixture->set;
    const Kontor__V1__Vocabulary *low = vocabulary(set, "alpine/LOW");
    assert_int_equal(low->n_terms, 3);
    assert_string_equal(low->terms[0]->name, "c");
    assert_string_equal(low->parents, "alpine/ONE");
    assert_int_equal(set->n_findings, 5);
    assert_int_equal(count_findings(set, ":[2]", "has no name"), 1);
    assert_int_equal(count_findings(set, ":[2].colour", "nothing here takes"), 1);
    assert_int_equal(count_findings(set, ":[3].parentId", "is of Two"), 1);
    assert_int_equal(count_findings(set, ":[4].parentId", "no term \"z\""), 1);
    assert_int_equal(count_findings(set, ":[5]", "is there already"), 1);
}

static void
test_vocabularies_under_each_other_end(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    assert_true(import_fixture_text(
        fixture, "[{\"id\":\"a\",\"name\":\"A\",\"type\":\"One\",\"parentId\":\"b\"},"
                 "{\"id\":\"b\",\"name\":\"B\",\"type\":\"Two\",\"parentId\":\"a\"}]"));
    assert_int_equal(fixture->set.n_vocabularies, 2);
    assert_int_equal(fixture->set.n_findings, 0);
}

enum { N_CHAIN = 3000 };

/* As many vocabularies as terms, each under the one before, the lowest first. */
static void
test_a_long_chain_of_vocabularies_is_put_in_order(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    char *text = arena_alloc(fixture->arena, N_CHAIN * 80);
    size_t at = 0;
    for (int i = N_CHAIN; i > 0; i--) {
        at += (size_t)sprintf(text + at,
                              "%s{\"id\":\"t%d\",\"name\":\"T\",\"type\":\"v%d\",",
                              i == N_CHAIN ? "[" : ",", i, i);
        at += (size_t)sprintf(
            text + at, i == 1 ? "\"parentId\":null}]" : "\"parentId\":\"t%d\"}", i - 1);
    }
    assert_true(import_fixture_text(fixture, text));
    assert_int_equal(fixture->set.n_vocabularies, N_CHAIN);
    assert_int_equal(fixture->set.n_findings, 0);
    assert_string_equal(fixture->set.vocabularies[0]->parents, "");
    for (size_t i = 1; i < N_CHAIN; i++) {
        assert_string_equal(fixture->set.vocabularies[i]->parents,
                            fixture->set.vocabularies[i - 1]->id);
    }
}

static void
test_what_cannot_be_read_is_refused(void **state)
{
    struct import_fixture *fixture = fixture_of(state);
    static const struct import_refusal rows[] = {
        {"{}", "", "a list of terms belongs here"},
        {"[[]]", ":[0]", "an object belongs here"},
        {"[{\"name\":\"A\",\"type\":\"One\"}]", ":[0]", "an id and a type"},
        {"[{\"id\":\"a\",\"name\":\"A\"}]", ":[0]", "an id and a type"},
        {"[{\"id\":1,\"name\":\"A\",\"type\":\"One\"}]", ":[0].id",
         "a text belongs here"},
        {"[{\"id\":\"a\",\"type\":\"One\",\"extras\":[]}]", ":[0].extras",
         "an object belongs here"},
        {"[{\"id\":\"a\",\"id\":\"b\",\"type\":\"One\"}]", "", "duplicate"},
        {"[{\"id\":\"a\\u0000\",\"type\":\"One\"}]", "", "NUL"},
        {"[", "", ""},
        {"", "", ""},
    };
    import_fixture_refuse(fixture, rows, sizeof rows / sizeof rows[0]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_one_folder_alone_has_dangling_parents),
        IMPORT_TEST(test_both_folders_hold_together),
        IMPORT_TEST(test_a_vocabulary_comes_after_the_one_it_stands_under),
        IMPORT_TEST(test_what_does_not_hold_together_is_told),
        IMPORT_TEST(test_vocabularies_under_each_other_end),
        IMPORT_TEST(test_a_long_chain_of_vocabularies_is_put_in_order),
        IMPORT_TEST(test_what_cannot_be_read_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
