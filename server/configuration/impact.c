#include "server/configuration/impact.h"

#include <stdlib.h>
#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "proto/moment.h"
#include "server/configuration/reach.h"
#include "server/configuration/span.h"

enum {
    MAX_INSTANCES = 5000,
    MAX_PAIRS = 50000, /* Of an instance and an endpoint that carries it. */
    PAGE = 500
};

#define SUBJECT(name) KONTOR__V1__IMPACT_REQUEST__SUBJECT_##name

/* An instance that is carried by what is meant. */
struct hit {
    const Kontor__V1__Instance *instance;
    struct spans spans, outages;
    const char **endpoints;
    size_t n_endpoints, endpoint_room;
    const Kontor__V1__Downtime **downtimes;
    size_t n_downtimes, downtime_room;
};

/* Outages that may hit an endpoint, by their numbers. */
struct candidates {
    size_t *outages;
    size_t n_outages, room;
};

/* One question. */
struct impact {
    struct call *call;
    const Kontor__V1__ImpactRequest *request;
    const Kontor__V1__Downtime *downtime; /* NULL: it is about something else. */
    struct span window;
    struct reach reach;
    struct outages outages;
    struct candidates wide;  /* Of any endpoint: what names no endpoint by its id. */
    struct candidates *near; /* Of each endpoint of reach. */
    struct hit *hits;        /* By instance, each once, while they are gathered. */
    size_t n_hits, room;
    bool is_cut;
};

/* ---- What is meant ---- */

/* The document a subject names; fails with NOT_FOUND as a Get would. */
static enum status
read_subject(struct impact *impact, const struct kind *kind, const char *id,
             struct document *document)
{
    struct call *call = impact->call;
    return call_get_as_of(call, kind, id, impact->request->as_of, document);
}

/* With the instances it names, which only its registry sees: each caller is told of
 * those it may see. */
static enum status
read_whole(struct impact *impact, struct document *document)
{
    struct call *call = impact->call;
    const char *id = arena_copy(call->arena, document->id);
    enum status status = store_get(call->reader, KIND_DOWNTIME, id, NULL,
                                   impact->reach.as_of, call->arena, document);
    return status == STATUS_OK
               ? STATUS_OK
               : call_fail(call, REASON_STORE_UNAVAILABLE, "the store does not answer");
}

static enum status
read_meant(struct impact *impact)
{
    const Kontor__V1__ImpactRequest *request = impact->request;
    struct call *call = impact->call;
    struct document document;
    enum status status;
    switch (request->subject_case) {
    case SUBJECT(DOWNTIME):
        status = read_subject(impact, KIND_DOWNTIME, request->downtime, &document);
        if (status != STATUS_OK) {
            return status;
        }
        status = read_whole(impact, &document);
        if (status != STATUS_OK) {
            return status;
        }
        impact->downtime = call_record(call, &document);
        return reach_add_downtime(call, &impact->reach, impact->downtime);
    case SUBJECT(SITE):
        status = read_subject(impact, KIND_SITE, request->site, &document);
        return status == STATUS_OK ? reach_add_site(call, &impact->reach, request->site)
                                   : status;
    case SUBJECT(ENDPOINT):
        status = read_subject(impact, KIND_ENDPOINT, request->endpoint, &document);
        return status == STATUS_OK
                   ? reach_add_endpoint(call, &impact->reach, request->endpoint)
                   : status;
    case SUBJECT(VERSION):
        return reach_add_version(call, &impact->reach, request->version);
    default:
        status = read_subject(impact, KIND_GROUP, request->group, &document);
        return status == STATUS_OK
                   ? reach_add_group(call, &impact->reach, request->group)
                   : status;
    }
}

static enum status
read_window(struct impact *impact)
{
    const Kontor__V1__ImpactRequest *request = impact->request;
    const Kontor__V1__Downtime *downtime = impact->downtime;
    int64_t from_ms, until_ms = INT64_MAX;
    enum status status = call_as_of_ms(impact->call, request->as_of, &from_ms);
    if (status != STATUS_OK) {
        return status;
    }
    if (downtime != NULL) {
        from_ms = moment_ms(downtime->start_at, 0);
        until_ms = moment_ms(downtime->end_at, 0);
    }
    impact->window.from_ms = moment_ms(request->from, from_ms);
    impact->window.until_ms = moment_ms(request->until, until_ms);
    if (request->until != NULL && impact->window.until_ms <= impact->window.from_ms) {
        call_fault(impact->call, "until", "must lie behind from");
    }
    return call_check_faults(impact->call);
}

/* Of a downtime that one alone: who is hit by it. */
static enum status
read_outages(struct impact *impact)
{
    struct call *call = impact->call;
    const Kontor__V1__Downtime *downtime = impact->downtime;
    if (downtime == NULL) {
        return outages_read(call, impact->window.from_ms, impact->window.until_ms,
                            &impact->outages);
    }
    return downtime->is_cancelled
               ? STATUS_OK
               : outages_add(call, &impact->outages,
                             (Kontor__V1__Downtime *)(uintptr_t)downtime);
}

/* ---- What it carries ---- */

/* Instances come in the order of their endpoints: one that several carry is joined when
 * all are there. */
static struct hit *
add_hit(struct impact *impact, const Kontor__V1__Instance *instance)
{
    if (impact->n_hits == MAX_PAIRS) {
        impact->is_cut = true;
        return NULL;
    }
    impact->hits = arena_grown(impact->call->arena, impact->hits, impact->n_hits,
                               &impact->room, sizeof(*impact->hits));
    struct hit *hit = &impact->hits[impact->n_hits++];
    *hit = (struct hit){.instance = instance};
    return hit;
}

static void
add_outage(struct impact *impact, struct hit *hit, const Kontor__V1__Downtime *downtime,
           int64_t until_ms)
{
    struct arena *arena = impact->call->arena;
    /* Nobody is hit before there is anything, or after its term. */
    int64_t made_ms = moment_ms(hit->instance->created_at, INT64_MIN);
    int64_t over_ms = moment_ms(hit->instance->valid_until, INT64_MAX);
    int64_t start_ms = moment_ms(downtime->start_at, INT64_MAX);
    const struct span span = {.from_ms = start_ms > made_ms ? start_ms : made_ms,
                              .until_ms = until_ms < over_ms ? until_ms : over_ms};
    size_t n_before = hit->spans.n_rows;
    spans_add(arena, &hit->spans, span, impact->window);
    if (hit->spans.n_rows == n_before) {
        return;
    }
    if (downtime->severity == KONTOR__V1__SEVERITY__OUTAGE) {
        spans_add(arena, &hit->outages, span, impact->window);
    }
    hit->downtimes = arena_grown(impact->call->arena, hit->downtimes, hit->n_downtimes,
                                 &hit->downtime_room, sizeof(*hit->downtimes));
    hit->downtimes[hit->n_downtimes++] = downtime;
}

static void
add_candidate(struct call *call, struct candidates *to, size_t outage)
{
    if (to->n_outages > 0 && to->outages[to->n_outages - 1] == outage) {
        return;
    }
    to->outages = arena_grown(call->arena, to->outages, to->n_outages, &to->room,
                              sizeof(*to->outages));
    to->outages[to->n_outages++] = outage;
}

static bool
names_ids_only(const Kontor__V1__Downtime *downtime)
{
    for (size_t i = 0; i < downtime->n_affected; i++) {
        if (downtime->affected[i]->endpoint[0] == '\0') {
            return false;
        }
    }
    return downtime->n_groups == 0;
}

/* Most downtimes name endpoints by their ids: they are asked about those alone, and not
 * each about all. */
static void
sort_candidates(struct impact *impact)
{
    struct call *call = impact->call;
    impact->near =
        arena_alloc(call->arena, (impact->reach.n_rows + 1) * sizeof(*impact->near));
    for (size_t i = 0; i < impact->outages.n_rows; i++) {
        const Kontor__V1__Downtime *downtime = impact->outages.rows[i].downtime;
        if (!names_ids_only(downtime)) {
            add_candidate(call, &impact->wide, i);
            continue;
        }
        for (size_t j = 0; j < downtime->n_affected; j++) {
            size_t place = reach_place(&impact->reach, downtime->affected[j]->endpoint);
            if (place != SIZE_MAX) {
                add_candidate(call, &impact->near[place], i);
            }
        }
    }
}

/* The times in which an endpoint is hit, told of one instance after the other. */
struct endpoint_outages {
    const Kontor__V1__Downtime **downtimes;
    int64_t *until_ms;
    size_t n;
};

static void
add_hitting(const struct impact *impact, const struct candidates *candidates,
            const struct reach_endpoint *endpoint, struct endpoint_outages *out)
{
    for (size_t i = 0; i < candidates->n_outages; i++) {
        const struct outage *outage = &impact->outages.rows[candidates->outages[i]];
        int64_t until_ms;
        if (outage_hits(outage, endpoint, &until_ms)) {
            out->downtimes[out->n] = outage->downtime;
            out->until_ms[out->n++] = until_ms;
        }
    }
}

static struct endpoint_outages
outages_of(struct impact *impact, const struct reach_endpoint *endpoint)
{
    struct call *call = impact->call;
    const struct candidates *near = &impact->near[endpoint - impact->reach.rows];
    size_t n = impact->wide.n_outages + near->n_outages;
    struct endpoint_outages out = {
        .downtimes = arena_alloc(call->arena, (n + 1) * sizeof(void *)),
        .until_ms = arena_alloc(call->arena, (n + 1) * sizeof(int64_t))};
    add_hitting(impact, &impact->wide, endpoint, &out);
    add_hitting(impact, near, endpoint, &out);
    return out;
}

static void
add_carried(struct impact *impact, const struct reach_endpoint *endpoint,
            const Kontor__V1__Instance *instance,
            const struct endpoint_outages *outages)
{
    struct hit *hit = add_hit(impact, instance);
    if (hit == NULL) {
        return;
    }
    hit->endpoints = arena_grown(impact->call->arena, hit->endpoints, 0,
                                 &hit->endpoint_room, sizeof(*hit->endpoints));
    hit->endpoints[hit->n_endpoints++] = endpoint->id;
    for (size_t i = 0; i < outages->n; i++) {
        add_outage(impact, hit, outages->downtimes[i], outages->until_ms[i]);
    }
}

/* The string of an endpoint is in the scope of all it carries. */
static enum status
read_carried(struct impact *impact, const struct reach_endpoint *endpoint)
{
    struct call *call = impact->call;
    struct find find = {.kind = KIND_INSTANCE,
                        .within = arena_print(call->arena, "e:%s", endpoint->id),
                        .limit = PAGE,
                        .as_of = impact->reach.as_of};
    struct endpoint_outages outages = {.n = 0};
    struct page page = {.next_token = ""};
    do {
        find.token = page.next_token;
        enum status status = call_find(call, &find, false, &page);
        if (status != STATUS_OK) {
            return status;
        }
        if (page.n_documents > 0 && outages.downtimes == NULL) {
            outages = outages_of(impact, endpoint);
        }
        for (size_t i = 0; i < page.n_documents; i++) {
            add_carried(impact, endpoint, call_record(call, &page.documents[i]),
                        &outages);
        }
    } while (page.next_token[0] != '\0' && !impact->is_cut);
    return STATUS_OK;
}

/* What a downtime names by itself, of what the caller sees. */
static enum status
read_named(struct impact *impact)
{
    const Kontor__V1__Downtime *downtime = impact->downtime;
    struct call *call = impact->call;
    for (size_t i = 0; downtime != NULL && i < downtime->n_instances; i++) {
        struct document document;
        enum status status =
            store_get(call->reader, KIND_INSTANCE, downtime->instances[i],
                      &call->who->scopes, impact->reach.as_of, call->arena, &document);
        if (status == STATUS_NOT_FOUND) {
            continue;
        }
        if (status != STATUS_OK) {
            return call_fail(call, REASON_STORE_UNAVAILABLE,
                             "the store does not answer");
        }
        const Kontor__V1__Instance *instance = call_record(call, &document);
        if (reach_is_over(instance)) {
            continue;
        }
        struct hit *hit = add_hit(impact, instance);
        if (hit != NULL && !downtime->is_cancelled) {
            add_outage(impact, hit, downtime, moment_ms(downtime->end_at, 0));
        }
    }
    return STATUS_OK;
}

/* What other downtimes name by itself of what was found. */
static void
add_named(struct impact *impact)
{
    const struct outages *outages = &impact->outages;
    for (size_t i = 0; impact->downtime == NULL && i < outages->n_rows; i++) {
        const Kontor__V1__Downtime *downtime = outages->rows[i].downtime;
        for (size_t j = 0; downtime->n_instances > 0 && j < impact->n_hits; j++) {
            struct hit *hit = &impact->hits[j];
            if (outage_names(downtime, hit->instance->id)) {
                add_outage(impact, hit, downtime, moment_ms(downtime->end_at, 0));
            }
        }
    }
}

/* ---- Joining ---- */

static int
compare_hits(const void *a, const void *b)
{
    const struct hit *left = a;
    const struct hit *right = b;
    return strcmp(left->instance->id, right->instance->id);
}

/* By start, then id. */
static int
compare_downtimes(const void *a, const void *b)
{
    const Kontor__V1__Downtime *left = *(const Kontor__V1__Downtime *const *)a;
    const Kontor__V1__Downtime *right = *(const Kontor__V1__Downtime *const *)b;
    int64_t left_ms = moment_ms(left->start_at, 0);
    int64_t right_ms = moment_ms(right->start_at, 0);
    if (left_ms != right_ms) {
        return left_ms < right_ms ? -1 : 1;
    }
    return strcmp(left->id, right->id);
}

static void
join(struct impact *impact, struct hit *to, const struct hit *from)
{
    struct call *call = impact->call;
    spans_add_all(call->arena, &to->spans, &from->spans);
    spans_add_all(call->arena, &to->outages, &from->outages);
    for (size_t i = 0; i < from->n_endpoints; i++) {
        to->endpoints = arena_grown(call->arena, to->endpoints, to->n_endpoints,
                                    &to->endpoint_room, sizeof(*to->endpoints));
        to->endpoints[to->n_endpoints++] = from->endpoints[i];
    }
    for (size_t i = 0; i < from->n_downtimes; i++) {
        to->downtimes = arena_grown(call->arena, to->downtimes, to->n_downtimes,
                                    &to->downtime_room, sizeof(*to->downtimes));
        to->downtimes[to->n_downtimes++] = from->downtimes[i];
    }
}

static void
join_all(struct impact *impact)
{
    size_t n = 0;
    if (impact->n_hits > 0) {
        qsort(impact->hits, impact->n_hits, sizeof(*impact->hits), compare_hits);
    }
    for (size_t i = 0; i < impact->n_hits; i++) {
        if (n > 0 && compare_hits(&impact->hits[n - 1], &impact->hits[i]) == 0) {
            join(impact, &impact->hits[n - 1], &impact->hits[i]);
        } else {
            impact->hits[n++] = impact->hits[i];
        }
    }
    impact->is_cut = impact->is_cut || n > MAX_INSTANCES;
    impact->n_hits = n < MAX_INSTANCES ? n : MAX_INSTANCES;
}

/* ---- The reply ---- */

static void
tell_downtimes(struct impact *impact, struct hit *hit,
               Kontor__V1__ImpactedInstance *told)
{
    told->downtimes =
        arena_alloc(impact->call->arena, (hit->n_downtimes + 1) * sizeof(char *));
    if (hit->n_downtimes > 0) {
        qsort(hit->downtimes, hit->n_downtimes, sizeof(*hit->downtimes),
              compare_downtimes);
    }
    for (size_t i = 0; i < hit->n_downtimes; i++) {
        if (i == 0 || hit->downtimes[i] != hit->downtimes[i - 1]) {
            told->downtimes[told->n_downtimes++] = hit->downtimes[i]->id;
        }
    }
}

static Kontor__V1__ImpactedInstance *
tell_instance(struct impact *impact, struct hit *hit)
{
    const Kontor__V1__Instance *instance = hit->instance;
    Kontor__V1__ImpactedInstance *told =
        arena_alloc(impact->call->arena, sizeof(*told));
    kontor__v1__impacted_instance__init(told);
    told->instance = instance->id;
    told->offer = instance->offer;
    told->provider = instance->provider;
    told->order = instance->order;
    told->project = instance->project;
    told->endpoints = (char **)(uintptr_t)hit->endpoints;
    told->n_endpoints = hit->n_endpoints;
    tell_downtimes(impact, hit, told);
    told->hit_seconds = spans_seconds(&hit->spans);
    told->outage_seconds = spans_seconds(&hit->outages);
    return told;
}

static int
compare_by_order(const void *a, const void *b)
{
    const struct hit *left = a;
    const struct hit *right = b;
    int by_order = strcmp(left->instance->order, right->instance->order);
    return by_order != 0 ? by_order : compare_hits(a, b);
}

/* The hits of one order, which stand together. */
static Kontor__V1__ImpactedOrder *
tell_order(struct impact *impact, const struct hit *hits, size_t n_hits)
{
    struct arena *arena = impact->call->arena;
    Kontor__V1__ImpactedOrder *told = arena_alloc(arena, sizeof(*told));
    struct spans spans = {.n_rows = 0};
    struct spans outages = {.n_rows = 0};
    kontor__v1__impacted_order__init(told);
    told->order = hits[0].instance->order;
    told->project = hits[0].instance->project;
    told->instances = arena_alloc(arena, n_hits * sizeof(*told->instances));
    for (size_t i = 0; i < n_hits; i++) {
        told->instances[told->n_instances++] = hits[i].instance->id;
        spans_add_all(arena, &spans, &hits[i].spans);
        spans_add_all(arena, &outages, &hits[i].outages);
    }
    told->hit_seconds = spans_seconds(&spans);
    told->outage_seconds = spans_seconds(&outages);
    return told;
}

static void
tell_orders(struct impact *impact, Kontor__V1__ImpactResponse *reply)
{
    reply->orders =
        arena_alloc(impact->call->arena, (impact->n_hits + 1) * sizeof(*reply->orders));
    if (impact->n_hits > 0) {
        qsort(impact->hits, impact->n_hits, sizeof(*impact->hits), compare_by_order);
    }
    for (size_t from = 0; from < impact->n_hits;) {
        size_t to = from;
        while (to < impact->n_hits && strcmp(impact->hits[from].instance->order,
                                             impact->hits[to].instance->order) == 0) {
            to++;
        }
        reply->orders[reply->n_orders++] =
            tell_order(impact, &impact->hits[from], to - from);
        from = to;
    }
}

static enum status
read_all(struct impact *impact)
{
    enum status status = read_meant(impact);
    if (status == STATUS_OK) {
        status = read_window(impact);
    }
    reach_close(&impact->reach);
    if (status == STATUS_OK) {
        status = read_outages(impact);
    }
    sort_candidates(impact);
    for (size_t i = 0;
         status == STATUS_OK && i < impact->reach.n_rows && !impact->is_cut; i++) {
        status = read_carried(impact, &impact->reach.rows[i]);
    }
    return status == STATUS_OK ? read_named(impact) : status;
}

enum status
impact_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__ImpactRequest *request = message;
    Kontor__V1__ImpactResponse *reply = arena_alloc(call->arena, sizeof(*reply));
    struct impact impact = {.call = call, .request = request};
    enum status status = call_as_of(call, request->as_of, &impact.reach.as_of);
    impact.outages.as_of = impact.reach.as_of;
    if (status == STATUS_OK) {
        status = read_all(&impact);
    }
    if (status != STATUS_OK) {
        return status;
    }
    add_named(&impact);
    join_all(&impact);
    kontor__v1__impact_response__init(reply);
    reply->endpoint_count = (int32_t)impact.reach.n_rows;
    reply->is_more = impact.is_cut || impact.reach.is_cut || impact.outages.is_cut;
    reply->instances =
        arena_alloc(call->arena, (impact.n_hits + 1) * sizeof(*reply->instances));
    for (size_t i = 0; i < impact.n_hits; i++) {
        reply->instances[reply->n_instances++] =
            tell_instance(&impact, &impact.hits[i]);
    }
    tell_orders(&impact, reply);
    decision_reply(decision, reply);
    return STATUS_OK;
}
