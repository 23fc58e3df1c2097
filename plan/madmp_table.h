/*
 * The members of a plan, one row each for all versions of the standard: what differs
 * between them is a column.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_PLAN_MADMP_TABLE_H
#define KONTOR_PLAN_MADMP_TABLE_H

#include "plan/madmp.h"

/* Sets of versions. */
enum {
    IN_1_0 = 1 << MADMP_1_0,
    IN_1_1 = 1 << MADMP_1_1,
    IN_1_2 = 1 << MADMP_1_2,
    IN_ALL = IN_1_0 | IN_1_1 | IN_1_2,
};

/* Forms of texts. */
enum madmp_form {
    FORM_ANY,
    FORM_DATE,      /* 2026-12-31. */
    FORM_DATE_TIME, /* 2026-12-31T12:00:00Z; older versions: with less of it. */
    FORM_EMAIL,
    FORM_URI,
    FORM_VERSIONED_URI, /* A URI before 1.2, any text since. */
};

struct madmp_field {
    const char *name; /* NULL ends a table. */
    enum json_type type;
    unsigned versions;    /* Which know it. */
    unsigned required;    /* Which insist on it. */
    unsigned lists;       /* In which it is a list of such values. */
    unsigned one_or_list; /* In which it may be either. */
    unsigned filled;      /* In which a list has one element at least. */
    unsigned distinct;    /* In which no element stands twice. */
    enum madmp_form form; /* Of texts. */
    const char *values;   /* The texts there are, between blanks; NULL = any. */
    unsigned closed;      /* In which there are no others. */
    const struct madmp_field *members; /* Of objects. */
};

/* The document itself, and whether a version takes other members beside "dmp". */
extern const struct madmp_field madmp_document[];
extern const unsigned madmp_closed_document;

/* Codes between blanks: ISO 639-3, 3166-1 and 4217 as the standard lists them. */
extern const char madmp_languages[];
extern const char madmp_countries[];
extern const char madmp_currencies[];

/* Whether a text is of a form in a version; *wanted says what would be right. */
bool madmp_form_is(enum madmp_form form, enum madmp_version version, const char *text,
                   const char **wanted);
/* Whether it is one of the texts between blanks. */
bool madmp_is_among(const char *values, const char *text);
/* Whether any version has a member of that name, and a text of that value in a list of
 * the texts there are, wherever. */
bool madmp_table_has_field(const char *name);
bool madmp_table_has_value(const char *text);

#endif
