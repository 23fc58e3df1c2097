/*
 * Import of service specifications as TMF633 has them: one object or a list. Source: TM
 * Forum TMF633 Service Catalog Management API 4.0, and what OpenSlice makes of it.
 *
 * Memory: the source's arena. Errors: faults with JSON paths. Threads: any.
 */
#ifndef KONTOR_TOOLS_IMPORT_TMF633_H
#define KONTOR_TOOLS_IMPORT_TMF633_H

#include "tools/import/json_fields.h"

/* The only offer of a specification: there everything is ordered as a whole. */
#define TMF633_IID "default"

bool tmf633_read(const char *const *paths, size_t n_paths, const char *registry,
                 struct arena *arena, struct import_set *out, struct faults *faults);

/* A list that either dialect may hold, in tmf633.c; place is set to where it is. */
const struct json_value *tmf633_list(const struct source *source,
                                     const struct json_value *object, const char *place,
                                     const char *const names[2], const char **at);

/* Characteristics as parameters, in tmf633_characteristic.c. */
void tmf633_characteristics(const struct source *source,
                            const struct json_value *object, const char *place,
                            Kontor__V1__Offer *offer);

#endif
