/* Onboarding: every call in every state, what a provider must show, its first service,
 * and what suspending it does to the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/catalogue/cascade.h"
#include "server/catalogue/onboarding.h"
#include "tests/server/shelf.h"

#define S(name) KONTOR__V1__PROVIDER_STATE__PROVIDER_##name
#define T(name) KONTOR__V1__TEMPLATE_STATE__TEMPLATE_##name
#define P(name) KONTOR__V1__PHASE__##name

/* ---- Calls ---- */

enum { SUBMIT, APPROVE, REJECT, SUSPEND, RESUME, RETIRE, N_CALLS };

static const char *const call_names[N_CALLS] = {"SubmitProvider", "DecideProvider",
                                                "DecideProvider", "SuspendProvider",
                                                "ResumeProvider", "RetireProvider"};

struct doing {
    const struct principal *who;
    const char *id;
    const char *reason;
    bool is_override;
    bool is_validate_only;
    int64_t expected;
};

static enum status
submit(struct shelf *shelf, const struct doing *doing, struct error *error)
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

static enum status
decide(struct shelf *shelf, const struct doing *doing, bool is_approved,
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

static enum status
suspend(struct shelf *shelf, const struct doing *doing,
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

static enum status
resume(struct shelf *shelf, const struct doing *doing, struct error *error)
{
    Kontor__V1__ResumeProviderRequest request =
        KONTOR__V1__RESUME_PROVIDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t)doing->id;
    return harness_call(shelf->h, doing->who, SHELF_CALL("ResumeProvider"), &request,
                        NULL, error);
}

static enum status
retire(struct shelf *shelf, const struct doing *doing, struct error *error)
{
    Kontor__V1__RetireProviderRequest request =
        KONTOR__V1__RETIRE_PROVIDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t)doing->id;
    request.reason = (char *)(uintptr_t)doing->reason;
    return harness_call(shelf->h, doing->who, SHELF_CALL("RetireProvider"), &request,
                        NULL, error);
}

static enum status
act(struct shelf *shelf, int call, const struct doing *doing, struct error *error)
{
    switch (call) {
    case SUBMIT:
        return submit(shelf, doing, error);
    case APPROVE:
    case REJECT:
        return decide(shelf, doing, call == APPROVE, error);
    case SUSPEND:
        return suspend(shelf, doing, NULL, error);
    case RESUME:
        return resume(shelf, doing, error);
    default:
        return retire(shelf, doing, error);
    }
}

static enum status template(struct shelf *shelf, const struct doing *doing,
                            bool is_approved, struct error *error) {
    Kontor__V1__DecideTemplateRequest request =
        KONTOR__V1__DECIDE_TEMPLATE_REQUEST__INIT;
    request.id = (char *)(uintptr_t)doing->id;
    request.reason = (char *)(uintptr_t)doing->reason;
    request.is_approved = is_approved;
    return harness_call(shelf->h, doing->who, SHELF_CALL("DecideTemplate"), &request,
                        NULL, error);
}

static enum status delete (struct shelf *shelf, const struct principal *who,
                           const char *id, struct error *error) {
    Kontor__V1__DeleteProviderRequest request =
        KONTOR__V1__DELETE_PROVIDER_REQUEST__INIT;
    request.id = (char *)(uintptr_t)id;
    return harness_call(shelf->h, who, SHELF_CALL("DeleteProvider"), &request, NULL,
                        error);
}

static enum status
move(struct shelf *shelf, const struct principal *who, const char *id,
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

static const struct principal *
owner(struct shelf *shelf)
{
    return harness_principal(shelf->h, "coast/owner", ROLE_BIT(OPERATOR), "p:coast/new",
                             NULL);
}

static const struct principal *
shifter(struct shelf *shelf)
{
    return harness_principal(shelf->h, "coast/shifter", ROLE_BIT(SHIFTER), "r:coast",
                             NULL);
}

/* A provider that shows all it must. */
static Kontor__V1__Provider *
whole(struct shelf *shelf, const char *id)
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

static void
make(struct shelf *shelf, const struct principal *who, Kontor__V1__Provider *provider)
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

static Kontor__V1__Provider *
stored(struct shelf *shelf, const char *id)
{
    return harness_record(shelf->h, KIND_PROVIDER, id);
}

static void
must(struct shelf *shelf, int call, const char *id)
{
    struct doing doing = {
        .who = call == SUBMIT ? owner(shelf) : shelf->admin, .id = id, .reason = "so"};
    struct error error = {0};
    if (act(shelf, call, &doing, &error) != STATUS_OK) {
        fail_msg("%s: %s", call_names[call], error.message);
    }
}

static void
reach(struct shelf *shelf, Kontor__V1__ProviderState state)
{
    static const int ways[][4] = {
        [S(DRAFT)] = {-1},
        [S(SUBMITTED)] = {SUBMIT, -1},
        [S(APPROVED)] = {SUBMIT, APPROVE, -1},
        [S(REJECTED)] = {SUBMIT, REJECT, -1},
        [S(SUSPENDED)] = {SUBMIT, APPROVE, SUSPEND, -1},
        [S(RETIRED)] = {SUBMIT, APPROVE, RETIRE, -1},
    };
    make(shelf, owner(shelf), whole(shelf, "coast/new"));
    for (size_t i = 0; ways[state][i] >= 0 && i < 4; i++) {
        must(shelf, ways[state][i], "coast/new");
    }
    assert_int_equal(stored(shelf, "coast/new")->state, state);
}

/* ---- States ---- */

/* By hand: where a call leads from a state; UNSPECIFIED: it is refused. */
static const Kontor__V1__ProviderState leads[][N_CALLS] = {
    [S(DRAFT)] = {[SUBMIT] = S(SUBMITTED)},
    [S(SUBMITTED)] = {[APPROVE] = S(APPROVED), [REJECT] = S(REJECTED)},
    [S(APPROVED)] = {[SUSPEND] = S(SUSPENDED), [RETIRE] = S(RETIRED)},
    [S(REJECTED)] = {[SUBMIT] = S(SUBMITTED)},
    [S(SUSPENDED)] = {[RESUME] = S(APPROVED), [RETIRE] = S(RETIRED)},
    [S(RETIRED)] = {0},
};

static void
cross(struct shelf *shelf, Kontor__V1__ProviderState from, int call)
{
    struct doing doing = {.who = shelf->admin, .id = "coast/new", .reason = "so"};
    struct error error = {0};
    Kontor__V1__ProviderState to = leads[from][call];
    reach(shelf, from);
    int64_t before = shelf_applied(shelf->h);
    enum status status = act(shelf, call, &doing, &error);
    const Kontor__V1__Provider *now = stored(shelf, "coast/new");
    if (to != S(STATE_UNSPECIFIED)) {
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(now->state, to);
        assert_int_equal(now->is_settling, (from == S(SUSPENDED) ||
                                            to == S(SUSPENDED) || to == S(RETIRED)));
        assert_int_equal(now->waiting_since != NULL, to == S(SUBMITTED));
        return;
    }
    assert_int_equal(status, STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_ILLEGAL_STATE);
    assert_int_equal(now->state, from);
    assert_int_equal(shelf_applied(shelf->h), before);
    assert_non_null(harness_value(&error, "from"));
}

static void
test_every_call_in_every_state(void **state)
{
    (void)state;
    for (int from = S(DRAFT); from <= S(RETIRED); from++) {
        for (int call = 0; call < N_CALLS; call++) {
            void *shelf = NULL;
            assert_int_equal(shelf_setup(&shelf), 0);
            cross(shelf, (Kontor__V1__ProviderState)from, call);
            assert_int_equal(shelf_teardown(&shelf), 0);
        }
    }
}

/* By hand: who sees a provider, may have services, may be deleted. */
static const struct {
    Kontor__V1__ProviderState state;
    const char *name;
    bool is_shown, is_open, is_ended, is_draft;
} states[] = {
    {S(DRAFT), "PROVIDER_DRAFT", false, false, false, true},
    {S(SUBMITTED), "PROVIDER_SUBMITTED", false, false, false, false},
    {S(APPROVED), "PROVIDER_APPROVED", true, true, false, false},
    {S(REJECTED), "PROVIDER_REJECTED", false, false, false, true},
    {S(SUSPENDED), "PROVIDER_SUSPENDED", false, false, true, false},
    {S(RETIRED), "PROVIDER_RETIRED", false, false, true, false},
};

static enum status
look(struct shelf *shelf, const struct principal *who, const char *id)
{
    Kontor__V1__GetProviderRequest request = KONTOR__V1__GET_PROVIDER_REQUEST__INIT;
    struct error error;
    request.id = (char *)(uintptr_t)id;
    return harness_call(shelf->h, who, SHELF_CALL("GetProvider"), &request, NULL,
                        &error);
}

/* A bundle of it, of offers that need not be there. */
static enum status
add_bundle(struct shelf *shelf, struct error *error)
{
    Kontor__V1__CreateBundleRequest request = KONTOR__V1__CREATE_BUNDLE_REQUEST__INIT;
    Kontor__V1__Bundle bundle = KONTOR__V1__BUNDLE__INIT;
    Kontor__V1__BundleOffer offer = KONTOR__V1__BUNDLE_OFFER__INIT;
    bundle.id = "coast/kit";
    bundle.provider = "coast/new";
    bundle.name = "Kit";
    bundle.main_offer = "coast/s/a";
    offer.offer = "coast/s/b";
    bundle.offers = (Kontor__V1__BundleOffer *[]){&offer};
    bundle.n_offers = 1;
    request.bundle = &bundle;
    return harness_call(shelf->h, owner(shelf), SHELF_CALL("CreateBundle"), &request,
                        NULL, error);
}

static void
check_state(struct shelf *shelf, size_t i)
{
    Kontor__V1__Service *service = shelf_service(shelf->h, "coast/s", "coast/new");
    struct error error = {0};
    reach(shelf, states[i].state);
    assert_int_equal(look(shelf, owner(shelf), "coast/new"), STATUS_OK);
    assert_int_equal(look(shelf, shelf->stranger, "coast/new"),
                     states[i].is_shown ? STATUS_OK : STATUS_NOT_FOUND);
    service->phase = P(FORTHCOMING);
    enum status status =
        shelf_create_service(shelf->h, owner(shelf), service, NULL, &error);
    assert_int_equal(status,
                     states[i].is_open ? STATUS_OK : STATUS_FAILED_PRECONDITION);
    if (!states[i].is_open) {
        assert_int_equal(error.reason, REASON_PROVIDER_CLOSED);
        assert_string_equal(harness_value(&error, "from"), states[i].name);
    }
    assert_int_equal(add_bundle(shelf, &error), status);
    status = delete (shelf, owner(shelf), "coast/new", &error);
    assert_int_equal(status,
                     states[i].is_draft ? STATUS_OK : STATUS_FAILED_PRECONDITION);
}

static void
test_what_a_state_means(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        void *shelf = NULL;
        assert_int_equal(shelf_setup(&shelf), 0);
        check_state(shelf, i);
        assert_int_equal(shelf_teardown(&shelf), 0);
        assert_string_equal(onboarding_name(states[i].state), states[i].name);
        assert_int_equal(onboarding_is_shown(states[i].state), states[i].is_shown);
        assert_int_equal(onboarding_is_open(states[i].state), states[i].is_open);
        assert_int_equal(onboarding_is_ended(states[i].state), states[i].is_ended);
        assert_int_equal(onboarding_is_draft(states[i].state), states[i].is_draft);
    }
    /* What is older than the states, and what this broker does not know. */
    assert_true(onboarding_is_open(S(STATE_UNSPECIFIED)));
    assert_true(onboarding_is_shown(S(STATE_UNSPECIFIED)));
    assert_false(onboarding_is_ended(S(STATE_UNSPECIFIED)));
    assert_false(onboarding_is_draft(S(STATE_UNSPECIFIED)));
    assert_string_equal(onboarding_name((Kontor__V1__ProviderState)99),
                        "PROVIDER_APPROVED");
}

static void
test_which_templates_let_others_follow(void **state)
{
    static const struct {
        Kontor__V1__TemplateState state;
        const char *name;
        bool is_good;
    } rows[] = {
        {T(STATE_UNSPECIFIED), "TEMPLATE_APPROVED", true},
        {T(NONE), "TEMPLATE_NONE", false},
        {T(PENDING), "TEMPLATE_PENDING", false},
        {T(APPROVED), "TEMPLATE_APPROVED", true},
        {T(REJECTED), "TEMPLATE_REJECTED", false},
        {T(SKIPPED), "TEMPLATE_SKIPPED", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(onboarding_template_name(rows[i].state), rows[i].name);
        assert_int_equal(onboarding_has_template(rows[i].state), rows[i].is_good);
    }
}

static void
test_every_move_of_the_table_is_one_of_the_calls(void **state)
{
    size_t n_moves = 0;
    size_t n_leads = 0;
    (void)state;
    for (const struct onboarding_move *move = onboarding_moves; move->roles != 0;
         move++, n_moves++) {
        size_t n = 0;
        for (int call = 0; call < N_CALLS; call++) {
            n += leads[move->from][call] == move->to &&
                 strcmp(call_names[call], move->call) == 0;
        }
        assert_int_equal(n, 1);
        bool is_owners = move->to == S(SUBMITTED);
        assert_int_equal(move->roles, is_owners ? ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN)
                                                : ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN));
    }
    for (int from = S(DRAFT); from <= S(RETIRED); from++) {
        for (int call = 0; call < N_CALLS; call++) {
            n_leads += leads[from][call] != S(STATE_UNSPECIFIED);
        }
    }
    assert_int_equal(n_moves, n_leads);
}

static void
test_a_provider_older_than_the_states_can_be_suspended(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__Provider *old = shelf_provider(shelf->h, "coast/old");
    harness_seed(shelf->h, KIND_PROVIDER, "coast/old", &old->base, "=r:coast", "~*",
                 NULL);
    must(shelf, SUSPEND, "coast/old");
    assert_int_equal(stored(shelf, "coast/old")->state, S(SUSPENDED));
}

/* ---- Who ---- */

static void
test_who_owns_submits_and_who_decides_is_of_the_registry(void **state)
{
    struct shelf *shelf = *state;
    struct error error = {0};
    reach(shelf, S(DRAFT));
    struct doing doing = {.who = shifter(shelf), .id = "coast/new", .reason = "so"};
    assert_int_equal(submit(shelf, &doing, &error), STATUS_PERMISSION_DENIED);
    doing.who = shelf->operator_;
    assert_int_equal(submit(shelf, &doing, &error), STATUS_NOT_FOUND);
    doing.who = owner(shelf);
    doing.expected = 1;
    assert_int_equal(submit(shelf, &doing, &error), STATUS_ABORTED);
    doing.expected = 0;
    assert_int_equal(submit(shelf, &doing, &error), STATUS_OK);
    for (int call = APPROVE; call < N_CALLS; call++) {
        assert_int_equal(act(shelf, call, &doing, &error), STATUS_PERMISSION_DENIED);
    }
    /* Who decides for one provider only decides nothing. */
    doing.who = harness_principal(shelf->h, "coast/half", ROLE_BIT(SHIFTER),
                                  "p:coast/new", NULL);
    assert_int_equal(decide(shelf, &doing, true, &error), STATUS_PERMISSION_DENIED);
    doing.who = shelf->stranger;
    assert_int_equal(decide(shelf, &doing, true, &error), STATUS_NOT_FOUND);
    doing.who = shifter(shelf);
    doing.reason = "";
    assert_int_equal(decide(shelf, &doing, false, &error), STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "reason"));
    assert_int_equal(decide(shelf, &doing, true, &error), STATUS_OK);
}

static void
test_an_admins_provider_is_approved_and_what_it_lacks_is_noted(void **state)
{
    struct shelf *shelf = *state;
    make(shelf, shelf->admin, whole(shelf, "coast/good"));
    assert_int_equal(stored(shelf, "coast/good")->state, S(APPROVED));
    assert_int_equal(stored(shelf, "coast/good")->template_state, T(NONE));
    assert_int_equal(stored(shelf, "coast/good")->n_overrides, 0);
    make(shelf, shelf->admin, shelf_provider(shelf->h, "coast/thin"));
    const Kontor__V1__Provider *thin = stored(shelf, "coast/thin");
    assert_int_equal(thin->n_overrides, 1);
    assert_string_equal(thin->overrides[0]->what, "CreateProvider PROVIDER_APPROVED");
    assert_string_equal(thin->overrides[0]->actor, shelf->admin->id);
    assert_string_equal(thin->overrides[0]->lacks,
                        "abbreviation, website, description, logo, country, "
                        "public_contacts, location, administrators");
}

static void
test_only_an_admin_skips_the_template(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__CreateProviderRequest request =
        KONTOR__V1__CREATE_PROVIDER_REQUEST__INIT;
    struct error error = {0};
    request.provider = whole(shelf, "coast/new");
    request.skip_template = true;
    assert_int_equal(harness_call(shelf->h, owner(shelf), SHELF_CALL("CreateProvider"),
                                  &request, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_ROLE_MISSING);
    assert_int_equal(harness_call(shelf->h, shelf->admin, SHELF_CALL("CreateProvider"),
                                  &request, NULL, &error),
                     STATUS_OK);
    assert_int_equal(stored(shelf, "coast/new")->template_state, T(SKIPPED));
}

/* A caller cannot write what only the calls move. */
static void
test_an_update_moves_nothing(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__UpdateProviderRequest request =
        KONTOR__V1__UPDATE_PROVIDER_REQUEST__INIT;
    struct error error = {0};
    reach(shelf, S(DRAFT));
    request.provider = whole(shelf, "coast/new");
    request.provider->state = S(APPROVED);
    request.provider->template_state = T(APPROVED);
    request.provider->tags = (char *[]){"new"};
    request.provider->n_tags = 1;
    request.update_mask = shelf_mask(shelf->h, "*", NULL);
    assert_int_equal(harness_call(shelf->h, owner(shelf), SHELF_CALL("UpdateProvider"),
                                  &request, NULL, &error),
                     STATUS_OK);
    assert_int_equal(stored(shelf, "coast/new")->n_tags, 1);
    assert_int_equal(stored(shelf, "coast/new")->state, S(DRAFT));
    assert_int_equal(stored(shelf, "coast/new")->template_state, T(NONE));
}

/* ---- The gate ---- */

static void
lose(Kontor__V1__Provider *provider, const struct fact *fact)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(provider->base.descriptor,
                                                        fact->fields[0]);
    void *member = (char *)provider + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        *(size_t *)(void *)((char *)provider + field->quantifier_offset) = 0;
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        *(char **)member = "";
    } else {
        *(void **)member = NULL;
    }
}

static void
test_each_missing_fact_is_named(void **state)
{
    struct shelf *shelf = *state;
    size_t n = 0;
    for (const struct fact *fact = fact_provider; fact->needs != NULL; fact++, n++) {
        const char *id = arena_print(shelf->h->arena, "coast/n%zu", n);
        const struct principal *who =
            harness_principal(shelf->h, arena_print(shelf->h->arena, "coast/o%zu", n),
                              ROLE_BIT(OPERATOR), "r:coast", NULL);
        struct doing doing = {.who = who, .id = id, .reason = ""};
        struct error error = {0};
        Kontor__V1__Provider *provider = whole(shelf, id);
        lose(provider, fact);
        make(shelf, who, provider);
        assert_int_equal(submit(shelf, &doing, &error), STATUS_FAILED_PRECONDITION);
        assert_int_equal(error.reason, REASON_GATE_UNMET);
        assert_string_equal(harness_value(&error, "missing"), fact->fields[0]);
        assert_true(harness_has_fault(&error, fact->fields[0]));
        assert_int_equal(error.faults->n_rows, 1);
        assert_int_equal(stored(shelf, id)->state, S(DRAFT));
    }
    assert_int_equal(n, 9);
}

static void
test_an_admin_passes_over_the_gate_with_a_reason_for_good(void **state)
{
    struct shelf *shelf = *state;
    struct doing doing = {.who = owner(shelf),
                          .id = "coast/new",
                          .reason = "in May",
                          .is_override = true};
    struct error error = {0};
    make(shelf, owner(shelf), shelf_provider(shelf->h, "coast/new"));
    assert_int_equal(submit(shelf, &doing, &error), STATUS_PERMISSION_DENIED);
    doing.who = shelf->admin;
    doing.reason = "";
    assert_int_equal(submit(shelf, &doing, &error), STATUS_INVALID_ARGUMENT);
    doing.reason = "in May";
    assert_int_equal(submit(shelf, &doing, &error), STATUS_OK);
    const Kontor__V1__Provider *now = stored(shelf, "coast/new");
    assert_int_equal(now->state, S(SUBMITTED));
    assert_int_equal(now->n_overrides, 1);
    assert_string_equal(now->overrides[0]->what, "SubmitProvider");
    assert_string_equal(now->overrides[0]->reason, "in May");
}

static void
test_what_was_shown_may_not_go_away_once_submitted(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__UpdateProviderRequest request =
        KONTOR__V1__UPDATE_PROVIDER_REQUEST__INIT;
    struct error error = {0};
    reach(shelf, S(APPROVED));
    request.provider = whole(shelf, "coast/new");
    request.provider->logo = "";
    request.update_mask = shelf_mask(shelf->h, "logo", NULL);
    assert_int_equal(harness_call(shelf->h, owner(shelf), SHELF_CALL("UpdateProvider"),
                                  &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "provider.logo"));
}

/* ---- The template ---- */

/* A service that may go to PENDING. */
static void
add_service(struct shelf *shelf, const char *id)
{
    Kontor__V1__Service *service = shelf_service(shelf->h, id, "coast/new");
    struct error error = {0};
    service->phase = P(FORTHCOMING);
    service->description = "What it is";
    service->order_type = KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED;
    if (shelf_create_service(shelf->h, owner(shelf), service, NULL, &error) !=
        STATUS_OK) {
        fail_msg("%s", error.message);
    }
}

static Kontor__V1__Phase
phase_of(struct shelf *shelf, const char *id)
{
    const Kontor__V1__Service *service = harness_record(shelf->h, KIND_SERVICE, id);
    return service->phase;
}

static void
test_the_first_service_is_the_template_and_others_wait(void **state)
{
    struct shelf *shelf = *state;
    struct doing doing = {.who = shifter(shelf), .id = "coast/new", .reason = ""};
    struct error error = {0};
    reach(shelf, S(APPROVED));
    assert_int_equal(template(shelf, &doing, true, &error), STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_ILLEGAL_STATE);
    add_service(shelf, "coast/one");
    add_service(shelf, "coast/two");
    assert_int_equal(stored(shelf, "coast/new")->template_state, T(NONE));
    assert_int_equal(move(shelf, owner(shelf), "coast/one", P(PENDING), NULL, &error),
                     STATUS_OK);
    const Kontor__V1__Provider *now = stored(shelf, "coast/new");
    assert_int_equal(now->template_state, T(PENDING));
    assert_string_equal(now->template_service, "coast/one");
    assert_non_null(now->waiting_since);
    assert_int_equal(move(shelf, owner(shelf), "coast/two", P(PENDING), NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_TEMPLATE_PENDING);
    assert_string_equal(harness_value(&error, "service"), "coast/one");
    assert_int_equal(phase_of(shelf, "coast/two"), P(FORTHCOMING));
    /* Nor is it published meanwhile. */
    assert_int_equal(
        move(shelf, owner(shelf), "coast/one", P(PRE_PRODUCTION), NULL, &error),
        STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_GATE_UNMET);
    assert_true(harness_has_fault(&error, "template"));
    /* Rejected: back to where it is written, and any may be next. */
    assert_int_equal(template(shelf, &doing, false, &error), STATUS_INVALID_ARGUMENT);
    doing.reason = "no contact answers";
    assert_int_equal(template(shelf, &doing, false, &error), STATUS_OK);
    now = stored(shelf, "coast/new");
    assert_int_equal(now->template_state, T(REJECTED));
    assert_string_equal(now->state_reason, "no contact answers");
    assert_null(now->waiting_since);
    assert_int_equal(phase_of(shelf, "coast/one"), P(FORTHCOMING));
    assert_int_equal(move(shelf, owner(shelf), "coast/two", P(PENDING), NULL, &error),
                     STATUS_OK);
    assert_int_equal(template(shelf, &doing, true, &error), STATUS_OK);
    assert_int_equal(stored(shelf, "coast/new")->template_state, T(APPROVED));
    assert_int_equal(phase_of(shelf, "coast/two"), P(PENDING));
    /* From now on at once, and nobody has to decide again. */
    assert_int_equal(move(shelf, owner(shelf), "coast/one", P(PENDING), NULL, &error),
                     STATUS_OK);
    assert_int_equal(stored(shelf, "coast/new")->template_state, T(APPROVED));
}

static void
test_a_service_made_pending_is_the_template_too(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__Service *service = shelf_service(shelf->h, "coast/one", "coast/new");
    Kontor__V1__CreateServiceRequest request = KONTOR__V1__CREATE_SERVICE_REQUEST__INIT;
    struct error error = {0};
    reach(shelf, S(APPROVED));
    service->phase = P(PENDING);
    service->description = "What it is";
    service->order_type = KONTOR__V1__ORDER_TYPE__ORDER_REQUIRED;
    request.service = service;
    assert_int_equal(harness_call(shelf->h, owner(shelf), SHELF_CALL("CreateService"),
                                  &request, NULL, &error),
                     STATUS_OK);
    assert_string_equal(stored(shelf, "coast/new")->template_service, "coast/one");
    service->id = "coast/two";
    assert_int_equal(harness_call(shelf->h, owner(shelf), SHELF_CALL("CreateService"),
                                  &request, NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(error.reason, REASON_TEMPLATE_PENDING);
}

static void
test_an_admin_publishes_without_a_template_and_it_is_noted(void **state)
{
    struct shelf *shelf = *state;
    struct error error = {0};
    reach(shelf, S(APPROVED));
    add_service(shelf, "coast/one");
    assert_int_equal(move(shelf, shelf->admin, "coast/one", P(PENDING), NULL, &error),
                     STATUS_OK);
    assert_int_equal(
        move(shelf, shelf->admin, "coast/one", P(PRE_PRODUCTION), "a fair", &error),
        STATUS_OK);
    const Kontor__V1__Service *service =
        harness_record(shelf->h, KIND_SERVICE, "coast/one");
    assert_non_null(strstr(service->overrides[0]->lacks, ", template"));
}

static void
test_the_template_keeps_its_provider(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__Service *service = shelf_service(shelf->h, "coast/one", "coast/hpc");
    struct error error = {0};
    reach(shelf, S(APPROVED));
    add_service(shelf, "coast/one");
    assert_int_equal(move(shelf, shelf->admin, "coast/one", P(PENDING), NULL, &error),
                     STATUS_OK);
    assert_int_equal(shelf_update_service(shelf->h, shelf->admin, service,
                                          shelf_mask(shelf->h, "provider", NULL), NULL,
                                          &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "service.provider"));
}

/* ---- Waiting ---- */

static size_t
waiting(struct shelf *shelf, const struct principal *who,
        Kontor__V1__ListProvidersResponse **reply)
{
    Kontor__V1__ListProvidersRequest request = KONTOR__V1__LIST_PROVIDERS_REQUEST__INIT;
    request.waiting_only = true;
    assert_int_equal(harness_call(shelf->h, who, SHELF_CALL("ListProviders"), &request,
                                  (void **)reply, NULL),
                     STATUS_OK);
    return (*reply)->n_providers;
}

static void
test_what_waits_is_listed_for_who_decides_the_longest_first(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__ListProvidersResponse *list = NULL;
    struct error error = {0};
    const struct principal *all =
        harness_principal(shelf->h, "coast/all", ROLE_BIT(OPERATOR), "r:coast", NULL);
    make(shelf, all, whole(shelf, "coast/z"));
    make(shelf, all, whole(shelf, "coast/a"));
    struct doing doing = {.who = all, .id = "coast/z", .reason = ""};
    assert_int_equal(waiting(shelf, shifter(shelf), &list), 0);
    assert_int_equal(submit(shelf, &doing, &error), STATUS_OK);
    harness_advance(shelf->h, 60000);
    reach(shelf, S(APPROVED));
    add_service(shelf, "coast/one");
    assert_int_equal(move(shelf, owner(shelf), "coast/one", P(PENDING), NULL, &error),
                     STATUS_OK);
    harness_advance(shelf->h, 60000);
    doing.id = "coast/a";
    assert_int_equal(submit(shelf, &doing, &error), STATUS_OK);
    assert_int_equal(waiting(shelf, shifter(shelf), &list), 3);
    assert_string_equal(list->providers[0]->id, "coast/z");
    assert_string_equal(list->providers[1]->id, "coast/new");
    assert_string_equal(list->providers[2]->id, "coast/a");
    /* A provider's side sees its own. Others see what is published, but not that it
     * waits. */
    assert_int_equal(waiting(shelf, owner(shelf), &list), 1);
    assert_int_equal(waiting(shelf, shelf->stranger, &list), 0);
}

/* ---- Suspension ---- */

enum { N_MANY = 70 };

static void
publish_many(struct shelf *shelf)
{
    reach(shelf, S(APPROVED));
    for (size_t i = 0; i < N_MANY; i++) {
        shelf_created(shelf,
                      shelf_service(shelf->h,
                                    arena_print(shelf->h->arena, "coast/m%02zu", i),
                                    "coast/new"));
    }
}

static size_t
count_seen(struct shelf *shelf)
{
    size_t n = 0;
    for (size_t i = 0; i < N_MANY; i++) {
        const char *id = arena_print(shelf->h->arena, "coast/m%02zu", i);
        struct error error;
        n +=
            shelf_get_service(shelf->h, shelf->stranger, id, NULL, &error) == STATUS_OK;
    }
    return n;
}

/* Until there is nothing to do. */
static size_t
settle(struct shelf *shelf)
{
    struct cascade *cascade = cascade_new(shelf->h->dispatch);
    size_t n = cascade_run(cascade);
    cascade_free(cascade);
    return n;
}

static void
test_suspending_says_beforehand_what_it_touches(void **state)
{
    struct shelf *shelf = *state;
    struct doing doing = {.who = shelf->admin,
                          .id = "coast/new",
                          .reason = "no answer",
                          .is_validate_only = true};
    Kontor__V1__SuspendProviderResponse *reply = NULL;
    struct error error = {0};
    publish_many(shelf);
    int64_t before = shelf_applied(shelf->h);
    assert_int_equal(suspend(shelf, &doing, &reply, &error), STATUS_OK);
    assert_int_equal(shelf_applied(shelf->h), before);
    assert_int_equal(reply->provider->state, S(SUSPENDED));
    assert_int_equal(reply->touched->service_count, N_MANY);
    assert_int_equal(reply->touched->n_services, N_MANY);
    assert_string_equal(reply->touched->services[0], "coast/m00");
    assert_false(reply->touched->is_more);
    assert_int_equal(stored(shelf, "coast/new")->state, S(APPROVED));
}

static void
test_suspending_hides_all_services_and_resuming_shows_them(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__Service *service = NULL;
    publish_many(shelf);
    assert_int_equal(count_seen(shelf), N_MANY);
    must(shelf, SUSPEND, "coast/new");
    /* One that is written meanwhile goes by the new state, too. */
    Kontor__V1__Service *edited = shelf_service(shelf->h, "coast/m05", "coast/new");
    edited->tagline = "New";
    assert_int_equal(shelf_update_service(shelf->h, owner(shelf), edited,
                                          shelf_mask(shelf->h, "tagline", NULL),
                                          &service, NULL),
                     STATUS_OK);
    assert_true(service->is_suspended);
    assert_int_equal(count_seen(shelf), N_MANY - 1);
    assert_int_equal(settle(shelf), N_MANY - 1);
    assert_int_equal(count_seen(shelf), 0);
    assert_false(stored(shelf, "coast/new")->is_settling);
    assert_int_equal(
        shelf_get_service(shelf->h, owner(shelf), "coast/m00", &service, NULL),
        STATUS_OK);
    assert_true(service->is_suspended);
    assert_int_equal(service->phase, P(PRODUCTION));
    assert_int_equal(settle(shelf), 0);
    must(shelf, RESUME, "coast/new");
    assert_int_equal(settle(shelf), N_MANY);
    assert_int_equal(count_seen(shelf), N_MANY);
}

/* The broker ends when half of it is done: another one goes on. */
static void
test_settling_goes_on_after_a_restart(void **state)
{
    struct shelf *shelf = *state;
    publish_many(shelf);
    must(shelf, SUSPEND, "coast/new");
    harness_restart(shelf->h);
    assert_true(stored(shelf, "coast/new")->is_settling);
    assert_int_equal(settle(shelf), N_MANY);
    harness_restart(shelf->h);
    assert_false(stored(shelf, "coast/new")->is_settling);
    assert_int_equal(count_seen(shelf), 0);
    assert_int_equal(settle(shelf), 0);
}

/* Resumed before all were hidden: what counts is the state at the end. */
static void
test_the_last_state_wins(void **state)
{
    struct shelf *shelf = *state;
    struct cascade *cascade = cascade_new(shelf->h->dispatch);
    publish_many(shelf);
    must(shelf, SUSPEND, "coast/new");
    assert_int_equal(cascade_run(cascade), N_MANY);
    must(shelf, RESUME, "coast/new");
    must(shelf, SUSPEND, "coast/new");
    must(shelf, RESUME, "coast/new");
    assert_int_equal(cascade_run(cascade), N_MANY);
    assert_int_equal(count_seen(shelf), N_MANY);
    assert_int_equal(cascade_run(cascade), 0);
    assert_false(stored(shelf, "coast/new")->is_settling);
    cascade_free(cascade);
}

/* ---- Deleting services ---- */

static enum status
delete_service(struct shelf *shelf, const struct principal *who, const char *id,
               struct error *error)
{
    Kontor__V1__DeleteServiceRequest request = KONTOR__V1__DELETE_SERVICE_REQUEST__INIT;
    request.id = (char *)(uintptr_t)id;
    return harness_call(shelf->h, who, SHELF_CALL("DeleteService"), &request, NULL,
                        error);
}

static void
test_a_service_is_deleted_before_it_is_put_up_only(void **state)
{
    struct shelf *shelf = *state;
    struct error error = {0};
    for (int phase = P(FORTHCOMING); phase <= P(DECOMMISSIONED); phase++) {
        const char *id = arena_print(shelf->h->arena, "coast/p%d", phase);
        Kontor__V1__Service *service = shelf_plain(shelf, id);
        service->phase = (Kontor__V1__Phase)phase;
        shelf_created(shelf, service);
        assert_int_equal(
            delete_service(shelf, shelf->stranger, id, &error) == STATUS_OK, false);
        enum status status = delete_service(shelf, shelf->operator_, id, &error);
        if (phase == P(FORTHCOMING)) {
            assert_int_equal(status, STATUS_OK);
            continue;
        }
        assert_int_equal(status, STATUS_FAILED_PRECONDITION);
        assert_int_equal(error.reason, REASON_ILLEGAL_STATE);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_in_every_state),
        cmocka_unit_test(test_what_a_state_means),
        cmocka_unit_test(test_which_templates_let_others_follow),
        TEST(test_every_move_of_the_table_is_one_of_the_calls),
        TEST(test_a_provider_older_than_the_states_can_be_suspended),
        TEST(test_who_owns_submits_and_who_decides_is_of_the_registry),
        TEST(test_an_admins_provider_is_approved_and_what_it_lacks_is_noted),
        TEST(test_only_an_admin_skips_the_template),
        TEST(test_an_update_moves_nothing),
        TEST(test_each_missing_fact_is_named),
        TEST(test_an_admin_passes_over_the_gate_with_a_reason_for_good),
        TEST(test_what_was_shown_may_not_go_away_once_submitted),
        TEST(test_the_first_service_is_the_template_and_others_wait),
        TEST(test_a_service_made_pending_is_the_template_too),
        TEST(test_an_admin_publishes_without_a_template_and_it_is_noted),
        TEST(test_the_template_keeps_its_provider),
        TEST(test_what_waits_is_listed_for_who_decides_the_longest_first),
        TEST(test_suspending_says_beforehand_what_it_touches),
        TEST(test_suspending_hides_all_services_and_resuming_shows_them),
        TEST(test_settling_goes_on_after_a_restart),
        TEST(test_the_last_state_wins),
        TEST(test_a_service_is_deleted_before_it_is_put_up_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
