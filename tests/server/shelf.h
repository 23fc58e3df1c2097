/*
 * What tests of the catalogue put on the shelf: providers, services, offers, and the
 * calls that put them there.
 *
 * Memory: the harness's arena. Errors: what cannot go wrong fails the test. Threads:
 * the test's own.
 */
#ifndef KONTOR_TESTS_SERVER_SHELF_H
#define KONTOR_TESTS_SERVER_SHELF_H

#include "kontor/v1/catalogue_service.pb-c.h"
#include "tests/server/harness.h"

#define SHELF_CALL(name) "/kontor.v1.CatalogueService/" name

/* A harness of the catalogue, the provider coast/hpc, and those who call. */
struct shelf {
    struct harness *h;
    const struct principal *admin;     /* Of registry coast. */
    const struct principal *operator_; /* Of provider coast/hpc only. */
    const struct principal *stranger;  /* An admin of registry hills. */
};

/* For cmocka: *state is a struct shelf. */
int shelf_setup(void **state);
int shelf_teardown(void **state);

/* A provider with a name and an internal contact. */
Kontor__V1__Provider *shelf_provider(struct harness *h, const char *id);
/* A service in production with a name and an internal contact, and no offers. */
Kontor__V1__Service *shelf_service(struct harness *h, const char *id,
                                   const char *provider);
/* An offer with a name, appended to the service. */
Kontor__V1__Offer *shelf_offer(struct harness *h, Kontor__V1__Service *service,
                               const char *iid);
/* A parameter with a label and no type yet, appended to the offer. */
Kontor__V1__Parameter *shelf_parameter(struct harness *h, Kontor__V1__Offer *offer,
                                       const char *id);
/* Values. */
Kontor__V1__Value *shelf_text(struct harness *h, const char *text);
Kontor__V1__Value *shelf_integer(struct harness *h, int64_t integer);
Kontor__V1__Value *shelf_decimal(struct harness *h, const char *decimal);
/* A mask of paths, NULL-ended. */
Google__Protobuf__FieldMask *shelf_mask(struct harness *h, ...)
    __attribute__((sentinel));

/* Makes the parameter a whole number of 0 to 8. */
Kontor__V1__IntegerParameter *shelf_make_integer(struct harness *h,
                                                 Kontor__V1__Parameter *parameter);
/* A service of coast/hpc. */
Kontor__V1__Service *shelf_plain(struct shelf *shelf, const char *id);
/* The service coast/a with an offer "standard" that asks for a number of "gpus". */
Kontor__V1__Service *shelf_with_offer(struct shelf *shelf);
/* Creates a service as coast's admin, which must succeed. */
Kontor__V1__Service *shelf_created(struct shelf *shelf, Kontor__V1__Service *service);

enum status shelf_create_provider(struct harness *h, const struct principal *who,
                                  Kontor__V1__Provider *provider,
                                  Kontor__V1__Provider **reply, struct error *error);
enum status shelf_create_service(struct harness *h, const struct principal *who,
                                 Kontor__V1__Service *service,
                                 Kontor__V1__Service **reply, struct error *error);
/* mask NULL = absent. */
enum status shelf_update_service(struct harness *h, const struct principal *who,
                                 Kontor__V1__Service *service,
                                 Google__Protobuf__FieldMask *mask,
                                 Kontor__V1__Service **reply, struct error *error);
enum status shelf_get_service(struct harness *h, const struct principal *who,
                              const char *id, Kontor__V1__Service **reply,
                              struct error *error);
/* The last position of the log. */
int64_t shelf_applied(struct harness *h);

#endif
