/*
 * Whom to ask for what, as GOCDB says it: an element for each purpose it knows.
 *
 * Memory: texts are the record's. Errors: none. Threads: any.
 */
#ifndef KONTOR_TOOLS_EXPORT_GOCDB_CONTACT_H
#define KONTOR_TOOLS_EXPORT_GOCDB_CONTACT_H

#include "tools/export/gocdb_out.h"

/* Of a site or an operator group. */
struct gocdb_contacts {
    Kontor__V1__RoleContact *const *rows;
    size_t n;
};

/* Of the first of a role; "" = there is none. */
const char *gocdb_email_for(const struct gocdb_contacts *contacts, const char *role);
const char *gocdb_phone_for(const struct gocdb_contacts *contacts, const char *role);

/* What an element says of each role: "email", "phone", or both. */
struct gocdb_role_said {
    const char *role;
    const char *parts[2];
};

extern const struct gocdb_role_said gocdb_site_roles[], gocdb_ngi_roles[];

/* Tells what of contacts is not said, by the rows of the record, NULL ends: other
 * roles, a second one of a role, and what else is known of somebody. */
void gocdb_lose_contacts(struct target *target, const struct gocdb_contacts *contacts,
                         const struct gocdb_role_said *roles);

#endif
