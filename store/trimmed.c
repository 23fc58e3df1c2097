#include "store/trimmed.h"

#include "proto/base_sum.h"
#include "proto/wire.h"
#include "store/apply.h"
#include "store/scope.h"

/* Of one read, so that many small documents make no message that is too large. */
enum { READ_MAX = 1024 };

/* ---- Reading ---- */

static void *
unpack(struct store *store, const ProtobufCMessageDescriptor *descriptor,
       struct bytes body, struct arena *arena)
{
    struct faults faults = {.arena = arena};
    void *message = wire_unpack(descriptor, body, &wire_stored_limits, arena, &faults);
    if (message == NULL) {
        failure_set(&store->failure,
                    "the base of the log is damaged: restore the store from an export");
    }
    return message;
}

enum status
trimmed_head(struct store *store, void *reader, struct arena *arena,
             Kontor__V1__Base **base)
{
    struct bytes body;
    enum status status = store->backend->base(reader, arena, &body);
    if (status != STATUS_OK) {
        return status;
    }
    *base = unpack(store, &kontor__v1__base__descriptor, body, arena);
    return *base == NULL ? STATUS_DATA_LOSS : STATUS_OK;
}

static enum status
unpack_document(struct store *store, struct bytes body, struct arena *arena,
                Kontor__V1__BaseDocument **document)
{
    *document = unpack(store, &kontor__v1__base_document__descriptor, body, arena);
    return *document == NULL ? STATUS_DATA_LOSS : STATUS_OK;
}

enum status
trimmed_get(struct store *store, void *reader, const char *kind, const char *id,
            struct arena *arena, Kontor__V1__BaseDocument **document)
{
    struct bytes body;
    enum status status = store->backend->base_get(reader, kind, id, arena, &body);
    return status == STATUS_OK ? unpack_document(store, body, arena, document) : status;
}

enum status
trimmed_next(struct store *store, void *reader, const char *kind, const char *id,
             struct arena *arena, Kontor__V1__BaseDocument **document)
{
    struct bytes body;
    enum status status = store->backend->base_next(reader, kind, id, arena, &body);
    return status == STATUS_OK ? unpack_document(store, body, arena, document) : status;
}

enum status
store_base(struct store_reader *reader, struct arena *arena, Kontor__V1__Base **base)
{
    return trimmed_head(reader->store, reader->reader, arena, base);
}

enum status
store_base_read(struct store_reader *reader, const char *kind, const char *id,
                size_t max_bytes, struct arena *arena,
                Kontor__V1__BaseDocument ***documents, size_t *n_documents)
{
    struct store *store = reader->store;
    Kontor__V1__BaseDocument **found = arena_alloc(arena, READ_MAX * sizeof(void *));
    size_t size = 0;
    size_t n = 0;
    enum status status = store->oldest == 0 ? STATUS_NOT_FOUND : STATUS_OK;
    while (status == STATUS_OK && n < READ_MAX && size < max_bytes) {
        status = trimmed_next(store, reader->reader, kind, id, arena, &found[n]);
        if (status == STATUS_OK) {
            kind = found[n]->kind;
            id = found[n]->id;
            size += found[n]->doc.len;
            n++;
        }
    }
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        *documents = found;
        *n_documents = n;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* ---- Walking ---- */

static enum status
walk_wrong(struct trimmed_walk *walk, const char *wrong)
{
    walk->wrong = wrong;
    return wrong == NULL ? STATUS_OK : STATUS_DATA_LOSS;
}

/* The key of the last document must outlive it: the next one is asked for by it. */
static enum status
walk_documents(struct trimmed_walk *walk, struct base_sum *sum)
{
    Kontor__V1__BaseDocument *document;
    enum status status =
        trimmed_next(walk->store, walk->reader, "", "", walk->arena, &document);
    while (status == STATUS_OK) {
        status = walk_wrong(walk, base_sum_add(sum, document, walk->arena));
        if (status == STATUS_OK) {
            status = walk->each(walk->context, document);
        }
        if (status != STATUS_OK) {
            return status;
        }
        arena_reset(walk->arena);
        status = trimmed_next(walk->store, walk->reader, sum->last,
                              base_sum_last_id(sum), walk->arena, &document);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
trimmed_walk(struct trimmed_walk *walk)
{
    Kontor__V1__Base *base;
    struct base_sum sum = {.arena = walk->lasting};
    walk->base = NULL;
    walk->wrong = NULL;
    enum status status = trimmed_head(walk->store, walk->reader, walk->lasting, &base);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    status = walk_wrong(walk, base_sum_begin(&sum, base));
    if (status == STATUS_OK) {
        status = walk_documents(walk, &sum);
    }
    if (status == STATUS_OK) {
        status = walk_wrong(walk, base_sum_end(&sum, base));
    }
    walk->base = base;
    return status;
}

/* ---- Writing ---- */

void
trimmed_change(const Kontor__V1__BaseDocument *document, Kontor__V1__Change *change)
{
    kontor__v1__change__init(change);
    change->op = KONTOR__V1__CHANGE__OP__PUT;
    change->kind = document->kind;
    change->id = document->id;
    change->scope = document->scope;
    change->n_scope = document->n_scope;
    change->salt = document->salt;
    change->digest = document->digest;
    change->doc = document->doc;
}

enum status
trimmed_apply(struct store *store, const Kontor__V1__BaseDocument *document,
              struct arena *arena, const char **wrong)
{
    Kontor__V1__Change change;
    struct version version;
    const struct kind *kind = kind_by_name(store->options.kinds, document->kind);
    *wrong = NULL;
    if (kind == NULL) {
        *wrong = arena_print(arena, "the base: this version knows no kind \"%s\"",
                             document->kind);
        return STATUS_DATA_LOSS;
    }
    trimmed_change(document, &change);
    if (!scope_is_valid(document->scope, document->n_scope) ||
        !apply_split(kind, &change, arena, &version)) {
        *wrong = arena_print(arena,
                             "the base: %s %s is damaged, or has a scope that "
                             "cannot be",
                             document->kind, document->id);
        return STATUS_DATA_LOSS;
    }
    version.seq = document->revision;
    version.until = INT64_MAX;
    version.at_ms = store_time_ms(document->updated_at);
    version.created_at_ms = store_time_ms(document->created_at);
    return store->backend->write(store->db, kind, NULL, &version, version.seq);
}

enum status
trimmed_put(struct store *store, const Kontor__V1__BaseDocument *document,
            struct arena *arena)
{
    return store->backend->base_put(store->db, document->kind, document->id,
                                    wire_pack(&document->base, arena));
}
