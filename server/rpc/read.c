#include <inttypes.h>
#include <string.h>

#include <google/protobuf/timestamp.pb-c.h>

#include "proto/moment.h"
#include "proto/wire.h"
#include "server/broker.h"
#include "server/rpc/cache.h"
#include "server/rpc/call.h"
#include "server/rpc/envelope.h"
#include "server/rpc/history.h"
#include "server/rpc/table.h"
#include "server/rpc/would_be.h"

/* The scopes a read goes by: the broker's own calls see everything. */
static const struct scopes *
scopes_of(const struct call *call)
{
    return call->actor[0] == '~' ? NULL : &call->who->scopes;
}

/* A list reads an index once for each string: what no single principal is addressed by
 * is not looked for under its own. */
static const struct scopes *
listed_scopes_of(const struct call *call, const struct kind *kind)
{
    const struct scopes *scopes = scopes_of(call);
    return scopes == NULL || kind->is_addressed ? scopes : &call->who->granted;
}

/* Room for one more of n elements: arrays in an arena double when they are full. */
static void *
grow(struct arena *arena, void *array, size_t n, size_t size)
{
    bool is_full = n == 0 || (n >= 8 && (n & (n - 1)) == 0);
    if (!is_full) {
        return array;
    }
    void *larger = arena_alloc(arena, (n < 8 ? 8 : 2 * n) * size);
    if (n > 0) {
        memcpy(larger, array, n * size);
    }
    return larger;
}

/*
 * What a mutation read becomes a check of its commit: the committer then notices that
 * it changed meanwhile and lets the call decide again. Within one snapshot a second
 * read finds the same; where the read cache was newer once and had forgotten the
 * document the next time, both revisions are checked, which cannot hold, so that
 * nothing is decided on two of them.
 */
static void
remember(struct call *call, const struct kind *kind, const char *id, int64_t revision,
         int64_t created_at_ms)
{
    if (!call->row->is_mutation) {
        return;
    }
    for (size_t i = 0; i < call->n_checks; i++) {
        if (call->checks[i].kind == kind && call->checks[i].revision == revision &&
            strcmp(call->checks[i].id, id) == 0) {
            return;
        }
    }
    size_t n = call->n_checks;
    call->checks = grow(call->arena, call->checks, n, sizeof call->checks[0]);
    call->created_at_ms =
        grow(call->arena, call->created_at_ms, n, sizeof call->created_at_ms[0]);
    call->checks[n] = (struct draft_check){
        .kind = kind, .id = arena_copy(call->arena, id), .revision = revision};
    call->created_at_ms[n] = created_at_ms;
    call->n_checks++;
}

/* A position before the base of a trimmed log: what was there is gone for good. */
static enum status
fail_trimmed(struct call *call, int64_t seq)
{
    int64_t oldest = store_oldest(call->broker->store);
    call_value(call, "seq", "%" PRId64, seq);
    call_value(call, "oldest", "%" PRId64, oldest);
    return call_fail(call, REASON_TRIMMED,
                     "what is asked for lies before %" PRId64
                     ", the oldest position that can be served",
                     oldest);
}

/*
 * A position that cannot be served. The lost past is looked at first: right after a
 * restore all of it lies above what is applied, and a client told AHEAD would wait for
 * a future that has already been taken back.
 */
static enum status
fail_position(struct call *call, int64_t seq)
{
    Kontor__V1__History **histories = NULL;
    size_t n_histories = 0;
    if (seq < store_oldest(call->broker->store)) {
        return fail_trimmed(call, seq);
    }
    if (store_histories(call->reader, call->arena, &histories, &n_histories) !=
        STATUS_OK) {
        return call_fail(call, REASON_STORE_UNAVAILABLE, "the store does not answer");
    }
    int64_t common = history_last_common(histories, n_histories, seq);
    call_value(call, "seq", "%" PRId64, seq);
    if (common >= 0) {
        call_value(call, "lastCommonSeq", "%" PRId64, common);
        return call_fail(call, REASON_HISTORY_CHANGED,
                         "position %" PRId64
                         " belongs to a past that was lost; %" PRId64
                         " is the last one before it",
                         seq, common);
    }
    call_value(call, "applied", "%" PRId64, call->applied);
    return call_fail(call, REASON_AHEAD,
                     "position %" PRId64 " lies above %" PRId64
                     ", the last one applied",
                     seq, call->applied);
}

/* What a store may answer to a read, beside what its readers handle themselves. What is
 * not here is a mistake of ours or damage: INTERNAL. */
struct store_failure {
    enum status status;
    enum reason reason;
    const char *text;
};

static const struct store_failure failures[] = {
    {STATUS_INVALID_ARGUMENT, REASON_PAGE_TOKEN_INVALID,
     "the page token is not one of this list with this filter"},
    {STATUS_UNAVAILABLE, REASON_STORE_UNAVAILABLE, "the store does not answer"},
    {STATUS_RESOURCE_EXHAUSTED, REASON_OVERLOADED, "the store has too much to do"},
};

static enum status
fail_store(struct call *call, enum status status, int64_t seq)
{
    if (status == STATUS_OUT_OF_RANGE) {
        return fail_position(call, seq);
    }
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if (failures[i].status == status) {
            return call_fail(call, failures[i].reason, "%s", failures[i].text);
        }
    }
    return call_fail(call, REASON_INTERNAL, "the store answered %s to a read",
                     status_name(status));
}

/* ---- The read cache ---- */

/* As the store would judge it; a document that is not to be seen is not there. */
static enum status
judge_view(struct document *document, const struct scopes *scopes)
{
    document->view = store_view(scopes, document->scope, document->n_scope);
    if (document->view == VIEW_NONE) {
        return STATUS_NOT_FOUND;
    }
    if (document->view == VIEW_REDUCED) {
        document->x = (struct bytes){0};
    }
    return STATUS_OK;
}

/* A copy of what the cache has, unless it has not heard of all that the reader sees. */
static bool
take_kept(struct call *call, const struct kind *kind, const char *id,
          struct document *out)
{
    struct cache *cache = call->broker->cache;
    if (cache_seq(cache) < call->applied) {
        return false;
    }
    const struct cached *cached =
        cache_take(cache, kind, (struct bytes){(const uint8_t *)id, strlen(id)});
    if (cached == NULL) {
        return false;
    }
    struct arena *arena = call->arena;
    *out = cached->document;
    out->id = arena_copy(arena, id);
    out->scope = arena_alloc(arena, (out->n_scope + 1) * sizeof *out->scope);
    for (size_t i = 0; i < out->n_scope; i++) {
        out->scope[i] = arena_copy(arena, cached->document.scope[i]);
    }
    out->w.data = (uint8_t *)arena_copy_n(arena, out->w.data, out->w.size);
    out->x.data = (uint8_t *)arena_copy_n(arena, out->x.data, out->x.size);
    cache_release(cache, cached);
    return true;
}

/* Read with nobody's eyes, so that one entry of the cache serves all. Positions that
 * were heard of since the snapshot began keep the document out of the cache, never the
 * caller from it. */
static enum status
read_and_keep(struct call *call, const struct kind *kind, const char *id,
              const struct scopes *scopes, struct document *out)
{
    enum status status = store_get(call->reader, kind, id, NULL, 0, call->arena, out);
    if (status != STATUS_OK) {
        return status;
    }
    if (call->broker->cache != NULL) {
        cache_keep(call->broker->cache, out, call->applied);
    }
    return judge_view(out, scopes);
}

enum status
call_get_kept(struct call *call, const struct kind *kind, const char *id,
              struct document *out)
{
    enum status status = read_and_keep(call, kind, id, scopes_of(call), out);
    if (status == STATUS_NOT_FOUND) {
        return call_not_found(call, kind, id);
    }
    return status == STATUS_OK ? STATUS_OK : fail_store(call, status, 0);
}

/* The present document, or what an earlier record of a validated batch would have made
 * of it: what validate_only promises must hold when the batch is stored. */
static enum status
get_now(struct call *call, const struct kind *kind, const char *id,
        const struct scopes *scopes, struct document *out)
{
    enum status status;
    if (would_be_get(call, kind, id, scopes, out, &status)) {
        return status;
    }
    if (!kind->is_kept || call->broker->cache == NULL ||
        store_is_at_tail(call->reader)) {
        return store_get(call->reader, kind, id, scopes, 0, call->arena, out);
    }
    if (take_kept(call, kind, id, out)) {
        return judge_view(out, scopes);
    }
    return read_and_keep(call, kind, id, scopes, out);
}

enum status
call_get(struct call *call, const struct kind *kind, const char *id,
         struct document *out)
{
    enum status status = get_now(call, kind, id, scopes_of(call), out);
    if (status == STATUS_NOT_FOUND) {
        return call_not_found(call, kind, id);
    }
    if (status != STATUS_OK) {
        return fail_store(call, status, 0);
    }
    remember(call, kind, id, out->revision, out->created_at_ms);
    return STATUS_OK;
}

enum status
call_get_as_of(struct call *call, const struct kind *kind, const char *id,
               const Kontor__V1__AsOf *as_of, struct document *out)
{
    int64_t seq;
    enum status status = call_as_of(call, as_of, &seq);
    if (status != STATUS_OK) {
        return status;
    }
    status = store_get(call->reader, kind, id, scopes_of(call), seq, call->arena, out);
    if (status == STATUS_NOT_FOUND) {
        return call_not_found(call, kind, id);
    }
    return status == STATUS_OK ? STATUS_OK : fail_store(call, status, seq);
}

/* That a document was not there is a thing a decision rests on too. */
enum status
call_get_any(struct call *call, const struct kind *kind, const char *id,
             struct document *out)
{
    enum status status = get_now(call, kind, id, NULL, out);
    if (status == STATUS_NOT_FOUND) {
        remember(call, kind, id, 0, INT64_MIN);
        return status;
    }
    if (status != STATUS_OK) {
        return fail_store(call, status, 0);
    }
    remember(call, kind, id, out->revision, out->created_at_ms);
    return STATUS_OK;
}

enum status
call_find(struct call *call, struct find *find, bool is_any, struct page *out)
{
    find->scopes = is_any ? NULL : listed_scopes_of(call, find->kind);
    enum status status = store_find(call->reader, find, call->arena, out);
    return status == STATUS_OK ? STATUS_OK : fail_store(call, status, find->as_of);
}

/* A time before the log's first entry has no answer: 0 would read the present. */
static enum status
seq_at(struct call *call, const Google__Protobuf__Timestamp *time, int64_t *seq)
{
    int64_t time_ms = time->seconds * 1000 + time->nanos / 1000000;
    enum status status = store_seq_at(call->reader, time_ms, seq);
    if (status != STATUS_OK) {
        return fail_store(call, status, 0);
    }
    if (*seq == 0) {
        call_fault(call, "as_of.time", "lies before the first entry of the log");
        return call_check_faults(call);
    }
    return STATUS_OK;
}

/* What lies above applied is refused here, before anything is read; the store, which
 * knows them, refuses the gaps between histories, before it looks for a record. Either
 * way a caller learns the same whether the record is there or not. */
enum status
call_as_of(struct call *call, const Kontor__V1__AsOf *as_of, int64_t *seq)
{
    if (as_of == NULL || as_of->point_case == KONTOR__V1__AS_OF__POINT__NOT_SET) {
        *seq = 0;
        return STATUS_OK;
    }
    if (as_of->point_case == KONTOR__V1__AS_OF__POINT_TIME) {
        return seq_at(call, as_of->time, seq);
    }
    if (as_of->seq < 1) {
        call_fault(call, "as_of.seq", "is %" PRId64 "; positions begin at 1",
                   as_of->seq);
        return call_check_faults(call);
    }
    if (as_of->seq > call->applied) {
        return fail_position(call, as_of->seq);
    }
    *seq = as_of->seq;
    return STATUS_OK;
}

enum status
call_as_of_ms(struct call *call, const Kontor__V1__AsOf *as_of, int64_t *at_ms)
{
    int64_t seq = 0;
    enum status status = call_as_of(call, as_of, &seq);
    *at_ms = call->now_ms;
    if (status != STATUS_OK || seq == 0) {
        return status;
    }
    if (as_of->point_case == KONTOR__V1__AS_OF__POINT_TIME) {
        *at_ms = moment_ms(as_of->time, call->now_ms);
        return STATUS_OK;
    }
    status = store_time_at(call->reader, seq, at_ms);
    return status == STATUS_OK ? STATUS_OK : fail_store(call, status, seq);
}

/* w and x are fields of one message: one after the other they are that message, the
 * wire format needs no order. */
struct bytes
document_whole(const struct document *document, struct arena *arena)
{
    struct bytes w = document->w;
    struct bytes x = document->x;
    if (x.size == 0) {
        return w;
    }
    uint8_t *data = arena_alloc(arena, w.size + x.size);
    if (w.size > 0) {
        memcpy(data, w.data, w.size);
    }
    memcpy(data + w.size, x.data, x.size);
    return (struct bytes){data, w.size + x.size};
}

/* A damaged document must not end the broker, nor be served as if it were whole: the
 * handler gets an empty record to work on, and the frame lets the error outweigh what
 * it answers. */
void *
call_record(struct call *call, const struct document *document)
{
    struct bytes doc = document_whole(document, call->arena);
    struct envelope envelope = {.id = document->id,
                                .revision = document->revision,
                                .created_at_ms = document->created_at_ms,
                                .updated_at_ms = document->updated_at_ms};
    ProtobufCMessage *record =
        envelope_unpack(document->kind, doc, &envelope, call->arena);
    if (record != NULL) {
        return record;
    }
    (void)call_fail(call, REASON_INTERNAL, "%s %s cannot be unpacked",
                    document->kind->name, document->id);
    return envelope_unpack(document->kind, (struct bytes){0}, &envelope, call->arena);
}

struct bytes
call_pack(struct call *call, const ProtobufCMessage *record)
{
    return envelope_strip(record, call->arena);
}
