/*
 * BSON values in MongoDB's order: by class of type, then within the class.
 *
 * Memory: values are borrowed from their documents; a copy is the taker's. Errors:
 * none. Threads: any.
 */
#ifndef KONTOR_TESTS_MONGOD_VALUE_H
#define KONTOR_TESTS_MONGOD_VALUE_H

#include <stdbool.h>

#include <bson/bson.h>

/* In MongoDB's order. */
enum value_class {
    VALUE_NOTHING, /* Null and what is missing (BSON_TYPE_EOD). */
    VALUE_NUMBER,
    VALUE_TEXT,
    VALUE_DOCUMENT,
    VALUE_ARRAY,
    VALUE_BINARY,
    VALUE_OID,
    VALUE_BOOL,
    VALUE_DATE,
    VALUE_TIMESTAMP,
    VALUE_OTHER /* What the portable subset has not. */
};

enum value_class mongod_value_class(const bson_value_t *value);
/* Neither a document nor an array, and of the portable subset. */
bool mongod_value_is_scalar(const bson_value_t *value);
/* A double that some server does not keep: NaN, an infinity. */
bool mongod_value_is_odd(const bson_value_t *value);
/* <0, 0 or >0. Of documents, arrays and others only the class counts. */
int mongod_value_compare(const bson_value_t *a, const bson_value_t *b);
/* An integer of either width, or a double without a fraction. */
bool mongod_value_integer(const bson_value_t *value, int64_t *out);

#endif
