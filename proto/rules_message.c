#include "proto/rules_message.h"

#include <string.h>

#include <google/protobuf/timestamp.pb-c.h>

#include "kontor/v1/configuration.pb-c.h"
#include "kontor/v1/order_service.pb-c.h"
#include "proto/canonical.h"
#include "proto/field.h"
#include "proto/rules.h"

/* Source: google/protobuf/timestamp.proto: 0001-01-01 to 9999-12-31. */
static const int64_t first_second = -62135596800;
static const int64_t last_second = 253402300799;

enum { NS_MAX = 999999999, MS_IN_NS = 1000000 };

static const struct rule_finding nothing;

static struct rule_finding
judge_timestamp(const ProtobufCMessage *message)
{
    const Google__Protobuf__Timestamp *time = (const void *)message;
    if (time->seconds < first_second || time->seconds > last_second) {
        return (struct rule_finding){NULL, "must lie in the years 1 to 9999"};
    }
    if (time->nanos < 0 || time->nanos > NS_MAX || time->nanos % MS_IN_NS != 0) {
        return (struct rule_finding){NULL, "must be in whole milliseconds"};
    }
    return nothing;
}

/* Source: google/type/money.proto. */
static struct rule_finding
judge_money(const ProtobufCMessage *message)
{
    const Kontor__V1__Money *money = (const void *)message;
    if ((money->units > 0 && money->nanos < 0) ||
        (money->units < 0 && money->nanos > 0)) {
        return (struct rule_finding){"nanos", "must have the sign of units"};
    }
    return nothing;
}

/* A list in a list has no form a person could fill in, and would let a value nest as
 * deep as the wire does. */
static struct rule_finding
judge_value_list(const ProtobufCMessage *message)
{
    const Kontor__V1__ValueList *list = (const void *)message;
    for (size_t i = 0; i < list->n_values; i++) {
        if (list->values[i]->kind_case == KONTOR__V1__VALUE__KIND_LIST) {
            return (struct rule_finding){"values", "must hold no lists"};
        }
    }
    return nothing;
}

static struct rule_finding
judge_text_parameter(const ProtobufCMessage *message)
{
    const Kontor__V1__TextParameter *text = (const void *)message;
    if (text->max_length != 0 && text->min_length > text->max_length) {
        return (struct rule_finding){"min_length", "must not exceed max_length"};
    }
    return nothing;
}

static struct rule_finding
judge_integer_parameter(const ProtobufCMessage *message)
{
    const Kontor__V1__IntegerParameter *integer = (const void *)message;
    bool has_minimum = integer->_minimum_case != 0;
    bool has_maximum = integer->_maximum_case != 0;
    bool has_default = integer->_default_integer_case != 0;
    if (has_minimum && has_maximum && integer->minimum > integer->maximum) {
        return (struct rule_finding){"minimum", "must not exceed maximum"};
    }
    if (has_default && ((has_minimum && integer->default_integer < integer->minimum) ||
                        (has_maximum && integer->default_integer > integer->maximum))) {
        return (struct rule_finding){"default_integer",
                                     "must lie between minimum and maximum"};
    }
    return nothing;
}

static struct rule_finding
judge_decimal_parameter(const ProtobufCMessage *message)
{
    const Kontor__V1__DecimalParameter *decimal = (const void *)message;
    /* What is no decimal is a fault of its own field; it is not compared. */
    if (rules_is_decimal(decimal->minimum) && rules_is_decimal(decimal->maximum) &&
        rules_compare_decimal(decimal->minimum, decimal->maximum) > 0) {
        return (struct rule_finding){"minimum", "must not exceed maximum"};
    }
    return nothing;
}

static struct rule_finding
judge_multi_choice_parameter(const ProtobufCMessage *message)
{
    const Kontor__V1__MultiChoiceParameter *choice = (const void *)message;
    if (choice->max_items != 0 && choice->min_items > choice->max_items) {
        return (struct rule_finding){"min_items", "must not exceed max_items"};
    }
    if (choice->min_items > 0 && (size_t)choice->min_items > choice->n_values) {
        return (struct rule_finding){"min_items",
                                     "must not exceed the number of values"};
    }
    return nothing;
}

static struct rule_finding
judge_date_parameter(const ProtobufCMessage *message)
{
    const Kontor__V1__DateParameter *date = (const void *)message;
    /* ISO dates order as texts. */
    if (rules_is_date(date->earliest) && rules_is_date(date->latest) &&
        strcmp(date->earliest, date->latest) > 0) {
        return (struct rule_finding){"earliest", "must not come after latest"};
    }
    return nothing;
}

static struct rule_finding
judge_amount(const ProtobufCMessage *message)
{
    const Kontor__V1__Amount *amount = (const void *)message;
    return amount->value[0] == '-'
               ? (struct rule_finding){"value", "must not be less than nothing"}
               : nothing;
}

static struct rule_finding
judge_key_value(const ProtobufCMessage *message)
{
    const Kontor__V1__KeyValue *row = (const void *)message;
    return row->unit[0] != '\0' && !rules_is_decimal(row->value)
               ? (struct rule_finding){"value", "must be a decimal, as it has a unit"}
               : nothing;
}

static struct rule_finding
judge_downtime(const ProtobufCMessage *message)
{
    const Kontor__V1__Downtime *downtime = (const void *)message;
    const Google__Protobuf__Timestamp *start = downtime->start_at;
    const Google__Protobuf__Timestamp *end = downtime->end_at;
    if (start == NULL || end == NULL || end->seconds > start->seconds ||
        (end->seconds == start->seconds && end->nanos > start->nanos)) {
        return nothing;
    }
    return (struct rule_finding){"end_at", "must come after start_at"};
}

/* The reason goes to the customer, who could do nothing about a bare refusal. */
static struct rule_finding
judge_decide_item(const ProtobufCMessage *message)
{
    const Kontor__V1__DecideItemRequest *request = (const void *)message;
    if (request->decision == KONTOR__V1__DECIDE_ITEM_REQUEST__DECISION__REJECT &&
        *request->reason == '\0') {
        return (struct rule_finding){"reason", "must be given to reject"};
    }
    return nothing;
}

/* As there: who asked to cancel hears why not. */
static struct rule_finding
judge_decide_cancel(const ProtobufCMessage *message)
{
    const Kontor__V1__DecideCancelRequest *request = (const void *)message;
    if (request->decision == KONTOR__V1__DECIDE_CANCEL_REQUEST__DECISION__DECLINE &&
        *request->reason == '\0') {
        return (struct rule_finding){"reason", "must be given to decline"};
    }
    return nothing;
}

/* One type of message and its rule. */
struct message_rule {
    const ProtobufCMessageDescriptor *descriptor;
    struct rule_finding (*judge)(const ProtobufCMessage *message);
};

static const struct message_rule rules[] = {
    {&google__protobuf__timestamp__descriptor, judge_timestamp},
    {&kontor__v1__money__descriptor, judge_money},
    {&kontor__v1__value_list__descriptor, judge_value_list},
    {&kontor__v1__text_parameter__descriptor, judge_text_parameter},
    {&kontor__v1__integer_parameter__descriptor, judge_integer_parameter},
    {&kontor__v1__decimal_parameter__descriptor, judge_decimal_parameter},
    {&kontor__v1__multi_choice_parameter__descriptor, judge_multi_choice_parameter},
    {&kontor__v1__date_parameter__descriptor, judge_date_parameter},
    {&kontor__v1__amount__descriptor, judge_amount},
    {&kontor__v1__key_value__descriptor, judge_key_value},
    {&kontor__v1__downtime__descriptor, judge_downtime},
    {&kontor__v1__decide_item_request__descriptor, judge_decide_item},
    {&kontor__v1__decide_cancel_request__descriptor, judge_decide_cancel},
};

struct rule_finding
rules_judge_message(const ProtobufCMessage *message)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].descriptor == message->descriptor) {
            return rules[i].judge(message);
        }
    }
    return nothing;
}

/* Faults name an element by what people call it, offers[standard], not by its place,
 * which changes when a list is edited. */
const char *
rules_element_name(const ProtobufCMessage *element)
{
    static const char *const names[] = {"id", "iid", "key"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(element->descriptor,
                                                            names[i]);
        if (field != NULL && field->type == PROTOBUF_C_TYPE_STRING) {
            return field_text(field_at(element, field, 0));
        }
    }
    return NULL;
}

bool
rules_are_same(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    const char *name = rules_element_name(a);
    if (name != NULL) {
        return strcmp(name, rules_element_name(b)) == 0;
    }
    struct bytes left = canonical_form(a, NULL);
    struct bytes right = canonical_form(b, NULL);
    bool is_same =
        left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
    canonical_free(left);
    canonical_free(right);
    return is_same;
}
