/* The portfolio: every move from every phase, what each phase needs, where services
 * begin and what changes of them keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/offer_form.h"
#include "catalogue/phase.h"
#include "tests/server/display.h"

enum { N_PHASES = 7, DAY_MS = 24 * 3600 * 1000 };

/* ---- Phases ---- */

/* Copies by hand: who may go from a row to a column. o = operator and admin, a = admin.
 */
static const char *const moves[N_PHASES] = {
    [P(FORTHCOMING)] = "--o----",    [P(PENDING)] = "---oo--",
    [P(PRE_PRODUCTION)] = "----oo-", [P(PRODUCTION)] = "-----o-",
    [P(DEPRECATED)] = "------o",     [P(DECOMMISSIONED)] = "-a-----",
};

static const struct {
    Kontor__V1__Phase phase;
    const char *name;
    bool is_seen;
} phases[] = {
    {P(FORTHCOMING), "FORTHCOMING", false},
    {P(PENDING), "PENDING", false},
    {P(PRE_PRODUCTION), "PRE_PRODUCTION", true},
    {P(PRODUCTION), "PRODUCTION", true},
    {P(DEPRECATED), "DEPRECATED", true},
    {P(DECOMMISSIONED), "DECOMMISSIONED", false},
};

static void
cross(struct shelf *shelf, size_t from, size_t to, bool is_admin)
{
    const char *id =
        arena_print(shelf->h->arena, "coast/s%zu%zu%d", from, to, is_admin);
    const struct principal *who = is_admin ? shelf->admin : shelf->operator_;
    char may = moves[phases[from].phase][phases[to].phase];
    struct error error;
    display_put(shelf, id, phases[from].phase);
    assert_int_equal(display_audit(shelf, shelf->admin, id,
                                   KONTOR__V1__AUDIT_STATE__AUDIT_VALID, "", NULL),
                     STATUS_OK);
    enum status status =
        display_move(shelf, who, id, phases[to].phase, NULL, NULL, &error);
    bool is_taken = from == to || may == 'o' || (may == 'a' && is_admin);
    if (is_taken) {
        assert_int_equal(status, STATUS_OK);
    } else if (may == 'a') {
        assert_int_equal(error.reason, REASON_ROLE_MISSING);
    } else {
        assert_int_equal(error.reason, REASON_ILLEGAL_STATE);
        assert_string_equal(harness_value(&error, "from"), phases[from].name);
        assert_string_equal(harness_value(&error, "wanted"), phases[to].name);
    }
    size_t now = is_taken ? to : from;
    assert_int_equal(display_get(shelf, id)->phase, phases[now].phase);
    assert_int_equal(shelf_get_service(shelf->h, shelf->stranger, id, NULL, NULL),
                     phases[now].is_seen ? STATUS_OK : STATUS_NOT_FOUND);
    assert_int_equal(phase_is_published(phases[now].phase), phases[now].is_seen);
}

static void
test_each_phase_crossed_with_each(void **state)
{
    for (size_t from = 0; from < N_PHASES - 1; from++) {
        for (size_t to = 0; to < N_PHASES - 1; to++) {
            cross(*state, from, to, false);
            cross(*state, from, to, true);
        }
    }
    assert_false(phase_is_published((Kontor__V1__Phase)99));
    assert_false(phase_is_published(P(PHASE_UNSPECIFIED)));
}

/* ---- Gates ---- */

/* A copy by hand of what is needed from which phase on. */
static const struct {
    const char *field;
    Kontor__V1__Phase from;
} needs[] = {
    {"description", P(PENDING)},
    {"main_contact", P(PENDING)},
    {"order_type", P(PENDING)},
    {"abbreviation", P(PRE_PRODUCTION)},
    {"webpage", P(PRE_PRODUCTION)},
    {"tagline", P(PRE_PRODUCTION)},
    {"logo", P(PRE_PRODUCTION)},
    {"scientific_domains", P(PRE_PRODUCTION)},
    {"categories", P(PRE_PRODUCTION)},
    {"target_users", P(PRE_PRODUCTION)},
    {"geographical_availabilities", P(PRE_PRODUCTION)},
    {"languages", P(PRE_PRODUCTION)},
    {"public_contacts", P(PRE_PRODUCTION)},
    {"helpdesk_email", P(PRE_PRODUCTION)},
    {"security_contact_email", P(PRE_PRODUCTION)},
    {"trl", P(PRE_PRODUCTION)},
    {"terms_of_use", P(PRE_PRODUCTION)},
    {"privacy_policy", P(PRE_PRODUCTION)},
    {"sla_url", P(PRODUCTION)},
    {"audit", P(PRODUCTION)},
};

enum { N_NEEDS = sizeof needs / sizeof needs[0] };

static void
clear(Kontor__V1__Service *service, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(service->base.descriptor, name);
    Kontor__V1__Service empty = KONTOR__V1__SERVICE__INIT;
    assert_non_null(field);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memset((char *)service + field->quantifier_offset, 0, sizeof(size_t));
    } else {
        size_t size =
            field->type == PROTOBUF_C_TYPE_ENUM ? sizeof(int) : sizeof(void *);
        memcpy((char *)service + field->offset, (char *)&empty + field->offset, size);
    }
}

/* Each fact taken from a service that has all, in front of each gate: only those that
 * need it refuse it, and name it alone. */
static void
test_each_fact_is_missed_at_its_gate(void **state)
{
    struct shelf *shelf = *state;
    static const Kontor__V1__Phase gates[] = {P(PENDING), P(PRE_PRODUCTION),
                                              P(PRODUCTION)};
    static const Kontor__V1__Phase before[] = {P(FORTHCOMING), P(PENDING), P(PENDING)};
    for (size_t i = 0; i < N_NEEDS * 3; i++) {
        size_t gate = i % 3;
        const char *id = arena_print(shelf->h->arena, "coast/s%zu", i);
        Kontor__V1__Service *service = display_whole(shelf, id);
        bool is_audit = strcmp(needs[i / 3].field, "audit") == 0;
        struct error error;
        display_text(&service->sla_url);
        service->phase = before[gate];
        /* What will do in the place of another thing does so for that thing only. */
        if (strcmp(needs[i / 3].field, "helpdesk_email") != 0) {
            display_text(&service->helpdesk_page);
        }
        clear(service, needs[i / 3].field);
        shelf_created(shelf, service);
        if (!is_audit) {
            assert_int_equal(display_audit(shelf, shelf->admin, id,
                                           KONTOR__V1__AUDIT_STATE__AUDIT_VALID, "",
                                           NULL),
                             STATUS_OK);
        }
        enum status status =
            display_move(shelf, shelf->operator_, id, gates[gate], NULL, NULL, &error);
        if (needs[i / 3].from > gates[gate]) {
            assert_int_equal(status, STATUS_OK);
            continue;
        }
        assert_int_equal(status, STATUS_FAILED_PRECONDITION);
        assert_int_equal(error.reason, REASON_GATE_UNMET);
        assert_string_equal(harness_value(&error, "missing"), needs[i / 3].field);
        assert_true(harness_has_fault(&error, needs[i / 3].field));
        assert_int_equal(display_get(shelf, id)->phase, before[gate]);
    }
}

static void
test_a_refusal_lists_everything_that_is_missing(void **state)
{
    struct shelf *shelf = *state;
    struct error error;
    size_t n_facts = 0;
    Kontor__V1__Service *thin = shelf_plain(shelf, "coast/thin");
    for (const struct fact *fact = phase_facts; fact->needs != NULL; fact++) {
        n_facts++;
    }
    assert_int_equal(n_facts, N_NEEDS);
    thin->phase = P(PENDING);
    shelf_created(shelf, thin);
    assert_int_equal(display_move(shelf, shelf->admin, "coast/thin", P(PRODUCTION),
                                  NULL, NULL, &error),
                     STATUS_FAILED_PRECONDITION);
    for (size_t i = 0; i < N_NEEDS; i++) {
        bool has = strcmp(needs[i].field, "main_contact") == 0 ||
                   strcmp(needs[i].field, "order_type") == 0 ||
                   strcmp(needs[i].field, "security_contact_email") == 0;
        assert_int_equal(harness_has_fault(&error, needs[i].field), !has);
    }
}

static void
test_a_helpdesk_page_will_do(void **state)
{
    struct shelf *shelf = *state;
    Kontor__V1__Service *service = display_whole(shelf, "coast/a");
    service->phase = P(PENDING);
    service->helpdesk_email = "";
    display_text(&service->helpdesk_page);
    shelf_created(shelf, service);
    assert_int_equal(display_move(shelf, shelf->operator_, "coast/a", P(PRE_PRODUCTION),
                                  NULL, NULL, NULL),
                     STATUS_OK);
}

static void
test_targets_of_the_service_itself_will_do(void **state)
{
    struct shelf *shelf = *state;
    struct error error;
    Kontor__V1__Service *service = display_whole(shelf, "coast/a");
    Kontor__V1__OfferTargets targets = KONTOR__V1__OFFER_TARGETS__INIT;
    service->phase = P(PENDING);
    service->targets = &targets;
    targets.support_from_minute = 600;
    targets.support_to_minute = 600;
    assert_int_equal(
        shelf_create_service(shelf->h, shelf->admin, service, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "service.targets.support_to_minute"));
    targets.support_to_minute = 601;
    shelf_created(shelf, service);
    assert_int_equal(display_audit(shelf, shelf->admin, "coast/a",
                                   KONTOR__V1__AUDIT_STATE__AUDIT_VALID, "", NULL),
                     STATUS_OK);
    assert_int_equal(display_move(shelf, shelf->operator_, "coast/a", P(PRODUCTION),
                                  NULL, NULL, &error),
                     STATUS_OK);
}

/* Of an offer the service's count where it says nothing itself. */
static void
test_an_offer_takes_over_what_its_service_promises(void **state)
{
    Kontor__V1__Service service = KONTOR__V1__SERVICE__INIT;
    Kontor__V1__Offer offer = KONTOR__V1__OFFER__INIT;
    Kontor__V1__OfferTargets of_service = KONTOR__V1__OFFER_TARGETS__INIT;
    Kontor__V1__OfferTargets of_offer = KONTOR__V1__OFFER_TARGETS__INIT;
    (void)state;
    assert_null(offer_targets(&service, &offer));
    service.targets = &of_service;
    assert_ptr_equal(offer_targets(&service, &offer), &of_service);
    offer.targets = &of_offer;
    assert_ptr_equal(offer_targets(&service, &offer), &of_offer);
}

static void
test_targets_of_every_offer_will_do(void **state)
{
    struct shelf *shelf = *state;
    struct error error;
    Kontor__V1__Service *service = display_whole(shelf, "coast/a");
    Kontor__V1__OfferTargets targets = KONTOR__V1__OFFER_TARGETS__INIT;
    targets.availability_ppm = 990000;
    service->phase = P(PRE_PRODUCTION);
    shelf_offer(shelf->h, service, "one")->targets = &targets;
    Kontor__V1__Offer *other = shelf_offer(shelf->h, service, "other");
    shelf_created(shelf, service);
    assert_int_equal(display_audit(shelf, shelf->admin, "coast/a",
                                   KONTOR__V1__AUDIT_STATE__AUDIT_VALID, "", NULL),
                     STATUS_OK);
    assert_int_equal(
        display_move(shelf, shelf->admin, "coast/a", P(PRODUCTION), NULL, NULL, &error),
        STATUS_FAILED_PRECONDITION);
    assert_string_equal(harness_value(&error, "missing"), "sla_url");
    other->targets = &targets;
    assert_int_equal(shelf_update_service(shelf->h, shelf->operator_, service,
                                          shelf_mask(shelf->h, "offers", NULL), NULL,
                                          NULL),
                     STATUS_OK);
    assert_int_equal(display_move(shelf, shelf->operator_, "coast/a", P(PRODUCTION),
                                  NULL, NULL, NULL),
                     STATUS_OK);
}

static void
test_an_audit_gets_old(void **state)
{
    struct shelf *shelf = *state;
    struct error error;
    display_put(shelf, "coast/a", P(PRE_PRODUCTION));
    assert_int_equal(display_audit(shelf, shelf->admin, "coast/a",
                                   KONTOR__V1__AUDIT_STATE__AUDIT_VALID, "", NULL),
                     STATUS_OK);
    harness_advance(shelf->h, (int64_t)(PHASE_AUDIT_DAYS + 1) * DAY_MS);
    assert_int_equal(
        display_move(shelf, shelf->admin, "coast/a", P(PRODUCTION), NULL, NULL, &error),
        STATUS_FAILED_PRECONDITION);
    assert_string_equal(harness_value(&error, "missing"), "audit");
    assert_int_equal(display_audit(shelf, shelf->admin, "coast/a",
                                   KONTOR__V1__AUDIT_STATE__AUDIT_INVALID, "thin",
                                   NULL),
                     STATUS_OK);
    assert_int_equal(
        display_move(shelf, shelf->admin, "coast/a", P(PRODUCTION), NULL, NULL, &error),
        STATUS_FAILED_PRECONDITION);
}

static void
test_an_admin_passes_over_a_gate_for_good(void **state)
{
    struct shelf *shelf = *state;
    struct error error;
    Kontor__V1__Service *thin = shelf_plain(shelf, "coast/thin");
    thin->description = "x";
    thin->phase = P(PENDING);
    shelf_created(shelf, thin);
    assert_int_equal(display_move(shelf, shelf->operator_, "coast/thin", P(PRODUCTION),
                                  "now", NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(display_move(shelf, shelf->admin, "coast/thin", P(PRODUCTION), "",
                                  NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "reason"));
    assert_int_equal(display_move(shelf, shelf->admin, "coast/thin", P(PRODUCTION),
                                  "the fair is tomorrow", NULL, NULL),
                     STATUS_OK);
    assert_int_equal(display_move(shelf, shelf->admin, "coast/thin", P(DEPRECATED),
                                  NULL, NULL, NULL),
                     STATUS_OK);
    Kontor__V1__Service *service = display_get(shelf, "coast/thin");
    assert_int_equal(service->n_overrides, 2);
    assert_string_equal(service->overrides[0]->what, "CreateService PENDING");
    assert_string_equal(service->overrides[1]->what, "MoveService PRODUCTION");
    assert_string_equal(service->overrides[1]->reason, "the fair is tomorrow");
    assert_string_equal(service->overrides[1]->actor, "coast/adm");
    assert_non_null(strstr(service->overrides[1]->lacks, "terms_of_use"));
    /* Nobody writes it away, and nobody else reads it. */
    service->n_overrides = 0;
    assert_int_equal(shelf_update_service(shelf->h, shelf->admin, service,
                                          shelf_mask(shelf->h, "*", NULL), NULL, NULL),
                     STATUS_OK);
    assert_int_equal(display_get(shelf, "coast/thin")->n_overrides, 2);
    assert_int_equal(
        shelf_get_service(shelf->h, shelf->stranger, "coast/thin", &service, NULL),
        STATUS_OK);
    assert_int_equal(service->n_overrides, 0);
}

/* Whoever answers for one provider does not judge it, whatever its role. */
static void
test_an_admin_of_one_provider_passes_no_gate(void **state)
{
    struct shelf *shelf = *state;
    struct error error;
    const struct principal *partial =
        harness_principal(shelf->h, "coast/part", ROLE_BIT(ADMIN), "p:coast/hpc", NULL);
    Kontor__V1__CreateServiceRequest request = KONTOR__V1__CREATE_SERVICE_REQUEST__INIT;
    Kontor__V1__Service *thin = shelf_plain(shelf, "coast/thin");
    thin->description = "x";
    thin->phase = P(PENDING);
    shelf_created(shelf, thin);
    assert_int_equal(
        display_move(shelf, partial, "coast/thin", P(PRODUCTION), "now", NULL, &error),
        STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_ROLE_MISSING);
    request.service = shelf_plain(shelf, "coast/other");
    request.override_reason = "now";
    assert_int_equal(harness_call(shelf->h, partial, SHELF_CALL("CreateService"),
                                  &request, NULL, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_ROLE_MISSING);
}

/* ---- Beginning and changing ---- */

static void
test_a_service_begins_at_the_beginning(void **state)
{
    struct shelf *shelf = *state;
    struct error error;
    for (size_t i = 0; i < N_PHASES - 1; i++) {
        Kontor__V1__Service *service =
            display_whole(shelf, arena_print(shelf->h->arena, "coast/s%zu", i));
        service->phase = phases[i].phase;
        bool is_entry = phases[i].phase <= P(PENDING);
        enum status status =
            shelf_create_service(shelf->h, shelf->operator_, service, NULL, &error);
        assert_int_equal(status, is_entry ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        assert_true(is_entry || harness_has_fault(&error, "service.phase"));
    }
    /* A reason is an admin's to give, whatever the phase asks for. */
    for (size_t i = 0; i < N_PHASES - 1; i++) {
        Kontor__V1__CreateServiceRequest request =
            KONTOR__V1__CREATE_SERVICE_REQUEST__INIT;
        request.service = display_whole(shelf, "coast/sly");
        request.service->phase = phases[i].phase;
        request.override_reason = "because";
        assert_int_equal(harness_call(shelf->h, shelf->operator_,
                                      SHELF_CALL("CreateService"), &request, NULL,
                                      &error),
                         STATUS_PERMISSION_DENIED);
        assert_int_equal(error.reason, REASON_ROLE_MISSING);
    }
    Kontor__V1__Service *old = shelf_plain(shelf, "coast/old");
    old->phase = P(DEPRECATED);
    assert_int_equal(shelf_created(shelf, old)->n_overrides, 1);
    Kontor__V1__Service *service = shelf_plain(shelf, "coast/none");
    Kontor__V1__Service *reply = NULL;
    service->phase = P(PHASE_UNSPECIFIED);
    assert_int_equal(
        shelf_create_service(shelf->h, shelf->operator_, service, &reply, NULL),
        STATUS_OK);
    assert_int_equal(reply->phase, P(FORTHCOMING));
    /* PENDING needs a description. */
    service = shelf_plain(shelf, "coast/thin");
    service->phase = P(PENDING);
    assert_int_equal(
        shelf_create_service(shelf->h, shelf->operator_, service, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "service.description"));
}

static void
test_a_change_keeps_the_phase_and_what_it_needs(void **state)
{
    struct shelf *shelf = *state;
    struct error error;
    display_put(shelf, "coast/a", P(PRE_PRODUCTION));
    Kontor__V1__Service *service = display_get(shelf, "coast/a");
    service->phase = P(PRODUCTION);
    assert_int_equal(
        shelf_update_service(shelf->h, shelf->admin, service, NULL, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "service.phase"));
    service->phase = P(PRE_PRODUCTION);
    service->terms_of_use = "";
    assert_int_equal(shelf_update_service(shelf->h, shelf->admin, service,
                                          shelf_mask(shelf->h, "terms_of_use", NULL),
                                          NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "service.terms_of_use"));
    /* What is deprecated is still read, and stays as whole. */
    assert_int_equal(
        display_move(shelf, shelf->admin, "coast/a", P(DEPRECATED), NULL, NULL, NULL),
        STATUS_OK);
    assert_int_equal(shelf_update_service(shelf->h, shelf->admin, service,
                                          shelf_mask(shelf->h, "terms_of_use", NULL),
                                          NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "service.terms_of_use"));
    /* What it lacked when it was taken over it may go on lacking. */
    Kontor__V1__Service *thin = shelf_plain(shelf, "coast/thin");
    shelf_created(shelf, thin);
    thin->tagline = "Still thin";
    assert_int_equal(
        shelf_update_service(shelf->h, shelf->operator_, thin, NULL, NULL, NULL),
        STATUS_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_phase_crossed_with_each),
        TEST(test_each_fact_is_missed_at_its_gate),
        TEST(test_a_refusal_lists_everything_that_is_missing),
        TEST(test_a_helpdesk_page_will_do),
        TEST(test_targets_of_the_service_itself_will_do),
        TEST(test_an_offer_takes_over_what_its_service_promises),
        TEST(test_targets_of_every_offer_will_do),
        TEST(test_an_audit_gets_old),
        TEST(test_an_admin_passes_over_a_gate_for_good),
        TEST(test_an_admin_of_one_provider_passes_no_gate),
        TEST(test_a_service_begins_at_the_beginning),
        TEST(test_a_change_keeps_the_phase_and_what_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
