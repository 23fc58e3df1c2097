/* Persons, licences and identifiers as profile 6 of EOSC writes them. */
#include "tools/import/eosc6_parts.h"

#include <string.h>

#include "proto/field.h"
#include "tools/import/eosc.h"

#define CONTACT Kontor__V1__Contact
#define CREATOR Kontor__V1__Creator

bool
eosc6_write_type(struct target *target, const struct json_field *field,
                 const void *message, struct json_value *out)
{
    (void)target;
    (void)message;
    *out = (struct json_value){.type = JSON_TYPE_TEXT, .text = field->extra};
    return true;
}

/* ---- Addresses ---- */

void
eosc6_read_emails(const struct source *source, const struct json_value *value,
                  const char *place, const struct json_field *field, void *message)
{
    struct emails {
        char **texts;
        size_t n;
    } emails = {NULL, 0};
    struct json_field row = {.at = offsetof(struct emails, texts),
                             .n_at = offsetof(struct emails, n)};
    json_field_texts(source, value, place, &row, &emails);
    CONTACT ***contacts = (CONTACT ***)(void *)((char *)message + field->at);
    size_t *n = (size_t *)(void *)((char *)message + field->n_at);
    for (size_t i = 0; i < emails.n; i++) {
        CONTACT *contact = arena_alloc(source->arena, sizeof *contact);
        kontor__v1__contact__init(contact);
        contact->email = emails.texts[i];
        *contacts = source_grow(source->arena, *contacts, *n, sizeof **contacts);
        (*contacts)[(*n)++] = contact;
    }
}

/* All of a contact but its address. */
static void
tell_others(struct target *target, const char *owns, const CONTACT *contact)
{
    const ProtobufCMessage *message = &contact->base;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field_count(message, field) > 0 && strcmp(field->name, "email") != 0) {
            target_lose(target, arena_print(target->arena, "%s.%s", owns, field->name));
        }
    }
}

bool
eosc6_write_emails(struct target *target, const struct json_field *field,
                   const void *message, struct json_value *out)
{
    CONTACT *const *contacts;
    size_t n;
    memcpy(&contacts, (const char *)message + field->at, sizeof contacts);
    memcpy(&n, (const char *)message + field->n_at, sizeof n);
    struct json_value *emails = arena_alloc(target->arena, (n + 1) * sizeof *emails);
    size_t n_emails = 0;
    for (size_t i = 0; i < n; i++) {
        tell_others(target, field->owns, contacts[i]);
        if (contacts[i]->email[0] == '\0') {
            target_lose_for(target,
                            arena_print(target->arena, "%s[%zu]", field->owns, i),
                            "is not kept: it has no address");
            continue;
        }
        emails[n_emails++] =
            (struct json_value){.type = JSON_TYPE_TEXT, .text = contacts[i]->email};
    }
    *out =
        (struct json_value){.type = JSON_TYPE_LIST, .elements = emails, .n = n_emails};
    return n_emails > 0;
}

/* ---- Identifiers and licences ---- */

#define SHAPE(shape, descriptor)                                                       \
    const struct json_shape shape = {&kontor__v1__##descriptor##__descriptor,          \
                                     shape##_fields, NULL, NULL}

static const struct json_field eosc6_pid_fields[] = {
    JSON_TEXT(Kontor__V1__ForeignId, "pid", id),
    JSON_TEXT(Kontor__V1__ForeignId, "pidSchema", scheme),
    {.key = NULL},
};
SHAPE(eosc6_pid, foreign_id);

static const struct json_field eosc6_licence_fields[] = {
    JSON_TEXT(Kontor__V1__Licence, "licenseName", name),
    JSON_TEXT(Kontor__V1__Licence, "licenseURL", url),
    {.key = NULL},
};
SHAPE(eosc6_licence, licence);

static const struct json_field eosc6_metadata_licence_fields[] = {
    JSON_TEXT(Kontor__V1__Licence, "metadataLicenseName", name),
    JSON_TEXT(Kontor__V1__Licence, "metadataLicenseURL", url),
    {.key = NULL},
};
SHAPE(eosc6_metadata_licence, licence);

static const struct json_field eosc6_identifier_system_fields[] = {
    JSON_TEXT(Kontor__V1__IdentifierSystem, "persistentIdentityProductType", entity),
    JSON_TEXTS(Kontor__V1__IdentifierSystem, "persistentIdentityProductTypeSchemes",
               schemes),
    {.key = NULL},
};
SHAPE(eosc6_identifier_system, identifier_system);

static const struct json_field eosc6_standard_fields[] = {
    JSON_TEXT(Kontor__V1__RelatedStandard, "relatedStandardIdentifier", identifier),
    JSON_TEXT(Kontor__V1__RelatedStandard, "relatedStandardURI", url),
    {.key = NULL},
};
SHAPE(eosc6_standard, related_standard);

/* ---- Creators ---- */

static const struct json_field creator_pid_fields[] = {
    JSON_TEXT(Kontor__V1__ForeignId, "creatorPID", id),
    JSON_TEXT(Kontor__V1__ForeignId, "creatorPIDScheme", scheme),
    {.key = NULL},
};
static const struct json_shape creator_pid = {&kontor__v1__foreign_id__descriptor,
                                              creator_pid_fields, NULL, NULL};

static const struct json_field organisation_id_fields[] = {
    JSON_TEXT(Kontor__V1__ForeignId, "creatorID", id),
    JSON_TEXT(Kontor__V1__ForeignId, "creatorType", scheme),
    {.key = NULL},
};
static const struct json_shape organisation_id = {&kontor__v1__foreign_id__descriptor,
                                                  organisation_id_fields, NULL, NULL};

static const struct json_field affiliation_fields[] = {
    JSON_TEXT(Kontor__V1__Affiliation, "affiliationName", name),
    JSON_OBJECT(Kontor__V1__Affiliation, "affiliationIdentifier", identifier,
                organisation_id),
    {.key = NULL},
};
static const struct json_shape affiliation = {&kontor__v1__affiliation__descriptor,
                                              affiliation_fields, NULL, NULL};

static const struct json_field eosc6_creator_fields[] = {
    JSON_TEXT(CREATOR, "firstName", given_name),
    JSON_TEXT(CREATOR, "lastName", family_name),
    JSON_TEXT(CREATOR, "email", email),
    JSON_TEXT(CREATOR, "role", role),
    JSON_OBJECTS(CREATOR, "PIDs", ids, creator_pid),
    JSON_OBJECTS(CREATOR, "affiliations", affiliations, affiliation),
    {.key = NULL},
};
SHAPE(eosc6_creator, creator);

/* ---- The main contact ---- */

/*
 * A contact of ours has one organisation and no identifiers: it is somebody to be
 * reached, and no author.
 */
static void
read_affiliations(const struct source *source, const struct json_value *value,
                  const char *place, const struct json_field *field, void *message)
{
    (void)field;
    CONTACT *contact = message;
    bool is_list = value->type == JSON_TYPE_LIST;
    for (size_t i = 0; i < (is_list ? value->n : 1); i++) {
        const struct json_value *element = is_list ? &value->elements[i] : value;
        const char *at =
            is_list ? arena_print(source->arena, "%s[%zu]", place, i) : place;
        const char *name =
            json_fields_is_object(source, element, at)
                ? json_fields_text(source, element, at, "affiliationName")
                : NULL;
        bool is_taken = contact->organisation[0] == '\0' && name != NULL;
        if (is_taken) {
            contact->organisation = arena_copy(source->arena, name);
        }
        if (!is_taken || element->n > 1) {
            source_finding(source, at, "only the name of the first is taken: %s",
                           json_tree_print(element, source->arena));
        }
    }
}

static bool
write_affiliations(struct target *target, const struct json_field *field,
                   const void *message, struct json_value *out)
{
    struct json_member *name = arena_alloc(target->arena, sizeof *name);
    struct json_value *element = arena_alloc(target->arena, sizeof *element);
    name->name = "affiliationName";
    *element = (struct json_value){.type = JSON_TYPE_OBJECT, .members = name, .n = 1};
    *out = (struct json_value){.type = JSON_TYPE_LIST, .elements = element, .n = 1};
    return json_write_text(target, field, message, &name->value);
}

static const struct json_field person_fields[] = {
    JSON_TEXT(CONTACT, "firstName", given_name),
    JSON_TEXT(CONTACT, "lastName", family_name),
    {.owns = "name", .note = "firstName and lastName; a firstName alone is all of it"},
    JSON_TEXT(CONTACT, "email", email),
    JSON_TEXT(CONTACT, "role", position),
    EOSC_UNPLACED("PIDs", "PIDs of the main contact"),
    {.key = "affiliations",
     .at = offsetof(CONTACT, organisation),
     .owns = "organisation",
     .read = read_affiliations,
     .write = write_affiliations,
     .note = "the name of the first; the rest is a finding"},
    {.key = NULL},
};
const struct json_shape eosc6_person = {&kontor__v1__contact__descriptor, person_fields,
                                        eosc_join_name, eosc_part_name};
