/*
 * Why a command is answered with an error: MongoDB's code and a text, and whether the
 * client left the portable subset.
 *
 * Memory: plain values. Errors: it is one. Threads: any, on its own value.
 */
#ifndef KONTOR_TESTS_MONGOD_TROUBLE_H
#define KONTOR_TESTS_MONGOD_TROUBLE_H

#include <stdbool.h>

/* MongoDB's numbers, from its list of error codes. */
enum mongod_code {
    MONGOD_OK = 0,
    MONGOD_INTERNAL_ERROR = 1,
    MONGOD_BAD_VALUE = 2,
    MONGOD_ILLEGAL_OPERATION = 20,
    MONGOD_NAMESPACE_NOT_FOUND = 26,
    MONGOD_CURSOR_NOT_FOUND = 43,
    MONGOD_COMMAND_NOT_FOUND = 59,
    MONGOD_WRITE_CONCERN_FAILED = 64,
    MONGOD_IMMUTABLE_FIELD = 66,
    MONGOD_INVALID_NAMESPACE = 73,
    MONGOD_INDEX_OPTIONS_CONFLICT = 85,
    MONGOD_INDEX_KEY_SPECS_CONFLICT = 86,
    MONGOD_CANNOT_INDEX_PARALLEL_ARRAYS = 171,
    MONGOD_TRANSACTION_TOO_OLD = 225,
    MONGOD_NOT_WRITABLE_PRIMARY = 10107,
    MONGOD_DUPLICATE_KEY = 11000,
    MONGOD_NOT_PRIMARY_NO_SECONDARY_OK = 13435
};

struct trouble {
    enum mongod_code code;
    bool is_outside; /* Of the portable subset. */
    char text[256];
};

/* The name MongoDB gives the code as codeName. */
const char *mongod_code_name(enum mongod_code code);
/* Set the trouble and return false, so that a check can return what they return. */
bool mongod_fail(struct trouble *trouble, enum mongod_code code, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));
/* The same with code 2, for what is outside of the portable subset. */
bool mongod_refuse(struct trouble *trouble, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
