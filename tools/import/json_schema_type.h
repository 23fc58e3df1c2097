/*
 * The types of JSON schema beside ours, and what each is made of.
 *
 * Memory: the source's arena. Errors: faults and findings of the source. Threads: one
 * at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_JSON_SCHEMA_TYPE_H
#define KONTOR_TOOLS_IMPORT_JSON_SCHEMA_TYPE_H

#include "tools/import/parameters.h"

/* One property while its parameter is made. */
struct json_schema_property {
    const struct source *source;
    const struct json_value *schema; /* An object. */
    const char *place;
    Kontor__V1__Parameter *parameter;
};

/* What a property becomes; bits, so that a keyword can name those that take it. */
enum json_schema_kind {
    JSON_SCHEMA_TEXT = 1,
    JSON_SCHEMA_INTEGER = 2,
    JSON_SCHEMA_DECIMAL = 4,
    JSON_SCHEMA_BOOLEAN = 8,
    JSON_SCHEMA_DATE = 16,
    JSON_SCHEMA_CHOICE = 32,
    JSON_SCHEMA_MULTI_CHOICE = 64,
    JSON_SCHEMA_CONSTANT = 128,
    JSON_SCHEMA_ANY = 256, /* Nothing of ours: a text that holds JSON. */
};

/* What a property becomes, in json_schema_kind.c. An unknown type is a fault. */
enum json_schema_kind json_schema_kind(const struct json_schema_property *property);
/* Sets the parameter's type; what the kind has no place for is a finding. */
void json_schema_make(const struct json_schema_property *property,
                      enum json_schema_kind kind);

#endif
