#include <string.h>

#include "server/rpc/flight.h"
#include "server/rpc/named.h"

static struct flight *
of_work(struct work *work)
{
    return (struct flight *)((char *)work - offsetof(struct flight, work));
}

struct outcome_row {
    enum status status;
    enum reason reason;
    const char *text;
};

static const struct outcome_row outcomes[] = {
    {STATUS_UNAVAILABLE, REASON_STORE_UNAVAILABLE, "the store does not answer"},
    {STATUS_RESOURCE_EXHAUSTED, REASON_TOO_LARGE,
     "the change does not fit into one entry of the log"},
    {STATUS_DEADLINE_EXCEEDED, REASON_OUTCOME_UNKNOWN,
     "it is not known whether the change was stored"},
};

enum status
flight_outcome_error(struct flight *flight, enum status status)
{
    struct call *call = &flight->call;
    if (call->error.status == status) {
        return status;
    }
    if (status == STATUS_INVALID_ARGUMENT) {
        return flight_fail_reused(flight);
    }
    if (status == STATUS_ABORTED) {
        bool is_callers = flight->message != NULL && flight->own == NULL &&
                          named_integer(flight->message, "expected_revision") != 0;
        return call_fail(call,
                         is_callers ? REASON_REVISION_MISMATCH : REASON_CONTENTION,
                         "the record changed meanwhile");
    }
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        if (outcomes[i].status == status) {
            return call_fail(call, outcomes[i].reason, "%s", outcomes[i].text);
        }
    }
    return call_fail(call, REASON_INTERNAL, "the store answered %s to a change",
                     status_name(status));
}

static enum status
decide_again(struct work *work, struct store_reader *reader)
{
    struct flight *flight = of_work(work);
    struct call *call = &flight->call;
    work->draft.n_changes = 0;
    work->draft.n_softs = 0;
    call->applied = store_applied(flight->dispatch->broker->store);
    flight->epoch = park_epoch(flight->dispatch->lot);
    enum status status = flight_decide(flight, call->row->decide, reader);
    if (status != STATUS_OK || flight->decision.kind != DECISION_COMMIT) {
        return status;
    }
    return flight_draft(flight, &work->draft);
}

static void
publish_softs(struct flight *flight)
{
    const struct draft *draft = &flight->decision.draft;
    for (size_t i = 0; i < draft->n_softs; i++) {
        park_publish_soft(flight->dispatch->lot, draft->softs[i].key);
    }
}

static void
committed(struct work *work, const struct outcome *outcome)
{
    struct flight *flight = of_work(work);
    struct call *call = &flight->call;
    int64_t applied = store_applied(flight->dispatch->broker->store);
    if (outcome->is_contended) {
        (void)call_fail(call, REASON_CONTENTION,
                        "other brokers wrote before this one again and again");
    }
    if (outcome->status != STATUS_OK) {
        (void)flight_outcome_error(flight, outcome->status);
        flight_end_error(flight);
        return;
    }
    bool is_new = outcome->commit != NULL && !outcome->is_replay;
    call->kontor_seq = is_new ? outcome->commit->seq : applied;
    publish_softs(flight);
    if (outcome->commit != NULL || flight->decision.kind == DECISION_COMMIT) {
        flight_answer(flight, outcome->commit);
        return;
    }
    flight_end_decision(flight);
}

static bool
is_written(const struct draft *draft, const struct draft_check *check)
{
    for (size_t i = 0; i < draft->n_changes; i++) {
        if (draft->changes[i].kind == check->kind &&
            strcmp(draft->changes[i].id, check->id) == 0) {
            return true;
        }
    }
    return false;
}

static enum status
fail_too_large(struct flight *flight, const char *what, size_t n, size_t max)
{
    struct call *call = &flight->call;
    bool is_order = call->row->eid_field != NULL;
    call_value(call, "limit", "%zu", max);
    return call_fail(
        call, is_order ? REASON_ORDER_TOO_LARGE : REASON_TOO_LARGE,
        "the change takes %zu %s, at most %zu go into one entry of the log", n, what,
        max);
}

enum status
flight_draft(struct flight *flight, struct draft *out)
{
    struct call *call = &flight->call;
    struct draft *draft = &flight->decision.draft;
    draft->checks =
        arena_alloc(call->arena, (call->n_checks + 1) * sizeof draft->checks[0]);
    draft->n_checks = 0;
    for (size_t i = 0; i < call->n_checks; i++) {
        if (!is_written(draft, &call->checks[i])) {
            draft->checks[draft->n_checks++] = call->checks[i];
        }
    }
    if (draft->n_changes > STORE_MAX_CHANGES) {
        return fail_too_large(flight, "changes", draft->n_changes, STORE_MAX_CHANGES);
    }
    if (draft->n_checks > STORE_MAX_CHECKS) {
        return fail_too_large(flight, "records read", draft->n_checks,
                              STORE_MAX_CHECKS);
    }
    memcpy(draft->eid, flight->stamp.eid, sizeof draft->eid);
    memcpy(draft->request, flight->stamp.request, sizeof draft->request);
    draft->has_request = flight->stamp.has_request;
    draft->actor = flight->stamp.actor;
    draft->at_ms = flight->stamp.at_ms;
    *out = *draft;
    return STATUS_OK;
}

static void
submit(struct flight *flight)
{
    struct call *call = &flight->call;
    enum status status = flight_draft(flight, &flight->work.draft);
    if (status != STATUS_OK) {
        flight_end_error(flight);
        return;
    }
    flight->work.decide = decide_again;
    flight->work.done = committed;
    flight->work.is_decided = true;
    flight->is_submitted = true;
    status = store_submit(call->broker->store, &flight->work);
    if (status == STATUS_OK) {
        return;
    }
    enum reason reason = status == STATUS_RESOURCE_EXHAUSTED ? REASON_OVERLOADED
                                                             : REASON_STORE_UNAVAILABLE;
    (void)call_fail(call, reason, "the store takes no more work now");
    flight_end_error(flight);
}

void
flight_end_commit(struct flight *flight)
{
    struct call *call = &flight->call;
    if (!call->row->is_mutation) {
        (void)call_fail(call, REASON_INTERNAL, "%s is no mutation", call->row->path);
        flight_end_error(flight);
        return;
    }
    if (!call->is_validate_only) {
        submit(flight);
        return;
    }
    struct draft draft;
    if (flight_draft(flight, &draft) != STATUS_OK) {
        flight_end_error(flight);
        return;
    }
    call->kontor_seq = call->applied;
    bool has_changes = flight->decision.draft.n_changes > 0;
    flight_answer(flight, has_changes ? flight_would_be(flight) : NULL);
}
