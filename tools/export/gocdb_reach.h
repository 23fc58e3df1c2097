/*
 * What a group holds and a downtime hits, down to services: the readers of GOCDB's
 * documents know neither groups within groups nor whole sites.
 *
 * Memory: the arena. Errors: what is not there is left out. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_EXPORT_GOCDB_REACH_H
#define KONTOR_TOOLS_EXPORT_GOCDB_REACH_H

#include "tools/export/gocdb_out.h"

/* Endpoints, each once. */
struct gocdb_members {
    const Kontor__V1__Endpoint **rows;
    size_t n, room;
};

/* All that is in a group, in its sites and in its groups, however deep. */
struct gocdb_members gocdb_members_of(struct gocdb_out *out,
                                      const Kontor__V1__Group *group);

/* A service that is hit, and until when. */
struct gocdb_hit {
    const char *site, *host, *type;
    const Google__Protobuf__Timestamp *end_at;
};

struct gocdb_hits {
    struct gocdb_hit *rows;
    size_t n, room;
    const Google__Protobuf__Timestamp *end_at; /* Of the last that works again. */
};

/*
 * Those that are named first, as they are named, then those at whole sites and in
 * groups that are not named: of an endpoint that is named its own end counts. Only what
 * is asked for. n = 0: no service is hit.
 */
struct gocdb_hits gocdb_hits_of(struct gocdb_out *out,
                                const Kontor__V1__Downtime *downtime);
/* The same, whatever is asked for. */
struct gocdb_hits gocdb_all_hits_of(struct gocdb_out *out,
                                    const Kontor__V1__Downtime *downtime);
/* Whether a service works again sooner than the last. */
bool gocdb_hit_ends_early(const struct gocdb_hits *hits, const struct gocdb_hit *hit);
/* Whether a service is at a closed site, as far as it is known. */
bool gocdb_hit_is_closed(struct gocdb_out *out, const struct gocdb_hit *hit);
/* The one service of the registry that a hit means and get_service answers; NULL: none,
 * or several. */
const Kontor__V1__Endpoint *gocdb_hit_service(struct gocdb_out *out,
                                              const struct gocdb_hit *hit);

#endif
