#include "server/broker.h"
#include "server/rpc/stream.h"

#include <inttypes.h>
#include <string.h>

#include "server/rpc/flight.h"
#include "server/rpc/history.h"
#include "server/rpc/stream_watcher.h"

/* The kinds asked for, out of those of the row. */
static bool
pick_kinds(struct watcher *watcher, char *const *names, size_t n_names)
{
    for (size_t i = 0; watcher->row->kinds[i] != NULL; i++) {
        uint32_t bit =
            stream_kind_bit(kind_by_name(kind_table, watcher->row->kinds[i]));
        watcher->kinds |= n_names == 0 ? bit : 0;
    }
    for (size_t i = 0; i < n_names; i++) {
        bool is_served = false;
        for (size_t j = 0; watcher->row->kinds[j] != NULL && !is_served; j++) {
            is_served = strcmp(watcher->row->kinds[j], names[i]) == 0;
        }
        if (!is_served) {
            return false;
        }
        watcher->kinds |= stream_kind_bit(kind_by_name(kind_table, names[i]));
    }
    return true;
}

/* Ends the call because a position cannot be served; which it was, and what stands in
 * its way, are values of the error, as in reads. */
static void
refuse_position(struct rpc *rpc, enum reason reason, int64_t seq, const char *key,
                int64_t value)
{
    struct arena *arena = rpc_arena(rpc);
    const char *why = "belongs to a past that was lost: list again";
    if (reason == REASON_AHEAD) {
        why = "lies above the last one applied";
    } else if (reason == REASON_TRIMMED) {
        why = "lies before the oldest one that can be served: list again";
    }
    struct error error = {.reason = reason,
                          .status = reason_row(reason)->status,
                          .message =
                              arena_print(arena, "position %" PRId64 " %s", seq, why),
                          .values = {{"seq", arena_print(arena, "%" PRId64, seq)},
                                     {key, arena_print(arena, "%" PRId64, value)}},
                          .n_values = 2};
    struct ending ending = {.status = error.status,
                            .error = &error,
                            .seq = store_applied(rpc->server->options.broker->store)};
    rpc_end(rpc, &ending);
}

/* A position can be served still, is of the same past, not ahead, and of the same
 * scopes; or the call ends. In this order: right after a restore the lost past is ahead
 * too, and where a past is trimmed it does not matter which it was. */
static bool
is_position(struct rpc *rpc, int64_t seq, const char *scope_tag)
{
    const struct dispatch *dispatch = rpc->server->dispatch;
    int64_t applied = store_applied(rpc->server->options.broker->store);
    int64_t oldest = store_oldest(rpc->server->options.broker->store);
    int64_t common =
        history_last_common(dispatch->histories, dispatch->n_histories, seq);
    if (seq < 0) {
        rpc_refuse(rpc, REASON_FIELDS_INVALID, "positions begin at 0");
        return false;
    }
    if (seq < oldest) {
        refuse_position(rpc, REASON_TRIMMED, seq, "oldest", oldest);
        return false;
    }
    if (common >= 0) {
        refuse_position(rpc, REASON_HISTORY_CHANGED, seq, "lastCommonSeq", common);
        return false;
    }
    if (seq > applied) {
        refuse_position(rpc, REASON_AHEAD, seq, "applied", applied);
        return false;
    }
    if (scope_tag[0] != '\0' && strcmp(scope_tag, rpc->who->scope_tag) != 0) {
        rpc_refuse(rpc, REASON_SCOPE_CHANGED,
                   "what you may see has changed: list again");
        return false;
    }
    return true;
}

static bool
open_watch(struct watcher *watcher, const Kontor__V1__WatchRequest *request)
{
    struct rpc *rpc = watcher->rpc;
    watcher->is_following = request->follow;
    watcher->prefix = request->id_prefix;
    if (!pick_kinds(watcher, request->kinds, request->n_kinds)) {
        rpc_refuse(rpc, REASON_FIELDS_INVALID,
                   "kinds: names one that this method does not send");
        return false;
    }
    if (request->after == NULL) {
        return true;
    }
    atomic_store(&watcher->cursor, request->after->seq);
    return is_position(rpc, request->after->seq, request->after->scope_tag);
}

/* All of it as it is now; what is committed meanwhile is not its business. */
static bool
open_export(struct watcher *watcher, const Kontor__V1__ExportRequest *request)
{
    watcher->prefix = request->id_prefix;
    watcher->export_token = "";
    if (!pick_kinds(watcher, request->kinds, request->n_kinds)) {
        rpc_refuse(watcher->rpc, REASON_FIELDS_INVALID,
                   "kinds: names one that this method does not send");
        return false;
    }
    return true;
}

/* A log has no scopes, so its positions carry no tag. From 0 it begins with its base,
 * if it has one. */
static bool
open_log(struct watcher *watcher, const Kontor__V1__ReadLogRequest *request)
{
    int64_t oldest = store_oldest(watcher->rpc->server->options.broker->store);
    watcher->is_following = request->follow;
    atomic_store(&watcher->cursor, request->after);
    return is_position(watcher->rpc, request->after == 0 ? oldest : request->after, "");
}

/* What is applied now is where a stream without a position begins, and where one that
 * does not follow ends: later commits are not its business. */
static struct watcher *
watcher_new(struct rpc *rpc)
{
    struct watcher *watcher = arena_alloc(rpc_arena(rpc), sizeof *watcher);
    int64_t applied = store_applied(rpc->server->options.broker->store);
    int64_t now_ms = clock_monotonic_ms(rpc->server->options.broker->clock);
    watcher->rpc = rpc;
    watcher->hub = rpc->server->hub;
    watcher->row = rpc->method->row->stream;
    watcher->target = applied;
    watcher->prefix = "";
    atomic_init(&watcher->state, WATCHER_OWNED);
    atomic_init(&watcher->cursor, applied);
    atomic_init(&watcher->sent_ms, now_ms);
    atomic_init(&watcher->authorised_ms, now_ms);
    /* Of the moment the caller was judged, not of now: trust that moved in between
     * makes the watcher stale from the start. */
    atomic_init(&watcher->generation, rpc->generation);
    return watcher;
}

/* A reason and a text are all a stream's refusal says; faults name the first field. */
static const ProtobufCMessage *
unpack(struct rpc *rpc, struct bytes request)
{
    struct error error = {0};
    const ProtobufCMessage *message =
        dispatch_unpack(rpc->method->row->request, request, rpc_arena(rpc), &error);
    if (message == NULL) {
        struct ending ending = {.status = error.status,
                                .error = &error,
                                .seq =
                                    store_applied(rpc->server->options.broker->store)};
        rpc_end(rpc, &ending);
    }
    return message;
}

static bool
open_stream(struct watcher *watcher, const void *request)
{
    if (watcher->row->is_export) {
        return open_export(watcher, request);
    }
    return watcher->row->is_log ? open_log(watcher, request)
                                : open_watch(watcher, request);
}

void
stream_begin(struct rpc *rpc, struct bytes request)
{
    const ProtobufCMessage *message = unpack(rpc, request);
    if (message == NULL) {
        return;
    }
    struct watcher *watcher = watcher_new(rpc);
    if (!open_stream(watcher, message)) {
        return;
    }
    atomic_init(&watcher->taken, atomic_load(&watcher->cursor));
    /* Entered before it is attached: closing takes it out again. */
    hub_add(watcher->hub, watcher);
    if (!rpc_attach(rpc, &watcher_events, watcher)) {
        hub_remove(watcher->hub, watcher);
        rpc_gone(rpc);
        return;
    }
    watcher_pump(watcher);
}
