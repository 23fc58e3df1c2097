/* Providers and services of a set that are named rather than listed. */
#include "tools/import/records.h"

#include <string.h>

struct records_index *
records_index_new(struct arena *arena)
{
    return arena_alloc(arena, sizeof(struct records_index));
}

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
    Kontor__V1__Provider *known = id_map_get(&source->index->providers, id);
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
    id_map_put(source->arena, &source->index->providers, id, provider);
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
    return id_map_get(&source->index->services, id);
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
    id_map_put(source->arena, &source->index->services, service->id, service);
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
