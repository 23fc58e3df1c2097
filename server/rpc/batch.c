#include <stdlib.h>

#include "server/rpc/flight.h"
#include "server/rpc/would_be.h"

/* Records of one batch that wait for the committer at once. */
enum { WINDOW = STORE_BATCH_COMMITS };

/* One record. */
struct batch_work {
    struct work work;
    struct batch *batch;
    size_t record;
    struct error error; /* Of its last decide. */
};

struct batch {
    struct flight *flight;
    void *reply;
    size_t n_records;
    /* The committer may run a record while the worker still submits the next ones: the
     * lock guards the flight's call and all below. */
    pthread_mutex_t lock;
    size_t n_submitted;
    size_t n_noted;
    bool is_over;         /* No more records are begun. */
    struct error refusal; /* Why, when the caller may call no more; else the caller went
                             away. */
};

static void submit_some(struct batch *batch);

/* The faults of a call are used again by the next record. */
static void
keep_faults(struct call *call)
{
    if (call->error.faults == NULL) {
        return;
    }
    struct faults *copy = arena_alloc(call->arena, sizeof *copy);
    *copy = *call->error.faults;
    call->error.faults = copy;
}

static enum status
decide_record(struct batch *batch, size_t record, struct store_reader *reader)
{
    struct flight *flight = batch->flight;
    struct call *call = &flight->call;
    call->record = record;
    enum status status = flight_decide(flight, call->row->batch->decide, reader);
    keep_faults(call);
    if (status != STATUS_OK) {
        return status;
    }
    enum decision_kind kind = flight->decision.kind;
    if (kind != DECISION_COMMIT && kind != DECISION_REPLY) {
        return call_fail(call, REASON_INTERNAL, "a record came to no decision");
    }
    return STATUS_OK;
}

static enum status
decide(struct work *work, struct store_reader *reader)
{
    struct batch_work *self = (struct batch_work *)work;
    struct batch *batch = self->batch;
    struct flight *flight = batch->flight;
    struct call *call = &flight->call;
    pthread_mutex_lock(&batch->lock);
    work->draft.n_changes = 0;
    work->draft.n_softs = 0;
    call->applied = store_applied(call->broker->store);
    enum status status = decide_record(batch, self->record, reader);
    if (status == STATUS_OK && flight->decision.kind == DECISION_COMMIT) {
        flight_stamp(flight);
        status = flight_draft(flight, &work->draft);
    }
    self->error = call->error;
    pthread_mutex_unlock(&batch->lock);
    return status;
}

static void
note(struct batch *batch, size_t record, enum status status,
     const Kontor__V1__Commit *commit)
{
    struct call *call = &batch->flight->call;
    call->record = record;
    call->row->batch->note(call, batch->flight->message, record, status, commit,
                           batch->reply);
    batch->n_noted++;
}

static void
end(struct batch *batch)
{
    struct flight *flight = batch->flight;
    bool is_over = batch->is_over;
    pthread_mutex_destroy(&batch->lock);
    if (is_over && batch->refusal.status != STATUS_OK) {
        flight->call.error = batch->refusal;
        flight_end_error(flight);
        return;
    }
    if (is_over) {
        enum status status = call_fail(&flight->call, REASON_OUTCOME_UNKNOWN,
                                       "the deadline came before the last record");
        flight_end(flight, status, NULL, 0);
        return;
    }
    flight_reply(flight, batch->reply);
}

static void
done(struct work *work, const struct outcome *outcome)
{
    struct batch_work *self = (struct batch_work *)work;
    struct batch *batch = self->batch;
    struct call *call = &batch->flight->call;
    pthread_mutex_lock(&batch->lock);
    call->error = self->error;
    call->record = self->record;
    if (outcome->status != STATUS_OK) {
        (void)flight_outcome_error(batch->flight, outcome->status);
    }
    if (outcome->commit != NULL && !outcome->is_replay) {
        call->kontor_seq = outcome->commit->seq;
    }
    note(batch, self->record, outcome->status, outcome->commit);
    submit_some(batch);
    bool is_end = batch->n_noted == batch->n_submitted;
    pthread_mutex_unlock(&batch->lock);
    if (is_end) {
        end(batch);
    }
}

static bool
submit_one(struct batch *batch)
{
    struct flight *flight = batch->flight;
    struct call *call = &flight->call;
    struct batch_work *self = arena_alloc(call->arena, sizeof *self);
    self->batch = batch;
    self->record = batch->n_submitted;
    self->work.decide = decide;
    self->work.done = done;
    self->work.is_bulk = true;
    call->record = self->record;
    flight_stamp(flight);
    self->work.draft = flight->stamp;
    enum status status = store_submit(call->broker->store, &self->work);
    if (status == STATUS_OK) {
        batch->n_submitted++;
        return true;
    }
    bool is_full = status == STATUS_RESOURCE_EXHAUSTED;
    if (is_full && batch->n_noted < batch->n_submitted) {
        return false; /* The next record that ends tries again. */
    }
    call->error = (struct error){0};
    status = call_fail(call, is_full ? REASON_OVERLOADED : REASON_STORE_UNAVAILABLE,
                       "the store takes no more work now");
    batch->n_submitted++;
    note(batch, self->record, status, NULL);
    return true;
}

/* The caller of a batch that goes on without it could not know what was stored. */
static bool
is_alive(const struct batch *batch)
{
    struct flight *flight = batch->flight;
    return !atomic_load(&flight->is_cancelled) &&
           clock_wall_ms(flight->dispatch->clock) < flight->call.deadline_ms;
}

/* A batch may take long: trust may change between its records. */
static bool
may_go_on(struct batch *batch)
{
    struct flight *flight = batch->flight;
    struct error kept = flight->call.error;
    enum status status = flight_judge(flight);
    if (status != STATUS_OK) {
        batch->refusal = flight->call.error;
    }
    flight->call.error = kept;
    return status == STATUS_OK;
}

static void
submit_some(struct batch *batch)
{
    batch->is_over = batch->is_over || !is_alive(batch) || !may_go_on(batch);
    while (!batch->is_over && batch->n_submitted < batch->n_records &&
           batch->n_submitted - batch->n_noted < WINDOW) {
        if (!submit_one(batch)) {
            return;
        }
    }
}

/* Nothing is stored here, so what a record would write is kept for the ones after it:
 * two that take one name must clash now, not only when the batch is sent for good. */
static void
validate(struct batch *batch, struct store_reader *reader)
{
    struct flight *flight = batch->flight;
    struct draft draft;
    for (size_t i = 0; i < batch->n_records; i++) {
        enum status status = decide_record(batch, i, reader);
        const Kontor__V1__Commit *commit = NULL;
        if (status == STATUS_OK && flight->decision.kind == DECISION_COMMIT) {
            status = flight_draft(flight, &draft);
            commit = status == STATUS_OK ? flight_would_be(flight) : NULL;
        }
        if (commit != NULL) {
            would_be_keep(&flight->call, &flight->decision.draft);
        }
        note(batch, i, status, commit);
    }
    end(batch);
}

static enum status
begin_validate(struct batch *batch, struct store_reader *reader)
{
    struct call *call = &batch->flight->call;
    enum status status = store_begin(reader, &call->applied);
    if (status != STATUS_OK) {
        status = flight_outcome_error(batch->flight, status);
        flight_end(batch->flight, status, NULL, 0);
        return status;
    }
    call->kontor_seq = call->applied;
    return STATUS_OK;
}

void
batch_start(struct flight *flight, struct store_reader *reader)
{
    struct call *call = &flight->call;
    const struct row_batch *row = call->row->batch;
    struct batch *batch = arena_alloc(call->arena, sizeof *batch);
    batch->flight = flight;
    batch->n_records = row->count(flight->message);
    batch->reply = row->reply(call, flight->message);
    pthread_mutex_init(&batch->lock, NULL);
    if (call->is_validate_only) {
        if (begin_validate(batch, reader) == STATUS_OK) {
            validate(batch, reader);
            store_end(reader);
        }
        return;
    }
    flight->is_submitted = true;
    pthread_mutex_lock(&batch->lock);
    submit_some(batch);
    bool is_end = batch->n_noted == batch->n_submitted;
    pthread_mutex_unlock(&batch->lock);
    if (is_end) {
        end(batch);
    }
}
