#include "server/registry/registry.h"

#include <string.h>

#include "server/broker.h"
#include "server/registry/bundle.h"
#include "server/registry/principal.h"
#include "server/registry/standing.h"
#include "server/rpc/identity_name.h"

/* A registry's record is its own; the home registry, which made it, reads along. */
static void
scope_of(struct call *call, const Kontor__V1__Registry *registry, const char *home,
         struct draft_change *out)
{
    out->scope = standing_scope(call, registry->id);
    out->n_scope = 1;
    if (strcmp(registry->id, home) != 0) {
        out->scope[out->n_scope++] = arena_print(call->arena, "~r:%s", home);
    }
}

static void
put(struct call *call, struct decision *decision, const char *home, int64_t was,
    const Kontor__V1__Registry *registry)
{
    struct draft_change change = {0};
    scope_of(call, registry, home, &change);
    decision_put(call, decision, KIND_REGISTRY, registry->id, was, change.scope,
                 change.n_scope, &registry->base);
}

/* ---- Creating ---- */

static enum status
check_new(struct call *call, const Kontor__V1__Registry *wanted,
          const char *first_admin)
{
    if (!identity_name_is_domain(wanted->trust_domain)) {
        call_fault(call, "registry.trust_domain",
                   "must be 1 to 255 lower-case letters, digits and . _ -");
    }
    /* A wildcard would make everybody of the trust domain its first admin. */
    if (!identity_name_is_full(first_admin)) {
        call_fault(call, "first_admin",
                   "must be spiffe://<trust domain>/<path>, exact");
        return call_check_faults(call);
    }
    /* The chain of a foreign name never leads to this registry's bundle, so such an
     * admin could not come in, and nobody else could make another. */
    const char *domain = identity_name_domain(first_admin, call->arena);
    if (strcmp(domain, wanted->trust_domain) != 0) {
        call_fault(call, "first_admin", "must be of the trust domain %s",
                   wanted->trust_domain);
    }
    return call_check_faults(call);
}

static enum status
check_free(struct call *call, const Kontor__V1__Registry *wanted)
{
    struct document document;
    enum status status = call_get_any(call, KIND_REGISTRY, wanted->id, &document);
    if (status == STATUS_OK) {
        call_value(call, "id", "%s", wanted->id);
        return call_fail(call, REASON_ALREADY_EXISTS, "there is a registry %s already",
                         wanted->id);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* One trust domain belongs to one registry for ever, for a name in it must lead to
 * exactly one bundle. The guard stays when the registry is suspended. */
static enum status
take_domain(struct call *call, struct decision *decision, const char *trust_domain)
{
    const char *guard = arena_print(call->arena, "name/trust-domain/%s", trust_domain);
    struct document document;
    enum status status = call_get_any(call, KIND_GUARD, guard, &document);
    if (status == STATUS_OK) {
        call_value(call, "trustDomain", "%s", trust_domain);
        return call_fail(call, REASON_NAME_TAKEN,
                         "another registry has the trust domain %s", trust_domain);
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    decision_guard(call, decision, guard, 0);
    return STATUS_OK;
}

enum status
registry_put_new(struct call *call, struct decision *decision, const char *home,
                 const Kontor__V1__Registry *wanted, const char *first_admin)
{
    enum status status = check_new(call, wanted, first_admin);
    if (status == STATUS_OK) {
        status = check_free(call, wanted);
    }
    const char *bundle = wanted->bundle;
    if (status == STATUS_OK) {
        status = bundle_judge(call, decision, wanted->id, "registry.bundle", &bundle);
    }
    if (status == STATUS_OK) {
        status = take_domain(call, decision, wanted->trust_domain);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* Field by field, so that nothing the broker alone decides, state and home above
     * all, comes from the request. */
    Kontor__V1__Registry *registry = arena_alloc(call->arena, sizeof *registry);
    kontor__v1__registry__init(registry);
    registry->id = wanted->id;
    registry->name = wanted->name;
    registry->trust_domain = wanted->trust_domain;
    registry->bundle = (char *)bundle;
    registry->website = wanted->website;
    registry->state = KONTOR__V1__REGISTRY__STATE__ACTIVE;
    registry->is_home = strcmp(wanted->id, home) == 0;
    put(call, decision, home, 0, registry);
    /* In the same commit: a registry without an admin could never be administered. */
    return principal_put_admin(call, decision, wanted->id, first_admin);
}

enum status
registry_create(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__CreateRegistryRequest *create = request;
    return registry_put_new(call, decision, call->broker->home, create->registry,
                            create->first_admin);
}

enum status
registry_create_answer(struct call *call, const void *request,
                       const Kontor__V1__Commit *commit, void **reply)
{
    const Kontor__V1__CreateRegistryRequest *create = request;
    return answer_record(call, commit, KIND_REGISTRY, create->registry->id, reply);
}

/* ---- Changing ---- */

/* A registry for an administrator of it or of home, at the revision expected. Standing
 * comes before reading: somebody of another registry gets the same answer for one that
 * is there and one that is not. */
static enum status
open_registry(struct call *call, const char *id, int64_t expected,
              struct document *document, Kontor__V1__Registry **registry)
{
    enum status status = standing_inside_or_home(call, id);
    if (status != STATUS_OK) {
        return status;
    }
    status = call_get_any(call, KIND_REGISTRY, id, document);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? call_not_found(call, KIND_REGISTRY, id)
                                          : status;
    }
    *registry = call_record(call, document);
    return call_expect(call, document, expected);
}

/* Everything else has a call of its own with rules of its own, or never changes. */
static bool
is_changeable(const char *field)
{
    return strcmp(field, "name") == 0 || strcmp(field, "website") == 0;
}

/* Whether an Update means a field: its mask names it, or it is set and there is no
 * mask. */
static bool
is_meant(const Google__Protobuf__FieldMask *mask, const char *field, const char *value)
{
    bool is_named = false;
    for (size_t i = 0; mask != NULL && i < mask->n_paths; i++) {
        is_named = is_named || strcmp(mask->paths[i], field) == 0 ||
                   strcmp(mask->paths[i], "*") == 0;
    }
    return mask != NULL ? is_named : value[0] != '\0';
}

static enum status
check_update(struct call *call, const Kontor__V1__UpdateRegistryRequest *update)
{
    const Google__Protobuf__FieldMask *mask = update->update_mask;
    for (size_t i = 0; mask != NULL && i < mask->n_paths; i++) {
        bool is_allowed =
            is_changeable(mask->paths[i]) || strcmp(mask->paths[i], "*") == 0;
        if (!is_allowed) {
            call_fault(call, "update_mask",
                       "%s cannot be updated; name and website can, the bundle by "
                       "RotateBundle",
                       mask->paths[i]);
        }
    }
    /* Without a mask a field that is set is meant, and silence about one that is not
     * taken would look like success. */
    if (mask == NULL && update->registry->bundle[0] != '\0') {
        call_fault(call, "registry.bundle", "is changed by RotateBundle");
    }
    if (mask == NULL && update->registry->trust_domain[0] != '\0') {
        call_fault(call, "registry.trust_domain", "never changes");
    }
    return call_check_faults(call);
}

enum status
registry_update(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__UpdateRegistryRequest *update = request;
    const Kontor__V1__Registry *wanted = update->registry;
    struct document document;
    Kontor__V1__Registry *registry = NULL;
    enum status status = check_update(call, update);
    if (status == STATUS_OK) {
        status = open_registry(call, wanted->id, update->expected_revision, &document,
                               &registry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (is_meant(update->update_mask, "name", wanted->name)) {
        registry->name = wanted->name;
    }
    if (is_meant(update->update_mask, "website", wanted->website)) {
        registry->website = wanted->website;
    }
    put(call, decision, call->broker->home, document.revision, registry);
    return STATUS_OK;
}

enum status
registry_update_answer(struct call *call, const void *request,
                       const Kontor__V1__Commit *commit, void **reply)
{
    const Kontor__V1__UpdateRegistryRequest *update = request;
    return answer_record(call, commit, KIND_REGISTRY, update->registry->id, reply);
}

enum status
registry_rotate(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__RotateBundleRequest *rotate = request;
    struct document document;
    Kontor__V1__Registry *registry = NULL;
    const char *bundle = rotate->bundle;
    enum status status = open_registry(call, rotate->id, rotate->expected_revision,
                                       &document, &registry);
    if (status == STATUS_OK) {
        status = bundle_judge(call, decision, rotate->id, "bundle", &bundle);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* The new bundle replaces the old one whole: to change authorities without an
     * interruption one gives both until every certificate is issued by the new one.
     * Trust moves with this commit, so certificates of an authority that is gone are
     * refused from then on. */
    registry->bundle = (char *)bundle;
    put(call, decision, call->broker->home, document.revision, registry);
    return STATUS_OK;
}

enum status
registry_rotate_answer(struct call *call, const void *request,
                       const Kontor__V1__Commit *commit, void **reply)
{
    const Kontor__V1__RotateBundleRequest *rotate = request;
    return answer_record(call, commit, KIND_REGISTRY, rotate->id, reply);
}

/* ---- Suspending ---- */

enum status
registry_suspend(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__SuspendRegistryRequest *suspend = request;
    struct document document;
    Kontor__V1__Registry *registry = NULL;
    /* Before anything is read: with home suspended nobody could resume it. */
    if (strcmp(suspend->id, call->broker->home) == 0) {
        return call_fail(call, REASON_HOME_REGISTRY,
                         "registry %s runs this broker and cannot be suspended",
                         suspend->id);
    }
    enum status status = open_registry(call, suspend->id, suspend->expected_revision,
                                       &document, &registry);
    if (status != STATUS_OK) {
        return status;
    }
    if (registry->state == KONTOR__V1__REGISTRY__STATE__SUSPENDED) {
        return call_illegal(call, KIND_REGISTRY, suspend->id, "SUSPENDED",
                            "SuspendRegistry", "ResumeRegistry");
    }
    registry->state = KONTOR__V1__REGISTRY__STATE__SUSPENDED;
    /* Who is shut out learns only that he is: the reason is for admins who read the
     * record. */
    registry->suspended_because = suspend->reason;
    put(call, decision, call->broker->home, document.revision, registry);
    return STATUS_OK;
}

enum status
registry_suspend_answer(struct call *call, const void *request,
                        const Kontor__V1__Commit *commit, void **reply)
{
    const Kontor__V1__SuspendRegistryRequest *suspend = request;
    return answer_record(call, commit, KIND_REGISTRY, suspend->id, reply);
}

enum status
registry_resume(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__ResumeRegistryRequest *resume = request;
    struct document document;
    Kontor__V1__Registry *registry = NULL;
    enum status status = open_registry(call, resume->id, resume->expected_revision,
                                       &document, &registry);
    if (status != STATUS_OK) {
        return status;
    }
    if (registry->state == KONTOR__V1__REGISTRY__STATE__ACTIVE) {
        return call_illegal(call, KIND_REGISTRY, resume->id, "ACTIVE", "ResumeRegistry",
                            "SuspendRegistry");
    }
    registry->state = KONTOR__V1__REGISTRY__STATE__ACTIVE;
    registry->suspended_because = "";
    put(call, decision, call->broker->home, document.revision, registry);
    return STATUS_OK;
}

enum status
registry_resume_answer(struct call *call, const void *request,
                       const Kontor__V1__Commit *commit, void **reply)
{
    const Kontor__V1__ResumeRegistryRequest *resume = request;
    return answer_record(call, commit, KIND_REGISTRY, resume->id, reply);
}

const struct record registry_record = {
    .kind = &KIND_REGISTRY,
    .field = "registry",
    .list_field = "registries",
};
