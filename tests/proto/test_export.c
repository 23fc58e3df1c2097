/* Export files: whole ones, incremental ones, and everything that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/export.h"
#include "tests/proto/base_sample.h"
#include "tests/proto/commit_sample.h"

static struct arena *arena;
static FILE *file;

static int
setup(void **state)
{
    (void)state;
    arena = arena_new();
    file = tmpfile();
    return arena == NULL || file == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return fclose(file);
}

static void
put_header(const char *format, int64_t after, ProtobufCBinaryData anchor)
{
    Kontor__V1__ExportHeader header = KONTOR__V1__EXPORT_HEADER__INIT;
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    header.format = arena_copy(arena, format);
    header.after = after;
    header.anchor = anchor;
    record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_HEADER;
    record.header = &header;
    assert_true(export_write(file, &record));
}

/* Commits behind where a chain stands. */
static void
put_commits(struct chain *chain, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
        record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_COMMIT;
        record.commit = commit_sample(arena, chain->seq + 1, chain->hash);
        assert_true(export_write(file, &record));
        chain->seq++;
        memcpy(chain->hash, record.commit->hash.data, DIGEST_SIZE);
    }
}

static void
put_bytes(const void *bytes, size_t size)
{
    assert_int_equal(fwrite(bytes, 1, size, file), size);
}

/* What is said of the file as it stands; NULL: it is whole. */
static const char *
judge(struct export_file *read)
{
    *read = (struct export_file){.stream = file, .arena = arena};
    rewind(file);
    const char *wrong = export_read(read);
    return wrong == NULL ? export_judge_end(read) : wrong;
}

static void
expect_wrong(const char *says)
{
    struct export_file read;
    const char *wrong = judge(&read);
    if (wrong == NULL || strstr(wrong, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", wrong == NULL ? "" : wrong, says);
    }
}

static const ProtobufCBinaryData none = {0, NULL};

static void
test_a_whole_file_is_whole(void **state)
{
    struct export_file read;
    struct chain chain = {.seq = 0};
    (void)state;
    put_header(EXPORT_FORMAT, 0, none);
    assert_true(export_write_end(file, &chain, 0));
    assert_null(judge(&read));
    put_commits(&chain, 3);
    assert_true(export_write_end(file, &chain, 3));
    assert_null(judge(&read));
    assert_int_equal(read.n_commits, 3);
    assert_int_equal(read.chain.seq, 3);
}

/* Only the commits after a position, which its hash ties to the log before. */
static void
test_an_incremental_file_counts_its_own_commits(void **state)
{
    struct export_file read;
    struct chain chain = {.seq = 41, .hash = {9}};
    (void)state;
    put_header(EXPORT_FORMAT, 41, (ProtobufCBinaryData){DIGEST_SIZE, chain.hash});
    put_commits(&chain, 2);
    assert_true(export_write_end(file, &chain, 2));
    assert_null(judge(&read));
    assert_int_equal(read.n_commits, 2);
    assert_int_equal(read.chain.seq, 43);
    assert_int_equal(read.header->after, 41);
}

static void
test_an_incremental_file_of_another_log_is_refused(void **state)
{
    struct chain chain = {.seq = 41, .hash = {9}};
    (void)state;
    put_header(EXPORT_FORMAT, 41, commit_bytes(arena, 7, DIGEST_SIZE));
    put_commits(&chain, 1);
    expect_wrong("prev is not the hash");
}

/* ---- Files with a base ---- */

static const uint8_t anchor[DIGEST_SIZE] = {9};

static void
put_base_header(int64_t after, Kontor__V1__Base *base)
{
    Kontor__V1__ExportHeader header = KONTOR__V1__EXPORT_HEADER__INIT;
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    header.format = arena_copy(arena, EXPORT_FORMAT);
    header.after = after;
    header.anchor = commit_bytes(arena, 9, after > 0 ? DIGEST_SIZE : 0);
    header.log_base = base;
    record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_HEADER;
    record.header = &header;
    assert_true(export_write(file, &record));
}

static void
put_document(Kontor__V1__BaseDocument *document)
{
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_DOCUMENT;
    record.document = document;
    assert_true(export_write(file, &record));
}

/* A header with a base at 41, and its first n documents. */
static struct base_sample
put_base(size_t n)
{
    struct base_sample sample = base_sample(arena, 41, anchor, 5);
    put_base_header(0, sample.base);
    for (size_t i = 0; i < n; i++) {
        put_document(sample.documents[i]);
    }
    return sample;
}

static void
test_a_file_may_begin_with_a_base(void **state)
{
    struct export_file read;
    struct chain chain = {.seq = 41, .hash = {9}};
    (void)state;
    put_base(5);
    assert_true(export_write_end(file, &chain, 0));
    put_commits(&chain, 2);
    assert_true(export_write_end(file, &chain, 2));
    assert_null(judge(&read));
    assert_int_equal(read.n_commits, 2);
    assert_int_equal(read.sum.n_documents, 5);
    assert_int_equal(read.chain.seq, 43);
    assert_int_equal(read.header->log_base->seq, 41);
}

static void
test_documents_and_commits_come_one_by_one(void **state)
{
    struct export_file read = {.stream = file, .arena = arena};
    struct chain chain = {.seq = 41, .hash = {9}};
    const Kontor__V1__Commit *commit;
    const char *wrong;
    (void)state;
    struct base_sample sample = put_base(5);
    put_commits(&chain, 1);
    rewind(file);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(export_next(&read, arena, &commit, &wrong), EXPORT_DOCUMENT);
        assert_string_equal(read.document->id, sample.documents[i]->id);
    }
    assert_int_equal(export_next(&read, arena, &commit, &wrong), EXPORT_COMMIT);
    assert_int_equal(commit->seq, 42);
    assert_int_equal(export_next(&read, arena, &commit, &wrong), EXPORT_OVER);
}

static void
test_a_base_that_is_not_whole_is_refused(void **state)
{
    struct chain chain = {.seq = 41, .hash = {9}};
    (void)state;
    for (size_t n = 0; n < 5; n++) {
        rewind(file);
        put_base(n);
        put_commits(&(struct chain){.seq = 41, .hash = {9}}, 1);
        expect_wrong(arena_print(arena, "has 5 documents, but %zu are there", n));
        rewind(file);
        put_base(n);
        assert_true(export_write_end(file, &chain, 0));
        expect_wrong("has 5 documents, but");
        assert_int_equal(fflush(file), 0);
        rewind(file);
        assert_int_equal(ftruncate(fileno(file), 0), 0);
        put_base(n);
        expect_wrong("cut off inside its base");
    }
}

static void
test_a_base_that_was_tampered_with_is_refused(void **state)
{
    struct base_sample sample = base_sample(arena, 41, anchor, 3);
    struct chain chain = {.seq = 41, .hash = {9}};
    (void)state;
    sample.documents[1]->scope[1][0] = '=';
    put_base_header(0, sample.base);
    for (size_t i = 0; i < 3; i++) {
        put_document(sample.documents[i]);
    }
    assert_true(export_write_end(file, &chain, 0));
    expect_wrong("the digest of the base is not that of its documents");
    rewind(file);
    sample.documents[1]->doc.data[0] ^= 1;
    put_base_header(0, sample.base);
    put_document(sample.documents[0]);
    put_document(sample.documents[1]);
    expect_wrong("acme/001: its content does not fit its digest");
}

/* Whoever erases in silence is found in a base as in the log. */
static void
test_an_erased_document_of_a_base_needs_its_remark(void **state)
{
    struct export_file read;
    struct chain chain = {.seq = 41, .hash = {9}};
    struct base_sample sample = base_sample(arena, 41, anchor, 3);
    (void)state;
    sample.documents[1]->salt.len = 0;
    sample.documents[1]->doc.len = 0;
    put_base_header(0, sample.base);
    for (size_t i = 0; i < 3; i++) {
        put_document(sample.documents[i]);
    }
    put_commits(&chain, 1);
    assert_true(export_write_end(file, &chain, 1));
    const char *wrong = judge(&read);
    assert_non_null(wrong);
    assert_non_null(strstr(wrong, "service acme/001: its document is missing"));
    assert_int_equal(read.erasures.n_erased, 1);
}

static void
test_a_base_stands_at_the_beginning_only(void **state)
{
    struct chain chain = {.seq = 41, .hash = {9}};
    (void)state;
    struct base_sample sample = base_sample(arena, 41, anchor, 5);
    put_base_header(40, sample.base);
    expect_wrong("a base and a position before it");
    rewind(file);
    put_header(EXPORT_FORMAT, 0, none);
    put_document(sample.documents[0]);
    expect_wrong("stands where there is none");
    rewind(file);
    put_base(5);
    put_commits(&chain, 1);
    put_document(sample.documents[0]);
    expect_wrong("stands where there is none");
    rewind(file);
    sample.base->hash.len = 3;
    put_base_header(0, sample.base);
    expect_wrong("no hash");
}

static void
test_commits_must_follow_their_base(void **state)
{
    struct chain other = {.seq = 41, .hash = {8}};
    struct chain later = {.seq = 42, .hash = {9}};
    (void)state;
    put_base(5);
    put_commits(&other, 1);
    expect_wrong("prev is not the hash of commit 41");
    rewind(file);
    put_base(5);
    put_commits(&later, 1);
    expect_wrong("it does not follow 41");
}

static void
test_what_is_no_header_is_refused(void **state)
{
    struct chain chain = {.seq = 0};
    (void)state;
    expect_wrong("it is empty");
    assert_true(export_write_end(file, &chain, 0));
    expect_wrong("no header");
}

static void
test_headers_that_cannot_be_are_refused(void **state)
{
    static const struct {
        const char *format;
        int64_t after;
        size_t n_anchor;
        const char *says;
    } rows[] = {
        {"kontor-export-9", 0, 0, "not " EXPORT_FORMAT},
        {"", 0, 0, "not " EXPORT_FORMAT},
        {EXPORT_FORMAT, 5, 0, "no anchor"},
        {EXPORT_FORMAT, 5, 31, "no anchor"},
        {EXPORT_FORMAT, -1, 32, "no anchor"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rewind(file);
        put_header(rows[i].format, rows[i].after,
                   commit_bytes(arena, 1, rows[i].n_anchor));
        expect_wrong(rows[i].says);
    }
}

static void
test_a_second_header_is_refused(void **state)
{
    (void)state;
    put_header(EXPORT_FORMAT, 0, none);
    put_header(EXPORT_FORMAT, 0, none);
    expect_wrong("second header");
}

static void
test_records_nobody_wrote_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *says;
    } rows[] = {
        {"\x00", 1, "of a later version"},          /* A record of no sort. */
        {"\x02\x7a\x00", 3, "of a later version"},  /* Of a sort to come. */
        {"\x02\xff\xff", 3, "a record is damaged"}, /* No message. */
        {"\xff\xff\xff\x7f", 4, "too large"},       /* More than anybody writes. */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10, "too large"}, /* No length. */
    };
    struct chain chain = {.seq = 0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rewind(file);
        put_header(EXPORT_FORMAT, 0, none);
        assert_true(export_write_end(file, &chain, 0));
        put_bytes(rows[i].bytes, rows[i].size);
        expect_wrong(rows[i].says);
    }
}

#define RULE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_whole_file_is_whole),
        RULE(test_an_incremental_file_counts_its_own_commits),
        RULE(test_an_incremental_file_of_another_log_is_refused),
        RULE(test_what_is_no_header_is_refused),
        RULE(test_headers_that_cannot_be_are_refused),
        RULE(test_a_second_header_is_refused),
        RULE(test_records_nobody_wrote_are_refused),
        RULE(test_a_file_may_begin_with_a_base),
        RULE(test_documents_and_commits_come_one_by_one),
        RULE(test_a_base_that_is_not_whole_is_refused),
        RULE(test_a_base_that_was_tampered_with_is_refused),
        RULE(test_an_erased_document_of_a_base_needs_its_remark),
        RULE(test_a_base_stands_at_the_beginning_only),
        RULE(test_commits_must_follow_their_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
