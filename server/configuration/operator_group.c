#include "server/configuration/operator_group.h"

#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "server/configuration/held_name.h"
#include "server/configuration/site.h"

static struct held_name
name_of(const Kontor__V1__OperatorGroup *group)
{
    return (struct held_name){
        .noun = "operator group", .id = group->id, .name = group->name};
}

/* Sites know it by its name, and would belong to nothing. */
static enum status
judge_name(struct call *call, const Kontor__V1__OperatorGroup *old,
           const Kontor__V1__OperatorGroup *group)
{
    const char *site = NULL;
    if (old == NULL || strcmp(old->name, group->name) == 0) {
        return STATUS_OK;
    }
    enum status status = site_of_operator_group(call, old->id, old->name, &site);
    if (status == STATUS_OK && site != NULL) {
        call_fault(call, "name", "stays %s as long as a site names it: %s does",
                   old->name, site);
    }
    return status == STATUS_OK ? call_check_faults(call) : status;
}

static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    const Kontor__V1__OperatorGroup *group = record;
    const Kontor__V1__OperatorGroup *before = old;
    const struct held_name name = name_of(group);
    (void)old_doc;
    enum status status = site_must_own(call, group->id);
    if (status == STATUS_OK) {
        status = judge_name(call, before, group);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct held_name had = name_of(before == NULL ? group : before);
    return held_name_take(call, &name, before == NULL ? NULL : &had, decision);
}

/* Sites of the registry that name it would belong to nothing. */
static enum status
judge_delete(struct call *call, const struct document *document,
             struct decision *decision)
{
    const Kontor__V1__OperatorGroup *group = call_record(call, document);
    const struct held_name name = name_of(group);
    const char *site;
    enum status status = site_of_operator_group(call, group->id, group->name, &site);
    if (status == STATUS_OK && site != NULL) {
        call_value(call, "site", "%s", site);
        return call_fail(call, REASON_IN_USE,
                         "site %s belongs to operator group %s: give it another first",
                         site, group->name);
    }
    return status == STATUS_OK ? held_name_drop(call, &name, decision) : status;
}

static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__OperatorGroup *group = record;
    site_scope(call, group->id, out, n_out);
}

const struct record operator_group_record = {
    .kind = &KIND_OPERATOR_GROUP,
    .field = "operator_group",
    .list_field = "operator_groups",
    .judge = judge,
    .judge_delete = judge_delete,
    .scope = scope,
};
