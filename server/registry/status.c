#include "server/registry/status.h"

#include "kontor/v1/registry_service.pb-c.h"
#include "proto/moment.h"
#include "server/broker.h"
#include "server/catalogue/search.h"
#include "server/rpc/identity.h"

/* The histories tell a reader of a backup or a watch whether its position belongs to
 * this log or to one that a restore left behind. */
static enum status
histories_fill(struct call *call, Kontor__V1__GetStatusResponse *response)
{
    enum status status = store_histories(call->reader, call->arena,
                                         &response->histories, &response->n_histories);
    if (status != STATUS_OK) {
        return call_fail(call, REASON_STORE_UNAVAILABLE, "the store does not answer");
    }
    return STATUS_OK;
}

enum status
status_get(struct call *call, const void *request, struct decision *decision)
{
    const struct broker *broker = call->broker;
    Kontor__V1__GetStatusResponse *response =
        arena_alloc(call->arena, sizeof *response);
    (void)request;
    kontor__v1__get_status_response__init(response);
    response->version = (char *)broker->version;
    response->store = (char *)store_backend(broker->store);
    /* Commits are numbered and applied in one batch, so the two differ only between the
     * reads. */
    response->applied = call->applied;
    response->seq = store_applied(broker->store);
    response->oldest = store_oldest(broker->store);
    response->started_at = moment_new(call->arena, broker->started_at_ms);
    /* Of the broker's own certificate: nobody can connect any more once it is over, so
     * what watches the broker must learn of it here, beforehand. */
    response->certificate_ends_at =
        moment_new(call->arena, identity_certificate_ends_ms(broker->identity));
    response->is_search_ready =
        broker->search != NULL && search_is_ready(broker->search);
    response->home = (char *)broker->home;
    enum status status = histories_fill(call, response);
    if (status == STATUS_OK) {
        decision_reply(decision, response);
    }
    return status;
}
