#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/host.h"
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

static const char *
key_of(const char *text)
{
    struct host host;
    return host_read(text, arena, &host) ? host_key(&host, arena) : NULL;
}

static void
test_spellings_of_one_host_are_one(void **state)
{
    static const char *const spellings[] = {
        "https://example.org",
        "http://example.org",
        "https://example.org/",
        "HTTPS://Example.ORG//",
        "https://www.example.org",
        "https://example.org:443/",
        "http://example.org:80",
        "https://example.org.",
        "https://user:word@example.org/?q=1#top",
        "//example.org",
        "example.org",
        "www.example.org:443",
        "  https://example.org\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        assert_string_equal(key_of(spellings[i]), "example.org");
    }
}

static void
test_other_hosts_stay_others(void **state)
{
    static const struct {
        const char *text, *key;
    } rows[] = {
        {"https://example.org:8443", "example.org:8443"},
        {"http://example.org:443", "example.org:443"},
        {"https://www.org", "www.org"},
        {"https://www2.example.org", "www2.example.org"},
        {"https://example.org/a/b/", "example.org/a/b"},
        {"https://example.org/A", "example.org/A"},
        {"example.org/a?x=https://other.org", "example.org/a"},
        {"https://[2001:DB8::1]:8080/x", "[2001:db8::1]:8080/x"},
        {"localhost:8080", "localhost:8080"},
        {"s3://bucket.example.org", "bucket.example.org"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(key_of(rows[i].text), rows[i].key);
    }
}

static void
test_what_names_no_host_is_none(void **state)
{
    static const char *const none[] = {
        "",
        "   ",
        "https://",
        "https:///path",
        "/path",
        "mailto:a@example.org",
        "doi:10.5281/zenodo.1",
        "urn:nbn:de:1",
        "https://:443",
        "#top",
    };
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_null(key_of(none[i]));
    }
}

/* Source: RFC 3492, section 7.1, and names everybody can look up. */
static void
test_letters_beyond_ascii_are_written_as_dns_has_them(void **state)
{
    static const struct {
        const char *text, *host;
    } rows[] = {
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {"B\xc3\x9c"
         "CHER.Example",
         "xn--bcher-kva.example"},
        {"bu\xcc\x88"
         "cher.example",
         "xn--bcher-kva.example"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"m\xc3\xbcnchen.de", "xn--mnchen-3ya.de"},
        {"\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4\xb8\x8d\xe8"
         "\xaf\xb4\xe4\xb8\xad\xe6\x96\x87",
         "xn--ihqwcrb4cv8a8dqg056pqjye"},
        {"a\xe3\x80\x82"
         "b",
         "a.b"},
        {"stra\xc3\x9f"
         "e.de",
         "xn--strae-oqa.de"},
        {"a..b", "a..b"},
        {"bad\xff.org", "bad\xff.org"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(text_host(rows[i].text, arena), rows[i].host);
    }
}

static void
test_a_label_no_dns_has_is_left_alone(void **state)
{
    char text[300];
    (void)state;
    memset(text, 'A', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_string_equal(text_host(text, arena), text);
}

static void
test_a_place_is_within_another(void **state)
{
    struct host whole, place;
    (void)state;
    assert_true(host_read("https://example.org/data", arena, &whole));
    assert_true(host_read("https://example.org/data/set/1", arena, &place));
    assert_true(host_is_within(&place, &whole));
    assert_true(host_is_within(&whole, &whole));
    assert_false(host_is_within(&whole, &place));
    assert_true(host_read("https://example.org/database", arena, &place));
    assert_false(host_is_within(&place, &whole));
    assert_true(host_read("https://other.org/data", arena, &place));
    assert_false(host_is_within(&place, &whole));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings_of_one_host_are_one),
        cmocka_unit_test(test_other_hosts_stay_others),
        cmocka_unit_test(test_what_names_no_host_is_none),
        cmocka_unit_test(test_letters_beyond_ascii_are_written_as_dns_has_them),
        cmocka_unit_test(test_a_label_no_dns_has_is_left_alone),
        cmocka_unit_test(test_a_place_is_within_another),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
