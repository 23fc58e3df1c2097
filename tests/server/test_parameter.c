/* Offers and parameters that contradict themselves are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/shelf.h"

/* ---- Offers that contradict themselves ---- */

static void
make_choice(struct harness *h, Kontor__V1__Parameter *parameter,
            Kontor__V1__Value *first, Kontor__V1__Value *second)
{
    Kontor__V1__ChoiceParameter *choice = arena_alloc(h->arena, sizeof(*choice));
    kontor__v1__choice_parameter__init(choice);
    choice->values = arena_alloc(h->arena, 3 * sizeof(*choice->values));
    choice->values[0] = shelf_text(h, "small");
    choice->values[1] = first;
    choice->values[2] = second;
    choice->n_values = 3;
    parameter->type_case = KONTOR__V1__PARAMETER__TYPE_CHOICE;
    parameter->choice = choice;
}

static void
break_choice_twice(struct harness *h, Kontor__V1__Parameter *parameter)
{
    make_choice(h, parameter, shelf_text(h, "large"), shelf_text(h, "small"));
}

static void
break_choice_types(struct harness *h, Kontor__V1__Parameter *parameter)
{
    make_choice(h, parameter, shelf_text(h, "large"), shelf_integer(h, 5));
}

static void
break_choice_empty(struct harness *h, Kontor__V1__Parameter *parameter)
{
    Kontor__V1__Value *nothing = arena_alloc(h->arena, sizeof(*nothing));
    kontor__v1__value__init(nothing);
    make_choice(h, parameter, shelf_text(h, "large"), nothing);
}

static void
break_multi_decimals(struct harness *h, Kontor__V1__Parameter *parameter)
{
    Kontor__V1__MultiChoiceParameter *multi = arena_alloc(h->arena, sizeof(*multi));
    kontor__v1__multi_choice_parameter__init(multi);
    multi->values = arena_alloc(h->arena, 2 * sizeof(*multi->values));
    multi->values[0] = shelf_decimal(h, "1.50");
    multi->values[1] = shelf_decimal(h, "1.5");
    multi->n_values = 2;
    parameter->type_case = KONTOR__V1__PARAMETER__TYPE_MULTI_CHOICE;
    parameter->multi_choice = multi;
}

static void
break_multi_count(struct harness *h, Kontor__V1__Parameter *parameter)
{
    break_multi_decimals(h, parameter);
    parameter->multi_choice->values[1] = shelf_decimal(h, "2");
    parameter->multi_choice->max_items = 3;
}

static Kontor__V1__TextParameter *
make_text(struct harness *h, Kontor__V1__Parameter *parameter)
{
    Kontor__V1__TextParameter *text = arena_alloc(h->arena, sizeof(*text));
    kontor__v1__text_parameter__init(text);
    parameter->type_case = KONTOR__V1__PARAMETER__TYPE_TEXT;
    parameter->text = text;
    return text;
}

static void
break_text_pattern(struct harness *h, Kontor__V1__Parameter *parameter)
{
    make_text(h, parameter)->pattern = "([a-z";
}

static void
break_text_bomb(struct harness *h, Kontor__V1__Parameter *parameter)
{
    make_text(h, parameter)->pattern = "(((a{1,250}){1,250}){1,250}){1,250}";
}

static void
break_text_default(struct harness *h, Kontor__V1__Parameter *parameter)
{
    Kontor__V1__TextParameter *text = make_text(h, parameter);
    text->pattern = "[a-z]+|x";
    text->default_text = "ab1";
}

static void
break_text_length(struct harness *h, Kontor__V1__Parameter *parameter)
{
    Kontor__V1__TextParameter *text = make_text(h, parameter);
    text->max_length = 2;
    text->default_text = "abc";
}

static void
break_text_lengths(struct harness *h, Kontor__V1__Parameter *parameter)
{
    Kontor__V1__TextParameter *text = make_text(h, parameter);
    text->min_length = 3;
    text->max_length = 2;
}

static void
break_integer_range(struct harness *h, Kontor__V1__Parameter *parameter)
{
    shelf_make_integer(h, parameter)->minimum = 9;
}

static void
break_integer_default(struct harness *h, Kontor__V1__Parameter *parameter)
{
    Kontor__V1__IntegerParameter *integer = shelf_make_integer(h, parameter);
    integer->_default_integer_case =
        KONTOR__V1__INTEGER_PARAMETER___DEFAULT_INTEGER_DEFAULT_INTEGER;
    integer->default_integer = -1;
}

static void
break_decimal_range(struct harness *h, Kontor__V1__Parameter *parameter)
{
    Kontor__V1__DecimalParameter *decimal = arena_alloc(h->arena, sizeof(*decimal));
    kontor__v1__decimal_parameter__init(decimal);
    decimal->minimum = "10";
    decimal->maximum = "9.9";
    parameter->type_case = KONTOR__V1__PARAMETER__TYPE_DECIMAL;
    parameter->decimal = decimal;
}

static void
break_date_range(struct harness *h, Kontor__V1__Parameter *parameter)
{
    Kontor__V1__DateParameter *date = arena_alloc(h->arena, sizeof(*date));
    kontor__v1__date_parameter__init(date);
    date->earliest = "2026-03-01";
    date->latest = "2026-02-28";
    parameter->type_case = KONTOR__V1__PARAMETER__TYPE_DATE;
    parameter->date = date;
}

static Kontor__V1__Money *
money(struct harness *h, const char *currency)
{
    Kontor__V1__Money *made = arena_alloc(h->arena, sizeof(*made));
    kontor__v1__money__init(made);
    made->currency = arena_copy(h->arena, currency);
    made->units = 1;
    return made;
}

static void
break_quantity(struct harness *h, Kontor__V1__Parameter *parameter)
{
    Kontor__V1__QuantityParameter *quantity = arena_alloc(h->arena, sizeof(*quantity));
    kontor__v1__quantity_parameter__init(quantity);
    quantity->start_price = money(h, "EUR");
    quantity->step_price = money(h, "CHF");
    parameter->type_case = KONTOR__V1__PARAMETER__TYPE_QUANTITY;
    parameter->quantity = quantity;
}

static void
break_nothing_chosen(struct harness *h, Kontor__V1__Parameter *parameter)
{
    (void)h;
    parameter->type_case = KONTOR__V1__PARAMETER__TYPE__NOT_SET;
}

static const struct {
    void (*break_it)(struct harness *h, Kontor__V1__Parameter *parameter);
    const char *path; /* Behind service.offers[standard].parameters[gpus]. */
} broken[] = {
    {break_choice_twice, ".choice.values[2]"},
    {break_choice_types, ".choice.values[2]"},
    {break_choice_empty, ".choice.values[2]"},
    {break_multi_decimals, ".multi_choice.values[1]"},
    {break_multi_count, ".multi_choice.max_items"},
    {break_text_pattern, ".text.pattern"},
    {break_text_bomb, ".text.pattern"},
    {break_text_default, ".text.default_text"},
    {break_text_length, ".text.default_text"},
    {break_text_lengths, ".text.min_length"},
    {break_integer_range, ".integer.minimum"},
    {break_integer_default, ".integer.default_integer"},
    {break_decimal_range, ".decimal.minimum"},
    {break_date_range, ".date.earliest"},
    {break_quantity, ".quantity.step_price.currency"},
    {break_nothing_chosen, ""},
};

static bool
has_fault_at(const struct error *error, const char *path)
{
    for (size_t i = 0; error->faults != NULL && i < error->faults->n_rows; i++) {
        if (strncmp(error->faults->rows[i].path, path, strlen(path)) == 0) {
            return true;
        }
    }
    return false;
}

static void
test_a_parameter_that_contradicts_itself_is_refused(void **state)
{
    struct shelf *stage = *state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        Kontor__V1__Service *service = shelf_plain(stage, "coast/a");
        Kontor__V1__Offer *offer = shelf_offer(stage->h, service, "standard");
        struct error error = {.status = STATUS_OK};
        const char *path =
            arena_print(stage->h->arena, "service.offers[standard].parameters[gpus]%s",
                        broken[i].path);
        broken[i].break_it(stage->h, shelf_parameter(stage->h, offer, "gpus"));
        assert_int_equal(
            shelf_create_service(stage->h, stage->admin, service, NULL, &error),
            STATUS_INVALID_ARGUMENT);
        if (!has_fault_at(&error, path)) {
            fail_msg("no fault at %s but: %s", path, error.message);
        }
    }
}

static void
test_offers_and_parameters_have_ids_of_their_own(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__Service *service = shelf_plain(stage, "coast/a");
    Kontor__V1__Offer *offer = shelf_offer(stage->h, service, "standard");
    struct error error;
    make_text(stage->h, shelf_parameter(stage->h, offer, "gpus"));
    make_text(stage->h, shelf_parameter(stage->h, offer, "gpus"));
    assert_int_equal(
        shelf_create_service(stage->h, stage->admin, service, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(has_fault_at(&error, "service.offers[standard].parameters"));
    offer->n_parameters = 1;
    shelf_offer(stage->h, service, "standard");
    assert_int_equal(
        shelf_create_service(stage->h, stage->admin, service, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(has_fault_at(&error, "service.offers"));
}

static void
test_approval_steps_follow_the_chain(void **state)
{
    static Kontor__V1__ApprovalStep backwards[] = {
        KONTOR__V1__APPROVAL_STEP__PROVIDER_STEP,
        KONTOR__V1__APPROVAL_STEP__CONSUMER_STEP};
    static Kontor__V1__ApprovalStep forwards[] = {
        KONTOR__V1__APPROVAL_STEP__CONSUMER_STEP,
        KONTOR__V1__APPROVAL_STEP__BROKER_STEP,
        KONTOR__V1__APPROVAL_STEP__PROVIDER_STEP};
    struct shelf *stage = *state;
    Kontor__V1__Service *service = shelf_plain(stage, "coast/a");
    Kontor__V1__Offer *offer = shelf_offer(stage->h, service, "standard");
    struct error error;
    offer->approval = backwards;
    offer->n_approval = 2;
    assert_int_equal(
        shelf_create_service(stage->h, stage->admin, service, NULL, &error),
        STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "service.offers[standard].approval[1]"));
    offer->approval = forwards;
    offer->n_approval = 3;
    shelf_created(stage, service);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_parameter_that_contradicts_itself_is_refused),
        T(test_offers_and_parameters_have_ids_of_their_own),
        T(test_approval_steps_follow_the_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
