/*
 * Every table that reads JSON, by format: what docs/formats.md is made of.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_TOOLS_IMPORT_TABLES_H
#define KONTOR_TOOLS_IMPORT_TABLES_H

#include "tools/import/json_fields.h"

struct format_table {
    const char *format;
    const char *record; /* What an object of it is, for people. */
    const struct json_field *fields;
};

/* Those of one format together, ended by a NULL format. */
extern const struct format_table format_tables[];

#endif
