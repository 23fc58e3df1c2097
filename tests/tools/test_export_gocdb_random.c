/*
 * Worlds drawn at random: whatever is in them, what is written is read, and written
 * again as the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proto/text.h"
#include "tests/tools/gocdb_fixture.h"
#include "tools/import/source.h"

enum { N_WORLDS = 300, MOST = 6, DAY = 86400 };

static uint64_t state;

/* xorshift64*. */
static uint32_t
draw(uint32_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 33) % below;
}

static bool
chance(uint32_t one_in)
{
    return draw(one_in) == 0;
}

/* A world being drawn. */
struct drawing {
    struct arena *arena;
    struct import_set set;
    size_t n_names;
};

/* A text of some letters that mean something to XML, or to ids, and one that is its
 * own.
 */
static char *
draw_name(struct drawing *drawing)
{
    static const char *const parts[] = {"a", "<", "&amp;", "]]>", " ",  "\xc3\xa9",
                                        "~", ".", "\"",    "'",   "-_", "\n"};
    const char *name = "n";
    for (uint32_t n = draw(4); n > 0; n--) {
        name = arena_print(drawing->arena, "%s%s", name,
                           parts[draw(sizeof parts / sizeof parts[0])]);
    }
    return arena_print(drawing->arena, "%s%zu", name, drawing->n_names++);
}

static const char *
draw_registry(void)
{
    return chance(4) ? "coast" : "alpine";
}

/* An id, with a key of GOCDB behind it or made here. */
static char *
draw_id(struct drawing *drawing, const char *registry, Kontor__V1__Source **source)
{
    const char *key = draw_name(drawing);
    if (chance(2)) {
        *source = arena_alloc(drawing->arena, sizeof(**source));
        kontor__v1__source__init(*source);
        (*source)->format = (char *)(uintptr_t)(chance(4) ? "other" : "gocdb");
        (*source)->key = (char *)(uintptr_t)key;
    }
    return arena_print(drawing->arena, "%s/%s", registry,
                       text_escaped_id(key, drawing->arena));
}

static Google__Protobuf__Timestamp *
draw_time(struct drawing *drawing, int64_t from, uint32_t days)
{
    Google__Protobuf__Timestamp *time = arena_alloc(drawing->arena, sizeof *time);
    google__protobuf__timestamp__init(time);
    time->seconds = from + (int64_t)draw(days * DAY) + 1;
    return time;
}

#define ADD(drawing, list, row)                                                        \
    ((drawing)->set.list = source_grow((drawing)->arena, (drawing)->set.list,          \
                                       (drawing)->set.n_##list, sizeof(row)),          \
     (drawing)->set.list[(drawing)->set.n_##list++] = (row))

static void
draw_site(struct drawing *drawing)
{
    Kontor__V1__Site *site = arena_alloc(drawing->arena, sizeof *site);
    const char *registry = draw_registry();
    kontor__v1__site__init(site);
    site->id = draw_id(drawing, registry, &site->source);
    site->short_name = draw_name(drawing);
    if (!chance(4)) {
        site->id = arena_print(drawing->arena, "%s/%s", registry,
                               text_escaped_id(site->short_name, drawing->arena));
    }
    site->description = chance(2) ? draw_name(drawing) : site->description;
    site->certification = (Kontor__V1__Certification)(1 + draw(5));
    if (chance(2)) {
        site->_latitude_case = KONTOR__V1__SITE___LATITUDE_LATITUDE;
        site->latitude = (double)draw(1800000) / 9999.0 - 90;
    }
    ADD(drawing, sites, site);
}

static void
draw_endpoint(struct drawing *drawing)
{
    static const char *const hosts[] = {"h1", "h2", "h3"};
    static const char *const types[] = {"disk", "tape & more"};
    Kontor__V1__Endpoint *endpoint = arena_alloc(drawing->arena, sizeof *endpoint);
    const Kontor__V1__Site *site =
        drawing->set.sites[draw((uint32_t)drawing->set.n_sites)];
    kontor__v1__endpoint__init(endpoint);
    endpoint->id =
        draw_id(drawing, arena_copy_n(drawing->arena, site->id, strcspn(site->id, "/")),
                &endpoint->source);
    endpoint->site = site->id;
    endpoint->host = (char *)(uintptr_t)hosts[draw(3)];
    endpoint->type = (char *)(uintptr_t)types[draw(2)];
    endpoint->is_monitored = chance(2);
    ADD(drawing, endpoints, endpoint);
}

static void
draw_group(struct drawing *drawing)
{
    Kontor__V1__Group *group = arena_alloc(drawing->arena, sizeof *group);
    const struct import_set *set = &drawing->set;
    kontor__v1__group__init(group);
    group->id = draw_id(drawing, draw_registry(), &group->source);
    group->name = draw_name(drawing);
    for (uint32_t n = draw(3); n > 0; n--) {
        const Kontor__V1__Endpoint *member =
            set->endpoints[draw((uint32_t)set->n_endpoints)];
        source_append(drawing->arena, &group->endpoints, &group->n_endpoints,
                      chance(5) ? "alpine/gone" : member->id);
    }
    if (chance(2)) {
        source_append(drawing->arena, &group->sites, &group->n_sites,
                      set->sites[draw((uint32_t)set->n_sites)]->id);
    }
    if (set->n_groups > 0 && chance(2)) {
        source_append(drawing->arena, &group->groups, &group->n_groups,
                      set->groups[draw((uint32_t)set->n_groups)]->id);
    }
    ADD(drawing, groups, group);
}

/* A whole site, a service that is there, by its whole name or less, or one that is not.
 */
static Kontor__V1__Affected *
draw_affected(struct drawing *drawing, const Kontor__V1__Downtime *downtime)
{
    const struct import_set *set = &drawing->set;
    Kontor__V1__Affected *affected = arena_alloc(drawing->arena, sizeof *affected);
    const Kontor__V1__Endpoint *endpoint =
        set->endpoints[draw((uint32_t)set->n_endpoints)];
    kontor__v1__affected__init(affected);
    for (size_t i = 0; i < set->n_sites; i++) {
        affected->site = strcmp(set->sites[i]->id, endpoint->site) == 0
                             ? set->sites[i]->short_name
                             : affected->site;
    }
    affected->type = chance(3) ? affected->type : endpoint->type;
    if (!chance(3)) {
        affected->host = endpoint->host;
        affected->endpoint = endpoint->id;
        affected->site = chance(4) ? (char *)(uintptr_t) "" : affected->site;
    }
    if (chance(5)) {
        affected->host = draw_name(drawing);
        affected->endpoint = (char *)(uintptr_t) "";
    }
    if (chance(3)) {
        int64_t length = downtime->end_at->seconds - downtime->start_at->seconds;
        affected->end_at = draw_time(drawing, downtime->start_at->seconds, 1);
        affected->end_at->seconds =
            downtime->start_at->seconds + 1 + (int64_t)draw((uint32_t)length);
    }
    return affected;
}

static void
draw_downtime(struct drawing *drawing)
{
    Kontor__V1__Downtime *downtime = arena_alloc(drawing->arena, sizeof *downtime);
    const struct import_set *set = &drawing->set;
    kontor__v1__downtime__init(downtime);
    downtime->id = draw_id(drawing, draw_registry(), &downtime->source);
    downtime->description = draw_name(drawing);
    downtime->severity = (Kontor__V1__Severity)(1 + draw(2));
    downtime->declared_at = draw_time(drawing, 0, 9999);
    downtime->start_at = draw_time(drawing, downtime->declared_at->seconds, 2);
    downtime->end_at = draw_time(drawing, downtime->start_at->seconds, 9);
    downtime->is_cancelled = chance(9);
    downtime->classification =
        downtime->start_at->seconds - downtime->declared_at->seconds > DAY
            ? KONTOR__V1__CLASSIFICATION__SCHEDULED
            : KONTOR__V1__CLASSIFICATION__UNSCHEDULED;
    downtime->affected = arena_alloc(drawing->arena, MOST * sizeof(void *));
    for (uint32_t n = draw(MOST); n > 0; n--) {
        downtime->affected[downtime->n_affected++] = draw_affected(drawing, downtime);
    }
    if (set->n_groups > 0 && chance(2)) {
        source_append(drawing->arena, &downtime->groups, &downtime->n_groups,
                      set->groups[draw((uint32_t)set->n_groups)]->id);
    }
    ADD(drawing, downtimes, downtime);
}

static void
draw_change(struct drawing *drawing)
{
    Kontor__V1__CertificationChange *change =
        arena_alloc(drawing->arena, sizeof *change);
    kontor__v1__certification_change__init(change);
    change->id = arena_print(drawing->arena, "%s/certification-%zu", draw_registry(),
                             drawing->n_names++);
    change->site = drawing->set.sites[draw((uint32_t)drawing->set.n_sites)]->id;
    change->from = (Kontor__V1__Certification)draw(6);
    change->to = (Kontor__V1__Certification)(1 + draw(5));
    change->changed_at = draw_time(drawing, 0, 9);
    change->reason = draw_name(drawing);
    ADD(drawing, certification_changes, change);
}

static struct gocdb_world
draw_world(struct drawing *drawing)
{
    static void (*const draws[])(struct drawing * drawing) = {
        draw_site, draw_endpoint, draw_group, draw_downtime, draw_change};
    for (size_t i = 0; i < sizeof draws / sizeof draws[0]; i++) {
        for (uint32_t n = 1 + draw(MOST); n > 0; n--) {
            draws[i](drawing);
        }
    }
    return gocdb_fixture_world(&drawing->set);
}

/* The other registry's records are where they were. */
static struct gocdb_world
with_others(struct import_fixture *fixture, const struct gocdb_world *world)
{
    struct drawing drawing = {.arena = fixture->arena, .set = fixture->set};
    for (size_t i = 0; i < world->n_sites; i++) {
        if (strncmp(world->sites[i]->id, "coast/", 6) == 0) {
            ADD(&drawing, sites, world->sites[i]);
        }
    }
    for (size_t i = 0; i < world->n_endpoints; i++) {
        if (strncmp(world->endpoints[i]->id, "coast/", 6) == 0) {
            ADD(&drawing, endpoints, world->endpoints[i]);
        }
    }
    return gocdb_fixture_world(&drawing.set);
}

static void
test_what_is_written_is_read_and_written_the_same(void **unused)
{
    struct import_fixture *fixture = *unused;
    const char *given = getenv("KONTOR_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    size_t n_rows = 0;
    print_message("KONTOR_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < N_WORLDS; i++) {
        struct drawing drawing = {.arena = fixture->arena};
        state = (seed + i) * 2 + 1;
        struct gocdb_world world = draw_world(&drawing);
        struct gocdb_world back = gocdb_fixture_back(fixture, &world);
        back = with_others(fixture, &world);
        for (const struct gocdb_document *row = gocdb_documents; row->name != NULL;
             row++) {
            const char *first = gocdb_fixture_write(fixture, row->name, &world);
            const char *second = gocdb_fixture_write(fixture, row->name, &back);
            n_rows += gocdb_fixture_count(first, "<DOWNTIME ");
            if (strcmp(first, second) != 0) {
                size_t at = 0;
                while (first[at] == second[at]) {
                    at++;
                }
                fail_msg("world %llu, %s: %.200s\nis then %.200s",
                         (unsigned long long)i, row->name, first + at, second + at);
            }
        }
    }
    assert_true(n_rows > N_WORLDS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_what_is_written_is_read_and_written_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
