#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/mongo.h"

/*
 * Who is at a database: a row a process in `brokers`. Brokers may share one, where the
 * server keeps updates apart; maintenance may not, and neither may anybody where the
 * server does not. A process that was killed leaves its row: on the same machine it is
 * looked for, and from another a row counts as long as it is written again.
 */
enum {
    BEAT_MS = 10000,
    DEAD_MS = 60000,
    WHO_SIZE = 256,
    STAT_SIZE = 1024,
    STAT_START = 22, /* Field of /proc/PID/stat: when it started. proc(5). */
};

/* A process, as a row says it. */
struct who {
    char id[33];
    char host[WHO_SIZE]; /* Boot and name space: where a process number means one. */
    int64_t pid;
    char started[32];
    int64_t at_ms;
    bool is_maintenance;
};

/* ---- Processes of this machine ---- */

/* One line of a file, or of a link; "" when it cannot be read. */
static void
read_line(const char *path, char *out, size_t size)
{
    out[0] = '\0';
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fgets(out, (int)size, file) == NULL) {
            out[0] = '\0';
        }
        (void)fclose(file);
    }
    out[strcspn(out, "\n")] = '\0';
}

/* When a process started, in the machine's own ticks; "" = there is none. */
static void
read_started(int64_t pid, char out[32])
{
    char path[64];
    char line[STAT_SIZE];
    (void)snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    read_line(path, line, sizeof line);
    /* The name before it may hold blanks and brackets: the last bracket ends it. */
    const char *at = strrchr(line, ')');
    int field = 2;
    for (; at != NULL && field < STAT_START; field++) {
        at = strchr(at + 1, ' ');
    }
    (void)snprintf(out, 32, "%.*s", at == NULL ? 0 : (int)strcspn(at + 1, " "),
                   at == NULL ? "" : at + 1);
}

static void
read_host(char out[WHO_SIZE])
{
    char boot[64];
    char space[64] = "";
    read_line("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    ssize_t size = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    space[size > 0 ? size : 0] = '\0';
    (void)snprintf(out, WHO_SIZE, "%s %s", boot, space);
}

static int64_t
wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool
who_is_alive(const struct who *who, const char *host)
{
    char started[32];
    if (strcmp(who->host, host) != 0) {
        return wall_ms() - who->at_ms < DEAD_MS;
    }
    read_started(who->pid, started);
    return started[0] != '\0' && strcmp(started, who->started) == 0;
}

/* ---- Rows ---- */

static void
read_field(const bson_t *row, const char *name, char *out, size_t size)
{
    bson_iter_t iter;
    bool is_text = bson_iter_init_find(&iter, row, name) && BSON_ITER_HOLDS_UTF8(&iter);
    (void)snprintf(out, size, "%s", is_text ? bson_iter_utf8(&iter, NULL) : "");
}

static struct who
who_read(const bson_t *row)
{
    struct who who = {.pid = 0};
    bson_iter_t iter;
    read_field(row, "_id", who.id, sizeof who.id);
    read_field(row, "host", who.host, sizeof who.host);
    read_field(row, "started", who.started, sizeof who.started);
    if (bson_iter_init_find(&iter, row, "pid")) {
        who.pid = bson_iter_as_int64(&iter);
    }
    if (bson_iter_init_find(&iter, row, "at")) {
        who.at_ms = bson_iter_date_time(&iter);
    }
    who.is_maintenance =
        bson_iter_init_find(&iter, row, "maintenance") && bson_iter_bool(&iter);
    return who;
}

static enum status
who_write(struct mongo *db)
{
    char host[WHO_SIZE];
    char started[32];
    bson_t row = BSON_INITIALIZER;
    read_host(host);
    read_started(getpid(), started);
    BSON_APPEND_UTF8(&row, "_id", db->broker);
    BSON_APPEND_UTF8(&row, "host", host);
    BSON_APPEND_INT64(&row, "pid", getpid());
    BSON_APPEND_UTF8(&row, "started", started);
    BSON_APPEND_DATE_TIME(&row, "at", wall_ms());
    BSON_APPEND_BOOL(&row, "maintenance", db->open.is_maintenance);
    enum status status = mongo_put(&db->writer, MONGO_BROKERS, db->broker, &row);
    bson_destroy(&row);
    db->beaten_ms = mongo_monotonic_ms();
    return status;
}

/* Looking at the others. */
struct others {
    struct mongo *db;
    char host[WHO_SIZE];
    struct who found; /* One that must not be there. */
    char dead[33];    /* One whose row may go. */
};

static bool
take_other(void *context, const bson_t *row)
{
    struct others *others = context;
    const struct mongo *db = others->db;
    struct who who = who_read(row);
    if (strcmp(who.id, db->broker) == 0) {
        return true;
    }
    if (!who_is_alive(&who, others->host)) {
        memcpy(others->dead, who.id, sizeof others->dead);
        return true;
    }
    if (db->is_ferret || db->open.is_maintenance || who.is_maintenance) {
        others->found = who;
    }
    return others->found.id[0] == '\0';
}

static enum status
who_remove(struct mongo *db, const char *id)
{
    bson_error_t error;
    bson_t filter = BSON_INITIALIZER;
    BSON_APPEND_UTF8(&filter, "_id", id);
    bool is_removed = mongoc_collection_delete_one(
        mongo_fixed(&db->writer, MONGO_BROKERS), &filter, NULL, NULL, &error);
    bson_destroy(&filter);
    return is_removed ? STATUS_OK : mongo_failed(db, "write", &error);
}

static enum status
others_refuse(struct mongo *db, const struct others *others)
{
    const char *why = others->found.is_maintenance ? "maintenance is at it"
                      : db->is_ferret
                          ? "it is in use by another broker, and FerretDB loses "
                            "updates when two write"
                          : "it is in use by another broker";
    failure_set(db->open.failure, "%s: %s (process %lld%s): stop that one first",
                db->open.path, why, (long long)others->found.pid,
                strcmp(others->found.host, others->host) == 0 ? ""
                                                              : " of another machine");
    return STATUS_FAILED_PRECONDITION;
}

/* We are written first and look then: of two who come at once at least one sees the
 * other. */
enum status
mongo_state_enter(struct mongo *db)
{
    struct others others = {.db = db};
    bson_t all = BSON_INITIALIZER;
    bson_oid_t oid;
    if (db->open.is_read_only) {
        return STATUS_OK;
    }
    bson_oid_init(&oid, NULL);
    bson_oid_to_string(&oid, db->broker);
    read_host(others.host);
    enum status status = who_write(db);
    const struct mongo_query query = {
        .collection = mongo_fixed(&db->writer, MONGO_BROKERS), .filter = &all};
    if (status == STATUS_OK) {
        status = mongo_find(&db->writer, &query, take_other, &others);
    }
    bson_destroy(&all);
    if (status == STATUS_OK && others.found.id[0] != '\0') {
        status = others_refuse(db, &others);
    }
    if (status == STATUS_OK && others.dead[0] != '\0') {
        status = who_remove(db, others.dead);
    }
    return status;
}

void
mongo_state_leave(struct mongo *db)
{
    if (db->broker[0] != '\0' && !atomic_load(db->open.is_away)) {
        (void)who_remove(db, db->broker);
    }
    db->broker[0] = '\0';
}

void
mongo_state_beat(struct mongo *db)
{
    if (mongo_monotonic_ms() - db->beaten_ms >= BEAT_MS) {
        (void)who_write(db);
    }
}

enum status
mongo_state_say(struct mongo *db)
{
    return who_write(db);
}
