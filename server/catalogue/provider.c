#include "server/catalogue/provider.h"

#include "server/catalogue/audit.h"
#include "server/catalogue/term.h"
#include "server/rpc/call.h"

enum status
provider_must_own(struct call *call, const char *provider)
{
    const char *registry =
        arena_print(call->arena, "r:%s", call_registry_of(call, provider));
    if (principal_has_scope(call->who, registry)) {
        return STATUS_OK;
    }
    return call_must_have(call, arena_print(call->arena, "p:%s", provider));
}

/* A provider has no parent but its registry; an operator named for it before may create
 * it. */
static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    Kontor__V1__Provider *provider = record;
    (void)old_doc;
    (void)decision;
    if (old != NULL) {
        audit_note_change(call, old, &provider->base, &provider->audit);
    }
    return provider_must_own(call, provider->id);
}

static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__Provider *provider = record;
    char **strings = arena_alloc(call->arena, 3 * sizeof(*strings));
    strings[0] =
        arena_print(call->arena, "=r:%s", call_registry_of(call, provider->id));
    strings[1] = arena_print(call->arena, "=p:%s", provider->id);
    strings[2] = "~*";
    *out = strings;
    *n_out = 3;
}

void
provider_find(struct call *call, const void *record)
{
    const Kontor__V1__Provider *provider = record;
    term_find(call, provider->id, &provider->base);
}

enum { AUDIT = 20 };

const struct record provider_record = {
    .kind = &KIND_PROVIDER,
    .field = "provider",
    .list_field = "providers",
    .output_only = (const uint8_t[]){AUDIT, 0},
    .judge = judge,
    .scope = scope,
};
