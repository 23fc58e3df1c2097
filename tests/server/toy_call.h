/*
 * What tests of the life of a call share: a harness with the toy service, an operator,
 * and calls in their name.
 *
 * Memory: the harness's. Errors: what cannot go wrong fails the test. Threads: the
 * test's.
 */
#ifndef KONTOR_TESTS_SERVER_TOY_CALL_H
#define KONTOR_TESTS_SERVER_TOY_CALL_H

#include "kontor/v1/catalogue_service.pb-c.h"
#include "tests/server/harness.h"

#define TOY "/kontor.test.Toy/"
#define UUID_A "11111111-1111-4111-8111-111111111111"
#define UUID_B "22222222-2222-4222-8222-222222222222"

extern struct harness *toy_harness;
extern const struct principal *toy_operator;

/* For cmocka: fill and empty the two above. */
int toy_set_up(void **state);
int toy_tear_down(void **state);
/* Calls Put; without a request_id that is "". reply and error may be NULL. */
enum status toy_put(const char *id, const char *name, const char *request_id,
                    Kontor__V1__Provider **reply, struct error *error);
Kontor__V1__GetProviderRequest toy_get(const char *id);

#endif
