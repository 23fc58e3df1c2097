/* Trimmed logs as files: exported with their base, restored with it, and refused where
 * it was touched. */
#include "proto/export.h"
#include "tests/store/trim_fixture.h"

static const char *
export_path(struct fixture *f)
{
    return arena_print(f->arena, "%s/export", f->folder);
}

static enum status
restore_into(struct fixture *f, const char *name, char *error)
{
    struct store_options options = f->options;
    options.uri = fixture_address(f, name);
    return store_restore(&options, export_path(f), error, 256);
}

/* Goes on with a new store that is restored from the export. */
static void
restore(struct fixture *f, const char *name)
{
    char error[256] = "";
    if (restore_into(f, name, error) != STATUS_OK) {
        fail_msg("%s", error);
    }
    fixture_shut(f);
    f->options.uri = fixture_address(f, name);
    fixture_reopen(f);
    fixture_verify(f);
}

static enum status
get_as_of(struct fixture *f, const char *id, int64_t as_of, struct document *out)
{
    return store_get(f->reader, KIND_PAPER, id, NULL, as_of, f->arena, out);
}

static void
test_a_trimmed_log_is_exported_with_its_base(struct fixture *f)
{
    struct export_file file = {.arena = f->arena};
    trim_needs(f);
    trim_fill(f);
    trim_good(f, 5);
    assert_int_equal(fixture_export(f, export_path(f), 0), 5);
    file.stream = fopen(export_path(f), "rb");
    assert_non_null(file.stream);
    assert_null(export_read(&file));
    assert_null(export_judge_end(&file));
    assert_int_equal(fclose(file.stream), 0);
    assert_int_equal(file.header->log_base->seq, 5);
    assert_int_equal(file.sum.n_documents, 3);
    assert_int_equal(file.chain.seq, 10);
}

static void
test_a_restore_brings_back_base_log_and_documents(struct fixture *f)
{
    struct document before;
    struct document after;
    Kontor__V1__History **histories;
    size_t n = 0;
    trim_needs(f);
    trim_fill(f);
    trim_good(f, 5);
    const char *base = trim_base(f);
    assert_int_equal(get_as_of(f, "p", 5, &before), STATUS_OK);
    fixture_export(f, export_path(f), 0);
    restore(f, "new");
    assert_string_equal(trim_base(f), base);
    assert_int_equal(store_oldest(f->store), 5);
    assert_int_equal(store_applied(f->store), 10);
    assert_int_equal(get_as_of(f, "p", 4, &after), STATUS_OUT_OF_RANGE);
    assert_int_equal(get_as_of(f, "p", 5, &after), STATUS_OK);
    assert_int_equal(after.revision, before.revision);
    assert_int_equal(after.created_at_ms, before.created_at_ms);
    assert_int_equal(after.updated_at_ms, before.updated_at_ms);
    assert_int_equal(after.w.size, before.w.size);
    assert_memory_equal(after.w.data, before.w.data, before.w.size);
    assert_int_equal(store_histories(f->reader, f->arena, &histories, &n), STATUS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(histories[1]->last_common_seq, 10);
    int64_t next = fixture_put(f, KIND_PAPER, "p", 8, "=r:a",
                               fixture_doc(f, "x", 1, 0, NULL, NULL));
    assert_int_equal(next, histories[1]->first_seq);
    fixture_verify(f);
}

/* A restored log is trimmed, exported and restored like any other, across the gap
 * between its histories, too. */
static void
test_trims_and_restores_follow_one_another(struct fixture *f)
{
    struct document got;
    trim_needs(f);
    trim_fill(f);
    trim_good(f, 5);
    fixture_export(f, export_path(f), 0);
    restore(f, "new");
    int64_t next = fixture_put(f, KIND_PAPER, "p", 8, "=r:a",
                               fixture_doc(f, "x", 1, 0, NULL, NULL));
    /* A position in the gap is that of the last commit before it. */
    trim_good(f, next - 7);
    assert_int_equal(store_oldest(f->store), 10);
    fixture_export(f, export_path(f), 0);
    restore(f, "newer");
    assert_int_equal(store_oldest(f->store), 10);
    assert_int_equal(get_as_of(f, "p", 10, &got), STATUS_OK);
    assert_int_equal(got.revision, 8);
    assert_int_equal(get_as_of(f, "p", next, &got), STATUS_OK);
    fixture_put(f, KIND_PAPER, "z", 0, "=r:a", fixture_doc(f, "x", 1, 0, NULL, NULL));
    trim_good(f, next);
    assert_int_equal(store_oldest(f->store), next);
}

static void
test_what_comes_after_a_base_is_no_whole_backup(struct fixture *f)
{
    char error[256] = "";
    trim_needs(f);
    trim_fill(f);
    trim_good(f, 5);
    fixture_export(f, export_path(f), 5);
    assert_int_equal(restore_into(f, "new", error), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(error, "the backup is not whole"));
}

/* ---- Files that are not what a store wrote ---- */

struct parts {
    Kontor__V1__Base *base;
    Kontor__V1__BaseDocument **documents;
    size_t n_documents;
    Kontor__V1__Commit **commits;
    size_t n_commits;
};

static void
write_record(FILE *file, Kontor__V1__ExportRecord__RecordCase what, void *message)
{
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    record.record_case = what;
    record.header = message;
    assert_true(export_write(file, &record));
}

/* Writes an export of these parts, with an end that fits. */
static void
write_parts(struct fixture *f, const struct parts *parts)
{
    FILE *file = fopen(export_path(f), "wb");
    assert_non_null(file);
    Kontor__V1__ExportHeader header = KONTOR__V1__EXPORT_HEADER__INIT;
    struct chain chain = {.seq = parts->base->seq};
    char format[] = EXPORT_FORMAT;
    header.format = format;
    header.log_base = parts->base;
    write_record(file, KONTOR__V1__EXPORT_RECORD__RECORD_HEADER, &header);
    for (size_t i = 0; i < parts->n_documents; i++) {
        write_record(file, KONTOR__V1__EXPORT_RECORD__RECORD_DOCUMENT,
                     parts->documents[i]);
    }
    memcpy(chain.hash, parts->base->hash.data, sizeof chain.hash);
    for (size_t i = 0; i < parts->n_commits; i++) {
        fixture_export_commit(file, parts->commits[i]);
        chain.seq = parts->commits[i]->seq;
        memcpy(chain.hash, parts->commits[i]->hash.data, sizeof chain.hash);
    }
    assert_true(export_write_end(file, &chain, (int64_t)parts->n_commits));
    assert_int_equal(fclose(file), 0);
}

/* Makes the base fit its documents again, as whoever forges one would. */
static void
reseal(struct fixture *f, struct parts *parts)
{
    struct base_sum sum = {.arena = f->arena};
    assert_null(base_sum_begin(&sum, parts->base));
    for (size_t i = 0; i < parts->n_documents; i++) {
        assert_null(base_sum_add(&sum, parts->documents[i], f->arena));
    }
    parts->base->documents = sum.n_documents;
    memcpy(parts->base->digest.data, sum.digest, sizeof sum.digest);
}

static void
change_scope(struct fixture *f, struct parts *parts)
{
    (void)f;
    parts->documents[1]->scope[0][1] = 'x';
}

static void
change_content(struct fixture *f, struct parts *parts)
{
    (void)f;
    parts->documents[1]->doc.data[0] ^= 1;
}

static void
drop_document(struct fixture *f, struct parts *parts)
{
    (void)f;
    parts->n_documents--;
}

static void
change_hash(struct fixture *f, struct parts *parts)
{
    parts->base->hash.data[0] ^= 1;
    reseal(f, parts);
}

static void
change_position(struct fixture *f, struct parts *parts)
{
    parts->base->seq = 6;
    reseal(f, parts);
}

static void
change_kind(struct fixture *f, struct parts *parts)
{
    parts->documents[2]->kind = arena_copy(f->arena, "stamp");
    reseal(f, parts);
}

static void
forge_scope(struct fixture *f, struct parts *parts)
{
    parts->documents[1]->scope[0] = arena_copy(f->arena, "r:a");
    reseal(f, parts);
}

static void
forge_revision(struct fixture *f, struct parts *parts)
{
    parts->documents[1]->revision = 3;
    reseal(f, parts);
}

static void
drop_commits(struct fixture *f, struct parts *parts)
{
    (void)f;
    parts->n_commits = 0;
}

static void
test_a_restore_refuses_a_base_that_was_tampered_with(struct fixture *f)
{
    static const struct {
        void (*change)(struct fixture *f, struct parts *parts);
        const char *says;
    } rows[] = {
        {change_scope, "the digest of the base is not that"},
        {change_content, "its content does not fit its digest"},
        {drop_document, "the base has 3 documents, but 2 are there"},
        {change_hash, "prev is not the hash"},
        {change_position, "it does not follow 6"},
        {change_kind, "knows no kind \"stamp\""},
        {forge_scope, "a scope that cannot be"},
        /* The log tells a forger by what it replaces. */
        {forge_revision, "replaces revision 4, but 3 is there"},
        {drop_commits, "a base and no commit after it"},
    };
    trim_needs(f);
    trim_fill(f);
    trim_good(f, 5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char error[256] = "";
        struct parts parts;
        struct store *store = NULL;
        struct store_options options = f->options;
        assert_int_equal(store_base(f->reader, f->arena, &parts.base), STATUS_OK);
        assert_int_equal(store_base_read(f->reader, "", "", 1 << 20, f->arena,
                                         &parts.documents, &parts.n_documents),
                         STATUS_OK);
        assert_int_equal(store_log_read(f->reader, 5, 99, 1 << 20, f->arena,
                                        &parts.commits, &parts.n_commits),
                         STATUS_OK);
        rows[i].change(f, &parts);
        write_parts(f, &parts);
        const char *name = arena_print(f->arena, "new%zu", i);
        assert_int_equal(restore_into(f, name, error), STATUS_DATA_LOSS);
        if (strstr(error, rows[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", error, rows[i].says);
        }
        /* Nothing stays of what was refused. */
        options.uri = fixture_address(f, name);
        assert_int_equal(store_open(&options, &store, error, sizeof error), STATUS_OK);
        assert_int_equal(store_applied(store), 0);
        assert_int_equal(store_oldest(store), 0);
        store_close(store);
    }
}

/* ---- With erasures ---- */

static void
erase(struct fixture *f, const char *kind, const char *id)
{
    char error[256] = "";
    struct store_erasure erasure = {.kind = kind, .id = id, .reason = "asked for"};
    fixture_shut(f);
    if (store_erase(&f->options, &erasure, error, sizeof error) != STATUS_OK) {
        fail_msg("%s %s: %s", kind, id, error);
    }
    fixture_reopen(f);
    fixture_verify(f);
}

/* The backup holds in its base what was erased later. */
static void
test_what_was_erased_after_a_backup_with_a_base_stays_so(struct fixture *f)
{
    struct document got;
    trim_needs(f);
    f->options.journal = arena_print(f->arena, "%s/journal", f->folder);
    trim_fill(f);
    trim_good(f, 5);
    fixture_export(f, export_path(f), 0);
    erase(f, "paper", "p");
    erase(f, "drawer", "d");
    restore(f, "new");
    assert_string_equal(trim_base(f), "drawer d 5 2; paper p 4 1 -; seal s 3 3");
    assert_int_equal(get_as_of(f, "p", 5, &got), STATUS_NOT_FOUND);
    assert_int_equal(get_as_of(f, "p", 8, &got), STATUS_OK);
    /* And once more, from an export that has it erased. */
    fixture_export(f, export_path(f), 0);
    restore(f, "newer");
    assert_string_equal(trim_base(f), "drawer d 5 2; paper p 4 1 -; seal s 3 3");
}

/* What nobody may change lay in the base as the present version, and goes from there.
 */
static void
test_what_goes_whole_goes_out_of_a_base_too(struct fixture *f)
{
    struct document got;
    trim_needs(f);
    f->options.journal = arena_print(f->arena, "%s/journal", f->folder);
    trim_fill(f);
    fixture_put(f, KIND_LETTER, "l", 0, "=r:a",
                fixture_doc(f, "Dear", 1, 0, NULL, NULL));
    fixture_put(f, KIND_LETTER, "m", 0, "=r:a",
                fixture_doc(f, "Dear", 1, 0, NULL, NULL));
    trim_good(f, 11);
    fixture_export(f, export_path(f), 0);
    for (int i = 0; i < 2; i++) {
        /* First here, then by the journal in what an older backup brings back. */
        if (i == 0) {
            erase(f, "letter", "l");
        } else {
            restore(f, "new");
        }
        assert_non_null(strstr(trim_base(f), "letter l 11 10 -"));
        assert_int_equal(
            store_get(f->reader, KIND_LETTER, "l", NULL, 0, f->arena, &got),
            STATUS_NOT_FOUND);
        assert_int_equal(
            store_get(f->reader, KIND_LETTER, "m", NULL, 0, f->arena, &got), STATUS_OK);
        fixture_verify(f);
    }
    /* And once more, from an export that has it erased. */
    fixture_export(f, export_path(f), 0);
    restore(f, "newer");
    assert_int_equal(store_get(f->reader, KIND_LETTER, "l", NULL, 0, f->arena, &got),
                     STATUS_NOT_FOUND);
    fixture_verify(f);
}

#define CASE(name)                                                                     \
    {                                                                                  \
#name, name                                                                    \
    }

static const struct fixture_case cases[] = {
    CASE(test_a_trimmed_log_is_exported_with_its_base),
    CASE(test_a_restore_brings_back_base_log_and_documents),
    CASE(test_trims_and_restores_follow_one_another),
    CASE(test_what_comes_after_a_base_is_no_whole_backup),
    CASE(test_a_restore_refuses_a_base_that_was_tampered_with),
    CASE(test_what_was_erased_after_a_backup_with_a_base_stays_so),
    CASE(test_what_goes_whole_goes_out_of_a_base_too),
};

int
main(void)
{
    return fixture_run("trim and restore", cases, sizeof cases / sizeof cases[0]);
}
