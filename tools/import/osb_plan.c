/*
 * Plans of a service broker as offers: words, prices, and what a customer is asked, by
 * the schema of creating an instance.
 */
#include <string.h>
#include <strings.h>

#include "tools/import/json_fields.h"
#include "tools/import/json_schema.h"
#include "tools/import/leftover.h"
#include "tools/import/money.h"
#include "tools/import/osb.h"

static void read_schemas(const struct source *source, const struct json_value *value,
                         const char *place, const struct json_field *field,
                         void *message);

static void read_costs(const struct source *source, const struct json_value *value,
                       const char *place, const struct json_field *field,
                       void *message);

#define OFFER Kontor__V1__Offer

/* Names and bullets are read when all of a plan is. */
static const struct json_field metadata_fields[] = {
    {.key = "displayName",
     .at = offsetof(OFFER, name),
     .owns = "name",
     .write = json_write_text},
    {.key = "bullets", .note = "lines of their own behind the description"},
    {.key = "costs",
     .read = read_costs,
     .owns = "prices",
     .write = osb_write_costs,
     .note = "once, a month or a year, in a currency of three letters"},
    {.key = NULL},
};
static const struct json_shape metadata_shape = {.fields = metadata_fields};

const struct json_field osb_plan_fields[] = {
    {.key = "id", .at = offsetof(OFFER, iid), .owns = "iid", .write = json_write_text},
    {.key = "name",
     .read = json_field_text,
     .at = offsetof(OFFER, name),
     .note = "the name, where `metadata.displayName` says none"},
    JSON_TEXT(OFFER, "description", description),
    JSON_GROUP("metadata", metadata_shape),
    {.key = "free",
     .write = osb_write_free,
     .note = "a price line would need a currency: told beside the costs"},
    {.key = "schemas",
     .read = read_schemas,
     .owns = "parameters",
     .write = osb_write_schemas,
     .note = "by the schema of creating an instance; what it cannot say is told"},
    {.owns = "is_internal", .note = "plans are ordered here"},
    {.key = NULL},
};

/* ---- Prices ---- */

/* Units of a cost that recur as prices here do. */
static const struct {
    const char *unit;
    const char *period;
} periods[] = {
    {"MONTHLY", "month"}, {"MONTH", "month"},   {"YEARLY", "year"}, {"YEAR", "year"},
    {"ANNUALLY", "year"}, {"ONE-TIME", "once"}, {"ONCE", "once"},   {"SETUP", "once"},
};

const char *
osb_period_of(const char *unit)
{
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        if (strcasecmp(periods[i].unit, unit) == 0) {
            return periods[i].period;
        }
    }
    return NULL;
}

/* The first unit of a period is what it is written as. */
const char *
osb_unit_of(const char *period)
{
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        if (strcmp(periods[i].period, period) == 0) {
            return periods[i].unit;
        }
    }
    return period;
}

/* One currency of a cost. */
static void
read_amount(const struct source *source, const struct json_member *amount,
            const char *place, const char *unit, Kontor__V1__Offer *offer)
{
    const char *period = osb_period_of(unit);
    Kontor__V1__Money *money =
        money_of(source, amount->name, parameters_decimal(source, &amount->value));
    if (period == NULL || money == NULL) {
        source_finding(source, place,
                       "%s %s per \"%s\" is no price here: once, a month or a year, in "
                       "a currency of three letters",
                       json_tree_print(&amount->value, source->arena), amount->name,
                       unit);
        return;
    }
    Kontor__V1__PriceLine *line = arena_alloc(source->arena, sizeof *line);
    kontor__v1__price_line__init(line);
    line->name = arena_copy(source->arena, unit);
    line->amount = money;
    line->period = (char *)period;
    offer->prices = source_grow(source->arena, offer->prices, offer->n_prices,
                                sizeof *offer->prices);
    offer->prices[offer->n_prices++] = line;
}

static const struct json_field cost_fields[] = {
    {.key = "amount"},
    {.key = "unit"},
    {.key = NULL},
};

static void
read_cost(const struct source *source, const struct json_value *cost, const char *place,
          Kontor__V1__Offer *offer)
{
    json_fields_read(source, cost, place, cost_fields, NULL);
    const char *unit = json_fields_text(source, cost, place, "unit");
    const struct json_value *amounts = json_tree_get(cost, "amount");
    const char *at = json_fields_below(source, place, "amount");
    if (amounts == NULL || !json_fields_is_object(source, amounts, at)) {
        source_finding(source, place, "is a cost without an amount");
        return;
    }
    for (size_t i = 0; i < amounts->n; i++) {
        read_amount(source, &amounts->members[i],
                    json_fields_below(source, at, amounts->members[i].name),
                    unit == NULL ? "" : unit, offer);
    }
}

static void
read_costs(const struct source *source, const struct json_value *value,
           const char *place, const struct json_field *field, void *message)
{
    (void)field;
    if (value->type != JSON_TYPE_LIST) {
        source_fault(source, place, "is %s: a list belongs here",
                     json_tree_type(value));
        return;
    }
    for (size_t i = 0; i < value->n; i++) {
        read_cost(source, &value->elements[i],
                  arena_print(source->arena, "%s[%zu]", place, i), message);
    }
}

/* A price line needs a currency, which "free" does not have: a plan that is free and
 * has no costs has no line. */
static void
judge_free(const struct source *source, const struct json_value *plan,
           const char *place, const Kontor__V1__Offer *offer)
{
    const struct json_value *value = json_tree_get(plan, "free");
    const char *at = json_fields_below(source, place, "free");
    if (value != NULL && value->type != JSON_TYPE_BOOLEAN &&
        value->type != JSON_TYPE_NULL) {
        source_fault(source, at, "is %s: a yes or no belongs here",
                     json_tree_type(value));
        return;
    }
    bool is_free = value == NULL || value->type == JSON_TYPE_NULL || value->boolean;
    if (is_free && !osb_is_free(offer)) {
        source_finding(source, at,
                       "says the plan is free, and its costs say it is not");
    }
    if (is_free && offer->n_prices == 0) {
        leftover_note(source, at, "the plan is free: it has no price line", NULL);
    }
    if (!is_free && osb_is_free(offer)) {
        leftover_note(source, at,
                      "the plan is not free, and no cost says what it takes", NULL);
    }
}

/* ---- Schemas ---- */

static void
read_create(const struct source *source, const struct json_value *schema,
            const char *place, Kontor__V1__Offer *offer)
{
    json_schema_parameters(source, schema, place, offer);
}

/* What a schema asks for, or NULL; anything but an object is a fault. */
static const struct json_value *
properties_of(const struct source *source, const struct json_value *schema,
              const char *place)
{
    const struct json_value *value = json_tree_get(schema, "properties");
    bool is_there = value != NULL && json_fields_is_object(source, value, place);
    return is_there ? value : NULL;
}

/* A change asks what an order asks; what only a change asks has no place. */
static void
read_update(const struct source *source, const struct json_value *schema,
            const char *place, const struct json_value *create)
{
    const char *at = json_fields_below(source, place, "properties");
    const struct json_value *properties = properties_of(source, schema, at);
    /* What an order asks was judged with it. */
    const struct json_value *known = json_tree_get(create, "properties");
    bool is_judged = known == NULL ||
                     (known->type == JSON_TYPE_OBJECT && known->n <= PARAMETERS_MAX);
    for (size_t i = 0; properties != NULL && is_judged && i < properties->n; i++) {
        const struct json_member *member = &properties->members[i];
        const struct json_value *same = json_tree_get(known, member->name);
        const char *text = json_tree_print(&member->value, source->arena);
        if (same == NULL || strcmp(json_tree_print(same, source->arena), text) != 0) {
            source_finding(source, json_fields_below(source, at, member->name),
                           "a change asks what an order does, not this: %s", text);
        }
    }
}

static void
note_other_schema(const struct source *source, const struct json_value *schema,
                  const char *place)
{
    const char *at = json_fields_below(source, place, "properties");
    const struct json_value *properties = properties_of(source, schema, at);
    for (size_t i = 0; properties != NULL && i < properties->n; i++) {
        const struct json_member *member = &properties->members[i];
        source_finding(source, json_fields_below(source, at, member->name),
                       "is asked for a binding, which has no place here: %s",
                       json_tree_print(&member->value, source->arena));
    }
}

/* The parameters of one action, or NULL; what stands beside them is told. */
static const struct json_value *
action(const struct source *source, const struct json_value *object, const char *place,
       const char *name)
{
    static const struct json_field fields[] = {
        {.key = "parameters"},
        {.key = NULL},
    };
    const struct json_value *value = json_tree_get(object, name);
    if (value == NULL || value->type == JSON_TYPE_NULL) {
        return NULL;
    }
    const char *at = json_fields_below(source, place, name);
    json_fields_read(source, value, at, fields, NULL);
    const struct json_value *schema = json_tree_get(value, "parameters");
    if (schema == NULL || schema->type == JSON_TYPE_NULL) {
        return NULL;
    }
    at = json_fields_below(source, at, "parameters");
    return json_fields_is_object(source, schema, at) ? schema : NULL;
}

static const struct json_field instance_fields[] = {
    {.key = "create"},
    {.key = "update"},
    {.key = NULL},
};

static const struct json_field schemas_fields[] = {
    {.key = "service_instance"},
    {.key = "service_binding"},
    {.key = NULL},
};

static void
read_instance(const struct source *source, const struct json_value *instance,
              const char *place, Kontor__V1__Offer *offer)
{
    json_fields_read(source, instance, place, instance_fields, NULL);
    const struct json_value *create = action(source, instance, place, "create");
    const struct json_value *update = action(source, instance, place, "update");
    if (create != NULL) {
        read_create(source, create,
                    arena_print(source->arena, "%s.create.parameters", place), offer);
    }
    if (update != NULL) {
        read_update(source, update,
                    arena_print(source->arena, "%s.update.parameters", place), create);
    }
}

static void
read_schemas(const struct source *source, const struct json_value *value,
             const char *place, const struct json_field *field, void *message)
{
    (void)field;
    json_fields_read(source, value, place, schemas_fields, NULL);
    const struct json_value *instance = json_tree_get(value, "service_instance");
    const struct json_value *binding = json_tree_get(value, "service_binding");
    if (instance != NULL && instance->type != JSON_TYPE_NULL) {
        read_instance(source, instance,
                      json_fields_below(source, place, "service_instance"), message);
    }
    const char *at = json_fields_below(source, place, "service_binding");
    const struct json_value *asked = action(source, binding, at, "create");
    if (asked != NULL) {
        note_other_schema(source, asked,
                          arena_print(source->arena, "%s.create.parameters", at));
    }
}

/* ---- Plans ---- */

/* Lines of their own behind the description: portals show them beside it. */
static void
append_bullets(const struct source *source, const struct json_value *plan,
               const char *place, Kontor__V1__Offer *offer)
{
    const struct json_value *metadata = json_tree_get(plan, "metadata");
    const char *at = json_fields_below(source, place, "metadata");
    const struct json_value *list = json_fields_list(source, metadata, at, "bullets");
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        if (list->elements[i].type != JSON_TYPE_TEXT) {
            source_fault(source, arena_print(source->arena, "%s.bullets[%zu]", at, i),
                         "is %s: a text belongs here",
                         json_tree_type(&list->elements[i]));
            return;
        }
        offer->description = arena_print(source->arena, "%s%s- %s", offer->description,
                                         offer->description[0] == '\0' ? "" : "\n",
                                         list->elements[i].text);
    }
}

/* What people read wins over what they type, which is told where it differs. */
static void
set_name(const struct source *source, const struct json_value *plan, const char *place,
         Kontor__V1__Offer *offer)
{
    const struct json_value *metadata = json_tree_get(plan, "metadata");
    const char *at = json_fields_below(source, place, "metadata");
    const char *shown = json_fields_text(source, metadata, at, "displayName");
    if (shown == NULL || shown[0] == '\0') {
        return;
    }
    if (offer->name[0] != '\0' && strcmp(offer->name, shown) != 0) {
        source_finding(source, json_fields_below(source, place, "name"),
                       "\"%s\" has no place beside the name people read, \"%s\"",
                       offer->name, shown);
    }
    offer->name = arena_copy(source->arena, shown);
}

/* Orders name an offer by its iid, so two of one would be one. */
static bool
is_iid_taken(const Kontor__V1__Service *service, const char *iid)
{
    for (size_t i = 0; i < service->n_offers; i++) {
        if (strcmp(service->offers[i]->iid, iid) == 0) {
            return true;
        }
    }
    return false;
}

static void
read_plan(const struct source *source, const struct json_value *plan, const char *place,
          Kontor__V1__Service *service)
{
    if (!json_fields_is_object(source, plan, place)) {
        return;
    }
    const char *key = json_fields_text(source, plan, place, "id");
    if (key == NULL || key[0] == '\0') {
        source_fault(source, place, "has no id");
        return;
    }
    Kontor__V1__Offer *offer = arena_alloc(source->arena, sizeof *offer);
    kontor__v1__offer__init(offer);
    offer->iid = parameters_part(source, key);
    if (is_iid_taken(service, offer->iid)) {
        source_fault(source, place, "its id \"%s\" is also that of another plan", key);
        return;
    }
    if (strcmp(offer->iid, key) != 0) {
        source_finding(source, place, "its id \"%s\" is %s here", key, offer->iid);
    }
    json_fields_read(source, plan, place, osb_plan_fields, offer);
    set_name(source, plan, place, offer);
    append_bullets(source, plan, place, offer);
    judge_free(source, plan, place, offer);
    offer->is_internal = true;
    service->offers = source_grow(source->arena, service->offers, service->n_offers,
                                  sizeof *service->offers);
    service->offers[service->n_offers++] = offer;
}

void
osb_plans(const struct source *source, const struct json_value *object,
          const char *place, Kontor__V1__Service *service)
{
    const struct json_value *list = json_fields_list(source, object, place, "plans");
    if (list == NULL) {
        source_fault(source, place, "has no plans: no service of a broker");
        return;
    }
    if (list->n > PARAMETERS_MAX_OFFERS) {
        source_fault(source, json_fields_below(source, place, "plans"),
                     "are %zu: a service has at most %d offers", list->n,
                     PARAMETERS_MAX_OFFERS);
        return;
    }
    if (list->n == 0) {
        source_finding(source, place, "has no plans: it cannot be ordered here");
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        read_plan(source, &list->elements[i],
                  arena_print(source->arena, "%s.plans[%zu]", place, i), service);
    }
}
