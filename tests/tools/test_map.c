/* What others call our states: the table against the design's, read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/item_moves.h"
#include "tools/map/foreign.h"

enum { N_STATES = 20, N_MOVES = 79 };

static struct arena *arena;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return arena == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static Kontor__V1__ItemState
state_of(const char *name)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(
        &kontor__v1__item_state__descriptor, name);
    assert_non_null(value);
    return (Kontor__V1__ItemState)value->value;
}

static const struct foreign_row *
row_of(const char *state)
{
    const struct foreign_row *row = foreign_item(state_of(state), 0);
    assert_non_null(row);
    return row;
}

static size_t
n_rows(void)
{
    size_t n = 0;
    while (foreign_table[n].state != 0 || foreign_table[n].order != 0) {
        n++;
    }
    return n;
}

/* ---- Names ---- */

/* The design's table, copied by hand; "-" = they have no word for it. */
static const struct expected_names {
    const char *state, *tmf641, *eosc, *mark, *waldur, *osb;
} expected_names[] = {
    {"RECEIVED", "acknowledged", "registered", "", "pending-consumer", "-"},
    {"AWAITING_APPROVAL", "acknowledged", "in_progress", "", "pending-provider", "-"},
    {"AWAITING_CONSUMER_APPROVAL", "pending", "in_progress", "", "pending-consumer",
     "-"},
    {"QUEUED", "acknowledged", "in_progress", "", "pending-provider", "-"},
    {"ASSIGNED", "acknowledged", "in_progress", "", "pending-provider", "-"},
    {"PENDING_INFO", "pending", "waiting_for_response", "", "pending-provider",
     "in progress"},
    {"HELD", "held", "in_progress", "on hold:", "executing", "in progress"},
    {"IN_PROGRESS", "inProgress", "in_progress", "", "executing", "in progress"},
    {"PENDING_INFO_BEGUN", "pending", "waiting_for_response", "", "pending-provider",
     "in progress"},
    {"HELD_BEGUN", "held", "in_progress", "on hold:", "executing", "in progress"},
    {"ASSESSING_CANCELLATION", "assessingCancellation", "in_progress", "", "executing",
     "in progress"},
    {"CANCELLING", "pendingCancellation", "in_progress", "", "executing",
     "in progress"},
    {"CANCELLING_OTHERWISE", "pendingCancellation", "in_progress", "", "executing",
     "in progress"},
    {"COMPLETED", "completed", "ready", "", "done", "succeeded"},
    {"FAILED", "failed", "rejected", "failed:", "erred", "failed"},
    {"REJECTED", "rejected", "rejected", "", "rejected", "4xx"},
    {"CANCELLED", "cancelled", "rejected", "cancelled:", "canceled", "410"},
    {"CANCELLED_BEGUN", "cancelled", "rejected", "cancelled:", "canceled", "410"},
    {"CANCELLED_OTHERWISE", "cancelled", "rejected", "cancelled:", "canceled", "410"},
    {"CANCELLED_OTHERWISE_BEGUN", "cancelled", "rejected", "cancelled:", "canceled",
     "410"},
};

static void
expect_name(const struct foreign_row *row, enum foreign system, const char *expected)
{
    const char *name = row->names[system] == NULL ? "-" : row->names[system];
    assert_string_equal(name, expected);
}

static void
test_k81_every_state_has_the_names_of_the_design(void **state)
{
    (void)state;
    assert_int_equal(sizeof expected_names / sizeof expected_names[0], N_STATES);
    for (size_t i = 0; i < N_STATES; i++) {
        const struct expected_names *expected = &expected_names[i];
        const struct foreign_row *row = row_of(expected->state);
        assert_int_equal(row->state, state_of(expected->state));
        expect_name(row, FOREIGN_TMF641, expected->tmf641);
        expect_name(row, FOREIGN_EOSC, expected->eosc);
        expect_name(row, FOREIGN_WALDUR, expected->waldur);
        expect_name(row, FOREIGN_OSB, expected->osb);
        assert_string_equal(row->mark, expected->mark);
    }
}

static void
test_k81_the_table_is_total_over_states_and_reasons(void **state)
{
    const ProtobufCEnumDescriptor *states = &kontor__v1__item_state__descriptor;
    const ProtobufCEnumDescriptor *reasons = &kontor__v1__item_reason__descriptor;
    (void)state;
    assert_int_equal(states->n_values, N_STATES + 1);
    for (unsigned i = 0; i < states->n_values; i++) {
        for (unsigned k = 0; k < reasons->n_values; k++) {
            int value = states->values[i].value;
            const struct foreign_row *row =
                foreign_item((Kontor__V1__ItemState)value,
                             (Kontor__V1__ItemReason)reasons->values[k].value);
            assert_int_equal(row == NULL, value == 0);
            assert_true(row == NULL || (int)row->state == value);
        }
    }
    assert_null(foreign_item((Kontor__V1__ItemState)(N_STATES + 1), 0));
}

static void
test_k81_what_needs_an_operator_erred_at_waldur(void **state)
{
    static const char *const held[] = {"HELD", "HELD_BEGUN"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct foreign_row *row =
            foreign_item(state_of(held[i]), KONTOR__V1__ITEM_REASON__NEEDS_OPERATOR);
        expect_name(row, FOREIGN_WALDUR, "erred");
        expect_name(row, FOREIGN_TMF641, "held");
        row = foreign_item(state_of(held[i]), KONTOR__V1__ITEM_REASON__SHORTAGE);
        expect_name(row, FOREIGN_WALDUR, "executing");
    }
}

static void
test_k81_an_order_that_is_partly_delivered_has_its_names(void **state)
{
    const struct foreign_row *row =
        foreign_order(KONTOR__V1__ORDER_STATE__ORDER_PARTIAL);
    (void)state;
    assert_non_null(row);
    expect_name(row, FOREIGN_TMF641, "partial");
    expect_name(row, FOREIGN_EOSC, "ready");
    expect_name(row, FOREIGN_WALDUR, "-");
    expect_name(row, FOREIGN_OSB, "-");
    assert_string_equal(foreign_value(row, "", arena), "partly delivered");
    /* The other states of orders are those of their items. */
    assert_null(foreign_order(KONTOR__V1__ORDER_STATE__ORDER_COMPLETED));
    assert_null(foreign_order(KONTOR__V1__ORDER_STATE__ORDER_STATE_UNSPECIFIED));
}

/* ---- Walks ---- */

/* As EOSC documents them, copied by hand. */
static const struct {
    const char *from, *to;
} expected_edges[] = {
    {"created", "registered"},
    {"registered", "in_progress"},
    {"in_progress", "waiting_for_response"},
    {"waiting_for_response", "in_progress"},
    {"in_progress", "approved"},
    {"approved", "ready"},
    {"ready", "closed"},
    {"in_progress", "rejected"},
};

static bool
is_expected_edge(const char *from, const char *to)
{
    for (size_t i = 0; i < sizeof expected_edges / sizeof expected_edges[0]; i++) {
        if (strcmp(expected_edges[i].from, from) == 0 &&
            strcmp(expected_edges[i].to, to) == 0) {
            return true;
        }
    }
    return false;
}

/* Every step is documented, the last is the one wanted, and approved is left at once
 * for ready. */
static void
check_walk(enum eosc_type from, enum eosc_type to, const struct eosc_walk *walk)
{
    enum eosc_type at = from;
    for (size_t i = 0; i < walk->n_types; i++) {
        if (!is_expected_edge(eosc_name(at), eosc_name(walk->types[i]))) {
            fail_msg("%s -> %s", eosc_name(at), eosc_name(walk->types[i]));
        }
        bool is_before_ready =
            i + 1 < walk->n_types && walk->types[i + 1] == EOSC_READY;
        assert_true(walk->types[i] != EOSC_APPROVED || is_before_ready ||
                    to == EOSC_APPROVED);
        at = walk->types[i];
    }
    assert_int_equal(at, to);
}

static void
test_k81_edges_are_those_they_document(void **state)
{
    (void)state;
    for (int from = EOSC_NONE; from < EOSC_COUNT; from++) {
        for (int to = EOSC_NONE; to < EOSC_COUNT; to++) {
            const char *names[] = {eosc_name((enum eosc_type)from),
                                   eosc_name((enum eosc_type)to)};
            assert_int_equal(eosc_is_edge((enum eosc_type)from, (enum eosc_type)to),
                             is_expected_edge(names[0], names[1]));
        }
    }
}

static void
test_k81_every_move_walks_along_documented_edges(void **state)
{
    size_t n = sizeof expected_moves / sizeof expected_moves[0];
    (void)state;
    assert_int_equal(n, N_MOVES);
    for (size_t i = 0; i < n; i++) {
        const struct foreign_row *from = row_of(expected_moves[i].from);
        const struct foreign_row *to = row_of(expected_moves[i].to);
        struct eosc_walk walk;
        if (!foreign_walk(from, to, &walk)) {
            fail_msg("%s has no walk", expected_moves[i].id);
        }
        assert_true(walk.n_types <= 2);
        check_walk(eosc_type_of(from->names[FOREIGN_EOSC]),
                   eosc_type_of(to->names[FOREIGN_EOSC]), &walk);
    }
}

static void
test_k81_moves_of_two_writes_are_those_of_the_reference(void **state)
{
    /* I01, I09, I20, I25, I33, their deadlines, and whatever cancels what was received
     * or waits for an answer. */
    static const char *const expected[] = {
        "I01",
        "I09",
        "I09d",
        "I20",
        "I25",
        "I25d",
        "I33",
        "I36/RECEIVED",
        "I11/RECEIVED",
        "I36/PENDING_INFO",
        "I11/PENDING_INFO",
    };
    size_t n_expected = sizeof expected / sizeof expected[0];
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < N_MOVES; i++) {
        struct eosc_walk walk;
        assert_true(foreign_walk(row_of(expected_moves[i].from),
                                 row_of(expected_moves[i].to), &walk));
        if (walk.n_types == 2) {
            assert_true(n < n_expected);
            assert_string_equal(expected_moves[i].id, expected[n++]);
        }
    }
    assert_int_equal(n, n_expected);
}

/* Whether a way of so many edges or fewer leads there, by trying all. */
static bool
is_reached(enum eosc_type from, enum eosc_type to, int n_left)
{
    bool is_there = from == to;
    for (int next = EOSC_CREATED; next < EOSC_COUNT && n_left > 0 && !is_there;
         next++) {
        is_there = eosc_is_edge(from, (enum eosc_type)next) &&
                   is_reached((enum eosc_type)next, to, n_left - 1);
    }
    return is_there;
}

static void
test_k81_a_walk_is_the_shortest_and_there_is_none_where_none_can_be(void **state)
{
    (void)state;
    for (int from = EOSC_CREATED; from < EOSC_COUNT; from++) {
        for (int to = EOSC_CREATED; to < EOSC_COUNT; to++) {
            enum eosc_type ends[] = {(enum eosc_type)from, (enum eosc_type)to};
            struct eosc_walk walk = {.n_types = 99};
            bool is_found = eosc_walk(ends[0], ends[1], &walk);
            assert_int_equal(is_found, is_reached(ends[0], ends[1], EOSC_COUNT));
            assert_true(is_found || walk.n_types == 99);
            if (is_found && walk.n_types > 0) {
                check_walk(ends[0], ends[1], &walk);
                assert_false(is_reached(ends[0], ends[1], (int)walk.n_types - 1));
            }
        }
    }
    struct eosc_walk walk;
    assert_false(eosc_walk(EOSC_NONE, EOSC_READY, &walk));
    assert_false(eosc_walk(EOSC_REGISTERED, EOSC_NONE, &walk));
    /* Nothing that is over becomes something else. */
    assert_false(foreign_walk(row_of("COMPLETED"), row_of("FAILED"), &walk));
}

/* ---- Reading ---- */

static void
test_k81_what_is_lossless_comes_back_and_nothing_else_does(void **state)
{
    static const char *const words[] = {"", "the disk broke"};
    size_t n_lossless = 0;
    (void)state;
    for (size_t i = 0; i < n_rows(); i++) {
        const struct foreign_row *row = &foreign_table[i];
        for (int system = 0; system < FOREIGN_COUNT; system++) {
            bool is_lossless = (row->read >> system & 1) != 0;
            assert_false(is_lossless && row->names[system] == NULL);
            n_lossless += is_lossless ? 1 : 0;
            for (size_t k = 0; k < 2 && row->names[system] != NULL; k++) {
                const struct foreign_row *read =
                    foreign_read((enum foreign)system, row->names[system],
                                 foreign_value(row, words[k], arena));
                assert_non_null(read);
                assert_int_equal(read == row, is_lossless);
            }
        }
    }
    /* One row for each word of theirs: 11 of TMF641, 9 of EOSC with the marks, 7 of
     * Waldur, 5 of OSB. */
    assert_int_equal(n_lossless, 32);
}

static void
expect_read(enum foreign system, const char *name, const char *value, const char *state)
{
    const struct foreign_row *row = foreign_read(system, name, value);
    if (row == NULL || row->state != state_of(state)) {
        fail_msg("%s \"%s\" is not read as %s", name, value, state);
    }
}

static void
test_k81_marks_tell_apart_what_eosc_has_one_word_for(void **state)
{
    (void)state;
    expect_read(FOREIGN_EOSC, "rejected", "failed: the disk broke", "FAILED");
    expect_read(FOREIGN_EOSC, "rejected", "failed:", "FAILED");
    expect_read(FOREIGN_EOSC, "rejected", "cancelled: not needed", "CANCELLED");
    expect_read(FOREIGN_EOSC, "rejected", "no quota", "REJECTED");
    expect_read(FOREIGN_EOSC, "rejected", "it failed: sorry", "REJECTED");
    expect_read(FOREIGN_EOSC, "in_progress", "on hold: no racks", "HELD");
    expect_read(FOREIGN_EOSC, "in_progress", "soon", "IN_PROGRESS");
    expect_read(FOREIGN_EOSC, "ready", "enjoy", "COMPLETED");
    const struct foreign_row *row =
        foreign_read(FOREIGN_EOSC, "ready", "partly delivered");
    assert_non_null(row);
    assert_int_equal(row->order, KONTOR__V1__ORDER_STATE__ORDER_PARTIAL);
    /* A mark counts beside its own type only, and for EOSC only. */
    expect_read(FOREIGN_EOSC, "ready", "failed: no", "COMPLETED");
    expect_read(FOREIGN_TMF641, "rejected", "failed: no", "REJECTED");
}

static void
test_k81_what_we_never_write_is_read_as_what_comes_next_to_it(void **state)
{
    (void)state;
    expect_read(FOREIGN_EOSC, "created", "", "RECEIVED");
    expect_read(FOREIGN_EOSC, "approved", "", "IN_PROGRESS");
    expect_read(FOREIGN_EOSC, "closed", "", "COMPLETED");
    expect_read(FOREIGN_WALDUR, "erred", "", "HELD_BEGUN");
}

static void
test_k81_an_unknown_word_is_not_guessed_at(void **state)
{
    static const char *const words[] = {"",     "draft",  "READY",
                                        "read", "ready ", "inprogress"};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (int system = 0; system < FOREIGN_COUNT; system++) {
            assert_null(foreign_read((enum foreign)system, words[i], ""));
        }
        assert_int_equal(eosc_type_of(words[i]), EOSC_NONE);
    }
}

static void
test_k81_words_that_look_like_a_mark_come_back_as_words(void **state)
{
    static const char *const words[] = {
        "",
        "failed: they say",
        "cancelled: they say",
        "on hold: they say",
        "said: x",
        "partly delivered",
        "failed:",
        "said:",
    };
    (void)state;
    for (size_t i = 0; i < n_rows(); i++) {
        const struct foreign_row *row = &foreign_table[i];
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
            const char *value = foreign_value(row, words[k], arena);
            assert_string_equal(foreign_words(row, value), words[k]);
            const struct foreign_row *read =
                foreign_read(FOREIGN_EOSC, row->names[FOREIGN_EOSC], value);
            assert_non_null(read);
            assert_string_equal(read->mark, row->mark);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_k81_every_state_has_the_names_of_the_design),
        cmocka_unit_test(test_k81_the_table_is_total_over_states_and_reasons),
        cmocka_unit_test(test_k81_what_needs_an_operator_erred_at_waldur),
        cmocka_unit_test(test_k81_an_order_that_is_partly_delivered_has_its_names),
        cmocka_unit_test(test_k81_edges_are_those_they_document),
        cmocka_unit_test(test_k81_every_move_walks_along_documented_edges),
        cmocka_unit_test(test_k81_moves_of_two_writes_are_those_of_the_reference),
        cmocka_unit_test(
            test_k81_a_walk_is_the_shortest_and_there_is_none_where_none_can_be),
        cmocka_unit_test(test_k81_what_is_lossless_comes_back_and_nothing_else_does),
        cmocka_unit_test(test_k81_marks_tell_apart_what_eosc_has_one_word_for),
        cmocka_unit_test(test_k81_what_we_never_write_is_read_as_what_comes_next_to_it),
        cmocka_unit_test(test_k81_an_unknown_word_is_not_guessed_at),
        cmocka_unit_test(test_k81_words_that_look_like_a_mark_come_back_as_words),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
