/* Messages about orders: who reads them, and to whom they may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/reason.h"
#include "server/rpc/stream_change.h"
#include "tests/server/mail.h"

enum { MAX_READERS = 16 };

/* ---- Who reads ---- */

/*
 * By hand from the design: who wrote what, and the ids of all who read it. Everybody
 * else of the desk, and a stranger with every role, does not.
 */
static const struct expected_reading {
    const char *writer, *item;
    Kontor__V1__Message__Scope scope;
    const char *to, *readers;
} expected_readings[] = {
    {"coast/web", "", MAIL_SCOPE(PUBLIC), "",
     "coast/web coast/chief coast/manager coast/admin alpine/admin alpine/desk "
     "alpine/agent-1 alpine/agent-2 beta/agent beta/desk"},
    {"coast/web", "vm", MAIL_SCOPE(PUBLIC), "",
     "coast/web coast/chief coast/manager coast/admin alpine/admin alpine/desk "
     "alpine/agent-1 alpine/agent-2"},
    {"coast/chief", "tape", MAIL_SCOPE(PUBLIC), "",
     "coast/web coast/chief coast/manager coast/admin beta/agent beta/desk"},
    {"alpine/desk", "", MAIL_SCOPE(PUBLIC), "",
     "coast/web coast/chief coast/manager coast/admin alpine/admin alpine/desk "
     "alpine/agent-1 alpine/agent-2 beta/agent beta/desk"},
    {"alpine/agent-1", "vm", MAIL_SCOPE(PUBLIC), "",
     "coast/web coast/chief coast/manager coast/admin alpine/admin alpine/desk "
     "alpine/agent-1 alpine/agent-2"},
    {"coast/web", "", MAIL_SCOPE(INTERNAL), "", "coast/web coast/manager coast/admin"},
    {"coast/web", "vm", MAIL_SCOPE(INTERNAL), "",
     "coast/web coast/manager coast/admin"},
    {"coast/chief", "", MAIL_SCOPE(INTERNAL), "",
     "coast/web coast/chief coast/manager coast/admin"},
    {"alpine/desk", "", MAIL_SCOPE(INTERNAL), "", "alpine/admin alpine/desk"},
    {"alpine/desk", "vm", MAIL_SCOPE(INTERNAL), "", "alpine/admin alpine/desk"},
    {"alpine/admin", "", MAIL_SCOPE(INTERNAL), "", "alpine/admin"},
    {"beta/desk", "tape", MAIL_SCOPE(INTERNAL), "", "beta/desk"},
    {"coast/web", "", MAIL_SCOPE(DIRECT), "alpine/desk", "coast/web alpine/desk"},
    {"coast/web", "tape", MAIL_SCOPE(DIRECT), "beta/agent", "coast/web beta/agent"},
    {"coast/web", "", MAIL_SCOPE(DIRECT), "coast/chief", "coast/web coast/chief"},
    {"alpine/desk", "vm", MAIL_SCOPE(DIRECT), "coast/chief", "alpine/desk coast/chief"},
    {"alpine/desk", "", MAIL_SCOPE(DIRECT), "beta/agent", "alpine/desk beta/agent"},
    /* Left open, it is what is there. */
    {"coast/web", "", MAIL_SCOPE(SCOPE_UNSPECIFIED), "alpine/desk",
     "coast/web alpine/desk"},
    {"coast/web", "vm", MAIL_SCOPE(SCOPE_UNSPECIFIED), "",
     "coast/web coast/chief coast/manager coast/admin alpine/admin alpine/desk "
     "alpine/agent-1 alpine/agent-2"},
};

static size_t
everybody(struct desk *desk, const struct principal **people)
{
    const struct principal *all[] = {desk->portal,
                                     desk->portal_p2,
                                     desk->approver,
                                     desk->shifter,
                                     desk->customer_admin,
                                     desk->admin,
                                     desk->operator,
                                     desk->agent,
                                     desk->agent2,
                                     desk->tape_agent,
                                     desk->tape_operator,
                                     desk->stranger};
    memcpy(people, all, sizeof all);
    return sizeof all / sizeof all[0];
}

static const struct principal *
person(struct desk *desk, const char *id)
{
    const struct principal *people[MAX_READERS];
    size_t n = everybody(desk, people);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(people[i]->id, id) == 0) {
            return people[i];
        }
    }
    fail_msg("nobody is %s", id);
    return NULL;
}

/* Whether an id is one of the words. */
static bool
is_among(const char *readers, const char *id)
{
    size_t size = strlen(id);
    for (const char *at = strstr(readers, id); at != NULL; at = strstr(at + 1, id)) {
        bool begins = at == readers || at[-1] == ' ';
        if (begins && (at[size] == ' ' || at[size] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool
lists(struct desk *desk, const struct principal *who, const char *id)
{
    const Kontor__V1__ListMessagesResponse *reply = mail_list(desk, who);
    for (size_t i = 0; i < reply->n_messages; i++) {
        if (strcmp(reply->messages[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

static bool
reads(struct desk *desk, const struct principal *who, const char *id)
{
    struct document document;
    assert_int_equal(harness_get(desk->h, KIND_MESSAGE, id, &document), STATUS_OK);
    return store_view(&who->scopes, document.scope, document.n_scope) != VIEW_NONE;
}

/* What WatchOrders would do with the commit that wrote it. */
static bool
is_sent(struct desk *desk, const struct principal *who, const char *id)
{
    struct document document;
    struct stream_change change;
    assert_int_equal(harness_get(desk->h, KIND_MESSAGE, id, &document), STATUS_OK);
    Kontor__V1__Change written = KONTOR__V1__CHANGE__INIT;
    written.kind = "message";
    written.id = (char *)id;
    written.op = KONTOR__V1__CHANGE__OP__PUT;
    written.scope = document.scope;
    written.n_scope = document.n_scope;
    assert_true(stream_change_of(&written, &change));
    return stream_form_of(&change, &who->scopes) != FORM_NONE;
}

static void
check_readers(struct desk *desk, const struct expected_reading *row, const char *id)
{
    const struct principal *people[MAX_READERS];
    size_t n = everybody(desk, people);
    for (size_t i = 0; i < n; i++) {
        const struct principal *who = people[i];
        bool is_reader = is_among(row->readers, who->id);
        if (lists(desk, who, id) != is_reader || reads(desk, who, id) != is_reader ||
            is_sent(desk, who, id) != is_reader) {
            fail_msg("row %zu by %s: %s", (size_t)(row - expected_readings),
                     row->writer, who->id);
        }
    }
}

static void
test_every_scope_of_every_side_is_read_by_whom_it_is_for(void **state)
{
    struct desk *desk = *state;
    const struct principal *people[MAX_READERS];
    size_t n = everybody(desk, people);
    mail_place(desk);
    for (size_t i = 0; i < n; i++) {
        mail_enrol(desk, people[i], KONTOR__V1__ROLE__PORTAL);
    }
    for (size_t i = 0; i < sizeof expected_readings / sizeof expected_readings[0];
         i++) {
        const struct expected_reading *row = &expected_readings[i];
        Kontor__V1__PostMessageRequest request = mail_words("when do you begin?");
        Kontor__V1__Message *message = NULL;
        request.item = (char *)row->item;
        request.scope = row->scope;
        request.to = (char *)row->to;
        assert_int_equal(
            mail_post(desk, person(desk, row->writer), &request, &message, NULL),
            STATUS_OK);
        check_readers(desk, row, message->id);
    }
}

static void
test_internal_words_carry_no_string_of_another_registry(void **state)
{
    struct desk *desk = *state;
    struct document document;
    mail_place(desk);
    Kontor__V1__PostMessageRequest request = mail_words("they never pay");
    Kontor__V1__Message *message = NULL;
    request.scope = MAIL_SCOPE(INTERNAL);
    assert_int_equal(mail_post(desk, desk->operator, & request, &message, NULL),
                     STATUS_OK);
    assert_int_equal(harness_get(desk->h, KIND_MESSAGE, message->id, &document),
                     STATUS_OK);
    assert_int_equal(document.n_scope, 2);
    assert_string_equal(document.scope[0], "=u:alpine/desk");
    assert_string_equal(document.scope[1], "=r:alpine");
}

static void
test_another_tenant_can_neither_write_nor_read(void **state)
{
    struct desk *desk = *state;
    struct error error;
    mail_place(desk);
    mail_posted(desk, desk->portal, "hello");
    Kontor__V1__PostMessageRequest request = mail_words("hello");
    const struct principal *others[] = {desk->stranger, desk->portal_p2};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(mail_post(desk, others[i], &request, NULL, &error),
                         STATUS_NOT_FOUND);
        desk_expect_reason(&error, REASON_NOT_FOUND);
        assert_int_equal(mail_list(desk, others[i])->n_messages, 0);
    }
    /* Of an item of another provider the same. */
    request.item = "tape";
    assert_int_equal(mail_post(desk, desk->operator, & request, NULL, &error),
                     STATUS_NOT_FOUND);
    request.item = "none";
    assert_int_equal(mail_post(desk, desk->portal, &request, NULL, &error),
                     STATUS_NOT_FOUND);
}

/* ---- To whom ---- */

static void
expect_to(struct desk *desk, const char *item, const char *to)
{
    struct error error;
    Kontor__V1__PostMessageRequest request = mail_words("hello");
    request.item = (char *)item;
    request.scope = MAIL_SCOPE(DIRECT);
    request.to = (char *)to;
    assert_int_equal(mail_post(desk, desk->portal, &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "to"));
}

static void
test_it_is_to_somebody_who_takes_part(void **state)
{
    struct desk *desk = *state;
    mail_place(desk);
    mail_enrol(desk, desk->stranger, KONTOR__V1__ROLE__OPERATOR);
    mail_enrol(desk, desk->tape_operator, KONTOR__V1__ROLE__OPERATOR);
    mail_enrol(desk, desk->operator, KONTOR__V1__ROLE__MONITOR);
    expect_to(desk, "", "");
    expect_to(desk, "", desk->portal->id);
    expect_to(desk, "", "alpine/nobody");
    expect_to(desk, "", desk->stranger->id);
    /* In the order, but not in the item. */
    expect_to(desk, "vm", desk->tape_operator->id);
    /* It sees the order, but has no role to read messages with. */
    expect_to(desk, "", desk->operator->id);
}

static void
test_only_what_is_direct_is_to_somebody(void **state)
{
    struct desk *desk = *state;
    struct error error;
    mail_place(desk);
    mail_enrol(desk, desk->operator, KONTOR__V1__ROLE__OPERATOR);
    Kontor__V1__PostMessageRequest request = mail_words("hello");
    request.to = (char *)desk->operator->id;
    for (int i = 0; i < 2; i++) {
        request.scope = i == 0 ? MAIL_SCOPE(PUBLIC) : MAIL_SCOPE(INTERNAL);
        assert_int_equal(mail_post(desk, desk->portal, &request, NULL, &error),
                         STATUS_INVALID_ARGUMENT);
        assert_true(harness_has_fault(&error, "to"));
    }
}

#define MAIL_TEST(test) cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        MAIL_TEST(test_every_scope_of_every_side_is_read_by_whom_it_is_for),
        MAIL_TEST(test_internal_words_carry_no_string_of_another_registry),
        MAIL_TEST(test_another_tenant_can_neither_write_nor_read),
        MAIL_TEST(test_it_is_to_somebody_who_takes_part),
        MAIL_TEST(test_only_what_is_direct_is_to_somebody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
