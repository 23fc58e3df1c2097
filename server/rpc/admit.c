#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/byte_buffer.h>
#include <grpc/support/time.h>

#include "server/broker.h"
#include "server/rpc/breaker.h"
#include "server/rpc/peer.h"
#include "server/rpc/quick.h"
#include "server/rpc/server_inner.h"

enum { DEFAULT_MAX_REQUEST = 256 << 10, DEFAULT_TIMEOUT_MS = 30000 };

/* ---- Checks, the cheap ones first. Each ends the call itself when it refuses. ---- */

static bool
is_known(struct rpc *rpc)
{
    if (rpc->method->row != NULL) {
        return true;
    }
    rpc_refuse(rpc, REASON_METHOD_UNKNOWN, "this broker has no such method");
    return false;
}

static bool
is_open(struct rpc *rpc)
{
    if (rpc->method->is_always_on || !atomic_load(&rpc->server->is_draining)) {
        return true;
    }
    rpc_refuse(rpc, REASON_DRAINING, "the broker is stopping");
    return false;
}

static bool
has_request(struct rpc *rpc)
{
    const struct row *row = rpc->method->row;
    if (row->kind == ROW_BIDI) {
        return true;
    }
    if (rpc->payload == NULL) {
        rpc_refuse(rpc, REASON_MESSAGE_INVALID, "the call carries no message");
        return false;
    }
    if (rpc->payload->type != GRPC_BB_RAW ||
        rpc->payload->data.raw.compression != GRPC_COMPRESS_NONE) {
        rpc_refuse(rpc, REASON_MESSAGE_INVALID,
                   "this broker takes no compressed messages");
        return false;
    }
    size_t max = row->max_request == 0 ? DEFAULT_MAX_REQUEST : row->max_request;
    rpc->request_bytes = grpc_byte_buffer_length(rpc->payload);
    if (rpc->request_bytes > max) {
        rpc_refuse(rpc, REASON_TOO_LARGE,
                   "the request is larger than the method takes");
        return false;
    }
    if (!rpc_read(rpc->payload, &rpc->request)) {
        rpc_refuse(rpc, REASON_MESSAGE_INVALID, "the message cannot be read");
        return false;
    }
    return true;
}

static void
end_error(struct rpc *rpc, const struct error *error)
{
    struct ending ending = {.status = error->status,
                            .error = error,
                            .seq = store_applied(rpc->server->options.broker->store)};
    rpc_end(rpc, &ending);
}

/* Who calls at this moment; flight_request.resolve too. */
static enum status
resolve(void *context, const struct principal **who, struct error *error)
{
    const struct rpc *rpc = context;
    const struct server_options *options = &rpc->server->options;
    return peer_resolve(options->broker->identity, rpc->call,
                        clock_wall_ms(options->broker->clock), who, error);
}

/* How the broker is may be told to nobody in particular: who balances calls must hear
 * that the store is away just when nobody's record can be read. */
static bool
is_somebody(struct rpc *rpc)
{
    struct error error = {0};
    rpc->generation = identity_generation(rpc->server->options.broker->identity);
    enum status status = resolve(rpc, &rpc->who, &error);
    if (status == STATUS_UNAVAILABLE && rpc->method->is_always_on) {
        return true;
    }
    if (status == STATUS_OK) {
        status = dispatch_role(rpc->method->row, rpc->who, rpc_arena(rpc), &error);
    }
    if (status != STATUS_OK) {
        end_error(rpc, &error);
    }
    return status == STATUS_OK;
}

static bool
is_cut_off(struct rpc *rpc)
{
    int64_t left_ms = breaker_left_ms(rpc);
    struct error error = {.reason = REASON_OVERLOADED,
                          .status = reason_row(REASON_OVERLOADED)->status,
                          .message = "you open and cancel calls too fast",
                          .retry_after_ms = left_ms};
    rpc->is_cut_off = left_ms > 0;
    if (rpc->is_cut_off) {
        end_error(rpc, &error);
    }
    return rpc->is_cut_off;
}

static bool
has_share(struct rpc *rpc)
{
    if (rpc->method->is_always_on) {
        return true;
    }
    if (is_cut_off(rpc)) {
        return false;
    }
    rpc->caller =
        caller_enter(rpc->server->callers, caller_name(rpc->who), rpc->method->row,
                     clock_monotonic_ms(rpc->server->options.broker->clock));
    if (rpc->caller == NULL) {
        rpc_refuse(rpc, REASON_OVERLOADED, "you have too many calls at once");
    }
    return rpc->caller != NULL;
}

/* ---- Unary calls ---- */

static void
done(void *context, const struct ending *ending)
{
    struct rpc *rpc = context;
    rpc_end(rpc, ending);
    rpc_release(rpc);
}

/* The caller set no deadline and the row's is over. What is at the committer goes on.
 */
static void
time_over(struct timer_entry *entry)
{
    struct rpc *rpc = (struct rpc *)((char *)entry - offsetof(struct rpc, timer));
    bool is_mutation = rpc->method->row->is_mutation;
    rpc_refuse(rpc, is_mutation ? REASON_OUTCOME_UNKNOWN : REASON_DEADLINE,
               is_mutation ? "it is not known in time whether the change was stored"
                           : "the answer was not there in time");
    pthread_mutex_lock(&rpc->lock);
    struct flight *flight = rpc->flight;
    pthread_mutex_unlock(&rpc->lock);
    if (flight != NULL) {
        flight_cancel(flight);
    }
    rpc_release(rpc);
}

/* The position the caller wants to have been reached; false: it is no number. */
static bool
read_min_seq(struct rpc *rpc, int64_t *min_seq)
{
    const char *text = rpc_header(rpc, "kontor-min-seq", rpc_arena(rpc));
    char *end = NULL;
    errno = 0;
    *min_seq = text == NULL ? 0 : strtoll(text, &end, 10);
    /* strtoll takes blanks and signs in front, and the largest number for what is
     * larger. */
    if (text == NULL ||
        (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0)) {
        return true;
    }
    rpc_refuse(rpc, REASON_FIELDS_INVALID, "kontor-min-seq is not a position");
    return false;
}

static void
begin_unary(struct rpc *rpc)
{
    struct server *server = rpc->server;
    const struct row *row = rpc->method->row;
    int64_t wait_ms = rpc_left_ms(rpc);
    struct flight_request request = {.row = row, .who = rpc->who};
    if (wait_ms <= 0) {
        rpc_refuse(rpc, REASON_DEADLINE, "the deadline came first");
        return;
    }
    if (!read_min_seq(rpc, &request.min_seq)) {
        return;
    }
    if (wait_ms == INT64_MAX) {
        wait_ms = row->timeout_ms == 0 ? DEFAULT_TIMEOUT_MS : row->timeout_ms;
        rpc_limit(rpc, time_over, wait_ms);
    }
    request.deadline_ms = clock_wall_ms(server->options.broker->clock) + wait_ms;
    request.bytes = (struct bytes){GRPC_SLICE_START_PTR(rpc->request),
                                   GRPC_SLICE_LENGTH(rpc->request)};
    request.done = done;
    request.resolve = resolve;
    request.generation = rpc->generation;
    request.context = rpc;
    rpc_hold(rpc);
    struct flight *flight = dispatch_start(server->dispatch, &request);
    pthread_mutex_lock(&rpc->lock);
    rpc->flight = flight;
    bool is_gone = rpc->is_gone;
    pthread_mutex_unlock(&rpc->lock);
    if (is_gone) {
        flight_cancel(flight);
    }
}

void
admit(struct rpc *rpc)
{
    metrics_started(rpc->server->options.metrics, rpc->method->row);
    bool is_admitted = is_known(rpc) && is_open(rpc) && has_request(rpc) &&
                       is_somebody(rpc) && has_share(rpc);
    if (!is_admitted) {
        return;
    }
    metrics_received(rpc->server->options.metrics, rpc->method->row, 1);
    if (rpc->method->begin == NULL) {
        if (!quick_answer(rpc)) {
            begin_unary(rpc);
        }
        return;
    }
    struct bytes request = {GRPC_SLICE_START_PTR(rpc->request),
                            GRPC_SLICE_LENGTH(rpc->request)};
    rpc->method->begin(rpc, request);
}

/* ---- The end ---- */

static bool
is_notable(const struct rpc *rpc, const struct ending *ending, int64_t duration_us)
{
    const struct settings *settings = rpc->server->settings;
    const struct row *row = rpc->method->row;
    return settings->log_calls == LOG_CALLS_ALL || ending->status != STATUS_OK ||
           (row != NULL && row->is_mutation) ||
           duration_us >= settings->log_slow_ms * 1000;
}

static const char *
text_or_none(const char *text)
{
    return text == NULL ? "" : text;
}

/* A caller who went away gets no reason, and the log names none. */
static const char *
reason_name(enum reason reason)
{
    return reason == REASON_NONE ? "" : reason_row(reason)->name;
}

static void
log_call(struct rpc *rpc, const struct ending *ending, int64_t duration_us)
{
    const struct server_options *options = &rpc->server->options;
    const struct row *row = rpc->method->row;
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    struct server_call call = {
        .path = row != NULL
                    ? row->path
                    : arena_copy_n(arena, GRPC_SLICE_START_PTR(rpc->details.method),
                                   GRPC_SLICE_LENGTH(rpc->details.method)),
        .row = row,
        .principal = rpc->who == NULL ? "" : caller_name(rpc->who),
        .peer = rpc->peer,
        .trace = text_or_none(rpc_header(rpc, "traceparent", arena)),
        .status = ending->status,
        .reason = "",
        .message = "",
        .internal = text_or_none(ending->internal),
        .call_id = ending->internal == NULL ? "" : ending->call_id,
        .duration_us = duration_us,
        .request_bytes = rpc->request_bytes,
        .reply_bytes = rpc->reply_bytes};
    if (ending->status != STATUS_OK) {
        call.reason = reason_name(ending->error->reason);
        call.message = text_or_none(ending->error->message);
    }
    options->log(options->log_context, &call);
    arena_free(arena);
}

/* The one line of the breaker stands for all that a caller who is cut off is refused
 * meanwhile: it shall not fill the disk instead. What was admitted before is logged. */
static bool
is_of_breaker(struct rpc *rpc, const struct ending *ending)
{
    bool is_refused = rpc->caller == NULL && ending->status != STATUS_OK;
    return rpc->is_cut_off || (is_refused && breaker_left_ms(rpc) > 0);
}

void
account(struct rpc *rpc, const struct ending *ending)
{
    const struct server_options *options = &rpc->server->options;
    int64_t duration_us = rpc_now_us() - rpc->started_us;
    metrics_handled(options->metrics, rpc->method->row, ending->status, duration_us);
    bool is_reply = ending->status == STATUS_OK && ending->n_pieces > 0;
    metrics_sent(options->metrics, rpc->method->row, is_reply ? 1 : 0);
    if (options->log != NULL && is_notable(rpc, ending, duration_us) &&
        !is_of_breaker(rpc, ending)) {
        log_call(rpc, ending, duration_us);
    }
}
