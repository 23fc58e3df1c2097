/* National initiatives (NGI): operator groups, with whom to ask. */
#include <string.h>

#include "tools/export/gocdb_contact.h"
#include "tools/export/gocdb_query.h"
#include "tools/import/gocdb.h"

const char *const gocdb_ngi_kept[] = {"GGUS_SU", NULL};

void
gocdb_find_ngis(struct gocdb_out *out, struct gocdb_rows *rows)
{
    for (size_t i = 0; i < out->world->n_operator_groups; i++) {
        const Kontor__V1__OperatorGroup *group = out->world->operator_groups[i];
        if (gocdb_is_own(out->world, group->id) &&
            gocdb_query_takes_ngi(out->world->query, group)) {
            gocdb_row_add(out, rows, gocdb_key_of(out, group->source, group->id),
                          group);
        }
    }
}

static size_t
count_sites(const struct gocdb_out *out, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < out->world->n_sites; i++) {
        const Kontor__V1__Site *site = out->world->sites[i];
        n += gocdb_is_own(out->world, site->id) &&
             strcmp(site->operator_group, name) == 0;
    }
    return n;
}

void
gocdb_write_ngi(struct gocdb_out *out, const struct gocdb_row *row)
{
    const Kontor__V1__OperatorGroup *group = row->record;
    const char *key = row->key;
    const struct gocdb_contacts contacts = {group->contacts, group->n_contacts};
    gocdb_begin(out, "NGI");
    gocdb_attribute(out, "PRIMARY_KEY", key);
    gocdb_attribute(out, "NAME", group->name);
    gocdb_text(out, "PRIMARY_KEY", key);
    gocdb_text(out, "NAME", group->name);
    gocdb_text(out, "OBJECT_ID", gocdb_id_of(out->arena, key));
    gocdb_text(out, "DESCRIPTION", group->description);
    gocdb_text(out, "EMAIL", gocdb_email_for(&contacts, GOCDB_GENERAL));
    gocdb_text(out, "GGUS_SU",
               gocdb_kept(group->extensions, group->n_extensions, "GGUS_SU"));
    gocdb_text(out, "ROD_EMAIL", gocdb_email_for(&contacts, GOCDB_OPERATIONS));
    gocdb_text(out, "HELPDESK_EMAIL", gocdb_email_for(&contacts, GOCDB_HELPDESK));
    gocdb_text(out, "SECURITY_EMAIL", gocdb_email_for(&contacts, GOCDB_SECURITY));
    gocdb_text(out, "SITE_COUNT",
               arena_print(out->arena, "%zu", count_sites(out, group->name)));
    gocdb_out_scopes(out, group->scopes, group->n_scopes);
    gocdb_end(out);
}
