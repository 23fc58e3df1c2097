#include <inttypes.h>
#include <string.h>

#include "proto/chain.h"
#include "proto/wire.h"
#include "server/rpc/call.h"
#include "server/rpc/envelope.h"

static struct draft_change *
add_change(struct call *call, struct decision *decision)
{
    struct draft *draft = &decision->draft;
    size_t n = draft->n_changes;
    bool is_full = n == 0 || (n >= 4 && (n & (n - 1)) == 0);
    if (is_full) {
        size_t room = n < 4 ? 4 : 2 * n;
        struct draft_change *larger = arena_alloc(call->arena, room * sizeof larger[0]);
        if (n > 0) {
            memcpy(larger, draft->changes, n * sizeof larger[0]);
        }
        draft->changes = larger;
    }
    decision->kind = DECISION_COMMIT;
    return &draft->changes[draft->n_changes++];
}

void
decision_put(struct call *call, struct decision *decision, const struct kind *kind,
             const char *id, int64_t was, char **scope, size_t n_scope,
             const ProtobufCMessage *record)
{
    *add_change(call, decision) =
        (struct draft_change){.kind = kind,
                              .id = arena_copy(call->arena, id),
                              .op = KONTOR__V1__CHANGE__OP__PUT,
                              .was = was,
                              .scope = scope,
                              .n_scope = n_scope,
                              .doc = envelope_strip(record, call->arena)};
}

struct bytes *
decision_pending(const struct decision *decision, const struct kind *kind,
                 const char *id)
{
    for (size_t i = 0; i < decision->draft.n_changes; i++) {
        struct draft_change *change = &decision->draft.changes[i];
        if (change->kind == kind && strcmp(change->id, id) == 0) {
            return &change->doc;
        }
    }
    return NULL;
}

static void
put_guard(struct call *call, struct decision *decision, const char *id, int64_t was,
          struct bytes doc)
{
    *add_change(call, decision) =
        (struct draft_change){.kind = KIND_GUARD,
                              .id = arena_copy(call->arena, id),
                              .op = KONTOR__V1__CHANGE__OP__PUT,
                              .was = was,
                              .doc = doc};
}

void
decision_guard(struct call *call, struct decision *decision, const char *id,
               int64_t was)
{
    static const uint8_t held[] = {'h', 'e', 'l', 'd'};
    put_guard(call, decision, id, was, (struct bytes){held, sizeof held});
}

void
decision_tally(struct call *call, struct decision *decision, const char *id,
               int64_t was, int64_t number)
{
    const char *text = arena_print(call->arena, "%" PRId64, number);
    put_guard(call, decision, id, was,
              (struct bytes){(const uint8_t *)text, strlen(text)});
}

int64_t
tally_number(const struct document *guard)
{
    int64_t number = 0;
    for (size_t i = 0; i < guard->w.size; i++) {
        uint8_t digit = guard->w.data[i];
        if (digit < '0' || digit > '9' || number > INT64_MAX / 10 - 1) {
            return 0;
        }
        number = 10 * number + (digit - '0');
    }
    return number;
}

void
decision_delete(struct call *call, struct decision *decision, const struct kind *kind,
                const char *id, int64_t was)
{
    *add_change(call, decision) =
        (struct draft_change){.kind = kind,
                              .id = arena_copy(call->arena, id),
                              .op = KONTOR__V1__CHANGE__OP__DELETE,
                              .was = was};
}

void
decision_note(struct call *call, struct decision *decision,
              const struct document *document, const char *text, int32_t progress)
{
    Kontor__V1__Note note = KONTOR__V1__NOTE__INIT;
    note.text = (char *)text;
    note.progress = progress;
    *add_change(call, decision) =
        (struct draft_change){.kind = document->kind,
                              .id = arena_copy(call->arena, document->id),
                              .op = KONTOR__V1__CHANGE__OP__NOTE,
                              .was = document->revision,
                              .scope = document->scope,
                              .n_scope = document->n_scope,
                              .doc = wire_pack(&note.base, call->arena)};
}

void
decision_soft(struct call *call, struct decision *decision, const char *key,
              int64_t value)
{
    struct draft *draft = &decision->draft;
    size_t n = draft->n_softs;
    struct draft_soft *softs = arena_alloc(call->arena, (n + 1) * sizeof softs[0]);
    if (n > 0) {
        memcpy(softs, draft->softs, n * sizeof softs[0]);
    }
    softs[n] = (struct draft_soft){.key = arena_copy(call->arena, key), .value = value};
    draft->softs = softs;
    draft->n_softs = n + 1;
    decision->kind = DECISION_COMMIT;
}

void
decision_reply(struct decision *decision, void *reply)
{
    decision->kind = DECISION_REPLY;
    decision->reply = reply;
}

void
decision_document(struct call *call, struct decision *decision,
                  const struct document *document)
{
    struct envelope envelope = {.id = document->id,
                                .revision = document->revision,
                                .created_at_ms = document->created_at_ms,
                                .updated_at_ms = document->updated_at_ms};
    decision->kind = DECISION_RAW;
    decision->pieces[0] = envelope_pack(&envelope, call->arena);
    decision->pieces[1] = document->w;
    decision->pieces[2] = document->x;
    decision->n_pieces = 3;
}

const Kontor__V1__Change *
commit_change(const Kontor__V1__Commit *commit, const struct kind *kind, const char *id)
{
    for (size_t i = 0; i < commit->n_changes; i++) {
        const Kontor__V1__Change *change = commit->changes[i];
        if (strcmp(change->kind, kind->name) == 0 && strcmp(change->id, id) == 0) {
            return change;
        }
    }
    return NULL;
}

/* When a changed record was created: a commit says it only of new ones, so it comes
 * from what decide read, or from the store for the replay of an old commit. */
static int64_t
created_at(struct call *call, const Kontor__V1__Change *change, const struct kind *kind,
           int64_t at_ms)
{
    if (change->was == 0) {
        return at_ms;
    }
    for (size_t i = 0; i < call->n_checks; i++) {
        if (call->checks[i].kind == kind &&
            strcmp(call->checks[i].id, change->id) == 0) {
            return call->created_at_ms[i];
        }
    }
    struct document document;
    if (call->reader == NULL || store_get(call->reader, kind, change->id, NULL, 0,
                                          call->arena, &document) != STATUS_OK) {
        return INT64_MIN;
    }
    return document.created_at_ms;
}

/* What a commit left behind of a record; an empty record would be a lie. */
static enum status
find_left(struct call *call, const Kontor__V1__Commit *commit, const struct kind *kind,
          const char *id, struct envelope *envelope, struct bytes *doc)
{
    const Kontor__V1__Change *change =
        commit == NULL ? NULL : commit_change(commit, kind, id);
    if (change == NULL || change->op != KONTOR__V1__CHANGE__OP__PUT) {
        return call_fail(call, REASON_INTERNAL, "the commit does not hold %s %s",
                         kind->name, id);
    }
    if (chain_is_erased(change)) {
        return call_fail(call, REASON_NOT_FOUND,
                         "this was done before, but %s %s as it was then is erased: "
                         "read it as it is now",
                         kind->name, id);
    }
    int64_t at_ms = commit->at->seconds * 1000 + commit->at->nanos / 1000000;
    *envelope =
        (struct envelope){.id = id,
                          .revision = commit->seq,
                          .created_at_ms = created_at(call, change, kind, at_ms),
                          .updated_at_ms = at_ms};
    *doc = (struct bytes){change->doc.data, change->doc.len};
    return STATUS_OK;
}

/* Makes a record of a document: taken apart, or wrapped as it is. */
typedef ProtobufCMessage *(*make_fn)(const struct kind *kind, struct bytes doc,
                                     const struct envelope *envelope,
                                     struct arena *arena);

static enum status
answer_made(struct call *call, const Kontor__V1__Commit *commit,
            const struct kind *kind, const char *id, make_fn make, void **reply)
{
    struct envelope envelope;
    struct bytes doc;
    enum status status = find_left(call, commit, kind, id, &envelope, &doc);
    if (status != STATUS_OK) {
        return status;
    }
    ProtobufCMessage *record = make(kind, doc, &envelope, call->arena);
    if (record == NULL) {
        return call_fail(call, REASON_INTERNAL, "%s %s cannot be unpacked", kind->name,
                         id);
    }
    *reply = record;
    return STATUS_OK;
}

enum status
answer_record(struct call *call, const Kontor__V1__Commit *commit,
              const struct kind *kind, const char *id, void **reply)
{
    return answer_made(call, commit, kind, id, envelope_unpack, reply);
}

enum status
answer_stored(struct call *call, const Kontor__V1__Commit *commit,
              const struct kind *kind, const char *id, void **reply)
{
    return answer_made(call, commit, kind, id, envelope_wrap, reply);
}
