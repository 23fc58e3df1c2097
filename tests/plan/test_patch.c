#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/patch.h"

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

static const struct json_value *
parse(const char *text)
{
    struct faults faults = {.arena = arena};
    struct bytes bytes = {(const uint8_t *)text, strlen(text)};
    return json_tree_parse(bytes, "text", arena, &faults);
}

static void
test_what_goes_is_tested_first(void **state)
{
    struct patch patch = {.arena = arena};
    const struct json_value *object = parse("{\"a\":1,\"b\":[1,{\"c\":null}]}");
    (void)state;
    patch_set(&patch, object, "/x", "a", patch_integer(2));
    patch_set(&patch, object, "/x", "b", patch_text("t\"t"));
    patch_set(&patch, object, "/x", "c", patch_text(""));
    assert_int_equal(patch.n_changes, 3);
    /* {"a":2,"b":"t\"t","c":""} beside {"a":1,"b":[1,{"c":null}]}. */
    assert_int_equal(patch.growth, 25 - 26);
    assert_string_equal(
        patch_print(&patch),
        "[{\"op\":\"test\",\"path\":\"/x/a\",\"value\":1},"
        "{\"op\":\"replace\",\"path\":\"/x/a\",\"value\":2},"
        "{\"op\":\"test\",\"path\":\"/x/b\",\"value\":[1,{\"c\":null}]},"
        "{\"op\":\"replace\",\"path\":\"/x/b\",\"value\":\"t\\\"t\"},"
        "{\"op\":\"add\",\"path\":\"/x/c\",\"value\":\"\"}]");
    assert_true(patch_is_set(&patch, "/x/a"));
    assert_false(patch_is_set(&patch, "/x"));
}

static void
test_what_is_so_already_is_left(void **state)
{
    struct patch patch = {.arena = arena};
    const struct json_value *object = parse("{\"a\":1,\"b\":\"t\"}");
    const struct json_value one = patch_integer(1);
    (void)state;
    assert_true(patch_test(&patch, "/x/a", &one));
    patch_set(&patch, object, "/x", "a", patch_integer(1));
    patch_set(&patch, object, "/x", "b", patch_text("t"));
    assert_int_equal(patch.n_changes, 0);
    assert_int_equal(patch.n_operations, 1);
    assert_false(patch_is_set(&patch, "/x/a"));
    /* Only tested is nothing to apply. */
    assert_string_equal(patch_print(&patch), "[]");
    patch_set(&patch, object, "/x", "a", patch_text("1"));
    assert_int_equal(patch.n_changes, 1);
}

/* What stands for people stands in no other copy of the document. */
static void
test_what_stands_for_people_is_not_tested(void **state)
{
    const struct json_value *object =
        parse("{\"a\":\"by redacted\",\"b\":\"redacted@example.invalid\",\"c\":1}");
    (void)state;
    for (int is_redacted = 0; is_redacted < 2; is_redacted++) {
        struct patch patch = {.arena = arena, .is_redacted = is_redacted == 1};
        patch_set(&patch, object, "/x/0", "a", patch_text("t"));
        patch_set(&patch, object, "/x/0", "b", patch_text("t"));
        patch_set(&patch, object, "/x/0", "c", patch_text("t"));
        assert_int_equal(patch.n_changes, 3);
        assert_int_equal(patch.n_operations, is_redacted == 1 ? 4 : 6);
        assert_int_equal(patch.n_untested, is_redacted == 1 ? 2 : 0);
        assert_int_equal(patch_test(&patch, "/y", json_tree_get(object, "a")),
                         is_redacted == 0);
        if (is_redacted == 1) {
            assert_string_equal(patch_path(patch.untested[1], arena), "$.x[0].b");
        }
    }
    assert_string_equal(patch_path("", arena), "$");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_goes_is_tested_first),
        cmocka_unit_test(test_what_is_so_already_is_left),
        cmocka_unit_test(test_what_stands_for_people_is_not_tested),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
