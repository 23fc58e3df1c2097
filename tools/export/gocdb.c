#include "tools/export/gocdb.h"

#include <stdlib.h>
#include <string.h>

#include "tools/export/gocdb_out.h"
#include "tools/export/gocdb_query.h"

const struct gocdb_document gocdb_documents[] = {
    {"get_ngi", "operator_groups", gocdb_find_ngis, gocdb_write_ngi, false, true},
    {"get_site_list", "sites", gocdb_find_sites, gocdb_write_site_line, false, false},
    {"get_site", "sites", gocdb_find_sites, gocdb_write_site, true, true},
    {"get_service", "endpoints", gocdb_find_services, gocdb_write_service, true, true},
    {"get_service_group", "groups", gocdb_find_groups, gocdb_write_group, true, true},
    {"get_downtime", "downtimes", gocdb_find_downtimes, gocdb_write_downtime, true,
     true},
    {"get_downtime_nested_services", "downtimes", gocdb_find_downtimes,
     gocdb_write_nested_downtime, true, true},
    {"get_service_types", "vocabularies", gocdb_find_types, gocdb_write_type, false,
     true},
    {"get_cert_status_changes", "certification_changes", gocdb_find_changes,
     gocdb_write_change, false, true},
    {NULL, NULL, NULL, NULL, false, false},
};

const struct gocdb_document *
gocdb_document_find(const char *name)
{
    const struct gocdb_document *row = gocdb_documents;
    while (row->name != NULL && strcmp(row->name, name) != 0) {
        row++;
    }
    return row->name == NULL ? NULL : row;
}

/* ---- Rows ---- */

/* Rows of one key stay as they were found. */
static int
compare_rows(const void *a, const void *b)
{
    const struct gocdb_row *left = a;
    const struct gocdb_row *right = b;
    int order = strcmp(left->key, right->key);
    return order != 0 ? order : (left->at > right->at) - (left->at < right->at);
}

static struct gocdb_rows
find_rows(const struct gocdb_document *document, struct gocdb_out *out)
{
    struct gocdb_rows rows = {.n = 0};
    document->find(out, &rows);
    if (rows.n > 0) {
        qsort(rows.rows, rows.n, sizeof(*rows.rows), compare_rows);
    }
    return rows;
}

/* The rows of a page, which may be none. */
static struct gocdb_rows
cut(struct gocdb_rows rows, struct gocdb_page page)
{
    if (!page.is_page) {
        return rows;
    }
    size_t from = page.from < rows.n ? page.from : rows.n;
    size_t n = rows.n - from;
    return (struct gocdb_rows){.rows = n == 0 ? NULL : rows.rows + from,
                               .n = n < GOCDB_PAGE ? n : GOCDB_PAGE};
}

/* ---- Pages ---- */

static void
write_link(struct gocdb_out *out, const char *rel, const char *name, const char *cursor)
{
    gocdb_begin(out, "link");
    gocdb_attribute(out, "rel", rel);
    gocdb_attribute(out, "href",
                    arena_print(out->arena, "?method=%s%s&%s", name,
                                gocdb_query_text(out->world->query, out->arena),
                                cursor));
    gocdb_end(out);
}

/*
 * Readers follow "next" until a page of count 0, which has none; some look for its
 * absence, some for the count. Source: GOCDB, where a short last page has one, too.
 */
static void
write_meta(struct gocdb_out *out, const char *name, struct gocdb_page page, size_t n)
{
    const char *next = arena_print(out->arena, "next_cursor=%zu", page.from + n);
    const char *prev = arena_print(out->arena, "prev_cursor=%zu", page.from);
    gocdb_begin(out, "meta");
    write_link(out, "self", name,
               arena_print(out->arena, "next_cursor=%zu", page.from));
    if (page.from > 0) {
        write_link(out, "prev", name, prev);
    }
    if (n > 0) {
        write_link(out, "next", name, next);
    }
    write_link(out, "start", name, "next_cursor=0");
    gocdb_text(out, "count", arena_print(out->arena, "%zu", n));
    gocdb_text(out, "max_page_size", arena_print(out->arena, "%d", GOCDB_PAGE));
    gocdb_end(out);
}

/* ---- Documents ---- */

static void
write_document(struct gocdb_out *out, const struct gocdb_document *document,
               struct gocdb_page page)
{
    struct gocdb_rows rows = cut(find_rows(document, out), page);
    xmlTextWriterSetIndent(out->writer, 1);
    xmlTextWriterSetIndentString(out->writer, (const xmlChar *)"  ");
    xmlTextWriterStartDocument(out->writer, "1.0", "UTF-8", NULL);
    gocdb_begin(out, "results");
    if (page.is_page) {
        write_meta(out, document->name, page, rows.n);
    }
    for (size_t i = 0; i < rows.n; i++) {
        document->write(out, &rows.rows[i]);
    }
    /* Two lines of their own, where nothing is in between, too. */
    if (out->n_elements == 1) {
        xmlTextWriterWriteRaw(out->writer, (const xmlChar *)"\n");
    }
    xmlTextWriterFullEndElement(out->writer);
    xmlTextWriterEndDocument(out->writer);
}

void
gocdb_export(const struct gocdb_document *document, const struct gocdb_world *world,
             struct gocdb_page page, FILE *stream, struct arena *arena)
{
    struct gocdb_out out = {.arena = arena, .world = world};
    out.writer = xmlNewTextWriter(xmlOutputBufferCreateFile(stream, NULL));
    if (out.writer == NULL) {
        abort();
    }
    write_document(&out, document, page);
    xmlFreeTextWriter(out.writer);
}
