#include "server/order/project.h"

#include "kontor/v1/order_service.pb-c.h"

/* The parent of a project is its registry; a stored one may also be changed by whoever
 * has the project itself. */
static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    const Kontor__V1__Project *project = record;
    (void)old;
    (void)decision;
    if (old_doc != NULL) {
        return call_must_own(call, old_doc);
    }
    return call_must_have(
        call, arena_print(call->arena, "r:%s", call_registry_of(call, project->id)));
}

const char *
project_scope(struct call *call, const char *project)
{
    return arena_print(call->arena, "j:%s", project);
}

void
project_narrow(struct call *call, const char *project, struct find *find)
{
    const char *of_project = project_scope(call, project);
    const char *of_registry =
        arena_print(call->arena, "r:%s", call_registry_of(call, project));
    if (principal_has_scope(call->who, of_project) ||
        principal_has_scope(call->who, of_registry)) {
        find->within = of_project;
    }
}

static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__Project *project = record;
    char **strings = arena_alloc(call->arena, 2 * sizeof *strings);
    strings[0] = arena_print(call->arena, "=r:%s", call_registry_of(call, project->id));
    strings[1] = arena_print(call->arena, "=%s", project_scope(call, project->id));
    *out = strings;
    *n_out = 2;
}

const struct record project_record = {
    .kind = &KIND_PROJECT,
    .field = "project",
    .list_field = "projects",
    .judge = judge,
    .scope = scope,
};
