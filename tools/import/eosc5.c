/*
 * Profile 4/5 of EOSC: services and providers as the portal held them from 2019 to
 * 2024. Our own names follow it, so most rows say the same twice.
 */
#include "tools/import/eosc.h"

#define SERVICE Kontor__V1__Service
#define PROVIDER Kontor__V1__Provider

static const struct eosc_pairs service_domains = EOSC_PAIRS_OF(
    SERVICE, "scientificDomain", "scientificSubdomain", scientific_subdomains);
static const struct eosc_pairs service_categories =
    EOSC_PAIRS_OF(SERVICE, "category", "subcategory", subcategories);
static const struct eosc_pairs provider_domains = EOSC_PAIRS_OF(
    PROVIDER, "scientificDomain", "scientificSubdomain", scientific_subdomains);
static const struct eosc_pairs provider_meril =
    EOSC_PAIRS_OF(PROVIDER, "merilScientificDomain", "merilScientificSubdomain",
                  meril_scientific_subdomains);

const struct json_field eosc5_service_fields[] = {
    EOSC_ID,
    JSON_TEXT(SERVICE, "abbreviation", abbreviation),
    JSON_TEXT(SERVICE, "name", name),
    EOSC_REFERENCE(SERVICE, "resourceOrganisation", provider),
    EOSC_REFERENCES(SERVICE, "resourceProviders", resource_providers),
    JSON_TEXT(SERVICE, "webpage", webpage),
    JSON_OBJECTS(SERVICE, "alternativeIdentifiers", alternative_ids, eosc_identifier),
    JSON_TEXT(SERVICE, "description", description),
    JSON_TEXT(SERVICE, "tagline", tagline),
    JSON_TEXT(SERVICE, "logo", logo),
    JSON_OBJECTS(SERVICE, "multimedia", multimedia, eosc_multimedia),
    JSON_OBJECTS(SERVICE, "useCases", use_cases, eosc_use_case),
    EOSC_PAIRS(SERVICE, "scientificDomains", scientific_domains, scientific_subdomains,
               service_domains),
    EOSC_PAIRS(SERVICE, "categories", categories, subcategories, service_categories),
    JSON_TEXTS(SERVICE, "targetUsers", target_users),
    JSON_TEXTS(SERVICE, "accessTypes", access_types),
    JSON_TEXTS(SERVICE, "accessModes", access_modes),
    JSON_TEXTS(SERVICE, "tags", tags),
    JSON_FLAG(SERVICE, "horizontalService", is_horizontal),
    JSON_TEXTS(SERVICE, "serviceCategories", service_categories),
    JSON_TEXTS(SERVICE, "marketplaceLocations", marketplace_locations),
    JSON_TEXTS(SERVICE, "geographicalAvailabilities", geographical_availabilities),
    JSON_TEXTS(SERVICE, "languageAvailabilities", languages),
    JSON_TEXTS(SERVICE, "resourceGeographicLocations", geographic_locations),
    JSON_OBJECT(SERVICE, "mainContact", main_contact, eosc_person),
    JSON_OBJECTS(SERVICE, "publicContacts", public_contacts, eosc_person),
    JSON_TEXT(SERVICE, "helpdeskEmail", helpdesk_email),
    JSON_TEXT(SERVICE, "securityContactEmail", security_contact_email),
    JSON_TEXT(SERVICE, "trl", trl),
    JSON_TEXT(SERVICE, "lifeCycleStatus", life_cycle_status),
    JSON_TEXTS(SERVICE, "certifications", certifications),
    JSON_TEXTS(SERVICE, "standards", standards),
    JSON_TEXTS(SERVICE, "openSourceTechnologies", open_source_technologies),
    JSON_TEXT(SERVICE, "version", release),
    EOSC_DATE(SERVICE, "lastUpdate", last_update),
    {.key = "changeLog",
     .at = offsetof(SERVICE, change_log),
     .owns = "change_log",
     .read = eosc_read_lines,
     .write = eosc_write_lines,
     .note = "a list is joined by line ends, and written as a list of one"},
    EOSC_REFERENCES(SERVICE, "requiredResources", required_services),
    EOSC_REFERENCES(SERVICE, "relatedResources", related_services),
    JSON_TEXTS(SERVICE, "relatedPlatforms", platforms),
    JSON_TEXT(SERVICE, "catalogueId", catalogue),
    JSON_TEXTS(SERVICE, "fundingBody", funding_bodies),
    JSON_TEXTS(SERVICE, "fundingPrograms", funding_programs),
    JSON_TEXTS(SERVICE, "grantProjectNames", grant_projects),
    JSON_TEXT(SERVICE, "helpdeskPage", helpdesk_page),
    JSON_TEXT(SERVICE, "userManual", user_manual),
    JSON_TEXT(SERVICE, "termsOfUse", terms_of_use),
    JSON_TEXT(SERVICE, "privacyPolicy", privacy_policy),
    JSON_TEXT(SERVICE, "accessPolicy", access_policy),
    JSON_TEXT(SERVICE, "resourceLevel", sla_url),
    JSON_TEXT(SERVICE, "trainingInformation", training_information),
    JSON_TEXT(SERVICE, "statusMonitoring", status_monitoring),
    JSON_TEXT(SERVICE, "maintenance", maintenance),
    EOSC_ORDER_TYPE,
    JSON_TEXT(SERVICE, "order", order_url),
    JSON_TEXT(SERVICE, "paymentModel", payment_model),
    JSON_TEXT(SERVICE, "pricing", pricing),
    {.key = NULL},
};

static const struct json_part location = {offsetof(PROVIDER, location),
                                          &kontor__v1__location__descriptor};

#define LOCATION(name, member, write_, note_)                                          \
    {                                                                                  \
        .key = name, .at = offsetof(Kontor__V1__Location, member),                     \
        .owns = "location." #member, .read = json_field_text, .write = (write_),       \
        .part = &location, .note = (note_)                                             \
    }

/* The profile's text calls the street one way, its JSON another. */
static const struct json_field location_fields[] = {
    LOCATION("streetNameAndNumber", street, json_write_text, NULL),
    LOCATION("street", street, NULL, "the same by another name"),
    LOCATION("postalCode", postal_code, json_write_text, NULL),
    LOCATION("city", city, json_write_text, NULL),
    LOCATION("region", region, json_write_text, NULL),
    JSON_TEXT(PROVIDER, "country", country),
    {.key = NULL},
};
static const struct json_shape location_group = {NULL, location_fields, NULL, NULL};

const struct json_field eosc5_provider_fields[] = {
    EOSC_ID,
    JSON_TEXT(PROVIDER, "abbreviation", abbreviation),
    JSON_TEXT(PROVIDER, "name", name),
    JSON_TEXT(PROVIDER, "website", website),
    JSON_FLAG(PROVIDER, "legalEntity", is_legal_entity),
    JSON_TEXT(PROVIDER, "legalStatus", legal_status),
    JSON_TEXT(PROVIDER, "hostingLegalEntity", hosting_legal_entity),
    JSON_TEXT(PROVIDER, "description", description),
    JSON_TEXT(PROVIDER, "logo", logo),
    JSON_OBJECTS(PROVIDER, "multimedia", multimedia, eosc_multimedia),
    EOSC_PAIRS(PROVIDER, "scientificDomains", scientific_domains, scientific_subdomains,
               provider_domains),
    JSON_TEXTS(PROVIDER, "tags", tags),
    JSON_TEXTS(PROVIDER, "structureTypes", structure_types),
    JSON_GROUP("location", location_group),
    JSON_OBJECT(PROVIDER, "mainContact", main_contact, eosc_person),
    JSON_OBJECTS(PROVIDER, "publicContacts", public_contacts, eosc_person),
    JSON_TEXT(PROVIDER, "lifeCycleStatus", life_cycle_status),
    JSON_TEXTS(PROVIDER, "certifications", certifications),
    JSON_TEXTS(PROVIDER, "participatingCountries", participating_countries),
    JSON_TEXTS(PROVIDER, "affiliations", affiliations),
    JSON_TEXTS(PROVIDER, "networks", networks),
    JSON_TEXT(PROVIDER, "catalogueId", catalogue),
    JSON_TEXTS(PROVIDER, "esfriDomains", esfri_domains),
    JSON_TEXT(PROVIDER, "esfriType", esfri_type),
    EOSC_PAIRS(PROVIDER, "merilScientificDomains", meril_scientific_domains,
               meril_scientific_subdomains, provider_meril),
    JSON_TEXTS(PROVIDER, "areasOfActivity", areas_of_activity),
    JSON_TEXTS(PROVIDER, "societalGrandChallenges", societal_grand_challenges),
    JSON_TEXTS(PROVIDER, "nationalRoadmaps", national_roadmaps),
    JSON_OBJECTS(PROVIDER, "users", administrators, eosc_user),
    {.key = NULL},
};

/* A catalogue looks like a provider with some members more, so it comes first. */
static const struct eosc_kind kinds[] = {
    {.name = "Catalogue",
     .payload = {"catalogue"},
     .marks = {"inclusionCriteria", "validationProcess", "endOfLife"}},
    {.name = "Helpdesk",
     .payload = {"helpdesk"},
     .marks = {"supportGroups", "ticketPreservation", "signatures", "webform"}},
    {.name = "Monitoring",
     .payload = {"monitoring"},
     .marks = {"monitoredBy", "monitoringGroups"}},
    {.name = "Datasource", .payload = {"datasource"}, .marks = {"researchEntityTypes"}},
    {.name = "Training Resource", .payload = {"trainingResource"}},
    {.name = "Interoperability Record", .payload = {"interoperabilityRecord"}},
    {.name = "Provider",
     .payload = {"provider", "organisation"},
     .marks = {"legalEntity", "location", "users", "legalStatus", "networks",
               "participatingCountries", "esfriDomains"},
     .fields = eosc5_provider_fields,
     .is_provider = true},
    {.name = "Service",
     .payload = {"service"},
     .marks = {"resourceOrganisation", "orderType", "trl", "targetUsers",
               "helpdeskEmail", "securityContactEmail", "resourceProviders"},
     .fields = eosc5_service_fields},
    {.name = NULL},
};

const struct eosc_profile eosc_profile_5 = {"eosc-5", kinds};
