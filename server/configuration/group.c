#include "server/configuration/group.h"

#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "proto/text.h"
#include "server/configuration/downtime.h"
#include "server/configuration/held_name.h"
#include "server/configuration/site.h"
#include "server/rpc/import.h"

/* ---- What is in it ---- */

/* A list of ids, and of what kind they are. */
struct members {
    const char *field;
    const struct kind *kind;
    char *const *ids;
    size_t n_ids;
    char *const *old;
    size_t n_old;
};

/* What was in it before may be gone by now. What others own may be in it: all of it is
 * read by everybody. */
static enum status
judge_members(struct call *call, const struct members *members)
{
    for (size_t i = 0; i < members->n_ids; i++) {
        const char *id = members->ids[i];
        const char *path = arena_print(call->arena, "%s[%zu]", members->field, i);
        struct document document;
        if (import_is(call)) {
            import_find_reference(call, path, members->kind, id);
            continue;
        }
        if (text_is_among(members->old, members->n_old, id)) {
            continue;
        }
        /* Without a check: what is in a group may go at any time, and there may be
         * more than a commit checks. */
        enum status status =
            store_get(call->reader, members->kind, id, NULL, 0, call->arena, &document);
        if (status == STATUS_NOT_FOUND) {
            call_fault(call, path, "there is no %s %s", members->kind->name, id);
        } else if (status != STATUS_OK) {
            return call_fail(call, REASON_STORE_UNAVAILABLE,
                             "the store does not answer");
        }
    }
    return STATUS_OK;
}

static enum status
judge_all_members(struct call *call, const Kontor__V1__Group *old,
                  const Kontor__V1__Group *group)
{
    static const Kontor__V1__Group none = KONTOR__V1__GROUP__INIT;
    const Kontor__V1__Group *before = old == NULL ? &none : old;
    const struct members lists[] = {
        {"endpoints", KIND_ENDPOINT, group->endpoints, group->n_endpoints,
         before->endpoints, before->n_endpoints},
        {"sites", KIND_SITE, group->sites, group->n_sites, before->sites,
         before->n_sites},
        {"groups", KIND_GROUP, group->groups, group->n_groups, before->groups,
         before->n_groups},
    };
    enum status status = STATUS_OK;
    for (size_t i = 0; i < 3 && status == STATUS_OK; i++) {
        status = judge_members(call, &lists[i]);
    }
    return status;
}

/* ---- Never within itself ---- */

struct group_walk
group_walk_begin(struct call *call)
{
    return (struct group_walk){
        .ids = arena_alloc(call->arena, GROUP_MAX_WITHIN * sizeof(char *))};
}

void
group_walk_add(struct group_walk *walk, const char *id)
{
    for (size_t i = 0; i < walk->n_ids; i++) {
        if (strcmp(walk->ids[i], id) == 0) {
            return;
        }
    }
    if (walk->n_ids == GROUP_MAX_WITHIN) {
        walk->is_cut = true;
        return;
    }
    walk->ids[walk->n_ids++] = id;
}

static void
add_all(struct group_walk *walk, const Kontor__V1__Group *group)
{
    for (size_t i = 0; i < group->n_groups; i++) {
        group_walk_add(walk, group->groups[i]);
    }
}

/*
 * Every group on the way is read with a check, so that two that are changed at once
 * cannot close a circle: the second is decided again.
 */
static enum status
judge_circle(struct call *call, const Kontor__V1__Group *group)
{
    struct group_walk walk = group_walk_begin(call);
    add_all(&walk, group);
    for (size_t i = 0; i < walk.n_ids; i++) {
        struct document document;
        if (strcmp(walk.ids[i], group->id) == 0) {
            call_fault(call, "groups",
                       "would hold the group itself: %s is in it, or in a group in it",
                       group->id);
            return STATUS_OK;
        }
        enum status status = call_get_any(call, KIND_GROUP, walk.ids[i], &document);
        if (status == STATUS_OK) {
            add_all(&walk, call_record(call, &document));
        } else if (status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    if (walk.is_cut) {
        call_fault(call, "groups", "has more than %d groups in it, however deep",
                   GROUP_MAX_WITHIN);
    }
    return STATUS_OK;
}

/* ---- The record ---- */

static struct held_name
name_of(const Kontor__V1__Group *group)
{
    return (struct held_name){.noun = "group", .id = group->id, .name = group->name};
}

static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    const Kontor__V1__Group *group = record;
    const struct held_name name = name_of(group);
    const struct held_name before = old == NULL ? name : name_of(old);
    (void)old_doc;
    enum status status = site_must_own(call, group->id);
    if (status == STATUS_OK) {
        status = judge_all_members(call, old, group);
    }
    if (status == STATUS_OK) {
        status = judge_circle(call, group);
    }
    return status == STATUS_OK
               ? held_name_take(call, &name, old == NULL ? NULL : &before, decision)
               : status;
}

enum status
group_keep(struct call *call, const Kontor__V1__Group *group, struct decision *decision)
{
    const struct held_name name = name_of(group);
    return held_name_keep(call, &name, decision);
}

/* With it a downtime would lose what it hits. */
static enum status
judge_delete(struct call *call, const struct document *document,
             struct decision *decision)
{
    const struct held_name name = name_of(call_record(call, document));
    const char *downtime;
    enum status status = downtime_of_group(call, document->id, &downtime);
    if (status == STATUS_OK && downtime != NULL) {
        return call_fail(call, REASON_IN_USE,
                         "group %s is hit by downtime %s, which is not over: cancel "
                         "that first, or wait",
                         document->id, downtime);
    }
    return status == STATUS_OK ? held_name_drop(call, &name, decision) : status;
}

static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__Group *group = record;
    site_scope(call, group->id, out, n_out);
}

const struct record group_record = {
    .kind = &KIND_GROUP,
    .field = "group",
    .list_field = "groups",
    .judge = judge,
    .judge_delete = judge_delete,
    .scope = scope,
};
