#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/madmp.h"
#include "plan/redact.h"
#include "tests/plan/redacting.h"
#include "tests/tools/real_data.h"

static void
test_what_describes_people_is_replaced_and_its_form_kept(void **state)
{
    (void)state;
    redacting_check(
        "{\"dmp\":{\"contact\":{\"name\":\"Given Name\",\"mbox\":\"given@name.org\","
        "\"contact_id\":{\"identifier\":\"x-1234\",\"type\":\"orcid\"}}}}",
        "{\"dmp\":{\"contact\":{\"name\":\"redacted\",\"mbox\":"
        "\"redacted@example.invalid\",\"contact_id\":{\"identifier\":\"redacted\","
        "\"type\":\"orcid\"}}}}",
        3);
    redacting_check(
        "{\"contributor\":[{\"name\":\"Other\",\"role\":[\"Data steward\"],"
        "\"contributor_id\":[{\"identifier\":\"1\",\"type\":\"a\"}],\"affiliation\":"
        "[{\"name\":\"A house\"}]}]}",
        "{\"contributor\":[{\"name\":\"redacted\",\"role\":[\"Data steward\"],"
        "\"contributor_id\":[{\"identifier\":\"redacted\",\"type\":\"a\"}],"
        "\"affiliation\":[{\"name\":\"A house\"}]}]}",
        2);
    redacting_check("{\"dataset\":[{\"creator\":[{\"name\":\"Third\"}]}]}",
                    "{\"dataset\":[{\"creator\":[{\"name\":\"redacted\"}]}]}", 1);
}

/* Tools put in what they like. */
static void
test_what_else_is_said_of_people_goes(void **state)
{
    (void)state;
    redacting_check(
        "{\"contact\":{\"firstName\":\"Given\",\"phone\":4312345,\"contact_id\":"
        "{\"identifier\":\"1\",\"type\":\"orcid\",\"label\":\"Given\"}}}",
        "{\"contact\":{\"contact_id\":{\"identifier\":\"redacted\",\"type\":"
        "\"orcid\"}}}",
        4);
    redacting_check(
        "{\"contributor\":[{\"role\":[\"a@b.org\",\"lead\",\"c@d.org\"]},{\"role\":"
        "[\"a@b.org\",\"c@d.org\"]}]}",
        "{\"contributor\":[{\"role\":[\"lead\"]},{\"role\":"
        "[\"redacted@example.invalid\"]}]}",
        4);
    redacting_check("{\"contact\":\"Given\"}", "{\"contact\":\"redacted\"}", 1);
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
        {"https://user@host.org/a", "https://redacted@host.org/a"},
        {"ssh://git@host.org/a, ssh://user@host/a",
         "ssh://git@host.org/a, ssh://user@host/a"},
        {"mailto://o.t@x.org imap://o@x.org/a",
         "mailto://redacted@x.org imap://redacted@x.org/a"},
        {"https://o@x.org@host/a", "https://redacted@host/a"},
        {"https://given@name.org/a", "https://redacted@example.invalid/a"},
        {"o#t@x.org; o!t@x.org, #o@x.org",
         "redacted@example.invalid; "
         "redacted@example.invalid, #redacted@example.invalid"},
        {"https://x.org/a#o@x.org?b=c#o@x.org",
         "https://x.org/a#redacted@example.invalid?b=c#redacted@example.invalid"},
        {"a @ b.c, @x.y, a@b", "a @ b.c, @x.y, a@b"},
        {"redacted@example.invalid", "redacted@example.invalid"},
        {"mailto:o@x.org", "mailto:redacted@example.invalid"},
        {"a:@x.org :@.", "a:@x.org :@."},
        {"0000-0001-2345-6789/0000-0001-2345-6780!", "redacted/redacted!"},
        /* Case, and how words are joined. */
        {"GIVEN NAME, given  name", "redacted, redacted"},
        {"given_name/Given-Name", "redacted/redacted"},
        {"forgiven name", "forgiven name"},
        {"G. Name; Name, G.; Name G", "redacted; redacted.; redacted"},
        {"G. Named", "G. Named"},
        {"GIVEN@Name.ORG", "redacted@example.invalid"},
        {"given (at) name.org, given at name dot org",
         "redacted@example.invalid, redacted@example.invalid"},
        /* Addresses side by side, and in URLs. */
        {"given@name.org/o@x.org", "redacted@example.invalid/redacted@example.invalid"},
        {"https://x.org/u/o@y.org/a", "https://x.org/u/redacted@example.invalid/a"},
        {"https://u:p@host.org/a?b=o@y.org",
         "https://redacted@host.org/a?b=redacted@example.invalid"},
        {"a@b.c@d.e", "redacted@example.invalid@d.e"},
        {"https://x.org/Given%20Name/o%40y.org",
         "https://x.org/redacted/redacted@example.invalid"},
        {"https://given-name.org/given-name", "https://given-name.org/redacted"},
        {"see https://given.name/x and Given Name",
         "see https://given.name/x and redacted"},
        {"100% Given Name %zz", "100% redacted %zz"},
        /* ORCIDs as people write them. */
        {"0000-0001-2345-678x", "redacted"},
        {"000000012345678X", "redacted"},
        {"0000 0001 2345 6789", "redacted"},
        {"0000\xe2\x80\x93"
         "0001\xe2\x80\x93"
         "2345\xe2\x80\x93"
         "6789",
         "redacted"},
        {"0000-0001-2345-6789-2", "redacted-2"},
        {"0000 - 0001 - 2345 - 6789", "redacted"},
        {"0000  0001  2345  6789", "redacted"},
        {"0000 \xe2\x80\x93 0001 \xe2\x80\x93 2345 \xe2\x80\x93 6789", "redacted"},
        {"0000, 0001, 2345, 6789", "0000, 0001, 2345, 6789"},
        {"ORCID0000-0001-2345-6789 orcid000000012345678X", "redacted redacted"},
        {"ORCIDs 0000", "ORCIDs 0000"},
        /* What is not seen, and what is escaped several times. */
        {"Giv\xc2\xad"
         "en Na\xe2\x80\x8bme, Given\xe2\x80\x8b Name\xef\xbb\xbf.",
         "redacted, redacted."},
        {"Given\xe2\x80\x8bName", "redacted"},
        {"staff-\xe2\x81\xa0"
         "77 0000-0001-23\xc2\xad"
         "45-6789",
         "redacted redacted"},
        {"https://x.org/?u=https%3A%2F%2Fy.org%2F%3Fq%3DGiven%2520Name%2526z",
         "https://x.org/?u=https%3A%2F%2Fy.org%2F%3Fq%3Dredacted%2526z"},
        {"Given%252520Name, o%252540y.org", "redacted, redacted@example.invalid"},
        {"Giv%C2%ADen%20Name", "redacted"},
        {"50%25 Given Name 100%", "50%25 redacted 100%"},
        {"2026 2027 2028 2029", "2026 2027 2028 2029"},
        {"1234567890123456", "1234567890123456"},
        {"00000001234567890", "00000001234567890"},
        {"0000-0001-2345", "0000-0001-2345"},
        {"a@b.org/c@d.org, e@f.org//g@h.org/",
         "redacted@example.invalid/redacted@example.invalid, "
         "redacted@example.invalid//redacted@example.invalid/"},
        {"mailto:a@b.org/c@d.org", "mailto:redacted@example.invalid/redacted@example."
                                   "invalid"},
        {"a@b.org/https://user@host.org/a", "redacted@example.invalid/https://"
                                            "redacted@host.org/a"},
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
        {"000000021694233X 000000021694233x", "redacted redacted"},
        {"1000000218250097", "1000000218250097"},
        {"00000002182500970", "00000002182500970"},
        {"https://orcid.org/0000000218250097", "https://orcid.org/redacted"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n;
        const char *text =
            redacting_redact(arena_print(redacting_arena, contact, rows[i].text), &n);
        const char *at = strstr(text, "\"x\":\"");
        const char *expected =
            arena_print(redacting_arena, "\"x\":\"%s\"}", rows[i].redacted);
        assert_string_equal(at, expected);
    }
}

/* An id that is an address, where it stands as one. */
static void
test_an_address_that_is_an_id_leads_to_its_host_only(void **state)
{
    static const struct {
        const char *id, *text, *redacted;
    } rows[] = {
        {"https://people.org/u/7", "https://people.org/u/7",
         "https://people.org/redacted"},
        {"https://people.org/u/7", "https://people.org/u/78",
         "https://people.org/u/78"},
        {"https://given.org", "see https://given.org, https://given.org/a",
         "see https://redacted.invalid, https://redacted.invalid/a"},
        {"given", "https://given.org/given", "https://given.org/redacted"},
        /* What it ends with, where that is an id itself. */
        {"https://people.org/staff-77", "staff-77", "redacted"},
        {"https://people.org/1234567", "no. 1234567", "no. redacted"},
        {"https://orcid.org/0000-0001-2345-6789", "0000-0001-2345-6789", "redacted"},
        {"https://people.org/data",
         "https://zenodo.org/data/1, data of people.org/data",
         "https://zenodo.org/data/1, data of people.org/data"},
        {"https://people.org/data", "see https://people.org/data",
         "see https://people.org/redacted"},
        {"https://people.org/given/index.html", "https://zenodo.org/index.html",
         "https://zenodo.org/index.html"},
        {"https://people.org/given/page2.html", "page2.html", "page2.html"},
        {"https://h2020", "of h2020", "of h2020"},
        {"1234", "room 1234; https://zenodo.org/records/1234",
         "room 1234; https://zenodo.org/records/1234"},
        {"123456", "no. 123456", "no. redacted"},
        /* Of groups of four digits the ORCIDs. */
        {"x", "2019-2020-2021-2022", "2019-2020-2021-2022"},
        {"x", "0009-0010-0000-0000", "redacted"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n;
        const char *text = redacting_redact(
            arena_print(redacting_arena,
                        "{\"contact\":{\"contact_id\":{\"identifier\":\"%s\"}},\"x\":"
                        "\"%s\"}",
                        rows[i].id, rows[i].text),
            &n);
        assert_string_equal(
            strstr(text, "\"x\":"),
            arena_print(redacting_arena, "\"x\":\"%s\"}", rows[i].redacted));
    }
}

/* A mail address has something on both sides of its at-sign. */
static void
test_a_word_is_no_mail_address(void **state)
{
    static const struct {
        const char *mail, *text, *redacted;
    } rows[] = {
        {"none", "there is none", "there is none"},
        {"@example", "an example", "an example"},
        {"given@", "given", "given"},
        {"none@-", "there is none", "there is none"},
        {"given.x@mail.y-z.example",
         "given.x at mail dot y-z dot example; given.x [at] mail.y-z [dot] example; "
         "given dot x (at) mail dot y-z dot example; given.x at mail.y-z.example; "
         "mail.y-z",
         "redacted@example.invalid; redacted@example.invalid; "
         "redacted@example.invalid; redacted@example.invalid; mail.y-z"},
        {"given@name", "given@name, given at name",
         "redacted@example.invalid, "
         "redacted@example.invalid"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n;
        const char *text = redacting_redact(
            arena_print(redacting_arena, "{\"contact\":{\"mbox\":\"%s\"},\"x\":\"%s\"}",
                        rows[i].mail, rows[i].text),
            &n);
        assert_string_equal(
            strstr(text, "\"x\":"),
            arena_print(redacting_arena, "\"x\":\"%s\"}", rows[i].redacted));
    }
}

/* Dates and the standard's own words stay, whoever has a number or a name like them. */
static void
test_what_the_standard_says_stays(void **state)
{
    (void)state;
    redacting_check(
        "{\"contact\":{\"name\":\"Other\",\"contact_id\":{\"identifier\":\"2031-01-"
        "31\"}},"
        "\"available_until\":\"2031-01-31\",\"modified\":\"2031-01-31T10:00:00Z\","
        "\"type\":\"other\",\"title\":\"by other, 2031-01-31\"}",
        "{\"contact\":{\"name\":\"redacted\",\"contact_id\":{\"identifier\":"
        "\"redacted\"}},\"available_until\":\"2031-01-31\",\"modified\":"
        "\"2031-01-31T10:00:00Z\",\"type\":\"other\",\"title\":"
        "\"by redacted, redacted\"}",
        4);
}

/* Members may be called after people, too, and stay apart. */
static void
test_members_are_not_called_after_people(void **state)
{
    (void)state;
    redacting_check(
        "{\"contact\":{\"name\":\"title\"},\"redacted~2\":0,\"a@b.org\":1,"
        "\"redacted@example.invalid~2\":2,\"c@d.org\":{\"e@f.org\":3},\"title\":4}",
        "{\"contact\":{\"name\":\"redacted\"},\"redacted~2\":0,"
        "\"redacted@example.invalid\":1,\"redacted@example.invalid~2\":2,"
        "\"redacted@example.invalid~3\":{\"redacted@example.invalid\":3},"
        "\"title\":4}",
        4);
    /* What becomes of one may look like the number of another. */
    redacting_check(
        "{\"contact\":{\"name\":\"Ada Name\"},\"x\":{\"Ada Name~2\":1,\"Ada Name\":2,"
        "\"Ada Name~4\":3,\"by Ada Name\":4}}",
        "{\"contact\":{\"name\":\"redacted\"},\"x\":{\"redacted~2\":1,"
        "\"redacted~3\":2,\"redacted~4~4\":3,\"by redacted~5\":4}}",
        5);
}

/* Of a URL a name would break the host, which people are called after. */
static void
test_a_host_called_like_somebody_stays(void **state)
{
    (void)state;
    redacting_check(
        "{\"contact\":{\"name\":\"zenodo\"},\"title\":\"at zenodo\",\"url\":"
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
        redacting_redact("{\"contact\":{\"name\":\"Given Name\",\"mbox\":"
                         "\"given@name.org\"},\"x\":\"Given Name given@name.org\"}",
                         &n);
    (void)state;
    assert_string_equal(redacting_redact(once, &n), once);
}

/* What is made to be slow is not: the time is that of its length. */
static void
test_hostile_texts_take_no_time(void **state)
{
    enum { SIZE = 200 * 1024 };
    static const char *const pieces[] = {
        ":",      "@",        "a@b.", "0000-", "Given Name ",
        "given ", "://",      "%41",  "%2525", "\xc2\xad",
        "a#",     "://a@b.c", "#@",   "a://",  "0000 - "};
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        char *text = arena_alloc(redacting_arena, SIZE + 16);
        size_t used = arena_used(redacting_arena), n, n_piece = strlen(pieces[i]);
        for (size_t k = 0; k + n_piece <= SIZE; k += n_piece) {
            memcpy(text + k, pieces[i], n_piece);
        }
        redacting_redact(
            arena_print(redacting_arena,
                        "{\"contact\":{\"name\":\"Given Name\"},\"x\":\"%s\"}", text),
            &n);
        /* Of the square of the length it would be thousands. */
        assert_true(arena_used(redacting_arena) - used < 100 * SIZE);
        arena_reset(redacting_arena);
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
        struct faults faults = {.arena = redacting_arena};
        struct madmp_verdict verdict;
        size_t n;
        struct bytes bytes = real_data_read(
            real_data_path(rows[i].name, redacting_arena), redacting_arena);
        const struct json_value *document = redact_people(
            madmp_parse(bytes, "", redacting_arena, &faults), redacting_arena, &n);
        const char *text = json_tree_print(document, redacting_arena);
        for (const char *const *gone = rows[i].gone; *gone != NULL; gone++) {
            assert_non_null(strstr((const char *)bytes.data, *gone));
            assert_null(strstr(text, *gone));
        }
        madmp_judge(document, MADMP_NOT_NAMED, NULL, redacting_arena, &verdict);
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
        cmocka_unit_test(test_an_address_that_is_an_id_leads_to_its_host_only),
        cmocka_unit_test(test_a_word_is_no_mail_address),
        cmocka_unit_test(test_what_the_standard_says_stays),
        cmocka_unit_test(test_members_are_not_called_after_people),
        cmocka_unit_test(test_a_host_called_like_somebody_stays),
        cmocka_unit_test(test_what_is_redacted_stays_as_it_is),
        cmocka_unit_test(test_hostile_texts_take_no_time),
        cmocka_unit_test(test_real_plans_stay_valid_without_their_people),
    };
    return cmocka_run_group_tests(tests, redacting_set_up, redacting_tear_down);
}
