#include "tools/export/gocdb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/export/gocdb_out.h"

/* ---- Downtimes ---- */

static const char *
seconds(struct gocdb_out *out, const Google__Protobuf__Timestamp *time)
{
    return time == NULL ? "" : arena_print(out->arena, "%" PRId64, time->seconds);
}

/* "Y-m-d H:i" in UTC; the misspelt elements are called so in GOCDB. */
static const char *
formatted(struct gocdb_out *out, const Google__Protobuf__Timestamp *time)
{
    char text[32] = "";
    struct tm parts;
    time_t at = time == NULL ? 0 : (time_t)time->seconds;
    if (time != NULL && gmtime_r(&at, &parts) != NULL) {
        strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts);
    }
    return arena_copy(out->arena, text);
}

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

/* What stands in both renderings, of the time something ends. */
static void
write_times(struct gocdb_out *out, const Kontor__V1__Downtime *downtime,
            const Google__Protobuf__Timestamp *end_at)
{
    gocdb_text(out, "SEVERITY", severity_text(downtime->severity));
    gocdb_text(out, "DESCRIPTION", downtime->description);
    gocdb_text(out, "INSERT_DATE", seconds(out, downtime->declared_at));
    gocdb_text(out, "START_DATE", seconds(out, downtime->start_at));
    gocdb_text(out, "END_DATE", seconds(out, end_at));
    gocdb_text(out, "FORMATED_START_DATE", formatted(out, downtime->start_at));
    gocdb_text(out, "FORMATED_END_DATE", formatted(out, end_at));
}

static void
write_affected(struct gocdb_out *out, const char *host, const char *type,
               const char *site)
{
    gocdb_text(out, "HOSTNAME", host);
    gocdb_text(out, "SERVICE_TYPE", type);
    gocdb_text(out, "ENDPOINT", arena_print(out->arena, "%s%s", host, type));
    gocdb_text(out, "HOSTED_BY", site);
}

/* One service that is hit. */
typedef void (*write_hit)(struct gocdb_out *out, const Kontor__V1__Downtime *downtime,
                          const char *host, const char *type, const char *site,
                          const Google__Protobuf__Timestamp *end_at);

static void
each_at_site(struct gocdb_out *out, const Kontor__V1__Downtime *downtime,
             const Kontor__V1__Affected *affected, write_hit write)
{
    const struct gocdb_world *world = out->world;
    for (size_t i = 0; i < world->n_endpoints; i++) {
        const Kontor__V1__Endpoint *endpoint = world->endpoints[i];
        bool is_of_type =
            affected->type[0] == '\0' || strcmp(affected->type, endpoint->type) == 0;
        if (is_of_type &&
            strcmp(gocdb_site_name(world, endpoint->site), affected->site) == 0) {
            write(out, downtime, endpoint->host, endpoint->type, affected->site,
                  affected->end_at == NULL ? downtime->end_at : affected->end_at);
        }
    }
}

static const Kontor__V1__Group *
group_of(const struct gocdb_world *world, const char *id)
{
    for (size_t i = 0; i < world->n_groups; i++) {
        if (strcmp(world->groups[i]->id, id) == 0) {
            return world->groups[i];
        }
    }
    return NULL;
}

static void
each_of_group(struct gocdb_out *out, const Kontor__V1__Downtime *downtime,
              const Kontor__V1__Group *group, write_hit write)
{
    for (size_t i = 0; group != NULL && i < group->n_endpoints; i++) {
        const Kontor__V1__Endpoint *endpoint =
            gocdb_endpoint_of(out->world, group->endpoints[i]);
        if (endpoint != NULL) {
            write(out, downtime, endpoint->host, endpoint->type,
                  gocdb_site_name(out->world, endpoint->site), downtime->end_at);
        }
    }
}

/* Readers know services only: whole sites and groups are written out. */
static void
each_hit(struct gocdb_out *out, const Kontor__V1__Downtime *downtime, write_hit write)
{
    for (size_t i = 0; i < downtime->n_affected; i++) {
        const Kontor__V1__Affected *affected = downtime->affected[i];
        if (affected->host[0] == '\0') {
            each_at_site(out, downtime, affected, write);
        } else {
            write(out, downtime, affected->host, affected->type, affected->site,
                  affected->end_at == NULL ? downtime->end_at : affected->end_at);
        }
    }
    for (size_t i = 0; i < downtime->n_groups; i++) {
        each_of_group(out, downtime, group_of(out->world, downtime->groups[i]), write);
    }
}

static void
begin_downtime(struct gocdb_out *out, const Kontor__V1__Downtime *downtime)
{
    const char *key = gocdb_key_of(downtime->source, downtime->id);
    gocdb_begin(out, "DOWNTIME");
    gocdb_attribute(out, "ID", gocdb_id_of(out->arena, key));
    gocdb_attribute(out, "PRIMARY_KEY", key);
    gocdb_attribute(out, "CLASSIFICATION",
                    classification_text(downtime->classification));
}

static void
write_flat(struct gocdb_out *out, const Kontor__V1__Downtime *downtime,
           const char *host, const char *type, const char *site,
           const Google__Protobuf__Timestamp *end_at)
{
    begin_downtime(out, downtime);
    gocdb_text(out, "PRIMARY_KEY", gocdb_key_of(downtime->source, downtime->id));
    write_affected(out, host, type, site);
    gocdb_text(out, "GOCDB_PORTAL_URL", "");
    gocdb_text(out, "AFFECTED_ENDPOINTS", "");
    write_times(out, downtime, end_at);
    gocdb_end(out);
}

/* GOCDB deletes what is cancelled. */
void
gocdb_write_downtimes(struct gocdb_out *out)
{
    for (size_t i = 0; i < out->world->n_downtimes; i++) {
        if (!out->world->downtimes[i]->is_cancelled) {
            each_hit(out, out->world->downtimes[i], write_flat);
        }
    }
}

static void
write_nested(struct gocdb_out *out, const Kontor__V1__Downtime *downtime,
             const char *host, const char *type, const char *site,
             const Google__Protobuf__Timestamp *end_at)
{
    (void)downtime;
    (void)end_at;
    gocdb_begin(out, "SERVICE");
    write_affected(out, host, type, site);
    gocdb_text(out, "AFFECTED_ENDPOINTS", "");
    gocdb_end(out);
}

void
gocdb_write_nested_downtimes(struct gocdb_out *out)
{
    for (size_t i = 0; i < out->world->n_downtimes; i++) {
        const Kontor__V1__Downtime *downtime = out->world->downtimes[i];
        if (downtime->is_cancelled) {
            continue;
        }
        begin_downtime(out, downtime);
        write_times(out, downtime, downtime->end_at);
        gocdb_text(out, "GOCDB_PORTAL_URL", "");
        gocdb_begin(out, "SERVICES");
        each_hit(out, downtime, write_nested);
        gocdb_end(out);
        gocdb_end(out);
    }
}

/* ---- Types ---- */

static void
write_type(struct gocdb_out *out, size_t number, const char *name, const char *text)
{
    gocdb_begin(out, "SERVICE_TYPE");
    gocdb_attribute(out, "TYPE_ID", arena_print(out->arena, "%zu", number));
    gocdb_attribute(out, "PRIMARY_KEY", arena_print(out->arena, "%zuG0", number));
    gocdb_text(out, "SERVICE_TYPE_NAME", name);
    gocdb_text(out, "SERVICE_TYPE_DESC", text);
    gocdb_end(out);
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Without a vocabulary of them, those there are. */
static void
write_used_types(struct gocdb_out *out)
{
    const struct gocdb_world *world = out->world;
    const char **types =
        arena_alloc(out->arena, (world->n_endpoints + 1) * sizeof(*types));
    size_t n = 0;
    for (size_t i = 0; i < world->n_endpoints; i++) {
        types[i] = world->endpoints[i]->type;
    }
    if (world->n_endpoints > 0) {
        qsort(types, world->n_endpoints, sizeof(*types), compare_texts);
    }
    for (size_t i = 0; i < world->n_endpoints; i++) {
        if (i == 0 || strcmp(types[i - 1], types[i]) != 0) {
            write_type(out, ++n, types[i], "");
        }
    }
}

void
gocdb_write_types(struct gocdb_out *out)
{
    const Kontor__V1__Vocabulary *types = out->world->types;
    if (types == NULL) {
        write_used_types(out);
        return;
    }
    for (size_t i = 0; i < types->n_terms; i++) {
        write_type(out, i + 1, types->terms[i]->id, types->terms[i]->description);
    }
}

/* ---- Documents ---- */

const char *const gocdb_documents[] = {
    "get_site_list",     "get_site",
    "get_service",       "get_service_group",
    "get_downtime",      "get_downtime_nested_services",
    "get_service_types", NULL};

static void (*const writers[])(struct gocdb_out *out) = {
    gocdb_write_site_list, gocdb_write_sites,     gocdb_write_services,
    gocdb_write_groups,    gocdb_write_downtimes, gocdb_write_nested_downtimes,
    gocdb_write_types};

static void
write_document(struct gocdb_out *out, void (*write)(struct gocdb_out *out))
{
    xmlTextWriterSetIndent(out->writer, 1);
    xmlTextWriterSetIndentString(out->writer, (const xmlChar *)"  ");
    xmlTextWriterStartDocument(out->writer, "1.0", "UTF-8", NULL);
    gocdb_begin(out, "results");
    write(out);
    /* Two lines of their own, where nothing is in between, too. */
    if (out->n_elements == 1) {
        xmlTextWriterWriteRaw(out->writer, (const xmlChar *)"\n");
    }
    xmlTextWriterFullEndElement(out->writer);
    xmlTextWriterEndDocument(out->writer);
}

bool
gocdb_export(const char *document, const struct gocdb_world *world, FILE *stream,
             struct arena *arena)
{
    size_t i = 0;
    while (gocdb_documents[i] != NULL && strcmp(gocdb_documents[i], document) != 0) {
        i++;
    }
    if (gocdb_documents[i] == NULL) {
        return false;
    }
    struct gocdb_out out = {.arena = arena, .world = world};
    out.writer = xmlNewTextWriter(xmlOutputBufferCreateFile(stream, NULL));
    if (out.writer == NULL) {
        abort();
    }
    write_document(&out, writers[i]);
    xmlFreeTextWriter(out.writer);
    return true;
}
