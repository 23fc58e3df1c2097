/*
 * Profile 6 of EOSC: organisations, services, and the four other kinds that are
 * services of ours with a part of their own.
 */
#include <string.h>

#include "tools/import/eosc.h"
#include "tools/import/eosc6_parts.h"

#define SERVICE Kontor__V1__Service
#define PROVIDER Kontor__V1__Provider

static const struct eosc_pairs domains = EOSC_PAIRS_OF(
    SERVICE, "scientificDomain", "scientificSubdomain", scientific_subdomains);
static const struct eosc_pairs categories =
    EOSC_PAIRS_OF(SERVICE, "category", "subcategory", subcategories);

/* What all kinds of services have; each says which it is. */
#define BASIC(kind_name)                                                               \
    EOSC_ID, JSON_TEXT(SERVICE, "name", name), JSON_TEXTS(SERVICE, "urls", urls),      \
        JSON_OBJECTS(SERVICE, "alternativePIDs", alternative_ids, eosc6_pid),          \
        JSON_TEXT(SERVICE, "nodePID", node),                                           \
        JSON_TEXT(SERVICE, "description", description),                                \
        EOSC_DATE(SERVICE, "publishingDate", publishing_date),                         \
        {.key = "type",                                                                \
         .write = eosc6_write_type,                                                    \
         .extra = (kind_name),                                                         \
         .note = "which kind it is: " kind_name},                                      \
        EOSC_REFERENCE(SERVICE, "resourceOwner", provider)
#define DOMAINS                                                                        \
    EOSC_PAIRS(SERVICE, "scientificDomains", scientific_domains,                       \
               scientific_subdomains, domains)
#define PUBLIC_CONTACTS(type)                                                          \
    {                                                                                  \
        .key = "publicContacts", .at = offsetof(type, public_contacts),                \
        .n_at = offsetof(type, n_public_contacts), .owns = "public_contacts",          \
        .read = eosc6_read_emails, .write = eosc6_write_emails,                        \
        .note = "addresses alone"                                                      \
    }
#define CREATORS                                                                       \
    JSON_OBJECTS(SERVICE, "creators", creators, eosc6_creator), PUBLIC_CONTACTS(SERVICE)
/* What a service and a data source have besides. */
#define OFFERED                                                                        \
    EOSC_REFERENCES(SERVICE, "serviceProviders", resource_providers),                  \
        JSON_TEXT(SERVICE, "webpage", webpage), JSON_TEXT(SERVICE, "logo", logo),      \
        DOMAINS,                                                                       \
        EOSC_PAIRS(SERVICE, "categories", categories, subcategories, categories),      \
        JSON_TEXTS(SERVICE, "accessTypes", access_types),                              \
        JSON_TEXTS(SERVICE, "tags", tags),                                             \
        JSON_TEXT(SERVICE, "jurisdiction", jurisdiction),                              \
        JSON_TEXT(SERVICE, "trl", trl),                                                \
        JSON_TEXT(SERVICE, "termsOfUse", terms_of_use),                                \
        JSON_TEXT(SERVICE, "privacyPolicy", privacy_policy),                           \
        JSON_TEXT(SERVICE, "accessPolicy", access_policy), EOSC_ORDER_TYPE,            \
        JSON_TEXT(SERVICE, "order", order_url),                                        \
        JSON_OBJECT(SERVICE, "mainContact", main_contact, eosc6_person),               \
        PUBLIC_CONTACTS(SERVICE)

const struct json_field eosc6_service_fields[] = {
    BASIC("Service"),
    OFFERED,
    {.key = NULL},
};

/* ---- Data source ---- */

static const struct json_part data_source = {offsetof(SERVICE, data_source),
                                             &kontor__v1__data_source__descriptor};
#define DATA_SOURCE(name, member, kind, ...)                                           \
    {                                                                                  \
        .key = name, .at = offsetof(Kontor__V1__DataSource, member),                   \
        .owns = "data_source." #member, .read = json_field_##kind,                     \
        .write = json_write_##kind, .part = &data_source, __VA_ARGS__                  \
    }
#define DATA_SOURCE_N(member) .n_at = offsetof(Kontor__V1__DataSource, n_##member)

const struct json_field eosc6_data_source_fields[] = {
    BASIC("Datasource"),
    OFFERED,
    DATA_SOURCE("submissionPolicyURL", submission_policy, text, .note = NULL),
    DATA_SOURCE("preservationPolicyURL", preservation_policy, text, .note = NULL),
    DATA_SOURCE("versionControl", has_version_control, flag, .note = NULL),
    DATA_SOURCE("persistentIdentitySystems", identifier_systems, objects,
                DATA_SOURCE_N(identifier_systems), .shape = &eosc6_identifier_system),
    DATA_SOURCE("datasourceClassification", classification, text, .note = NULL),
    DATA_SOURCE("researchProductTypes", research_product_types, texts,
                DATA_SOURCE_N(research_product_types)),
    DATA_SOURCE("thematic", is_thematic, flag, .note = NULL),
    DATA_SOURCE("metadataLicense", metadata_licence, object,
                .shape = &eosc6_metadata_licence),
    {.key = NULL},
};

/* ---- Training ---- */

static const struct json_part training = {offsetof(SERVICE, training),
                                          &kontor__v1__training__descriptor};
#define TRAINING(name, member, kind, ...)                                              \
    {                                                                                  \
        .key = name, .at = offsetof(Kontor__V1__Training, member),                     \
        .owns = "training." #member, .read = json_field_##kind,                        \
        .write = json_write_##kind, .part = &training, __VA_ARGS__                     \
    }
#define TRAINING_TEXT(name, member) TRAINING(name, member, text, .note = NULL)
#define TRAINING_TEXTS(name, member)                                                   \
    TRAINING(name, member, texts, .n_at = offsetof(Kontor__V1__Training, n_##member))

const struct json_field eosc6_training_fields[] = {
    BASIC("Training Resource"),
    EOSC_REFERENCES(SERVICE, "eoscRelatedServices", related_services),
    TRAINING_TEXTS("keywords", keywords),
    TRAINING("license", licence, object, .shape = &eosc6_licence),
    TRAINING_TEXT("accessRights", access_rights),
    {.key = "versionDate",
     .at = offsetof(Kontor__V1__Training, version_date),
     .owns = "training.version_date",
     .read = eosc_read_date,
     .write = json_write_text,
     .part = &training,
     .note = "a time of day is left out"},
    TRAINING_TEXTS("targetGroups", target_groups),
    TRAINING_TEXTS("learningResourceTypes", learning_resource_types),
    TRAINING_TEXTS("learningOutcomes", learning_outcomes),
    TRAINING_TEXT("expertiseLevel", expertise_level),
    TRAINING_TEXTS("contentResourceTypes", content_resource_types),
    TRAINING_TEXTS("qualifications", qualifications),
    TRAINING_TEXT("duration", duration),
    JSON_TEXTS(SERVICE, "languages", languages),
    DOMAINS,
    CREATORS,
    {.key = NULL},
};

/* ---- Guideline ---- */

static const struct json_part guideline = {offsetof(SERVICE, guideline),
                                           &kontor__v1__guideline__descriptor};
#define GUIDELINE(name, member, kind, ...)                                             \
    {                                                                                  \
        .key = name, .at = offsetof(Kontor__V1__Guideline, member),                    \
        .owns = "guideline." #member, .read = json_field_##kind,                       \
        .write = json_write_##kind, .part = &guideline, __VA_ARGS__                    \
    }

static const struct json_field resource_type_fields[] = {
    GUIDELINE("resourceType", resource_type, text, .note = NULL),
    GUIDELINE("resourceTypeGeneral", resource_type_general, text, .note = NULL),
    {.key = NULL},
};
static const struct json_shape resource_type = {NULL, resource_type_fields, NULL, NULL};

const struct json_field eosc6_guideline_fields[] = {
    BASIC("Interoperability Guideline"),
    JSON_GROUP("resourceTypeInfo", resource_type),
    GUIDELINE("relatedStandards", related_standards, objects,
              .n_at = offsetof(Kontor__V1__Guideline, n_related_standards),
              .shape = &eosc6_standard),
    GUIDELINE("license", licence, object, .shape = &eosc6_licence),
    CREATORS,
    {.key = NULL},
};

/* ---- Deployable application ---- */

static const struct json_part application = {
    offsetof(SERVICE, deployable_application),
    &kontor__v1__deployable_application__descriptor};

const struct json_field eosc6_application_fields[] = {
    BASIC("Deployable Application"),
    JSON_TEXT(SERVICE, "acronym", abbreviation),
    JSON_TEXT(SERVICE, "tagline", tagline),
    JSON_TEXT(SERVICE, "logo", logo),
    DOMAINS,
    JSON_TEXTS(SERVICE, "tags", tags),
    JSON_TEXT(SERVICE, "version", release),
    EOSC_DATE(SERVICE, "lastUpdate", last_update),
    {.key = "license",
     .at = offsetof(Kontor__V1__DeployableApplication, licence),
     .owns = "deployable_application.licence",
     .read = json_field_object,
     .write = json_write_object,
     .part = &application,
     .shape = &eosc6_licence},
    CREATORS,
    {.key = NULL},
};

/* ---- Organisation ---- */

const struct json_field eosc6_organisation_fields[] = {
    EOSC_ID,
    JSON_TEXT(PROVIDER, "name", name),
    JSON_TEXT(PROVIDER, "abbreviation", abbreviation),
    JSON_OBJECTS(PROVIDER, "alternativePIDs", alternative_ids, eosc6_pid),
    JSON_TEXT(PROVIDER, "nodePID", node),
    JSON_TEXT(PROVIDER, "website", website),
    JSON_TEXT(PROVIDER, "country", country),
    JSON_FLAG(PROVIDER, "legalEntity", is_legal_entity),
    JSON_TEXT(PROVIDER, "legalStatus", legal_status),
    JSON_TEXT(PROVIDER, "hostingLegalEntity", hosting_legal_entity),
    JSON_TEXT(PROVIDER, "description", description),
    JSON_TEXT(PROVIDER, "logo", logo),
    JSON_OBJECTS(PROVIDER, "multimedia", multimedia, eosc_multimedia),
    JSON_OBJECT(PROVIDER, "mainContact", main_contact, eosc6_person),
    PUBLIC_CONTACTS(PROVIDER),
    JSON_OBJECTS(PROVIDER, "users", administrators, eosc_user),
    {.key = NULL},
};

/* ---- The profile ---- */

/* A data source has all members of a service, so the plain service comes last. */
static const struct eosc_kind kinds[] = {
    {.name = "Adapter",
     .payload = {"adapter"},
     .marks = {"linkedResource", "programmingLanguage", "repository", "package"}},
    {.name = "Configuration Template",
     .payload = {"configurationTemplate"},
     .marks = {"formModel", "interoperabilityRecordId"}},
    {.name = "Resource Interoperability Record",
     .payload = {"resourceInteroperabilityRecord"},
     .marks = {"interoperabilityRecordIds"}},
    {.name = "Catalogue", .payload = {"catalogue"}},
    {.name = "Datasource",
     .payload = {"datasource"},
     .marks = {"datasourceClassification", "researchProductTypes", "thematic",
               "versionControl", "submissionPolicyURL", "preservationPolicyURL",
               "persistentIdentitySystems", "metadataLicense"},
     .fields = eosc6_data_source_fields,
     .kind = KONTOR__V1__SERVICE__KIND_DATA_SOURCE,
     .part = &data_source},
    {.name = "Training Resource",
     .payload = {"trainingResource", "training"},
     .marks = {"learningOutcomes", "expertiseLevel", "targetGroups",
               "learningResourceTypes", "contentResourceTypes", "qualifications",
               "versionDate", "eoscRelatedServices"},
     .fields = eosc6_training_fields,
     .kind = KONTOR__V1__SERVICE__KIND_TRAINING,
     .part = &training},
    {.name = "Interoperability Guideline",
     .payload = {"interoperabilityRecord", "guideline"},
     .marks = {"resourceTypeInfo", "relatedStandards"},
     .fields = eosc6_guideline_fields,
     .kind = KONTOR__V1__SERVICE__KIND_GUIDELINE,
     .part = &guideline},
    {.name = "Deployable Application",
     .payload = {"deployableApplication", "deployableService"},
     .marks = {"acronym"},
     .fields = eosc6_application_fields,
     .kind = KONTOR__V1__SERVICE__KIND_DEPLOYABLE_APPLICATION,
     .part = &application},
    {.name = "Organisation",
     .payload = {"organisation", "provider"},
     .marks = {"legalEntity", "users", "website", "legalStatus", "hostingLegalEntity"},
     .fields = eosc6_organisation_fields,
     .is_provider = true},
    {.name = "Service",
     .payload = {"service"},
     .marks = {"orderType", "serviceProviders", "trl", "webpage", "jurisdiction",
               "termsOfUse", "accessTypes", "categories"},
     .fields = eosc6_service_fields},
    {.name = NULL},
};

const struct eosc_profile eosc_profile_6 = {"eosc-6", kinds};
