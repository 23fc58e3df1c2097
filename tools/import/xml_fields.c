/*
 * Elements of XML by a table. The files come from other systems over the network, so
 * they are judged as a stranger's: no document type, no network, no limit that a
 * hostile file could get around.
 */
#include "tools/import/xml_fields.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <google/protobuf/timestamp.pb-c.h>
#include <libxml/parser.h>

#include "tools/import/xml_guard.h"

/* Should the guard ever let one through. */
static void
refuse_dtd(void *context, const xmlChar *name, const xmlChar *external,
           const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    xmlParserCtxt *parser = context;
    parser->_private = parser; /* Any mark will do. */
    xmlStopParser(parser);
}

/*
 * Errors are taken from the parser and said as ours, with file and line; libxml2
 * would print them itself. CDATA is text like any other. BIG_LINES keeps line
 * numbers above 65535 true, which real answers of GOCDB have.
 */
static xmlDoc *
parse(const struct source *source, struct bytes content, xmlParserCtxt *parser)
{
    parser->_private = NULL;
    parser->sax->internalSubset = refuse_dtd;
    xmlDoc *doc = xmlCtxtReadMemory(
        parser, (const char *)content.data, (int)content.size, source->path, "UTF-8",
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA |
            XML_PARSE_BIG_LINES);
    if (parser->_private != NULL) {
        source_fault(source, NULL, "has a document type or entities: refused");
        xmlFreeDoc(doc);
        return NULL;
    }
    if (doc == NULL) {
        const xmlError *error = xmlCtxtGetLastError(parser);
        const char *text =
            error == NULL || error->message == NULL ? "empty" : error->message;
        source_fault(source,
                     error == NULL ? NULL
                                   : arena_print(source->arena, "%d", error->line),
                     "not XML: %.*s", (int)strcspn(text, "\n"), text);
    }
    return doc;
}

xmlDoc *
xml_fields_open(const struct source *source)
{
    struct bytes content;
    return source_load(source, &content) ? xml_fields_parse(source, content) : NULL;
}

xmlDoc *
xml_fields_parse(const struct source *source, struct bytes content)
{
    if (!xml_guard(source, content)) {
        return NULL;
    }
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (parser == NULL) {
        source_fault(source, NULL, "the XML parser cannot start");
        return NULL;
    }
    xmlDoc *doc = parse(source, content, parser);
    xmlFreeParserCtxt(parser);
    return doc;
}

bool
xml_is(const xmlNode *node, const char *name)
{
    return strcmp((const char *)node->name, name) == 0;
}

xmlNode *
xml_element(xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE) {
        node = node->next;
    }
    return node;
}

char *
xml_text(const struct source *source, xmlNode *node)
{
    xmlChar *content = xmlNodeGetContent(node);
    char *text =
        arena_copy(source->arena, content == NULL ? "" : (const char *)content);
    xmlFree(content);
    return text;
}

/* For what occurs once: the first of that name. */
char *
xml_child(const struct source *source, xmlNode *parent, const char *name)
{
    for (xmlNode *node = xml_element(parent->children); node != NULL;
         node = xml_element(node->next)) {
        if (xml_is(node, name)) {
            return xml_text(source, node);
        }
    }
    return NULL;
}

char *
xml_attribute(const struct source *source, xmlNode *node, const char *name)
{
    xmlChar *content = xmlGetProp(node, (const xmlChar *)name);
    char *text =
        content == NULL ? NULL : arena_copy(source->arena, (const char *)content);
    xmlFree(content);
    return text;
}

const char *
xml_place(const struct source *source, const xmlNode *node)
{
    return arena_print(source->arena, "%ld", xmlGetLineNo(node));
}

/* As in json_fields.c: a row without an element only owns a field. */
static const struct xml_field *
find(const struct xml_field *table, const xmlNode *node)
{
    for (; table->element != NULL || table->owns != NULL; table++) {
        if (table->element != NULL && xml_is(node, table->element)) {
            return table;
        }
    }
    return NULL;
}

/* Whether an element that occurs once was there before; then the first counts, as
 * wherever one is looked for by its name. */
static bool
is_again(const struct source *source, const xmlNode *node,
         const struct xml_field *field, bool *was_there)
{
    if (field->read == NULL || field->n_at != 0) {
        return false;
    }
    if (*was_there) {
        source_finding(source, xml_place(source, node),
                       "%s is there twice: the first counts", field->element);
        return true;
    }
    *was_there = true;
    return false;
}

/* were_there has a place for each row; NULL: what is there again is read again. */
static void
read_all(const struct source *source, xmlNode *parent, const struct xml_field *table,
         void *message, bool *were_there)
{
    for (xmlNode *node = xml_element(parent->children); node != NULL;
         node = xml_element(node->next)) {
        const struct xml_field *field = find(table, node);
        if (field == NULL) {
            /* What it says may be anything, a person's name as well. */
            source_finding(source, xml_place(source, node), "nothing here takes %s",
                           (const char *)node->name);
            continue;
        }
        if (were_there != NULL &&
            is_again(source, node, field, &were_there[field - table])) {
            continue;
        }
        if (field->read != NULL) {
            field->read(source, node, field, message);
        }
    }
}

void
xml_fields_read(const struct source *source, xmlNode *parent,
                const struct xml_field *table, void *message)
{
    read_all(source, parent, table, message, NULL);
}

void
xml_fields_read_first(const struct source *source, xmlNode *parent,
                      const struct xml_field *table, void *message)
{
    size_t n = 0;
    while (table[n].element != NULL || table[n].owns != NULL) {
        n++;
    }
    read_all(source, parent, table, message, arena_alloc(source->arena, n + 1));
}

/* As in json_fields.c: what is read and what is owned is one list. */
Google__Protobuf__FieldMask *
xml_fields_mask(struct arena *arena, const struct xml_field *table)
{
    Google__Protobuf__FieldMask *mask = source_mask(arena);
    for (; table->element != NULL || table->owns != NULL; table++) {
        if (table->owns != NULL) {
            source_mask_add(arena, mask, table->owns);
        }
    }
    return mask;
}

static void *
target(void *message, size_t at)
{
    return (char *)message + at;
}

void
xml_field_text(const struct source *source, xmlNode *node,
               const struct xml_field *field, void *message)
{
    char **text = target(message, field->at);
    *text = xml_text(source, node);
}

/*
 * Blanks, control characters and bytes beyond ASCII; what else is wrong in a URL the
 * broker's rules say.
 */
static bool
may_stand_in_url(unsigned char byte)
{
    return byte > 0x20 && byte < 0x7f;
}

/* Source: RFC 3986, 2.1. */
char *
xml_url_encoded(const struct source *source, const char *text)
{
    char *encoded = arena_alloc(source->arena, 3 * strlen(text) + 1);
    char *end = encoded;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        end += snprintf(end, 4, may_stand_in_url(byte) ? "%c" : "%%%02X", byte);
    }
    return encoded;
}

/*
 * Real sites have URLs with blanks and umlauts. Refusing the site for that would
 * lose the site, taking the text as it is would be refused by the broker: it is
 * encoded, and told.
 */
void
xml_field_url(const struct source *source, xmlNode *node, const struct xml_field *field,
              void *message)
{
    const char *text = xml_text(source, node);
    char **url = target(message, field->at);
    *url = xml_url_encoded(source, text);
    if (strcmp(*url, text) != 0) {
        source_finding(source, xml_place(source, node),
                       "%s is no URL as it stands: taken percent-encoded",
                       field->element);
    }
}

void
xml_field_texts(const struct source *source, xmlNode *node,
                const struct xml_field *field, void *message)
{
    source_append(source->arena, target(message, field->at),
                  target(message, field->n_at), xml_text(source, node));
}

bool
xml_has_text(const struct source *source, xmlNode *parent, const char *name)
{
    const char *text = xml_child(source, parent, name);
    return text != NULL && text[strspn(text, " \t\r\n")] != '\0';
}

/* Source: google.protobuf.Timestamp. */
#define FIRST_SECOND INT64_C(-62135596800)
#define LAST_SECOND INT64_C(253402300799)

/* Empty counts as no, as the source's own pages show it. DPMT writes True and False. */
void
xml_field_flag(const struct source *source, xmlNode *node,
               const struct xml_field *field, void *message)
{
    protobuf_c_boolean *flag = target(message, field->at);
    const char *text = xml_text(source, node);
    *flag = strcmp(text, "Y") == 0 || strcmp(text, "True") == 0;
    if (!*flag && strcmp(text, "N") != 0 && strcmp(text, "False") != 0 &&
        text[0] != '\0') {
        source_fault(source, xml_place(source, node), "%s is \"%s\": Y or N",
                     field->element, text);
    }
}

void
xml_field_time(const struct source *source, xmlNode *node,
               const struct xml_field *field, void *message)
{
    const char *text = xml_text(source, node);
    char *end = NULL;
    errno = 0;
    if (text[0] == '\0') {
        return;
    }
    long long seconds = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || seconds < FIRST_SECOND ||
        seconds > LAST_SECOND) {
        source_fault(source, xml_place(source, node),
                     "%s is \"%s\": seconds since 1970, in the years 1 to 9999",
                     field->element, text);
        return;
    }
    Google__Protobuf__Timestamp *time = arena_alloc(source->arena, sizeof *time);
    google__protobuf__timestamp__init(time);
    time->seconds = seconds;
    Google__Protobuf__Timestamp **at = target(message, field->at);
    *at = time;
}

/* strtod takes "nan" and "inf", too, which are no coordinates and no JSON. */
bool
xml_number(const struct source *source, xmlNode *node, double *out)
{
    const char *text = xml_text(source, node);
    char *end = NULL;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(number)) {
        source_fault(source, xml_place(source, node), "%s is \"%s\": a number",
                     (const char *)node->name, text);
        return false;
    }
    *out = number;
    return true;
}
