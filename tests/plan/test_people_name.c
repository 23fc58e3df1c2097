/* Whom a plan describes is found by name in its texts, however it is written there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/plan/redacting.h"

/* Also those whose name stands in members that go. */
static void
test_a_name_in_parts_is_learned(void **state)
{
    static const struct {
        const char *members, *text, *redacted;
    } rows[] = {
        {"\"firstName\":\"Given\",\"lastName\":\"Name\"", "by Given Name; Name, G.",
         "by redacted; redacted."},
        {"\"family_name\":\"of Name\",\"given_name\":\"Given\"", "G. of Name",
         "redacted"},
        {"\"Given-Name\":\"Given\",\"surname\":\"Name\"", "Given Name", "redacted"},
        {"\"firstName\":\"Given\"", "what is given", "what is given"},
        {"\"firstNames\":\"Given\",\"last\":\"Name\"", "Given Name", "Given Name"},
        {"\"firstName\":7,\"lastName\":\"Name\"", "7 Name", "7 Name"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n;
        const char *text = redacting_redact(
            arena_print(redacting_arena, "{\"contact\":{%s},\"x\":\"%s\"}",
                        rows[i].members, rows[i].text),
            &n);
        assert_string_equal(text, arena_print(redacting_arena,
                                              "{\"contact\":{},\"x\":\"%s\"}",
                                              rows[i].redacted));
    }
}

/* How a name is written where else it stands. */
static void
test_a_name_is_found_however_it_is_spelled(void **state)
{
    static const struct {
        const char *name, *text, *redacted;
    } rows[] = {
        /* Composed and decomposed, with and without marks. */
        {"Zo\xc3\xab N\xc3\xa4me", "by ZOE\xcc\x88 NA\xcc\x88ME.", "by redacted."},
        {"Zoe\xcc\x88 Name", "by Zo\xc3\xab Name", "by redacted"},
        {"Zo\xc3\xab Name", "https://x.org/Zo%C3%AB_Name", "https://x.org/redacted"},
        {"\xc3\x98rn Stra\xc3\x9f"
         "e",
         "Orn STRASSE", "redacted"},
        {"\xe6\x9d\x8e\xe9\x9b\xb7", "x\xe6\x9d\x8e\xe9\x9b\xb7y", "xredactedy"},
        /* In both orders, without titles, and without what is in the middle. */
        {"Name, Given", "by Given Name", "by redacted"},
        {"Dr. Given Name, PhD", "by Given Name", "by redacted"},
        {"Given Middle Name", "Given Name; Name, Given Middle", "redacted; redacted"},
        {"Given Middle Name", "Middle Name", "Middle Name"},
        {"Dr. Name", "Dr. Name and name", "redacted and redacted"},
        /* Titles of several words, and what is a title only where a name is left. */
        {"Dr. rer. nat. Ada Lovelace", "Ada Lovelace; Lovelace, Ada; A. Lovelace",
         "redacted; redacted; redacted"},
        {"PD Dr. med. Ada Lovelace", "Ada Lovelace; Lovelace, Ada; A. Lovelace",
         "redacted; redacted; redacted"},
        {"Ada Lovelace, Ph.D.", "Ada Lovelace; Lovelace, Ada; A. Lovelace",
         "redacted; redacted; redacted"},
        {"Ada Lovelace M.Sc.", "Ada Lovelace; Lovelace, Ada; A. Lovelace",
         "redacted; redacted; redacted"},
        {"Lovelace, Ada, Ph.D., M.Sc.", "Ada Lovelace; A. Lovelace",
         "redacted; redacted"},
        {"Univ.-Prof. Dipl.-Ing. Dr. techn. Ada Lovelace", "A. Lovelace", "redacted"},
        {"Dr. phil. Ada Lovelace", "Ada Lovelace", "redacted"},
        {"Dr. Phil Lovelace", "Phil Lovelace, P. Lovelace", "redacted, redacted"},
        {"Dr. h. c. Ada Lovelace", "A. Lovelace", "redacted"},
        {"Dr. H. C. Lovelace", "H. C. Lovelace", "redacted"},
        {"Lovelace, M. A.", "M. A. Lovelace", "redacted"},
        {"Ada Lovelace, M.A.", "A. Lovelace", "redacted"},
        {"Ada Lovelace, PhD", "a PhD in nat. sc.", "a PhD in nat. sc."},
        {"Dr. rer. nat. Ada Lovelace", "Dr. rer. nat.", "Dr. rer. nat."},
        /* Names of several words, and what stands in brackets. */
        {"van Beethoven, Ludwig",
         "L. van Beethoven; van Beethoven, L.; Ludwig van Beethoven; L. Beethoven",
         "redacted; redacted.; redacted; redacted"},
        {"Garc\xc3\xad"
         "a M\xc3\xa1rquez, Gabriel",
         "G. Garcia Marquez; Garcia Marquez, G.; Gabriel Garcia Marquez",
         "redacted; redacted.; redacted"},
        {"Ada Lovelace (Institute of X)", "Ada Lovelace; A. Lovelace; Institute of X",
         "redacted; redacted; Institute of X"},
        {"Ada Lovelace [X (Y)], PhD", "Lovelace, Ada", "redacted"},
        {"(Ada Lovelace)", "A. Lovelace", "redacted"},
        {"Ada Lovelace (X", "Ada Lovelace (X)", "redacted)"},
        {"Ada Love\xc2\xad"
         "lace",
         "Ada Lovelace", "redacted"},
        {"Ada\xe2\x80\x8bLovelace", "A. Lovelace", "redacted"},
        /* Letters of some given names, or of all. */
        {"Ada King Lovelace",
         "A. K. Lovelace; Ada K. Lovelace, A.K. Lovelace. A. Lovelace",
         "redacted; redacted, redacted. redacted"},
        {"Lovelace, Ada King", "by Lovelace, A. K.", "by redacted."},
        {"Ada King Lovelace", "K. Lovelace", "K. Lovelace"},
        /* What is short is part of too much. */
        {"Bo", "Bo says", "Bo says"},
        {"A B", "a b c", "a b c"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n;
        const char *text = redacting_redact(
            arena_print(redacting_arena, "{\"contact\":{\"name\":\"%s\"},\"x\":\"%s\"}",
                        rows[i].name, rows[i].text),
            &n);
        assert_string_equal(
            strstr(text, "\"x\":"),
            arena_print(redacting_arena, "\"x\":\"%s\"}", rows[i].redacted));
    }
}

/* Of two that begin alike the longer one, in whatever order they come. */
static void
test_the_longest_name_is_taken(void **state)
{
    (void)state;
    redacting_check(
        "{\"contributor\":[{\"name\":\"Anna Lee\"},{\"name\":\"Anna Lee Given\"},"
        "{\"name\":\"Mary Anna Lee\"}],\"x\":\"Mary Anna Lee, Anna Lee Given\"}",
        "{\"contributor\":[{\"name\":\"redacted\"},{\"name\":\"redacted\"},"
        "{\"name\":\"redacted\"}],\"x\":\"redacted, redacted\"}",
        5);
}

/* What has more words than a name is found as a whole, never by a common word of it;
 * of several that begin alike as much goes as is written of one. */
static void
test_a_name_of_many_words_is_found_as_a_whole(void **state)
{
    static const char house[] = "The Department of Physics and Astronomy of the "
                                "University of Southern Somewhere and Institute for "
                                "Applied Research Data";
    static const char left[] = "research data, the data and applied research data";
    size_t n;
    (void)state;
    const char *text = redacting_redact(
        arena_print(redacting_arena,
                    "{\"contributor\":[{\"name\":\"%s\"},{\"name\":\"%s and "
                    "more\"}],\"x\":\"%s; at %s. %s, and moreover\"}",
                    house, house, left, house, house),
        &n);
    assert_string_equal(strstr(text, "\"x\":"),
                        arena_print(redacting_arena,
                                    "\"x\":\"%s; at redacted. redacted moreover\"}",
                                    left));
    assert_int_equal(n, 4);
}

/* However long a name is, and however many there are. */
static void
test_long_names_and_many_people_are_found(void **state)
{
    const char *name = "Given", *people = "", *text = "";
    size_t n;
    (void)state;
    for (size_t i = 0; i < 60; i++) {
        name = arena_print(redacting_arena, "%s long%zu", name, i);
    }
    for (size_t i = 0; i < 400; i++) {
        people =
            arena_print(redacting_arena, "%s,{\"name\":\"Given Name%zu\"}", people, i);
        text = arena_print(redacting_arena, "%s given name%zu", text, i);
    }
    const char *done = redacting_redact(
        arena_print(redacting_arena,
                    "{\"contributor\":[{\"name\":\"%s\"}%s],\"x\":\"by %s.\","
                    "\"y\":\"%s\"}",
                    name, people, name, text),
        &n);
    assert_true(strlen(name) > 256);
    assert_null(strstr(done, "long"));
    assert_null(strcasestr(done, "given"));
    assert_non_null(strstr(done, "\"x\":\"by redacted"));
    /* One word of a name may be as long as all others. */
    char *word = arena_alloc(redacting_arena, 1001);
    memset(word, 'a', 1000);
    word[1000] = '\0';
    done = redacting_redact(
        arena_print(redacting_arena,
                    "{\"contact\":{\"name\":\"%s B\"},\"x\":\"a%s B and %s b\"}", word,
                    word, word),
        &n);
    assert_string_equal(
        strstr(done, "\"x\":"),
        arena_print(redacting_arena, "\"x\":\"a%s B and redacted\"}", word));
}

/* Or the rest of the longer one would stay. */
static void
test_of_two_names_the_longer_is_looked_for_first(void **state)
{
    (void)state;
    redacting_check(
        "{\"contributor\":[{\"name\":\"Ada Love\"},{\"name\":\"Ada Love Lace\"},"
        "{\"name\":\"Love Lace\"}],\"x\":\"Ada Love Lace, Ada Love, Love Lace\"}",
        "{\"contributor\":[{\"name\":\"redacted\"},{\"name\":\"redacted\"},"
        "{\"name\":\"redacted\"}],\"x\":\"redacted, redacted, redacted\"}",
        6);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_in_parts_is_learned),
        cmocka_unit_test(test_a_name_is_found_however_it_is_spelled),
        cmocka_unit_test(test_the_longest_name_is_taken),
        cmocka_unit_test(test_a_name_of_many_words_is_found_as_a_whole),
        cmocka_unit_test(test_long_names_and_many_people_are_found),
        cmocka_unit_test(test_of_two_names_the_longer_is_looked_for_first),
    };
    return cmocka_run_group_tests(tests, redacting_set_up, redacting_tear_down);
}
