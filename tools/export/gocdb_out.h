/*
 * An XML document of GOCDB being written: elements, lists of texts, extensions.
 *
 * Memory: the arena. Errors: those of the stream. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_EXPORT_GOCDB_OUT_H
#define KONTOR_TOOLS_EXPORT_GOCDB_OUT_H

#include <libxml/xmlwriter.h>

#include "tools/export/gocdb.h"

struct gocdb_out {
    xmlTextWriterPtr writer;
    struct arena *arena;
    const struct gocdb_world *world;
    size_t n_elements; /* Written so far. */
};

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
/* The value an import kept under an element's name; "" = none. */
const char *gocdb_kept(Kontor__V1__KeyValue *const *rows, size_t n_rows,
                       const char *element);

/* PRIMARY_KEY: the source's key, or the local part of the id. */
const char *gocdb_key_of(const Kontor__V1__Source *source, const char *id);
/* ID: the digits a key begins with, or the key. */
const char *gocdb_id_of(struct arena *arena, const char *key);

/* By id; NULL: it is not there. */
const Kontor__V1__Site *gocdb_site_of(const struct gocdb_world *world, const char *id);
const Kontor__V1__Endpoint *gocdb_endpoint_of(const struct gocdb_world *world,
                                              const char *id);
/* Short name of an endpoint's site, or the local part of its id. */
const char *gocdb_site_name(const struct gocdb_world *world, const char *id);

/* Documents of their own files. */
void gocdb_write_sites(struct gocdb_out *out);
void gocdb_write_site_list(struct gocdb_out *out);
void gocdb_write_services(struct gocdb_out *out);
void gocdb_write_groups(struct gocdb_out *out);
void gocdb_write_downtimes(struct gocdb_out *out);
void gocdb_write_nested_downtimes(struct gocdb_out *out);
void gocdb_write_types(struct gocdb_out *out);

#endif
