#include "tests/server/porch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- Calls ---- */

const char *const porch_calls[N_CALLS] = {"SubmitProvider", "DecideProvider",
                                          "DecideProvider", "SuspendProvider",
                                          "ResumeProvider", "RetireProvider"};

enum status
porch_submit(struct shelf *shelf, const struct porch_doing *doing, struct error *error)
{
    Kontor__V1__SubmitProviderRequest request =
        KONTOR__V1__SUBMIT_PROVIDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t)doing->id;
    request.reason = (char *)(uintptr_t)doing->reason;
    request.is_override = doing->is_override;
    request.expected_revision = doing->expected;
    request.validate_only = doing->is_validate_only;
    return harness_call(shelf->h, doing->who, SHELF_CALL("SubmitProvider"), &request,
                        NULL, error);
}

enum status
porch_decide(struct shelf *shelf, const struct porch_doing *doing, bool is_approved,
             struct error *error)
{
    Kontor__V1__DecideProviderRequest request =
        KONTOR__V1__DECIDE_PROVIDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t)doing->id;
    request.reason = (char *)(uintptr_t)doing->reason;
    request.is_approved = is_approved;
    request.expected_revision = doing->expected;
    return harness_call(shelf->h, doing->who, SHELF_CALL("DecideProvider"), &request,
                        NULL, error);
}

enum status
porch_suspend(struct shelf *shelf, const struct porch_doing *doing,
              Kontor__V1__SuspendProviderResponse **reply, struct error *error)
{
    Kontor__V1__SuspendProviderRequest request =
        KONTOR__V1__SUSPEND_PROVIDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t)doing->id;
    request.reason = (char *)(uintptr_t)doing->reason;
    request.validate_only = doing->is_validate_only;
    return harness_call(shelf->h, doing->who, SHELF_CALL("SuspendProvider"), &request,
                        (void **)reply, error);
}

enum status
porch_resume(struct shelf *shelf, const struct porch_doing *doing, struct error *error)
{
    Kontor__V1__ResumeProviderRequest request =
        KONTOR__V1__RESUME_PROVIDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t)doing->id;
    return harness_call(shelf->h, doing->who, SHELF_CALL("ResumeProvider"), &request,
                        NULL, error);
}

enum status
porch_retire(struct shelf *shelf, const struct porch_doing *doing, struct error *error)
{
    Kontor__V1__RetireProviderRequest request =
        KONTOR__V1__RETIRE_PROVIDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t)doing->id;
    request.reason = (char *)(uintptr_t)doing->reason;
    return harness_call(shelf->h, doing->who, SHELF_CALL("RetireProvider"), &request,
                        NULL, error);
}

enum status
porch_act(struct shelf *shelf, int call, const struct porch_doing *doing,
          struct error *error)
{
    switch (call) {
    case SUBMIT:
        return porch_submit(shelf, doing, error);
    case APPROVE:
    case REJECT:
        return porch_decide(shelf, doing, call == APPROVE, error);
    case SUSPEND:
        return porch_suspend(shelf, doing, NULL, error);
    case RESUME:
        return porch_resume(shelf, doing, error);
    default:
        return porch_retire(shelf, doing, error);
    }
}

enum status
porch_template(struct shelf *shelf, const struct porch_doing *doing, bool is_approved,
               struct error *error)
{
    Kontor__V1__DecideTemplateRequest request =
        KONTOR__V1__DECIDE_TEMPLATE_REQUEST__INIT;
    request.id = (char *)(uintptr_t)doing->id;
    request.reason = (char *)(uintptr_t)doing->reason;
    request.is_approved = is_approved;
    return harness_call(shelf->h, doing->who, SHELF_CALL("DecideTemplate"), &request,
                        NULL, error);
}

enum status
porch_delete(struct shelf *shelf, const struct principal *who, const char *id,
             struct error *error)
{
    Kontor__V1__DeleteProviderRequest request =
        KONTOR__V1__DELETE_PROVIDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t)id;
    return harness_call(shelf->h, who, SHELF_CALL("DeleteProvider"), &request, NULL,
                        error);
}

enum status
porch_move(struct shelf *shelf, const struct principal *who, const char *id,
           Kontor__V1__Phase phase, const char *override, struct error *error)
{
    Kontor__V1__MoveServiceRequest request = KONTOR__V1__MOVE_SERVICE_REQUEST__INIT;
    request.id = (char *)(uintptr_t)id;
    request.phase = phase;
    request.is_override = override != NULL;
    request.reason = override == NULL ? "" : (char *)(uintptr_t) override;
    return harness_call(shelf->h, who, SHELF_CALL("MoveService"), &request, NULL,
                        error);
}

/* ---- Stage ---- */

const struct principal *
porch_owner(struct shelf *shelf)
{
    return harness_principal(shelf->h, "coast/owner", ROLE_BIT(OPERATOR), "p:coast/new",
                             NULL);
}

const struct principal *
porch_shifter(struct shelf *shelf)
{
    return harness_principal(shelf->h, "coast/shifter", ROLE_BIT(SHIFTER), "r:coast",
                             NULL);
}

/* A provider that shows all it must. */
Kontor__V1__Provider *
porch_whole(struct shelf *shelf, const char *id)
{
    static Kontor__V1__Location location = KONTOR__V1__LOCATION__INIT;
    static Kontor__V1__Contact *contacts[1];
    Kontor__V1__Provider *provider = shelf_provider(shelf->h, id);
    location.city = "Harbour";
    contacts[0] = provider->main_contact;
    provider->abbreviation = "N";
    provider->website = "https://new.coast.example/";
    provider->description = "What it is";
    provider->logo = "n.svg";
    provider->country = "NO";
    provider->location = &location;
    provider->public_contacts = provider->administrators = contacts;
    provider->n_public_contacts = provider->n_administrators = 1;
    return provider;
}

void
porch_make(struct shelf *shelf, const struct principal *who,
           Kontor__V1__Provider *provider)
{
    Kontor__V1__CreateProviderRequest request =
        KONTOR__V1__CREATE_PROVIDER_REQUEST__INIT;
    struct error error = {0};
    request.provider = provider;
    if (harness_call(shelf->h, who, SHELF_CALL("CreateProvider"), &request, NULL,
                     &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
}

Kontor__V1__Provider *
porch_stored(struct shelf *shelf, const char *id)
{
    return harness_record(shelf->h, KIND_PROVIDER, id);
}

void
porch_must(struct shelf *shelf, int call, const char *id)
{
    struct porch_doing doing = {.who =
                                    call == SUBMIT ? porch_owner(shelf) : shelf->admin,
                                .id = id,
                                .reason = "so"};
    struct error error = {0};
    if (porch_act(shelf, call, &doing, &error) != STATUS_OK) {
        fail_msg("%s: %s", porch_calls[call], error.message);
    }
}

void
porch_reach(struct shelf *shelf, Kontor__V1__ProviderState state)
{
    static const int ways[][4] = {
        [S(DRAFT)] = {-1},
        [S(SUBMITTED)] = {SUBMIT, -1},
        [S(APPROVED)] = {SUBMIT, APPROVE, -1},
        [S(REJECTED)] = {SUBMIT, REJECT, -1},
        [S(SUSPENDED)] = {SUBMIT, APPROVE, SUSPEND, -1},
        [S(RETIRED)] = {SUBMIT, APPROVE, RETIRE, -1},
    };
    porch_make(shelf, porch_owner(shelf), porch_whole(shelf, "coast/new"));
    for (size_t i = 0; ways[state][i] >= 0 && i < 4; i++) {
        porch_must(shelf, ways[state][i], "coast/new");
    }
    assert_int_equal(porch_stored(shelf, "coast/new")->state, state);
}
