#include "tools/export/gocdb_contact.h"

#include <string.h>

#include "proto/field.h"
#include "tools/import/gocdb.h"

const struct gocdb_role_said gocdb_site_roles[] = {
    {GOCDB_GENERAL, {"email", "phone"}},
    {GOCDB_SECURITY, {"email", "phone"}},
    {GOCDB_EMERGENCY, {"phone", NULL}},
    {GOCDB_ALARM, {"email", NULL}},
    {NULL, {NULL, NULL}},
};

const struct gocdb_role_said gocdb_ngi_roles[] = {
    {GOCDB_GENERAL, {"email", NULL}},
    {GOCDB_OPERATIONS, {"email", NULL}},
    {GOCDB_HELPDESK, {"email", NULL}},
    {GOCDB_SECURITY, {"email", NULL}},
    {NULL, {NULL, NULL}},
};

/* The first of a role, SIZE_MAX: there is none. */
static size_t
place_of(const struct gocdb_contacts *contacts, const char *role)
{
    for (size_t i = 0; i < contacts->n; i++) {
        if (strcmp(contacts->rows[i]->role, role) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

const char *
gocdb_email_for(const struct gocdb_contacts *contacts, const char *role)
{
    size_t place = place_of(contacts, role);
    return place == SIZE_MAX ? "" : contacts->rows[place]->contact->email;
}

const char *
gocdb_phone_for(const struct gocdb_contacts *contacts, const char *role)
{
    size_t place = place_of(contacts, role);
    return place == SIZE_MAX ? "" : contacts->rows[place]->contact->phone;
}

static const char *const *
said_of(const struct gocdb_contacts *contacts, size_t place,
        const struct gocdb_role_said *roles)
{
    const char *role = contacts->rows[place]->role;
    while (roles->role != NULL && strcmp(roles->role, role) != 0) {
        roles++;
    }
    bool is_said = roles->role != NULL && place_of(contacts, role) == place;
    return is_said ? roles->parts : NULL;
}

void
gocdb_lose_contacts(struct target *target, const struct gocdb_contacts *contacts,
                    const struct gocdb_role_said *roles)
{
    for (size_t i = 0; i < contacts->n; i++) {
        const char *const *said = said_of(contacts, i, roles);
        const char *path = arena_print(target->arena, "contacts[%zu]", i);
        const ProtobufCMessage *contact = &contacts->rows[i]->contact->base;
        if (said == NULL) {
            target_lose(target, path);
            continue;
        }
        for (unsigned j = 0; j < contact->descriptor->n_fields; j++) {
            const ProtobufCFieldDescriptor *field = &contact->descriptor->fields[j];
            if (field_count(contact, field) > 0 &&
                !gocdb_is_among(said, 2, field->name)) {
                target_lose(target, arena_print(target->arena, "%s.contact.%s", path,
                                                field->name));
            }
        }
    }
}
