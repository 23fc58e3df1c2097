#include "server/catalogue/move.h"

#include <inttypes.h>
#include <string.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "kontor/v1/order.pb-c.h"
#include "server/catalogue/gate.h"
#include "server/catalogue/phase.h"
#include "server/catalogue/service.h"
#include "server/order/item_state.h"

enum {
    MAX_SHOWN = 100, /* Ids of what is touched that the reply names. */
    PAGE = 200,
    MAX_READ = 2000, /* Items and instances that are looked at. */
};

/* ---- What ending a service touches ---- */

/* What of one kind is touched. */
struct touched {
    char **ids;
    size_t n_ids;
    int32_t n;
    bool is_more; /* There may be others: not all were looked at. */
};

static bool
is_open_item(struct call *call, const struct document *document)
{
    const Kontor__V1__OrderItem *item = call_record(call, document);
    return !item_state_is_final(item->state);
}

static bool
is_live_instance(struct call *call, const struct document *document)
{
    const Kontor__V1__Instance *instance = call_record(call, document);
    return instance->state == KONTOR__V1__INSTANCE_STATE__INSTANCE_ACTIVE ||
           instance->state == KONTOR__V1__INSTANCE_STATE__INSTANCE_SUSPENDED;
}

static enum status
touch(struct call *call, const struct kind *kind, const char *offer,
      bool (*is_touched)(struct call *call, const struct document *document),
      struct touched *touched, size_t *n_read)
{
    struct find find = {.kind = kind, .index = "offer", .n_equal = 1, .limit = PAGE};
    struct page page = {.next_token = ""};
    if (*n_read >= MAX_READ) {
        touched->is_more = true;
        return STATUS_OK;
    }
    find.equal[0].text = offer;
    do {
        find.token = page.next_token;
        enum status status = call_find(call, &find, false, &page);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < page.n_documents; i++) {
            if (!is_touched(call, &page.documents[i])) {
                continue;
            }
            touched->n++;
            if (touched->n_ids < MAX_SHOWN) {
                touched->ids[touched->n_ids++] =
                    arena_copy(call->arena, page.documents[i].id);
            }
        }
        *n_read += page.n_documents;
    } while (page.next_token[0] != '\0' && *n_read < MAX_READ);
    touched->is_more = touched->is_more || page.next_token[0] != '\0';
    return STATUS_OK;
}

/* Of all offers; what the caller may not see is not told. */
static enum status
touch_all(struct call *call, const Kontor__V1__Service *service,
          Kontor__V1__MoveServiceResponse *reply)
{
    struct touched items = {.ids =
                                arena_alloc(call->arena, MAX_SHOWN * sizeof(char *))};
    struct touched instances = {
        .ids = arena_alloc(call->arena, MAX_SHOWN * sizeof(char *))};
    enum status status = STATUS_OK;
    size_t n_read = 0;
    for (size_t i = 0; i < service->n_offers && status == STATUS_OK; i++) {
        const char *offer =
            arena_print(call->arena, "%s/%s", service->id, service->offers[i]->iid);
        status = touch(call, KIND_ITEM, offer, is_open_item, &items, &n_read);
        if (status == STATUS_OK) {
            status = touch(call, KIND_INSTANCE, offer, is_live_instance, &instances,
                           &n_read);
        }
    }
    reply->open_items = items.ids;
    reply->n_open_items = items.n_ids;
    reply->open_item_count = items.n;
    reply->instances = instances.ids;
    reply->n_instances = instances.n_ids;
    reply->instance_count = instances.n;
    reply->is_more = items.is_more || instances.is_more;
    return status;
}

/* ---- Judging ---- */

/* Where one may go from a phase; *roles becomes who may go where is wanted, 0 = nobody.
 */
static const char *
moves_from(struct call *call, Kontor__V1__Phase from, Kontor__V1__Phase to,
           uint32_t *roles)
{
    const char *allowed = "";
    *roles = 0;
    for (const struct phase_move *move = phase_moves; move->roles != 0; move++) {
        if (move->from != from) {
            continue;
        }
        allowed = arena_print(call->arena, "%s%s%s", allowed,
                              allowed[0] == '\0' ? "" : ", ", phase_name(move->to));
        *roles |= move->to == to ? move->roles : 0;
    }
    return allowed;
}

static enum status
judge_move(struct call *call, const Kontor__V1__Service *service, Kontor__V1__Phase to)
{
    uint32_t roles;
    const char *allowed = moves_from(call, service->phase, to, &roles);
    if (roles == 0) {
        return call_illegal(call, KIND_SERVICE, service->id, phase_name(service->phase),
                            phase_name(to), allowed);
    }
    if ((roles & call->who->roles) == 0) {
        call_value(call, "role", "ADMIN");
        call_value(call, "from", "%s", phase_name(service->phase));
        call_value(call, "wanted", "%s", phase_name(to));
        return call_fail(call, REASON_ROLE_MISSING,
                         "moving %s from %s to %s needs the role ADMIN", service->id,
                         phase_name(service->phase), phase_name(to));
    }
    return STATUS_OK;
}

/* Everything that is missing at once; an admin may pass over it with a reason, which
 * stays with the record. */
static enum status
judge_gate(struct call *call, const Kontor__V1__MoveServiceRequest *request,
           Kontor__V1__Service *service)
{
    const char *lacks = phase_lacks(call, service, request->phase);
    if (lacks[0] == '\0') {
        return STATUS_OK;
    }
    if (request->is_override) {
        return gate_pass_over(
            call, service,
            arena_print(call->arena, "MoveService %s", phase_name(request->phase)),
            request->reason, lacks);
    }
    return gate_refuse(call, service, request->phase, lacks);
}

static enum status
judge(struct call *call, const Kontor__V1__MoveServiceRequest *request,
      struct document *document)
{
    enum status status = call_get(call, KIND_SERVICE, request->id, document);
    if (status == STATUS_OK) {
        status = call_must_own(call, document);
    }
    return status == STATUS_OK ? call_expect(call, document, request->expected_revision)
                               : status;
}

/* ---- Deciding ---- */

static bool
is_ending(Kontor__V1__Phase phase)
{
    return phase == KONTOR__V1__PHASE__DEPRECATED ||
           phase == KONTOR__V1__PHASE__DECOMMISSIONED;
}

enum status
move_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__MoveServiceRequest *request = message;
    struct document document;
    enum status status = judge(call, request, &document);
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__Service *service = call_record(call, &document);
    Kontor__V1__MoveServiceResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__move_service_response__init(reply);
    /* Moved there before: whoever did not hear of it may say it again. */
    bool is_there = service->phase == request->phase;
    if (!is_there) {
        status = judge_move(call, service, request->phase);
    }
    if (!is_there && status == STATUS_OK) {
        status = judge_gate(call, request, service);
    }
    if (status == STATUS_OK && is_ending(request->phase)) {
        status = touch_all(call, service, reply);
    }
    if (status != STATUS_OK) {
        return status;
    }
    call->batch = reply;
    if (is_there) {
        reply->service = service;
        decision_reply(decision, reply);
        return STATUS_OK;
    }
    char **scope;
    size_t n_scope;
    service->phase = request->phase;
    service_record.scope(call, service, &scope, &n_scope);
    decision_put(call, decision, KIND_SERVICE, document.id, document.revision, scope,
                 n_scope, &service->base);
    return STATUS_OK;
}

/* What was touched is of the time it was decided; a repeated request is told the
 * service only. */
enum status
move_answer(struct call *call, const void *message, const Kontor__V1__Commit *commit,
            void **out)
{
    const Kontor__V1__MoveServiceRequest *request = message;
    Kontor__V1__MoveServiceResponse *reply = call->batch;
    void *service = NULL;
    enum status status =
        answer_record(call, commit, KIND_SERVICE, request->id, &service);
    if (status != STATUS_OK) {
        return status;
    }
    if (reply == NULL) {
        reply = arena_alloc(call->arena, sizeof *reply);
        kontor__v1__move_service_response__init(reply);
    }
    reply->service = service;
    *out = reply;
    return STATUS_OK;
}
