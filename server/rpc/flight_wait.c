#include <inttypes.h>

#include "server/rpc/flight.h"
#include "server/rpc/history.h"

/* A position of a lost past is refused rather than waited for: it will never come. */
static enum status
check_history(struct flight *flight, int64_t seq)
{
    const struct dispatch *dispatch = flight->dispatch;
    int64_t common =
        history_last_common(dispatch->histories, dispatch->n_histories, seq);
    if (common < 0) {
        return STATUS_OK;
    }
    call_value(&flight->call, "seq", "%" PRId64, seq);
    call_value(&flight->call, "lastCommonSeq", "%" PRId64, common);
    return call_fail(&flight->call, REASON_HISTORY_CHANGED,
                     "position %" PRId64 " belongs to a past that was lost", seq);
}

/*
 * Whoever went through the waiting calls before this one waited has missed it: to
 * drain, to cancel it, or because trust changed. The flight may be gone, but for its
 * memory.
 */
static void
leave_if_missed(struct flight *flight)
{
    struct dispatch *dispatch = flight->dispatch;
    bool is_draining = atomic_load(&dispatch->is_draining);
    bool must_run = atomic_load(&flight->is_cancelled) || flight_is_stale(flight);
    if (!(is_draining || must_run) || !park_leave(dispatch->lot, &flight->waiter)) {
        return;
    }
    if (is_draining) {
        flight_end_draining(flight);
        return;
    }
    flight_sweep(flight);
}

/* Once the flight waits it may be woken and gone: what is needed then is held before.
 */
void
flight_park(struct flight *flight, struct park *park, int64_t epoch)
{
    struct dispatch *dispatch = flight->dispatch;
    if (park->until_ms > flight->call.deadline_ms) {
        park->until_ms = flight->call.deadline_ms;
    }
    if (park_waiting(dispatch->lot) >= dispatch->max_parked) {
        (void)call_fail(&flight->call, REASON_OVERLOADED, "too many calls wait");
        flight_end_error(flight);
        return;
    }
    atomic_fetch_add(&flight->n_references, 1);
    if (!park_enter(dispatch->lot, &flight->waiter, park, epoch)) {
        flight_queue_again(flight);
    } else {
        leave_if_missed(flight);
    }
    flight_release(flight);
}

/*
 * Whether the position the caller has seen is reached; otherwise the flight is parked
 * or over.
 */
bool
flight_has_min_seq(struct flight *flight)
{
    int64_t min_seq = flight->request.min_seq;
    if (min_seq == 0) {
        return true;
    }
    if (check_history(flight, min_seq) != STATUS_OK) {
        flight_end_error(flight);
        return false;
    }
    if (store_applied(flight->dispatch->broker->store) >= min_seq) {
        flight->request.min_seq = 0;
        flight->call.min_seq = min_seq;
        flight->call.is_last_run = false;
        return true;
    }
    if (flight->call.is_last_run) {
        (void)call_fail(&flight->call, REASON_DEADLINE,
                        "position %" PRId64 " was not reached in time", min_seq);
        flight_end_error(flight);
        return false;
    }
    struct park wait = {.until_ms = flight->call.deadline_ms, .n_keys = 1};
    wait.keys[0] = arena_print(flight->call.arena, "seq>=%" PRId64, min_seq);
    flight_park(flight, &wait, 0);
    return false;
}
