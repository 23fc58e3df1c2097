#include "server/configuration/site.h"

#include <string.h>

#include "kontor/v1/configuration.pb-c.h"
#include "proto/text.h"
#include "server/configuration/certification.h"
#include "server/rpc/import.h"

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
site_short_name(struct call *call, const char *id)
{
    struct document document;
    const Kontor__V1__Site *site;
    if (store_get(call->reader, KIND_SITE, id, &call->who->scopes, 0, call->arena,
                  &document) != STATUS_OK) {
        return NULL;
    }
    site = call_record(call, &document);
    return site->short_name;
}

/* The guard that holds a name in a registry. A name of signs alone folds to nothing and
 * stands for itself. */
static const char *
guard_of(struct call *call, const Kontor__V1__Site *site)
{
    const char *folded = text_fold(site->short_name, call->arena);
    return arena_print(call->arena, "name/r:%s/site/%s",
                       call_registry_of(call, site->id),
                       folded[0] == '\0' ? site->short_name : folded);
}

/* The guard is written in the same commit as the site, so two sites cannot take one
 * name at once. */
static enum status
take_name(struct call *call, const Kontor__V1__Site *site, struct decision *decision)
{
    const char *guard = guard_of(call, site);
    struct document document;
    enum status status = call_get_any(call, KIND_GUARD, guard, &document);
    if (status == STATUS_OK) {
        call_value(call, "name", "%s", site->short_name);
        return call_fail(call, REASON_NAME_TAKEN,
                         "another site of this registry is called \"%s\"",
                         site->short_name);
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    decision_guard(call, decision, guard, 0);
    return STATUS_OK;
}

static enum status
give_name_back(struct call *call, const Kontor__V1__Site *old,
               struct decision *decision)
{
    const char *guard = guard_of(call, old);
    struct document document;
    enum status status = call_get_any(call, KIND_GUARD, guard, &document);
    if (status == STATUS_OK) {
        decision_delete(call, decision, KIND_GUARD, guard, document.revision);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
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
    /* A change of case or accents alone keeps the name: its guard is held by this very
     * site. */
    if (old != NULL && strcmp(guard_of(call, old), guard_of(call, site)) == 0) {
        return STATUS_OK;
    }
    status = take_name(call, site, decision);
    if (status == STATUS_OK && old != NULL) {
        status = give_name_back(call, old, decision);
    }
    return status;
}

static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__Site *site = record;
    site_scope(call, site->id, out, n_out);
}

enum { CERTIFICATION = 12 };

const struct record site_record = {
    .kind = &KIND_SITE,
    .field = "site",
    .list_field = "sites",
    .output_only = (const uint8_t[]){CERTIFICATION, 0},
    .judge = judge,
    .scope = scope,
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
