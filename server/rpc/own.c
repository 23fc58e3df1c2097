#include <pthread.h>
#include <stdlib.h>

#include "proto/digest.h"
#include "server/rpc/flight.h"

/* The broker's own works have no principal, and no scope limits them. */
static const struct principal nobody = {
    .id = "", .registry = "", .identity = "", .fingerprint = "", .scope_tag = ""};

static const struct row own_row = {.path = "~broker", .is_mutation = true};

struct own {
    struct own_work work;
    const Kontor__V1__Commit *commit;
};

static void
ended(void *context, const struct ending *ending)
{
    struct own *own = context;
    if (own->work.done != NULL) {
        own->work.done(own->work.context, ending->status, ending->error, own->commit);
    }
}

static struct flight *
of_work(struct work *work)
{
    return (struct flight *)((char *)work - offsetof(struct flight, work));
}

static enum status
decide_own(struct work *work, struct store_reader *reader)
{
    struct flight *flight = of_work(work);
    work->draft.n_changes = 0;
    work->draft.n_softs = 0;
    flight->call.applied = store_applied(flight->dispatch->broker->store);
    enum status status = flight_decide(flight, flight->own->decide, reader);
    if (status != STATUS_OK || flight->decision.kind != DECISION_COMMIT) {
        return status;
    }
    return flight_draft(flight, &work->draft);
}

static void
done(struct work *work, const struct outcome *outcome)
{
    struct flight *flight = of_work(work);
    struct own *own = flight->request.context;
    if (outcome->status != STATUS_OK) {
        (void)flight_outcome_error(flight, outcome->status);
        flight_end(flight, outcome->status, NULL, 0);
        return;
    }
    const struct draft *draft = &flight->decision.draft;
    for (size_t i = 0; i < draft->n_softs; i++) {
        park_publish_soft(flight->dispatch->lot, draft->softs[i].key);
    }
    own->commit = outcome->commit;
    flight_end(flight, STATUS_OK, NULL, 0);
}

enum status
dispatch_own(struct dispatch *dispatch, const struct own_work *work)
{
    struct flight_request request = {
        .row = &own_row, .who = &nobody, .deadline_ms = INT64_MAX, .done = ended};
    struct flight *flight = flight_new(dispatch, &request);
    struct call *call = &flight->call;
    struct own *own = arena_alloc(call->arena, sizeof *own);
    own->work = *work;
    flight->own = &own->work;
    flight->message = work->request;
    flight->request.context = own;
    call->actor = arena_print(call->arena, "~broker/%s", work->name);
    flight->stamp.actor = call->actor;
    flight->stamp.at_ms = call->now_ms;
    if (work->request_id != NULL) {
        digest_eid(call->actor, own_row.path, work->request_id, 0, flight->stamp.eid);
    }
    flight->work.draft = flight->stamp;
    flight->work.decide = decide_own;
    flight->work.done = done;
    enum status status = store_submit(dispatch->broker->store, &flight->work);
    if (status != STATUS_OK) {
        own->work.done = NULL;
        flight_end(flight, status, NULL, 0);
    }
    flight_release(flight);
    return status;
}

/* ---- Waited for ---- */

struct waited {
    pthread_mutex_t lock; /* Guards the rest. */
    pthread_cond_t changed;
    bool is_done;
    bool is_written;
    enum status status;
};

static void
wake(void *context, enum status status, const struct error *error,
     const Kontor__V1__Commit *commit)
{
    struct waited *waited = context;
    (void)error;
    /* Under the lock to the end: the waiter destroys it as soon as it can take it. */
    pthread_mutex_lock(&waited->lock);
    waited->is_done = true;
    waited->is_written = commit != NULL;
    waited->status = status;
    pthread_cond_signal(&waited->changed);
    pthread_mutex_unlock(&waited->lock);
}

enum status
dispatch_own_wait(struct dispatch *dispatch, const char *name, decide_fn decide,
                  const void *request, bool *is_written)
{
    struct waited waited = {.is_done = false};
    pthread_mutex_init(&waited.lock, NULL);
    pthread_cond_init(&waited.changed, NULL);
    struct own_work work = {.name = name,
                            .decide = decide,
                            .request = request,
                            .done = wake,
                            .context = &waited};
    enum status status = dispatch_own(dispatch, &work);
    pthread_mutex_lock(&waited.lock);
    while (status == STATUS_OK && !waited.is_done) {
        pthread_cond_wait(&waited.changed, &waited.lock);
    }
    pthread_mutex_unlock(&waited.lock);
    pthread_cond_destroy(&waited.changed);
    pthread_mutex_destroy(&waited.lock);
    *is_written = waited.is_written;
    return status == STATUS_OK ? waited.status : status;
}
