#include "server/order/claim.h"

#include <string.h>

#include "kontor/v1/fulfilment_service.pb-c.h"
#include "server/order/edit.h"
#include "server/order/item.h"
#include "server/order/job.h"
#include "server/order/moment.h"
#include "server/order/session.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name

enum {
    MAX_JOBS = 64,
    ENOUGH_BYTES =
        STORE_MAX_COMMIT /
        2, /* Of items and headers in one claim; the rest comes with the next. */
};

/* What the items one job requires delivered. */
struct required {
    const char *item; /* Id of the item whose job it is. */
    Kontor__V1__ItemDelivery **rows;
    size_t n_rows;
};

/* What a claim keeps between its runs, and for its answer. */
struct kept {
    int64_t until_ms;             /* When the wait is over. */
    int32_t lease_seconds;        /* The session's. */
    struct edit *edits[MAX_JOBS]; /* The orders jobs were taken of. */
    size_t n_edits;
    struct required required[MAX_JOBS];
    size_t n_required;
};

static struct kept *
keep(struct call *call, const Kontor__V1__ClaimRequest *request)
{
    if (call->batch == NULL) {
        struct kept *kept = arena_alloc(call->arena, sizeof *kept);
        kept->until_ms = call->now_ms + (int64_t)request->wait_seconds * 1000;
        call->batch = kept;
    }
    struct kept *kept = call->batch;
    kept->n_edits = 0;
    kept->n_required = 0;
    return kept;
}

/* ---- Finding ---- */

/* Jobs that may be claimed, the longest waiting first. */
struct candidates {
    const Kontor__V1__OrderItem *items[MAX_JOBS];
    int64_t ready_ms[MAX_JOBS];
    size_t n_items;
    size_t max;      /* Up to MAX_JOBS. */
    int64_t next_ms; /* When the next one gets ready; INT64_MAX = none is known. */
};

/* Keeps the candidates in order, and at most max of them. */
static void
add_candidate(struct candidates *found, const Kontor__V1__OrderItem *item)
{
    int64_t ready_ms = moment_ms(item->job->ready_at, INT64_MAX);
    size_t at = found->n_items;
    while (at > 0 && found->ready_ms[at - 1] > ready_ms) {
        at--;
    }
    if (at == found->max) {
        return;
    }
    size_t n_after = found->n_items - at;
    if (found->n_items == found->max) {
        n_after--;
    } else {
        found->n_items++;
    }
    memmove(&found->items[at + 1], &found->items[at], n_after * sizeof found->items[0]);
    memmove(&found->ready_ms[at + 1], &found->ready_ms[at],
            n_after * sizeof found->ready_ms[0]);
    found->items[at] = item;
    found->ready_ms[at] = ready_ms;
}

/* The state a claim leads to: assigned, or where the begun item is. */
static Kontor__V1__ItemState
claimed_state(const Kontor__V1__OrderItem *item)
{
    return item->state == S(QUEUED) ? S(ASSIGNED) : item->state;
}

static bool
is_claimable(struct call *call, const Kontor__V1__OrderItem *item)
{
    const struct item_move *move =
        item_state_next(item->state, OPERATION_CLAIM, claimed_state(item));
    return move != NULL && item->job != NULL && item->job->session[0] == '\0' &&
           side_may(move, side_of(call->who, item));
}

/* The jobs of one offer that are ready between two times, oldest first. */
static struct find
jobs_of(const char *offer, int64_t low, int64_t high, size_t limit)
{
    struct find find = {.kind = KIND_ITEM,
                        .index = "offer",
                        .n_equal = 1,
                        .has_range = true,
                        .limit = limit};
    find.equal[0].text = offer;
    find.low = low;
    find.high = high;
    return find;
}

static void
add_page(struct call *call, const struct page *page, struct candidates *found,
         size_t *n_added)
{
    for (size_t i = 0; i < page->n_documents; i++) {
        const Kontor__V1__OrderItem *item = call_record(call, &page->documents[i]);
        if (is_claimable(call, item)) {
            add_candidate(found, item);
            (*n_added)++;
        }
    }
}

/* When the next job of an offer gets ready. */
static enum status
find_next(struct call *call, const char *offer, struct candidates *found)
{
    struct find find = jobs_of(offer, call->now_ms + 1, INT64_MAX, 1);
    struct page page;
    enum status status = call_find(call, &find, false, &page);
    if (status == STATUS_OK && page.n_documents > 0) {
        const Kontor__V1__OrderItem *item = call_record(call, &page.documents[0]);
        int64_t ready_ms = moment_ms(item->job->ready_at, INT64_MAX);
        found->next_ms = ready_ms < found->next_ms ? ready_ms : found->next_ms;
    }
    return status;
}

/* What is ready but not for this caller is passed over: it must not hide what is. */
static enum status
find_offer_jobs(struct call *call, const char *offer, struct candidates *found)
{
    struct find find = jobs_of(offer, INT64_MIN, call->now_ms + 1, found->max);
    size_t n_added = 0;
    do {
        struct page page;
        enum status status = call_find(call, &find, false, &page);
        if (status != STATUS_OK) {
            return status;
        }
        add_page(call, &page, found, &n_added);
        find.token = page.next_token;
    } while (n_added < found->max && find.token[0] != '\0');
    return found->n_items > 0 ? STATUS_OK : find_next(call, offer, found);
}

static enum status
find_all_jobs(struct call *call, const Kontor__V1__Session *session,
              struct candidates *found)
{
    found->n_items = 0;
    found->next_ms = INT64_MAX;
    for (size_t i = 0; i < session->n_offers; i++) {
        enum status status = find_offer_jobs(call, session->offers[i], found);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
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

/* The order of an item among those being changed, read if need be. */
static enum status
edit_of(struct call *call, struct kept *kept, const char *order, struct edit **out)
{
    for (size_t i = 0; i < kept->n_edits; i++) {
        if (strcmp(kept->edits[i]->order->id, order) == 0) {
            *out = kept->edits[i];
            return STATUS_OK;
        }
    }
    enum status status = edit_open(call, order, out);
    if (status == STATUS_OK) {
        kept->edits[kept->n_edits++] = *out;
    }
    return status;
}

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
        /* Recovery: the state stays, so the header does too. */
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
take(struct call *call, struct kept *kept, const Kontor__V1__OrderItem *wanted,
     const char *session)
{
    struct edit *edit;
    size_t index;
    Kontor__V1__OrderItem *item;
    enum status status = edit_of(call, kept, wanted->order, &edit);
    if (status == STATUS_OK) {
        status = edit_find(edit, wanted->id, &index, &item);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = move_to_holder(edit, index);
    job_take(item, session);
    kept->required[kept->n_required++] = read_required(call, item);
    return status;
}

/* What an item weighs in the commit, with its share of the header. */
static size_t
weight(const Kontor__V1__OrderItem *item)
{
    return 2 * protobuf_c_message_get_packed_size(&item->base);
}

static enum status
take_all(struct call *call, struct kept *kept, const struct candidates *found,
         const Kontor__V1__Session *session, struct decision *decision)
{
    size_t size = 0;
    for (size_t i = 0; i < found->n_items; i++) {
        size += weight(found->items[i]);
        if (i > 0 && size > ENOUGH_BYTES) {
            break;
        }
        enum status status = take(call, kept, found->items[i], session->id);
        if (status != STATUS_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < kept->n_edits; i++) {
        edit_commit(kept->edits[i], decision);
    }
    session_extend(call, session, decision);
    kept->lease_seconds = session->lease_seconds;
    return session_take_hands(call, session->id, decision);
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
    return call->is_last_run || call->now_ms >= kept->until_ms;
}

/* Waits for a job of any of the session's offers. */
static enum status
wait_for_jobs(struct call *call, const struct kept *kept,
              const Kontor__V1__Session *session, int64_t next_ms,
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
    park->until_ms = next_ms < kept->until_ms ? next_ms : kept->until_ms;
    park->is_exhausted = true;
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
    if (held.n_documents >= (size_t)session->max_parallel) {
        return wait_for_hands(call, kept, session, &held, decision);
    }
    size_t n_free = (size_t)session->max_parallel - held.n_documents;
    found.max = request->max > 0 ? (size_t)request->max : 1;
    found.max = found.max < n_free ? found.max : n_free;
    status = find_all_jobs(call, session, &found);
    if (status != STATUS_OK) {
        return status;
    }
    if (found.n_items == 0) {
        return wait_for_jobs(call, kept, session, found.next_ms, decision);
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
    job->intent = (char *)job_intent(call->broker->home, item->id, call->arena);
    job->project = item->project;
    job->settle_seconds = item->settle_seconds;
    job->must_name_endpoints = item->must_name_endpoints;
    struct required required = required_of(call, item);
    job->required = required.rows;
    job->n_required = required.n_rows;
    return job;
}

/* The session's term: as it was kept, or for a replay as the session has it. */
static int32_t
lease_seconds(struct call *call, const char *session)
{
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
        reply->jobs[reply->n_jobs++] = claimed_job(call, item);
    }
    *out = reply;
    return STATUS_OK;
}
