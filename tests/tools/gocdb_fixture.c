#include "tests/tools/gocdb_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/import/source.h"

static int
compare_ids(const void *a, const void *b)
{
    const Kontor__V1__Site *left = *(Kontor__V1__Site *const *)a;
    const Kontor__V1__Site *right = *(Kontor__V1__Site *const *)b;
    return strcmp(left->id, right->id);
}

static void
sort(void *rows, size_t n)
{
    if (n > 0) {
        qsort(rows, n, sizeof(void *), compare_ids);
    }
}

struct gocdb_world
gocdb_fixture_world(struct import_set *set)
{
    sort(set->operator_groups, set->n_operator_groups);
    sort(set->sites, set->n_sites);
    sort(set->certification_changes, set->n_certification_changes);
    sort(set->endpoints, set->n_endpoints);
    sort(set->groups, set->n_groups);
    sort(set->downtimes, set->n_downtimes);
    return (struct gocdb_world){
        .registry = "alpine",
        .operator_groups = set->operator_groups,
        .n_operator_groups = set->n_operator_groups,
        .sites = set->sites,
        .n_sites = set->n_sites,
        .changes = set->certification_changes,
        .n_changes = set->n_certification_changes,
        .endpoints = set->endpoints,
        .n_endpoints = set->n_endpoints,
        .groups = set->groups,
        .n_groups = set->n_groups,
        .downtimes = set->downtimes,
        .n_downtimes = set->n_downtimes,
        .types = set->n_vocabularies == 0 ? NULL : set->vocabularies[0],
    };
}

struct gocdb_world
gocdb_fixture_of(struct import_fixture *fixture, const char *json)
{
    fixture->format = "kontor-1";
    if (!import_fixture_text(fixture, json)) {
        fail_msg("%s: %s", fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
    return gocdb_fixture_world(&fixture->set);
}

static const char *
write_document(struct import_fixture *fixture, const char *document,
               const struct gocdb_world *world, struct gocdb_page page)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    assert_non_null(gocdb_document_find(document));
    gocdb_export(gocdb_document_find(document), world, page, stream, fixture->arena);
    assert_int_equal(fclose(stream), 0);
    const char *copy = arena_copy(fixture->arena, text);
    free(text);
    return copy;
}

const char *
gocdb_fixture_write(struct import_fixture *fixture, const char *document,
                    const struct gocdb_world *world)
{
    return write_document(fixture, document, world, (struct gocdb_page){false, 0});
}

const char *
gocdb_fixture_page(struct import_fixture *fixture, const char *document,
                   const struct gocdb_world *world, size_t from)
{
    return write_document(fixture, document, world, (struct gocdb_page){true, from});
}

/* A result, and the arena it is kept in. */
struct losing {
    struct arena *arena;
    struct export_result result;
};

static void
take_losses(const struct target *target, void *context)
{
    struct losing *losing = context;
    struct export_result *result = &losing->result;
    for (size_t i = 0; i < target->n_losses; i++) {
        result->losses = source_grow(losing->arena, result->losses, result->n_losses,
                                     sizeof *result->losses);
        result->losses[result->n_losses++] = (struct export_loss){
            .id = arena_copy(losing->arena, target->id),
            .path = arena_copy(losing->arena, target->losses[i].path),
            .text = arena_copy(losing->arena, target->losses[i].text),
        };
    }
}

struct export_result
gocdb_fixture_lost(struct import_fixture *fixture, const char *document,
                   const struct gocdb_world *world)
{
    struct losing losing = {.arena = fixture->arena};
    gocdb_losses(gocdb_document_find(document), world, fixture->arena, take_losses,
                 &losing);
    return losing.result;
}

const char *
gocdb_fixture_loss(const struct export_result *result, const char *id, const char *path)
{
    for (size_t i = 0; i < result->n_losses; i++) {
        if (strcmp(result->losses[i].id, id) == 0 &&
            strcmp(result->losses[i].path, path) == 0) {
            return result->losses[i].text;
        }
    }
    return "";
}

struct gocdb_world
gocdb_fixture_back(struct import_fixture *fixture, const struct gocdb_world *world)
{
    static const char *const documents[] = {"get_ngi",
                                            "get_site",
                                            "get_service",
                                            "get_service_group",
                                            "get_downtime",
                                            "get_service_types",
                                            "get_cert_status_changes"};
    const char *paths[sizeof documents / sizeof documents[0]];
    size_t n = sizeof documents / sizeof documents[0];
    for (size_t i = 0; i < n; i++) {
        paths[i] = real_data_write(gocdb_fixture_write(fixture, documents[i], world),
                                   fixture->arena);
    }
    fixture->format = "gocdb";
    bool is_read = import_fixture_read(fixture, paths, n);
    for (size_t i = 0; i < n; i++) {
        remove(paths[i]);
    }
    if (!is_read) {
        fail_msg("%s: %s", fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
    return gocdb_fixture_world(&fixture->set);
}

size_t
gocdb_fixture_count(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        n++;
    }
    return n;
}
