/*
 * Import and export of Open Service Broker catalogues: the answer of GET /v2/catalog.
 * Source: Open Service Broker API 2.17, Catalog Management.
 *
 * Memory: the source's arena, or the target's. Errors: faults with JSON paths; losses
 * of the target. Threads: any.
 */
#ifndef KONTOR_TOOLS_IMPORT_OSB_H
#define KONTOR_TOOLS_IMPORT_OSB_H

#include "tools/import/json_fields.h"

/* The scheme under which a service's name for command lines is kept. */
#define OSB_SCHEME "OSB name"

bool osb_read(const char *const *paths, size_t n_paths, const char *registry,
              struct arena *arena, struct import_set *out, struct faults *faults);

/* What is read and written, for the exporter and docs/formats.md. */
extern const struct json_field osb_service_fields[];
extern const struct json_field osb_plan_fields[];

/* Plans of one service, in osb_plan.c. */
void osb_plans(const struct source *source, const struct json_value *object,
               const char *place, Kontor__V1__Service *service);
/* The period that a unit of a cost is here, and back; NULL: none. */
const char *osb_period_of(const char *unit);
const char *osb_unit_of(const char *period);

/* Writers of their rows, in osb_write.c. */
bool osb_write_name(struct target *target, const struct json_field *field,
                    const void *message, struct json_value *out);
bool osb_write_description(struct target *target, const struct json_field *field,
                           const void *message, struct json_value *out);
bool osb_write_long(struct target *target, const struct json_field *field,
                    const void *message, struct json_value *out);
bool osb_write_false(struct target *target, const struct json_field *field,
                     const void *message, struct json_value *out);
bool osb_write_free(struct target *target, const struct json_field *field,
                    const void *message, struct json_value *out);
bool osb_write_costs(struct target *target, const struct json_field *field,
                     const void *message, struct json_value *out);
bool osb_write_schemas(struct target *target, const struct json_field *field,
                       const void *message, struct json_value *out);
bool osb_write_plans(struct target *target, const struct json_field *field,
                     const void *message, struct json_value *out);
/* Whether all prices of an offer are nothing. */
bool osb_is_free(const Kontor__V1__Offer *offer);

#endif
