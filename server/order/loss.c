#include "server/order/loss.h"

#include <string.h>

#include "server/order/edits.h"
#include "server/order/fate.h"
#include "server/order/item.h"
#include "server/order/job.h"
#include "server/order/session.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name

enum { MAX_ITEMS = 32, PAGE = 100 };

/* A job nobody renewed often enough goes to a person, so that it cannot bring down one
 * agent after the other. */
static enum status
hold_poisoned(struct edit *edit, size_t index)
{
    struct edit_cause cause = {.operation = OPERATION_HOLD,
                               .reason = KONTOR__V1__ITEM_REASON__NEEDS_OPERATOR,
                               .text =
                                   "its lease was lost too often without a renewal"};
    return edit_move(edit, index, &cause);
}

/* A state that knows no hold is offered again however often, but ever more rarely; an
 * evaluation is left to the operator, who can decide the step without an agent. */
static void
lose_beside(Kontor__V1__OrderItem *item, struct call *call)
{
    bool is_poisoned = item->job->losses >= JOB_MAX_LOSSES;
    job_recover(item, call);
    if (is_poisoned && item->job->kind == KONTOR__V1__JOB_KIND__EVALUATE) {
        job_withdraw(item);
    } else if (is_poisoned) {
        job_delay(item, job_backoff_ms(item->id, item->job->losses, call->arena), call);
    }
}

/* Takes an item from its holder. Not begun: queued again, since without Begin nobody
 * has touched the backend. Begun: recovered once the backend has settled. */
static enum status
lose(struct edit *edit, size_t index, const char *why)
{
    struct call *call = edit->call;
    Kontor__V1__OrderItem *item = edit->items[index].item;
    struct edit_cause cause = {.operation = OPERATION_LEASE, .text = why};
    job_let_go(item);
    bool may_hold = item_state_next(item->state, OPERATION_HOLD, 0) != NULL;
    if (item->job->losses >= JOB_MAX_LOSSES && may_hold) {
        return hold_poisoned(edit, index);
    }
    if (item->state == S(ASSIGNED)) {
        return edit_move(edit, index, &cause);
    }
    lose_beside(item, call);
    item_remember(item, operation_name(OPERATION_LEASE), item->state, why, call);
    edit_touch(edit, index);
    return STATUS_OK;
}

static enum status
lose_one(struct edit *edit, const char *id, int64_t renewed_fence)
{
    size_t index;
    Kontor__V1__OrderItem *item;
    enum status status = edit_find(edit, id, &index, &item);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_renewed = renewed_fence >= job_fence(item);
    item->job->losses = is_renewed ? 0 : item->job->losses + 1;
    return lose(edit, index, "the session's lease is over");
}

/*
 * Gives back as many of the items as fit into one commit, one at least: what one holder
 * holds, or how large its orders are, must not keep its session from ending. Answers
 * how many.
 */
static enum status
lose_some(struct call *call, const struct page *page, int64_t renewed_fence,
          struct decision *decision, size_t *n_lost)
{
    struct edits edits = {.n_rows = 0};
    for (*n_lost = 0; *n_lost < page->n_documents && *n_lost < MAX_ITEMS; (*n_lost)++) {
        const struct document *document = &page->documents[*n_lost];
        const Kontor__V1__OrderItem *found = call_record(call, document);
        size_t size = document->w.size + document->x.size;
        struct edit *edit;
        enum status status = edits_open(call, &edits, found->order, size, &edit);
        if (*n_lost > 0 && edits_is_full(&edits)) {
            break;
        }
        if (status == STATUS_OK) {
            status = lose_one(edit, found->id, renewed_fence);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return edits_commit(&edits, decision);
}

/* The session's document, over. Its numbers outside the log go with it. */
static enum status
put_over(struct call *call, const struct document *document,
         Kontor__V1__Session *session, struct decision *decision)
{
    session->is_over = true;
    decision_put(call, decision, KIND_SESSION, session->id, document->revision,
                 document->scope, document->n_scope, &session->base);
    decision_soft(call, decision, session_expires_key(session->id, call->arena),
                  INT64_MIN);
    decision_soft(call, decision, session_renewed_key(session->id, call->arena),
                  INT64_MIN);
    return session_drop_hands(call, session->id, decision);
}

enum status
loss_decide(struct call *call, const void *request, struct decision *decision)
{
    const char *id = request;
    struct document document;
    struct page page;
    size_t n_lost = 0;
    enum status status = call_get(call, KIND_SESSION, id, &document);
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__Session *session = call_record(call, &document);
    /* A renewal may have come between the tick and the committer. */
    if (session->is_over ||
        !session_is_expired(call->reader, call->broker, session, call->arena)) {
        decision_reply(decision, NULL);
        return STATUS_OK;
    }
    int64_t renewed_fence = session_renewed_fence(call->reader, id, call->arena);
    status = session_items(call, id, &page);
    if (status == STATUS_OK) {
        status = lose_some(call, &page, renewed_fence, decision, &n_lost);
    }
    bool is_last =
        status == STATUS_OK && n_lost == page.n_documents && page.next_token[0] == '\0';
    return is_last ? put_over(call, &document, session, decision) : status;
}

/*
 * How long a holder of the lost future may go on: it may have renewed at the very end
 * of it, and until its next call nobody can tell it that its job was taken. Its session
 * is not in the backup, perhaps, but agents come back with the lease they had.
 */
static enum status
longest_lease_ms(struct call *call, const char *offer, int64_t *out)
{
    struct find find = {
        .kind = KIND_SESSION, .index = "over", .n_equal = 1, .limit = PAGE};
    struct page page = {.next_token = ""};
    int32_t longest_s = 0;
    find.equal[0].integer = INT64_MIN;
    do {
        find.token = page.next_token;
        enum status status = call_find(call, &find, true, &page);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < page.n_documents; i++) {
            const Kontor__V1__Session *session = call_record(call, &page.documents[i]);
            bool is_longer = session->lease_seconds > longest_s;
            if (is_longer && session_serves(session, offer)) {
                longest_s = session->lease_seconds;
            }
        }
    } while (page.next_token[0] != '\0');
    longest_s = longest_s > 0 ? longest_s : SESSION_DEFAULT_LEASE_S;
    *out = (int64_t)longest_s * 1000;
    return STATUS_OK;
}

/*
 * Of alternatives the broker's own Begin cancels the others. In the lost future another
 * one may have been begun instead: its end leaves something to clean up.
 */
static enum status
suspect_alternatives(struct edit *edit, size_t index)
{
    uint64_t others = fate_alternatives(edit, index);
    for (size_t i = 0; i < edit->order->n_items; i++) {
        Kontor__V1__OrderItem *item;
        if ((others >> i & 1) == 0 ||
            item_state_is_final(edit->order->items[i]->state)) {
            continue;
        }
        int64_t lease_ms = 0;
        enum status status = edit_item(edit, i, &item);
        if (status == STATUS_OK) {
            status = longest_lease_ms(edit->call, item->offer, &lease_ms);
        }
        if (status != STATUS_OK) {
            return status;
        }
        job_suspect(item, edit->call->now_ms + lease_ms, edit->call);
    }
    return STATUS_OK;
}

/*
 * What a restore means for one open item. A backup says where the item stood, never
 * how far it came in the time that was lost: a claimed one may have been begun, a
 * queued one claimed and begun, one that waited approved, dispatched and begun. So each
 * of them gets the intent, and the next agent looks before it creates.
 *
 * A claimed item crosses the dividing line here, by the broker's own Begin: its holder
 * lives, perhaps, and its Complete with the last fence must find the item begun. What
 * nobody held stays where it is, so that it can still be cancelled at once; it crosses
 * the line when it is claimed.
 */
static enum status
suspect(struct edit *edit, size_t index)
{
    static const char why[] = "the broker was restored: it may have been begun";
    struct edit_cause cause = {.operation = OPERATION_BEGIN, .text = why};
    Kontor__V1__OrderItem *item = edit->items[index].item;
    int64_t lease_ms = 0;
    enum status status = longest_lease_ms(edit->call, item->offer, &lease_ms);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t lease_end_ms = edit->call->now_ms + lease_ms;
    if (item->state == S(ASSIGNED)) {
        status = suspect_alternatives(edit, index);
        status = status == STATUS_OK ? edit_move(edit, index, &cause) : status;
    } else {
        item_remember(item, "restore", item->state, why, edit->call);
        edit_touch(edit, index);
    }
    /* The restore is nobody's fault: it counts towards no row of losses. */
    item->job->losses = 0;
    job_suspect(item, lease_end_ms, edit->call);
    return status;
}

enum status
loss_recover(struct call *call, const void *request, struct decision *decision)
{
    const char *id = request;
    struct document document;
    struct edit *edit;
    size_t index;
    Kontor__V1__OrderItem *item;
    enum status status = call_get(call, KIND_ITEM, id, &document);
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__OrderItem *found = call_record(call, &document);
    if (item_state_is_final(found->state)) {
        decision_reply(decision, NULL);
        return STATUS_OK;
    }
    status = edit_open(call, found->order, &edit);
    if (status == STATUS_OK) {
        status = edit_find(edit, id, &index, &item);
    }
    if (status == STATUS_OK) {
        status = suspect(edit, index);
    }
    return status == STATUS_OK ? edit_commit(edit, decision) : status;
}
