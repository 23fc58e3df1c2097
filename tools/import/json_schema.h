/*
 * A JSON schema of an object into parameters, and back: one a property. Source: JSON
 * Schema, drafts 4 and 6, the part of it our parameters can say.
 *
 * Memory: the source's arena. Errors: what is no schema is a fault; what our parameters
 * cannot say is a finding with its place, and the property is asked as a text; what a
 * schema cannot say is a loss. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_JSON_SCHEMA_H
#define KONTOR_TOOLS_IMPORT_JSON_SCHEMA_H

#include "tools/import/parameters.h"
#include "tools/import/target.h"

/* Appends a parameter for each property. */
void json_schema_parameters(const struct source *source,
                            const struct json_value *schema, const char *place,
                            Kontor__V1__Offer *offer);

/* The counterpart, in json_schema_write.c: the schema of all parameters of an offer. */
struct json_value json_schema_write(struct target *target,
                                    const Kontor__V1__Offer *offer);

#endif
