/* Calls that were done before, and are asked for again. */
#include <string.h>

#include "proto/digest.h"
#include "server/rpc/flight.h"

static bool
is_same_request(const struct flight *flight, const Kontor__V1__Commit *commit)
{
    return commit->request.len == STORE_HASH_SIZE &&
           memcmp(commit->request.data, flight->stamp.request, STORE_HASH_SIZE) == 0;
}

enum status
flight_fail_reused(struct flight *flight)
{
    struct call *call = &flight->call;
    const char *id = flight_request_id(flight);
    call_value(call, "requestId", "%s", id);
    if (call->row->eid_field != NULL) {
        return call_fail(call, REASON_ORDER_DIFFERS,
                         "%s exists already with another content", id);
    }
    return call_fail(call, REASON_REQUEST_ID_REUSED,
                     "request_id %s was used before for another request", id);
}

/*
 * Where documents follow the log, it may be ahead of the position of the snapshot. Then
 * that is let go: what was done is answered by what is there, and would be refused by a
 * decision on what was there before.
 */
static void
let_go(struct flight *flight, struct store_reader *reader)
{
    struct call *call = &flight->call;
    store_end(reader);
    call->kontor_seq = store_applied(call->broker->store);
}

bool
flight_replay(struct flight *flight, struct store_reader *reader)
{
    struct call *call = &flight->call;
    Kontor__V1__Commit *commit;
    if (!flight->stamp.has_request || call->is_validate_only) {
        return false;
    }
    enum status status = store_by_eid(reader, flight->stamp.eid, call->arena, &commit);
    if (status == STATUS_NOT_FOUND) {
        return false;
    }
    if (status != STATUS_OK) {
        (void)flight_outcome_error(flight, status);
        flight_end_error(flight);
        return true;
    }
    if (!is_same_request(flight, commit)) {
        call_value(call, "storedHash", "%s",
                   commit->request.len == STORE_HASH_SIZE
                       ? digest_hex(call->arena, commit->request.data)
                       : "");
        (void)flight_fail_reused(flight);
        flight_end_error(flight);
        return true;
    }
    if (commit->seq > call->applied) {
        let_go(flight, reader);
    }
    call->reader = reader;
    flight_answer(flight, commit);
    return true;
}
