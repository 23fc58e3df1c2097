/* Services as TMF633's specifications: the counterpart of tmf633.c. */
#include "tools/import/tmf633.h"

#include <string.h>

#include "tools/import/json_build.h"

static const void *
pointer_of(const void *message, size_t at)
{
    const void *pointer;
    memcpy(&pointer, (const char *)message + at, sizeof pointer);
    return pointer;
}

bool
tmf633_write_type(struct target *target, const struct json_field *field,
                  const void *message, struct json_value *out)
{
    (void)target;
    (void)field;
    (void)message;
    *out = (struct json_value){.type = JSON_TYPE_TEXT,
                               .text = "CustomerFacingServiceSpecification"};
    return true;
}

/*
 * Where the service stands decides, in the source's own word where that says the same:
 * others act upon it.
 */
bool
tmf633_write_phase(struct target *target, const struct json_field *field,
                   const void *message, struct json_value *out)
{
    (void)field;
    const Kontor__V1__Service *service = message;
    const char *word = service->life_cycle_status;
    bool is_unsaid = service->phase == KONTOR__V1__PHASE__PHASE_UNSPECIFIED;
    if (!is_unsaid && tmf633_phase(word) != service->phase) {
        word = tmf633_word(service->phase);
        target_lose_for(target, "life_cycle_status",
                        "is not kept: the phase makes it \"%s\"", word);
    }
    if (!is_unsaid && tmf633_phase(word) != service->phase) {
        target_lose_for(target, "phase", "is not kept: there it is \"%s\"", word);
    }
    *out = (struct json_value){.type = JSON_TYPE_TEXT, .text = word};
    return word[0] != '\0';
}

/* A time is what belongs there. */
bool
tmf633_write_date(struct target *target, const struct json_field *field,
                  const void *message, struct json_value *out)
{
    const char *day = pointer_of(message, field->at);
    *out = (struct json_value){
        .type = JSON_TYPE_TEXT,
        .text = arena_print(target->arena, "%sT00:00:00Z", day),
    };
    return day[0] != '\0';
}

/* Its provider, by the key an import makes its id of. */
bool
tmf633_write_party(struct target *target, const struct json_field *field,
                   const void *message, struct json_value *out)
{
    const char *id = pointer_of(message, field->at);
    const char *key = id[0] == '\0' ? NULL : target_key(target, id);
    struct json_build party = {.target = target};
    struct json_build list = {.target = target};
    if (key == NULL) {
        target_lose_for(target, "provider", "is not kept: no key of %s gives \"%s\"",
                        target->format, id);
        return false;
    }
    json_build_text(&party, "id", key);
    json_build_text(&party, "name", key);
    json_build_text(&party, "role", "owner");
    json_build_add(&list, NULL, json_build_object(&party));
    *out = json_build_list(&list);
    return true;
}

/* Services of one list of ours, with what the relation is there. */
static void
add_relations(struct json_build *list, const char *path, const char *type,
              char *const *ids, size_t n)
{
    struct target *target = list->target;
    for (size_t i = 0; i < n; i++) {
        struct json_build relation = {.target = target};
        const char *key = target_key(target, ids[i]);
        if (key == NULL) {
            target_lose_for(target, arena_print(target->arena, "%s[%zu]", path, i),
                            "is not kept: no key of %s gives %s", target->format,
                            ids[i]);
            continue;
        }
        json_build_text(&relation, "id", key);
        json_build_text(&relation, "relationshipType", type);
        json_build_add(list, NULL, json_build_object(&relation));
    }
}

bool
tmf633_write_relations(struct target *target, const struct json_field *field,
                       const void *message, struct json_value *out)
{
    (void)field;
    const Kontor__V1__Service *service = message;
    struct json_build list = {.target = target};
    add_relations(&list, "required_services", "dependency", service->required_services,
                  service->n_required_services);
    add_relations(&list, "related_services", "related", service->related_services,
                  service->n_related_services);
    *out = json_build_list(&list);
    return list.n > 0;
}

/* ---- Offers ---- */

/* A specification is ordered as a whole, so one offer is written: the first that is
 * ordered here. */
static const Kontor__V1__Offer *
only_offer(struct target *target, const Kontor__V1__Service *service)
{
    const Kontor__V1__Offer *only = NULL;
    for (size_t i = 0; i < service->n_offers; i++) {
        const Kontor__V1__Offer *offer = service->offers[i];
        if (only == NULL && offer->is_internal) {
            only = offer;
            continue;
        }
        target_lose_for(target, arena_print(target->arena, "offers[%s]", offer->iid),
                        offer->is_internal ? "is not kept: a specification is one offer"
                                           : "is not kept: it is not ordered here");
    }
    return only;
}

static void
lose_names(struct target *target, const Kontor__V1__Service *service,
           const Kontor__V1__Offer *offer)
{
    if (strcmp(offer->iid, TMF633_IID) != 0) {
        target_lose_for(target,
                        arena_print(target->arena, "offers[%s].iid", offer->iid),
                        "is not kept: it comes back as %s", TMF633_IID);
    }
    if (strcmp(offer->name, service->name) != 0) {
        target_lose_for(target,
                        arena_print(target->arena, "offers[%s].name", offer->iid),
                        "is not kept: it comes back as \"%s\"", service->name);
    }
}

bool
tmf633_write_offer(struct target *target, const struct json_field *field,
                   const void *message, struct json_value *out)
{
    (void)field;
    const Kontor__V1__Service *service = message;
    const Kontor__V1__Offer *offer = only_offer(target, service);
    struct json_build list = {.target = target};
    if (offer == NULL) {
        return false;
    }
    lose_names(target, service, offer);
    for (size_t i = 0; i < offer->n_parameters; i++) {
        const Kontor__V1__Parameter *parameter = offer->parameters[i];
        const char *path = arena_print(target->arena, "offers[%s].parameters[%s]",
                                       offer->iid, parameter->id);
        json_build_add(&list, NULL, tmf633_characteristic(target, parameter, path));
    }
    *out = json_build_list(&list);
    return list.n > 0;
}
