#include "tests/mongod/trouble.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    enum mongod_code code;
    const char *name;
} names[] = {
    {MONGOD_OK, "OK"},
    {MONGOD_INTERNAL_ERROR, "InternalError"},
    {MONGOD_BAD_VALUE, "BadValue"},
    {MONGOD_ILLEGAL_OPERATION, "IllegalOperation"},
    {MONGOD_NAMESPACE_NOT_FOUND, "NamespaceNotFound"},
    {MONGOD_CURSOR_NOT_FOUND, "CursorNotFound"},
    {MONGOD_COMMAND_NOT_FOUND, "CommandNotFound"},
    {MONGOD_WRITE_CONCERN_FAILED, "WriteConcernFailed"},
    {MONGOD_IMMUTABLE_FIELD, "ImmutableField"},
    {MONGOD_INVALID_NAMESPACE, "InvalidNamespace"},
    {MONGOD_INDEX_OPTIONS_CONFLICT, "IndexOptionsConflict"},
    {MONGOD_INDEX_KEY_SPECS_CONFLICT, "IndexKeySpecsConflict"},
    {MONGOD_CANNOT_INDEX_PARALLEL_ARRAYS, "CannotIndexParallelArrays"},
    {MONGOD_TRANSACTION_TOO_OLD, "TransactionTooOld"},
    {MONGOD_NOT_WRITABLE_PRIMARY, "NotWritablePrimary"},
    {MONGOD_DUPLICATE_KEY, "DuplicateKey"},
    {MONGOD_NOT_PRIMARY_NO_SECONDARY_OK, "NotPrimaryNoSecondaryOk"},
};

const char *
mongod_code_name(enum mongod_code code)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].code == code) {
            return names[i].name;
        }
    }
    return "UnknownError";
}

bool
mongod_fail(struct trouble *trouble, enum mongod_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(trouble->text, sizeof trouble->text, format, arguments);
    va_end(arguments);
    trouble->code = code;
    trouble->is_outside = false;
    return false;
}

bool
mongod_refuse(struct trouble *trouble, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(trouble->text, sizeof trouble->text, format, arguments);
    va_end(arguments);
    trouble->code = MONGOD_BAD_VALUE;
    trouble->is_outside = true;
    return false;
}
