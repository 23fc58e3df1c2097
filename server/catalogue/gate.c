#include "server/catalogue/gate.h"

#include <string.h>

#include "server/catalogue/phase.h"
#include "server/order/moment.h"

enum status
gate_refuse(struct call *call, const Kontor__V1__Service *service,
            Kontor__V1__Phase phase, const char *lacks)
{
    (void)phase_fault(call, service, NULL, phase);
    call->error.faults = call->faults;
    call_value(call, "from", "%s", phase_name(service->phase));
    call_value(call, "wanted", "%s", phase_name(phase));
    call_value(call, "missing", "%s", lacks);
    return call_fail(call, REASON_GATE_UNMET,
                     "service %s cannot go to %s: it lacks %s; set them, or let an "
                     "admin pass over it with a reason",
                     service->id, phase_name(phase), lacks);
}

enum status
gate_pass_over(struct call *call, Kontor__V1__Service *service, const char *what,
               const char *reason, const char *lacks)
{
    if ((call->who->roles & ROLE_BIT(ADMIN)) == 0) {
        call_value(call, "role", "ADMIN");
        return call_fail(call, REASON_ROLE_MISSING,
                         "passing over a gate needs the role ADMIN");
    }
    if (reason[0] == '\0') {
        call_fault(call, "reason",
                   "is required to pass over a gate: it stays with the "
                   "record");
        return call_check_faults(call);
    }
    size_t n = service->n_overrides;
    Kontor__V1__GateOverride **rows = arena_alloc(call->arena, (n + 1) * sizeof(*rows));
    Kontor__V1__GateOverride *row = arena_alloc(call->arena, sizeof(*row));
    if (n > 0) {
        memcpy(rows, service->overrides, n * sizeof(*rows));
    }
    kontor__v1__gate_override__init(row);
    row->what = arena_copy(call->arena, what);
    row->reason = arena_copy(call->arena, reason);
    row->lacks = arena_copy(call->arena, lacks);
    row->actor = arena_copy(call->arena, call->actor);
    row->at = moment_new(call->arena, call->at_ms);
    rows[n] = row;
    service->overrides = rows;
    service->n_overrides = n + 1;
    return STATUS_OK;
}
