/*
 * Shapes and members that only profile 6 of EOSC has.
 *
 * Memory: the source's arena, or the target's. Errors: faults and findings of the
 * source, losses of the target. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_EOSC6_PARTS_H
#define KONTOR_TOOLS_IMPORT_EOSC6_PARTS_H

#include "tools/import/json_fields.h"

extern const struct json_shape eosc6_pid;    /* pid, pidSchema. */
extern const struct json_shape eosc6_person; /* The main contact. */
extern const struct json_shape
    eosc6_creator; /* A creator, with PIDs and affiliations. */
extern const struct json_shape eosc6_licence;
extern const struct json_shape eosc6_metadata_licence;
extern const struct json_shape eosc6_identifier_system;
extern const struct json_shape eosc6_standard;

/* The kind's name, which is the row's extra. */
bool eosc6_write_type(struct target *target, const struct json_field *field,
                      const void *message, struct json_value *out);
/* Contacts that are nothing but addresses. */
void eosc6_read_emails(const struct source *source, const struct json_value *value,
                       const char *place, const struct json_field *field,
                       void *message);
bool eosc6_write_emails(struct target *target, const struct json_field *field,
                        const void *message, struct json_value *out);

#endif
