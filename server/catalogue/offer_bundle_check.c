#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/bundle_form.h"
#include "kontor/v1/configuration.pb-c.h"
#include "server/catalogue/offer.h"
#include "server/catalogue/offer_bundle.h"
#include "server/catalogue/onboarding.h"
#include "server/catalogue/provider.h"

#define C(name) KONTOR__V1__BUNDLE_CONFLICT__KIND__##name

enum {
    MAX_OFFERS = 64,                /* Items of an order. */
    MAX_SITES = 256,                /* Of one offer that are told apart. */
    MAX_CONFLICTS = 4 * MAX_OFFERS, /* Two of an offer, one of a part, one of a rule. */
};

/* An offer that is taken. */
struct taken {
    const char *offer;
    const Kontor__V1__Service *service; /* NULL: the caller sees none. */
    char **sites;                       /* Where it runs; once they are asked for. */
    size_t n_sites;
    bool has_sites;
};

struct checking {
    struct call *call;
    const Kontor__V1__Bundle *bundle;
    struct taken taken[MAX_OFFERS];
    size_t n_taken;
    struct offer_bundle_conflicts *conflicts;
};

/* ---- Conflicts ---- */

static Kontor__V1__BundleConflict *add(struct checking *checking,
                                       Kontor__V1__BundleConflict__Kind kind,
                                       size_t rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static Kontor__V1__BundleConflict *
add(struct checking *checking, Kontor__V1__BundleConflict__Kind kind, size_t rule,
    const char *format, ...)
{
    struct arena *arena = checking->call->arena;
    struct offer_bundle_conflicts *conflicts = checking->conflicts;
    Kontor__V1__BundleConflict *row = arena_alloc(arena, sizeof(*row));
    va_list args;
    kontor__v1__bundle_conflict__init(row);
    row->kind = kind;
    row->rule = (int32_t)rule;
    row->offers = arena_alloc(arena, MAX_OFFERS * sizeof(*row->offers));
    va_start(args, format);
    row->text = arena_vprint(arena, format, args);
    va_end(args);
    if (conflicts->rows == NULL) {
        conflicts->rows = arena_alloc(arena, MAX_CONFLICTS * sizeof(*conflicts->rows));
    }
    if (conflicts->n_rows < MAX_CONFLICTS) {
        conflicts->rows[conflicts->n_rows++] = row;
    }
    return row;
}

static void
about(Kontor__V1__BundleConflict *conflict, const char *offer)
{
    conflict->offers[conflict->n_offers++] = (char *)(uintptr_t)offer;
}

/* ---- The offers ---- */

static struct taken *
find_taken(struct checking *checking, const char *offer)
{
    for (size_t i = 0; i < checking->n_taken; i++) {
        if (strcmp(checking->taken[i].offer, offer) == 0) {
            return &checking->taken[i];
        }
    }
    return NULL;
}

/* Whether what was found can be ordered. */
static enum status
judge_offer(struct checking *checking, struct taken *taken,
            const struct offer_found *found)
{
    struct call *call = checking->call;
    struct document document;
    Kontor__V1__Provider *provider;
    taken->service = found->service;
    enum status status =
        provider_read(call, found->service->provider, &document, &provider);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_ended = provider != NULL && onboarding_is_ended(provider->state);
    const char *why = offer_why_not(call, found->service, found->offer, is_ended);
    if (why != NULL) {
        about(add(checking, C(NOT_ORDERABLE), 0, "offer %s cannot be ordered: %s",
                  taken->offer, why),
              taken->offer);
    }
    return STATUS_OK;
}

static enum status
take(struct checking *checking, const char *offer)
{
    struct call *call = checking->call;
    struct taken *taken = &checking->taken[checking->n_taken++];
    struct offer_found found;
    *taken = (struct taken){.offer = offer};
    if (!bundle_form_has(checking->bundle, offer)) {
        about(add(checking, C(NOT_OF_THE_BUNDLE), 0, "%s is no offer of bundle %s",
                  offer, checking->bundle->id),
              offer);
    }
    enum status status = offer_find(call, offer, &found);
    if (status == STATUS_OK) {
        return judge_offer(checking, taken, &found);
    }
    if (status == STATUS_NOT_FOUND) {
        memset(&call->error, 0, sizeof call->error);
        about(add(checking, C(UNKNOWN_OFFER), 0,
                  "there is no offer %s, or you may not see it", offer),
              offer);
        return STATUS_OK;
    }
    return status;
}

static void
judge_left_out(struct checking *checking, const char *offer, bool is_optional)
{
    if (!is_optional && find_taken(checking, offer) == NULL) {
        about(add(checking, C(LEFT_OUT), 0, "bundle %s cannot be had without %s",
                  checking->bundle->id, offer),
              offer);
    }
}

/* ---- Sites ---- */

static void
add_site(struct checking *checking, struct taken *taken, const char *site)
{
    bool is_known = site[0] == '\0' || taken->n_sites == MAX_SITES;
    for (size_t i = 0; i < taken->n_sites && !is_known; i++) {
        is_known = strcmp(taken->sites[i], site) == 0;
    }
    if (!is_known) {
        taken->sites[taken->n_sites++] = arena_copy(checking->call->arena, site);
    }
}

static enum status
add_endpoint(struct checking *checking, struct taken *taken, const char *id)
{
    struct call *call = checking->call;
    struct document document;
    enum status status = call_get(call, KIND_ENDPOINT, id, &document);
    if (status == STATUS_OK) {
        const Kontor__V1__Endpoint *endpoint = call_record(call, &document);
        add_site(checking, taken, endpoint->site);
    } else if (status == STATUS_NOT_FOUND) {
        memset(&call->error, 0, sizeof call->error);
        status = STATUS_OK;
    }
    return status;
}

static enum status
add_made(struct checking *checking, struct taken *taken,
         const Kontor__V1__Implementation *made)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < made->n_versions; i++) {
        const Kontor__V1__ImplementationVersion *version = made->versions[i];
        for (size_t k = 0; k < version->n_endpoints && status == STATUS_OK; k++) {
            status = add_endpoint(checking, taken, version->endpoints[k]);
        }
    }
    return status;
}

/* Endpoints that its components name. */
static enum status
add_components(struct checking *checking, struct taken *taken)
{
    const Kontor__V1__Service *service = taken->service;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < service->n_components; i++) {
        const Kontor__V1__Component *component = service->components[i];
        for (size_t k = 0; k < component->n_implementations && status == STATUS_OK;
             k++) {
            status = add_made(checking, taken, component->implementations[k]);
        }
    }
    return status;
}

/* Endpoints that name its service, and those its components name. */
static enum status
find_sites(struct checking *checking, struct taken *taken)
{
    struct call *call = checking->call;
    struct find find = {
        .kind = KIND_ENDPOINT, .index = "service", .n_equal = 1, .limit = 500};
    struct page page;
    if (taken->has_sites || taken->service == NULL) {
        return STATUS_OK;
    }
    taken->has_sites = true;
    taken->sites = arena_alloc(call->arena, MAX_SITES * sizeof(*taken->sites));
    find.equal[0].text = taken->service->id;
    enum status status = call_find(call, &find, false, &page);
    for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
        const Kontor__V1__Endpoint *endpoint = call_record(call, &page.documents[i]);
        add_site(checking, taken, endpoint->site);
    }
    return status == STATUS_OK ? add_components(checking, taken) : status;
}

static bool
has_site(const struct taken *taken, const char *site)
{
    for (size_t i = 0; i < taken->n_sites; i++) {
        if (strcmp(taken->sites[i], site) == 0) {
            return true;
        }
    }
    return false;
}

/* "a (s1, s2), b (nowhere known)". */
static const char *
name_sites(struct checking *checking, const Kontor__V1__BundleSameSite *rule)
{
    enum { MAX_NAMED = 4 };
    struct arena *arena = checking->call->arena;
    const char *text = "";
    for (size_t i = 0; i < rule->n_offers; i++) {
        const struct taken *taken = find_taken(checking, rule->offers[i]);
        const char *sites = "";
        for (size_t k = 0; taken != NULL && k < taken->n_sites && k < MAX_NAMED; k++) {
            sites = arena_print(arena, "%s%s%s", sites, k == 0 ? "" : ", ",
                                taken->sites[k]);
        }
        if (taken != NULL) {
            text =
                arena_print(arena, "%s%s%s (%s%s)", text, text[0] == '\0' ? "" : ", ",
                            taken->offer, sites[0] == '\0' ? "no site known" : sites,
                            taken->n_sites > MAX_NAMED ? ", ..." : "");
        }
    }
    return text;
}

static enum status
judge_same_site(struct checking *checking, const Kontor__V1__BundleSameSite *rule,
                size_t number)
{
    const struct taken *all[MAX_OFFERS];
    size_t n_all = 0;
    for (size_t i = 0; i < rule->n_offers && n_all < MAX_OFFERS; i++) {
        struct taken *taken = find_taken(checking, rule->offers[i]);
        if (taken == NULL || taken->service == NULL) {
            continue;
        }
        enum status status = find_sites(checking, taken);
        if (status != STATUS_OK) {
            return status;
        }
        all[n_all++] = taken;
    }
    bool is_met = n_all < 2;
    for (size_t i = 0; n_all > 0 && i < all[0]->n_sites && !is_met; i++) {
        size_t n = 0;
        for (size_t k = 0; k < n_all; k++) {
            n += has_site(all[k], all[0]->sites[i]);
        }
        is_met = n == n_all;
    }
    if (!is_met) {
        Kontor__V1__BundleConflict *conflict =
            add(checking, C(SAME_SITE), number, "no site has all of %s",
                name_sites(checking, rule));
        for (size_t i = 0; i < n_all; i++) {
            about(conflict, all[i]->offer);
        }
    }
    return STATUS_OK;
}

/* ---- The other rules ---- */

static void
judge_requires(struct checking *checking, const Kontor__V1__BundleRequires *rule,
               size_t number)
{
    if (find_taken(checking, rule->offer) != NULL &&
        find_taken(checking, rule->needs) == NULL) {
        Kontor__V1__BundleConflict *conflict =
            add(checking, C(REQUIRES), number, "%s needs %s: take it, too", rule->offer,
                rule->needs);
        about(conflict, rule->offer);
        about(conflict, rule->needs);
    }
}

static void
judge_excludes(struct checking *checking, const Kontor__V1__BundleExcludes *rule,
               size_t number)
{
    if (find_taken(checking, rule->one) != NULL &&
        find_taken(checking, rule->other) != NULL) {
        Kontor__V1__BundleConflict *conflict =
            add(checking, C(EXCLUDES), number, "%s and %s do not go together: take one",
                rule->one, rule->other);
        about(conflict, rule->one);
        about(conflict, rule->other);
    }
}

static void
judge_range(struct checking *checking, const Kontor__V1__BundleVersionRange *rule,
            size_t number)
{
    const struct taken *taken = find_taken(checking, rule->offer);
    if (taken == NULL || taken->service == NULL) {
        return;
    }
    const char *release = taken->service->release;
    bool is_low =
        rule->at_least[0] != '\0' && bundle_form_compare(release, rule->at_least) < 0;
    bool is_high =
        rule->below[0] != '\0' && bundle_form_compare(release, rule->below) >= 0;
    if (release[0] != '\0' && !is_low && !is_high) {
        return;
    }
    about(add(checking, C(VERSION_RANGE), number,
              "%s is of a service at release %s; needed is%s%s%s%s", rule->offer,
              release[0] == '\0' ? "(it does not say which)" : release,
              rule->at_least[0] == '\0' ? "" : " at least ", rule->at_least,
              rule->below[0] == '\0' ? "" : " below ", rule->below),
          rule->offer);
}

static enum status
judge_rule(struct checking *checking, size_t i)
{
    const Kontor__V1__BundleRule *rule = checking->bundle->rules[i];
    switch (rule->rule_case) {
    case KONTOR__V1__BUNDLE_RULE__RULE_REQUIRES:
        judge_requires(checking, rule->requires, i + 1);
        return STATUS_OK;
    case KONTOR__V1__BUNDLE_RULE__RULE_EXCLUDES:
        judge_excludes(checking, rule->excludes, i + 1);
        return STATUS_OK;
    case KONTOR__V1__BUNDLE_RULE__RULE_SAME_SITE:
        return judge_same_site(checking, rule->same_site, i + 1);
    case KONTOR__V1__BUNDLE_RULE__RULE_VERSION_RANGE:
        judge_range(checking, rule->version_range, i + 1);
        return STATUS_OK;
    case KONTOR__V1__BUNDLE_RULE__RULE__NOT_SET:
    case _KONTOR__V1__BUNDLE_RULE__RULE__CASE_IS_INT_SIZE:
        return STATUS_OK;
    }
    return STATUS_OK;
}

enum status
offer_bundle_judge(struct call *call, const Kontor__V1__Bundle *bundle,
                   char *const *offers, size_t n_offers,
                   struct offer_bundle_conflicts *conflicts)
{
    struct checking *checking = arena_alloc(call->arena, sizeof(*checking));
    enum status status = STATUS_OK;
    checking->call = call;
    checking->bundle = bundle;
    checking->conflicts = conflicts;
    for (size_t i = 0; i < n_offers && status == STATUS_OK; i++) {
        /* Two items of one offer are one choice. */
        if (find_taken(checking, offers[i]) == NULL && checking->n_taken < MAX_OFFERS) {
            status = take(checking, offers[i]);
        }
    }
    judge_left_out(checking, bundle->main_offer, false);
    for (size_t i = 0; i < bundle->n_offers; i++) {
        judge_left_out(checking, bundle->offers[i]->offer,
                       bundle->offers[i]->is_optional);
    }
    for (size_t i = 0; i < bundle->n_rules && status == STATUS_OK; i++) {
        status = judge_rule(checking, i);
    }
    return status;
}

/* ---- The call ---- */

/* What would be taken: the main offer, then those named, or all that must be. */
static void
choose(struct call *call, const Kontor__V1__CheckBundleRequest *request,
       const Kontor__V1__Bundle *bundle, Kontor__V1__CheckBundleResponse *reply)
{
    reply->offers =
        arena_alloc(call->arena, (1 + request->n_offers + bundle->n_offers) *
                                     sizeof(*reply->offers));
    reply->offers[reply->n_offers++] = bundle->main_offer;
    for (size_t i = 0; i < request->n_offers; i++) {
        if (strcmp(request->offers[i], bundle->main_offer) != 0) {
            reply->offers[reply->n_offers++] = request->offers[i];
        }
    }
    for (size_t i = 0; i < bundle->n_offers && request->n_offers == 0; i++) {
        if (!bundle->offers[i]->is_optional) {
            reply->offers[reply->n_offers++] = bundle->offers[i]->offer;
        }
    }
}

static enum status
find_bundle(struct call *call, const Kontor__V1__CheckBundleRequest *request,
            const Kontor__V1__Bundle **out)
{
    struct document document;
    if (request->what_case == KONTOR__V1__CHECK_BUNDLE_REQUEST__WHAT_BUNDLE) {
        *out = request->bundle;
        /* What could not be stored cannot be ordered. */
        bundle_form_judge(call->faults, request->bundle);
        faults_prefix(call->faults, 0, "bundle.");
        return call_check_faults(call);
    }
    enum status status = call_get(call, KIND_BUNDLE, request->id, &document);
    if (status == STATUS_OK) {
        *out = call_record(call, &document);
    }
    return status;
}

enum status
offer_bundle_check(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__CheckBundleRequest *request = message;
    const Kontor__V1__Bundle *bundle = NULL;
    struct offer_bundle_conflicts conflicts = {.rows = NULL};
    Kontor__V1__CheckBundleResponse *reply = arena_alloc(call->arena, sizeof(*reply));
    kontor__v1__check_bundle_response__init(reply);
    enum status status = find_bundle(call, request, &bundle);
    if (status == STATUS_OK) {
        choose(call, request, bundle, reply);
        status = offer_bundle_judge(call, bundle, reply->offers, reply->n_offers,
                                    &conflicts);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply->is_orderable = conflicts.n_rows == 0;
    reply->conflicts = conflicts.rows;
    reply->n_conflicts = conflicts.n_rows;
    decision_reply(decision, reply);
    return STATUS_OK;
}
