/*
 * Services as a service broker's catalogue has them: the counterpart of osb.c and
 * osb_plan.c.
 */
#include "tools/import/osb.h"

#include <string.h>
#include <strings.h>

#include "proto/text.h"
#include "tools/import/json_build.h"
#include "tools/import/json_schema.h"
#include "tools/import/parameters.h"

/* ---- Services ---- */

static const char *
osb_name(const Kontor__V1__Service *service)
{
    for (size_t i = 0; i < service->n_alternative_ids; i++) {
        if (strcmp(service->alternative_ids[i]->scheme, OSB_SCHEME) == 0) {
            return service->alternative_ids[i]->id;
        }
    }
    return NULL;
}

/* The name of command lines; what it was elsewhere than in such a catalogue is lost. */
bool
osb_write_name(struct target *target, const struct json_field *field,
               const void *message, struct json_value *out)
{
    (void)field;
    const Kontor__V1__Service *service = message;
    const char *name = osb_name(service);
    for (size_t i = 0; i < service->n_alternative_ids; i++) {
        if (service->alternative_ids[i]->id != name) {
            target_lose(target, arena_print(target->arena, "alternative_ids[%zu]", i));
        }
    }
    if (name == NULL) {
        name = text_local_id(service->name, target->arena);
    } else if (strcmp(name, text_local_id(service->name, target->arena)) == 0) {
        target_lose_for(target, "alternative_ids",
                        "is not kept: its name says the same");
    }
    *out = (struct json_value){.type = JSON_TYPE_TEXT, .text = name};
    return true;
}

static bool
has_both(const Kontor__V1__Service *service)
{
    return service->tagline[0] != '\0';
}

bool
osb_write_description(struct target *target, const struct json_field *field,
                      const void *message, struct json_value *out)
{
    (void)target;
    (void)field;
    const Kontor__V1__Service *service = message;
    *out = (struct json_value){.type = JSON_TYPE_TEXT,
                               .text = has_both(service) ? service->tagline
                                                         : service->description};
    return true;
}

/* Two texts are the short and the long one, also where the long one is empty. */
bool
osb_write_long(struct target *target, const struct json_field *field,
               const void *message, struct json_value *out)
{
    (void)target;
    (void)field;
    const Kontor__V1__Service *service = message;
    *out = (struct json_value){.type = JSON_TYPE_TEXT, .text = service->description};
    return has_both(service);
}

/* Nothing is bound here: agents hand over what there is when they deliver. */
bool
osb_write_false(struct target *target, const struct json_field *field,
                const void *message, struct json_value *out)
{
    (void)target;
    (void)field;
    (void)message;
    *out = (struct json_value){.type = JSON_TYPE_BOOLEAN, .boolean = false};
    return true;
}

/* ---- Prices ---- */

bool
osb_is_free(const Kontor__V1__Offer *offer)
{
    for (size_t i = 0; i < offer->n_prices; i++) {
        const Kontor__V1__Money *amount = offer->prices[i]->amount;
        if (amount != NULL && (amount->units != 0 || amount->nanos != 0)) {
            return false;
        }
    }
    return true;
}

bool
osb_write_free(struct target *target, const struct json_field *field,
               const void *message, struct json_value *out)
{
    (void)target;
    (void)field;
    *out =
        (struct json_value){.type = JSON_TYPE_BOOLEAN, .boolean = osb_is_free(message)};
    return true;
}

/* What is paid for is the unit there, when it is a unit at all. */
static const char *
unit_of(struct target *target, const Kontor__V1__PriceLine *line, const char *path)
{
    const char *period = osb_period_of(line->name);
    if (period != NULL && strcmp(period, line->period) == 0) {
        return line->name;
    }
    const char *unit = osb_unit_of(line->period);
    target_lose_for(target, arena_print(target->arena, "%s.name", path),
                    "is not kept: it comes back as %s", unit);
    return unit;
}

static const char *
decimal_of(struct arena *arena, const Kontor__V1__Money *money)
{
    int64_t units = money->units < 0 ? -money->units : money->units;
    int32_t nanos = money->nanos < 0 ? -money->nanos : money->nanos;
    bool is_negative = money->units < 0 || money->nanos < 0;
    char *text = arena_print(arena, "%s%lld.%09d", is_negative ? "-" : "",
                             (long long)units, (int)nanos);
    size_t size = strlen(text);
    while (text[size - 1] == '0') {
        text[--size] = '\0';
    }
    if (text[size - 1] == '.') {
        text[--size] = '\0';
    }
    return text;
}

bool
osb_write_costs(struct target *target, const struct json_field *field,
                const void *message, struct json_value *out)
{
    (void)field;
    const Kontor__V1__Offer *offer = message;
    struct json_build costs = {.target = target};
    for (size_t i = 0; i < offer->n_prices; i++) {
        const Kontor__V1__PriceLine *line = offer->prices[i];
        struct json_build amount = {.target = target};
        struct json_build cost = {.target = target};
        const char *path =
            arena_print(target->arena, "offers[%s].prices[%zu]", offer->iid, i);
        if (line->amount == NULL) {
            continue;
        }
        char *currency = arena_copy(target->arena, line->amount->currency);
        for (char *at = currency; *at != '\0'; at++) {
            *at = (char)(*at | 0x20);
        }
        json_build_add(
            &amount, currency,
            json_build_decimal(target, decimal_of(target->arena, line->amount), path));
        json_build_add(&cost, "amount", json_build_object(&amount));
        json_build_text(&cost, "unit", unit_of(target, line, path));
        json_build_add(&costs, NULL, json_build_object(&cost));
    }
    *out = json_build_list(&costs);
    return costs.n > 0;
}

/* ---- Plans ---- */

bool
osb_write_schemas(struct target *target, const struct json_field *field,
                  const void *message, struct json_value *out)
{
    (void)field;
    const Kontor__V1__Offer *offer = message;
    struct json_build create = {.target = target};
    struct json_build instance = {.target = target};
    struct json_build schemas = {.target = target};
    if (offer->n_parameters == 0) {
        return false;
    }
    json_build_add(&create, "parameters", json_schema_write(target, offer));
    json_build_add(&instance, "create", json_build_object(&create));
    json_build_add(&schemas, "service_instance", json_build_object(&instance));
    *out = json_build_object(&schemas);
    return true;
}

/* The name of command lines, made of what people read, unless another plan has it. */
static const char *
plan_name(struct arena *arena, const Kontor__V1__Service *service, size_t at)
{
    const char *name = text_local_id(service->offers[at]->name, arena);
    for (size_t i = 0; i < service->n_offers; i++) {
        if (i != at &&
            strcmp(text_local_id(service->offers[i]->name, arena), name) == 0) {
            return service->offers[at]->iid;
        }
    }
    return name;
}

/* What is ordered elsewhere would come back as something ordered here. */
bool
osb_write_plans(struct target *target, const struct json_field *field,
                const void *message, struct json_value *out)
{
    const Kontor__V1__Service *service = message;
    struct json_build plans = {.target = target};
    for (size_t i = 0; i < service->n_offers; i++) {
        const Kontor__V1__Offer *offer = service->offers[i];
        struct json_build plan = {.target = target};
        if (!offer->is_internal) {
            target_lose_for(target,
                            arena_print(target->arena, "offers[%s]", offer->iid),
                            "is not kept: it is not ordered here");
            continue;
        }
        struct json_value rest = json_write_fields(target, field->shape->fields, offer);
        json_build_text(&plan, "name", plan_name(target->arena, service, i));
        for (size_t j = 0; j < rest.n; j++) {
            json_build_add(&plan, rest.members[j].name, rest.members[j].value);
        }
        json_build_add(&plans, NULL, json_build_object(&plan));
    }
    *out = json_build_list(&plans);
    return plans.n > 0;
}
