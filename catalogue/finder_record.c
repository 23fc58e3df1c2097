#include "catalogue/finder_record.h"

#include "catalogue/offer_form.h"
#include "catalogue/term.h"
#include "proto/rules.h"

/* So many terms are named in one finding; the rest is counted. */
enum { MAX_NAMED = 5 };

/* ---- References ---- */

/* "" is no reference. */
static void
find_reference(const struct finder *finder, const char *path, const char *kind,
               const char *id)
{
    if (id[0] == '\0') {
        return;
    }
    if (!rules_is_id(id)) {
        finder_tell(finder, path, "\"%s\" is not an id <registry>/<local>", id);
    } else if (!finder->is_known(finder->context, kind, id)) {
        finder_tell(finder, path, "no %s %s is known here", kind, id);
    }
}

static void
find_references(const struct finder *finder, const char *field, const char *kind,
                char **ids, size_t n_ids)
{
    for (size_t i = 0; i < n_ids; i++) {
        find_reference(finder, arena_print(finder->arena, "%s[%zu]", field, i), kind,
                       ids[i]);
    }
}

/* The chain component, implementation, version ends at endpoints. */
static void
find_endpoints(const struct finder *finder, const Kontor__V1__Component *component)
{
    for (size_t i = 0; i < component->n_implementations; i++) {
        const Kontor__V1__Implementation *made = component->implementations[i];
        for (size_t j = 0; j < made->n_versions; j++) {
            const char *path =
                arena_print(finder->arena,
                            "components[%s].implementations[%s].versions[%s].endpoints",
                            component->id, made->id, made->versions[j]->version);
            find_references(finder, path, "endpoint", made->versions[j]->endpoints,
                            made->versions[j]->n_endpoints);
        }
    }
}

/* ---- Records ---- */

static void
find_order_types(const struct finder *finder, const Kontor__V1__Service *service)
{
    for (size_t i = 0; i < service->n_offers; i++) {
        if (offer_order_type(service, service->offers[i]) ==
            KONTOR__V1__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED) {
            finder_tell(finder,
                        arena_print(finder->arena, "offers[%s].order_type",
                                    service->offers[i]->iid),
                        "neither the offer nor its service says how it is ordered");
        }
    }
    if (service->order_type == KONTOR__V1__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED) {
        finder_tell(finder, "order_type", "the source does not say how one gets it");
    }
}

void
finder_service(const struct finder *finder, const Kontor__V1__Service *service)
{
    find_references(finder, "resource_providers", "provider",
                    service->resource_providers, service->n_resource_providers);
    find_references(finder, "required_services", "service", service->required_services,
                    service->n_required_services);
    find_references(finder, "related_services", "service", service->related_services,
                    service->n_related_services);
    find_order_types(finder, service);
    for (size_t i = 0; i < service->n_components; i++) {
        find_endpoints(finder, service->components[i]);
    }
    term_find(finder, &service->base);
}

void
finder_provider(const struct finder *finder, const Kontor__V1__Provider *provider)
{
    term_find(finder, &provider->base);
}

void
finder_vocabulary(const struct finder *finder, const Kontor__V1__Vocabulary *vocabulary)
{
    const struct term_list *own = term_list_new(finder->arena, vocabulary);
    const struct term_list *above =
        vocabulary->parents[0] == '\0'
            ? own
            : finder->terms(finder->context, vocabulary->parents);
    const char *named = "";
    size_t n = 0;
    for (size_t i = 0; i < vocabulary->n_terms; i++) {
        const Kontor__V1__Term *term = vocabulary->terms[i];
        if (term->parent[0] == '\0' || term_is_known(own, term->parent) ||
            term_is_known(above, term->parent)) {
            continue;
        }
        if (n++ < MAX_NAMED) {
            named = arena_print(finder->arena, "%s%s%s under %s", named,
                                named[0] == '\0' ? "" : ", ", term->id, term->parent);
        }
    }
    if (n > 0) {
        finder_tell(finder, "terms",
                    "%zu of %zu terms stand under a term that is not there: %s%s", n,
                    vocabulary->n_terms, named, n > MAX_NAMED ? ", ..." : "");
    }
}

static void
find_offer(const struct finder *finder, const char *path, const char *offer)
{
    if (!finder->is_known(finder->context, "offer", offer)) {
        finder_tell(finder, path, "no offer %s is known here", offer);
    }
}

void
finder_bundle(const struct finder *finder, const Kontor__V1__Bundle *bundle)
{
    find_offer(finder, "main_offer", bundle->main_offer);
    for (size_t i = 0; i < bundle->n_offers; i++) {
        find_offer(finder, arena_print(finder->arena, "offers[%zu].offer", i),
                   bundle->offers[i]->offer);
    }
    term_find(finder, &bundle->base);
}
