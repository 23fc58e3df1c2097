#include "server/order/claim.h"

#include <string.h>

#include "kontor/v1/fulfilment_service.pb-c.h"
#include "proto/moment.h"
#include "server/order/candidate.h"
#include "server/order/edits.h"
#include "server/order/instance.h"
#include "server/order/item.h"
#include "server/order/job.h"
#include "server/order/session.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name

/* What the items one job requires delivered. */
struct required {
    const char *item; /* Id of the item whose job it is. */
    Kontor__V1__ItemDelivery **rows;
    size_t n_rows;
    size_t size; /* Bytes of all of them. */
};

/* What a claim keeps between its runs, and for its answer. */
struct kept {
    int64_t until_ms;      /* When the wait is over. */
    int32_t lease_seconds; /* The session's. */
    struct edits edits;    /* The orders jobs were taken of. */
    struct required required[SESSION_MAX_JOBS];
    size_t n_required;
};

static struct kept *
keep(struct call *call, const Kontor__V1__ClaimRequest *request)
{
    /*
     * A claim that waited runs again from scratch, but its wait goes on: until when is
     * reckoned once, from its arrival.
     */
    if (call->batch == NULL) {
        struct kept *kept = arena_alloc(call->arena, sizeof *kept);
        kept->until_ms = call->now_ms + (int64_t)request->wait_seconds * 1000;
        call->batch = kept;
    }
    struct kept *kept = call->batch;
    memset(&kept->edits, 0, sizeof kept->edits);
    kept->n_required = 0;
    return kept;
}

/* ---- What a job gets of the items it requires ---- */

/* One delivery; NULL = there is none. What is delivered never changes, so nothing is
 * checked at commit. */
static Kontor__V1__ItemDelivery *
read_delivery(struct call *call, const Kontor__V1__OrderItem *item, const char *name)
{
    const char *id = arena_print(call->arena, "%s/%s", item->order, name);
    struct document document;
    if (store_get(call->reader, KIND_ITEM, id, NULL, 0, call->arena, &document) !=
        STATUS_OK) {
        return NULL;
    }
    const Kontor__V1__OrderItem *required = call_record(call, &document);
    Kontor__V1__ItemDelivery *delivery = arena_alloc(call->arena, sizeof *delivery);
    kontor__v1__item_delivery__init(delivery);
    delivery->item = (char *)name;
    delivery->delivery = required->delivery;
    return required->delivery == NULL ? NULL : delivery;
}

static struct required
read_required(struct call *call, const Kontor__V1__OrderItem *item)
{
    struct required required = {.item = item->id};
    required.rows =
        arena_alloc(call->arena, (item->n_requires + 1) * sizeof *required.rows);
    for (size_t i = 0; i < item->n_requires && call->reader != NULL; i++) {
        Kontor__V1__ItemDelivery *delivery =
            read_delivery(call, item, item->requires[i]);
        if (delivery != NULL) {
            required.rows[required.n_rows++] = delivery;
            required.size += protobuf_c_message_get_packed_size(&delivery->base);
        }
    }
    return required;
}

/* As it was kept when the job was taken; read again for a replay. */
static struct required
required_of(struct call *call, const Kontor__V1__OrderItem *item)
{
    const struct kept *kept = call->batch;
    for (size_t i = 0; kept != NULL && i < kept->n_required; i++) {
        if (strcmp(kept->required[i].item, item->id) == 0) {
            return kept->required[i];
        }
    }
    return read_required(call, item);
}

/* ---- Taking ---- */

/*
 * Queued: assigned, and where something may exist begun as well. The line was crossed,
 * if at all, in a time that was lost; the agent that is told a prior intent completes
 * what it finds without a Begin of its own, as in every recovery.
 */
static enum status
move_to_holder(struct edit *edit, size_t index)
{
    struct edit_cause claim = {.operation = OPERATION_CLAIM};
    struct edit_cause begin = {.operation = OPERATION_BEGIN,
                               .text = "it may have been begun before a restore"};
    Kontor__V1__OrderItem *item = edit->items[index].item;
    if (item->state != S(QUEUED)) {
        /* Recovery, or work beside the state: it stays, so the header does too. */
        item_remember(item, operation_name(OPERATION_CLAIM), item->state, NULL,
                      edit->call);
        edit_touch(edit, index);
        return STATUS_OK;
    }
    enum status status = edit_move(edit, index, &claim);
    if (status != STATUS_OK || !job_may_exist(item)) {
        return status;
    }
    return edit_move(edit, index, &begin);
}

static enum status
take(struct kept *kept, struct edit *edit, const Kontor__V1__OrderItem *wanted,
     const Kontor__V1__Session *session)
{
    size_t index;
    Kontor__V1__OrderItem *item;
    enum status status = edit_find(edit, wanted->id, &index, &item);
    if (status != STATUS_OK) {
        return status;
    }
    /* Another job of this claim has ended it: its alternative has begun. */
    if (!job_is_offered(item)) {
        return STATUS_OK;
    }
    status = move_to_holder(edit, index);
    job_take(item, session);
    struct required required = read_required(edit->call, item);
    kept->required[kept->n_required++] = required;
    kept->edits.size += required.size;
    return status;
}

/* As many as fit into one commit and its answer; the rest comes with the next claim.
 * One is always taken, or what is large would never be claimed. */
static enum status
take_all(struct call *call, struct kept *kept, const struct candidates *found,
         const Kontor__V1__Session *session, struct decision *decision)
{
    struct edits *edits = &kept->edits;
    for (size_t i = 0; i < found->n_items; i++) {
        struct edit *edit;
        size_t size = protobuf_c_message_get_packed_size(&found->items[i]->base);
        enum status status =
            edits_open(call, edits, found->items[i]->order, size, &edit);
        if (i > 0 && edits_is_full(edits)) {
            break;
        }
        if (status == STATUS_OK) {
            status = take(kept, edit, found->items[i], session);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    enum status status = edits_commit(edits, decision);
    session_extend(call, session, decision);
    kept->lease_seconds = session->lease_seconds;
    return status == STATUS_OK ? session_take_hands(call, session->id, decision)
                               : status;
}

/* ---- Waiting ---- */

static Kontor__V1__ClaimResponse *
new_reply(struct call *call, size_t room)
{
    Kontor__V1__ClaimResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__claim_response__init(reply);
    reply->jobs = arena_alloc(call->arena, (room + 1) * sizeof *reply->jobs);
    return reply;
}

/* The wait is over: no job, but one more term for the session. */
static enum status
answer_none(struct call *call, const Kontor__V1__Session *session,
            struct decision *decision)
{
    Kontor__V1__ClaimResponse *reply = new_reply(call, 0);
    reply->lease_seconds = session->lease_seconds;
    session_extend(call, session, decision);
    decision->reply = &reply->base;
    return STATUS_OK;
}

static bool
must_answer(const struct call *call, const struct kept *kept)
{
    /*
     * In the last run parking again is not possible, also when the caller's deadline
     * and not the wait asked for has ended it.
     */
    return call->is_last_run || call->now_ms >= kept->until_ms;
}

/* Waits for a job of any of the session's offers. */
static enum status
wait_for_jobs(struct call *call, const struct kept *kept,
              const Kontor__V1__Session *session, const struct candidates *found,
              struct decision *decision)
{
    if (must_answer(call, kept)) {
        return answer_none(call, session, decision);
    }
    struct park *park = &decision->park;
    decision->kind = DECISION_PARK;
    /* A session may end before the wait does, and its agent has to know at once. */
    park->keys[park->n_keys++] =
        arena_print(call->arena, "%s/%s", KIND_SESSION->name, session->id);
    for (size_t i = 0; i < session->n_offers && park->n_keys < PARK_MAX_KEYS; i++) {
        park->keys[park->n_keys++] =
            arena_print(call->arena, "item.offer=%s", session->offers[i]);
    }
    /*
     * Whoever waits behind this call would find nothing either: so one job wakes one
     * claim, not the herd (ARCHITECTURE design, "One call"). Unless it is of a kind
     * this session leaves to others.
     */
    int64_t next_ms = found->next_ms;
    park->until_ms = next_ms < kept->until_ms ? next_ms : kept->until_ms;
    park->is_exhausted = !found->has_others;
    return STATUS_OK;
}

/* All hands are full: waits until something happens to one of the jobs held. */
static enum status
wait_for_hands(struct call *call, const struct kept *kept,
               const Kontor__V1__Session *session, const struct page *held,
               struct decision *decision)
{
    if (must_answer(call, kept)) {
        return answer_none(call, session, decision);
    }
    struct park *park = &decision->park;
    decision->kind = DECISION_PARK;
    for (size_t i = 0; i < held->n_documents && i < PARK_MAX_KEYS; i++) {
        park->keys[park->n_keys++] =
            arena_print(call->arena, "item/%s", held->documents[i].id);
    }
    park->until_ms = kept->until_ms;
    return STATUS_OK;
}

/* ---- Deciding and answering ---- */

enum status
claim_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__ClaimRequest *request = message;
    struct kept *kept = keep(call, request);
    struct candidates found;
    struct page held;
    Kontor__V1__Session *session;
    enum status status = session_open(call, request->session, &session);
    if (status == STATUS_OK) {
        status = session_items(call, session->id, &held);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /*
     * Hands are counted by the items that name the session, not by a number of their
     * own that could drift; the guard written with every claim keeps two counts from
     * passing at once.
     */
    if (held.n_documents >= (size_t)session->max_parallel) {
        return wait_for_hands(call, kept, session, &held, decision);
    }
    size_t n_free = (size_t)session->max_parallel - held.n_documents;
    found.max = request->max > 0 ? (size_t)request->max : 1;
    found.max = found.max < n_free ? found.max : n_free;
    status = candidate_find(call, session, &found);
    if (status != STATUS_OK) {
        return status;
    }
    if (found.n_items == 0) {
        return wait_for_jobs(call, kept, session, &found, decision);
    }
    return take_all(call, kept, &found, session, decision);
}

static Kontor__V1__ClaimedJob *
claimed_job(struct call *call, const Kontor__V1__OrderItem *item)
{
    Kontor__V1__ClaimedJob *job = arena_alloc(call->arena, sizeof *job);
    kontor__v1__claimed_job__init(job);
    job->item = item->id;
    job->kind = item->job->kind;
    job->fence = job_fence(item);
    job->attempt = item->job->attempt;
    job->prior_intent = item->job->intent;
    job->offer = item->offer;
    job->offer_rev = item->offer_rev;
    job->name = item->name;
    job->parameters = item->parameters;
    job->n_parameters = item->n_parameters;
    /*
     * The name is told with every claim, also before Begin, so that no agent has a
     * reason to invent one that another attempt could not find again.
     */
    job->intent =
        (char *)job_intent(call->broker->home, instance_of(item), call->arena);
    job->instance = item->instance;
    job->backend_id = item->instance_backend_id;
    job->action = item->action;
    job->project = item->project;
    job->settle_seconds = item->settle_seconds;
    job->must_name_endpoints = item->must_name_endpoints;
    struct required required = required_of(call, item);
    job->required = required.rows;
    job->n_required = required.n_rows;
    job->questions = item->questions;
    job->n_questions = item->n_questions;
    job->seal_to = item->seal_to;
    job->n_seal_to = item->n_seal_to;
    job->cancel_reason = job_cancel_reason(item);
    return job;
}

/* The session's term: as it was kept, or for a replay as the session has it. */
static int32_t
lease_seconds(struct call *call, const char *session)
{
    /* A replay has kept nothing: it tells the term the session has, and none where
     * there is no session any more. */
    const struct kept *kept = call->batch;
    struct document document;
    if (kept != NULL) {
        return kept->lease_seconds;
    }
    if (call->reader == NULL || store_get(call->reader, KIND_SESSION, session, NULL, 0,
                                          call->arena, &document) != STATUS_OK) {
        return 0;
    }
    const Kontor__V1__Session *record = call_record(call, &document);
    return record->lease_seconds;
}

/* What begins with a claim drops its alternatives: they are in its commit, too. */
static bool
is_taken_by(const char *session, const Kontor__V1__OrderItem *item)
{
    return item->job != NULL && strcmp(item->job->session, session) == 0;
}

enum status
claim_answer(struct call *call, const void *message, const Kontor__V1__Commit *commit,
             void **out)
{
    const Kontor__V1__ClaimRequest *request = message;
    Kontor__V1__ClaimResponse *reply = new_reply(call, commit->n_changes);
    reply->lease_seconds = lease_seconds(call, request->session);
    for (size_t i = 0; i < commit->n_changes; i++) {
        void *item = NULL;
        if (strcmp(commit->changes[i]->kind, KIND_ITEM->name) != 0) {
            continue;
        }
        enum status status =
            answer_record(call, commit, KIND_ITEM, commit->changes[i]->id, &item);
        if (status != STATUS_OK) {
            return status;
        }
        if (is_taken_by(request->session, item)) {
            reply->jobs[reply->n_jobs++] = claimed_job(call, item);
        }
    }
    *out = reply;
    return STATUS_OK;
}
