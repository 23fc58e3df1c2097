#include "tests/server/toy.h"

#include <string.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "kontor/v1/registry_service.pb-c.h"
#include "server/rpc/named.h"
#include "server/rpc/stream.h"

atomic_int toy_takes;
toy_late_fn *_Atomic toy_late;
static atomic_llong soft_value = 1;

static char **
scope_of(struct call *call, const Kontor__V1__Provider *provider, size_t *n)
{
    const char *id = provider->id;
    if (provider->n_tags > 0) {
        *n = provider->n_tags;
        return provider->tags;
    }
    char **scope = arena_alloc(call->arena, sizeof scope[0]);
    scope[0] = arena_print(call->arena, "=r:%s", call_registry_of(call, id));
    *n = 1;
    return scope;
}

static enum status
put(struct call *call, const Kontor__V1__Provider *provider, struct decision *decision)
{
    struct document old = {.revision = 0};
    enum status status = call_get_any(call, KIND_PROVIDER, provider->id, &old);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    const char *own =
        arena_print(call->arena, "r:%s", call_registry_of(call, provider->id));
    status = call_must_have(call, own);
    if (status != STATUS_OK) {
        return status;
    }
    size_t n_scope;
    char **scope = scope_of(call, provider, &n_scope);
    decision_put(call, decision, KIND_PROVIDER, provider->id, old.revision, scope,
                 n_scope, &provider->base);
    return STATUS_OK;
}

static enum status
decide_put(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__CreateProviderRequest *self = request;
    return put(call, self->provider, decision);
}

static enum status
decide_pair(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__CreateProviderRequest *self = request;
    Kontor__V1__Provider second = *self->provider;
    second.id = arena_print(call->arena, "%s-b", self->provider->id);
    enum status status = put(call, self->provider, decision);
    return status == STATUS_OK ? put(call, &second, decision) : status;
}

static enum status
answer_put(struct call *call, const void *request, const Kontor__V1__Commit *commit,
           void **reply)
{
    const Kontor__V1__CreateProviderRequest *self = request;
    return answer_record(call, commit, KIND_PROVIDER, self->provider->id, reply);
}

static enum status
decide_get(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__GetProviderRequest *self = request;
    struct document document;
    enum status status =
        call_get_as_of(call, KIND_PROVIDER, self->id, self->as_of, &document);
    if (status != STATUS_OK) {
        return status;
    }
    decision_document(call, decision, &document);
    return STATUS_OK;
}

static enum status
decide_take(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__GetProviderRequest *self = request;
    struct document document;
    atomic_fetch_add(&toy_takes, 1);
    enum status status = call_get_any(call, KIND_PROVIDER, self->id, &document);
    if (status == STATUS_OK) {
        decision_delete(call, decision, KIND_PROVIDER, self->id, document.revision);
        return STATUS_OK;
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    if (call->is_last_run) {
        return call_not_found(call, KIND_PROVIDER, self->id);
    }
    decision->kind = DECISION_PARK;
    decision->park.keys[0] = arena_print(call->arena, "provider/%s", self->id);
    decision->park.n_keys = 1;
    decision->park.until_ms = call->now_ms + 20000;
    decision->park.is_exhausted = true;
    return STATUS_OK;
}

static enum status
answer_take(struct call *call, const void *request, const Kontor__V1__Commit *commit,
            void **reply)
{
    const Kontor__V1__GetProviderRequest *self = request;
    (void)commit;
    Kontor__V1__Provider *provider = arena_alloc(call->arena, sizeof *provider);
    kontor__v1__provider__init(provider);
    provider->id = self->id;
    *reply = provider;
    return STATUS_OK;
}

static enum status
decide_expect(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__UpdateProviderRequest *self = request;
    struct document document;
    enum status status = call_get(call, KIND_PROVIDER, self->provider->id, &document);
    if (status != STATUS_OK) {
        return status;
    }
    status = call_must_own(call, &document);
    if (status != STATUS_OK) {
        return status;
    }
    if (self->expected_revision != 0 && self->expected_revision != document.revision) {
        call_value(call, "current", "%lld", (long long)document.revision);
        return call_fail(call, REASON_REVISION_MISMATCH, "it is another revision");
    }
    decision_put(call, decision, KIND_PROVIDER, self->provider->id, document.revision,
                 document.scope, document.n_scope, &self->provider->base);
    return STATUS_OK;
}

static enum status
answer_expect(struct call *call, const void *request, const Kontor__V1__Commit *commit,
              void **reply)
{
    const Kontor__V1__UpdateProviderRequest *self = request;
    return answer_record(call, commit, KIND_PROVIDER, self->provider->id, reply);
}

static enum status
decide_soft(struct call *call, const void *request, struct decision *decision)
{
    decision_soft(call, decision, named_text(request, "id"),
                  atomic_fetch_add(&soft_value, 1));
    void *reply;
    enum status status = answer_take(call, request, NULL, &reply);
    decision->reply = reply;
    return status;
}

/* Writes on a revision that never was, as often as it is asked. */
static enum status
decide_stale(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__CreateProviderRequest *self = request;
    size_t n_scope;
    char **scope = scope_of(call, self->provider, &n_scope);
    decision_put(call, decision, KIND_PROVIDER, self->provider->id, INT64_C(1) << 40,
                 scope, n_scope, &self->provider->base);
    return STATUS_OK;
}

static enum status
decide_broken(struct call *call, const void *request, struct decision *decision)
{
    (void)request;
    (void)decision;
    return call_fail(call, REASON_INTERNAL, "secret %d", 42);
}

/* ---- Batch ---- */

static size_t
import_count(const void *request)
{
    return ((const Kontor__V1__CatalogueImportRequest *)request)->n_records;
}

/* Each record adds its abbreviation to what the one before left: so order shows. */
static enum status
import_decide(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__CatalogueImportRequest *self = request;
    Kontor__V1__Provider *given = self->records[call->record]->provider;
    struct document old;
    toy_late_fn *late = atomic_load(&toy_late);
    if (strcmp(given->name, "late") == 0 && late != NULL) {
        late();
    }
    if (strcmp(given->name, "refuse") == 0) {
        call_fault(call, "name", "is refused");
        return call_check_faults(call);
    }
    enum status status = call_get_any(call, KIND_PROVIDER, given->id, &old);
    if (status == STATUS_OK) {
        Kontor__V1__Provider *before = call_record(call, &old);
        if (strcmp(before->name, given->name) == 0) {
            decision_reply(decision, NULL);
            return STATUS_OK;
        }
        given->abbreviation =
            arena_print(call->arena, "%s%s", before->abbreviation, given->name);
    }
    return put(call, given, decision);
}

static void
import_note(struct call *call, const void *request, size_t record, enum status status,
            const Kontor__V1__Commit *commit, void *reply)
{
    const Kontor__V1__CatalogueImportRequest *self = request;
    Kontor__V1__CatalogueImportResponse *response = reply;
    Kontor__V1__ImportResult *result = response->results[record];
    result->id = self->records[record]->provider->id;
    result->revision = commit == NULL ? 0 : commit->seq;
    result->outcome = commit == NULL ? KONTOR__V1__IMPORT_OUTCOME__SAME
                      : commit->changes[0]->was == 0
                          ? KONTOR__V1__IMPORT_OUTCOME__CREATED
                          : KONTOR__V1__IMPORT_OUTCOME__CHANGED;
    if (status != STATUS_OK) {
        result->outcome = KONTOR__V1__IMPORT_OUTCOME__REFUSED;
        result->n_violations =
            call->error.faults == NULL ? 0 : call->error.faults->n_rows;
        result->violations =
            arena_alloc(call->arena, (result->n_violations + 1) * sizeof(void *));
        for (size_t i = 0; i < result->n_violations; i++) {
            result->violations[i] =
                arena_alloc(call->arena, sizeof *result->violations[i]);
            kontor__v1__violation__init(result->violations[i]);
        }
    }
}

static void *
import_reply(struct call *call, const void *request)
{
    const Kontor__V1__CatalogueImportRequest *self = request;
    Kontor__V1__CatalogueImportResponse *reply =
        arena_alloc(call->arena, sizeof *reply);
    kontor__v1__catalogue_import_response__init(reply);
    reply->n_results = self->n_records;
    reply->results = arena_alloc(call->arena, (self->n_records + 1) * sizeof(void *));
    for (size_t i = 0; i < self->n_records; i++) {
        reply->results[i] = arena_alloc(call->arena, sizeof *reply->results[i]);
        kontor__v1__import_result__init(reply->results[i]);
    }
    return reply;
}

static const struct row_batch import = {
    .count = import_count,
    .decide = import_decide,
    .note = import_note,
    .reply = import_reply,
};

#define MESSAGE(name) &kontor__v1__##name##__descriptor

static const struct row rows[] = {
    {.path = "/kontor.test.Toy/Put",
     .request = MESSAGE(create_provider_request),
     .reply = MESSAGE(provider),
     .klass = CLASS_WRITE,
     .roles = ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN),
     .is_mutation = true,
     .decide = decide_put,
     .answer = answer_put},
    {.path = "/kontor.test.Toy/Pair",
     .request = MESSAGE(create_provider_request),
     .reply = MESSAGE(provider),
     .klass = CLASS_WRITE,
     .roles = ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN),
     .is_mutation = true,
     .decide = decide_pair,
     .answer = answer_put},
    {.path = "/kontor.test.Toy/Stale",
     .request = MESSAGE(create_provider_request),
     .reply = MESSAGE(provider),
     .klass = CLASS_WRITE,
     .roles = ROLES_ALL,
     .is_mutation = true,
     .decide = decide_stale,
     .answer = answer_put},
    {.path = "/kontor.test.Toy/Get",
     .request = MESSAGE(get_provider_request),
     .reply = MESSAGE(provider),
     .klass = CLASS_READ,
     .roles = ROLES_ALL,
     .decide = decide_get},
    {.path = "/kontor.test.Toy/Take",
     .request = MESSAGE(get_provider_request),
     .reply = MESSAGE(provider),
     .klass = CLASS_WRITE,
     .roles = ROLES_ALL,
     .is_mutation = true,
     .decide = decide_take,
     .answer = answer_take},
    {.path = "/kontor.test.Toy/Expect",
     .request = MESSAGE(update_provider_request),
     .reply = MESSAGE(provider),
     .klass = CLASS_WRITE,
     .roles = ROLES_ALL,
     .is_mutation = true,
     .decide = decide_expect,
     .answer = answer_expect},
    {.path = "/kontor.test.Toy/Soft",
     .request = MESSAGE(get_provider_request),
     .reply = MESSAGE(provider),
     .klass = CLASS_WRITE,
     .roles = ROLES_ALL,
     .is_mutation = true,
     .decide = decide_soft,
     .answer = answer_take},
    {.path = "/kontor.test.Toy/Import",
     .request = MESSAGE(catalogue_import_request),
     .reply = MESSAGE(catalogue_import_response),
     .klass = CLASS_WRITE,
     .roles = ROLES_ALL,
     .is_mutation = true,
     .batch = &import},
    {.path = "/kontor.test.Toy/Broken",
     .request = MESSAGE(get_provider_request),
     .reply = MESSAGE(provider),
     .klass = CLASS_READ,
     .roles = ROLES_ALL,
     .decide = decide_broken},
    {.path = "/kontor.test.Toy/Watch",
     .request = MESSAGE(watch_request),
     .reply = MESSAGE(watch_response),
     .kind = ROW_SERVER_STREAM,
     .klass = CLASS_READ,
     .roles = ROLES_ALL,
     .stream = &stream_catalogue},
    {.path = "/kontor.test.Toy/ReadLog",
     .request = MESSAGE(read_log_request),
     .reply = MESSAGE(read_log_response),
     .kind = ROW_SERVER_STREAM,
     .klass = CLASS_ADMIN,
     .roles = ROLE_BIT(ADMIN),
     .stream = &stream_read_log},
    {.path = NULL},
};

static const struct service_rows toy = {"kontor.test.Toy", rows};
const struct service_rows *const toy_services[] = {&toy, NULL};
