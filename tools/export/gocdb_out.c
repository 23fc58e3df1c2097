#include "tools/export/gocdb_out.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const xmlChar *
x(const char *text)
{
    return (const xmlChar *)text;
}

/* Bytes of a character that XML 1.0 cannot say, 0 = it can. Source: XML 1.0, 2.2: most
 * control characters, U+FFFE and U+FFFF. */
static size_t
illegal(const char *c)
{
    if ((unsigned char)*c < 0x20) {
        return strchr("\t\n\r", *c) == NULL;
    }
    return strncmp(c, "\xef\xbf\xbe", 3) == 0 || strncmp(c, "\xef\xbf\xbf", 3) == 0 ? 3
                                                                                    : 0;
}

bool
gocdb_is_legal(const char *text)
{
    while (*text != '\0' && illegal(text) == 0) {
        text++;
    }
    return *text == '\0';
}

/* What XML cannot say becomes spaces: one text must not make all unreadable. */
static const xmlChar *
legal(struct gocdb_out *out, const char *text)
{
    char *copy = arena_copy(out->arena, text);
    for (char *c = copy; *c != '\0'; c++) {
        memset(c, ' ', illegal(c));
    }
    return x(copy);
}

void
gocdb_row_add(struct gocdb_out *out, struct gocdb_rows *rows, const char *key,
              const void *record)
{
    rows->rows =
        arena_grown(out->arena, rows->rows, rows->n, &rows->room, sizeof(*rows->rows));
    rows->rows[rows->n] = (struct gocdb_row){key, record, rows->n};
    rows->n++;
}

/* ---- Elements ---- */

void
gocdb_begin(struct gocdb_out *out, const char *element)
{
    xmlTextWriterStartElement(out->writer, x(element));
    out->n_elements++;
}

void
gocdb_end(struct gocdb_out *out)
{
    xmlTextWriterEndElement(out->writer);
}

void
gocdb_text(struct gocdb_out *out, const char *element, const char *text)
{
    if (text[0] == '\0') {
        gocdb_begin(out, element);
        gocdb_end(out);
        return;
    }
    xmlTextWriterWriteElement(out->writer, x(element), legal(out, text));
}

void
gocdb_some(struct gocdb_out *out, const char *element, const char *text)
{
    if (text[0] != '\0') {
        gocdb_text(out, element, text);
    }
}

void
gocdb_flag(struct gocdb_out *out, const char *element, bool flag)
{
    gocdb_text(out, element, flag ? "Y" : "N");
}

void
gocdb_attribute(struct gocdb_out *out, const char *name, const char *text)
{
    xmlTextWriterWriteAttribute(out->writer, x(name), legal(out, text));
}

void
gocdb_out_scopes(struct gocdb_out *out, char *const *scopes, size_t n_scopes)
{
    gocdb_begin(out, "SCOPES");
    for (size_t i = 0; i < n_scopes; i++) {
        gocdb_text(out, "SCOPE", scopes[i]);
    }
    gocdb_end(out);
}

bool
gocdb_is_among(const char *const *names, size_t n, const char *name)
{
    size_t i = 0;
    while (i < n && names[i] != NULL && strcmp(names[i], name) != 0) {
        i++;
    }
    return i < n && names[i] != NULL;
}

void
gocdb_out_extensions(struct gocdb_out *out, Kontor__V1__KeyValue *const *rows,
                     size_t n_rows, const char *const *elements)
{
    size_t n = 0;
    gocdb_begin(out, "EXTENSIONS");
    for (size_t i = 0; i < n_rows; i++) {
        if (gocdb_is_among(elements, SIZE_MAX, rows[i]->key)) {
            continue;
        }
        gocdb_begin(out, "EXTENSION");
        gocdb_text(out, "LOCAL_ID", arena_print(out->arena, "%zu", ++n));
        gocdb_text(out, "KEY", rows[i]->key);
        gocdb_text(out, "VALUE", rows[i]->value);
        gocdb_end(out);
    }
    gocdb_end(out);
}

const char *
gocdb_kept(Kontor__V1__KeyValue *const *rows, size_t n_rows, const char *element)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (strcmp(rows[i]->key, element) == 0) {
            return rows[i]->value;
        }
    }
    return "";
}

void
gocdb_out_interfaces(struct gocdb_out *out, const Kontor__V1__Endpoint *endpoint)
{
    for (size_t i = 0; endpoint != NULL && i < endpoint->n_interfaces; i++) {
        const Kontor__V1__Interface *way = endpoint->interfaces[i];
        gocdb_begin(out, "ENDPOINT");
        gocdb_text(out, "ID", arena_print(out->arena, "%zu", i + 1));
        gocdb_text(out, "NAME", way->name);
        gocdb_text(out, "EXTENSIONS", "");
        gocdb_text(out, "URL", way->url);
        gocdb_text(out, "INTERFACENAME", way->interface_name);
        gocdb_flag(out, "ENDPOINT_MONITORED", endpoint->is_monitored);
        gocdb_end(out);
    }
}

/* ---- Values ---- */

const char *
gocdb_seconds(struct gocdb_out *out, const Google__Protobuf__Timestamp *time)
{
    return time == NULL ? "" : arena_print(out->arena, "%" PRId64, time->seconds);
}

const char *
gocdb_time(struct gocdb_out *out, const Google__Protobuf__Timestamp *time,
           const char *format)
{
    char text[32] = "";
    struct tm parts;
    time_t at = time == NULL ? 0 : (time_t)time->seconds;
    if (time != NULL && gmtime_r(&at, &parts) != NULL) {
        strftime(text, sizeof text, format, &parts);
    }
    return arena_copy(out->arena, text);
}

const char *
gocdb_certification_text(Kontor__V1__Certification status)
{
    static const char *const texts[] = {"Candidate", "Candidate", "Uncertified",
                                        "Certified", "Suspended", "Closed"};
    return (size_t)status < sizeof texts / sizeof texts[0] ? texts[status] : texts[0];
}

/* ---- Keys ---- */

bool
gocdb_is_own(const struct gocdb_world *world, const char *id)
{
    size_t size = strlen(world->registry);
    return strncmp(id, world->registry, size) == 0 && id[size] == '/';
}

const char *
gocdb_key_of(struct gocdb_out *out, const Kontor__V1__Source *source, const char *id)
{
    if (!gocdb_is_own(out->world, id)) {
        return id;
    }
    if (source != NULL && strcmp(source->format, "gocdb") == 0 &&
        source->key[0] != '\0') {
        return source->key;
    }
    const char *local = strchr(id, '/') + 1;
    const char *key = target_local_key(out->arena, local);
    return key == NULL ? local : key;
}

const char *
gocdb_id_of(struct arena *arena, const char *key)
{
    size_t size = strspn(key, "0123456789");
    return size == 0 ? key : arena_copy_n(arena, key, size);
}

static int
compare_ids(const void *id, const void *record)
{
    /* Every record has its id at the same place. */
    const Kontor__V1__Site *site = *(const Kontor__V1__Site *const *)record;
    return strcmp(id, site->id);
}

_Static_assert(offsetof(Kontor__V1__Site, id) == offsetof(Kontor__V1__Endpoint, id) &&
                   offsetof(Kontor__V1__Site, id) == offsetof(Kontor__V1__Group, id),
               "one comparison serves all");

/* The record of an id in a list by id. */
static const void *
find(const char *id, const void *records, size_t n)
{
    const void *const *found =
        n == 0 ? NULL : bsearch(id, records, n, sizeof(void *), compare_ids);
    return found == NULL ? NULL : *found;
}

const Kontor__V1__Site *
gocdb_site_of(const struct gocdb_world *world, const char *id)
{
    return find(id, world->sites, world->n_sites);
}

const Kontor__V1__Endpoint *
gocdb_endpoint_of(const struct gocdb_world *world, const char *id)
{
    return find(id, world->endpoints, world->n_endpoints);
}

const Kontor__V1__Group *
gocdb_group_of(const struct gocdb_world *world, const char *id)
{
    return find(id, world->groups, world->n_groups);
}

const Kontor__V1__Site *
gocdb_site_named(struct gocdb_out *out, const char *name)
{
    const struct gocdb_world *world = out->world;
    bool is_known = out->by_name.n > 0;
    for (size_t i = 0; !is_known && i < world->n_sites; i++) {
        if (gocdb_is_own(world, world->sites[i]->id)) {
            id_map_put(out->arena, &out->by_name, world->sites[i]->short_name,
                       world->sites[i]);
        }
    }
    return id_map_get(&out->by_name, name);
}

const char *
gocdb_site_name(struct gocdb_out *out, const char *id)
{
    const Kontor__V1__Site *site = gocdb_site_of(out->world, id);
    const char *slash = strchr(id, '/');
    const char *local = slash == NULL ? id : slash + 1;
    if (site != NULL) {
        return site->short_name;
    }
    const char *key = target_local_key(out->arena, local);
    return key == NULL ? local : key;
}

bool
gocdb_is_closed(const struct gocdb_world *world, const Kontor__V1__Endpoint *endpoint)
{
    const Kontor__V1__Site *site = gocdb_site_of(world, endpoint->site);
    return site != NULL && site->certification == KONTOR__V1__CERTIFICATION__CLOSED;
}
