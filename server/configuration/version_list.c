/* Versions beside what endpoints declare. */
#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "server/configuration/version.h"

enum { DEFAULT_PAGE = 100, MAX_PAGE = 500 };

/* The endpoint of a version as of a position; NULL: there is none to be seen. */
static const Kontor__V1__Endpoint *
endpoint_of(struct call *call, const Kontor__V1__Version *version, int64_t as_of)
{
    struct document document;
    if (version->endpoint[0] == '\0' ||
        store_get(call->reader, KIND_ENDPOINT, version->endpoint, &call->who->scopes,
                  as_of, call->arena, &document) != STATUS_OK) {
        return NULL;
    }
    return call_record(call, &document);
}

/* Whether the endpoint as a whole is of this component: the service itself, one that is
 * called like the service, or one the endpoint's type names. */
static bool
is_whole(const Kontor__V1__Endpoint *endpoint, const char *type, const char *component)
{
    const char *dot = strrchr(endpoint->type, '.');
    return component[0] == '\0' || strcmp(component, type) == 0 ||
           (dot != NULL && strcmp(dot + 1, component) == 0);
}

const char *
version_declared(struct call *call, const Kontor__V1__Endpoint *endpoint,
                 const char *type, const char *component)
{
    const char *key = arena_print(call->arena, "%s_version", component);
    for (size_t i = 0; i < endpoint->n_extensions; i++) {
        if (strcmp(endpoint->extensions[i]->key, key) == 0) {
            return endpoint->extensions[i]->value;
        }
    }
    return is_whole(endpoint, type, component) ? endpoint->declared_version : "";
}

static Kontor__V1__SeenVersion *
seen_of(struct call *call, const struct document *document, int64_t as_of)
{
    Kontor__V1__SeenVersion *seen = arena_alloc(call->arena, sizeof(*seen));
    kontor__v1__seen_version__init(seen);
    seen->version = call_record(call, document);
    const Kontor__V1__Version *version = seen->version;
    const Kontor__V1__Endpoint *endpoint = endpoint_of(call, version, as_of);
    const char *declared =
        endpoint == NULL
            ? ""
            : version_declared(call, endpoint, version->type, version->component);
    seen->declared = (char *)(uintptr_t)declared;
    if (version->n_spans > 0) {
        const Kontor__V1__VersionSpan *last = version->spans[version->n_spans - 1];
        seen->seen = last->version;
        seen->seen_at = last->until;
        seen->is_drift = declared[0] != '\0' && strcmp(declared, last->version) != 0;
    }
    return seen;
}

static enum status
make_find(struct call *call, const Kontor__V1__ListVersionsRequest *request,
          struct find *find)
{
    size_t size = request->page_size == 0 ? DEFAULT_PAGE : (size_t)request->page_size;
    *find = (struct find){.kind = KIND_VERSION,
                          .token = request->page_token,
                          .limit = size < MAX_PAGE ? size : MAX_PAGE};
    if (request->endpoint[0] != '\0') {
        find->index = "endpoint";
        find->equal[0].text = request->endpoint;
        find->n_equal = 1;
    }
    return call_as_of(call, request->as_of, &find->as_of);
}

enum status
version_list(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__ListVersionsRequest *request = message;
    Kontor__V1__ListVersionsResponse *reply = arena_alloc(call->arena, sizeof(*reply));
    struct find find;
    struct page page;
    enum status status = make_find(call, request, &find);
    if (status == STATUS_OK) {
        status = call_find(call, &find, false, &page);
    }
    if (status != STATUS_OK) {
        return status;
    }
    kontor__v1__list_versions_response__init(reply);
    reply->versions =
        arena_alloc(call->arena, (page.n_documents + 1) * sizeof(*reply->versions));
    for (size_t i = 0; i < page.n_documents; i++) {
        Kontor__V1__SeenVersion *seen = seen_of(call, &page.documents[i], find.as_of);
        if (seen->is_drift || !request->drift_only) {
            reply->versions[reply->n_versions++] = seen;
        }
    }
    reply->next_page_token = (char *)(uintptr_t)page.next_token;
    decision_reply(decision, reply);
    return STATUS_OK;
}

/* ---- At an endpoint, and of a component ---- */

enum status
version_at_endpoint(struct call *call, const char *endpoint, int64_t as_of,
                    Kontor__V1__SeenVersion ***rows, size_t *n_rows)
{
    struct find find = {.kind = KIND_VERSION,
                        .index = "endpoint",
                        .equal = {{.text = endpoint}},
                        .n_equal = 1,
                        .limit = MAX_PAGE,
                        .as_of = as_of};
    struct page page;
    enum status status = call_find(call, &find, false, &page);
    if (status != STATUS_OK) {
        return status;
    }
    *rows = arena_alloc(call->arena, (page.n_documents + 1) * sizeof(**rows));
    *n_rows = page.n_documents;
    for (size_t i = 0; i < page.n_documents; i++) {
        (*rows)[i] = seen_of(call, &page.documents[i], as_of);
    }
    return STATUS_OK;
}

/* "type.component", the component, or of the service itself the type. */
static bool
is_called(const Kontor__V1__Version *version, const char *name)
{
    size_t size = strlen(version->type);
    if (version->component[0] == '\0') {
        return strcmp(version->type, name) == 0;
    }
    return strcmp(version->component, name) == 0 ||
           (strncmp(version->type, name, size) == 0 && name[size] == '.' &&
            strcmp(name + size + 1, version->component) == 0);
}

bool
version_runs(const Kontor__V1__Version *version,
             const Kontor__V1__RunningVersion *wanted)
{
    if (version->n_spans == 0 || !is_called(version, wanted->component)) {
        return false;
    }
    const char *last = version->spans[version->n_spans - 1]->version;
    return wanted->version[0] == '\0' || strcmp(last, wanted->version) == 0;
}
