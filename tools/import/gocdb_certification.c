/* Certifications of GOCDB, and what its get_cert_status_changes says of them. */
#include <inttypes.h>
#include <string.h>

#include "proto/digest.h"
#include "tools/import/gocdb.h"

static void read_status(const struct source *source, xmlNode *node,
                        const struct xml_field *field, void *message);

enum { KEY_DIGITS = 16 };
#define KEY_BEGIN "certification-"

#define CHANGE(member) offsetof(Kontor__V1__CertificationChange, member)

static const struct xml_field change_fields[] = {
    {NULL, NULL, 0, 0, "source"},
    {"SITE", NULL, 0, 0, "site"},
    {"OLD_STATUS", read_status, CHANGE(from), 0, "from"},
    {"NEW_STATUS", read_status, CHANGE(to), 0, "to"},
    {"UNIX_TIME", xml_field_time, CHANGE(changed_at), 0, "changed_at"},
    {"COMMENT", xml_field_text, CHANGE(reason), 0, "reason"},
    {"TIME", NULL, 0, 0, NULL},
    {"CHANGED_BY", xml_field_text, CHANGE(changed_by), 0, "changed_by"},
    {NULL, NULL, 0, 0, NULL},
};

/*
 * Source: GOCDB's certification statuses. There is no guess for another: what a site
 * may do depends on it.
 */
static const struct {
    const char *name;
    Kontor__V1__Certification status;
} certifications[] = {
    {"Candidate", KONTOR__V1__CERTIFICATION__CANDIDATE},
    {"Uncertified", KONTOR__V1__CERTIFICATION__UNCERTIFIED},
    {"Certified", KONTOR__V1__CERTIFICATION__CERTIFIED},
    {"Suspended", KONTOR__V1__CERTIFICATION__SUSPENDED},
    {"Closed", KONTOR__V1__CERTIFICATION__CLOSED},
};

Kontor__V1__Certification
gocdb_certification(const struct source *source, xmlNode *node)
{
    const char *text = xml_text(source, node);
    for (size_t i = 0; i < sizeof certifications / sizeof certifications[0]; i++) {
        if (strcmp(certifications[i].name, text) == 0) {
            return certifications[i].status;
        }
    }
    source_fault(source, xml_place(source, node),
                 "%s is \"%s\": Candidate, Uncertified, Certified, Suspended or Closed",
                 (const char *)node->name, text);
    return KONTOR__V1__CERTIFICATION__CERTIFICATION_UNSPECIFIED;
}

/* An empty one says that nothing is known. */
static void
read_status(const struct source *source, xmlNode *node, const struct xml_field *field,
            void *message)
{
    Kontor__V1__Certification status =
        xml_text(source, node)[0] == '\0'
            ? KONTOR__V1__CERTIFICATION__CERTIFICATION_UNSPECIFIED
            : gocdb_certification(source, node);
    memcpy((char *)message + field->at, &status, sizeof status);
}

/*
 * GOCDB's numbers of changes are not in every answer, so a change is known by what it
 * says: the same file read again finds the same records. Our own export says which
 * record it is.
 */
static const char *
key_of(const struct source *source, xmlNode *node,
       const Kontor__V1__CertificationChange *change)
{
    uint8_t hash[DIGEST_SIZE];
    const char *said = xml_attribute(source, node, "ID");
    if (said != NULL && strncmp(said, KEY_BEGIN, strlen(KEY_BEGIN)) == 0) {
        return said;
    }
    struct digest *digest = digest_new(source->arena);
    digest_add_text(digest, change->site);
    digest_add_int(digest, change->changed_at->seconds);
    digest_add_int(digest, (int64_t)change->from);
    digest_add_int(digest, (int64_t)change->to);
    digest_end(digest, hash);
    return arena_print(source->arena, KEY_BEGIN "%.*s", KEY_DIGITS,
                       digest_hex(source->arena, hash));
}

void
gocdb_certification_change(const struct source *source, xmlNode *node)
{
    static const char *const required[] = {"SITE", "UNIX_TIME", "NEW_STATUS", NULL};
    Kontor__V1__CertificationChange *change =
        arena_alloc(source->arena, sizeof *change);
    kontor__v1__certification_change__init(change);
    xml_fields_read_first(source, node, change_fields, change);
    if (!gocdb_has(source, node, "of a certification", required) ||
        change->changed_at == NULL) {
        return;
    }
    change->site = source_id(source, xml_child(source, node, "SITE"));
    const char *key = key_of(source, node, change);
    change->id = source_id(source, key);
    change->source = source_of(source, key);
    struct import_set *out = source->out;
    out->certification_changes = source_grow(source->arena, out->certification_changes,
                                             out->n_certification_changes,
                                             sizeof(Kontor__V1__CertificationChange *));
    out->certification_changes[out->n_certification_changes++] = change;
}

Google__Protobuf__FieldMask *
gocdb_certification_change_mask(struct arena *arena)
{
    return xml_fields_mask(arena, change_fields);
}
