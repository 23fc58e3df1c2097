#include "server/configuration/endpoint.h"

#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "server/configuration/site.h"
#include "server/rpc/import.h"

enum { RESOLVE_PAGE = 100 }; /* Endpoints of one host that are looked at, at a time. */

/* ---- Judging ---- */

/* A site that is not there is refused, but by an import, which may bring it later. A
 * stored endpoint keeps the site it has. */
static enum status
judge_site(struct call *call, const Kontor__V1__Endpoint *old,
           const Kontor__V1__Endpoint *endpoint)
{
    struct document document;
    enum status status;
    if (old != NULL && strcmp(old->site, endpoint->site) == 0 && !import_is(call)) {
        return STATUS_OK;
    }
    if (strcmp(call_registry_of(call, endpoint->site),
               call_registry_of(call, endpoint->id)) != 0) {
        call_fault(call, "site", "must be a site of the endpoint's own registry");
        return STATUS_OK;
    }
    if (import_is(call)) {
        import_find_reference(call, "site", KIND_SITE, endpoint->site);
        return STATUS_OK;
    }
    status = call_get_any(call, KIND_SITE, endpoint->site, &document);
    if (status == STATUS_NOT_FOUND) {
        call_fault(call, "site", "there is no site %s; create it first",
                   endpoint->site);
        return STATUS_OK;
    }
    return status;
}

static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    const Kontor__V1__Endpoint *endpoint = record;
    enum status status = site_must_own(call, endpoint->id);
    (void)old_doc;
    (void)decision;
    if (status != STATUS_OK) {
        return status;
    }
    /* The service may be somebody else's, or come later: it is never a reason to
     * refuse. */
    import_find_reference(call, "service", KIND_SERVICE, endpoint->service);
    if (endpoint->component[0] != '\0' && endpoint->service[0] == '\0') {
        call_fault(call, "component", "is of no service: give the service, too");
    }
    return judge_site(call, old, endpoint);
}

/* What is in use there would be carried by nothing. */
static enum status
judge_delete(struct call *call, const struct document *document,
             struct decision *decision)
{
    const char *carried = arena_print(call->arena, "e:%s", document->id);
    struct scopes scopes = {.strings = &carried, .n_strings = 1};
    /* What others deliver over it is no reason to keep it. */
    struct find find = {.kind = KIND_INSTANCE,
                        .scopes = &scopes,
                        .within = arena_print(call->arena, "r:%s",
                                              call_registry_of(call, document->id)),
                        .limit = 1};
    struct page page;
    (void)decision;
    enum status status = store_find(call->reader, &find, call->arena, &page);
    if (status != STATUS_OK) {
        return call_fail(call, REASON_STORE_UNAVAILABLE, "the store does not answer");
    }
    if (page.n_documents > 0) {
        return call_fail(
            call, REASON_IN_USE,
            "endpoint %s carries what is in use: kontor config impact says "
            "whose",
            document->id);
    }
    return STATUS_OK;
}

static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__Endpoint *endpoint = record;
    site_scope(call, endpoint->id, out, n_out);
}

static enum status
filter(struct call *call, const void *request, struct find *find)
{
    const Kontor__V1__ListEndpointsRequest *list = request;
    bool is_by_site = list->site[0] != '\0';
    if (!is_by_site && list->service[0] == '\0') {
        return STATUS_OK;
    }
    if (is_by_site && list->service[0] != '\0') {
        call_fault(call, "service", "cannot be asked for together with a site");
    }
    find->index = is_by_site ? "site" : "service";
    find->equal[0].text = is_by_site ? list->site : list->service;
    find->n_equal = 1;
    return call_check_faults(call);
}

const struct record endpoint_record = {
    .kind = &KIND_ENDPOINT,
    .field = "endpoint",
    .list_field = "endpoints",
    .judge = judge,
    .judge_delete = judge_delete,
    .scope = scope,
    .filter = filter,
};

/* ---- Resolving ---- */

static bool
is_named(struct call *call, const struct document *document,
         const struct endpoint_name *name, int64_t as_of)
{
    const Kontor__V1__Endpoint *endpoint = call_record(call, document);
    if (name->type[0] != '\0' && strcmp(name->type, endpoint->type) != 0) {
        return false;
    }
    return name->site[0] == '\0' ||
           strcmp(site_short_name(call, endpoint->site, as_of), name->site) == 0;
}

/* Only endpoints of the registry that speaks count: nobody declares a downtime of
 * another by calling it by name. */
static void
gather_named(struct call *call, const char *registry, const struct endpoint_name *name,
             const struct find *find, const struct page *page, struct endpoint_ids *ids)
{
    for (size_t i = 0; i < page->n_documents; i++) {
        const struct document *document = &page->documents[i];
        if (strcmp(call_registry_of(call, document->id), registry) != 0 ||
            !is_named(call, document, name, find->as_of)) {
            continue;
        }
        ids->rows = arena_grown(call->arena, ids->rows, ids->n_rows, &ids->room,
                                sizeof(*ids->rows));
        ids->rows[ids->n_rows++] = arena_copy(call->arena, document->id);
    }
}

enum status
endpoint_named(struct call *call, const char *registry,
               const struct endpoint_name *name, int64_t as_of,
               struct endpoint_ids *ids)
{
    struct find find = {.kind = KIND_ENDPOINT,
                        .index = "host",
                        .equal = {{.text = name->host}},
                        .n_equal = 1,
                        .limit = RESOLVE_PAGE,
                        .as_of = as_of};
    struct page page = {.next_token = ""};
    enum status status = STATUS_OK;
    *ids = (struct endpoint_ids){.rows = NULL};
    if (name->host[0] == '\0') {
        return STATUS_OK;
    }
    do {
        find.token = page.next_token;
        status = call_find(call, &find, false, &page);
        if (status == STATUS_OK) {
            gather_named(call, registry, name, &find, &page, ids);
        }
    } while (status == STATUS_OK && page.next_token[0] != '\0');
    return status;
}

/* A name that says site, host and type means what it says, even where a source lists
 * such an endpoint twice. */
const char *
endpoint_one(const struct endpoint_ids *ids, const struct endpoint_name *name)
{
    bool is_whole = name->site[0] != '\0' && name->type[0] != '\0';
    return ids->n_rows == 1 || (ids->n_rows > 1 && is_whole) ? ids->rows[0] : NULL;
}
