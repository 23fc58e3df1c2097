/*
 * An XML document of GOCDB being written: elements, lists of texts, extensions; and
 * what records are called there.
 *
 * Memory: the arena. Errors: those of the stream. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_EXPORT_GOCDB_OUT_H
#define KONTOR_TOOLS_EXPORT_GOCDB_OUT_H

#include <libxml/xmlwriter.h>

#include "tools/export/gocdb.h"
#include "tools/import/id_map.h"

struct gocdb_out {
    xmlTextWriterPtr writer;
    struct arena *arena;
    const struct gocdb_world *world;
    size_t n_elements;                    /* Written so far. */
    const Kontor__V1__Endpoint **by_host; /* The world's; NULL: not needed yet. */
    struct id_map by_name;                /* Its own sites; empty: not needed yet. */
};

/* A record to be written, by what it is called there: ids are not all the same when
 * they come back. */
struct gocdb_row {
    const char *key;
    const void *record;
    size_t at; /* Its place in the list it is of. */
};

struct gocdb_rows {
    struct gocdb_row *rows;
    size_t n, room;
};

void gocdb_row_add(struct gocdb_out *out, struct gocdb_rows *rows, const char *key,
                   const void *record);

/* Whether a name is among those that end with NULL, or behind n of them. */
bool gocdb_is_among(const char *const *names, size_t n, const char *name);

void gocdb_begin(struct gocdb_out *out, const char *element);
void gocdb_end(struct gocdb_out *out);
/* An element with a text; there when it is empty. */
void gocdb_text(struct gocdb_out *out, const char *element, const char *text);
/* Left out when it is empty. */
void gocdb_some(struct gocdb_out *out, const char *element, const char *text);
void gocdb_flag(struct gocdb_out *out, const char *element, bool flag);
void gocdb_attribute(struct gocdb_out *out, const char *name, const char *text);
/* SCOPES with a SCOPE each. */
void gocdb_out_scopes(struct gocdb_out *out, char *const *scopes, size_t n_scopes);
/* EXTENSIONS without those that have an element of their own, NULL-ended names. */
void gocdb_out_extensions(struct gocdb_out *out, Kontor__V1__KeyValue *const *rows,
                          size_t n_rows, const char *const *elements);
/* What an import keeps under the element's own name, each ended by NULL. */
extern const char *const gocdb_ngi_kept[];
extern const char *const gocdb_site_kept[];
extern const char *const gocdb_service_kept[];
extern const char *const gocdb_group_kept[];
/* The value an import kept under an element's name; "" = none. */
const char *gocdb_kept(Kontor__V1__KeyValue *const *rows, size_t n_rows,
                       const char *element);
/* ENDPOINTS of a service, or AFFECTED_ENDPOINTS of one that is hit. */
void gocdb_out_interfaces(struct gocdb_out *out, const Kontor__V1__Endpoint *endpoint);
/* Whether XML can carry a text as it is. */
bool gocdb_is_legal(const char *text);

/* Unix seconds; "" = no time. */
const char *gocdb_seconds(struct gocdb_out *out,
                          const Google__Protobuf__Timestamp *time);
/* A time in UTC as strftime writes it; "" = no time. */
const char *gocdb_time(struct gocdb_out *out, const Google__Protobuf__Timestamp *time,
                       const char *format);
const char *gocdb_certification_text(Kontor__V1__Certification status);

/* Whether a record is of the registry that is written. */
bool gocdb_is_own(const struct gocdb_world *world, const char *id);
/*
 * PRIMARY_KEY: the source's key, or what an import makes the same id of; the whole id
 * of a record of another registry, which no key of GOCDB looks like.
 */
const char *gocdb_key_of(struct gocdb_out *out, const Kontor__V1__Source *source,
                         const char *id);
/* ID: the digits a key begins with, or the key. */
const char *gocdb_id_of(struct arena *arena, const char *key);

/* By id; NULL: it is not there. */
const Kontor__V1__Site *gocdb_site_of(const struct gocdb_world *world, const char *id);
const Kontor__V1__Endpoint *gocdb_endpoint_of(const struct gocdb_world *world,
                                              const char *id);
const Kontor__V1__Group *gocdb_group_of(const struct gocdb_world *world,
                                        const char *id);
/* One of the registry's by its short name, or NULL. */
const Kontor__V1__Site *gocdb_site_named(struct gocdb_out *out, const char *name);
/* Short name of a site; where it is not there, what an import made its id of. */
const char *gocdb_site_name(struct gocdb_out *out, const char *id);
/* Whether a service is never answered: those of closed sites. */
bool gocdb_is_closed(const struct gocdb_world *world,
                     const Kontor__V1__Endpoint *endpoint);

/* Rows and writers of the documents, in files of their own. */
void gocdb_find_ngis(struct gocdb_out *out, struct gocdb_rows *rows);
void gocdb_find_sites(struct gocdb_out *out, struct gocdb_rows *rows);
void gocdb_find_services(struct gocdb_out *out, struct gocdb_rows *rows);
void gocdb_find_groups(struct gocdb_out *out, struct gocdb_rows *rows);
void gocdb_find_downtimes(struct gocdb_out *out, struct gocdb_rows *rows);
void gocdb_find_changes(struct gocdb_out *out, struct gocdb_rows *rows);
void gocdb_find_types(struct gocdb_out *out, struct gocdb_rows *rows);
void gocdb_write_ngi(struct gocdb_out *out, const struct gocdb_row *row);
void gocdb_write_site(struct gocdb_out *out, const struct gocdb_row *row);
void gocdb_write_site_line(struct gocdb_out *out, const struct gocdb_row *row);
void gocdb_write_service(struct gocdb_out *out, const struct gocdb_row *row);
void gocdb_write_group(struct gocdb_out *out, const struct gocdb_row *row);
void gocdb_write_downtime(struct gocdb_out *out, const struct gocdb_row *row);
void gocdb_write_nested_downtime(struct gocdb_out *out, const struct gocdb_row *row);
void gocdb_write_change(struct gocdb_out *out, const struct gocdb_row *row);
void gocdb_write_type(struct gocdb_out *out, const struct gocdb_row *row);

#endif
