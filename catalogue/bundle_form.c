#include "catalogue/bundle_form.h"

#include <string.h>

/* ---- Releases ---- */

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Two runs of digits of any length; both pointers move behind them. */
static int
compare_numbers(const char **a, const char **b)
{
    while (**a == '0') {
        (*a)++;
    }
    while (**b == '0') {
        (*b)++;
    }
    size_t n_a = strspn(*a, "0123456789");
    size_t n_b = strspn(*b, "0123456789");
    int order = n_a != n_b ? (n_a < n_b ? -1 : 1) : strncmp(*a, *b, n_a);
    *a += n_a;
    *b += n_b;
    return order;
}

int
bundle_form_compare(const char *a, const char *b)
{
    int order = 0;
    while (order == 0 && *a != '\0' && *b != '\0') {
        if (is_digit(*a) && is_digit(*b)) {
            order = compare_numbers(&a, &b);
        } else {
            order = (unsigned char)*a++ - (unsigned char)*b++;
        }
    }
    return order != 0 ? order : (*a != '\0') - (*b != '\0');
}

/* ---- Form ---- */

bool
bundle_form_has(const Kontor__V1__Bundle *bundle, const char *offer)
{
    bool is_found = strcmp(bundle->main_offer, offer) == 0;
    for (size_t i = 0; i < bundle->n_offers && !is_found; i++) {
        is_found = strcmp(bundle->offers[i]->offer, offer) == 0;
    }
    return is_found;
}

/* Adds a fault for an offer a rule names and the bundle has not. */
static void
need_part(struct faults *faults, const Kontor__V1__Bundle *bundle, const char *path,
          const char *offer)
{
    if (!bundle_form_has(bundle, offer)) {
        faults_add(faults, path, "%s is no offer of this bundle", offer);
    }
}

static void
judge_pair(struct faults *faults, const Kontor__V1__Bundle *bundle, const char *path,
           const char *one, const char *other)
{
    need_part(faults, bundle, path, one);
    need_part(faults, bundle, path, other);
    if (strcmp(one, other) == 0) {
        faults_add(faults, path, "names %s twice", one);
    }
}

static void
judge_same_site(struct faults *faults, const Kontor__V1__Bundle *bundle,
                const char *path, const Kontor__V1__BundleSameSite *rule)
{
    if (rule->n_offers < 2) {
        faults_add(faults, path, "needs two offers at least");
    }
    for (size_t i = 0; i < rule->n_offers; i++) {
        need_part(faults, bundle, path, rule->offers[i]);
    }
}

static void
judge_range(struct faults *faults, const Kontor__V1__Bundle *bundle, const char *path,
            const Kontor__V1__BundleVersionRange *rule)
{
    need_part(faults, bundle, path, rule->offer);
    bool has_both = rule->at_least[0] != '\0' && rule->below[0] != '\0';
    if (rule->at_least[0] == '\0' && rule->below[0] == '\0') {
        faults_add(faults, path, "says neither at_least nor below");
    } else if (has_both && bundle_form_compare(rule->at_least, rule->below) >= 0) {
        faults_add(faults, path, "no release is at least %s and below %s",
                   rule->at_least, rule->below);
    }
}

static void
judge_rule(struct faults *faults, const Kontor__V1__Bundle *bundle, size_t i)
{
    const Kontor__V1__BundleRule *rule = bundle->rules[i];
    const char *path = arena_print(faults->arena, "rules[%zu]", i);
    switch (rule->rule_case) {
    case KONTOR__V1__BUNDLE_RULE__RULE_REQUIRES:
        judge_pair(faults, bundle, path, rule->requires->offer, rule->requires->needs);
        return;
    case KONTOR__V1__BUNDLE_RULE__RULE_EXCLUDES:
        judge_pair(faults, bundle, path, rule->excludes->one, rule->excludes->other);
        return;
    case KONTOR__V1__BUNDLE_RULE__RULE_SAME_SITE:
        judge_same_site(faults, bundle, path, rule->same_site);
        return;
    case KONTOR__V1__BUNDLE_RULE__RULE_VERSION_RANGE:
        judge_range(faults, bundle, path, rule->version_range);
        return;
    case KONTOR__V1__BUNDLE_RULE__RULE__NOT_SET:
    case _KONTOR__V1__BUNDLE_RULE__RULE__CASE_IS_INT_SIZE:
        return;
    }
}

void
bundle_form_judge(struct faults *faults, const Kontor__V1__Bundle *bundle)
{
    for (size_t i = 0; i < bundle->n_offers; i++) {
        bool is_again = strcmp(bundle->offers[i]->offer, bundle->main_offer) == 0;
        for (size_t k = 0; k < i && !is_again; k++) {
            is_again = strcmp(bundle->offers[i]->offer, bundle->offers[k]->offer) == 0;
        }
        if (is_again) {
            faults_add(faults, arena_print(faults->arena, "offers[%zu].offer", i),
                       "%s is in this bundle already", bundle->offers[i]->offer);
        }
    }
    for (size_t i = 0; i < bundle->n_rules; i++) {
        judge_rule(faults, bundle, i);
    }
}
