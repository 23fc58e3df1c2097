#include "tools/export/gocdb_reach.h"

#include <stdlib.h>
#include <string.h>

#include "tools/export/gocdb_query.h"

/* ---- Groups ---- */

/* A walk through groups: what was met stands in the list, or is marked. */
struct walk {
    struct gocdb_out *out;
    struct gocdb_members members;
    bool *has_endpoint, *has_group; /* By place in the world. */
};

static void
add_member(struct walk *walk, size_t at)
{
    struct gocdb_members *members = &walk->members;
    if (walk->has_endpoint[at]) {
        return;
    }
    walk->has_endpoint[at] = true;
    members->rows = arena_grown(walk->out->arena, members->rows, members->n,
                                &members->room, sizeof(*members->rows));
    members->rows[members->n++] = walk->out->world->endpoints[at];
}

/* Where an id stands in a list by id; n: nowhere. */
static size_t
place_of(const char *id, const void *records, size_t n)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        /* Every record has its id at the same place. */
        const Kontor__V1__Endpoint *const *rows = records;
        int order = strcmp(id, rows[middle]->id);
        if (order == 0) {
            return middle;
        }
        low = order > 0 ? middle + 1 : low;
        high = order < 0 ? middle : high;
    }
    return n;
}

static void
walk_group(struct walk *walk, const Kontor__V1__Group *group)
{
    const struct gocdb_world *world = walk->out->world;
    for (size_t i = 0; i < group->n_endpoints; i++) {
        size_t at = place_of(group->endpoints[i], world->endpoints, world->n_endpoints);
        if (at < world->n_endpoints) {
            add_member(walk, at);
        }
    }
    for (size_t i = 0; i < group->n_sites; i++) {
        for (size_t j = 0; j < world->n_endpoints; j++) {
            if (strcmp(world->endpoints[j]->site, group->sites[i]) == 0) {
                add_member(walk, j);
            }
        }
    }
}

/*
 * Level by level with a list of what is still to be looked at, not by recursion: groups
 * may be nested deeper than a stack is. The broker lets none be within itself; a mark
 * keeps the walk finite even so.
 */
static void
walk_groups(struct walk *walk, const Kontor__V1__Group *first)
{
    const struct gocdb_world *world = walk->out->world;
    const Kontor__V1__Group **open =
        arena_alloc(walk->out->arena, (world->n_groups + 1) * sizeof(*open));
    size_t n = 0;
    open[n++] = first;
    for (size_t i = 0; i < n; i++) {
        walk_group(walk, open[i]);
        for (size_t j = 0; j < open[i]->n_groups; j++) {
            size_t at = place_of(open[i]->groups[j], world->groups, world->n_groups);
            if (at < world->n_groups && !walk->has_group[at] &&
                world->groups[at] != first) {
                walk->has_group[at] = true;
                open[n++] = world->groups[at];
            }
        }
    }
}

struct gocdb_members
gocdb_members_of(struct gocdb_out *out, const Kontor__V1__Group *group)
{
    struct walk walk = {
        .out = out,
        .has_endpoint = arena_alloc(out->arena, out->world->n_endpoints + 1),
        .has_group = arena_alloc(out->arena, out->world->n_groups + 1),
    };
    walk_groups(&walk, group);
    return walk.members;
}

/* ---- Downtimes ---- */

static bool
is_later(const Google__Protobuf__Timestamp *a, const Google__Protobuf__Timestamp *b)
{
    return b == NULL || (a != NULL && a->seconds > b->seconds);
}

/* The hit of the same name that is there already, or NULL. */
static struct gocdb_hit *
known_hit(const struct gocdb_hits *hits, const struct gocdb_hit *hit)
{
    for (size_t i = 0; i < hits->n; i++) {
        if (strcmp(hits->rows[i].host, hit->host) == 0 &&
            strcmp(hits->rows[i].type, hit->type) == 0 &&
            strcmp(hits->rows[i].site, hit->site) == 0) {
            return &hits->rows[i];
        }
    }
    return NULL;
}

static void
add_hit(struct gocdb_out *out, struct gocdb_hits *hits, struct gocdb_hit hit)
{
    hits->rows =
        arena_grown(out->arena, hits->rows, hits->n, &hits->room, sizeof(*hits->rows));
    hits->rows[hits->n++] = hit;
    hits->end_at = is_later(hit.end_at, hits->end_at) ? hit.end_at : hits->end_at;
}

/* Named twice, a service works again at the later end. */
static void
add_named(struct gocdb_out *out, struct gocdb_hits *hits, struct gocdb_hit hit)
{
    struct gocdb_hit *known = known_hit(hits, &hit);
    if (known == NULL) {
        add_hit(out, hits, hit);
    } else if (is_later(hit.end_at, known->end_at)) {
        known->end_at = hit.end_at;
        hits->end_at = is_later(hit.end_at, hits->end_at) ? hit.end_at : hits->end_at;
    }
}

/* One that is not named, but meant: the end of one that is named counts. */
static void
add_meant(struct gocdb_out *out, struct gocdb_hits *hits, size_t n_named,
          const Kontor__V1__Endpoint *endpoint,
          const Google__Protobuf__Timestamp *end_at)
{
    struct gocdb_hit hit = {gocdb_site_name(out, endpoint->site), endpoint->host,
                            endpoint->type, end_at};
    const struct gocdb_hit *known = known_hit(hits, &hit);
    if (known == NULL || known >= hits->rows + n_named) {
        add_named(out, hits, hit);
    }
}

/* What a name leaves out is said by the endpoint it was found to mean. */
static struct gocdb_hit
named(struct gocdb_out *out, const Kontor__V1__Affected *affected,
      const Google__Protobuf__Timestamp *end_at)
{
    const Kontor__V1__Endpoint *endpoint =
        gocdb_endpoint_of(out->world, affected->endpoint);
    struct gocdb_hit hit = {affected->site, affected->host, affected->type, end_at};
    if (endpoint != NULL && hit.type[0] == '\0') {
        hit.type = endpoint->type;
    }
    if (endpoint != NULL && hit.site[0] == '\0') {
        hit.site = gocdb_site_name(out, endpoint->site);
    }
    return hit;
}

/* By its id, which stays when the site is renamed, else by its name. */
static bool
is_at(struct gocdb_out *out, const Kontor__V1__Affected *affected,
      const Kontor__V1__Endpoint *endpoint)
{
    if (affected->site_id[0] != '\0') {
        return strcmp(affected->site_id, endpoint->site) == 0;
    }
    return affected->site[0] == '\0' ||
           strcmp(gocdb_site_name(out, endpoint->site), affected->site) == 0;
}

/* A host without a type, which means all that runs on it; as a name only where nothing
 * is known of it. */
static void
add_host(struct gocdb_out *out, struct gocdb_hits *hits,
         const Kontor__V1__Affected *affected,
         const Google__Protobuf__Timestamp *end_at)
{
    const struct gocdb_world *world = out->world;
    size_t n_before = hits->n;
    for (size_t i = 0; i < world->n_endpoints; i++) {
        const Kontor__V1__Endpoint *endpoint = world->endpoints[i];
        if (gocdb_is_own(world, endpoint->id) &&
            strcmp(affected->host, endpoint->host) == 0 &&
            is_at(out, affected, endpoint)) {
            add_named(out, hits,
                      (struct gocdb_hit){gocdb_site_name(out, endpoint->site),
                                         endpoint->host, endpoint->type, end_at});
        }
    }
    if (hits->n == n_before) {
        add_named(out, hits, named(out, affected, end_at));
    }
}

/* Sites of the downtime's own registry: another may have one of the same name. */
static void
add_site(struct gocdb_out *out, struct gocdb_hits *hits, size_t n_named,
         const Kontor__V1__Affected *affected,
         const Google__Protobuf__Timestamp *end_at)
{
    const struct gocdb_world *world = out->world;
    for (size_t i = 0; i < world->n_endpoints; i++) {
        const Kontor__V1__Endpoint *endpoint = world->endpoints[i];
        bool is_of_type =
            affected->type[0] == '\0' || strcmp(affected->type, endpoint->type) == 0;
        if (is_of_type && gocdb_is_own(world, endpoint->id) &&
            is_at(out, affected, endpoint)) {
            add_meant(out, hits, n_named, endpoint, end_at);
        }
    }
}

static void
add_affected(struct gocdb_out *out, struct gocdb_hits *hits,
             const Kontor__V1__Downtime *downtime, bool is_of_sites)
{
    size_t n_named = hits->n;
    for (size_t i = 0; i < downtime->n_affected; i++) {
        const Kontor__V1__Affected *affected = downtime->affected[i];
        const Google__Protobuf__Timestamp *end_at =
            affected->end_at == NULL ? downtime->end_at : affected->end_at;
        bool is_site = affected->host[0] == '\0';
        if (is_site && is_of_sites) {
            add_site(out, hits, n_named, affected, end_at);
        }
        bool is_open = affected->type[0] == '\0' && affected->endpoint[0] == '\0';
        if (!is_site && !is_of_sites && is_open) {
            add_host(out, hits, affected, end_at);
        } else if (!is_site && !is_of_sites) {
            add_named(out, hits, named(out, affected, end_at));
        }
    }
}

struct gocdb_hits
gocdb_all_hits_of(struct gocdb_out *out, const Kontor__V1__Downtime *downtime)
{
    struct gocdb_hits hits = {.n = 0};
    add_affected(out, &hits, downtime, false);
    size_t n_named = hits.n;
    add_affected(out, &hits, downtime, true);
    for (size_t i = 0; i < downtime->n_groups; i++) {
        const Kontor__V1__Group *group =
            gocdb_group_of(out->world, downtime->groups[i]);
        struct gocdb_members members = {.n = 0};
        if (group != NULL) {
            members = gocdb_members_of(out, group);
        }
        /* Nobody takes another's down by a group it is in. */
        for (size_t j = 0; j < members.n; j++) {
            if (!gocdb_is_own(out->world, members.rows[j]->id)) {
                continue;
            }
            add_meant(out, &hits, n_named, members.rows[j], downtime->end_at);
        }
    }
    return hits;
}

bool
gocdb_hit_ends_early(const struct gocdb_hits *hits, const struct gocdb_hit *hit)
{
    return hit->end_at != NULL && hits->end_at != NULL &&
           hit->end_at->seconds < hits->end_at->seconds;
}

/* ---- Services that are hit ---- */

static int
compare_hosts(const void *a, const void *b)
{
    const Kontor__V1__Endpoint *left = *(const Kontor__V1__Endpoint *const *)a;
    const Kontor__V1__Endpoint *right = *(const Kontor__V1__Endpoint *const *)b;
    return strcmp(left->host, right->host);
}

/* Every row of every downtime asks for its service. */
static void
sort_by_host(struct gocdb_out *out)
{
    const struct gocdb_world *world = out->world;
    out->by_host =
        arena_alloc(out->arena, (world->n_endpoints + 1) * sizeof(*out->by_host));
    for (size_t i = 0; i < world->n_endpoints; i++) {
        out->by_host[i] = world->endpoints[i];
    }
    qsort(out->by_host, world->n_endpoints, sizeof(*out->by_host), compare_hosts);
}

/* The first of the endpoints by host that is not before this one. */
static size_t
first_at(const struct gocdb_out *out, const char *host)
{
    size_t low = 0, high = out->world->n_endpoints;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool is_before = strcmp(out->by_host[middle]->host, host) < 0;
        low = is_before ? middle + 1 : low;
        high = is_before ? high : middle;
    }
    return low;
}

static bool
is_meant(struct gocdb_out *out, const Kontor__V1__Endpoint *endpoint,
         const struct gocdb_hit *hit)
{
    return strcmp(endpoint->type, hit->type) == 0 &&
           gocdb_is_own(out->world, endpoint->id) &&
           strcmp(gocdb_site_name(out, endpoint->site), hit->site) == 0;
}

/* How many services a hit means whose sites are closed or not, and one of them. */
static size_t
services_of(struct gocdb_out *out, const struct gocdb_hit *hit, bool is_closed,
            const Kontor__V1__Endpoint **service)
{
    size_t n = 0;
    if (out->by_host == NULL) {
        sort_by_host(out);
    }
    for (size_t i = first_at(out, hit->host);
         i < out->world->n_endpoints && strcmp(out->by_host[i]->host, hit->host) == 0;
         i++) {
        if (is_meant(out, out->by_host[i], hit) &&
            gocdb_is_closed(out->world, out->by_host[i]) == is_closed) {
            *service = out->by_host[i];
            n++;
        }
    }
    return n;
}

const Kontor__V1__Endpoint *
gocdb_hit_service(struct gocdb_out *out, const struct gocdb_hit *hit)
{
    const Kontor__V1__Endpoint *found = NULL;
    return services_of(out, hit, false, &found) == 1 ? found : NULL;
}

/* Of a service that is not known its site may be. */
bool
gocdb_hit_is_closed(struct gocdb_out *out, const struct gocdb_hit *hit)
{
    const Kontor__V1__Endpoint *service = NULL;
    const Kontor__V1__Site *site = gocdb_site_named(out, hit->site);
    return services_of(out, hit, true, &service) > 0 ||
           (site != NULL && site->certification == KONTOR__V1__CERTIFICATION__CLOSED);
}

/* ---- What is asked for ---- */

/* Of one that is not known nobody knows the scopes. */
static bool
has_scopes(struct gocdb_out *out, const struct gocdb_hit *hit)
{
    const struct gocdb_query *query = out->world->query;
    const Kontor__V1__Endpoint *service = NULL;
    if (services_of(out, hit, false, &service) == 0) {
        (void)services_of(out, hit, true, &service);
    }
    return service == NULL
               ? gocdb_query_takes_scopes(query, NULL, 0)
               : gocdb_query_takes_scopes(query, service->scopes, service->n_scopes);
}

static bool
is_asked(struct gocdb_out *out, const Kontor__V1__Downtime *downtime,
         const struct gocdb_hit *hit)
{
    const struct gocdb_query *query = out->world->query;
    int64_t start = downtime->start_at == NULL ? 0 : downtime->start_at->seconds;
    return gocdb_query_takes_times(query, start,
                                   hit->end_at == NULL ? 0 : hit->end_at->seconds) &&
           gocdb_query_takes_top(query, hit->host, hit->site,
                                 gocdb_site_named(out, hit->site)) &&
           has_scopes(out, hit);
}

struct gocdb_hits
gocdb_hits_of(struct gocdb_out *out, const Kontor__V1__Downtime *downtime)
{
    struct gocdb_hits hits = gocdb_all_hits_of(out, downtime);
    size_t n_asked = 0;
    if (out->world->query == NULL) {
        return hits;
    }
    hits.end_at = NULL;
    for (size_t i = 0; i < hits.n; i++) {
        struct gocdb_hit hit = hits.rows[i];
        if (is_asked(out, downtime, &hit)) {
            hits.rows[n_asked++] = hit;
            hits.end_at = is_later(hit.end_at, hits.end_at) ? hit.end_at : hits.end_at;
        }
    }
    hits.n = n_asked;
    return hits;
}
