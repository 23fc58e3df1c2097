#include "tools/export/gocdb_out.h"

#include <stdlib.h>
#include <string.h>

static const xmlChar *
x(const char *text)
{
    return (const xmlChar *)text;
}

/* What XML 1.0 cannot say becomes a space: one text must not make all unreadable. */
static const xmlChar *
legal(struct gocdb_out *out, const char *text)
{
    char *copy = arena_copy(out->arena, text);
    for (char *c = copy; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 && strchr("\t\n\r", *c) == NULL) {
            *c = ' ';
        }
    }
    return x(copy);
}

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

static bool
is_among(const char *const *names, const char *name)
{
    while (*names != NULL && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

void
gocdb_out_extensions(struct gocdb_out *out, Kontor__V1__KeyValue *const *rows,
                     size_t n_rows, const char *const *elements)
{
    size_t n = 0;
    gocdb_begin(out, "EXTENSIONS");
    for (size_t i = 0; i < n_rows; i++) {
        if (is_among(elements, rows[i]->key)) {
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

const char *
gocdb_key_of(const Kontor__V1__Source *source, const char *id)
{
    bool is_its = source != NULL && strcmp(source->format, "gocdb") == 0;
    return is_its ? source->key : strchr(id, '/') + 1;
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

_Static_assert(offsetof(Kontor__V1__Site, id) == offsetof(Kontor__V1__Endpoint, id),
               "one comparison serves both");

const Kontor__V1__Site *
gocdb_site_of(const struct gocdb_world *world, const char *id)
{
    Kontor__V1__Site *const *found = world->n_sites == 0
                                         ? NULL
                                         : bsearch(id, world->sites, world->n_sites,
                                                   sizeof(*world->sites), compare_ids);
    return found == NULL ? NULL : *found;
}

const Kontor__V1__Endpoint *
gocdb_endpoint_of(const struct gocdb_world *world, const char *id)
{
    Kontor__V1__Endpoint *const *found =
        world->n_endpoints == 0 ? NULL
                                : bsearch(id, world->endpoints, world->n_endpoints,
                                          sizeof(*world->endpoints), compare_ids);
    return found == NULL ? NULL : *found;
}

const char *
gocdb_site_name(const struct gocdb_world *world, const char *id)
{
    const Kontor__V1__Site *site = gocdb_site_of(world, id);
    const char *local = strchr(id, '/');
    return site != NULL ? site->short_name : local == NULL ? id : local + 1;
}
