/* The log as it is, commit by commit: for audit and backup. */
#include <stdlib.h>
#include <string.h>

#include "client/call.h"
#include "client/error.h"
#include "client/feed.h"

struct kontor_log {
    struct feed feed;
    int64_t seq; /* The last commit taken, or the base once all of it came. */
    Kontor__V1__ReadLogResponse *start;
    Kontor__V1__ReadLogResponse
        *response; /* Whose commits are handed out; may be the start. */
    size_t n_given;
    /* Documents of the base: handed out, those of this stream, of this response. */
    int64_t n_documents;
    int64_t n_passed;
    size_t n_shown;
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
    log->n_shown = 0;
}

/* ---- The base ---- */

static bool
log_has_base(const struct kontor_log *log)
{
    return log->start != NULL && log->start->log_base != NULL;
}

/* Once all of it came the stream goes on behind the base, and it never comes again. */
static void
log_end_base(struct kontor_log *log)
{
    if (log_has_base(log) && log->seq == 0 &&
        log->n_documents >= log->start->log_base->documents) {
        log->seq = log->start->log_base->seq;
    }
}

/* Whether a stream that was opened again from 0 begins with the same base: then its
 * documents come again in the same order. */
static bool
log_is_same_base(const struct kontor_log *log)
{
    const Kontor__V1__Base *was = log->start->log_base;
    const Kontor__V1__Base *is = log->response->log_base;
    if (was == NULL || is == NULL) {
        return was == is;
    }
    return was->seq == is->seq && is->digest.len > 0 &&
           was->digest.len == is->digest.len &&
           memcmp(was->digest.data, is->digest.data, is->digest.len) == 0;
}

/* The next document at hand that did not come before; NULL: none. */
static const Kontor__V1__BaseDocument *
log_give_document(struct kontor_log *log)
{
    const Kontor__V1__BaseDocument *given = NULL;
    while (given == NULL && log->response != NULL &&
           log->n_shown < log->response->n_documents) {
        given = log->response->documents[log->n_shown++];
        log->n_passed++;
        given = log->n_passed > log->n_documents ? given : NULL;
    }
    log->n_documents += given == NULL ? 0 : 1;
    log_end_base(log);
    return given;
}

/* ---- Taking ---- */

/* The next message; RECORD: it is there. The first one of every stream has histories.
 */
static enum kontor_event
log_take(struct kontor_log *log, int64_t until_ms, struct kontor_error *error)
{
    ProtobufCMessage *message = NULL;
    log_drop(log);
    enum kontor_event event = feed_next(&log->feed, until_ms, &message, error);
    if (event != KONTOR_EVENT_RECORD) {
        return event;
    }
    log->response = (Kontor__V1__ReadLogResponse *)message;
    if (log->start == NULL) {
        log->start = log->response;
    }
    log->n_passed = log->response->n_histories > 0 ? 0 : log->n_passed;
    bool is_begun = log->response->n_histories > 0 && log->seq == 0;
    if (is_begun && !log_is_same_base(log)) {
        (void)error_set(error, KONTOR_OUT_OF_RANGE, "TRIMMED",
                        "the log was trimmed meanwhile: begin anew");
        return feed_fail(&log->feed);
    }
    log_end_base(log);
    return event;
}

/* The next commit at hand that did not come before; NULL: none. */
static const Kontor__V1__Commit *
log_give(struct kontor_log *log)
{
    while (log_give_document(log) != NULL) {
    }
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
        enum kontor_event event = log_take(log, until_ms, error);
        if (event != KONTOR_EVENT_RECORD) {
            return event;
        }
        given = log_give(log);
    }
    *commit = given;
    return KONTOR_EVENT_RECORD;
}

/* Whether no document will come any more: this log is not read from 0, has no base, or
 * all of it came. */
static bool
log_is_past_base(const struct kontor_log *log)
{
    return log->seq > 0 || (log->start != NULL && log->start->log_base == NULL);
}

/* A stream that ends inside its base is cut off, however well it ended. */
static enum kontor_event
log_cut(struct kontor_log *log, enum kontor_event event, struct kontor_error *error)
{
    if (event != KONTOR_EVENT_END || !log_has_base(log)) {
        return event;
    }
    (void)error_set(error, KONTOR_DATA_LOSS, "", "the log ended inside its base");
    return feed_fail(&log->feed);
}

enum kontor_event
kontor_log_next_document(struct kontor_log *log, int64_t timeout_ms,
                         const Kontor__V1__BaseDocument **document,
                         struct kontor_error *error)
{
    error_reset(error);
    int64_t until_ms = feed_until_ms(timeout_ms);
    const Kontor__V1__BaseDocument *given = log_give_document(log);
    while (given == NULL && !log_is_past_base(log)) {
        enum kontor_event event = log_take(log, until_ms, error);
        if (event != KONTOR_EVENT_RECORD) {
            return log_cut(log, event, error);
        }
        given = log_give_document(log);
    }
    if (given == NULL) {
        return KONTOR_EVENT_END;
    }
    *document = given;
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
