/* kontor backup and kontor audit verify: whole, continued, cut, damaged, of another
 * log. */
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
#include "tests/tools/cli_fixture.h"

enum { LOG_MAX = 40 };

/* The broker's log. */
static struct {
    struct arena *arena;
    Kontor__V1__Commit commits[LOG_MAX + 1]; /* By seq. */
    int64_t last;
    bool is_gone; /* The position cannot be served. */
    int n_histories;
    bool loses_connection;
    int64_t
        breaks_at; /* The reading ends with DATA_LOSS before this commit; 0 = not. */
} it;

static ProtobufCBinaryData
bytes_of(const void *data, size_t size)
{
    uint8_t *copy = arena_alloc(it.arena, size);
    memcpy(copy, data, size);
    return (ProtobufCBinaryData){size, copy};
}

static void
make_commit(int64_t seq)
{
    static const uint8_t zeros[DIGEST_SIZE];
    Kontor__V1__Commit *commit = &it.commits[seq];
    kontor__v1__commit__init(commit);
    Google__Protobuf__Timestamp *at = arena_alloc(it.arena, sizeof *at);
    google__protobuf__timestamp__init(at);
    at->seconds = 1700000000 + seq;
    Kontor__V1__Change *change = arena_alloc(it.arena, sizeof *change);
    kontor__v1__change__init(change);
    char *text = arena_print(it.arena, "doc %lld", (long long)seq);
    uint8_t digest[DIGEST_SIZE];
    change->kind = arena_copy(it.arena, "guard");
    change->id = arena_print(it.arena, "name/%lld", (long long)seq);
    change->op = KONTOR__V1__CHANGE__OP__PUT;
    change->salt = bytes_of("0123456789abcdef", 16);
    change->doc = bytes_of(text, strlen(text));
    chain_digest(change, digest);
    change->digest = bytes_of(digest, sizeof digest);
    commit->seq = seq;
    commit->at = at;
    commit->eid = bytes_of("fedcba9876543210", 16);
    commit->actor = arena_copy(it.arena, "alpine/ops");
    commit->changes = arena_alloc(it.arena, sizeof *commit->changes);
    commit->changes[0] = change;
    commit->n_changes = 1;
    commit->prev = seq == 1 ? bytes_of(zeros, sizeof zeros) : it.commits[seq - 1].hash;
    uint8_t hash[DIGEST_SIZE];
    chain_hash(commit, it.arena, hash);
    commit->hash = bytes_of(hash, sizeof hash);
}

/* The log with the third commit's document erased, and the tenth, which says so. */
static void
make_erased(bool has_remark)
{
    Kontor__V1__Note note = KONTOR__V1__NOTE__INIT;
    uint8_t packed[16];
    uint8_t hash[DIGEST_SIZE];
    note.erased_up_to = 3;
    size_t size = kontor__v1__note__pack(&note, packed);
    for (int64_t seq = 1; seq <= LOG_MAX; seq++) {
        make_commit(seq);
        Kontor__V1__Commit *commit = &it.commits[seq];
        Kontor__V1__Change *change = commit->changes[0];
        if (seq == 3) {
            change->salt.len = 0;
            change->doc.len = 0;
        }
        if (seq != 10 || !has_remark) {
            continue;
        }
        commit->actor = arena_copy(it.arena, ERASURE_ACTOR);
        change->op = KONTOR__V1__CHANGE__OP__NOTE;
        change->id = arena_copy(it.arena, "name/3");
        change->doc = bytes_of(packed, size);
        chain_digest(change, hash);
        change->digest = bytes_of(hash, sizeof hash);
        chain_hash(commit, it.arena, hash);
        commit->hash = bytes_of(hash, sizeof hash);
    }
}

static void
send_start(struct fake_call *call, int64_t after)
{
    Kontor__V1__History rows[2];
    Kontor__V1__History *histories[2];
    for (int i = 0; i < it.n_histories; i++) {
        kontor__v1__history__init(&rows[i]);
        rows[i].first_seq = i == 0 ? 1 : 1 << 20;
        histories[i] = &rows[i];
    }
    Kontor__V1__ReadLogResponse start = KONTOR__V1__READ_LOG_RESPONSE__INIT;
    start.histories = histories;
    start.n_histories = (size_t)it.n_histories;
    if (after > 0) {
        start.anchor = it.commits[after].hash;
    }
    fake_send(call, &start.base);
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
    if (it.is_gone) {
        fake_fail(call, KONTOR_OUT_OF_RANGE, "HISTORY_CHANGED", "it was restored");
        return;
    }
    send_start(call, after);
    for (int64_t seq = after + 1; seq <= it.last; seq++) {
        if (seq == it.breaks_at) {
            fake_fail(call, KONTOR_DATA_LOSS, NULL, "the log is damaged");
            return;
        }
        Kontor__V1__Commit *commits[] = {&it.commits[seq]};
        Kontor__V1__ReadLogResponse response = KONTOR__V1__READ_LOG_RESPONSE__INIT;
        response.commits = commits;
        response.n_commits = 1;
        fake_send(call, &response.base);
        if (it.loses_connection && seq == it.last / 2) {
            it.loses_connection = false;
            fake_fail(call, KONTOR_UNAVAILABLE, NULL, "draining");
            return;
        }
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
    for (int64_t seq = 1; seq <= LOG_MAX; seq++) {
        make_commit(seq);
    }
    it.last = 20;
    it.is_gone = false;
    it.n_histories = 1;
    it.loses_connection = false;
    it.breaks_at = 0;
    unlink(cli_path("b.kontor"));
    fake_sync(cli_fake());
    return 0;
}

static void
backup(int code)
{
    struct cli_result result =
        cli_run("backup %s --output table", cli_path("b.kontor"));
    if (result.code != code) {
        fail_msg("exit %d: %s", result.code, result.err);
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

static long
file_size(void)
{
    FILE *stream = fopen(cli_path("b.kontor"), "r");
    assert_non_null(stream);
    fseek(stream, 0, SEEK_END);
    long size = ftell(stream);
    fclose(stream);
    return size;
}

static void
test_a_backup_is_whole_and_verifies(void **state)
{
    (void)state;
    backup(0);
    verify(0, "20 commits after 0, chain verified to 20");
}

static void
test_a_program_reads_what_was_written(void **state)
{
    (void)state;
    struct cli_result result = cli_run("backup %s", cli_path("b.kontor"));
    assert_int_equal(result.code, 0);
    assert_non_null(strstr(
        result.out,
        "b.kontor\",\"newCommits\":\"20\",\"seq\":\"20\",\"documents\":\"0\"}\n"));
    result = cli_run("audit verify %s", cli_path("b.kontor"));
    assert_string_equal(result.out, "{\"commits\": \"20\", \"seq\": \"20\", "
                                    "\"erased\": \"0\", \"documents\": \"0\"}\n");
}

static void
test_a_lost_connection_leaves_no_gap(void **state)
{
    (void)state;
    it.loses_connection = true;
    backup(0);
    verify(0, "20 commits after 0, chain verified to 20");
}

static void
test_a_second_backup_brings_only_what_is_new(void **state)
{
    (void)state;
    backup(0);
    it.last = 33;
    struct cli_result result =
        cli_run("backup %s --output table", cli_path("b.kontor"));
    assert_non_null(strstr(result.out, "13 new commits, up to 33"));
    verify(0, "33 commits after 0, chain verified to 33");
    result = cli_run("backup %s --output table", cli_path("b.kontor"));
    assert_non_null(strstr(result.out, "0 new commits, up to 33"));
    verify(0, "33 commits");
}

static void
test_a_file_cut_anywhere_is_continued_from_its_last_whole_record(void **state)
{
    (void)state;
    backup(0);
    long whole = file_size();
    /* The end record alone is 40 bytes. */
    for (long cut = 1; cut < 300; cut += 7) {
        assert_int_equal(truncate(cli_path("b.kontor"), whole - cut), 0);
        backup(0);
        assert_int_equal(file_size(), whole);
    }
    verify(0, "20 commits");
    assert_int_equal(truncate(cli_path("b.kontor"), whole - 3), 0);
    verify(79, "cut off after commit 20: run kontor backup on it again");
}

/* As it stands when a run was killed between two records. */
static void
test_a_file_cut_between_two_records_is_not_whole(void **state)
{
    (void)state;
    backup(0);
    long whole = file_size();
    struct export_file file = {.arena = it.arena};
    file.stream = fopen(cli_path("b.kontor"), "r");
    assert_non_null(file.stream);
    long ends[LOG_MAX];
    size_t n = 0;
    const Kontor__V1__Commit *commit;
    const char *wrong;
    while (export_next(&file, it.arena, &commit, &wrong) == EXPORT_COMMIT) {
        ends[n++] = (long)file.whole;
    }
    fclose(file.stream);
    assert_int_equal(n, 20);
    for (size_t i = n; i-- > 0;) {
        assert_int_equal(truncate(cli_path("b.kontor"), ends[i]), 0);
        verify(79, "run kontor backup on it again");
    }
    backup(0);
    assert_int_equal(file_size(), whole);
    verify(0, "20 commits");
}

/* What was whole before a run that failed is whole after it. */
static void
test_a_failed_continuation_leaves_the_file_as_it_was(void **state)
{
    (void)state;
    backup(0);
    long size = file_size();
    it.last = 33;
    it.breaks_at = 30;
    backup(79);
    assert_int_equal(file_size(), size);
    verify(0, "20 commits");
    it.breaks_at = 0;
    backup(0);
    verify(0, "33 commits");
}

static void
test_a_killed_continuation_says_how_to_go_back(void **state)
{
    (void)state;
    backup(0);
    long size = file_size();
    it.last = 33;
    backup(0);
    assert_int_equal(truncate(cli_path("b.kontor"), file_size() - 200), 0);
    char cure[64];
    (void)snprintf(cure, sizeof cure, "truncate -s %ld", size);
    verify(79, cure);
    assert_int_equal(truncate(cli_path("b.kontor"), size), 0);
    verify(0, "20 commits");
    backup(0);
    verify(0, "33 commits");
}

static void
test_a_changed_byte_is_found(void **state)
{
    (void)state;
    unsigned seed = 7;
    backup(0);
    long size = file_size();
    for (int i = 0; i < 20; i++) {
        long at = rand_r(&seed) % size;
        FILE *stream = fopen(cli_path("b.kontor"), "r+");
        fseek(stream, at, SEEK_SET);
        int byte = getc(stream);
        fseek(stream, at, SEEK_SET);
        putc(byte ^ 0x21, stream);
        fclose(stream);
        struct cli_result result =
            cli_run("audit verify %s --output table", cli_path("b.kontor"));
        /* The header's own texts are not in the chain; all else is. */
        if (at > 64) {
            assert_int_equal(result.code, 79);
        }
        stream = fopen(cli_path("b.kontor"), "r+");
        fseek(stream, at, SEEK_SET);
        putc(byte, stream);
        fclose(stream);
    }
    verify(0, "20 commits");
}

static void
test_a_file_of_another_log_is_not_continued(void **state)
{
    (void)state;
    backup(0);
    long size = file_size();
    it.is_gone = true;
    backup(75);
    it.is_gone = false;
    it.n_histories = 2;
    backup(73);
    it.n_histories = 1;
    ProtobufCBinaryData kept = it.commits[20].hash;
    it.commits[20].hash = it.commits[19].hash;
    backup(73);
    it.commits[20].hash = kept;
    assert_int_equal(file_size(), size);
    verify(0, "20 commits");
}

static void
test_what_is_no_backup_is_left_alone(void **state)
{
    (void)state;
    cli_write("b.kontor", "these are somebody's notes\n");
    backup(79);
    assert_int_equal(file_size(), 27);
    cli_write("b.kontor", "");
    verify(79, "it is empty");
}

static void
test_a_failed_backup_leaves_no_file(void **state)
{
    (void)state;
    it.is_gone = true;
    backup(75);
    assert_int_equal(access(cli_path("b.kontor"), F_OK), -1);
    assert_int_equal(access(cli_path("b.kontor.new"), F_OK), -1);
}

static void
test_what_was_erased_is_counted(void **state)
{
    (void)state;
    make_erased(true);
    backup(0);
    verify(0, "20 commits after 0, chain verified to 20, 1 erased");
    struct cli_result result = cli_run("audit verify %s", cli_path("b.kontor"));
    assert_non_null(strstr(result.out, "\"erased\": \"1\""));
}

/* The chain holds without documents: only the remark tells an erasure from a hand that
 * took one away. */
static void
test_a_document_that_went_in_silence_is_found(void **state)
{
    (void)state;
    make_erased(false);
    backup(0);
    verify(79, "commit 3: guard name/3: its document is missing");
}

#define RULE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_backup_is_whole_and_verifies),
        RULE(test_a_program_reads_what_was_written),
        RULE(test_a_lost_connection_leaves_no_gap),
        RULE(test_a_second_backup_brings_only_what_is_new),
        RULE(test_a_file_cut_anywhere_is_continued_from_its_last_whole_record),
        RULE(test_a_file_cut_between_two_records_is_not_whole),
        RULE(test_a_failed_continuation_leaves_the_file_as_it_was),
        RULE(test_a_killed_continuation_says_how_to_go_back),
        RULE(test_a_changed_byte_is_found),
        RULE(test_a_file_of_another_log_is_not_continued),
        RULE(test_what_is_no_backup_is_left_alone),
        RULE(test_a_failed_backup_leaves_no_file),
        RULE(test_what_was_erased_is_counted),
        RULE(test_a_document_that_went_in_silence_is_found),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
