/* The broker of one item whose work is being cancelled, and the people behind it. */
#include <stdio.h>
#include <string.h>

#include "tests/client/cancel_rig.h"

/* ---- People ---- */

static Kontor__V1__JobKind
work_kind(void)
{
    static const Kontor__V1__JobKind kinds[] = {
        [KONTOR__V1__ITEM_ACTION__ADD] = KIND(PROVISION),
        [KONTOR__V1__ITEM_ACTION__ACTION_MODIFY] = KIND(MODIFY),
        [KONTOR__V1__ITEM_ACTION__ACTION_TERMINATE] = KIND(TERMINATE),
    };
    return kinds[item.job.action];
}

void
customer_cancels(void)
{
    pthread_mutex_lock(&rig.mutex);
    item.kind = KIND(ASSESS_CANCEL);
    pthread_mutex_unlock(&rig.mutex);
    note("customer cancels");
}

void
operator_declines(void)
{
    pthread_mutex_lock(&rig.mutex);
    item.kind = work_kind();
    pthread_mutex_unlock(&rig.mutex);
    note("operator declines");
}

void
operator_accepts(void)
{
    pthread_mutex_lock(&rig.mutex);
    item.kind = KIND(ROLLBACK);
    item.is_held = false;
    item.is_fence_gone = true;
    pthread_mutex_unlock(&rig.mutex);
    note("operator accepts");
}

/* ---- The broker ---- */

static void
on_register(struct fake_call *call)
{
    const Kontor__V1__RegisterAgentRequest *request =
        (const Kontor__V1__RegisterAgentRequest *)call->request;
    char id[32];
    pthread_mutex_lock(&rig.mutex);
    snprintf(id, sizeof id, "alpine/s-%d", ++item.n_sessions);
    item.is_session_over = false;
    item.names_assess = false;
    for (size_t i = 0; i < request->n_kinds; i++) {
        item.names_assess =
            item.names_assess || request->kinds[i] == KIND(ASSESS_CANCEL);
    }
    pthread_mutex_unlock(&rig.mutex);
    note("register");
    Kontor__V1__Session session = KONTOR__V1__SESSION__INIT;
    session.id = id;
    session.lease_seconds = item.lease_seconds;
    fake_reply(call, &session.base);
}

static void
on_claim(struct fake_call *call)
{
    pthread_mutex_lock(&rig.mutex);
    while (!item.is_closed && item.is_claimed) {
        pthread_cond_wait(&rig.changed, &rig.mutex);
    }
    bool is_given = !item.is_claimed;
    item.is_held = item.is_held || is_given;
    item.is_claimed = true;
    pthread_mutex_unlock(&rig.mutex);
    Kontor__V1__ClaimedJob *jobs[] = {&item.job};
    Kontor__V1__ClaimResponse response = KONTOR__V1__CLAIM_RESPONSE__INIT;
    response.jobs = jobs;
    response.n_jobs = is_given ? 1 : 0;
    fake_reply(call, &response.base);
}

static void
on_renew(struct fake_call *call)
{
    Kontor__V1__HeldJob held = KONTOR__V1__HELD_JOB__INIT;
    Kontor__V1__HeldJob *jobs[] = {&held};
    Kontor__V1__RenewResponse response = KONTOR__V1__RENEW_RESPONSE__INIT;
    pthread_mutex_lock(&rig.mutex);
    bool is_over = item.is_session_over;
    bool is_asked = item.kind == KIND(ASSESS_CANCEL);
    held.kind = item.kind;
    response.n_jobs = item.is_held ? 1 : 0;
    pthread_mutex_unlock(&rig.mutex);
    if (is_over) {
        fake_fail(call, KONTOR_ABORTED, "LEASE_LOST", "the session is over");
        return;
    }
    if (item.on_renew != NULL) {
        item.on_renew();
    }
    held.item = item.job.item;
    held.fence = item.job.fence;
    held.cancel_reason = (char *)(uintptr_t)(is_asked ? "changed our mind" : "");
    response.lease_seconds = item.lease_seconds;
    response.jobs = jobs;
    fake_reply(call, &response.base);
    note("renew %d", (int)held.kind);
}

static void
reply_item(struct fake_call *call)
{
    char session[32];
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Google__Protobuf__Timestamp ready = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    at.seconds = 1000;
    ready.seconds = 1000;
    ready.nanos = 50000000;
    Kontor__V1__Job job = KONTOR__V1__JOB__INIT;
    job.retry_at = &ready;
    Kontor__V1__OrderItem reply = KONTOR__V1__ORDER_ITEM__INIT;
    pthread_mutex_lock(&rig.mutex);
    snprintf(session, sizeof session, "alpine/s-%d", item.n_sessions);
    job.session = item.is_held ? session : (char *)(uintptr_t) "";
    job.kind = item.kind;
    pthread_mutex_unlock(&rig.mutex);
    reply.updated_at = &at;
    reply.job = &job;
    fake_reply(call, &reply.base);
}

static void
lease_lost(struct fake_call *call)
{
    fake_fail(call, KONTOR_ABORTED, "LEASE_LOST", "not held with this fence");
}

static void
on_begin(struct fake_call *call)
{
    note("begin");
    reply_item(call);
}

/* The real broker answers a request that was taken before with what it answered. */
static void
reply_decided(struct fake_call *call)
{
    if (item.hides_answers) {
        fake_fail(call, KONTOR_INTERNAL, "INTERNAL", "the answer was lost");
    } else {
        reply_item(call);
    }
}

/* Whether it is answered without being judged. */
static bool
is_answered(struct fake_call *call, const char *request_id)
{
    pthread_mutex_lock(&rig.mutex);
    bool is_refused = item.n_refusals != 0;
    item.n_refusals -= item.n_refusals > 0 ? 1 : 0;
    bool is_again = strcmp(item.decide_id, request_id) == 0;
    pthread_mutex_unlock(&rig.mutex);
    if (is_refused) {
        note("refused %s", request_id);
        fake_fail(call, item.refusal, item.refusal_reason, "refused by the script");
    } else if (is_again) {
        note("again");
        reply_decided(call);
    }
    return is_refused || is_again;
}

/* As the real one judges: the fence, then what is asked, then what it leads to. */
static void
on_decide_cancel(struct fake_call *call)
{
    const Kontor__V1__DecideCancelRequest *request =
        (const Kontor__V1__DecideCancelRequest *)call->request;
    bool is_accepted =
        request->decision == KONTOR__V1__DECIDE_CANCEL_REQUEST__DECISION__ACCEPT;
    note("call decide");
    if (item.on_decide != NULL) {
        item.on_decide();
    }
    if (is_answered(call, request->request_id)) {
        return;
    }
    pthread_mutex_lock(&rig.mutex);
    bool is_its = item.is_held && request->fence == item.job.fence;
    bool is_open = item.kind == KIND(ASSESS_CANCEL);
    if (is_its && is_open) {
        item.kind = is_accepted ? KIND(ROLLBACK) : work_kind();
        item.is_held = is_accepted || !item.declined_is_held;
        snprintf(item.decide_id, sizeof item.decide_id, "%s", request->request_id);
    }
    pthread_mutex_unlock(&rig.mutex);
    if (!is_its) {
        lease_lost(call);
    } else if (!is_open) {
        fake_fail(call, KONTOR_FAILED_PRECONDITION, "ILLEGAL_STATE", "not asked");
    } else {
        note("decide %s %s", is_accepted ? "accept" : "decline", request->reason);
        if (item.cuts_answer) {
            fake_cut(call->fake);
            return;
        }
        reply_decided(call);
    }
}

static void
on_complete(struct fake_call *call)
{
    const Kontor__V1__CompleteRequest *request =
        (const Kontor__V1__CompleteRequest *)call->request;
    bool is_bare = request->delivery == NULL;
    if (item.on_complete != NULL) {
        item.on_complete();
    }
    pthread_mutex_lock(&rig.mutex);
    bool is_undone = item.kind == KIND(ROLLBACK);
    /* Until somebody claims anew, the last fence says how it ended. */
    bool is_its = !item.is_fence_gone;
    bool is_good = !is_undone || is_bare;
    item.is_held = item.is_held && !is_good;
    pthread_mutex_unlock(&rig.mutex);
    if (!is_its) {
        lease_lost(call);
        return;
    }
    note("complete %s%s", is_undone ? "CANCELLED" : "COMPLETED",
         is_bare ? " bare" : "");
    if (is_good) {
        reply_item(call);
    } else {
        fake_fail(call, KONTOR_INVALID_ARGUMENT, "FIELDS_INVALID", "leave it out");
    }
}

static void
on_fail(struct fake_call *call)
{
    const Kontor__V1__FailRequest *request =
        (const Kontor__V1__FailRequest *)call->request;
    bool is_retry = request->failure == KONTOR__V1__FAIL_REQUEST__FAILURE__RETRYABLE;
    pthread_mutex_lock(&rig.mutex);
    bool is_its = item.is_held;
    bool stays = is_retry || item.unknown_stays;
    Kontor__V1__JobKind kind = item.kind;
    item.is_held = is_its && stays;
    item.unknown_stays = false;
    pthread_mutex_unlock(&rig.mutex);
    if (!is_its) {
        lease_lost(call);
        return;
    }
    note("fail %d of %d %s", (int)request->failure, (int)kind, request->reason);
    reply_item(call);
}

void
cancel_broker(struct fake_call *call, void *context)
{
    static const struct {
        const char *method;
        void (*handle)(struct fake_call *call);
    } rows[] = {
        {"RegisterAgent", on_register},
        {"Claim", on_claim},
        {"Renew", on_renew},
        {"Begin", on_begin},
        {"Complete", on_complete},
        {"Fail", on_fail},
        {"DecideCancel", on_decide_cancel},
    };
    (void)context;
    const char *method = strrchr(call->path, '/') + 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].method, method) == 0) {
            rows[i].handle(call);
        }
    }
}
