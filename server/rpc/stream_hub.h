/*
 * The hub of all streams: the ring of the latest commits, encoded once for everybody,
 * and who watches.
 *
 * Memory: the ring's. Errors: none. Threads: any; publishing never waits for a watcher.
 */
#ifndef KONTOR_SERVER_RPC_STREAM_HUB_H
#define KONTOR_SERVER_RPC_STREAM_HUB_H

#include "server/rpc/rpc.h"
#include "server/rpc/stream_change.h"

struct hub;
struct watcher;

/* Follows the store's log from now on: before the first submit. */
struct hub *hub_new(struct server *server);
/* Stops its timer; every watcher is gone. */
void hub_stop(struct hub *hub);
/* After hub_stop; no commit may follow. Accepts NULL. */
void hub_free(struct hub *hub);
/* Ends every watch, with a last word on how far it came. */
void hub_drain(struct hub *hub);
bool hub_is_draining(const struct hub *hub);

/* Position of the last commit published. */
int64_t hub_head(struct hub *hub);
/* Enters a watcher, whose state is OWNED. */
void hub_add(struct hub *hub, struct watcher *watcher);
void hub_remove(struct hub *hub, struct watcher *watcher);
/*
 * Holds commits after a position, at most n of them, for the caller to release. false:
 * the ring begins later; the log must be read.
 */
bool hub_after(struct hub *hub, int64_t position, struct stream_commit **out, size_t n,
               size_t *n_out);
/*
 * The view that scopes give on the document of a change as it stands now, or on its
 * last version when it is gone; FULL when it stands as in this change. false: commits
 * after seq, the change's own, have left the ring: the store must be asked.
 */
bool hub_present(struct hub *hub, int64_t seq, const struct stream_change *change,
                 const struct scopes *scopes, enum view *view);

#endif
