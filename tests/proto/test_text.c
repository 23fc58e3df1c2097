#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/rules.h"
#include "proto/text.h"

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

static bool
is_utf8(const char *text)
{
    return text_is_utf8((struct bytes){(const uint8_t *)text, strlen(text)});
}

static void
test_nothing_a_terminal_would_obey_is_left(void **state)
{
    static const struct {
        const char *text, *harmless;
    } rows[] = {
        {"", ""},
        {"plain \xc3\xa9 \xe2\x82\xac", "plain \xc3\xa9 \xe2\x82\xac"},
        {"a\x1b[31mb\tc\nd\x7f", "a [31mb c d "},
        {"\xc2\x9b"
         "31m",
         " 31m"}, /* CSI of the second range. */
        {"a\xe2\x80\xae"
         "b",
         "a b"}, /* From right to left. */
        {"a\xe2\x81\xa6"
         "b",
         "a b"}, /* An isolate. */
        {"a\xe2\x80\xa8"
         "b",
         "a b"}, /* A line separator. */
        {"a\xff"
         "b\xc3",
         "a?b?"}, /* No UTF-8. */
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(text_harmless(rows[i].text, arena), rows[i].harmless);
    }
}

static void
test_utf8_is_judged_by_the_standard(void **state)
{
    static const char *const good[] = {"",
                                       "plain",
                                       "\xc3\xa9",
                                       "\xe2\x82\xac",
                                       "\xf0\x9f\x98\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {
        "\x80",             /* A continuation alone. */
        "\xc3",             /* Cut off. */
        "\xe2\x82",         /* Cut off. */
        "\xc0\xaf",         /* Overlong. */
        "\xe0\x80\xaf",     /* Overlong. */
        "\xf0\x80\x80\xaf", /* Overlong. */
        "\xed\xa0\x80",     /* A surrogate. */
        "\xf4\x90\x80\x80", /* Above U+10FFFF. */
        "\xff",
        "a\xfe"
        "b",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(is_utf8(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(is_utf8(bad[i]));
    }
    assert_false(text_is_utf8((struct bytes){(const uint8_t *)"a\0b", 3}));
    assert_false(text_is_utf8((struct bytes){(const uint8_t *)"\xc0\x80", 2}));
}

static void
test_folding_makes_names_that_read_the_same_equal(void **state)
{
    static const struct {
        const char *from;
        const char *to;
    } rows[] = {
        {"", ""},
        {"  -- ", ""},
        {"HPC", "hpc"},
        {"  Cloud -- Compute!  ", "cloud compute"},
        {"Caf\xc3\xa9", "cafe"},
        {"Cafe\xcc\x81", "cafe"},
        {"\xc5\x81\xc3\xb3"
         "d\xc5\xba",
         "lodz"},
        {"S\xc3\xb8ren \xc3\x86sop \xc5\x92uvre", "soren aesop oeuvre"},
        {"Stra\xc3\x9f"
         "e STRASSE",
         "strasse strasse"},
        {"\xc4\x90uro \xc4\xb1 \xc4\xb0", "duro i i"},
        {"\xef\xbc\xa8\xef\xbc\xb0\xef\xbc\xa3", "hpc"}, /* Full width. */
        {"10 \xc2\xb2", "10 2"},
        {"\xce\x91\xce\xb8\xce\xae\xce\xbd\xce\xb1",
         "\xce\xb1\xce\xb8\xce\xb7\xce\xbd\xce\xb1"},
        {"a\xff"
         "b",
         "ab"},
        {"a.b_c/d", "a b c d"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(text_fold(rows[i].from, arena), rows[i].to);
        const char *once = text_fold(rows[i].from, arena);
        assert_string_equal(text_fold(once, arena), once);
    }
}

/* Letters of ASCII are folded without the tables of Unicode: each by itself, and
 * between letters that need them. */
static void
test_each_byte_of_ascii_is_folded_as_everywhere(void **state)
{
    (void)state;
    for (int byte = 1; byte < 0x80; byte++) {
        bool is_letter = isalnum(byte) != 0;
        const char *text = arena_print(arena, "é%cÉ", byte);
        const char *lower =
            is_letter ? arena_print(arena, "e%ce", tolower(byte)) : "e e";
        const char *kept = is_letter ? arena_print(arena, "e%cE", byte) : "e-E";
        assert_string_equal(text_fold(text, arena), lower);
        assert_string_equal(text_local_id(text, arena), kept);
    }
}

static void
test_words_are_folded_and_cut_between_characters(void **state)
{
    char **words;
    size_t n;
    (void)state;
    text_words("Big \xc3\x89lan, twice", arena, &words, &n);
    assert_int_equal(n, 3);
    assert_string_equal(words[0], "big");
    assert_string_equal(words[1], "elan");
    assert_string_equal(words[2], "twice");
    text_words("...", arena, &words, &n);
    assert_int_equal(n, 0);
    char greek[2 * 40 + 2] = "x";
    for (int i = 0; i < 40; i++) {
        memcpy(greek + 1 + 2 * i, "\xce\xb1", 3);
    }
    text_words(greek, arena, &words, &n);
    assert_int_equal(n, 1);
    assert_int_equal(strlen(words[0]), 63);
    assert_true(is_utf8(words[0]));
}

static void
test_local_ids_keep_case_and_fit_the_rule(void **state)
{
    (void)state;
    assert_string_equal(text_local_id("EGI Cloud Compute (beta)", arena),
                        "EGI-Cloud-Compute-beta");
    assert_string_equal(text_local_id("\xc5\x81\xc3\xb3"
                                      "d\xc5\xba \xc3\x9cni",
                                      arena),
                        "Lodz-Uni");
    assert_string_equal(text_local_id("\xce\xb1\xce\xb2", arena), "");
    char large[1001];
    memset(large, 'a', 1000);
    large[1000] = '\0';
    assert_int_equal(strlen(text_local_id(large, arena)), 128);
    assert_true(rules_is_local(text_local_id(large, arena)));
}

static void
test_escaped_ids_differ_when_their_keys_do(void **state)
{
    (void)state;
    assert_string_equal(text_escaped_id("a.b_c-D9", arena), "a.b_c-D9");
    assert_string_equal(text_escaped_id("a b/c~", arena), "a~20b~2Fc~7E");
    assert_string_equal(text_escaped_id(".x.", arena), "~2Ex~2E");
    assert_string_equal(text_escaped_id(".", arena), "~2E");
    assert_string_equal(text_escaped_id("\xc3\xa9", arena), "~C3~A9");
    assert_true(rules_is_local(text_escaped_id(".a b.", arena)));
}

static void
test_base64url_comes_back(void **state)
{
    (void)state;
    uint8_t data[64];
    unsigned seed = (unsigned)arena_used(arena) + 20260;
    printf("seed %u\n", seed);
    srandom(seed);
    for (size_t size = 0; size < sizeof data; size++) {
        for (size_t i = 0; i < size; i++) {
            data[i] = (uint8_t)random();
        }
        char *text = text_base64url((struct bytes){data, size}, arena);
        struct bytes back;
        assert_null(strpbrk(text, "+/="));
        assert_true(text_from_base64url(text, arena, &back));
        assert_int_equal(back.size, size);
        assert_memory_equal(back.data, data, size);
    }
    assert_string_equal(
        text_base64url((struct bytes){(const uint8_t *)"\xfb\xff", 2}, arena), "-_8");
}

static void
test_base64url_refuses_what_it_would_not_write(void **state)
{
    static const char *const bad[] = {
        "A", "AAAAA", "-_9", "-_8=", "+/8", "a b", "AA\n"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bytes out;
        assert_false(text_from_base64url(bad[i], arena, &out));
    }
}

/* Bytes of a text that fold to a word are exactly where it says. */
static void
test_words_say_where_they_stand(void **state)
{
    static const struct {
        const char *text;
        const char *words; /* As they stand, "|" between. */
        const char *folded;
    } rows[] = {
        {"", "", ""},
        {" -- ", "", ""},
        {"Zo\xc3\xab, Smith", "Zo\xc3\xab|Smith", "zoe smith"},
        {"Zoe\xcc\x88 S", "Zoe\xcc\x88|S", "zoe s"},
        {"(A.B)\xe2\x80\x94"
         "c",
         "A|B|c", "a b c"},
        {"Stra\xc3\x9f"
         "e 1",
         "Stra\xc3\x9f"
         "e|1",
         "strasse 1"},
        {"x\xe6\x9d\x8e\xe9\x9b\xb7y", "x|\xe6\x9d\x8e|\xe9\x9b\xb7|y",
         "x \xe6\x9d\x8e \xe9\x9b\xb7 y"},
        {"a\xff"
         "b",
         "a\xff"
         "b",
         "ab"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text_word *words;
        size_t n;
        const char *folded = text_fold_words(rows[i].text, arena, &words, &n);
        const char *found = "";
        assert_string_equal(folded, rows[i].folded);
        for (size_t k = 0; k < n; k++) {
            found = arena_print(arena, "%s%s%.*s", found, k == 0 ? "" : "|",
                                (int)(words[k].end - words[k].from),
                                rows[i].text + words[k].from);
            assert_true(words[k].folded == 0 || folded[words[k].folded - 1] == ' ');
            assert_true(folded[words[k].folded_end] == ' ' ||
                        folded[words[k].folded_end] == '\0');
        }
        assert_string_equal(found, rows[i].words);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_say_where_they_stand),
        cmocka_unit_test(test_nothing_a_terminal_would_obey_is_left),
        cmocka_unit_test(test_utf8_is_judged_by_the_standard),
        cmocka_unit_test(test_folding_makes_names_that_read_the_same_equal),
        cmocka_unit_test(test_each_byte_of_ascii_is_folded_as_everywhere),
        cmocka_unit_test(test_words_are_folded_and_cut_between_characters),
        cmocka_unit_test(test_local_ids_keep_case_and_fit_the_rule),
        cmocka_unit_test(test_escaped_ids_differ_when_their_keys_do),
        cmocka_unit_test(test_base64url_comes_back),
        cmocka_unit_test(test_base64url_refuses_what_it_would_not_write),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
