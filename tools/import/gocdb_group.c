/* Service groups of GOCDB, and of DPMT, which answers as GOCDB does. */
#include <string.h>

#include "proto/rules.h"
#include "tools/import/gocdb.h"
#include "tools/import/records.h"

static void read_member(const struct source *source, xmlNode *node,
                        const struct xml_field *field, void *message);

#define GROUP(member) offsetof(Kontor__V1__Group, member)

static const struct xml_field group_fields[] = {
    {"PRIMARY_KEY", NULL, 0, 0, "source"},
    {"NAME", xml_field_text, GROUP(name), 0, "name"},
    {"DESCRIPTION", xml_field_text, GROUP(description), 0, "description"},
    {"MONITORED", xml_field_flag, GROUP(is_monitored), 0, "is_monitored"},
    {"CONTACT_EMAIL", gocdb_email, GROUP(contact), 0, "contact"},
    {"SERVICE_ENDPOINT", read_member, 0, GROUP(n_endpoints), "endpoints"},
    {"SCOPES", gocdb_scopes, GROUP(scopes), GROUP(n_scopes), "scopes"},
    {"EXTENSIONS", gocdb_extensions, GROUP(extensions), GROUP(n_extensions),
     "extensions"},
    {"GOCDB_PORTAL_URL", gocdb_keep, GROUP(extensions), GROUP(n_extensions),
     "extensions"},
    {"DPMT_URL", gocdb_keep, GROUP(extensions), GROUP(n_extensions), "extensions"},
    {NULL, NULL, 0, 0, NULL},
};

/* Installations number the members of groups by themselves: what no endpoint has as its
 * key is looked for by host and type. Our own export calls those of other registries by
 * their whole ids, which no key of GOCDB looks like. */
static char *
member_id(const struct source *source, xmlNode *node, const char *key)
{
    if (rules_is_id(key)) {
        return arena_copy(source->arena, key);
    }
    char *id = source_id(source, key);
    const char *host = xml_child(source, node, "HOSTNAME");
    const char *type = xml_child(source, node, "SERVICE_TYPE");
    if (id_map_has(&source->index->endpoints, id) || host == NULL || type == NULL) {
        return id;
    }
    const Kontor__V1__Endpoint *named =
        id_map_get(&source->index->named_endpoints,
                   gocdb_endpoint_name(source->arena, host, type));
    return named == NULL ? id : named->id;
}

/*
 * GOCDB says of a member what tells it from others, and the rest in get_service. DPMT
 * has no such answer but says all there is, its site included: that is an endpoint.
 */
static void
read_member(const struct source *source, xmlNode *node, const struct xml_field *field,
            void *message)
{
    Kontor__V1__Group *group = message;
    const char *key = gocdb_key(source, node);
    (void)field;
    if (key == NULL) {
        return;
    }
    char *id = member_id(source, node, key);
    source_append(source->arena, &group->endpoints, &group->n_endpoints, id);
    const char *site = xml_child(source, node, "SITENAME");
    if (site != NULL && site[0] != '\0' && !id_map_has(&source->index->endpoints, id)) {
        gocdb_endpoint(source, node);
    }
}

void
gocdb_group(const struct source *source, xmlNode *node)
{
    static const char *const required[] = {"NAME", NULL};
    const char *key = gocdb_key(source, node);
    Kontor__V1__Group *group = arena_alloc(source->arena, sizeof *group);
    kontor__v1__group__init(group);
    xml_fields_read_first(source, node, group_fields, group);
    if (key == NULL || !gocdb_has(source, node, key, required)) {
        return;
    }
    group->id = source_id(source, key);
    group->source = source_of(source, key);
    struct import_set *out = source->out;
    out->groups = source_grow(source->arena, out->groups, out->n_groups,
                              sizeof(Kontor__V1__Group *));
    out->groups[out->n_groups++] = group;
}

Google__Protobuf__FieldMask *
gocdb_group_mask(struct arena *arena)
{
    return xml_fields_mask(arena, group_fields);
}
