/* kontor backup and kontor audit verify of a log that was trimmed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/arena.h"
#include "proto/export.h"
#include "tests/proto/base_sample.h"
#include "tests/proto/commit_sample.h"
#include "tests/tools/cli_fixture.h"

enum { BASE = 41, LOG_MAX = 60, DOCUMENTS = 30 };

/* The broker's log: a base at BASE, or at another position, and commits after it. */
static struct {
    struct arena *arena;
    struct base_sample sample;
    Kontor__V1__Commit *commits[LOG_MAX + 1]; /* By seq; from BASE + 1 on. */
    int64_t oldest;
    int64_t last;
    size_t cuts_at;     /* The connection is lost once after so many documents. */
    size_t ends_at;     /* The base ends too early, after so many; 0 = it does not. */
    bool moves_by_then; /* And the log is trimmed again meanwhile. */
} it;

static const uint8_t hash[DIGEST_SIZE] = {9};

static void
make_log(void)
{
    const uint8_t *prev = hash;
    it.sample = base_sample(it.arena, BASE, hash, DOCUMENTS);
    for (int64_t seq = BASE + 1; seq <= LOG_MAX; seq++) {
        it.commits[seq] = commit_sample(it.arena, seq, prev);
        prev = it.commits[seq]->hash.data;
    }
}

/* Trims the log once more, to a base of fewer documents. */
static void
move_base(int64_t seq)
{
    it.sample = base_sample(it.arena, seq, it.commits[seq]->hash.data, DOCUMENTS / 2);
    it.oldest = seq;
}

static void
send_start(struct fake_call *call, int64_t after)
{
    Kontor__V1__History history = KONTOR__V1__HISTORY__INIT;
    Kontor__V1__History *histories[] = {&history};
    Kontor__V1__ReadLogResponse start = KONTOR__V1__READ_LOG_RESPONSE__INIT;
    history.first_seq = 1;
    start.histories = histories;
    start.n_histories = 1;
    start.log_base = after == 0 ? it.sample.base : NULL;
    start.anchor = after == 0 || after == it.oldest ? it.sample.base->hash
                                                    : it.commits[after]->hash;
    fake_send(call, &start.base);
}

/* Three to a message; false: the call is over. */
static bool
send_base(struct fake_call *call)
{
    for (size_t i = 0; i < it.sample.n_documents; i += 3) {
        Kontor__V1__ReadLogResponse response = KONTOR__V1__READ_LOG_RESPONSE__INIT;
        response.documents = &it.sample.documents[i];
        response.n_documents =
            it.sample.n_documents - i < 3 ? it.sample.n_documents - i : 3;
        fake_send(call, &response.base);
        if (it.ends_at > 0 && i + 3 >= it.ends_at) {
            fake_end(call);
            return false;
        }
        if (it.cuts_at > 0 && i + 3 >= it.cuts_at) {
            it.cuts_at = 0;
            if (it.moves_by_then) {
                move_base(BASE + 5);
            }
            fake_fail(call, KONTOR_UNAVAILABLE, NULL, "draining");
            return false;
        }
    }
    return true;
}

static void
handle(struct fake_call *call, void *context)
{
    (void)context;
    if (strcmp(call->path, "/kontor.v1.RegistryService/WhoAmI") == 0) {
        Kontor__V1__WhoAmIResponse who = KONTOR__V1__WHO_AM_IRESPONSE__INIT;
        fake_reply(call, &who.base);
        return;
    }
    int64_t after = ((const Kontor__V1__ReadLogRequest *)call->request)->after;
    if (after != 0 && after < it.oldest) {
        fake_fail(call, KONTOR_OUT_OF_RANGE, "TRIMMED", "it was trimmed");
        return;
    }
    send_start(call, after);
    if (after == 0 && !send_base(call)) {
        return;
    }
    for (int64_t seq = after == 0 ? it.oldest + 1 : after + 1; seq <= it.last; seq++) {
        Kontor__V1__ReadLogResponse response = KONTOR__V1__READ_LOG_RESPONSE__INIT;
        response.commits = &it.commits[seq];
        response.n_commits = 1;
        fake_send(call, &response.base);
    }
    fake_end(call);
}

static int
setup(void **state)
{
    (void)state;
    it.arena = arena_new();
    cli_begin(handle);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    cli_end();
    arena_free(it.arena);
    return 0;
}

static int
reset(void **state)
{
    (void)state;
    make_log();
    it.oldest = BASE;
    it.last = 50;
    it.cuts_at = 0;
    it.ends_at = 0;
    it.moves_by_then = false;
    unlink(cli_path("b.kontor"));
    fake_sync(cli_fake());
    return 0;
}

static void
backup(int code, const char *says)
{
    fake_sync(cli_fake());
    struct cli_result result =
        cli_run("backup %s --output table", cli_path("b.kontor"));
    if (result.code != code ||
        strstr(code == 0 ? result.out : result.err, says) == NULL) {
        fail_msg("exit %d: %s%s", result.code, result.out, result.err);
    }
}

static void
verify(int code, const char *says)
{
    struct cli_result result =
        cli_run("audit verify %s --output table", cli_path("b.kontor"));
    if (result.code != code ||
        strstr(code == 0 ? result.out : result.err, says) == NULL) {
        fail_msg("exit %d: %s%s", result.code, result.out, result.err);
    }
}

static const char whole[] =
    "a base of 30 documents, 9 commits after 41, chain verified to 50";

static void
test_a_backup_begins_with_the_base(void **state)
{
    (void)state;
    backup(0, "a base of 30 documents, 9 new commits, up to 50");
    verify(0, whole);
    struct cli_result result = cli_run("audit verify %s", cli_path("b.kontor"));
    assert_string_equal(result.out, "{\"commits\": \"9\", \"seq\": \"50\", \"erased\": "
                                    "\"0\", \"documents\": \"30\"}\n");
}

static void
test_a_backup_of_a_trimmed_log_is_continued(void **state)
{
    (void)state;
    backup(0, "9 new commits");
    it.last = 55;
    backup(0, "b.kontor  5 new commits, up to 55");
    verify(0, "a base of 30 documents, 14 commits after 41, chain verified to 55");
    /* Also once the log was trimmed up to where the file ends. */
    move_base(55);
    it.last = 57;
    backup(0, "b.kontor  2 new commits, up to 57");
    verify(0, "16 commits after 41, chain verified to 57");
}

static void
test_a_file_that_ends_before_the_base_is_not_continued(void **state)
{
    (void)state;
    backup(0, "9 new commits");
    move_base(51);
    it.last = 57;
    backup(75, "ends where the log does not go on (TRIMMED): write a new file");
    verify(0, whole);
}

static void
test_a_connection_lost_inside_the_base_leaves_no_gap(void **state)
{
    (void)state;
    for (size_t cut = 1; cut <= DOCUMENTS; cut += 7) {
        (void)reset(NULL);
        it.cuts_at = cut;
        backup(0, "a base of 30 documents, 9 new commits");
        verify(0, whole);
    }
}

/* Half of one base and half of another are none. */
static void
test_a_log_that_is_trimmed_meanwhile_is_no_backup(void **state)
{
    (void)state;
    it.cuts_at = 10;
    it.moves_by_then = true;
    backup(75, "trimmed meanwhile: begin anew");
    assert_int_equal(access(cli_path("b.kontor"), F_OK), -1);
    assert_int_equal(access(cli_path("b.kontor.new"), F_OK), -1);
    backup(0, "a base of 15 documents, 4 new commits");
    verify(0, "4 commits after 46, chain verified to 50");
}

static void
test_a_base_that_ends_early_is_no_backup(void **state)
{
    (void)state;
    it.ends_at = 12;
    backup(79, "the log ended inside its base");
    assert_int_equal(access(cli_path("b.kontor"), F_OK), -1);
}

static void
test_a_base_that_was_tampered_with_is_no_backup(void **state)
{
    (void)state;
    it.sample.documents[7]->doc.data[1] ^= 1;
    backup(79, "acme/007: its content does not fit its digest");
    assert_int_equal(access(cli_path("b.kontor"), F_OK), -1);
    make_log();
    it.sample.documents[7]->scope[1][0] = '=';
    backup(79, "the digest of the base is not that of its documents");
    make_log();
    it.sample.base->documents--;
    backup(79, "has 29 documents, but 30 are there");
    make_log();
    it.sample.base->at = NULL;
    backup(79, "no position, no hash or no time");
    assert_int_equal(access(cli_path("b.kontor"), F_OK), -1);
}

static void
test_every_changed_byte_is_found(void **state)
{
    (void)state;
    backup(0, "9 new commits");
    struct export_file file = {.arena = it.arena};
    const Kontor__V1__Commit *commit;
    const char *wrong;
    file.stream = fopen(cli_path("b.kontor"), "r");
    assert_non_null(file.stream);
    assert_int_equal(export_next(&file, it.arena, &commit, &wrong), EXPORT_DOCUMENT);
    long first = (long)file.whole;
    assert_int_equal(export_next(&file, it.arena, &commit, &wrong), EXPORT_DOCUMENT);
    long second = (long)file.whole;
    fclose(file.stream);
    for (long at = first + 1; at < second; at += 5) {
        FILE *stream = fopen(cli_path("b.kontor"), "r+");
        fseek(stream, at, SEEK_SET);
        int byte = getc(stream);
        fseek(stream, at, SEEK_SET);
        putc(byte ^ 0x21, stream);
        fclose(stream);
        struct cli_result result = cli_run("audit verify %s", cli_path("b.kontor"));
        assert_int_equal(result.code, 79);
        stream = fopen(cli_path("b.kontor"), "r+");
        fseek(stream, at, SEEK_SET);
        putc(byte, stream);
        fclose(stream);
    }
    verify(0, whole);
}

static void
test_a_file_cut_inside_its_base_is_begun_anew(void **state)
{
    (void)state;
    backup(0, "9 new commits");
    assert_int_equal(truncate(cli_path("b.kontor"), 400), 0);
    verify(79, "cut off inside its base: take another backup");
    backup(79, "it ends inside its base: remove it");
    assert_int_equal(unlink(cli_path("b.kontor")), 0);
    backup(0, "a base of 30 documents");
    verify(0, whole);
}

/* Its header says that the log begins at its first commit. */
static void
test_a_file_from_before_a_trim_without_a_commit_is_not_continued(void **state)
{
    Kontor__V1__ExportHeader header = KONTOR__V1__EXPORT_HEADER__INIT;
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    Kontor__V1__History history = KONTOR__V1__HISTORY__INIT;
    Kontor__V1__History *histories[] = {&history};
    struct chain chain = {.seq = 0};
    char format[] = EXPORT_FORMAT;
    (void)state;
    history.first_seq = 1;
    header.format = format;
    header.histories = histories;
    header.n_histories = 1;
    record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_HEADER;
    record.header = &header;
    FILE *stream = fopen(cli_path("b.kontor"), "w");
    assert_non_null(stream);
    assert_true(export_write(stream, &record));
    assert_true(export_write_end(stream, &chain, 0));
    assert_int_equal(fclose(stream), 0);
    backup(73, "write a new file");
}

static void
test_a_base_without_documents_is_one(void **state)
{
    (void)state;
    it.sample = base_sample(it.arena, BASE, hash, 0);
    backup(0, "b.kontor  9 new commits, up to 50");
    verify(0, "a base of 0 documents, 9 commits after 41");
}

#define RULE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_backup_begins_with_the_base),
        RULE(test_a_backup_of_a_trimmed_log_is_continued),
        RULE(test_a_file_that_ends_before_the_base_is_not_continued),
        RULE(test_a_connection_lost_inside_the_base_leaves_no_gap),
        RULE(test_a_log_that_is_trimmed_meanwhile_is_no_backup),
        RULE(test_a_base_that_ends_early_is_no_backup),
        RULE(test_a_base_that_was_tampered_with_is_no_backup),
        RULE(test_every_changed_byte_is_found),
        RULE(test_a_file_cut_inside_its_base_is_begun_anew),
        RULE(test_a_file_from_before_a_trim_without_a_commit_is_not_continued),
        RULE(test_a_base_without_documents_is_one),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
