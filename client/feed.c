/*
 * Streams that resume. The owner knows where it stands; this file knows when to ask
 * again and when not to.
 */
#include "client/feed.h"

#include "client/error.h"

/* How a stream can end that is not the end. NULL: whatever the reason. What is not here
 * is FAILED. */
struct feed_row {
    enum kontor_status status;
    const char *reason;
    bool is_resumed; /* Else the position cannot be served: RELIST. */
};

static const struct feed_row feed_rows[] = {
    {KONTOR_UNAVAILABLE, NULL, true},
    {KONTOR_CANCELLED, "", true},
    {KONTOR_OUT_OF_RANGE, "BEHIND", true},
    {KONTOR_RESOURCE_EXHAUSTED, "OVERLOADED", true},
    {KONTOR_OUT_OF_RANGE, "TRIMMED", false},
    {KONTOR_OUT_OF_RANGE, "HISTORY_CHANGED", false},
    {KONTOR_OUT_OF_RANGE, "SCOPE_CHANGED", false},
};

static const struct feed_row *
feed_row(const struct kontor_error *error)
{
    for (size_t i = 0; i < sizeof feed_rows / sizeof feed_rows[0]; i++) {
        const struct feed_row *row = &feed_rows[i];
        if (row->status == error->status &&
            (row->reason == NULL || error_is(error, row->reason))) {
            return row;
        }
    }
    return NULL;
}

int64_t
feed_until_ms(int64_t timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : channel_now_ms() + timeout_ms;
}

static enum kontor_event
feed_over(struct feed *feed, enum kontor_event event)
{
    feed->is_over = true;
    feed->end = event;
    return event;
}

/* Judges how the stream ended. RECORD: it will be opened again. */
static enum kontor_event
feed_judge(struct feed *feed, struct kontor_error *error)
{
    enum kontor_status status = rpc_result(feed->rpc, error);
    rpc_close(feed->rpc);
    feed->rpc = NULL;
    if (status == KONTOR_OK && !feed->is_following) {
        return feed_over(feed, KONTOR_EVENT_END);
    }
    const struct feed_row *row = feed_row(error);
    if (status != KONTOR_OK && row == NULL) {
        return feed_over(feed, KONTOR_EVENT_FAILED);
    }
    if (status != KONTOR_OK && !row->is_resumed) {
        return feed_over(feed, KONTOR_EVENT_RELIST);
    }
    feed->open_at_ms = channel_now_ms() + retry_delay_ms(&feed->retry, error);
    return KONTOR_EVENT_RECORD;
}

/*
 * The owner says where to go on at the last moment, after everything that came was
 * taken.
 */
static enum kontor_event
feed_open(struct feed *feed, struct kontor_error *error)
{
    struct rpc_start start = {
        .method = feed->method,
        .until_ms = INT64_MAX,
        .stop = &feed->stop,
    };
    if (feed->kind->resume(feed->owner, &start.request, error) != KONTOR_OK) {
        return feed_over(feed, KONTOR_EVENT_FAILED);
    }
    feed->rpc = rpc_open(feed->kontor, &start, error);
    grpc_slice_unref(start.request);
    return feed->rpc == NULL ? feed_over(feed, KONTOR_EVENT_FAILED)
                             : KONTOR_EVENT_RECORD;
}

/* Sees to it that a stream is open. RECORD: it is. */
static enum kontor_event
feed_prepare(struct feed *feed, int64_t until_ms, struct kontor_error *error)
{
    if (feed->rpc != NULL) {
        return KONTOR_EVENT_RECORD;
    }
    int64_t now_ms = channel_now_ms();
    int64_t wake_ms = feed->open_at_ms < until_ms ? feed->open_at_ms : until_ms;
    if (wake_ms > now_ms && channel_sleep(feed->kontor, wake_ms - now_ms, &feed->stop,
                                          error) != KONTOR_OK) {
        return feed_over(feed, KONTOR_EVENT_FAILED);
    }
    if (wake_ms < feed->open_at_ms) {
        return KONTOR_EVENT_TIMEOUT;
    }
    return feed_open(feed, error);
}

/* One step. RECORD without a message: go on. */
static enum kontor_event
feed_step(struct feed *feed, int64_t until_ms, ProtobufCMessage **message,
          struct kontor_error *error)
{
    enum kontor_event event = feed_prepare(feed, until_ms, error);
    if (event != KONTOR_EVENT_RECORD) {
        return event;
    }
    switch (rpc_next(feed->rpc, until_ms, message)) {
    case RPC_MESSAGE:
        feed->retry.n_failed = 0;
        return KONTOR_EVENT_RECORD;
    case RPC_TIMEOUT:
        return KONTOR_EVENT_TIMEOUT;
    case RPC_OVER:
        break;
    }
    return feed_judge(feed, error);
}

/* Errors of attempts that were repeated are nobody's business. */
enum kontor_event
feed_next(struct feed *feed, int64_t until_ms, ProtobufCMessage **message,
          struct kontor_error *error)
{
    if (feed->is_over) {
        if (feed->end != KONTOR_EVENT_END) {
            error_set(error, KONTOR_FAILED_PRECONDITION, "CLOSED",
                      "this stream is over: open another");
        }
        return feed->end;
    }
    struct kontor_error scratch = {0};
    ProtobufCMessage *taken = NULL;
    enum kontor_event event = KONTOR_EVENT_RECORD;
    while (event == KONTOR_EVENT_RECORD && taken == NULL) {
        error_reset(&scratch);
        event = feed_step(feed, until_ms, &taken, &scratch);
    }
    if (taken != NULL) {
        *message = taken;
    }
    error_move(error, &scratch);
    return event;
}

enum kontor_event
feed_fail(struct feed *feed)
{
    return feed_over(feed, KONTOR_EVENT_FAILED);
}

void
feed_stop(struct feed *feed)
{
    stop_set(feed->kontor, &feed->stop);
}

void
feed_done(struct feed *feed)
{
    rpc_close(feed->rpc);
    feed->rpc = NULL;
}
