#include "server/catalogue/move.h"

#include <inttypes.h>
#include <string.h>

#include "catalogue/phase.h"
#include "kontor/v1/catalogue_service.pb-c.h"
#include "server/catalogue/gate.h"
#include "server/catalogue/onboarding.h"
#include "server/catalogue/provider.h"
#include "server/catalogue/service.h"
#include "server/catalogue/touched.h"

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

static bool
is_ending(Kontor__V1__Phase phase)
{
    return phase == KONTOR__V1__PHASE__DEPRECATED ||
           phase == KONTOR__V1__PHASE__DECOMMISSIONED;
}

/* Into the open: the provider's first service was found good, or this is not held to
 * it. */
static const char *
template_lacks(struct call *call, const Kontor__V1__Service *service,
               Kontor__V1__Phase to, const Kontor__V1__Provider *provider)
{
    bool is_opening =
        phase_is_published(to) && service->phase == KONTOR__V1__PHASE__PENDING;
    if (!is_opening || provider == NULL ||
        onboarding_has_template(provider->template_state)) {
        return "";
    }
    call_fault(call, "template",
               "the template of provider %s is %s: an order manager "
               "decides on it first",
               provider->id, onboarding_template_name(provider->template_state));
    return "template";
}

/* Everything that is missing at once; an admin may pass over it with a reason, which
 * stays with the record. */
static enum status
judge_gate(struct call *call, const Kontor__V1__MoveServiceRequest *request,
           Kontor__V1__Service *service, const Kontor__V1__Provider *provider)
{
    size_t n_before = call->faults->n_rows;
    if (is_ending(request->phase)) {
        return STATUS_OK;
    }
    const struct fact_check check =
        phase_check(service, NULL, request->phase, call->now_ms);
    const char *lacks = fact_lacks(&check, call->arena);
    const char *template = template_lacks(call, service, request->phase, provider);
    if (lacks[0] != '\0' && template[0] != '\0') {
        lacks = arena_print(call->arena, "%s, %s", lacks, template);
    } else if (template[0] != '\0') {
        lacks = template;
    }
    if (lacks[0] == '\0') {
        return STATUS_OK;
    }
    if (request->is_override) {
        call->faults->n_rows = n_before;
        call->faults->n_found = n_before;
        return gate_pass_over(
            call,
            (struct gate_notes){.rows = &service->overrides,
                                .n_rows = &service->n_overrides},
            &(struct gate_pass){.what = arena_print(call->arena, "MoveService %s",
                                                    phase_name(request->phase)),
                                .reason = request->reason,
                                .lacks = lacks});
    }
    (void)fact_fault(&check, call->faults);
    return gate_refuse(call,
                       &(struct gate_refusal){.kind = KIND_SERVICE,
                                              .id = service->id,
                                              .from = phase_name(service->phase),
                                              .wanted = phase_name(request->phase),
                                              .lacks = lacks});
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

static enum status
touch(struct call *call, const Kontor__V1__Service *service,
      Kontor__V1__MoveServiceResponse *reply)
{
    struct touched touched;
    touched_begin(call, &touched);
    enum status status = touched_add_service(call, service, &touched);
    reply->open_items = touched.items.ids;
    reply->n_open_items = touched.items.n_ids;
    reply->open_item_count = touched.items.n;
    reply->instances = touched.instances.ids;
    reply->n_instances = touched.instances.n_ids;
    reply->instance_count = touched.instances.n;
    reply->is_more = touched.is_more;
    return status;
}

/* Whether it may go there, and what its provider has to do with it. */
static enum status
judge_way(struct call *call, const Kontor__V1__MoveServiceRequest *request,
          Kontor__V1__Service *service, struct decision *decision)
{
    struct document document;
    Kontor__V1__Provider *provider = NULL;
    enum status status = judge_move(call, service, request->phase);
    if (status == STATUS_OK) {
        status = provider_read(call, service->provider, &document, &provider);
    }
    if (status == STATUS_OK && provider != NULL) {
        service->is_suspended = onboarding_is_ended(provider->state);
    }
    if (status == STATUS_OK && !is_ending(request->phase)) {
        status = provider_must_be_open(call, provider);
    }
    if (status == STATUS_OK) {
        status = judge_gate(call, request, service, provider);
    }
    if (status == STATUS_OK && provider != NULL &&
        request->phase == KONTOR__V1__PHASE__PENDING) {
        status = onboarding_enter(call, decision, &document, provider, service->id);
    }
    return status;
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
        status = judge_way(call, request, service, decision);
    }
    if (status == STATUS_OK && is_ending(request->phase)) {
        status = touch(call, service, reply);
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
    service_note_published(service);
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
