/* Downtimes as GOCDB answers them, a row for each service that is hit, or nested.
 * Source of names and order: GOCDB, get_downtime, get_downtime_nested_services. */
#include "tools/export/gocdb_reach.h"

/* GOCDB's "Y-m-d H:i"; the elements are called FORMATED there. */
static const char minutes[] = "%Y-%m-%d %H:%M";

static const char *
severity_text(Kontor__V1__Severity severity)
{
    return severity == KONTOR__V1__SEVERITY__WARNING ? "WARNING" : "OUTAGE";
}

static const char *
classification_text(Kontor__V1__Classification classification)
{
    return classification == KONTOR__V1__CLASSIFICATION__SCHEDULED ? "SCHEDULED"
                                                                   : "UNSCHEDULED";
}

/* GOCDB deletes what is cancelled, and has nothing that hits no service. */
void
gocdb_find_downtimes(struct gocdb_out *out, struct gocdb_rows *rows)
{
    for (size_t i = 0; i < out->world->n_downtimes; i++) {
        const Kontor__V1__Downtime *downtime = out->world->downtimes[i];
        if (gocdb_is_own(out->world, downtime->id) && !downtime->is_cancelled &&
            gocdb_hits_of(out, downtime).n > 0) {
            gocdb_row_add(out, rows, gocdb_key_of(out, downtime->source, downtime->id),
                          downtime);
        }
    }
}

/* What stands in both renderings, of the time something ends. */
static void
write_times(struct gocdb_out *out, const Kontor__V1__Downtime *downtime,
            const Google__Protobuf__Timestamp *end_at)
{
    gocdb_text(out, "SEVERITY", severity_text(downtime->severity));
    gocdb_text(out, "DESCRIPTION", downtime->description);
    gocdb_text(out, "INSERT_DATE", gocdb_seconds(out, downtime->declared_at));
    gocdb_text(out, "START_DATE", gocdb_seconds(out, downtime->start_at));
    gocdb_text(out, "END_DATE", gocdb_seconds(out, end_at));
    gocdb_text(out, "FORMATED_START_DATE",
               gocdb_time(out, downtime->start_at, minutes));
    gocdb_text(out, "FORMATED_END_DATE", gocdb_time(out, end_at, minutes));
}

static void
write_hit(struct gocdb_out *out, const struct gocdb_hit *hit)
{
    gocdb_text(out, "HOSTNAME", hit->host);
    gocdb_text(out, "SERVICE_TYPE", hit->type);
    gocdb_text(out, "ENDPOINT", arena_print(out->arena, "%s%s", hit->host, hit->type));
    gocdb_text(out, "HOSTED_BY", hit->site);
}

static void
write_affected_endpoints(struct gocdb_out *out, const Kontor__V1__Endpoint *service)
{
    gocdb_begin(out, "AFFECTED_ENDPOINTS");
    gocdb_out_interfaces(out, service);
    gocdb_end(out);
}

static void
begin_downtime(struct gocdb_out *out, const struct gocdb_row *row)
{
    const Kontor__V1__Downtime *downtime = row->record;
    gocdb_begin(out, "DOWNTIME");
    gocdb_attribute(out, "ID", gocdb_id_of(out->arena, row->key));
    gocdb_attribute(out, "PRIMARY_KEY", row->key);
    gocdb_attribute(out, "CLASSIFICATION",
                    classification_text(downtime->classification));
}

void
gocdb_write_downtime(struct gocdb_out *out, const struct gocdb_row *row)
{
    struct gocdb_hits hits = gocdb_hits_of(out, row->record);
    for (size_t i = 0; i < hits.n; i++) {
        begin_downtime(out, row);
        gocdb_text(out, "PRIMARY_KEY", row->key);
        write_hit(out, &hits.rows[i]);
        gocdb_text(out, "GOCDB_PORTAL_URL", "");
        write_affected_endpoints(out, gocdb_hit_service(out, &hits.rows[i]));
        write_times(out, row->record, hits.rows[i].end_at);
        gocdb_end(out);
    }
}

/* A service has an end of its own only where it works again before the others: GOCDB
 * knows no such thing, and its readers look for END_DATE in the downtime. */
static void
write_nested_hit(struct gocdb_out *out, const struct gocdb_hits *hits,
                 const struct gocdb_hit *hit)
{
    const Kontor__V1__Endpoint *service = gocdb_hit_service(out, hit);
    gocdb_begin(out, "SERVICE");
    gocdb_text(out, "PRIMARY_KEY",
               service == NULL ? "" : gocdb_key_of(out, service->source, service->id));
    write_hit(out, hit);
    write_affected_endpoints(out, service);
    if (gocdb_hit_ends_early(hits, hit)) {
        gocdb_text(out, "END_DATE", gocdb_seconds(out, hit->end_at));
        gocdb_text(out, "FORMATED_END_DATE", gocdb_time(out, hit->end_at, minutes));
    }
    gocdb_end(out);
}

void
gocdb_write_nested_downtime(struct gocdb_out *out, const struct gocdb_row *row)
{
    struct gocdb_hits hits = gocdb_hits_of(out, row->record);
    begin_downtime(out, row);
    write_times(out, row->record, hits.end_at);
    gocdb_text(out, "GOCDB_PORTAL_URL", "");
    gocdb_begin(out, "SERVICES");
    for (size_t i = 0; i < hits.n; i++) {
        write_nested_hit(out, &hits, &hits.rows[i]);
    }
    gocdb_end(out);
    gocdb_end(out);
}
