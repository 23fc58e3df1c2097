#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/text_spelling.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])

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

static void
test_texts_that_say_the_same_are_spelled_the_same(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"Ada LOVELACE, 1", "ada lovelace, 1"},
        {"Jos\xc3\xa9", "jose"},
        {"JOSE\xcc\x81", "jose"},
        {"Stra\xc3\x9f"
         "e",
         "strasse"},
        {"O\xe2\x80\x99"
         "Brien \xe2\x80\x93 x",
         "o'brien - x"},
        {"Ada\xc2\xa0L", "ada l"},
        {"A\xc2\xad"
         "da\xe2\x80\x8b",
         "ada"},
        {"\xe2\x80\x9c"
         "Ada\xe2\x80\x9d",
         "'ada'"},
        {"\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd", "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd"},
        {"\xef\xbc\xa1"
         "da",
         "ada"},
        {"a\xff"
         "b\xc3",
         "a\xff"
         "b\xc3"},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        struct text_spelling spelling = text_spelling_of(rows[i][0], arena);
        assert_string_equal(spelling.text, rows[i][1]);
        assert_int_equal(spelling.size, strlen(rows[i][1]));
        assert_int_equal(spelling.at[spelling.size], strlen(rows[i][0]));
    }
}

/* What grows to many times its size: one ligature is eighteen letters. */
static void
test_what_grows_has_room(void **state)
{
    (void)state;
    struct text_spelling spelling =
        text_spelling_of("\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba", arena);
    assert_true(spelling.size > 50);
    assert_int_equal(spelling.at[spelling.size], 9);
    assert_int_equal(spelling.at[spelling.size - 1], 6);
}

static void
test_a_place_is_found_in_the_spelling(void **state)
{
    (void)state;
    /* e with an accent behind it, sharp s, x. */
    struct text_spelling spelling = text_spelling_of("e\xcc\x81\xc3\x9fx", arena);
    size_t byte = 0;
    assert_string_equal(spelling.text, "essx");
    assert_true(text_spelling_begins(&spelling, 0, &byte));
    assert_int_equal(byte, 0);
    /* The accent is no character of its own, nor is the half of one. */
    assert_false(text_spelling_begins(&spelling, 1, &byte));
    assert_true(text_spelling_begins(&spelling, 3, &byte));
    assert_int_equal(byte, 1);
    assert_false(text_spelling_begins(&spelling, 4, &byte));
    assert_true(text_spelling_begins(&spelling, 5, &byte));
    assert_int_equal(byte, 3);
    assert_false(text_spelling_begins(&spelling, 6, &byte));
    assert_true(text_spelling_ends(&spelling, 0));
    assert_true(text_spelling_ends(&spelling, 1));
    assert_false(text_spelling_ends(&spelling, 2));
    assert_true(text_spelling_ends(&spelling, 3));
    assert_true(text_spelling_ends(&spelling, 4));
}

static void
test_letters_are_told_from_the_rest(void **state)
{
    (void)state;
    assert_true(text_spelling_is_letter('a'));
    assert_true(text_spelling_is_letter('9'));
    assert_true(text_spelling_is_letter('\xd0'));
    assert_false(text_spelling_is_letter('-'));
    assert_false(text_spelling_is_letter('\0'));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_that_say_the_same_are_spelled_the_same),
        cmocka_unit_test(test_what_grows_has_room),
        cmocka_unit_test(test_a_place_is_found_in_the_spelling),
        cmocka_unit_test(test_letters_are_told_from_the_rest),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
