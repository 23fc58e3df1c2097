#include "server/rpc/breaker.h"

#include <inttypes.h>

#include "server/broker.h"
#include "server/log.h"
#include "server/rpc/accept.h"
#include "server/rpc/peer.h"
#include "server/rpc/server_inner.h"

/* A call that lived longer was not opened to be reset: somebody gave up waiting, closed
 * a watch, or lost a connection with long polls on it. */
enum { YOUNG_MS = 1000 };

/*
 * A client whose deadline passes cancels too, a moment before it passes here: by then
 * the call has lived longer than it has left. A deadline alone excuses nothing, or a
 * short one would be the way around the breaker.
 */
static bool
is_reset(const struct rpc *rpc)
{
    int64_t lived_ms = (rpc_now_us() - rpc->started_us) / 1000;
    return lived_ms < YOUNG_MS && lived_ms <= rpc_left_ms(rpc);
}

/* Most resets come before the call was admitted, and admission may still be under way
 * on another thread: so the caller is resolved for this alone. It is kept by then. */
static const struct principal *
caller_of(const struct rpc *rpc)
{
    const struct server_options *options = &rpc->server->options;
    const struct principal *who = NULL;
    struct error error = {0};
    enum status status =
        peer_resolve(options->broker->identity, rpc->call,
                     clock_wall_ms(options->broker->clock), &who, &error);
    return status == STATUS_OK ? who : NULL;
}

/* Those who are nobody share one name: each of their calls is refused anyway. */
static const char *
name_of(const struct principal *who)
{
    return who == NULL ? "" : caller_name(who);
}

/* gRPC lets nobody close a connection, so its socket is shut down below it. */
static void
cut(const struct rpc *rpc)
{
    (void)accept_cut(rpc->peer);
}

static void
tell(const struct rpc *rpc, const char *name)
{
    const struct settings *settings = rpc->server->settings;
    log_line(LOG_LEVEL_WARN,
             "%s opened and cancelled more than %" PRId64
             " calls a second and is refused for %" PRId64 " ms",
             name[0] == '\0' ? "a caller without a good certificate" : name,
             settings->resets_per_second, settings->breaker_ms);
}

void
breaker_note(struct rpc *rpc)
{
    struct server *server = rpc->server;
    if (atomic_load(&server->is_stopping) || !is_reset(rpc)) {
        return;
    }
    const struct principal *who = caller_of(rpc);
    int64_t now_ms = clock_monotonic_ms(server->options.broker->clock);
    switch (caller_reset(server->callers, name_of(who), now_ms)) {
    case CALLER_TRIPS:
        tell(rpc, name_of(who));
        cut(rpc);
        break;
    case CALLER_IS_CUT_OFF:
        cut(rpc);
        break;
    case CALLER_IS_FINE:
        break;
    }
    identity_release(server->options.broker->identity, who);
}

int64_t
breaker_left_ms(struct rpc *rpc)
{
    struct server *server = rpc->server;
    int64_t now_ms = clock_monotonic_ms(server->options.broker->clock);
    /* Nearly always nobody is cut off, and who calls need not be known. */
    if (!callers_any_cut_off(server->callers, now_ms)) {
        return 0;
    }
    const struct principal *who = caller_of(rpc);
    int64_t left_ms = caller_cut_off_ms(server->callers, name_of(who), now_ms);
    identity_release(server->options.broker->identity, who);
    return left_ms;
}
