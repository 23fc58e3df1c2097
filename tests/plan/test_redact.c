#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/madmp.h"
#include "plan/redact.h"
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

static const char *
redact(const char *text, size_t *n)
{
    struct faults faults = {.arena = arena};
    struct bytes bytes = {(const uint8_t *)text, strlen(text)};
    const struct json_value *document = madmp_parse(bytes, "plan", arena, &faults);
    assert_non_null(document);
    return json_tree_print(redact_people(document, arena, n), arena);
}

static void
check(const char *text, const char *expected, size_t n_expected)
{
    size_t n;
    assert_string_equal(redact(text, &n), expected);
    assert_int_equal(n, n_expected);
}

static void
test_what_describes_people_is_replaced_and_its_form_kept(void **state)
{
    (void)state;
    check("{\"dmp\":{\"contact\":{\"name\":\"Given Name\",\"mbox\":\"given@name.org\","
          "\"contact_id\":{\"identifier\":\"x-1234\",\"type\":\"orcid\"}}}}",
          "{\"dmp\":{\"contact\":{\"name\":\"redacted\",\"mbox\":"
          "\"redacted@example.invalid\",\"contact_id\":{\"identifier\":\"redacted\","
          "\"type\":\"orcid\"}}}}",
          3);
    check("{\"contributor\":[{\"name\":\"Other\",\"role\":[\"Data steward\"],"
          "\"contributor_id\":[{\"identifier\":\"1\",\"type\":\"a\"}],\"affiliation\":"
          "[{\"name\":\"A house\"}]}]}",
          "{\"contributor\":[{\"name\":\"redacted\",\"role\":[\"Data steward\"],"
          "\"contributor_id\":[{\"identifier\":\"redacted\",\"type\":\"a\"}],"
          "\"affiliation\":[{\"name\":\"A house\"}]}]}",
          2);
    check("{\"dataset\":[{\"creator\":[{\"name\":\"Third\"}]}]}",
          "{\"dataset\":[{\"creator\":[{\"name\":\"redacted\"}]}]}", 1);
}

/* Tools put in what they like. */
static void
test_what_else_is_said_of_people_goes(void **state)
{
    (void)state;
    check("{\"contact\":{\"firstName\":\"Given\",\"phone\":4312345,\"contact_id\":"
          "{\"identifier\":\"1\",\"type\":\"orcid\",\"label\":\"Given\"}}}",
          "{\"contact\":{\"contact_id\":{\"identifier\":\"redacted\",\"type\":"
          "\"orcid\"}}}",
          4);
    check("{\"contributor\":[{\"role\":[\"a@b.org\",\"lead\",\"c@d.org\"]},{\"role\":"
          "[\"a@b.org\",\"c@d.org\"]}]}",
          "{\"contributor\":[{\"role\":[\"lead\"]},{\"role\":"
          "[\"redacted@example.invalid\"]}]}",
          4);
    check("{\"contact\":\"Given\"}", "{\"contact\":\"redacted\"}", 1);
}

static void
test_people_are_found_where_else_they_stand(void **state)
{
    static const char contact[] =
        "{\"contact\":{\"name\":\"Given "
        "Name\",\"mbox\":\"given@name.org\",\"contact_id\":"
        "{\"identifier\":\"staff-77\",\"type\":\"other\"}},\"x\":\"%s\"}";
    static const struct {
        const char *text, *redacted;
    } rows[] = {
        {"by Given Name, 2026", "by redacted, 2026"},
        {"Name, Given: a thesis", "redacted: a thesis"},
        {"Given Names", "Given Names"},
        {"write to given@name.org.", "write to redacted@example.invalid."},
        {"<o.t+x@long.example.org>", "<redacted@example.invalid>"},
        {"staff-77 and staff-777", "redacted and staff-777"},
        {"https://staff.org/staff-77", "https://staff.org/redacted"},
        {"https://orcid.org/0000-0001-2345-678X", "https://orcid.org/redacted"},
        {"0000-0001-2345-67890", "0000-0001-2345-67890"},
        {"10000-0001-2345-6789", "10000-0001-2345-6789"},
        {"https://user@host.org/a", "https://user@host.org/a"},
        {"a @ b.c, @x.y, a@b", "a @ b.c, @x.y, a@b"},
        {"redacted@example.invalid", "redacted@example.invalid"},
        {"mailto:o@x.org", "mailto:redacted@example.invalid"},
        {"a:@x.org :@.", "a:@x.org :@."},
        {"0000-0001-2345-6789/0000-0001-2345-6780!", "redacted/redacted!"},
        {"a@b.org/c@d.org, e@f.org//g@h.org/",
         "redacted@example.invalid/redacted@example.invalid, "
         "redacted@example.invalid//redacted@example.invalid/"},
        {"mailto:a@b.org/c@d.org", "mailto:redacted@example.invalid/redacted@example."
                                   "invalid"},
        {"a@b.org/https://user@host.org/a", "redacted@example.invalid/https://"
                                            "user@host.org/a"},
        {"/a/b@c.org", "/a/redacted@example.invalid"},
        {"GIVEN name; given NAME", "redacted; redacted"},
        {"NAME, GIVEN", "redacted"},
        {"G\xc3\xadven Na\xcc\x81me, Given\xc2\xa0Name", "redacted, redacted"},
        {"\xe2\x80\x9cGiven Name\xe2\x80\x9d", "\xe2\x80\x9credacted\xe2\x80\x9d"},
        {"GIVEN@name.ORG", "redacted@example.invalid"},
        {"STAFF-77", "redacted"},
        {"Giv\xc3\xa9ns Name", "Giv\xc3\xa9ns Name"},
        {"0000-0001-2345-678x", "redacted"},
        {"0000000218250097", "redacted"},
        {"orcid:000000021825009x.", "orcid:000000021825009x."},
        {"000000021694233X 000000021694233x", "redacted redacted"},
        {"0000000218250098", "0000000218250098"},
        {"1000000218250097", "1000000218250097"},
        {"00000002182500970", "00000002182500970"},
        {"https://orcid.org/0000000218250097", "https://orcid.org/redacted"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n;
        const char *text = redact(arena_print(arena, contact, rows[i].text), &n);
        const char *at = strstr(text, "\"x\":\"");
        const char *expected = arena_print(arena, "\"x\":\"%s\"}", rows[i].redacted);
        assert_string_equal(at, expected);
    }
}

/* Or the rest of the longer one would stay. */
static void
test_of_two_names_the_longer_is_looked_for_first(void **state)
{
    (void)state;
    check("{\"contributor\":[{\"name\":\"Ada Love\"},{\"name\":\"Ada Love Lace\"},"
          "{\"name\":\"Love Lace\"}],\"x\":\"Ada Love Lace, Ada Love, Love Lace\"}",
          "{\"contributor\":[{\"name\":\"redacted\"},{\"name\":\"redacted\"},"
          "{\"name\":\"redacted\"}],\"x\":\"redacted, redacted, redacted\"}",
          6);
}

/* Of a URL a name would break the host, which people are called after. */
static void
test_a_host_called_like_somebody_stays(void **state)
{
    (void)state;
    check("{\"contact\":{\"name\":\"zenodo\"},\"title\":\"at zenodo\",\"url\":"
          "\"https://zenodo.org\"}",
          "{\"contact\":{\"name\":\"redacted\"},\"title\":\"at redacted\",\"url\":"
          "\"https://zenodo.org\"}",
          2);
}

static void
test_what_is_redacted_stays_as_it_is(void **state)
{
    size_t n;
    const char *once =
        redact("{\"contact\":{\"name\":\"Given Name\",\"mbox\":"
               "\"given@name.org\"},\"x\":\"Given Name given@name.org\"}",
               &n);
    (void)state;
    assert_string_equal(redact(once, &n), once);
}

/* What is made to be slow is not: the time is that of its length. */
static void
test_hostile_texts_take_no_time(void **state)
{
    enum { SIZE = 200 * 1024 };
    static const char *const pieces[] = {":", "@", "a@b.", "0000-", "Given Name "};
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        char *text = arena_alloc(arena, SIZE + 16);
        size_t used = arena_used(arena), n, n_piece = strlen(pieces[i]);
        for (size_t k = 0; k + n_piece <= SIZE; k += n_piece) {
            memcpy(text + k, pieces[i], n_piece);
        }
        redact(arena_print(
                   arena, "{\"contact\":{\"name\":\"Given Name\"},\"x\":\"%s\"}", text),
               &n);
        assert_true(arena_used(arena) - used < 40 * SIZE);
        arena_reset(arena);
    }
}

/* Nobody is left in real plans, and they are as valid as before. */
static void
test_real_plans_stay_valid_without_their_people(void **state)
{
    static const struct {
        const char *name;
        const char *gone[12];
        unsigned accepted_by;
    } rows[] = {
        {"configuration/madmp-example-9.json",
         {"Smith", "Messi", "Lewandowski", "Ronaldo", "tuwien.ac.at\"", "barcelona",
          "bayern", "juve", "0000-0002", "2351952424", "305962565"},
         5},
        {"configuration/madmp-community-8.json",
         {"Person Two", "person2", "0000-0000"},
         3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct faults faults = {.arena = arena};
        struct madmp_verdict verdict;
        size_t n;
        struct bytes bytes = real_data_read(real_data_path(rows[i].name, arena), arena);
        const struct json_value *document =
            redact_people(madmp_parse(bytes, "", arena, &faults), arena, &n);
        const char *text = json_tree_print(document, arena);
        for (const char *const *gone = rows[i].gone; *gone != NULL; gone++) {
            assert_non_null(strstr((const char *)bytes.data, *gone));
            assert_null(strstr(text, *gone));
        }
        madmp_judge(document, MADMP_NOT_NAMED, arena, &verdict);
        assert_int_equal(verdict.accepted_by, rows[i].accepted_by);
        assert_true(n >= 6);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_describes_people_is_replaced_and_its_form_kept),
        cmocka_unit_test(test_what_else_is_said_of_people_goes),
        cmocka_unit_test(test_people_are_found_where_else_they_stand),
        cmocka_unit_test(test_of_two_names_the_longer_is_looked_for_first),
        cmocka_unit_test(test_a_host_called_like_somebody_stays),
        cmocka_unit_test(test_what_is_redacted_stays_as_it_is),
        cmocka_unit_test(test_hostile_texts_take_no_time),
        cmocka_unit_test(test_real_plans_stay_valid_without_their_people),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
