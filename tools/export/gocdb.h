/*
 * GOCDB's answers, as the monitoring systems that read them want them: the documents of
 * get_site_list, get_site, get_service, get_service_group, get_downtime,
 * get_downtime_nested_services, get_service_types and get_cert_status_changes.
 *
 * What their readers rely on: the XML declaration, <results> and </results> stand in
 * lines of their own; ENDPOINTS, EXTENSIONS, SCOPES and URL are there when they are
 * empty; each child of get_downtime's results has CLASSIFICATION; a SITE of
 * get_site_list is one line with its attributes in one order; FORMATED_ is misspelt.
 *
 * Memory: an arena. Errors: a stream that cannot be written shows in ferror. Threads:
 * one at a time.
 */
#ifndef KONTOR_TOOLS_EXPORT_GOCDB_H
#define KONTOR_TOOLS_EXPORT_GOCDB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "kontor/v1/configuration.pb-c.h"
#include "proto/arena.h"
#include "tools/import/target.h"

struct gocdb_query;

/* Everything there is to write; lists by id. */
struct gocdb_world {
    /* Whose records are written: GOCDB knows one database. Those of others are there to
     * be looked up, as members of groups. */
    const char *registry;
    Kontor__V1__OperatorGroup **operator_groups;
    size_t n_operator_groups;
    Kontor__V1__Site **sites;
    size_t n_sites;
    Kontor__V1__CertificationChange **changes;
    size_t n_changes;
    Kontor__V1__Endpoint **endpoints;
    size_t n_endpoints;
    Kontor__V1__Group **groups;
    size_t n_groups;
    Kontor__V1__Downtime **downtimes;
    size_t n_downtimes;
    const Kontor__V1__Vocabulary *types; /* NULL: those of the endpoints. */
    const struct gocdb_query *query;     /* What is asked for; NULL: all. */
};

struct gocdb_out;
struct gocdb_row;
struct gocdb_rows;

/* A document, and how its rows are found and written. */
struct gocdb_document {
    const char *name; /* NULL ends the table. */
    const char *list; /* The list of kontor-1 with the same records. */
    void (*find)(struct gocdb_out *out, struct gocdb_rows *rows);
    void (*write)(struct gocdb_out *out, const struct gocdb_row *row);
    bool is_paged; /* Whether GOCDB cuts it in pages. */
    bool is_whole; /* It says of a record all that GOCDB can say. */
};

extern const struct gocdb_document gocdb_documents[];
/* The document of a name, or NULL. */
const struct gocdb_document *gocdb_document_find(const char *name);

/* Rows of a page. Source: GOCDB. */
enum { GOCDB_PAGE = 100 };

/* Which of the rows: a whole document, or a page with its links. */
struct gocdb_page {
    bool is_page;
    size_t from; /* Rows before it. */
};

void gocdb_export(const struct gocdb_document *document,
                  const struct gocdb_world *world, struct gocdb_page page, FILE *out,
                  struct arena *arena);

/* What of the registry's records the document cannot say: tell is called for each that
 * loses something, or is left out. */
void gocdb_losses(const struct gocdb_document *document,
                  const struct gocdb_world *world, struct arena *arena,
                  void (*tell)(const struct target *target, void *context),
                  void *context);

#endif
