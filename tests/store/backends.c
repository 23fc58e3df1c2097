/* The backends every contract test of the store runs on. */
#include "tests/store/fixture.h"

#include <mongoc/mongoc.h>
#include <stdlib.h>

#include "tests/mongod/mongod.h"

static void
sqlite_address(const char *folder, const char *name, char *out, size_t size)
{
    (void)snprintf(out, size, "sqlite:%s/%s.db", folder, name);
}

/* ---- Servers that speak MongoDB's protocol ---- */

/*
 * The variable that names a server, as tests/peers/peers.py and a user set it; a server
 * nobody named is skipped aloud.
 */
static const char *
server_missing(const char *variable)
{
    static char text[128];
    const char *server = getenv(variable);
    (void)snprintf(text, sizeof text, "%s names no server", variable);
    return server == NULL || server[0] == '\0' ? text : NULL;
}

/* A database a store: the folder's name, which nobody else has, and the store's. */
static void
address_in(const char *server, const char *folder, const char *name, char *out,
           size_t size)
{
    const char *base = strrchr(folder, '/');
    size_t length = strcspn(server, "?");
    while (length > 0 && server[length - 1] == '/') {
        length--;
    }
    (void)snprintf(out, size, "%.*s/%s-%s%s", (int)length, server, base + 1, name,
                   server + strcspn(server, "?"));
}

static void
server_address(const char *variable, const char *folder, const char *name, char *out,
               size_t size)
{
    address_in(getenv(variable), folder, name, out, size);
}

/* Drops what a test left: databases are many, and a server keeps each in memory. */
static void
server_clear(const char *variable, const char *folder)
{
    bson_error_t error;
    mongoc_client_t *client = mongoc_client_new(getenv(variable));
    char **names = mongoc_client_get_database_names_with_opts(client, NULL, &error);
    const char *prefix = strrchr(folder, '/') + 1;
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        if (strncmp(names[i], prefix, strlen(prefix)) == 0) {
            mongoc_database_t *database = mongoc_client_get_database(client, names[i]);
            (void)mongoc_database_drop(database, &error);
            mongoc_database_destroy(database);
        }
    }
    bson_strfreev(names);
    mongoc_client_destroy(client);
}

/* A row for each variable: functions of a table take no argument of their own. */
#define SERVER(function, variable)                                                     \
    static const char *function##_missing(void)                                        \
    {                                                                                  \
        return server_missing(variable);                                               \
    }                                                                                  \
    static void function##_address(const char *folder, const char *name, char *out,    \
                                   size_t size)                                        \
    {                                                                                  \
        server_address(variable, folder, name, out, size);                             \
    }                                                                                  \
    static void function##_clear(const char *folder)                                   \
    {                                                                                  \
        server_clear(variable, folder);                                                \
    }

SERVER(ferret_sqlite, "KONTOR_PEER_FERRETDB_SQLITE")
SERVER(ferret_postgres, "KONTOR_PEER_FERRETDB_POSTGRES")
SERVER(java, "KONTOR_PEER_JAVA")
SERVER(given, "KONTOR_TEST_MONGODB_URI")

/* ---- The server of the test tree ---- */

static struct mongod *mongod;

static void
mongod_end(void)
{
    mongod_stop(mongod);
}

static void
mongod_begin(void)
{
    const struct mongod_options options = {.is_replica_set = true};
    mongod = mongod_start(&options);
    assert_non_null(mongod);
    assert_int_equal(atexit(mongod_end), 0);
}

/* One for all cases of a program; it ends with it. */
static void
tree_address(const char *folder, const char *name, char *out, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, mongod_begin);
    address_in(mongod_uri(mongod), folder, name, out, size);
}

/* The store must not need what is not in the portable subset. */
static void
tree_clear(const char *folder)
{
    (void)folder;
    const char *refused = mongod_refused(mongod);
    if (refused != NULL) {
        fail_msg("the server refused %s", refused);
    }
    mongod_wipe(mongod);
}

const struct fixture_backend fixture_backends[] = {
    {.name = "sqlite",
     .backend = "sqlite",
     .address = sqlite_address,
     .is_exclusive = true},
    {.name = "mongodb",
     .backend = "mongodb",
     .address = tree_address,
     .clear = tree_clear},
    {.name = "given",
     .backend = "mongodb",
     .missing = given_missing,
     .address = given_address,
     .clear = given_clear},
    {.name = "java",
     .backend = "mongodb",
     .missing = java_missing,
     .address = java_address,
     .clear = java_clear,
     .is_peer = true},
    {.name = "ferretdb_sqlite",
     .backend = "mongodb",
     .missing = ferret_sqlite_missing,
     .address = ferret_sqlite_address,
     .clear = ferret_sqlite_clear,
     .is_exclusive = true,
     .is_peer = true,
     .is_slow = true},
    {.name = "ferretdb_postgres",
     .backend = "mongodb",
     .missing = ferret_postgres_missing,
     .address = ferret_postgres_address,
     .clear = ferret_postgres_clear,
     .is_exclusive = true,
     .is_peer = true,
     .is_slow = true},
    {.name = NULL},
};
