#include <string.h>

#include "server/rpc/flight.h"
#include "server/rpc/identity.h"

/*
 * A call was admitted in the name of a principal, and may wait long after: for a
 * worker, for a job, for a position. Revocation is per call (RPC design, TLS), so an
 * answer is given only to who would be admitted at the moment it is decided.
 */

bool
flight_is_stale(const struct flight *flight)
{
    const struct broker *broker = flight->dispatch->broker;
    return flight->request.resolve != NULL &&
           flight->generation != identity_generation(broker->identity);
}

static bool
is_expired(const struct flight *flight)
{
    return flight->request.resolve != NULL && clock_wall_ms(flight->dispatch->clock) >=
                                                  flight->call.who->certificate_ends_ms;
}

static bool
is_same(const struct principal *a, const struct principal *b)
{
    return a->roles == b->roles && strcmp(a->id, b->id) == 0 &&
           strcmp(a->scope_tag, b->scope_tag) == 0;
}

/* The flight goes on in this name. The old one is let go last: it was in use until now.
 */
static void
take_name(struct flight *flight, const struct principal *who)
{
    struct call *call = &flight->call;
    const struct principal *old = flight->judged;
    flight->judged = who;
    call->who = who;
    call->actor = who->id;
    /* The key of idempotency begins with the caller's id. */
    if (call->row->is_mutation && flight->message != NULL) {
        flight_stamp(flight);
    }
    identity_release(flight->dispatch->broker->identity, old);
}

enum status
flight_judge(struct flight *flight)
{
    struct call *call = &flight->call;
    const struct principal *who = NULL;
    if (!flight_is_stale(flight) && !is_expired(flight)) {
        return STATUS_OK;
    }
    /* Taken before the caller is resolved: a change meanwhile judges once more. */
    uint64_t generation = identity_generation(flight->dispatch->broker->identity);
    struct error error = {0};
    enum status status = flight->request.resolve(flight->request.context, &who, &error);
    if (status == STATUS_OK) {
        flight->generation = generation;
        /* With other rights what was decided before counts no more. */
        flight->is_swept = flight->is_swept && is_same(call->who, who);
        take_name(flight, who);
        status = dispatch_role(call->row, who, call->arena, &error);
    }
    if (status != STATUS_OK) {
        call->error = error;
    }
    return status;
}

void
flight_sweep(struct flight *flight)
{
    flight->is_swept = true;
    flight_set_now(flight);
    flight_queue_again(flight);
}
