#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/configuration.pb-c.h"
#include "kontor/v1/order_service.pb-c.h"
#include "proto/canonical.h"
#include "proto/digest.h"
#include "proto/wire.h"

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
hex_of(const void *message, const char *const *skip)
{
    uint8_t digest[DIGEST_SIZE];
    digest_message(message, skip, digest);
    return digest_hex(arena, digest);
}

static void
test_sha256_has_its_known_answers(void **state)
{
    uint8_t digest[DIGEST_SIZE];
    (void)state;
    digest_of("abc", 3, digest);
    assert_string_equal(
        digest_hex(arena, digest),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_of(NULL, 0, digest);
    assert_string_equal(
        digest_hex(arena, digest),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void
test_a_running_digest_is_one_over_all_its_bytes(void **state)
{
    static const uint8_t all[] = {'a',  0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xfe, 0,    0,    0,    0,    0,
                                  0,    0,    2,    'b',  'c'};
    uint8_t running[DIGEST_SIZE];
    uint8_t whole[DIGEST_SIZE];
    (void)state;
    struct digest *digest = digest_new(arena);
    digest_add(digest, "a", 1);
    digest_add_int(digest, -2);
    digest_add_text(digest, "bc");
    digest_end(digest, running);
    digest_of(all, sizeof all, whole);
    assert_memory_equal(running, whole, DIGEST_SIZE);
}

/* The form byte by byte: number, wire type and value in 8 bytes each, texts and
 * messages with their size. */
static void
test_the_canonical_form_is_as_designed(void **state)
{
    static const uint8_t wanted[] = {
        0,    0,    0,    0,    0,    0,    0,    1,    0,   0,   0,   0,
        0,    0,    0,    2, /* currency, a text */
        0,    0,    0,    0,    0,    0,    0,    3,    'E', 'U', 'R', /* its size and
                                                                          bytes */
        0,    0,    0,    0,    0,    0,    0,    3,    0,   0,   0,   0,
        0,    0,    0,    0,                            /* nanos, a varint */
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* -1 */
    };
    (void)state;
    Kontor__V1__Money money = KONTOR__V1__MONEY__INIT;
    money.currency = (char *)(uintptr_t) "EUR";
    money.nanos = -1;
    struct bytes form = canonical_form(&money.base, NULL);
    assert_int_equal(form.size, sizeof wanted);
    assert_memory_equal(form.data, wanted, sizeof wanted);
    canonical_free(form);
}

static void
test_a_message_has_its_known_answer(void **state)
{
    (void)state;
    Kontor__V1__Money money = KONTOR__V1__MONEY__INIT;
    assert_string_equal(
        hex_of(&money, NULL),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void
test_a_default_without_presence_counts_as_absent(void **state)
{
    (void)state;
    Kontor__V1__KeyValue absent = KONTOR__V1__KEY_VALUE__INIT;
    Kontor__V1__KeyValue empty = KONTOR__V1__KEY_VALUE__INIT;
    empty.key = (char *)(uintptr_t) "";
    assert_string_equal(hex_of(&absent, NULL), hex_of(&empty, NULL));
}

static void
test_a_zero_with_presence_differs_from_absence(void **state)
{
    (void)state;
    Kontor__V1__Site absent = KONTOR__V1__SITE__INIT;
    Kontor__V1__Site zero = KONTOR__V1__SITE__INIT;
    zero._latitude_case = KONTOR__V1__SITE___LATITUDE_LATITUDE;
    assert_string_not_equal(hex_of(&absent, NULL), hex_of(&zero, NULL));
}

static void
test_an_empty_message_differs_from_absence(void **state)
{
    (void)state;
    Kontor__V1__Source source = KONTOR__V1__SOURCE__INIT;
    Kontor__V1__Site absent = KONTOR__V1__SITE__INIT;
    Kontor__V1__Site present = KONTOR__V1__SITE__INIT;
    present.source = &source;
    assert_string_not_equal(hex_of(&absent, NULL), hex_of(&present, NULL));
}

static void
test_lists_keep_order_and_empty_elements(void **state)
{
    (void)state;
    char *ab[] = {(char *)(uintptr_t) "a", (char *)(uintptr_t) "b"};
    char *ba[] = {ab[1], ab[0]};
    char *joined[] = {(char *)(uintptr_t) "ab", (char *)(uintptr_t) ""};
    Kontor__V1__Site site = KONTOR__V1__SITE__INIT;
    site.n_scopes = 2;
    site.scopes = ab;
    const char *first = hex_of(&site, NULL);
    site.scopes = ba;
    assert_string_not_equal(first, hex_of(&site, NULL));
    site.scopes = joined;
    const char *with_empty = hex_of(&site, NULL);
    assert_string_not_equal(first, with_empty);
    site.n_scopes = 1;
    assert_string_not_equal(with_empty, hex_of(&site, NULL));
}

/* Two unknown fields out of order, then in order: 3000 and 2000. */
static void
test_k09_unknown_fields_count_in_the_order_of_their_numbers(void **state)
{
    static const uint8_t out_of_order[] = {0xc0, 0xbb, 0x01, 1, 0x80, 0x7d, 2};
    static const uint8_t in_order[] = {0x80, 0x7d, 2, 0xc0, 0xbb, 0x01, 1};
    static const uint8_t other[] = {0x80, 0x7d, 2, 0xc0, 0xbb, 0x01, 7};
    struct faults faults = {.arena = arena};
    const ProtobufCMessageDescriptor *money = &kontor__v1__money__descriptor;
    (void)state;
    void *a = wire_unpack(money, (struct bytes){out_of_order, sizeof out_of_order},
                          &wire_request_limits, arena, &faults);
    void *b = wire_unpack(money, (struct bytes){in_order, sizeof in_order},
                          &wire_request_limits, arena, &faults);
    void *c = wire_unpack(money, (struct bytes){other, sizeof other},
                          &wire_request_limits, arena, &faults);
    Kontor__V1__Money empty = KONTOR__V1__MONEY__INIT;
    assert_string_equal(hex_of(a, NULL), hex_of(b, NULL));
    assert_string_not_equal(hex_of(a, NULL), hex_of(c, NULL));
    assert_string_not_equal(hex_of(a, NULL), hex_of(&empty, NULL));
}

static void
test_the_skip_list_leaves_out_top_level_fields_only(void **state)
{
    (void)state;
    Kontor__V1__Project project = KONTOR__V1__PROJECT__INIT;
    Kontor__V1__UpdateProjectRequest request = KONTOR__V1__UPDATE_PROJECT_REQUEST__INIT;
    request.project = &project;
    const char *bare = hex_of(&request, digest_request_skip);
    request.request_id = (char *)(uintptr_t) "0b6f1c1e-8d58-4c52-9b3e-0d6b8c1f7a10";
    request.validate_only = 1;
    request.expected_revision = 7;
    assert_string_equal(bare, hex_of(&request, digest_request_skip));
    assert_string_not_equal(bare, hex_of(&request, NULL));
    project.name = (char *)(uintptr_t) "other";
    assert_string_not_equal(bare, hex_of(&request, digest_request_skip));
    static const char *const skip_name[] = {"name", NULL};
    const char *named = hex_of(&request, skip_name);
    project.name = (char *)(uintptr_t) "another";
    assert_string_not_equal(named, hex_of(&request, skip_name));
}

static void
test_eids_differ_in_every_part_and_where_it_ends(void **state)
{
    uint8_t eids[6][16];
    (void)state;
    digest_eid("a/b", "/m", "id", 0, eids[0]);
    digest_eid("a/b", "/m", "id", 1, eids[1]);
    digest_eid("a/b", "/m", "i", 0, eids[2]);
    digest_eid("a/b", "/mi", "d", 0, eids[3]);
    digest_eid("a/b/", "m", "id", 0, eids[4]);
    digest_eid("a/c", "/m", "id", 0, eids[5]);
    for (size_t a = 0; a < 6; a++) {
        for (size_t b = 0; b < a; b++) {
            assert_memory_not_equal(eids[a], eids[b], 16);
        }
    }
}

static void
test_an_eid_is_the_beginning_of_the_designed_digest(void **state)
{
    static const uint8_t all[] = "\0\0\0\0\0\0\0\3a/b\0\0\0\0\0\0\0\2/m"
                                 "\0\0\0\0\0\0\0\2id\0\0\0\0\0\0\0\2"
                                 "12";
    uint8_t whole[DIGEST_SIZE];
    uint8_t eid[16];
    (void)state;
    digest_of(all, sizeof all - 1, whole);
    digest_eid("a/b", "/m", "id", 12, eid);
    assert_memory_equal(eid, whole, sizeof eid);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256_has_its_known_answers),
        cmocka_unit_test(test_a_running_digest_is_one_over_all_its_bytes),
        cmocka_unit_test(test_the_canonical_form_is_as_designed),
        cmocka_unit_test(test_a_message_has_its_known_answer),
        cmocka_unit_test(test_a_default_without_presence_counts_as_absent),
        cmocka_unit_test(test_a_zero_with_presence_differs_from_absence),
        cmocka_unit_test(test_an_empty_message_differs_from_absence),
        cmocka_unit_test(test_lists_keep_order_and_empty_elements),
        cmocka_unit_test(test_k09_unknown_fields_count_in_the_order_of_their_numbers),
        cmocka_unit_test(test_the_skip_list_leaves_out_top_level_fields_only),
        cmocka_unit_test(test_eids_differ_in_every_part_and_where_it_ends),
        cmocka_unit_test(test_an_eid_is_the_beginning_of_the_designed_digest),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
