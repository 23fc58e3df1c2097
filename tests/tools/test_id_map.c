#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/import/id_map.h"

static void
test_what_was_put_in_is_found(void **state)
{
    enum { N = 5000 };
    static int records[N];
    struct arena *arena = arena_new();
    struct id_map map = {.n = 0};
    (void)state;
    assert_null(id_map_get(&map, ""));
    assert_false(id_map_has(&map, ""));
    for (size_t i = 0; i < N; i++) {
        const char *id = arena_print(arena, "alpine/%zu", i);
        assert_false(id_map_has(&map, id));
        id_map_put(arena, &map, id, &records[i]);
    }
    for (size_t i = 0; i < N; i++) {
        assert_ptr_equal(id_map_get(&map, arena_print(arena, "alpine/%zu", i)),
                         &records[i]);
    }
    assert_int_equal(map.n, N);
    assert_null(id_map_get(&map, "alpine/5000"));
    assert_false(id_map_has(&map, "alpine/"));
    arena_free(arena);
}

static void
test_another_record_takes_the_place_of_the_first(void **state)
{
    struct arena *arena = arena_new();
    struct id_map map = {.n = 0};
    int record = 0;
    (void)state;
    id_map_put(arena, &map, "", &record);
    assert_ptr_equal(id_map_get(&map, ""), &record);
    id_map_put(arena, &map, "", NULL);
    assert_null(id_map_get(&map, ""));
    assert_true(id_map_has(&map, ""));
    assert_int_equal(map.n, 1);
    arena_free(arena);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_put_in_is_found),
        cmocka_unit_test(test_another_record_takes_the_place_of_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
