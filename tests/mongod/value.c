#include "tests/mongod/value.h"

#include <math.h>
#include <string.h>

enum value_class
mongod_value_class(const bson_value_t *value)
{
    switch ((int)value->value_type) {
    case BSON_TYPE_EOD:
    case BSON_TYPE_NULL:
        return VALUE_NOTHING;
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
    case BSON_TYPE_DOUBLE:
        return VALUE_NUMBER;
    case BSON_TYPE_UTF8:
        return VALUE_TEXT;
    case BSON_TYPE_DOCUMENT:
        return VALUE_DOCUMENT;
    case BSON_TYPE_ARRAY:
        return VALUE_ARRAY;
    case BSON_TYPE_BINARY:
        return VALUE_BINARY;
    case BSON_TYPE_OID:
        return VALUE_OID;
    case BSON_TYPE_BOOL:
        return VALUE_BOOL;
    case BSON_TYPE_DATE_TIME:
        return VALUE_DATE;
    case BSON_TYPE_TIMESTAMP:
        return VALUE_TIMESTAMP;
    default:
        return VALUE_OTHER;
    }
}

bool
mongod_value_is_scalar(const bson_value_t *value)
{
    enum value_class class = mongod_value_class(value);
    return class != VALUE_DOCUMENT && class != VALUE_ARRAY && class != VALUE_OTHER;
}

bool
mongod_value_is_odd(const bson_value_t *value)
{
    return value->value_type == BSON_TYPE_DOUBLE && !isfinite(value->value.v_double);
}

static int
compare_int64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int
compare_uint64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Exact: not every int64 is a double. */
static int
compare_int64_double(int64_t a, double b)
{
    const double two_63 = 9223372036854775808.0;
    if (b >= two_63) {
        return -1;
    }
    if (b < -two_63) {
        return 1;
    }
    double whole = trunc(b);
    int order = compare_int64(a, (int64_t)whole);
    return order != 0 ? order : (b < whole) - (b > whole);
}

static int64_t
int_of(const bson_value_t *value)
{
    return value->value_type == BSON_TYPE_INT32 ? value->value.v_int32
                                                : value->value.v_int64;
}

static int
compare_numbers(const bson_value_t *a, const bson_value_t *b)
{
    bool is_a_double = a->value_type == BSON_TYPE_DOUBLE;
    bool is_b_double = b->value_type == BSON_TYPE_DOUBLE;
    if (is_a_double && is_b_double) {
        double x = a->value.v_double;
        double y = b->value.v_double;
        return (x > y) - (x < y);
    }
    if (is_a_double) {
        return -compare_int64_double(int_of(b), a->value.v_double);
    }
    if (is_b_double) {
        return compare_int64_double(int_of(a), b->value.v_double);
    }
    return compare_int64(int_of(a), int_of(b));
}

static int
compare_bytes(const void *a, size_t a_size, const void *b, size_t b_size)
{
    size_t size = a_size < b_size ? a_size : b_size;
    int order = size == 0 ? 0 : memcmp(a, b, size);
    return order != 0 ? order : compare_uint64(a_size, b_size);
}

/* By length, then subtype, then bytes. */
static int
compare_binaries(const bson_value_t *a, const bson_value_t *b)
{
    uint32_t size = a->value.v_binary.data_len;
    int order = compare_uint64(size, b->value.v_binary.data_len);
    if (order == 0) {
        order = (int)a->value.v_binary.subtype - (int)b->value.v_binary.subtype;
    }
    if (order == 0) {
        order =
            compare_bytes(a->value.v_binary.data, size, b->value.v_binary.data, size);
    }
    return order;
}

static int
compare_timestamps(const bson_value_t *a, const bson_value_t *b)
{
    int order =
        compare_uint64(a->value.v_timestamp.timestamp, b->value.v_timestamp.timestamp);
    return order != 0 ? order
                      : compare_uint64(a->value.v_timestamp.increment,
                                       b->value.v_timestamp.increment);
}

static int
compare_within(enum value_class class, const bson_value_t *a, const bson_value_t *b)
{
    switch (class) {
    case VALUE_NUMBER:
        return compare_numbers(a, b);
    case VALUE_TEXT:
        return compare_bytes(a->value.v_utf8.str, a->value.v_utf8.len,
                             b->value.v_utf8.str, b->value.v_utf8.len);
    case VALUE_BINARY:
        return compare_binaries(a, b);
    case VALUE_OID:
        return bson_oid_compare(&a->value.v_oid, &b->value.v_oid);
    case VALUE_BOOL:
        return (int)a->value.v_bool - (int)b->value.v_bool;
    case VALUE_DATE:
        return compare_int64(a->value.v_datetime, b->value.v_datetime);
    case VALUE_TIMESTAMP:
        return compare_timestamps(a, b);
    case VALUE_NOTHING:
    case VALUE_DOCUMENT:
    case VALUE_ARRAY:
    case VALUE_OTHER:
        return 0;
    }
    return 0;
}

int
mongod_value_compare(const bson_value_t *a, const bson_value_t *b)
{
    enum value_class class = mongod_value_class(a);
    int order = (int)class - (int)mongod_value_class(b);
    return order != 0 ? order : compare_within(class, a, b);
}

bool
mongod_value_integer(const bson_value_t *value, int64_t *out)
{
    const double safe = 9007199254740992.0;
    if (value->value_type == BSON_TYPE_INT32 || value->value_type == BSON_TYPE_INT64) {
        *out = int_of(value);
        return true;
    }
    if (value->value_type != BSON_TYPE_DOUBLE) {
        return false;
    }
    double number = value->value.v_double;
    if (!(number >= -safe && number <= safe) || trunc(number) != number) {
        return false;
    }
    *out = (int64_t)number;
    return true;
}
