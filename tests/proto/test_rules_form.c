#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/rules.h"
#include "proto/rules_form.h"

typedef bool (*form_fn)(const char *text);

static struct arena *arena;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *
letters(size_t n)
{
    char *text = arena_alloc(arena, n + 1);
    memset(text, 'a', n);
    return text;
}

static const char *
join(const char *before, const char *after)
{
    return arena_print(arena, "%s%s", before, after);
}

static void
expect(form_fn form, const char *const *texts, bool wanted)
{
    for (; *texts != NULL; texts++) {
        if (form(*texts) != wanted) {
            print_error("\"%s\"\n", *texts);
        }
        assert_int_equal(form(*texts), wanted);
    }
}

static void
test_ids_are_in_form(void **state)
{
    const char *const good[] = {"a/b", "acme/O-9.x_~y", NULL};
    const char *const locals[] = {"a", "A.b", "~2E", "-", letters(128), NULL};
    const char *const bad_locals[] = {"",    ".",        ".a",         "a.", "a b",
                                      "a/b", "\xc3\xa9", letters(129), NULL};
    const char *const registries[] = {"a", "a-1", letters(31), NULL};
    const char *const bad_registries[] = {"",    "1a",        "-a", "A",
                                          "a_b", letters(32), NULL};
    (void)state;
    expect(rules_is_id, good, true);
    expect(rules_is_local, locals, true);
    expect(rules_is_local, bad_locals, false);
    expect(rules_is_registry, registries, true);
    expect(rules_is_registry, bad_registries, false);
    const char *const bad_ids[] = {"",     "a",    "a/",   "/b",   "a/b/c", "A/b",
                                   "a/b ", "a/.b", "a//b", "a/b/", NULL};
    expect(rules_is_id, bad_ids, false);
}

static void
test_part_ids_have_three_parts(void **state)
{
    const char *const good[] = {"a/b/c", "acme/o-9/vm", "a/b~/.c", NULL};
    const char *const bad[] = {"",        "a/b",    "a/b/",   "a//c", "/b/c",
                               "a/b/c/d", "a/b/c~", "a/.b/c", NULL};
    (void)state;
    expect(rules_is_part_id, good, true);
    expect(rules_is_part_id, bad, false);
    assert_true(rules_is_part(letters(64)));
    assert_false(rules_is_part(letters(65)));
    assert_false(rules_is_part(""));
}

static void
test_decimals_are_in_form_and_compare_exactly(void **state)
{
    const char *const good[] = {"0", "-0", "007", "1.5", "-123456789012345.123456789",
                                NULL};
    const char *const bad[] = {"",
                               "-",
                               "+1",
                               ".5",
                               "1.",
                               "1e3",
                               "1.1234567890",
                               " 1",
                               "1 ",
                               "1,5",
                               "1234567890123456",
                               "--1",
                               NULL};
    static const struct {
        const char *a;
        const char *b;
        int order;
    } rows[] = {
        {"1", "1.0", 0},
        {"0", "-0.000", 0},
        {"007", "7", 0},
        {"1.5", "1.49", 1},
        {"-1", "1", -1},
        {"-2", "-1", -1},
        {"10", "9", 1},
        {"0.1", "0.10", 0},
        {"0.1", "0.01", 1},
        {"-0.5", "0", -1},
        {"1.05", "1.5", -1},
        {"-10", "-9.9", -1},
        {"999999999999999.999999999", "999999999999999.999999998", 1},
    };
    (void)state;
    expect(rules_is_decimal, good, true);
    expect(rules_is_decimal, bad, false);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(rules_compare_decimal(rows[i].a, rows[i].b), rows[i].order);
        assert_int_equal(rules_compare_decimal(rows[i].b, rows[i].a), -rows[i].order);
    }
}

static void
test_dates_exist(void **state)
{
    const char *const good[] = {"2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31",
                                NULL};
    const char *const bad[] = {"",           "2023-02-29", "1900-02-29", "2024-00-01",
                               "2024-13-01", "2024-04-31", "2024-4-01",  "2024-04-00",
                               "0000-01-01", "2024-04-0x", "2024/04/01", "2024-04-011",
                               "-024-04-01", NULL};
    (void)state;
    expect(rules_is_date, good, true);
    expect(rules_is_date, bad, false);
}

static void
test_urls_are_safe_to_show(void **state)
{
    const char *const good[] = {"http://a",   "https://a.b/c?d#e", "ldap://h:2170",
                                "mailto:a@b", "srm://x",           "HTTP://A",
                                NULL};
    const char *const bad[] = {"",
                               "a.org",
                               "://x",
                               "1a://x",
                               "http://",
                               "javascript:alert(1)",
                               "JavaScript://x",
                               "data://text",
                               "vbscript://x",
                               "http://a b",
                               "http://a\n",
                               "http://\"onload",
                               "http://<x>",
                               "mailto:",
                               "mailto:a b@c",
                               join("http://", letters(2048)),
                               NULL};
    const char *const not_web[] = {"ftp://a",    "http:///x",  "https://?x",
                                   "http://:80", "mailto:a@b", "http://#",
                                   NULL};
    (void)state;
    expect(rules_is_url, good, true);
    expect(rules_is_url, bad, false);
    expect(rules_is_web_url, not_web, false);
    assert_true(rules_is_web_url("HTTPS://a"));
}

static void
test_addresses_have_one_at_sign(void **state)
{
    const char *const good[] = {"a@b", "a.b+c@d.example", NULL};
    const char *const bad[] = {"",
                               "a",
                               "@b",
                               "a@",
                               "a@b@c",
                               "a b@c",
                               "a@b\r\nBcc: x",
                               "<a@b>",
                               join(letters(253), "@b"),
                               NULL};
    (void)state;
    expect(rules_is_email, good, true);
    expect(rules_is_email, bad, false);
}

static void
test_spiffe_names_are_exact(void **state)
{
    const char *const good[] = {"spiffe://a/b", "spiffe://acme.example/x/y.z", NULL};
    const char *const bad[] = {"",
                               "spiffe://",
                               "spiffe://a",
                               "spiffe://a/",
                               "spiffe://A/b",
                               "SPIFFE://a/b",
                               "spiffe:///b",
                               "spiffe://a//b",
                               "spiffe://a/b/",
                               "spiffe://a/.",
                               "spiffe://a/..",
                               "spiffe://a/b?c",
                               "spiffe://a/b%20",
                               "spiffe://a:1/b",
                               "spiffe://u@a/b",
                               join("spiffe://a/", letters(2048)),
                               NULL};
    const char *const patterns[] = {"spiffe://a/*", "spiffe://a/b/*", "spiffe://a/b",
                                    NULL};
    const char *const no_patterns[] = {"spiffe://*/b", "spiffe://a/*/b",
                                       "spiffe://a/b*", "spiffe://a/**", NULL};
    (void)state;
    expect(rules_is_spiffe, good, true);
    expect(rules_is_spiffe, bad, false);
    expect(rules_is_spiffe_pattern, bad, false);
    expect(rules_is_spiffe_pattern, patterns, true);
    expect(rules_is_spiffe_pattern, no_patterns, false);
    assert_false(rules_is_spiffe("spiffe://a/*"));
}

static void
test_scopes_name_something_of_a_registry(void **state)
{
    const char *const good[] = {"r:acme", "p:acme/hpc", "j:acme/p1", NULL};
    const char *const bad[] = {"",        "acme", "r:", "r:a/b", "p:acme", "j:acme/",
                               "=r:acme", "~*",   "*",  "x:a/b", NULL};
    (void)state;
    expect(rules_is_scope, good, true);
    expect(rules_is_scope, bad, false);
}

static void
test_patterns_cannot_take_the_broker_down(void **state)
{
    const char *const good[] = {"",        "[a-z]+", "a{1,8}",       "(a|b)*",
                                "\\{x\\}", "^.$",    "a{1,64}b{64}", NULL};
    const char *const bad[] = {"(",
                               "[",
                               "a{2,1}",
                               "*a**(",
                               "((a{1,255}){1,255}){1,255}",
                               "a{99999}",
                               "(a)\\1",
                               "a{1,64}{1,65}",
                               "a++++++++++++++++",
                               "\\d+",
                               letters(257),
                               NULL};
    (void)state;
    expect(rules_form(RULE_PATTERN)->is_good, good, true);
    expect(rules_form(RULE_PATTERN)->is_good, bad, false);
}

static void
test_bundles_hold_1_to_16_certificates(void **state)
{
    static const char one[] =
        "-----BEGIN CERTIFICATE-----\nAB+/==\r\n-----END CERTIFICATE-----\n";
    const char *many = "";
    (void)state;
    for (int i = 0; i < 16; i++) {
        many = join(many, one);
        assert_true(rules_is_bundle(many));
    }
    const char *const bad[] = {
        "",
        "x",
        join(many, one),
        join(one, "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n"),
        join("hello\n", one),
        "-----BEGIN CERTIFICATE-----\nAB\n",
        "-----BEGIN CERTIFICATE-----\n<>\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nA\n"
        "-----END CERTIFICATE-----\n",
        NULL};
    expect(rules_is_bundle, bad, false);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_are_in_form),
        cmocka_unit_test(test_part_ids_have_three_parts),
        cmocka_unit_test(test_decimals_are_in_form_and_compare_exactly),
        cmocka_unit_test(test_dates_exist),
        cmocka_unit_test(test_urls_are_safe_to_show),
        cmocka_unit_test(test_addresses_have_one_at_sign),
        cmocka_unit_test(test_spiffe_names_are_exact),
        cmocka_unit_test(test_scopes_name_something_of_a_registry),
        cmocka_unit_test(test_patterns_cannot_take_the_broker_down),
        cmocka_unit_test(test_bundles_hold_1_to_16_certificates),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
