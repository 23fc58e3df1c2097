#include "server/registry/bundle.h"

#include <string.h>

#include "kontor/v1/registry.pb-c.h"
#include "server/registry/standing.h"
#include "server/rpc/identity_bundle.h"

/* Every write of a bundle writes this guard too: judged against the others, they must
 * not pass each other. */
static const char bundles_guard[] = "trust/bundles";

/* Registries are few, partners by contract, so each change of a bundle reads all of
 * them. */
enum { REGISTRIES_PAGE = 100 };

static enum status
fail_collision(struct call *call, const char *authority, const char *other)
{
    const char *owner = "another registry";
    call_value(call, "authority", "%s", authority);
    /* Registries are read by themselves and by home (IDENTITY design), so the others'
     * admins are not told whom they met. */
    if (standing_is_home_admin(call)) {
        call_value(call, "registry", "%s", other);
        owner = arena_print(call->arena, "registry %s", other);
    }
    return call_fail(
        call, REASON_BUNDLE_COLLIDES,
        "the authority %s has the name, the key id or the key of one of %s; give the "
        "registry an authority that is its alone",
        authority, owner);
}

static enum status
check_against(struct call *call, const struct document *document,
              const struct bundle *bundle)
{
    const Kontor__V1__Registry *other = call_record(call, document);
    struct bundle theirs = {0};
    /* Only its form is read, not its dates: an authority that has expired since still
     * has its name, and its certificates may be renewed with the same key. */
    if (!identity_bundle_stored(other->bundle, call->arena, &theirs)) {
        return call_fail(call, REASON_INTERNAL, "the bundle of registry %s is damaged",
                         document->id);
    }
    const struct bundle_authority *authority =
        identity_bundle_collision(bundle, &theirs);
    return authority == NULL ? STATUS_OK
                             : fail_collision(call, authority->name, document->id);
}

/* A registry may keep a key of its own under a new certificate: only others count. */
static enum status
check_page(struct call *call, const struct page *page, const char *registry,
           const struct bundle *bundle)
{
    for (size_t i = 0; i < page->n_documents; i++) {
        bool is_own = strcmp(page->documents[i].id, registry) == 0;
        enum status status =
            is_own ? STATUS_OK : check_against(call, &page->documents[i], bundle);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status
check_others(struct call *call, const char *registry, const struct bundle *bundle)
{
    struct find find = {.kind = KIND_REGISTRY, .limit = REGISTRIES_PAGE, .token = ""};
    do {
        struct page page;
        enum status status = call_find(call, &find, true, &page);
        if (status == STATUS_OK) {
            status = check_page(call, &page, registry, bundle);
        }
        if (status != STATUS_OK) {
            return status;
        }
        find.token = page.next_token;
    } while (find.token[0] != '\0');
    return STATUS_OK;
}

/* Reading the others adds no check a new registry would trip, for it is not there yet
 * to be read. Whoever writes the guard second is decided anew and sees the first. */
static enum status
guard_write(struct call *call, struct decision *decision)
{
    struct document guard;
    enum status status = call_get_any(call, KIND_GUARD, bundles_guard, &guard);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    decision_guard(call, decision, bundles_guard,
                   status == STATUS_OK ? guard.revision : 0);
    return STATUS_OK;
}

enum status
bundle_judge(struct call *call, struct decision *decision, const char *registry,
             const char *path, const char **pem)
{
    struct bundle bundle = {0};
    const char *wrong = identity_bundle_read(*pem, call->now_ms, call->arena, &bundle);
    if (wrong != NULL) {
        call_fault(call, path, "%s", wrong);
        return call_check_faults(call);
    }
    enum status status = check_others(call, registry, &bundle);
    if (status != STATUS_OK) {
        return status;
    }
    /* What is stored is written anew from what was read, so that no text around a
     * certificate is kept, and what later readers parse is what was judged. */
    *pem = bundle.pem;
    return guard_write(call, decision);
}
