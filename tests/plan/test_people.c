/* Plans made at random: whatever texts are made of, nobody who is described is left in
 * them, and the plan is as valid as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/madmp.h"
#include "plan/redact.h"
#include "proto/text.h"

enum { ROUNDS = 3000, PIECES = 12 };

/* Who the plan describes, and whatever else texts are made of. */
static const char *const pieces[] = {
    "Given",
    "Name",
    "GIVEN",
    "name",
    "Zo\xc3\xab",
    "ZOE\xcc\x88",
    "N\xc3\xa4me",
    "\xe6\x9d\x8e\xe9\x9b\xb7",
    "given@name.example",
    "@",
    ".",
    ",",
    " ",
    " ",
    " ",
    "-",
    "_",
    "/",
    "://",
    "https://",
    "%20",
    "%C3%AB",
    "%",
    "0000-0001-2345-6789",
    "0000",
    "0001",
    "2345",
    "678X",
    "0000000123456789",
    "staff-77",
    "x",
    "example.org",
    "o@other.org",
    "mailto:",
    "redacted",
    "\xe2\x80\x93",
    "?",
    "2031-01-31",
    "other",
    "\xc2\xa0",
    "dr.",
    "N.",
    "at",
    "redacted@example.invalid",
    "#",
    "\xc2\xad",
    "\xe2\x80\x8b",
    "%25",
    "ORCID",
    "git@",
};
static struct arena *arena;

static int
set_up(void **state)
{
    const char *given = getenv("KONTOR_TEST_SEED");
    unsigned seed = given == NULL ? 20261130 : (unsigned)strtoul(given, NULL, 10);
    (void)state;
    print_message("KONTOR_TEST_SEED=%u\n", seed);
    srandom(seed);
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

static const char *
random_text(void)
{
    const char *text = "";
    for (long n = random() % PIECES; n >= 0; n--) {
        size_t i = (size_t)random() % (sizeof pieces / sizeof pieces[0]);
        text = arena_print(arena, "%s%s", text, pieces[i]);
    }
    return text;
}

static const char *
random_plan(const char *text)
{
    return arena_print(
        arena,
        "{\"dmp\":{\"title\":\"%s\",\"language\":\"eng\",\"ethical_issues_exist\":"
        "\"no\","
        "\"created\":\"2026-01-01T10:00:00Z\",\"modified\":\"2026-01-02T10:00:00Z\","
        "\"dmp_id\":{\"identifier\":\"%s\",\"type\":\"other\"},\"contact\":{\"name\":"
        "\"Given Name\",\"mbox\":\"given@name.example\",\"contact_id\":{\"identifier\":"
        "\"staff-77\",\"type\":\"other\"}},\"contributor\":[{\"name\":\"Zo\xc3\xab "
        "N\xc3\xa4me\",\"role\":[\"%s\"],\"contributor_id\":{\"identifier\":"
        "\"https://orcid.org/0000-0001-2345-6789\",\"type\":\"orcid\"}},{\"name\":"
        "\"\xe6\x9d\x8e\xe9\x9b\xb7\",\"role\":[],\"contributor_id\":{\"identifier\":"
        "\"1\",\"type\":\"other\"}}],\"dataset\":[{\"title\":\"t\",\"%s\":0,"
        "\"personal_data\":\"no\",\"sensitive_data\":\"no\",\"dataset_id\":"
        "{\"identifier\":\"d\",\"type\":\"other\"},\"distribution\":[{\"title\":\"x\","
        "\"data_access\":\"open\",\"host\":{\"title\":\"h\",\"url\":"
        "\"https://host.example/%s\"}}]}]}}",
        text, text, text, text, text);
}

static const struct json_value *
parse(const char *text)
{
    struct faults faults = {.arena = arena};
    struct bytes bytes = {(const uint8_t *)text, strlen(text)};
    return madmp_parse(bytes, "plan", arena, &faults);
}

/* Whether words stand in a folded text. */
static bool
has_words(const char *folded, const char *words)
{
    const char *padded = arena_print(arena, " %s ", folded);
    return strstr(padded, arena_print(arena, " %s ", words)) != NULL;
}

static void
check_nobody(const char *text)
{
    static const char *const people[] = {
        "given name",
        "name given",
        "zoe name",
        "name zoe",
        "0000 0001 2345 6789",
        "0000000123456789",
        "given name example",
        "o other org",
        "\xe6\x9d\x8e \xe9\x9b\xb7",
        "0000 0001 2345 678x",
        "staff 77",
    };
    struct text_word *words;
    size_t n;
    const char *folded = text_fold_words(text, arena, &words, &n);
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        if (has_words(folded, people[i])) {
            fail_msg("%s is in %s", people[i], text);
        }
    }
}

static void
test_nobody_is_left_in_texts_made_at_random(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROUNDS; i++) {
        const char *text = random_text();
        size_t n;
        struct madmp_verdict before, after;
        const struct json_value *plan = parse(random_plan(text));
        /* A text may be the name of a member that is there. */
        if (plan == NULL) {
            continue;
        }
        const struct json_value *redacted = redact_people(plan, arena, &n);
        const char *once = json_tree_print(redacted, arena);
        struct bytes bytes = {(const uint8_t *)once, strlen(once)};
        assert_true(n >= 7);
        assert_true(text_is_utf8(bytes));
        assert_non_null(parse(once));
        madmp_judge(plan, MADMP_NOT_NAMED, NULL, arena, &before);
        madmp_judge(redacted, MADMP_NOT_NAMED, NULL, arena, &after);
        if ((before.accepted_by & ~after.accepted_by) != 0) {
            fail_msg("less valid than before: %s", once);
        }
        const char *twice = json_tree_print(redact_people(redacted, arena, &n), arena);
        assert_string_equal(twice, once);
        const struct json_value *dmp = json_tree_get(redacted, "dmp");
        if (strstr(text, "://") == NULL) {
            check_nobody(json_tree_get(dmp, "title")->text);
        }
        arena_reset(arena);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_is_left_in_texts_made_at_random),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
