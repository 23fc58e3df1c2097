/*
 * Orders against a model of them: random calls by everybody, and time, a hundred
 * thousand steps of it. Each step is predicted by a model that was written from the
 * design (model.h), and what is stored then is compared with what it says.
 *
 *     test_order_model [--seed N] [--steps N]
 *
 * KONTOR_MODEL_SEED and KONTOR_MODEL_STEPS say the same. The same seed is the same
 * walk. It fails, too, when a move of the machine was never made: a walk that does not
 * get there shows nothing.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/server/walk.h"

enum { DEFAULT_STEPS = 100000, DEFAULT_SEED = 20260101, FULL_COVER = 100000 };

static uint64_t wanted_seed = DEFAULT_SEED;
static uint64_t wanted_steps = DEFAULT_STEPS;

/* What only a partner that must validate an order first can lead to: without one, no
 * item is stored as RECEIVED. */
static const char *const out_of_reach[] = {"I01", "I36/RECEIVED", "I11/RECEIVED"};

static bool
is_out_of_reach(const char *id)
{
    for (size_t i = 0; i < sizeof out_of_reach / sizeof out_of_reach[0]; i++) {
        if (strcmp(out_of_reach[i], id) == 0) {
            return true;
        }
    }
    return false;
}

/* Answers how many moves were never made that can be. */
static size_t
tell_moves(const struct walk *of)
{
    size_t n_missing = 0;
    for (int i = 0; i < MODEL_MOVES; i++) {
        bool is_missing = of->m.moves[i] == 0 && !is_out_of_reach(model_move_id(i));
        print_message("%s%s %" PRIu64 "%s", i % 6 == 0 ? "\n  " : ", ",
                      model_move_id(i), of->m.moves[i], is_missing ? " MISSING" : "");
        n_missing += is_missing ? 1 : 0;
    }
    print_message("\n");
    return n_missing;
}

/* As tell_moves, of what happens beside the moves. */
static size_t
tell_events(const struct walk *of)
{
    size_t n_missing = 0;
    for (int i = 0; i < EVENT_COUNT; i++) {
        print_message("  %s: %" PRIu64 "%s\n", model_event_name(i), of->m.events[i],
                      of->m.events[i] == 0 ? " MISSING" : "");
        n_missing += of->m.events[i] == 0 ? 1 : 0;
    }
    return n_missing;
}

/* Every way to be refused that a call of a walk has. */
static size_t
tell_reasons(const struct walk *of)
{
    static const enum reason reasons[] = {
        REASON_ROLE_MISSING,       REASON_NOT_FOUND,        REASON_NOT_OWNER,
        REASON_OTHER_REGISTRY,     REASON_FIELDS_INVALID,   REASON_REVISION_MISMATCH,
        REASON_ILLEGAL_STATE,      REASON_PAST_NO_RETURN,   REASON_LEASE_LOST,
        REASON_COMPLETION_DIFFERS, REASON_CONCURRENT_CHANGE};
    size_t n_missing = 0;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        print_message("  %s: %" PRIu64 "\n", reason_row(reasons[i])->name,
                      of->reasons[reasons[i]]);
        n_missing += of->reasons[reasons[i]] == 0 ? 1 : 0;
    }
    return n_missing;
}

/* Every state an order can be in. */
static size_t
tell_orders(const struct walk *of)
{
    size_t n_missing = 0;
    for (int i = 1; i < WALK_ORDER_STATES; i++) {
        const ProtobufCEnumValue *state = protobuf_c_enum_descriptor_get_value(
            &kontor__v1__order_state__descriptor, i);
        print_message("  %s: %" PRIu64 "\n", state->name, of->order_states[i]);
        n_missing += of->order_states[i] == 0 ? 1 : 0;
    }
    return n_missing;
}

/* Calls that were never tried in a state; answers how many were. */
static size_t
tell_state(const struct walk *of, Kontor__V1__ItemState state)
{
    size_t n_tried = 0;
    for (int act = 0; act < ACT_OF_ITEMS; act++) {
        bool is_tried = of->tried[state][act] > 0;
        n_tried += is_tried ? 1 : 0;
        if (!is_tried) {
            print_message("  never tried: %s of %s\n", model_act_name(act),
                          model_state_name(state));
        }
    }
    return n_tried;
}

static void
tell_cells(const struct walk *of)
{
    size_t n_tried = 0;
    for (int state = M_S(AWAITING_APPROVAL); state < MODEL_STATES; state++) {
        n_tried += tell_state(of, (Kontor__V1__ItemState)state);
    }
    print_message("%zu of %d cells of state and call tried\n", n_tried,
                  (MODEL_STATES - M_S(AWAITING_APPROVAL)) * ACT_OF_ITEMS);
}

static int64_t
monotonic_ms(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct walk w;

/* Also behind a disagreement: the desk's store lies in memory, and would stay there. */
static int
end_walk(void **state)
{
    (void)state;
    walk_end(&w);
    return 0;
}

static void
test_a_random_walk_agrees_with_the_model(void **state)
{
    int64_t begin_ms = monotonic_ms();
    (void)state;
    print_message("seed %" PRIu64 ", %" PRIu64 " steps\n", wanted_seed, wanted_steps);
    walk_begin(&w, wanted_seed);
    while (w.step < wanted_steps) {
        walk_step(&w);
    }
    print_message("%" PRIu64 " steps in %" PRId64 " ms: %" PRIu64
                  " calls taken, %" PRIu64 " refused, %" PRIu64 " orders, %" PRIu64
                  " desks, %" PRIu64 " lists of actions\n",
                  w.step, monotonic_ms() - begin_ms, w.n_taken, w.n_refused, w.n_orders,
                  w.n_desks, w.n_listed);
    size_t n_missing = tell_moves(&w) + tell_events(&w);
    n_missing += tell_reasons(&w) + tell_orders(&w);
    tell_cells(&w);
    /* A short walk, played again to see it fail, need not have been everywhere. */
    if (wanted_steps >= FULL_COVER) {
        assert_int_equal(n_missing, 0);
    }
}

static uint64_t
number(const char *text)
{
    char *end = NULL;
    uint64_t value = text == NULL ? 0 : strtoull(text, &end, 10);
    if (text == NULL || end == text || *end != '\0') {
        fprintf(stderr, "usage: test_order_model [--seed N] [--steps N]\n");
        exit(2);
    }
    return value;
}

static void
read_environment(void)
{
    const char *seed = getenv("KONTOR_MODEL_SEED");
    const char *n_steps = getenv("KONTOR_MODEL_STEPS");
    wanted_seed = seed == NULL ? wanted_seed : number(seed);
    wanted_steps = n_steps == NULL ? wanted_steps : number(n_steps);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_random_walk_agrees_with_the_model, end_walk),
    };
    read_environment();
    for (int i = 1; i < argc; i += 2) {
        bool is_seed = strcmp(argv[i], "--seed") == 0;
        bool is_steps = strcmp(argv[i], "--steps") == 0;
        uint64_t value = number(is_seed || is_steps ? argv[i + 1] : NULL);
        wanted_seed = is_seed ? value : wanted_seed;
        wanted_steps = is_steps ? value : wanted_steps;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
