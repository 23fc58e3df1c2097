#include "server/catalogue/offer_bundle.h"

#include <string.h>

#include "server/catalogue/offer.h"
#include "server/catalogue/onboarding.h"
#include "server/catalogue/provider.h"
#include "server/catalogue/term.h"
#include "server/rpc/import.h"

/* ---- Form ---- */

bool
offer_bundle_has(const Kontor__V1__Bundle *bundle, const char *offer)
{
    bool is_found = strcmp(bundle->main_offer, offer) == 0;
    for (size_t i = 0; i < bundle->n_offers && !is_found; i++) {
        is_found = strcmp(bundle->offers[i]->offer, offer) == 0;
    }
    return is_found;
}

/* Adds a fault for an offer a rule names and the bundle has not. */
static void
need_part(struct call *call, const Kontor__V1__Bundle *bundle, const char *path,
          const char *offer)
{
    if (!offer_bundle_has(bundle, offer)) {
        call_fault(call, path, "%s is no offer of this bundle", offer);
    }
}

static void
judge_pair(struct call *call, const Kontor__V1__Bundle *bundle, const char *path,
           const char *one, const char *other)
{
    need_part(call, bundle, path, one);
    need_part(call, bundle, path, other);
    if (strcmp(one, other) == 0) {
        call_fault(call, path, "names %s twice", one);
    }
}

static void
judge_same_site(struct call *call, const Kontor__V1__Bundle *bundle, const char *path,
                const Kontor__V1__BundleSameSite *rule)
{
    if (rule->n_offers < 2) {
        call_fault(call, path, "needs two offers at least");
    }
    for (size_t i = 0; i < rule->n_offers; i++) {
        need_part(call, bundle, path, rule->offers[i]);
    }
}

static void
judge_range(struct call *call, const Kontor__V1__Bundle *bundle, const char *path,
            const Kontor__V1__BundleVersionRange *rule)
{
    need_part(call, bundle, path, rule->offer);
    bool has_both = rule->at_least[0] != '\0' && rule->below[0] != '\0';
    if (rule->at_least[0] == '\0' && rule->below[0] == '\0') {
        call_fault(call, path, "says neither at_least nor below");
    } else if (has_both &&
               offer_bundle_compare_releases(rule->at_least, rule->below) >= 0) {
        call_fault(call, path, "no release is at least %s and below %s", rule->at_least,
                   rule->below);
    }
}

static void
judge_rule(struct call *call, const Kontor__V1__Bundle *bundle, size_t i)
{
    const Kontor__V1__BundleRule *rule = bundle->rules[i];
    const char *path = arena_print(call->arena, "rules[%zu]", i);
    switch (rule->rule_case) {
    case KONTOR__V1__BUNDLE_RULE__RULE_REQUIRES:
        judge_pair(call, bundle, path, rule->requires->offer, rule->requires->needs);
        return;
    case KONTOR__V1__BUNDLE_RULE__RULE_EXCLUDES:
        judge_pair(call, bundle, path, rule->excludes->one, rule->excludes->other);
        return;
    case KONTOR__V1__BUNDLE_RULE__RULE_SAME_SITE:
        judge_same_site(call, bundle, path, rule->same_site);
        return;
    case KONTOR__V1__BUNDLE_RULE__RULE_VERSION_RANGE:
        judge_range(call, bundle, path, rule->version_range);
        return;
    case KONTOR__V1__BUNDLE_RULE__RULE__NOT_SET:
    case _KONTOR__V1__BUNDLE_RULE__RULE__CASE_IS_INT_SIZE:
        return;
    }
}

static void
judge_offers(struct call *call, const Kontor__V1__Bundle *bundle)
{
    for (size_t i = 0; i < bundle->n_offers; i++) {
        bool is_again = strcmp(bundle->offers[i]->offer, bundle->main_offer) == 0;
        for (size_t k = 0; k < i && !is_again; k++) {
            is_again = strcmp(bundle->offers[i]->offer, bundle->offers[k]->offer) == 0;
        }
        if (is_again) {
            call_fault(call, arena_print(call->arena, "offers[%zu].offer", i),
                       "%s is in this bundle already", bundle->offers[i]->offer);
        }
    }
    for (size_t i = 0; i < bundle->n_rules; i++) {
        judge_rule(call, bundle, i);
    }
}

/* ---- The record ---- */

static enum status
judge_provider(struct call *call, const Kontor__V1__Bundle *bundle)
{
    const char *registry = call_registry_of(call, bundle->id);
    struct document document;
    Kontor__V1__Provider *provider = NULL;
    if (strcmp(registry, call_registry_of(call, bundle->provider)) != 0) {
        call_fault(call, "provider",
                   "must be a provider of the bundle's own registry, %s", registry);
        return STATUS_OK;
    }
    enum status status = provider_must_own(call, bundle->provider);
    if (status == STATUS_OK) {
        status = provider_read(call, bundle->provider, &document, &provider);
    }
    if (status == STATUS_OK && provider == NULL &&
        !import_would_have(call, KIND_PROVIDER, bundle->provider)) {
        call_fault(call, "provider", "there is no provider %s; create it first",
                   bundle->provider);
    }
    if (status == STATUS_OK && provider != NULL && bundle->is_published &&
        !onboarding_is_shown(provider->state)) {
        call_fault(call, "is_published", "provider %s is %s", provider->id,
                   onboarding_name(provider->state));
    }
    return status;
}

static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    const Kontor__V1__Bundle *bundle = record;
    (void)old;
    (void)old_doc;
    (void)decision;
    enum status status = judge_provider(call, bundle);
    if (status == STATUS_OK) {
        judge_offers(call, bundle);
    }
    return status;
}

static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__Bundle *bundle = record;
    char **strings = arena_alloc(call->arena, 3 * sizeof(*strings));
    strings[0] = arena_print(call->arena, "=r:%s", call_registry_of(call, bundle->id));
    strings[1] = arena_print(call->arena, "=p:%s", bundle->provider);
    strings[2] = "~*";
    *out = strings;
    *n_out = bundle->is_published ? 3 : 2;
}

static enum status
filter(struct call *call, const void *request, struct find *find)
{
    const Kontor__V1__ListBundlesRequest *list = request;
    (void)call;
    if (list->provider[0] != '\0') {
        find->index = "provider";
        find->equal[0].text = list->provider;
        find->n_equal = 1;
    }
    return STATUS_OK;
}

static void
find_offer(struct call *call, const char *path, const char *offer)
{
    struct offer_found found;
    if (offer_find(call, offer, &found) != STATUS_OK) {
        memset(&call->error, 0, sizeof call->error);
        import_finding(call, path, "no offer %s is known here", offer);
    }
}

void
offer_bundle_find(struct call *call, const void *record)
{
    const Kontor__V1__Bundle *bundle = record;
    find_offer(call, "main_offer", bundle->main_offer);
    for (size_t i = 0; i < bundle->n_offers; i++) {
        find_offer(call, arena_print(call->arena, "offers[%zu].offer", i),
                   bundle->offers[i]->offer);
    }
    term_find(call, bundle->id, &bundle->base);
}

const struct record offer_bundle_record = {
    .kind = &KIND_BUNDLE,
    .field = "bundle",
    .list_field = "bundles",
    .judge = judge,
    .scope = scope,
    .filter = filter,
};
