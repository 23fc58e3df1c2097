/* Trimming the SQLite file: ended in the middle it was trimmed or was not, and its room
 * is given back. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/store/steps.h"
#include "tests/store/tamper.h"
#include "tests/store/trim_fixture.h"

static void
steps_run(struct fixture *f)
{
    char error[256] = "";
    struct store_trim trim = {.up_to = 8};
    if (store_trim(&f->options, &trim, error, sizeof error) != STATUS_OK) {
        (void)fprintf(stderr, "%s\n", error);
        _exit(2);
    }
}

static void
steps_fill(struct fixture *f)
{
    trim_fill(f);
    trim_good(f, 3);
}

/* The base before with all its commits, or the new one with the rest. */
static void
steps_judge(struct fixture *f, bool is_over)
{
    struct document got;
    Kontor__V1__Commit **commits;
    size_t n = 0;
    fixture_verify(f);
    int64_t oldest = store_oldest(f->store);
    assert_true(oldest == 8 || (oldest == 3 && !is_over));
    assert_int_equal(
        store_log_read(f->reader, oldest, 99, 1 << 20, f->arena, &commits, &n),
        STATUS_OK);
    assert_int_equal(n, 10 - oldest);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "p", NULL, 8, f->arena, &got),
                     STATUS_OK);
    assert_int_equal(got.revision, 8);
    /* It goes on from either. */
    trim_good(f, 9);
    assert_string_equal(trim_base(f),
                        "drawer d 5 2; paper p 8 1; paper r 9 9; seal s 3 3");
}

static void
test_ended_at_any_step_it_was_trimmed_or_was_not(struct fixture *f)
{
    static const struct steps steps = {
        .fill = steps_fill, .run = steps_run, .judge = steps_judge, .n_least = 40};
    steps_walk(f, &steps);
}

static off_t
file_size(struct fixture *f)
{
    struct stat info;
    assert_int_equal(stat(tamper_path(f), &info), 0);
    return info.st_size;
}

static void
test_the_room_is_given_back(struct fixture *f)
{
    enum { LARGE = 100000, N_VERSIONS = 40 };
    char *large = arena_alloc(f->arena, LARGE + 1);
    int64_t seq = 0;
    memset(large, 'l', LARGE);
    for (int i = 0; i < N_VERSIONS; i++) {
        seq = fixture_put(f, KIND_PAPER, "p", seq, "=r:a",
                          fixture_doc(f, large, i, 0, NULL, NULL));
    }
    fixture_reopen(f);
    off_t before = file_size(f);
    trim_good(f, seq - 1);
    fixture_reopen(f);
    assert_true(file_size(f) < before / 8);
}

static void
told(void *context, const char *line)
{
    struct fixture *f = context;
    f->options.tell_context = arena_copy(f->arena, line);
}

/* The trim stands, and who reads beside it is no reason to do it again. */
static void
test_a_reader_beside_it_keeps_the_room(struct fixture *f)
{
    char error[256] = "";
    struct store *beside = NULL;
    struct store_reader *reader = NULL;
    int64_t applied = 0;
    struct store_trim trim = {.up_to = 5};
    trim_fill(f);
    fixture_shut(f);
    struct store_options options = f->options;
    options.is_read_only = true;
    assert_int_equal(store_open(&options, &beside, error, sizeof error), STATUS_OK);
    assert_int_equal(store_reader_open(beside, &reader), STATUS_OK);
    assert_int_equal(store_begin(reader, &applied), STATUS_OK);
    options = f->options;
    options.tell = told;
    options.tell_context = f;
    assert_int_equal(store_trim(&options, &trim, error, sizeof error), STATUS_OK);
    assert_non_null(strstr(f->options.tell_context, "is kept for what comes"));
    store_end(reader);
    store_reader_close(reader);
    store_close(beside);
    fixture_reopen(f);
    assert_int_equal(store_oldest(f->store), 5);
    fixture_verify(f);
}

/* A file of an earlier version has no place for a base: it gets one when it is opened
 * to be written, and can be read without. */
static void
test_a_file_from_before_there_were_bases_is_whole(struct fixture *f)
{
    char error[256] = "";
    struct store *store = NULL;
    int64_t verified = 0;
    trim_fill(f);
    fixture_shut(f);
    tamper_sql(f, "DROP TABLE base; DROP TABLE base_document");
    struct store_options options = f->options;
    options.is_read_only = true;
    assert_int_equal(store_open(&options, &store, error, sizeof error), STATUS_OK);
    assert_int_equal(store_oldest(store), 0);
    assert_int_equal(store_verify(store, &verified, error, sizeof error), STATUS_OK);
    store_close(store);
    fixture_reopen(f);
    trim_good(f, 5);
}

static const struct fixture_case cases[] = {
    {"test_ended_at_any_step_it_was_trimmed_or_was_not",
     test_ended_at_any_step_it_was_trimmed_or_was_not},
    {"test_the_room_is_given_back", test_the_room_is_given_back},
    {"test_a_reader_beside_it_keeps_the_room", test_a_reader_beside_it_keeps_the_room},
    {"test_a_file_from_before_there_were_bases_is_whole",
     test_a_file_from_before_there_were_bases_is_whole},
};

int
main(void)
{
    return fixture_run_on(fixture_backend("sqlite"), "trimmed files", cases,
                          sizeof cases / sizeof cases[0]);
}
