#include "server/rpc/flight.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/wire.h"
#include "server/rpc/identity.h"
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
    flight->generation = request->generation;
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
    /* The broker's own works were judged by nobody, and run before there is an
     * identity. */
    if (flight->judged != NULL) {
        identity_release(flight->dispatch->broker->identity, flight->judged);
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

void
flight_end_error(struct flight *flight)
{
    flight_end(flight, flight->call.error.status, NULL, 0);
}

void
flight_reply(struct flight *flight, const ProtobufCMessage *reply)
{
    if (reply == NULL) {
        (void)call_fail(&flight->call, REASON_INTERNAL, "a handler left no reply");
        flight_end_error(flight);
        return;
    }
    struct bytes bytes = wire_pack(reply, flight->call.arena);
    flight_end(flight, STATUS_OK, &bytes, 1);
}

void
flight_queue_again(struct flight *flight)
{
    pool_force(flight->dispatch->pool, flight->call.row->klass, &flight->job);
}

void
flight_end_draining(struct flight *flight)
{
    (void)call_fail(&flight->call, REASON_DRAINING, "the broker is stopping");
    flight_end_error(flight);
}

struct flight *
dispatch_start(struct dispatch *dispatch, const struct flight_request *request)
{
    struct flight *flight = flight_new(dispatch, request);
    struct call *call = &flight->call;
    if (atomic_load(&dispatch->is_draining)) {
        flight_end_draining(flight);
        return flight;
    }
    if (dispatch_role(request->row, request->who, call->arena, &call->error) !=
        STATUS_OK) {
        flight_end_error(flight);
        return flight;
    }
    if (!pool_submit(dispatch->pool, request->row->klass, &flight->job)) {
        (void)call_fail(call, REASON_OVERLOADED, "too many calls of this class wait");
        flight_end_error(flight);
    }
    return flight;
}

void
flight_cancel(struct flight *flight)
{
    atomic_store(&flight->is_cancelled, true);
    if (park_leave(flight->dispatch->lot, &flight->waiter)) {
        flight_queue_again(flight);
    }
}

/* ---- Running ---- */

/* What woke the call may have become ready after the call arrived. */
void
flight_set_now(struct flight *flight)
{
    flight->call.now_ms = clock_wall_ms(flight->dispatch->clock);
    flight->stamp.at_ms = flight->call.now_ms;
}

static void
wake(struct park_waiter *waiter, bool is_time_over)
{
    struct flight *flight = of_waiter(waiter);
    flight->call.is_last_run = is_time_over;
    flight_set_now(flight);
    flight_queue_again(flight);
}

const char *
flight_request_id(const struct flight *flight)
{
    const struct row *row = flight->call.row;
    return named_text(flight->message,
                      row->eid_field != NULL ? row->eid_field : "request_id");
}

void
flight_stamp(struct flight *flight)
{
    struct call *call = &flight->call;
    const char *id = flight_request_id(flight);
    flight->stamp.actor = call->actor;
    flight->stamp.at_ms = call->now_ms;
    if (id[0] == '\0') {
        return;
    }
    digest_eid(call->who->id, call->row->path, id, call->record, flight->stamp.eid);
    /* Once: a batch is stamped for each of its records. */
    if (!flight->stamp.has_request) {
        digest_message(flight->message, digest_request_skip, flight->stamp.request);
        flight->stamp.has_request = true;
        call->request_hash = flight->stamp.request;
    }
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

enum status
flight_decide(struct flight *flight, decide_fn decide, struct store_reader *reader)
{
    struct call *call = &flight->call;
    flight->decision = (struct decision){.kind = DECISION_NONE};
    call->reader = reader;
    call->request = flight->message;
    /* The log's times never run back (store/draft.c), and what a record says of its own
     * must not lie before the time it was made. */
    int64_t logged_ms = atomic_load(&flight->dispatch->logged_ms);
    call->at_ms = call->now_ms > logged_ms ? call->now_ms : logged_ms;
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

void
flight_answer(struct flight *flight, const Kontor__V1__Commit *commit)
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

/* What a call has to say when it ends without a commit of its own. */
void
flight_end_decision(struct flight *flight)
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
            flight_park(flight, &decision->park, flight->epoch);
            return;
        }
        break;
    case DECISION_COMMIT:
    case DECISION_NONE:
        break;
    }
    (void)call_fail(&flight->call, REASON_INTERNAL, "a handler came to no decision");
    flight_end_error(flight);
}

static enum status
begin_snapshot(struct flight *flight, struct store_reader *reader)
{
    struct call *call = &flight->call;
    /* Before the snapshot: a commit that comes between the two is seen twice, not
     * never. */
    flight->epoch = park_epoch(flight->dispatch->lot);
    enum status status = store_begin(reader, &call->applied);
    if (status != STATUS_OK) {
        return flight_outcome_error(flight, status);
    }
    call->kontor_seq = call->applied;
    return STATUS_OK;
}

/*
 * A flight woken to be judged, and found to be as before, waits on where it stood: each
 * change of trust would otherwise make every waiting call decide again, for nothing.
 */
static bool
waits_on(struct flight *flight)
{
    bool was_swept = flight->is_swept;
    flight->is_swept = false;
    if (!was_swept || flight->decision.kind != DECISION_PARK) {
        return false;
    }
    flight_park(flight, &flight->decision.park, flight->epoch);
    return true;
}

static void
run_in_snapshot(struct flight *flight, struct store_reader *reader)
{
    enum status status = begin_snapshot(flight, reader);
    if (status != STATUS_OK) {
        flight_end_error(flight);
        return;
    }
    if (flight_replay(flight, reader)) {
        store_end(reader);
        return;
    }
    status = flight_decide(flight, flight->call.row->decide, reader);
    store_end(reader);
    if (status != STATUS_OK) {
        flight_end_error(flight);
        return;
    }
    if (flight->decision.kind == DECISION_COMMIT) {
        flight_end_commit(flight);
        return;
    }
    flight_end_decision(flight);
}

static void
run(struct flight *flight, struct store_reader *reader)
{
    struct call *call = &flight->call;
    if (check_alive(flight) != STATUS_OK || flight_judge(flight) != STATUS_OK) {
        flight_end_error(flight);
        return;
    }
    if (waits_on(flight)) {
        return;
    }
    if (!flight_has_min_seq(flight)) {
        return;
    }
    if (flight->message == NULL && unpack(flight) != STATUS_OK) {
        flight_end_error(flight);
        return;
    }
    if (call->row->batch != NULL) {
        batch_start(flight, reader);
        return;
    }
    run_in_snapshot(flight, reader);
}

static void
run_job(struct pool_job *job, struct store_reader *reader)
{
    run(of_job(job), reader);
}
