#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "google/rpc/error_details.pb-c.h"
#include "kontor/v1/catalogue_service.pb-c.h"
#include "kontor/v1/configuration.pb-c.h"
#include "kontor/v1/order_service.pb-c.h"
#include "proto/descriptors.h"
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

/* Checks and expects a fault with these words; NULL: expects none. */
static void
expect(const ProtobufCMessageDescriptor *descriptor, const void *data, size_t size,
       const char *path, const char *words)
{
    struct faults faults = {.arena = arena};
    struct bytes bytes = {data, size};
    bool is_good = wire_check(descriptor, bytes, &wire_request_limits, &faults);
    if (words == NULL) {
        assert_true(is_good);
        assert_int_equal(faults.n_found, 0);
        return;
    }
    assert_false(is_good);
    assert_int_equal(faults.n_found, 1);
    assert_non_null(strstr(faults.rows[0].description, words));
    assert_string_equal(faults.rows[0].path, path);
    assert_null(wire_unpack(descriptor, bytes, &wire_request_limits, arena, &faults));
}

#define EXPECT(descriptor, bytes, path, words)                                         \
    expect(&descriptor, bytes, sizeof(bytes) - 1, path, words)

#define MONEY kontor__v1__money__descriptor
#define PLACE kontor__v1__place_order_request__descriptor
#define SEARCH kontor__v1__search_services_request__descriptor
#define VALUE kontor__v1__value__descriptor

static void
test_nothing_at_all_is_an_empty_message(void **state)
{
    struct faults faults = {.arena = arena};
    (void)state;
    expect(&MONEY, NULL, 0, "", NULL);
    assert_non_null(wire_unpack(&MONEY, (struct bytes){NULL, 0}, &wire_request_limits,
                                arena, &faults));
}

static void
test_groups_and_unheard_wire_types_are_refused(void **state)
{
    (void)state;
    EXPECT(MONEY, "\x7b\x7c", "", "damaged");
    EXPECT(MONEY, "\x0b", "", "damaged");
    EXPECT(MONEY, "\x0c", "", "damaged");
    EXPECT(MONEY, "\x0e", "", "damaged");
    EXPECT(MONEY, "\x0f", "", "damaged");
}

static void
test_bad_tags_are_refused(void **state)
{
    (void)state;
    EXPECT(MONEY, "\x00\x00", "", "damaged");                     /* Number 0. */
    EXPECT(MONEY, "\x80", "", "damaged");                         /* Cut off. */
    EXPECT(MONEY, "\x88\x80\x80\x80\x80\x00\x01", "", "damaged"); /* Too long. */
    EXPECT(MONEY, "\x80\x80\x80\x80\x10\x00", "", "damaged");     /* Number 2^29. */
}

static void
test_bad_varints_are_refused(void **state)
{
    (void)state;
    EXPECT(MONEY, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "", NULL);
    EXPECT(MONEY, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "", "damaged");
    EXPECT(MONEY, "\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", "", "damaged");
    EXPECT(MONEY, "\x10\xff", "", "damaged");
    EXPECT(MONEY, "\x10", "", "damaged");
}

static void
test_cut_off_values_are_refused(void **state)
{
    (void)state;
    EXPECT(MONEY,
           "\x0a\x03"
           "EU",
           "", "damaged");
    EXPECT(MONEY, "\x0a\xff\xff\xff\xff\x0f", "", "damaged");
    EXPECT(MONEY, "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "", "damaged");
    EXPECT(kontor__v1__site__descriptor, "\x71\0\0\0\0\0\0\0", "", "damaged");
    EXPECT(MONEY, "\x7d\0\0\0", "", "damaged");
}

static void
test_texts_that_are_not_utf8_are_refused(void **state)
{
    (void)state;
    EXPECT(MONEY, "\x0a\x01\xff", "currency", "UTF-8");
    EXPECT(MONEY,
           "\x0a\x03"
           "a\0b",
           "currency", "zero byte");
    EXPECT(PLACE, "\x22\x03\x0a\x01\xc3", "items[0].id", "UTF-8");
    EXPECT(SEARCH,
           "\x12\x01"
           "a\x12\x01\x80",
           "providers[1]", "UTF-8");
}

static void
test_a_singular_field_twice_is_refused(void **state)
{
    (void)state;
    EXPECT(MONEY, "\x18\x01\x18\x01", "nanos", "twice");
    EXPECT(kontor__v1__parameter_value__descriptor, "\x12\x00\x12\x00", "value",
           "twice");
    EXPECT(VALUE, "\x10\x01\x10\x01", "integer", "twice");
}

static void
test_two_members_of_a_choice_are_refused(void **state)
{
    (void)state;
    EXPECT(VALUE, "\x10\x01\x20\x01", "boolean", "choice");
    EXPECT(kontor__v1__integer_parameter__descriptor, "\x08\x01\x10\x01", "", NULL);
}

static void
test_a_wrong_wire_type_is_refused(void **state)
{
    (void)state;
    EXPECT(MONEY, "\x08\x01", "currency", "wire type");
    EXPECT(MONEY, "\x12\x01\x01", "units", "wire type");
    EXPECT(PLACE, "\x20\x01", "items[0]", "wire type");
}

static void
test_packed_and_loose_lists_are_both_taken(void **state)
{
    (void)state;
    EXPECT(SEARCH, "\x22\x03\x01\x02\x03", "", NULL);
    EXPECT(SEARCH, "\x20\x01\x20\x02", "", NULL);
    EXPECT(SEARCH, "\x22\x03\x01\x02\x83", "order_types[1]", "packed");
}

/* A value that holds a list that holds a value, and so on. */
static size_t
write_bomb(uint8_t *out, size_t depth)
{
    uint8_t reversed[4096];
    size_t size = 0;
    for (size_t i = 0; i < depth; i++) {
        uint8_t length[10];
        size_t n = wire_varint(size, length);
        while (n > 0) {
            reversed[size++] = length[--n];
        }
        reversed[size++] = i % 2 == 0 ? 0x0a : 0x32;
    }
    for (size_t i = 0; i < size; i++) {
        out[i] = reversed[size - 1 - i];
    }
    return size;
}

static void
test_a_depth_bomb_is_refused_at_the_limit(void **state)
{
    uint8_t data[4096];
    struct faults faults = {.arena = arena};
    (void)state;
    size_t size = write_bomb(data, 15);
    const ProtobufCMessageDescriptor *list = &kontor__v1__value_list__descriptor;
    assert_true(
        wire_check(list, (struct bytes){data, size}, &wire_request_limits, &faults));
    size = write_bomb(data, 16);
    assert_false(
        wire_check(&VALUE, (struct bytes){data, size}, &wire_request_limits, &faults));
    assert_non_null(strstr(faults.rows[0].description, "deep"));
    size = write_bomb(data, 1000);
    assert_false(
        wire_check(&VALUE, (struct bytes){data, size}, &wire_request_limits, &faults));
}

/* n times one field of two bytes. */
static struct bytes
repeat(const char *field, size_t n)
{
    size_t size = strlen(field);
    uint8_t *data = arena_alloc(arena, n * size + 1);
    for (size_t i = 0; i < n; i++) {
        memcpy(data + i * size, field, size);
    }
    return (struct bytes){data, n * size};
}

static void
test_counts_are_refused_one_past_the_limit(void **state)
{
    static const struct wire_limits few = {
        .depth = 4, .fields = 10, .elements = 5, .unknown = 3};
    struct faults faults = {.arena = arena};
    (void)state;
    assert_true(wire_check(&SEARCH, repeat("\x20\x01", 5), &few, &faults));
    assert_false(wire_check(&SEARCH, repeat("\x20\x01", 6), &few, &faults));
    assert_non_null(strstr(faults.rows[0].description, "list is too long"));
    assert_true(wire_check(&SEARCH, repeat("\x78\x01", 3), &few, &faults));
    assert_false(wire_check(&SEARCH, repeat("\x78\x01", 4), &few, &faults));
    assert_non_null(strstr(faults.rows[1].description, "unknown"));
    static const struct wire_limits fields = {
        .depth = 4, .fields = 10, .elements = 50, .unknown = 30};
    assert_true(wire_check(&SEARCH, repeat("\x20\x01", 10), &fields, &faults));
    assert_false(wire_check(&SEARCH, repeat("\x20\x01", 11), &fields, &faults));
    assert_non_null(strstr(faults.rows[2].description, "too many fields"));
}

static void
test_the_elements_of_a_packed_list_are_counted(void **state)
{
    uint8_t data[9000] = {0x22};
    struct faults faults = {.arena = arena};
    (void)state;
    size_t head = 1 + wire_varint(8193, data + 1);
    memset(data + head, 1, 8193);
    assert_false(wire_check(&SEARCH, (struct bytes){data, head + 8193},
                            &wire_request_limits, &faults));
    head = 1 + wire_varint(8192, data + 1);
    assert_true(wire_check(&SEARCH, (struct bytes){data, head + 8192},
                           &wire_request_limits, &faults));
}

/* 4 MB of empty entries would take 235 MB. */
static void
test_memory_is_bounded_by_the_size_on_the_wire(void **state)
{
    static const struct wire_limits loose = {
        .depth = 4, .fields = 1 << 24, .elements = 1 << 24, .unknown = 1 << 24};
    (void)state;
    struct arena *own = arena_new();
    struct faults faults = {.arena = own};
    size_t n = 200000;
    uint8_t *data = calloc(n, 2);
    for (size_t i = 0; i < n; i++) {
        data[2 * i] = 0x1a; /* metadata, and no bytes. */
    }
    void *message = wire_unpack(&google__rpc__error_info__descriptor,
                                (struct bytes){data, 2 * n}, &loose, own, &faults);
    assert_null(message);
    /* What is taken is rounded up to the arena's alignment. */
    assert_true(arena_used(own) <= 2 * ((256U << 10) + 32 * 2 * n));
    assert_non_null(strstr(faults.rows[0].description, "memory"));
    free(data);
    arena_free(own);
}

static void
test_every_message_type_fits_the_walk(void **state)
{
    size_t n;
    const ProtobufCMessageDescriptor *const *messages = descriptors_messages(&n);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_true(messages[i]->n_fields <= 128);
        expect(messages[i], NULL, 0, "", NULL);
    }
}

static void
test_fields_are_taken_one_by_one(void **state)
{
    static const uint8_t data[] = {0x0a, 2, 'E', 'U', 0x10, 0x96, 1, 0x7d, 1, 2, 3, 4};
    struct bytes bytes = {data, sizeof data};
    struct wire_field field;
    (void)state;
    assert_true(wire_next(&bytes, &field));
    assert_int_equal(field.number, 1);
    assert_int_equal(field.content.size, 2);
    assert_int_equal(field.whole.size, 4);
    assert_true(wire_next(&bytes, &field));
    assert_int_equal(field.value, 150);
    assert_true(wire_next(&bytes, &field));
    assert_int_equal(field.number, 15);
    assert_int_equal(field.value, 0x04030201);
    assert_false(wire_next(&bytes, &field));
    assert_int_equal(bytes.size, 0);
    struct bytes damaged = {data, 3};
    assert_false(wire_next(&damaged, &field));
    assert_int_equal(damaged.size, 3);
}

static void
test_a_path_finds_the_last_field(void **state)
{
    /* items{id "a"}, items{id "b", offer_rev 7} */
    static const uint8_t data[] = {0x22, 3,    0x0a, 1,   'a',  0x22,
                                   5,    0x0a, 1,    'b', 0x20, 7};
    struct bytes bytes = {data, sizeof data};
    struct wire_field field;
    (void)state;
    assert_true(wire_find(bytes, (const uint8_t[]){4, 1, 0}, 3, &field));
    assert_int_equal(field.content.data[0], 'b');
    assert_true(wire_find(bytes, (const uint8_t[]){4, 4}, 2, &field));
    assert_int_equal(field.value, 7);
    assert_true(wire_find(bytes, (const uint8_t[]){4, 4}, 1, &field));
    assert_int_equal(field.content.size, 5);
    assert_false(wire_find(bytes, (const uint8_t[]){5}, 1, &field));
    assert_false(wire_find(bytes, (const uint8_t[]){4, 9}, 2, &field));
    assert_false(wire_find(bytes, (const uint8_t[]){4, 4, 1}, 3, &field));
    assert_false(wire_find(bytes, (const uint8_t[]){0}, 1, &field));
}

/* In one walk what each alone would find. */
static void
test_paths_are_found_together(void **state)
{
    static const uint8_t data[] = {0x22, 3, 0x0a, 1,    'a', 0x22, 5,
                                   0x0a, 1, 'b',  0x20, 7,   0x28, 9};
    static const uint8_t list[][3] = {{4, 1}, {4, 4}, {4},    {5},
                                      {6},    {4, 9}, {5, 1}, {4, 4, 1}};
    enum { N = sizeof list / sizeof list[0] };
    const uint8_t *paths[N];
    struct wire_field found[N];
    struct bytes bytes = {data, sizeof data};
    (void)state;
    for (size_t i = 0; i < N; i++) {
        paths[i] = list[i];
    }
    assert_true(wire_find_each(bytes, paths, N, 3, found));
    for (size_t i = 0; i < N; i++) {
        struct wire_field alone = {.number = 0};
        bool is_found = wire_find(bytes, list[i], 3, &alone);
        assert_int_equal(found[i].number, is_found ? alone.number : 0);
        if (is_found) {
            assert_int_equal(found[i].value, alone.value);
            assert_ptr_equal(found[i].content.data, alone.content.data);
            assert_int_equal(found[i].content.size, alone.content.size);
        }
    }
    /* What stands before the damage is found, and that there is damage is told. */
    assert_false(
        wire_find_each((struct bytes){data, sizeof data - 1}, paths, N, 3, found));
    assert_int_equal(found[0].content.data[0], 'b');
    assert_int_equal(found[3].number, 0);
    assert_true(wire_find_each((struct bytes){NULL, 0}, paths, N, 3, found));
    assert_int_equal(found[0].number, 0);
}

static void
test_varints_have_their_known_bytes(void **state)
{
    uint8_t out[10];
    (void)state;
    assert_int_equal(wire_varint(0, out), 1);
    assert_int_equal(wire_varint(127, out), 1);
    assert_int_equal(wire_varint(128, out), 2);
    assert_memory_equal(out, "\x80\x01", 2);
    assert_int_equal(wire_varint(UINT64_MAX, out), 10);
    assert_memory_equal(out, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
}

static void
test_an_absent_zero_and_a_present_one_differ_on_the_wire(void **state)
{
    (void)state;
    Kontor__V1__IntegerParameter integer = KONTOR__V1__INTEGER_PARAMETER__INIT;
    assert_int_equal(wire_pack(&integer.base, arena).size, 0);
    integer._minimum_case = KONTOR__V1__INTEGER_PARAMETER___MINIMUM_MINIMUM;
    struct bytes packed = wire_pack(&integer.base, arena);
    assert_int_equal(packed.size, 2);
    assert_memory_equal(packed.data, "\x08\x00", 2);
}

static uint64_t random_state;

static uint64_t
next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void
mutate(uint8_t *data, size_t *size)
{
    size_t at = (size_t)(next_random() % *size);
    switch (next_random() % 5) {
    case 0:
        data[at] = (uint8_t)next_random();
        break;
    case 1:
        data[at] ^= (uint8_t)(1U << next_random() % 8);
        break;
    case 2:
        *size = at + 1;
        break;
    case 3:
        data[at] = 0xff;
        break;
    default:
        memmove(data + at, data + *size / 2, *size - (*size / 2 > at ? *size / 2 : at));
        break;
    }
}

/* What the validator lets through, protobuf-c unpacks and packs again without harm. */
static void
run_one(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t size)
{
    struct faults faults = {.arena = arena};
    struct bytes bytes = {data, size};
    arena_reset(arena);
    if (!wire_check(descriptor, bytes, &wire_request_limits, &faults)) {
        assert_int_equal(faults.n_found, 1);
        return;
    }
    ProtobufCMessage *message =
        wire_unpack(descriptor, bytes, &wire_request_limits, arena, &faults);
    if (message == NULL) {
        return;
    }
    struct bytes again = wire_pack(message, arena);
    ProtobufCMessage *back =
        wire_unpack(descriptor, again, &wire_request_limits, arena, &faults);
    assert_non_null(back);
    struct bytes third = wire_pack(back, arena);
    assert_int_equal(third.size, again.size);
    assert_memory_equal(third.data, again.data, again.size);
}

static void
test_random_bytes_do_no_harm(void **state)
{
    /* An order with an item, its parameters, a list in a list, an unknown field. */
    static const uint8_t order[] = {
        0x0a, 3,   'a',  '/', 'o',  0x12, 3,   'a',  '/', 'p',  0x22, 37, 0x0a, 2,
        'v',  'm', 0x10, 1,   0x1a, 5,    'a', '/',  's', '/',  'b',  42, 12,   0x0a,
        3,    'c', 'p',  'u', 0x12, 5,    16,  0xff, 1,   32,   1,    42, 6,    0x0a,
        1,    'x', 0x12, 1,   50,   0,    0,   0x78, 1,   0xf8, 0xff, 1,  5,
    };
    size_t n;
    const ProtobufCMessageDescriptor *const *messages = descriptors_messages(&n);
    (void)state;
    random_state = (uint64_t)time(NULL) | 1;
    printf("seed %llu\n", (unsigned long long)random_state);
    for (int i = 0; i < 40000; i++) {
        uint8_t data[sizeof order];
        size_t size = sizeof order;
        memcpy(data, order, sizeof order);
        for (uint64_t k = next_random() % 6 + 1; k > 0; k--) {
            mutate(data, &size);
        }
        run_one(i % 2 == 0 ? &PLACE : messages[next_random() % n], data, size);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_at_all_is_an_empty_message),
        cmocka_unit_test(test_groups_and_unheard_wire_types_are_refused),
        cmocka_unit_test(test_bad_tags_are_refused),
        cmocka_unit_test(test_bad_varints_are_refused),
        cmocka_unit_test(test_cut_off_values_are_refused),
        cmocka_unit_test(test_texts_that_are_not_utf8_are_refused),
        cmocka_unit_test(test_a_singular_field_twice_is_refused),
        cmocka_unit_test(test_two_members_of_a_choice_are_refused),
        cmocka_unit_test(test_a_wrong_wire_type_is_refused),
        cmocka_unit_test(test_packed_and_loose_lists_are_both_taken),
        cmocka_unit_test(test_a_depth_bomb_is_refused_at_the_limit),
        cmocka_unit_test(test_counts_are_refused_one_past_the_limit),
        cmocka_unit_test(test_the_elements_of_a_packed_list_are_counted),
        cmocka_unit_test(test_memory_is_bounded_by_the_size_on_the_wire),
        cmocka_unit_test(test_every_message_type_fits_the_walk),
        cmocka_unit_test(test_fields_are_taken_one_by_one),
        cmocka_unit_test(test_a_path_finds_the_last_field),
        cmocka_unit_test(test_paths_are_found_together),
        cmocka_unit_test(test_varints_have_their_known_bytes),
        cmocka_unit_test(test_an_absent_zero_and_a_present_one_differ_on_the_wire),
        cmocka_unit_test(test_random_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
