#include "tests/plan/redacting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/madmp.h"
#include "plan/redact.h"

struct arena *redacting_arena;

int
redacting_set_up(void **state)
{
    (void)state;
    redacting_arena = arena_new();
    return redacting_arena == NULL;
}

int
redacting_tear_down(void **state)
{
    (void)state;
    arena_free(redacting_arena);
    return 0;
}

const char *
redacting_redact(const char *text, size_t *n)
{
    struct faults faults = {.arena = redacting_arena};
    struct bytes bytes = {(const uint8_t *)text, strlen(text)};
    const struct json_value *document =
        madmp_parse(bytes, "plan", redacting_arena, &faults);
    assert_non_null(document);
    return json_tree_print(redact_people(document, redacting_arena, n),
                           redacting_arena);
}

void
redacting_check(const char *text, const char *expected, size_t n_expected)
{
    size_t n;
    assert_string_equal(redacting_redact(text, &n), expected);
    assert_int_equal(n, n_expected);
}
