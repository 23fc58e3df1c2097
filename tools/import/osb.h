/*
 * Import of Open Service Broker catalogues: the answer of GET /v2/catalog. Source: Open
 * Service Broker API 2.17, Catalog Management.
 *
 * Memory: the source's arena. Errors: faults with JSON paths. Threads: any.
 */
#ifndef KONTOR_TOOLS_IMPORT_OSB_H
#define KONTOR_TOOLS_IMPORT_OSB_H

#include "proto/json_tree.h"
#include "tools/import/source.h"

bool osb_read(const char *const *paths, size_t n_paths, const char *registry,
              struct arena *arena, struct import_set *out, struct faults *faults);

/* Plans of one service, in osb_plan.c. */
void osb_plans(const struct source *source, const struct json_value *object,
               const char *place, Kontor__V1__Service *service);

#endif
