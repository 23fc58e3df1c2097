#include "server/catalogue/audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "proto/digest.h"
#include "proto/moment.h"

enum { DEFAULT_SAMPLE = 20, PAGE = 500 };

#define AUDIT(name) KONTOR__V1__AUDIT_STATE__AUDIT_##name

void
audit_note_change(struct call *call, const void *before, const ProtobufCMessage *record,
                  Kontor__V1__Audit **audit)
{
    if (*audit == NULL || (*audit)->state != AUDIT(INVALID)) {
        return;
    }
    struct bytes was = call_pack(call, before);
    struct bytes is = call_pack(call, record);
    if (was.size == is.size && memcmp(was.data, is.data, is.size) == 0) {
        return;
    }
    Kontor__V1__Audit *updated = arena_alloc(call->arena, sizeof(*updated));
    *updated = **audit;
    updated->state = AUDIT(INVALID_AND_UPDATED);
    *audit = updated;
}

/* ---- Auditing ---- */

static const struct kind *
kind_of(const Kontor__V1__AuditRecordRequest *request, const char **id)
{
    bool is_service =
        request->record_case == KONTOR__V1__AUDIT_RECORD_REQUEST__RECORD_SERVICE;
    *id = is_service ? request->service : request->provider;
    return is_service ? KIND_SERVICE : KIND_PROVIDER;
}

static enum status
judge(struct call *call, const Kontor__V1__AuditRecordRequest *request)
{
    if (request->state != AUDIT(VALID) && request->state != AUDIT(INVALID)) {
        call_fault(call, "state", "must be AUDIT_VALID or AUDIT_INVALID");
    }
    if (request->state == AUDIT(INVALID) && request->comment[0] == '\0') {
        call_fault(call, "comment", "is required: it tells the owner what to mend");
    }
    return call_check_faults(call);
}

/* The record within the caller's own registry. */
static enum status
find(struct call *call, const Kontor__V1__AuditRecordRequest *request,
     struct document *document)
{
    const char *id;
    const struct kind *kind = kind_of(request, &id);
    enum status status = call_get(call, kind, id, document);
    if (status == STATUS_OK) {
        status = call_must_have(
            call, arena_print(call->arena, "r:%s", call_registry_of(call, id)));
    }
    return status == STATUS_OK ? call_expect(call, document, request->expected_revision)
                               : status;
}

enum status
audit_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__AuditRecordRequest *request = message;
    struct document document;
    enum status status = judge(call, request);
    if (status == STATUS_OK) {
        status = find(call, request, &document);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__Audit *audit = arena_alloc(call->arena, sizeof(*audit));
    kontor__v1__audit__init(audit);
    audit->state = request->state;
    audit->comment = request->comment;
    audit->actor = arena_copy(call->arena, call->actor);
    audit->at = moment_new(call->arena, call->at_ms);
    audit->sample = request->sample;
    void *record = call_record(call, &document);
    if (document.kind == KIND_SERVICE) {
        ((Kontor__V1__Service *)record)->audit = audit;
    } else {
        ((Kontor__V1__Provider *)record)->audit = audit;
    }
    decision_put(call, decision, document.kind, document.id, document.revision,
                 document.scope, document.n_scope, record);
    return STATUS_OK;
}

enum status
audit_answer(struct call *call, const void *message, const Kontor__V1__Commit *commit,
             void **out)
{
    const char *id;
    const struct kind *kind = kind_of(message, &id);
    Kontor__V1__AuditRecordResponse *reply = arena_alloc(call->arena, sizeof(*reply));
    void *record = NULL;
    kontor__v1__audit_record_response__init(reply);
    enum status status = answer_record(call, commit, kind, id, &record);
    if (kind == KIND_SERVICE) {
        reply->service = record;
    } else {
        reply->provider = record;
    }
    *out = reply;
    return status;
}

/* ---- Samples ---- */

/* A record with its lot. */
struct drawn {
    uint8_t lot[DIGEST_SIZE];
    const struct kind *kind;
    const char *id;
};

/* The smallest lots, in order. */
struct sample {
    struct drawn *rows;
    size_t n_rows, size;
    int64_t seed;
    int32_t from;
};

/* The lot of a record depends on the seed and its id only: a record that comes or goes
 * changes nothing for the others. */
static void
draw(struct call *call, struct sample *sample, const struct kind *kind, const char *id)
{
    struct drawn one = {.kind = kind, .id = id};
    const char *text =
        arena_print(call->arena, "%" PRId64 " %s %s", sample->seed, kind->name, id);
    digest_of(text, strlen(text), one.lot);
    sample->from++;
    size_t at = sample->n_rows;
    if (at == sample->size &&
        memcmp(one.lot, sample->rows[at - 1].lot, DIGEST_SIZE) > 0) {
        return;
    }
    at -= at == sample->size ? 1 : 0;
    sample->n_rows = at + 1;
    while (at > 0 && memcmp(one.lot, sample->rows[at - 1].lot, DIGEST_SIZE) < 0) {
        sample->rows[at] = sample->rows[at - 1];
        at--;
    }
    one.id = arena_copy(call->arena, id);
    sample->rows[at] = one;
}

/* A page at a time and each in an arena of its own: a registry may have more records
 * than one call may remember. */
static enum status
draw_all(struct call *call, struct sample *sample, const struct kind *kind)
{
    struct arena *arenas[2] = {arena_new(), arena_new()};
    struct find find = {.kind = kind,
                        .scopes = &call->who->granted,
                        .within = arena_print(call->arena, "r:%s", call->who->registry),
                        .limit = PAGE};
    struct page page = {.next_token = ""};
    enum status status =
        arenas[0] == NULL || arenas[1] == NULL ? STATUS_UNAVAILABLE : STATUS_OK;
    for (size_t turn = 0; status == STATUS_OK; turn++) {
        arena_reset(arenas[turn % 2]);
        find.token = page.next_token;
        status = store_find(call->reader, &find, arenas[turn % 2], &page);
        for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
            draw(call, sample, kind, page.documents[i].id);
        }
        if (status != STATUS_OK || page.next_token[0] == '\0') {
            break;
        }
    }
    arena_free(arenas[0]);
    arena_free(arenas[1]);
    return status == STATUS_OK
               ? STATUS_OK
               : call_fail(call, REASON_STORE_UNAVAILABLE, "the store does not answer");
}

static void
add_rows(struct call *call, const struct sample *sample, const struct kind *kind,
         char ***ids, size_t *n_ids)
{
    *ids = arena_alloc(call->arena, (sample->n_rows + 1) * sizeof(**ids));
    for (size_t i = 0; i < sample->n_rows; i++) {
        if (sample->rows[i].kind == kind) {
            (*ids)[(*n_ids)++] = (char *)(uintptr_t)sample->rows[i].id;
        }
    }
}

enum status
audit_sample(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__SampleForAuditRequest *request = message;
    struct sample sample = {.size = request->size == 0 ? DEFAULT_SAMPLE
                                                       : (size_t)request->size,
                            .seed = request->seed};
    sample.rows = arena_alloc(call->arena, (sample.size + 1) * sizeof(*sample.rows));
    enum status status = draw_all(call, &sample, KIND_SERVICE);
    if (status == STATUS_OK) {
        status = draw_all(call, &sample, KIND_PROVIDER);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__SampleForAuditResponse *reply =
        arena_alloc(call->arena, sizeof(*reply));
    kontor__v1__sample_for_audit_response__init(reply);
    reply->sample =
        arena_print(call->arena, "%" PRId64 "-%zu", sample.seed, sample.size);
    reply->seed = sample.seed;
    reply->from = sample.from;
    add_rows(call, &sample, KIND_SERVICE, &reply->services, &reply->n_services);
    add_rows(call, &sample, KIND_PROVIDER, &reply->providers, &reply->n_providers);
    decision_reply(decision, reply);
    return STATUS_OK;
}
