/*
 * Watches. Changes of one position are handed out only once all of them came, so a
 * stream lost between them loses nothing: it goes on behind the last whole position,
 * and what was gathered by halves comes again.
 */
#include <stdlib.h>
#include <string.h>

#include "client/call.h"
#include "client/error.h"
#include "client/feed.h"

enum { SCOPE_TAG_MAX = 128 };

struct kontor_watch {
    struct feed feed;
    Kontor__V1__WatchRequest *request;
    bool has_position;
    int64_t seq;                       /* Every change up to here was taken whole. */
    char scope_tag[SCOPE_TAG_MAX + 1]; /* As last received. */
    Kontor__V1__RecordChange **changes;
    size_t n_changes;
    size_t n_room;
    size_t n_whole; /* Of positions that are complete. */
    size_t n_given;
    Kontor__V1__Position given; /* What the host is told. */
};

/* ---- Taking ---- */

/* What was handed out lives until the host asks for the next. */
static void
watch_drop(struct kontor_watch *watch, size_t from, size_t to)
{
    if (from == to) {
        return;
    }
    for (size_t i = from; i < to; i++) {
        kontor_reply_free(watch->changes[i]);
    }
    memmove(&watch->changes[from], &watch->changes[to],
            (watch->n_changes - to) * sizeof *watch->changes);
    watch->n_changes -= to - from;
}

static bool
watch_grow(struct kontor_watch *watch, size_t n)
{
    if (watch->n_changes + n <= watch->n_room) {
        return true;
    }
    size_t room = (watch->n_changes + n) * 2;
    Kontor__V1__RecordChange **changes =
        realloc(watch->changes, room * sizeof *watch->changes);
    if (changes == NULL) {
        return false;
    }
    watch->changes = changes;
    watch->n_room = room;
    return true;
}

/* Takes a change out of a response, unless it came before. */
static void
watch_take_change(struct kontor_watch *watch, Kontor__V1__RecordChange **change)
{
    if (watch->has_position && (*change)->seq <= watch->seq) {
        return;
    }
    watch->changes[watch->n_changes++] = *change;
    if (!(*change)->more) {
        watch->n_whole = watch->n_changes;
        watch->has_position = true;
        watch->seq = (*change)->seq;
    }
    *change = NULL;
}

static void
watch_take_position(struct kontor_watch *watch, const Kontor__V1__Position *position)
{
    if (position->scope_tag[0] != '\0' &&
        strlen(position->scope_tag) <= SCOPE_TAG_MAX) {
        strncpy(watch->scope_tag, position->scope_tag, SCOPE_TAG_MAX);
    }
    if (!watch->has_position || position->seq > watch->seq) {
        /* "All up to here was sent": what was gathered is whole, too. */
        watch->n_whole = watch->n_changes;
        watch->has_position = true;
        watch->seq = position->seq;
    }
}

/*
 * Changes before the position: a progress message speaks of what came with it, too.
 */
static bool
watch_take(struct kontor_watch *watch, Kontor__V1__WatchResponse *response)
{
    if (!watch_grow(watch, response->n_changes)) {
        return false;
    }
    for (size_t i = 0; i < response->n_changes; i++) {
        watch_take_change(watch, &response->changes[i]);
    }
    if (response->position != NULL) {
        watch_take_position(watch, response->position);
    }
    return true;
}

/* ---- Resuming ---- */

/* Behind the last whole position; what was gathered of the next one comes again. */
static enum kontor_status
watch_resume(void *owner, grpc_slice *packed, struct kontor_error *error)
{
    struct kontor_watch *watch = owner;
    watch_drop(watch, watch->n_whole, watch->n_changes);
    Kontor__V1__WatchRequest request = *watch->request;
    Kontor__V1__Position after = KONTOR__V1__POSITION__INIT;
    if (watch->has_position) {
        after.seq = watch->seq;
        after.scope_tag = watch->scope_tag;
        request.after = &after;
    }
    return call_pack(&request.base, packed, error);
}

static const struct feed_owner watch_owner = {watch_resume};

/* ---- The host's side ---- */

/* Through the wire: the host may free its request at once. */
static enum kontor_status
watch_copy_request(struct kontor_watch *watch, const Kontor__V1__WatchRequest *request,
                   struct kontor_error *error)
{
    grpc_slice packed;
    enum kontor_status status = call_pack(&request->base, &packed, error);
    if (status != KONTOR_OK) {
        return status;
    }
    watch->request = kontor__v1__watch_request__unpack(NULL, GRPC_SLICE_LENGTH(packed),
                                                       GRPC_SLICE_START_PTR(packed));
    grpc_slice_unref(packed);
    return watch->request == NULL ? error_memory(error) : KONTOR_OK;
}

enum kontor_status
kontor_watch_open(struct kontor *kontor, const struct kontor_method *method,
                  const Kontor__V1__WatchRequest *request, struct kontor_watch **watch,
                  struct kontor_error *error)
{
    error_reset(error);
    if (!method->is_stream || method->service->methods[method->index].input !=
                                  &kontor__v1__watch_request__descriptor) {
        return error_set(error, KONTOR_INVALID_ARGUMENT, "MESSAGE_INVALID",
                         "%s is not a watch", method->path);
    }
    struct kontor_watch *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_memory(error);
    }
    enum kontor_status status = watch_copy_request(made, request, error);
    if (status != KONTOR_OK) {
        free(made);
        return status;
    }
    made->feed.kontor = kontor;
    made->feed.method = method;
    made->feed.kind = &watch_owner;
    made->feed.owner = made;
    made->feed.is_following = request->follow;
    kontor__v1__position__init(&made->given);
    if (request->after != NULL) {
        watch_take_position(made, request->after);
    }
    *watch = made;
    return KONTOR_OK;
}

/* The next whole change; the host's position moves on with the last one of each seq. */
static const Kontor__V1__RecordChange *
watch_give(struct kontor_watch *watch)
{
    if (watch->n_given == watch->n_whole) {
        return NULL;
    }
    const Kontor__V1__RecordChange *change = watch->changes[watch->n_given++];
    if (!change->more) {
        watch->given.seq = change->seq;
    }
    return change;
}

enum kontor_event
kontor_watch_next(struct kontor_watch *watch, int64_t timeout_ms,
                  const Kontor__V1__RecordChange **change, struct kontor_error *error)
{
    error_reset(error);
    int64_t until_ms = feed_until_ms(timeout_ms);
    const Kontor__V1__RecordChange *given = watch_give(watch);
    while (given == NULL) {
        watch_drop(watch, 0, watch->n_given);
        watch->n_whole -= watch->n_given;
        watch->n_given = 0;
        ProtobufCMessage *message = NULL;
        enum kontor_event event = feed_next(&watch->feed, until_ms, &message, error);
        if (event != KONTOR_EVENT_RECORD) {
            return event;
        }
        bool is_taken = watch_take(watch, (Kontor__V1__WatchResponse *)message);
        kontor_reply_free(message);
        if (!is_taken) {
            /* Its changes are gone, so nothing behind them may be given: the host opens
             * another watch from its position. */
            error_memory(error);
            return feed_fail(&watch->feed);
        }
        given = watch_give(watch);
    }
    *change = given;
    return KONTOR_EVENT_RECORD;
}

const Kontor__V1__Position *
kontor_watch_position(struct kontor_watch *watch)
{
    if (!watch->has_position) {
        return NULL;
    }
    if (watch->n_given == watch->n_whole) {
        watch->given.seq = watch->seq;
    }
    watch->given.scope_tag = watch->scope_tag;
    return &watch->given;
}

void
kontor_watch_stop(struct kontor_watch *watch)
{
    feed_stop(&watch->feed);
}

void
kontor_watch_free(struct kontor_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    feed_done(&watch->feed);
    watch_drop(watch, 0, watch->n_changes);
    free(watch->changes);
    kontor_reply_free(watch->request);
    free(watch);
}
