/*
 * Import and export of service specifications as TMF633 has them: one object or a list.
 * Source: TM Forum TMF633 Service Catalog Management API 4.0, and what OpenSlice makes
 * of it.
 *
 * Memory: the source's arena, or the target's. Errors: faults with JSON paths; losses
 * of the target. Threads: any.
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

/* What is read and written, for the exporter and docs/formats.md. */
extern const struct json_field tmf633_fields[];
/* What is looked at in a characteristic and in one of its values. */
extern const struct json_field tmf633_characteristic_fields[];
extern const struct json_field tmf633_value_fields[];
/* The phase of a word, UNSPECIFIED where it says none, and the word of a phase. */
Kontor__V1__Phase tmf633_phase(const char *word);
const char *tmf633_word(Kontor__V1__Phase phase);

/* Writers of the rows, in tmf633_write.c. */
bool tmf633_write_type(struct target *target, const struct json_field *field,
                       const void *message, struct json_value *out);
bool tmf633_write_phase(struct target *target, const struct json_field *field,
                        const void *message, struct json_value *out);
bool tmf633_write_date(struct target *target, const struct json_field *field,
                       const void *message, struct json_value *out);
bool tmf633_write_party(struct target *target, const struct json_field *field,
                        const void *message, struct json_value *out);
bool tmf633_write_relations(struct target *target, const struct json_field *field,
                            const void *message, struct json_value *out);
bool tmf633_write_offer(struct target *target, const struct json_field *field,
                        const void *message, struct json_value *out);
/* A parameter as a characteristic, in tmf633_parameter.c; path is what it is called in
 * a loss. */
struct json_value tmf633_characteristic(struct target *target,
                                        const Kontor__V1__Parameter *parameter,
                                        const char *path);

#endif
