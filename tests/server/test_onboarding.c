/* Onboarding: every call in every state, who may, and what a provider must show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/fact.h"
#include "server/catalogue/onboarding.h"
#include "tests/server/porch.h"

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
    struct porch_doing doing = {.who = shelf->admin, .id = "coast/new", .reason = "so"};
    struct error error = {0};
    Kontor__V1__ProviderState to = leads[from][call];
    porch_reach(shelf, from);
    int64_t before = shelf_applied(shelf->h);
    enum status status = porch_act(shelf, call, &doing, &error);
    const Kontor__V1__Provider *now = porch_stored(shelf, "coast/new");
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
    return harness_call(shelf->h, porch_owner(shelf), SHELF_CALL("CreateBundle"),
                        &request, NULL, error);
}

static void
check_state(struct shelf *shelf, size_t i)
{
    Kontor__V1__Service *service = shelf_service(shelf->h, "coast/s", "coast/new");
    struct error error = {0};
    porch_reach(shelf, states[i].state);
    assert_int_equal(look(shelf, porch_owner(shelf), "coast/new"), STATUS_OK);
    assert_int_equal(look(shelf, shelf->stranger, "coast/new"),
                     states[i].is_shown ? STATUS_OK : STATUS_NOT_FOUND);
    service->phase = P(FORTHCOMING);
    enum status status =
        shelf_create_service(shelf->h, porch_owner(shelf), service, NULL, &error);
    assert_int_equal(status,
                     states[i].is_open ? STATUS_OK : STATUS_FAILED_PRECONDITION);
    if (!states[i].is_open) {
        assert_int_equal(error.reason, REASON_PROVIDER_CLOSED);
        assert_string_equal(harness_value(&error, "from"), states[i].name);
    }
    assert_int_equal(add_bundle(shelf, &error), status);
    status = porch_delete(shelf, porch_owner(shelf), "coast/new", &error);
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
                 strcmp(porch_calls[call], move->call) == 0;
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
    porch_must(shelf, SUSPEND, "coast/old");
    assert_int_equal(porch_stored(shelf, "coast/old")->state, S(SUSPENDED));
}

/* ---- Who ---- */

static void
test_who_owns_submits_and_who_decides_is_of_the_registry(void **state)
{
    struct shelf *shelf = *state;
    struct error error = {0};
    porch_reach(shelf, S(DRAFT));
    struct porch_doing doing = {
        .who = porch_shifter(shelf), .id = "coast/new", .reason = "so"};
    assert_int_equal(porch_submit(shelf, &doing, &error), STATUS_PERMISSION_DENIED);
    doing.who = shelf->operator_;
    assert_int_equal(porch_submit(shelf, &doing, &error), STATUS_NOT_FOUND);
    doing.who = porch_owner(shelf);
    doing.expected = 1;
    assert_int_equal(porch_submit(shelf, &doing, &error), STATUS_ABORTED);
    doing.expected = 0;
    assert_int_equal(porch_submit(shelf, &doing, &error), STATUS_OK);
    for (int call = APPROVE; call < N_CALLS; call++) {
        assert_int_equal(porch_act(shelf, call, &doing, &error),
                         STATUS_PERMISSION_DENIED);
    }
    /* Who decides for one provider only decides nothing. */
    doing.who = harness_principal(shelf->h, "coast/half", ROLE_BIT(SHIFTER),
                                  "p:coast/new", NULL);
    assert_int_equal(porch_decide(shelf, &doing, true, &error),
                     STATUS_PERMISSION_DENIED);
    doing.who = shelf->stranger;
    assert_int_equal(porch_decide(shelf, &doing, true, &error), STATUS_NOT_FOUND);
    doing.who = porch_shifter(shelf);
    doing.reason = "";
    assert_int_equal(porch_decide(shelf, &doing, false, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "reason"));
    assert_int_equal(porch_decide(shelf, &doing, true, &error), STATUS_OK);
}

static void
test_an_admins_provider_is_approved_and_what_it_lacks_is_noted(void **state)
{
    struct shelf *shelf = *state;
    porch_make(shelf, shelf->admin, porch_whole(shelf, "coast/good"));
    assert_int_equal(porch_stored(shelf, "coast/good")->state, S(APPROVED));
    assert_int_equal(porch_stored(shelf, "coast/good")->template_state, T(NONE));
    assert_int_equal(porch_stored(shelf, "coast/good")->n_overrides, 0);
    porch_make(shelf, shelf->admin, shelf_provider(shelf->h, "coast/thin"));
    const Kontor__V1__Provider *thin = porch_stored(shelf, "coast/thin");
    assert_int_equal(thin->n_overrides, 1);
    assert_string_equal(thin->overrides[0]->what, "CreateProvider PROVIDER_APPROVED");
    assert_string_equal(thin->overrides[0]->actor, shelf->admin->id);
    assert_string_equal(thin->overrides[0]->lacks,
                        "abbreviation, website, description, logo, country, "
                        "public_contacts, location, administrators");
}

/* It would decide on itself. */
static void
test_an_admin_of_one_provider_does_not_approve_it_by_making_it(void **state)
{
    struct shelf *shelf = *state;
    const struct principal *own =
        harness_principal(shelf->h, "coast/boss", ROLE_BIT(ADMIN) | ROLE_BIT(OPERATOR),
                          "p:coast/new", NULL);
    Kontor__V1__CreateProviderRequest request =
        KONTOR__V1__CREATE_PROVIDER_REQUEST__INIT;
    struct error error = {0};
    request.provider = porch_whole(shelf, "coast/new");
    request.skip_template = true;
    assert_int_equal(harness_call(shelf->h, own, SHELF_CALL("CreateProvider"), &request,
                                  NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_ROLE_MISSING);
    porch_make(shelf, own, porch_whole(shelf, "coast/new"));
    assert_int_equal(porch_stored(shelf, "coast/new")->state, S(DRAFT));
}

static void
test_only_an_admin_skips_the_template(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__CreateProviderRequest request =
        KONTOR__V1__CREATE_PROVIDER_REQUEST__INIT;
    struct error error = {0};
    request.provider = porch_whole(shelf, "coast/new");
    request.skip_template = true;
    assert_int_equal(harness_call(shelf->h, porch_owner(shelf),
                                  SHELF_CALL("CreateProvider"), &request, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_ROLE_MISSING);
    assert_int_equal(harness_call(shelf->h, shelf->admin, SHELF_CALL("CreateProvider"),
                                  &request, NULL, &error),
                     STATUS_OK);
    assert_int_equal(porch_stored(shelf, "coast/new")->template_state, T(SKIPPED));
}

/* A caller cannot write what only the calls move. */
static void
test_an_update_moves_nothing(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__UpdateProviderRequest request =
        KONTOR__V1__UPDATE_PROVIDER_REQUEST__INIT;
    struct error error = {0};
    porch_reach(shelf, S(DRAFT));
    request.provider = porch_whole(shelf, "coast/new");
    request.provider->state = S(APPROVED);
    request.provider->template_state = T(APPROVED);
    request.provider->tags = (char *[]){"new"};
    request.provider->n_tags = 1;
    request.update_mask = shelf_mask(shelf->h, "*", NULL);
    assert_int_equal(harness_call(shelf->h, porch_owner(shelf),
                                  SHELF_CALL("UpdateProvider"), &request, NULL, &error),
                     STATUS_OK);
    assert_int_equal(porch_stored(shelf, "coast/new")->n_tags, 1);
    assert_int_equal(porch_stored(shelf, "coast/new")->state, S(DRAFT));
    assert_int_equal(porch_stored(shelf, "coast/new")->template_state, T(NONE));
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
        struct porch_doing doing = {.who = who, .id = id, .reason = ""};
        struct error error = {0};
        Kontor__V1__Provider *provider = porch_whole(shelf, id);
        lose(provider, fact);
        porch_make(shelf, who, provider);
        assert_int_equal(porch_submit(shelf, &doing, &error),
                         STATUS_FAILED_PRECONDITION);
        assert_int_equal(error.reason, REASON_GATE_UNMET);
        assert_string_equal(harness_value(&error, "missing"), fact->fields[0]);
        assert_true(harness_has_fault(&error, fact->fields[0]));
        assert_int_equal(error.faults->n_rows, 1);
        assert_int_equal(porch_stored(shelf, id)->state, S(DRAFT));
    }
    assert_int_equal(n, 9);
}

static void
test_an_admin_passes_over_the_gate_with_a_reason_for_good(void **state)
{
    struct shelf *shelf = *state;
    struct porch_doing doing = {.who = porch_owner(shelf),
                                .id = "coast/new",
                                .reason = "in May",
                                .is_override = true};
    struct error error = {0};
    porch_make(shelf, porch_owner(shelf), shelf_provider(shelf->h, "coast/new"));
    assert_int_equal(porch_submit(shelf, &doing, &error), STATUS_PERMISSION_DENIED);
    doing.who = shelf->admin;
    doing.reason = "";
    assert_int_equal(porch_submit(shelf, &doing, &error), STATUS_INVALID_ARGUMENT);
    doing.reason = "in May";
    assert_int_equal(porch_submit(shelf, &doing, &error), STATUS_OK);
    const Kontor__V1__Provider *now = porch_stored(shelf, "coast/new");
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
    porch_reach(shelf, S(APPROVED));
    request.provider = porch_whole(shelf, "coast/new");
    request.provider->logo = "";
    request.update_mask = shelf_mask(shelf->h, "logo", NULL);
    assert_int_equal(harness_call(shelf->h, porch_owner(shelf),
                                  SHELF_CALL("UpdateProvider"), &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "provider.logo"));
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
        TEST(test_an_admin_of_one_provider_does_not_approve_it_by_making_it),
        TEST(test_only_an_admin_skips_the_template),
        TEST(test_an_update_moves_nothing),
        TEST(test_each_missing_fact_is_named),
        TEST(test_an_admin_passes_over_the_gate_with_a_reason_for_good),
        TEST(test_what_was_shown_may_not_go_away_once_submitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
