/* The ring of latest commits: what it keeps, and what it knows of each document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <google/protobuf/timestamp.pb-c.h>

#include "server/rpc/stream_ring.h"

enum { ROOM = 16, N_IDS = 6, STEPS = 20000, MANY_BYTES = 1 << 20 };

static const char *const ids[N_IDS] = {"a/1", "a/2", "a/3", "a/4", "a/5", "a/6"};
static char *scopes[] = {(char *)"=r:a", (char *)"=r:b", (char *)"~*"};

static bool
never_asked(void *context, const struct stream_change *change, int64_t seq,
            int64_t *created_at_ms)
{
    (void)context;
    (void)change;
    (void)seq;
    *created_at_ms = 1;
    return true;
}

static struct stream_commit *
make(int64_t seq, const char *const *changed, const size_t *scope, size_t n)
{
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Kontor__V1__Commit commit = KONTOR__V1__COMMIT__INIT;
    Kontor__V1__Change rows[4];
    Kontor__V1__Change *changes[4];
    commit.seq = seq;
    commit.at = &at;
    commit.actor = (char *)"a/op";
    for (size_t i = 0; i < n; i++) {
        kontor__v1__change__init(&rows[i]);
        rows[i].kind = (char *)"provider";
        rows[i].id = (char *)changed[i];
        rows[i].op = KONTOR__V1__CHANGE__OP__PUT;
        rows[i].was = 1;
        rows[i].scope = &scopes[scope[i]];
        rows[i].n_scope = 1;
        changes[i] = &rows[i];
    }
    commit.changes = changes;
    commit.n_changes = n;
    struct stream_commit *encoded = stream_commit_new(&commit, never_asked, NULL);
    assert_non_null(encoded);
    return encoded;
}

static struct stream_commit *
make_one(int64_t seq, size_t id, size_t scope)
{
    return make(seq, &ids[id], &scope, 1);
}

static void
test_the_oldest_go_first(void **state)
{
    (void)state;
    struct ring *ring = ring_new(ROOM, MANY_BYTES, 100);
    assert_int_equal(ring_head(ring), 100);
    assert_true(ring_reaches(ring, 100));
    assert_false(ring_reaches(ring, 99));
    for (int64_t seq = 101; seq <= 140; seq++) {
        ring_add(ring, make_one(seq, 0, 0));
        assert_int_equal(ring_at(ring, seq)->seq, seq);
    }
    assert_true(ring_reaches(ring, 140 - ROOM));
    assert_false(ring_reaches(ring, 140 - ROOM - 1));
    ring_free(ring);
}

static void
test_bytes_bound_it_too(void **state)
{
    (void)state;
    struct stream_commit *first = make_one(1, 0, 0);
    struct ring *ring = ring_new(ROOM, 3 * (int64_t)first->size, 0);
    ring_add(ring, first);
    for (int64_t seq = 2; seq <= 5; seq++) {
        ring_add(ring, make_one(seq, 0, 0));
    }
    assert_true(ring_reaches(ring, 2));
    assert_false(ring_reaches(ring, 1));
    ring_free(ring);
}

static void
test_a_gap_between_histories_begins_anew(void **state)
{
    (void)state;
    struct ring *ring = ring_new(ROOM, MANY_BYTES, 0);
    ring_add(ring, make_one(1, 0, 0));
    ring_add(ring, make_one(1000000, 1, 0));
    assert_false(ring_reaches(ring, 1));
    assert_true(ring_reaches(ring, 999999));
    assert_null(ring_latest(ring, KIND_PROVIDER, ids[0]));
    assert_non_null(ring_latest(ring, KIND_PROVIDER, ids[1]));
    ring_skip(ring, 1000001);
    assert_false(ring_reaches(ring, 1000000));
    assert_true(ring_reaches(ring, 1000001));
    assert_null(ring_latest(ring, KIND_PROVIDER, ids[1]));
    ring_free(ring);
}

static void
test_a_change_of_scope_unsettles_what_came_before(void **state)
{
    (void)state;
    struct ring *ring = ring_new(ROOM, MANY_BYTES, 0);
    ring_add(ring, make_one(1, 0, 0));
    ring_add(ring, make_one(2, 1, 1));
    ring_add(ring, make_one(3, 0, 0));
    assert_true(ring_is_settled(ring, 1));
    ring_add(ring, make_one(4, 0, 1));
    assert_false(ring_is_settled(ring, 3));
    assert_true(ring_is_settled(ring, 4));
    ring_free(ring);
}

/* ---- Against a model that remembers everything ---- */

struct model {
    int64_t seq[N_IDS];         /* Of the last change; 0 = none. */
    size_t scope[STEPS][N_IDS]; /* After each step. */
};

static void
check_model(const struct ring *ring, const struct model *model, int64_t head)
{
    int64_t first = head;
    while (first > 1 && ring_reaches(ring, first - 2)) {
        first--;
    }
    for (size_t i = 0; i < N_IDS; i++) {
        const struct stream_change *latest = ring_latest(ring, KIND_PROVIDER, ids[i]);
        assert_int_equal(latest != NULL, model->seq[i] >= first);
        if (latest != NULL) {
            assert_string_equal(latest->id, ids[i]);
            assert_string_equal(latest->scope[0], scopes[model->scope[head - 1][i]]);
        }
    }
    /* Settled means: whatever a commit in the ring wrote has its scope still. */
    for (int64_t seq = first; seq <= head; seq++) {
        const struct stream_commit *commit = ring_at(ring, seq);
        for (size_t i = 0; ring_is_settled(ring, seq) && i < commit->n_changes; i++) {
            const struct stream_change *change = &commit->changes[i];
            assert_string_equal(change->scope[0],
                                ring_latest(ring, change->kind, change->id)->scope[0]);
        }
    }
}

static void
test_it_knows_the_last_version_of_what_it_holds(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srand(seed);
    struct model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    struct ring *ring = ring_new(ROOM, MANY_BYTES, 0);
    for (int64_t seq = 1; seq <= STEPS; seq++) {
        size_t n = 1 + (size_t)rand() % 2;
        size_t first = (size_t)rand() % (N_IDS - 1);
        size_t scope[2];
        if (seq > 1) {
            memcpy(model->scope[seq - 1], model->scope[seq - 2],
                   sizeof model->scope[0]);
        }
        for (size_t i = 0; i < n; i++) {
            bool is_other = rand() % 8 == 0;
            size_t *now = &model->scope[seq - 1][first + i];
            *now = is_other ? (size_t)rand() % 3 : *now;
            scope[i] = *now;
            model->seq[first + i] = seq;
        }
        ring_add(ring, make(seq, &ids[first], scope, n));
        check_model(ring, model, seq);
    }
    ring_free(ring);
    free(model);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_oldest_go_first),
        cmocka_unit_test(test_bytes_bound_it_too),
        cmocka_unit_test(test_a_gap_between_histories_begins_anew),
        cmocka_unit_test(test_a_change_of_scope_unsettles_what_came_before),
        cmocka_unit_test(test_it_knows_the_last_version_of_what_it_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
