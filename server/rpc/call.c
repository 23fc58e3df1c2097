#include "server/rpc/call.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* How long a caller should wait before it tries again; reasons that are not here tell
 * it nothing. */
static const int32_t retry_after_ms[REASON_COUNT] = {
    [REASON_CONTENTION] = 100,         [REASON_OVERLOADED] = 1000,
    [REASON_STORE_UNAVAILABLE] = 1000, [REASON_DRAINING] = 1000,
    [REASON_INDEX_BUILDING] = 2000,
};

enum status
call_fail(struct call *call, enum reason reason, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    call->error.message = arena_vprint(call->arena, format, args);
    va_end(args);
    call->error.reason = reason;
    call->error.status = reason_row(reason)->status;
    call->error.retry_after_ms = retry_after_ms[reason];
    return call->error.status;
}

/* The place of a value: that of the same key, else a new one, else the last. */
static struct error_value *
value_slot(struct error *error, const char *key)
{
    for (size_t i = 0; i < error->n_values; i++) {
        if (strcmp(error->values[i].key, key) == 0) {
            return &error->values[i];
        }
    }
    if (error->n_values < ERROR_MAX_VALUES) {
        error->n_values++;
    }
    return &error->values[error->n_values - 1];
}

void
call_value(struct call *call, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *value = arena_vprint(call->arena, format, args);
    va_end(args);
    struct error_value *slot = value_slot(&call->error, key);
    slot->key = key;
    slot->value = value;
}

void
call_fault(struct call *call, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprint(call->arena, format, args);
    va_end(args);
    faults_add(call->faults, path, "%s", text);
}

enum status
call_check_faults(struct call *call)
{
    const struct faults *faults = call->faults;
    if (faults->n_found == 0) {
        return STATUS_OK;
    }
    call->error.faults = faults;
    if (faults->n_found == 1) {
        return call_fail(call, REASON_FIELDS_INVALID, "%s: %s", faults->rows[0].path,
                         faults->rows[0].description);
    }
    return call_fail(call, REASON_FIELDS_INVALID,
                     "%zu fields are wrong, the first is %s: %s", faults->n_found,
                     faults->rows[0].path, faults->rows[0].description);
}

static void
about(struct call *call, const struct kind *kind, const char *id)
{
    call->error.kind = kind->name;
    call->error.id = arena_copy(call->arena, id);
}

enum status
call_not_found(struct call *call, const struct kind *kind, const char *id)
{
    about(call, kind, id);
    call_value(call, "kind", "%s", kind->name);
    call_value(call, "id", "%s", id);
    return call_fail(call, REASON_NOT_FOUND, "there is no %s %s, or you may not see it",
                     kind->name, id);
}

enum status
call_expect(struct call *call, const struct document *document, int64_t expected)
{
    if (expected == 0 || expected == document->revision) {
        return STATUS_OK;
    }
    call_value(call, "current", "%" PRId64, document->revision);
    return call_fail(call, REASON_REVISION_MISMATCH,
                     "%s %s is at revision %" PRId64 ", not %" PRId64 ": read it again",
                     document->kind->name, document->id, document->revision, expected);
}

enum status
call_illegal(struct call *call, const struct kind *kind, const char *id,
             const char *from, const char *wanted, const char *allowed)
{
    about(call, kind, id);
    call_value(call, "from", "%s", from);
    call_value(call, "wanted", "%s", wanted);
    call_value(call, "allowed", "%s", allowed);
    return call_fail(
        call, REASON_ILLEGAL_STATE, "%s %s is %s: %s is not possible then, %s%s",
        kind->name, id, from, wanted,
        allowed[0] == '\0' ? "nothing is possible any more" : "but ", allowed);
}

/* The broker's own calls see and own everything. */
static bool
is_own(const struct call *call)
{
    return call->actor[0] == '~';
}

enum status
call_must_own(struct call *call, const struct document *document)
{
    if (is_own(call) || store_view(&call->who->scopes, document->scope,
                                   document->n_scope) == VIEW_FULL) {
        return STATUS_OK;
    }
    about(call, document->kind, document->id);
    return call_fail(call, REASON_NOT_OWNER, "%s %s is not yours to change",
                     document->kind->name, document->id);
}

enum status
call_must_have(struct call *call, const char *scope)
{
    if (is_own(call) || principal_has_scope(call->who, scope)) {
        return STATUS_OK;
    }
    call_value(call, "scope", "%s", scope);
    return call_fail(call, REASON_NOT_OWNER, "this needs the scope %s, which %s lacks",
                     scope, call->who->id[0] == '\0' ? "the caller" : call->who->id);
}

const char *
call_registry_of(struct call *call, const char *id)
{
    return arena_copy_n(call->arena, id, strcspn(id, "/"));
}
