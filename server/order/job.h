/*
 * The job of an item: an axis beside its state. When it may be claimed, by which fence
 * it is held, when it is tried again.
 *
 * Memory: the arena given. Errors: none. Threads: any.
 *
 *     offered (ready_at) --claim--> held (session, fence) --lease over, unknown-->
 * offered again after settle ^                         | retryable: held on, retry_at
 *            +---------- resume ------ none (ready_at absent, no session): held item,
 * final item
 *
 * What its kind is follows from the state: the item's action is carried out, but an
 * approval may be evaluated, a cancel assessed, what was begun rolled back, and what is
 * left behind an end cleaned up.
 */
#ifndef KONTOR_SERVER_ORDER_JOB_H
#define KONTOR_SERVER_ORDER_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "kontor/v1/order.pb-c.h"
#include "server/order/item_state.h"
#include "server/rpc/call.h"

struct broker;

enum {
    JOB_MAX_RETRIES = 5, /* RETRYABLE failures until a person has to look. */
    JOB_MAX_LOSSES = 3,  /* Leases lost without one Renew until a person has to look. */
    JOB_MAX_UNKNOWNS = 3, /* UNKNOWN failures in a row until a person has to look. */
    JOB_MAX_WAIT_MS = 600000, /* Longer than any back-off. */
};

/* The fence a job is held by: in the claiming commit's version, that version's
 * revision. 0 = none. */
int64_t job_fence(const Kontor__V1__OrderItem *item);
/* Makes the fence a number, for the next version. Gives an item without a job an empty
 * one. */
void job_settle_fence(Kontor__V1__OrderItem *item, struct arena *arena);

/* May be claimed from a time on; nobody holds it. The fence stays. */
void job_offer(Kontor__V1__OrderItem *item, int64_t ready_at_ms, struct arena *arena);
/* As job_offer, from the time its last holder's work has settled; that holder, if any,
 * loses it now, and hears of it by the end of its lease. */
void job_recover(Kontor__V1__OrderItem *item, const struct call *call);
/* Puts an offered job off by so long at least. */
void job_delay(Kontor__V1__OrderItem *item, int64_t wait_ms, const struct call *call);
/* Nobody holds it, nobody may claim it. */
void job_withdraw(Kontor__V1__OrderItem *item);
/* Held by a session from this commit on. */
void job_take(Kontor__V1__OrderItem *item, const Kontor__V1__Session *session);
/* Its holder does nothing for it any more: it says so itself, or its lease is over. */
void job_let_go(Kontor__V1__OrderItem *item);
/* How a move reaches the job. */
struct job_step {
    const struct item_move *move;
    bool is_waiting; /* QUEUED, but not for dispatch yet. */
    bool is_holder;  /* Made by whoever holds the job: it knows, and nothing of its is
                        under way any more. */
};
/* What a move does to the job; the item's state and cleanup are those after it. */
void job_follow(Kontor__V1__OrderItem *item, const struct job_step *step,
                const struct call *call);
/* Offers the work of cleaning up behind a final item. */
void job_clean(Kontor__V1__OrderItem *item, const struct call *call);
/* Why the customer wants it cancelled, for whoever is asked; "" where nobody is. */
char *job_cancel_reason(const Kontor__V1__OrderItem *item);
/* The kind's name, such as "ROLLBACK". */
const char *job_kind_name(Kontor__V1__JobKind kind);
/* Whether an agent may claim the job as it is, the time aside. */
bool job_is_offered(const Kontor__V1__OrderItem *item);

/*
 * Whether a backend may hold something of this item: it was begun, or a restore lost
 * the time in which it may have been. Whoever claims it looks before it creates, and an
 * end without delivery leaves something to clean up.
 */
bool job_may_exist(const Kontor__V1__OrderItem *item);
/* Whether an end that nobody wants leaves something to remove: only what was to be
 * created anew is ever removed. Source: ORDERS design, "MODIFY is never cleaned up". */
bool job_leaves_something(const Kontor__V1__OrderItem *item);
/* Makes an open item one of which something may exist, under the name every agent uses.
 * Whoever holds it loses it; lease_end_ms: when an unknown holder stops at the latest.
 */
void job_suspect(Kontor__V1__OrderItem *item, int64_t lease_end_ms,
                 const struct call *call);
/* When an item whose holder is gone may be claimed: at once, or where something may
 * exist the offer's settle time after its holder lost it. */
int64_t job_recover_at_ms(const Kontor__V1__OrderItem *item, int64_t now_ms);
/*
 * When an open item may be claimed: its ready_at, but what may exist not before it has
 * settled since the wall clock last jumped; and a ready_at farther ahead than any wait
 * was written before the clock was set back, and holds nobody up. INT64_MAX: never by
 * itself.
 */
int64_t job_ready_ms(const Kontor__V1__OrderItem *item, const struct broker *broker,
                     int64_t now_ms);
/* How long to wait before the nth try (from 1): doubling, up to 5 minutes, spread by a
 * quarter either way. */
int64_t job_backoff_ms(const char *item_id, int32_t n, struct arena *arena);
/* The name of an item's object at the backend: a function of registry and item only, at
 * most 63 bytes of [a-z0-9-]. */
const char *job_intent(const char *registry, const char *item_id, struct arena *arena);

#endif
