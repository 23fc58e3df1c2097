/*
 * Parameters of an offer out of a foreign form: their ids, their types, their values.
 *
 * Memory: the source's arena. Errors: findings of the source; a value that is none of
 * its kind is NULL. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_PARAMETERS_H
#define KONTOR_TOOLS_IMPORT_PARAMETERS_H

#include "proto/json_tree.h"
#include "tools/import/source.h"

/* The most parameters of an offer, offers of a service and values of a choice, and the
 * longest text a parameter takes, in bytes. */
enum {
    PARAMETERS_MAX = 128,
    PARAMETERS_MAX_OFFERS = 64,
    PARAMETERS_MAX_VALUES = 256,
    PARAMETERS_MAX_TEXT = 65536,
};

/* Values of one list, all of one kind. */
struct parameters_values {
    Kontor__V1__Value **rows;
    size_t n;
};

/* A part of an id, [A-Za-z0-9._-]{1,64}, out of a name; a name that is one stays. */
char *parameters_part(const struct source *source, const char *name);
/* One parameter more, with an id made of its name and unlike those before it; a name
 * that cannot be an id is a finding. */
Kontor__V1__Parameter *parameters_add(const struct source *source,
                                      Kontor__V1__Offer *offer, const char *name,
                                      const char *place);
/* The message of a type, empty, as the parameter's. */
void *parameters_type(const struct source *source, Kontor__V1__Parameter *parameter,
                      Kontor__V1__Parameter__TypeCase type);

/* The kind of value JSON makes of it; NOT_SET for what is no plain value. */
Kontor__V1__Value__KindCase parameters_kind(const struct json_value *from);
/* What two kinds have in common: whole numbers are decimals, all can be said in text.
 */
Kontor__V1__Value__KindCase parameters_wider(Kontor__V1__Value__KindCase a,
                                             Kontor__V1__Value__KindCase b);
/* A plain JSON value as one of a kind; a text that reads as it counts. NULL: it is
 * none. */
Kontor__V1__Value *parameters_value(const struct source *source,
                                    const struct json_value *from,
                                    Kontor__V1__Value__KindCase kind);
/* Appends a value; one that is there already is a finding and stays out. */
void parameters_values_add(const struct source *source,
                           struct parameters_values *values, Kontor__V1__Value *value,
                           const char *place);
/* A number as a decimal; NULL: it has more digits than ours. */
const char *parameters_decimal(const struct source *source,
                               const struct json_value *from);

/*
 * A pattern as ours, which is about the whole text; NULL, and a finding: it says what
 * ours cannot, and the text is free. is_search: it need only match somewhere within.
 */
const char *parameters_pattern(const struct source *source, const char *pattern,
                               const char *place, bool is_search);
/* The counterpart: a search that finds just the texts our pattern matches. NULL: ours
 * says what would mean another thing there. */
const char *parameters_search(struct arena *arena, const char *pattern);
/* Proposes a text, when the parameter takes it itself; else that is a finding. */
void parameters_propose(const struct source *source, Kontor__V1__TextParameter *text,
                        const char *proposal, const char *place);

#endif
