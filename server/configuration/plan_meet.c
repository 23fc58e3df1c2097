/* What a plan expects of a place beside size and end: asked for by a parameter of the
 * offer, or compared with what the service says of itself. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "catalogue/offer_form.h"
#include "server/configuration/plan_fill.h"

#define TYPE(name) KONTOR__V1__PARAMETER__TYPE_##name
#define STANDING(name) KONTOR__V1__PLAN_STANDING__PLAN_##name

enum { MAX_WANTED = 64 /* Different texts of one constraint. */ };

/* What the plan says of one constraint at a place. */
struct said {
    size_t constraint;
    const char *texts[MAX_WANTED]; /* Each once. */
    size_t n;
    bool is_cut;                /* There are more. */
    size_t n_parts;             /* Distributions that say it. */
    const struct wanted *first; /* Of them. */
};

/* How an offer or its service stands to what is wanted, where it says so itself. */
typedef Kontor__V1__PlanStanding (*meet_fn)(const struct plan_offer *offer,
                                            const char *wanted);

/* ---- What services say ---- */

static Kontor__V1__PlanStanding
among(char *const *texts, size_t n_texts, const char *wanted)
{
    for (size_t i = 0; i < n_texts; i++) {
        if (strcasecmp(texts[i], wanted) == 0) {
            return STANDING(MET);
        }
    }
    return n_texts == 0 ? STANDING(UNKNOWN) : STANDING(NOT_MET);
}

static Kontor__V1__PlanStanding
meet_location(const struct plan_offer *offer, const char *wanted)
{
    const Kontor__V1__Service *service = offer->service;
    return among(service->geographic_locations, service->n_geographic_locations,
                 wanted);
}

/* Certificates are texts: "CoreTrustSeal 2020-2022". */
static Kontor__V1__PlanStanding
meet_certificate(const struct plan_offer *offer, const char *wanted)
{
    const Kontor__V1__Service *service = offer->service;
    for (size_t i = 0; i < service->n_certifications; i++) {
        if (strcasestr(service->certifications[i], wanted) != NULL) {
            return STANDING(MET);
        }
    }
    return service->n_certifications == 0 ? STANDING(UNKNOWN) : STANDING(NOT_MET);
}

/* "99.8", "99,5" or "99.9 %". */
static Kontor__V1__PlanStanding
meet_availability(const struct plan_offer *offer, const char *wanted)
{
    const Kontor__V1__OfferTargets *targets =
        offer_targets(offer->service, offer->offer);
    char text[16] = "", *end;
    strncpy(text, wanted, sizeof text - 1);
    char *comma = strchr(text, ',');
    if (comma != NULL) {
        *comma = '.';
    }
    double percent = strtod(text, &end);
    end += strspn(end, " %");
    bool is_number = end != text && *end == '\0' && percent > 0 && percent <= 100;
    if (!is_number || targets == NULL || targets->availability_ppm == 0) {
        return STANDING(UNKNOWN);
    }
    return targets->availability_ppm + 0.5 >= percent * 10000 ? STANDING(MET)
                                                              : STANDING(NOT_MET);
}

static Kontor__V1__PlanStanding
meet_versioning(const struct plan_offer *offer, const char *wanted)
{
    const Kontor__V1__Service *service = offer->service;
    bool is_source = service->kind_case == KONTOR__V1__SERVICE__KIND_DATA_SOURCE;
    if (!is_source || strcmp(wanted, "yes") != 0) {
        return STANDING(UNKNOWN);
    }
    return service->data_source->has_version_control ? STANDING(MET)
                                                     : STANDING(NOT_MET);
}

static Kontor__V1__PlanStanding
meet_pid_system(const struct plan_offer *offer, const char *wanted)
{
    const Kontor__V1__Service *service = offer->service;
    Kontor__V1__PlanStanding standing = STANDING(UNKNOWN);
    if (service->kind_case != KONTOR__V1__SERVICE__KIND_DATA_SOURCE) {
        return standing;
    }
    const Kontor__V1__DataSource *source = service->data_source;
    for (size_t i = 0; i < source->n_identifier_systems; i++) {
        Kontor__V1__PlanStanding one =
            among(source->identifier_systems[i]->schemes,
                  source->identifier_systems[i]->n_schemes, wanted);
        standing = one > standing && standing != STANDING(MET) ? one : standing;
        standing = one == STANDING(MET) ? one : standing;
    }
    return standing;
}

/* By the name of the constraint; the ids a parameter that asks for it may have,
 * between blanks, dashes written as underscores. */
static const struct {
    const char *name;
    const char *ids;
    meet_fn meet; /* NULL: services have no place to say it. */
} rows[] = {
    {"sensitive_data", " sensitive_data sensitive ", NULL},
    {"personal_data", " personal_data personal ", NULL},
    {"data_access", " data_access access ", NULL},
    {"geo_location", " geo_location location country ", meet_location},
    {"backup_type", " backup_type backup ", NULL},
    {"backup_frequency", " backup_frequency ", NULL},
    {"availability", " availability ", meet_availability},
    {"storage_type", " storage_type ", NULL},
    {"support_versioning", " support_versioning versioning ", meet_versioning},
    {"certified_with", " certified_with certificate ", meet_certificate},
    {"pid_system", " pid_system pid_systems ", meet_pid_system},
};

/* ---- What the plan says ---- */

static void
add_text(struct said *said, const char *text)
{
    for (size_t i = 0; i < said->n; i++) {
        if (strcmp(said->texts[i], text) == 0) {
            return;
        }
    }
    if (said->n < MAX_WANTED) {
        said->texts[said->n++] = text;
    } else {
        said->is_cut = true;
    }
}

static void
gather(const struct plan_place *place, struct said *said)
{
    for (size_t i = 0; i < place->n_parts; i++) {
        const char *texts[MAX_WANTED];
        size_t n =
            wanted_constraint(place->parts[i], said->constraint, texts, MAX_WANTED);
        for (size_t k = 0; k < n; k++) {
            add_text(said, texts[k]);
        }
        said->n_parts += n > 0 ? 1 : 0;
        said->first = n > 0 && said->first == NULL ? place->parts[i] : said->first;
    }
}

static bool
is_policy(const char *name)
{
    return strcmp(name, "sensitive_data") == 0 || strcmp(name, "personal_data") == 0;
}

/* Of data that is sensitive in one part all of it is; that none of it is holds only
 * where every part says so. */
static void
gather_policy(const struct plan_place *place, struct said *said)
{
    const char *one;
    struct said yes = {.constraint = said->constraint};
    gather(place, said);
    for (size_t i = 0; i < place->n_parts; i++) {
        const struct wanted *part = place->parts[i];
        if (wanted_constraint(part, said->constraint, &one, 1) > 0 &&
            strcmp(one, "yes") == 0) {
            add_text(&yes, one);
            yes.n_parts++;
            yes.first = yes.first == NULL ? part : yes.first;
        }
    }
    if (yes.n > 0) {
        *said = yes;
    } else if (said->n_parts < place->n_parts) {
        said->n = 0;
    }
}

/* ---- Parameters ---- */

static const Kontor__V1__Parameter *
parameter_for(const Kontor__V1__Offer *offer, const char *ids)
{
    for (size_t i = 0; i < offer->n_parameters; i++) {
        char id[68] = " ";
        const char *from = offer->parameters[i]->id;
        size_t n = 1;
        for (; *from != '\0' && n < sizeof id - 2; from++) {
            id[n++] = *from == '-' ? '_' : *from;
        }
        id[n] = ' ';
        if (strcasestr(ids, id) != NULL) {
            return offer->parameters[i];
        }
    }
    return NULL;
}

/* The choice that reads like the text; NULL = there is none. */
static Kontor__V1__Value *
choice_of(Kontor__V1__Value *const *values, size_t n_values, const char *text)
{
    for (size_t i = 0; i < n_values; i++) {
        if (values[i]->kind_case == KONTOR__V1__VALUE__KIND_TEXT &&
            strcasecmp(values[i]->text, text) == 0) {
            return values[i];
        }
    }
    return NULL;
}

static Kontor__V1__Value *
choices_of(struct call *call, const Kontor__V1__MultiChoiceParameter *parameter,
           const char *const *texts, size_t n)
{
    Kontor__V1__Value *value = arena_alloc(call->arena, sizeof *value);
    kontor__v1__value__init(value);
    value->kind_case = KONTOR__V1__VALUE__KIND_LIST;
    value->list = arena_alloc(call->arena, sizeof(*value->list));
    kontor__v1__value_list__init(value->list);
    value->list->values = arena_alloc(call->arena, (n + 1) * sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        Kontor__V1__Value *one =
            choice_of(parameter->values, parameter->n_values, texts[i]);
        if (one == NULL) {
            return NULL;
        }
        value->list->values[value->list->n_values++] = one;
    }
    return value;
}

/* What the plan says as a value of the parameter; NULL = it cannot be said there. */
static Kontor__V1__Value *
value_for(struct call *call, const Kontor__V1__Parameter *parameter,
          const char *const *texts, size_t n)
{
    Kontor__V1__Value *value = arena_alloc(call->arena, sizeof *value);
    kontor__v1__value__init(value);
    if (parameter->type_case == TYPE(MULTI_CHOICE)) {
        return choices_of(call, parameter->multi_choice, texts, n);
    }
    if (n != 1) {
        return NULL;
    }
    bool is_yes = strcmp(texts[0], "yes") == 0;
    switch (parameter->type_case) {
    case TYPE(CHOICE):
        return choice_of(parameter->choice->values, parameter->choice->n_values,
                         texts[0]);
    case TYPE(TEXT):
        value->kind_case = KONTOR__V1__VALUE__KIND_TEXT;
        value->text = arena_copy(call->arena, texts[0]);
        return value;
    case TYPE(BOOLEAN):
        value->kind_case = KONTOR__V1__VALUE__KIND_BOOLEAN;
        value->boolean = is_yes;
        return is_yes || strcmp(texts[0], "no") == 0 ? value : NULL;
    default:
        return NULL;
    }
}

/* A constant is what the offer is, not what is asked. */
static Kontor__V1__PlanStanding
meet_constant(const Kontor__V1__Parameter *parameter, const char *wanted)
{
    const Kontor__V1__Value *value = parameter->constant->value;
    switch (value->kind_case) {
    case KONTOR__V1__VALUE__KIND_TEXT:
        return strcasecmp(value->text, wanted) == 0 ? STANDING(MET) : STANDING(NOT_MET);
    case KONTOR__V1__VALUE__KIND_BOOLEAN:
        return value->boolean == (strcmp(wanted, "yes") == 0) ? STANDING(MET)
                                                              : STANDING(NOT_MET);
    default:
        return STANDING(UNKNOWN);
    }
}

/* ---- Standing ---- */

static void
ask(struct plan_filling *filling, const Kontor__V1__Parameter *parameter,
    Kontor__V1__PlanConstraint *constraint)
{
    struct call *call = filling->call;
    Kontor__V1__Value *value = value_for(
        call, parameter, (const char *const *)constraint->wanted, constraint->n_wanted);
    const char *why_not = value == NULL ? "it is none of its values"
                                        : plan_fill_value(filling, parameter, value);
    constraint->parameter = parameter->id;
    constraint->standing = why_not == NULL ? STANDING(ASKED) : STANDING(NOT_MET);
    if (constraint->n_wanted > 1 && value == NULL) {
        why_not = "the plan wants several, and it takes one";
    }
    constraint->text =
        why_not == NULL
            ? arena_print(call->arena, "parameter %s asks for it", parameter->id)
            : arena_print(call->arena, "parameter %s does not take it: %s",
                          parameter->id, why_not);
}

/* The worst of all that is wanted counts. */
static void
compare(struct plan_filling *filling, const Kontor__V1__Parameter *constant,
        meet_fn meet, Kontor__V1__PlanConstraint *constraint)
{
    constraint->standing = STANDING(UNKNOWN);
    for (size_t i = 0; i < constraint->n_wanted; i++) {
        Kontor__V1__PlanStanding one =
            constant != NULL ? meet_constant(constant, constraint->wanted[i])
            : meet != NULL   ? meet(filling->offer, constraint->wanted[i])
                             : STANDING(UNKNOWN);
        constraint->standing =
            i == 0 || one == STANDING(NOT_MET) || constraint->standing == STANDING(MET)
                ? one
                : constraint->standing;
        if (one == STANDING(NOT_MET)) {
            break;
        }
    }
    const char *who = constant != NULL ? "the offer" : "the service";
    constraint->text = constraint->standing == STANDING(MET)
                           ? arena_print(filling->call->arena, "%s says so", who)
                       : constraint->standing == STANDING(NOT_MET)
                           ? arena_print(filling->call->arena, "%s says otherwise", who)
                           : "nothing is said about it: ask the provider";
}

/* What is not met, and what is asked of more than says it, stands where it is said. */
static void
tell(struct plan_filling *filling, const struct said *said,
     const Kontor__V1__PlanConstraint *constraint)
{
    struct call *call = filling->call;
    const struct plan_place *place = filling->place;
    const char *path =
        wanted_constraint_path(said->first, said->constraint, call->arena);
    if (constraint->standing == STANDING(NOT_MET)) {
        plan_find(call, filling->findings, path,
                  "%s \"%s\" does not go with offer %s: %s", constraint->name,
                  said->texts[0], filling->offer->id, constraint->text);
    }
    if (constraint->standing != STANDING(MET) && said->n_parts < place->n_parts) {
        plan_find(call, filling->findings, path,
                  "is said of %zu of %zu distributions at %s, which are ordered "
                  "together: it would hold for all of them",
                  said->n_parts, place->n_parts, place->item);
    }
    if (said->is_cut) {
        plan_find(call, filling->findings, path,
                  "has more than %d different texts at %s: the others are left out",
                  MAX_WANTED, place->item);
    }
}

static void
meet_one(struct plan_filling *filling, size_t row, const struct said *said)
{
    struct call *call = filling->call;
    Kontor__V1__ProposedItem *proposed = filling->proposed;
    Kontor__V1__PlanConstraint *constraint =
        arena_alloc(call->arena, sizeof *constraint);
    kontor__v1__plan_constraint__init(constraint);
    constraint->name = arena_copy(call->arena, rows[row].name);
    constraint->wanted =
        arena_alloc(call->arena, said->n * sizeof(*constraint->wanted));
    for (size_t i = 0; i < said->n; i++) {
        constraint->wanted[constraint->n_wanted++] =
            arena_copy(call->arena, said->texts[i]);
    }
    const Kontor__V1__Parameter *parameter =
        parameter_for(filling->offer->offer, rows[row].ids);
    bool is_constant = parameter != NULL && parameter->type_case == TYPE(CONSTANT);
    if (parameter != NULL && !is_constant) {
        ask(filling, parameter, constraint);
    } else {
        compare(filling, is_constant ? parameter : NULL, rows[row].meet, constraint);
    }
    proposed->constraints[proposed->n_constraints++] = constraint;
    tell(filling, said, constraint);
}

void
plan_meet(struct plan_filling *filling)
{
    filling->proposed->constraints =
        arena_alloc(filling->call->arena,
                    wanted_n_constraints * sizeof(*filling->proposed->constraints));
    for (size_t i = 0; i < wanted_n_constraints; i++) {
        struct said said = {.constraint = i};
        size_t row = 0;
        while (strcmp(rows[row].name, wanted_constraint_name(i)) != 0) {
            row++;
        }
        if (is_policy(rows[row].name)) {
            gather_policy(filling->place, &said);
        } else {
            gather(filling->place, &said);
        }
        if (said.n > 0) {
            meet_one(filling, row, &said);
        }
    }
}
