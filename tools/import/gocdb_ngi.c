/* National initiatives of GOCDB (NGI), whose names sites give as their ROC; and whom to
 * ask for what, of sites as well. */
#include <string.h>

#include "tools/import/gocdb.h"

#define OPERATORS(member) offsetof(Kontor__V1__OperatorGroup, member)
#define CONTACTS OPERATORS(contacts), OPERATORS(n_contacts), "contacts"
#define EXTENSIONS OPERATORS(extensions), OPERATORS(n_extensions), "extensions"

static const struct xml_field ngi_fields[] = {
    {"PRIMARY_KEY", NULL, 0, 0, "source"},
    {"NAME", xml_field_text, OPERATORS(name), 0, "name"},
    {"OBJECT_ID", NULL, 0, 0, NULL},
    {"DESCRIPTION", xml_field_text, OPERATORS(description), 0, "description"},
    {"EMAIL", gocdb_role, CONTACTS},
    {"ROD_EMAIL", gocdb_role, CONTACTS},
    {"HELPDESK_EMAIL", gocdb_role, CONTACTS},
    {"SECURITY_EMAIL", gocdb_role, CONTACTS},
    {"GGUS_SU", gocdb_keep, EXTENSIONS},
    {"SITE_COUNT", NULL, 0, 0, NULL},
    {"SCOPES", gocdb_scopes, OPERATORS(scopes), OPERATORS(n_scopes), "scopes"},
    {NULL, NULL, 0, 0, NULL},
};

/* Elements that say how somebody is reached, and what for. */
static const struct {
    const char *element;
    const char *role;
    bool is_phone;
} elements[] = {
    {"EMAIL", GOCDB_GENERAL, false},
    {"CONTACT_EMAIL", GOCDB_GENERAL, false},
    {"CONTACT_TEL", GOCDB_GENERAL, true},
    {"ROD_EMAIL", GOCDB_OPERATIONS, false},
    {"CSIRT_EMAIL", GOCDB_SECURITY, false},
    {"SECURITY_EMAIL", GOCDB_SECURITY, false},
    {"CSIRTTEL", GOCDB_SECURITY, true},
    {"CSIRT_TEL", GOCDB_SECURITY, true},
    {"EMERGENCYTEL", GOCDB_EMERGENCY, true},
    {"EMERGENCY_TEL", GOCDB_EMERGENCY, true},
    {"ALARM_EMAIL", GOCDB_ALARM, false},
    {"HELPDESKEMAIL", GOCDB_HELPDESK, false},
    {"HELPDESK_EMAIL", GOCDB_HELPDESK, false},
};

static Kontor__V1__Contact *
add_contact(const struct source *source, Kontor__V1__RoleContact ***rows, size_t *n,
            const char *role)
{
    Kontor__V1__RoleContact *row = arena_alloc(source->arena, sizeof *row);
    kontor__v1__role_contact__init(row);
    row->role = arena_copy(source->arena, role);
    row->contact = arena_alloc(source->arena, sizeof *row->contact);
    kontor__v1__contact__init(row->contact);
    *rows = source_grow(source->arena, *rows, *n, sizeof **rows);
    (*rows)[(*n)++] = row;
    return row->contact;
}

static Kontor__V1__Contact *
contact_for(const struct source *source, Kontor__V1__RoleContact ***rows, size_t *n,
            const char *role)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp((*rows)[i]->role, role) == 0) {
            return (*rows)[i]->contact;
        }
    }
    return add_contact(source, rows, n, role);
}

void
gocdb_role(const struct source *source, xmlNode *node, const struct xml_field *field,
           void *message)
{
    Kontor__V1__RoleContact ***rows =
        (Kontor__V1__RoleContact ***)(void *)((char *)message + field->at);
    size_t *n = (size_t *)(void *)((char *)message + field->n_at);
    char *text = xml_text(source, node);
    size_t row = 0;
    while (strcmp(elements[row].element, field->element) != 0) {
        row++;
    }
    if (text[0] != '\0') {
        Kontor__V1__Contact *contact = contact_for(source, rows, n, elements[row].role);
        *(elements[row].is_phone ? &contact->phone : &contact->email) = text;
    }
}

/* "<ROD_EMAIL/>x" says nothing to whoever reads elements; it may be an address, so it
 * is not repeated. */
static void
tell_loose_text(const struct source *source, const xmlNode *ngi)
{
    for (xmlNode *node = ngi->children; node != NULL; node = node->next) {
        if (node->type == XML_TEXT_NODE && !xmlIsBlankNode(node)) {
            source_finding(source, xml_place(source, ngi),
                           "a text stands between its elements: it is not read");
        }
    }
}

void
gocdb_ngi(const struct source *source, xmlNode *node)
{
    static const char *const required[] = {"NAME", NULL};
    const char *key = gocdb_key(source, node);
    Kontor__V1__OperatorGroup *group = arena_alloc(source->arena, sizeof *group);
    kontor__v1__operator_group__init(group);
    xml_fields_read_first(source, node, ngi_fields, group);
    tell_loose_text(source, node);
    if (key == NULL || !gocdb_has(source, node, key, required)) {
        return;
    }
    group->id = source_id(source, key);
    group->source = source_of(source, key);
    struct import_set *out = source->out;
    out->operator_groups =
        source_grow(source->arena, out->operator_groups, out->n_operator_groups,
                    sizeof(Kontor__V1__OperatorGroup *));
    out->operator_groups[out->n_operator_groups++] = group;
}

Google__Protobuf__FieldMask *
gocdb_ngi_mask(struct arena *arena)
{
    return xml_fields_mask(arena, ngi_fields);
}
