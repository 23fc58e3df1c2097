#include <string.h>

#include "server/broker.h"
#include "server/rpc/peer.h"
#include "server/rpc/stream_watcher.h"

/*
 * Rights are judged when a stream begins and hold while trust stands still. Trust moves
 * by commits, and a stream that went on until some tick would send what came after a
 * revocation to whom it was meant to keep out: so the generation is compared before
 * anything is sent. The flag is the tick's, for what no commit tells: a certificate
 * that expires.
 */
bool
watcher_is_stale(const struct watcher *watcher)
{
    struct identity *identity = watcher->rpc->server->options.broker->identity;
    return atomic_load(&watcher->must_authorise) ||
           atomic_load(&watcher->generation) != identity_generation(identity);
}

/* The role, and the scopes the stream began with: a position is of one set of them. */
static enum status
judge_principal(const struct watcher *watcher, const struct principal *who,
                struct error *error)
{
    struct rpc *rpc = watcher->rpc;
    enum status status = dispatch_role(rpc->method->row, who, rpc_arena(rpc), error);
    if (status != STATUS_OK || strcmp(who->scope_tag, rpc->who->scope_tag) == 0) {
        return status;
    }
    *error = (struct error){.reason = REASON_SCOPE_CHANGED,
                            .status = STATUS_OUT_OF_RANGE,
                            .message = "what you may see has changed: list again"};
    return error->status;
}

/*
 * Whether the caller may still have the stream; else how it ends. UNAVAILABLE: nobody
 * can say now, and the watcher stays stale.
 */
static enum status
judge(struct watcher *watcher)
{
    struct rpc *rpc = watcher->rpc;
    const struct server_options *options = &rpc->server->options;
    struct identity *identity = options->broker->identity;
    const struct principal *who = NULL;
    struct error error = {0};
    /* Taken first: what moves trust after it makes the watcher stale again. */
    uint64_t generation = identity_generation(identity);
    enum status status = peer_resolve(
        identity, rpc->call, clock_wall_ms(options->broker->clock), &who, &error);
    if (status == STATUS_UNAVAILABLE) {
        return status;
    }
    if (status == STATUS_OK) {
        status = judge_principal(watcher, who, &error);
    }
    /* The scopes are the same, so the principal the stream began with goes on. */
    identity_release(identity, who);
    if (status != STATUS_OK) {
        watcher->end = error.reason;
        watcher->error = error;
    }
    atomic_store(&watcher->must_authorise, false);
    atomic_store(&watcher->generation, generation);
    atomic_store(&watcher->authorised_ms, clock_monotonic_ms(options->broker->clock));
    return STATUS_OK;
}

/* Reading who somebody is takes the store: not on a thread of the completion queue. */
static void
judge_job(struct pool_job *job, struct store_reader *reader)
{
    struct watcher *watcher = watcher_of(job);
    struct rpc *rpc = watcher->rpc;
    (void)reader;
    if (judge(watcher) == STATUS_OK) {
        watcher_pump(watcher);
    } else {
        /* Nothing is sent to whom nobody can judge; the next tick tries again. */
        watcher_rest(watcher);
    }
    rpc_release(rpc);
}

void
watcher_judge(struct watcher *watcher)
{
    watcher_work(watcher, judge_job);
}
