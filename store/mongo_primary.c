#include "store/mongo.h"

#include <string.h>

/*
 * A new primary may not know yet what a majority has: until its own first write is
 * there, a read with majority may show less than was acknowledged before. A key that
 * stands would then not be found, and a document would be judged by an older version.
 * So whenever the primary was away or is another one, a write of ours has to reach a
 * majority before what is read counts.
 */

/* Whom writes go to: the id of a server, or 0. */
static uint32_t
primary_of(const mongoc_topology_description_t *topology)
{
    static const char *const types[] = {"RSPrimary", "Standalone", "Mongos"};
    uint32_t id = 0;
    size_t n = 0;
    mongoc_server_description_t **servers =
        mongoc_topology_description_get_servers(topology, &n);
    for (size_t i = 0; i < n; i++) {
        const char *type = mongoc_server_description_type(servers[i]);
        for (size_t j = 0; j < sizeof types / sizeof types[0] && id == 0; j++) {
            id = strcmp(type, types[j]) == 0 ? mongoc_server_description_id(servers[i])
                                             : 0;
        }
    }
    mongoc_server_descriptions_destroy_all(servers, n);
    return id;
}

/* On any thread of the driver, before a command goes by what has changed. */
static void
primary_changed(const mongoc_apm_topology_changed_t *event)
{
    struct mongo *db = mongoc_apm_topology_changed_get_context(event);
    uint32_t before =
        primary_of(mongoc_apm_topology_changed_get_previous_description(event));
    uint32_t now = primary_of(mongoc_apm_topology_changed_get_new_description(event));
    if (now != before) {
        atomic_fetch_add(&db->n_primaries, 1);
    }
    /* Told at once: whoever asks the driver for a server that is gone waits for it. */
    if (before != 0 && now == 0) {
        failure_set(db->open.failure, "%s: no server that takes writes can be reached",
                    db->open.path);
        db->open.gone(db->open.gone_context);
    }
}

void
mongo_primary_watch(struct mongo *db)
{
    mongoc_apm_callbacks_t *callbacks = mongoc_apm_callbacks_new();
    mongoc_apm_set_topology_changed_cb(callbacks, primary_changed);
    (void)mongoc_client_pool_set_apm_callbacks(db->pool, callbacks, db);
    mongoc_apm_callbacks_destroy(callbacks);
}

bool
mongo_primary_is_settled(struct mongo *db)
{
    bool is_alone = db->open.is_read_only || db->open.is_maintenance;
    return is_alone || atomic_load(&db->n_primaries) == atomic_load(&db->n_settled);
}

enum status
mongo_primary_settle(struct mongo *db)
{
    if (mongo_primary_is_settled(db)) {
        return STATUS_OK;
    }
    /* What was read by those eyes counts no more. */
    if (db->writer.seen != NULL) {
        mongo_seen_clear(db->writer.seen);
    }
    mongo_heart_forget(db);
    /* A change while it is written asks for one more. */
    unsigned n_primaries = atomic_load(&db->n_primaries);
    enum status status = mongo_state_say(db);
    if (status == STATUS_OK) {
        atomic_store(&db->n_settled, n_primaries);
    }
    return status;
}
