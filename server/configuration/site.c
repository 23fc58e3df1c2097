#include "server/configuration/site.h"

#include <string.h>

#include "kontor/v1/configuration.pb-c.h"
#include "kontor/v1/configuration_service.pb-c.h"
#include "server/configuration/certification.h"
#include "server/configuration/held_name.h"
#include "server/rpc/import.h"

enum { SITES_PAGE = 500 }; /* Registries may call their sites alike. */

enum status
site_must_own(struct call *call, const char *id)
{
    return call_must_have(call,
                          arena_print(call->arena, "r:%s", call_registry_of(call, id)));
}

void
site_scope(struct call *call, const char *id, char ***scope, size_t *n_scope)
{
    char **strings = arena_alloc(call->arena, 2 * sizeof(*strings));
    strings[0] = arena_print(call->arena, "=r:%s", call_registry_of(call, id));
    strings[1] = "~*";
    *scope = strings;
    *n_scope = 2;
}

/* Within the caller's scopes and without a check: the name is for showing and matching,
 * and a decision must not be made again because a site was renamed. */
const char *
site_short_name(struct call *call, const char *id, int64_t as_of)
{
    struct document document;
    const Kontor__V1__Site *site;
    if (store_get(call->reader, KIND_SITE, id, &call->who->scopes, as_of, call->arena,
                  &document) != STATUS_OK) {
        return "";
    }
    site = call_record(call, &document);
    return site->short_name;
}

enum status
site_named(struct call *call, const char *registry, const char *name, int64_t as_of,
           const char **id)
{
    struct find find = {.kind = KIND_SITE,
                        .index = "short_name",
                        .equal = {{.text = name}},
                        .n_equal = 1,
                        .limit = SITES_PAGE,
                        .as_of = as_of};
    struct page page;
    enum status status = call_find(call, &find, false, &page);
    *id = NULL;
    for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
        if (strcmp(call_registry_of(call, page.documents[i].id), registry) == 0) {
            *id = page.documents[i].id;
        }
    }
    return status;
}

enum status
site_of_operator_group(struct call *call, const char *group, const char *name,
                       const char **site)
{
    struct find find = {.kind = KIND_SITE,
                        .index = "operator_group",
                        .equal = {{.text = name}},
                        .n_equal = 1,
                        .limit = SITES_PAGE};
    struct page page = {.next_token = ""};
    const char *registry = call_registry_of(call, group);
    *site = NULL;
    do {
        find.token = page.next_token;
        enum status status = call_find(call, &find, false, &page);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < page.n_documents && *site == NULL; i++) {
            const char *id = page.documents[i].id;
            *site = strcmp(call_registry_of(call, id), registry) == 0 ? id : NULL;
        }
    } while (*site == NULL && page.next_token[0] != '\0');
    return STATUS_OK;
}

static struct held_name
name_of(const Kontor__V1__Site *site)
{
    return (struct held_name){.noun = "site", .id = site->id, .name = site->short_name};
}

/* Once a site is there, only MoveCertification changes its certification, whatever
 * fields a source owns. */
static enum status
judge_certification(struct call *call, const Kontor__V1__Site *old,
                    Kontor__V1__Site *site, struct decision *decision)
{
    if (old == NULL) {
        return certification_begin(call, site, decision);
    }
    site->certification = old->certification;
    return STATUS_OK;
}

static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    Kontor__V1__Site *site = record;
    enum status status = site_must_own(call, site->id);
    (void)old_doc;
    if (status == STATUS_OK) {
        status = judge_certification(call, old, site, decision);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct held_name name = name_of(site);
    const struct held_name before = old == NULL ? name : name_of(old);
    return held_name_take(call, &name, old == NULL ? NULL : &before, decision);
}

/* What runs there would be nowhere. An import may write an endpoint before its site, so
 * that one without is nothing new should both happen at once. */
static enum status
judge_delete(struct call *call, const struct document *document,
             struct decision *decision)
{
    const Kontor__V1__Site *site = call_record(call, document);
    const struct held_name name = name_of(site);
    struct find find = {
        .kind = KIND_ENDPOINT, .index = "site", .n_equal = 1, .limit = 1};
    struct page page;
    find.equal[0].text = site->id;
    enum status status = call_find(call, &find, true, &page);
    if (status != STATUS_OK) {
        return status;
    }
    if (page.n_documents > 0) {
        call_value(call, "endpoint", "%s", page.documents[0].id);
        return call_fail(call, REASON_IN_USE,
                         "endpoint %s is at site %s: delete the endpoints first, or "
                         "give them another site",
                         page.documents[0].id, site->id);
    }
    return held_name_drop(call, &name, decision);
}

static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__Site *site = record;
    site_scope(call, site->id, out, n_out);
}

static enum status
filter(struct call *call, const void *request, struct find *find)
{
    const Kontor__V1__ListSitesRequest *list = request;
    (void)call;
    if (list->operator_group[0] != '\0') {
        find->index = "operator_group";
        find->equal[0].text = list->operator_group;
        find->n_equal = 1;
    }
    return STATUS_OK;
}

enum { CERTIFICATION = 12 };

const struct record site_record = {
    .kind = &KIND_SITE,
    .field = "site",
    .list_field = "sites",
    .output_only = (const uint8_t[]){CERTIFICATION, 0},
    .judge = judge,
    .judge_delete = judge_delete,
    .scope = scope,
    .filter = filter,
};

const struct record site_import_record = {
    .kind = &KIND_SITE,
    .field = "site",
    .list_field = "sites",
    .judge = judge,
    .scope = scope,
};

void
site_find(struct call *call, const void *record)
{
    const Kontor__V1__Site *given = record;
    const Kontor__V1__Site *site;
    struct document document;
    if (given->certification == KONTOR__V1__CERTIFICATION__CERTIFICATION_UNSPECIFIED ||
        store_get(call->reader, KIND_SITE, given->id, &call->who->scopes, 0,
                  call->arena, &document) != STATUS_OK) {
        return;
    }
    site = call_record(call, &document);
    if (site->certification != given->certification) {
        import_finding(call, "certification",
                       "the source says %s, here it is %s: an import leaves it so, a "
                       "certifier moves it",
                       certification_name(given->certification),
                       certification_name(site->certification));
    }
}
