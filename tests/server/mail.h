/*
 * What tests of messages share: an order of two providers, and the calls that write and
 * list messages about it.
 *
 * Memory: the desk's. Errors: what cannot go wrong fails the test. Threads: the test's.
 */
#ifndef KONTOR_TESTS_SERVER_MAIL_H
#define KONTOR_TESTS_SERVER_MAIL_H

#include "kontor/v1/order_service.pb-c.h"
#include "tests/server/desk.h"

#define MAIL_ORDER "coast/o-1"
#define MAIL_SCOPE(name) KONTOR__V1__MESSAGE__SCOPE__##name
#define MAIL_ROLE(name) KONTOR__V1__MESSAGE__ROLE__##name

/* Places the order: "vm" of alpine/hpc and "tape" of beta/tape. */
void mail_place(struct desk *desk);
/* Writes down who somebody is: others may then write to it. */
void mail_enrol(struct desk *desk, const struct principal *who, Kontor__V1__Role role);
/* A request to write these words about the order. */
Kontor__V1__PostMessageRequest mail_words(const char *text);
/* Writes, a millisecond after what was before; reply and error may be NULL. */
enum status mail_post(struct desk *desk, const struct principal *who,
                      const Kontor__V1__PostMessageRequest *request,
                      Kontor__V1__Message **reply, struct error *error);
/* Writes these words about the order for whomever they are, and expects OK. */
Kontor__V1__Message *mail_posted(struct desk *desk, const struct principal *who,
                                 const char *text);
/* What somebody reads about the order; a page of any order. */
Kontor__V1__ListMessagesResponse *mail_list(struct desk *desk,
                                            const struct principal *who);
Kontor__V1__ListMessagesResponse *
mail_page(struct desk *desk, const struct principal *who,
          const Kontor__V1__ListMessagesRequest *request);

#endif
