#include "tools/export/orderable.h"

#include <string.h>

#include "tools/import/eosc.h"

/* A provider is its key in the services that name it. */
static const struct json_field provider_fields[] = {
    {.key = "id", .owns = "source", .write = eosc_write_id},
    {.owns = "name"},
    {.key = NULL},
};

static void
lose_provider(struct exporting *exporting, const Kontor__V1__Provider *provider)
{
    struct target *target = &exporting->target;
    const char *key = target_key(target, provider->id);
    json_write_fields(target, provider_fields, provider);
    json_write_losses(target, provider_fields, &provider->base);
    if (key == NULL || strcmp(key, provider->name) != 0) {
        target_lose_for(target, "name", "is not kept: services name it by its key");
    }
}

static bool
can_be_ordered(const Kontor__V1__Service *service)
{
    for (size_t i = 0; i < service->n_offers; i++) {
        if (service->offers[i]->is_internal) {
            return true;
        }
    }
    return false;
}

/* That it has to be ordered is what such a format says by having it. */
static void
export_service(struct exporting *exporting, const Kontor__V1__Service *service,
               const struct orderable_form *form)
{
    struct target *target = &exporting->target;
    if (!can_be_ordered(service)) {
        target_lose_for(target, "offers",
                        "hold nothing that is ordered here: the "
                        "service is left out");
        return;
    }
    Kontor__V1__Service said = *service;
    if (said.order_type == KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED) {
        said.order_type = KONTOR__V1__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED;
    }
    if (form->says_phase) {
        said.phase = KONTOR__V1__PHASE__PHASE_UNSPECIFIED;
    }
    struct json_value object = json_write_fields(target, form->fields, service);
    json_write_losses(target, form->fields, &said.base);
    exporting_tell_foreign(exporting);
    exporting_element(exporting, json_tree_print(&object, target->arena));
}

void
orderable_export(struct exporting *exporting, enum exporting_list list,
                 const ProtobufCMessage *record, const struct orderable_form *form)
{
    switch (list) {
    case EXPORTING_BUNDLES:
        target_lose(&exporting->target, "bundle");
        return;
    case EXPORTING_VOCABULARIES:
        target_lose(&exporting->target, "vocabulary");
        return;
    case EXPORTING_PROVIDERS:
        lose_provider(exporting, (const Kontor__V1__Provider *)record);
        return;
    case EXPORTING_SERVICES:
        export_service(exporting, (const Kontor__V1__Service *)record, form);
        return;
    case EXPORTING_COUNT:
        return;
    }
}
