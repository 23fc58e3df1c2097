/*
 * Agents' sessions: what holds leases. The session is a document; until when it lives
 * is a number outside the log.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_SESSION_H
#define KONTOR_SERVER_ORDER_SESSION_H

#include "kontor/v1/fulfilment_service.pb-c.h"
#include "server/broker.h"
#include "server/rpc/call.h"

enum { SESSION_MAX_JOBS = 64, SESSION_DEFAULT_LEASE_S = 60 };

/* Keys of the numbers outside the log. */
const char *session_expires_key(const char *session, struct arena *arena);
const char *session_renewed_key(const char *session, struct arena *arena);
/*
 * When a session's lease ends, by the wall clock as it goes now: as it was last
 * renewed, but never before one full term from the broker's start, since numbers
 * outside the log may be lost with it, nor from the last jump of the wall clock.
 */
int64_t session_expires_ms(struct store_reader *reader, const struct broker *broker,
                           const Kontor__V1__Session *session, struct arena *arena);
/* Whether it ended. */
bool session_is_expired(struct store_reader *reader, const struct broker *broker,
                        const Kontor__V1__Session *session, struct arena *arena);
/* The highest fence it held when it was last renewed: its claims up to this one have
 * been renewed since; INT64_MIN = never, as far as is known. */
int64_t session_renewed_fence(struct store_reader *reader, const char *session,
                              struct arena *arena);

/* The caller's own live session; LEASE_LOST when it is over. */
enum status session_open(struct call *call, const char *id,
                         Kontor__V1__Session **out) MUST_CHECK;
/* Whether the offer is among those it was opened for. */
bool session_serves(const Kontor__V1__Session *session, const char *offer);
/* Whether it takes jobs of this kind. */
bool session_takes(const Kontor__V1__Session *session, Kontor__V1__JobKind kind);
/* Lets the session live one more term with the decision. */
void session_extend(struct call *call, const Kontor__V1__Session *session,
                    struct decision *decision);
/* The items a session holds, whoever asks, up to SESSION_MAX_JOBS. */
enum status session_items(struct call *call, const char *id,
                          struct page *out) MUST_CHECK;

/*
 * Adds to a decision that gives the session jobs the guard all such decisions write, so
 * that of two at once the committer decides one again, knowing the other's jobs. A
 * decision that takes jobs away need not: too few free hands are counted then, never
 * too many.
 */
enum status session_take_hands(struct call *call, const char *id,
                               struct decision *decision) MUST_CHECK;
/* Removes the guard of a session that is over. */
enum status session_drop_hands(struct call *call, const char *id,
                               struct decision *decision) MUST_CHECK;

enum status session_register(struct call *call, const void *request,
                             struct decision *decision);
enum status session_register_answer(struct call *call, const void *request,
                                    const Kontor__V1__Commit *commit, void **reply);
enum status session_renew(struct call *call, const void *request,
                          struct decision *decision);
/* Renewals are never commits, so there is nothing to answer again. */
enum status session_renew_answer(struct call *call, const void *request,
                                 const Kontor__V1__Commit *commit, void **reply);
enum status session_list(struct call *call, const void *request,
                         struct decision *decision);

#endif
