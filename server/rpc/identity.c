#include "server/rpc/identity.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/clock.h"
#include "server/rpc/identity_cache.h"
#include "server/rpc/identity_pair.h"
#include "server/rpc/identity_trust.h"

struct identity {
    struct store *store;
    struct clock *clock;
    char *home;
    char *cert_path;
    char *key_path;
    atomic_uint_fast64_t generation;
    pthread_mutex_t reading; /* Guards reader. */
    struct store_reader *reader;
    pthread_mutex_t pairing; /* Guards pair. */
    struct identity_pair pair;
    struct identity_cache *cache;
    void (*moved)(void *context); /* Constant once commits come; NULL = nobody. */
    void *moved_context;
};

/* ---- Life ---- */

static bool
change_is_of_trust(const Kontor__V1__Change *change)
{
    return strcmp(change->kind, KIND_REGISTRY->name) == 0 ||
           strcmp(change->kind, KIND_PRINCIPAL->name) == 0 ||
           strcmp(change->kind, KIND_REVOCATION->name) == 0;
}

/* After the generation grew, never before: who is woken judges by the new one. */
static void
tell_moved(struct identity *identity)
{
    if (identity->moved != NULL) {
        identity->moved(identity->moved_context);
    }
}

static void
commit_heard(void *context, const Kontor__V1__Commit *commit)
{
    struct identity *identity = context;
    for (size_t i = 0; i < commit->n_changes; i++) {
        if (change_is_of_trust(commit->changes[i])) {
            atomic_fetch_add(&identity->generation, 1);
            tell_moved(identity);
            return;
        }
    }
}

static char *
copy_of(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        abort();
    }
    return copy;
}

static struct identity *
identity_new(const struct identity_options *options)
{
    struct identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL) {
        abort();
    }
    identity->store = options->store;
    identity->clock = options->clock;
    identity->home = copy_of(options->home);
    identity->cert_path = copy_of(options->cert_path);
    identity->key_path = copy_of(options->key_path);
    identity->cache = identity_cache_new();
    /* 0 is what a listener that has seen nothing says. */
    atomic_init(&identity->generation, 1);
    (void)pthread_mutex_init(&identity->reading, NULL);
    (void)pthread_mutex_init(&identity->pairing, NULL);
    return identity;
}

enum status
identity_open(const struct identity_options *options, struct identity **out,
              char *error, size_t error_size)
{
    struct identity *identity = identity_new(options);
    enum status status = identity_pair_read(identity->cert_path, identity->key_path,
                                            clock_wall_ms(identity->clock),
                                            &identity->pair, error, error_size);
    if (status == STATUS_OK) {
        status = store_reader_open(identity->store, &identity->reader);
        if (status != STATUS_OK) {
            (void)snprintf(error, error_size, "the store cannot be read: %s",
                           status_name(status));
        }
    }
    if (status != STATUS_OK) {
        identity_close(identity);
        return status;
    }
    store_listen(identity->store, commit_heard, identity);
    *out = identity;
    return STATUS_OK;
}

void
identity_close(struct identity *identity)
{
    if (identity == NULL) {
        return;
    }
    identity_cache_free(identity->cache);
    store_reader_close(identity->reader);
    identity_pair_done(&identity->pair);
    (void)pthread_mutex_destroy(&identity->reading);
    (void)pthread_mutex_destroy(&identity->pairing);
    free(identity->home);
    free(identity->cert_path);
    free(identity->key_path);
    free(identity);
}

/* ---- Principals ---- */

static enum status
fault_answer(struct chain_fault fault, struct error *error)
{
    *error = (struct error){.status = reason_row(fault.reason)->status,
                            .reason = fault.reason,
                            .message = fault.message};
    return error->status;
}

/* Judges a peer whose certificate is not kept. */
static struct chain_fault
peer_judge(struct identity *identity, const struct identity_peer *peer, int64_t now_ms,
           struct identity_entry *entry)
{
    struct chain_fault fault;
    struct identity_chain *chain = identity_chain_read(peer, &fault);
    if (chain == NULL) {
        return fault;
    }
    (void)pthread_mutex_lock(&identity->reading);
    struct identity_trust trust = {
        .reader = identity->reader, .home = identity->home, .now_ms = now_ms};
    fault = identity_trust_resolve(&trust, chain, entry);
    (void)pthread_mutex_unlock(&identity->reading);
    identity_chain_free(chain);
    return fault;
}

enum status
identity_resolve(struct identity *identity, const struct identity_peer *peer,
                 int64_t now_ms, const struct principal **who, struct error *error)
{
    const struct bytes leaf = {(const uint8_t *)peer->leaf_pem, peer->leaf_size};
    /* Taken before the store is read: a change meanwhile makes what is kept here stale
     * at once. */
    uint64_t generation = identity_generation(identity);
    *who = identity_cache_take(identity->cache, leaf, generation, now_ms);
    if (*who != NULL) {
        return STATUS_OK;
    }
    struct identity_entry *entry = identity_entry_new(leaf, generation);
    struct chain_fault fault = peer_judge(identity, peer, now_ms, entry);
    if (fault.reason != REASON_NONE) {
        identity_entry_release(entry);
        return fault_answer(fault, error);
    }
    *who = identity_cache_put(identity->cache, entry);
    return STATUS_OK;
}

void
identity_release(struct identity *identity, const struct principal *who)
{
    (void)identity;
    identity_entry_release(identity_entry_of(who));
}

void
identity_listen(struct identity *identity, void (*moved)(void *context), void *context)
{
    identity->moved_context = context;
    identity->moved = moved;
}

uint64_t
identity_generation(struct identity *identity)
{
    return atomic_load(&identity->generation);
}

/* ---- The listener's keys ---- */

bool
identity_keys(struct identity *identity, uint64_t *seen_generation, char **roots_pem,
              char **key_pem, char **cert_pem)
{
    uint64_t generation = identity_generation(identity);
    if (generation == *seen_generation) {
        return false;
    }
    (void)pthread_mutex_lock(&identity->reading);
    char *roots = identity_trust_roots(identity->reader);
    (void)pthread_mutex_unlock(&identity->reading);
    if (roots == NULL) {
        return false;
    }
    (void)pthread_mutex_lock(&identity->pairing);
    *key_pem = copy_of(identity->pair.key_pem);
    *cert_pem = copy_of(identity->pair.cert_pem);
    (void)pthread_mutex_unlock(&identity->pairing);
    *roots_pem = roots;
    *seen_generation = generation;
    return true;
}

enum status
identity_reload(struct identity *identity, char *error, size_t error_size)
{
    struct identity_pair pair = {0};
    enum status status =
        identity_pair_read(identity->cert_path, identity->key_path,
                           clock_wall_ms(identity->clock), &pair, error, error_size);
    if (status != STATUS_OK) {
        return status;
    }
    (void)pthread_mutex_lock(&identity->pairing);
    struct identity_pair old = identity->pair;
    identity->pair = pair;
    (void)pthread_mutex_unlock(&identity->pairing);
    identity_pair_done(&old);
    atomic_fetch_add(&identity->generation, 1);
    return STATUS_OK;
}

int64_t
identity_certificate_ends_ms(struct identity *identity)
{
    (void)pthread_mutex_lock(&identity->pairing);
    int64_t ends_ms = identity->pair.ends_ms;
    (void)pthread_mutex_unlock(&identity->pairing);
    return ends_ms;
}
