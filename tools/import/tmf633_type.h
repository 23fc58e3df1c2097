/*
 * The value types of characteristics beside ours, and what each is made of.
 *
 * Memory: the source's arena. Errors: findings of the source. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_TMF633_TYPE_H
#define KONTOR_TOOLS_IMPORT_TMF633_TYPE_H

#include "tools/import/parameters.h"

/* One possible value of a characteristic, taken out of either dialect. */
struct tmf633_value {
    const struct json_value *object;
    const struct json_value *scalar; /* NULL: none, or an empty one. */
    const char *alias;               /* What people call it; empty: nothing. */
    bool is_default;
    const char *place;
};

/* A characteristic while its parameter is made. */
struct tmf633_characteristic {
    const struct source *source;
    const struct json_value *object;
    const char *place;
    const struct tmf633_value *values;
    size_t n_values;
    int64_t least; /* minCardinality and maxCardinality; 0: not said. */
    int64_t most;
    Kontor__V1__Parameter *parameter;
};

/* A value type there. */
struct tmf633_type {
    const char *name; /* In any case of letters. */
    void (*make)(const struct tmf633_characteristic *characteristic);
    Kontor__V1__Value__KindCase kind; /* Of its values. */
};

/* The type of a word; NULL: nobody knows it. */
const struct tmf633_type *tmf633_find_type(const char *name);
/* That of the characteristic. */
const struct tmf633_type *
tmf633_type_of(const struct tmf633_characteristic *characteristic);
/* The message of our type, as the parameter's. */
void *tmf633_new_type(const struct tmf633_characteristic *characteristic,
                      Kontor__V1__Parameter__TypeCase type);

/* The kind a value with a scalar is taken as. */
Kontor__V1__Value__KindCase
tmf633_kind(const struct tmf633_characteristic *characteristic,
            const struct tmf633_value *value);
/* How many values have a scalar. */
size_t tmf633_count(const struct tmf633_characteristic *characteristic);
/* All of them as choices of one kind. */
struct parameters_values
tmf633_choices(const struct tmf633_characteristic *characteristic);
/* The default, or the first; NULL: there is none. */
const struct tmf633_value *
tmf633_proposal(const struct tmf633_characteristic *characteristic);
/* What people call it has no place. */
void tmf633_note_alias(const struct tmf633_characteristic *characteristic,
                       const struct tmf633_value *value);
/* A value where a parameter of this type proposes none. */
void tmf633_note_proposal(const struct tmf633_characteristic *characteristic,
                          const char *noun);
/* A range where there is no place for one. */
void tmf633_note_range(const struct tmf633_characteristic *characteristic,
                       const char *noun);

/* Makers that others need. */
void tmf633_make_integer(const struct tmf633_characteristic *characteristic);
void tmf633_make_number(const struct tmf633_characteristic *characteristic);
void tmf633_make_decimal(const struct tmf633_characteristic *characteristic);
void tmf633_make_date(const struct tmf633_characteristic *characteristic);
void tmf633_make_day(const struct tmf633_characteristic *characteristic);
void tmf633_make_choice(const struct tmf633_characteristic *characteristic);

/* Sets the type of a parameter a customer is asked. */
void tmf633_make(const struct tmf633_characteristic *characteristic);
/* Makes it a constant of its value, the default where there are several. */
void tmf633_make_constant(const struct tmf633_characteristic *characteristic);

#endif
