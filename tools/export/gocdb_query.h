/*
 * What of a document of GOCDB's is asked for: the parameters of its interface that are
 * in use, with their meaning there.
 *
 * Texts are patterns: % stands for anything, _ for any one character, capitals and
 * small letters of ASCII are the same. Times are UTC. A window takes what overlaps it,
 * up to a day behind its end, whatever time that is; startdate and enddate are not
 * within. Source: GOCDB, get_site, get_service, get_service_group, get_downtime.
 *
 * Memory: values are borrowed, texts of errors are the arena's. Errors: a text for
 * people. Threads: any.
 */
#ifndef KONTOR_TOOLS_EXPORT_GOCDB_QUERY_H
#define KONTOR_TOOLS_EXPORT_GOCDB_QUERY_H

#include "tools/export/gocdb.h"

enum gocdb_parameter {
    GOCDB_SITENAME,
    GOCDB_ROC,
    GOCDB_COUNTRY,
    GOCDB_CERTIFICATION_STATUS,
    GOCDB_EXCLUDE_CERTIFICATION_STATUS,
    GOCDB_PRODUCTION_STATUS,
    GOCDB_HOSTNAME,
    GOCDB_SERVICE_TYPE,
    GOCDB_MONITORED,
    GOCDB_SERVICE_GROUP_NAME,
    GOCDB_TOPENTITY,
    GOCDB_ONGOING_ONLY,
    GOCDB_STARTDATE,
    GOCDB_ENDDATE,
    GOCDB_WINDOWSTART,
    GOCDB_WINDOWEND,
    GOCDB_SCOPE,
    GOCDB_SCOPE_MATCH,
    GOCDB_N_PARAMETERS,
};

struct gocdb_query {
    const char *values[GOCDB_N_PARAMETERS]; /* NULL: not given. */
    int64_t times[GOCDB_N_PARAMETERS];      /* Of those that are times, unix seconds. */
    int64_t now;                            /* What goes on then is ongoing. */
};

/* What GOCDB calls a parameter. */
const char *gocdb_query_name(enum gocdb_parameter parameter);
/* Sets a parameter; a text says why that cannot be, NULL: it can. */
const char *gocdb_query_set(struct gocdb_query *query,
                            const struct gocdb_document *document,
                            enum gocdb_parameter parameter, const char *value,
                            struct arena *arena);
/* Whether all that was set goes together; a text says what does not. */
const char *gocdb_query_judge(const struct gocdb_query *query);
/* What was set as links have it, "&scope=EGI"; "" for NULL. */
const char *gocdb_query_text(const struct gocdb_query *query, struct arena *arena);

/* Whether a record is asked for; query NULL: all are. The site of an endpoint may be
 * NULL. */
bool gocdb_query_takes_ngi(const struct gocdb_query *query,
                           const Kontor__V1__OperatorGroup *group);
bool gocdb_query_takes_site(const struct gocdb_query *query,
                            const Kontor__V1__Site *site);
bool gocdb_query_takes_endpoint(const struct gocdb_query *query,
                                const Kontor__V1__Endpoint *endpoint,
                                const Kontor__V1__Site *site);
bool gocdb_query_takes_group(const struct gocdb_query *query,
                             const Kontor__V1__Group *group);
/* Of a service that is hit: its times, what it is called, and, where it is known, its
 * scopes. */
bool gocdb_query_takes_times(const struct gocdb_query *query, int64_t start,
                             int64_t end);
bool gocdb_query_takes_top(const struct gocdb_query *query, const char *host,
                           const char *site_name, const Kontor__V1__Site *site);
bool gocdb_query_takes_scopes(const struct gocdb_query *query, char *const *scopes,
                              size_t n_scopes);

#endif
