/* The log as it is, commit by commit: for audit and backup. */
#include <stdlib.h>

#include "client/call.h"
#include "client/error.h"
#include "client/feed.h"

struct kontor_log {
    struct feed feed;
    int64_t seq; /* The last commit taken. */
    Kontor__V1__ReadLogResponse *start;
    Kontor__V1__ReadLogResponse
        *response; /* Whose commits are handed out; may be the start. */
    size_t n_given;
};

/* Whole commits need no scope: only the position counts. */
static enum kontor_status
log_resume(void *owner, grpc_slice *packed, struct kontor_error *error)
{
    const struct kontor_log *log = owner;
    Kontor__V1__ReadLogRequest request = KONTOR__V1__READ_LOG_REQUEST__INIT;
    request.after = log->seq;
    request.follow = log->feed.is_following;
    return call_pack(&request.base, packed, error);
}

static const struct feed_owner log_owner = {log_resume};

enum kontor_status
kontor_log_open(struct kontor *kontor, int64_t after, bool follow,
                struct kontor_log **log, struct kontor_error *error)
{
    error_reset(error);
    struct kontor_log *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_memory(error);
    }
    made->feed.kontor = kontor;
    made->feed.method = kontor_method("/kontor.v1.RegistryService/ReadLog");
    made->feed.kind = &log_owner;
    made->feed.owner = made;
    made->feed.is_following = follow;
    made->seq = after;
    *log = made;
    return KONTOR_OK;
}

/* The first message is kept: it says which log this is. */
static void
log_drop(struct kontor_log *log)
{
    if (log->response != log->start) {
        kontor_reply_free(log->response);
    }
    log->response = NULL;
    log->n_given = 0;
}

/* The next commit at hand that did not come before; NULL: none. */
static const Kontor__V1__Commit *
log_give(struct kontor_log *log)
{
    while (log->response != NULL && log->n_given < log->response->n_commits) {
        const Kontor__V1__Commit *commit = log->response->commits[log->n_given++];
        if (commit->seq > log->seq) {
            log->seq = commit->seq;
            return commit;
        }
    }
    return NULL;
}

/*
 * A commit that came before the connection was lost comes again after it, and is
 * passed over by its number.
 */
enum kontor_event
kontor_log_next(struct kontor_log *log, int64_t timeout_ms,
                const Kontor__V1__Commit **commit, struct kontor_error *error)
{
    error_reset(error);
    int64_t until_ms = feed_until_ms(timeout_ms);
    const Kontor__V1__Commit *given = log_give(log);
    while (given == NULL) {
        log_drop(log);
        ProtobufCMessage *message = NULL;
        enum kontor_event event = feed_next(&log->feed, until_ms, &message, error);
        if (event != KONTOR_EVENT_RECORD) {
            return event;
        }
        log->response = (Kontor__V1__ReadLogResponse *)message;
        if (log->start == NULL) {
            log->start = log->response;
        }
        given = log_give(log);
    }
    *commit = given;
    return KONTOR_EVENT_RECORD;
}

const Kontor__V1__ReadLogResponse *
kontor_log_start(const struct kontor_log *log)
{
    return log->start;
}

void
kontor_log_stop(struct kontor_log *log)
{
    feed_stop(&log->feed);
}

void
kontor_log_free(struct kontor_log *log)
{
    if (log == NULL) {
        return;
    }
    feed_done(&log->feed);
    log_drop(log);
    kontor_reply_free(log->start);
    free(log);
}
