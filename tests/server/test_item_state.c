/* The item machine: every row, and every cell of states x operations x targets x roles
 * x sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/order/item_state.h"
#include "server/order/side.h"
#include "tests/server/item_moves.h"

enum { N_EXPECTED = sizeof expected_moves / sizeof expected_moves[0], N_ROLES = 12 };

static const char *const role_names[N_ROLES] = {
    "",      "reader",     "portal",    "approver", "shifter", "operator",
    "agent", "site_admin", "certifier", "monitor",  "peer",    "admin",
};

/* Whether "role@side" is a word of the list. */
static bool
is_listed(const char *list, const char *role, const char *side)
{
    char word[64];
    snprintf(word, sizeof word, "%s%s%s", role, side[0] == '\0' ? "" : "@", side);
    size_t size = strlen(word);
    for (const char *at = strstr(list, word); at != NULL; at = strstr(at + 1, word)) {
        bool begins = at == list || at[-1] == ' ';
        if (begins && (at[size] == '\0' || at[size] == ' ')) {
            return true;
        }
    }
    return false;
}

static const struct expected_move *
expected_move(Kontor__V1__ItemState from, enum operation operation,
              Kontor__V1__ItemState to)
{
    for (size_t i = 0; i < N_EXPECTED; i++) {
        const struct expected_move *row = &expected_moves[i];
        if (strcmp(row->from, item_state_name(from)) == 0 &&
            strcmp(row->operation, operation_name(operation)) == 0 &&
            strcmp(row->to, item_state_name(to)) == 0) {
            return row;
        }
    }
    return NULL;
}

static void
test_the_table_is_the_designs_row_by_row(void **state)
{
    (void)state;
    assert_int_equal(n_item_moves, 79);
    assert_int_equal(n_item_moves, N_EXPECTED);
    for (size_t i = 0; i < n_item_moves; i++) {
        assert_string_equal(item_moves[i].id, expected_moves[i].id);
        assert_string_equal(item_state_name(item_moves[i].from),
                            expected_moves[i].from);
        assert_string_equal(operation_name(item_moves[i].operation),
                            expected_moves[i].operation);
        assert_string_equal(item_state_name(item_moves[i].to), expected_moves[i].to);
        assert_int_equal(item_moves[i].is_broker,
                         is_listed(expected_moves[i].roles, "broker", ""));
    }
}

static void
test_no_two_rows_are_the_same_move(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_item_moves; i++) {
        for (size_t j = i + 1; j < n_item_moves; j++) {
            const struct item_move *a = &item_moves[i], *b = &item_moves[j];
            assert_string_not_equal(a->id, b->id);
            assert_false(a->from == b->from && a->operation == b->operation &&
                         a->to == b->to);
        }
    }
}

static void
test_every_cell_of_states_and_operations(void **state)
{
    (void)state;
    size_t n_found = 0;
    for (int from = 1; from < ITEM_STATE_COUNT; from++) {
        for (int operation = 0; operation < OPERATION_COUNT; operation++) {
            const struct item_move *only = NULL;
            size_t n_here = 0;
            for (int to = 1; to < ITEM_STATE_COUNT; to++) {
                const struct item_move *move = item_state_next(from, operation, to);
                const struct expected_move *expected =
                    expected_move(from, operation, to);
                assert_int_equal(move != NULL, expected != NULL);
                if (move != NULL) {
                    assert_string_equal(move->id, expected->id);
                    only = move;
                    n_here++;
                }
            }
            n_found += n_here;
            assert_ptr_equal(item_state_next(from, operation, 0),
                             n_here == 1 ? only : NULL);
        }
    }
    assert_int_equal(n_found, N_EXPECTED);
}

static void
test_every_role_on_every_side(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_item_moves; i++) {
        for (uint32_t role = 1; role < N_ROLES; role++) {
            uint32_t bit = UINT32_C(1) << role;
            const char *roles = expected_moves[i].roles;
            bool is_customer = is_listed(roles, role_names[role], "customer");
            bool is_provider = is_listed(roles, role_names[role], "provider");
            assert_int_equal(side_may(&item_moves[i], (struct sides){bit, 0}),
                             is_customer);
            assert_int_equal(side_may(&item_moves[i], (struct sides){0, bit}),
                             is_provider);
            assert_int_equal(side_may(&item_moves[i], (struct sides){bit, bit}),
                             is_customer || is_provider);
        }
        assert_false(side_may(&item_moves[i], (struct sides){0, 0}));
    }
}

static void
test_k12_final_states_are_never_left(void **state)
{
    (void)state;
    static const char *const final[] = {"COMPLETED",
                                        "FAILED",
                                        "REJECTED",
                                        "CANCELLED",
                                        "CANCELLED_BEGUN",
                                        "CANCELLED_OTHERWISE",
                                        "CANCELLED_OTHERWISE_BEGUN"};
    size_t n_final = 0;
    for (int from = 1; from < ITEM_STATE_COUNT; from++) {
        bool is_final = false;
        for (size_t i = 0; i < sizeof final / sizeof final[0]; i++) {
            is_final = is_final || strcmp(final[i], item_state_name(from)) == 0;
        }
        assert_int_equal(item_state_is_final(from), is_final);
        n_final += is_final ? 1 : 0;
        size_t n_moves = 0;
        for (size_t i = 0; i < n_item_moves; i++) {
            n_moves += item_moves[i].from == (Kontor__V1__ItemState)from ? 1 : 0;
        }
        assert_int_equal(n_moves == 0, is_final);
    }
    assert_int_equal(n_final, 7);
}

static void
test_begun_states_are_the_designs(void **state)
{
    (void)state;
    static const char *const begun[] = {"ASSESSING_CANCELLATION",
                                        "CANCELLED_BEGUN",
                                        "CANCELLED_OTHERWISE_BEGUN",
                                        "CANCELLING",
                                        "CANCELLING_OTHERWISE",
                                        "COMPLETED",
                                        "FAILED",
                                        "HELD_BEGUN",
                                        "IN_PROGRESS",
                                        "PENDING_INFO_BEGUN"};
    for (int from = 1; from < ITEM_STATE_COUNT; from++) {
        bool is_begun = false;
        for (size_t i = 0; i < sizeof begun / sizeof begun[0]; i++) {
            is_begun = is_begun || strcmp(begun[i], item_state_name(from)) == 0;
        }
        assert_int_equal(item_state_is_begun(from), is_begun);
    }
}

static void
test_only_a_customers_cancel_is_by_the_customer(void **state)
{
    (void)state;
    for (int from = 0; from < ITEM_STATE_COUNT; from++) {
        const char *name = item_state_name(from);
        bool is_by_customer =
            strcmp(name, "CANCELLED") == 0 || strcmp(name, "CANCELLED_BEGUN") == 0;
        assert_int_equal(item_state_is_cancelled_by_customer(from), is_by_customer);
    }
}

static void
test_a_state_of_a_newer_broker_is_open_and_not_begun(void **state)
{
    (void)state;
    static const int unknown[] = {0, ITEM_STATE_COUNT, 999, -1};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_false(item_state_is_final(unknown[i]));
        assert_false(item_state_is_begun(unknown[i]));
        assert_false(item_state_is_cancelled_by_customer(unknown[i]));
    }
}

static void
test_only_begin_crosses_the_dividing_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_item_moves; i++) {
        const struct item_move *move = &item_moves[i];
        bool crosses =
            !item_state_is_begun(move->from) && item_state_is_begun(move->to);
        assert_int_equal(crosses, move->operation == OPERATION_BEGIN);
        assert_false(item_state_is_begun(move->from) && !item_state_is_begun(move->to));
    }
}

static void
test_names_are_those_of_the_contract(void **state)
{
    (void)state;
    for (unsigned i = 0; i < kontor__v1__item_state__descriptor.n_values; i++) {
        const ProtobufCEnumValue *value = &kontor__v1__item_state__descriptor.values[i];
        const char *name = value->value == 0 ? "UNSPECIFIED" : value->name;
        assert_string_equal(item_state_name(value->value), name);
    }
    assert_int_equal(kontor__v1__item_state__descriptor.n_values, ITEM_STATE_COUNT);
    assert_string_equal(item_state_name(999), "UNSPECIFIED");
    assert_string_equal(operation_name(OPERATION_COUNT), "unknown");
}

static struct principal
somebody(uint32_t roles, const char *const *scopes, size_t n_scopes)
{
    return (struct principal){.roles = roles,
                              .scopes = {.strings = scopes, .n_strings = n_scopes}};
}

static void
test_a_role_counts_only_on_the_side_it_matches(void **state)
{
    (void)state;
    Kontor__V1__OrderItem item = KONTOR__V1__ORDER_ITEM__INIT;
    item.order = "coast/o-1";
    item.project = "coast/p1";
    item.provider = "alpine/hpc";
    static const struct {
        const char *scope;
        bool is_customer, is_provider;
    } rows[] = {
        {"r:coast", true, false},     {"j:coast/p1", true, false},
        {"r:alpine", false, true},    {"p:alpine/hpc", false, true},
        {"j:coast/p2", false, false}, {"p:alpine/hpc2", false, false},
        {"r:coas", false, false},     {"r:coast/o-1", false, false},
        {"p:coast/p1", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct principal who = somebody(ROLE_BIT(SHIFTER), &rows[i].scope, 1);
        struct sides sides = side_of(&who, &item);
        assert_int_equal(sides.customer, rows[i].is_customer ? ROLE_BIT(SHIFTER) : 0);
        assert_int_equal(sides.provider, rows[i].is_provider ? ROLE_BIT(SHIFTER) : 0);
    }
    item.provider = "coast/own";
    const char *home = "r:coast";
    struct principal who = somebody(ROLE_BIT(PEER), &home, 1);
    struct sides sides = side_of(&who, &item);
    assert_int_equal(sides.customer, ROLE_BIT(PEER) | ROLE_BIT(PORTAL));
    assert_int_equal(sides.provider, ROLE_BIT(PEER) | ROLE_BIT(AGENT));
}

static void
test_roles_are_told_with_their_side(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct sides roles = {ROLE_BIT(SHIFTER), ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)};
    assert_string_equal(side_roles(roles, arena),
                        "shifter (customer's side), operator (provider's side), admin "
                        "(provider's side)");
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_is_the_designs_row_by_row),
        cmocka_unit_test(test_no_two_rows_are_the_same_move),
        cmocka_unit_test(test_every_cell_of_states_and_operations),
        cmocka_unit_test(test_every_role_on_every_side),
        cmocka_unit_test(test_k12_final_states_are_never_left),
        cmocka_unit_test(test_begun_states_are_the_designs),
        cmocka_unit_test(test_only_a_customers_cancel_is_by_the_customer),
        cmocka_unit_test(test_a_state_of_a_newer_broker_is_open_and_not_begun),
        cmocka_unit_test(test_only_begin_crosses_the_dividing_line),
        cmocka_unit_test(test_names_are_those_of_the_contract),
        cmocka_unit_test(test_a_role_counts_only_on_the_side_it_matches),
        cmocka_unit_test(test_roles_are_told_with_their_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
