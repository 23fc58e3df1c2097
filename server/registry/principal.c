#include "server/registry/principal.h"

#include <string.h>

#include "proto/text.h"
#include "server/broker.h"
#include "server/registry/standing.h"
#include "server/rpc/identity_name.h"

/* Two admins of home that remove each other at once both write this guard: one of them
 * decides again. */
static const char last_admin_guard[] = "trust/home-admins";

enum { ADMINS_PAGE = 100 };

static const char *
identity_guard(struct call *call, const char *identity)
{
    return arena_print(call->arena, "name/identity/%s", identity);
}

static bool
has_role(const Kontor__V1__Principal *principal, Kontor__V1__Role role)
{
    for (size_t i = 0; i < principal->n_roles; i++) {
        if (principal->roles[i] == role) {
            return true;
        }
    }
    return false;
}

/* ---- Creating ---- */

/* An identity counts once in the whole broker, so that exactly one record counts for a
 * certificate. */
static enum status
identity_take(struct call *call, struct decision *decision, const char *identity)
{
    const char *guard = identity_guard(call, identity);
    struct document document;
    enum status status = call_get_any(call, KIND_GUARD, guard, &document);
    if (status == STATUS_OK) {
        call_value(call, "identity", "%s", identity);
        return call_fail(call, REASON_NAME_TAKEN,
                         "there is a principal with the identity %s already", identity);
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    decision_guard(call, decision, guard, 0);
    return STATUS_OK;
}

enum status
principal_put_new(struct call *call, struct decision *decision,
                  const Kontor__V1__Principal *principal)
{
    struct document document;
    enum status status = call_get_any(call, KIND_PRINCIPAL, principal->id, &document);
    if (status == STATUS_OK) {
        call_value(call, "id", "%s", principal->id);
        return call_fail(call, REASON_ALREADY_EXISTS,
                         "there is a principal %s already; choose another id",
                         principal->id);
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    status = identity_take(call, decision, principal->identity);
    if (status != STATUS_OK) {
        return status;
    }
    decision_put(call, decision, KIND_PRINCIPAL, principal->id, 0,
                 standing_scope(call, call_registry_of(call, principal->id)), 1,
                 &principal->base);
    return STATUS_OK;
}

enum status
principal_put_admin(struct call *call, struct decision *decision, const char *registry,
                    const char *identity)
{
    Kontor__V1__Principal admin = KONTOR__V1__PRINCIPAL__INIT;
    Kontor__V1__Role roles[] = {KONTOR__V1__ROLE__ADMIN};
    char *scopes[] = {arena_print(call->arena, "r:%s", registry)};
    const char *local = text_local_id(strrchr(identity, '/') + 1, call->arena);
    admin.id = arena_print(call->arena, "%s/%s", registry, local);
    admin.identity = (char *)identity;
    admin.n_roles = 1;
    admin.roles = roles;
    admin.n_scopes = 1;
    admin.scopes = scopes;
    admin.description = "first admin";
    return principal_put_new(call, decision, &admin);
}

/* Beyond its own registry an admin of home makes and removes admins, nothing else. */
static enum status
may_make(struct call *call, const char *registry,
         const Kontor__V1__Principal *principal)
{
    bool is_admin_only =
        principal->n_roles == 1 && has_role(principal, KONTOR__V1__ROLE__ADMIN);
    if (standing_is_home_admin(call) && is_admin_only) {
        return STATUS_OK;
    }
    return standing_inside(call, registry);
}

/* Whether a scope string r:X, p:X/.. or j:X/.. is of this registry. */
static bool
scope_is_of(const char *scope, const char *registry)
{
    size_t size = strlen(registry);
    if (strlen(scope) < 2 + size || strncmp(scope + 2, registry, size) != 0) {
        return false;
    }
    bool is_whole = scope[0] == 'r';
    return scope[2 + size] == (is_whole ? '\0' : '/');
}

static enum status
check_fields(struct call *call, const char *registry, const char *trust_domain,
             const Kontor__V1__Principal *principal)
{
    if (!identity_name_is_pattern(principal->identity)) {
        call_fault(call, "principal.identity",
                   "must be spiffe://%s/<path>, exact or with /* at the end",
                   trust_domain);
        return call_check_faults(call);
    }
    const char *domain = identity_name_domain(principal->identity, call->arena);
    if (strcmp(domain, trust_domain) != 0) {
        call_fault(call, "principal.identity",
                   "must be of the trust domain of registry %s, %s", registry,
                   trust_domain);
    }
    for (size_t i = 0; i < principal->n_scopes; i++) {
        if (!scope_is_of(principal->scopes[i], registry)) {
            call_fault(call, arena_print(call->arena, "principal.scopes[%zu]", i),
                       "must be r:%s, or p: or j: and an id of registry %s", registry,
                       registry);
        }
    }
    return call_check_faults(call);
}

enum status
principal_create(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__CreatePrincipalRequest *create = request;
    const Kontor__V1__Principal *principal = create->principal;
    const char *registry = call_registry_of(call, principal->id);
    enum status status = may_make(call, registry, principal);
    if (status != STATUS_OK) {
        return status;
    }
    struct document document;
    status = call_get_any(call, KIND_REGISTRY, registry, &document);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND
                   ? call_not_found(call, KIND_REGISTRY, registry)
                   : status;
    }
    const Kontor__V1__Registry *owner = call_record(call, &document);
    status = check_fields(call, registry, owner->trust_domain, principal);
    if (status != STATUS_OK) {
        return status;
    }
    return principal_put_new(call, decision, principal);
}

enum status
principal_create_answer(struct call *call, const void *request,
                        const Kontor__V1__Commit *commit, void **reply)
{
    const Kontor__V1__CreatePrincipalRequest *create = request;
    return answer_record(call, commit, KIND_PRINCIPAL, create->principal->id, reply);
}

/* ---- Deleting ---- */

/* Counts the admins of home, in pages. */
static enum status
count_home_admins(struct call *call, size_t *n_admins)
{
    struct find find = {.kind = KIND_PRINCIPAL,
                        .prefix = call->broker->home,
                        .limit = ADMINS_PAGE,
                        .token = ""};
    *n_admins = 0;
    do {
        struct page page;
        enum status status = call_find(call, &find, true, &page);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < page.n_documents; i++) {
            const Kontor__V1__Principal *one = call_record(call, &page.documents[i]);
            *n_admins += has_role(one, KONTOR__V1__ROLE__ADMIN);
        }
        find.token = page.next_token;
    } while (find.token[0] != '\0');
    return STATUS_OK;
}

/* Home keeps an admin: nobody else could make a new one. */
static enum status
check_last_admin(struct call *call, struct decision *decision)
{
    struct document guard = {.revision = 0};
    enum status status = call_get_any(call, KIND_GUARD, last_admin_guard, &guard);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    int64_t was = status == STATUS_OK ? guard.revision : 0;
    size_t n_admins = 0;
    status = count_home_admins(call, &n_admins);
    if (status != STATUS_OK) {
        return status;
    }
    if (n_admins <= 1) {
        return call_fail(call, REASON_LAST_ADMIN,
                         "the last admin of the home registry %s stays; create another "
                         "first",
                         call->broker->home);
    }
    decision_guard(call, decision, last_admin_guard, was);
    return STATUS_OK;
}

/* What the caller may remove, or the failure that tells no more than it may know. */
static enum status
find_removable(struct call *call, const char *id, struct document *document)
{
    const char *registry = call_registry_of(call, id);
    if (standing_is_inside(call, registry)) {
        return call_get(call, KIND_PRINCIPAL, id, document);
    }
    if (!standing_is_home_admin(call)) {
        return standing_inside(call, registry);
    }
    enum status status = call_get_any(call, KIND_PRINCIPAL, id, document);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    bool is_admin = status == STATUS_OK &&
                    has_role(call_record(call, document), KONTOR__V1__ROLE__ADMIN);
    return is_admin ? STATUS_OK : call_not_found(call, KIND_PRINCIPAL, id);
}

static enum status
release_identity(struct call *call, struct decision *decision, const char *identity)
{
    const char *guard = identity_guard(call, identity);
    struct document document;
    enum status status = call_get_any(call, KIND_GUARD, guard, &document);
    if (status == STATUS_OK) {
        decision_delete(call, decision, KIND_GUARD, guard, document.revision);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
principal_delete(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__DeletePrincipalRequest *delete = request;
    struct document document;
    enum status status = find_removable(call, delete->id, &document);
    if (status != STATUS_OK) {
        return status;
    }
    status = call_expect(call, &document, delete->expected_revision);
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__Principal *principal = call_record(call, &document);
    const char *registry = call_registry_of(call, delete->id);
    bool is_home_admin = strcmp(registry, call->broker->home) == 0 &&
                         has_role(principal, KONTOR__V1__ROLE__ADMIN);
    status = is_home_admin ? check_last_admin(call, decision) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    decision_delete(call, decision, KIND_PRINCIPAL, delete->id, document.revision);
    return release_identity(call, decision, principal->identity);
}

enum status
principal_delete_answer(struct call *call, const void *request,
                        const Kontor__V1__Commit *commit, void **reply)
{
    (void)request;
    (void)commit;
    Kontor__V1__DeletePrincipalResponse *response =
        arena_alloc(call->arena, sizeof *response);
    kontor__v1__delete_principal_response__init(response);
    *reply = response;
    return STATUS_OK;
}

const struct record principal_record = {
    .kind = &KIND_PRINCIPAL,
    .field = "principal",
    .list_field = "principals",
};
