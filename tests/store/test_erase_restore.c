/* Erasures and backups: an erased log is a whole one, and what was erased stays so. */
#include "proto/export.h"
#include "tests/store/erase_fixture.h"

static enum status
get_as_of(struct fixture *f, const struct kind *kind, const char *id, int64_t as_of,
          struct document *out)
{
    return store_get(f->reader, kind, id, NULL, as_of, f->arena, out);
}

static const char *
export_path(struct fixture *f)
{
    return arena_print(f->arena, "%s/export", f->folder);
}

/* What an operator was told. */
static void
listen(void *context, const char *line)
{
    struct fixture *f = context;
    FILE *file = fopen(arena_print(f->arena, "%s/told", f->folder), "a");
    assert_non_null(file);
    (void)fprintf(file, "%s\n", line);
    assert_int_equal(fclose(file), 0);
}

static const char *
told(struct fixture *f)
{
    char *text = arena_alloc(f->arena, 4096);
    FILE *file = fopen(arena_print(f->arena, "%s/told", f->folder), "r");
    if (file != NULL) {
        text[fread(text, 1, 4095, file)] = '\0';
        (void)fclose(file);
    }
    return text;
}

/* Goes on with a new store that is restored from the export. */
static void
restore(struct fixture *f, const char *name)
{
    char error[256] = "";
    fixture_shut(f);
    f->options.uri = fixture_address(f, name);
    f->options.tell = listen;
    f->options.tell_context = f;
    if (store_restore(&f->options, export_path(f), error, sizeof error) != STATUS_OK) {
        fail_msg("%s", error);
    }
    fixture_reopen(f);
    fixture_verify(f);
}

static void
use_journal(struct fixture *f)
{
    f->options.journal = arena_print(f->arena, "%s/journal", f->folder);
}

static void
test_an_export_of_an_erased_log_verifies_and_restores(struct fixture *f)
{
    struct document got;
    struct export_file file = {.arena = f->arena};
    erase_needs(f);
    erase_fill(f);
    erase_good(f, "paper", "p");
    erase_good(f, "drawer", "d");
    fixture_export(f, export_path(f), 0);
    file.stream = fopen(export_path(f), "rb");
    assert_non_null(file.stream);
    assert_null(export_read(&file));
    assert_null(export_judge_end(&file));
    assert_int_equal(file.erasures.n_erased, 4);
    assert_int_equal(fclose(file.stream), 0);
    restore(f, "new");
    assert_string_equal(erase_lost(f), "1 2 3 4");
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 5, &got), STATUS_NOT_FOUND);
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 6, &got), STATUS_OK);
    assert_int_equal(store_applied(f->store), 11);
}

static void
test_what_was_erased_after_the_backup_comes_back_erased(struct fixture *f)
{
    struct document got;
    Kontor__V1__History **histories;
    size_t n = 0;
    erase_needs(f);
    use_journal(f);
    erase_fill(f);
    fixture_export(f, export_path(f), 0);
    erase_good(f, "paper", "p");
    erase_good(f, "paper", "q");
    erase_good(f, "paper", "p");
    restore(f, "new");
    assert_string_equal(erase_lost(f), "1 3 4 7");
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 5, &got), STATUS_NOT_FOUND);
    assert_int_equal(get_as_of(f, KIND_PAPER, "q", 7, &got), STATUS_NOT_FOUND);
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 9, &got), STATUS_OK);
    assert_non_null(strstr(told(f), "3 erasures in the journal"));
    assert_null(strstr(told(f), "present one again"));
    /* The new history begins with what says so. */
    assert_int_equal(store_histories(f->reader, f->arena, &histories, &n), STATUS_OK);
    int64_t first = histories[n - 1]->first_seq;
    assert_int_equal(store_applied(f->store), first + 1);
    Kontor__V1__Commit **commits;
    assert_int_equal(store_log_read(f->reader, 9, 9, 1 << 20, f->arena, &commits, &n),
                     STATUS_OK);
    assert_int_equal(n, 2);
    assert_string_equal(commits[0]->actor, "~broker/erase");
    /* Restoring what was restored finds nothing more to erase. */
    fixture_export(f, export_path(f), 0);
    restore(f, "newer");
    assert_string_equal(erase_lost(f), "1 3 4 7");
    assert_int_equal(store_applied(f->store), first + 1);
}

static void
test_what_nobody_may_change_goes_again(struct fixture *f)
{
    struct document got;
    erase_needs(f);
    use_journal(f);
    fixture_put(f, KIND_LETTER, "l", 0, "=r:a",
                fixture_doc(f, "Dear", 1, 0, NULL, NULL));
    fixture_export(f, export_path(f), 0);
    assert_int_equal(erase_good(f, "letter", "l"), 1);
    restore(f, "new");
    assert_string_equal(erase_lost(f), "1");
    assert_int_equal(get_as_of(f, KIND_LETTER, "l", 0, &got), STATUS_NOT_FOUND);
    assert_int_equal(get_as_of(f, KIND_LETTER, "l", 1, &got), STATUS_NOT_FOUND);
    assert_null(strstr(told(f), "present one again"));
    /* What goes with a restore is gone for a rebuild, too. */
    char error[256] = "";
    fixture_shut(f);
    assert_int_equal(store_rebuild(&f->options, error, sizeof error), STATUS_OK);
    fixture_reopen(f);
    assert_int_equal(get_as_of(f, KIND_LETTER, "l", 0, &got), STATUS_NOT_FOUND);
    fixture_verify(f);
}

/* An older backup may hold as present what was erased as past. */
static void
test_what_is_present_again_is_kept_and_told(struct fixture *f)
{
    struct document got;
    erase_needs(f);
    use_journal(f);
    fixture_put(f, KIND_PAPER, "p", 0, "=r:a", fixture_doc(f, "1", 1, 0, NULL, "old"));
    fixture_put(f, KIND_PAPER, "p", 1, "=r:a", fixture_doc(f, "2", 1, 0, NULL, "old"));
    fixture_export(f, export_path(f), 0);
    fixture_put(f, KIND_PAPER, "p", 2, "=r:a", fixture_doc(f, "3", 1, 0, NULL, "new"));
    assert_int_equal(erase_good(f, "paper", "p"), 2);
    restore(f, "new");
    assert_string_equal(erase_lost(f), "1");
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 0, &got), STATUS_OK);
    assert_int_equal(got.revision, 2);
    assert_non_null(strstr(told(f), "paper p was erased up to 2, but revision 2 is its "
                                    "present one again"));
    /* As it says: changed, then erased. */
    fixture_put(f, KIND_PAPER, "p", 2, "=r:a", fixture_doc(f, "3", 1, 0, NULL, "new"));
    assert_int_equal(erase_good(f, "paper", "p"), 1);
    assert_non_null(strstr(erase_lost(f), "1 2"));
}

/* An erasure reaches as far as it did, though more of it is past by now. */
static void
test_a_restore_erases_no_more_than_was(struct fixture *f)
{
    struct document got;
    erase_needs(f);
    use_journal(f);
    erase_fill(f);
    erase_good(f, "paper", "p");
    fixture_shut(f);
    f->options.uri = fixture_address(f, "other");
    fixture_reopen(f);
    erase_fill(f);
    fixture_put(f, KIND_PAPER, "p", 6, "=r:a", fixture_doc(f, "4", 4, 0, NULL, NULL));
    fixture_export(f, export_path(f), 0);
    restore(f, "new");
    assert_string_equal(erase_lost(f), "1 3 4");
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 6, &got), STATUS_OK);
    char error[256] = "";
    fixture_shut(f);
    assert_int_equal(store_rebuild(&f->options, error, sizeof error), STATUS_OK);
    fixture_reopen(f);
    assert_int_equal(get_as_of(f, KIND_PAPER, "p", 6, &got), STATUS_OK);
}

static void
write_journal(struct fixture *f, const char *text)
{
    FILE *file = fopen(f->options.journal, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void
test_a_new_history_begins_above_the_journal(struct fixture *f)
{
    static const int64_t far = INT64_C(1) << 60;
    Kontor__V1__History **histories;
    size_t n = 0;
    erase_needs(f);
    use_journal(f);
    erase_fill(f);
    fixture_export(f, export_path(f), 0);
    write_journal(f, arena_print(f->arena,
                                 "{\"at\":\"2026-01-01T00:00:00Z\",\"kind\":\"paper\","
                                 "\"id\":\"z\",\"upTo\":3,\"seq\":%lld}\n",
                                 (long long)far));
    restore(f, "new");
    assert_int_equal(store_histories(f->reader, f->arena, &histories, &n), STATUS_OK);
    assert_int_equal(histories[n - 1]->first_seq, far + (1 << 20));
    assert_int_equal(store_applied(f->store), 9);
}

#define LINE                                                                           \
    "{\"at\":\"2026-01-01T00:00:00Z\",\"kind\":\"paper\",\"id\":\"p\",\"upTo\":5,"     \
    "\"seq\":10}\n"

static void
test_a_line_that_was_cut_counts_for_nothing_and_is_overwritten(struct fixture *f)
{
    erase_needs(f);
    use_journal(f);
    erase_fill(f);
    fixture_export(f, export_path(f), 0);
    write_journal(f, LINE "{\"at\":\"2026-01-01T00:");
    erase_good(f, "paper", "q");
    assert_non_null(strstr(erase_journal_text(f), LINE "{\"at\":\"2023"));
    write_journal(f, LINE "{\"at\":\"2026-01-01T00:");
    restore(f, "new");
    assert_string_equal(erase_lost(f), "1 3 4");
}

static void
test_a_journal_that_cannot_be_read_stops_a_restore(struct fixture *f)
{
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        {LINE "what\n" LINE, "line 2 is damaged"},
        {"\n", "line 1 is damaged"},
        {"[]\n", "line 1 is damaged"},
        {"{\"kind\":\"paper\",\"id\":\"p\",\"upTo\":5,\"seq\":10}\n", "line 1"},
        {"{\"at\":\"now\",\"kind\":\"paper\",\"id\":\"p\",\"upTo\":5,\"seq\":10}\n",
         "line 1"},
        {"{\"at\":\"2026-01-01T00:00:00Z\",\"kind\":\"paper\",\"id\":7,\"upTo\":5,"
         "\"seq\":10}\n",
         "line 1"},
        {"{\"at\":\"2026-01-01T00:00:00Z\",\"kind\":\"paper\",\"id\":\"p\",\"upTo\":-5,"
         "\"seq\":10}\n",
         "line 1"},
        {"{\"at\":\"2026-01-01T00:00:00Z\",\"kind\":\"paper\",\"id\":\"p\",\"upTo\":5,"
         "\"seq\":9223372036854775807}\n",
         "line 1"},
        {"{\"at\":\"2026-01-01T00:00:00Z\",\"kind\":\"page\",\"id\":\"p\",\"upTo\":5,"
         "\"seq\":10}\n",
         "no kind \"page\""},
    };
    erase_needs(f);
    use_journal(f);
    erase_fill(f);
    fixture_export(f, export_path(f), 0);
    fixture_shut(f);
    f->options.uri = fixture_address(f, "new");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char error[256] = "";
        write_journal(f, rows[i].text);
        assert_int_equal(
            store_restore(&f->options, export_path(f), error, sizeof error),
            STATUS_DATA_LOSS);
        if (strstr(error, rows[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", error, rows[i].says);
        }
    }
    /* Nothing stayed: the same store takes the backup once the journal is mended. */
    write_journal(f, LINE);
    fixture_reopen(f);
    assert_int_equal(store_applied(f->store), 0);
    restore(f, "new");
    assert_string_equal(erase_lost(f), "1 3 4");
}

#define CASE(name)                                                                     \
    {                                                                                  \
#name, name                                                                    \
    }

static const struct fixture_case cases[] = {
    CASE(test_an_export_of_an_erased_log_verifies_and_restores),
    CASE(test_what_was_erased_after_the_backup_comes_back_erased),
    CASE(test_what_is_present_again_is_kept_and_told),
    CASE(test_what_nobody_may_change_goes_again),
    CASE(test_a_restore_erases_no_more_than_was),
    CASE(test_a_new_history_begins_above_the_journal),
    CASE(test_a_line_that_was_cut_counts_for_nothing_and_is_overwritten),
    CASE(test_a_journal_that_cannot_be_read_stops_a_restore),
};

int
main(void)
{
    return fixture_run("erase and restore", cases, sizeof cases / sizeof cases[0]);
}
