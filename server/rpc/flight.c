#include "server/rpc/flight.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/wire.h"
#include "server/rpc/named.h"

static struct flight *
of_job(struct pool_job *job)
{
    return (struct flight *)((char *)job - offsetof(struct flight, job));
}

static struct flight *
of_waiter(struct park_waiter *waiter)
{
    return (struct flight *)((char *)waiter - offsetof(struct flight, waiter));
}

static struct flight *
of_work(struct work *work)
{
    return (struct flight *)((char *)work - offsetof(struct flight, work));
}

/* ---- From beginning to end ---- */

static void run_job(struct pool_job *job, struct store_reader *reader);
static void wake(struct park_waiter *waiter, bool is_time_over);

static void
list_add(struct flight *flight)
{
    struct dispatch *dispatch = flight->dispatch;
    pthread_mutex_lock(&dispatch->lock);
    dispatch->n_in_flight++;
    flight->after = dispatch->flights;
    if (flight->after != NULL) {
        flight->after->before = flight;
    }
    dispatch->flights = flight;
    pthread_mutex_unlock(&dispatch->lock);
}

static void
list_remove(struct flight *flight)
{
    struct dispatch *dispatch = flight->dispatch;
    pthread_mutex_lock(&dispatch->lock);
    if (flight->before == NULL) {
        dispatch->flights = flight->after;
    } else {
        flight->before->after = flight->after;
    }
    if (flight->after != NULL) {
        flight->after->before = flight->before;
    }
    pthread_mutex_unlock(&dispatch->lock);
}

struct flight *
flight_new(struct dispatch *dispatch, const struct flight_request *request)
{
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    struct flight *flight = arena_alloc(arena, sizeof *flight);
    flight->dispatch = dispatch;
    flight->request = *request;
    atomic_init(&flight->n_references, 2);
    flight->job.run = run_job;
    flight->waiter.wake = wake;
    struct call *call = &flight->call;
    call->arena = arena;
    call->broker = dispatch->broker;
    call->row = request->row;
    call->who = request->who;
    call->actor = request->who->id;
    call->now_ms = clock_wall_ms(dispatch->clock);
    call->deadline_ms = request->deadline_ms;
    call->faults = arena_alloc(arena, sizeof *call->faults);
    call->faults->arena = arena;
    list_add(flight);
    return flight;
}

void
flight_release(struct flight *flight)
{
    if (flight == NULL || atomic_fetch_sub(&flight->n_references, 1) != 1) {
        return;
    }
    arena_free(flight->call.arena);
}

/* Only the id of the call goes out: the text of an INTERNAL error may hold anything. */
static const char *
mask_internal(struct flight *flight, const char *call_id)
{
    struct call *call = &flight->call;
    if (call->error.reason != REASON_INTERNAL) {
        return NULL;
    }
    const char *text = call->error.message;
    call->error = (struct error){0};
    call_value(call, "callId", "%s", call_id);
    (void)call_fail(call, REASON_INTERNAL,
                    "the broker made a mistake; its log knows this call as %s",
                    call_id);
    return text;
}

void
flight_end(struct flight *flight, enum status status, const struct bytes *pieces,
           size_t n_pieces)
{
    struct dispatch *dispatch = flight->dispatch;
    struct ending ending = {.status = status,
                            .pieces = pieces,
                            .n_pieces = n_pieces,
                            .seq = flight->call.kontor_seq};
    if (status != STATUS_OK) {
        uint64_t number;
        random_fill(dispatch->random, &number, sizeof number);
        ending.call_id = arena_print(flight->call.arena, "%016" PRIx64, number);
        ending.internal = mask_internal(flight, ending.call_id);
        ending.error = &flight->call.error;
    }
    if (ending.seq == 0) {
        ending.seq = store_applied(dispatch->broker->store);
    }
    park_done(dispatch->lot, &flight->waiter);
    list_remove(flight);
    flight->request.done(flight->request.context, &ending);
    flight_release(flight);
    pthread_mutex_lock(&dispatch->lock);
    if (--dispatch->n_in_flight == 0) {
        pthread_cond_broadcast(&dispatch->landed);
    }
    pthread_mutex_unlock(&dispatch->lock);
}

static void
end_error(struct flight *flight)
{
    flight_end(flight, flight->call.error.status, NULL, 0);
}

void
flight_reply(struct flight *flight, const ProtobufCMessage *reply)
{
    if (reply == NULL) {
        (void)call_fail(&flight->call, REASON_INTERNAL, "a handler left no reply");
        end_error(flight);
        return;
    }
    struct bytes bytes = wire_pack(reply, flight->call.arena);
    flight_end(flight, STATUS_OK, &bytes, 1);
}

void
flight_queue(struct flight *flight, bool is_forced)
{
    enum row_class klass = flight->call.row->klass;
    if (pool_submit(flight->dispatch->pool, klass, &flight->job, is_forced)) {
        return;
    }
    (void)call_fail(&flight->call, REASON_OVERLOADED,
                    "too many calls of this class wait");
    end_error(flight);
}

static void
end_draining(struct flight *flight)
{
    (void)call_fail(&flight->call, REASON_DRAINING, "the broker is stopping");
    end_error(flight);
}

struct flight *
dispatch_start(struct dispatch *dispatch, const struct flight_request *request)
{
    struct flight *flight = flight_new(dispatch, request);
    struct call *call = &flight->call;
    if (atomic_load(&dispatch->is_draining)) {
        end_draining(flight);
        return flight;
    }
    if (dispatch_role(request->row, request->who, call->arena, &call->error) !=
        STATUS_OK) {
        end_error(flight);
        return flight;
    }
    flight_queue(flight, false);
    return flight;
}

void
flight_cancel(struct flight *flight)
{
    atomic_store(&flight->is_cancelled, true);
    if (park_leave(flight->dispatch->lot, &flight->waiter)) {
        flight_queue(flight, true);
    }
}

/* ---- Running ---- */

static void
wake(struct park_waiter *waiter, bool is_time_over)
{
    struct flight *flight = of_waiter(waiter);
    flight->call.is_last_run = is_time_over;
    /* What woke the call may have become ready after the call arrived. */
    flight->call.now_ms = clock_wall_ms(flight->dispatch->clock);
    flight->stamp.at_ms = flight->call.now_ms;
    flight_queue(flight, true);
}

/* What the caller sent as its key of idempotency; "" = nothing. */
static const char *
request_id(const struct flight *flight)
{
    const struct row *row = flight->call.row;
    return named_text(flight->message,
                      row->eid_field != NULL ? row->eid_field : "request_id");
}

void
flight_stamp(struct flight *flight)
{
    struct call *call = &flight->call;
    const char *id = request_id(flight);
    flight->stamp.actor = call->actor;
    flight->stamp.at_ms = call->now_ms;
    if (id[0] == '\0') {
        return;
    }
    digest_eid(call->who->id, call->row->path, id, call->record, flight->stamp.eid);
    digest_message(flight->message, digest_request_skip, flight->stamp.request);
    flight->stamp.has_request = true;
}

static enum status
unpack(struct flight *flight)
{
    struct call *call = &flight->call;
    flight->message = dispatch_unpack(call->row->request, flight->request.bytes,
                                      call->arena, &call->error);
    if (flight->message == NULL) {
        return call->error.status;
    }
    if (call->row->is_mutation) {
        call->is_validate_only = named_flag(flight->message, "validate_only");
        flight_stamp(flight);
    }
    return STATUS_OK;
}

static enum status
check_alive(struct flight *flight)
{
    struct call *call = &flight->call;
    if (atomic_load(&flight->is_cancelled)) {
        call->error = (struct error){.status = STATUS_CANCELLED,
                                     .message = "the caller went away"};
        return STATUS_CANCELLED;
    }
    if (call->is_last_run) {
        return STATUS_OK;
    }
    if (clock_wall_ms(flight->dispatch->clock) >= call->deadline_ms) {
        return call_fail(call, REASON_DEADLINE, "the deadline came first");
    }
    return STATUS_OK;
}

/* A position of a lost past is refused rather than waited for. */
static enum status
check_history(struct flight *flight, int64_t seq)
{
    const struct dispatch *dispatch = flight->dispatch;
    for (size_t i = 1; i < dispatch->n_histories; i++) {
        const Kontor__V1__History *history = dispatch->histories[i];
        if (seq > history->last_common_seq && seq < history->first_seq) {
            call_value(&flight->call, "lastCommonSeq", "%" PRId64,
                       history->last_common_seq);
            return call_fail(&flight->call, REASON_HISTORY_CHANGED,
                             "position %" PRId64 " belongs to a past that was lost",
                             seq);
        }
    }
    return STATUS_OK;
}

/* Once the flight waits it may be woken and gone: what is needed then is held before.
 */
static void
park(struct flight *flight, struct park *park, int64_t epoch)
{
    struct dispatch *dispatch = flight->dispatch;
    if (park->until_ms > flight->call.deadline_ms) {
        park->until_ms = flight->call.deadline_ms;
    }
    atomic_fetch_add(&flight->n_references, 1);
    if (!park_enter(dispatch->lot, &flight->waiter, park, epoch)) {
        flight_queue(flight, true);
    } else if (atomic_load(&dispatch->is_draining) ||
               atomic_load(&flight->is_cancelled)) {
        /* Whoever swept before the flight waited has missed it. */
        if (park_leave(dispatch->lot, &flight->waiter)) {
            end_draining(flight);
        }
    }
    flight_release(flight);
}

/*
 * Whether the position the caller has seen is reached; otherwise the flight is parked
 * or over.
 */
static bool
has_min_seq(struct flight *flight)
{
    int64_t min_seq = flight->request.min_seq;
    if (min_seq == 0) {
        return true;
    }
    if (check_history(flight, min_seq) != STATUS_OK) {
        end_error(flight);
        return false;
    }
    if (store_applied(flight->dispatch->broker->store) >= min_seq) {
        flight->request.min_seq = 0;
        flight->call.is_last_run = false;
        return true;
    }
    if (flight->call.is_last_run) {
        (void)call_fail(&flight->call, REASON_DEADLINE,
                        "position %" PRId64 " was not reached in time", min_seq);
        end_error(flight);
        return false;
    }
    struct park wait = {.until_ms = flight->call.deadline_ms, .n_keys = 1};
    wait.keys[0] = arena_print(flight->call.arena, "seq>=%" PRId64, min_seq);
    park(flight, &wait, 0);
    return false;
}

enum status
flight_decide(struct flight *flight, decide_fn decide, struct store_reader *reader)
{
    struct call *call = &flight->call;
    flight->decision = (struct decision){.kind = DECISION_NONE};
    flight->epoch = park_epoch(flight->dispatch->lot);
    call->reader = reader;
    call->error = (struct error){0};
    call->faults->n_rows = 0;
    call->faults->n_found = 0;
    call->n_checks = 0;
    call->checks = NULL;
    call->created_at_ms = NULL;
    enum status status = decide(call, flight->message, &flight->decision);
    call->reader = NULL;
    /* What a handler could not know of, such as a damaged document, outweighs its word.
     */
    if (call->error.reason == REASON_INTERNAL) {
        return STATUS_INTERNAL;
    }
    if (status != STATUS_OK && call->error.status != status) {
        return call_fail(call, REASON_INTERNAL,
                         "a handler answered %s without a reason", status_name(status));
    }
    if (status == STATUS_OK) {
        call->error = (struct error){0};
    }
    return status;
}

static void
answer(struct flight *flight, const Kontor__V1__Commit *commit)
{
    void *reply = flight->decision.reply;
    if (commit != NULL || reply == NULL) {
        struct call *call = &flight->call;
        enum status status = call->row->answer(call, flight->message, commit, &reply);
        if (status != STATUS_OK) {
            flight_end(flight, status, NULL, 0);
            return;
        }
    }
    flight_reply(flight, reply);
}

static bool
is_same_request(const struct flight *flight, const Kontor__V1__Commit *commit)
{
    return commit->request.len == STORE_HASH_SIZE &&
           memcmp(commit->request.data, flight->stamp.request, STORE_HASH_SIZE) == 0;
}

static enum status
fail_reused(struct flight *flight)
{
    struct call *call = &flight->call;
    const char *id = request_id(flight);
    call_value(call, "requestId", "%s", id);
    if (call->row->eid_field != NULL) {
        return call_fail(call, REASON_ORDER_DIFFERS,
                         "%s exists already with another content", id);
    }
    return call_fail(call, REASON_REQUEST_ID_REUSED,
                     "request_id %s was used before for another request", id);
}

/* Looks the eid up before the handler runs; whether it was there, and the flight over.
 */
static bool
replay(struct flight *flight, struct store_reader *reader)
{
    struct call *call = &flight->call;
    Kontor__V1__Commit *commit;
    if (!flight->stamp.has_request || call->is_validate_only) {
        return false;
    }
    enum status status = store_by_eid(reader, flight->stamp.eid, call->arena, &commit);
    if (status == STATUS_NOT_FOUND) {
        return false;
    }
    if (status != STATUS_OK) {
        (void)flight_outcome_error(flight, status);
        end_error(flight);
        return true;
    }
    if (!is_same_request(flight, commit)) {
        call_value(call, "storedHash", "%s",
                   commit->request.len == STORE_HASH_SIZE
                       ? digest_hex(call->arena, commit->request.data)
                       : "");
        (void)fail_reused(flight);
        end_error(flight);
        return true;
    }
    call->reader = reader;
    call->kontor_seq = store_applied(call->broker->store);
    answer(flight, commit);
    return true;
}

/* ---- Committing ---- */

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
        return fail_reused(flight);
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

/* What a call has to say when it ends without a commit of its own. */
static void
end_decision(struct flight *flight)
{
    struct decision *decision = &flight->decision;
    switch (decision->kind) {
    case DECISION_REPLY:
        flight_reply(flight, decision->reply);
        return;
    case DECISION_RAW:
        flight_end(flight, STATUS_OK, decision->pieces, decision->n_pieces);
        return;
    case DECISION_PARK:
        if (!flight->call.is_last_run) {
            park(flight, &decision->park, flight->epoch);
            return;
        }
        break;
    case DECISION_COMMIT:
    case DECISION_NONE:
        break;
    }
    (void)call_fail(&flight->call, REASON_INTERNAL, "a handler came to no decision");
    end_error(flight);
}

static enum status
decide_again(struct work *work, struct store_reader *reader)
{
    struct flight *flight = of_work(work);
    struct call *call = &flight->call;
    work->draft.n_changes = 0;
    work->draft.n_softs = 0;
    call->applied = store_applied(flight->dispatch->broker->store);
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
    if (outcome->status != STATUS_OK) {
        (void)flight_outcome_error(flight, outcome->status);
        end_error(flight);
        return;
    }
    bool is_new = outcome->commit != NULL && !outcome->is_replay;
    call->kontor_seq = is_new ? outcome->commit->seq : applied;
    publish_softs(flight);
    if (outcome->commit != NULL || flight->decision.kind == DECISION_COMMIT) {
        answer(flight, outcome->commit);
        return;
    }
    end_decision(flight);
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
        end_error(flight);
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
    end_error(flight);
}

static void
end_commit(struct flight *flight)
{
    struct call *call = &flight->call;
    if (!call->row->is_mutation) {
        (void)call_fail(call, REASON_INTERNAL, "%s is no mutation", call->row->path);
        end_error(flight);
        return;
    }
    if (!call->is_validate_only) {
        submit(flight);
        return;
    }
    struct draft draft;
    if (flight_draft(flight, &draft) != STATUS_OK) {
        end_error(flight);
        return;
    }
    call->kontor_seq = call->applied;
    bool has_changes = flight->decision.draft.n_changes > 0;
    answer(flight, has_changes ? flight_would_be(flight) : NULL);
}

static enum status
decide_in_snapshot(struct flight *flight, struct store_reader *reader)
{
    struct call *call = &flight->call;
    enum status status = store_begin(reader, &call->applied);
    if (status != STATUS_OK) {
        return flight_outcome_error(flight, status);
    }
    call->kontor_seq = call->applied;
    status = flight_decide(flight, call->row->decide, reader);
    store_end(reader);
    return status;
}

static void
run(struct flight *flight, struct store_reader *reader)
{
    struct call *call = &flight->call;
    if (check_alive(flight) != STATUS_OK) {
        end_error(flight);
        return;
    }
    if (!has_min_seq(flight)) {
        return;
    }
    if (flight->message == NULL && unpack(flight) != STATUS_OK) {
        end_error(flight);
        return;
    }
    if (call->row->batch != NULL) {
        batch_start(flight, reader);
        return;
    }
    if (replay(flight, reader)) {
        return;
    }
    enum status status = decide_in_snapshot(flight, reader);
    if (status != STATUS_OK) {
        end_error(flight);
        return;
    }
    if (flight->decision.kind == DECISION_COMMIT) {
        end_commit(flight);
        return;
    }
    end_decision(flight);
}

static void
run_job(struct pool_job *job, struct store_reader *reader)
{
    run(of_job(job), reader);
}
