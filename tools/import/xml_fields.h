/*
 * An XML element's children into a message by a table: one row an element, as
 * json_fields does for JSON. The only place that parses XML: no network, no entities,
 * no DTD at all.
 *
 * Memory: the source's arena, but the document, which the caller frees. Errors: faults
 * and findings of the source with line numbers. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_XML_FIELDS_H
#define KONTOR_TOOLS_IMPORT_XML_FIELDS_H

#include <libxml/tree.h>

#include "tools/import/source.h"

struct xml_field;

/* Reads one child element into the message. */
typedef void (*xml_field_read)(const struct source *source, xmlNode *node,
                               const struct xml_field *field, void *message);

struct xml_field {
    const char *element;
    xml_field_read read; /* NULL: the caller looks at it himself. */
    size_t at;           /* Offset of the message's field. */
    size_t n_at;         /* Offset of its count, when it is repeated. */
    const char *owns;    /* Field the source owns; NULL: none. */
};

/* The file as a document, to be freed with xmlFreeDoc; NULL: a fault says why. */
xmlDoc *xml_fields_open(const struct source *source);
/* The same of what was read already. */
xmlDoc *xml_fields_parse(const struct source *source, struct bytes content);
/* Reads every child element by a table ended by a row without element and owns. */
void xml_fields_read(const struct source *source, xmlNode *parent,
                     const struct xml_field *table, void *message);
/* The same where an element that is no list counts once: of several the first, as where
 * one is looked for by its name; the others are told. */
void xml_fields_read_first(const struct source *source, xmlNode *parent,
                           const struct xml_field *table, void *message);
/* The mask of all the table owns. */
Google__Protobuf__FieldMask *xml_fields_mask(struct arena *arena,
                                             const struct xml_field *table);

/* Readers. */
void xml_field_text(const struct source *source, xmlNode *node,
                    const struct xml_field *field, void *message);
/* A URL; what may not stand in one is percent-encoded, which is a finding. */
void xml_field_url(const struct source *source, xmlNode *node,
                   const struct xml_field *field, void *message);
/* Appends to a repeated text. */
void xml_field_texts(const struct source *source, xmlNode *node,
                     const struct xml_field *field, void *message);
/* Y or N; empty is N. */
void xml_field_flag(const struct source *source, xmlNode *node,
                    const struct xml_field *field, void *message);
/* Unix seconds into a Timestamp; empty is none. */
void xml_field_time(const struct source *source, xmlNode *node,
                    const struct xml_field *field, void *message);

/* A URL with what may not stand in one percent-encoded. */
char *xml_url_encoded(const struct source *source, const char *text);
/* The element's text as a finite number; false: a fault says why. */
bool xml_number(const struct source *source, xmlNode *node, double *out);
/* Whether an element has this name. */
bool xml_is(const xmlNode *node, const char *name);
/* The next element from node on, itself included; NULL at the end. */
xmlNode *xml_element(xmlNode *node);
/* All text inside an element. */
char *xml_text(const struct source *source, xmlNode *node);
/* The text of the first child of that name, or NULL. */
char *xml_child(const struct source *source, xmlNode *parent, const char *name);
/* Whether the first child of that name is there and says more than blanks. */
bool xml_has_text(const struct source *source, xmlNode *parent, const char *name);
/* An attribute, or NULL. */
char *xml_attribute(const struct source *source, xmlNode *node, const char *name);
/* The line of an element, as a place. */
const char *xml_place(const struct source *source, const xmlNode *node);

#endif
