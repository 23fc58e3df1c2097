/* Sites and endpoints of GOCDB. */
#include <string.h>

#include "tools/import/gocdb.h"
#include "tools/import/records.h"

static void read_certification(const struct source *source, xmlNode *node,
                               const struct xml_field *field, void *message);
static void read_degrees(const struct source *source, xmlNode *node,
                         const struct xml_field *field, void *message);
static void read_domain(const struct source *source, xmlNode *node,
                        const struct xml_field *field, void *message);
static void keep_yes(const struct source *source, xmlNode *node,
                     const struct xml_field *field, void *message);
static void read_interfaces(const struct source *source, xmlNode *node,
                            const struct xml_field *field, void *message);

#define SITE(member) offsetof(Kontor__V1__Site, member)
#define ENDPOINT(member) offsetof(Kontor__V1__Endpoint, member)

/* Certification counts when a site is new; afterwards only a certifier moves it. */
static const struct xml_field site_fields[] = {
    {"PRIMARY_KEY", NULL, 0, 0, "source"},
    {"SHORT_NAME", xml_field_text, SITE(short_name), 0, "short_name"},
    {"OFFICIAL_NAME", xml_field_text, SITE(official_name), 0, "official_name"},
    {"SITE_DESCRIPTION", xml_field_text, SITE(description), 0, "description"},
    {"HOME_URL", xml_field_url, SITE(home_url), 0, "home_url"},
    {"COUNTRY", xml_field_text, SITE(country), 0, "country"},
    {"ROC", xml_field_text, SITE(operator_group), 0, "operator_group"},
    {"PRODUCTION_INFRASTRUCTURE", xml_field_text, SITE(infrastructure), 0,
     "infrastructure"},
    {"CERTIFICATION_STATUS", read_certification, 0, 0, NULL},
    {"TIMEZONE", xml_field_text, SITE(timezone), 0, "timezone"},
    {"LATITUDE", read_degrees, 0, 0, "latitude"},
    {"LONGITUDE", read_degrees, 0, 0, "longitude"},
    {"DOMAIN", read_domain, SITE(domain), 0, "domain"},
    {"IP_RANGE", xml_field_text, SITE(ip_range), 0, "ip_range"},
    {"SITE_IP", xml_field_text, SITE(ip_range), 0, "ip_range"},
    {"LOCATION", xml_field_text, SITE(location), 0, "location"},
    {"TIER", xml_field_text, SITE(tier), 0, "tier"},
    {"GIIS_URL", xml_field_url, SITE(giis_url), 0, "giis_url"},
    {"SCOPE", xml_field_texts, SITE(scopes), SITE(n_scopes), "scopes"},
    {"SCOPES", gocdb_scopes, SITE(scopes), SITE(n_scopes), "scopes"},
    {"CONTACT_EMAIL", gocdb_role, SITE(contacts), SITE(n_contacts), "contacts"},
    {"CONTACT_TEL", gocdb_role, SITE(contacts), SITE(n_contacts), "contacts"},
    {"CSIRT_EMAIL", gocdb_role, SITE(contacts), SITE(n_contacts), "contacts"},
    {"CSIRTTEL", gocdb_role, SITE(contacts), SITE(n_contacts), "contacts"},
    {"CSIRT_TEL", gocdb_role, SITE(contacts), SITE(n_contacts), "contacts"},
    {"EMERGENCYTEL", gocdb_role, SITE(contacts), SITE(n_contacts), "contacts"},
    {"EMERGENCY_TEL", gocdb_role, SITE(contacts), SITE(n_contacts), "contacts"},
    {"ALARM_EMAIL", gocdb_role, SITE(contacts), SITE(n_contacts), "contacts"},
    {"HELPDESKEMAIL", gocdb_role, SITE(contacts), SITE(n_contacts), "contacts"},
    {"EXTENSIONS", gocdb_extensions, SITE(extensions), SITE(n_extensions),
     "extensions"},
    {"DPMT_URL", gocdb_keep, SITE(extensions), SITE(n_extensions), "extensions"},
    {"COUNTRY_CODE", gocdb_keep, SITE(extensions), SITE(n_extensions), "extensions"},
    {"GOCDB_PORTAL_URL", gocdb_keep, SITE(extensions), SITE(n_extensions),
     "extensions"},
    {"NOTIFICATIONS", keep_yes, SITE(extensions), SITE(n_extensions), "extensions"},
    {"SITE_IPV6", gocdb_keep, SITE(extensions), SITE(n_extensions), "extensions"},
    {"SUBGRID", gocdb_keep, SITE(extensions), SITE(n_extensions), "extensions"},
    {NULL, NULL, 0, 0, NULL},
};

/*
 * The country and the ROC of an endpoint are its site's: kept in one place only,
 * they cannot disagree.
 */
static const struct xml_field endpoint_fields[] = {
    {"PRIMARY_KEY", NULL, 0, 0, "source"},
    {"SITENAME", NULL, 0, 0, "site"},
    {"HOSTNAME", xml_field_text, ENDPOINT(host), 0, "host"},
    {"SERVICE_TYPE", xml_field_text, ENDPOINT(type), 0, "type"},
    {"URL", xml_field_url, ENDPOINT(url), 0, "url"},
    {"DESCRIPTION", xml_field_text, ENDPOINT(description), 0, "description"},
    {"IN_PRODUCTION", xml_field_flag, ENDPOINT(is_production), 0, "is_production"},
    {"NODE_MONITORED", xml_field_flag, ENDPOINT(is_monitored), 0, "is_monitored"},
    {"BETA", xml_field_flag, ENDPOINT(is_beta), 0, "is_beta"},
    {"CORE", xml_field_flag, ENDPOINT(is_core), 0, "is_core"},
    {"HOST_IP", xml_field_text, ENDPOINT(host_ip), 0, "host_ip"},
    {"HOSTDN", xml_field_text, ENDPOINT(host_dn), 0, "host_dn"},
    {"HOST_OS", xml_field_text, ENDPOINT(host_os), 0, "host_os"},
    {"HOST_ARCH", xml_field_text, ENDPOINT(host_architecture), 0, "host_architecture"},
    {"ENDPOINTS", read_interfaces, 0, 0, "interfaces"},
    {"SCOPE", xml_field_texts, ENDPOINT(scopes), ENDPOINT(n_scopes), "scopes"},
    {"SCOPES", gocdb_scopes, ENDPOINT(scopes), ENDPOINT(n_scopes), "scopes"},
    {"CONTACT_EMAIL", gocdb_email, ENDPOINT(contact), 0, "contact"},
    {"EXTENSIONS", gocdb_extensions, ENDPOINT(extensions), ENDPOINT(n_extensions),
     "extensions"},
    {"GOCDB_PORTAL_URL", gocdb_keep, ENDPOINT(extensions), ENDPOINT(n_extensions),
     "extensions"},
    {"DPMT_URL", gocdb_keep, ENDPOINT(extensions), ENDPOINT(n_extensions),
     "extensions"},
    {"HOST_IPV6", gocdb_keep, ENDPOINT(extensions), ENDPOINT(n_extensions),
     "extensions"},
    {"NOTIFICATIONS", keep_yes, ENDPOINT(extensions), ENDPOINT(n_extensions),
     "extensions"},
    {"COUNTRY_NAME", NULL, 0, 0, NULL},
    {"COUNTRY_CODE", NULL, 0, 0, NULL},
    {"ROC_NAME", NULL, 0, 0, NULL},
    {NULL, NULL, 0, 0, NULL},
};

static const struct xml_field interface_fields[] = {
    {"ID", NULL, 0, 0, NULL},
    {"EXTENSIONS", NULL, 0, 0, NULL},
    {"ENDPOINT_MONITORED", NULL, 0, 0, NULL},
    {"CONTACT_EMAIL", NULL, 0, 0, NULL},
    {"NAME", xml_field_text, offsetof(Kontor__V1__Interface, name), 0, NULL},
    {"URL", xml_field_url, offsetof(Kontor__V1__Interface, url), 0, NULL},
    {"INTERFACENAME", xml_field_text, offsetof(Kontor__V1__Interface, interface_name),
     0, NULL},
    {NULL, NULL, 0, 0, NULL},
};

static void
read_certification(const struct source *source, xmlNode *node,
                   const struct xml_field *field, void *message)
{
    Kontor__V1__Site *site = message;
    (void)field;
    if (xml_text(source, node)[0] != '\0') {
        site->certification = gocdb_certification(source, node);
    }
}

/* Presence matters: 0 is a place in the Gulf of Guinea, and no coordinate is none. */
static void
read_degrees(const struct source *source, xmlNode *node, const struct xml_field *field,
             void *message)
{
    Kontor__V1__Site *site = message;
    double degrees = 0;
    if (xml_text(source, node)[0] == '\0' || !xml_number(source, node, &degrees)) {
        return;
    }
    if (strcmp(field->element, "LATITUDE") == 0) {
        site->_latitude_case = KONTOR__V1__SITE___LATITUDE_LATITUDE;
        site->latitude = degrees;
        return;
    }
    site->_longitude_case = KONTOR__V1__SITE___LONGITUDE_LONGITUDE;
    site->longitude = degrees;
}

/*
 * GOCDB nests the name (DOMAIN/DOMAIN_NAME); the last counts should there ever be
 * two.
 */
static void
read_domain(const struct source *source, xmlNode *node, const struct xml_field *field,
            void *message)
{
    for (xmlNode *name = xml_element(node->children); name != NULL;
         name = xml_element(name->next)) {
        xml_field_text(source, name, field, message);
    }
}

/* What is no is what a record without it says as well. */
static void
keep_yes(const struct source *source, xmlNode *node, const struct xml_field *field,
         void *message)
{
    const char *text = xml_text(source, node);
    if (strcmp(text, "FALSE") != 0 && strcmp(text, "N") != 0) {
        gocdb_keep(source, node, field, message);
    }
}

/* The contact of the row, made when there is none yet. */
static Kontor__V1__Contact *
contact_of(const struct source *source, const struct xml_field *field, void *message)
{
    Kontor__V1__Contact **at =
        (Kontor__V1__Contact **)(void *)((char *)message + field->at);
    if (*at == NULL) {
        *at = arena_alloc(source->arena, sizeof **at);
        kontor__v1__contact__init(*at);
    }
    return *at;
}

void
gocdb_email(const struct source *source, xmlNode *node, const struct xml_field *field,
            void *message)
{
    contact_of(source, field, message)->email = xml_text(source, node);
}

/*
 * GOCDB calls them endpoints of a service, the word Kontor uses for the service
 * itself: a further way to the same host is an interface here.
 */
static void
read_interfaces(const struct source *source, xmlNode *node,
                const struct xml_field *field, void *message)
{
    (void)field;
    Kontor__V1__Endpoint *endpoint = message;
    for (xmlNode *row = xml_element(node->children); row != NULL;
         row = xml_element(row->next)) {
        Kontor__V1__Interface *way = arena_alloc(source->arena, sizeof *way);
        kontor__v1__interface__init(way);
        xml_fields_read_first(source, row, interface_fields, way);
        endpoint->interfaces =
            source_grow(source->arena, endpoint->interfaces, endpoint->n_interfaces,
                        sizeof(Kontor__V1__Interface *));
        endpoint->interfaces[endpoint->n_interfaces++] = way;
    }
}

/*
 * The id is made of SHORT_NAME and not of the key: endpoints and downtimes know
 * their site by that name alone, and each file must be importable without the
 * others. The key stays in source.
 */
void
gocdb_site(const struct source *source, xmlNode *node)
{
    static const char *const required[] = {"SHORT_NAME", NULL};
    const char *key = gocdb_key(source, node);
    Kontor__V1__Site *site = arena_alloc(source->arena, sizeof *site);
    kontor__v1__site__init(site);
    xml_fields_read_first(source, node, site_fields, site);
    if (key == NULL || !gocdb_has(source, node, key, required)) {
        return;
    }
    site->id = source_id(source, site->short_name);
    site->source = source_of(source, key);
    struct import_set *out = source->out;
    out->sites = source_grow(source->arena, out->sites, out->n_sites,
                             sizeof(Kontor__V1__Site *));
    out->sites[out->n_sites++] = site;
    id_map_put(source->arena, &source->index->sites, site->id, site);
}

/* No two pairs make the same. */
const char *
gocdb_endpoint_name(struct arena *arena, const char *host, const char *type)
{
    return arena_print(arena, "%zu\n%s\n%s", strlen(host), host, type);
}

static void
index_endpoint(const struct source *source, Kontor__V1__Endpoint *endpoint)
{
    struct records_index *index = source->index;
    const char *name =
        gocdb_endpoint_name(source->arena, endpoint->host, endpoint->type);
    bool is_another = id_map_has(&index->named_endpoints, name);
    id_map_put(source->arena, &index->endpoints, endpoint->id, endpoint);
    id_map_put(source->arena, &index->named_endpoints, name,
               is_another ? NULL : endpoint);
}

/* Several endpoints share a host and a type, so only the key tells them apart. */
void
gocdb_endpoint(const struct source *source, xmlNode *node)
{
    static const char *const required[] = {"HOSTNAME", "SERVICE_TYPE", "SITENAME",
                                           NULL};
    const char *key = gocdb_key(source, node);
    Kontor__V1__Endpoint *endpoint = arena_alloc(source->arena, sizeof *endpoint);
    kontor__v1__endpoint__init(endpoint);
    xml_fields_read_first(source, node, endpoint_fields, endpoint);
    if (key == NULL || !gocdb_has(source, node, key, required)) {
        return;
    }
    endpoint->id = source_id(source, key);
    endpoint->site = source_id(source, xml_child(source, node, "SITENAME"));
    endpoint->source = source_of(source, key);
    struct import_set *out = source->out;
    out->endpoints = source_grow(source->arena, out->endpoints, out->n_endpoints,
                                 sizeof(Kontor__V1__Endpoint *));
    out->endpoints[out->n_endpoints++] = endpoint;
    index_endpoint(source, endpoint);
}

Google__Protobuf__FieldMask *
gocdb_site_mask(struct arena *arena)
{
    return xml_fields_mask(arena, site_fields);
}

Google__Protobuf__FieldMask *
gocdb_endpoint_mask(struct arena *arena)
{
    return xml_fields_mask(arena, endpoint_fields);
}
