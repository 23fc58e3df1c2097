#include "server/configuration/reach.h"

#include <stdlib.h>
#include <string.h>

#include "proto/moment.h"
#include "server/configuration/endpoint.h"
#include "server/configuration/group.h"
#include "server/configuration/site.h"
#include "server/configuration/version.h"

enum { PAGE = 500 };

/* ---- Sets ---- */

static void
add(struct call *call, struct reach *reach, const struct reach_endpoint *endpoint)
{
    if (reach->n_rows == REACH_MAX) {
        reach->is_cut = true;
        return;
    }
    reach->rows = arena_grown(call->arena, reach->rows, reach->n_rows, &reach->room,
                              sizeof(*reach->rows));
    reach->rows[reach->n_rows++] = *endpoint;
}

static int
compare(const void *a, const void *b)
{
    const struct reach_endpoint *left = a;
    const struct reach_endpoint *right = b;
    return strcmp(left->id, right->id);
}

void
reach_close(struct reach *reach)
{
    size_t n = 0;
    if (reach->n_rows > 0) {
        qsort(reach->rows, reach->n_rows, sizeof(*reach->rows), compare);
    }
    for (size_t i = 0; i < reach->n_rows; i++) {
        if (n == 0 || strcmp(reach->rows[n - 1].id, reach->rows[i].id) != 0) {
            reach->rows[n++] = reach->rows[i];
        }
    }
    reach->n_rows = n;
}

size_t
reach_place(const struct reach *reach, const char *id)
{
    const struct reach_endpoint wanted = {.id = id};
    const struct reach_endpoint *found =
        reach->n_rows == 0
            ? NULL
            : bsearch(&wanted, reach->rows, reach->n_rows, sizeof(wanted), compare);
    return found == NULL ? SIZE_MAX : (size_t)(found - reach->rows);
}

/* ---- Reading ---- */

/* A document as of the set's time; *out NULL where there is none to be seen. */
static enum status
read_record(struct call *call, const struct kind *kind, const char *id, int64_t as_of,
            void **out)
{
    struct document document;
    enum status status = store_get(call->reader, kind, id, &call->who->scopes, as_of,
                                   call->arena, &document);
    *out = status == STATUS_OK ? call_record(call, &document) : NULL;
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    return call_fail(call, REASON_STORE_UNAVAILABLE, "the store does not answer");
}

/* Short name of a site, "" where it is not known. */
static enum status
read_site_name(struct call *call, const char *id, int64_t as_of, const char **name)
{
    void *site = NULL;
    enum status status = read_record(call, KIND_SITE, id, as_of, &site);
    *name = site == NULL ? "" : ((const Kontor__V1__Site *)site)->short_name;
    return status;
}

enum status
reach_add_endpoint(struct call *call, struct reach *reach, const char *id)
{
    struct reach_endpoint endpoint = {.id = id, .site = ""};
    void *record = NULL;
    if (reach->is_ids_only) {
        add(call, reach, &endpoint);
        return STATUS_OK;
    }
    enum status status = read_record(call, KIND_ENDPOINT, id, reach->as_of, &record);
    if (status == STATUS_OK && record != NULL) {
        endpoint.record = record;
        status =
            read_site_name(call, endpoint.record->site, reach->as_of, &endpoint.site);
    }
    if (status == STATUS_OK) {
        add(call, reach, &endpoint);
    }
    return status;
}

enum status
reach_add_site(struct call *call, struct reach *reach, const char *id)
{
    struct find find = {.kind = KIND_ENDPOINT,
                        .index = "site",
                        .equal = {{.text = id}},
                        .n_equal = 1,
                        .limit = PAGE,
                        .as_of = reach->as_of};
    struct page page = {.next_token = ""};
    const char *name;
    enum status status = read_site_name(call, id, reach->as_of, &name);
    do {
        find.token = page.next_token;
        if (status == STATUS_OK) {
            status = call_find(call, &find, false, &page);
        }
        for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
            struct reach_endpoint endpoint = {
                .record = call_record(call, &page.documents[i]), .site = name};
            endpoint.id = endpoint.record->id;
            add(call, reach, &endpoint);
        }
    } while (status == STATUS_OK && page.next_token[0] != '\0' && !reach->is_cut);
    return status;
}

static enum status
add_members(struct call *call, struct reach *reach, const Kontor__V1__Group *group)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < group->n_endpoints; i++) {
        status = reach_add_endpoint(call, reach, group->endpoints[i]);
    }
    for (size_t i = 0; status == STATUS_OK && i < group->n_sites; i++) {
        status = reach_add_site(call, reach, group->sites[i]);
    }
    return status;
}

/* Breadth first, each group once. */
enum status
reach_add_group(struct call *call, struct reach *reach, const char *id)
{
    struct group_walk walk = group_walk_begin(call);
    enum status status = STATUS_OK;
    group_walk_add(&walk, id);
    for (size_t i = 0; status == STATUS_OK && i < walk.n_ids; i++) {
        void *record = NULL;
        status = read_record(call, KIND_GROUP, walk.ids[i], reach->as_of, &record);
        if (status != STATUS_OK || record == NULL) {
            continue;
        }
        const Kontor__V1__Group *group = record;
        for (size_t j = 0; j < group->n_groups; j++) {
            group_walk_add(&walk, group->groups[j]);
        }
        status = add_members(call, reach, group);
    }
    reach->is_cut = reach->is_cut || walk.is_cut;
    return status;
}

enum status
reach_add_version(struct call *call, struct reach *reach,
                  const Kontor__V1__RunningVersion *wanted)
{
    struct find find = {.kind = KIND_VERSION, .limit = PAGE, .as_of = reach->as_of};
    struct page page = {.next_token = ""};
    size_t n_seen = 0;
    enum status status = STATUS_OK;
    do {
        find.token = page.next_token;
        status = call_find(call, &find, false, &page);
        for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
            const Kontor__V1__Version *version = call_record(call, &page.documents[i]);
            if (version->endpoint[0] != '\0' && version_runs(version, wanted)) {
                status = reach_add_endpoint(call, reach, version->endpoint);
            }
        }
        n_seen += status == STATUS_OK ? page.n_documents : 0;
        reach->is_cut = reach->is_cut || n_seen >= REACH_MAX;
    } while (status == STATUS_OK && page.next_token[0] != '\0' && !reach->is_cut);
    return status;
}

/* ---- Downtimes ---- */

bool
reach_is_over(const Kontor__V1__Instance *instance)
{
    return instance->state == KONTOR__V1__INSTANCE_STATE__INSTANCE_EXPIRED ||
           instance->state == KONTOR__V1__INSTANCE_STATE__INSTANCE_TERMINATED;
}

bool
affected_is_whole_site(const Kontor__V1__Affected *affected)
{
    return affected->host[0] == '\0' && affected->site[0] != '\0';
}

/* A whole site, but for what is of another type where one is named. */
static enum status
add_whole_site(struct call *call, struct reach *reach, const char *registry,
               const Kontor__V1__Affected *affected)
{
    struct reach all = {.as_of = reach->as_of};
    const char *site = affected->site_id;
    enum status status = site[0] != '\0' ? STATUS_OK
                                         : site_named(call, registry, affected->site,
                                                      reach->as_of, &site);
    if (status == STATUS_OK && site != NULL) {
        status = reach_add_site(call, &all, site);
    }
    for (size_t i = 0; status == STATUS_OK && i < all.n_rows; i++) {
        if (affected->type[0] == '\0' ||
            strcmp(affected->type, all.rows[i].record->type) == 0) {
            add(call, reach, &all.rows[i]);
        }
    }
    reach->is_cut = reach->is_cut || all.is_cut;
    return status;
}

static enum status
add_affected(struct call *call, struct reach *reach, const char *registry,
             const Kontor__V1__Affected *affected)
{
    if (affected->endpoint[0] != '\0') {
        bool is_own = strcmp(call_registry_of(call, affected->endpoint), registry) == 0;
        return is_own ? reach_add_endpoint(call, reach, affected->endpoint) : STATUS_OK;
    }
    if (affected_is_whole_site(affected)) {
        return add_whole_site(call, reach, registry, affected);
    }
    const struct endpoint_name name = {
        .site = affected->site, .host = affected->host, .type = affected->type};
    struct endpoint_ids ids;
    enum status status = endpoint_named(call, registry, &name, reach->as_of, &ids);
    for (size_t i = 0; status == STATUS_OK && i < ids.n_rows; i++) {
        status = reach_add_endpoint(call, reach, ids.rows[i]);
    }
    return status;
}

/* Of a group what the registry has of its own. */
static enum status
add_own_of_group(struct call *call, struct reach *reach, const char *registry,
                 const char *id)
{
    struct reach all = {.as_of = reach->as_of};
    enum status status = reach_add_group(call, &all, id);
    for (size_t i = 0; status == STATUS_OK && i < all.n_rows; i++) {
        if (strcmp(call_registry_of(call, all.rows[i].id), registry) == 0) {
            add(call, reach, &all.rows[i]);
        }
    }
    reach->is_cut = reach->is_cut || all.is_cut;
    return status;
}

enum status
reach_add_downtime(struct call *call, struct reach *reach,
                   const Kontor__V1__Downtime *downtime)
{
    const char *registry = call_registry_of(call, downtime->id);
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < downtime->n_affected; i++) {
        status = add_affected(call, reach, registry, downtime->affected[i]);
    }
    for (size_t i = 0; status == STATUS_OK && i < downtime->n_groups; i++) {
        status = add_own_of_group(call, reach, registry, downtime->groups[i]);
    }
    return status;
}

/* What a group means, opened when it is first met. */
static enum status
open_group(struct call *call, struct outages *outages, const char *id,
           const struct outage_group **out)
{
    for (size_t i = 0; i < outages->n_groups; i++) {
        if (strcmp(outages->groups[i]->id, id) == 0) {
            *out = outages->groups[i];
            return STATUS_OK;
        }
    }
    struct outage_group *group = arena_alloc(call->arena, sizeof(*group));
    *group = (struct outage_group){
        .id = id, .reach = {.as_of = outages->as_of, .is_ids_only = true}};
    /* A bound for all of them: whoever asks need not pay for what others declare. */
    enum status status = outages->n_members >= REACH_MAX
                             ? STATUS_OK
                             : reach_add_group(call, &group->reach, id);
    reach_close(&group->reach);
    outages->n_members += group->reach.n_rows;
    outages->is_cut = outages->is_cut || outages->n_members >= REACH_MAX;
    outages->groups = arena_grown(call->arena, outages->groups, outages->n_groups,
                                  &outages->group_room, sizeof(*outages->groups));
    outages->groups[outages->n_groups++] = group;
    *out = group;
    return status;
}

enum status
outages_add(struct call *call, struct outages *outages, Kontor__V1__Downtime *downtime)
{
    struct outage outage = {.downtime = downtime};
    enum status status = STATUS_OK;
    outage.groups =
        arena_alloc(call->arena, (downtime->n_groups + 1) * sizeof(*outage.groups));
    for (size_t i = 0; status == STATUS_OK && i < downtime->n_groups; i++) {
        status = open_group(call, outages, downtime->groups[i],
                            &outage.groups[outage.n_groups++]);
    }
    outages->rows = arena_grown(call->arena, outages->rows, outages->n_rows,
                                &outages->room, sizeof(*outages->rows));
    outages->rows[outages->n_rows++] = outage;
    return status;
}

/* By end: what has ended before is not read. */
enum status
outages_read(struct call *call, int64_t from_ms, int64_t until_ms,
             struct outages *outages)
{
    struct find find = {.kind = KIND_DOWNTIME,
                        .index = "end_at",
                        .has_range = true,
                        .low = from_ms + 1,
                        .high = INT64_MAX,
                        .limit = PAGE,
                        .as_of = outages->as_of};
    struct page page = {.next_token = ""};
    do {
        find.token = page.next_token;
        /* Whole, with the instances it names; everybody reads downtimes, and of those
         * instances each caller is told what it may see. */
        enum status status = call_find(call, &find, true, &page);
        for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
            Kontor__V1__Downtime *downtime = call_record(call, &page.documents[i]);
            if (!downtime->is_cancelled &&
                moment_ms(downtime->start_at, INT64_MAX) < until_ms) {
                status = outages_add(call, outages, downtime);
            }
        }
        if (status != STATUS_OK) {
            return status;
        }
        outages->is_cut = outages->is_cut || outages->n_rows >= OUTAGES_MAX;
    } while (page.next_token[0] != '\0' && outages->n_rows < OUTAGES_MAX);
    return STATUS_OK;
}

static bool
is_at(const Kontor__V1__Affected *affected, const struct reach_endpoint *endpoint)
{
    if (affected->site_id[0] != '\0') {
        return strcmp(affected->site_id, endpoint->record->site) == 0;
    }
    bool is_anywhere = affected->site[0] == '\0'; /* A host, wherever it stands. */
    return is_anywhere || strcmp(affected->site, endpoint->site) == 0;
}

static bool
is_named(const Kontor__V1__Affected *affected, const struct reach_endpoint *endpoint)
{
    if (endpoint->record == NULL || !is_at(affected, endpoint)) {
        return false;
    }
    bool is_type = affected->type[0] == '\0' ||
                   strcmp(affected->type, endpoint->record->type) == 0;
    return is_type && (affected_is_whole_site(affected) ||
                       strcmp(affected->host, endpoint->record->host) == 0);
}

static bool
is_in_groups(const struct outage *outage, const char *endpoint)
{
    for (size_t i = 0; i < outage->n_groups; i++) {
        if (reach_place(&outage->groups[i]->reach, endpoint) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

/* Asked for each downtime and endpoint, so nothing is copied. */
static bool
is_same_registry(const char *a, const char *b)
{
    size_t size = strcspn(a, "/");
    return strncmp(a, b, size) == 0 && b[size] == '/';
}

bool
outage_hits(const struct outage *outage, const struct reach_endpoint *endpoint,
            int64_t *until_ms)
{
    const Kontor__V1__Downtime *downtime = outage->downtime;
    int64_t end_ms = moment_ms(downtime->end_at, INT64_MAX);
    int64_t wide_ms = INT64_MIN, named_ms = INT64_MIN; /* By what, and until when. */
    if (!is_same_registry(downtime->id, endpoint->id)) {
        return false;
    }
    if (is_in_groups(outage, endpoint->id)) {
        wide_ms = end_ms;
    }
    for (size_t i = 0; i < downtime->n_affected; i++) {
        const Kontor__V1__Affected *affected = downtime->affected[i];
        int64_t *until = affected_is_whole_site(affected) ? &wide_ms : &named_ms;
        bool is_this = affected->endpoint[0] != '\0'
                           ? strcmp(affected->endpoint, endpoint->id) == 0
                           : is_named(affected, endpoint);
        int64_t ended_ms = moment_ms(affected->end_at, end_ms);
        *until = is_this && ended_ms > *until ? ended_ms : *until;
    }
    *until_ms = named_ms != INT64_MIN ? named_ms : wide_ms;
    return *until_ms != INT64_MIN;
}

bool
outage_names(const Kontor__V1__Downtime *downtime, const char *instance)
{
    for (size_t i = 0; i < downtime->n_instances; i++) {
        if (strcmp(downtime->instances[i], instance) == 0) {
            return true;
        }
    }
    return false;
}
