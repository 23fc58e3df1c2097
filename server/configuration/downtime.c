#include "server/configuration/downtime.h"

#include <inttypes.h>
#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "proto/moment.h"
#include "server/configuration/endpoint.h"
#include "server/configuration/site.h"
#include "server/rpc/import.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

Kontor__V1__Classification
downtime_classify(int64_t declared_at_ms, int64_t start_at_ms)
{
    return start_at_ms - declared_at_ms > DAY_MS
               ? KONTOR__V1__CLASSIFICATION__SCHEDULED
               : KONTOR__V1__CLASSIFICATION__UNSCHEDULED;
}

/* ---- Judging ---- */

/* What has ended was announced as it was, and stays. An import repeats what the source
 * decided. */
static enum status
check_not_over(struct call *call, const Kontor__V1__Downtime *old)
{
    if (old == NULL || import_is(call)) {
        return STATUS_OK;
    }
    if (old->is_cancelled) {
        return call_fail(call, REASON_DOWNTIME_OVER,
                         "downtime %s was cancelled; declare a new one", old->id);
    }
    if (moment_ms(old->end_at, INT64_MAX) <= call->now_ms) {
        return call_fail(call, REASON_DOWNTIME_OVER,
                         "downtime %s has ended; declare a new one", old->id);
    }
    return STATUS_OK;
}

/* Copies: what was given may still be the caller's own request. */
static void
resolve(struct call *call, Kontor__V1__Downtime *downtime)
{
    const char *registry = call_registry_of(call, downtime->id);
    Kontor__V1__Affected **resolved =
        arena_alloc(call->arena, (downtime->n_affected + 1) * sizeof(*resolved));
    for (size_t i = 0; i < downtime->n_affected; i++) {
        const Kontor__V1__Affected *given = downtime->affected[i];
        struct endpoint_name name = {
            .site = given->site, .host = given->host, .type = given->type};
        const char *endpoint = endpoint_resolve(call, registry, &name);
        resolved[i] = arena_alloc(call->arena, sizeof(**resolved));
        *resolved[i] = *given;
        resolved[i]->endpoint = endpoint == NULL ? "" : (char *)endpoint;
        if (endpoint == NULL) {
            import_finding(call, arena_print(call->arena, "affected[%zu]", i),
                           "no endpoint is known here as (%s, %s, %s)", given->site,
                           given->host, given->type);
        }
    }
    downtime->affected = resolved;
}

/* A type alone would hit everything of its kind everywhere. */
static void
judge_affected(struct call *call, const Kontor__V1__Downtime *downtime)
{
    for (size_t i = 0; i < downtime->n_affected; i++) {
        const Kontor__V1__Affected *affected = downtime->affected[i];
        if (affected->site[0] == '\0' && affected->host[0] == '\0') {
            call_fault(call, arena_print(call->arena, "affected[%zu]", i),
                       "must name a site or a host");
        }
    }
}

static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    Kontor__V1__Downtime *downtime = record;
    const Kontor__V1__Downtime *before = old;
    enum status status = site_must_own(call, downtime->id);
    (void)old_doc;
    (void)decision;
    if (status == STATUS_OK) {
        status = check_not_over(call, before);
    }
    if (status != STATUS_OK) {
        return status;
    }
    judge_affected(call, downtime);
    if (downtime->declared_at == NULL) {
        downtime->declared_at = before == NULL ? moment_new(call->arena, call->now_ms)
                                               : before->declared_at;
    }
    downtime->classification =
        downtime_classify(moment_ms(downtime->declared_at, call->now_ms),
                          moment_ms(downtime->start_at, call->now_ms));
    resolve(call, downtime);
    return STATUS_OK;
}

static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__Downtime *downtime = record;
    site_scope(call, downtime->id, out, n_out);
}

/* By end: whoever asks wants what is still ahead. */
static enum status
filter(struct call *call, const void *request, struct find *find)
{
    const Kontor__V1__ListDowntimesRequest *list = request;
    (void)call;
    find->index = "end_at";
    if (list->ends_after != NULL) {
        find->has_range = true;
        find->low = moment_ms(list->ends_after, 0) + 1;
        find->high = INT64_MAX;
    }
    return STATUS_OK;
}

enum { CLASSIFICATION = 10, DECLARED_AT = 11, IS_CANCELLED = 12, CANCEL_REASON = 13 };

const struct record downtime_record = {
    .kind = &KIND_DOWNTIME,
    .field = "downtime",
    .list_field = "downtimes",
    .output_only =
        (const uint8_t[]){CLASSIFICATION, DECLARED_AT, IS_CANCELLED, CANCEL_REASON, 0},
    .judge = judge,
    .scope = scope,
    .filter = filter,
};

const struct record downtime_import_record = {
    .kind = &KIND_DOWNTIME,
    .field = "downtime",
    .list_field = "downtimes",
    .output_only = (const uint8_t[]){CLASSIFICATION, IS_CANCELLED, CANCEL_REASON, 0},
    .judge = judge,
    .scope = scope,
};

/* ---- Cancelling ---- */

static enum status
check_cancel(struct call *call, const Kontor__V1__CancelDowntimeRequest *request,
             struct document *document)
{
    enum status status = call_get(call, KIND_DOWNTIME, request->id, document);
    if (status == STATUS_OK) {
        status = call_must_own(call, document);
    }
    return status == STATUS_OK ? call_expect(call, document, request->expected_revision)
                               : status;
}

enum status
downtime_cancel(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__CancelDowntimeRequest *wanted = request;
    struct document document;
    Kontor__V1__Downtime *downtime;
    enum status status = check_cancel(call, wanted, &document);
    if (status != STATUS_OK) {
        return status;
    }
    downtime = call_record(call, &document);
    /* Cancelling twice is no error: the first reason stays. */
    if (downtime->is_cancelled) {
        decision_reply(decision, downtime);
        return STATUS_OK;
    }
    downtime->is_cancelled = true;
    downtime->cancel_reason = wanted->reason;
    decision_put(call, decision, KIND_DOWNTIME, document.id, document.revision,
                 document.scope, document.n_scope, &downtime->base);
    return STATUS_OK;
}

enum status
downtime_cancel_answer(struct call *call, const void *request,
                       const Kontor__V1__Commit *commit, void **reply)
{
    const Kontor__V1__CancelDowntimeRequest *wanted = request;
    return answer_record(call, commit, KIND_DOWNTIME, wanted->id, reply);
}
