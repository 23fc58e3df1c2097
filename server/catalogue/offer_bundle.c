#include "server/catalogue/offer_bundle.h"

#include <string.h>

#include "catalogue/bundle_form.h"
#include "server/catalogue/onboarding.h"
#include "server/catalogue/provider.h"
#include "server/rpc/import.h"

/* ---- The record ---- */

static enum status
judge_provider(struct call *call, Kontor__V1__Bundle *bundle, bool is_coming)
{
    const char *registry = call_registry_of(call, bundle->id);
    struct document document;
    Kontor__V1__Provider *provider = NULL;
    if (strcmp(registry, call_registry_of(call, bundle->provider)) != 0) {
        call_fault(call, "provider",
                   "must be a provider of the record's own registry, %s", registry);
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
    if (status == STATUS_OK && is_coming) {
        status = provider_must_be_open(call, provider);
    }
    bundle->is_suspended = provider != NULL && onboarding_is_ended(provider->state);
    return status;
}

static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    Kontor__V1__Bundle *bundle = record;
    const Kontor__V1__Bundle *before = old;
    bool is_coming = old == NULL || strcmp(before->provider, bundle->provider) != 0;
    (void)old_doc;
    (void)decision;
    enum status status = judge_provider(call, bundle, is_coming);
    if (status == STATUS_OK) {
        bundle_form_judge(call->faults, bundle);
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
    *n_out = bundle->is_published && !bundle->is_suspended ? 3 : 2;
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

enum { IS_SUSPENDED = 20 };

const struct record offer_bundle_record = {
    .kind = &KIND_BUNDLE,
    .field = "bundle",
    .list_field = "bundles",
    .output_only = (const uint8_t[]){IS_SUSPENDED, 0},
    .judge = judge,
    .scope = scope,
    .filter = filter,
};
