#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "store/mongo.h"

enum {
    CONNECT_MS = 3000,
    SELECT_MS = 5000,
    SOCKET_MS = 15000,
    QUEUE_MS = 2000,
    N_CONNECTIONS = 320, /* More than worker threads can be. */
    ERROR_API = 2,
    SECRET_SIZE = 1024,
};

/* Time-outs of an address that names none. */
static const struct {
    const char *name;
    int32_t value;
} defaults[] = {
    {MONGOC_URI_CONNECTTIMEOUTMS, CONNECT_MS},
    {MONGOC_URI_SERVERSELECTIONTIMEOUTMS, SELECT_MS},
    {MONGOC_URI_SOCKETTIMEOUTMS, SOCKET_MS},
    {MONGOC_URI_WAITQUEUETIMEOUTMS, QUEUE_MS},
    {MONGOC_URI_MAXPOOLSIZE, N_CONNECTIONS},
};

/*
 * Options an address may have, in lower case. What the log's safety rests on (write
 * concern, read concern, read preference) is nobody's to choose, and a name that is
 * misspelt must not be taken in silence: a certificate would not be looked at.
 */
static const char *const options[] = {
    "appname",
    "authmechanism",
    "authmechanismproperties",
    "authsource",
    "compressors",
    "connecttimeoutms",
    "directconnection",
    "heartbeatfrequencyms",
    "loadbalanced",
    "localthresholdms",
    "maxpoolsize",
    "replicaset",
    "retryreads",
    "retrywrites",
    "serverselectiontimeoutms",
    "sockettimeoutms",
    "srvmaxhosts",
    "srvservicename",
    "ssl",
    "tls",
    "tlsallowinvalidcertificates",
    "tlsallowinvalidhostnames",
    "tlscafile",
    "tlscertificatekeyfile",
    "tlscertificatekeyfilepassword",
    "tlsdisablecertificaterevocationcheck",
    "tlsdisableocspendpointcheck",
    "tlsinsecure",
    "waitqueuetimeoutms",
    "zlibcompressionlevel",
};

static enum status
pool_refuse(struct mongo *db, const char *what)
{
    failure_set(db->open.failure, "the address of the store: %s", what);
    return STATUS_INVALID_ARGUMENT;
}

/* The driver has settings of a whole process and a log of its own; the store has
 * neither. */
static void
pool_prepare(void)
{
    mongoc_init();
    mongoc_log_set_handler(NULL, NULL);
}

static bool
is_option(const char *name, size_t size)
{
    size_t i = 0;
    size_t n = sizeof options / sizeof options[0];
    while (i < n &&
           (strncasecmp(options[i], name, size) != 0 || options[i][size] != '\0')) {
        i++;
    }
    return i < n;
}

/* As they are written: the driver drops what it does not know. */
static enum status
pool_judge_options(struct mongo *db)
{
    const char *at = strchr(db->open.path, '?');
    while (at != NULL) {
        size_t size = strcspn(++at, "=&;");
        if (!is_option(at, size)) {
            failure_set(
                db->open.failure,
                "the address of the store: the option %.*s is not known, or is "
                "one that the broker sets itself (w, journal, readConcernLevel, "
                "readPreference): leave it out",
                (int)size, at);
            return STATUS_INVALID_ARGUMENT;
        }
        at = strpbrk(at, "&;");
    }
    return STATUS_OK;
}

static enum status
pool_judge(struct mongo *db)
{
    const char *password = mongoc_uri_get_password(db->uri);
    if (password != NULL && password[0] != '\0') {
        return pool_refuse(db, "it must not hold a password, which others would see: "
                               "put it into a file and name that by store_secret_file");
    }
    return pool_judge_options(db);
}

/* The first line of a file that strangers cannot read. */
static enum status
pool_read_secret(struct mongo *db, FILE *file, char secret[SECRET_SIZE])
{
    struct stat status;
    if (fstat(fileno(file), &status) == 0 && (status.st_mode & S_IRWXO) != 0) {
        failure_set(db->open.failure,
                    "store_secret_file %s can be read by everybody: chmod 600 it",
                    db->open.secret_file);
        return STATUS_FAILED_PRECONDITION;
    }
    if (fgets(secret, SECRET_SIZE, file) == NULL) {
        secret[0] = '\0';
    }
    secret[strcspn(secret, "\r\n")] = '\0';
    if (secret[0] == '\0') {
        failure_set(db->open.failure,
                    "store_secret_file %s is empty: its first line is the password",
                    db->open.secret_file);
        return STATUS_FAILED_PRECONDITION;
    }
    return STATUS_OK;
}

static enum status
pool_set_secret(struct mongo *db)
{
    char secret[SECRET_SIZE] = "";
    const char *path = db->open.secret_file;
    if (path == NULL || path[0] == '\0') {
        return STATUS_OK;
    }
    if (mongoc_uri_get_username(db->uri) == NULL) {
        return pool_refuse(db, "it names no user for the password of "
                               "store_secret_file: mongodb://USER@HOST/DATABASE");
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        failure_set(db->open.failure, "cannot open store_secret_file %s: %s", path,
                    strerror(errno));
        return STATUS_FAILED_PRECONDITION;
    }
    enum status status = pool_read_secret(db, file, secret);
    (void)fclose(file);
    if (status == STATUS_OK && !mongoc_uri_set_password(db->uri, secret)) {
        status = pool_refuse(db, "the password is no text");
    }
    explicit_bzero(secret, sizeof secret);
    return status;
}

/*
 * Majority and journal for every write, majority for every read, on the primary: a
 * position that was read once is never taken back. STORE design, rule A.
 */
static void
pool_set_concerns(struct mongo *db)
{
    mongoc_write_concern_t *write = mongoc_write_concern_new();
    mongoc_read_concern_t *read = mongoc_read_concern_new();
    mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
    mongoc_write_concern_set_w(write, MONGOC_WRITE_CONCERN_W_MAJORITY);
    mongoc_write_concern_set_journal(write, true);
    mongoc_read_concern_set_level(read, db->open.faults.reads_unsettled
                                            ? MONGOC_READ_CONCERN_LEVEL_LOCAL
                                            : MONGOC_READ_CONCERN_LEVEL_MAJORITY);
    mongoc_uri_set_write_concern(db->uri, write);
    mongoc_uri_set_read_concern(db->uri, read);
    mongoc_uri_set_read_prefs_t(db->uri, primary);
    mongoc_write_concern_destroy(write);
    mongoc_read_concern_destroy(read);
    mongoc_read_prefs_destroy(primary);
}

static enum status
pool_make(struct mongo *db)
{
    bson_error_t error;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (!mongoc_uri_has_option(db->uri, defaults[i].name)) {
            mongoc_uri_set_option_as_int32(db->uri, defaults[i].name,
                                           defaults[i].value);
        }
    }
    pool_set_concerns(db);
    db->pool = mongoc_client_pool_new_with_error(db->uri, &error);
    if (db->pool == NULL) {
        return pool_refuse(db, error.message);
    }
    /* Before the first client is taken: afterwards it would change nothing. */
    mongoc_client_pool_set_error_api(db->pool, ERROR_API);
    mongoc_client_pool_set_appname(db->pool, "kontord");
    mongo_primary_watch(db);
    return STATUS_OK;
}

enum status
mongo_pool_open(struct mongo *db)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    bson_error_t error;
    (void)pthread_once(&once, pool_prepare);
    db->uri = mongoc_uri_new_with_error(db->open.path, &error);
    if (db->uri == NULL) {
        return pool_refuse(db, error.message);
    }
    db->database = mongoc_uri_get_database(db->uri);
    if (db->database == NULL) {
        return pool_refuse(db, "it names no database: mongodb://HOST/DATABASE");
    }
    enum status status = pool_judge(db);
    if (status == STATUS_OK) {
        status = pool_set_secret(db);
    }
    return status == STATUS_OK ? pool_make(db) : status;
}

void
mongo_pool_close(struct mongo *db)
{
    if (db->pool != NULL) {
        mongoc_client_pool_destroy(db->pool);
    }
    if (db->uri != NULL) {
        mongoc_uri_destroy(db->uri);
    }
}
