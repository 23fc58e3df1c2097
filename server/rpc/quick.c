#include "server/rpc/quick.h"

#include "proto/wire.h"
#include "server/broker.h"
#include "server/rpc/cache.h"
#include "server/rpc/record.h"
#include "server/rpc/server_inner.h"

enum { ID_FIELD = 1 /* Of every Get request. */ };

/* The id, when that is all a Get request says. It points into the request: a short
 * slice holds its bytes itself. */
static bool
read_id(const grpc_slice *request, struct bytes *id)
{
    struct bytes left = {GRPC_SLICE_START_PTR(*request), GRPC_SLICE_LENGTH(*request)};
    struct wire_field field;
    if (!wire_next(&left, &field) || left.size != 0) {
        return false;
    }
    *id = field.content;
    return field.number == ID_FIELD && field.type == 2;
}

static bool
wants_position(const struct rpc *rpc)
{
    for (size_t i = 0; i < rpc->metadata.count; i++) {
        if (grpc_slice_str_cmp(rpc->metadata.metadata[i].key, "kontor-min-seq") == 0) {
            return true;
        }
    }
    return false;
}

static void
answer(struct rpc *rpc, const struct cached *cached, enum view view, int64_t seq)
{
    struct bytes pieces[] = {cached->head, cached->document.x};
    struct ending ending = {.status = STATUS_OK,
                            .pieces = pieces,
                            .n_pieces = view == VIEW_FULL ? 2 : 1,
                            .seq = seq};
    rpc_end(rpc, &ending);
}

bool
quick_answer(struct rpc *rpc)
{
    const struct row *row = rpc->method->row;
    struct cache *cache = rpc->server->options.broker->cache;
    struct bytes id;
    if (cache == NULL || row->decide != record_get || wants_position(rpc) ||
        !read_id(&rpc->request, &id)) {
        return false;
    }
    /* Read first: what is in the cache afterwards is at least as new. */
    int64_t seq = cache_seq(cache);
    const struct cached *cached = cache_take(cache, *row->record->kind, id);
    if (cached == NULL) {
        return false;
    }
    enum view view =
        store_view(&rpc->who->scopes, cached->document.scope, cached->document.n_scope);
    if (view != VIEW_NONE) {
        answer(rpc, cached, view, seq);
    }
    cache_release(cache, cached);
    return view != VIEW_NONE;
}
