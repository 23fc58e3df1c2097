#include "server/order/candidate.h"

#include <string.h>

#include "proto/moment.h"
#include "server/broker.h"
#include "server/order/job.h"
#include "server/order/side.h"

enum { PASS_PAGE = 64 };

/* Keeps the candidates in order, and at most max of them. */
static void
add_candidate(struct candidates *found, const Kontor__V1__OrderItem *item)
{
    /*
     * Behind those of the same time: within an offer the index has the order already,
     * and among offers the session's own order decides.
     */
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

static bool
is_claimable(struct call *call, const Kontor__V1__OrderItem *item,
             const Kontor__V1__Session *session)
{
    /*
     * A role counts only on the side it matches: an agent of the customer's registry
     * sees the item too, and must not be handed the provider's work.
     */
    bool is_agent = (side_of(call->who, item).provider & ROLE_BIT(AGENT)) != 0;
    return is_agent && job_is_offered(item) && session_takes(session, item->job->kind);
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
        if (!is_claimable(call, item, found->session)) {
            found->has_others = found->has_others || job_is_offered(item);
            continue;
        }
        int64_t ready_ms = job_ready_ms(item, call->broker, call->now_ms);
        if (ready_ms <= call->now_ms) {
            add_candidate(found, item);
            (*n_added)++;
        } else if (ready_ms < found->next_ms) {
            found->next_ms = ready_ms;
        }
    }
}

/* When the next job of an offer gets ready. */
static enum status
find_next(struct call *call, const char *offer, struct candidates *found)
{
    /*
     * Nothing is committed when a back-off or a settling ends, so nothing would wake a
     * waiting claim then: it is told the time instead.
     */
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
find_between(struct call *call, struct find find, struct candidates *found)
{
    size_t n_added = 0;
    do {
        struct page page;
        enum status status = call_find(call, &find, false, &page);
        if (status != STATUS_OK) {
            return status;
        }
        add_page(call, &page, found, &n_added);
        find.token = page.next_token;
        /* What is passed over is passed over in larger steps. */
        find.limit = PASS_PAGE;
    } while (n_added < found->max && find.token[0] != '\0');
    return STATUS_OK;
}

static enum status
find_offer_jobs(struct call *call, const char *offer, struct candidates *found)
{
    int64_t beyond_ms = call->now_ms + JOB_MAX_WAIT_MS;
    struct find due = jobs_of(offer, INT64_MIN, call->now_ms + 1, found->max);
    struct find beyond = jobs_of(offer, beyond_ms, INT64_MAX, found->max);
    enum status status = find_between(call, due, found);
    /* Written before the clock was set back, they would be hidden until it is there
     * again. */
    if (status == STATUS_OK) {
        status = find_between(call, beyond, found);
    }
    if (status != STATUS_OK || found->n_items > 0) {
        return status;
    }
    return find_next(call, offer, found);
}

enum status
candidate_find(struct call *call, const Kontor__V1__Session *session,
               struct candidates *found)
{
    /*
     * Every offer is looked at before one job is taken: first come, first served holds
     * over all of them, or an offer named first would starve the others.
     */
    found->session = session;
    found->n_items = 0;
    found->has_others = false;
    found->next_ms = INT64_MAX;
    for (size_t i = 0; i < session->n_offers; i++) {
        enum status status = find_offer_jobs(call, session->offers[i], found);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
