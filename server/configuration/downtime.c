#include "server/configuration/downtime.h"

#include <inttypes.h>
#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "proto/moment.h"
#include "proto/text.h"
#include "server/configuration/endpoint.h"
#include "server/configuration/group.h"
#include "server/configuration/reach.h"
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

/* What is known here of what is named. What was known once stays: names change. */
static enum status
find_affected(struct call *call, const char *registry, Kontor__V1__Affected *affected,
              bool *is_known)
{
    const char *site = NULL;
    affected->endpoint = "";
    affected->site_id = "";
    if (affected_is_whole_site(affected)) {
        enum status status = site_named(call, registry, affected->site, 0, &site);
        affected->site_id = (char *)(uintptr_t)(site == NULL ? "" : site);
        *is_known = site != NULL;
        return status;
    }
    const struct endpoint_name name = {
        .site = affected->site, .host = affected->host, .type = affected->type};
    struct endpoint_ids ids;
    enum status status = endpoint_named(call, registry, &name, 0, &ids);
    const char *endpoint = status == STATUS_OK ? endpoint_one(&ids, &name) : NULL;
    affected->endpoint = (char *)(uintptr_t)(endpoint == NULL ? "" : endpoint);
    *is_known = ids.n_rows > 0;
    return status;
}

static const Kontor__V1__Affected *
row_of(const Kontor__V1__Downtime *downtime, const Kontor__V1__Affected *wanted)
{
    for (size_t i = 0; downtime != NULL && i < downtime->n_affected; i++) {
        const Kontor__V1__Affected *affected = downtime->affected[i];
        if (strcmp(affected->site, wanted->site) == 0 &&
            strcmp(affected->host, wanted->host) == 0 &&
            strcmp(affected->type, wanted->type) == 0) {
            return affected;
        }
    }
    return NULL;
}

/* Copies: what was given may still be the caller's own request. */
static enum status
resolve(struct call *call, const Kontor__V1__Downtime *old,
        Kontor__V1__Downtime *downtime)
{
    const char *registry = call_registry_of(call, downtime->id);
    Kontor__V1__Affected **resolved =
        arena_alloc(call->arena, (downtime->n_affected + 1) * sizeof(*resolved));
    for (size_t i = 0; i < downtime->n_affected; i++) {
        const Kontor__V1__Affected *given = downtime->affected[i];
        const Kontor__V1__Affected *before = row_of(old, given);
        bool is_known;
        resolved[i] = arena_alloc(call->arena, sizeof(**resolved));
        *resolved[i] = *given;
        enum status status = find_affected(call, registry, resolved[i], &is_known);
        if (status != STATUS_OK) {
            return status;
        }
        bool was_known = before != NULL &&
                         (before->endpoint[0] != '\0' || before->site_id[0] != '\0');
        if (!is_known && was_known) {
            resolved[i]->endpoint = before->endpoint;
            resolved[i]->site_id = before->site_id;
        } else if (!is_known) {
            import_finding(call, arena_print(call->arena, "affected[%zu]", i),
                           "no endpoint is known here as (%s, %s, %s)", given->site,
                           given->host, given->type);
        }
    }
    downtime->affected = resolved;
    return STATUS_OK;
}

/* What has happened stays: neither it nor a part of it ends before now. */
static void
judge_end(struct call *call, const Kontor__V1__Downtime *old,
          const Kontor__V1__Downtime *downtime)
{
    if (old == NULL || import_is(call)) {
        return;
    }
    int64_t end_ms = moment_ms(downtime->end_at, INT64_MAX);
    if (end_ms < call->now_ms && end_ms != moment_ms(old->end_at, INT64_MAX)) {
        call_fault(call, "end_at", "lies in the past: it can end now at the earliest");
    }
    for (size_t i = 0; i < downtime->n_affected; i++) {
        const Kontor__V1__Affected *affected = downtime->affected[i];
        int64_t ended_ms = moment_ms(affected->end_at, INT64_MAX);
        if (ended_ms < call->now_ms && i < old->n_affected &&
            ended_ms != moment_ms(old->affected[i]->end_at, INT64_MAX)) {
            call_fault(call, arena_print(call->arena, "affected[%zu].end_at", i),
                       "lies in the past: it can end now at the earliest");
        }
    }
}

/* A type alone would hit everything of its kind everywhere. */
static void
judge_affected(struct call *call, const Kontor__V1__Downtime *downtime)
{
    int64_t start_ms = moment_ms(downtime->start_at, INT64_MIN);
    int64_t end_ms = moment_ms(downtime->end_at, INT64_MAX);
    if (downtime->n_affected + downtime->n_groups + downtime->n_instances == 0) {
        call_fault(call, "affected",
                   "is required, or groups, or instances: say what it hits");
    }
    for (size_t i = 0; i < downtime->n_affected; i++) {
        const Kontor__V1__Affected *affected = downtime->affected[i];
        int64_t ended_ms = moment_ms(affected->end_at, end_ms);
        if (affected->site[0] == '\0' && affected->host[0] == '\0') {
            call_fault(call, arena_print(call->arena, "affected[%zu]", i),
                       "must name a site or a host");
        }
        if (ended_ms <= start_ms || ended_ms > end_ms) {
            call_fault(call, arena_print(call->arena, "affected[%zu].end_at", i),
                       "must lie behind start_at, and not behind end_at");
        }
    }
}

/* One of the registry's own is not deleted at the same time. */
static enum status
hit_group(struct call *call, const char *path, const char *id,
          const Kontor__V1__Downtime *downtime, struct decision *decision)
{
    struct document document;
    enum status status = call_get_any(call, KIND_GROUP, id, &document);
    if (status == STATUS_NOT_FOUND) {
        call_fault(call, path, "there is no group %s", id);
        return STATUS_OK;
    }
    bool is_own =
        strcmp(call_registry_of(call, id), call_registry_of(call, downtime->id)) == 0;
    return status == STATUS_OK && is_own
               ? group_keep(call, call_record(call, &document), decision)
               : status;
}

/* What it hit before may be gone by now. */
static enum status
judge_groups(struct call *call, const Kontor__V1__Downtime *old,
             const Kontor__V1__Downtime *downtime, struct decision *decision)
{
    for (size_t i = 0; i < downtime->n_groups; i++) {
        const char *id = downtime->groups[i];
        const char *path = arena_print(call->arena, "groups[%zu]", i);
        if (import_is(call)) {
            import_find_reference(call, path, KIND_GROUP, id);
            continue;
        }
        if (old != NULL && text_is_among(old->groups, old->n_groups, id)) {
            continue;
        }
        enum status status = hit_group(call, path, id, downtime, decision);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Only what the registry's providers deliver: nobody takes down what is another's. */
static enum status
judge_instances(struct call *call, const Kontor__V1__Downtime *old,
                const Kontor__V1__Downtime *downtime)
{
    for (size_t i = 0; i < downtime->n_instances; i++) {
        const char *id = downtime->instances[i];
        struct document document;
        if (old != NULL && text_is_among(old->instances, old->n_instances, id)) {
            continue;
        }
        enum status status = store_get(call->reader, KIND_INSTANCE, id,
                                       &call->who->scopes, 0, call->arena, &document);
        const Kontor__V1__Instance *instance =
            status == STATUS_OK ? call_record(call, &document) : NULL;
        if (instance == NULL || strcmp(call_registry_of(call, instance->provider),
                                       call->who->registry) != 0) {
            call_fault(call, arena_print(call->arena, "instances[%zu]", i),
                       "there is no instance %s that your registry delivers", id);
        }
    }
    return STATUS_OK;
}

/* ---- Declared, or split from what was declared ---- */

/* Whether all that one hits is hit by another. */
static bool
hits_no_more(const Kontor__V1__Downtime *downtime, const Kontor__V1__Downtime *than)
{
    bool is_so = true;
    for (size_t i = 0; i < downtime->n_affected; i++) {
        is_so = is_so && row_of(than, downtime->affected[i]) != NULL;
    }
    for (size_t i = 0; i < downtime->n_groups; i++) {
        is_so =
            is_so && text_is_among(than->groups, than->n_groups, downtime->groups[i]);
    }
    for (size_t i = 0; i < downtime->n_instances; i++) {
        is_so = is_so && text_is_among(than->instances, than->n_instances,
                                       downtime->instances[i]);
    }
    return is_so;
}

/* What lies within the times of another, and hits no more, was announced with it. */
static enum status
judge_split(struct call *call, Kontor__V1__Downtime *downtime)
{
    struct document document;
    const char *id = downtime->split_from;
    if (strcmp(call_registry_of(call, id), call_registry_of(call, downtime->id)) != 0) {
        call_fault(call, "split_from", "must be a downtime of the same registry");
        return STATUS_OK;
    }
    enum status status = call_get_any(call, KIND_DOWNTIME, id, &document);
    if (status == STATUS_NOT_FOUND) {
        call_fault(call, "split_from", "there is no downtime %s", id);
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__Downtime *first = call_record(call, &document);
    if (!first->is_cancelled && hits_no_more(downtime, first) &&
        moment_ms(first->end_at, INT64_MIN) > call->now_ms &&
        moment_ms(first->start_at, INT64_MAX) <= moment_ms(downtime->start_at, 0) &&
        moment_ms(downtime->end_at, 0) <= moment_ms(first->end_at, INT64_MIN)) {
        downtime->declared_at = first->declared_at;
    }
    return STATUS_OK;
}

static enum status
judge_declared(struct call *call, const Kontor__V1__Downtime *old,
               Kontor__V1__Downtime *downtime)
{
    enum status status = STATUS_OK;
    if (old != NULL && strcmp(old->split_from, downtime->split_from) != 0) {
        call_fault(call, "split_from", "is said when it is declared");
    }
    if (downtime->declared_at == NULL && old != NULL) {
        downtime->declared_at = old->declared_at;
    }
    /* What comes sooner, or upon more, was not announced before. */
    if (old != NULL && !import_is(call) &&
        (moment_ms(downtime->start_at, 0) < moment_ms(old->start_at, 0) ||
         !hits_no_more(downtime, old))) {
        downtime->declared_at = moment_new(call->arena, call->now_ms);
    }
    /* Only what was declared elsewhere brings its own. */
    if (import_is(call) && downtime->source == NULL) {
        downtime->declared_at = old == NULL ? NULL : old->declared_at;
    }
    if (old == NULL && downtime->split_from[0] != '\0' && !import_is(call)) {
        status = judge_split(call, downtime);
    }
    if (downtime->declared_at == NULL) {
        downtime->declared_at = moment_new(call->arena, call->now_ms);
    }
    downtime->classification =
        downtime_classify(moment_ms(downtime->declared_at, call->now_ms),
                          moment_ms(downtime->start_at, call->now_ms));
    return status;
}

/*
 * One that comes as cancelled is: it must not come back to life. Once it is there, only
 * CancelDowntime says so, whatever fields a source owns. And one that was made here and
 * comes back in our own form was made here.
 */
static void
keep(const Kontor__V1__Downtime *before, Kontor__V1__Downtime *downtime)
{
    downtime->is_cancelled = before->is_cancelled;
    downtime->cancel_reason = before->cancel_reason;
    if (before->source == NULL && downtime->source != NULL &&
        strcmp(downtime->source->format, "kontor-1") == 0) {
        downtime->source = NULL;
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
    if (before != NULL) {
        keep(before, downtime);
    }
    if (status == STATUS_OK) {
        status = check_not_over(call, before);
    }
    if (status != STATUS_OK) {
        return status;
    }
    judge_affected(call, downtime);
    judge_end(call, before, downtime);
    status = judge_declared(call, before, downtime);
    if (status == STATUS_OK) {
        status = judge_groups(call, before, downtime, decision);
    }
    if (status == STATUS_OK) {
        status = judge_instances(call, before, downtime);
    }
    return status == STATUS_OK && call->faults->n_found == 0
               ? resolve(call, before, downtime)
               : status;
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
    .output_only = (const uint8_t[]){CLASSIFICATION, 0},
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

/* ---- What is still to come ---- */

enum status
downtime_of_group(struct call *call, const char *group, const char **id)
{
    enum { PAGE = 500 };
    struct find find = {.kind = KIND_DOWNTIME,
                        .index = "end_at",
                        .has_range = true,
                        .low = call->now_ms + 1,
                        .high = INT64_MAX,
                        .limit = PAGE};
    struct page page = {.next_token = ""};
    enum status status = STATUS_OK;
    *id = NULL;
    do {
        find.token = page.next_token;
        status = call_find(call, &find, true, &page);
        for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
            const Kontor__V1__Downtime *downtime =
                call_record(call, &page.documents[i]);
            bool is_own = strcmp(call_registry_of(call, downtime->id),
                                 call_registry_of(call, group)) == 0;
            if (is_own && !downtime->is_cancelled &&
                text_is_among(downtime->groups, downtime->n_groups, group)) {
                *id = downtime->id;
                return STATUS_OK;
            }
        }
    } while (status == STATUS_OK && page.next_token[0] != '\0');
    return status;
}
