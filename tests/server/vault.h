/*
 * A desk whose provider has a capacity: orders take of it, and what is taken is told.
 *
 * Memory: the desk's arena. Errors: a failed assertion, or the status of the call.
 * Threads: one.
 */
#ifndef KONTOR_TESTS_SERVER_VAULT_H
#define KONTOR_TESTS_SERVER_VAULT_H

#include "kontor/v1/configuration_service.pb-c.h"
#include "tests/server/desk.h"

#define VAULT_CALL(name) "/kontor.v1.ConfigurationService/" name

#define VAULT_DAY_MS INT64_C(86400000)

/* The capacity's id. */
extern const char vault_capacity[];

/* The beginning of a day (UTC) so many ahead. */
Google__Protobuf__Timestamp *vault_day_ahead(struct desk *desk, int64_t days);
/* From then on there is so much; NULL = from the beginning. */
void vault_add_step(struct desk *desk, Kontor__V1__Capacity *capacity,
                    Google__Protobuf__Timestamp *from, const char *value);
/* Of alpine/hpc, so many terabytes from the beginning. */
Kontor__V1__Capacity *vault_new_capacity(struct desk *desk, const char *value);
enum status vault_create(struct desk *desk, const struct principal *who,
                         Kontor__V1__Capacity *capacity, struct error *error);
enum status vault_update(struct desk *desk, const struct principal *who,
                         Kontor__V1__Capacity *capacity, struct error *error);
/* What OFFER_TERM takes of it for one of "size". */
void vault_set_offer(struct desk *desk, const char *value, const char *unit);
/* For cmocka: a desk with a capacity of 10 TB, of which OFFER_TERM takes 2. */
int vault_setup(void **state);
/* ListAllocations: of what was delivered, or of what is held. */
Kontor__V1__ListAllocationsResponse *vault_use_of(struct desk *desk, bool requested);
/* Today's, in terabytes. */
void vault_expect(struct desk *desk, const char *allocated, const char *requested,
                  const char *free);
/* An order with one item "vm" of OFFER_TERM. */
Kontor__V1__PlaceOrderRequest *vault_wanting(struct desk *desk, const char *id,
                                             int64_t size);
enum status vault_place(struct desk *desk, Kontor__V1__PlaceOrderRequest *request,
                        struct error *error);
enum status vault_place_size(struct desk *desk, const char *id, int64_t size,
                             struct error *error);
/* An order with one item "x". size: of a MODIFY. */
enum status vault_place_change(struct desk *desk, const char *id,
                               Kontor__V1__ItemAction action, const char *instance,
                               int64_t size);
/* Does what is there to be done; answers how much that was. */
size_t vault_carry_out_all(struct desk *desk);
/* Not to be begun before a day ahead, nor wanted after another; 0 = not said. */
enum status vault_place_from(struct desk *desk, const char *id, int64_t size,
                             int64_t start_day, int64_t last_day, struct error *error);

#endif
