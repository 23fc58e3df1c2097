#include "tests/fuzz/gocdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/export/gocdb.h"
#include "tools/import/gocdb.h"

static void
must(int is_true, const char *promise)
{
    if (!is_true) {
        fprintf(stderr, "broken promise: %s\n", promise);
        abort();
    }
}

static int
compare_ids(const void *a, const void *b)
{
    const Kontor__V1__Site *left = *(Kontor__V1__Site *const *)a;
    const Kontor__V1__Site *right = *(Kontor__V1__Site *const *)b;
    return strcmp(left->id, right->id);
}

/* By id, each once, as a broker would keep them. */
static size_t
sort(void *records, size_t n)
{
    Kontor__V1__Site **rows = records;
    size_t n_kept = 0;
    if (n > 0) {
        qsort(rows, n, sizeof(*rows), compare_ids);
    }
    for (size_t i = 0; i < n; i++) {
        if (n_kept == 0 || strcmp(rows[n_kept - 1]->id, rows[i]->id) != 0) {
            rows[n_kept++] = rows[i];
        }
    }
    return n_kept;
}

static struct gocdb_world
world_of(struct import_set *set)
{
    return (struct gocdb_world){
        .registry = "alpine",
        .sites = set->sites,
        .n_sites = sort(set->sites, set->n_sites),
        .changes = set->certification_changes,
        .n_changes = sort(set->certification_changes, set->n_certification_changes),
        .endpoints = set->endpoints,
        .n_endpoints = sort(set->endpoints, set->n_endpoints),
        .groups = set->groups,
        .n_groups = sort(set->groups, set->n_groups),
        .downtimes = set->downtimes,
        .n_downtimes = sort(set->downtimes, set->n_downtimes),
        .types = set->n_vocabularies == 0 ? NULL : set->vocabularies[0],
    };
}

/* What stands between the lines of the frame, as readers join pages. */
static const char *
inner(const char *document, struct arena *arena)
{
    const char *begin = strstr(document, "<results>\n");
    const char *end = strstr(document, "</results>\n");
    must(begin != NULL && end != NULL, "the frame stands in lines of its own");
    begin += strlen("<results>\n");
    return arena_copy_n(arena, begin, (size_t)(end - begin));
}

/* All documents in one. */
static const char *
write_all(const struct gocdb_world *world, struct arena *arena)
{
    static const char *const names[] = {"get_site",
                                        "get_service",
                                        "get_service_group",
                                        "get_downtime",
                                        "get_service_types",
                                        "get_cert_status_changes",
                                        "get_downtime_nested_services"};
    const char *all = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);
        if (stream == NULL) {
            abort();
        }
        gocdb_export(gocdb_document_find(names[i]), world,
                     (struct gocdb_page){false, 0}, stream, arena);
        fclose(stream);
        all = arena_print(arena, "%s%s", all, inner(text, arena));
        free(text);
    }
    return arena_print(arena, "<results>\n%s</results>\n", all);
}

static void
ignore(const struct target *target, void *context)
{
    (void)target;
    (void)context;
}

/* What was read is written, and what was written is read as the same. */
static void
go_round(struct import_set *set, struct arena *arena, struct faults *faults)
{
    struct gocdb_world world = world_of(set);
    const char *first = write_all(&world, arena);
    struct import_set again;
    const struct bytes bytes = {.data = (const uint8_t *)first, .size = strlen(first)};
    must(gocdb_read_bytes("again", bytes, "alpine", arena, &again, faults),
         "what was written can be read");
    struct gocdb_world back = world_of(&again);
    const char *second = write_all(&back, arena);
    size_t same = 0;
    while (first[same] != '\0' && first[same] == second[same]) {
        same++;
    }
    if (first[same] != second[same]) {
        fprintf(stderr, "%.300s\nis then\n%.300s\n", first + same, second + same);
    }
    must(strcmp(second, first) == 0,
         "what was read and written is written the same again");
    for (const struct gocdb_document *row = gocdb_documents; row->name != NULL; row++) {
        gocdb_losses(row, &world, arena, ignore, NULL);
    }
}

/* Whoever was taken out is so for good: a second time finds nobody. */
static void
redact_again(struct import_set *set, struct arena *arena)
{
    struct gocdb_world world = world_of(set);
    const char *once = write_all(&world, arena);
    gocdb_redact(set, arena);
    world = world_of(set);
    must(strcmp(write_all(&world, arena), once) == 0,
         "what was redacted stays as it is");
}

void
gocdb_fuzz(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct faults *faults = arena_alloc(arena, sizeof *faults);
    struct import_set set;
    faults->arena = arena;
    if (gocdb_read_bytes("fuzz", (struct bytes){data, size}, "alpine", arena, &set,
                         faults)) {
        go_round(&set, arena, faults);
        gocdb_redact(&set, arena);
        go_round(&set, arena, faults);
        redact_again(&set, arena);
    } else {
        must(faults->n_found > 0, "a refused file has a fault");
    }
    arena_free(arena);
}
