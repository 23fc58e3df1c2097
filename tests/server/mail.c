#include "tests/server/mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kontor/v1/registry.pb-c.h"

enum status
mail_post(struct desk *desk, const struct principal *who,
          const Kontor__V1__PostMessageRequest *request, Kontor__V1__Message **reply,
          struct error *error)
{
    harness_advance(desk->h, 1);
    return desk_call(desk, who, DESK_ORDER("PostMessage"), request, reply, error);
}

Kontor__V1__PostMessageRequest
mail_words(const char *text)
{
    Kontor__V1__PostMessageRequest request = KONTOR__V1__POST_MESSAGE_REQUEST__INIT;
    request.order = (char *)MAIL_ORDER;
    request.text = (char *)text;
    return request;
}

Kontor__V1__Message *
mail_posted(struct desk *desk, const struct principal *who, const char *text)
{
    Kontor__V1__PostMessageRequest request = mail_words(text);
    Kontor__V1__Message *message = NULL;
    assert_int_equal(mail_post(desk, who, &request, &message, NULL), STATUS_OK);
    return message;
}

Kontor__V1__ListMessagesResponse *
mail_page(struct desk *desk, const struct principal *who,
          const Kontor__V1__ListMessagesRequest *request)
{
    Kontor__V1__ListMessagesResponse *reply = NULL;
    assert_int_equal(
        desk_call(desk, who, DESK_ORDER("ListMessages"), request, &reply, NULL),
        STATUS_OK);
    return reply;
}

Kontor__V1__ListMessagesResponse *
mail_list(struct desk *desk, const struct principal *who)
{
    Kontor__V1__ListMessagesRequest request = KONTOR__V1__LIST_MESSAGES_REQUEST__INIT;
    request.order = (char *)MAIL_ORDER;
    return mail_page(desk, who, &request);
}

void
mail_place(struct desk *desk)
{
    Kontor__V1__PlaceOrderRequest *request = desk_new(desk, MAIL_ORDER);
    desk_add(desk, request, "vm", OFFER_OPEN);
    desk_add(desk, request, "tape", OFFER_OTHER);
    desk_place(desk, request);
}

void
mail_enrol(struct desk *desk, const struct principal *who, Kontor__V1__Role role)
{
    Kontor__V1__Principal record = KONTOR__V1__PRINCIPAL__INIT;
    record.identity = arena_copy(desk->h->arena, who->identity);
    record.roles = &role;
    record.n_roles = 1;
    record.scopes = (char **)(uintptr_t)who->granted.strings;
    record.n_scopes = who->granted.n_strings;
    (void)harness_seed(desk->h, KIND_PRINCIPAL, who->id, &record.base,
                       arena_print(desk->h->arena, "=r:%s", who->registry), NULL);
}
