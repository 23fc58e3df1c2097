#include "plan/madmp_table.h"

#include <string.h>

#define TEXT(name_, required_)                                                         \
    {                                                                                  \
        .name = name_, .type = JSON_TYPE_TEXT, .versions = IN_ALL,                     \
        .required = required_                                                          \
    }
#define TEXTS(name_)                                                                   \
    {                                                                                  \
        .name = name_, .type = JSON_TYPE_TEXT, .versions = IN_ALL, .lists = IN_ALL     \
    }
#define FORMED(name_, required_, form_)                                                \
    {                                                                                  \
        .name = name_, .type = JSON_TYPE_TEXT, .versions = IN_ALL,                     \
        .required = required_, .form = form_                                           \
    }
#define CHOICE(name_, required_, values_)                                              \
    {                                                                                  \
        .name = name_, .type = JSON_TYPE_TEXT, .versions = IN_ALL,                     \
        .required = required_, .values = values_, .closed = IN_ALL                     \
    }
#define OBJECT(name_, required_, members_)                                             \
    {                                                                                  \
        .name = name_, .type = JSON_TYPE_OBJECT, .versions = IN_ALL,                   \
        .required = required_, .members = members_                                     \
    }
#define OBJECTS(name_, members_, filled_)                                              \
    {                                                                                  \
        .name = name_, .type = JSON_TYPE_OBJECT, .versions = IN_ALL, .lists = IN_ALL,  \
        .filled = filled_, .members = members_                                         \
    }
/* What came with 1.2. */
#define NEW_TEXT(name_, required_)                                                     \
    {                                                                                  \
        .name = name_, .type = JSON_TYPE_TEXT, .versions = IN_1_2,                     \
        .required = required_                                                          \
    }
#define NEW_OBJECTS(name_, members_)                                                   \
    {                                                                                  \
        .name = name_, .type = JSON_TYPE_OBJECT, .versions = IN_1_2, .lists = IN_1_2,  \
        .members = members_                                                            \
    }
#define END                                                                            \
    {                                                                                  \
        .name = NULL                                                                   \
    }

/* An identifier's type: closed before 1.2, since then only proposed. */
#define IDENTIFIER(table_, values_, closed_)                                           \
    static const struct madmp_field table_[] = {                                       \
        TEXT("identifier", IN_ALL),                                                    \
        {.name = "type",                                                               \
         .type = JSON_TYPE_TEXT,                                                       \
         .versions = IN_ALL,                                                           \
         .required = IN_ALL,                                                           \
         .values = values_,                                                            \
         .closed = closed_},                                                           \
        END,                                                                           \
    }

#define YES_NO " yes no unknown "

IDENTIFIER(person_id, " orcid isni openid other ", IN_1_0 | IN_1_1);
IDENTIFIER(data_id, " handle doi ark url other ", IN_1_0 | IN_1_1);
IDENTIFIER(funder_id, " fundref url other ", IN_1_0 | IN_1_1);
IDENTIFIER(grant_id, " url other ", IN_1_0 | IN_1_1);
IDENTIFIER(standard_id, " url other ", IN_ALL);
IDENTIFIER(open_id, NULL, 0);

static const struct madmp_field related_id[] = {
    NEW_TEXT("identifier", IN_1_2),
    NEW_TEXT("type", IN_1_2),
    NEW_TEXT("relation_type", IN_1_2),
    NEW_TEXT("metadata_scheme", 0),
    NEW_TEXT("resource_type", 0),
    NEW_TEXT("scheme_type", 0),
    {.name = "scheme_uri",
     .type = JSON_TYPE_TEXT,
     .versions = IN_1_2,
     .form = FORM_URI},
    END,
};

static const struct madmp_field affiliation[] = {
    NEW_TEXT("name", IN_1_2),
    {.name = "affiliation_id",
     .type = JSON_TYPE_OBJECT,
     .versions = IN_1_2,
     .required = IN_1_2,
     .members = open_id},
    END,
};

static const struct madmp_field contact[] = {
    TEXT("name", IN_ALL),
    FORMED("mbox", IN_ALL, FORM_EMAIL),
    {.name = "contact_id",
     .type = JSON_TYPE_OBJECT,
     .versions = IN_ALL,
     .required = IN_ALL,
     .one_or_list = IN_1_2,
     .filled = IN_1_2,
     .members = person_id},
    NEW_OBJECTS("affiliation", affiliation),
    END,
};

static const struct madmp_field contributor[] = {
    TEXT("name", IN_ALL),
    FORMED("mbox", 0, FORM_EMAIL),
    {.name = "contributor_id",
     .type = JSON_TYPE_OBJECT,
     .versions = IN_ALL,
     .required = IN_ALL,
     .one_or_list = IN_1_2,
     .members = person_id},
    {.name = "role",
     .type = JSON_TYPE_TEXT,
     .versions = IN_ALL,
     .required = IN_ALL,
     .lists = IN_ALL,
     .filled = IN_1_0,
     .distinct = IN_ALL},
    NEW_OBJECTS("affiliation", affiliation),
    END,
};

static const struct madmp_field creator[] = {
    NEW_TEXT("name", IN_1_2),
    {.name = "mbox", .type = JSON_TYPE_TEXT, .versions = IN_1_2, .form = FORM_EMAIL},
    {.name = "creator_id",
     .type = JSON_TYPE_OBJECT,
     .versions = IN_1_2,
     .required = IN_1_2,
     .one_or_list = IN_1_2,
     .members = open_id},
    NEW_OBJECTS("affiliation", affiliation),
    END,
};

static const struct madmp_field cost[] = {
    TEXT("title", IN_ALL),
    TEXT("description", 0),
    {.name = "value", .type = JSON_TYPE_REAL, .versions = IN_ALL},
    CHOICE("currency_code", 0, madmp_currencies),
    END,
};

static const struct madmp_field funding[] = {
    OBJECT("funder_id", IN_ALL, funder_id),
    OBJECT("grant_id", IN_1_0, grant_id),
    CHOICE("funding_status", 0, " planned applied granted rejected "),
    END,
};

static const struct madmp_field project[] = {
    TEXT("title", IN_ALL),
    TEXT("description", 0),
    FORMED("start", IN_1_0, FORM_DATE),
    FORMED("end", IN_1_0, FORM_DATE),
    OBJECTS("funding", funding, 0),
    NEW_OBJECTS("project_id", open_id),
    END,
};

static const struct madmp_field host[] = {
    TEXT("title", IN_ALL),
    FORMED("url", IN_ALL, FORM_URI),
    TEXT("description", 0),
    TEXT("availability", 0),
    TEXT("backup_frequency", 0),
    TEXT("backup_type", 0),
    CHOICE("certified_with", 0,
           " din31644 dini-zertifikat dsa iso16363 iso16919 trac wds coretrustseal "),
    CHOICE("geo_location", 0, madmp_countries),
    {.name = "pid_system",
     .type = JSON_TYPE_TEXT,
     .versions = IN_ALL,
     .lists = IN_ALL,
     .values = " ark arxiv bibcode doi ean13 eissn handle igsn isbn issn istc lissn"
               " lsid pmid purl upc url urn other ",
     .closed = IN_ALL},
    TEXT("storage_type", 0),
    CHOICE("support_versioning", 0, YES_NO),
    NEW_OBJECTS("host_id", open_id),
    END,
};

static const struct madmp_field license[] = {
    FORMED("license_ref", IN_ALL, FORM_URI),
    FORMED("start_date", IN_ALL, FORM_DATE),
    END,
};

static const struct madmp_field distribution[] = {
    TEXT("title", IN_ALL),
    TEXT("description", 0),
    CHOICE("data_access", IN_ALL, " open shared closed "),
    {.name = "byte_size", .type = JSON_TYPE_INTEGER, .versions = IN_ALL},
    TEXT("access_url", 0),
    FORMED("download_url", 0, FORM_URI),
    FORMED("available_until", 0, FORM_DATE),
    TEXTS("format"),
    OBJECT("host", 0, host),
    OBJECTS("license", license, IN_1_0),
    {.name = "issued", .type = JSON_TYPE_TEXT, .versions = IN_1_2, .form = FORM_DATE},
    END,
};

static const struct madmp_field metadata[] = {
    CHOICE("language", IN_ALL, madmp_languages),
    TEXT("description", 0),
    {.name = "metadata_standard_id",
     .type = JSON_TYPE_OBJECT,
     .versions = IN_ALL,
     .required = IN_ALL,
     .one_or_list = IN_1_2,
     .filled = IN_1_2,
     .members = standard_id},
    END,
};

static const struct madmp_field security_and_privacy[] = {
    TEXT("title", IN_ALL),
    TEXT("description", 0),
    END,
};

static const struct madmp_field technical_resource[] = {
    TEXT("name", IN_ALL),
    TEXT("description", 0),
    NEW_OBJECTS("technical_resource_id", open_id),
    END,
};

static const struct madmp_field dataset[] = {
    TEXT("title", IN_ALL),
    TEXT("description", 0),
    TEXT("type", 0),
    OBJECT("dataset_id", IN_ALL, data_id),
    CHOICE("personal_data", IN_ALL, YES_NO),
    CHOICE("sensitive_data", IN_ALL, YES_NO),
    TEXTS("data_quality_assurance"),
    TEXTS("keyword"),
    FORMED("issued", 0, FORM_DATE),
    CHOICE("language", 0, madmp_languages),
    TEXT("preservation_statement", 0),
    OBJECTS("metadata", metadata, IN_1_0),
    OBJECTS("security_and_privacy", security_and_privacy, IN_1_0),
    OBJECTS("technical_resource", technical_resource, 0),
    OBJECTS("distribution", distribution, 0),
    {.name = "is_reused", .type = JSON_TYPE_BOOLEAN, .versions = IN_1_2},
    NEW_TEXT("rights", 0),
    NEW_OBJECTS("creator", creator),
    NEW_OBJECTS("alternate_identifier", open_id),
    NEW_OBJECTS("related_identifier", related_id),
    END,
};

static const struct madmp_field dmp[] = {
    TEXT("title", IN_ALL),
    TEXT("description", 0),
    OBJECT("dmp_id", IN_ALL, data_id),
    CHOICE("language", IN_ALL, madmp_languages),
    FORMED("created", IN_ALL, FORM_DATE_TIME),
    FORMED("modified", IN_ALL, FORM_DATE_TIME),
    CHOICE("ethical_issues_exist", IN_ALL, YES_NO),
    TEXT("ethical_issues_description", 0),
    FORMED("ethical_issues_report", 0, FORM_VERSIONED_URI),
    OBJECT("contact", IN_ALL, contact),
    OBJECTS("contributor", contributor, 0),
    OBJECTS("cost", cost, 0),
    OBJECTS("project", project, 0),
    {.name = "dataset",
     .type = JSON_TYPE_OBJECT,
     .versions = IN_ALL,
     .required = IN_ALL,
     .lists = IN_ALL,
     .filled = IN_1_0,
     .members = dataset},
    NEW_OBJECTS("alternate_identifier", open_id),
    NEW_OBJECTS("related_identifier", related_id),
    END,
};

const struct madmp_field madmp_document[] = {OBJECT("dmp", IN_ALL, dmp), END};

/* Only 1.1 minds what else stands beside the plan, such as "$schema". */
const unsigned madmp_closed_document = IN_1_1;

static bool
has_field(const struct madmp_field *fields, const char *name)
{
    for (const struct madmp_field *field = fields; field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0 ||
            (field->members != NULL && has_field(field->members, name))) {
            return true;
        }
    }
    return false;
}

bool
madmp_table_has_field(const char *name)
{
    return has_field(madmp_document, name);
}

static bool
has_value(const struct madmp_field *fields, const char *text)
{
    for (const struct madmp_field *field = fields; field->name != NULL; field++) {
        if ((field->values != NULL && madmp_is_among(field->values, text)) ||
            (field->members != NULL && has_value(field->members, text))) {
            return true;
        }
    }
    return false;
}

bool
madmp_table_has_value(const char *text)
{
    return has_value(madmp_document, text);
}
