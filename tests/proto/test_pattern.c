/* Patterns mean what POSIX says they mean, and take the time they may take. */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/pattern.h"

enum { LONG_TEXT = 16384, PATIENCE_S = 120 };

/* ---- What they mean ---- */

static void
test_a_pattern_is_of_the_whole_text(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool is_match;
    } rows[] = {
        {"", "", true},
        {"", "a", false},
        {"abc", "abc", true},
        {"abc", "abcd", false},
        {"bc", "abc", false},
        {"a|ab", "ab", true},
        {"a|ab", "abb", false},
        {"(a|b)c|d", "bc", true},
        {"(a|b)c|d", "bd", false},
        {"a|", "", true},
        {"()", "", true},
        {"a*", "", true},
        {"a+", "", false},
        {"a+", "aaa", true},
        {"ab?c", "ac", true},
        {"ab?c", "abbc", false},
        {"a{2}", "aa", true},
        {"a{2}", "aaa", false},
        {"a{2,3}", "a", false},
        {"a{2,3}", "aaa", true},
        {"a{2,3}", "aaaa", false},
        {"a{2,}", "aaaaa", true},
        {"a{,2}", "", true},
        {"a{,2}", "aaa", false},
        {"a{0}b", "b", true},
        {"(ab){2}", "abab", true},
        {"(a*)*b", "aab", true},
        {"^a$", "a", true},
        {"(^a|b$)", "b", true},
        {"a^b", "ab", false},
        {"a$b", "ab", false},
        {"a$\n", "a\n", false},
        {"a", "a\n", false},
        {".", "\n", true},
        {"\\.", ".", true},
        {"\\.", "a", false},
        {"\\(\\)\\{\\}\\[\\]\\*\\+\\?\\|\\^\\$\\\\", "(){}[]*+?|^$\\", true},
        {"[a-c]x", "bx", true},
        {"[a-c]", "d", false},
        {"[^a-c]", "d", true},
        {"[^a-c]", "b", false},
        {"[]a]+", "]a", true},
        {"[^]a]", "]", false},
        {"[a-]+", "a-", true},
        {"[\\d]+", "\\d", true},
        {"[(|)]+", "(|)", true},
        {"([)])", ")", true},
        {"[[:alpha:]_][[:alnum:]_]*", "x_1", true},
        {"[[:digit:]]", "x", false},
        {"[^[:space:]]+", "a b", false},
        {"[[:xdigit:]]{2}", "fF", true},
        {"[[:punct:]]+", "!/:@[`{~", true},
        {"[[:punct:]]", "a", false},
        {"[[:upper:][:lower:]]+", "aZ", true},
        {"[[:blank:]]+", " \t", true},
        {"[[:cntrl:]]+", "\x01\x1f\x7f", true},
        {"[[:graph:]]", " ", false},
        {"[[:print:]]", " ", true},
        {"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]", "0000-0002-1825-009X", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(pattern_is_good(rows[i].pattern));
        if (pattern_matches(rows[i].pattern, rows[i].text) != rows[i].is_match) {
            fail_msg("%s of %s", rows[i].pattern, rows[i].text);
        }
    }
}

/* A letter of two bytes is two bytes, alone, repeated and in a set. */
static void
test_patterns_are_of_bytes(void **state)
{
    (void)state;
    assert_false(pattern_matches(".", "\xc3\xa9"));
    assert_true(pattern_matches("..", "\xc3\xa9"));
    assert_true(pattern_matches("\xc3\xa9", "\xc3\xa9"));
    assert_true(pattern_matches("(\xc3\xa9)+", "\xc3\xa9\xc3\xa9"));
    assert_false(pattern_matches("\xc3\xa9+", "\xc3\xa9\xc3\xa9"));
    assert_true(pattern_matches("[\xc3\xa9]+", "\xc3\xa9"));
    assert_true(pattern_matches("[^a]+", "\xff\x80"));
    assert_true(pattern_matches("[\x80-\xff]", "\xfe"));
}

static void
test_what_is_no_pattern_matches_nothing(void **state)
{
    static const char *const rows[] = {
        "(",        ")",       "a)|b(c",
        "(()",      "[",       "[]",
        "[^]",      "[a",      "[[:alpha",
        "[[:no:]]", "[[.a.]]", "[[=a=]]",
        "[b-a]",    "\\",      "a\\",
        "\\d",      "\\w",     "\\1",
        "\\<",      "*",       "+a",
        "?",        "{1}",     "(*a)",
        "a|*",      "^*",      "$?",
        "a**",      "a+*",     "a{2}{3}",
        "a{",       "a{}",     "a{x}",
        "a{1",      "a{1,2",   "a{2,1}",
        "a{-1}",    "a{1024}", "a{99999999999999999999}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (pattern_is_good(rows[i])) {
            fail_msg("%s is taken", rows[i]);
        }
        assert_false(pattern_matches(rows[i], ""));
        assert_false(pattern_matches(rows[i], rows[i]));
    }
}

static char *
repeated(char *out, const char *before, size_t n, const char *after, size_t m)
{
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        strcat(out, before);
    }
    for (size_t i = 0; i < m; i++) {
        strcat(out, after);
    }
    return out;
}

static void
test_a_pattern_has_256_bytes_and_1024_steps(void **state)
{
    char text[PATTERN_MAX_BYTES + 2];
    (void)state;
    assert_true(pattern_is_good(repeated(text, "a", 256, "", 0)));
    assert_true(pattern_matches(text, text));
    assert_false(pattern_is_good(repeated(text, "a", 257, "", 0)));
    /* The last step says that nothing follows. */
    assert_true(pattern_is_good("a{1023}"));
    assert_false(pattern_is_good("a{1024}"));
    assert_true(pattern_is_good("a{0,511}"));
    assert_false(pattern_is_good("a{0,512}"));
    assert_false(pattern_is_good("(a{32}){32}"));
    /* Nothing, often: no step, and time all the same. */
    assert_false(pattern_is_good("((((){255}){255}){255}){255}"));
    assert_true(pattern_is_good(repeated(text, "(", 128, ")", 128)));
    assert_true(pattern_matches(text, ""));
    assert_true(pattern_is_good(repeated(text, "[a]", 85, "", 0)));
    assert_true(pattern_is_good(repeated(text, "a|", 128, "", 0)));
}

/* ---- What the C library says ---- */

static uint32_t
next_random(uint32_t *seed)
{
    *seed = *seed * UINT32_C(1664525) + UINT32_C(1013904223);
    return *seed >> 16;
}

static void
random_text(uint32_t *seed, const char *letters, size_t max, char *out)
{
    size_t size = next_random(seed) % (max + 1);
    for (size_t i = 0; i < size; i++) {
        out[i] = letters[next_random(seed) % strlen(letters)];
    }
    out[size] = '\0';
}

/* -1 = it does not compile there. */
static int
library_matches(const char *pattern, const char *text)
{
    char whole[32];
    regex_t compiled;
    (void)snprintf(whole, sizeof whole, "^(%s)$", pattern);
    if (regcomp(&compiled, whole, REG_EXTENDED | REG_NOSUB) != 0) {
        return -1;
    }
    int is_match = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return is_match;
}

static void
test_what_is_taken_means_what_the_c_library_means(void **state)
{
    static const struct {
        const char *letters;
        size_t max;
    } kinds[] = {{"ab()|*+?.", 12}, {"ab[]^-*", 10}, {"ab{}012,()", 10}};
    uint32_t seed = 7;
    size_t n_compared = 0;
    (void)state;
    for (size_t i = 0; i < 60000; i++) {
        char pattern[16];
        char text[8];
        random_text(&seed, kinds[i % 3].letters, kinds[i % 3].max, pattern);
        if (!pattern_is_good(pattern)) {
            continue;
        }
        random_text(&seed, "ab-^]", 4, text);
        int expected = library_matches(pattern, text);
        if (pattern_matches(pattern, text) != (expected == 1)) {
            fail_msg("%s of %s: %d there", pattern, text, expected);
        }
        n_compared++;
    }
    /* A comparison of nothing would pass, too. */
    assert_true(n_compared > 10000);
}

/* ---- What they cost ---- */

/* Each of these keeps a matcher that tries one way after the other, or that copies what
 * is repeated, busy for longer than anybody waits: the alarm ends the test then. */
static void
test_no_pattern_and_no_text_takes_long(void **state)
{
    static const char *const hostile[] = {
        "a++++++++++++++++",
        "((((((((((((((((((((a)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+b",
        "(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*(a*)*b",
        "(a|aa)+b",
        "(a|b)*a(a|b){240}",
        "(.*a)?.{0,500}",
        "(((a{1,10}){1,10}){1,10}){1,10}",
        "(.?){300}b",
    };
    static char text[LONG_TEXT + 1];
    uint32_t seed = 3;
    (void)state;
    for (size_t i = 0; i < LONG_TEXT; i++) {
        text[i] = "ab"[next_random(&seed) % 2];
    }
    (void)alarm(PATIENCE_S);
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        (void)pattern_matches(hostile[i], text);
    }
    memset(text, 'a', LONG_TEXT);
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        (void)pattern_matches(hostile[i], text);
    }
    (void)alarm(0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pattern_is_of_the_whole_text),
        cmocka_unit_test(test_patterns_are_of_bytes),
        cmocka_unit_test(test_what_is_no_pattern_matches_nothing),
        cmocka_unit_test(test_a_pattern_has_256_bytes_and_1024_steps),
        cmocka_unit_test(test_what_is_taken_means_what_the_c_library_means),
        cmocka_unit_test(test_no_pattern_and_no_text_takes_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
