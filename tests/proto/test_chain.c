#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/chain.h"
#include "proto/wire.h"
#include "tests/proto/commit_sample.h"

static struct arena *arena;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return arena == NULL;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *
check(struct chain *chain, const Kontor__V1__Commit *commit)
{
    return chain_check(chain, commit, NULL, 0, arena);
}

static void
expect_wrong(const Kontor__V1__Commit *commit, const char *words)
{
    struct chain chain = {0};
    const char *wrong = check(&chain, commit);
    assert_non_null(wrong);
    if (strstr(wrong, words) == NULL) {
        print_error("%s\n", wrong);
    }
    assert_non_null(strstr(wrong, words));
    assert_int_equal(chain.seq, 0);
}

static void
test_a_whole_chain_verifies(void **state)
{
    struct chain chain = {0};
    (void)state;
    for (int64_t seq = 1; seq <= 5; seq++) {
        Kontor__V1__Commit *commit = commit_sample(arena, seq, chain.hash);
        assert_null(check(&chain, commit));
        assert_int_equal(chain.seq, seq);
        assert_memory_equal(chain.hash, commit->hash.data, DIGEST_SIZE);
    }
}

/* The bytes of a small commit, written out by hand from the design. */
static void
test_the_hash_is_as_designed(void **state)
{
    (void)state;
    Kontor__V1__Commit commit = KONTOR__V1__COMMIT__INIT;
    Kontor__V1__Check read = KONTOR__V1__CHECK__INIT;
    Kontor__V1__Check *checks[] = {&read};
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    at.nanos = 2000000;
    read.kind = arena_copy(arena, "k");
    read.id = arena_copy(arena, "i");
    read.revision = 5;
    commit.seq = 1;
    commit.at = &at;
    commit.prev = commit_bytes(arena, 0, DIGEST_SIZE);
    commit.eid = commit_bytes(arena, 1, 16);
    commit.actor = arena_copy(arena, "a");
    commit.n_checks = 1;
    commit.checks = checks;
    struct digest *digest = digest_new(arena);
    digest_add(digest, "\0\0\0\0\0\0\0\7kontor1\0\0\0\0\0\0\0\40", 23);
    digest_add(digest, commit.prev.data, DIGEST_SIZE);
    digest_add(digest, "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\20", 24);
    digest_add(digest, commit.eid.data, 16);
    digest_add(digest, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1a\0\0\0\0\0\0\0\1", 25);
    digest_add(digest, "\0\0\0\0\0\0\0\1k\0\0\0\0\0\0\0\1i\0\0\0\0\0\0\0\5", 26);
    digest_add(digest, "\0\0\0\0\0\0\0\0", 8);
    uint8_t wanted[DIGEST_SIZE];
    uint8_t hash[DIGEST_SIZE];
    digest_end(digest, wanted);
    chain_hash(&commit, arena, hash);
    assert_memory_equal(hash, wanted, DIGEST_SIZE);
}

static void
test_the_order_of_lists_does_not_change_the_hash(void **state)
{
    uint8_t before[DIGEST_SIZE];
    uint8_t after[DIGEST_SIZE];
    (void)state;
    Kontor__V1__Commit *commit = commit_sample(arena, 1, NULL);
    chain_hash(commit, arena, before);
    Kontor__V1__Change *first = commit->changes[0];
    commit->changes[0] = commit->changes[2];
    commit->changes[2] = first;
    Kontor__V1__Check *read = commit->checks[0];
    commit->checks[0] = commit->checks[1];
    commit->checks[1] = read;
    char *scope = first->scope[0];
    first->scope[0] = first->scope[1];
    first->scope[1] = scope;
    chain_hash(commit, arena, after);
    assert_memory_equal(before, after, DIGEST_SIZE);
}

/* Each changes one thing of a good commit. */
typedef void (*tamper_fn)(Kontor__V1__Commit *commit);

static void
tamper_at(Kontor__V1__Commit *commit)
{
    commit->at->nanos += 1000000;
}

static void
tamper_seconds(Kontor__V1__Commit *commit)
{
    commit->at->seconds++;
}

static void
tamper_eid(Kontor__V1__Commit *commit)
{
    commit->eid.data[3] ^= 1;
}

static void
tamper_request(Kontor__V1__Commit *commit)
{
    commit->request.data[3] ^= 1;
}

static void
tamper_request_away(Kontor__V1__Commit *commit)
{
    commit->request.len = 0;
}

static void
tamper_actor(Kontor__V1__Commit *commit)
{
    commit->actor = arena_copy(arena, "acme/other");
}

static void
tamper_hash(Kontor__V1__Commit *commit)
{
    commit->hash.data[31] ^= 1;
}

static void
tamper_hash_short(Kontor__V1__Commit *commit)
{
    commit->hash.len = 31;
}

static void
tamper_check_kind(Kontor__V1__Commit *commit)
{
    commit->checks[0]->kind = arena_copy(arena, "site");
}

static void
tamper_check_id(Kontor__V1__Commit *commit)
{
    commit->checks[0]->id = arena_copy(arena, "acme/c");
}

static void
tamper_check_revision(Kontor__V1__Commit *commit)
{
    commit->checks[0]->revision++;
}

static void
tamper_check_away(Kontor__V1__Commit *commit)
{
    commit->n_checks--;
}

static void
tamper_kind(Kontor__V1__Commit *commit)
{
    commit->changes[0]->kind = arena_copy(arena, "offer");
}

static void
tamper_id(Kontor__V1__Commit *commit)
{
    commit->changes[0]->id = arena_copy(arena, "acme/20");
}

static void
tamper_op(Kontor__V1__Commit *commit)
{
    commit->changes[0]->op = KONTOR__V1__CHANGE__OP__NOTE;
}

static void
tamper_was(Kontor__V1__Commit *commit)
{
    commit->changes[0]->was = 0;
}

static void
tamper_scope(Kontor__V1__Commit *commit)
{
    commit->changes[0]->scope[1] = arena_copy(arena, "=r:acmf");
}

static void
tamper_scope_away(Kontor__V1__Commit *commit)
{
    commit->changes[0]->n_scope--;
}

static void
tamper_scope_moved(Kontor__V1__Commit *commit)
{
    Kontor__V1__Change *change = commit->changes[0];
    change->n_scope--;
    change->n_scope_was++;
    change->scope_was[1] = change->scope[1];
}

static void
tamper_scope_was(Kontor__V1__Commit *commit)
{
    commit->changes[0]->scope_was[0] = arena_copy(arena, "=r:other");
}

static void
tamper_digest(Kontor__V1__Commit *commit)
{
    commit->changes[0]->digest.data[0] ^= 1;
}

static void
tamper_change_away(Kontor__V1__Commit *commit)
{
    commit->n_changes--;
}

static void
test_each_thing_the_hash_covers_is_caught(void **state)
{
    static const tamper_fn tampers[] = {
        tamper_at,
        tamper_seconds,
        tamper_eid,
        tamper_request,
        tamper_request_away,
        tamper_actor,
        tamper_hash,
        tamper_hash_short,
        tamper_check_kind,
        tamper_check_id,
        tamper_check_revision,
        tamper_check_away,
        tamper_kind,
        tamper_id,
        tamper_op,
        tamper_was,
        tamper_scope,
        tamper_scope_away,
        tamper_scope_moved,
        tamper_scope_was,
        tamper_digest,
        tamper_change_away,
    };
    (void)state;
    for (size_t i = 0; i < sizeof tampers / sizeof tampers[0]; i++) {
        Kontor__V1__Commit *commit = commit_sample(arena, 1, NULL);
        tampers[i](commit);
        expect_wrong(commit, "its hash does not fit");
    }
}

static void
test_a_changed_document_or_salt_is_caught(void **state)
{
    (void)state;
    Kontor__V1__Commit *commit = commit_sample(arena, 1, NULL);
    commit->changes[0]->doc.data[5] ^= 1;
    expect_wrong(commit, "service acme/2: its document does not fit");
    commit = commit_sample(arena, 1, NULL);
    commit->changes[1]->salt.data[5] ^= 1;
    expect_wrong(commit, "does not fit");
    commit = commit_sample(arena, 1, NULL);
    commit->changes[1]->salt.len = 0;
    expect_wrong(commit, "salt");
    commit = commit_sample(arena, 1, NULL);
    commit->changes[1]->doc.len--;
    expect_wrong(commit, "does not fit");
}

static void
test_bytes_do_not_move_between_salt_and_document(void **state)
{
    (void)state;
    Kontor__V1__Commit *commit = commit_sample(arena, 1, NULL);
    Kontor__V1__Change *change = commit->changes[0];
    uint8_t *both = arena_alloc(arena, 36);
    memcpy(both, change->salt.data, 16);
    memcpy(both + 16, change->doc.data, 20);
    change->salt = (ProtobufCBinaryData){17, both};
    change->doc = (ProtobufCBinaryData){19, both + 17};
    expect_wrong(commit, "salt is not 16 bytes");
}

static void
test_an_erased_document_leaves_the_chain_whole(void **state)
{
    struct chain chain = {0};
    (void)state;
    Kontor__V1__Commit *commit = commit_sample(arena, 1, NULL);
    commit->changes[0]->salt.len = 0;
    commit->changes[0]->doc.len = 0;
    assert_null(check(&chain, commit));
}

static void
test_a_removal_carries_nothing(void **state)
{
    (void)state;
    Kontor__V1__Commit *commit = commit_sample(arena, 1, NULL);
    commit->changes[2]->doc = commit_bytes(arena, 'x', 3);
    expect_wrong(commit, "removal carries");
    commit = commit_sample(arena, 1, NULL);
    commit->changes[2]->digest = commit_bytes(arena, 1, DIGEST_SIZE);
    commit_seal(arena, commit);
    expect_wrong(commit, "removal is not zero");
    commit = commit_sample(arena, 1, NULL);
    commit->changes[2]->n_scope = 1;
    commit->changes[2]->scope = commit->changes[0]->scope;
    commit_seal(arena, commit);
    expect_wrong(commit, "removal carries");
}

static void
test_a_document_twice_is_caught(void **state)
{
    (void)state;
    Kontor__V1__Commit *commit = commit_sample(arena, 1, NULL);
    commit->changes[1]->id = arena_copy(arena, "acme/2");
    commit_seal(arena, commit);
    expect_wrong(commit, "acme/2 is in it twice");
}

static void
test_what_the_hash_does_not_cover_is_refused(void **state)
{
    static const uint8_t unknown[] = {0xf8, 0xff, 1, 5};
    (void)state;
    Kontor__V1__Commit *commit = commit_sample(arena, 1, NULL);
    struct bytes packed = wire_pack(&commit->base, arena);
    uint8_t *longer = arena_alloc(arena, packed.size + sizeof unknown);
    memcpy(longer, packed.data, packed.size);
    memcpy(longer + packed.size, unknown, sizeof unknown);
    struct faults faults = {.arena = arena};
    Kontor__V1__Commit *back =
        (void *)wire_unpack(&kontor__v1__commit__descriptor,
                            (struct bytes){longer, packed.size + sizeof unknown},
                            &wire_stored_limits, arena, &faults);
    assert_non_null(back);
    expect_wrong(back, "does not know");
    commit = commit_sample(arena, 1, NULL);
    commit->at->nanos += 1;
    expect_wrong(commit, "milliseconds");
    commit = commit_sample(arena, 1, NULL);
    commit->at = NULL;
    expect_wrong(commit, "time is missing");
}

static void
test_gaps_and_repeats_are_caught(void **state)
{
    struct chain chain = {0};
    (void)state;
    assert_null(check(&chain, commit_sample(arena, 1, chain.hash)));
    assert_non_null(
        strstr(check(&chain, commit_sample(arena, 3, chain.hash)), "does not follow"));
    assert_non_null(
        strstr(check(&chain, commit_sample(arena, 1, chain.hash)), "does not follow"));
    assert_non_null(strstr(check(&chain, commit_sample(arena, 2, NULL)), "prev"));
    expect_wrong(commit_sample(arena, 2, NULL), "does not follow");
}

static void
test_a_new_history_may_leave_a_gap(void **state)
{
    Kontor__V1__History first = KONTOR__V1__HISTORY__INIT;
    Kontor__V1__History second = KONTOR__V1__HISTORY__INIT;
    Kontor__V1__History *histories[] = {&first, &second};
    struct chain chain = {0};
    (void)state;
    first.first_seq = 1;
    second.first_seq = 1000;
    second.last_common_seq = 2;
    assert_null(check(&chain, commit_sample(arena, 1, chain.hash)));
    Kontor__V1__Commit *early = commit_sample(arena, 1000, chain.hash);
    assert_non_null(chain_check(&chain, early, histories, 2, arena));
    assert_null(check(&chain, commit_sample(arena, 2, chain.hash)));
    Kontor__V1__Commit *next = commit_sample(arena, 1000, chain.hash);
    assert_non_null(chain_check(&chain, next, histories, 1, arena));
    assert_null(chain_check(&chain, next, histories, 2, arena));
    assert_int_equal(chain.seq, 1000);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_chain_verifies),
        cmocka_unit_test(test_the_hash_is_as_designed),
        cmocka_unit_test(test_the_order_of_lists_does_not_change_the_hash),
        cmocka_unit_test(test_each_thing_the_hash_covers_is_caught),
        cmocka_unit_test(test_a_changed_document_or_salt_is_caught),
        cmocka_unit_test(test_bytes_do_not_move_between_salt_and_document),
        cmocka_unit_test(test_an_erased_document_leaves_the_chain_whole),
        cmocka_unit_test(test_a_removal_carries_nothing),
        cmocka_unit_test(test_a_document_twice_is_caught),
        cmocka_unit_test(test_what_the_hash_does_not_cover_is_refused),
        cmocka_unit_test(test_gaps_and_repeats_are_caught),
        cmocka_unit_test(test_a_new_history_may_leave_a_gap),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
