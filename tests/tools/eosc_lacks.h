/*
 * Which fields of ours have no member in each kind of record of EOSC's profiles, kept
 * by hand beside the tables: a field that is new to the contract is in no list, and the
 * tests that read these say so.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_TESTS_TOOLS_EOSC_LACKS_H
#define KONTOR_TESTS_TOOLS_EOSC_LACKS_H

#include <stddef.h>

static const char *const not_in_5_provider[] = {"calendar",
                                                "alternative_ids",
                                                "node",
                                                "administrators.phone",
                                                "administrators.position",
                                                "administrators.organisation",
                                                NULL};
static const char *const not_in_5_service[] = {
    "phase",           "restrictions", "targets",  "offers",     "node", "jurisdiction",
    "publishing_date", "urls",         "creators", "components", NULL};
static const char *const not_in_6_organisation[] = {"public_contacts.name",
                                                    "public_contacts.phone",
                                                    "public_contacts.given_name",
                                                    "public_contacts.family_name",
                                                    "public_contacts.position",
                                                    "public_contacts.organisation",
                                                    "tags",
                                                    "networks",
                                                    "structure_types",
                                                    "main_contact.phone",
                                                    "calendar",
                                                    "location",
                                                    "scientific_domains",
                                                    "scientific_subdomains",
                                                    "life_cycle_status",
                                                    "certifications",
                                                    "participating_countries",
                                                    "affiliations",
                                                    "catalogue",
                                                    "esfri_domains",
                                                    "esfri_type",
                                                    "meril_scientific_domains",
                                                    "meril_scientific_subdomains",
                                                    "areas_of_activity",
                                                    "societal_grand_challenges",
                                                    "national_roadmaps",
                                                    "administrators.phone",
                                                    "administrators.position",
                                                    "administrators.organisation",
                                                    NULL};

/* No service of profile 6, of whatever kind, has these. */
#define NOT_IN_6                                                                       \
    "public_contacts.name", "public_contacts.phone", "public_contacts.given_name",     \
        "public_contacts.family_name", "public_contacts.position",                     \
        "public_contacts.organisation", "target_users", "access_modes",                \
        "geographical_availabilities", "phase", "certifications", "standards",         \
        "required_services", "platforms", "helpdesk_page", "helpdesk_email",           \
        "user_manual", "training_information", "status_monitoring", "maintenance",     \
        "sla_url", "payment_model", "pricing", "change_log", "restrictions",           \
        "targets", "offers", "security_contact_email", "multimedia", "use_cases",      \
        "is_horizontal", "service_categories", "marketplace_locations",                \
        "geographic_locations", "life_cycle_status", "open_source_technologies",       \
        "catalogue", "funding_bodies", "funding_programs", "grant_projects",           \
        "components"
/* Nor have those that have authors: trainings, guidelines, applications. */
#define NOT_IN_6_AUTHORED                                                              \
    "webpage", "categories", "subcategories", "access_types", "resource_providers",    \
        "trl", "terms_of_use", "privacy_policy", "access_policy", "order_type",        \
        "order_url", "main_contact", "jurisdiction"

static const char *const not_in_6_service[] = {
    NOT_IN_6,           "abbreviation",       "tagline",     "languages", "release",
    "related_services", "main_contact.phone", "last_update", "creators",  NULL};
static const char *const not_in_6_data_source[] = {
    NOT_IN_6,           "abbreviation",       "tagline",     "languages", "release",
    "related_services", "main_contact.phone", "last_update", "creators",  NULL};
static const char *const not_in_6_training[] = {
    NOT_IN_6, NOT_IN_6_AUTHORED, "abbreviation", "tagline", "logo",
    "tags",   "release",         "last_update",  NULL};
static const char *const not_in_6_guideline[] = {NOT_IN_6,
                                                 NOT_IN_6_AUTHORED,
                                                 "abbreviation",
                                                 "tagline",
                                                 "logo",
                                                 "scientific_domains",
                                                 "scientific_subdomains",
                                                 "tags",
                                                 "languages",
                                                 "release",
                                                 "related_services",
                                                 "last_update",
                                                 NULL};
static const char *const not_in_6_application[] = {
    NOT_IN_6, NOT_IN_6_AUTHORED, "languages", "related_services", NULL};

#endif
