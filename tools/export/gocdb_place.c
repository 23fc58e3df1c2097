/* Sites, services and groups as GOCDB answers them. Source of names, order and what may
 * be left out: GOCDB, get_site, get_site_list, get_service, get_service_group. */
#include <stdlib.h>
#include <string.h>

#include "tools/export/gocdb_contact.h"
#include "tools/export/gocdb_query.h"
#include "tools/export/gocdb_reach.h"
#include "tools/import/gocdb.h"

/* What an import keeps under the element's own name. */
const char *const gocdb_site_kept[] = {
    "COUNTRY_CODE", "DPMT_URL", "GOCDB_PORTAL_URL", "NOTIFICATIONS", "SITE_IPV6",
    "SUBGRID",      NULL};
const char *const gocdb_service_kept[] = {"DPMT_URL", "GOCDB_PORTAL_URL", "HOST_IPV6",
                                          "NOTIFICATIONS", NULL};
const char *const gocdb_group_kept[] = {"DPMT_URL", "GOCDB_PORTAL_URL", NULL};

/* The shortest that reads back as the same number: 15 digits are what people write, 17
 * tell any two apart. */
static const char *
degrees(struct gocdb_out *out, bool is_there, double value)
{
    const char *text = "";
    for (int digits = 15; is_there && digits <= 17; digits++) {
        text = arena_print(out->arena, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    return text;
}

static const char *
email(const Kontor__V1__Contact *contact)
{
    return contact == NULL ? "" : contact->email;
}

#define KEPT(record, element)                                                          \
    gocdb_kept((record)->extensions, (record)->n_extensions, element)

static const char *
kept_or(const char *kept, const char *otherwise)
{
    return kept[0] == '\0' ? otherwise : kept;
}

static void
write_site_middle(struct gocdb_out *out, const Kontor__V1__Site *site)
{
    const struct gocdb_contacts contacts = {site->contacts, site->n_contacts};
    gocdb_some(out, "TIMEZONE", site->timezone);
    gocdb_some(out, "LATITUDE",
               degrees(out,
                       site->_latitude_case == KONTOR__V1__SITE___LATITUDE_LATITUDE,
                       site->latitude));
    gocdb_some(out, "LONGITUDE",
               degrees(out,
                       site->_longitude_case == KONTOR__V1__SITE___LONGITUDE_LONGITUDE,
                       site->longitude));
    gocdb_some(out, "CSIRT_EMAIL", gocdb_email_for(&contacts, GOCDB_SECURITY));
    gocdb_some(out, "CSIRT_TEL", gocdb_phone_for(&contacts, GOCDB_SECURITY));
    gocdb_some(out, "EMERGENCY_TEL", gocdb_phone_for(&contacts, GOCDB_EMERGENCY));
    gocdb_text(out, "NOTIFICATIONS", kept_or(KEPT(site, "NOTIFICATIONS"), "FALSE"));
    gocdb_begin(out, "DOMAIN");
    gocdb_text(out, "DOMAIN_NAME", site->domain);
    gocdb_end(out);
    gocdb_some(out, "SITE_IP", site->ip_range);
    gocdb_some(out, "SITE_IPV6", KEPT(site, "SITE_IPV6"));
    gocdb_some(out, "LOCATION", site->location);
}

/* By their names: the ids are made of these when they come back. */
void
gocdb_find_sites(struct gocdb_out *out, struct gocdb_rows *rows)
{
    for (size_t i = 0; i < out->world->n_sites; i++) {
        const Kontor__V1__Site *site = out->world->sites[i];
        if (gocdb_is_own(out->world, site->id) &&
            gocdb_query_takes_site(out->world->query, site)) {
            gocdb_row_add(out, rows, site->short_name, site);
        }
    }
}

void
gocdb_write_site(struct gocdb_out *out, const struct gocdb_row *row)
{
    const Kontor__V1__Site *site = row->record;
    const char *key = gocdb_key_of(out, site->source, site->id);
    const struct gocdb_contacts contacts = {site->contacts, site->n_contacts};
    gocdb_begin(out, "SITE");
    gocdb_attribute(out, "ID", gocdb_id_of(out->arena, key));
    gocdb_attribute(out, "PRIMARY_KEY", key);
    gocdb_attribute(out, "NAME", site->short_name);
    gocdb_text(out, "PRIMARY_KEY", key);
    gocdb_text(out, "SHORT_NAME", site->short_name);
    gocdb_some(out, "OFFICIAL_NAME", site->official_name);
    gocdb_some(out, "SITE_DESCRIPTION", site->description);
    gocdb_text(out, "GOCDB_PORTAL_URL", KEPT(site, "GOCDB_PORTAL_URL"));
    gocdb_some(out, "DPMT_URL", KEPT(site, "DPMT_URL"));
    gocdb_some(out, "HOME_URL", site->home_url);
    gocdb_some(out, "CONTACT_EMAIL", gocdb_email_for(&contacts, GOCDB_GENERAL));
    gocdb_some(out, "CONTACT_TEL", gocdb_phone_for(&contacts, GOCDB_GENERAL));
    gocdb_some(out, "ALARM_EMAIL", gocdb_email_for(&contacts, GOCDB_ALARM));
    gocdb_some(out, "GIIS_URL", site->giis_url);
    gocdb_some(out, "TIER", site->tier);
    gocdb_some(out, "COUNTRY_CODE", KEPT(site, "COUNTRY_CODE"));
    gocdb_some(out, "COUNTRY", site->country);
    gocdb_text(out, "ROC", site->operator_group);
    gocdb_some(out, "SUBGRID", KEPT(site, "SUBGRID"));
    gocdb_some(out, "PRODUCTION_INFRASTRUCTURE", site->infrastructure);
    gocdb_text(out, "CERTIFICATION_STATUS",
               gocdb_certification_text(site->certification));
    write_site_middle(out, site);
    gocdb_out_scopes(out, site->scopes, site->n_scopes);
    gocdb_out_extensions(out, site->extensions, site->n_extensions, gocdb_site_kept);
    gocdb_end(out);
}

/* One line each: some look for them with a regular expression. */
void
gocdb_write_site_line(struct gocdb_out *out, const struct gocdb_row *row)
{
    const Kontor__V1__Site *site = row->record;
    const char *key = gocdb_key_of(out, site->source, site->id);
    gocdb_begin(out, "SITE");
    gocdb_attribute(out, "ID", gocdb_id_of(out->arena, key));
    gocdb_attribute(out, "PRIMARY_KEY", key);
    gocdb_attribute(out, "NAME", site->short_name);
    gocdb_attribute(out, "COUNTRY", site->country);
    gocdb_attribute(out, "COUNTRY_CODE", KEPT(site, "COUNTRY_CODE"));
    gocdb_attribute(out, "ROC", site->operator_group);
    gocdb_attribute(out, "SUBGRID", KEPT(site, "SUBGRID"));
    gocdb_attribute(out, "GIIS_URL", site->giis_url);
    gocdb_end(out);
}

/* ---- Services ---- */

static void
write_interfaces(struct gocdb_out *out, const Kontor__V1__Endpoint *endpoint)
{
    gocdb_begin(out, "ENDPOINTS");
    gocdb_out_interfaces(out, endpoint);
    gocdb_end(out);
}

/* Services of closed sites are never answered. */
void
gocdb_find_services(struct gocdb_out *out, struct gocdb_rows *rows)
{
    for (size_t i = 0; i < out->world->n_endpoints; i++) {
        const Kontor__V1__Endpoint *endpoint = out->world->endpoints[i];
        if (gocdb_is_own(out->world, endpoint->id) &&
            !gocdb_is_closed(out->world, endpoint) &&
            gocdb_query_takes_endpoint(out->world->query, endpoint,
                                       gocdb_site_of(out->world, endpoint->site))) {
            gocdb_row_add(out, rows, gocdb_key_of(out, endpoint->source, endpoint->id),
                          endpoint);
        }
    }
}

void
gocdb_write_service(struct gocdb_out *out, const struct gocdb_row *row)
{
    const Kontor__V1__Endpoint *endpoint = row->record;
    const Kontor__V1__Site *site = gocdb_site_of(out->world, endpoint->site);
    const char *key = row->key;
    gocdb_begin(out, "SERVICE_ENDPOINT");
    gocdb_attribute(out, "PRIMARY_KEY", key);
    gocdb_text(out, "PRIMARY_KEY", key);
    gocdb_text(out, "HOSTNAME", endpoint->host);
    gocdb_text(out, "GOCDB_PORTAL_URL", KEPT(endpoint, "GOCDB_PORTAL_URL"));
    gocdb_some(out, "DPMT_URL", KEPT(endpoint, "DPMT_URL"));
    gocdb_some(out, "HOSTDN", endpoint->host_dn);
    gocdb_some(out, "HOST_OS", endpoint->host_os);
    gocdb_some(out, "HOST_ARCH", endpoint->host_architecture);
    gocdb_flag(out, "BETA", endpoint->is_beta);
    gocdb_text(out, "SERVICE_TYPE", endpoint->type);
    gocdb_some(out, "HOST_IP", endpoint->host_ip);
    gocdb_some(out, "HOST_IPV6", KEPT(endpoint, "HOST_IPV6"));
    gocdb_text(out, "CORE", endpoint->is_core ? "Y" : "");
    gocdb_flag(out, "IN_PRODUCTION", endpoint->is_production);
    gocdb_flag(out, "NODE_MONITORED", endpoint->is_monitored);
    gocdb_text(out, "NOTIFICATIONS", kept_or(KEPT(endpoint, "NOTIFICATIONS"), "N"));
    gocdb_some(out, "CONTACT_EMAIL", email(endpoint->contact));
    gocdb_some(out, "DESCRIPTION", endpoint->description);
    gocdb_text(out, "SITENAME", gocdb_site_name(out, endpoint->site));
    gocdb_text(out, "COUNTRY_NAME", site == NULL ? "" : site->country);
    gocdb_text(out, "COUNTRY_CODE", site == NULL ? "" : KEPT(site, "COUNTRY_CODE"));
    gocdb_text(out, "ROC_NAME", site == NULL ? "" : site->operator_group);
    gocdb_text(out, "URL", endpoint->url);
    write_interfaces(out, endpoint);
    gocdb_out_scopes(out, endpoint->scopes, endpoint->n_scopes);
    gocdb_out_extensions(out, endpoint->extensions, endpoint->n_extensions,
                         gocdb_service_kept);
    gocdb_end(out);
}

/* ---- Groups ---- */

/* Of a member only what tells it from others, as get_service_group does. */
static void
write_member(struct gocdb_out *out, const Kontor__V1__Endpoint *endpoint)
{
    gocdb_begin(out, "SERVICE_ENDPOINT");
    gocdb_attribute(out, "PRIMARY_KEY",
                    gocdb_key_of(out, endpoint->source, endpoint->id));
    gocdb_text(out, "HOSTNAME", endpoint->host);
    gocdb_text(out, "GOCDB_PORTAL_URL", KEPT(endpoint, "GOCDB_PORTAL_URL"));
    gocdb_text(out, "SERVICE_TYPE", endpoint->type);
    gocdb_text(out, "HOST_IP", endpoint->host_ip);
    gocdb_text(out, "HOST_IPV6", KEPT(endpoint, "HOST_IPV6"));
    gocdb_text(out, "HOSTDN", endpoint->host_dn);
    gocdb_flag(out, "IN_PRODUCTION", endpoint->is_production);
    gocdb_flag(out, "NODE_MONITORED", endpoint->is_monitored);
    write_interfaces(out, endpoint);
    gocdb_out_scopes(out, endpoint->scopes, endpoint->n_scopes);
    gocdb_out_extensions(out, endpoint->extensions, endpoint->n_extensions,
                         gocdb_service_kept);
    gocdb_end(out);
}

void
gocdb_find_groups(struct gocdb_out *out, struct gocdb_rows *rows)
{
    for (size_t i = 0; i < out->world->n_groups; i++) {
        const Kontor__V1__Group *group = out->world->groups[i];
        if (gocdb_is_own(out->world, group->id) &&
            gocdb_query_takes_group(out->world->query, group)) {
            gocdb_row_add(out, rows, gocdb_key_of(out, group->source, group->id),
                          group);
        }
    }
}

/* GOCDB has neither sites nor groups in a group: all that is in them is written. What
 * get_service does not answer is no member either. */
static void
write_members(struct gocdb_out *out, const Kontor__V1__Group *group)
{
    struct gocdb_members members = gocdb_members_of(out, group);
    for (size_t i = 0; i < members.n; i++) {
        if (!gocdb_is_closed(out->world, members.rows[i])) {
            write_member(out, members.rows[i]);
        }
    }
}

void
gocdb_write_group(struct gocdb_out *out, const struct gocdb_row *row)
{
    const Kontor__V1__Group *group = row->record;
    gocdb_begin(out, "SERVICE_GROUP");
    gocdb_attribute(out, "ID", gocdb_id_of(out->arena, row->key));
    gocdb_attribute(out, "PRIMARY_KEY", row->key);
    gocdb_text(out, "NAME", group->name);
    gocdb_text(out, "DESCRIPTION", group->description);
    gocdb_flag(out, "MONITORED", group->is_monitored);
    gocdb_text(out, "CONTACT_EMAIL", email(group->contact));
    gocdb_some(out, "DPMT_URL", KEPT(group, "DPMT_URL"));
    gocdb_text(out, "GOCDB_PORTAL_URL", KEPT(group, "GOCDB_PORTAL_URL"));
    write_members(out, group);
    gocdb_out_scopes(out, group->scopes, group->n_scopes);
    gocdb_out_extensions(out, group->extensions, group->n_extensions, gocdb_group_kept);
    gocdb_end(out);
}
