/*
 * What tests of data management plans share: a desk, an archive with offers that ask
 * what plans say, and plans made out of a few words.
 *
 * Memory: the harness's arena. Errors: what cannot go wrong fails the test. Threads:
 * the test's own.
 */
#ifndef KONTOR_TESTS_SERVER_PLANNER_H
#define KONTOR_TESTS_SERVER_PLANNER_H

#include "kontor/v1/configuration_service.pb-c.h"
#include "tests/server/desk.h"

#define PLANNER_CALL(name) "/kontor.v1.ConfigurationService/" name
/* Of the archive: it asks size, end, backup, place, and a name nobody plans. */
#define PLANNER_OFFER "alpine/archive/shelf"

/* As cmocka wants it; the state is a desk. */
int planner_setup(void **state);

/* A message out of JSON. */
void *planner_message(struct desk *desk, const ProtobufCMessageDescriptor *type,
                      const char *text);
/* A service of alpine/hpc in production, as JSON, written over whatever is there. */
void planner_put_service(struct desk *desk, const char *text);
/* A plan with these datasets (JSON, comma between), changed on that day of 2026. */
const char *planner_document(struct desk *desk, int day, const char *datasets);
/* A dataset with these distributions. */
const char *planner_dataset(struct desk *desk, const char *members,
                            const char *distributions);
/* A distribution with a host (NULL = none) and further members. */
const char *planner_part(struct desk *desk, const char *url, const char *members,
                         const char *host_members);

/* The text with the first of what stands there written otherwise. */
const char *planner_replaced(struct desk *desk, const char *text, const char *from,
                             const char *to);

/* Imports coast/plan-1 of coast/p1 as the portal; error may be NULL. */
enum status planner_import(struct desk *desk, const char *document,
                           Kontor__V1__ImportPlanResponse **reply, struct error *error);
/* Imports and proposes, both have to be fine. */
Kontor__V1__ProposeOrderResponse *planner_propose(struct desk *desk,
                                                  const char *document);
/* The archive in two spellings, and as another register calls it: one place. */
const char *planner_spelled(struct desk *desk);
/* Answers what no plan says, in the first item. */
void planner_answer(struct desk *desk, Kontor__V1__PlaceOrderRequest *order);
/* Whether a finding at path says that; path NULL = at any. */
bool planner_finds(Kontor__V1__Violation *const *findings, size_t n, const char *path,
                   const char *says);
/* What an item gives a parameter; NULL = nothing. And whether it is an open question.
 */
const Kontor__V1__ParameterValue *planner_value(const Kontor__V1__NewItem *item,
                                                const char *id);
bool planner_asks(const Kontor__V1__ProposedItem *item, const char *id);
/* Whether bytes hold a text, in any case; and whether any file of the store does. */
bool planner_holds(struct bytes bytes, const char *text);
bool planner_is_in_store(struct desk *desk, const char *text);

#endif
