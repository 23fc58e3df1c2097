#include "tests/mongod/mongod.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/mongod/command.h"
#include "tests/mongod/inner.h"

void
mongod_lock(struct mongod *mongod)
{
    pthread_mutex_lock(&mongod->lock);
    mongod_replica_tick(mongod);
}

void
mongod_unlock(struct mongod *mongod)
{
    pthread_mutex_unlock(&mongod->lock);
}

void
mongod_remember(struct mongod *mongod, const char *command,
                const struct trouble *trouble)
{
    char *refused = mongod->tally.refused;
    if (refused[0] == '\0') {
        (void)snprintf(refused, sizeof mongod->tally.refused, "%s: %s", command,
                       trouble->text);
    }
}

/* Waits are told by a clock that nobody sets. */
static void
init_lock(struct mongod *mongod)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&mongod->moved, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&mongod->lock, NULL);
}

static void
mongod_free(struct mongod *mongod)
{
    mongod_cursors_done(&mongod->cursors);
    mongod_sessions_done(&mongod->sessions);
    mongod_script_done(&mongod->script);
    mongod_replica_done(&mongod->replica);
    mongod_data_done(&mongod->data);
    mongod_server_free(&mongod->server);
    pthread_cond_destroy(&mongod->moved);
    pthread_mutex_destroy(&mongod->lock);
    bson_free(mongod);
}

struct mongod *
mongod_start(const struct mongod_options *options)
{
    struct mongod *mongod = bson_malloc0(sizeof *mongod);
    if (options != NULL) {
        mongod->options = *options;
    }
    mongod->script.seed = mongod->options.seed;
    init_lock(mongod);
    if (!mongod_server_reserve(&mongod->server, mongod->options.port) ||
        !mongod_server_open(mongod)) {
        mongod_free(mongod);
        return NULL;
    }
    (void)snprintf(mongod->uri, sizeof mongod->uri, "mongodb://127.0.0.1:%u/%s",
                   (unsigned)mongod->server.port,
                   mongod->options.is_replica_set ? "?replicaSet=" MONGOD_SET_NAME
                                                  : "");
    return mongod;
}

void
mongod_stop(struct mongod *mongod)
{
    if (mongod == NULL) {
        return;
    }
    mongod_pause(mongod);
    mongod_free(mongod);
}

const char *
mongod_uri(const struct mongod *mongod)
{
    return mongod->uri;
}

uint16_t
mongod_port(const struct mongod *mongod)
{
    return mongod->server.port;
}

static void
set_closing(struct mongod *mongod, bool is_closing)
{
    mongod_lock(mongod);
    mongod->is_closing = is_closing;
    pthread_cond_broadcast(&mongod->moved);
    mongod_unlock(mongod);
}

void
mongod_pause(struct mongod *mongod)
{
    set_closing(mongod, true);
    mongod_server_close(mongod);
}

bool
mongod_resume(struct mongod *mongod)
{
    set_closing(mongod, false);
    return mongod_server_open(mongod);
}

void
mongod_wipe(struct mongod *mongod)
{
    mongod_lock(mongod);
    mongod_replica_lose(mongod, mongod->data.n_ops);
    mongod_sessions_done(&mongod->sessions);
    mongod_data_done(&mongod->data);
    pthread_cond_broadcast(&mongod->moved);
    mongod_unlock(mongod);
}

/* A fault that can never happen is a test that tests nothing. */
static void
check_faults(const struct mongod_fault *faults, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *command = faults[i].command;
        if (command != NULL && mongod_command_place(command) == -1) {
            (void)fprintf(stderr, "mongod: a fault of '%s', which never comes\n",
                          command);
            abort();
        }
    }
}

void
mongod_script(struct mongod *mongod, const struct mongod_fault *faults, size_t n)
{
    check_faults(faults, n);
    mongod_lock(mongod);
    mongod_script_set(&mongod->script, faults, n);
    mongod_unlock(mongod);
}

void
mongod_play(struct mongod *mongod, enum mongod_action action, int32_t ms)
{
    enum replica_state state = REPLICA_N_STATES;
    mongod_lock(mongod);
    if (mongod_replica_state_of(action, &state)) {
        mongod_replica_begin(mongod, state, ms);
    }
    mongod_replica_tick(mongod);
    mongod_unlock(mongod);
}

void
mongod_settle(struct mongod *mongod)
{
    mongod_lock(mongod);
    mongod_replica_settle(mongod);
    mongod_unlock(mongod);
}

void
mongod_read(struct mongod *mongod, const char *ns, bool is_majority,
            struct mongod_documents *out)
{
    *out = (struct mongod_documents){.n = 0};
    mongod_lock(mongod);
    const struct collection *collection = mongod_data_find(&mongod->data, ns);
    uint64_t point = is_majority ? mongod->data.majority : MONGOD_NEWEST;
    size_t n = collection == NULL ? 0 : collection->n;
    out->documents = bson_malloc0((n + 1) * sizeof(bson_t *));
    for (size_t i = 0; i < n; i++) {
        const struct document *seen = mongod_data_see(collection->slots[i], point);
        if (seen != NULL) {
            out->documents[out->n++] = bson_copy(seen->bson);
        }
    }
    mongod_unlock(mongod);
}

void
mongod_documents_free(struct mongod_documents *documents)
{
    for (size_t i = 0; i < documents->n; i++) {
        bson_destroy(documents->documents[i]);
    }
    bson_free(documents->documents);
    *documents = (struct mongod_documents){.n = 0};
}

/* Of documents the test hands in. */
static bson_value_t
id_of(const bson_t *document)
{
    bson_iter_t iter;
    if (!bson_iter_init_find(&iter, document, "_id")) {
        (void)fprintf(stderr, "mongod: a document without _id\n");
        abort();
    }
    return *bson_iter_value(&iter);
}

void
mongod_plant(struct mongod *mongod, const char *ns, const bson_t *document)
{
    bson_value_t id = id_of(document);
    mongod_lock(mongod);
    (void)mongod_data_plant(&mongod->data, ns, &id,
                            mongod_document_new(bson_copy(document)));
    mongod_unlock(mongod);
}

bool
mongod_uproot(struct mongod *mongod, const char *ns, const bson_t *document)
{
    bson_value_t id = id_of(document);
    mongod_lock(mongod);
    bool was_there = mongod_data_plant(&mongod->data, ns, &id, NULL);
    mongod_unlock(mongod);
    return was_there;
}
