#include "catalogue/fact.h"

#include "proto/field.h"

/* What profile 4/5 of EOSC calls mandatory of a provider; users are its administrators.
 */
const struct fact fact_provider[] = {
    {0, {"abbreviation", NULL}, "an abbreviation", NULL},
    {0, {"website", NULL}, "a web site", NULL},
    {0, {"description", NULL}, "a description", NULL},
    {0, {"logo", NULL}, "a logo", NULL},
    {0, {"country", NULL}, "a country", NULL},
    {0, {"public_contacts", NULL}, "a public contact", NULL},
    {0, {"main_contact", NULL}, "a main contact", NULL},
    {0, {"location", NULL}, "where it is", NULL},
    {0, {"administrators", NULL}, "somebody who looks after its records", NULL},
    {0, {NULL, NULL}, NULL, NULL},
};

static bool
is_set(const ProtobufCMessage *record, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(record->descriptor, name);
    return field_count(record, field) > 0;
}

bool
fact_is_shown(const ProtobufCMessage *record, const struct fact *fact, int64_t now_ms)
{
    if (fact->is_shown != NULL) {
        return fact->is_shown(record, now_ms);
    }
    return is_set(record, fact->fields[0]) ||
           (fact->fields[1] != NULL && is_set(record, fact->fields[1]));
}

static bool
is_lacking(const struct fact_check *check, const struct fact *fact)
{
    bool counts =
        fact->from <= check->upto &&
        (check->before == NULL || fact_is_shown(check->before, fact, check->now_ms));
    return counts && !fact_is_shown(check->record, fact, check->now_ms);
}

size_t
fact_fault(const struct fact_check *check, struct faults *faults)
{
    size_t n = 0;
    for (const struct fact *fact = check->table; fact->needs != NULL; fact++) {
        if (is_lacking(check, fact)) {
            faults_add(faults, fact->fields[0], "%s needs %s", check->who, fact->needs);
            n++;
        }
    }
    return n;
}

const char *
fact_lacks(const struct fact_check *check, struct arena *arena)
{
    const char *text = "";
    for (const struct fact *fact = check->table; fact->needs != NULL; fact++) {
        if (is_lacking(check, fact)) {
            text = arena_print(arena, "%s%s%s", text, text[0] == '\0' ? "" : ", ",
                               fact->fields[0]);
        }
    }
    return text;
}
