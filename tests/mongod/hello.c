/* The commands of a greeting: hello, buildInfo, ping, endSessions. */
#include <stdio.h>

#include "tests/mongod/command.h"

enum { WIRE_MIN = 0, WIRE_MAX = 17, SESSION_MINUTES = 30 };

/*
 * Elections are numbered so that a deposed primary can show one that is older than what
 * it has shown: drivers then know it for what it is.
 */
static void
append_election(const struct mongod *mongod, bson_t *reply)
{
    enum { FIRST = 2, LAST_BYTE = 11, BYTE = 8 };
    uint64_t number = FIRST + mongod->replica.n_elections;
    uint8_t bytes[12] = {0x7f, 0xff, 0xff, 0xff};
    bson_oid_t oid;
    if (mongod_replica_is(mongod, REPLICA_STALE)) {
        number--;
    }
    for (int i = LAST_BYTE; i >= 4; i--) {
        bytes[i] = (uint8_t)number;
        number >>= BYTE;
    }
    bson_oid_init_from_data(&oid, bytes);
    bson_append_oid(reply, "electionId", -1, &oid);
}

static void
append_set(const struct mongod *mongod, bson_t *reply)
{
    char host[32];
    bson_t hosts;
    bool is_secondary = mongod_replica_is(mongod, REPLICA_SECONDARY);
    (void)snprintf(host, sizeof host, "127.0.0.1:%u", (unsigned)mongod->server.port);
    bson_append_array_begin(reply, "hosts", -1, &hosts);
    bson_append_utf8(&hosts, "0", -1, host, -1);
    bson_append_array_end(reply, &hosts);
    bson_append_utf8(reply, "setName", -1, MONGOD_SET_NAME, -1);
    bson_append_int32(reply, "setVersion", -1, 1);
    bson_append_utf8(reply, "me", -1, host, -1);
    bson_append_bool(reply, "secondary", -1, is_secondary);
    if (!is_secondary) {
        bson_append_utf8(reply, "primary", -1, host, -1);
        append_election(mongod, reply);
    }
}

bool
mongod_run_hello(struct call *call)
{
    const struct mongod *mongod = call->mongod;
    bson_t *reply = call->reply;
    bool is_primary = !mongod_replica_is(mongod, REPLICA_SECONDARY);
    bson_append_bool(reply, "helloOk", -1, true);
    bson_append_bool(reply, "ismaster", -1, is_primary);
    bson_append_bool(reply, "isWritablePrimary", -1, is_primary);
    if (mongod->options.is_replica_set) {
        append_set(mongod, reply);
    }
    bson_append_int32(reply, "maxBsonObjectSize", -1, MONGOD_DOCUMENT_MAX);
    bson_append_int32(reply, "maxMessageSizeBytes", -1, MONGOD_MESSAGE_MAX);
    bson_append_int32(reply, "maxWriteBatchSize", -1, MONGOD_BATCH_MAX);
    bson_append_now_utc(reply, "localTime", -1);
    bson_append_int32(reply, "logicalSessionTimeoutMinutes", -1, SESSION_MINUTES);
    bson_append_int32(reply, "connectionId", -1, call->connection);
    bson_append_int32(reply, "minWireVersion", -1, WIRE_MIN);
    bson_append_int32(reply, "maxWireVersion", -1, WIRE_MAX);
    bson_append_bool(reply, "readOnly", -1, false);
    return true;
}

bool
mongod_run_build_info(struct call *call)
{
    static const int32_t numbers[] = {6, 0, 0, 0};
    bson_t version;
    bson_append_utf8(call->reply, "version", -1, "6.0.0", -1);
    bson_append_array_begin(call->reply, "versionArray", -1, &version);
    for (uint32_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char buffer[16];
        const char *key = NULL;
        bson_uint32_to_string(i, &key, buffer, sizeof buffer);
        bson_append_int32(&version, key, -1, numbers[i]);
    }
    bson_append_array_end(call->reply, &version);
    bson_append_int32(call->reply, "bits", -1, 64);
    bson_append_int32(call->reply, "maxBsonObjectSize", -1, MONGOD_DOCUMENT_MAX);
    if (call->mongod->options.is_ferretdb) {
        bson_append_utf8(call->reply, "ferretdbVersion", -1, "v1.24.2", -1);
    }
    return true;
}

bool
mongod_run_nothing(struct call *call)
{
    (void)call;
    return true;
}
