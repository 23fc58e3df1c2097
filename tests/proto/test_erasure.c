/* Which losses of a log an erasure covers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/chain.h"
#include "proto/erasure.h"
#include "proto/wire.h"
#include "tests/proto/commit_sample.h"

static struct arena *arena;
static struct erasures erasures;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    erasures = (struct erasures){.arena = arena};
    return arena == NULL;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* A commit of one change; its op is PUT. */
static Kontor__V1__Commit *
commit_of(int64_t seq, const char *kind, const char *id)
{
    Kontor__V1__Commit *commit = commit_sample(arena, seq, NULL);
    commit->n_changes = 1;
    commit->changes[0]->kind = arena_copy(arena, kind);
    commit->changes[0]->id = arena_copy(arena, id);
    return commit;
}

static void
add_loss(int64_t seq, const char *kind, const char *id)
{
    Kontor__V1__Commit *commit = commit_of(seq, kind, id);
    commit->changes[0]->salt.len = 0;
    commit->changes[0]->doc.len = 0;
    erasures_add(&erasures, commit);
}

static Kontor__V1__Commit *
remark_of(int64_t seq, const char *kind, const char *id, int64_t up_to)
{
    Kontor__V1__Note note = KONTOR__V1__NOTE__INIT;
    Kontor__V1__Commit *commit = commit_of(seq, kind, id);
    note.erased_up_to = up_to;
    struct bytes doc = wire_pack(&note.base, arena);
    commit->actor = arena_copy(arena, ERASURE_ACTOR);
    commit->changes[0]->op = KONTOR__V1__CHANGE__OP__NOTE;
    commit->changes[0]->doc = (ProtobufCBinaryData){doc.size, (uint8_t *)doc.data};
    return commit;
}

static void
add_remark(int64_t seq, const char *kind, const char *id, int64_t up_to)
{
    erasures_add(&erasures, remark_of(seq, kind, id, up_to));
}

static void
expect_wrong(const char *says)
{
    const char *wrong = erasures_judge(&erasures);
    if (wrong == NULL || strstr(wrong, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", wrong == NULL ? "" : wrong, says);
    }
}

static void
test_a_log_without_losses_is_whole(void **state)
{
    (void)state;
    assert_null(erasures_judge(&erasures));
    erasures_add(&erasures, commit_sample(arena, 1, NULL));
    assert_null(erasures_judge(&erasures));
    assert_int_equal(erasures.n_erased, 0);
}

static void
test_a_later_remark_covers_what_it_names(void **state)
{
    (void)state;
    for (int64_t seq = 1; seq <= 100; seq++) {
        add_loss(seq, "paper", "p");
        add_loss(seq, "paper", arena_print(arena, "p/%lld", (long long)seq));
    }
    for (int64_t seq = 1; seq <= 100; seq++) {
        add_remark(100 + seq, "paper", arena_print(arena, "p/%lld", (long long)seq),
                   100);
    }
    expect_wrong("commit 100: paper p: its document is missing");
    add_remark(300, "paper", "p", 99);
    expect_wrong("commit 100: paper p: its document is missing");
    add_remark(301, "paper", "p", 100);
    assert_null(erasures_judge(&erasures));
    assert_int_equal(erasures.n_erased, 200);
}

static void
test_a_remark_covers_nothing_else(void **state)
{
    (void)state;
    add_loss(5, "paper", "p");
    add_remark(6, "paper", "q", 5);
    add_remark(6, "drawer", "p", 5);
    expect_wrong("commit 5: paper p");
}

/* Whatever it says, for a hand that takes away could say much beforehand. */
static void
test_a_remark_covers_nothing_that_came_later(void **state)
{
    (void)state;
    add_remark(4, "paper", "p", INT64_MAX);
    add_loss(5, "paper", "p");
    expect_wrong("commit 5: paper p");
}

static void
test_the_second_erasure_covers_what_the_first_did_not(void **state)
{
    (void)state;
    add_loss(1, "paper", "p");
    add_remark(3, "paper", "p", 1);
    add_loss(4, "paper", "p");
    expect_wrong("commit 4: paper p");
    add_remark(6, "paper", "p", 4);
    assert_null(erasures_judge(&erasures));
}

static void
test_a_remark_that_was_taken_away_is_a_loss(void **state)
{
    (void)state;
    Kontor__V1__Commit *remark = remark_of(3, "paper", "p", 2);
    remark->changes[0]->salt.len = 0;
    remark->changes[0]->doc.len = 0;
    add_loss(1, "paper", "p");
    erasures_add(&erasures, remark);
    expect_wrong("commit 3: paper p");
}

static void
test_only_the_brokers_own_remark_is_one_of_an_erasure(void **state)
{
    int64_t up_to = 0;
    (void)state;
    Kontor__V1__Commit *commit = remark_of(3, "paper", "p", 2);
    assert_true(erasure_read(commit, commit->changes[0], &up_to));
    assert_int_equal(up_to, 2);
    commit->actor = arena_copy(arena, "acme/erase");
    assert_false(erasure_read(commit, commit->changes[0], &up_to));
    commit->actor = arena_copy(arena, ERASURE_ACTOR);
    commit->changes[0]->op = KONTOR__V1__CHANGE__OP__PUT;
    assert_false(erasure_read(commit, commit->changes[0], &up_to));
    /* Bytes that are no remark cover nothing. */
    commit->changes[0]->op = KONTOR__V1__CHANGE__OP__NOTE;
    commit->changes[0]->doc = commit_bytes(arena, 0xff, 3);
    assert_true(erasure_read(commit, commit->changes[0], &up_to));
    assert_int_equal(up_to, 0);
}

#define RULE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        RULE(test_a_log_without_losses_is_whole),
        RULE(test_a_later_remark_covers_what_it_names),
        RULE(test_a_remark_covers_nothing_else),
        RULE(test_a_remark_covers_nothing_that_came_later),
        RULE(test_the_second_erasure_covers_what_the_first_did_not),
        RULE(test_a_remark_that_was_taken_away_is_a_loss),
        RULE(test_only_the_brokers_own_remark_is_one_of_an_erasure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
