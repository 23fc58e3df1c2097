#include "tests/mongod/envelope.h"

#include <stdio.h>
#include <string.h>

bool
mongod_envelope_count(const bson_iter_t *field, int64_t max, int64_t *out,
                      struct trouble *trouble)
{
    bson_iter_t iter = *field;
    int64_t number = 0;
    if (!mongod_value_integer(bson_iter_value(&iter), &number) || number < 0 ||
        number > max) {
        return mongod_refuse(trouble, "the value of %s", bson_iter_key(field));
    }
    *out = number;
    return true;
}

bool
mongod_envelope_document(const bson_iter_t *field, bson_t *out, struct trouble *trouble)
{
    const uint8_t *data = NULL;
    uint32_t size = 0;
    if (!BSON_ITER_HOLDS_DOCUMENT(field)) {
        return mongod_refuse(trouble, "%s is no document", bson_iter_key(field));
    }
    bson_iter_document(field, &size, &data);
    return bson_init_static(out, data, size) ||
           mongod_refuse(trouble, "malformed BSON in %s", bson_iter_key(field));
}

static bool
read_lsid(struct call *call, const bson_iter_t *field)
{
    bson_t lsid;
    bson_iter_t iter;
    if (!mongod_envelope_document(field, &lsid, &call->trouble)) {
        return false;
    }
    if (!bson_iter_init_find(&iter, &lsid, "id") || !BSON_ITER_HOLDS_BINARY(&iter) ||
        bson_count_keys(&lsid) != 1) {
        return mongod_refuse(&call->trouble, "an lsid of another form");
    }
    const uint8_t *id = NULL;
    uint32_t size = 0;
    bson_subtype_t subtype = BSON_SUBTYPE_BINARY;
    bson_iter_binary(&iter, &subtype, &size, &id);
    if (subtype != BSON_SUBTYPE_UUID || size != MONGOD_SESSION_ID) {
        return mongod_refuse(&call->trouble, "an lsid that is no UUID");
    }
    memcpy(call->session_id, id, MONGOD_SESSION_ID);
    return true;
}

static bool
read_txn(struct call *call, const bson_iter_t *field)
{
    if (!call->mongod->options.is_replica_set) {
        return mongod_fail(&call->trouble, MONGOD_ILLEGAL_OPERATION,
                           "txnNumber at a standalone");
    }
    call->has_txn = true;
    return mongod_envelope_count(field, INT64_MAX, &call->txn, &call->trouble);
}

static bool
read_database(struct call *call, const bson_iter_t *field)
{
    if (!BSON_ITER_HOLDS_UTF8(field)) {
        return mongod_refuse(&call->trouble, "$db is no string");
    }
    call->database = bson_iter_utf8(field, NULL);
    return true;
}

/* The preference is a word among others; primaryPreferred is what a driver sends to an
 * address it was told to use directly. */
static bool
read_preference(struct call *call, const bson_iter_t *field)
{
    bson_t preference;
    bson_iter_t iter;
    if (!mongod_envelope_document(field, &preference, &call->trouble)) {
        return false;
    }
    const char *mode = "";
    if (bson_iter_init_find(&iter, &preference, "mode") &&
        BSON_ITER_HOLDS_UTF8(&iter)) {
        mode = bson_iter_utf8(&iter, NULL);
    }
    if (bson_count_keys(&preference) != 1 ||
        (strcmp(mode, "primary") != 0 && strcmp(mode, "primaryPreferred") != 0)) {
        return mongod_refuse(&call->trouble, "the read preference '%s'", mode);
    }
    return true;
}

static bool
read_api_version(struct call *call, const bson_iter_t *field)
{
    if (!BSON_ITER_HOLDS_UTF8(field) || strcmp(bson_iter_utf8(field, NULL), "1") != 0) {
        return mongod_refuse(&call->trouble, "an apiVersion other than 1");
    }
    return true;
}

static bool
read_flag(struct call *call, const bson_iter_t *field)
{
    return BSON_ITER_HOLDS_BOOL(field) ||
           mongod_refuse(&call->trouble, "%s is no boolean", bson_iter_key(field));
}

static bool
read_max_time(struct call *call, const bson_iter_t *field)
{
    int64_t ms = 0;
    return mongod_envelope_count(field, INT32_MAX, &ms, &call->trouble);
}

static bool
read_read_concern(struct call *call, const bson_iter_t *field)
{
    bson_t concern;
    bson_iter_t iter;
    if (!mongod_envelope_document(field, &concern, &call->trouble)) {
        return false;
    }
    const char *level = "local";
    if (bson_iter_init_find(&iter, &concern, "level") && BSON_ITER_HOLDS_UTF8(&iter)) {
        level = bson_iter_utf8(&iter, NULL);
    }
    call->is_majority = strcmp(level, "majority") == 0;
    if (bson_count_keys(&concern) > 1 ||
        (!call->is_majority && strcmp(level, "local") != 0)) {
        return mongod_refuse(&call->trouble, "the readConcern '%s', or more", level);
    }
    return true;
}

static bool
read_w(struct call *call, const bson_iter_t *field)
{
    bson_iter_t iter = *field;
    int64_t w = 0;
    call->is_majority = BSON_ITER_HOLDS_UTF8(field) &&
                        strcmp(bson_iter_utf8(field, NULL), "majority") == 0;
    bool is_one = mongod_value_integer(bson_iter_value(&iter), &w) && w == 1;
    return call->is_majority || is_one ||
           mongod_refuse(&call->trouble, "a w other than \"majority\" and 1");
}

static bool
read_concern_part(struct call *call, const bson_iter_t *field)
{
    const char *name = bson_iter_key(field);
    int64_t ms = 0;
    if (strcmp(name, "w") == 0) {
        return read_w(call, field);
    }
    if (strcmp(name, "j") == 0) {
        return read_flag(call, field);
    }
    if (strcmp(name, "wtimeout") != 0) {
        return mongod_refuse(&call->trouble, "%s in a writeConcern", name);
    }
    if (!mongod_envelope_count(field, INT32_MAX - 1, &ms, &call->trouble)) {
        return false;
    }
    call->wtimeout_ms = (int32_t)ms;
    return true;
}

static bool
read_write_concern(struct call *call, const bson_iter_t *field)
{
    bson_t concern;
    bson_iter_t iter;
    if (!mongod_envelope_document(field, &concern, &call->trouble) ||
        !bson_iter_init(&iter, &concern)) {
        return false;
    }
    while (bson_iter_next(&iter)) {
        if (!read_concern_part(call, &iter)) {
            return false;
        }
    }
    return true;
}

static const struct {
    const char *name;
    unsigned flags; /* The command has one of these; 0: any command may carry it. */
    bool (*read)(struct call *call, const bson_iter_t *field);
} fields[] = {
    {"$db", 0, read_database},
    {"lsid", 0, read_lsid},
    {"$readPreference", 0, read_preference},
    {"apiVersion", 0, read_api_version},
    {"apiStrict", 0, read_flag},
    {"apiDeprecationErrors", 0, read_flag},
    {"maxTimeMS", COMMAND_READS, read_max_time},
    {"readConcern", COMMAND_READS, read_read_concern},
    {"writeConcern", COMMAND_WRITES, read_write_concern},
    {"txnNumber", COMMAND_RETRIES, read_txn},
};

static bool
is_own(const struct command_row *row, const char *name)
{
    char word[48];
    int length = snprintf(word, sizeof word, " %s ", name);
    return length < (int)sizeof word && strstr(row->fields, word) != NULL;
}

static bool
read_field(struct call *call, const bson_iter_t *field)
{
    const char *name = bson_iter_key(field);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        bool is_allowed =
            fields[i].flags == 0 || (fields[i].flags & call->row->flags) != 0;
        if (is_allowed && strcmp(fields[i].name, name) == 0) {
            return fields[i].read(call, field);
        }
    }
    return is_own(call->row, name) ||
           mongod_refuse(&call->trouble, "the option %s", name);
}

/* The strictest of what is known about names. */
static bool
check_names(struct call *call)
{
    enum { DATABASE_MAX = 63 };
    const char *database = call->database;
    size_t length = strlen(database);
    if (length == 0 || length > DATABASE_MAX || strpbrk(database, "/\\. \"$") != NULL) {
        return mongod_fail(&call->trouble, MONGOD_INVALID_NAMESPACE,
                           "the database name '%s'", database);
    }
    if (call->collection == NULL) {
        return true;
    }
    const char *name = call->collection;
    length = strlen(name);
    int size = snprintf(call->ns, sizeof call->ns, "%s.%s", database, name);
    if (length == 0 || strchr(name, '$') != NULL || name[0] == '.' ||
        name[length - 1] == '.' || strncmp(name, "system.", strlen("system.")) == 0 ||
        size > MONGOD_NS_MAX) {
        return mongod_fail(&call->trouble, MONGOD_INVALID_NAMESPACE,
                           "the collection name '%s'", name);
    }
    return true;
}

bool
mongod_envelope_read(struct call *call)
{
    bson_iter_t iter;
    bool has_lsid = bson_has_field(&call->message->body, "lsid");
    if ((call->row->flags & COMMAND_FREE) != 0) {
        return true;
    }
    if (!bson_iter_init(&iter, &call->message->body) || !bson_iter_next(&iter)) {
        return mongod_refuse(&call->trouble, "an empty command");
    }
    while (bson_iter_next(&iter)) {
        if (!read_field(call, &iter)) {
            return false;
        }
    }
    if (iter.err_off != 0 || call->database == NULL || (call->has_txn && !has_lsid)) {
        return mongod_refuse(&call->trouble,
                             "malformed BSON, no $db, or txnNumber without lsid");
    }
    return check_names(call);
}
