/*
 * What is meant by a site, a group or a downtime: sets of endpoints, and the times in
 * which declared downtimes hit each.
 *
 * An endpoint is hit by its id; by site, host and type together, where it was declared
 * before the endpoint was known here; with its whole site; or with a group it is in,
 * however deep. Only endpoints of the registry that declared the downtime are hit:
 * nobody takes another's down, by name or by a group.
 *
 * Memory: the call's arena. Errors: as call_find. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_REACH_H
#define KONTOR_SERVER_CONFIGURATION_REACH_H

#include "kontor/v1/configuration.pb-c.h"
#include "kontor/v1/configuration_service.pb-c.h"
#include "kontor/v1/order.pb-c.h"
#include "server/rpc/call.h"

enum { REACH_MAX = 20000 /* Endpoints of a set. */ };

struct reach_endpoint {
    const char *id;
    const Kontor__V1__Endpoint *record; /* NULL: not known here, or not visible. */
    const char *site;                   /* Short name of its site; "" = not known. */
};

/* A set of endpoints, by id. */
struct reach {
    struct reach_endpoint *rows;
    size_t n_rows, room;
    int64_t as_of; /* 0 = now. */
    bool
        is_ids_only; /* Endpoints that are named are not read: their rows have an id. */
    bool is_cut;     /* There were more than REACH_MAX. */
};

/* Each adds to a set; reach_close sorts it and leaves each endpoint once. */
enum status reach_add_endpoint(struct call *call, struct reach *reach,
                               const char *id) MUST_CHECK;
enum status reach_add_site(struct call *call, struct reach *reach,
                           const char *id) MUST_CHECK;
enum status reach_add_group(struct call *call, struct reach *reach,
                            const char *id) MUST_CHECK;
/* Where a version was seen last. */
enum status reach_add_version(struct call *call, struct reach *reach,
                              const Kontor__V1__RunningVersion *wanted) MUST_CHECK;
enum status reach_add_downtime(struct call *call, struct reach *reach,
                               const Kontor__V1__Downtime *downtime) MUST_CHECK;
void reach_close(struct reach *reach);
/* The place of an endpoint in a closed set; SIZE_MAX where it is not in it. */
size_t reach_place(const struct reach *reach, const char *id);

/* Whether what is affected is all that stands at a site, or all of a type there. */
bool affected_is_whole_site(const Kontor__V1__Affected *affected);

/* Whether an instance has ended: then nothing carries it, and nothing hits it. */
bool reach_is_over(const Kontor__V1__Instance *instance);

/* What a group means: many downtimes may hit one. */
struct outage_group {
    const char *id;
    struct reach reach;
};

/* A downtime with its groups. */
struct outage {
    const Kontor__V1__Downtime *downtime;
    const struct outage_group **groups;
    size_t n_groups;
};

/* The downtimes of a time. */
struct outages {
    struct outage *rows;
    size_t n_rows, room;
    struct outage_group **groups; /* Each that is hit, once. */
    size_t n_groups, group_room;
    size_t n_members; /* Of all groups together. */
    int64_t as_of;
    bool is_cut; /* There were more than OUTAGES_MAX, or than REACH_MAX in groups. */
};

enum { OUTAGES_MAX = 5000 /* Downtimes that are looked at. */ };

/* Reads those that are not cancelled and overlap [from_ms, until_ms). */
enum status outages_read(struct call *call, int64_t from_ms, int64_t until_ms,
                         struct outages *outages) MUST_CHECK;
/* Adds one. */
enum status outages_add(struct call *call, struct outages *outages,
                        Kontor__V1__Downtime *downtime) MUST_CHECK;
/* Whether a downtime names an instance by itself. */
bool outage_names(const Kontor__V1__Downtime *downtime, const char *instance);
/* Whether it hits an endpoint, and until when: sooner than the downtime ends where that
 * was said for this endpoint. */
bool outage_hits(const struct outage *outage, const struct reach_endpoint *endpoint,
                 int64_t *until_ms);

#endif
