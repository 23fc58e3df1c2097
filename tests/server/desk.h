/*
 * What tests of orders share: two registries (coast orders, alpine and beta deliver),
 * everybody who takes part, offers of every kind, and the calls that place and carry
 * out orders.
 *
 * Memory: the harness's arena. Errors: what cannot go wrong fails the test. Threads:
 * the test's own.
 */
#ifndef KONTOR_TESTS_SERVER_DESK_H
#define KONTOR_TESTS_SERVER_DESK_H

#include "kontor/v1/fulfilment_service.pb-c.h"
#include "kontor/v1/order_service.pb-c.h"
#include "server/order/due_tick.h"
#include "server/order/lease.h"
#include "tests/server/harness.h"
#include "tests/server/shelf.h"

#define DESK_ORDER(name) "/kontor.v1.OrderService/" name
#define DESK_AGENT(name) "/kontor.v1.FulfilmentService/" name

/* Offers: open needs no approval, basic the provider's, chain all three steps. */
#define OFFER_OPEN "alpine/notebooks/open"
#define OFFER_BASIC "alpine/notebooks/basic"
#define OFFER_CHAIN "alpine/notebooks/chain"
#define OFFER_BROKER "alpine/notebooks/broker"
#define OFFER_GPU "alpine/notebooks/gpu"           /* Parameters of every type. */
#define OFFER_EXTERNAL "alpine/notebooks/external" /* Ordered elsewhere. */
#define OFFER_OTHER "beta/tapes/open" /* Another provider, another registry. */
#define OFFER_DEPRECATED "alpine/old/open"
#define OFFER_ENDPOINT "alpine/notebooks/endpoint"   /* Complete must name endpoints. */
#define OFFER_EVALUATED "alpine/notebooks/evaluated" /* An agent approves. */
#define OFFER_TERM "alpine/notebooks/term"           /* Lasts 30 days; one parameter. */
/* With stock. Scarce: 3 cards, as many as "pieces" says, and a waiting list. Few: 1.
 * The others: 3, a waiting list, kept for 2 hours; basic needs the provider's approval.
 */
#define OFFER_SCARCE "alpine/notebooks/scarce"
#define OFFER_FEW "alpine/notebooks/few"
#define OFFER_SCARCE_BASIC "alpine/notebooks/scarce-basic"
#define OFFER_SCARCE_QUICK "alpine/notebooks/scarce-quick"
#define OFFER_HURRY "alpine/notebooks/hurry"   /* Deadlines of its own; see desk.c. */
#define OFFER_RETURN "alpine/notebooks/return" /* No way back from "shipped" on. */

struct desk {
    struct harness *h;
    struct lease *lease;
    struct due_tick *due;
    const struct principal *portal;         /* coast: places. */
    const struct principal *portal_p2;      /* coast, project p2 only. */
    const struct principal *approver;       /* coast. */
    const struct principal *shifter;        /* coast. */
    const struct principal *admin;          /* alpine. */
    const struct principal *customer_admin; /* coast. */
    const struct principal *operator;       /* alpine/hpc. */
    const struct principal *agent;          /* alpine/hpc. */
    const struct principal *agent2;         /* alpine/hpc. */
    const struct principal *tape_agent;     /* beta/tape. */
    const struct principal *tape_operator;  /* beta/tape. */
    const struct principal *stranger; /* gamma: every role, nothing to do with it. */
};

/* How long a session lives, and how long a begun job rests once its session is over. */
enum { DESK_LEASE_MS = 60000, DESK_SETTLE_MS = 60000 };

struct desk *desk_open(void);
/* As desk_open, with its store in a directory of this one. */
struct desk *desk_open_in(const char *parent);
void desk_close(struct desk *desk);
/* What looks at the store by itself stops, and goes on: around a restart. */
void desk_rest(struct desk *desk);
void desk_wake(struct desk *desk);
/* The same, as cmocka wants it; the state is the desk. */
int desk_setup(void **state);
int desk_teardown(void **state);
void desk_expect_reason(const struct error *error, enum reason reason);

/* A request for an order of project coast/p1, without items. */
Kontor__V1__PlaceOrderRequest *desk_new(struct desk *desk, const char *id);
/* Appends an item. */
Kontor__V1__NewItem *desk_add(struct desk *desk, Kontor__V1__PlaceOrderRequest *request,
                              const char *item, const char *offer);
void desk_require(struct desk *desk, Kontor__V1__NewItem *item, const char *required);
void desk_give(struct desk *desk, Kontor__V1__NewItem *item, const char *id,
               Kontor__V1__Value *value);

/* Calls; reply and error may be NULL. */
enum status desk_call(struct desk *desk, const struct principal *who, const char *path,
                      const void *request, void *reply, struct error *error);
/* Places and expects OK. */
Kontor__V1__PlaceOrderResponse *
desk_place(struct desk *desk, const Kontor__V1__PlaceOrderRequest *request);
/* Places an order of one item, "vm". */
Kontor__V1__PlaceOrderResponse *desk_place_one(struct desk *desk, const char *id,
                                               const char *offer);
enum status desk_decide(struct desk *desk, const struct principal *who,
                        const char *item, bool is_approve, const char *reason,
                        struct error *error);
enum status desk_cancel(struct desk *desk, const struct principal *who,
                        const char *order, const char *item,
                        Kontor__V1__GetOrderResponse **reply, struct error *error);

/* A session of this agent for these offers, NULL-ended. Lease 60 s. */
const char *desk_session(struct desk *desk, const struct principal *agent,
                         int32_t max_parallel, ...) __attribute__((sentinel));
/* Claims without waiting; NULL = there is none. */
Kontor__V1__ClaimedJob *desk_claim(struct desk *desk, const struct principal *agent,
                                   const char *session);
/* A session of the agent with one claimed job of a new order. */
Kontor__V1__ClaimedJob *desk_claim_one(struct desk *desk, const char *order,
                                       const char **session);
enum status desk_begin(struct desk *desk, const Kontor__V1__ClaimedJob *job,
                       struct error *error);
enum status desk_complete(struct desk *desk, const char *item, int64_t fence,
                          const char *backend_id, struct error *error);
enum status desk_fail(struct desk *desk, const char *item, int64_t fence,
                      Kontor__V1__FailRequest__Failure failure,
                      Kontor__V1__OrderItem **reply, struct error *error);
enum status desk_release(struct desk *desk, const char *item, int64_t fence,
                         struct error *error);
/* Complete without delivery: of what was undone or removed. */
enum status desk_complete_bare(struct desk *desk, const char *item, int64_t fence,
                               struct error *error);
enum status desk_report(struct desk *desk, const Kontor__V1__ClaimedJob *job,
                        const char *milestone);
enum status desk_ask(struct desk *desk, const struct principal *who, const char *item,
                     const char *question, struct error *error);
enum status desk_ask_info(struct desk *desk, const Kontor__V1__ClaimedJob *job,
                          const char *question, struct error *error);
/* text NULL = the question is withdrawn. */
enum status desk_answer(struct desk *desk, const struct principal *who,
                        const char *item, const char *text, struct error *error);
enum status desk_hold_item(struct desk *desk, const struct principal *who,
                           const char *item, struct error *error);
enum status desk_hold(struct desk *desk, const Kontor__V1__ClaimedJob *job,
                      struct error *error);
/* As the agent that holds the EVALUATE job. */
enum status desk_decide_held(struct desk *desk, const Kontor__V1__ClaimedJob *job,
                             bool is_approve, struct error *error);
/* fence 0 = decided by a person. */
enum status desk_decide_cancel(struct desk *desk, const struct principal *who,
                               const char *item, bool is_accept, int64_t fence,
                               struct error *error);
enum status desk_renew(struct desk *desk, const struct principal *agent,
                       const char *session, Kontor__V1__RenewResponse **reply,
                       struct error *error);
enum status desk_override(struct desk *desk, const struct principal *who,
                          const char *item,
                          Kontor__V1__OverrideItemRequest__Override override,
                          const char *reason, struct error *error);
enum status desk_resume(struct desk *desk, const struct principal *who,
                        const char *item, struct error *error);
/* Moves time and lets leases end; answers how many sessions ended. */
size_t desk_pass(struct desk *desk, int64_t ms);
/* Sets the wall clock by so much; the tick finds it, as it does each second, and ends
 * no session. */
void desk_jump(struct desk *desk, int64_t ms);

/* An item that does this to an instance. */
Kontor__V1__NewItem *desk_change(struct desk *desk,
                                 Kontor__V1__PlaceOrderRequest *request,
                                 const char *item, Kontor__V1__ItemAction action,
                                 const char *instance);
Kontor__V1__Instance *desk_instance(struct desk *desk, const char *id);
/* Moves time and does what is due; answers how many items changed. */
size_t desk_due(struct desk *desk, int64_t ms);

/* As stored. */
Kontor__V1__OrderItem *desk_item(struct desk *desk, const char *id);
Kontor__V1__Order *desk_order(struct desk *desk, const char *id);
/* Whether the item is in this state, header and item alike; says both otherwise. */
void desk_expect(struct desk *desk, const char *item, const char *state);
void desk_expect_order(struct desk *desk, const char *order, const char *state);

#endif
