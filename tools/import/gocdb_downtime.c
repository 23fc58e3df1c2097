/* Downtimes of GOCDB: one element for each service hit, or nested. */
#include <string.h>

#include "tools/import/gocdb.h"
#include "tools/import/records.h"

static void read_severity(const struct source *source, xmlNode *node,
                          const struct xml_field *field, void *message);
static void read_services(const struct source *source, xmlNode *node,
                          const struct xml_field *field, void *message);

/* GOCDB: scheduled when it starts more than a day after its declaration. */
enum { SCHEDULED_SECONDS = 24 * 60 * 60 };

/* A downtime with more is refused by the broker, and need not be looked through. */
enum { MAX_AFFECTED = 256 };

#define DOWNTIME(member) offsetof(Kontor__V1__Downtime, member)
#define AFFECTED(member) offsetof(Kontor__V1__Affected, member)

/*
 * Both shapes of the answer: the flat one names the service in the downtime itself,
 * the nested one lists them. The formatted dates repeat the others without a time
 * zone, so they are not read.
 */
static const struct xml_field downtime_fields[] = {
    {"PRIMARY_KEY", NULL, 0, 0, "source"},
    {"SEVERITY", read_severity, DOWNTIME(severity), 0, "severity"},
    {"DESCRIPTION", xml_field_text, DOWNTIME(description), 0, "description"},
    {"INSERT_DATE", xml_field_time, DOWNTIME(declared_at), 0, "declared_at"},
    {"START_DATE", xml_field_time, DOWNTIME(start_at), 0, "start_at"},
    {"END_DATE", xml_field_time, DOWNTIME(end_at), 0, "end_at"},
    {"HOSTNAME", NULL, 0, 0, "affected"},
    {"SERVICE_TYPE", NULL, 0, 0, "affected"},
    {"HOSTED_BY", NULL, 0, 0, "affected"},
    {"SERVICES", read_services, 0, 0, "affected"},
    {"ENDPOINT", NULL, 0, 0, NULL},
    {"AFFECTED_ENDPOINTS", NULL, 0, 0, NULL},
    {"FORMATED_START_DATE", NULL, 0, 0, NULL},
    {"FORMATED_END_DATE", NULL, 0, 0, NULL},
    {"GOCDB_PORTAL_URL", NULL, 0, 0, NULL},
    {"DPMT_URL", NULL, 0, 0, NULL},
    {NULL, NULL, 0, 0, NULL},
};

/* An end of its own has a service in our export only. */
static const struct xml_field affected_fields[] = {
    {"PRIMARY_KEY", NULL, 0, 0, NULL},
    {"FORMATED_END_DATE", NULL, 0, 0, NULL},
    {"END_DATE", xml_field_time, AFFECTED(end_at), 0, NULL},
    {"ENDPOINT", NULL, 0, 0, NULL},
    {"AFFECTED_ENDPOINTS", NULL, 0, 0, NULL},
    {"HOSTED_BY", xml_field_text, AFFECTED(site), 0, NULL},
    {"HOSTNAME", xml_field_text, AFFECTED(host), 0, NULL},
    {"SERVICE_TYPE", xml_field_text, AFFECTED(type), 0, NULL},
    {NULL, NULL, 0, 0, NULL},
};

static const struct {
    const char *name;
    Kontor__V1__Severity severity;
} severities[] = {
    {"OUTAGE", KONTOR__V1__SEVERITY__OUTAGE},
    {"WARNING", KONTOR__V1__SEVERITY__WARNING},
};

static void
read_severity(const struct source *source, xmlNode *node, const struct xml_field *field,
              void *message)
{
    Kontor__V1__Downtime *downtime = message;
    const char *text = xml_text(source, node);
    for (size_t i = 0; i < sizeof severities / sizeof severities[0]; i++) {
        if (strcmp(severities[i].name, text) == 0) {
            downtime->severity = severities[i].severity;
            return;
        }
    }
    if (text[0] != '\0') {
        source_fault(source, xml_place(source, node), "%s is \"%s\": OUTAGE or WARNING",
                     field->element, text);
    }
}

/* Whole seconds: GOCDB has no finer ones. */
static bool
is_same_time(const Google__Protobuf__Timestamp *a, const Google__Protobuf__Timestamp *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return a->seconds == b->seconds;
}

static bool
is_later(const Google__Protobuf__Timestamp *a, const Google__Protobuf__Timestamp *b)
{
    return b == NULL || (a != NULL && a->seconds > b->seconds);
}

/* The rows of a downtime may come several times, out of both renderings: each service
 * is hit once, until the latest end that is said. */
static void
add_affected(const struct source *source, Kontor__V1__Downtime *downtime,
             Kontor__V1__Affected *affected)
{
    for (size_t i = 0; i < downtime->n_affected && i < MAX_AFFECTED; i++) {
        Kontor__V1__Affected *known = downtime->affected[i];
        if (strcmp(known->site, affected->site) == 0 &&
            strcmp(known->host, affected->host) == 0 &&
            strcmp(known->type, affected->type) == 0) {
            known->end_at = is_later(affected->end_at, known->end_at) ? affected->end_at
                                                                      : known->end_at;
            return;
        }
    }
    downtime->affected =
        source_grow(source->arena, downtime->affected, downtime->n_affected,
                    sizeof(Kontor__V1__Affected *));
    downtime->affected[downtime->n_affected++] = affected;
}

/* A service without a host is not the whole site: that would be a guess. */
static const char *const hit_required[] = {"HOSTNAME", NULL};

static void
read_services(const struct source *source, xmlNode *node, const struct xml_field *field,
              void *message)
{
    (void)field;
    for (xmlNode *row = xml_element(node->children); row != NULL;
         row = xml_element(row->next)) {
        Kontor__V1__Affected *affected = arena_alloc(source->arena, sizeof *affected);
        kontor__v1__affected__init(affected);
        xml_fields_read_first(source, row, affected_fields, affected);
        if (gocdb_has(source, row, "of a downtime", hit_required)) {
            add_affected(source, message, affected);
        }
    }
}

/* The service a flat row is about. */
static void
read_row(const struct source *source, xmlNode *node, const char *key,
         Kontor__V1__Downtime *downtime)
{
    char *type = xml_child(source, node, "SERVICE_TYPE");
    char *site = xml_child(source, node, "HOSTED_BY");
    if (!gocdb_has(source, node, key, hit_required)) {
        return;
    }
    Kontor__V1__Affected *affected = arena_alloc(source->arena, sizeof *affected);
    kontor__v1__affected__init(affected);
    affected->host = xml_child(source, node, "HOSTNAME");
    affected->type = type == NULL ? affected->type : type;
    affected->site = site == NULL ? affected->site : site;
    add_affected(source, downtime, affected);
}

/* But for the end, which a service may have of its own. */
static bool
is_same(const Kontor__V1__Downtime *a, const Kontor__V1__Downtime *b)
{
    return a->severity == b->severity && strcmp(a->description, b->description) == 0 &&
           is_same_time(a->declared_at, b->declared_at) &&
           is_same_time(a->start_at, b->start_at);
}

/* Until a service has an end of its own it has that of its row. */
static void
set_ends(const Kontor__V1__Downtime *downtime)
{
    for (size_t i = 0; i < downtime->n_affected; i++) {
        Kontor__V1__Affected *affected = downtime->affected[i];
        affected->end_at =
            affected->end_at == NULL ? downtime->end_at : affected->end_at;
    }
}

/* A downtime ends when the last of what it hits works again. */
void
gocdb_end_downtimes(struct import_set *set)
{
    for (size_t i = 0; i < set->n_downtimes; i++) {
        Kontor__V1__Downtime *downtime = set->downtimes[i];
        for (size_t j = 0; j < downtime->n_affected; j++) {
            Kontor__V1__Affected *affected = downtime->affected[j];
            affected->end_at = is_same_time(affected->end_at, downtime->end_at)
                                   ? NULL
                                   : affected->end_at;
        }
    }
}

/* Computed here as the broker computes it, to tell where the source says otherwise. */
static void
classify(const struct source *source, xmlNode *node, Kontor__V1__Downtime *downtime)
{
    bool is_scheduled = downtime->start_at->seconds >
                        downtime->declared_at->seconds + SCHEDULED_SECONDS;
    downtime->classification = is_scheduled ? KONTOR__V1__CLASSIFICATION__SCHEDULED
                                            : KONTOR__V1__CLASSIFICATION__UNSCHEDULED;
    const char *said = xml_attribute(source, node, "CLASSIFICATION");
    if (said != NULL && is_scheduled != (strcmp(said, "SCHEDULED") == 0)) {
        source_finding(source, xml_place(source, node),
                       "said to be %s, but by its dates it is %s", said,
                       is_scheduled ? "SCHEDULED" : "UNSCHEDULED");
    }
}

/* Rows of one key are one downtime; where they differ the first counts, but it ends
 * with the last. */
static void
join(const struct source *source, xmlNode *node, Kontor__V1__Downtime *known,
     const Kontor__V1__Downtime *row)
{
    if (!is_same(known, row)) {
        source_finding(source, xml_place(source, node),
                       "differs from an earlier row of downtime %s, which counts",
                       known->id);
    }
    known->end_at = is_later(row->end_at, known->end_at) ? row->end_at : known->end_at;
    for (size_t i = 0; i < row->n_affected; i++) {
        add_affected(source, known, row->affected[i]);
    }
}

/* An element with all a downtime needs; NULL: a finding says what is missing. */
static Kontor__V1__Downtime *
read_downtime(const struct source *source, xmlNode *node, const char *key)
{
    static const char *const required[] = {"SEVERITY",   "DESCRIPTION", "INSERT_DATE",
                                           "START_DATE", "END_DATE",    NULL};
    Kontor__V1__Downtime *downtime = arena_alloc(source->arena, sizeof *downtime);
    kontor__v1__downtime__init(downtime);
    xml_fields_read_first(source, node, downtime_fields, downtime);
    bool is_nested = xml_child(source, node, "SERVICES") != NULL;
    if (!is_nested) {
        read_row(source, node, key, downtime);
    } else if (downtime->n_affected == 0) {
        source_finding(source, xml_place(source, node),
                       "%s %s without a SERVICE is left out", (const char *)node->name,
                       key);
    }
    bool is_good = downtime->n_affected > 0 && gocdb_has(source, node, key, required) &&
                   downtime->declared_at != NULL && downtime->start_at != NULL;
    return is_good ? downtime : NULL;
}

void
gocdb_downtime(const struct source *source, xmlNode *node)
{
    const char *key = gocdb_key(source, node);
    Kontor__V1__Downtime *downtime =
        read_downtime(source, node, key == NULL ? "of no key" : key);
    if (key == NULL || downtime == NULL) {
        return;
    }
    set_ends(downtime);
    downtime->id = source_id(source, key);
    downtime->source = source_of(source, key);
    classify(source, node, downtime);
    struct import_set *out = source->out;
    Kontor__V1__Downtime *known = id_map_get(&source->index->downtimes, downtime->id);
    if (known != NULL) {
        join(source, node, known, downtime);
        return;
    }
    out->downtimes = source_grow(source->arena, out->downtimes, out->n_downtimes,
                                 sizeof(Kontor__V1__Downtime *));
    out->downtimes[out->n_downtimes++] = downtime;
    id_map_put(source->arena, &source->index->downtimes, downtime->id, downtime);
}

Google__Protobuf__FieldMask *
gocdb_downtime_mask(struct arena *arena)
{
    return xml_fields_mask(arena, downtime_fields);
}
