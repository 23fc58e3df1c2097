/* An item that has grown too large for its order to end is made smaller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/arena.h"
#include "server/order/item.h"

enum { MANY = 64 };

struct grown {
    Kontor__V1__OrderItem item;
    Kontor__V1__StateChange changes[MANY], *history[MANY];
    Kontor__V1__Receipt opened[MANY], *receipts[MANY];
    Kontor__V1__Question asked[MANY], *questions[MANY];
};

static void
grow(struct grown *grown, struct arena *arena)
{
    kontor__v1__order_item__init(&grown->item);
    for (int i = 0; i < MANY; i++) {
        kontor__v1__state_change__init(&grown->changes[i]);
        kontor__v1__receipt__init(&grown->opened[i]);
        kontor__v1__question__init(&grown->asked[i]);
        grown->changes[i].reason = arena_print(arena, "%d", i);
        grown->changes[i].actor = arena_print(arena, "%d", i);
        grown->opened[i].opened_by = arena_print(arena, "%d", i);
        grown->asked[i].text = arena_print(arena, "%d", i);
        grown->asked[i].answered_by = "coast/portal";
        grown->history[i] = &grown->changes[i];
        grown->receipts[i] = &grown->opened[i];
        grown->questions[i] = &grown->asked[i];
    }
    grown->item.history = grown->history;
    grown->item.receipts = grown->receipts;
    grown->item.questions = grown->questions;
    grown->item.n_history = MANY;
    grown->item.n_receipts = MANY;
    grown->item.n_questions = MANY;
}

static void
test_what_is_shrunk_keeps_its_beginning_and_its_end(void **state)
{
    struct arena *arena = arena_new();
    struct grown grown;
    (void)state;
    grow(&grown, arena);
    item_shrink(&grown.item);
    const Kontor__V1__OrderItem *item = &grown.item;
    assert_int_equal(item->n_history, 8);
    assert_string_equal(item->history[1]->actor, "1");
    assert_string_equal(item->history[2]->actor, "58");
    /* Words go, but the last ones. */
    assert_string_equal(item->history[6]->reason, "");
    assert_string_equal(item->history[7]->reason, "63");
    assert_int_equal(item->n_receipts, 6);
    assert_string_equal(item->receipts[0]->opened_by, "58");
    assert_string_equal(item->receipts[5]->opened_by, "63");
    assert_int_equal(item->n_questions, 0);
    arena_free(arena);
}

static void
test_an_open_question_stays(void **state)
{
    struct arena *arena = arena_new();
    struct grown grown;
    (void)state;
    grow(&grown, arena);
    grown.asked[MANY - 1].answered_by = "";
    grown.item.n_history = 3;
    grown.item.n_receipts = 2;
    item_shrink(&grown.item);
    assert_int_equal(grown.item.n_questions, 1);
    assert_string_equal(grown.item.questions[0]->text, "63");
    assert_int_equal(grown.item.n_history, 3);
    assert_int_equal(grown.item.n_receipts, 2);
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_shrunk_keeps_its_beginning_and_its_end),
        cmocka_unit_test(test_an_open_question_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
