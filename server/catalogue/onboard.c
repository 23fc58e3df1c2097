#include "server/catalogue/onboard.h"

#include <string.h>

#include "catalogue/phase.h"
#include "kontor/v1/catalogue_service.pb-c.h"
#include "proto/field.h"
#include "proto/moment.h"
#include "server/catalogue/gate.h"
#include "server/catalogue/onboarding.h"
#include "server/catalogue/provider.h"
#include "server/catalogue/service.h"
#include "server/catalogue/touched.h"
#include "server/rpc/named.h"

#define S(name) KONTOR__V1__PROVIDER_STATE__PROVIDER_##name
#define T(name) KONTOR__V1__TEMPLATE_STATE__TEMPLATE_##name

/* A provider about to be moved. */
struct moving {
    struct document document;
    Kontor__V1__Provider *provider;
    const char *reason;
};

/* ---- Judging ---- */

/* Whether the call leads from a state to another one; *allowed becomes where others
 * lead. */
static bool
leads(struct call *call, Kontor__V1__ProviderState from, Kontor__V1__ProviderState to,
      const char **allowed)
{
    const char *name = strrchr(call->row->path, '/') + 1;
    bool is_there = false;
    /* What is older than the states stands as approved. */
    from = from == S(STATE_UNSPECIFIED) ? S(APPROVED) : from;
    *allowed = "";
    for (const struct onboarding_move *move = onboarding_moves; move->roles != 0;
         move++) {
        if (move->from != from) {
            continue;
        }
        *allowed = arena_print(call->arena, "%s%s%s", *allowed,
                               (*allowed)[0] == '\0' ? "" : ", ", move->call);
        is_there = is_there || (move->to == to && strcmp(move->call, name) == 0);
    }
    return is_there;
}

/* The provider a request names, which the caller owns; who decides does so for the
 * whole registry. */
static enum status
open_provider(struct call *call, const void *request, bool is_deciding,
              struct moving *moving)
{
    const char *id = named_text(request, "id");
    moving->reason = named_text(request, "reason");
    enum status status = call_get(call, KIND_PROVIDER, id, &moving->document);
    if (status == STATUS_OK) {
        status = call_must_own(call, &moving->document);
    }
    if (status == STATUS_OK && is_deciding) {
        status = call_must_have(
            call, arena_print(call->arena, "r:%s", call_registry_of(call, id)));
    }
    if (status == STATUS_OK) {
        status = call_expect(call, &moving->document,
                             named_integer(request, "expected_revision"));
    }
    if (status == STATUS_OK) {
        moving->provider = call_record(call, &moving->document);
    }
    return status;
}

static enum status
judge_move(struct call *call, const Kontor__V1__Provider *provider,
           Kontor__V1__ProviderState to)
{
    const char *allowed;
    if (leads(call, provider->state, to, &allowed)) {
        return STATUS_OK;
    }
    return call_illegal(call, KIND_PROVIDER, provider->id,
                        onboarding_name(provider->state), onboarding_name(to), allowed);
}

static enum status
need_reason(struct call *call, const char *reason)
{
    if (reason[0] == '\0') {
        call_fault(call, "reason", "is required to reject: its side reads it");
    }
    return call_check_faults(call);
}

/* ---- Writing ---- */

static void
put(struct call *call, struct decision *decision, const struct moving *moving)
{
    char **scope;
    size_t n_scope;
    provider_record.scope(call, moving->provider, &scope, &n_scope);
    decision_put(call, decision, KIND_PROVIDER, moving->provider->id,
                 moving->document.revision, scope, n_scope, &moving->provider->base);
}

/* Whether its services are still shown as its last state had them. */
static bool
is_crossing(Kontor__V1__ProviderState from, Kontor__V1__ProviderState to)
{
    return onboarding_is_ended(from) != onboarding_is_ended(to);
}

static void
move(struct call *call, struct decision *decision, const struct moving *moving,
     Kontor__V1__ProviderState to)
{
    Kontor__V1__Provider *provider = moving->provider;
    if (is_crossing(provider->state, to)) {
        provider->is_settling = true;
    }
    provider->state = to;
    provider->state_reason = arena_copy(call->arena, moving->reason);
    bool is_waiting = to == S(SUBMITTED) ||
                      (to != S(RETIRED) && provider->template_state == T(PENDING));
    if (!is_waiting) {
        provider->waiting_since = NULL;
    } else if (provider->waiting_since == NULL) {
        provider->waiting_since = moment_new(call->arena, call->at_ms);
    }
    put(call, decision, moving);
}

/* ---- Calls ---- */

/* Everything that is missing at once; an admin may pass over it with a reason, which
 * stays with the record. */
static enum status
judge_gate(struct call *call, const Kontor__V1__SubmitProviderRequest *request,
           Kontor__V1__Provider *provider)
{
    const struct fact_check check = onboarding_check(call, provider, NULL);
    const char *lacks = fact_lacks(&check, call->arena);
    if (lacks[0] == '\0') {
        return STATUS_OK;
    }
    if (request->is_override) {
        return gate_pass_over(call,
                              (struct gate_notes){.rows = &provider->overrides,
                                                  .n_rows = &provider->n_overrides},
                              &(struct gate_pass){.what = "SubmitProvider",
                                                  .reason = request->reason,
                                                  .lacks = lacks});
    }
    (void)fact_fault(&check, call->faults);
    return gate_refuse(call,
                       &(struct gate_refusal){.kind = KIND_PROVIDER,
                                              .id = provider->id,
                                              .from = onboarding_name(provider->state),
                                              .wanted = onboarding_name(S(SUBMITTED)),
                                              .lacks = lacks});
}

enum status
onboard_submit(struct call *call, const void *request, struct decision *decision)
{
    struct moving moving;
    enum status status = open_provider(call, request, false, &moving);
    if (status == STATUS_OK) {
        status = judge_move(call, moving.provider, S(SUBMITTED));
    }
    if (status == STATUS_OK) {
        status = judge_gate(call, request, moving.provider);
    }
    if (status == STATUS_OK) {
        moving.reason = "";
        move(call, decision, &moving, S(SUBMITTED));
    }
    return status;
}

enum status
onboard_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__DecideProviderRequest *request = message;
    Kontor__V1__ProviderState to = request->is_approved ? S(APPROVED) : S(REJECTED);
    struct moving moving;
    enum status status = open_provider(call, request, true, &moving);
    if (status == STATUS_OK) {
        status = judge_move(call, moving.provider, to);
    }
    if (status == STATUS_OK && !request->is_approved) {
        status = need_reason(call, request->reason);
    }
    if (status == STATUS_OK) {
        move(call, decision, &moving, to);
    }
    return status;
}

/* A rejected template goes back to where it is written. */
static enum status
send_back(struct call *call, struct decision *decision, const char *id)
{
    struct document document;
    char **scope;
    size_t n_scope;
    enum status status = call_get_any(call, KIND_SERVICE, id, &document);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    Kontor__V1__Service *service = call_record(call, &document);
    if (service->phase != KONTOR__V1__PHASE__PENDING) {
        return STATUS_OK;
    }
    service->phase = KONTOR__V1__PHASE__FORTHCOMING;
    service_record.scope(call, service, &scope, &n_scope);
    decision_put(call, decision, KIND_SERVICE, id, document.revision, scope, n_scope,
                 &service->base);
    return STATUS_OK;
}

/* What was judged is what stands there now. */
static enum status
expect_service(struct call *call, const Kontor__V1__DecideTemplateRequest *request,
               const char *id)
{
    struct document document;
    if (request->expected_service_revision == 0) {
        return STATUS_OK;
    }
    enum status status = call_get(call, KIND_SERVICE, id, &document);
    return status == STATUS_OK
               ? call_expect(call, &document, request->expected_service_revision)
               : status;
}

static enum status
judge_template(struct call *call, const Kontor__V1__DecideTemplateRequest *request,
               const Kontor__V1__Provider *provider)
{
    if (provider->template_state != T(PENDING)) {
        const char *wanted =
            onboarding_template_name(request->is_approved ? T(APPROVED) : T(REJECTED));
        return call_illegal(call, KIND_PROVIDER, provider->id,
                            onboarding_template_name(provider->template_state), wanted,
                            "");
    }
    return request->is_approved ? STATUS_OK : need_reason(call, request->reason);
}

enum status
onboard_template(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__DecideTemplateRequest *request = message;
    struct moving moving;
    enum status status = open_provider(call, request, true, &moving);
    if (status == STATUS_OK) {
        status = judge_template(call, request, moving.provider);
    }
    if (status == STATUS_OK) {
        status = expect_service(call, request, moving.provider->template_service);
    }
    if (status == STATUS_OK && !request->is_approved) {
        status = send_back(call, decision, moving.provider->template_service);
    }
    if (status != STATUS_OK) {
        return status;
    }
    moving.provider->template_state = request->is_approved ? T(APPROVED) : T(REJECTED);
    /* Of one that is suspended it says why. */
    if (!onboarding_is_ended(moving.provider->state)) {
        moving.provider->state_reason = request->reason;
    }
    moving.provider->waiting_since = NULL;
    put(call, decision, &moving);
    return STATUS_OK;
}

enum status
onboard_resume(struct call *call, const void *request, struct decision *decision)
{
    struct moving moving;
    enum status status = open_provider(call, request, true, &moving);
    if (status == STATUS_OK) {
        status = judge_move(call, moving.provider, S(APPROVED));
    }
    if (status == STATUS_OK) {
        move(call, decision, &moving, S(APPROVED));
    }
    return status;
}

static enum status
end(struct call *call, const void *request, struct decision *decision,
    Kontor__V1__ProviderState to)
{
    struct touched *touched = arena_alloc(call->arena, sizeof(*touched));
    struct moving moving;
    enum status status = open_provider(call, request, true, &moving);
    if (status == STATUS_OK) {
        status = judge_move(call, moving.provider, to);
    }
    if (status == STATUS_OK) {
        touched_begin(call, touched);
        status = touched_add_provider(call, moving.provider->id, touched);
    }
    if (status == STATUS_OK) {
        call->batch = touched;
        move(call, decision, &moving, to);
    }
    return status;
}

enum status
onboard_suspend(struct call *call, const void *request, struct decision *decision)
{
    return end(call, request, decision, S(SUSPENDED));
}

enum status
onboard_retire(struct call *call, const void *request, struct decision *decision)
{
    return end(call, request, decision, S(RETIRED));
}

/* ---- Answers ---- */

enum status
onboard_answer(struct call *call, const void *request, const Kontor__V1__Commit *commit,
               void **reply)
{
    return answer_record(call, commit, KIND_PROVIDER, named_text(request, "id"), reply);
}

static Kontor__V1__ProviderTouched *
tell(struct call *call, const struct touched *touched)
{
    Kontor__V1__ProviderTouched *told = arena_alloc(call->arena, sizeof(*told));
    kontor__v1__provider_touched__init(told);
    told->services = touched->services.ids;
    told->n_services = touched->services.n_ids;
    told->service_count = touched->services.n;
    told->open_items = touched->items.ids;
    told->n_open_items = touched->items.n_ids;
    told->open_item_count = touched->items.n;
    told->instances = touched->instances.ids;
    told->n_instances = touched->instances.n_ids;
    told->instance_count = touched->instances.n;
    told->is_more = touched->is_more;
    return told;
}

/* The two replies have their fields alike. */
enum status
onboard_answer_touched(struct call *call, const void *request,
                       const Kontor__V1__Commit *commit, void **out)
{
    const ProtobufCMessageDescriptor *type = call->row->reply;
    ProtobufCMessage *reply = arena_alloc(call->arena, type->sizeof_message);
    void *provider = NULL;
    enum status status = onboard_answer(call, request, commit, &provider);
    protobuf_c_message_init(type, reply);
    if (status != STATUS_OK) {
        return status;
    }
    *(void **)field_make(reply, protobuf_c_message_descriptor_get_field(type, 1), 1,
                         NULL) = provider;
    if (call->batch != NULL) {
        *(void **)field_make(reply, protobuf_c_message_descriptor_get_field(type, 2), 1,
                             NULL) = tell(call, call->batch);
    }
    *out = reply;
    return STATUS_OK;
}
