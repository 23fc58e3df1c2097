/*
 * The documents GOCDB's read interface answers: sites, service endpoints, service
 * groups, downtimes and changes of certifications.
 *
 * Memory: the source's arena. Errors: faults and findings of the source. Threads: one
 * at a time. Source of element names: GOCDB, get_site, get_service, get_downtime.
 */
#ifndef KONTOR_TOOLS_IMPORT_GOCDB_H
#define KONTOR_TOOLS_IMPORT_GOCDB_H

#include "tools/import/xml_fields.h"

/*
 * import_read of "gocdb". Files come in any order and are known by their content. A
 * site's id is its SHORT_NAME, escaped: the one thing endpoints and downtimes know it
 * by, so that they can be imported without it; an endpoint's and a downtime's is its
 * PRIMARY_KEY.
 */
bool gocdb_read(const char *const *paths, size_t n_paths, const char *registry,
                struct arena *arena, struct import_set *out, struct faults *faults);

/* The same of one file that was read already. */
bool gocdb_read_bytes(const char *name, struct bytes content, const char *registry,
                      struct arena *arena, struct import_set *out,
                      struct faults *faults);

/*
 * Takes out of a set what says who people are: contacts, names, subjects of people's
 * certificates, and such in all texts as far as they are known for it. Each field is
 * told, and none is owned any more, so that what was put in by hand stays. An
 * importer's redact.
 */
void gocdb_redact(struct import_set *set, struct arena *arena);
/* Whether a text is what a record is known by, and stays whoever is named in it. */
bool gocdb_is_identity(const ProtobufCMessageDescriptor *record, const char *field);

/* Puts the extras of the terms that are there, but for GOCDB's own, into those that
 * were read: what a monitor calls a type is said there. An importer's keep. */
void gocdb_keep_extras(Kontor__V1__Vocabulary *read,
                       const Kontor__V1__Vocabulary *there, struct arena *arena);

/* What GOCDB's contacts are for, as RoleContact.role. */
#define GOCDB_GENERAL "general"
#define GOCDB_SECURITY "security"
#define GOCDB_EMERGENCY "emergency"
#define GOCDB_ALARM "alarm"
#define GOCDB_HELPDESK "helpdesk"
#define GOCDB_OPERATIONS "operations"

/* A certification as GOCDB writes it, "Certified"; another text is a fault. */
Kontor__V1__Certification gocdb_certification(const struct source *source,
                                              xmlNode *node);

/* One NGI, SITE, SERVICE_ENDPOINT, SERVICE_GROUP, DOWNTIME, result or SERVICE_TYPE
 * element into the set; what is missing is a finding, and the element left out. */
void gocdb_ngi(const struct source *source, xmlNode *node);
void gocdb_site(const struct source *source, xmlNode *node);
void gocdb_endpoint(const struct source *source, xmlNode *node);
void gocdb_group(const struct source *source, xmlNode *node);
void gocdb_downtime(const struct source *source, xmlNode *node);
void gocdb_certification_change(const struct source *source, xmlNode *node);
void gocdb_type(const struct source *source, xmlNode *node);
/* All rows were read: which endpoints work again before their downtime ends. */
void gocdb_end_downtimes(struct import_set *set);
/* What the index of the source calls the endpoints of a host and a type. */
const char *gocdb_endpoint_name(struct arena *arena, const char *host,
                                const char *type);
/* The fields the source owns. */
Google__Protobuf__FieldMask *gocdb_ngi_mask(struct arena *arena);
Google__Protobuf__FieldMask *gocdb_site_mask(struct arena *arena);
Google__Protobuf__FieldMask *gocdb_endpoint_mask(struct arena *arena);
Google__Protobuf__FieldMask *gocdb_group_mask(struct arena *arena);
Google__Protobuf__FieldMask *gocdb_downtime_mask(struct arena *arena);
Google__Protobuf__FieldMask *gocdb_certification_change_mask(struct arena *arena);
Google__Protobuf__FieldMask *gocdb_types_mask(struct arena *arena);

/* What is kept beside a type under its own name, NULL ends. */
extern const char *const gocdb_type_kept[];
/* What the vocabulary of types is called when it is new. */
extern const char gocdb_types_name[];

/* SCOPES/SCOPE in today's rendering, into the repeated text of the row. */
void gocdb_scopes(const struct source *source, xmlNode *node,
                  const struct xml_field *field, void *message);
/* EXTENSIONS/EXTENSION into the repeated KeyValue of the row. */
void gocdb_extensions(const struct source *source, xmlNode *node,
                      const struct xml_field *field, void *message);
/* An element without a field of its own, into the same list under its own name. */
void gocdb_keep(const struct source *source, xmlNode *node,
                const struct xml_field *field, void *message);
/* An address or a number into the RoleContact that the element is for, of the list of
 * the row; made when there is none yet. */
void gocdb_role(const struct source *source, xmlNode *node,
                const struct xml_field *field, void *message);
/* An address into the Contact of the row, made when there is none yet. */
void gocdb_email(const struct source *source, xmlNode *node,
                 const struct xml_field *field, void *message);
/* Whether an element has a text in each of these, NULL ends; false: a finding says
 * which is missing, and that the element is left out. key is what to call it. */
bool gocdb_has(const struct source *source, xmlNode *node, const char *key,
               const char *const *required);
/* PRIMARY_KEY, compared with the attribute of the same name; NULL: a finding says that
 * the element is left out. */
char *gocdb_key(const struct source *source, xmlNode *node);

#endif
