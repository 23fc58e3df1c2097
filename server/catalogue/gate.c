#include "server/catalogue/gate.h"

#include <string.h>

#include "proto/moment.h"

enum status
gate_refuse(struct call *call, const struct gate_refusal *refusal)
{
    call->error.faults = call->faults;
    call_value(call, "from", "%s", refusal->from);
    call_value(call, "wanted", "%s", refusal->wanted);
    call_value(call, "missing", "%s", refusal->lacks);
    return call_fail(call, REASON_GATE_UNMET,
                     "%s %s cannot go to %s: it lacks %s; set them, or let an admin "
                     "pass over it with a reason",
                     refusal->kind->name, refusal->id, refusal->wanted, refusal->lacks);
}

bool
gate_may_pass(struct call *call)
{
    const char *registry = arena_print(call->arena, "r:%s", call->who->registry);
    return (call->who->roles & ROLE_BIT(ADMIN)) != 0 &&
           principal_has_scope(call->who, registry);
}

enum status
gate_pass_over(struct call *call, struct gate_notes notes, const struct gate_pass *pass)
{
    if (!gate_may_pass(call)) {
        call_value(call, "role", "ADMIN");
        return call_fail(call, REASON_ROLE_MISSING,
                         "passing over a gate needs the role ADMIN for the whole "
                         "registry");
    }
    if (pass->reason[0] == '\0') {
        call_fault(call, "reason",
                   "is required to pass over a gate: it stays with the "
                   "record");
        return call_check_faults(call);
    }
    size_t n = *notes.n_rows;
    Kontor__V1__GateOverride **rows = arena_alloc(call->arena, (n + 1) * sizeof(*rows));
    Kontor__V1__GateOverride *row = arena_alloc(call->arena, sizeof(*row));
    if (n > 0) {
        memcpy(rows, *notes.rows, n * sizeof(*rows));
    }
    kontor__v1__gate_override__init(row);
    row->what = arena_copy(call->arena, pass->what);
    row->reason = arena_copy(call->arena, pass->reason);
    row->lacks = arena_copy(call->arena, pass->lacks);
    row->actor = arena_copy(call->arena, call->actor);
    row->at = moment_new(call->arena, call->at_ms);
    rows[n] = row;
    *notes.rows = rows;
    *notes.n_rows = n + 1;
    return STATUS_OK;
}
