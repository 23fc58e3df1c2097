/* Which kind a record of EOSC's resource catalogue is, and is to be written as. */
#include <ctype.h>
#include <string.h>

#include "tools/import/eosc.h"

static bool
has_payload(const struct eosc_kind *kind, const char *name)
{
    for (size_t i = 0; kind->payload[i] != NULL; i++) {
        if (strcmp(kind->payload[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* The generic name tells that there is an envelope, but not of what. */
static const char generic[] = "resource";

bool
eosc_is_payload(const struct eosc_profile *profile, const struct json_member *member)
{
    if (member->value.type != JSON_TYPE_OBJECT) {
        return false;
    }
    for (const struct eosc_kind *kind = profile->kinds; kind->name != NULL; kind++) {
        if (has_payload(kind, member->name)) {
            return true;
        }
    }
    return strcmp(member->name, generic) == 0;
}

/* "Training Resource", "trainingResource" and "TRAINING_RESOURCE" are one. */
static bool
is_same_word(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a != '\0' && !isalnum((unsigned char)*a)) {
            a++;
        }
        while (*b != '\0' && !isalnum((unsigned char)*b)) {
            b++;
        }
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) {
            return false;
        }
        if (*a == '\0') {
            return true;
        }
    }
}

static const struct eosc_kind *
by_word(const struct eosc_profile *profile, const char *word)
{
    for (const struct eosc_kind *kind = profile->kinds; kind->name != NULL; kind++) {
        bool is_it = is_same_word(kind->name, word);
        for (size_t i = 0; kind->payload[i] != NULL; i++) {
            is_it |= is_same_word(kind->payload[i], word);
        }
        if (is_it) {
            return kind;
        }
    }
    return NULL;
}

static bool
has_mark(const struct eosc_kind *kind, const struct json_value *record)
{
    for (size_t i = 0; kind->marks[i] != NULL; i++) {
        const struct json_value *value = json_tree_get(record, kind->marks[i]);
        if (value != NULL && value->type != JSON_TYPE_NULL) {
            return true;
        }
    }
    return false;
}

/*
 * The first whose marks it has, as the table puts the more special first. One that
 * looks like an organisation and like a service could be either: guessing would make a
 * record of the wrong kind that nothing takes back.
 */
static const struct eosc_kind *
by_marks(const struct eosc_profile *profile, const struct json_value *record)
{
    const struct eosc_kind *found = NULL;
    for (const struct eosc_kind *kind = profile->kinds; kind->name != NULL; kind++) {
        if (!has_mark(kind, record)) {
            continue;
        }
        if (found == NULL) {
            found = kind;
        }
        if (found->fields != NULL && kind->is_provider != found->is_provider) {
            return NULL;
        }
    }
    return found;
}

/* Only profile 6 has a member type. */
static const struct eosc_kind *
by_type(const struct source *source, const struct eosc_profile *profile,
        const struct json_value *record, const char *place)
{
    const struct json_value *type = json_tree_get(record, "type");
    if (type == NULL || type->type != JSON_TYPE_TEXT) {
        return NULL;
    }
    const struct eosc_kind *kind = by_word(profile, type->text);
    if (kind == NULL) {
        source_finding(source, place, "type \"%s\" is not known: told by its members",
                       type->text);
    }
    return kind;
}

/* By the envelope, what it says of itself, or its members, in this order. */
const struct eosc_kind *
eosc_judge(const struct source *source, const struct eosc_profile *profile,
           const char *payload, const struct json_value *record, const char *place)
{
    const struct eosc_kind *kind = NULL;
    if (payload != NULL && strcmp(payload, generic) != 0) {
        kind = by_word(profile, payload);
    }
    if (kind == NULL) {
        kind = by_type(source, profile, record, place);
    }
    return kind == NULL ? by_marks(profile, record) : kind;
}

/* A kind this version does not know is written as a plain service, which tells. */
const struct eosc_kind *
eosc_kind_of(const struct eosc_profile *profile, const ProtobufCMessage *record)
{
    bool is_provider = record->descriptor == &kontor__v1__provider__descriptor;
    const Kontor__V1__Service *service =
        is_provider ? NULL : (const Kontor__V1__Service *)record;
    const struct eosc_kind *plain = NULL;
    for (const struct eosc_kind *kind = profile->kinds; kind->name != NULL; kind++) {
        if (kind->fields == NULL || kind->is_provider != is_provider) {
            continue;
        }
        if (is_provider || kind->kind == service->kind_case) {
            return kind;
        }
        if (kind->part == NULL) {
            plain = kind;
        }
    }
    return plain;
}
