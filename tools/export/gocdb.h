/*
 * GOCDB's answers, as the monitoring systems that read them want them: the documents of
 * get_site_list, get_site, get_service, get_service_group, get_downtime,
 * get_downtime_nested_services and get_service_types.
 *
 * What their readers rely on: the XML declaration, <results> and </results> stand in
 * lines of their own; ENDPOINTS, EXTENSIONS, SCOPES and URL are there when they are
 * empty; each child of get_downtime's results has CLASSIFICATION; a SITE of
 * get_site_list is one line with its attributes in one order; FORMATED_ is misspelt.
 *
 * Memory: an arena. Errors: false where there is no such document; a stream that cannot
 * be written shows in ferror. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_EXPORT_GOCDB_H
#define KONTOR_TOOLS_EXPORT_GOCDB_H

#include <stdbool.h>
#include <stdio.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "kontor/v1/configuration.pb-c.h"
#include "proto/arena.h"

/* Everything there is to write; lists by id. */
struct gocdb_world {
    Kontor__V1__Site **sites;
    size_t n_sites;
    Kontor__V1__Endpoint **endpoints;
    size_t n_endpoints;
    Kontor__V1__Group **groups;
    size_t n_groups;
    Kontor__V1__Downtime **downtimes;
    size_t n_downtimes;
    const Kontor__V1__Vocabulary *types; /* NULL: those of the endpoints. */
};

/* The documents, NULL ends. */
extern const char *const gocdb_documents[];

/* Writes one; false: its name is not among them. */
bool gocdb_export(const char *document, const struct gocdb_world *world, FILE *out,
                  struct arena *arena);

#endif
