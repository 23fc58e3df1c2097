/*
 * The EOSC-hub Marketplace catalogue of 2019 as JSON: platforms, categories, providers,
 * area, target_groups, services with offers and parameters, relations by title.
 *
 * Memory: the source's arena. Errors: faults and findings of the source. Threads: one
 * at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_MARKETPLACE_H
#define KONTOR_TOOLS_IMPORT_MARKETPLACE_H

#include "tools/import/json_fields.h"

/* import_read of "marketplace-2019". */
bool marketplace_read(const char *const *paths, size_t n_paths, const char *registry,
                      struct arena *arena, struct import_set *out,
                      struct faults *faults);
/* The offers of one service, given its JSON object. */
void marketplace_offers(const struct source *source, const struct json_value *object,
                        const char *place, Kontor__V1__Service *service);

/* What is read of each, for docs/formats.md too. */
extern const struct json_field marketplace_service_fields[];
extern const struct json_field marketplace_provider_fields[];
extern const struct json_field marketplace_relation_fields[];
extern const struct json_field marketplace_offer_fields[];
extern const struct json_field marketplace_parameter_fields[];

#endif
