/*
 * Damaged files: every importer reads the example and the real files with bytes
 * changed, cut and doubled at seeded places. It may refuse or accept, but a refusal has
 * a place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/tools/real_data.h"
#include "tools/import/import.h"

enum { ROUNDS = 150 };

/* A generator of its own, so that a seed means the same everywhere. */
static uint32_t
next(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

/* Characters that mean something to the parsers. */
static const char marks[] = "{}[]<>&\"':,/\\0-9 \n\x80\xff";

static void
damage(char *text, size_t *size, uint32_t *seed)
{
    size_t at = next(seed) % *size;
    switch (next(seed) % 3) {
    case 0:
        text[at] = marks[next(seed) % (sizeof marks - 1)];
        break;
    case 1:
        *size = at;
        break;
    default:
        memmove(text + at, text + at + 1, *size - at - 1);
        (*size)--;
        break;
    }
}

static void
read_damaged(const struct importer *importer, struct bytes whole, uint32_t seed)
{
    struct arena *arena = arena_new();
    char *text = arena_copy_n(arena, whole.data, whole.size);
    size_t size = whole.size;
    uint32_t chance = seed;
    for (uint32_t n = 1 + next(&chance) % 3; n > 0 && size > 1; n--) {
        damage(text, &size, &chance);
    }
    text[size] = '\0';
    const char *path = real_data_write(text, arena);
    struct import_set set;
    struct faults faults = {.arena = arena};
    bool is_read = importer->read(&path, 1, "alpine", arena, &set, &faults);
    unlink(path);
    if (is_read != (faults.n_found == 0)) {
        fail_msg("%s, seed %u: read %d with %zu faults", importer->format, seed,
                 is_read, faults.n_found);
    }
    for (size_t i = 0; i < faults.n_rows; i++) {
        if (strncmp(faults.rows[i].path, path, strlen(path)) != 0) {
            fail_msg("%s, seed %u: a fault without its file: %s", importer->format,
                     seed, faults.rows[i].path);
        }
    }
    arena_free(arena);
}

static void
read_all_damaged(const char *format, const char *path)
{
    struct arena *arena = arena_new();
    struct bytes whole = real_data_read(path, arena);
    for (uint32_t seed = 1; seed <= ROUNDS; seed++) {
        read_damaged(importer_find(format), whole, seed);
    }
    arena_free(arena);
}

static void
test_damaged_examples_never_hurt(void **state)
{
    (void)state;
    read_all_damaged("kontor-1", EXAMPLES "/alpine.json");
    read_all_damaged("eosc-5", EXAMPLES "/eosc-5.json");
    read_all_damaged("eosc-6", EXAMPLES "/eosc-6.json");
}

static int
start(void **state)
{
    *state = arena_new();
    return 0;
}

/* Also after a skip, which leaves the test in the middle. */
static int
stop(void **state)
{
    arena_free(*state);
    return 0;
}

static void
test_damaged_real_files_never_hurt(void **state)
{
    static const struct {
        const char *format;
        const char *name;
    } rows[] = {
        {"marketplace-2019", "catalogue/marketplace-2019-10.json"},
        {"eosc-vocabularies", "catalogue/vocabularies-v6/CATEGORY.json"},
        {"gocdb", "configuration/Sites.xml"},
        {"gocdb", "configuration/ServiceEndpoints.xml"},
        {"gocdb", "configuration/Downtimes.xml"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_all_damaged(rows[i].format, real_data_path(rows[i].name, *state));
    }
}

static void
test_every_format_refuses_the_other_formats(void **state)
{
    (void)state;
    static const char *const formats[] = {"gocdb", "marketplace-2019", "eosc-5",
                                          "eosc-6"};
    const char *paths[] = {EXAMPLES "/alpine.json"};
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct import_set set;
        struct faults faults = {.arena = arena};
        assert_false(
            importer_find(formats[i])->read(paths, 1, "alpine", arena, &set, &faults));
        assert_true(faults.n_found > 0);
    }
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_examples_never_hurt),
        cmocka_unit_test_setup_teardown(test_damaged_real_files_never_hurt, start,
                                        stop),
        cmocka_unit_test(test_every_format_refuses_the_other_formats),
    };
    print_message("seeds 1 to %d\n", ROUNDS);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
