#include "server/configuration/held_name.h"

#include <string.h>

#include "proto/text.h"

/* A name of signs alone folds to nothing and stands for itself. */
static const char *
guard_of(struct call *call, const struct held_name *name)
{
    const char *folded = text_fold(name->name, call->arena);
    return arena_print(call->arena, "name/r:%s/%s/%s", call_registry_of(call, name->id),
                       name->noun, folded[0] == '\0' ? name->name : folded);
}

static enum status
take(struct call *call, const struct held_name *name, struct decision *decision)
{
    const char *guard = guard_of(call, name);
    struct document document;
    enum status status = call_get_any(call, KIND_GUARD, guard, &document);
    if (status == STATUS_OK) {
        call_value(call, "name", "%s", name->name);
        return call_fail(call, REASON_NAME_TAKEN,
                         "another %s of this registry is called \"%s\"", name->noun,
                         name->name);
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    decision_guard(call, decision, guard, 0);
    return STATUS_OK;
}

enum status
held_name_drop(struct call *call, const struct held_name *name,
               struct decision *decision)
{
    const char *guard = guard_of(call, name);
    struct document document;
    enum status status = call_get_any(call, KIND_GUARD, guard, &document);
    if (status == STATUS_OK) {
        decision_delete(call, decision, KIND_GUARD, guard, document.revision);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
held_name_keep(struct call *call, const struct held_name *name,
               struct decision *decision)
{
    const char *guard = guard_of(call, name);
    struct document document;
    enum status status = call_get_any(call, KIND_GUARD, guard, &document);
    if (status == STATUS_OK && decision_pending(decision, KIND_GUARD, guard) == NULL) {
        decision_guard(call, decision, guard, document.revision);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
held_name_take(struct call *call, const struct held_name *name,
               const struct held_name *old, struct decision *decision)
{
    if (old != NULL && strcmp(guard_of(call, old), guard_of(call, name)) == 0) {
        return STATUS_OK;
    }
    enum status status = take(call, name, decision);
    return status == STATUS_OK && old != NULL ? held_name_drop(call, old, decision)
                                              : status;
}
