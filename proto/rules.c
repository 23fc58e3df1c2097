#include "proto/rules.h"

#include <math.h>
#include <string.h>

#include "proto/field.h"
#include "proto/rules_form.h"
#include "proto/rules_message.h"
#include "proto/rules_table.h"

/* Where the judge is. A place with a field and no message of its own is a field's. */
struct place {
    const struct place *parent;
    const ProtobufCMessage *message;
    const ProtobufCFieldDescriptor *field; /* The field of message being judged. */
    size_t index;                          /* The element, when the field is a list. */
    const struct rule *rows;               /* The rows of message. */
    size_t n_rows;
    bool is_element; /* Whether the fault is the element's or the list's. */
    bool is_partial;
    struct faults *faults;
};

static void judge_message(struct place *place);

static const char *
element_path(const struct place *place, const char *list, struct arena *arena)
{
    const char *name = NULL;
    if (place->field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const void *element = field_at(place->message, place->field, place->index);
        name = rules_element_name(field_message(element));
    }
    return name != NULL && rules_is_part(name)
               ? arena_print(arena, "%s[%s]", list, name)
               : arena_print(arena, "%s[%zu]", list, place->index);
}

static const char *
place_path(const struct place *place)
{
    struct arena *arena = place->faults->arena;
    const char *before = place->parent == NULL ? "" : place_path(place->parent);
    if (place->field == NULL) {
        return before;
    }
    const char *dot = *before == '\0' ? "" : ".";
    const char *path = arena_print(arena, "%s%s%s", before, dot, place->field->name);
    return place->is_element ? element_path(place, path, arena) : path;
}

static void
refuse(const struct place *place, const char *what)
{
    faults_add(place->faults, place_path(place), "%s", what);
}

static const char *
print(const struct place *place, const char *format, long long a, long long b)
{
    return arena_print(place->faults->arena, format, a, b);
}

static void
judge_text(const struct place *place, const struct rule *rule, const char *text)
{
    const struct rule_text_form *form = rules_form(rule->form);
    if (rule->form == RULE_TEXT && strlen(text) > (size_t)rule->max) {
        refuse(place, print(place, "is %lld bytes long; at most %lld are allowed",
                            (long long)strlen(text), rule->max));
    }
    if (form->is_good != NULL && !form->is_good(text)) {
        faults_add(place->faults, place_path(place), "must be %s", form->wanted);
    }
}

static bool
is_in_range(const struct rule *rule, ProtobufCType type, const void *element)
{
    if (type == PROTOBUF_C_TYPE_DOUBLE) {
        double number;
        memcpy(&number, element, sizeof number);
        return number >= (double)rule->min && number <= (double)rule->max;
    }
    int64_t number = (int64_t)field_bits(type, element);
    if (rule->form == RULE_NUMBER_OR_0 && number == 0) {
        return true;
    }
    return number >= rule->min && number <= rule->max;
}

static void
judge_number(const struct place *place, const struct rule *rule, const void *element)
{
    if (is_in_range(rule, place->field->type, element)) {
        return;
    }
    const char *format = rule->form == RULE_NUMBER_OR_0
                             ? "must be 0, or between %lld and %lld"
                             : "must be between %lld and %lld";
    if (rule->max == INT64_MAX) {
        format = "must be at least %lld";
    }
    refuse(place, print(place, format, rule->min, rule->max));
}

static void
judge_element(const struct place *place, const struct rule *rule, const void *element)
{
    if (rule->form == RULE_NUMBER || rule->form == RULE_NUMBER_OR_0) {
        judge_number(place, rule, element);
    } else if (rule->form == RULE_NAMED) {
        if (field_bits(place->field->type, element) == 0) {
            refuse(place, "must be named, not left unspecified");
        }
    } else if (place->field->type == PROTOBUF_C_TYPE_STRING) {
        judge_text(place, rule, field_text(element));
    }
}

/* Whether a member of the oneof the field belongs to is set. */
static bool
is_choice_made(const struct place *place)
{
    const void *which = (const char *)place->message + place->field->quantifier_offset;
    return *(const uint32_t *)which != 0;
}

/* A choice that is not made is a fault of the message, not of one of its members. */
static void
judge_choice(const struct place *place)
{
    struct place whole = *place;
    whole.field = NULL;
    if (!is_choice_made(place)) {
        faults_add(place->faults, place_path(&whole),
                   "must have one of its choices set, such as %s", place->field->name);
    }
}

static bool
are_equal(const struct place *place, size_t a, size_t b)
{
    const void *left = field_at(place->message, place->field, a);
    const void *right = field_at(place->message, place->field, b);
    if (place->field->type == PROTOBUF_C_TYPE_STRING) {
        return strcmp(field_text(left), field_text(right)) == 0;
    }
    if (place->field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return field_bits(place->field->type, left) ==
               field_bits(place->field->type, right);
    }
    return rules_are_same(field_message(left), field_message(right));
}

static void
judge_unique(struct place *place, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        size_t k = 0;
        while (k < i && !are_equal(place, k, i)) {
            k++;
        }
        if (k < i) {
            place->index = i;
            place->is_element = true;
            refuse(place, print(place, "is the same as element %lld", (long long)k, 0));
        }
    }
}

static bool
is_needed(const struct place *place, const struct rule *rule)
{
    bool is_needed_here = !place->is_partial || strcmp(rule->field, "id") == 0;
    return (rule->flags & RULE_NEEDED) != 0 && is_needed_here;
}

static void
judge_row(const struct place *at, const struct rule *rule)
{
    struct place place = *at;
    size_t n = field_count(place.message, place.field);
    bool is_list = place.field->label == PROTOBUF_C_LABEL_REPEATED;
    if (rule->form == RULE_CHOICE) {
        judge_choice(&place);
        return;
    }
    if (n == 0 && is_needed(&place, rule)) {
        refuse(&place, is_list ? "must have at least one element" : "must be given");
        return;
    }
    if (is_list && n > rule->count) {
        refuse(&place, print(&place, "has %lld elements; at most %lld are allowed",
                             (long long)n, (long long)rule->count));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        place.index = i;
        place.is_element = is_list;
        judge_element(&place, rule, field_at(place.message, place.field, i));
    }
    if ((rule->flags & RULE_UNIQUE) != 0) {
        judge_unique(&place, n);
    }
}

/* What holds for every value of the type, row or not. */
static void
judge_type(const struct place *place, const void *element)
{
    ProtobufCType type = place->field->type;
    double number;
    if (type == PROTOBUF_C_TYPE_ENUM) {
        int value = (int)(int64_t)field_bits(type, element);
        const ProtobufCEnumDescriptor *descriptor = place->field->descriptor;
        if (protobuf_c_enum_descriptor_get_value(descriptor, value) == NULL) {
            faults_add(place->faults, place_path(place), "%d is no value of %s", value,
                       descriptor->short_name);
        }
    } else if (type == PROTOBUF_C_TYPE_DOUBLE) {
        memcpy(&number, element, sizeof number);
        if (!isfinite(number)) {
            refuse(place, "must be a finite number");
        }
    }
}

/* Judges a field by those of the rows that name it; answers their flags. */
static unsigned
judge_by(const struct place *place, const struct rule *rows, size_t n)
{
    unsigned flags = 0;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].field, place->field->name) == 0) {
            judge_row(place, &rows[i]);
            flags |= rows[i].flags;
        }
    }
    return flags;
}

/* The rows of a message, or with NULL those of every message; they stand together. */
static size_t
find_rows(const ProtobufCMessageDescriptor *descriptor, const struct rule **rows)
{
    size_t first = 0;
    while (first < rules_table_size && rules_table[first].descriptor != descriptor) {
        first++;
    }
    size_t end = first;
    while (end < rules_table_size && rules_table[end].descriptor == descriptor) {
        end++;
    }
    *rows = &rules_table[first];
    return end - first;
}

static void
judge_field(struct place *place)
{
    place->is_element = false;
    place->index = 0;
    unsigned flags = judge_by(place, place->rows, place->n_rows);
    const struct rule *common;
    size_t n_common = find_rows(NULL, &common);
    flags |= judge_by(place, common, n_common);
    size_t n = field_count(place->message, place->field);
    for (size_t i = 0; i < n && (flags & RULE_DEFERRED) == 0; i++) {
        place->index = i;
        place->is_element = place->field->label == PROTOBUF_C_LABEL_REPEATED;
        const void *element = field_at(place->message, place->field, i);
        judge_type(place, element);
        if (place->field->type == PROTOBUF_C_TYPE_MESSAGE) {
            struct place inner = {.parent = place,
                                  .message = field_message(element),
                                  .is_partial = (flags & RULE_PARTIAL) != 0,
                                  .faults = place->faults};
            judge_message(&inner);
        }
    }
}

static void
judge_message(struct place *place)
{
    const ProtobufCMessageDescriptor *descriptor = place->message->descriptor;
    place->n_rows = find_rows(descriptor, &place->rows);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        place->field = &descriptor->fields[i];
        judge_field(place);
    }
    struct rule_finding finding = rules_judge_message(place->message);
    if (finding.what == NULL) {
        return;
    }
    place->field = finding.field == NULL
                       ? NULL
                       : protobuf_c_message_descriptor_get_field_by_name(descriptor,
                                                                         finding.field);
    place->is_element = false;
    refuse(place, finding.what);
}

void
rules_check(const ProtobufCMessage *message, struct faults *faults)
{
    struct place place = {.message = message, .faults = faults};
    judge_message(&place);
}
