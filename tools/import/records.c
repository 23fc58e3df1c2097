/* Providers and services of a set that are named rather than listed. */
#include "tools/import/records.h"

#include <stdint.h>
#include <string.h>

/* ---- The index ---- */

/* Source: FNV-1a, 64 bits. */
static size_t
hash_of(const char *id)
{
    uint64_t hash = 14695981039346656037U;
    for (; *id != '\0'; id++) {
        hash = (hash ^ (unsigned char)*id) * 1099511628211U;
    }
    return (size_t)hash;
}

/* The slot of an id, or the free one where it belongs. */
static struct records_slot *
slot_of(const struct records_map *map, const char *id)
{
    size_t at = hash_of(id) & (map->n_slots - 1);
    while (map->slots[at].id != NULL && strcmp(map->slots[at].id, id) != 0) {
        at = (at + 1) & (map->n_slots - 1);
    }
    return &map->slots[at];
}

static void *
map_get(const struct records_map *map, const char *id)
{
    return map->n_slots == 0 ? NULL : slot_of(map, id)->record;
}

static void
map_grow(struct arena *arena, struct records_map *map)
{
    struct records_map more = {.n_slots = map->n_slots == 0 ? 64 : 2 * map->n_slots,
                               .n = map->n};
    more.slots = arena_alloc(arena, more.n_slots * sizeof *more.slots);
    for (size_t i = 0; i < map->n_slots; i++) {
        if (map->slots[i].id != NULL) {
            *slot_of(&more, map->slots[i].id) = map->slots[i];
        }
    }
    *map = more;
}

/* At most half of the slots are taken. */
static void
map_put(struct arena *arena, struct records_map *map, const char *id, void *record)
{
    if (2 * map->n >= map->n_slots) {
        map_grow(arena, map);
    }
    *slot_of(map, id) = (struct records_slot){.id = id, .record = record};
    map->n++;
}

struct records_index *
records_index_new(struct arena *arena)
{
    return arena_alloc(arena, sizeof(struct records_index));
}

/* ---- Records ---- */

Kontor__V1__Provider *
records_provider(const struct source *source, const char *name)
{
    return records_provider_keyed(source, name, name);
}

Kontor__V1__Provider *
records_provider_keyed(const struct source *source, const char *key, const char *name)
{
    struct import_set *out = source->out;
    char *id = source_id(source, key);
    Kontor__V1__Provider *known = map_get(&source->index->providers, id);
    if (known != NULL) {
        return known;
    }
    Kontor__V1__Provider *provider = arena_alloc(source->arena, sizeof *provider);
    kontor__v1__provider__init(provider);
    provider->id = id;
    provider->name = arena_copy(source->arena, name);
    provider->source = source_of(source, key);
    out->providers = source_grow(source->arena, out->providers, out->n_providers,
                                 sizeof *out->providers);
    out->providers[out->n_providers++] = provider;
    map_put(source->arena, &source->index->providers, id, provider);
    return provider;
}

Kontor__V1__Provider *
records_provider_of_file(const struct source *source)
{
    return records_provider(source, records_file_name(source));
}

Kontor__V1__Service *
records_service(const struct source *source, const char *id)
{
    return map_get(&source->index->services, id);
}

/* Two of one key would become one record, and the last would win without a word. */
Kontor__V1__Service *
records_add_service(const struct source *source, const char *key, const char *place)
{
    struct import_set *out = source->out;
    const char *id = source_id(source, key);
    const Kontor__V1__Service *other = records_service(source, id);
    if (other != NULL) {
        source_fault(source, place, "its id \"%s\" is also that of \"%s\"", key,
                     other->name);
        return NULL;
    }
    Kontor__V1__Service *service = arena_alloc(source->arena, sizeof *service);
    kontor__v1__service__init(service);
    service->id = arena_copy(source->arena, id);
    service->source = source_of(source, key);
    out->services = source_grow(source->arena, out->services, out->n_services,
                                sizeof *out->services);
    out->services[out->n_services++] = service;
    map_put(source->arena, &source->index->services, service->id, service);
    return service;
}

char *
records_file_name(const struct source *source)
{
    const char *slash = strrchr(source->path, '/');
    const char *name = slash == NULL ? source->path : slash + 1;
    const char *dot = strrchr(name, '.');
    size_t size = dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name);
    return arena_copy_n(source->arena, name, size);
}
