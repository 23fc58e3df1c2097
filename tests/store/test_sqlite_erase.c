/* Erasing from the SQLite file: it is gone from every byte of it, and an erasure that
 * is ended in the middle was or was not. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/store/erase_fixture.h"
#include "tests/store/steps.h"

static bool
file_holds(const char *path, const char *text)
{
    FILE *file = fopen(path, "rb");
    bool is_there = false;
    if (file == NULL) {
        return false;
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(file);
    char *bytes = malloc(size + 1);
    assert_non_null(bytes);
    rewind(file);
    assert_int_equal(fread(bytes, 1, size, file), size);
    is_there = memmem(bytes, size, text, strlen(text)) != NULL;
    free(bytes);
    assert_int_equal(fclose(file), 0);
    return is_there;
}

/* Whether the store's file, or what SQLite keeps beside it, holds a text anywhere. */
static bool
store_holds(struct fixture *f, const char *text)
{
    const char *suffixes[] = {"", "-wal", "-shm", ".journal"};
    bool is_there = false;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        const char *path =
            arena_print(f->arena, "%s%s", strchr(f->options.uri, ':') + 1, suffixes[i]);
        is_there = is_there || file_holds(path, text);
    }
    return is_there;
}

/* Enough versions that pages were given up and taken again. */
static void
fill_much(struct fixture *f)
{
    char *large = arena_alloc(f->arena, 20000);
    int64_t seq = 0;
    erase_fill(f);
    memset(large, 'l', 19999);
    for (int i = 0; i < 20; i++) {
        const char *secret = arena_print(f->arena, ERASE_SECRET "%s", large + i * 900);
        seq = fixture_put(f, KIND_PAPER, "large", seq, "=r:a",
                          fixture_doc(f, ERASE_SECRET, i, 0, ERASE_SECRET, secret));
    }
    fixture_put(f, KIND_PAPER, "large", seq, "=r:a",
                fixture_doc(f, "small", 1, 0, NULL, NULL));
}

static void
test_no_byte_of_what_was_erased_is_left_in_the_file(struct fixture *f)
{
    fill_much(f);
    fixture_reopen(f);
    assert_true(store_holds(f, ERASE_SECRET));
    erase_good(f, "paper", "p");
    erase_good(f, "paper", "q");
    erase_good(f, "drawer", "d");
    assert_true(store_holds(f, ERASE_SECRET));
    assert_int_equal(erase_good(f, "paper", "large"), 20);
    assert_false(store_holds(f, ERASE_SECRET));
}

static void
test_nor_after_a_restore(struct fixture *f)
{
    char error[256] = "";
    const char *export = arena_print(f->arena, "%s/export", f->folder);
    f->options.journal = arena_print(f->arena, "%s/journal", f->folder);
    fill_much(f);
    fixture_export(f, export, 0);
    erase_good(f, "paper", "p");
    erase_good(f, "paper", "q");
    erase_good(f, "drawer", "d");
    erase_good(f, "paper", "large");
    fixture_shut(f);
    f->options.uri = fixture_address(f, "new");
    assert_int_equal(store_restore(&f->options, export, error, sizeof error),
                     STATUS_OK);
    fixture_reopen(f);
    fixture_verify(f);
    assert_false(store_holds(f, ERASE_SECRET));
}

/* Somebody who reads keeps the old pages: the erasure stands, and may be repeated. */
static void
test_a_reader_beside_it_is_told(struct fixture *f)
{
    char error[256] = "";
    struct store *beside = NULL;
    struct store_reader *reader = NULL;
    int64_t applied = 0;
    struct store_erasure erasure = {.kind = "paper", .id = "p", .reason = "r"};
    struct store_options options = f->options;
    erase_fill(f);
    erase_good(f, "paper", "q");
    erase_good(f, "drawer", "d");
    fixture_shut(f);
    options.is_read_only = true;
    assert_int_equal(store_open(&options, &beside, error, sizeof error), STATUS_OK);
    assert_int_equal(store_reader_open(beside, &reader), STATUS_OK);
    assert_int_equal(store_begin(reader, &applied), STATUS_OK);
    assert_int_equal(store_erase(&f->options, &erasure, error, sizeof error),
                     STATUS_UNAVAILABLE);
    assert_non_null(strstr(error, "it is erased, but"));
    store_end(reader);
    store_reader_close(reader);
    store_close(beside);
    fixture_reopen(f);
    assert_string_equal(erase_lost(f), "1 2 3 4 7");
    assert_int_equal(erase_good(f, "paper", "p"), 0);
    assert_false(store_holds(f, ERASE_SECRET));
}

/* ---- Every step ---- */

static void
steps_fill(struct fixture *f)
{
    f->options.journal = arena_print(f->arena, "%s/journal", f->folder);
    erase_fill(f);
    erase_good(f, "paper", "q");
    erase_good(f, "drawer", "d");
    assert_int_equal(unlink(f->options.journal), 0);
}

static void
steps_run(struct fixture *f)
{
    char error[256] = "";
    struct store_erasure erasure = {.kind = "paper", .id = "p", .reason = "r"};
    if (store_erase(&f->options, &erasure, error, sizeof error) != STATUS_OK) {
        (void)fprintf(stderr, "%s\n", error);
        _exit(2);
    }
}

/* The log lost all of it or none; and never before the journal said so. */
static void
steps_judge(struct fixture *f, bool is_over)
{
    fixture_verify(f);
    const char *lost = erase_lost(f);
    bool is_erased = strcmp(lost, "1 2 3 4 7") == 0;
    if (!is_erased) {
        assert_string_equal(lost, "2 7");
    }
    assert_int_equal(store_applied(f->store), is_erased ? 12 : 11);
    assert_true(!is_erased || strstr(erase_journal_text(f), "\"id\":\"p\"") != NULL);
    assert_true(!is_over || (is_erased && !store_holds(f, ERASE_SECRET)));
    /* Repeated, it is done. */
    assert_int_equal(erase_good(f, "paper", "p"), is_erased ? 0 : 3);
    assert_string_equal(erase_lost(f), "1 2 3 4 7");
    assert_false(store_holds(f, ERASE_SECRET));
}

static void
test_ended_at_any_step_it_was_erased_or_was_not(struct fixture *f)
{
    static const struct steps steps = {
        .fill = steps_fill, .run = steps_run, .judge = steps_judge, .n_least = 40};
    steps_walk(f, &steps);
}

static const struct fixture_case cases[] = {
    {"test_ended_at_any_step_it_was_erased_or_was_not",
     test_ended_at_any_step_it_was_erased_or_was_not},
    {"test_no_byte_of_what_was_erased_is_left_in_the_file",
     test_no_byte_of_what_was_erased_is_left_in_the_file},
    {"test_nor_after_a_restore", test_nor_after_a_restore},
    {"test_a_reader_beside_it_is_told", test_a_reader_beside_it_is_told},
};

int
main(void)
{
    return fixture_run_on(fixture_backend("sqlite"), "erased files", cases,
                          sizeof cases / sizeof cases[0]);
}
