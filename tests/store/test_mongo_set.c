/* The set of keys that a broker knows by heart. */
#include "store/mongo.h"
#include "tests/store/fixture.h"

struct set_key {
    uint8_t bytes[MONGO_KEY_SIZE];
};

/* Never of nothing but zeros; many of them have a slot in common. */
static struct set_key
key(uint64_t number)
{
    struct set_key made = {{(uint8_t)(number % 7)}};
    memcpy(made.bytes + 8, &(uint64_t){number + 1}, 8);
    return made;
}

static void
test_nothing_is_lacking_before_all_is_read(void **state)
{
    struct mongo_set set = {.state = SET_UNREAD};
    (void)state;
    mongo_set_add(&set, key(1).bytes);
    assert_false(mongo_set_lacks(&set, key(1).bytes));
    assert_false(mongo_set_lacks(&set, key(2).bytes));
    set.state = SET_UNKNOWN;
    assert_false(mongo_set_lacks(&set, key(2).bytes));
    set.state = SET_WHOLE;
    assert_true(mongo_set_lacks(&set, key(1).bytes));
    mongo_set_drop(&set, SET_UNREAD);
}

static void
test_a_key_of_zeros_is_never_lacking(void **state)
{
    struct mongo_set set = {.state = SET_WHOLE};
    const struct set_key none = {{0}};
    (void)state;
    assert_false(mongo_set_lacks(&set, none.bytes));
    mongo_set_add(&set, none.bytes);
    assert_int_equal(set.n, 0);
    mongo_set_add(&set, key(1).bytes);
    assert_false(mongo_set_lacks(&set, none.bytes));
    mongo_set_drop(&set, SET_UNREAD);
}

static void
test_what_was_added_is_not_lacking_however_it_grows(void **state)
{
    enum { N = 4000 };
    struct mongo_set set = {.state = SET_WHOLE};
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        assert_true(mongo_set_lacks(&set, key(i).bytes));
        mongo_set_add(&set, key(i).bytes);
        mongo_set_add(&set, key(i / 2).bytes);
        assert_false(mongo_set_lacks(&set, key(i).bytes));
        assert_int_equal(set.n, i + 1);
    }
    for (uint64_t i = 0; i < N; i++) {
        assert_false(mongo_set_lacks(&set, key(i).bytes));
    }
    assert_true(mongo_set_lacks(&set, key(N).bytes));
    mongo_set_drop(&set, SET_UNREAD);
}

/* It forgets everything rather than some. */
static void
test_one_too_many_makes_all_unknown(void **state)
{
    struct mongo_set set = {.state = SET_WHOLE};
    (void)state;
    for (uint64_t i = 0; i < MONGO_MAX_KEYS; i++) {
        struct set_key spread = key(i);
        memcpy(spread.bytes, &(uint64_t){i * 0x9e3779b97f4a7c15U}, 8);
        mongo_set_add(&set, spread.bytes);
    }
    assert_int_equal(set.n, MONGO_MAX_KEYS);
    assert_true(mongo_set_lacks(&set, key(1).bytes));
    mongo_set_add(&set, key(1).bytes);
    assert_int_equal(set.state, SET_UNKNOWN);
    assert_false(mongo_set_lacks(&set, key(1).bytes));
    assert_false(mongo_set_lacks(&set, key(2).bytes));
    mongo_set_add(&set, key(2).bytes);
    assert_int_equal(set.n, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_lacking_before_all_is_read),
        cmocka_unit_test(test_a_key_of_zeros_is_never_lacking),
        cmocka_unit_test(test_what_was_added_is_not_lacking_however_it_grows),
        cmocka_unit_test(test_one_too_many_makes_all_unknown),
    };
    return cmocka_run_group_tests_name("mongo_set", tests, NULL, NULL);
}
