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
#include "tools/import/walk.h"

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
    bool is_read = import_read_all(importer, &path, 1, "alpine", arena, &set, &faults);
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
    static const struct {
        const char *format;
        const char *path;
    } rows[] = {
        {"kontor-1", EXAMPLES "/alpine.json"},
        {"eosc-5", EXAMPLES "/eosc-5.json"},
        {"eosc-6", EXAMPLES "/eosc-6.json"},
        {"osb", EXAMPLES "/osb.json"},
        {"tmf633", EXAMPLES "/tmf633.json"},
        {"einfracentral-2017", EXAMPLES "/einfracentral-2017.xml"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_all_damaged(rows[i].format, rows[i].path);
    }
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
        {"osb", "catalogue/osb-catalog.json"},
        {"tmf633", "catalogue/tmf633-bundle.json"},
        {"einfracentral-2017", "catalogue/einfracentral-sample/0.0.xml"},
        {"einfracentral-2017", "catalogue/einfracentral-sample/3.02.xml"},
        {"gocdb", "configuration/Sites.xml"},
        {"gocdb", "configuration/ServiceEndpoints.xml"},
        {"gocdb", "configuration/Downtimes.xml"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_all_damaged(rows[i].format, real_data_path(rows[i].name, *state));
    }
}

static void
refuse_by(const struct importer *importer, const char *path, const char *reason)
{
    struct arena *arena = arena_new();
    struct import_set set;
    struct faults faults = {.arena = arena};
    if (import_read_all(importer, &path, 1, "alpine", arena, &set, &faults)) {
        fail_msg("%s took %s", importer->format, path);
    }
    if (strstr(faults.rows[0].description, reason) == NULL) {
        fail_msg("%s: %s", importer->format, faults.rows[0].description);
    }
    arena_free(arena);
}

/* Reads as every format what none of them may take. */
static void
refuse_everywhere(const char *path, const char *reason)
{
    for (const struct importer *row = importers; row->format != NULL; row++) {
        refuse_by(row, path, reason);
    }
}

static void
test_every_format_refuses_what_is_too_large(void **state)
{
    enum { BYTES = 65 * 1024 * 1024 };
    char *text = arena_alloc(*state, BYTES + 1);
    memset(text, ' ', BYTES);
    const char *path = real_data_write(text, *state);
    for (const struct importer *row = importers; row->format != NULL; row++) {
        /* What is streamed has no such limit, and finds nothing but space. */
        refuse_by(row, path,
                  row->stream == NULL ? "is larger than 67108864 bytes"
                                      : "a value belongs here");
    }
    unlink(path);
}

/* Every format reads one of these, and none reads what comes of it. */
static void
test_every_format_refuses_bytes_that_are_no_text(void **state)
{
    static const char bad[][2] = {"\xff", "\xc0", "\x01", ""};
    static const char *const texts[] = {
        "{\"services\":[{\"id\":\"a@\"}]}",
        "[{\"id\":\"a@\"}]",
        "<results><SITE>a@</SITE></results>",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t j = 0; j < sizeof bad / sizeof bad[0]; j++) {
            char *text = arena_copy(*state, texts[i]);
            size_t size = strlen(text);
            *strchr(text, '@') = bad[j][0];
            const char *path = real_data_write_bytes(text, size, *state);
            refuse_everywhere(path, "");
            unlink(path);
        }
    }
}

static void
test_every_format_refuses_deep_nesting(void **state)
{
    enum { DEPTH = 100000 };
    char *lists = arena_alloc(*state, DEPTH + 1);
    memset(lists, '[', DEPTH);
    char *elements = arena_alloc(*state, 3 * DEPTH + 1);
    for (size_t i = 0; i < DEPTH; i++) {
        memcpy(elements + 3 * i, "<a>", 3);
    }
    const char *paths[] = {real_data_write(lists, *state),
                           real_data_write(elements, *state)};
    refuse_everywhere(paths[0], "");
    refuse_everywhere(paths[1], "");
    unlink(paths[0]);
    unlink(paths[1]);
}

/* An example of our own form is none of anybody else's. */
static void
test_every_format_refuses_the_other_formats(void **state)
{
    static const struct {
        const char *format;
        const char *example;
    } rows[] = {
        {"gocdb", EXAMPLES "/alpine.json"},
        {"marketplace-2019", EXAMPLES "/alpine.json"},
        {"osb", EXAMPLES "/alpine.json"},
        {"einfracentral-2017", EXAMPLES "/alpine.json"},
        {"eosc-5", EXAMPLES "/alpine.json"},
        {"eosc-6", EXAMPLES "/alpine.json"},
        {"gocdb", EXAMPLES "/einfracentral-2017.xml"},
        {"osb", EXAMPLES "/einfracentral-2017.xml"},
        {"kontor-1", EXAMPLES "/osb.json"},
        {"marketplace-2019", EXAMPLES "/osb.json"},
        {"tmf633", EXAMPLES "/osb.json"},
        {"tmf633", EXAMPLES "/alpine.json"},
        {"osb", EXAMPLES "/tmf633.json"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena *arena = arena_new();
        struct import_set set;
        struct faults faults = {.arena = arena};
        if (import_read_all(importer_find(rows[i].format), &rows[i].example, 1,
                            "alpine", arena, &set, &faults)) {
            fail_msg("%s took %s", rows[i].format, rows[i].example);
        }
        assert_true(faults.n_found > 0);
        arena_free(arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_examples_never_hurt),
        cmocka_unit_test_setup_teardown(test_damaged_real_files_never_hurt, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_every_format_refuses_what_is_too_large,
                                        start, stop),
        cmocka_unit_test_setup_teardown(
            test_every_format_refuses_bytes_that_are_no_text, start, stop),
        cmocka_unit_test_setup_teardown(test_every_format_refuses_deep_nesting, start,
                                        stop),
        cmocka_unit_test(test_every_format_refuses_the_other_formats),
    };
    print_message("seeds 1 to %d\n", ROUNDS);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
